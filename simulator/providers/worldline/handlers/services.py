"""The services: the connection test, currency conversion, the privacy policy, and the first digits of cards."""

from __future__ import annotations

from simulator.engine.provider import Call, Reply
from simulator.engine.rates import RATES
from simulator.engine.uow import UnitOfWork
from simulator.kernel.refusals import Invalid, NotFound, Violation
from simulator.providers.worldline import products
from simulator.providers.worldline.handlers.requests import count, must_have


def test_connection(call: Call, uow: UnitOfWork) -> Reply:
    return Reply(200, {"result": "OK"})


def convert_amount(call: Call, uow: UnitOfWork) -> Reply:
    """GET /services/convert/amount: at the wallet's rates, both amounts with two implied decimals."""
    must_have(call, "source", "target", "amount")
    given = {name: call.query[name] for name in ("source", "target")}
    wrong = [Violation(name, "enum", given=code) for name, code in given.items() if code not in RATES]
    if wrong:
        raise Invalid(wrong)
    amount = count(call, "amount", 0, 10**12 - 1)
    return Reply(200, {"convertedAmount": products.convert(amount, given["source"], given["target"])})


def get_privacy_policy(call: Call, uow: UnitOfWork) -> Reply:
    must_have(call, "locale")
    html = "<div><p>This is a simulator: it keeps what you send it until its workspace is reset.</p></div>"
    return Reply(200, {"htmlContent": html})


def get_iin_details(call: Call, uow: UnitOfWork) -> Reply:
    """POST /services/getIINdetails: no card belongs to a product of this account.

    Inferred: worldline.unknown-things.
    """
    raise NotFound("iin", call.body.bin, "bin")
