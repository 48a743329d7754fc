"""The words in which everything changes: find, add, fire, amend, arm, emit, tell. Every change of state is a `fire` here.

A unit of work collects what it does (`changes.py`) and stands or falls as a whole; `units.py` opens and commits it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

import orjson

from simulator.engine.bank import BankVerdict, verdict
from simulator.engine.call import Call
from simulator.engine.changes import Identity, Share
from simulator.engine.facets import Facet
from simulator.engine.ledger import Booking
from simulator.engine.messages import Dispatch, Event, Message, Plan
from simulator.engine.reach import Reach
from simulator.engine.reader import Reader
from simulator.engine.resource import NOT_YET, Resource, Summary, changed
from simulator.engine.scenarios import Effect, Scenarios, is_matched, options_of, scoped_to_payment
from simulator.engine.store.base import Store
from simulator.engine.workspace import MADE, MADE_SIZE, AccountEndpoint, Stride, Workspace
from simulator.kernel.clock import from_micros, micros
from simulator.kernel.ids import Ids, Pool, instant_text
from simulator.kernel.lazy import cached_property
from simulator.kernel.machine import MachineError, Move
from simulator.kernel.money import Money
from simulator.kernel.refusals import IllegalTransition, Throttled

if TYPE_CHECKING:
    from pydantic import BaseModel

    from simulator.engine.rules import WebhooksEffect
    from simulator.engine.settings import WorkspaceSettings

R = TypeVar("R", bound=Resource)
S = TypeVar("S", bound="WorkspaceSettings")
M = TypeVar("M", bound="BaseModel")


class Participant(Protocol):
    """What a unit of work asks of those who take part, providers and the wallet alike (see `provider.Party`)."""

    @property
    def is_provider(self) -> bool: ...

    @property
    def kinds(self) -> Mapping[str, type[Resource]]: ...

    @property
    def settings(self) -> type[WorkspaceSettings]: ...

    @property
    def known_timers(self) -> Set[str]: ...

    @property
    def hear(self) -> Callable[[UnitOfWork, Resource, str, Resource], None] | None: ...

    @property
    def moves_money(self) -> Set[tuple[str, str]]:
        """The kinds and triggers for which `book` is called."""

    def book(self, uow: UnitOfWork, resource: Resource, trigger: str, about: Any) -> None: ...

    def render(self, uow: UnitOfWork, event: Event) -> Sequence[Message]: ...

    def adversary(self, params: WebhooksEffect, body: bytes) -> Plan | None: ...


class World(Protocol):
    """What a unit of work, and a page that was handed one, asks of the running simulator (see `runtime.Runtime`)."""

    @property
    def parties(self) -> Mapping[str, Participant]: ...

    @property
    def scenarios(self) -> Scenarios: ...

    @property
    def randomness(self) -> Pool: ...

    @property
    def own_url(self) -> str:
        """Where clients reach us, for links that are made outside of a request."""

    @property
    def secret(self) -> str: ...

    @property
    def strict(self) -> bool:
        """Whether what the live APIs refuse is refused here too."""

    @property
    def reach(self) -> Reach: ...

    @property
    def auto_return_s(self) -> int | None: ...

    def keep_report(self, workspace: Workspace, provider: str, name: str, render: Callable[[], bytes]) -> None:
        """Puts a report that is there now into the folder for them, if there is one."""

    def summary_of(self, resource: Resource) -> Summary | None:
        """The payment view of a resource; None for what is no payment."""

    def locate(self, kind: type[Resource], id_: str, *, oldest: bool = False) -> tuple[Workspace, Resource] | None: ...

    def locate_by_key(self, kind: type[Resource], name: str, value: str) -> tuple[Workspace, Resource] | None: ...


class UnitOfWork(Reader):
    """Nothing is written before it ends.

    `now` is one instant for the whole unit. Handlers get a unit from the gateway and never commit it themselves. `stride`
    is the advance of the clock that is under way, if the unit is part of one.
    """

    def __init__(
        self, world: World, share: Share, workspace: Workspace, now: datetime, stride: Stride | None = None
    ) -> None:
        super().__init__(share, workspace, world.summary_of)
        self.runtime = world
        self.now = now
        self.stride = stride
        self.base_url = world.own_url
        """For links; within an API call it is the address that the client used."""
        self.call: Call | None = None
        """The request that is being answered; None when something else acts (a page, a timer, the control API)."""
        self.moves: list[dict[str, Any]] = []
        """What happened, for the journal, in order."""
        self.subjects: dict[str, str] = {}
        """The payments that were touched: subject to provider, in order of the first touch."""
        self.entry: dict[str, Any] = {}
        """What the journal keeps beside the moves: the request that was answered."""
        self.workspace_changed = False
        self._share = share
        self._drew = False

    @property
    def unadvanced(self) -> datetime:
        """What the clock would show now if nobody had ever advanced it, or made it run faster."""
        return self.now - self.workspace.clock.moved

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

    def own_id(self, kind: type[Resource], mint: Callable[[], str], *, is_long: bool = False) -> str:
        """A new id that no workspace uses yet. Needed where a page is opened with nothing but the id: two workspaces with
        the same seed draw the same ids, and the page would belong to both. With `is_long` the id has sixteen random characters
        or more; without a seed nobody draws such an id twice, so it is not looked up."""
        id_ = mint()
        while not (is_long and self.workspace.seed is None) and self.is_taken(kind, id_):
            id_ = mint()
        return id_

    @cached_property
    def _instant(self) -> str:
        """Messages' ids begin with it, so that new ones stand together in the store's index."""
        return instant_text(micros(self.now))

    # Changing --------------------------------------------------------------------------------------------------

    def add(self, resource: R, *, trigger: str = "api.create", events: Sequence[str] = (), about: Any = None) -> R:
        """Stores a new resource in one of its machine's initial states and arms that state's timeouts.

        What the resource does not say is filled in: its state, and that it was made now. Use the value that comes back.
        """
        machine = resource.MACHINE
        if resource.created_at is NOT_YET:
            resource = changed(resource, created_at=self.now, updated_at=self.now)
        if machine is not None and not resource.state:
            resource = changed(resource, state=machine.initial[0])
        if machine is not None and resource.state not in machine.initial:
            raise MachineError(f"{machine.name} does not begin in {resource.state!r}")
        self._changes.put(resource)
        if machine is not None:
            self._record(resource, trigger, None, resource.state)
            self._arm_timeouts(resource)
            self._book(resource, trigger, about)
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
        """Moves a resource along its machine: new state, timers, journal, money, webhooks.

        `changes` are its other fields; `about` and `extra` go to the webhook's renderer. `silent` moves without the
        row's webhooks. Raises `IllegalTransition` when the state has no such row, `MachineError` when no state has one.
        """
        machine = resource.MACHINE
        if machine is None:
            raise MachineError(f"{resource.KIND} has no machine")
        move: Move | None = machine.moves.get((trigger, resource.state))
        if move is None:
            if trigger not in machine.triggers:
                raise MachineError(f"{machine.name} has no trigger {trigger!r}")
            raise IllegalTransition(machine.name, resource.state, trigger, machine.allowed(resource.state))
        moved = self.amend(resource, **{**changes, "state": move.target})
        self._record(moved, trigger, move.source, move.target)
        if move.target != move.source:
            for timeout in machine.timeouts_in(move.source):
                self.disarm(moved, timeout.trigger)
            self._arm_timeouts(moved)
        self._book(moved, trigger, about)
        if not silent:
            for event in move.events:
                self.emit(event, moved, about, extra)
        return moved

    def amend(self, resource: R, **changes: Any) -> R:
        """Changes fields without a move of the machine (metadata, sums). Bumps `updated_at`."""
        changes.setdefault("updated_at", self.now)
        amended = changed(resource, **changes)
        self._changes.put(amended)
        return amended

    def delete(self, resource: Resource, *, trigger: str = "api.delete") -> None:
        """Deletes a resource with all its timers. If it has a machine, the journal shows a move from its state to `deleted`."""
        if resource.MACHINE is not None:
            self._record(resource, trigger, resource.state, "deleted")
        self._changes.remove(resource)

    # Money -----------------------------------------------------------------------------------------------------

    def _book(self, resource: Resource, trigger: str, about: Any) -> None:
        party = self.runtime.parties[resource.PROVIDER]
        if (resource.KIND, trigger) in party.moves_money:
            party.book(self, resource, trigger, about)

    def post(self, provider: str, booking: Booking) -> None:
        """Adds a booking to a provider's ledger; the latest move of its payment bears its number in the journal."""
        moves = reversed(self.moves) if booking.payment else ()
        move = next((one for one in moves if one.get("subject") == booking.payment), None)
        self._changes.book(provider, booking, move)

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
        """Lets `trigger` fall due for this resource, wherever it moves until `disarm`; `data` comes back to `on_timer`.

        Raises `MachineError` for a trigger that the party does not know.
        """
        if trigger not in self.runtime.parties[resource.PROVIDER].known_timers:
            raise MachineError(f"{resource.PROVIDER} answers no timer {trigger!r}: see `Party.timers`")
        due = micros(at if at is not None else self.now + (after or timedelta(0)))
        self._changes.arm(resource, trigger, due, orjson.dumps(data))

    def disarm(self, resource: Resource, trigger: str | None = None) -> None:
        """Forgets the resource's timers, or those of one trigger."""
        self._changes.disarm(resource, trigger)

    def _arm_timeouts(self, resource: Resource) -> None:
        if resource.MACHINE is None:
            return
        for timeout in resource.MACHINE.timeouts_in(resource.state):
            if isinstance(timeout.after, timedelta):
                self.arm(resource, timeout.trigger, after=timeout.after)
            elif (at := getattr(resource, timeout.after)) is not None:
                self.arm(resource, timeout.trigger, at=at)

    # Webhooks --------------------------------------------------------------------------------------------------

    def emit(
        self, event: str, resource: Resource, about: Any = None, extra: Mapping[str, Any] | None = None
    ) -> list[str]:
        """Renders an event that its provider declares into messages, and promises them with this commit. Returns their ids."""
        party, promised = self.runtime.parties[resource.PROVIDER], []
        account = self.workspace.account_endpoint(resource.PROVIDER)
        for message in party.render(self, Event(event, resource, about, extra or {})):
            if message.url is None and not account.wants(message.event):
                continue
            dispatch = self._dispatch(message, account, resource)
            promised.append(self._promise(resource.PROVIDER, message, dispatch))
            self.touch(resource.PROVIDER, resource.subject)
        return promised

    def promise(self, provider: str, message: Message, subject: str) -> str:
        """Promises a message that was rendered elsewhere to the account's endpoint, whatever that asked for. Returns its id."""
        account = self.workspace.account_endpoint(provider)
        return self._promise(provider, message, Dispatch(subject, account.url, account.from_network))

    def _promise(self, provider: str, message: Message, dispatch: Dispatch) -> str:
        id_ = f"dlv_{self._instant}{self.ids.text(12)}"
        self._changes.promise(id_, provider, message, dispatch)
        return id_

    def may_go_to(self, path: str, *urls: str | None, call: Call | None = None) -> bool:
        """To be asked for each URL in a request to which webhooks will go; `path` is where it stands there. Pages say which `call`.

        Raises `Invalid` for one that this caller may not name. Tells whether another machine named it, which is to be kept
        with the URL and handed on with each message to it (`Message.from_network`).
        """
        caller = call or self.call
        from_network = caller is not None and caller.from_network
        for url in urls:
            self.runtime.reach.check(url, path, from_network)
        return from_network

    def _dispatch(self, message: Message, account: AccountEndpoint, resource: Resource) -> Dispatch:
        provider = resource.PROVIDER
        effect = None
        if self.workspace.scenarios or self.runtime.scenarios.documents("webhooks", provider):
            summary = self.runtime.summary_of(resource)
            about = summary.facts if summary else {}
            effect = self.rule("webhooks", provider, event=message.event, payment=resource.subject, **about)
        url = message.url or account.url
        from_network = message.from_network if message.url else account.from_network
        if effect is None:
            return Dispatch(resource.subject, url, from_network, delay=message.delay)
        params: WebhooksEffect = effect.params
        if params.is_dropped:
            more = {"subject": resource.subject, "dropped": message.event}
            self.journal("webhook", effect.label, f"{message.event} dropped", **more)
        return Dispatch(
            resource.subject,
            url,
            from_network,
            copies=0 if params.is_dropped else params.copies,
            at_once=params.at_once,
            delay=message.delay + params.delay,
            order=params.order,
            rank=int.from_bytes(self.ids.bytes(2)) if params.order == "shuffled" else 0,
            before_answer=params.before_answer,
            adversary=self.runtime.parties[provider].adversary(params, message.body),
        )

    # Scenarios -------------------------------------------------------------------------------------------------

    def rule(self, facet: Facet, provider: str, **facts: Any) -> Effect | None:
        """What the armed scenarios or the provider's documented triggers say about this, if anything."""
        return next(self.rules(facet, provider, **facts), None)

    def options(self, provider: str, model: type[M], *, operation: str, **facts: Any) -> M:
        """What a rule's `provider:` says of this operation, as the model that the provider's `decisions` have for it; its defaults
        where no rule says anything. `facts` are what a `when` compares: `amount`, `currency`, `reference`, `payment`."""
        return options_of(model, self.rule("provider", provider, operation=operation, **facts))

    def rules(self, facet: Facet, provider: str, **facts: Any) -> Iterator[Effect]:
        """All that has something to say about this, the strongest first."""
        assert self._is_declared(facet, provider, facts.get("operation")), f"Decisions of {provider} lack {facts}"
        armed = self.workspace.scenarios
        if not armed and not self.runtime.scenarios.documents_for(facet, provider, facts.get("amount")):
            return iter(())
        known, amounts = {"provider": provider, **facts}, self._test_amounts(provider)
        payment = self._facts_of(provider, str(known.get("payment") or "")) if is_matched(armed) else None
        return self.runtime.scenarios.matching(armed, facet, known, payment, test_amounts=amounts)

    def _facts_of(self, provider: str, payment: str) -> dict[str, Any] | None:
        """Amount, currency and reference of the payment itself, not those of the call. None if there is no such payment."""
        for kind in self.runtime.parties[provider].kinds.values() if payment else ():
            found = self.find(kind, payment)
            summary = self.runtime.summary_of(found) if found is not None else None
            if summary is not None:
                return summary.facts
        return None

    def _is_declared(self, facet: Facet, provider: str, operation: str | None) -> bool:
        """Whether the provider says that it asks this, so that a rule for it can be armed."""
        decisions = getattr(self.runtime.parties.get(provider), "decisions", None)
        names = decisions.names(facet) if decisions is not None else None
        return names is None or operation in names

    def _test_amounts(self, provider: str) -> bool:
        """Whether the provider's test amounts hold: `test_amounts` is set, and a strict simulator takes only those for Alipay."""
        from simulator.engine.settings import ProviderSettings

        party = self.runtime.parties.get(provider)
        settings = self.settings(party.settings) if party is not None else None
        is_on = not isinstance(settings, ProviderSettings) or settings.test_amounts
        documented = self.runtime.scenarios.known.documented.get(provider)
        return is_on and (documented is None or documented.for_alipay or not self.runtime.strict)

    def ask_bank(self, payment: Resource, operation: str, amount: Money) -> BankVerdict:
        """What the bank behind the provider says to an operation on this payment: `refund`, `capture`, `settle` and so on."""
        summary = self.runtime.summary_of(payment)
        reference = (summary.reference if summary else "") or payment.subject
        facts = {"amount": amount.value, "currency": amount.currency, "reference": reference}
        return verdict(self.rule("bank", payment.PROVIDER, operation=operation, payment=payment.subject, **facts))

    def claim_scenarios(self, payee: Resource, amount: Money, reference: str | None) -> None:
        """Binds scenarios that were armed for the next payment to this one: before its first event, if those count."""
        if self.workspace.scenarios:
            about = {"amount": amount.value, "currency": amount.currency, "reference": reference}
            claimed = scoped_to_payment(self.workspace.scenarios, payee.PROVIDER, payee.subject, about)
            if claimed is not self.workspace.scenarios:
                self.change_workspace(scenarios=claimed)

    def change_workspace(self, **changes: Any) -> None:
        self.workspace = self.workspace.changed(**changes)
        self.workspace_changed = True

    def keep_webhook_endpoints(self, provider: str, endpoints: Sequence[Mapping[str, Any]], urls: int) -> None:
        """All that a merchant has made through the provider's own API, with so many addresses in them. Raises `Throttled` when more
        is added than a workspace holds: each event goes to each, and all are written whenever one changes."""
        before, size = self.workspace.webhook_endpoints.get(provider, ()), len(orjson.dumps(endpoints))
        if (urls > MADE or size > MADE_SIZE) and size > len(orjson.dumps(before)):
            raise Throttled(what="webhook endpoints", limit=MADE)
        self.change_workspace(webhook_endpoints={**self.workspace.webhook_endpoints, provider: [*endpoints]})

    # Other parties ---------------------------------------------------------------------------------------------

    def resource_of(self, provider: str, kind: str, id_: str) -> Resource:
        """A resource of any party by its address; raises `NotFound`."""
        return self.get(self.runtime.parties[provider].kinds[kind], id_)

    def tell(self, provider: str, kind: str, id_: str, news: str, teller: Resource) -> None:
        """Lets another party hear news about one of its resources."""
        hear = self.runtime.parties[provider].hear
        if hear is not None:
            hear(self, self.resource_of(provider, kind, id_), news, teller)

    # Journal ---------------------------------------------------------------------------------------------------

    def touch(self, provider: str, subject: str) -> None:
        self.subjects.setdefault(subject, provider)

    def journal(self, topic: str, actor: str, summary: str, *, subject: str | None = None, **more: Any) -> None:
        """Adds a line to the story without a move."""
        self.moves.append({"kind": topic, "actor": actor, "summary": summary, "subject": subject, **more})

    def _record(self, resource: Resource, trigger: str, source: str | None, target: str) -> None:
        is_provider, subject = self.runtime.parties[resource.PROVIDER].is_provider, resource.subject
        entry = {
            "kind": "state" if is_provider else resource.PROVIDER,
            "actor": trigger.partition(".")[0],
            "summary": f"{resource.KIND} {target}" if source is None else f"{resource.KIND} {source} > {target}",
            "ref": resource.id,
            "trigger": trigger,
            **({} if source is None else {"from": source}),
            "to": target,
            "subject": subject,
        }
        self.moves.append(entry)
        if is_provider:
            self.touch(resource.PROVIDER, subject)

    # Writing ---------------------------------------------------------------------------------------------------

    @property
    def promised(self) -> list[str]:
        """The events that this unit promises so far, each once, in order."""
        return self._changes.promised

    @property
    def has_changes(self) -> bool:
        return bool(self._changes or self.workspace_changed or self._drew)

    def begin(self) -> Store:
        """The store, for what is to be written beside this unit's own changes and stands or falls with them."""
        self._share.begin()
        return self.store

    def write(self) -> None:
        """Writes everything. Only who has opened the unit calls this (`units.py`)."""
        self._changes.write(self.now)
        if self._drew:
            self.change_workspace(draws=self.workspace.draws + 1)
        if self.workspace_changed:
            self._share.begin()
            self.store.save_workspace(self.workspace.id, self.workspace.name, self.workspace.dump())

    @property
    def touched(self) -> set[Identity]:
        """Every resource that was added, changed or deleted."""
        return self._changes.touched

    @property
    def next_due(self) -> datetime | None:
        """The soonest deadline that this unit made."""
        due = self._changes.next_due
        return None if due is None else from_micros(due)
