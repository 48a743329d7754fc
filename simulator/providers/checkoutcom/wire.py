"""Checkout.com's JSON: request models with the documented names, renderers in the documented key order.

Absent members are omitted, never null (but for `approved` of an unfinished action); unknown members are ignored.
Source: reference/checkoutcom.md, section 3.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StrictBool,
    StrictInt,
    StrictStr,
    StringConstraints,
    model_validator,
)

from simulator.engine.pages import is_safe_return
from simulator.engine.provider import Call, Endpoint
from simulator.kernel.clock import iso_millis
from simulator.kernel.money import CURRENCIES
from simulator.kernel.refusals import Invalid, Violation
from simulator.providers.checkoutcom.model import (
    Action,
    Customer,
    Dispute,
    EventRecord,
    Hosted,
    HostedPayment,
    Instrument,
    Payment,
    PaymentLink,
    Webhook,
    Workflow,
)

MAX_AMOUNT = 9_999_999_999
"""Minor units. The documented bound of a void, taken for every amount (inferred)."""

WALLETS = ("alipay_cn", "alipay_hk", "alipay_plus", "gcash", "dana", "kakaopay", "truemoney", "tng")
SOURCE_TYPES = (*WALLETS, "alipay", "id", "customer")
PAYMENT_TYPES = ("Regular", "Recurring", "MOTO", "Installment", "Unscheduled", "PayLater")

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

_EMAIL = re.compile(r"[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+\.[^@\s\x00-\x1f.]+")
_HEADER_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_HEADER_VALUE = re.compile(r"[\x20-\x7e\t]*")


def _flag(value: Any) -> Any:
    """The seed itself sends `"capture": "true"`."""
    return {"true": True, "false": False}.get(value.lower(), value) if isinstance(value, str) else value


def _url(value: str) -> str:
    scheme, colon, rest = value.partition(":")
    if not is_safe_return(value) or any(c.isspace() for c in value):
        raise ValueError("must be a URI")
    if scheme.lower() in ("http", "https") and not (colon and rest.startswith("//") and rest[2:3] not in ("", "/")):
        raise ValueError("must be a URI")
    return value


def _hook_url(value: str) -> str:
    if not value.lower().startswith(("http://", "https://")):
        raise ValueError("must be an http or https URL")
    return _url(value)


def _email(value: str) -> str:
    if not _EMAIL.fullmatch(value):
        raise ValueError("must be an e-mail address")
    return value


def _currency(value: str) -> str:
    if value not in CURRENCIES:
        raise ValueError("must be an ISO 4217 code")
    return value


def _country(value: str) -> str:
    if value not in COUNTRIES:
        raise ValueError("must be an ISO 3166 alpha-2 code")
    return value


def _ip(value: str) -> str:
    ipaddress.ip_address(value)
    return value


def _payment_type(value: str) -> str:
    """Any case, echoed in the canonical one (inferred: the seed writes both `recurring` and `Recurring`)."""
    for known in PAYMENT_TYPES:
        if known.lower() == value.lower():
            return known
    raise ValueError("must be a payment type")


def _source_type(value: str) -> str:
    if value not in SOURCE_TYPES:
        raise ValueError("payment_method_not_supported")
    return value


def _moment(value: str) -> str:
    datetime.fromisoformat(value)
    return value


def _metadata(value: Any) -> Any:
    """Flat, up to 20 keys, values of up to 255 characters. Raises for anything else."""
    if not isinstance(value, dict) or len(value) > 20:
        raise ValueError("must be an object of at most 20 members")
    for name, inner in value.items():
        if len(name) > 100 or not isinstance(inner, str | int | float | bool) or len(str(inner)) > 255:
            raise ValueError("values must be short strings, numbers or booleans")
    return value


def _headers(value: dict[str, str]) -> dict[str, str]:
    for name, text in value.items():
        if not _HEADER_NAME.fullmatch(name) or not _HEADER_VALUE.fullmatch(text):
            raise ValueError("must be header names and values in one line")
    return value


def _digits(value: Any) -> Any:
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else value


Text13 = Annotated[str, StringConstraints(max_length=13, strict=True)]
Text20 = Annotated[str, StringConstraints(max_length=20, strict=True)]
Text45 = Annotated[str, StringConstraints(max_length=45, strict=True)]
Text50 = Annotated[str, StringConstraints(max_length=50, strict=True)]
Text80 = Annotated[str, StringConstraints(max_length=80, strict=True)]
Text100 = Annotated[str, StringConstraints(max_length=100, strict=True)]
Text200 = Annotated[str, StringConstraints(max_length=200, strict=True)]
Text255 = Annotated[str, StringConstraints(max_length=255, strict=True)]
Text1024 = Annotated[str, StringConstraints(max_length=1024, strict=True)]
CountryCode = Annotated[str, StringConstraints(min_length=1, max_length=7, strict=True)]
PhoneNumber = Annotated[str, StringConstraints(min_length=6, max_length=25, strict=True)]
SignatureKey = Annotated[str, StringConstraints(min_length=1, max_length=1024, strict=True)]
FilterText = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\x00]*$", strict=True)]
Flag = Annotated[StrictBool, BeforeValidator(_flag)]
Amount = Annotated[StrictInt, Field(ge=1, le=MAX_AMOUNT)]
AmountOrAll = Annotated[StrictInt, Field(ge=0, le=MAX_AMOUNT)]
Currency = Annotated[StrictStr, AfterValidator(_currency)]
Url = Annotated[Text1024, AfterValidator(_url)]
ShortUrl = Annotated[Text255, AfterValidator(_url)]
HookUrl = Annotated[Text1024, AfterValidator(_hook_url)]
Email = Annotated[Text255, AfterValidator(_email)]
Metadata = Annotated[dict[str, Any], BeforeValidator(_metadata)]
Moment = Annotated[StrictStr, AfterValidator(_moment)]
Ip = Annotated[Text45, AfterValidator(_ip)]


class Model(BaseModel):
    model_config = ConfigDict(extra="ignore", defer_build=True, populate_by_name=True)


# Requests: payments --------------------------------------------------------------------------------------------


class Phone(Model):
    country_code: CountryCode | None = None
    number: PhoneNumber | None = None


class Address(Model):
    address_line1: Text200 | None = None
    address_line2: Text200 | None = None
    city: Text50 | None = None
    state: Text50 | None = None
    zip: Text50 | None = None
    country: Annotated[StrictStr, AfterValidator(_country)] | None = None


class Shipping(Model):
    address: Address | None = None
    phone: Phone | None = None
    from_address_zip: Text50 | None = None


class Source(Model):
    """`{"type": "alipay_cn"}`, a stored agreement or a customer. Source: section 3.1.1."""

    type: Annotated[StrictStr, AfterValidator(_source_type)]
    id: StrictStr | None = None
    email: Email | None = None

    @model_validator(mode="after")
    def _names_its_owner(self) -> Source:
        if self.type == "id" and self.id is None:
            raise ValueError("source_id_required")
        if self.type == "id" and self.id is not None and not re.fullmatch(r"src_\w{26}", self.id, re.ASCII):
            raise ValueError("source_id_invalid")
        if self.type == "customer" and self.id is None and self.email is None:
            raise ValueError("source_id_or_email_required")
        return self


class CustomerInput(Model):
    id: Annotated[StrictStr, Field(pattern=r"^cus_\w{26}$")] | None = None
    email: Email | None = None
    name: Text255 | None = None
    phone: Phone | None = None
    tax_number: Text13 | None = None


class Processing(Model):
    """`terminal_type` and `os_type` are judged by the wallet's connector, not by the gateway."""

    terminal_type: Any = None
    os_type: Any = None


