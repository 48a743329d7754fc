"""What is taken here although Checkout.com may refuse it or treat it otherwise: said in a notice, refused under `--strict`."""

from __future__ import annotations

from simulator.engine.provider import Call
from simulator.engine.scenarios import Facet
from simulator.engine.uow import UnitOfWork
from simulator.kernel.refusals import Invalid, Violation
from simulator.providers.checkoutcom.errors import response
from simulator.providers.checkoutcom.wire.payments import PaymentRequest


def differs(call: Call, field: str, notice: str) -> None:
    """Notes it. Raises `Invalid` for the sake of `field` where the server is strict."""
    call.differs_live(notice)
    if call.strict:
        raise Invalid([Violation(field, "live")])


def check_payment(call: Call, request: PaymentRequest) -> None:
    """What of a good request has no effect for Alipay, or may be refused. Raises `Invalid` where the server is strict."""
    if not request.amount:
        # The Previous platform documents the amount as optional. Source: reference/errata.md, case B05.
        differs(
            call,
            "amount",
            "amount is missing or 0, which means a card verification; the live API may refuse it for Alipay",
        )


def test_amount(call: Call, uow: UnitOfWork, operation: str, amount: int, currency: str, reference: str | None) -> None:
    """Says that an ordinary price is one of the card sandbox's test amounts, if it is one and no scenario speaks first.

    Not refused under `--strict`, which switches these amounts off. Source: reference/errata.md.
    """
    facet: Facet = "bank" if operation == "refund" else "wallet"
    facts = {"operation": operation, "amount": amount, "currency": currency, "reference": reference}
    effect = next(uow.rules(facet, "checkoutcom", **facts), None)
    if effect is None or effect.armed or not effect.label.startswith("amount:"):
        return
    code, summary = response(effect.params.code, effect.params.decline)
    what = "refund" if operation == "refund" else "payment"
    call.differs_live(
        f"{amount} is a test amount of the card sandbox, so this {what} will be declined with {code} ({summary}); Checkout.com "
        "documents none for Alipay, and setting test_amounts=false switches them off"
    )
