"""The settings of a Checkout.com account. Delays and lifetimes are not published.

Inferred: checkoutcom.lifetime, checkoutcom.delays, checkoutcom.hosted-lifetime, checkoutcom.session-life.
"""

from __future__ import annotations

from typing import ClassVar, Literal

from pydantic import Field

from simulator.engine.rules import Delay, RuleOptions
from simulator.engine.settings import Line, Seconds
from simulator.engine.terms import ZONE, MoneySettings, ZoneName


class CheckoutcomSettings(MoneySettings):
    SECTION: ClassVar[str] = "checkoutcom"
    DRAWN: ClassVar[tuple[str, ...]] = ("merchant_name", "report_type")

    time_zone: ZoneName = Field(
        "Europe/London",
        description="in which days begin and end: the settlement time zone of the entity",
        json_schema_extra=ZONE,
    )

    report_type: Literal["FinancialActionsByPayoutId", "FinancialActionsByPayout"] = Field(
        "FinancialActionsByPayoutId",
        description="what the report of a payout is called, on which the published schema and a reader of it disagree",
    )
    partial_refund_form: Literal["action", "breakdown"] = Field(
        "action",
        description="what says in financial actions that a refund is a part: the action (`Partial Refund`, `Refund`) or the "
        "breakdown (`Refund`, `Partial Refund`), which more readers take",
    )
    merchant_name: Line = Field("Riverside Books", description="what the shopper sees")
    payment_lifetime_s: Seconds = Field(900, description="seconds until an unpaid payment expires")
    capture_delay_s: Seconds = Field(2, description="seconds from approval to `payment_captured`")
    refund_delay_s: Seconds = Field(2, description="seconds from a refund's 202 to `payment_refunded`")
    follow_up_delay_s: Seconds = Field(1, description="seconds until a stored agreement is charged")
    hosted_lifetime_s: Seconds = Field(1800, description="seconds until a hosted page expires")
    session_lifetime_s: Seconds = Field(
        3600, description="seconds until a payment session without `expires_on` expires"
    )
    webhooks_shape: Literal["current", "2022"] = Field(
        "current", description="members and order of webhooks: as published from 2023 to 2026, or as in 2022"
    )
    webhooks_envelope: Literal["gateway", "as_documented"] = Field(
        "gateway",
        description="the frame of `payment_declined`, `payment_refunded` and `payment_refund_declined`: the one of all other "
        "events, or the one of the documents' card samples (`created_on`, no `source`)",
    )
    setups_announce_ready: bool = Field(
        False,
        description="an update that makes a wallet ready sends `payment_method_ready`, which Alipay's never do by themselves",
    )
    flow_strict_availability: bool = Field(
        False,
        description="a payment session offers Alipay only for the currencies and countries of the official Magento plugin, "
        "and with the customer's e-mail",
    )
    setups_confirm_response: Literal["payment", "setup"] = Field(
        "payment", description="what confirming a payment setup answers, on which Checkout.com's own clients disagree"
    )
    flow_return_params: Literal["all", "without_session"] = Field(
        "all",
        description="what a payment of Flow's adds to the return address: all three ids, or not `cko-payment-session-id`, which "
        "is missing in some shops",
    )
    alipay_refusal: Literal["apm_service_unavailable", "payee_not_onboarded"] | None = Field(
        None, description="the error code with which a method that is not activated refuses, with null it is activated"
    )
    channel_required: bool = Field(False, description="a payment without `processing_channel_id` is refused")
    strict_channels: bool = Field(False, description="only the workspace's own channel is known")
    strict_events: bool = Field(
        False,
        description="cancelling and expiring end as `Declined` with `payment_declined`, as the AlipayCN page's seven "
        "events suggest",
    )


DeclineReason = Literal[
    "not_enough_funds", "invalid_payment_session_data", "invalid_customer_data", "customer_misconfiguration",
    "merchant_misconfiguration", "try_again", "payment_cancelled", "payment_expired",
]  # fmt: skip
"""Why a submitted session is declined at once, in the component's words. Source: docs/providers/checkoutcom.md, source 12.5."""


class PayOptions(RuleOptions):
    """What a scenario may say of a payment request: `provider: {refusal: payee_not_onboarded}`, with any code of the connector.

    `provider: {decline: not_enough_funds}` declines at once what a payment session submits, without a redirect.
    """

    refusal: str | None = Field(None, pattern=r"^[a-z][a-z0-9_]*$")
    decline: DeclineReason | None = None


class CaptureOptions(RuleOptions):
    """What a scenario may say of a capture: `provider: {dispute: PT1H, verdict: lost}` raises a dispute that long after it."""

    dispute: Delay | None = None
    verdict: Literal["won", "lost"] = "won"
