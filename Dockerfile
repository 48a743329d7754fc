# A small image of the simulator: non-root, one port, its store in /data.
# The container listens on all of its own interfaces, so the control API and the console want an admin token:
# yours (PSP_SIMULATOR_ADMIN_TOKEN), or the one that it prints when it starts. See README.md, "Docker".
FROM python:3.11-slim AS build
WORKDIR /src
COPY pyproject.toml README.md CHANGELOG.md LICENSE ./
COPY simulator simulator
COPY templates templates
COPY scenarios scenarios
RUN python -m venv /opt/psp-simulator \
 && /opt/psp-simulator/bin/pip install --quiet --no-cache-dir --disable-pip-version-check '.[postgres,tls]'

FROM python:3.11-slim
RUN useradd --system --uid 10001 --home-dir /data --shell /usr/sbin/nologin simulator \
 && install -d -o simulator -g simulator /data
COPY --from=build /opt/psp-simulator /opt/psp-simulator
ENV PATH=/opt/psp-simulator/bin:$PATH \
    PYTHONUNBUFFERED=1 \
    PSP_SIMULATOR_HOST=0.0.0.0 \
    PSP_SIMULATOR_PORT=8080 \
    PSP_SIMULATOR_OPEN_CONSOLE=1 \
    PSP_SIMULATOR_DB=/data/simulator.db
USER simulator
WORKDIR /data
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=5s --timeout=3s --start-period=15s --retries=3 \
    CMD ["python", "-m", "simulator.surface.healthcheck"]
ENTRYPOINT ["psp-simulator"]
CMD ["serve"]