class Item(Model):
    name: Text255 | None = None
    quantity: Annotated[StrictInt, Field(ge=1, le=MAX_AMOUNT)] | None = None
    unit_price: AmountOrAll | None = None
    reference: Text255 | None = None
    total_amount: AmountOrAll | None = None
    tax_amount: AmountOrAll | None = None
    discount_amount: AmountOrAll | None = None
    url: Text1024 | None = None
    image_url: Text1024 | None = None


class Risk(Model):
    enabled: Flag
    device_session_id: StrictStr | None = None


class ThreeDs(Model):
    enabled: Flag | None = None


class PaymentRequest(Model):
    """POST /payments"""

    source: Source
    amount: Amount
    currency: Currency
    payment_type: Annotated[StrictStr, AfterValidator(_payment_type)] | None = None
    merchant_initiated: Flag | None = None
    reference: Text80 | None = None
    description: Text100 | None = None
    authorization_type: Literal["Final", "Estimated", "Incremental"] | None = None
    capture: Flag | None = None
    capture_on: Moment | None = None
    customer: CustomerInput | None = None
    shipping: Shipping | None = None
    processing: Processing | None = None
    items: Annotated[list[Item], Field(max_length=1000)] | None = None
    success_url: Url | None = None
    failure_url: Url | None = None
    processing_channel_id: Annotated[StrictStr, Field(pattern=r"^pc_\w{26}$")] | None = None
    previous_payment_id: Text100 | None = None
    metadata: Metadata | None = None
    risk: Risk | None = None
    three_ds: ThreeDs | None = Field(None, alias="3ds")
    payment_ip: Ip | None = None
    customsCode: StrictStr | None = None
    merchantCustomsCode: StrictStr | None = None
    merchantCustomsName: StrictStr | None = None


