"""The running simulator: its store, its workspaces, its parties and the way of a transaction.

Everything here runs on one event loop; the core is synchronous and never sleeps. `Runtime.run` is the only loop: it waits
for the next deadline or a nudge.
"""

from __future__ import annotations

import asyncio
import dataclasses
import heapq
import logging
import math
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, contextmanager, suppress
from datetime import datetime, timedelta
from typing import Any, Literal

import orjson

from simulator.engine import journal
from simulator.engine.dispatcher import Dispatcher
from simulator.engine.provider import Party, Provider
from simulator.engine.resource import Resource, load
from simulator.engine.scenarios import Scenarios
from simulator.engine.store import Store
from simulator.engine.store.base import Row
from simulator.engine.throttle import Buckets
from simulator.engine.uow import Identity, UnitOfWork
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import Clock, from_micros, iso_millis, micros, short_duration, time_of_day
from simulator.kernel.ids import Ids, Pool
from simulator.kernel.refusals import IllegalTransition, NotFound

log = logging.getLogger("simulator")

JOURNAL_BUFFER = 200
"""Read-only requests wait for this many, for the next commit, or for the loop's next turn before they are written."""


TIMERS_IN_A_TURN = 4
"""In real time; requests that have arrived meanwhile are served before the next ones."""


@dataclasses.dataclass(frozen=True, slots=True)
class Stride:
    """An advance of a clock that is under way: how far it goes, and who asked for it."""

    since: datetime
    by: timedelta
    actor: Literal["console", "page"]


