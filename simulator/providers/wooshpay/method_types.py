"""Which payment methods an intent takes, how a method is made, and what it rules out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from simulator.engine.provider import Call
from simulator.engine.uow import UnitOfWork
from simulator.providers.wooshpay.errors import refused
from simulator.providers.wooshpay.lookup import find, raw
from simulator.providers.wooshpay.model import PaymentIntent, PaymentMethod, mint
from simulator.providers.wooshpay.settings import WooshpaySettings
from simulator.providers.wooshpay.wire.payment_intents import IntentFields

# Source: docs/providers/wooshpay.md, source 7.2 (seed).
ALIPAY_CURRENCIES = ("CNY", "GBP", "USD", "EUR", "HKD")
# Source: the provider's page on Alipay+ (docs/providers/wooshpay.md, corrections).
ALIPAYPLUS_CURRENCIES = ("CNY", "HKD", "GBP", "IDR", "MYR", "PHP", "THB")
CURRENCIES_OF = {"alipay": ALIPAY_CURRENCIES, "alipayplus": ALIPAYPLUS_CURRENCIES}
ALIPAY = tuple(CURRENCIES_OF)

# What the checkout page calls them. Those that are no names (a card) stand in the texts.
TITLES = {
    "alipayplus": "Alipay+", "alipay": "Alipay", "wechat_pay": "WeChat Pay", "alipay_hk": "AlipayHK", "boost": "Boost",
    "sepa_debit": "SEPA", "truemoney": "TrueMoney", "gcash": "GCash", "kakaopay": "KakaoPay", "touchngo": "Touch \u2019n Go",
    "rabbit_line_pay": "Rabbit LINE Pay", "dana": "DANA", "klarna": "Klarna", "ideal": "iDEAL", "giropay": "giropay",
    "sofort": "Sofort", "eps": "EPS", "trustly": "Trustly", "bancontact": "Bancontact", "p24": "Przelewy24",
    "unionpay": "UnionPay", "fpx": "FPX", "mcash": "MCash", "grabpay": "GrabPay", "qris": "QRIS",
    "promptpay": "PromptPay", "ovo": "OVO", "shopeepay": "ShopeePay", "upi": "UPI", "boleto": "Boleto",
    "paynow": "PayNow", "pix": "Pix", "9pay": "9Pay", "stitch": "Stitch", "bpi": "BPI", "momo": "MoMo",
    "vietcombank": "Vietcombank", "zalo": "ZaloPay", "atome": "Atome", "gopay": "GoPay",
}  # fmt: skip


def distinct(types: Iterable[str]) -> tuple[str, ...]:
    """Each type once, in the order of the request."""
    return tuple(dict.fromkeys(types))


def account_types(uow: UnitOfWork) -> tuple[str, ...]:
    """The types that the account takes where a request names none."""
    return uow.settings(WooshpaySettings).payment_method_types


def add_method(uow: UnitOfWork, livemode: bool, type_: str, **members: Any) -> PaymentMethod:
    own: dict[str, Any] = {"id": mint(uow, "pm"), "livemode": livemode, "created_at": uow.now, "updated_at": uow.now}
    return uow.add(PaymentMethod(type=type_, details={}, **own, **members))


def given_method(call: Call, uow: UnitOfWork, request: IntentFields, intent: str | None = None) -> PaymentMethod | None:
    """The method that a request names, or a new one made of its inline data; a new one is minted before the intent (seed)."""
    if request.payment_method_data is not None:
        data: dict[str, Any] = raw(call, "payment_method_data")
        type_ = request.payment_method_data.type
        details = data.get("billing_details")
        return add_method(uow, call.credential["livemode"], type_, billing_details=details, made_for=intent)
    if request.payment_method is not None:
        return find(call, uow, PaymentMethod, request.payment_method, "payment_method")
    return None


def given_types(uow: UnitOfWork, request: IntentFields, method: PaymentMethod | None) -> tuple[str, ...]:
    """What the request names; otherwise the type of its method (documented), otherwise the account's types.

    Inferred: wooshpay.account-types.
    """
    if request.payment_method_types is not None:
        return distinct(request.payment_method_types)
    if method is not None:
        return (method.type,)
    return account_types(uow)


def check_method(types: tuple[str, ...], method: PaymentMethod | None, currency: str, capture: str | None) -> None:
    """Refuses a method whose type is not taken, and what Alipay cannot do: most currencies, and capture by hand."""
    if method is not None and method.type not in types:
        raise refused("payment_method_type_mismatch", "payment_method_data[type]", given=method.type)
    asked = types if method is None else (method.type,)
    is_alipay = all(type_ in ALIPAY for type_ in asked)
    if is_alipay:
        check_alipay_currency(asked, currency, "currency")
    if is_alipay and capture == "manual":
        message = "Alipay cannot authorize first and capture later"
        raise refused("parameter_invalid", "capture_method", message=message)


def check_alipay_currency(types: Iterable[str], currency: str, param: str) -> None:
    """Refuses a currency that none of Alipay's types among these takes."""
    asked = [type_ for type_ in types if type_ in ALIPAY]
    if not any(takes_currency(type_, currency) for type_ in asked):
        name = "Alipay" if "alipay" in asked else "Alipay+"
        taken = dict.fromkeys(code for type_ in asked for code in CURRENCIES_OF[type_])
        raise refused("currency_not_supported", param, message=f"{name} takes {', '.join(taken)}, not {currency}")


def offered(intent: PaymentIntent) -> tuple[str, ...]:
    """The types among which a page lets the shopper choose: those of the intent that can take its money as it is asked for.

    Inferred: wooshpay.session-choice.
    """
    return tuple(
        type_
        for type_ in intent.payment_method_types
        if takes_currency(type_, intent.currency) and not (type_ in ALIPAY and intent.capture_method == "manual")
    )


def preferred(intent: PaymentIntent) -> str:
    """The type that a page proposes: the intent's own or last one, then Alipay, then the first."""
    types = offered(intent) or intent.payment_method_types
    return next((type_ for type_ in (intent.method_type, "alipay") if type_ in types), types[0])


def takes_currency(type_: str, currency: str) -> bool:
    """Alipay's two types have lists of their own; for the others none is known here."""
    return type_ not in CURRENCIES_OF or currency in CURRENCIES_OF[type_]


def given_options(call: Call) -> dict[str, Any] | None:
    """`payment_method_options` as they were sent, except that Alipay's members stand in the seed's order."""
    sent: dict[str, Any] | None = raw(call, "payment_method_options")
    if not sent:
        return None
    return {type_: in_order(given) if type_ in ALIPAY else given for type_, given in sent.items()}


def in_order(options: Mapping[str, Any]) -> dict[str, Any]:
    """Alipay's options in the seed's order."""
    return {name: options[name] for name in ("terminal_type", "os_type", "client_ip") if name in options}
