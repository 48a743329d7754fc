"""Runs the application under uvicorn: the socket, the banner, and the small repairs that real clients need."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import ssl
import sys
from collections.abc import Callable, Collection
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, urlsplit

import uvicorn
from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from simulator.engine import private
from simulator.engine.facets import ScenarioError
from simulator.engine.registry import WorkspaceError
from simulator.engine.store import StoreUnavailable, wrong_place
from simulator.kernel.clock import iso_millis
from simulator.kernel.ids import Ids
from simulator.surface import printed, terminal, tls
from simulator.surface.app import App, check_names
from simulator.surface.installed import NotServable
from simulator.surface.settings import Settings
from simulator.surface.terminal import UNREACHED, USAGE, Failure
from simulator.surface.typed import typed

BACKLOG = 2048

HEAD_LIMIT = 2_000_000
"""Bytes of a head that is not read to its end; one that ends earlier is refused by the application, in its own words. As many may
stand beside a body: sizes of chunks with what follows them, and headers after the last."""

ENDLESS_HEAD = b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-length: 0\r\nconnection: close\r\n\r\n"

_LOWER = (b"get ", b"put ", b"post ", b"head ", b"patch ", b"delete ", b"options ")
_OFFERS_HTTP_2 = re.compile(rb"\r\nupgrade:[ \t]*h2c", re.IGNORECASE)
_UPGRADING = re.compile(rb"\r\n(?:connection|upgrade|http2-settings):[^\r\n]*", re.IGNORECASE)


class InTurn(FlowControl):
    """Reads on when no request of the connection waits for its turn any more: who sends them ahead without end, and perhaps
    reads no answer, would else fill the memory."""

    def __init__(self, transport: asyncio.Transport, waiting: Collection[object]) -> None:
        super().__init__(transport)
        self._waiting = waiting

    def resume_reading(self) -> None:
        if not self._waiting:
            super().resume_reading()


class Protocol(HttpToolsProtocol):
    """Repairs for what real clients send, and a bound for heads that never end. Only the head of a request is looked at;
    headers behind the body (trailers) are nobody's.

    - httptools answers 400 to `patch /…`, which is how a provider's Node SDK sends it: the token is raised.
    - Java's HTTP client offers HTTP/2 with `Upgrade: h2c`, after which httptools drops the body: the offer is taken out.
    """

    _within_message = False
    _held = b""
    """The beginning of a lower-case method that has not arrived as a whole."""
    _is_head_complete = False
    _beside = 0
    """Bytes that have arrived of a request which is not complete, beside those of its body."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.flow = InTurn(transport, self.pipeline)

    def data_received(self, data: bytes) -> None:
        if not self._within_message:
            data, self._held = self._held + data, b""
            if data[:1].islower():
                if any(token.startswith(data) for token in _LOWER):
                    self._held = data
                    return
                for token in _LOWER:
                    if data.startswith(token):
                        data = token.upper() + data[len(token) :]
            if b"h2c" in data:
                head, end, body = data.partition(b"\r\n\r\n")
                if _OFFERS_HTTP_2.search(head):
                    data = _UPGRADING.sub(b"", head) + end + body
        self._beside += len(data)
        super().data_received(data)
        if self._beside > HEAD_LIMIT and not self.transport.is_closing():
            if not self._is_head_complete:
                self.transport.write(ENDLESS_HEAD)
            self.transport.close()

    def on_message_begin(self) -> None:
        self._within_message = True
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        if not self._is_head_complete:
            super().on_header(name, value)

    def on_headers_complete(self) -> None:
        self._is_head_complete = True
        super().on_headers_complete()

    def on_body(self, body: bytes) -> None:
        self._beside -= len(body)
        super().on_body(body)

    def on_message_complete(self) -> None:
        self._within_message, self._is_head_complete, self._beside = False, False, 0
        super().on_message_complete()


