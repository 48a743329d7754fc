"""What a check of the audit makes of a shop that answers badly or not at all, and of a provider that refuses: whose fault it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, cast
from unittest.mock import MagicMock

import pytest
from toy.acme import ACME

from simulator.surface.audit.endings import Fault, ShopNotReached, Skip
from simulator.surface.audit.pace import Pace
from simulator.surface.audit.subject import Act, ShopSaidNo, Subject
from simulator.surface.audit.trial import Order, Trial
from simulator.surface.client import SaidNo, Workspace

ORDER = Order("order-1", "ch_1", 1000, "CNY")
NO = SaidNo(409, {"message": "rules.0: cannot be done here"})


def payment(id_: str) -> dict[str, Any]:
    return {"id": id_, "reference": f"order-{id_}", "amount": {"value": 1000, "currency": "CNY"}, "wallet": None}


def says(text: str) -> Act:
    return lambda values: text


def refuses(values: Mapping[str, str]) -> str:
    raise ShopSaidNo("503 down for tea")


def trial(**given: Any) -> tuple[Trial, MagicMock]:
    """With a shop that takes no time, and a world that knows nothing."""
    world = MagicMock(spec=Workspace)
    world.base_url = "http://sim.test"
    world.latest.return_value, world.requests.return_value, world.deliveries.return_value = [], [], []
    subject = Subject(webhook="http://shop.example/hooks", pace=Pace(patience_s=0.0, quiet_s=0.0), **given)
    return Trial(cast(Workspace, world), ACME, subject), world


@pytest.mark.parametrize(
    ("checkout", "because"),
    [(refuses, "could not begin an order: 503 down for tea"), (says("ok"), "no payment came of it")],
)
def test_a_shop_that_begins_no_order_is_at_fault(checkout: Act, because: str) -> None:
    own, _ = trial(checkout=checkout)

    with pytest.raises(Fault, match=because):
        own.begin()


def test_of_the_payments_that_came_of_an_order_the_newest_counts() -> None:
    own, world = trial(checkout=says("ok"))
    older = payment("1")
    world.latest.side_effect = [[older], [payment("3"), payment("2"), older]]

    assert own.begin().payment == "3"
    assert own.about == "3"


def test_without_a_checkout_a_payment_is_made_by_hand_for_the_order_that_was_named() -> None:
    own, world = trial(reference="my-order")
    world.make_payment.return_value = payment("1")
    begun = own.begin()
    other, elsewhere = trial()
    elsewhere.make_payment.return_value = payment("1")
    other.begin()

    assert begun.reference == "order-1"
    assert world.make_payment.call_args.kwargs["reference"] == "my-order"
    assert elsewhere.make_payment.call_args.kwargs["reference"].startswith("audit-")


@pytest.mark.parametrize(
    ("call", "act"),
    [
        ("make_payment", lambda own: own.by_hand("order-1")),
        ("pay", lambda own: own.pay(ORDER)),
        ("arm", lambda own: own.arm(api={"status": 500})),
    ],
)
def test_what_the_provider_refuses_is_no_fault_of_the_shop(call: str, act: Callable[[Trial], object]) -> None:
    own, world = trial()
    getattr(world, call).side_effect = NO

    with pytest.raises(Skip, match="cannot be done here"):
        act(own)


def test_an_order_that_cannot_be_read_is_a_fault_and_stops_an_audit_before_it_begins() -> None:
    own, world = trial(order=refuses, reference="my-order")
    world.make_payment.return_value = payment("1")

    with pytest.raises(Fault, match="cannot be read: 503"):
        own.read(ORDER)
    with pytest.raises(ShopNotReached, match=r"^The order cannot be read: 503 down for tea\.$"):
        own.can_be_asked()


def test_a_shop_that_answers_may_be_asked_whether_or_not_its_orders_can_be_read() -> None:
    for order in (None, says("open")):
        own, world = trial(order=order, reference="my-order")
        world.make_payment.return_value = payment("1")
        own.can_be_asked()


@pytest.mark.parametrize(
    ("said", "words", "because"),
    [
        ("paid", {"paid": "paid"}, "too early"),
        ("cancelled", {"unpaid": "open"}, "does not wait any more"),
        ("open", {"paid": "paid", "unpaid": "open"}, None),
        ("anything", {"paid": "paid"}, None),
    ],
)
def test_an_order_that_nobody_has_paid_must_wait(said: str, words: dict[str, str], because: str | None) -> None:
    own, _ = trial(order=says(said), **words)

    if because is None:
        own.must_wait(ORDER, "too early")
    else:
        with pytest.raises(Fault, match=because):
            own.must_wait(ORDER, "too early")


def test_what_a_shop_does_not_say_is_not_judged() -> None:
    own, world = trial()

    own.must_wait(ORDER, "")
    own.must_be_paid(ORDER, "")
    own.must_not_be_paid(ORDER, "")
    own.must_have_kept(ORDER, None, "")
    own.must_come_back(ORDER, "")

    world.disarm.assert_called_once_with()
    world.arm.assert_not_called()


@pytest.mark.parametrize(
    ("act", "said"),
    [
        (lambda own: own.must_be_paid(ORDER, "lost"), "open"),
        (lambda own: own.must_not_be_paid(ORDER, "lost"), "paid"),
        (lambda own: own.must_be_refunded(ORDER, "lost"), "paid"),
        (lambda own: own.must_not_be_refunded(ORDER, "lost"), "refunded"),
        (lambda own: own.must_have_kept(ORDER, None, "lost"), "open"),
    ],
)
def test_an_order_that_reads_otherwise_is_a_fault_with_what_it_says(act: Callable[[Trial], None], said: str) -> None:
    own, _ = trial(order=says(said), paid="paid", refunded="refunded")

    with pytest.raises(Fault, match="lost") as fault:
        act(own)

    assert fault.value.evidence["Reads"].endswith(said)


def test_an_order_that_reads_paid_while_the_api_fails_was_kept() -> None:
    own, world = trial(order=says("paid"), paid="paid")

    own.must_have_kept(ORDER, None, "lost")

    world.arm.assert_called_once_with(rules=[{"api": {"status": 500}}], provider="acme")
    world.disarm.assert_called_once_with()


def test_a_shop_that_cannot_read_without_the_api_is_asked_again_when_that_is_back() -> None:
    answers = iter([ShopSaidNo("502"), ShopSaidNo("502")])

    def order(values: Mapping[str, str]) -> str:
        if (no := next(answers, None)) is not None:
            raise no
        return "paid"

    own, world = trial(order=order, paid="paid")

    own.must_come_back(ORDER, "lost")

    world.disarm.assert_called_once_with()


def test_a_shop_that_comes_back_by_itself_has_kept_the_event() -> None:
    said = iter(["open", "open"])
    own, world = trial(order=lambda values: next(said, "paid"), paid="paid")
    call = {"sent_by": "merchant", "path": "/acme/charges/ch_1"}
    failed = {"id": "1", "status": 500, **call}
    world.requests.side_effect = [[failed], *[[{"id": "2", "status": 200, **call}, failed]] * 2]

    own.must_come_back(ORDER, "lost")


@pytest.mark.parametrize(
    ("wallet", "why"),
    [
        (None, "sends no browser back"),
        ({"return_url": None}, "sends no browser back"),
        ({"return_url": "https://elsewhere.example/x"}, "neither on this machine nor"),
        ({"return_url": "http://sim.test/own"}, "own page"),
    ],
)
def test_a_browser_that_does_not_come_back_to_the_shop_is_no_fault(wallet: Any, why: str) -> None:
    own, world = trial()
    world.payment.return_value = payment("1") | {"wallet": wallet}

    with pytest.raises(Skip, match=why):
        own.way_back(ORDER)


def test_a_browser_that_stays_at_the_provider_is_no_fault_and_one_that_comes_back_is_sent_there() -> None:
    own, world = trial()
    world.base_url = "http://localhost:1"
    there = []
    world.payment.side_effect = [
        payment("1") | {"wallet": {"return_url": url}} for url in ("http://localhost:1/own", "http://localhost:2/back")
    ]

    with pytest.raises(Skip, match="the provider's own page"):
        own.way_back(ORDER)
    there.append(own.way_back(ORDER))

    assert there == ["http://localhost:2/back"]


def test_a_page_to_which_the_buyer_comes_back_must_not_fail() -> None:
    own, _ = trial(browser=refuses)

    with pytest.raises(Fault, match="comes back fails: 503"):
        own.visit("http://shop.example/back")

    assert own.evidence["Browser"] == "http://shop.example/back"


def test_what_waits_at_the_end_of_a_check_never_leaves_even_if_one_was_just_answered() -> None:
    own, world = trial()
    world.deliveries.return_value = [{"id": "dlv_1"}, {"id": "dlv_2"}]
    world.stop.side_effect = [NO, None]

    with own.holding():
        pass

    assert [call.args for call in world.stop.call_args_list] == [("dlv_1",), ("dlv_2",)]
    assert [call.args for call in world.pause.call_args_list] == [("acme",), ("acme", False)]


def test_a_shop_that_does_not_answer_to_a_webhook_or_refuses_a_right_one_is_at_fault() -> None:
    own, world = trial()
    delivery: Any = {"id": "dlv_1", "event": "charge.captured", "attempts": []}
    answers = [{"status": None, "error": "no connection"}, {"status": 500, "error": None}, {"status": 204}]
    world.resend.side_effect = [{"attempts": answers[: n + 1]} for n in range(3)]

    with pytest.raises(Fault, match="did not answer to a webhook: no connection"):
        own.send(delivery)
    with pytest.raises(Fault, match="refused") as fault:
        own.must_take(delivery, "refused")
    own.must_take(delivery, "refused")

    assert fault.value.evidence["Answered"] == 500
    assert own.evidence["Event"] == "charge.captured, answered 204"


def test_a_provider_that_tells_nothing_here_is_no_fault() -> None:
    own, _ = trial()

    with pytest.raises(Skip, match="nothing by webhook"):
        own.held(ORDER)


def test_an_address_at_which_nothing_answers_ends_the_audit() -> None:
    own, world = trial()
    waits = {"id": "dlv_1", "state": "pending", "attempts": []}
    world.send_test_event.return_value = waits
    world.delivery.side_effect = [waits | {"attempts": [{"status": None, "error": "refused"}]}, waits]

    with pytest.raises(ShopNotReached, match=r"Nothing answers at http://shop\.example/hooks \(refused\)"):
        own.is_reached()
    own.is_reached()
