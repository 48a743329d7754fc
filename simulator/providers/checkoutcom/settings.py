"""Checkout.com's settings of a workspace, with their defaults."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from simulator.engine.uow import UnitOfWork

SETTINGS: dict[str, Any] = {
    "merchant_name": "Riverside Books",
    "payment_lifetime_s": 900.0,
    "capture_delay_s": 2.0,
    "refund_delay_s": 2.0,
    "follow_up_delay_s": 1.0,
    "hosted_lifetime_s": 1800.0,
    "alipay_refusal": None,
    "channel_required": False,
    "strict_channels": False,
    "strict_events": False,
}


def setting(uow: UnitOfWork, name: str) -> Any:
    return uow.workspace.setting("checkoutcom", name, SETTINGS[name])


def seconds(uow: UnitOfWork, name: str) -> timedelta:
    return timedelta(seconds=float(setting(uow, name)))