class ActionRequest(Model):
    """Refunds, captures, voids, reversals, authorizations, cancellations. An empty body asks for everything."""

    amount: AmountOrAll | None = None
    reference: Text80 | None = None
    metadata: Metadata | None = None
    capture_action_id: StrictStr | None = None
    capture_type: Literal["NonFinal", "Final"] | None = None


class PaymentsQuery(Model):
    """GET /payments"""

    reference: FilterText
    limit: Annotated[int, BeforeValidator(_digits), Field(ge=1, le=100)] = 10
    skip: Annotated[int, BeforeValidator(_digits), Field(ge=0, le=MAX_AMOUNT)] = 0


class SearchRequest(Model):
    """POST /payments/search"""

    query: Text1024 = ""
    limit: Annotated[StrictInt, Field(ge=1, le=1000)] = 10
    from_: Moment | None = Field(None, alias="from")
    to: Moment | None = None


# Requests: customers, hosted pages -----------------------------------------------------------------------------


class CustomerRequest(Model):
    """POST /customers"""

    email: Email
    name: Text255 | None = None
    phone: Phone | None = None
    metadata: Metadata | None = None
    default: StrictStr | None = None
    instruments: list[StrictStr] | None = None


class CustomerUpdate(Model):
    """PATCH /customers/{id}"""

    email: Email | None = None
    name: Text255 | None = None
    phone: Phone | None = None
    metadata: Metadata | None = None
    default: StrictStr | None = None
    instruments: list[StrictStr] | None = None


class InstrumentUpdate(Model):
    """PATCH /instruments/{id}"""

    customer: dict[str, Any] | None = None


class BillingAddress(Address):
    country: Annotated[StrictStr, AfterValidator(_country)]


class Billing(Model):
    address: BillingAddress
    phone: Phone | None = None


class Product(Model):
    name: Text255 | None = None
    reference: Text255 | None = None
    quantity: Annotated[StrictInt, Field(ge=1, le=MAX_AMOUNT)] | None = None
    price: AmountOrAll | None = None
    unit_price: AmountOrAll | None = None


class HostedRequest(Model):
    amount: Amount
    currency: Currency
    payment_type: Annotated[StrictStr, AfterValidator(_payment_type)] | None = None
    payment_ip: Ip | None = None
    reference: Text50 | None = None
    description: Text100 | None = None
    customer: CustomerInput | None = None
    shipping: Shipping | None = None
    billing: Billing
    processing_channel_id: Annotated[StrictStr, Field(pattern=r"^pc_\w{26}$")] | None = None
    products: Annotated[list[Product], Field(max_length=1000)] | None = None
    metadata: Metadata | None = None
    locale: Text20 | None = None
    capture: Flag | None = None
    allow_payment_methods: list[StrictStr] | None = None
    disabled_payment_methods: list[StrictStr] | None = None


class HostedPaymentRequest(HostedRequest):
    """POST /hosted-payments"""

    success_url: ShortUrl
    cancel_url: ShortUrl
    failure_url: ShortUrl


class PaymentLinkRequest(HostedRequest):
    """POST /payment-links"""

    return_url: ShortUrl | None = None
    expires_in: Annotated[StrictInt, Field(ge=1, le=1_209_600)] | None = None


# Requests: workflows and webhooks --------------------------------------------------------------------------------

