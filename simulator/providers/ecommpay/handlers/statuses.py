"""Questions about the status of a payment or of a request. Unlike everything else they are answered at once, and signed."""

from __future__ import annotations

from datetime import timedelta

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.kernel.refusals import Refused, Violation
from simulator.providers.ecommpay import auth, errors, signing
from simulator.providers.ecommpay.handlers.acceptance import plain_text
from simulator.providers.ecommpay.model import Payment, Request, find_payment, operations_of
from simulator.providers.ecommpay.settings import EcommpaySettings
from simulator.providers.ecommpay.wire import answers


def status(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v2/payment/status. A payment younger than `status_delay_s` is still unknown. Source: source 3.4."""
    general = call.json["general"]
    # Inferred: ecommpay.status-answer
    project_id, payment_id = call.credential["project_id"], general["payment_id"]
    secret = auth.secret_of(uow.workspace)
    payment = find_payment(uow, project_id, payment_id)
    wait = timedelta(seconds=uow.settings(EcommpaySettings).status_delay_s)
    if payment is None or uow.now < payment.created_at + wait:
        body = answers.unknown_payment(project_id, plain_text(payment_id), errors.item("3061"))
        return Reply(200, signing.signed(secret, body))
    is_asking = payment.state == "awaiting clarification"
    extra = answers.clarification_fields(payment) if is_asking else {}
    body = answers.status(payment, operations_of(uow, payment), extra)
    return Reply(200, signing.signed(secret, body), subject=payment.id)


def request_status(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v2/payment/status/request: what became of one accepted request. Source: source 3.5."""
    body = call.json
    request_id, secret = body["request_id"], auth.secret_of(uow.workspace)
    is_possible = isinstance(request_id, str) and request_id.isascii() and request_id.isprintable()
    request = uow.find(Request, request_id) if is_possible else None
    if request is None or request.project_id != call.credential["project_id"]:
        raise Refused("3061", broken=(Violation("request_id", "unknown_id", "request"),))
    if request.errors:
        told = answers.rejected_request(request)
        payment_id = request.payment_id
    else:
        payment = uow.get(Payment, request.payment or "")
        operations = operations_of(uow, payment)
        operation = next(each for each in operations if each.id == request.operation)
        told = answers.request_status(request, payment, operation, operations)
        payment_id = payment.payment_id
    general = {"project_id": request.project_id, "payment_id": payment_id}
    signature = signing.sign(secret, {"general": general, **told})
    return Reply(200, {"general": {**general, "signature": signature}, **told}, subject=request.subject)
