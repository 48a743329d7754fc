"""The story of a payment, a call, a webhook or an order in plain sentences: what happened, because of what, and what would help.

Nothing is guessed: each sentence says what the journal, the ledger of webhooks, the timers or the order hold.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import Any
from urllib.parse import quote

from simulator.engine.masking import COMMON
from simulator.engine.messages import Plan
from simulator.engine.provider import Provider
from simulator.engine.resource import Resource, Summary, load
from simulator.engine.runtime import Runtime
from simulator.engine.store import AttemptRow, OutboxRow
from simulator.engine.texts import Texts
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import from_micros, short_duration
from simulator.kernel.money import Money
from simulator.kernel.values import dataclass
from simulator.surface.control import finding, requests
from simulator.surface.control.errors import ControlError
from simulator.surface.control.operation import ControlCall
from simulator.surface.typed import typed
from simulator.wallet.order import Order


@dataclass
class Account:
    """What is told, in the order in which it is found."""

    summary: str = ""
    because: list[str] = field(default_factory=list)
    next: list[str] = field(default_factory=list)

    def adds(self, because: str, help_: str | None = None) -> None:
        self.because.append(because)
        if help_ is not None and help_ not in self.next:
            self.next.append(help_)

    @property
    def view(self) -> dict[str, Any]:
        return {"summary": self.summary, "because": self.because, "next": self.next}


PHASES = {
    "waiting": "waits for its buyer",
    "processing": "is being processed",
    "paid": "is paid",
    "declined": "was declined",
    "cancelled": "was cancelled",
    "expired": "has expired",
    "partly_refunded": "is refunded in part",
    "refunded": "is refunded",
    "error": "has failed",
}
DECIDERS = {
    "buyer": "the account of buyer {value} decided it",
    "amount": "test amount {value} decided it",
    "scenario": "the armed scenario {value} decided it",
    "page": "the buyer pressed it on the page",
    "console": "it was decided in the console or by the control API",
    "timer": "the time to pay was over",
    "api": "the merchant ended it by an API call",
}
REASONS = {
    "balance": "the balance was too low",
    "limit": "the daily limit was reached",
    "limit_payment": "the limit per payment was reached",
    "blocked": "the wallet has blocked the account",
    "authentication": "the payment code or the password was wrong too often",
}
STATES = {
    "pending": "is still to be delivered",
    "delivered": "was delivered",
    "failed": "was given up",
    "kept": "is kept here, for no URL is configured",
}


def _money(money: Money) -> str:
    return money.format().replace("\xa0", " ")


# Payments --------------------------------------------------------------------------------------------------------


def of_payment(runtime: Runtime, workspace: Workspace, provider: Provider, resource: Resource) -> Account:
    told, uow = Account(), runtime.open(workspace)
    summary = finding.summary_of(uow, provider, resource)
    order = uow.find(Order, summary.order) if summary.order else None
    what = f"The payment of {_money(summary.amount)} at {provider.title} {PHASES[summary.phase]}"
    told.summary = f"{what}; {provider.title} calls it {summary.status}."
    _decision(told, summary, order)
    if summary.phase == "waiting" and order is not None and not order.is_final:
        _waiting(told, runtime, order)
    if summary.refunded.value:
        told.adds(f"{_money(summary.refunded)} of {_money(summary.amount)} went back to the buyer.")
    for event in finding.story(uow, provider, runtime, resource):
        if event.entry["kind"] == "request" and event.move is None and int(event.row["status"]) >= 400:
            _refused_call(told, event.entry["ref"], event.row)
        elif event.move is not None and "dropped" in event.move:
            _dropped(told, event.move)
    messages = [
        message
        for subject in finding.subjects_of(uow, provider, resource)
        for message in runtime.store.messages(workspace.id, subject=subject)
        if not Plan.load(message.plan).is_adversarial
    ]
    last = {attempt.message: attempt for attempt in runtime.store.attempts([message.seq for message in messages])}
    for message in messages:
        if message.state != "delivered":
            _undelivered(told, workspace, provider, message, last.get(message.seq))
    if messages and all(message.state == "delivered" for message in messages):
        told.adds(
            f"All {len(messages)} webhooks were delivered." if len(messages) > 1 else "Its webhook was delivered."
        )
    return told


def _dropped(told: Account, move: Mapping[str, Any]) -> None:
    kind, _, value = str(move["actor"]).partition(":")
    who = f"The scenario {value}" if kind == "scenario" else f"Test amount {value}"
    told.adds(
        f"{who} dropped the webhook {move['dropped']}.",
        "Ask the API for it, as a shop has to; psp-simulator scenario disarm lets webhooks leave.",
    )


def _decision(told: Account, summary: Summary, order: Order | None) -> None:
    by = summary.decided_by or (order.decided_by if order is not None else None)
    if by is None:
        return
    kind, _, value = by.partition(":")
    sentence = DECIDERS.get(kind, f"{by} decided it").format(value=value)
    reason = order.reason if order is not None else None
    if reason in REASONS:
        sentence += f": {REASONS[reason]}"
    told.adds(f"{sentence[0].upper()}{sentence[1:]}.")
    if order is None or order.state != "declined":
        return
    if kind == "buyer":
        told.next.append(
            "Let another buyer pay: psp-simulator pay <id> --buyer li-na, on a new payment if this one is over."
        )
    elif kind == "amount":
        told.next.append("Use another amount, or read in docs/providers which amounts decline.")
    elif kind == "scenario":
        told.next.append("psp-simulator scenario disarm ends it.")


def _waiting(told: Account, runtime: Runtime, order: Order) -> None:
    seen = f"buyer {order.scanned_by} has scanned its code" if order.scanned_by else "nobody has opened its order"
    if order.walked_away is not None:
        seen = f"it was left open by {order.walked_away}"
    told.adds(f"The order {order.id} is {order.state}: {seen}.")
    if order.answer_at is not None:
        told.adds(
            f"The answer is due at {order.answer_at:%H:%M:%S} of the workspace's clock.", "psp-simulator advance next"
        )
    else:
        told.next.append(f"Open {runtime.base_url}/w/{order.id} and press Confirm, or psp-simulator pay {order.id}.")
    if order.expires_at is not None:
        told.adds(f"Unpaid, it expires at {order.expires_at:%Y-%m-%d %H:%M:%S} UTC.")


# Calls -----------------------------------------------------------------------------------------------------------


def of_request(view: Mapping[str, Any], title: str, page: str = "") -> Account:
    """`page` is where the console shows it."""
    told = Account()
    what = f"{view['method']} {view['path'].partition('?')[0]}"
    is_refused = view["status"] >= 400
    told.summary = f"{title} {'refused' if is_refused else 'took'} {what} with {view['status']}."
    _explained(told, view)
    if is_refused and not told.because:
        told.because += broken_rules(view)
    if is_refused and not told.because:
        told.adds("The provider's own rule says so; the answer has its words.", f"Read the answer at {page}.")
    for notice in view.get("notices", ()):
        told.adds(f"{notice[0].upper()}{notice[1:]}{'' if notice.endswith('.') else '.'}")
    if "resource_id" in view:
        told.adds(f"It is about payment {view['resource_id']}.")
    return told


def broken_rules(view: Mapping[str, Any]) -> list[str]:
    """The rules that a call broke, in the console's sentences."""
    texts = Texts("en")
    return [
        texts("requests_rule_" + rule["code"], limit=rule.get("limit", "")).rstrip(".")
        + (
            f" ({', '.join(more)})"
            if (more := [rule[name].rstrip(".") for name in ("field", "text") if rule.get(name)])
            else ""
        )
        + "."
        for rule in view.get("why", {}).get("rules", ())
    ]


