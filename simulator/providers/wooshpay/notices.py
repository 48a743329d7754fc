"""What is said about a price that happens to be one of the simulator's test amounts.

Source: docs/providers/wooshpay.md, corrections.
"""

from __future__ import annotations

from simulator.engine.provider import Call
from simulator.engine.scenarios import Facet
from simulator.engine.uow import UnitOfWork
from simulator.kernel.money import Money

_CONFIRMED: tuple[tuple[Facet, dict[str, str]], ...] = (
    ("provider", {"operation": "confirm"}),
    ("wallet", {"operation": "confirm"}),
    ("bank", {"operation": "confirm"}),
    ("webhooks", {"event": "payment_intent.succeeded"}),
)
_REFUNDED: tuple[tuple[Facet, dict[str, str]], ...] = (("bank", {"operation": "refund"}),)


def note_test_amount(call: Call, uow: UnitOfWork, money: Money, reference: str | None, *, refund: bool = False) -> None:
    """Says that an ordinary price is one of our test amounts, if it is one and no scenario speaks first.

    Not refused under `--strict`, which switches these amounts off.
    """
    facts = {"amount": money.value, "currency": money.currency, "reference": reference}
    for facet, about in _REFUNDED if refund else _CONFIRMED:
        effect = uow.rule(facet, "wooshpay", **about, **facts)
        if effect is not None and not effect.armed and effect.label.startswith("amount:"):
            what = "refund" if refund else "payment"
            call.differs_live(
                f"amount {money.value} is a test amount of the simulator, so this {what} will not go the usual way; "
                "WooshPay documents none for Alipay, and setting test_amounts=false switches them off"
            )
            return
