"""What ecommpay's operations do. A request is answered with "accepted"; everything else happens later and is told by callback.

So a handler checks, keeps what it found and arms a timer; `on_timer` goes on from there. Source: reference/ecommpay.md, 3, 4.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from pydantic import BaseModel

from simulator.engine.gateway import validate
from simulator.engine.provider import Call, Reply
from simulator.engine.resource import Resource
from simulator.engine.uow import UnitOfWork
from simulator.kernel.money import CURRENCIES, Money
from simulator.kernel.refusals import Invalid, Refused
from simulator.providers.ecommpay import auth, errors, signing, wire
from simulator.providers.ecommpay.model import (
    METHOD,
    Payment,
    Refund,
    Request,
    Sale,
    find_payment,
    new_number,
    new_request_id,
    operations_of,
    text_members,
)
from simulator.providers.ecommpay.states import AWAITING, REFUNDABLE
from simulator.wallet import alipay
from simulator.wallet.order import Order

# Source: reference/ecommpay.md, section 7.
ALIPAY_CURRENCIES = ("AUD", "CAD", "CNY", "EUR", "GBP", "HKD", "JPY", "SGD", "USD")
LIMITS = {"CNY": (1000, 500_000), "USD": (100, None)}
"""Minor units; other currencies have neither a minimum nor a maximum (inferred)."""
LISTED_MAXIMUM = 1_000_000_000
"""What the list of methods says where there is no maximum. Source: reference/ecommpay.md, section 3.7."""

DEFAULTS: dict[str, Any] = {
    "alipay_flow": "redirect",
    "redirect_method": "GET",
    "qr_type": "qr_data",
    "qr_timeout_s": 600,
    "threshold_s": 1800,
    "clarification_s": 1800,
    "processing_delay_s": 0.5,
    "refund_delay_s": 1.0,
    "status_delay_s": 0,
    "required_customer_fields": [],
    "currencies": list(ALIPAY_CURRENCIES),
    "amount_alone_decides": False,
    "merchant_name": "Tea House Online",
}
"""The project's settings. Source: reference/ecommpay.md, section 3.10; the times are inferred (sections 4.3 and 4.4)."""

PENDING_REFUND = timedelta(seconds=30)


def setting(uow: UnitOfWork, name: str) -> Any:
    return uow.workspace.setting("ecommpay", name, DEFAULTS[name])


def options(uow: UnitOfWork, amount: int, currency: str, reference: str) -> dict[str, Any]:
    """The project's settings for one purchase: a scenario's `provider` rule goes before what the project has set."""
    facts = {"amount": amount, "currency": currency, "reference": reference}
    effect = uow.rule("provider", "ecommpay", operation="sale", **facts)
    ruled = dict(effect.params) if effect is not None else {}
    if "flow" in ruled:
        ruled["alipay_flow"] = ruled.pop("flow")
    return {name: ruled.get(name, setting(uow, name)) for name in DEFAULTS}


# Accepting -----------------------------------------------------------------------------------------------------


