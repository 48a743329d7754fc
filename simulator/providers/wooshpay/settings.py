"""The settings of a WooshPay account. Sources: docs/providers/wooshpay.md, sources 3.1, 5, 6.3 and 7.4."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from simulator.engine.rules import RuleOptions
from simulator.engine.settings import Line, OneOf
from simulator.engine.terms import MoneySettings
from simulator.providers.wooshpay.wire.values import METHOD_TYPES

YEAR_MINUTES = 366 * 24 * 60


class WooshpaySettings(MoneySettings):
    SECTION: ClassVar[str] = "wooshpay"

    merchant_name: Line = Field("Riverside Books", description="what the shopper reads")
    hosts: Literal["simulator", "original"] = Field(
        "simulator",
        description="`original` puts the provider's own hosts into every link, for comparing with its documents",
    )
    # Observed: wooshpay.next-action.
    next_action_type: Literal["redirect_to_url", "alipay_handle_redirect"] = Field(
        "redirect_to_url", description="`alipay_handle_redirect` is the shape of 2024"
    )
    error_envelope: Literal["stripe", "flat"] = Field("stripe", description="`flat` leaves out the outer `error`")
    signature_headers: Literal["both", "documented", "observed"] = Field(
        "both", description="`documented` sends only `Wooshpay-Signature`, `observed` only `Signature`"
    )
    signature_t: Literal["milliseconds", "seconds"] = Field(
        "milliseconds", description="unit of `t` in a signature; `seconds` as in the documentation's samples"
    )
    # No lifetime is published. Inferred: wooshpay.wallet-code.
    wallet_code_minutes: Annotated[float, Field(ge=0, le=YEAR_MINUTES)] = Field(
        15, description="life of a wallet link in minutes; 0 for ever"
    )
    payment_method_types: Annotated[
        tuple[Annotated[str, OneOf(METHOD_TYPES)], ...], Field(strict=False, min_length=1, max_length=len(METHOD_TYPES))
    ] = Field(("card", "alipay", "wechat_pay", "alipay_hk", "unionpay"), description="the account's defaults")
    api_version: Annotated[
        str, StringConstraints(min_length=1, max_length=20, pattern=r"^[0-9A-Za-z][0-9A-Za-z._-]*$")
    ] = Field(
        "1.0.1",
        description="version in events that are read back",
        json_schema_extra={"words": "a version of up to 20 letters, digits, dots and dashes"},
    )


class RefuseOption(RuleOptions):
    status: int = Field(500, ge=400, le=599)
    code: str | None = None
    message: str | None = None


class ConfirmOptions(RuleOptions):
    """What a scenario may say of a confirmation: `provider: {refuse: {status: 402, code: payment_failed}}`."""

    refuse: RefuseOption | None = None
