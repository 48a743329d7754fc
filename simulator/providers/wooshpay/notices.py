"""What is said about a price that is one of the simulator's test amounts, and about what a request lacks.

What has no effect is marked in the request models (`NoEffect`). Source: docs/providers/wooshpay.md, corrections.
"""

from __future__ import annotations

from collections.abc import Iterable

from simulator.engine.facets import Facet
from simulator.engine.provider import Call
from simulator.engine.uow import UnitOfWork
from simulator.kernel.money import Money
from simulator.providers.wooshpay.errors import bracketed, refused
from simulator.providers.wooshpay.webhooks import EVENTS

_CONFIRMED: tuple[tuple[Facet, dict[str, str]], ...] = (
    ("provider", {"operation": "confirm"}),
    ("wallet", {"operation": "confirm"}),
    ("bank", {"operation": "confirm"}),
    ("webhooks", {"event": "payment_intent.succeeded"}),
)
_REFUNDED: tuple[tuple[Facet, dict[str, str]], ...] = (("bank", {"operation": "refund"}),)


def give_notice_of_test_amount(
    call: Call, uow: UnitOfWork, money: Money, reference: str | None, *, refund: bool = False
) -> None:
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


def give_notice_of_missing(call: Call, path: str, why: str) -> None:
    """Says that the live API may want this member, whose path is dotted. A strict server refuses the request.

    Raises `Refused`.
    """
    if call.strict:
        raise refused("parameter_missing", bracketed(path))
    call.differs_live(f"{bracketed(path)}: {why}")


NAMED = 10
"""At most so many names stand in one notice."""


def give_notice_of_unheard(call: Call, names: Iterable[str]) -> None:
    """Says which events an endpoint asks for in vain: WooshPay has more of them than the simulator, or nobody has such.

    A strict server refuses the request. Raises `Refused`.
    """
    unheard = sorted({name for name in names if name not in (*EVENTS, "*")})
    if not unheard:
        return
    more = f" and {len(unheard) - NAMED} more" if len(unheard) > NAMED else ""
    shown = ", ".join(name[:80] if name.isprintable() else "?" for name in unheard[:NAMED]) + more
    if call.strict:
        raise refused("parameter_invalid", "enabled_events", message=f"the simulator never sends {shown}")
    call.differs_live(f"enabled_events that the simulator never sends: {shown}")
