"""The settings of a PPRO account, which at PPRO itself only its staff can change. Source: docs/providers/ppro.md, source 3."""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, Field, StringConstraints

from simulator.engine.settings import Duration, Line
from simulator.engine.terms import MoneySettings

_OURS = ("content-length", "host", "transfer-encoding", "connection")
"""Headers that belong to the delivery itself."""


def _names(headers: dict[str, Any]) -> dict[str, Any]:
    for name in headers:
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,64}", name) or name.lower() in _OURS:
            raise ValueError(f"{name!r} is no header that a webhook may bear")
    return headers


_Value = Annotated[str, StringConstraints(max_length=256, pattern=r"^[\x20-\x7e]*$")]
_Number = Annotated[int, Field(ge=-(10**15), le=10**15)]


class PproSettings(MoneySettings):
    SECTION: ClassVar[str] = "ppro"
    DRAWN: ClassVar[tuple[str, ...]] = ("settlement_client",)

    merchant_name: Line = Field("Riverside Books", description="what pages call the merchant")
    signatures: Literal["both", "current", "legacy", "none"] = Field(
        "both", description="which headers sign a webhook: `PPRO-Signature` (current), `Webhook-Signature` (legacy)"
    )
    webhook_headers: Annotated[dict[str, _Value | _Number], Field(max_length=20), AfterValidator(_names)] = Field(
        {},
        description="static headers of every webhook",
        json_schema_extra={
            "words": "an object of at most 20 headers: names of up to 64 characters, values of up to 256 in ASCII or whole "
            f"numbers; {', '.join(_OURS)} are the delivery's own"
        },
    )
    funds_after: Duration | None = Field(
        None,
        description="`FUNDS_STATE_CHANGED` comes that long after a capture or refund, with null when a settlement takes it",
    )
    settlement_client: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,4}$")] = Field(
        "999",
        description="the client's number in the names of settlement files",
        json_schema_extra={"words": "one to four digits"},
    )
    rate_limit: Annotated[int, Field(ge=1, le=10_000)] | None = Field(
        None,
        description="tokens per second; an empty bucket answers 429. With null tokens are counted, but nothing is refused",
    )
    advertised_rate: Annotated[int, Field(ge=1, le=10_000)] = Field(
        50,
        description="tokens per second that `X-RateLimit-…` advertise while `rate_limit` is null: 50 as recorded, 5 as the "
        "sandbox's manual says; twice as many are the burst",
    )
    consumer_countries: Literal["CN", "any"] = Field(
        "CN",
        description="consumers of which country may pay with ALIPAY; others are declined (ppro.consumer-country: an "
        "older manual sends `US`, where the consumer is shopping)",
    )
    refusals: Literal["200", "400"] = Field(
        "200",
        description="`400`: operations that state or amount forbid answer 400 and store nothing, as an older manual says",
    )
