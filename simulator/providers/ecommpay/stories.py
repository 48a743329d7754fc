"""How those of ecommpay's callbacks come about that an ordinary sale never raises: by the project's settings, or by a mistake."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from simulator.engine.shop import Request
from simulator.engine.stories import CREATED, PAID, Ask, Create, Refund, Set, SoFar, Stories, bank_declines
from simulator.providers.ecommpay import shop

NOBODY = "ECT_TEST_UNKNOWN"
"""A `payment_id` that no payment of the story has."""


def _again(so_far: SoFar) -> Request:
    """A request with a `payment_id` that was used before. Source: docs/providers/ecommpay.md, source 6.8."""
    return shop.create(so_far.account, replace(shop.SAMPLE, reference=so_far.payment))


def _refund_of_nothing(so_far: SoFar) -> Request:
    return shop.refund(so_far.account, NOBODY, shop.SAMPLE.amount)


SAME_DAY: dict[str, Any] = {"same_day_refund": "reversal"}

# fmt: off
STORIES = Stories(
    of={
        "sale awaiting clarification":   (Set({"required_customer_fields": ["middle_name"]}), Create()),
        "sale awaiting redirect result": (Set({"alipay_flow": "redirect"}), Create()),
        "sale awaiting customer action": (Set({"alipay_flow": "qr"}), Create()),
        "refund success":                (Set({"same_day_refund": "refund"}), *PAID, Refund()),
        "refund decline":                (Set({"same_day_refund": "refund"}), bank_declines("refund"), *PAID, Refund()),
        "reversal success":              (Set(SAME_DAY), *PAID, Refund()),
        "reversal decline":              (Set(SAME_DAY), bank_declines("refund"), *PAID, Refund()),
        "sale error":                    (*CREATED, Ask(_again)),
        "refund error":                  (*PAID, Ask(_refund_of_nothing)),
    },
)
# fmt: on
