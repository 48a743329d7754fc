"""The services: the connection test, currency conversion, the privacy policy."""

from __future__ import annotations

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.kernel.refusals import Invalid, Violation
from simulator.providers.worldline import products
from simulator.providers.worldline.handlers.requests import count
from simulator.wallet import alipay


def test_connection(call: Call, uow: UnitOfWork) -> Reply:
    return Reply(200, {"result": "OK"})


def convert_amount(call: Call, uow: UnitOfWork) -> Reply:
    """GET /services/convert/amount: at the wallet's rates, both amounts with two implied decimals."""
    missing = [Violation(n, "required", "20000001") for n in ("source", "target", "amount") if not call.query.get(n)]
    if missing:
        raise Invalid(missing)
    source, target = call.query["source"], call.query["target"]
    wrong = [
        Violation(n, "enum", given=v) for n, v in (("source", source), ("target", target)) if v not in alipay.RATES
    ]
    if wrong:
        raise Invalid(wrong)
    amount = count(call, "amount", 0, 10**12 - 1)
    return Reply(200, {"convertedAmount": products.convert(amount, source, target)})


def get_privacy_policy(call: Call, uow: UnitOfWork) -> Reply:
    if not call.query.get("locale"):
        raise Invalid([Violation("locale", "required", "20000001")])
    html = "<div><p>This is a simulator: it keeps what you send it until its workspace is reset.</p></div>"
    return Reply(200, {"htmlContent": html})