def _explained(told: Account, view: Mapping[str, Any]) -> None:
    """What the journal keeps of why a call was refused."""
    help_ = view.get("help", {})
    if reason := help_.get("reason"):
        told.because.append(f"{reason[0].upper()}{reason[1:]}.")
    for broken in help_.get("violations", ()):
        told.adds(f"It broke a rule: {broken}.", "Correct what is named and send it again.")
    if near := help_.get("did_you_mean"):
        told.next.append(f"Did you mean {' or '.join(near)}?")
    if "expected" in help_:
        if "signed" in help_:
            told.because.append(f"What had to be signed: {help_['signed']}")
        came = f"; the one that came is {help_['received']}" if "received" in help_ else ""
        told.because.append(f"The right signature is {help_['expected']}{came}.")
        told.next.append("psp-simulator sign makes a right signature to compare with.")
    if allowed := help_.get("allowed"):
        told.next.append(f"Allowed: {', '.join(map(str, allowed))}.")
    if instead := help_.get("instead"):
        told.next.append(f"Use {instead}.")
    if "left_out" in help_:
        told.adds(f"{help_['left_out']} is an operation that the simulator leaves out.")
    if "error_id" in help_:
        told.adds("The simulator has a bug.", f"Report it with the error id {help_['error_id']}.")


