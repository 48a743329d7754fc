"""Request models with the documented names, and the members that are required or demanded.

The models are checked after a request was accepted: what they refuse is told by callback, not in the answer. Source:
docs/providers/ecommpay.md, source 3.
"""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from simulator.engine.known import NoEffect
from simulator.providers.ecommpay.wire.values import (
    ABSENT,
    Amount,
    BillingAddress,
    BirthDay,
    Callback,
    Country,
    Currency,
    Delay,
    Email,
    Flag,
    Instant,
    IpAddress,
    Long,
    Phone,
    Postal,
    ProjectId,
    RegionCode,
    Return,
    Text,
    Whole,
)

REQUIRED: dict[str, tuple[str, ...]] = {
    # Without one of these a request is refused at once with 2004; every other fault is told by callback.
    # Source: docs/providers/ecommpay.md, source 3. Inferred: ecommpay.required-at-once.
    "sale": (
        "general", "general.project_id", "general.payment_id", "general.signature", "customer", "customer.ip_address",
        "payment", "payment.amount", "payment.currency",
    ),
    "refund": ("general", "general.project_id", "general.payment_id", "general.signature"),
    "status": ("general", "general.project_id", "general.payment_id", "general.signature"),
    "clarification": ("general", "general.project_id", "general.payment_id", "general.signature", "additional_data"),
    "payout": ("general", "general.project_id", "general.payment_id", "general.signature"),
    "status.request": ("project_id", "request_id", "signature"),
    "methods": ("project_id", "directions", "signature"),
    "banks": ("general", "general.project_id", "general.payment_id", "general.signature", "payment"),
}  # fmt: skip

DEMANDED: dict[str, tuple[str, ...]] = {
    # What the Alipay article demands beyond that. Known plugins leave some of it out, so it is only noticed.
    "sale": ("return_url.return",),
    "refund": ("payment.description", "customer.ip_address"),
}

CUSTOMER_FIELDS = (
    "id", "ip_address", "first_name", "last_name", "middle_name", "phone", "email", "zip", "country", "city", "state",
    "street", "district", "building", "address", "language", "day_of_birth", "gender",
)  # fmt: skip
"""The members of a customer that are kept. A project may require any of them."""


Ineffective = Annotated[Any, NoEffect()]
"""What is documented and does nothing for Alipay; its contents are not looked at."""


class Model(BaseModel):
    model_config = ConfigDict(extra="allow", defer_build=True)


class General(Model):
    project_id: ProjectId
    payment_id: Annotated[str, StringConstraints(min_length=1, max_length=255, strict=True)]
    signature: Text
    merchant_callback_url: Callback = ABSENT
    merchant_success_callback_url: Callback = ABSENT
    merchant_decline_callback_url: Callback = ABSENT
    terminal_callback_url: Annotated[Text, NoEffect("is for Payment Page alone")] = ABSENT
    referrer_url: Text = ABSENT


class Identify(Model):
    doc_number: Text = ABSENT
    doc_type: Text = ABSENT
    doc_issue_date: Text = ABSENT
    doc_issue_by: Text = ABSENT
    doc_issue_country: Text = ABSENT


class Billing(Model):
    country: Country = ABSENT
    region: Text = ABSENT
    region_code: RegionCode = ABSENT
    city: Long = ABSENT
    address: BillingAddress = ABSENT
    postal: Postal = ABSENT


class Customer(Model):
    """What is known of the customer. Only `CUSTOMER_FIELDS` are kept; the others are for whoever judges the risk."""

    ALSO_KNOWN: ClassVar[tuple[str, ...]] = (
        "identification_level", "iin", "person_type", "birthplace", "browser", "device_type", "device_id", "datetime",
        "screen_res", "session_id", "account_id", "qq_account_number", "ssn", "device_fingerprint", "domain",
        "healthcheck_domain", "citizenship", "accept_header", "color_depth", "java_enabled", "js_enabled",
        "timezone_offset", "timezone_name", "address_match",
    )  # fmt: skip

    id: Text = ABSENT
    ip_address: IpAddress = ABSENT
    first_name: Text = ABSENT
    last_name: Text = ABSENT
    middle_name: Text = ABSENT
    phone: Phone = ABSENT
    home_phone: Phone = ABSENT
    work_phone: Phone = ABSENT
    email: Email = ABSENT
    zip: Text = ABSENT
    country: Country = ABSENT
    city: Long = ABSENT
    state: Long = ABSENT
    street: Text = ABSENT
    district: Text = ABSENT
    building: Text = ABSENT
    address: Text = ABSENT
    language: Text = ABSENT
    day_of_birth: BirthDay = ABSENT
    gender: Literal["male", "female"] = ABSENT
    identify: Identify = ABSENT
    billing: Billing = ABSENT
    save: Ineffective = ABSENT
    account_save: Ineffective = ABSENT
    mir: Ineffective = ABSENT
    account: Ineffective = ABSENT
    shipping: Ineffective = ABSENT
    mpi_result: Ineffective = ABSENT
    installment_count: Ineffective = ABSENT
    installment_plan: Ineffective = ABSENT


