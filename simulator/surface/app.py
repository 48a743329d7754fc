"""The one ASGI application: what belongs to us goes to Starlette, everything else to the providers' gateway."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import TYPE_CHECKING

from starlette.applications import Starlette

from simulator.engine import pages, scenarios
from simulator.engine.courier import Courier, OwnCourier, Trust
from simulator.engine.distributions import folders
from simulator.engine.facets import ScenarioError
from simulator.engine.gateway import Gateway
from simulator.engine.http import Receive, Scope, Send, has_large_head
from simulator.engine.provider import Provider
from simulator.engine.reach import Reach
from simulator.engine.runtime import Runtime
from simulator.engine.sections import Sections, notices
from simulator.engine.store import Store, open_store, readable
from simulator.engine.store.found import DOCTOR
from simulator.kernel.crypto import sha256_hex
from simulator.providers import BUILT_IN
from simulator.surface import alone, logs
from simulator.surface.guard import LARGE_HEAD, Guard, refuse
from simulator.surface.inbox import INBOX
from simulator.surface.installed import installed
from simulator.surface.settings import Settings
from simulator.surface.terminal import Failure
from simulator.surface.tls import folder_beside
from simulator.wallet.alipay import WALLET

if TYPE_CHECKING:
    from simulator.engine.arming import Objection
    from simulator.engine.rules import Scenario
    from simulator.surface.control.audits import Audits

log = logging.getLogger("simulator")

OURS = ("/_sim", "/console")
_BELOW = tuple(f"{ours}/" for ours in OURS)


def _tell_undated(store: Store) -> None:
    timers, messages = store.undated()
    if timers or messages:
        log.error(
            "%d timers and %d webhooks are due at what is no instant, and never fall due: %s names them",
            timers,
            messages,
            DOCTOR,
        )


class App:
    """`runtime` is the running world; the lifespan (or `start` and `stop`) runs its loop.

    A console that is open to the network always has an admin token: without one in the settings it is made from the
    store's own secret, so that it stays the same from start to start.
    """

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        providers: Sequence[Provider] | None = None,
        courier: Courier | None = None,
        called: str | None = None,
    ) -> None:
        """`called` is where other processes on the same store reach this one; without it the store is its own."""
        from simulator.wallet import pages as wallet_pages

        self.settings = settings or Settings()
        chosen = tuple(providers) if providers is not None else installed()
        self._reach = Reach(self.settings.network_reach, self.settings.public_url, {self.settings.port})
        store = open_store(self.settings.db, self.settings.base_url)
        try:
            with readable(self.settings.db):
                self.runtime = self._runtime(store, chosen, courier, called)
            self.gateway = Gateway(
                self.runtime,
                wallet_pages.routes(self.settings.auto_return),
                public_credentials=self.settings.open_console or self.settings.default_credentials,
                names=self.settings.own_names,
            )
        except BaseException:
            store.close()
            raise

        logs.mask(self.runtime.masking)
        if missing := ", ".join(self.runtime.missing):
            log.warning(
                "the store holds rows of %s, which is not installed: they are kept, its timers and webhooks wait",
                missing,
            )
        _tell_undated(store)
        for notice in notices(self.runtime.workspaces(), Sections(self.runtime.providers)):
            log.warning(notice)
        if self.settings.open_console and not self.settings.admin_token:
            token = sha256_hex(f"admin token {self.runtime.secret}".encode())[:24]
            self.settings = replace(self.settings, admin_token=token)
        wants_token = self.settings.admin_token is not None
        self._unguarded = _Ours(self.runtime, self.gateway, wants_token)
        self.ours = Guard(
            self._unguarded,
            token=self.settings.admin_token,
            open_console=self.settings.open_console,
            names=self.settings.own_names,
            public_url=self.settings.public_url,
        )
        self._wallet_events = wallet_pages.Events(self.runtime, self.settings.auto_return)
        self._loop: asyncio.Task[None] | None = None

    def _runtime(
        self, store: Store, chosen: Sequence[Provider], courier: Courier | None, called: str | None
    ) -> Runtime:
        return Runtime(
            store,
            [*chosen, WALLET, INBOX],
            scenarios=load_scenarios(self.settings, chosen),
            base_url=self.settings.base_url,
            public_url=self.settings.public_url,
            strict=self.settings.strict,
            auto_return_s=self.settings.auto_return,
            courier=courier or OwnCourier(self._reach, _trust(self.settings)),
            reach=self._reach,
            reports=Path(self.settings.reports) if self.settings.reports else None,
            default_overrides=self.settings.credentials,
            called=called,
        )

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._lifespan(receive, send)
            return
        if scope["type"] != "http":
            await send({"type": "websocket.close", "code": 1000})
            return
        if (server := scope.get("server")) is not None and server[1] is not None:
            self._reach.ports.add(server[1])
        path: str = scope["path"]
        if is_ours(path):
            await self.ours(scope, receive, send)
        elif path.startswith("/w/") and path.endswith("/events"):
            if has_large_head(scope):
                await refuse(send, 431, "headers_too_large", LARGE_HEAD)
            else:
                await self._wallet_events(scope, receive, send)
        else:
            await self.gateway(scope, receive, send)

    @property
    def audits(self) -> Audits:
        """The audits that the control API has begun."""
        return self._unguarded.audits

    async def start(self) -> None:
        self._loop = asyncio.create_task(self.runtime.run())

    async def stop(self) -> None:
        await self._unguarded.close()
        if self._loop is not None:
            self._loop.cancel()
            with suppress(asyncio.CancelledError):
                await self._loop
        await self.runtime.close()

    async def _lifespan(self, receive: Receive, send: Send) -> None:
        await receive()
        await self.start()
        gc.freeze()  # what a start has made stays for good: the collector need not look at it again
        gc.enable()
        await send({"type": "lifespan.startup.complete"})
        await receive()
        await self.stop()
        await send({"type": "lifespan.shutdown.complete"})


def is_ours(path: str) -> bool:
    """Whether no provider's words are spoken there."""
    return path in OURS or path.startswith(_BELOW) or path == "/"


