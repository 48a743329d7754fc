"""Requests of the Data API, and the members of an operation in the order in which they are always told.

Source: docs/providers/ecommpay.md, source 3.11. Five names stand in the provider's description, the others are made after what
it says of them. Inferred: ecommpay.data-members.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from simulator.engine.validation import Unfit
from simulator.providers.ecommpay.wire.requests import Model
from simulator.providers.ecommpay.wire.values import ABSENT, ProjectId, Text, Whole

Member = Literal[
    "project_id", "operation_id", "payment_id", "operation_type", "operation_status", "account_number", "customer_ip",
    "payment_method", "payment_method_type", "payment_description", "operation_created_at", "operation_completed_at",
    "provider_completed_at", "clearing_at", "amount", "currency", "channel_amount", "channel_currency", "arn", "rrn",
    "acquirer_bank", "auth_code", "avs_post_code", "avs_result", "avs_address",
]  # fmt: skip

REQUIRED = (
    "project_id", "operation_id", "payment_id", "operation_type", "operation_status", "payment_method",
    "operation_created_at", "operation_completed_at", "amount", "currency", "channel_amount", "channel_currency",
)  # fmt: skip
"""What is told where `fields` asks for nothing else."""

FEES = ("fee_amount", "fee_currency")
"""What financial reporting tells beside them."""

MOST = 1000

_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}")


BEGINNING, END = datetime(2, 1, 1), datetime(9998, 12, 31)
"""Between them each instant exists in every zone."""


def instant(text: str, zone: ZoneInfo, *, fold: int = 0) -> datetime:
    """What `YYYY-MM-DD hh:mm:ss` is in a zone; of an hour that comes twice, the first or (`fold`) the second."""
    at = min(max(datetime.fromisoformat(text), BEGINNING), END)
    return at.replace(tzinfo=zone, fold=fold).astimezone(UTC)


def printed(at: datetime, zone: ZoneInfo) -> str:
    """The other way round; whole seconds, and no mark of the zone."""
    return at.astimezone(zone).strftime("%Y-%m-%d %H:%M:%S")


def _instant(value: str) -> str:
    unfit = Unfit("Invalid date-time, it must be YYYY-MM-DD hh:mm:ss")
    if _INSTANT.fullmatch(value) is None:
        raise unfit
    try:
        instant(value, ZoneInfo("UTC"))
    except ValueError as error:
        raise unfit from error
    return value


def _zone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (ValueError, OSError, KeyError) as error:
        raise Unfit("Invalid time zone, it must be a name of the IANA time zone database") from error
    return value


Instant = Annotated[str, StringConstraints(strict=True), AfterValidator(_instant)]
Zone = Annotated[str, StringConstraints(min_length=1, max_length=64, strict=True), AfterValidator(_zone)]


class DataRequest(Model):
    """What each call has: who asks."""

    token: Text
    signature: Text


class BalanceRequest(DataRequest):
    """POST /v1/balance/get"""


class Interval(Model):
    """Both ends are in it, to the second."""

    from_: Instant = Field(alias="from")
    to: Instant

    @model_validator(mode="after")
    def _is_in_order(self) -> Interval:
        if self.from_ > self.to:
            raise Unfit("Invalid interval, it ends before it begins")
        return self


class PeriodRequest(DataRequest):
    """What is asked of a period."""

    project_id: list[ProjectId] = ABSENT
    interval: Interval = ABSENT
    tz: Zone = "UTC"
    limit: Annotated[Whole, Field(ge=1, le=MOST)] = MOST
    offset: Annotated[Whole, Field(ge=0, le=2**53)] = 0

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.tz)


class OperationsRequest(PeriodRequest):
    """POST /v1/operations/get"""

    operation_type: Text = ABSENT
    operation_status: Text = ABSENT
    customer_id: Text = ABSENT
    fields: list[Member] = ABSENT


class FinancialRequest(PeriodRequest):
    """POST /v1/financial-reporting/operations"""


class PaymentRequest(DataRequest):
    """POST /v1/operations/get-by-payment"""

    payment_id: Annotated[str, StringConstraints(min_length=1, max_length=255, strict=True)]
    project_id: list[ProjectId] = ABSENT
    tz: Zone = "UTC"
    fields: list[Member] = ABSENT
