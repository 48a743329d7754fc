"""What a provider charges, and when it pays: settings of each provider that has a settlement, with invented defaults."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Annotated, ClassVar
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, StringConstraints
from pydantic.config import JsonDict

from simulator.engine.calendar import Cadence, Calendar
from simulator.engine.ledger import parsed
from simulator.engine.rates import RATES, rate
from simulator.engine.settings import OneOf, ProviderSettings

_PERCENT: JsonDict = {"words": "a percentage as a text, like 1.20"}
_AMOUNT: JsonDict = {"words": "an amount as a text in units of the settlement currency, like 0.20"}

Percent = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,2}(\.[0-9]{1,8})?$")]
Amount = Annotated[str, StringConstraints(pattern=r"^[0-9]{1,9}(\.[0-9]{1,8})?$")]


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"there is no time zone {name!r}") from error
    return name


ZoneName = Annotated[str, StringConstraints(min_length=1, max_length=64), AfterValidator(_zone)]
ZONE: JsonDict = {"words": "the name of a time zone, like Europe/London"}
ClockTime = Annotated[str, StringConstraints(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$")]
CLOCK_TIME: JsonDict = {"words": "a time of day, like 09:00"}

_RESERVE = re.compile(r"([0-9]{1,2}(?:\.[0-9]{1,4})?)%/([0-9]{1,3})d")


_DRAWN = ("settlement_currency", "cadence", "cutoff", "time_zone", "holidays")

SAME = "same"
"""As a settlement currency: each currency on its own."""


class MoneySettings(ProviderSettings):
    """The settings of a provider that settles. A provider sets other defaults by declaring a member again."""

    DRAWN: ClassVar[tuple[str, ...]] = ()
    """The provider's own members that its files show, or are called by: a report reads them of `period.terms`, those of its day."""

    settlement_currency: Annotated[str, OneOf((SAME, *RATES))] = Field(
        "EUR",
        description="what is paid out: other currencies are converted, but for those without a rate; with `same` none is",
    )
    fee_variable: Percent = Field("1.20", description="per cent of what is captured", json_schema_extra=_PERCENT)
    fee_fixed: Amount = Field("0.20", description="for each capture", json_schema_extra=_AMOUNT)
    fee_refund: Amount = Field(
        "0.10", description="for each refund; the fees of the capture are not given back", json_schema_extra=_AMOUNT
    )
    fee_chargeback: Amount = Field(
        "15.00", description="for each chargeback, also of one that is won", json_schema_extra=_AMOUNT
    )
    fee_payout: Amount = Field("0", description="for each payout", json_schema_extra=_AMOUNT)
    fx_markup: Percent = Field(
        "0.50", description="per cent that are taken off the rate of a conversion", json_schema_extra=_PERCENT
    )
    delay_days: Annotated[int, Field(ge=0, le=60)] = Field(
        2, description="business days until a capture is available, from 00:00 of the last one on; with 0 at once"
    )
    cadence: Cadence = Field(
        "daily",
        description="which cut-offs pay out: those of business days, the first of each week or month, or none by itself",
    )
    cutoff: ClockTime = Field("00:00", description="when a day ends", json_schema_extra=CLOCK_TIME)
    time_zone: ZoneName = Field("UTC", description="in which days begin and end", json_schema_extra=ZONE)
    minimum_payout: Amount = Field("0", description="what is less stays for the next payout", json_schema_extra=_AMOUNT)
    reserve: Annotated[str, StringConstraints(pattern=rf"^(off|{_RESERVE.pattern})$")] = Field(
        "off",
        description="what is held back of each capture, and for how many days",
        json_schema_extra={"words": "off, or a percentage and days, like 10%/90d"},
    )
    holidays: bool = Field(
        True, description="whether the days on which the euro's own payment system is closed are no business days"
    )

    def settled_in(self, currency: str) -> tuple[str, Decimal]:
        """In which currency something is paid out, and how much of it for one unit."""
        target = currency if self.settlement_currency == SAME else self.settlement_currency
        factor = rate(currency, target, self.fx_markup)
        return (currency, Decimal(1)) if factor is None else (target, factor)

    @property
    def calendar(self) -> Calendar:
        return _calendar(self.time_zone, self.cutoff, self.cadence, self.holidays)

    def drawn(self) -> dict[str, str | bool]:
        """That by which days and their files are drawn."""
        return {name: getattr(self, name) for name in (*_DRAWN, *self.DRAWN)}

    def available(self, since: datetime) -> datetime:
        """From when the merchant can have what was captured then."""
        calendar = self.calendar
        return calendar.instant(calendar.after(calendar.day(since), self.delay_days)) if self.delay_days else since

    def amount(self, name: str) -> int:
        """A setting that is an amount, in units of the ledger."""
        return parsed(getattr(self, name))

    @property
    def variable(self) -> Decimal:
        """`fee_variable` as a factor."""
        return Decimal(self.fee_variable) / 100

    @property
    def held(self) -> tuple[Decimal, timedelta] | None:
        """`reserve` as a factor and a time; None when it is off."""
        found = _RESERVE.fullmatch(self.reserve)
        return None if found is None else (Decimal(found[1]) / 100, timedelta(days=int(found[2])))


@lru_cache(maxsize=64)
def _calendar(zone: str, cutoff: str, cadence: Cadence, holidays: bool) -> Calendar:
    return Calendar(ZoneInfo(zone), time.fromisoformat(cutoff), cadence, holidays)
