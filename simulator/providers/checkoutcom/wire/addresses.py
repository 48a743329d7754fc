"""Addresses and telephone numbers, which payments, customers and hosted pages take alike."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, StrictStr, StringConstraints

from simulator.engine.validation import Unfit
from simulator.providers.checkoutcom.wire.fields import Model, Text50, Text200

# ISO 3166-1 alpha-2, and XK.
COUNTRIES = frozenset([
    "AD", "AE", "AF", "AG", "AI", "AL", "AM", "AO", "AQ", "AR", "AS", "AT", "AU", "AW", "AX", "AZ", "BA", "BB",
    "BD", "BE", "BF", "BG", "BH", "BI", "BJ", "BL", "BM", "BN", "BO", "BQ", "BR", "BS", "BT", "BV", "BW", "BY",
    "BZ", "CA", "CC", "CD", "CF", "CG", "CH", "CI", "CK", "CL", "CM", "CN", "CO", "CR", "CU", "CV", "CW", "CX",
    "CY", "CZ", "DE", "DJ", "DK", "DM", "DO", "DZ", "EC", "EE", "EG", "EH", "ER", "ES", "ET", "FI", "FJ", "FK",
    "FM", "FO", "FR", "GA", "GB", "GD", "GE", "GF", "GG", "GH", "GI", "GL", "GM", "GN", "GP", "GQ", "GR", "GS",
    "GT", "GU", "GW", "GY", "HK", "HM", "HN", "HR", "HT", "HU", "ID", "IE", "IL", "IM", "IN", "IO", "IQ", "IR",
    "IS", "IT", "JE", "JM", "JO", "JP", "KE", "KG", "KH", "KI", "KM", "KN", "KP", "KR", "KW", "KY", "KZ", "LA",
    "LB", "LC", "LI", "LK", "LR", "LS", "LT", "LU", "LV", "LY", "MA", "MC", "MD", "ME", "MF", "MG", "MH", "MK",
    "ML", "MM", "MN", "MO", "MP", "MQ", "MR", "MS", "MT", "MU", "MV", "MW", "MX", "MY", "MZ", "NA", "NC", "NE",
    "NF", "NG", "NI", "NL", "NO", "NP", "NR", "NU", "NZ", "OM", "PA", "PE", "PF", "PG", "PH", "PK", "PL", "PM",
    "PN", "PR", "PS", "PT", "PW", "PY", "QA", "RE", "RO", "RS", "RU", "RW", "SA", "SB", "SC", "SD", "SE", "SG",
    "SH", "SI", "SJ", "SK", "SL", "SM", "SN", "SO", "SR", "SS", "ST", "SV", "SX", "SY", "SZ", "TC", "TD", "TF",
    "TG", "TH", "TJ", "TK", "TL", "TM", "TN", "TO", "TR", "TT", "TV", "TW", "TZ", "UA", "UG", "UM", "US", "UY",
    "UZ", "VA", "VC", "VE", "VG", "VI", "VN", "VU", "WF", "WS", "XK", "YE", "YT", "ZA", "ZM", "ZW",
])  # fmt: skip


def _country(value: str) -> str:
    if value not in COUNTRIES:
        raise Unfit("must be an ISO 3166 alpha-2 code")
    return value


Country = Annotated[StrictStr, AfterValidator(_country)]
CountryCode = Annotated[str, StringConstraints(min_length=1, max_length=7, strict=True)]
PhoneNumber = Annotated[str, StringConstraints(min_length=6, max_length=25, strict=True)]


class Phone(Model):
    country_code: CountryCode | None = None
    number: PhoneNumber | None = None


class Address(Model):
    address_line1: Text200 | None = None
    address_line2: Text200 | None = None
    city: Text50 | None = None
    state: Text50 | None = None
    zip: Text50 | None = None
    country: Country | None = None


class Shipping(Model):
    address: Address | None = None
    phone: Phone | None = None
    from_address_zip: Text50 | None = None