def _refused_call(told: Account, id_: str, row: Mapping[str, Any]) -> None:
    found = Account()
    _explained(found, row)
    found.because += [] if found.because else broken_rules(row)
    cause = f": {found.because[0]}" if found.because else "."
    told.adds(
        f"{row['method']} {row['path'].partition('?')[0]} was refused with {row['status']}{cause}",
        f"psp-simulator why {id_}",
    )


# Webhooks --------------------------------------------------------------------------------------------------------


def of_delivery(runtime: Runtime, workspace: Workspace, message: OutboxRow) -> Account:
    provider = runtime.providers.get(message.provider)
    title = provider.title if provider is not None else message.provider
    told = Account(f"The webhook {message.event} of {title} about {message.subject} {STATES[message.state]}.")
    attempts = runtime.store.attempts([message.seq])
    for attempt in attempts:
        told.adds(f"Try {attempt.n} to {_address(provider, message)} {_answered(attempt)}.")
    if message.state != "delivered":
        _undelivered(told, workspace, provider, message, attempts[-1] if attempts else None, of_itself=True)
    return told


def _address(provider: Provider | None, message: OutboxRow) -> str:
    masking = COMMON if provider is None else provider.masking
    return masking.address(message.url or "")


def _answered(attempt: AttemptRow) -> str:
    if attempt.status is None:
        return f"failed: {attempt.error}"
    return f"was answered {attempt.status} after {attempt.duration_ms:.0f} ms"


def _undelivered(
    told: Account,
    workspace: Workspace,
    provider: Provider | None,
    message: OutboxRow,
    last: AttemptRow | None,
    *,
    of_itself: bool = False,
) -> None:
    """Why it did not arrive (yet), and how it would."""
    name = "It" if of_itself else f"The webhook {message.event} ({message.id})"
    replay = f"psp-simulator replay {message.id}"
    if message.state == "kept":
        told.adds(
            f"{name} was not sent: no webhook URL is configured for {message.provider}.",
            f"Set one in the console under Webhooks, then {replay}.",
        )
        return
    if message.provider in workspace.paused:
        told.adds(
            f"{name} is held back: webhooks of {message.provider} are paused.",
            "Resume them in the console under Webhooks.",
        )
        return
    if last is not None and not of_itself:
        told.because.append(f"{name}: try {last.n} to {_address(provider, message)} {_answered(last)}.")
    if message.state == "failed":
        told.adds(f"{name} is tried no more.", f"Mend the receiver, then {replay}.")
    elif last is not None and message.due is not None:
        due = from_micros(message.due)
        in_ = due - workspace.clock.now()
        when = f"in {short_duration(in_)}, " if in_.total_seconds() > 0 else ""
        frozen = " The clock stands still: psp-simulator advance next." if workspace.clock.mode == "frozen" else ""
        told.adds(
            f"The next try is due {when}at {due:%H:%M:%S} UTC.{frozen}", f"Mend the receiver; {replay} tries at once."
        )
    elif message.due is not None:
        due = from_micros(message.due)
        told.adds(f"{name} was not tried yet; it is due at {due:%H:%M:%S} UTC.", "psp-simulator advance next")


