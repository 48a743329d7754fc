"""Request models with the documented names, and the members that are required or demanded.

The models are checked after a request was accepted: what they refuse is told by callback, not in the answer. Source:
reference/ecommpay.md, section 3.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

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
    # Source: reference/ecommpay.md, section 3. Inferred: which faults are of the first sort.
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


class Model(BaseModel):
    model_config = ConfigDict(extra="allow", defer_build=True)


class General(Model):
    project_id: ProjectId
    payment_id: Annotated[str, StringConstraints(min_length=1, max_length=255, strict=True)]
    signature: Text
    merchant_callback_url: Callback = ABSENT
    merchant_success_callback_url: Callback = ABSENT
    merchant_decline_callback_url: Callback = ABSENT
    terminal_callback_url: Text = ABSENT
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


class SalePayment(Model):
    amount: Amount
    currency: Currency
    description: Text = ABSENT
    extra_param: Text = ABSENT
    best_before: Instant = ABSENT
    customer_amount: Amount = ABSENT
    customer_currency: Currency = ABSENT


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
    account: dict[str, Any] = ABSENT
    callback: CallbackInfo = ABSENT
    interface_type: InterfaceType = ABSENT


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


class StatusRequest(Model):
    """POST /v2/payment/status"""

    general: General
    destination: Literal["merchant", "terminal"] = ABSENT


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
    is_enable_check_by_trusted_pm_user_rules: Flag = ABSENT
