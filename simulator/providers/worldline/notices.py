"""What an answer says of a test amount. What has no effect with Alipay is marked in the request models (`NoEffect`)."""

from __future__ import annotations

from simulator.engine.facets import Facet
from simulator.engine.provider import Call
from simulator.engine.uow import UnitOfWork
from simulator.providers.worldline import model

_PAYMENT: tuple[tuple[Facet, str], ...] = (("bank", "authorize"), ("wallet", "authorize"), ("bank", "settle"))
_REFUND: tuple[tuple[Facet, str], ...] = (("bank", "refund"),)


def test_amount(call: Call, uow: UnitOfWork, amount: int, currency: str, *, refund: bool = False) -> None:
    """Says that an ordinary price is one of our test amounts, if it is one and no scenario speaks first.

    Not refused under `--strict`, which switches these amounts off. Source: docs/providers/worldline.md, corrections.
    """
    facts = {"amount": model.to_money(amount, currency).value, "currency": currency}
    for facet, operation in _REFUND if refund else _PAYMENT:
        effect = uow.rule(facet, "worldline", operation=operation, **facts)
        if effect is not None and not effect.armed and effect.label.startswith("amount:"):
            what = "refund" if refund else "payment"
            call.differs_live(
                f"{amount} is a test amount of the simulator, so this {what} will not go the usual way; "
                "Connect documents none for Alipay, and setting test_amounts=false switches them off"
            )
            return