class Server(uvicorn.Server):
    """Ends live connections when it stops, instead of waiting until they are cut off."""

    def __init__(self, config: uvicorn.Config, hang_up: Callable[[], None]) -> None:
        super().__init__(config)
        self._hang_up = hang_up

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        self._hang_up()
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
    """Runs until SIGINT or SIGTERM. Raises `Failure` when it cannot start."""
    _check(settings)
    if settings.lan and settings.is_loopback:
        settings = replace(settings, host="0.0.0.0")  # noqa: S104 - that is what --lan asks for
    issued = _certificates(settings) if settings.tls else None
    try:
        listener = bind(settings.host, settings.port)
    except OSError as error:
        what = f"cannot listen on {settings.host}:{settings.port}: {error.strerror or error}"
        remedy = "Stop what uses the port, or choose another with --port (0 takes any free one)."
        raise Failure(what, remedy, UNREACHED) from error
    with listener:  # closed too where nothing comes of it
        _serve_at(listener, settings, issued, quiet, as_json)


def _serve_at(
    listener: socket.socket, settings: Settings, issued: tls.Certificates | None, quiet: bool, as_json: bool
) -> None:
    """Serves in as many processes as are asked for."""
    settings = replace(settings, port=listener.getsockname()[1])
    if settings.lan and (address := lan_address()) is not None:
        public_url = settings.public_url or f"{settings.scheme}://{address}:{settings.port}"
        settings = replace(settings, public_url=public_url, allow_host=(*settings.allow_host, address))
    if settings.workers > 1:
        from simulator.surface import workers

        workers.supervise(
            settings.workers, lambda n: _serve(settings, listener, issued, quiet or n > 0, as_json and n == 0)
        )
    else:
        _serve(settings, listener, issued, quiet, as_json)


def _serve(
    settings: Settings, listener: socket.socket, issued: tls.Certificates | None, quiet: bool, as_json: bool
) -> None:
    """Serves in this process."""
    sockets = [listener]
    if settings.is_shared:
        from simulator.surface import workers
        from simulator.surface.replica import Front

        if settings.workers > 1:  # all listen on the port: the others need one that is ours alone
            sockets.append(bind(settings.host, 0))
        app = _app(settings, workers.address(settings, sockets[-1].getsockname()[1], lan_address()))
        front = Front(app)
        served, hang_up = cast("Any", front), front.hang_up
    else:
        app = _app(settings)
        served, hang_up = app, app.runtime.hang_up
    if as_json:
        printed.say_json(facts(app) | ({"authority": str(issued.authority)} if issued else {}), ascii_only=True)
    elif not quiet:
        printed.say(*banner(app).split("\n"))
    if issued is not None and not quiet:
        printed.say(f"Let your client and browser trust {issued.authority}", err=True)
    sys.stdout.flush()
    config = uvicorn.Config(
        served, http=Protocol, loop="auto", ws="none", lifespan="on", access_log=False, log_level="warning",
        server_header=False, timeout_graceful_shutdown=3, backlog=BACKLOG,
    )  # fmt: skip
    if issued is not None:
        config.load()
        config.ssl = issued.context(host for provider in app.runtime.providers.values() for host in provider.hosts)
    # uvicorn raises the signal again once it has shut down; we ended as asked, so the exit code is 0.
    signal.signal(signal.SIGTERM, lambda *_: None)
    with suppress(KeyboardInterrupt):
        Server(config, hang_up).run(sockets=sockets)


def _certificates(settings: Settings) -> tls.Certificates:
    public = urlsplit(settings.public_url).hostname if settings.public_url else None
    listening = settings.host if settings.host not in ("0.0.0.0", "::") else None  # noqa: S104 - no name of its own
    network = lan_address() if settings.lan else None
    names = (listening, public, network, *settings.allow_host)
    return tls.certificates(tls.folder_beside(settings.db), [n for n in names if n])


def _check(settings: Settings) -> None:
    if why_not := wrong_place(settings.db):
        raise Failure(why_not, "--db takes an SQLite file, :memory: or a postgresql:// address.", USAGE)
    if settings.workers > 1 and not settings.is_shared:
        what = f"{settings.workers} workers cannot share an SQLite file"
        raise Failure(what, "Give them a PostgreSQL with --db postgresql://…, or leave --workers out.", USAGE)
    if settings.trust is not None:
        try:
            ssl.create_default_context(cafile=settings.trust)
        except OSError as error:
            what = f"{settings.trust} cannot be trusted: {error.strerror or error}"
            raise Failure(what, "It is a file with certificates of authorities, in PEM.", USAGE) from error
    if settings.reports is not None:
        _make(Path(settings.reports))


