"""The running simulator, put together from the engine's rooms.

Everything here runs on one event loop; the core is synchronous and never sleeps. For the rooms see `engine/__init__.py`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from simulator.engine import journal, report_folder
from simulator.engine.absent import Absent
from simulator.engine.agenda import Agenda
from simulator.engine.arrivals import Arrivals
from simulator.engine.chores import Chore
from simulator.engine.courier import Courier, OwnCourier
from simulator.engine.dispatcher import Dispatcher, Watch
from simulator.engine.homes import AlwaysHere, Homes, SharedHomes
from simulator.engine.keeping import Keeper
from simulator.engine.lifecycle import Lifecycle
from simulator.engine.lookout import Lookout
from simulator.engine.loop import Loop
from simulator.engine.masking import Masking, together
from simulator.engine.provider import Party, Provider, ProviderError
from simulator.engine.reach import Reach
from simulator.engine.registry import Credentials, Registry
from simulator.engine.resource import R, Resource, Summary, load
from simulator.engine.scenarios import Scenarios
from simulator.engine.store import OutboxRow, SharedStore, Store
from simulator.engine.sweeper import Sweeper
from simulator.engine.temporary import Temporary
from simulator.engine.throttle import Buckets
from simulator.engine.timers import Timers
from simulator.engine.transactions import Transactions
from simulator.engine.units import Units
from simulator.engine.uow import UnitOfWork
from simulator.engine.walking import Walker
from simulator.engine.watchers import Audience, Watchers
from simulator.engine.workspace import DEFAULT, Stride, Workspace, in_words
from simulator.kernel.clock import Clock, micros
from simulator.kernel.ids import Ids, Pool

log = logging.getLogger("simulator")


class Runtime:
    """To change something, use `unit`; to look, use `open`."""

    def __init__(
        self,
        store: Store,
        parties: Sequence[Party],
        *,
        scenarios: Scenarios | None = None,
        base_url: str = "http://localhost:8080",
        public_url: str | None = None,
        strict: bool = False,
        auto_return_s: int | None = 5,
        courier: Courier | None = None,
        reach: Reach | None = None,
        reports: Path | None = None,
        default_overrides: Credentials | None = None,
        called: str | None = None,
    ) -> None:
        """`called` is the address of this process among others on a shared store; without it the store is ours alone."""
        shared = store if called is not None and isinstance(store, SharedStore) else None
        self.store = store
        self.parties = _by_name(parties)
        self.providers = {party.name: party for party in parties if isinstance(party, Provider)}
        self.masking = together(provider.masking for provider in self.providers.values())
        """What is a secret with any provider: for what is nobody's in particular."""
        self.scenarios = scenarios or Scenarios()
        self.base_url = base_url
        """Where clients reach us, for links that are made outside of a request."""
        self.public_url = public_url.rstrip("/") if public_url else None
        """Overrides the request's own host in every link."""
        self.strict = strict
        self.auto_return_s = auto_return_s
        """Seconds of browser time until a finished page goes back to the merchant; None keeps it where it is."""
        self.randomness = Pool()
        self.buckets = Buckets()
        """What the customers' rate limits have left."""
        self.closing = False
        """Set by `hang_up`: whoever keeps a connection open ends it."""
        self.reach = reach or Reach(public_url=public_url)
        """Where deliveries may go."""
        self.reports = reports
        """The folder into which reports are put when they are there (`serve --reports`)."""
        self.courier = courier or OwnCourier(self.reach)
        self.watchers = Watchers()
        self.news = Watchers()
        self.audience = Audience()
        """By workspace: who wants to hear when anything in it was committed, whatever it is."""

        strides: dict[int, Stride] = {}
        self._strides = strides
        agenda = Agenda()
        self.transactions = Transactions(store, agenda.wake)
        self.registry = Registry(store, self.transactions, self.providers, self._changed, shared=shared is not None)
        self.homes: Homes = AlwaysHere(self.registry)
        chores: list[Chore] = []
        if shared is not None and called is not None:
            shared.called(called)
            self.homes = SharedHomes(shared, self.registry, self._came_home, self._lost)
            chores.append(self.homes)
        self.registry.make_room, self.registry.made = self.homes.make_room, self.homes.hold
        self._units = Units(self, self.registry, self.transactions, strides, self._committed)
        self.timers = Timers(store, self.registry, self.transactions, self._units, self.parties)
        self.dispatcher = Dispatcher(
            self.courier,
            self.reach,
            store,
            self.registry,
            self.transactions,
            self.providers,
            self._delivery_ended,
            self.news.tell,
        )
        self._walker = Walker(store, self.registry, self.transactions, self.timers, self.dispatcher, strides)
        self.sweeper = Sweeper(self.transactions)
        self.keeper = Keeper(self.transactions, self.registry, self.parties, self.watchers.tell)
        self.temporary = Temporary(store, self.registry, self._let_go)
        aside = (*chores, Lookout(store), self.sweeper, self.keeper, self.temporary)
        self._loop = Loop(
            agenda, store, self.registry, self.transactions, self.timers, self.dispatcher, self._walker.walks, aside
        )

        with shared.opening() if shared is not None else nullcontext():
            self.secret = self._page_secret()
            """Signs page tokens; made once per store."""
            self.registry.load(default_overrides or {})
        self._absent = Absent(store, self.registry, self.parties)
        self._absent.set_aside()
        self.lifecycle = Lifecycle(
            self.registry,
            self.transactions,
            self.homes,
            self._walker,
            self.dispatcher,
            self.keeper,
            self.sweeper,
            self.buckets,
            self._absent,
            Arrivals(store, self.registry, self.parties),
            lambda: self.reports,
            self._loop.schedule,
        )
        self.transactions.if_a_commit_fails(self._read_again)
        self._loop.look_at_store()
        for workspace in self.registry.all():
            self._loop.schedule(workspace.id)

    def _read_again(self) -> None:
        self.registry.read_again()
        self.dispatcher.look_again()
        for workspace in self.registry.all():
            self._loop.schedule(workspace.id)

    def _page_secret(self) -> str:
        secret = self.store.meta("page_secret")
        if secret is None:
            secret = Ids().text(43)
            self.store.set_meta("page_secret", secret)
        return secret

    def masking_of(self, provider: str) -> Masking:
        """What is a secret with this provider; with any, where there is none of that name."""
        found = self.providers.get(provider)
        return found.masking if found is not None else self.masking

    @property
    def own_url(self) -> str:
        """The origin of links that are made outside of a request."""
        return self.public_url or self.base_url

    def summary_of(self, resource: Resource) -> Summary | None:
        """The payment view of a resource; None for what is no payment."""
        return self.parties[resource.PROVIDER].summary_of(resource)

    def keep_report(self, workspace: Workspace, provider: str, name: str, render: Callable[[], bytes]) -> None:
        """Puts a report that is there now into the folder for them, if there is one."""
        report_folder.put(self.reports, workspace, provider, name, render)

    @property
    def missing(self) -> list[str]:
        """The providers whose rows the store holds and that are not installed."""
        return self._absent.names

    # Workspaces --------------------------------------------------------------------------------------------------

    def workspace(self, id_: int) -> Workspace:
        return self.registry[id_]

    def workspaces(self) -> list[Workspace]:
        """All that there are, to be looked at."""
        return self.homes.all()

    def find_workspace(self, public_id_or_name: str) -> Workspace | None:
        """The workspace of this id or name. Raises `Elsewhere` for one that another process serves, as does every other way to
        find a workspace."""
        found = self.homes.named(public_id_or_name)
        self.temporary.touch(found)
        return found

    @property
    def default(self) -> Workspace:
        """To be served: see `find_workspace`."""
        found = self.find_workspace(DEFAULT)
        assert found is not None
        return found

    @property
    def default_to_look_at(self) -> Workspace:
        """As it stands, wherever it is served."""
        found = self.homes.shown(DEFAULT)
        assert found is not None
        return found

    def by_credential(self, provider: str, lookup: str) -> Workspace | None:
        found = self.homes.by_credential(provider, lookup)
        self.temporary.touch(found)
        return found

    def create_workspace(
        self,
        *,
        name: str | None = None,
        seed: str | None = None,
        clock: Clock | None = None,
        credentials: Credentials | None = None,
        endpoints: Mapping[str, Mapping[str, Any]] | None = None,
        settings: Mapping[str, Mapping[str, Any]] | None = None,
        made_by: str = "",
        temporary: bool = False,
    ) -> Workspace:
        """A new world. Raises `WorkspaceError` when the name or one of the credentials is taken."""
        created = self.registry.create(
            name=name,
            seed=seed,
            clock=clock,
            credentials=credentials,
            endpoints=endpoints,
            settings=settings,
            made_by=made_by,
            temporary=temporary,
        )
        self.temporary.touch(created)
        return created

    def change_workspace(self, workspace: Workspace, **changes: Any) -> Workspace:
        """Writes a change of the workspace itself (endpoints, settings, scenarios, clock)."""
        if "clock" in changes:
            changes["clock"] = self._walker.given(workspace.id, changes["clock"])
        changed = self.registry.change(workspace.id, **changes)
        self._tell_of(changed, "clock" if "clock" in changes else "workspace", in_words(changed, changes))
        self._loop.schedule(workspace.id)
        return changed

    def _tell_of(self, workspace: Workspace, topic: str, summary: str) -> None:
        """For who follows the workspace; written soon."""
        self.transactions.journal([journal.line_about(workspace.id, micros(workspace.clock.now()), topic, summary)])

    def _came_home(self, workspace: Workspace) -> None:
        self.lifecycle.came_home(workspace)

    def _lost(self, workspaces: list[int]) -> None:
        self.lifecycle.lost(workspaces)

    def _let_go(self, workspace: Workspace) -> None:
        self.lifecycle.aside(self._gone(workspace))

    async def _gone(self, workspace: Workspace) -> None:
        """Deletes a temporary workspace, unless somebody has used it meanwhile."""
        if workspace.id in self.registry and self.temporary.is_over(workspace):
            log.info("the temporary workspace %s is removed: nobody has used it for a day", workspace.name)
            try:
                await self.lifecycle.delete(workspace)
            except self.store.OUTAGES as error:
                log.warning("a temporary workspace stays for now: %s", self.store.outage(error))

    # Looking and changing ------------------------------------------------------------------------------------------

    def open(self, workspace: Workspace) -> UnitOfWork:
        """A unit of work for looking only."""
        return self._units.read(workspace)

    def unit(
        self, workspace: Workspace, *, provider: str, topic: str, now: datetime | None = None, together: bool = False
    ) -> AbstractContextManager[UnitOfWork]:
        """A unit of work that is written when the block ends, and undone when it raises. See `Units.unit`.

        `topic` says in the journal by what it came: `page` by a press on a page (a provider needs no other), `request` by a call of
        the API, `timer`, `control`, `inbox`.
        """
        return self._units.unit(workspace, provider=provider, topic=topic, now=now, together=together)

    def locate(self, kind: type[R], id_: str, *, oldest: bool = False) -> tuple[Workspace, R] | None:
        """A resource by its id in whatever workspace it lives, the newest unless told: pages have no credential. Raises
        `ProviderError` for a kind whose `FOUND_BY` does not name the id."""
        _check_found_by(kind, "id")
        found = self.store.resource_anywhere(kind.PROVIDER, kind.KIND, id_, oldest)
        return self._located(kind, found)

    def locate_by_key(self, kind: type[R], name: str, value: str) -> tuple[Workspace, R] | None:
        """A resource by a look-up key, in whatever workspace it lives. Raises `ProviderError` for a kind whose `FOUND_BY` does not
        name that key."""
        _check_found_by(kind, name)
        found = self.store.key_anywhere(kind.PROVIDER, kind.KIND, name, value)
        return self._located(kind, found)

    def _located(self, kind: type[R], found: tuple[int, bytes] | None) -> tuple[Workspace, R] | None:
        id_ = None if found is None else self.homes.standing_at(found[0])
        if found is None or id_ is None:
            return None
        self.temporary.touch(self.registry[id_])
        return self.registry[id_], load(kind, found[1])

    def write_late(self) -> None:
        """Before somebody reads the journal: what only read is journalled late."""
        self.transactions.write_late()

    def _changed(self, workspace_id: int) -> None:
        """The workspace itself: its clock shows something else, or it was reset or removed."""
        self.watchers.tell(workspace_id)
        self.news.tell(workspace_id)

    def _committed(self, uow: UnitOfWork) -> None:
        self.news.tell(uow.workspace.id)
        if (due := uow.next_due) is not None:
            self.dispatcher.due_from(uow.workspace.id, micros(due))
            self._loop.schedule(uow.workspace.id, due)
        if self.watchers:
            for identity in uow.touched:
                self.watchers.tell(identity)

    # Watching ------------------------------------------------------------------------------------------------------

    def watch(self, kind: type[Resource], id_: str, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls back after each commit that changed this resource; the result stops it."""
        return self.watchers.watch((kind.PROVIDER, kind.KIND, id_), callback)

    def watch_workspace(self, workspace: Workspace, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls back when the workspace's clock or scenarios were changed, or the workspace reset or removed; the result stops
        it."""
        return self.watchers.watch(workspace.id, callback)

    def hang_up(self) -> None:
        """Asks everybody who watches to end: the server is about to stop."""
        self.closing = True
        self.watchers.tell_everybody()
        self.news.tell_everybody()

    # Time ----------------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        """Serves deadlines until cancelled."""
        await self._loop.run()

    async def advance(
        self, workspace: Workspace, to: datetime | timedelta | None, actor: Literal["console", "page"] = "console"
    ) -> Watch:
        """Walks from deadline to deadline up to `to`, by so much, or to the next one. See `Walker.advance`."""
        try:
            return await self._walker.advance(workspace.id, to, actor)
        finally:
            self._loop.schedule(workspace.id)

    async def back_to_real(self, workspace: Workspace) -> Clock:
        """Walks to the time of day, at which the clock runs from there. See `Walker.back`."""
        try:
            return await self._walker.back(workspace.id)
        finally:
            self._loop.schedule(workspace.id)

    def stop_advance(self, workspace: Workspace) -> bool:
        """Lets an advance that is under way end at the deadline that it has reached; False where there is none."""
        return self._walker.stop(workspace.id)

    def advancing(self, workspace: Workspace) -> Stride | None:
        """The advance that is under way."""
        return self._strides.get(workspace.id)

    async def settle(self, workspace: Workspace) -> Watch:
        """Does everything that is due at the workspace's present instant and returns when it is quiet."""
        try:
            return await self._walker.settle(workspace.id)
        finally:
            self._loop.schedule(workspace.id)

    def deliver(self, workspace: Workspace) -> None:
        """Begins to send what is due, unless somebody walks here who does that."""
        if not self._walker.walks(workspace.id) and self.dispatcher.start(workspace.id):
            self._loop.schedule(workspace.id)

    def conclude(self, workspace: Workspace, row: OutboxRow, state: Literal["delivered", "failed"]) -> None:
        """Ends a message by hand, and says so in the payment's story."""
        said = "marked delivered" if state == "delivered" else "stopped"
        with self.unit(workspace, provider=row.provider, topic="control") as uow:
            uow.journal("webhook", "console", f"{row.event} {said}", subject=row.subject, ref=row.id)
            self.dispatcher.conclude(uow.begin(), row, state)
        self._loop.schedule(workspace.id)

    def pause(self, workspace: Workspace, provider: str, is_paused: bool) -> Workspace:
        """Holds a provider's webhooks back, or lets go what was held back, in its order. What is under way goes on."""
        others = [name for name in workspace.paused if name != provider]
        changed = self.change_workspace(workspace, paused=(*others, provider) if is_paused else tuple(others))
        self.dispatcher.look_again(workspace.id)
        return changed

    async def try_failed_again(self, workspace: Workspace, provider: str | None) -> int:
        """Every message that was refused, given up or not, is tried once more, now; returns how many. Raises what `settle` does."""
        with self.transactions.writing() as store:
            tried = store.try_failed_again(workspace.id, provider, micros(workspace.clock.now()))
        self.dispatcher.look_again(workspace.id)
        await self.settle(workspace)
        return tried

    def _delivery_ended(self, workspace_id: int, is_recorded: bool) -> None:
        """Another delivery may begin; who walks through the workspace's deadlines begins it themselves."""
        if not is_recorded:
            self._loop.try_again(workspace_id)
        elif not self._walker.walks(workspace_id):
            self._loop.schedule(workspace_id)

    async def close(self) -> None:
        await self.dispatcher.close()
        await self.courier.close()
        await self.lifecycle.close()
        try:
            self.transactions.commit()
            self._write_last_uses()
            self.transactions.write_late_or_tell()
        finally:
            self.store.close()

    def _write_last_uses(self) -> None:
        try:
            self.temporary.write()
        except self.store.OUTAGES as error:
            log.warning("when temporary workspaces were last used is not written: %s", self.store.outage(error))


def _by_name(parties: Sequence[Party]) -> dict[str, Party]:
    found: dict[str, Party] = {}
    for party in parties:
        if found.setdefault(party.name, party) is not party:
            raise ProviderError(f"provider {party.name!r} is there twice: each has a name of its own")
    return found


def _check_found_by(kind: type[Resource], name: str) -> None:
    """Two workspaces with one seed draw the same ids, so without it one would show what belongs to the other. A kind with a
    `beside` of its own tells its copies apart in another way."""
    if name not in kind.FOUND_BY and kind.beside is Resource.beside:
        raise ProviderError(
            f"{kind.__name__}.FOUND_BY does not name {name!r}, by which a page looks it up: let it, "
            f"and draw it by uow.own_id({kind.__name__}, …)"
        )