def _trust(settings: Settings) -> Trust:
    """Webhook receivers may have certificates of the authority that the settings name, or of our own."""
    files = [Path(settings.trust)] if settings.trust else []
    with suppress(Failure):  # there is no place for an authority of our own
        files.append(folder_beside(settings.db) / "authority.pem")
    return Trust(files)


def load_scenarios(settings: Settings, providers: Sequence[Provider]) -> scenarios.Scenarios:
    """The scenarios that ship with us and those of the user's own folder (which win). `<provider>.yaml` always apply.

    What is not ours may be wrong, and is read at once. Raises `ScenarioError`, also where another distribution brings a
    scenario of a name that is taken.
    """
    found = scenarios.Scenarios(partial(_known_scenarios, settings, providers))
    if settings.scenarios or folders():
        found.known  # noqa: B018 - read now
    return found


def check_names(folder: Path | None = None, providers: Sequence[Provider] = ()) -> None:
    """Of our folder, or of another one. Raises `ScenarioError` where test amounts have not the name by which they are found."""
    ours = pages.folder("scenarios")
    names = {*BUILT_IN, *(provider.name for provider in providers)}
    if wrong := scenarios.misplaced(folder or ours, names, by_file=folder is None):
        raise ScenarioError(f"{folder or ours}: {wrong}")


def wrong_scenarios(providers: Sequence[Provider]) -> str | None:
    """What is wrong with those that ship with us and with the distributions; None where all of them can happen."""
    from simulator.engine.rules import load_folder

    try:
        load_scenarios(Settings(db=":memory:"), providers).known  # noqa: B018 - read now
        _possible(pages.folder("scenarios"), load_folder(pages.folder("scenarios")), providers)
    except ScenarioError as error:
        return str(error)
    return None


def _known_scenarios(settings: Settings, providers: Sequence[Provider]) -> scenarios.Known:
    from simulator.engine.rules import load_folder

    place, names = pages.folder("scenarios"), {provider.name for provider in providers}
    brought: dict[str, Scenario] = {}
    check_names()
    for folder in folders():
        check_names(folder / "scenarios", providers)
        theirs = load_folder(folder / "scenarios")
        if taken := sorted(theirs.keys() & {*load_folder(place), *brought}):
            raise ScenarioError(f"{folder / 'scenarios'}: there is a scenario {taken[0]!r} already")
        brought |= _possible(folder / "scenarios", theirs, providers)
    if settings.scenarios:
        brought |= _own_scenarios(Path(settings.scenarios), providers)

    def read_named() -> dict[str, Scenario]:
        """The test triggers of a provider that is not served can never hold."""
        found = {name: one for name, one in (load_folder(place) | brought).items() if name not in names}
        return {name: one for name, one in found.items() if name in brought or _objection(one, providers) is None}

    documented = load_folder(place, names) | {name: one for name, one in brought.items() if name in names}
    return scenarios.Known(documented=documented, read_named=read_named)


def _objection(scenario: Scenario, providers: Sequence[Provider]) -> Objection | None:
    """As `objection`; what bears a provider's name holds for that provider alone."""
    from simulator.engine.arming import objection

    return objection(scenario, [p for p in providers if p.name == scenario.name] or providers)


def _possible(folder: Path, found: dict[str, Scenario], providers: Sequence[Provider]) -> dict[str, Scenario]:
    """The scenarios as they were found. Raises `ScenarioError` where one says what can never happen."""
    for scenario in found.values():
        if complaint := _objection(scenario, providers):
            raise ScenarioError(f"{folder}: {scenario.name}: {complaint}")
    return found


def _own_scenarios(folder: Path, providers: Sequence[Provider]) -> dict[str, Scenario]:
    """The scenarios of the user's folder. Raises `ScenarioError` where it holds none, or one that says what can never happen."""
    try:
        is_there = folder.is_dir()
    except OSError:  # too long a name, or a folder above it that is closed
        is_there = False
    if not is_there:
        raise ScenarioError(f"{folder}: there is no such folder")
    from simulator.engine.rules import load_folder

    check_names(folder, providers)
    found = load_folder(folder)
    if not found:
        raise ScenarioError(f"{folder}: there is no scenario in this folder (*.yaml, *.yml)")
    return _possible(folder, found, providers)


class _Ours:
    """The control API and the console, built when somebody first asks for more than health: with all their pages they would
    be a third of what a start imports."""

    def __init__(self, runtime: Runtime, gateway: Gateway, wants_token: bool) -> None:
        self._health = alone.application(runtime)
        self._build = partial(_whole, runtime, gateway, wants_token)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_plain = scope["path"] == alone.PATH and not scope["query_string"]
        await (self._health if is_plain else self._all)(scope, receive, send)

    @cached_property
    def _all(self) -> Starlette:
        return self._build()

    @property
    def audits(self) -> Audits:
        found: Audits = self._all.state.audits
        return found

    async def close(self) -> None:
        """What the control API does by itself ends."""
        if "_all" in vars(self):
            await self.audits.close()


def _whole(runtime: Runtime, gateway: Gateway, wants_token: bool) -> Starlette:
    from simulator.surface.control.application import with_console

    return with_console(runtime, gateway, wants_token=wants_token)


def create_app(settings: Settings | None = None) -> App:
    """For `uvicorn --factory simulator.surface.app:create_app` and for tests."""
    from simulator.surface.settings import from_environment

    return App(settings or from_environment())