EventName = Annotated[str, StringConstraints(pattern=r"^[a-z_]{1,80}$", strict=True)]
Headers = Annotated[dict[StrictStr, StrictStr], AfterValidator(_headers)]


class Condition(Model):
    type: Literal["event", "entity", "processing_channel"]
    events: dict[StrictStr, list[EventName]] | None = None
    entities: list[StrictStr] | None = None
    processing_channels: list[StrictStr] | None = None

    @model_validator(mode="after")
    def _says_what(self) -> Condition:
        wanted = {"event": self.events, "entity": self.entities, "processing_channel": self.processing_channels}
        if wanted[self.type] is None:
            raise ValueError(f"workflow_condition_{self.type}_required")
        return self


class Signature(Model):
    method: Literal["HMACSHA256"] = "HMACSHA256"
    key: SignatureKey


class WorkflowAction(Model):
    type: Literal["webhook"]
    url: HookUrl
    headers: Headers | None = None
    signature: Signature | None = None


def _once_each(conditions: list[Condition]) -> list[Condition]:
    types = [condition.type for condition in conditions]
    if len(types) != len(set(types)):
        raise ValueError("workflow_condition_type_duplicate")
    return conditions


class WorkflowRequest(Model):
    """POST /workflows"""

    name: Text255 | None = None
    active: Flag | None = None
    conditions: Annotated[list[Condition], Field(max_length=10), AfterValidator(_once_each)] | None = None
    actions: Annotated[list[WorkflowAction], Field(min_length=1, max_length=100)]


class WorkflowUpdate(Model):
    """PATCH /workflows/{id}"""

    name: Text255 | None = None
    active: Flag | None = None


class WorkflowTest(Model):
    """POST /workflows/{id}/test"""

    event_types: Annotated[list[StrictStr], Field(min_length=1, max_length=100)]


class ReflowRequest(Model):
    """POST /workflows/events/reflow"""

    events: list[StrictStr] | None = None
    subjects: list[StrictStr] | None = None
    workflows: list[StrictStr] | None = None


class WebhookRequest(Model):
    """POST and PUT /webhooks. PUT needs all five members."""

    url: HookUrl
    active: Flag | None = None
    headers: Headers | None = None
    content_type: Literal["json", "xml"] | None = None
    event_types: Annotated[list[EventName], Field(min_length=1, max_length=200)]


class WebhookReplacement(Model):
    """PUT /webhooks/{id}"""

    url: HookUrl
    active: Flag
    headers: Headers
    content_type: Literal["json", "xml"]
    event_types: Annotated[list[EventName], Field(min_length=1, max_length=200)]


class WebhookUpdate(Model):
    """PATCH /webhooks/{id}"""

    url: HookUrl | None = None
    active: Flag | None = None
    headers: Headers | None = None
    content_type: Literal["json", "xml"] | None = None
    event_types: Annotated[list[EventName], Field(min_length=1, max_length=200)] | None = None


class EventsQuery(Model):
    """GET /events"""

    payment_id: Annotated[str, StringConstraints(pattern=r"^pay_\w{26}$")] | None = None
    reference: FilterText | None = None
    limit: Annotated[int, BeforeValidator(_digits), Field(ge=1, le=100)] = 10
    skip: Annotated[int, BeforeValidator(_digits), Field(ge=0, le=MAX_AMOUNT)] = 0


OPTIONAL_BODIES = (ActionRequest, WorkflowUpdate, WebhookUpdate, CustomerUpdate, InstrumentUpdate)


def read_body(call: Call, endpoint: Endpoint) -> Any:
    """An empty body asks for everything where that has a meaning (`POST …/refunds`), else it is no object (inferred)."""
    if not call.raw_body.strip():
        return {} if endpoint.body in OPTIONAL_BODIES else None
    if b"\\u0000" in call.raw_body and (nulls := list(_nulls(call.json, ""))):
        raise Invalid([Violation(path, "format", message="must not hold a NUL") for path in nulls])
    return call.json


def _nulls(value: Any, path: str) -> Iterator[str]:
    """Where a text, or the name of a member, holds a NUL: no store takes it everywhere (inferred)."""
    if isinstance(value, str) and "\0" in value:
        yield path
    elif isinstance(value, dict):
        for name, inner in value.items():
            if "\0" in name:
                yield path
            yield from _nulls(inner, f"{path}.{name}".strip("."))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _nulls(inner, f"{path}.{index}")


