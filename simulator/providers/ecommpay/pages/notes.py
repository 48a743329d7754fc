"""The simulator's note on a page: who decides how the payment ends, and how."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

from simulator.engine.uow import UnitOfWork
from simulator.kernel.money import Money
from simulator.providers.ecommpay import errors
from simulator.providers.ecommpay.model import Payment
from simulator.wallet import alipay, buyers
from simulator.wallet.order import Order


@dataclass(frozen=True, slots=True)
class Note:
    """The simulator's word on what will come of it. `title` and `text` are keys of the catalogue."""

    decides: str
    outcome: Literal["success", "decline", "open"]
    """`open` when nobody will answer."""
    code: str
    title: str
    text: str
    values: dict[str, Any]


Stage = Literal["form", "code", "emulator"]
"""Where the note stands: before Pay, beside the QR code, above the emulator's buttons."""


def note_for(uow: UnitOfWork, order: Order | None, money: Money, reference: str, stage: Stage, alone: bool) -> Note:
    """`alone`: the project lets the amount decide, and never the button."""
    decides, outcome, code = _decision(uow, order, money, reference)
    who, _, name = decides.partition(":")
    if who == "page" and alone:
        decides, who = f"amount:{money.value}", "alone"
    title = {"amount": "ecp_amount_title", "alone": "ecp_amount_title", "scenario": "ecp_scenario_title"}
    text = {
        "amount": {"form": "ecp_amount_tests", "code": "ecp_amount_ends", "emulator": "ecp_amount_decides"},
        "alone": dict.fromkeys(("form", "code", "emulator"), "ecp_amount_alone"),
        "scenario": {"form": "ecp_scenario_ends", "code": "ecp_scenario_ends", "emulator": "ecp_scenario_decides"},
        "page": {"form": "ecp_button_waits", "code": "ecp_button_waits", "emulator": "ecp_button_decides"},
    }[who][stage]
    if outcome == "open":
        text = "ecp_scenario_open"
    return Note(
        decides=decides,
        outcome=outcome,
        code=code,
        title="simulator" if stage == "form" else title.get(who, "ecp_button_title"),
        text=text,
        values={"amount": money.value, "outcome": outcome, "code": code, "scenario": name},
    )


def _decision(
    uow: UnitOfWork, order: Order | None, money: Money, reference: str
) -> tuple[str, Literal["success", "decline", "open"], str]:
    """Who decides, how it ends, and the code, if Success is pressed."""
    ended, reason, own_code, decides = "paid", None, None, "page"
    if order is not None:
        decision = alipay.predict(uow, order, buyers.get(uow, order.buyer or buyers.DEFAULT), "balance")
        if not decision.decided_by.startswith("buyer:"):
            ended, reason, own_code, decides = decision.outcome, decision.reason, decision.code, decision.decided_by
    else:
        facts = {"amount": money.value, "currency": money.currency, "reference": reference, "buyer": buyers.DEFAULT}
        for effect in uow.rules("wallet", "ecommpay", operation="sale", **facts):
            params = effect.params
            if params.decline is not None or params.outcome is not None:
                ended, reason = ("declined", params.decline) if params.decline else (params.outcome, params.outcome)
                own_code, decides = params.code, effect.label
                break
    if ended == "open":
        return decides, "open", ""
    if ended == "paid":
        return decides, "success", own_code or "0"
    return decides, "decline", own_code or errors.WALLET_REASONS.get(reason or ended, errors.WALLET_REASONS["declined"])


def amount_decides_alone(payment: Payment) -> bool:
    return bool(payment.options["amount_alone_decides"])
