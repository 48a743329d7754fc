"""Runs the application under uvicorn: the socket, the banner, and the small repairs that real clients need."""

from __future__ import annotations

import json
import socket
import sys
from dataclasses import replace
from typing import Any

import click
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from simulator.kernel.clock import iso_millis
from simulator.surface.app import App
from simulator.surface.settings import Settings

BACKLOG = 2048

_LOWER = (b"get ", b"put ", b"post ", b"head ", b"patch ", b"delete ", b"options ")


class Protocol(HttpToolsProtocol):
    """httptools answers 400 to a method token in lower case, as Checkout.com's Node SDK sends it: raise it first."""

    def data_received(self, data: bytes) -> None:
        if data[:1].islower():
            token = data[:8].partition(b" ")[0] + b" "
            if token in _LOWER:
                data = token.upper() + data[len(token) :]
        super().data_received(data)


class Server(uvicorn.Server):
    """Ends live connections when it stops, instead of waiting until they are cut off."""

    def __init__(self, config: uvicorn.Config, app: App) -> None:
        super().__init__(config)
        self._app = app

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._app.runtime.hang_up()
        await super().shutdown(sockets)


def bind(host: str, port: int) -> socket.socket:
    """Listens at once, so that who reads the first line of `--json` may connect.

    `proto` matters: without it uvicorn leaves Nagle's algorithm on and each request takes 45 ms.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def lan_address() -> str | None:
    """The address of this machine in its network, found without sending anything."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            return None
        address = str(probe.getsockname()[0])
    return None if address.startswith("127.") else address


def serve(settings: Settings, *, quiet: bool = False, as_json: bool = False) -> None:
    if settings.lan and settings.is_loopback:
        settings = replace(settings, host="0.0.0.0")  # noqa: S104 - that is what --lan asks for
        if settings.public_url is None and (address := lan_address()) is not None:
            settings = replace(settings, public_url=f"http://{address}:{settings.port}")
    try:
        listener = bind(settings.host, settings.port)
    except OSError as error:
        click.echo(f"cannot listen on {settings.host}:{settings.port}: {error.strerror}", err=True)
        click.echo("Stop what uses the port, or choose another with --port (0 takes any free one).", err=True)
        sys.exit(3)
    settings = replace(settings, port=listener.getsockname()[1])
    app = App(settings)
    if as_json:
        click.echo(json.dumps(_facts(app)))
        sys.stdout.flush()
    elif not quiet:
        click.echo(banner(app))
        sys.stdout.flush()
    config = uvicorn.Config(
        app, http=Protocol, loop="uvloop", ws="none", lifespan="on", access_log=False, log_level="warning",
        server_header=False, timeout_graceful_shutdown=3, backlog=BACKLOG,
    )  # fmt: skip
    Server(config, app).run(sockets=[listener])


def _facts(app: App) -> dict[str, Any]:
    default = app.runtime.default
    return {
        "event": "serving",
        "base_url": app.settings.base_url,
        "host": app.settings.host,
        "port": app.settings.port,
        "console": f"{app.settings.base_url}/console",
        "workspace": default.name,
        "credentials": default.credentials,
    }


def banner(app: App) -> str:
    """Section 11 of the design: everything that a newcomer needs, and nothing else."""
    runtime, settings, default = app.runtime, app.settings, app.runtime.default
    lines = [p.banner_line(default.credentials[p.name]) for p in runtime.providers.values()]
    names, keys = max(9, *(len(line.name) for line in lines)), max(len(line.key) for line in lines)
    count = {1: "one", 2: "both", 3: "all three", 4: "all four", 5: "all five"}.get(len(lines), f"all {len(lines)}")
    webhooks = "sent" if any(default.webhooks.values()) else "kept here, no URL set"
    phones = "reachable" if settings.public_url else "not reachable, add --lan"
    clock = "real time" if default.clock.mode == "real" else f"frozen at {iso_millis(default.clock.now())}"
    first = next(iter(runtime.providers))
    return "\n".join(
        [
            f"SIMULATOR - no real money{'workspace ' + default.name:>62}",
            "",
            f"  Console    {settings.base_url}/console",
            f"  API        {settings.base_url}   one base URL for {count}; the paths are the providers' own",
            "",
            *(f"  {line.name:<{names}}  {line.key:<{keys}}   {line.more}".rstrip() for line in lines),
            "",
            f"  Clock  {clock}    Webhooks  {webhooks}    Phones  {phones}",
            f"  Try it  psp-simulator demo {first}",
        ]
    )
