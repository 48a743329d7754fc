"""One transaction over resources, timers, journal and outbox. Every change of state in the system is a `fire` here."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, TypeVar, cast

import orjson

from simulator.engine.provider import Call, Event, Message, Provider
from simulator.engine.resource import Resource, changed, dump, load
from simulator.engine.scenarios import Effect, Facet, scoped_to_payment
from simulator.engine.settings import WorkspaceSettings
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import from_micros, micros
from simulator.kernel.ids import Ids, instant_text
from simulator.kernel.machine import MachineError, Move
from simulator.kernel.refusals import IllegalTransition, NotFound

if TYPE_CHECKING:
    from simulator.engine.runtime import Runtime, Stride

R = TypeVar("R", bound=Resource)
S = TypeVar("S", bound=WorkspaceSettings)
Identity = tuple[str, str, str]


def _identity(resource: Resource) -> Identity:
    return (resource.PROVIDER, resource.KIND, resource.id)


class UnitOfWork:
    """Reads see this unit's own changes; nothing is written before `commit`.

    `now` is one instant for the whole unit. Handlers get a unit from the gateway and never commit it themselves.
    """

    def __init__(self, runtime: Runtime, workspace: Workspace, now: datetime) -> None:
        self.runtime = runtime
        self.workspace = workspace
        self.now = now
        self.store = runtime.store
        self.base_url = runtime.public_url or runtime.base_url
        """For links; within an API call it is the address that the client used."""
        self.call: Call | None = None
        """The request that is being answered; None when something else acts (a page, a timer, the control API)."""
        self.moves: list[dict[str, Any]] = []
        """What happened, for the journal, in order."""
        self.subjects: dict[str, str] = {}
        """The payments that were touched: subject to provider, in order of the first touch."""
        self._live: dict[Identity, Resource | None] = {}
        self._base: dict[Identity, Resource] = {}
        self._dirty: dict[Identity, Resource] = {}
        self._deleted: dict[Identity, Resource] = {}
        self._timers: list[tuple[Any, ...]] = []
        self._disarmed: list[tuple[str, str, str, str | None]] = []
        self._messages: list[tuple[str, str, Message, WebhookPlan]] = []
        self._drew = False
        self._next_due: int | None = None
        self._workspace_changed = False

    @property
    def stride(self) -> Stride | None:
        """The advance of the clock that is under way, if this unit is part of one."""
        return self.runtime.strides.get(self.workspace.id)

    @property
    def unadvanced(self) -> datetime:
        """What the clock would show now if nobody had ever advanced it."""
        walked = self.now - self.stride.since if self.stride is not None else timedelta(0)
        return self.now - walked - self.workspace.clock.advanced

    def settings(self, model: type[S]) -> S:
        """What the workspace has set in one section: `uow.settings(AcmeSettings).merchant_name`."""
        return self.workspace.settings_of(model)

    # Chance ----------------------------------------------------------------------------------------------------

    @cached_property
    def ids(self) -> Ids:
        if self.workspace.seed is None:
            return Ids(self.runtime.randomness)
        self._drew = True
        return Ids.seeded(self.workspace.seed, self.workspace.draws)

    def own_id(self, kind: type[Resource], mint: Callable[[], str]) -> str:
        """An id for what a page finds by its id alone: no other workspace, of the same seed say, holds it at the moment."""
        id_ = mint()
        while self.runtime.locate(kind, id_) is not None:
            id_ = mint()
        return id_

    @cached_property
    def _instant(self) -> str:
        """Messages' ids begin with it, so that new ones stand together in the store's index."""
        return instant_text(micros(self.now))

    # Reading ---------------------------------------------------------------------------------------------------

    def find(self, kind: type[R], id_: str) -> R | None:
        identity = (kind.PROVIDER, kind.KIND, id_)
        if identity in self._live:
            return cast("R | None", self._live[identity])
        raw = self.store.resource(self.workspace.id, kind.PROVIDER, kind.KIND, id_)
        return self._adopt(kind, raw) if raw is not None else None

    def get(self, kind: type[R], id_: str, path: str = "") -> R:
        """Raises `NotFound`; `path` says where the id stood in the request."""
        found = self.find(kind, id_)
        if found is None:
            raise NotFound(kind.KIND, id_, path)
        return found

    def by_key(self, kind: type[R], name: str, value: str, limit: int = 1000) -> list[R]:
        """All resources with this look-up key, newest first."""
        self.flush()
        rows = self.store.resources_by_key(self.workspace.id, kind.PROVIDER, kind.KIND, name, value, limit)
        return [self._adopt(kind, raw) for raw in rows]

    def first_by_key(self, kind: type[R], name: str, value: str) -> R | None:
        """The newest resource with this look-up key."""
        if not self._dirty:
            rows = self.store.resources_by_key(self.workspace.id, kind.PROVIDER, kind.KIND, name, value, 1)
            return self._adopt(kind, rows[0]) if rows else None
        found = self.by_key(kind, name, value, 1)
        return found[0] if found else None

    def listing(
        self,
        kind: type[R],
        *,
        limit: int,
        before: str | None = None,
        after: str | None = None,
        key: tuple[str, str] | None = None,
    ) -> tuple[list[R], bool]:
        """A page, newest first, and whether there is more in the direction of travel.

        `before` and `after` are ids: `before` continues to older ones (Stripe's `starting_after`), `after` turns back to
        newer ones. `key` (name and value of a look-up key) narrows the list. Raises `NotFound` for an id that does not
        exist.
        """
        self.flush()
        seqs: list[int | None] = []
        for id_ in (before, after):
            seq = self.store.seq_of(self.workspace.id, kind.PROVIDER, kind.KIND, id_) if id_ is not None else None
            if id_ is not None and seq is None:
                raise NotFound(kind.KIND, id_)
            seqs.append(seq)
        rows = self.store.resources_of_kind(
            self.workspace.id, kind.PROVIDER, kind.KIND, before=seqs[0], after=seqs[1], limit=limit + 1, key=key
        )
        more = len(rows) > limit
        if more:
            rows = rows[1:] if after is not None and before is None else rows[:limit]
        return [self._adopt(kind, raw) for _, raw in rows], more

    def _adopt(self, kind: type[R], raw: bytes) -> R:
        resource = load(kind, raw)
        identity = _identity(resource)
        if identity in self._live:
            return cast(R, self._live[identity])
        self._live[identity] = self._base[identity] = resource
        return resource

    # Changing --------------------------------------------------------------------------------------------------

    def add(self, resource: R, *, trigger: str = "api.create", events: Sequence[str] = (), about: Any = None) -> R:
        """Stores a new resource in one of its machine's initial states and arms that state's timeouts."""
        machine = resource.MACHINE
        if machine is not None and resource.state not in machine.initial:
            raise MachineError(f"{machine.name} does not begin in {resource.state!r}")
        identity = _identity(resource)
        self._live[identity] = self._dirty[identity] = resource
        if machine is not None:
            self._record(resource, trigger, None, resource.state)
            self._arm_timeouts(resource)
        for event in events:
            self.emit(event, resource, about)
        return resource

    def fire(
        self,
        resource: R,
        trigger: str,
        *,
        about: Any = None,
        extra: Mapping[str, Any] | None = None,
        silent: bool = False,
        **changes: Any,
    ) -> R:
        """Moves a resource along its machine: new state, timers, journal, webhooks.

        `changes` are its other fields; `about` and `extra` go to the webhook's renderer. `silent` moves without the
        row's webhooks. Raises `IllegalTransition` when the state has no such row.
        """
        machine = resource.MACHINE
        if machine is None:
            raise MachineError(f"{resource.KIND} has no machine")
        move: Move | None = machine.moves.get((trigger, resource.state))
        if move is None:
            raise IllegalTransition(machine.name, resource.state, trigger, machine.allowed(resource.state))
        moved = self.amend(resource, **{**changes, "state": move.target})
        self._record(moved, trigger, move.source, move.target)
        if move.target != move.source:
            if machine.timeouts_in(move.source):
                for timeout in machine.timeouts_in(move.source):
                    self.disarm(moved, timeout.trigger)
            self._arm_timeouts(moved)
        if not silent:
            for event in move.events:
                self.emit(event, moved, about, extra)
        return moved

    def amend(self, resource: R, **changes: Any) -> R:
        """Changes fields without a move of the machine (metadata, sums). Bumps `updated_at`."""
        changes.setdefault("updated_at", self.now)
        amended = changed(resource, **changes)
        identity = _identity(amended)
        self._live[identity] = self._dirty[identity] = amended
        return amended

    def delete(self, resource: Resource) -> None:
        identity = _identity(resource)
        self._live[identity] = None
        self._dirty.pop(identity, None)
        if identity in self._base:
            self._deleted[identity] = resource
        self._disarmed.append((*identity, None))

    # Timers ----------------------------------------------------------------------------------------------------

    def arm(
        self,
        resource: Resource,
        trigger: str,
        *,
        after: timedelta | None = None,
        at: datetime | None = None,
        **data: Any,
    ) -> None:
        """Lets `trigger` fall due for this resource; `data` comes back to the party's `on_timer`."""
        due = micros(at if at is not None else self.now + (after or timedelta(0)))
        row = (self.workspace.id, due, resource.PROVIDER, resource.KIND, resource.id, trigger, orjson.dumps(data))
        self._timers.append(row)
        self._due(due)

    def disarm(self, resource: Resource, trigger: str | None = None) -> None:
        """Forgets the resource's timers, or those of one trigger."""
        self._timers = [
            row
            for row in self._timers
            if (row[2], row[3], row[4]) != _identity(resource) or trigger not in (None, row[5])
        ]
        self._disarmed.append((*_identity(resource), trigger))

    def _arm_timeouts(self, resource: Resource) -> None:
        if resource.MACHINE is None:
            return
        for timeout in resource.MACHINE.timeouts_in(resource.state):
            if isinstance(timeout.after, timedelta):
                self.arm(resource, timeout.trigger, after=timeout.after)
            elif (at := getattr(resource, timeout.after)) is not None:
                self.arm(resource, timeout.trigger, at=at)

    def _due(self, due: int) -> None:
        self._next_due = due if self._next_due is None else min(self._next_due, due)

    # Webhooks --------------------------------------------------------------------------------------------------

    def emit(
        self, event: str, resource: Resource, about: Any = None, extra: Mapping[str, Any] | None = None
    ) -> list[str]:
        """Renders an event into messages and promises them with this commit. Returns their ids."""
        party = self.runtime.party(resource.PROVIDER)
        if not isinstance(party, Provider):
            return []
        promised = []
        for rendered in party.webhooks.render(self, Event(event, resource, about, extra or {})):
            message = self._addressed(party.name, rendered)
            if message is None:
                continue
            id_ = f"dlv_{self._instant}{self.ids.text(12)}"
            plan = self._plan(party.name, message, resource)
            self._messages.append((id_, party.name, message, plan))
            self.touch(party.name, resource.subject)
            promised.append(id_)
        return promised

    def _addressed(self, provider: str, message: Message) -> Message | None:
        """The message with its address; None when the account's endpoint did not ask for such events."""
        if message.url is not None:
            return message
        endpoint = self.workspace.account_endpoint(provider)
        return dataclasses.replace(message, url=endpoint.url) if endpoint.wants(message.event) else None

    def _plan(self, provider: str, message: Message, resource: Resource) -> WebhookPlan:
        effect = None
        if self.workspace.scenarios or self.runtime.scenarios.documents("webhooks", provider):
            party = cast(Provider, self.runtime.party(provider))
            summary = party.summarise(resource)
            facts = {
                "event": message.event,
                "reference": summary.reference if summary else None,
                "amount": summary.amount.value if summary else None,
                "currency": summary.amount.currency if summary else None,
                "payment": resource.subject,
            }
            effect = self.rule("webhooks", provider, **facts)
        params = effect.params if effect else None
        return WebhookPlan(
            resource.subject,
            copies=0 if params and params.drop else (params.copies if params else 1),
            delay=message.delay + (params.delay if params else timedelta(0)),
            reversed=bool(params and params.order == "reversed"),
        )

    # Scenarios -------------------------------------------------------------------------------------------------

    def rule(self, facet: Facet, provider: str, **facts: Any) -> Effect | None:
        """What the armed scenarios or the provider's documented triggers say about this, if anything."""
        return self.runtime.scenarios.find(self.workspace.scenarios, facet, {"provider": provider, **facts})

    def rules(self, facet: Facet, provider: str, **facts: Any) -> Iterator[Effect]:
        """All that has something to say about this, the strongest first."""
        return self.runtime.scenarios.matching(self.workspace.scenarios, facet, {"provider": provider, **facts})

    def claim_scenarios(self, provider: str, payment: str) -> None:
        """Binds scenarios that were armed for the next payment to this one: before its first event, if those count."""
        if self.workspace.scenarios:
            claimed = scoped_to_payment(self.workspace.scenarios, provider, payment)
            if claimed is not self.workspace.scenarios:
                self.change_workspace(scenarios=claimed)

    def change_workspace(self, **changes: Any) -> None:
        self.workspace = dataclasses.replace(self.workspace, **changes)
        self._workspace_changed = True

    # Other parties ---------------------------------------------------------------------------------------------

    def resource_of(self, provider: str, kind: str, id_: str) -> Resource:
        """A resource of any party by its address; raises `NotFound`."""
        return self.get(self.runtime.party(provider).kinds[kind], id_)

    def tell(self, provider: str, kind: str, id_: str, news: str, teller: Resource) -> None:
        """Lets another party hear news about one of its resources."""
        party = self.runtime.party(provider)
        if party.hear is not None:
            party.hear(self, self.resource_of(provider, kind, id_), news, teller)

    # Journal ---------------------------------------------------------------------------------------------------

    def touch(self, provider: str, subject: str) -> None:
        self.subjects.setdefault(subject, provider)

    def note(self, kind: str, actor: str, summary: str, *, subject: str | None = None, **more: Any) -> None:
        """Adds a line to the story without a move."""
        self.moves.append({"kind": kind, "actor": actor, "summary": summary, "subject": subject, **more})

    def _record(self, resource: Resource, trigger: str, source: str | None, target: str) -> None:
        actor = trigger.partition(".")[0]
        kind = "state" if resource.PROVIDER in self.runtime.providers else resource.PROVIDER
        summary = f"{resource.KIND} {source} > {target}" if source is not None else f"{resource.KIND} {target}"
        entry = {"kind": kind, "actor": actor, "summary": summary, "ref": resource.id, "trigger": trigger}
        if source is not None:
            entry["from"] = source
        entry["to"] = target
        entry["subject"] = resource.subject
        self.moves.append(entry)
        if resource.PROVIDER in self.runtime.providers:
            self.touch(resource.PROVIDER, resource.subject)

    # Writing ---------------------------------------------------------------------------------------------------

    @property
    def has_changes(self) -> bool:
        return bool(
            self._dirty
            or self._deleted
            or self._timers
            or self._disarmed
            or self._messages
            or self._workspace_changed
            or self._drew
        )

    def flush(self) -> None:
        """Writes what has changed so far into the open transaction, so that queries see it."""
        if not (self._dirty or self._deleted):
            return
        self.runtime.begin()
        workspace, inserts, new_keys, old_keys = self.workspace.id, [], [], []
        for identity, resource in self._dirty.items():
            provider, kind, id_ = identity
            base = self._base.get(identity)
            stored = changed(resource, version=base.version + 1 if base else 1)
            phase = reference = None
            party = self.runtime.party(provider)
            if isinstance(party, Provider) and (summary := party.summarise(stored)) is not None:
                phase, reference = summary.phase, summary.reference
            if base is None:
                inserts.append((workspace, provider, kind, id_, 1, phase, reference, dump(stored)))
            else:
                self.store.update_resource(
                    workspace, provider, kind, id_, stored.version, phase, reference, dump(stored)
                )
            before = base.keys() if base else {}
            after = stored.keys()
            if before != after:
                old_keys += [(v, n, kind, provider, workspace, id_) for n, v in before.items() if after.get(n) != v]
                new_keys += [(v, n, kind, provider, workspace, id_) for n, v in after.items() if before.get(n) != v]
            self._live[identity] = self._base[identity] = stored
        for identity in self._deleted:
            provider, kind, id_ = identity
            stored_keys = self._base.pop(identity).keys()
            old_keys += [(v, n, kind, provider, workspace, id_) for n, v in stored_keys.items()]
        if inserts:
            self.store.insert_resources(inserts)
        if old_keys:
            self.store.delete_keys(old_keys)
        if new_keys:
            self.store.insert_keys(new_keys)
        for provider, kind, id_ in self._deleted:
            self.store.delete_resource(workspace, provider, kind, id_)
        self._dirty.clear()
        self._deleted.clear()

    def write(self) -> None:
        """Writes everything; the runtime commits. The messages get their sequence from the order of `emit`."""
        self.flush()
        if self._disarmed or self._timers or self._messages:
            self.runtime.begin()
        for provider, kind, id_, trigger in self._disarmed:
            self.store.delete_timers_of(self.workspace.id, provider, kind, id_, trigger)
        if self._timers:
            self.store.insert_timers(self._timers)
        if self._messages:
            self.store.insert_messages(self._outbox_rows())
        if self._drew:
            self.change_workspace(draws=self.workspace.draws + 1)
        if self._workspace_changed:
            self.runtime.begin()
            self.runtime.save_workspace(self.workspace)

    def _outbox_rows(self) -> list[tuple[Any, ...]]:
        created, rows = micros(self.now), []
        messages = list(self._messages)
        if any(plan.reversed for *_, plan in messages):
            messages.reverse()
        for id_, provider, message, plan in messages:
            due = created + plan.delay // timedelta(microseconds=1)
            state = "kept" if message.url is None else "pending"
            for copy_number in range(plan.copies):
                copy_id = id_ if copy_number == 0 else f"{id_}_{copy_number + 1}"
                context = orjson.dumps(dict(message.context))
                row = (copy_id, self.workspace.id, provider, message.event, plan.subject, message.url, state)
                rows.append((*row, due if state == "pending" else None, created, 0, context, message.body))
                if state == "pending":
                    self._due(due)
        return rows

    @property
    def next_due(self) -> datetime | None:
        """The soonest deadline that this unit made."""
        return None if self._next_due is None else from_micros(self._next_due)


@dataclasses.dataclass(frozen=True, slots=True)
class WebhookPlan:
    """How a message leaves, after the scenario has spoken."""

    subject: str
    copies: int = 1
    delay: timedelta = timedelta(0)
    reversed: bool = False
