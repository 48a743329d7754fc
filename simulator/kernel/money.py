"""Money as an integer of minor units. Nobody else knows how many decimals a currency has."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from simulator.kernel.values import value_type

if TYPE_CHECKING:
    from decimal import Decimal

ZERO_DECIMALS = frozenset(
    [
        "BIF",
        "CLP",
        "DJF",
        "GNF",
        "ISK",
        "JPY",
        "KMF",
        "KRW",
        "PYG",
        "RWF",
        "UGX",
        "UYI",
        "VND",
        "VUV",
        "XAF",
        "XOF",
        "XPF",
    ]
)
THREE_DECIMALS = frozenset(["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"])

# Source: ISO 4217, list one (active codes), without funds and precious metals.
CURRENCIES: frozenset[str] = frozenset(
    [
        "AED",
        "AFN",
        "ALL",
        "AMD",
        "ANG",
        "AOA",
        "ARS",
        "AUD",
        "AWG",
        "AZN",
        "BAM",
        "BBD",
        "BDT",
        "BGN",
        "BHD",
        "BIF",
        "BMD",
        "BND",
        "BOB",
        "BRL",
        "BSD",
        "BTN",
        "BWP",
        "BYN",
        "BZD",
        "CAD",
        "CDF",
        "CHF",
        "CLP",
        "CNY",
        "COP",
        "CRC",
        "CUP",
        "CVE",
        "CZK",
        "DJF",
        "DKK",
        "DOP",
        "DZD",
        "EGP",
        "ERN",
        "ETB",
        "EUR",
        "FJD",
        "FKP",
        "GBP",
        "GEL",
        "GHS",
        "GIP",
        "GMD",
        "GNF",
        "GTQ",
        "GYD",
        "HKD",
        "HNL",
        "HTG",
        "HUF",
        "IDR",
        "ILS",
        "INR",
        "IQD",
        "IRR",
        "ISK",
        "JMD",
        "JOD",
        "JPY",
        "KES",
        "KGS",
        "KHR",
        "KMF",
        "KPW",
        "KRW",
        "KWD",
        "KYD",
        "KZT",
        "LAK",
        "LBP",
        "LKR",
        "LRD",
        "LSL",
        "LYD",
        "MAD",
        "MDL",
        "MGA",
        "MKD",
        "MMK",
        "MNT",
        "MOP",
        "MRU",
        "MUR",
        "MVR",
        "MWK",
        "MXN",
        "MYR",
        "MZN",
        "NAD",
        "NGN",
        "NIO",
        "NOK",
        "NPR",
        "NZD",
        "OMR",
        "PAB",
        "PEN",
        "PGK",
        "PHP",
        "PKR",
        "PLN",
        "PYG",
        "QAR",
        "RON",
        "RSD",
        "RUB",
        "RWF",
        "SAR",
        "SBD",
        "SCR",
        "SDG",
        "SEK",
        "SGD",
        "SHP",
        "SLE",
        "SOS",
        "SRD",
        "SSP",
        "STN",
        "SVC",
        "SYP",
        "SZL",
        "THB",
        "TJS",
        "TMT",
        "TND",
        "TOP",
        "TRY",
        "TTD",
        "TWD",
        "TZS",
        "UAH",
        "UGX",
        "USD",
        "UYU",
        "UYI",
        "UZS",
        "VED",
        "VES",
        "VND",
        "VUV",
        "WST",
        "XAF",
        "XCD",
        "XOF",
        "XPF",
        "YER",
        "ZAR",
        "ZMW",
        "ZWL",
    ]
)

_MAJOR = re.compile(r"(-?)([0-9]+)(?:\.([0-9]+))?")

SYMBOLS = {"CNY": "¥", "EUR": "€", "GBP": "£", "USD": "$", "JPY": "JP¥"}


def decimals(currency: str) -> int:
    """How many digits of the minor unit `currency` has: 0, 2 or 3."""
    if currency in ZERO_DECIMALS:
        return 0
    return 3 if currency in THREE_DECIMALS else 2


@value_type
class Money:
    """An amount in minor units (`1100, "EUR"` is eleven euros)."""

    value: int
    currency: str

    @classmethod
    def from_major(cls, amount: str | int | Decimal, currency: str) -> Money:
        """The amount that an API writes in major units, exactly: `Money.from_major("12.50", "EUR")` is 1250 minor units.

        Raises `ValueError` for what is no plain decimal number, and for more decimals than the currency has: nothing is rounded.
        """
        found = _MAJOR.fullmatch(str(amount))
        if found is None:
            raise ValueError("an amount is a number like 12.50")
        sign, whole, rest = found[1], found[2], found[3] or ""
        if len(rest) > (places := decimals(currency)):
            raise ValueError(f"{amount} has more than the {places} decimals of {currency}")
        return cls(int(f"{sign}{whole}{rest.ljust(places, '0')}"), currency)

    @classmethod
    def exact(cls, text: str, currency: str) -> Money:
        """An amount with just the decimals of its currency, as `major` writes it: of EUR `10.00`, and neither `10` nor `10.0`.

        Raises `ValueError` for everything else, in words that follow the name of a member: `must be an amount like 12.50`.
        """
        found = _MAJOR.fullmatch(text)
        if found is not None and len(found[3] or "") == decimals(currency):
            money = cls.from_major(text, currency)
            if money.major() == text:
                return money
        raise ValueError(f"must be an amount like {cls(1250, currency).major()}")

    def __add__(self, other: Money) -> Money:
        return Money(self.value + self._same(other).value, self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.value - self._same(other).value, self.currency)

    def _same(self, other: Money) -> Money:
        if other.currency != self.currency:
            raise ValueError(f"cannot mix {self.currency} and {other.currency}")
        return other

    def major(self) -> str:
        """The amount in major units, with the currency's own decimals: `11.00`, `100`, `-0.50`."""
        places = decimals(self.currency)
        sign, digits = ("-" if self.value < 0 else ""), str(abs(self.value)).rjust(places + 1, "0")
        return f"{sign}{digits[:-places]}.{digits[-places:]}" if places else f"{sign}{digits}"

    def format(self) -> str:
        """For sentences: `EUR 11.00`, joined by a no-break space."""
        return f"{self.currency}\u00a0{self._grouped()}"

    def symbol(self) -> str:
        """For large print: `¥ 86.03`; the code stands in where a currency has no symbol here."""
        return f"{SYMBOLS.get(self.currency, self.currency)}\u00a0{self._grouped()}"

    def _grouped(self) -> str:
        whole, dot, rest = self.major().partition(".")
        return f"{int(whole):,}{dot}{rest}" if not whole.startswith("-0") else self.major()
