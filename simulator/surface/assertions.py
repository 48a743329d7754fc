"""A workspace as tests of a shop have it: what does not hold is an `AssertionError` that tells the story of the payment."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from simulator.surface.client import Client, Delivery, Payment, SaidNo, TimelineEntry, Workspace, is_of_a_call

if TYPE_CHECKING:
    from simulator.surface.answers import WorkspaceView
    from simulator.surface.audit.runner import Report

__tracebackhide__ = is_of_a_call

TIMED_OUT = 408
SHOWN = 5


class TestedWorkspace(Workspace):
    """`psp_workspace`. It has every call of a `Workspace`."""

    __test__ = False  # for pytest: this is no test

    def __init__(self, client: Client, name: str, view: WorkspaceView | None = None) -> None:
        super().__init__(client, name, view)
        self.audited: list[Report] = []
        """The audits that were made here: of their payments nothing is left in the workspace."""

    def audit(
        self,
        provider: str,
        *,
        webhook: str,
        checkout: Callable[[], object] | None = None,
        order: Callable[[str], str] | None = None,
        refund: Callable[[str, int], object] | None = None,
        cancel: Callable[[str], object] | None = None,
        browser: Callable[[str], object] | None = None,
        paid: str | None = None,
        unpaid: str | None = None,
        refunded: str | None = None,
        reference: str | None = None,
        patience_s: float = 3.0,
        only: Sequence[str] = (),
        skip: Sequence[str] = (),
    ) -> Report:
        """Plays a hostile but lawful world against the shop: `assert report.passed, report`. `checkout` begins an order; `order` is
        given an order's reference (the payment's id where it has none) and returns what the shop says of it, `cancel` cancels that,
        `refund` is given an amount in minor units besides, and `browser` opens an address as the buyer's browser would.
        For `patience_s` of real time the shop may work on what it has taken.

        Whatever one of them raises is the shop's no. Raises `ShopNotReached` when nothing answers at `webhook`, `Busy` while
        another audit runs in the workspace, and `KeyError` for a check that there is not."""
        from simulator.surface.audit import runner
        from simulator.surface.audit.pace import Pace
        from simulator.surface.audit.subject import Subject, by_function
        from simulator.surface.installed import installed

        found = next(one for one in installed() if one.name == provider)
        subject = Subject(
            webhook=webhook,
            checkout=None if checkout is None else by_function(lambda values: checkout()),
            order=None if order is None else by_function(lambda values: order(values["reference"])),
            refund=None
            if refund is None
            else by_function(lambda values: refund(values["reference"], int(values["amount"]))),
            cancel=None if cancel is None else by_function(lambda values: cancel(values["reference"])),
            browser=None if browser is None else by_function(lambda values: browser(values["url"])),
            paid=paid,
            unpaid=unpaid,
            refunded=refunded,
            reference=reference,
            pace=Pace(patience_s=patience_s),
        )
        checks, report = runner.chosen(only, skip), runner.begun(self.name, found, subject)
        self.audited.append(report)
        return runner.run(self, found, subject, checks, report)

    def story(self, id_or_order_code: str) -> str:
        """What has happened to a payment, a line each: calls, moves, the wallet, webhooks with what they were answered.

        It is found by its id, its reference or its wallet's code. Raises `LookupError` when there is none.
        """
        payment = self.find(id_or_order_code)
        if payment is None:
            raise LookupError(f"workspace {self.name} has no payment {id_or_order_code!r}")
        return self._told(payment)

    def stories(self, most: int = SHOWN) -> str:
        """The stories of the newest payments, oldest first."""
        return "\n\n".join(self._told(payment) for payment in reversed(self.latest(most)))

    def diagrams(self, most: int = SHOWN) -> list[tuple[str, str]]:
        """The newest payments, oldest first: what each is, and its story as a Mermaid sequence diagram."""
        newest = reversed(self.latest(most))
        return [(_head(one), self.diagram(one["provider"], one["id"])["mermaid"]) for one in newest]

    def wait_for(self, **wanted: Any) -> Payment | Delivery:
        """As `Workspace.wait_for`; what does not come in time fails the test."""
        try:
            return super().wait_for(**wanted)
        except SaidNo as refusal:
            raise self._late(refusal, wanted.get("resource_id")) from None

    def wait_for_webhook(
        self, provider: str, event: str, *, resource_id: str | None = None, timeout: str = "10s"
    ) -> Delivery:
        """As `Workspace.wait_for_webhook`; what does not come in time fails the test."""
        try:
            return super().wait_for_webhook(provider, event, resource_id=resource_id, timeout=timeout)
        except SaidNo as refusal:
            raise self._late(refusal, resource_id) from None

    def assert_webhooks(
        self, id_or_order_code: str, *events: str, state: str = "delivered", any_order: bool = False
    ) -> list[Delivery]:
        """The webhooks of a payment are these events, once each, in this order, and the shop has acknowledged them all (`state`).
        What is due is delivered first; forged ones are left out. Returns them."""
        self.settle()
        payment = self.find(id_or_order_code)
        if payment is None:
            raise AssertionError(f"workspace {self.name} has no payment {id_or_order_code!r}")
        found = self.deliveries(provider=payment["provider"], resource_id=payment["id"])
        earnest = [one for one in found if not one.get("adversarial")]
        if faults := faults_of(earnest, events, state, any_order):
            raise AssertionError("\n".join([*faults, "", self._told(payment)]))
        return earnest

    def _late(self, refusal: SaidNo, resource_id: str | None) -> Exception:
        if refusal.status != TIMED_OUT:
            return refusal
        payment = None if resource_id is None else self.find(resource_id)
        told = self.stories() if payment is None else self._told(payment)
        return AssertionError(f"{refusal}\n\n{told}" if told else str(refusal))

    def _told(self, payment: Payment) -> str:
        whole = self.payment(payment["provider"], payment["id"])
        return told(whole)


def told(whole: Payment) -> str:
    """The story of a payment that was read with its timeline."""
    return "\n".join([_head(whole), *(f"  {_line(entry)}" for entry in whole.get("timeline", []))])


def faults_of(found: Sequence[Delivery], events: Sequence[str], state: str, any_order: bool) -> list[str]:
    """Why these deliveries are not these events, or not all in that state."""
    wanted, got = list(events), [one["event"] for one in found]
    if any_order:
        wanted, got = sorted(wanted), sorted(got)
    faults = [] if got == wanted else [f"webhooks are {', '.join(got) or 'none'}, not {', '.join(wanted) or 'none'}"]
    astray = [one for one in found if one["state"] != state]
    return faults + [f"{one['event']} is {one['state']}, not {state}{_last_answer(one)}" for one in astray]


def _head(payment: Payment) -> str:
    amount = f"{payment['amount']['value']} {payment['amount']['currency']}"
    return f"{payment['provider']} {payment['id']} ({payment['reference']}, {amount}): {payment['phase']}, {payment['status']}"


def _line(entry: TimelineEntry) -> str:
    who = (
        f"{entry['from']} > {entry['to']}"
        if entry["kind"] in ("request", "webhook") and "from" in entry
        else entry["actor"]
    )
    move = (
        f" ({entry['from']} > {entry['to']})" if entry["kind"] == "state" and "from" in entry and "to" in entry else ""
    )
    return f"{entry['at'][11:23]}  {entry['kind']:<8} {who:<24} {entry['summary']}{move}".rstrip()


def _last_answer(delivery: Delivery) -> str:
    if not delivery["attempts"]:
        return ""
    last = delivery["attempts"][-1]
    answer = f"answered {last['status']}" if last["status"] is not None else f"failed: {last['error']}"
    return f" (try {last['n']} {answer})"
