"""The one authorization of a charge, and the code that completes it. Source: docs/providers/ppro.md, sources 3.5 and 8.4."""

from __future__ import annotations

from typing import Any

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.kernel.refusals import IllegalTransition, Invalid, Violation
from simulator.providers.ppro import wire
from simulator.providers.ppro.handlers.operations import find_charge
from simulator.providers.ppro.model import Charge
from simulator.wallet import alipay

MFA_CODE = "777123"


def confirm(call: Call, uow: UnitOfWork) -> Reply:
    """POST …/authorizations: completes MULTI_FACTOR with its code. A wrong code is a 200 with `FAILED`.

    Raises `IllegalTransition` (400) when the charge does not wait for its consumer, and `Invalid` (400) when it does not
    offer this type. Source: docs/providers/ppro.md, sources 3.5 and 8.4. Inferred: ppro.confirm-refused.
    """
    charge = find_charge(call, uow)
    if charge.state != "AUTHENTICATION_PENDING" or charge.order_code is None:
        raise IllegalTransition("ppro.payment_charge", charge.state, "api.confirm")
    result = call.body.authenticationResult
    if "MULTI_FACTOR" not in charge.authentication_types or result.type not in (None, "MULTI_FACTOR"):
        offered = ", ".join(charge.authentication_types)
        message = f"is not offered by this payment charge, which waits for {offered}"
        raise Invalid([Violation("authenticationResult.type", "custom", message=message)])
    if result.details.verificationCode is None:
        raise Invalid([Violation("authenticationResult.details.verificationCode", "required")])
    check_code(uow, charge, result.details.verificationCode)
    charge = uow.get(Charge, charge.id)
    return Reply(200, wire.alone(charge, charge.authorizations[-1]))


def check_code(uow: UnitOfWork, charge: Charge, code: str) -> None:
    """Decides by the consumer's code: `777123` approves, any other declines. Source: docs/providers/ppro.md, source 8.4.

    Inferred: ppro.wrong-code.
    """
    assert charge.order_code is not None
    order = alipay.order_of(uow, charge.order_code)
    if code == MFA_CODE:
        alipay.approve(uow, order)
    else:
        alipay.decline(uow, order, "authentication")


def move_authorization(uow: UnitOfWork, charge: Charge, trigger: str, **changes: Any) -> Charge:
    """Moves the charge's authorization by one row of its machine."""
    *others, last = charge.authorizations
    return uow.amend(charge, authorizations=(*others, last.moved(trigger, uow.now, **changes)))
