"""What is taken here although it has no effect with Alipay, or is our own convention: noticed, refused under `--strict`."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from simulator.engine.provider import Call
from simulator.engine.scenarios import Facet
from simulator.engine.uow import UnitOfWork
from simulator.kernel.refusals import Invalid, Violation
from simulator.providers.worldline import model

# Documented members that Alipay does not know: it captures at once, and has neither recurring payments nor tokens.
# Source: reference/errata.md, "Worldline"; reference/worldline.md, section 7.
REDIRECT = "redirectPaymentMethodSpecificInput"
HOSTED = "hostedCheckoutSpecificInput"
INEFFECTIVE = (
    f"{REDIRECT}.requiresApproval",
    f"{REDIRECT}.isRecurring",
    f"{REDIRECT}.recurringPaymentSequenceIndicator",
    f"{REDIRECT}.token",
    f"{REDIRECT}.tokenize",
    f"{HOSTED}.isRecurring",
    f"{HOSTED}.recurringPaymentsData",
    f"{HOSTED}.tokens",
    f"{HOSTED}.paymentProductFilters.tokensOnly",
    "encryptedCustomerInput",
    "bankRefundMethodSpecificInput",
    "refundDate",
)


def ineffective(call: Call, body: Any) -> None:
    """Names the members of `body` that have no effect with Alipay. `false` asks for nothing. Raises `Invalid` if strict."""
    found = [(path, value) for path, value in _given(body) if value is not False]
    for path, _ in found:
        call.differs_live(f"{path} has no effect with Alipay")
    if found and call.strict:
        raise Invalid([Violation(path, "enum", given=value) for path, value in found])


def _given(body: Any) -> Iterator[tuple[str, Any]]:
    for path in INEFFECTIVE:
        value = body
        for name in path.split("."):
            value = value.get(name) if isinstance(value, dict) else None
        if value is not None:
            yield path, value


_PAYMENT: tuple[tuple[Facet, str], ...] = (("bank", "authorize"), ("wallet", "authorize"), ("bank", "settle"))
_REFUND: tuple[tuple[Facet, str], ...] = (("bank", "refund"),)


def test_amount(call: Call, uow: UnitOfWork, amount: int, currency: str, *, refund: bool = False) -> None:
    """Says that an ordinary price is one of our test amounts, if it is one and no scenario speaks first.

    Not refused under `--strict`, which switches these amounts off. Source: reference/errata.md.
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
