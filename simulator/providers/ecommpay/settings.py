"""The project's settings, and what a scenario says instead of them for one purchase."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field, StringConstraints

from simulator.engine.settings import Line, OneOf, Seconds
from simulator.engine.terms import MoneySettings
from simulator.engine.uow import UnitOfWork
from simulator.providers.ecommpay.wire.requests import CUSTOMER_FIELDS

# Source: docs/providers/ecommpay.md, source 7.
ALIPAY_CURRENCIES = ("AUD", "CAD", "CNY", "EUR", "GBP", "HKD", "JPY", "SGD", "USD")

ProjectText = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,10}$")]


class EcommpaySettings(MoneySettings):
    """Source: docs/providers/ecommpay.md, sources 3.10, 4.3 and 4.4.

    Inferred: ecommpay.timing, ecommpay.button-and-amount.
    """

    SECTION: ClassVar[str] = "ecommpay"

    alipay_flow: Literal["redirect", "qr"] = Field(
        "redirect",
        description="`redirect`: the callback has `redirect_data`; `qr`: it has `display_data` (in a rule also `flow`)",
    )
    redirect_method: Literal["GET", "POST"] = Field(
        "GET", description="`POST` adds form fields to `redirect_data.body`"
    )
    qr_type: Literal["qr_data", "qr_url", "qr_img"] = Field(
        "qr_data",
        description="`qr_data` is text, `qr_url` a link to a picture, `qr_img` a picture in Base64",
    )
    qr_timeout_s: Annotated[int, Field(ge=1, le=31_622_400)] = Field(
        600, description="life of the code in seconds; the payment is declined after it"
    )
    threshold_s: Seconds = Field(1800, description="seconds after which an unpaid purchase is declined")
    clarification_s: Seconds = Field(1800, description="seconds to answer a clarification callback")
    processing_delay_s: Seconds = Field(
        0.5, description="seconds from the answer to the intermediate or error callback"
    )
    refund_delay_s: Seconds = Field(1, description="seconds from the answer to the result of a refund")
    status_delay_s: Seconds = Field(
        0,
        description="how many seconds a new payment is unknown to status requests; the documentation speaks of 10",
    )
    required_customer_fields: Annotated[
        tuple[Annotated[str, OneOf(CUSTOMER_FIELDS)], ...], Field(strict=False, max_length=len(CUSTOMER_FIELDS))
    ] = Field((), description="members of `customer` that are asked for when they are missing")
    currencies: Annotated[
        tuple[Annotated[str, OneOf(ALIPAY_CURRENCIES)], ...],
        Field(strict=False, max_length=len(ALIPAY_CURRENCIES)),
    ] = Field(ALIPAY_CURRENCIES, description="what the project takes")
    amount_alone_decides: bool = Field(
        False, description="true: the emulator's buttons do not matter, only the amount does"
    )
    same_day_refund: Literal["refund", "reversal"] = Field(
        "refund",
        description="what the refund of a whole purchase is on its day: `reversal` leaves the payment `reversed`",
    )
    data_calls_per_minute: Annotated[int, Field(ge=0, le=60_000)] = Field(
        0, description="how many calls of the Data API a minute has, more are 429; with 0 there is no limit"
    )
    hidden_projects: Annotated[tuple[ProjectText, ...], Field(strict=False, max_length=64)] = Field(
        (), description="projects that the user of the Data API's token may not see: their operations are left out"
    )
    merchant_name: Line = Field("Tea House Online", description="what the buyer sees")


class SaleOptions(EcommpaySettings):
    """What a scenario may say of a purchase: any of the project's settings, and `flow` for `alipay_flow`."""

    flow: Literal["redirect", "qr"] = Field("redirect", description="the same as `alipay_flow`")


def options(uow: UnitOfWork, amount: int, currency: str, reference: str) -> EcommpaySettings:
    """The project's settings for one purchase: a scenario's `provider` rule goes before what the project has set."""
    settings, facts = uow.settings(EcommpaySettings), {"amount": amount, "currency": currency, "reference": reference}
    said = uow.options("ecommpay", SaleOptions, operation="sale", **facts)
    ruled = {"alipay_flow" if name == "flow" else name: getattr(said, name) for name in said.model_fields_set}
    return settings.model_copy(update=ruled) if ruled else settings
