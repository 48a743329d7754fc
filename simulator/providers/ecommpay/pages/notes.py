"""The simulator's note on a page: who decides how the payment ends, and how it ends if Success is pressed."""

from __future__ import annotations

from typing import Any, Literal

from simulator.engine.uow import UnitOfWork
from simulator.kernel.money import Money
from simulator.kernel.values import dataclass
from simulator.providers.ecommpay import errors
from simulator.providers.ecommpay.model import Payment
from simulator.providers.ecommpay.pages.visit import Visit
from simulator.wallet import alipay, buyers
from simulator.wallet.order import Order

Outcome = Literal["success", "decline", "open"]
"""`open` when a scenario says that nobody will answer."""

Stage = Literal["form", "code", "emulator"]
"""Where the note stands: on the forms before Pay, beside the QR code, above the emulator's buttons."""


@dataclass(frozen=True, slots=True)
class Note:
    """`title` and `text` are keys of the catalogue, `values` what the text is filled with."""

    decides: str
    """`page` (the button), `amount:…` or `scenario:…`."""
    outcome: Outcome
    code: str
    """`operation.code` of that end; empty when there is none."""
    title: str
    text: str
    values: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Forecast:
    decides: str
    outcome: Outcome
    code: str


TITLES = {
    "amount": "ecp_amount_title",
    "alone": "ecp_amount_title",
    "scenario": "ecp_scenario_title",
    "page": "ecp_button_title",
}
# fmt: off
TEXTS: dict[str, dict[Stage, str]] = {
    # who decides: on the forms, beside the code, above the buttons
    "amount":   {"form": "ecp_amount_tests",  "code": "ecp_amount_ends",   "emulator": "ecp_amount_decides"},
    "alone":    {"form": "ecp_amount_alone",  "code": "ecp_amount_alone",  "emulator": "ecp_amount_alone"},
    "scenario": {"form": "ecp_scenario_ends", "code": "ecp_scenario_ends", "emulator": "ecp_scenario_decides"},
    "page":     {"form": "ecp_button_waits",  "code": "ecp_button_waits",  "emulator": "ecp_button_decides"},
}
# fmt: on


def note_before_pay(visit: Visit) -> Note:
    forecast = _before_pay(visit.uow, visit.money, visit.payment_id)
    return _note(forecast, visit.money, "form", alone=visit.options.amount_alone_decides)


def note_on(uow: UnitOfWork, payment: Payment, order: Order, stage: Stage) -> Note:
    return _note(_with_order(uow, order), payment.money, stage, alone=payment.amount_alone_decides)


def _note(forecast: Forecast, money: Money, stage: Stage, *, alone: bool) -> Note:
    """The note on what decides a payment. `alone`: in this project the amount decides instead of the buttons, whatever it is."""
    decides = forecast.decides
    who, _, name = decides.partition(":")
    if who == "page" and alone:
        decides, who = f"amount:{money.value}", "alone"
    return Note(
        decides=decides,
        outcome=forecast.outcome,
        code=forecast.code,
        title="simulator" if stage == "form" else TITLES[who],
        text="ecp_scenario_open" if forecast.outcome == "open" else TEXTS[who][stage],
        values={"amount": money.value, "outcome": forecast.outcome, "code": forecast.code, "scenario": name},
    )


def _before_pay(uow: UnitOfWork, money: Money, reference: str) -> Forecast:
    """While there is no order: the strongest rule that says how a purchase like this ends."""
    facts = {
        "amount": money.value,
        "currency": money.currency,
        "reference": reference,
        "buyer": buyers.default(uow.workspace),
    }
    for effect in uow.rules("wallet", "ecommpay", operation="sale", **facts):
        params = effect.params
        if params.decline is not None:
            return _forecast(effect.label, "declined", params.decline, params.code)
        if params.outcome is not None:
            return _forecast(effect.label, params.outcome, params.outcome, params.code)
    return _forecast("page", "paid", None, None)


def _with_order(uow: UnitOfWork, order: Order) -> Forecast:
    """What the wallet would do. The emulator asks for no buyer, so a buyer's balance or limits do not count."""
    decision = alipay.predict(uow, order, buyers.get(uow, order.buyer or buyers.default(uow.workspace)), "balance")
    if decision.decided_by.startswith("buyer:"):
        return _forecast("page", "paid", None, None)
    return _forecast(decision.decided_by, decision.outcome, decision.reason, decision.code)


def _forecast(decides: str, ended: str, reason: str | None, code: str | None) -> Forecast:
    if ended == "open":
        return Forecast(decides, "open", "")
    if ended == "paid":
        return Forecast(decides, "success", code or "0")
    return Forecast(decides, "decline", errors.decline_code(code, reason or ended))