class DisputesQuery(Model):
    """GET /disputes"""

    limit: Annotated[int, BeforeValidator(_digits), Field(ge=1, le=250)] = 50
    skip: Annotated[int, BeforeValidator(_digits), Field(ge=0, le=MAX_AMOUNT)] = 0
    from_: Moment | None = Field(None, alias="from")
    to: Moment | None = None
    id: FilterText | None = None
    entity_ids: Text1024 | None = None
    sub_entity_ids: Text1024 | None = None
    statuses: Text1024 | None = None
    payment_id: FilterText | None = None
    payment_reference: FilterText | None = None
    payment_arn: FilterText | None = None
    payment_mcc: FilterText | None = None
    this_channel_only: Flag | None = None


EVIDENCE = (
    "proof_of_delivery_or_service",
    "invoice_or_receipt",
    "invoice_showing_distinct_transactions",
    "customer_communication",
    "refund_or_cancellation_policy",
    "recurring_transaction_agreement",
    "additional_evidence",
)
_EVIDENCE_MEMBERS = frozenset(f"{name}_{kind}" for name in EVIDENCE for kind in ("file", "text"))


class EvidenceRequest(BaseModel):
    """PUT /disputes/{id}/evidence: `<kind>_file` (an id) and `<kind>_text` of up to 500 characters (bound inferred)."""

    model_config = ConfigDict(extra="allow", defer_build=True)

    @model_validator(mode="before")
    @classmethod
    def _texts(cls, value: Any) -> Any:
        if isinstance(value, dict):
            value = {name: text for name, text in value.items() if name in _EVIDENCE_MEMBERS and text is not None}
            if any(not isinstance(text, str) or len(text) > 500 for text in value.values()):
                raise ValueError("evidence_invalid")
            if not value:
                raise ValueError("evidence_required")
        return value


# Values ----------------------------------------------------------------------------------------------------------


def instant(at: datetime) -> str:
    """`2022-09-02T07:15:58.894077Z`: the fraction without trailing zeros, none at all when it is zero."""
    fraction = f".{at.microsecond:06d}".rstrip("0") if at.microsecond else ""
    return f"{at:%Y-%m-%dT%H:%M:%S}{fraction}Z"


def moment(text: str | None) -> datetime | None:
    """A validated `Moment`; one without a zone is in UTC, as the Python client sends it."""
    if text is None:
        return None
    at = datetime.fromisoformat(text)
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def instant7(at: datetime, zone: str = "Z") -> str:
    """Seven digits, as webhooks print `processed_on`; the zone is `Z` or `+00:00`, depending on the event."""
    return f"{at:%Y-%m-%dT%H:%M:%S}.{at.microsecond:06d}0{zone}"


def instant3(at: datetime) -> str:
    """`2021-06-11T11:40:34.011+00:00`: the `timestamp` of a webhook."""
    return iso_millis(at).replace("Z", "+00:00")


def present(members: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in members.items() if value is not None}


def link(href: str) -> dict[str, str]:
    return {"href": href}


def plain(model: BaseModel | None) -> dict[str, Any] | None:
    """A validated model as the object that was sent, without what was absent."""
    return None if model is None else model.model_dump(exclude_none=True)


# Answers: payments -----------------------------------------------------------------------------------------------


def customer_of(payment: Payment) -> dict[str, Any]:
    return present({"id": payment.customer_id, "email": payment.customer_email, "name": payment.customer_name})


def source_of(payment: Payment) -> dict[str, Any]:
    return present({"id": payment.source_id, "type": payment.source_type})


def redirect_of(payment: Payment, base: str) -> str | None:
    """Where the shopper pays. Source: sections 7.2 and 7.6; path and query as published, the origin is ours (inferred)."""
    if payment.is_follow_up:
        return None
    if payment.platform == "previous":
        return f"{base}/LP.Core/api/payment/{payment.code}"
    if payment.terminal_type == "WEB":
        deep_link = f"alipayconnect%3A%2F%2Fplatformapi%2Fstartapp%3Fcode%3D{payment.code}"
        return f"{base}/page/aplus-linker/acwallet/qrcode.html?url={deep_link}"
    name = payment.source_type.upper()
    page = f"{base}/page/simulation-wallet/acwallet/alipayconnectcode.html"
    return f"{page}?code={payment.code}&pspName={name}&loadMode=2"


