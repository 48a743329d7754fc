"""The settings of a Connect merchant. Times are seconds of the workspace's clock.

Inferred: worldline.settlement, worldline.expiry-code, worldline.consumer-cancel, worldline.wx-records.
"""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from simulator.engine.rules import RuleOptions
from simulator.engine.settings import YEAR_S, Line, Seconds
from simulator.engine.terms import CLOCK_TIME, ZONE, ClockTime, MoneySettings, ZoneName

CENTURY_S = 100 * YEAR_S
"""For requests that were signed long ago."""


class WorldlineSettings(MoneySettings):
    SECTION: ClassVar[str] = "worldline"
    DRAWN: ClassVar[tuple[str, ...]] = ("wx_prefix", "wx_per_currency")

    cutoff: ClockTime = Field("09:00", description="when a day ends", json_schema_extra=CLOCK_TIME)
    time_zone: ZoneName = Field("Europe/Amsterdam", description="in which days begin and end", json_schema_extra=ZONE)
    wx_prefix: Literal["wx1", "wxt"] = Field(
        "wx1", description="what the names of WX files begin with; `wxt` is the test environment's"
    )
    wx_per_currency: bool = Field(False, description="whether there is a WX file for each settlement currency")
    wx_refund: Literal["CR", "RF"] = Field(
        "CR", description="the type of a refund's record; `RF` is what newer pages of other products say"
    )

    merchant_name: Line = Field("Riverside Books", description="shown to the consumer")
    settlement_s: Seconds = Field(2 * 24 * 3600, description="seconds from CAPTURED to PAID")
    settlement_file_s: Seconds = Field(
        24 * 3600, description="seconds from CAPTURED/800 to CAPTURED/975, without an event; if that is before PAID"
    )
    remittance_s: Seconds = Field(7 * 24 * 3600, description="seconds from PAID/1000 to PAID/1050, without an event")
    refund_s: Seconds = Field(3600, description="seconds from REFUND_REQUESTED to REFUNDED")
    refund_approval: Literal["auto", "manual"] = Field(
        "auto", description="`manual`: refunds begin in PENDING_APPROVAL"
    )
    consumer_cancel: Literal["CANCELLED", "REJECTED"] = Field(
        "CANCELLED", description="`REJECTED`: a consumer who cancels leads to REJECTED/125"
    )
    expiry_code: Literal[130, 140] = Field(
        130, description="statusCode of a payment that expired; the official list of e-wallet codes lacks 140"
    )
    # A recorded exchange shows that a Date four hours off is accepted.
    date_skew_s: Annotated[float, Field(ge=0, le=CENTURY_S)] = Field(
        24 * 3600, description="how many seconds `Date` may be from the real time; `--strict` means 300"
    )
    verify_endpoint: bool = Field(True, description="whether a webhook endpoint is verified by GET when it is set")


class CheckoutOptions(RuleOptions):
    """What a scenario may say of a hosted checkout: with `client_eligible: false` the consumer's device cannot use the product."""

    client_eligible: bool = True
