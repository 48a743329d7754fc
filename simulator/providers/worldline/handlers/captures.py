"""Captures. A payment has one as soon as the wallet has confirmed, under the id of the payment."""

from __future__ import annotations

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.kernel.refusals import NotFound
from simulator.providers.worldline.handlers.payments import payment_of
from simulator.providers.worldline.model import Payment
from simulator.providers.worldline.wire import captures as wire


def get_captures(call: Call, uow: UnitOfWork) -> Reply:
    payment = payment_of(call, uow)
    captures = [wire.capture(payment)] if payment.captured_at is not None else []
    return Reply(200, {"captures": captures}, subject=payment.id)


def captured_by(call: Call, uow: UnitOfWork) -> Payment:
    """The payment whose capture the path names. Raises `NotFound`."""
    payment = uow.find(Payment, call.path["captureId"])
    if payment is None or payment.captured_at is None:
        raise NotFound("capture", call.path["captureId"], "captureId")
    return payment


def get_capture(call: Call, uow: UnitOfWork) -> Reply:
    payment = captured_by(call, uow)
    return Reply(200, wire.capture(payment), subject=payment.id)