class WorkspaceError(ValueError):
    """A workspace cannot be made or changed so. `field` names what was wrong."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class Runtime:
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
        dispatcher: Dispatcher | None = None,
        default_overrides: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> None:
        self.store = store
        self.parties = {party.name: party for party in parties}
        self.providers = {party.name: party for party in parties if isinstance(party, Provider)}
        self.scenarios = scenarios or Scenarios()
        self.base_url = base_url
        """Where clients reach us, for links that are made outside of a request."""
        self.public_url = public_url.rstrip("/") if public_url else None
        """Overrides the request's own host in every link."""
        self.strict = strict
        self.auto_return_s = auto_return_s
        """Seconds of browser time until a finished page goes back to the merchant; None keeps it where it is."""
        self.dispatcher = dispatcher or Dispatcher()
        self.dispatcher.runtime = self
        self._workspaces: dict[int, Workspace] = {}
        self._public: dict[str, int] = {}
        self._credentials: dict[tuple[str, str], int] = {}
        self._writing = False
        self._joined = False
        self._commit_is_near = False
        self._afterwards: list[tuple[UnitOfWork, set[Identity]]] = []
        self._waiting: list[asyncio.Future[None]] = []
        self._unwritten: list[Row] = []
        self._agenda: list[tuple[float, int]] = []
        self._soonest: dict[int, float] = {}
        """The entry of each workspace on the agenda that counts; it may have later ones, which are passed over."""
        self._nudge = asyncio.Event()
        self.randomness = Pool()
        self.buckets = Buckets()
        """What the customers' rate limits have left."""
        self._walks: dict[int, asyncio.Lock] = {}
        self._walking: set[int] = set()
        self.strides: dict[int, Stride] = {}
        """By workspace."""
        self._watchers: dict[tuple[str, str, str], set[Callable[[], None]]] = {}
        self.closing = False
        """Set by `hang_up`: whoever keeps a connection open ends it."""
        self._load(default_overrides or {})

    # Parties and workspaces --------------------------------------------------------------------------------------

    def party(self, name: str) -> Party:
        return self.parties[name]

    def _load(self, overrides: Mapping[str, Mapping[str, Any]]) -> None:
        secret = self.store.meta("page_secret")
        if secret is None:
            secret = Ids().text(43)
            self.store.set_meta("page_secret", secret)
        self.secret = secret
        """Signs page tokens; made once per store."""
        for id_, raw in self.store.workspaces():
            self._remember(Workspace.load(id_, bytes(raw)))
        known: dict[int, list[tuple[str, str]]] = {}
        for provider, lookup, workspace in self.store.credentials():
            self._credentials[provider, lookup] = workspace
            known.setdefault(workspace, []).append((provider, lookup))
        for workspace in self.workspaces():
            given = overrides if workspace.name == "default" else {}
            self._complete(workspace, given, known.get(workspace.id, []))
        if "default" not in self._public:
            self.create_workspace(name="default", credentials=overrides)
        for workspace in self._workspaces.values():
            self._schedule(workspace.id)

    def _complete(
        self, workspace: Workspace, given: Mapping[str, Mapping[str, Any]], known: Sequence[tuple[str, str]]
    ) -> None:
        """Credentials for providers that an older store does not know, and those that were handed in since."""
        ids, made, wanted = Ids(), dict(workspace.credentials), list[tuple[str, str]]()
        for provider in self.providers.values():
            own = provider.credentials(ids, workspace.name == "default") | made.get(provider.name, {})
            made[provider.name] = _handed_in(own, given.get(provider.name, {}))
            wanted += [(provider.name, lookup) for lookup in provider.lookups(made[provider.name])]
        if made == workspace.credentials and set(wanted) <= set(known):
            return
        self._refuse_taken(wanted, workspace.id)
        kept = [pair for pair in known if pair[0] not in self.providers]
        changed = dataclasses.replace(workspace, credentials=made)
        with self.transaction():
            self.store.remove_credentials(workspace.id)
            self.store.add_credentials(workspace.id, [*wanted, *kept])
            self.store.save_workspace(workspace.id, workspace.name, changed.dump())
        self._remember(changed)
        for pair in known:
            del self._credentials[pair]
        self._credentials |= dict.fromkeys([*wanted, *kept], workspace.id)

    def _refuse_taken(self, lookups: Sequence[tuple[str, str]], own: int | None = None) -> None:
        for pair in lookups:
            if self._credentials.get(pair, own) != own:
                message = f"a credential of {self.providers[pair[0]].title} belongs to another workspace already"
                raise WorkspaceError(message, f"credentials.{pair[0]}")

    def _remember(self, workspace: Workspace) -> None:
        clock = workspace.clock
        if clock.mode == "real" and clock.standing_at is not None and workspace.id not in self._walking:
            workspace = dataclasses.replace(workspace, clock=Clock("real", clock.offset, None, clock.advanced))
        before = self._workspaces.get(workspace.id)
        self._workspaces[workspace.id] = workspace
        if before is not None and before.clock != workspace.clock:
            self._notify(_of_workspace(workspace.id))
        self._public[workspace.public_id] = self._public[workspace.name] = workspace.id

    def workspace(self, id_: int) -> Workspace:
        return self._workspaces[id_]

    def workspaces(self) -> list[Workspace]:
        return list(self._workspaces.values())

    def find_workspace(self, public_id_or_name: str) -> Workspace | None:
        id_ = self._public.get(public_id_or_name)
        return None if id_ is None else self._workspaces[id_]

    @property
    def default(self) -> Workspace:
        return self._workspaces[self._public["default"]]

    def by_credential(self, provider: str, lookup: str) -> Workspace | None:
        id_ = self._credentials.get((provider, lookup))
        return None if id_ is None else self._workspaces[id_]

    def create_workspace(
        self,
        *,
        name: str | None = None,
        seed: str | None = None,
        clock: Clock | None = None,
        credentials: Mapping[str, Mapping[str, Any]] | None = None,
        webhooks: Mapping[str, Mapping[str, Any]] | None = None,
        settings: Mapping[str, Mapping[str, Any]] | None = None,
    ) -> Workspace:
        """A new world. Raises `WorkspaceError` when the name or one of the credentials is taken."""
        ids = Ids()
        public_id = "ws_" + ids.hex(16)
        name = name or public_id
        if name in self._public:
            raise WorkspaceError(f"there is a workspace named {name!r} already", "name")
        made: dict[str, dict[str, Any]] = {}
        lookups: list[tuple[str, str]] = []
        for provider in self.providers.values():
            own = provider.credentials(ids, name == "default")
            made[provider.name] = _handed_in(own, (credentials or {}).get(provider.name, {}))
            lookups += [(provider.name, lookup) for lookup in provider.lookups(made[provider.name])]
        self._refuse_taken(lookups)
        workspace = Workspace(
            id=0,
            public_id=public_id,
            name=name,
            created_at=time_of_day(),
            clock=clock or Clock(),
            seed=seed,
            credentials=made,
            webhooks={p: dict((webhooks or {})[p]) if (webhooks or {}).get(p) else None for p in self.providers},
            settings={p: dict(v) for p, v in (settings or {}).items()},
        )
        with self.transaction():
            id_ = self.store.add_workspace(public_id, name, workspace.dump())
            self.store.add_credentials(id_, lookups)
        workspace = dataclasses.replace(workspace, id=id_)
        self._remember(workspace)
        for pair in lookups:
            self._credentials[pair] = id_
        return workspace

    def change_workspace(self, workspace: Workspace, **changes: Any) -> Workspace:
        """Writes a change of the workspace itself (webhooks, settings, scenarios, clock)."""
        changed = dataclasses.replace(self._workspaces[workspace.id], **changes)
        with self.transaction():
            self.store.save_workspace(changed.id, changed.name, changed.dump())
        self._remember(changed)
        self._schedule(changed.id)
        return self._workspaces[changed.id]

    def save_workspace(self, workspace: Workspace) -> None:
        """Within a unit of work; the cache follows at commit."""
        self.store.save_workspace(workspace.id, workspace.name, workspace.dump())

    async def reset(self, workspace: Workspace) -> Workspace:
        """Drops what happened; keeps credentials, endpoints and settings. A frozen clock runs again."""
        await self.dispatcher.abandon(workspace.id)
        self.buckets.forget(workspace.id)
        changed = dataclasses.replace(self._workspaces[workspace.id], clock=Clock(), scenarios=(), draws=0)
        with self.transaction():
            self._unwritten = [row for row in self._unwritten if row[0] != workspace.id]
            self.store.clear(workspace.id)
            self.store.save_workspace(changed.id, changed.name, changed.dump())
        self._remember(changed)
        self._notify(_of_workspace(workspace.id))
        return changed

    async def delete_workspace(self, workspace: Workspace) -> None:
        await self.dispatcher.abandon(workspace.id)
        self.buckets.forget(workspace.id)
        with self.transaction():
            self._unwritten = [row for row in self._unwritten if row[0] != workspace.id]
            self.store.remove_workspace(workspace.id)
        del self._workspaces[workspace.id]
        self._public = {name: id_ for name, id_ in self._public.items() if id_ != workspace.id}
        self._credentials = {pair: id_ for pair, id_ in self._credentials.items() if id_ != workspace.id}
        self._notify(_of_workspace(workspace.id))

    # Transactions ------------------------------------------------------------------------------------------------

    # One transaction of the store holds the units of all requests that arrived together; none of them is answered before
    # it is committed. A unit that joins others writes behind a savepoint, so that it can fail alone.

    def begin(self) -> None:
        """Lets the present unit write."""
        if self._writing:
            return
        if self._joined:
            self.store.begin_part()
        else:
            self.store.begin()
        self._writing = True

    def rollback(self) -> None:
        """Takes back what the present unit has written. Units before it stay."""
        if not self._writing:
            return
        self._writing = False
        if self._joined:
            self.store.rollback_part()
        else:
            self.store.rollback()

    def _join(self) -> None:
        """The present unit is complete: it stands if the transaction does."""
        if self._joined:
            self.store.commit_part()
        self._writing, self._joined = False, True

    def _commit(self) -> None:
        """Commits everything that has joined, then lets the answers go."""
        if not self._joined:
            return
        self._joined = False
        afterwards, self._afterwards = self._afterwards, []
        waiting, self._waiting = self._waiting, []
        try:
            self.store.commit()
        except BaseException as error:
            self.store.rollback()
            for id_, raw in self.store.workspaces():
                self._remember(Workspace.load(id_, bytes(raw)))
            for waiter in waiting:
                if not waiter.done():
                    waiter.set_exception(error)
            raise
        for waiter in waiting:
            if not waiter.done():
                waiter.set_result(None)
        for uow, changed in afterwards:
            if uow.next_due is not None:
                self._schedule(uow.workspace.id, uow.next_due)
            for identity in changed:
                self._notify(identity)

    def _commit_soon(self) -> None:
        if not self._commit_is_near:
            self._commit_is_near = True
            asyncio.get_running_loop().call_soon(self._commit_together)

    def _commit_together(self) -> None:
        self._commit_is_near = False
        try:
            self._commit()
        except Exception:  # everybody who waits for this commit is told
            log.exception("the store could not commit")

    def committed(self) -> asyncio.Future[None] | None:
        """What an answer waits for; None when everything is committed. Raises the store's error when it cannot commit."""
        if not self._joined:
            return None
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.append(waiter)
        return waiter

    @contextmanager
    def transaction(self, *, together: bool = False) -> Iterator[None]:
        """For what no unit of work writes. With `together` somebody else commits: await `committed`."""
        self.begin()
        try:
            yield
        except BaseException:
            self.rollback()
            raise
        self._join()
        if together:
            self._commit_soon()
        else:
            self._commit()

    def open(self, workspace: Workspace, now: datetime | None = None) -> UnitOfWork:
        """A unit of work that the caller commits or rolls back."""
        current = self._workspaces.get(workspace.id, workspace)
        return UnitOfWork(self, current, now or current.clock.now())

    @contextmanager
    def unit(
        self, workspace: Workspace, *, provider: str, kind: str, now: datetime | None = None, together: bool = False
    ) -> Iterator[UnitOfWork]:
        """A unit of work outside of an API call (a page, a timer, the control API): committed unless it raises."""
        uow = self.open(workspace, now)
        try:
            yield uow
        except BaseException:
            self.rollback()
            raise
        self.commit(uow, self._story(uow, kind, provider), together=together)

    def _story(self, uow: UnitOfWork, kind: str, provider: str) -> list[Row]:
        if not uow.moves:
            return []
        subjects = uow.subjects or dict.fromkeys(move["subject"] for move in uow.moves if move.get("subject"))
        return journal.rows_for(uow.workspace.id, micros(uow.now), kind, provider, uow.moves, subjects)

    def commit(
        self, uow: UnitOfWork, story: list[Row], also: Callable[[], None] | None = None, *, together: bool = False
    ) -> None:
        """State, timers, outbox and journal together, or nothing. `also` writes into the same transaction.

        With `together` the commit is shared with whatever else arrives in this turn of the loop: await `committed`.
        """
        try:
            changed = set(uow._dirty)
            uow.write()
            if also is not None:
                self.begin()
                also()
            if not self._writing:
                self.note(story)
                return
            self.store.insert_journal(self._unwritten + story)
            self._join()
        except BaseException:
            self.rollback()
            raise
        self._unwritten = []
        if uow._workspace_changed:
            self._remember(uow.workspace)
        self._afterwards.append((uow, changed))
        if together:
            self._commit_soon()
        else:
            self._commit()

    def note(self, rows: list[Row]) -> None:
        """Journals something that changed nothing; written with the next commit or soon after."""
        if rows and not self._unwritten:
            self._nudge.set()
        self._unwritten += rows
        if len(self._unwritten) >= JOURNAL_BUFFER:
            self.write_notes()

    def write_notes(self) -> None:
        if self._unwritten:
            with self.transaction():
                rows, self._unwritten = self._unwritten, []
                self.store.insert_journal(rows)

    # Looking up without a credential -------------------------------------------------------------------------------

    def locate(self, kind: type[Resource], id_: str, *, oldest: bool = False) -> tuple[Workspace, Resource] | None:
        """A resource by its id in whatever workspace it lives, the newest unless told: pages have no credential."""
        found = self.store.resource_anywhere(kind.PROVIDER, kind.KIND, id_, oldest)
        return None if found is None else (self._workspaces[found[0]], load(kind, found[1]))

    def locate_by_key(self, kind: type[Resource], name: str, value: str) -> tuple[Workspace, Resource] | None:
        found = self.store.key_anywhere(kind.PROVIDER, kind.KIND, name, value)
        return None if found is None else (self._workspaces[found[0]], load(kind, found[1]))

    def watch(self, kind: type[Resource], id_: str, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls back after each commit that changed this resource; the result stops it."""
        return self._watch((kind.PROVIDER, kind.KIND, id_), callback)

    def watch_workspace(self, workspace: Workspace, callback: Callable[[], None]) -> Callable[[], None]:
        """Calls back when the workspace's clock was changed, or the workspace reset or removed; the result stops it."""
        return self._watch(_of_workspace(workspace.id), callback)

    def hang_up(self) -> None:
        """Asks everybody who watches to end: the server is about to stop."""
        self.closing = True
        for identity in list(self._watchers):
            self._notify(identity)

    def _notify(self, identity: tuple[str, str, str]) -> None:
        for watcher in tuple(self._watchers.get(identity, ())):
            watcher()

    def _watch(self, identity: tuple[str, str, str], callback: Callable[[], None]) -> Callable[[], None]:
        self._watchers.setdefault(identity, set()).add(callback)

        def stop() -> None:
            watchers = self._watchers.get(identity, set())
            watchers.discard(callback)
            if not watchers:
                self._watchers.pop(identity, None)

        return stop

    # Time ----------------------------------------------------------------------------------------------------------

    def _schedule(self, workspace_id: int, due: datetime | None = None) -> None:
        """Puts a workspace's next deadline on the agenda and wakes the loop if it is the soonest."""
        if workspace_id not in self._workspaces:
            return
        if due is None:
            raw = self.store.next_due(workspace_id)
            if raw is None:
                return
            due = from_micros(raw)
        clock = self._workspaces[workspace_id].clock
        if clock.standing_at is not None:
            if due > clock.standing_at:
                return
            real = 0.0
        else:
            real = (due - clock.offset).timestamp()
        if real >= self._soonest.get(workspace_id, math.inf):
            return
        self._soonest[workspace_id] = real
        heapq.heappush(self._agenda, (real, workspace_id))
        if self._agenda[0][0] == real:
            self._nudge.set()

    def delivered(self, workspace_id: int) -> None:
        """A delivery is done, so another may begin; whoever walks through a workspace's deadlines begins it himself."""
        if workspace_id not in self._walking:
            self._schedule(workspace_id)

    async def run(self) -> None:
        """Serves deadlines until cancelled."""
        while True:
            self._nudge.clear()
            wait = 0.25 if self._unwritten else None
            if self._agenda:
                until = max(0.0, self._agenda[0][0] - time_of_day().timestamp())
                wait = until if wait is None else min(wait, until)
            if wait is None or wait > 0:
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._nudge.wait(), None if wait is None else min(wait, 3600.0))
            self._write_notes_or_tell()
            due, now = list[int](), time_of_day().timestamp()
            while self._agenda and self._agenda[0][0] <= now:
                real, workspace_id = heapq.heappop(self._agenda)
                if self._soonest.get(workspace_id) == real:
                    del self._soonest[workspace_id]
                    due.append(workspace_id)
            for workspace_id in due:
                if workspace_id in self._workspaces and workspace_id not in self._walking:
                    self._turn(workspace_id)
            await asyncio.sleep(0)

    def _write_notes_or_tell(self) -> None:
        try:
            self.write_notes()
        except Exception:
            log.exception("the journal of read-only requests could not be written")

    def _turn(self, workspace_id: int) -> None:
        """One workspace's turn; a bug in one of them must not stop the clock of the others."""
        try:
            self._commit()
            fired = self.run_timers(workspace_id, TIMERS_IN_A_TURN)
            self.dispatcher.start(workspace_id)
            if len(fired) == TIMERS_IN_A_TURN:
                self._schedule(workspace_id)
            else:
                self._schedule_rest(workspace_id)
        except Exception:
            self.rollback()
            log.exception("the deadlines of workspace %s could not be served", workspace_id)

    def _schedule_rest(self, workspace_id: int) -> None:
        """Deadlines in the future; what is due now is already on its way and wakes the loop when it is done."""
        now = self._workspaces[workspace_id].clock.now()
        raw = self.store.next_due(workspace_id)
        if raw is not None and from_micros(raw) > now:
            self._schedule(workspace_id, from_micros(raw))

    def run_timers(self, workspace_id: int, at_most: int | None = None) -> list[dict[str, Any]]:
        """Fires every timer that is due at the workspace's present instant, each at its own instant."""
        fired: list[dict[str, Any]] = []
        while workspace_id in self._workspaces and len(fired) != at_most:
            workspace = self._workspaces[workspace_id]
            rows = self.store.timers(workspace_id, micros(workspace.clock.now()), limit=1)
            if not rows:
                break
            row = rows[0]
            due = from_micros(row.due)
            fired.append({"at": iso_millis(due), "kind": row.trigger, "provider": row.provider, "resource_id": row.id})
            try:
                with self.unit(workspace, provider=row.provider, kind="timer", now=due, together=True) as uow:
                    self.begin()
                    self.store.delete_timer(row.seq)
                    party = self.parties[row.provider]
                    resource = uow.find(party.kinds[row.kind], row.id)
                    if resource is None:
                        continue
                    if party.on_timer is not None:
                        party.on_timer(uow, resource, row.trigger, orjson.loads(row.data))
                    else:
                        uow.fire(resource, row.trigger)
            except (IllegalTransition, NotFound) as refusal:
                log.debug("a timer came too late: %s", refusal)
                self._forget_timer(row.seq)
            except Exception:
                log.exception("timer %s of %s/%s failed", row.trigger, row.provider, row.id)
                self._forget_timer(row.seq)
        self._commit()
        return fired

    def _forget_timer(self, seq: int) -> None:
        with self.transaction():
            self.store.delete_timer(seq)

    @asynccontextmanager
    async def _walk(self, workspace_id: int) -> AsyncIterator[None]:
        """One at a time. Raises `NotFound` when the workspace was deleted while somebody else walked."""
        async with self._walks.setdefault(workspace_id, asyncio.Lock()):
            self._must_exist(workspace_id)
            self._walking.add(workspace_id)
            try:
                yield
            finally:
                self._walking.discard(workspace_id)

    async def advance(
        self, workspace: Workspace, to: datetime, actor: Literal["console", "page"] = "console"
    ) -> list[dict[str, Any]]:
        """Walks from deadline to deadline up to `to`; at each, everything due is done, webhook attempts included."""
        fired: list[dict[str, Any]] = []
        async with self._walk(workspace.id):
            started = self._workspaces[workspace.id].clock
            if to < started.now():
                raise WorkspaceError("the clock never runs backwards", "to")
            at = started.now()
            stride = self.strides[workspace.id] = Stride(at, to - at, actor)
            try:
                fired += await self._quiesce(workspace.id)
                while True:
                    raw = self.store.next_due(workspace.id)
                    if raw is None or from_micros(raw) > to:
                        break
                    at = max(at, from_micros(raw))
                    self._stand(workspace.id, started.standing(at))
                    fired += await self._quiesce(workspace.id)
                at = to
            finally:
                del self.strides[workspace.id]
                if workspace.id in self._workspaces:
                    self.change_workspace(workspace, clock=started.moved_to(at))
        summary = f"advanced {short_duration(stride.by)} by {stride.actor}"
        row = (workspace.id, micros(to), "clock", "", None, None, None, orjson.dumps({"summary": summary, "moves": []}))
        self.note([row])
        return fired

    def _stand(self, workspace_id: int, clock: Clock) -> None:
        self._workspaces[workspace_id] = dataclasses.replace(self._workspaces[workspace_id], clock=clock)

    async def settle(self, workspace: Workspace) -> None:
        """Does everything that is due at the workspace's present instant and returns when it is quiet."""
        async with self._walk(workspace.id):
            await self._quiesce(workspace.id)
        self._schedule(workspace.id)

    async def _quiesce(self, workspace_id: int) -> list[dict[str, Any]]:
        """Raises `NotFound` when the workspace is deleted meanwhile."""
        self._commit()
        fired = self.run_timers(workspace_id)
        self.dispatcher.start(workspace_id, fired)
        while await self.dispatcher.finished_one(workspace_id):
            self._must_exist(workspace_id)
            fired += self.run_timers(workspace_id)
            self.dispatcher.start(workspace_id, fired)
        return fired

    def _must_exist(self, workspace_id: int) -> None:
        if workspace_id not in self._workspaces:
            raise NotFound("workspace", str(workspace_id))

    async def close(self) -> None:
        await self.dispatcher.close()
        self._commit()
        self.write_notes()
        self.store.close()


def _of_workspace(id_: int) -> tuple[str, str, str]:
    return ("", "workspace", str(id_))


def _handed_in(own: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """A provider's credentials with those that somebody brought along, each of the type that it has."""
    return {**own, **{name: type(own[name])(value) if name in own else value for name, value in given.items()}}