def payment_accepted(payment: Payment, base: str) -> dict[str, Any]:
    """The 202. A one-time payment shows no `source`."""
    redirect = redirect_of(payment, base)
    links = {"self": link(f"{base}/payments/{payment.id}"), "redirect": link(redirect) if redirect else None}
    return present(
        {
            "id": payment.id,
            "status": payment.state,
            "reference": payment.reference,
            "customer": customer_of(payment),
            "source": source_of(payment) if payment.source_id else None,
            "_links": present(links),
        }
    )


def balances(payment: Payment) -> dict[str, int]:
    captured = payment.captured
    return {
        "total_authorized": captured,
        "total_voided": 0,
        "available_to_void": 0,
        "total_captured": captured,
        "available_to_capture": 0,
        "total_refunded": payment.refunded,
        "available_to_refund": payment.refundable,
    }


def _item(item: Mapping[str, Any]) -> dict[str, Any]:
    """The seed's order; `quantity` only when the request had one."""
    order = (
        "name",
        "quantity",
        "unit_price",
        "reference",
        "total_amount",
        "tax_amount",
        "discount_amount",
        "url",
        "image_url",
    )
    return {name: item[name] for name in order if name in item}


def payment(payment: Payment, base: str, actions: Sequence[Action] | None = None) -> dict[str, Any]:
    """GET /payments/{id}. `actions` only when it was asked for by session id."""
    own = f"{base}/payments/{payment.id}"
    redirect = redirect_of(payment, base) if payment.state == "Pending" and not payment.capture_action_id else None
    return present(
        {
            "id": payment.id,
            "requested_on": instant(payment.created_at),
            "source": source_of(payment),
            "items": [_item(item) for item in payment.items] or None,
            "amount": payment.amount,
            "currency": payment.currency,
            "payment_type": payment.payment_type,
            "reference": payment.reference,
            "description": payment.description,
            "status": payment.state,
            "approved": payment.approved,
            "balances": balances(payment),
            "customer": customer_of(payment),
            "shipping": payment.shipping,
            "payment_ip": payment.payment_ip,
            "processing": {"partner_customer_id": payment.partner_customer_id} if payment.partner_customer_id else None,
            "metadata": payment.metadata,
            "actions": None if actions is None else [short_action(action) for action in actions],
            "_links": present(
                {
                    "self": link(own),
                    "actions": link(f"{own}/actions"),
                    "refund": link(f"{own}/refunds") if payment.refundable > 0 else None,
                    "redirect": link(redirect) if redirect else None,
                }
            ),
        }
    )


def short_action(action: Action) -> dict[str, Any]:
    members = {"id": action.id, "type": action.type, "response_code": action.response_code}
    return present(members | {"response_summary": action.response_summary})


def action(action: Action) -> dict[str, Any]:
    found: dict[str, Any] = {
        "id": action.id,
        "type": action.type,
        "processed_on": instant(action.processed_on),
        "amount": action.amount,
        "approved": action.approved,
        "response_code": action.response_code,
        "response_summary": action.response_summary,
        "reference": action.reference,
        "processing": processing_of(action) or None,
        "metadata": action.metadata,
    }
    return {name: value for name, value in found.items() if value is not None or name == "approved"}


def processing_of(action: Action) -> dict[str, Any]:
    return present(
        {
            "acquirer_transaction_id": action.acquirer_transaction_id,
            "acquirer_reference_number": action.acquirer_reference_number,
        }
    )


def action_accepted(action: Action, base: str, action_type: str | None = None) -> dict[str, Any]:
    """The 202 of a refund, or of a reversal with its `action_type`."""
    return present(
        {
            "action_id": action.id,
            "reference": action.reference,
            "action_type": action_type,
            "_links": {"payment": link(f"{base}/payments/{action.payment_id}")},
        }
    )


# Answers: customers, hosted pages --------------------------------------------------------------------------------


def customer(customer: Customer, instruments: Sequence[Instrument]) -> dict[str, Any]:
    return present(
        {
            "id": customer.id,
            "email": customer.email,
            "default": customer.default,
            "name": customer.name,
            "phone": customer.phone,
            "metadata": customer.metadata,
            "instruments": [{"id": i.id, "type": i.type} for i in instruments],
        }
    )