def sale(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v2/payment/wallet/{payment_method}/sale: begins a purchase. Amounts in minor units.

    Source: reference/ecommpay.md, sections 3.1, 4.3 and 5.3.
    """
    body, request_id = call.json, new_request_id(uow)
    general, payment, customer = body["general"], body["payment"], body["customer"]
    problems = _schema(wire.SaleRequest, body) + _customer_id(customer) + _purchase(uow, call, general, payment)
    if problems:
        return _reject(call, uow, request_id, "sale", problems)
    callback = body.get("callback") or {}
    register(
        uow,
        Purchase(
            request_id=request_id,
            project_id=call.credential["project_id"],
            payment_id=general["payment_id"],
            amount=payment["amount"],
            currency=payment["currency"],
            description=payment.get("description") or "",
            customer={name: customer[name] for name in wire.CUSTOMER_FIELDS if isinstance(customer.get(name), str)},
            origin=call.base_url,
            best_before=payment.get("best_before"),
            return_url=text_members(body.get("return_url")),
            callback_url=general.get("merchant_callback_url"),
            success_callback_url=general.get("merchant_success_callback_url"),
            decline_callback_url=general.get("merchant_decline_callback_url"),
            callback_delay_s=callback.get("delay") or 0,
            callback_disabled=bool(callback.get("force_disable")),
        ),
    )
    return _accepted(call, request_id)


def _accepted(call: Call, request_id: str) -> Reply:
    return Reply(200, wire.accepted(request_id, call.credential["project_id"], call.json["general"]["payment_id"]))


def _schema(model: type[BaseModel], body: Any) -> list[dict[str, Any]]:
    try:
        validate(model, body)
    except Invalid as invalid:
        return [errors.of_violation(violation) for violation in invalid.violations]
    return []


def _customer_id(customer: Any) -> list[dict[str, Any]]:
    given = customer.get("id") if isinstance(customer, dict) else None
    return [errors.item("2154", "customer.id")] if given in (None, "") else []


def _purchase(uow: UnitOfWork, call: Call, general: Any, payment: Any) -> list[dict[str, Any]]:
    if call.path.get("payment_method", METHOD) != METHOD:
        return [errors.item("2541")]
    return purchase_problems(
        uow, call.credential["project_id"], general["payment_id"], payment.get("amount"), payment.get("currency")
    )


def purchase_problems(
    uow: UnitOfWork, project_id: int, payment_id: Any, amount: Any, currency: Any, prefix: str = "."
) -> list[dict[str, Any]]:
    """What is wrong with the purchase itself; members of a wrong type are left to the schema.

    `prefix` joins object and member: a dot at Gate, an underscore on Payment Page.
    """
    found = []
    id_field = "general.payment_id" if prefix == "." else "payment_id"
    if isinstance(payment_id, str) and is_malformed_id(payment_id):
        found.append(errors.item("3024", id_field))
    elif find_payment(uow, project_id, payment_id) is not None:
        found.append(errors.item("3041", id_field))
    if isinstance(currency, str) and len(currency) == 3 and currency.isascii() and currency.isupper():
        field = f"payment{prefix}currency"
        if currency not in CURRENCIES:
            found.append(errors.item("3121", field))
        elif currency not in setting(uow, "currencies"):
            found.append(errors.item("3023", field))
        elif isinstance(amount, int) and not isinstance(amount, bool) and amount >= 1:
            minimum, maximum = LIMITS.get(currency, (1, None))
            if amount < minimum:
                found.append(errors.item("3358", f"payment{prefix}amount"))
            elif maximum is not None and amount > maximum:
                found.append(errors.item("2642", f"payment{prefix}amount"))
    return found


def is_malformed_id(payment_id: str) -> bool:
    """White space at either end, or control characters. Source: reference/ecommpay.md, section 2.8."""
    return payment_id != payment_id.strip() or any(ord(c) < 32 or ord(c) == 127 for c in payment_id)


def _reject(
    call: Call,
    uow: UnitOfWork,
    request_id: str,
    type_: str,
    problems: list[dict[str, Any]],
    known: Payment | None = None,
) -> Reply:
    """Accepts the request and lets the error callback follow. Source: reference/ecommpay.md, section 6.8."""
    body = call.json
    general = body["general"]
    payment = body.get("payment") if isinstance(body.get("payment"), dict) else {}
    customer = body.get("customer") if isinstance(body.get("customer"), dict) else {}
    callback = body.get("callback") if isinstance(body.get("callback"), dict) else {}
    url, delay = general.get("merchant_callback_url"), callback.get("delay")
    amount, currency = payment.get("amount"), payment.get("currency")
    if known is not None and amount is None:
        amount, currency = known.amount, known.currency
    delay_s = _whole(delay) or 0
    reject(
        uow,
        Request(
            id=request_id,
            state="accepted",
            created_at=uow.now,
            updated_at=uow.now,
            project_id=call.credential["project_id"],
            payment_id=_text(general["payment_id"]),
            type=type_,
            method=_text(call.path.get("payment_method", METHOD)),
            amount=_whole(amount),
            currency=_text(currency) if isinstance(currency, str) else None,
            description=_text(payment.get("description")),
            customer_id=_text(customer.get("id")) or (known.customer_id if known is not None else ""),
            errors=tuple(problems),
            callback_url=url if isinstance(url, str) and not _schema(wire.General, general) else None,
            callback_delay_s=delay_s if delay_s <= 600 else 0,
            callback_disabled=callback.get("force_disable") in (True, 1),
        ),
    )
    return _accepted(call, request_id)


def _whole(value: Any) -> int | None:
    """An amount that every client can read, else None."""
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53 else None


def _text(value: Any) -> str:
    """What a callback may repeat of a member that can be anything."""
    return value[:255] if isinstance(value, str) else "" if value is None else str(value)[:255]


def reject(uow: UnitOfWork, request: Request) -> Request:
    """Keeps a request that failed its checks; its callback leaves after the answer."""
    request = uow.add(request)
    uow.arm(request, "timer.checked", after=timedelta(seconds=setting(uow, "processing_delay_s")))
    return request


# Purchases -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class Purchase:
    """A purchase that has passed its checks, from Gate or from Payment Page (`page`)."""

    request_id: str
    project_id: int
    payment_id: str
    amount: int
    currency: str
    description: str
    customer: dict[str, Any]
    origin: str
    best_before: str | None = None
    return_url: Mapping[str, str]
    callback_url: str | None = None
    success_callback_url: str | None = None
    decline_callback_url: str | None = None
    callback_delay_s: int = 0
    callback_disabled: bool = False
    page: dict[str, str] | None = None


def register(uow: UnitOfWork, purchase: Purchase) -> Payment:
    """The payment and its sale in `processing`; the wallet's order unless customer data is missing.

    At Gate a timer goes on from here; Payment Page goes on at once.
    """
    chosen = options(uow, purchase.amount, purchase.currency, purchase.payment_id)
    transaction = new_number(uow)
    best_before = wire.best_before(purchase.best_before) if purchase.best_before and purchase.page is None else None
    wanted = [name for name in chosen["required_customer_fields"] if not purchase.customer.get(name)]
    payment = Payment(
        id=_resource_id(uow, purchase.payment_id, transaction),
        state="processing",
        created_at=uow.now,
        updated_at=uow.now,
        changed_at=uow.now,
        project_id=purchase.project_id,
        payment_id=purchase.payment_id,
        transaction_id=transaction,
        amount=purchase.amount,
        currency=purchase.currency,
        description=purchase.description,
        customer=purchase.customer,
        return_url=dict(purchase.return_url),
        callback_url=purchase.callback_url,
        success_callback_url=purchase.success_callback_url,
        decline_callback_url=purchase.decline_callback_url,
        callback_delay_s=purchase.callback_delay_s,
        callback_disabled=purchase.callback_disabled,
        origin=purchase.origin,
        page=purchase.page,
        options={name: chosen[name] for name in ("alipay_flow", "redirect_method", "qr_type", "qr_timeout_s")}
        | {name: chosen[name] for name in ("threshold_s", "clarification_s", "amount_alone_decides")}
        | ({"best_before": best_before.isoformat()} if best_before is not None else {}),
        missing={"customer": wanted} if wanted and purchase.page is None else {},
        sale_id=str(new_number(uow)),
    )
    operation = Sale(
        id=payment.sale_id,
        state="processing",
        created_at=uow.now,
        updated_at=uow.now,
        payment=payment.id,
        request_id=purchase.request_id,
        amount=purchase.amount,
        currency=purchase.currency,
    )
    payment = uow.add(payment)
    uow.add(operation)
    uow.add(
        Request(
            id=purchase.request_id,
            state="accepted",
            created_at=uow.now,
            updated_at=uow.now,
            project_id=purchase.project_id,
            payment_id=purchase.payment_id,
            payment=payment.id,
            operation=operation.id,
        )
    )
    if not payment.missing:
        payment = _open_order(uow, payment)
    if payment.page is None:
        uow.arm(payment, "timer.process", after=timedelta(seconds=chosen["processing_delay_s"]))
    return payment


def _resource_id(uow: UnitOfWork, payment_id: str, transaction: int) -> str:
    """The merchant's own id finds the payment in the control API, unless it cannot stand in a path or is taken."""
    is_plain = len(payment_id) <= 100 and all(c.isascii() and (c.isalnum() or c in "._-~") for c in payment_id)
    is_plain = is_plain and payment_id.strip(".") != ""
    return payment_id if is_plain and uow.find(Payment, payment_id) is None else str(transaction)


def _open_order(uow: UnitOfWork, payment: Payment) -> Payment:
    """The wallet's order, payable until the payment's time is over."""
    seconds = payment.options["threshold_s"]
    if payment.options["alipay_flow"] == "qr":
        seconds = min(seconds, payment.options["qr_timeout_s"])
    expires_at = uow.now + timedelta(seconds=seconds)
    best_before = wire.best_before(payment.options.get("best_before", ""))
    if best_before is not None and best_before < expires_at:
        expires_at = max(best_before, uow.now)
    language = (payment.page or payment.customer).get("language_code" if payment.page else "language")
    order = alipay.open_order(
        uow,
        payment,
        title="ecommpay",
        amount=payment.money,
        merchant=setting(uow, "merchant_name"),
        reference=payment.payment_id,
        description=payment.description,
        operation="sale",
        language=(language or "")[:2].lower() or None,
        expires_at=expires_at,
    )
    return uow.amend(payment, order_code=order.id, expires_at=expires_at)


def move(
    uow: UnitOfWork,
    payment: Payment,
    trigger: str,
    *,
    code: str = "9999",
    message: str | None = None,
    extra: Mapping[str, Any] | None = None,
    decided: bool = False,
    **changes: Any,
) -> Payment:
    """Moves a payment and its sale together. `decided`: the provider has spoken, so its id and date are known."""
    operation = uow.get(Sale, payment.sale_id)
    more: dict[str, Any] = {"code": code, "message": message or errors.message(code)}
    if decided:
        more |= {"provider_payment_id": uow.ids.text(32), "provider_at": uow.now - timedelta(seconds=1)}
    operation = uow.fire(operation, trigger, **more)
    return uow.fire(payment, trigger, about=operation, extra=extra, changed_at=uow.now, **changes)


def proceed(uow: UnitOfWork, payment: Payment) -> Payment:
    """The platform goes on with a payment in `processing`: ask for data, or hand out the URL or the QR code."""
    if payment.missing:
        clarify_by = uow.now + timedelta(seconds=payment.options["clarification_s"])
        extra = {"clarification_fields": payment.missing}
        return move(uow, payment, "bank.clarify", code="3191", extra=extra, clarify_by=clarify_by)
    if payment.order_code is None:
        payment = _open_order(uow, payment)
    trigger = "bank.display" if payment.options["alipay_flow"] == "qr" else "bank.redirect"
    return move(uow, payment, trigger, extra=invitation(uow, payment))


def invitation(uow: UnitOfWork, payment: Payment) -> dict[str, Any]:
    """`redirect_data` or `display_data`: how the customer gets to the wallet. Source: reference/ecommpay.md, 6.6, 6.7."""
    base = f"{payment.origin}/emulator"
    if payment.options["alipay_flow"] == "qr":
        url = f"{base}/qr/{payment.order_code}"
        data = {"qr_data": url, "qr_url": f"{url}/image.png"}
        kind = payment.options["qr_type"]
        return {
            "display_data": [
                {"type": kind, "title": "QR code", "data": data.get(kind) or _qr_image(url)},
                {"type": "add_info", "title": "QR Code Timeout", "data": str(payment.options["qr_timeout_s"])},
            ]
        }
    is_form = payment.options["redirect_method"] == "POST"
    fields = _form_fields(uow, payment) if is_form else []
    url = f"{base}/aps/{payment.order_code}"
    return {"redirect_data": {"method": "POST" if is_form else "GET", "body": fields, "encrypted": [], "url": url}}


def _qr_image(url: str) -> str:
    """Bare Base64 of a PNG."""
    import base64

    from simulator.wallet import qr

    return base64.b64encode(qr.png(url)).decode("ascii")


def _form_fields(uow: UnitOfWork, payment: Payment) -> dict[str, str]:
    """The fields that the browser posts to the wallet; the amount is in major units. Source: section 6.6."""
    return {
        "order_no": payment.sale_id,
        "amount": payment.money.major(),
        "payment_channel": "ALIPAY",
        "sign": uow.ids.hex(32),
        "return_url": f"{payment.origin}/emulator/aps/{payment.order_code}",
        "signType": "RSA",
        "currency": payment.currency,
        "body": payment.description,
        "app_id": "4391",
    }


def _decline(uow: UnitOfWork, payment: Payment, trigger: str, code: str, message: str | None = None) -> Payment:
    return move(uow, payment, trigger, code=code, message=message, decided=True)


# The wallet and the clock ----------------------------------------------------------------------------------------


def hear_wallet(uow: UnitOfWork, resource: Resource, news: str, teller: Resource) -> None:
    """The wallet's order has moved. A payment that is still in `processing` first gets its intermediate callback."""
    assert isinstance(resource, Payment) and isinstance(teller, Order)
    if news not in ("wallet.paid", "wallet.declined", "wallet.cancelled", "wallet.expired"):
        return
    payment = resource
    if payment.state == "processing":
        uow.disarm(payment, "timer.process")
        payment = proceed(uow, payment)
    if news == "wallet.paid":
        move(uow, payment, news, code="0", decided=True)
        return
    code = teller.code or errors.WALLET_REASONS.get(teller.reason or "declined", "20000")
    _decline(uow, payment, news, code, teller.message)


def on_timer(uow: UnitOfWork, resource: Resource, trigger: str, data: Mapping[str, Any]) -> None:
    match resource:
        case Payment():
            _on_payment_timer(uow, resource, trigger, data)
        case Refund():
            _settle_refund(uow, resource, data.get("code"), data.get("message"))
        case Request():
            uow.fire(resource, f"bank.{resource.type}_rejected")


def _on_payment_timer(uow: UnitOfWork, payment: Payment, trigger: str, data: Mapping[str, Any]) -> None:
    match trigger:
        case "timer.process" if payment.state == "processing":
            proceed(uow, payment)
        case "timer.clarified" if payment.state == "awaiting clarification":
            _clarified(uow, payment)
        case "timer.threshold" if payment.state in AWAITING:
            _decline(uow, payment, trigger, "20602")
            alipay.close(uow, payment.order_code, "expired", decided_by="timer")
        case "timer.clarification" if payment.state == "awaiting clarification":
            _decline(uow, payment, trigger, "20602")


def return_to(uow: UnitOfWork, payment: Resource, order: Resource) -> str | None:
    """Where the wallet sends the browser: the merchant's URL as given, or Payment Page's own result page."""
    assert isinstance(payment, Payment)
    if payment.page is not None:
        from simulator.providers.ecommpay import pages

        return pages.after_payment(payment)
    return gate_return(payment)


def gate_return(payment: Payment) -> str | None:
    """`return_url.success` or `.decline`, else `.return` (inferred). Nothing is appended."""
    wanted = "success" if payment.state in ("success", *REFUNDABLE, "refunded") else "decline"
    return payment.return_url.get(wanted) or payment.return_url.get("return") or None


# Clarification -------------------------------------------------------------------------------------------------


def clarification(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v2/payment/clarification: the data that was asked for. The 30 minutes begin anew with every request.

    Source: reference/ecommpay.md, section 3.6.
    """
    body, request_id = call.json, new_request_id(uow)
    payment = find_payment(uow, call.credential["project_id"], body["general"]["payment_id"])
    if payment is None:
        return _reject(call, uow, request_id, "sale", [errors.item("3061", "general.payment_id")])
    problems = _schema(wire.ClarificationRequest, body)
    if payment.state != "awaiting clarification":
        problems = [errors.item("3060")]
    if problems:
        return _reject(call, uow, request_id, "sale", problems, payment)
    uow.add(
        Request(
            id=request_id,
            state="accepted",
            created_at=uow.now,
            updated_at=uow.now,
            project_id=payment.project_id,
            payment_id=payment.payment_id,
            payment=payment.id,
            operation=payment.sale_id,
        )
    )
    customer, missing = _completed(payment, body["additional_data"])
    clarify_by = uow.now + timedelta(seconds=payment.options["clarification_s"])
    payment = uow.amend(payment, customer=customer, missing=missing, clarify_by=clarify_by)
    uow.disarm(payment, "timer.clarification")
    uow.arm(payment, "timer.clarification", at=clarify_by)
    uow.arm(payment, "timer.clarified", after=timedelta(seconds=setting(uow, "processing_delay_s")))
    return _accepted(call, request_id)


def _completed(payment: Payment, given: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, list[str]]]:
    """The customer with what was sent, and what is still missing. A malformed value counts as missing (inferred)."""
    sent = given.get("customer")
    answers = text_members(sent)
    wanted = payment.missing.get("customer", [])
    good = {
        name: answers[name]
        for name in wanted
        if answers.get(name) and not _schema(wire.Customer, {name: answers[name]})
    }
    left = [name for name in wanted if name not in good]
    return {**payment.customer, **good}, {"customer": left} if left else {}


def _clarified(uow: UnitOfWork, payment: Payment) -> None:
    if payment.missing:
        extra = {"clarification_fields": payment.missing}
        move(uow, payment, "bank.clarify_again", code="3191", extra=extra)
        return
    proceed(uow, move(uow, payment, "bank.clarified"))


# Refunds -------------------------------------------------------------------------------------------------------


def refund(call: Call, uow: UnitOfWork) -> Reply:
    """POST …/refund: gives back part or all of a purchase. Without an amount, everything that is left.

    What is wrong with the refund of a known payment becomes a declined operation. Source: sections 3.2, 4.4, 5.3.
    """
    body, request_id = call.json, new_request_id(uow)
    general, asked = body["general"], body.get("payment") if isinstance(body.get("payment"), dict) else {}
    payment = find_payment(uow, call.credential["project_id"], general["payment_id"])
    if payment is None:
        return _reject(call, uow, request_id, "refund", [errors.item("3061", "general.payment_id")])
    if call.path.get("payment_method", METHOD) != METHOD:
        return _reject(call, uow, request_id, "refund", [errors.item("2541")], payment)
    problems = _schema(wire.RefundRequest, body)
    if problems:
        general, asked, body = {}, {"amount": _whole(asked.get("amount"))}, {}
    amount = asked.get("amount") or max(payment.left, 0)
    callback = body.get("callback") or {}
    operation = Refund(
        id=str(new_number(uow)),
        state="processing",
        created_at=uow.now,
        updated_at=uow.now,
        payment=payment.id,
        request_id=request_id,
        amount=amount,
        currency=payment.currency,
        merchant_refund_id=asked.get("merchant_refund_id"),
        callback_url=general.get("merchant_callback_url"),
        callback_delay_s=callback.get("delay") or 0,
        callback_disabled=bool(callback.get("force_disable")),
        errors=tuple(problems),
    )
    refused = "502" if problems else _refund_refusal(payment, asked, amount)
    verdict: dict[str, Any] = {"code": refused}
    delay = timedelta(seconds=setting(uow, "refund_delay_s"))
    if refused is None:
        verdict, delay = _bank_on_refund(uow, payment, amount, delay)
    known_ids = payment.merchant_refund_ids
    if refused is None and operation.merchant_refund_id:
        known_ids = (*known_ids, operation.merchant_refund_id)
    uow.amend(
        payment,
        refund_ids=(*payment.refund_ids, operation.id),
        merchant_refund_ids=known_ids,
        refunding=payment.refunding + (amount if refused is None else 0),
    )
    operation = uow.add(replace(operation, reserved=refused is None))
    uow.add(
        Request(
            id=request_id,
            state="accepted",
            created_at=uow.now,
            updated_at=uow.now,
            project_id=payment.project_id,
            payment_id=payment.payment_id,
            type="refund",
            payment=payment.id,
            operation=operation.id,
        )
    )
    uow.arm(operation, "timer.refund", after=delay, **verdict)
    return _accepted(call, request_id)


def _refund_refusal(payment: Payment, asked: Mapping[str, Any], amount: int) -> str | None:
    """The code with which a refund of a known payment is declined. Source: reference/ecommpay.md, section 5.3."""
    if payment.state not in REFUNDABLE:
        return "3060"
    merchant_refund_id = asked.get("merchant_refund_id")
    if merchant_refund_id and merchant_refund_id in payment.merchant_refund_ids:
        return "3230"
    currency = asked.get("currency")
    if currency is not None and asked.get("amount") is None:
        return "3286"
    if currency is not None and currency != payment.currency:
        return "3284"
    return "3283" if amount > payment.left or amount <= 0 else None


def _bank_on_refund(
    uow: UnitOfWork, payment: Payment, amount: int, delay: timedelta
) -> tuple[dict[str, Any], timedelta]:
    """What the wallet will say to a good refund, and when: the documented amounts and scenarios speak here."""
    facts = {"amount": amount, "currency": payment.currency, "reference": payment.payment_id, "payment": payment.id}
    effect = uow.rule("bank", "ecommpay", operation="refund", **facts)
    if effect is None:
        return {}, delay
    params = effect.params
    if params.delay is not None:
        delay = params.delay
    elif params.outcome == "pending":
        delay = PENDING_REFUND
    if params.decline or params.outcome == "declined" or params.then == "declined":
        code = params.code or errors.WALLET_REASONS.get(params.decline or "declined", "20000")
        return {"code": code, "message": params.message}, delay
    return {}, delay


def _settle_refund(uow: UnitOfWork, operation: Refund, code: str | None, message: str | None) -> None:
    """The result of a refund: first the payment, then the operation, whose callback tells both."""
    payment = uow.get(Payment, operation.payment)
    refunding = payment.refunding - (operation.amount if operation.reserved else 0)
    provider: dict[str, Any] = {}
    if operation.reserved:
        provider = {"provider_payment_id": uow.ids.text(32), "provider_at": uow.now - timedelta(seconds=1)}
    if code is not None:
        uow.amend(payment, refunding=refunding)
        uow.fire(operation, "bank.declined", code=code, message=message or errors.message(code), **provider)
        return
    refunded = payment.refunded + operation.amount
    trigger = "bank.refunded" if refunded == payment.amount else "bank.refunded_part"
    uow.fire(payment, trigger, refunded=refunded, refunding=refunding, changed_at=uow.now)
    alipay.refund(uow, payment.order_code, Money(operation.amount, operation.currency))
    uow.fire(operation, "bank.refunded", code="0", message=errors.message("0"), **provider)


# Reading -------------------------------------------------------------------------------------------------------


def status(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v2/payment/status: the present state, at once and signed. Source: reference/ecommpay.md, section 3.4."""
    general = call.json["general"]
    project_id, payment_id = call.credential["project_id"], general["payment_id"]
    secret = auth.secret_of(uow.workspace)
    payment = find_payment(uow, project_id, payment_id)
    wait = timedelta(seconds=setting(uow, "status_delay_s"))
    if payment is None or uow.now < payment.created_at + wait:
        body = wire.unknown_payment(project_id, _text(payment_id), errors.item("3061"))
        return Reply(200, signing.signed(secret, body))
    is_asking = payment.state == "awaiting clarification"
    extra = {"clarification_fields": payment.missing} if is_asking else {}
    body = wire.status(payment, operations_of(uow, payment), extra)
    return Reply(200, signing.signed(secret, body), subject=payment.id)


def request_status(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v2/payment/status/request: what became of one accepted request. Source: section 3.5."""
    body = call.json
    request_id, secret = body["request_id"], auth.secret_of(uow.workspace)
    is_possible = isinstance(request_id, str) and request_id.isascii() and request_id.isprintable()
    request = uow.find(Request, request_id) if is_possible else None
    if request is None or request.project_id != call.credential["project_id"]:
        raise Refused("3061")
    if request.errors:
        told = wire.rejected_request(request)
        payment_id = request.payment_id
    else:
        payment = uow.get(Payment, request.payment or "")
        operations = operations_of(uow, payment)
        operation = next(each for each in operations if each.id == request.operation)
        told = wire.request_status(request, payment, operation, operations)
        payment_id = payment.payment_id
    general = {"project_id": request.project_id, "payment_id": payment_id}
    signature = signing.sign(secret, {"general": general, **told})
    return Reply(200, {"general": {**general, "signature": signature}, **told}, subject=request.subject)


def methods(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v2/info/available_methods_for_merchant/list. Source: reference/ecommpay.md, section 3.7."""
    request = validate(wire.MethodsRequest, call.json)
    assert isinstance(request, wire.MethodsRequest)
    found: dict[str, Any] = {}
    is_wanted = "payin" in request.directions and request.payment_method in (None, METHOD)
    for currency in setting(uow, "currencies") if is_wanted else ():
        minimum, maximum = LIMITS.get(currency, (1, None))
        highest = maximum or LISTED_MAXIMUM
        fits = request.amount is None or minimum <= request.amount <= highest
        if request.currency in (None, currency) and (fits or request.show_unavailable_methods_by_rules):
            found[currency] = [wire.method_entry(minimum, highest)]
    return Reply(200, found)


def banks(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v2/info/banks/…/list: Alipay has no banks. Source: reference/ecommpay.md, section 3.8."""
    return Reply(200, [])


def payout(call: Call, uow: UnitOfWork) -> Reply:
    """POST …/payout: Alipay pays nobody out; accepted, then refused by callback (inferred). Source: section 3.8."""
    return _reject(call, uow, new_request_id(uow), "sale", [errors.item("20706")])
