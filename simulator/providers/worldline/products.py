"""The two payment products: what they accept, and how they are shown. Source: docs/providers/worldline.md, sources 3.14 and 7."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta

from simulator.kernel.values import dataclass
from simulator.providers.worldline.model import to_money
from simulator.wallet import alipay

ALIPAY = 861
ALIPAY_PLUS = 866

# The provider names CNY only. Inferred: worldline.currencies.
CURRENCIES = frozenset(
    ["AUD", "CAD", "CHF", "CNY", "DKK", "EUR", "GBP", "HKD", "JPY", "NOK", "NZD", "SEK", "SGD", "THB", "USD"]
)

# ISO 3166-1 alpha-2: practically every country is accepted.
_COUNTRIES = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT "
    "BV BW BY BZ CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH "
    "ER ES ET FI FJ FK FM FO FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT "
    "HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS "
    "LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI "
    "NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW PY QA RE RO RS RU RW SA SB SC SD SE SG "
    "SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM TN TO TR TT TV TW TZ UA UG "
    "UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW XK"
)
COUNTRIES = frozenset(_COUNTRIES.split())

MINIMUM_FEN = 100
MAXIMUM_FEN = 30_000_000
REFUND_WINDOW = timedelta(days=90)
DEFAULT_EXPIRY = timedelta(hours=12)
EXPIRATION_MINUTES = (5, 10, 15, 30, 60, 120, 180, 300, 600, 720)
DESCRIPTOR_LENGTH = 256

# Wallets behind Alipay+ and the currency of their consumers, for the page that lets the consumer choose.
# Inferred: worldline.wallets.
WALLETS = {
    "ALIPAY_CN": ("Alipay", "CNY"),
    "ALIPAY_HK": ("AlipayHK", "HKD"),
    "GCASH": ("GCash", "PHP"),
    "KAKAOPAY": ("KakaoPay", "KRW"),
    "TRUEMONEY": ("TrueMoney", "THB"),
    "TNG": ("Touch 'n Go eWallet", "MYR"),
    "DANA": ("DANA", "IDR"),
}


@dataclass(frozen=True, slots=True)
class Product:
    id: int
    label: str
    display_order: int
    logo: str


# The logo's path and the order of 861 are the provider's example. Inferred: worldline.product-list.
PRODUCTS: Mapping[int, Product] = {
    ALIPAY: Product(ALIPAY, "Alipay", 83, "/templates/master/global/css/img/ppimages/pp_logo_861_v2.png"),
    ALIPAY_PLUS: Product(ALIPAY_PLUS, "Alipay+", 84, "/templates/master/global/css/img/ppimages/pp_logo_866_v1.png"),
}


def is_within_limits(amount: int, currency: str) -> bool:
    """CNY 1 to 300,000 for one payment; other currencies at the wallet's rate."""
    return MINIMUM_FEN <= alipay.in_fen(to_money(amount, currency)) <= MAXIMUM_FEN


def limits(currency: str) -> tuple[int, int]:
    """Smallest and largest amount in `currency`, with two implied decimals."""
    if currency == "CNY":
        return MINIMUM_FEN, MAXIMUM_FEN
    per_unit = alipay.in_fen(to_money(100_000_000, currency))
    return -(-MINIMUM_FEN * 100_000_000 // per_unit), MAXIMUM_FEN * 100_000_000 // per_unit


def convert(amount: int, source: str, target: str) -> int:
    """`amount` of `source` in `target`, both with two implied decimals, at the wallet's rates."""
    scale = 100_000_000
    fen_source, fen_target = (alipay.in_fen(to_money(scale, currency)) for currency in (source, target))
    return (2 * amount * fen_source + fen_target) // (2 * fen_target)


def wallets_for(currency: str) -> list[tuple[str, str]]:
    """Code and name, those of the currency first."""
    ordered = sorted(WALLETS.items(), key=lambda entry: (entry[1][1] != currency, list(WALLETS).index(entry[0])))
    return [(code, name) for code, (name, _) in ordered]