def instrument(instrument: Instrument, owner: Customer | None) -> dict[str, Any]:
    shown = present({"id": owner.id, "email": owner.email, "name": owner.name}) if owner else None
    return present({"id": instrument.id, "type": instrument.type, "customer": shown})


HOSTED_PATHS = {"hosted-payment": ("hosted-payments", "page"), "payment-link": ("payment-links", "link")}


def hosted_links(hosted: Hosted, base: str) -> dict[str, Any]:
    api, page = HOSTED_PATHS[hosted.KIND]
    links = {"self": link(f"{base}/{api}/{hosted.id}"), "redirect": link(f"{base}/{page}/{hosted.id}")}
    if hosted.payment_id:
        links["payment"] = link(f"{base}/payments/{hosted.payment_id}")
        links["payment_actions"] = link(f"{base}/payments/{hosted.payment_id}/actions")
    return links


def hosted_created(hosted: Hosted, base: str, warnings: list[dict[str, Any]]) -> dict[str, Any]:
    expires = hosted.expires_at.strftime("%Y-%m-%dT%H:%M:%S+00:00") if isinstance(hosted, PaymentLink) else None
    return present(
        {
            "id": hosted.id,
            "expires_on": expires,
            "reference": hosted.reference,
            "warnings": warnings or None,
            "_links": hosted_links(hosted, base),
        }
    )


def hosted(hosted: Hosted, base: str) -> dict[str, Any]:
    found: dict[str, Any] = {"id": hosted.id, "status": hosted.state, "payment_id": hosted.payment_id}
    if isinstance(hosted, PaymentLink):
        found["expires_on"] = hosted.expires_at.strftime("%Y-%m-%dT%H:%M:%S+00:00")
        found["return_url"] = hosted.return_url
    found |= {
        "amount": hosted.amount,
        "currency": hosted.currency,
        "reference": hosted.reference,
        "description": hosted.description,
        "created_on": instant(hosted.created_at) if isinstance(hosted, PaymentLink) else None,
        "customer": hosted.customer,
        "shipping": hosted.shipping,
        "billing": hosted.billing,
        "products": [dict(p) for p in hosted.products] or None,
        "metadata": hosted.metadata,
        "locale": hosted.locale,
    }
    if isinstance(hosted, HostedPayment):
        found |= {
            "success_url": hosted.success_url,
            "cancel_url": hosted.cancel_url,
            "failure_url": hosted.failure_url,
        }
    return present(found | {"_links": hosted_links(hosted, base)})


# Answers: workflows ------------------------------------------------------------------------------------------------


def workflow_part(workflow: Workflow, part: Mapping[str, Any], kind: str, base: str) -> dict[str, Any]:
    href = f"{base}/workflows/{workflow.id}/{kind}/{part['id']}"
    return {**part, "_links": {"self": link(href)}}


def workflow_short(workflow: Workflow, base: str) -> dict[str, Any]:
    href = f"{base}/workflows/{workflow.id}"
    return present(
        {"id": workflow.id, "name": workflow.name, "active": workflow.active, "_links": {"self": link(href)}}
    )


def workflow(workflow: Workflow, base: str) -> dict[str, Any]:
    short = workflow_short(workflow, base)
    links = short.pop("_links")
    return {
        **short,
        "conditions": [workflow_part(workflow, c, "conditions", base) for c in workflow.conditions],
        "actions": [workflow_part(workflow, a, "actions", base) for a in workflow.actions],
        "_links": links,
    }


def event_short(event: EventRecord, base: str) -> dict[str, Any]:
    href = f"{base}/workflows/events/{event.id}"
    return {"id": event.id, "type": event.type, "timestamp": event.timestamp, "_links": {"self": link(href)}}


def event(event: EventRecord, invocations: Sequence[tuple[str, str, str]], base: str) -> dict[str, Any]:
    """`invocations` are workflow, action and status."""
    own = f"{base}/workflows/events/{event.id}"
    return {
        "id": event.id,
        "source": event.source,
        "type": event.type,
        "timestamp": event.timestamp,
        "version": VERSION,
        "data": event.data,
        "action_invocations": [
            {
                "workflow_id": workflow_id,
                "workflow_action_id": action_id,
                "status": status,
                "_links": {"self": link(f"{own}/actions/{action_id}")},
            }
            for workflow_id, action_id, status in invocations
        ],
        "_links": {"self": link(own), "payment": link(f"{base}/payments/{event.payment_id}")},
    }


