"""What the checks do with a shop and a simulator: begin an order, let it be paid, hold webhooks back and send them one by one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any
from urllib.parse import urlsplit

from simulator.engine.provider import Provider
from simulator.engine.reach import is_local
from simulator.kernel.ids import Ids
from simulator.kernel.values import dataclass
from simulator.surface.answers import RequestView
from simulator.surface.audit.endings import Fault, ShopNotReached, Skip
from simulator.surface.audit.subject import Act, ShopSaidNo, Subject, browser
from simulator.surface.client import Delivery, Payment, SaidNo, Workspace

SHOWN = 400
"""Characters of what a shop says, in the evidence."""
MANY = 20
"""More payments, or calls, than one step of a check can make."""
NO = "no: "
"""Before what a shop says that cannot do what it was asked."""


@dataclass(frozen=True, slots=True)
class Order:
    """An order of the shop and the payment that it made for it."""

    reference: str
    payment: str
    amount: int
    currency: str

    @property
    def values(self) -> Mapping[str, str]:
        return {"reference": self.reference, "payment": self.payment, "amount": str(self.amount)}


class Trial:
    """One check at work. What it saw stands in `evidence`; `about` is the payment whose story a report shows."""

    def __init__(self, world: Workspace, provider: Provider, subject: Subject) -> None:
        assert provider.shop is not None
        self.world, self.provider, self.subject = world, provider, subject
        self.name, self.shop, self.pace = provider.name, provider.shop, subject.pace
        self.evidence: dict[str, str] = {}
        self.about: str | None = None

    # The shop

    @property
    def reads_paid(self) -> bool:
        return self.subject.order is not None and self.subject.paid is not None

    def begin(self) -> Order:
        """A new order whose payment waits for the buyer."""
        if self.subject.checkout is None:
            return self.seen(self._paid_for_by_hand())
        newest = self.newest()
        try:
            self.subject.checkout({})
        except ShopSaidNo as error:
            raise Fault(f"The shop could not begin an order: {error}") from error
        self.settle()
        found = self.made_since(newest)
        if not found:
            raise Fault("The shop began an order, and no payment came of it in this workspace.")
        return self.seen(found[0])

    def _paid_for_by_hand(self) -> Payment:
        reference = self.subject.reference
        if reference is None:
            reference = f"audit-{Ids().hex(8)}"
        made = self.by_hand(reference)
        self.settle()
        return made

    def by_hand(self, reference: str, amount: int | None = None, currency: str | None = None) -> Payment:
        """A payment that the shop did not make. Raises `Skip` where the provider refuses it."""
        try:
            return self.world.make_payment(self.name, amount=amount, currency=currency, reference=reference)
        except SaidNo as refusal:
            raise Skip(f"the provider refuses such a payment: {refusal}") from refusal

    def seen(self, payment: Payment) -> Order:
        """What the check is about from now on."""
        amount = payment["amount"]
        order = Order(payment["reference"] or payment["id"], payment["id"], amount["value"], amount["currency"])
        self.seen_again(order)
        return order

    def seen_again(self, order: Order) -> None:
        self.about, self.evidence["Order"] = order.payment, order.reference

    def newest(self) -> str | None:
        """The payment that was made last."""
        found = self.world.latest(1, provider=self.name)
        return found[0]["id"] if found else None

    def made_since(self, newest: str | None) -> list[Payment]:
        """Newest first."""
        found = []
        for payment in self.world.latest(MANY, provider=self.name):
            if payment["id"] == newest:
                break
            found.append(payment)
        return found

    def read(self, order: Order) -> str:
        """What the shop says of an order once that has settled."""
        return self.pace.settled(lambda: self._said(order))

    def read_until(self, order: Order, is_wanted: Callable[[str], bool]) -> str:
        """What the shop says as soon as it is what is wanted, or at the end of patience."""
        return self.pace.until(lambda: self._said(order), is_wanted)

    def outcome(self, order: Order) -> str:
        """What the shop says of an order that was paid, once it has done what there is to do."""
        if self.reads_paid:
            self.read_until(order, self._says_paid)
        return self.read(order)

    def _said(self, order: Order) -> str:
        assert self.subject.order is not None
        try:
            return self.subject.order(order.values)
        except ShopSaidNo as error:
            raise Fault(f"The order cannot be read: {error}") from error

    def _says_paid(self, text: str) -> bool:
        assert self.subject.paid is not None
        return self.subject.paid in text

    def must_be_paid(self, order: Order, because: str) -> None:
        if self.reads_paid and not self._says_paid(text := self.read_until(order, self._says_paid)):
            raise Fault(because, Order=order.reference, Reads=text[:SHOWN])

    def must_not_be_paid(self, order: Order, because: str) -> None:
        if self.reads_paid and self._says_paid(text := self.read(order)):
            raise Fault(because, Order=order.reference, Reads=text[:SHOWN])

    def must_wait(self, order: Order, because: str) -> None:
        """Nobody has paid for it: where the shop has a word for that, the order reads so."""
        if self.subject.order is None:
            return
        text = self.read(order)
        if self.reads_paid and self._says_paid(text):
            raise Fault(because, Order=order.reference, Reads=text[:SHOWN])
        if self.subject.unpaid is not None and self.subject.unpaid not in text:
            because = "Nobody has paid, and the order does not wait any more."
            raise Fault(because, Order=order.reference, Reads=text[:SHOWN])

    def _says_refunded(self, text: str) -> bool:
        assert self.subject.refunded is not None
        return self.subject.refunded in text

    def must_be_refunded(self, order: Order, because: str) -> None:
        if not self._says_refunded(text := self.read_until(order, self._says_refunded)):
            raise Fault(because, Order=order.reference, Reads=text[:SHOWN])

    def must_not_be_refunded(self, order: Order, because: str) -> None:
        if self._says_refunded(text := self.read(order)):
            raise Fault(because, Order=order.reference, Reads=text[:SHOWN])

    # What it has kept of an event, before reading its order mends it: a page that asks the API finds what was lost

    def must_have_kept(self, order: Order, since: str | None, because: str) -> None:
        """Fails unless the shop remembers from the events, which came after its call `since`, that an order is paid: once it has worked
        on them the order reads paid although the API fails, or the shop asks about it again when the API is back."""
        if self.reads_paid:
            self.pace.until(lambda: any(order.payment in one["path"] for one in self._calls_since(since)), bool)
            self.arm(api={"status": 500})
            self.must_come_back(order, because)

    def must_come_back(self, order: Order, because: str) -> None:
        """Fails unless an order reads paid while the API fails, as it does now, or the shop asks about it again when the API is
        back."""
        if not self.reads_paid:
            self.world.disarm()
            return
        assert self.subject.order is not None
        act = self.subject.order
        text = self.pace.settled(lambda: self.ask(act, order))
        newest = self.newest_call()
        self.world.disarm()
        if self._says_paid(text):
            return
        if not text.startswith(NO):  # whose order cannot be read without the API may have kept it all the same
            self.pace.until(lambda: self._calls_since(newest), bool)
            if not self._calls_since(newest):
                raise Fault(because, Order=order.reference, Reads=text[:SHOWN])
        self.must_be_paid(order, because)

    def calm(self) -> None:
        """The shop asks the provider for nothing any more: what it does after it has answered is done."""
        self.pace.settled(self.newest_call)

    def newest_call(self) -> str | None:
        found = self.world.requests(provider=self.name, limit=1)
        return found[0]["id"] if found else None

    def _calls_since(self, newest: str | None) -> list[RequestView]:
        """The shop's calls that went well."""
        found = []
        for call in self.world.requests(provider=self.name, limit=MANY):
            if call["id"] == newest:
                break
            if call["sent_by"] == "merchant" and call["status"] < 400:
                found.append(call)
        return found

    def ask(self, act: Act, order: Order) -> str:
        try:
            return act(order.values)
        except ShopSaidNo as error:
            return f"{NO}{error}"

    # The buyer's browser

    def way_back(self, order: Order) -> str:
        """Where the browser is sent from the wallet, as things stand. Raises `Skip` where that is not at the shop."""
        wallet = self.world.payment(self.name, order.payment)["wallet"]
        url = None if wallet is None else wallet.get("return_url")
        if url is None:
            raise Skip("the provider sends no browser back to the shop")
        host = urlsplit(url).hostname or ""
        if host != urlsplit(self.subject.webhook).hostname and not is_local(host):
            raise Skip(f"the browser comes back at {host}, which is neither on this machine nor where the webhooks go")
        if is_ours(url, self.world.base_url):
            raise Skip("the browser stays at the provider's own page")
        return url

    def visit(self, url: str) -> None:
        """The browser comes back to the shop."""
        self.evidence["Browser"] = url
        try:
            (self.subject.browser or browser())({"url": url})
        except ShopSaidNo as error:
            raise Fault(f"The page to which the buyer comes back fails: {error}") from error

    # Time

    def settle(self, more_s: float = 0) -> None:
        """What happens by itself has happened, at the provider's pace."""
        wait = self.shop.course.settles_after.total_seconds() + 5 + more_s
        self.world.advance(f"PT{wait:.0f}S")

    def until_refundable(self) -> None:
        self.settle(self.shop.course.refundable_after.total_seconds())

    # Webhooks

    @contextmanager
    def holding(self) -> Iterator[None]:
        """Webhooks wait; what was not sent by the end never leaves."""
        self.world.pause(self.name)
        try:
            yield
        finally:
            for delivery in self.world.deliveries(provider=self.name, state="pending"):
                with suppress(SaidNo):  # it has just been answered
                    self.world.stop(delivery["id"])
            self.world.pause(self.name, False)

    def set_endpoint(self) -> None:
        """Where webhooks go, with the key that the account's endpoint has already."""
        own = self.world.refresh()["webhooks"].get(self.name) or {}
        self.world.set_webhook(self.name, self.subject.webhook, secret=own.get("secret"), key_id=own.get("key_id"))

    def pay(self, order: Order) -> None:
        try:
            self.world.pay(self.name, order.payment)
        except SaidNo as refusal:
            raise Skip(f"the payment cannot be paid: {refusal}") from refusal
        self.settle()

    def held(self, order: Order) -> list[Delivery]:
        """The webhooks of a payment that wait, oldest first. Raises `Skip` where there is none."""
        found = self.world.deliveries(provider=self.name, resource_id=order.payment, state="pending")
        if not found:
            raise Skip("the provider tells nothing by webhook here")
        return found

    def send(self, delivery: Delivery, **more: Any) -> list[int]:
        """Sends it now; what was answered, a status for each copy. Raises `ShopNotReached` when nothing answers."""
        before = len(delivery["attempts"])
        attempts = self.world.resend(delivery["id"], **more)["attempts"][before:]
        delivery["attempts"] = [*delivery["attempts"], *attempts]
        statuses = []
        for attempt in attempts:
            if attempt["status"] is None:
                raise Fault(f"The shop did not answer to a webhook: {attempt['error']}", Event=delivery["event"])
            statuses.append(attempt["status"])
        self.evidence["Event"] = f"{delivery['event']}, answered {', '.join(map(str, statuses))}"
        return statuses

    def must_take(self, delivery: Delivery, because: str, **more: Any) -> None:
        for status in self.send(delivery, **more):
            if not accepted(status):
                raise Fault(because, Event=delivery["event"], Answered=status)

    def told(self, order: Order) -> list[Delivery]:
        return self.world.deliveries(provider=self.name, resource_id=order.payment)

    def is_reached(self) -> None:
        """Raises `ShopNotReached` when nothing answers at the webhook's address."""
        delivery = self.world.send_test_event(self.name, self.provider.webhooks.events[0])
        if delivery["state"] == "pending" and not delivery["attempts"]:
            self.world.settle()
            delivery = self.world.delivery(delivery["id"])
        last = delivery["attempts"][-1] if delivery["attempts"] else None
        if last is not None and last["status"] is None:
            raise ShopNotReached(f"Nothing answers at {self.subject.address} ({last['error']}).")

    def can_be_asked(self) -> None:
        """Raises `ShopNotReached` where in fair weather no order can be begun, or a new one not be read."""
        try:
            order = self.begin()
            if self.subject.order is not None:
                self._said(order)
        except Fault as fault:
            raise ShopNotReached(f"{str(fault).rstrip('.: ')}.") from fault

    def arm(self, **rule: Any) -> None:
        """For this provider, until the check ends. Raises `Skip` where the provider cannot show it."""
        if "api" in rule:
            self.calm()
        try:
            self.world.arm(rules=[rule], provider=self.name)
        except SaidNo as refusal:
            raise Skip(str(refusal).rpartition(": ")[2]) from refusal


def accepted(status: int) -> bool:
    return 200 <= status < 300


def is_ours(url: str, base_url: str) -> bool:
    return urlsplit(url)[:2] == urlsplit(base_url)[:2]