def _make(reports: Path) -> None:
    """The folder for report files, so that it is not missed when the first one comes."""
    remedy = "--reports takes a folder, which is made if need be."
    try:
        private.make_folder(reports)
        is_usable = reports.is_dir() and os.access(reports, os.W_OK | os.X_OK)
    except OSError as error:
        raise Failure(
            f"{reports} cannot be the folder for reports: {error.strerror or error}", remedy, USAGE
        ) from error
    if not is_usable:
        why = "it cannot be written to" if reports.is_dir() else "it is no folder"
        raise Failure(f"{reports} cannot be the folder for reports: {why}", remedy, USAGE)


def _app(settings: Settings, called: str | None = None) -> App:
    """The application. Where scenarios, credentials or the store cannot be used, the command ends and says why."""
    try:
        check_names()
        app = App(settings, called=called)
    except ScenarioError as error:
        raise Failure(
            str(error), "Correct the scenario; docs/scenarios.md lists what a rule may say.", USAGE
        ) from error
    except NotServable as error:
        raise Failure(str(error), f"Correct or uninstall {error.distribution}.", USAGE) from error
    except WorkspaceError as error:
        raise Failure(str(error), "Choose another value, or delete the other workspace.", USAGE) from error
    except StoreUnavailable as error:
        raise Failure(str(error), "Choose another with --db.", UNREACHED) from error
    for name, given in settings.credentials.items():
        provider = app.runtime.providers.get(name)
        if provider is None:
            printed.say(f"PSP_SIMULATOR_{name.upper()}_*: there is no such setting or provider; ignored", err=True)
            continue
        known = provider.credentials(Ids(), True)
        if unknown := sorted(set(given) - set(known)):
            what = f"{provider.title} has no credential {unknown[0]!r}"
            raise Failure(what, f"Known are {', '.join(known)}.", USAGE)
    return app


def facts(app: App) -> dict[str, Any]:
    """The first line of `--json`."""
    default = app.runtime.default_to_look_at
    return {
        "event": "serving",
        "base_url": app.settings.base_url,
        "host": app.settings.host,
        "port": app.settings.port,
        "console": console_url(app),
        "admin_token": app.settings.admin_token,
        "workspace": default.name,
        "credentials": default.credentials,
    }


def console_url(app: App) -> str:
    """What to open in a browser on this machine; with the admin token, if one is wanted."""
    settings, token = app.settings, app.settings.admin_token
    local = settings if settings.open_console else replace(settings, public_url=None)
    return f"{local.base_url}/console" + (f"?token={quote(token, safe='')}" if token else "")


_NUMBERS = ("none", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten")


def in_words(count: int) -> str:
    """Small numbers, as one says them."""
    return _NUMBERS[count] if count < len(_NUMBERS) else str(count)


def banner(app: App) -> str:
    """Everything that a newcomer needs, and nothing else."""
    runtime, settings = app.runtime, app.settings
    default = runtime.default_to_look_at
    lines = [p.banner_line(default.credentials[p.name]) for p in runtime.providers.values()]
    names, keys = max(9, *(len(line.name) for line in lines)), max(len(line.key) for line in lines)
    count = {1: "one", 2: "both"}.get(len(lines)) or f"all {in_words(len(lines))}"
    webhooks = "sent" if any(default.stored_endpoints.values()) else "kept here, no URL set"
    phones = "reachable" if settings.public_url else "not reachable, add --lan"
    clock = terminal.clock("real", default.clock.offset)
    if default.clock.mode == "frozen":
        clock = f"frozen at {iso_millis(default.clock.now())}"
    demo = typed(f"psp-simulator demo {next(iter(runtime.providers))}", settings.base_url)
    demo += " -w default" if "--url" in demo else ""  # with an address it makes one of its own otherwise
    return "\n".join(
        [
            f"SIMULATOR - no real money{'workspace ' + default.name:>62}",
            "",
            f"  Console    {console_url(app)}",
            f"  API        {settings.base_url}   one base URL for {count}; the paths are the providers' own",
            "",
            *(f"  {line.name:<{names}}  {line.key:<{keys}}   {line.more}".rstrip() for line in lines),
            "",
            f"  Clock  {clock}    Webhooks  {webhooks}    Phones  {phones}",
            f"  Try it  {demo.replace('psp-simulator', terminal.invoked(), 1)}",
        ]
    )