VERSION = "1.0.29"


# Answers: disputes -------------------------------------------------------------------------------------------------


def dispute_event(dispute: Dispute, entity_id: str) -> dict[str, Any]:
    """`data` of a dispute's webhook. Source: section 6.3."""
    return present(
        {
            "id": dispute.id,
            "category": dispute.category,
            "amount": dispute.amount,
            "currency": dispute.currency,
            "reason_code": dispute.reason_code,
            "payment_id": dispute.payment_id,
            "payment_reference": dispute.payment_reference,
            "payment_method": dispute.payment_method,
            "evidence_required_by": instant(dispute.evidence_required_by),
            "received_on": instant(dispute.created_at),
            "last_update": instant(dispute.updated_at),
            "entity_id": entity_id,
        }
    )


def dispute_short(dispute: Dispute, base: str) -> dict[str, Any]:
    return present(
        {
            "id": dispute.id,
            "category": dispute.category,
            "status": dispute.state,
            "amount": dispute.amount,
            "currency": dispute.currency,
            "reason_code": dispute.reason_code,
            "payment_id": dispute.payment_id,
            "payment_action_id": dispute.payment_action_id,
            "payment_reference": dispute.payment_reference,
            "payment_method": dispute.payment_method,
            "evidence_required_by": instant(dispute.evidence_required_by),
            "received_on": instant(dispute.created_at),
            "last_update": instant(dispute.updated_at),
            "_links": {"self": link(f"{base}/disputes/{dispute.id}")},
        }
    )


def dispute(dispute: Dispute, entity_id: str, payment_amount: int, base: str) -> dict[str, Any]:
    own = f"{base}/disputes/{dispute.id}"
    paid = {
        "id": dispute.payment_id,
        "action_id": dispute.payment_action_id,
        "processing_channel_id": dispute.processing_channel_id,
        "amount": payment_amount,
        "currency": dispute.currency,
        "method": dispute.payment_method,
        "processed_on": instant(dispute.payment_processed_on),
    }
    links = {"self": link(own), "evidence": link(f"{own}/evidence") if dispute.evidence else None}
    return {
        "id": dispute.id,
        "entity_id": entity_id,
        "category": dispute.category,
        "amount": dispute.amount,
        "currency": dispute.currency,
        "reason_code": dispute.reason_code,
        "status": dispute.state,
        "relevant_evidence": list(EVIDENCE),
        "evidence_required_by": instant(dispute.evidence_required_by),
        "received_on": instant(dispute.created_at),
        "last_update": instant(dispute.updated_at),
        "payment": present(paid),
        "_links": present(links),
    }


# Answers: the Previous platform --------------------------------------------------------------------------------------


def webhook(webhook: Webhook, base: str) -> dict[str, Any]:
    return {
        "id": webhook.id,
        "url": webhook.url,
        "active": webhook.active,
        "headers": webhook.headers,
        "content_type": webhook.content_type,
        "event_types": list(webhook.event_types),
        "_links": {"self": link(f"{base}/webhooks/{webhook.id}")},
    }


def previous_event_short(event: EventRecord, base: str) -> dict[str, Any]:
    own = f"{base}/events/{event.id}"
    links = {"self": link(own), "webhooks-retry": link(f"{own}/webhooks/retry")}
    return {"id": event.id, "type": event.type, "created_on": event.timestamp, "_links": links}


def previous_event(event: EventRecord, notifications: Sequence[tuple[str, str, bool]], base: str) -> dict[str, Any]:
    """`notifications` are id, URL and whether it was delivered."""
    own = f"{base}/events/{event.id}"
    return {
        "id": event.id,
        "type": event.type,
        "version": "2.0",
        "created_on": event.timestamp,
        "data": event.data,
        "notifications": [
            {"id": id_, "url": url, "success": success, "_links": {"self": link(f"{own}/notifications/{id_}")}}
            for id_, url, success in notifications
        ],
        "_links": {"self": link(own), "webhooks-retry": link(f"{own}/webhooks/retry")},
    }