# Whatever it is --------------------------------------------------------------------------------------------------


def _payments(runtime: Runtime, workspace: Workspace, id_: str) -> Iterator[tuple[Provider, Resource]]:
    """The payments that have this id or reference, or an order with this order code."""
    store, uow = runtime.store, runtime.open(workspace)
    order = uow.find(Order, id_)
    if order is not None and order.payee_provider in runtime.providers:
        provider = runtime.providers[order.payee_provider]
        resource = uow.resource_of(order.payee_provider, order.payee_kind, order.payee_id)
        if provider.summarise(resource) is not None:
            yield provider, resource
        elif (row := store.payment(workspace.id, provider.name, resource.subject)) is not None:
            yield provider, load(provider.kinds[row[0]], row[1])
    for provider in runtime.providers.values():
        if (row := store.payment(workspace.id, provider.name, id_)) is not None:
            yield provider, load(provider.kinds[row[0]], row[1])
    rows = store.payments(workspace.id, provider=None, phase=None, reference=id_, q=None, before=None, limit=1)
    for _, name, kind, _, body in rows:
        if name in runtime.providers:
            yield runtime.providers[name], load(runtime.providers[name].kinds[kind], body)


def _of_absent(runtime: Runtime, workspace: Workspace, id_: str) -> Account | None:
    """A payment of a provider that is not installed, found as any other: nobody here can read it."""
    store, order = runtime.store, runtime.open(workspace).find(Order, id_)
    found = [] if order is None else [(order.payee_provider, order.payee_id)]
    found += store.payments_among(workspace.id, [id_])
    found += [(row[1], row[3]) for row in store.payments(workspace.id, reference=id_, limit=1)]
    for name, payment in found:
        if name not in runtime.providers:
            return Account(
                f"{payment} is a payment of {name}, which is not installed here.",
                ["What is known of it is kept as it is; its timers and webhooks wait."],
                [f"Start the simulator with {name} installed: everything goes on then."],
            )
    return None


def why(runtime: Runtime, workspace: Workspace, id_: str, base_url: str) -> Account:
    """Raises 404 when nothing in the workspace has this id. What is to be typed reaches the simulator at `base_url`."""
    found = _why(runtime, workspace, id_)
    for sentences in (found.because, found.next):
        sentences[:] = [typed(sentence, base_url, workspace.name) for sentence in sentences]
    return found


def _why(runtime: Runtime, workspace: Workspace, id_: str) -> Account:
    if (message := runtime.store.message(workspace.id, id_)) is not None:
        return of_delivery(runtime, workspace, message)
    if id_.startswith("req_"):
        view = requests.found(runtime, workspace, id_)
        provider = runtime.providers.get(view["provider"])
        page = f"{runtime.base_url}/console/{quote(workspace.name)}/requests/{view['id']}"
        return of_request(view, provider.title if provider is not None else "The simulator", page)
    payment = next(_payments(runtime, workspace, id_), None)
    if payment is None:
        if (told := _of_absent(runtime, workspace, id_)) is not None:
            return told
        what = f"no payment, request, webhook or order {id_!r} is in workspace {workspace.name}"
        raise ControlError(404, "not_found", what, field="id")
    return of_payment(runtime, workspace, *payment)


async def get_why(call: ControlCall) -> dict[str, Any]:
    """What happened in a sentence, the reasons, and what would help: of a payment, a call, a webhook or an order."""
    return why(call.runtime, call.workspace, call.path["id"], call.base_url).view