class SalePayment(Model):
    amount: Amount
    currency: Currency
    description: Text = ABSENT
    extra_param: Annotated[Text, NoEffect("is not passed on by the simulator")] = ABSENT
    best_before: Instant = ABSENT
    customer_amount: Annotated[Amount, NoEffect("is not shown by the simulator")] = ABSENT
    customer_currency: Annotated[Currency, NoEffect("is not shown by the simulator")] = ABSENT
    challenge_indicator: Ineffective = ABSENT
    challenge_window: Ineffective = ABSENT
    reorder: Ineffective = ABSENT
    preorder_purchase: Ineffective = ABSENT
    preorder_date: Ineffective = ABSENT
    gift_card: Ineffective = ABSENT
    local_conversion_currency: Ineffective = ABSENT
    details: Ineffective = ABSENT
    device_channel: Ineffective = ABSENT
    is_fast: Ineffective = ABSENT


class ReturnUrl(Model):
    return_: Return = Field(ABSENT, alias="return")
    success: Return = ABSENT
    decline: Return = ABSENT


class CallbackInfo(Model):
    delay: Delay = ABSENT
    force_disable: Flag = ABSENT


class InterfaceType(Model):
    id: Whole = ABSENT
    user: Text = ABSENT


class SaleRequest(Model):
    """POST /v2/payment/wallet/{payment_method}/sale"""

    general: General
    customer: Customer
    payment: SalePayment
    return_url: ReturnUrl = ABSENT
    callback: CallbackInfo = ABSENT
    interface_type: InterfaceType = ABSENT
    account: Ineffective = ABSENT
    recurring: Ineffective = ABSENT
    additional_data: Ineffective = ABSENT
    addendum: Ineffective = ABSENT
    booking_info: Ineffective = ABSENT
    receipt_data: Ineffective = ABSENT
    merchant: Ineffective = ABSENT
    cash_voucher_data: Ineffective = ABSENT


class RefundPayment(Model):
    amount: Amount = ABSENT
    currency: Currency = ABSENT
    description: Text = ABSENT
    merchant_refund_id: Text = ABSENT


class RefundRequest(Model):
    """POST /v2/payment/wallet/{payment_method}/refund: `general` alone is a full refund"""

    general: General
    customer: Customer = ABSENT
    payment: RefundPayment = ABSENT
    callback: CallbackInfo = ABSENT
    interface_type: InterfaceType = ABSENT
    receipt_data: Ineffective = ABSENT


class StatusRequest(Model):
    """POST /v2/payment/status"""

    general: General
    destination: Annotated[
        Literal["merchant", "terminal"],
        NoEffect("has no effect: the answer is always that for a merchant", unless=("merchant",)),
    ] = ABSENT
    interface_type: InterfaceType = ABSENT


class RequestStatusRequest(Model):
    """POST /v2/payment/status/request"""

    project_id: ProjectId
    request_id: Annotated[str, StringConstraints(max_length=100, strict=True)]
    signature: Text


class ClarificationRequest(Model):
    """POST /v2/payment/clarification"""

    general: General
    additional_data: dict[str, Any]
    interface_type: InterfaceType = ABSENT


class MethodsRequest(Model):
    """POST /v2/info/available_methods_for_merchant/list"""

    project_id: ProjectId
    directions: list[Literal["payin", "payout"]]
    signature: Text
    amount: Amount = ABSENT
    currency: Annotated[str, StringConstraints(pattern=r"^[:_A-Z0-9]{3,27}$", strict=True)] = ABSENT
    payment_method: Text = ABSENT
    show_unavailable_methods_by_rules: Flag = ABSENT
    is_enable_check_by_trusted_pm_user_rules: Annotated[Flag, NoEffect(unless=(False,))] = ABSENT
    customer: Ineffective = ABSENT


class BanksRequest(Model):
    """POST /v2/info/banks/{payment_method}/{operation_type}/list: only its required members are looked at"""

    general: General
    payment: dict[str, Any]
    customer: dict[str, Any] = ABSENT


class PayoutRequest(Model):
    """POST /v2/payment/wallet/{payment_method}/payout: whatever it says, Alipay has none"""

    ALSO_KNOWN: ClassVar[tuple[str, ...]] = (
        "customer",
        "payment",
        "account",
        "return_url",
        "callback",
        "interface_type",
    )

    general: General
