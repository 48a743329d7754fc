"""What a project can be paid with: the list of methods, and the list of banks, which is empty."""

from __future__ import annotations

from typing import Any

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.engine.validation import validate
from simulator.kernel.refusals import Invalid, Violation
from simulator.providers.ecommpay.checks import LIMITS
from simulator.providers.ecommpay.model import METHOD
from simulator.providers.ecommpay.settings import EcommpaySettings
from simulator.providers.ecommpay.wire import answers, requests

LISTED_MAXIMUM = 1_000_000_000
"""What the list says where there is no maximum. Source: docs/providers/ecommpay.md, source 3.7."""


def methods(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v2/info/available_methods_for_merchant/list. Source: docs/providers/ecommpay.md, source 3.7."""
    request = validate(requests.MethodsRequest, call.json)
    assert isinstance(request, requests.MethodsRequest)
    _only_alipay(call, request.payment_method)
    found: dict[str, Any] = {}
    is_wanted = "payin" in request.directions and request.payment_method in (None, METHOD)
    for currency in uow.settings(EcommpaySettings).currencies if is_wanted else ():
        minimum, maximum = LIMITS.get(currency, (1, None))
        highest = maximum or LISTED_MAXIMUM
        fits = request.amount is None or minimum <= request.amount <= highest
        if request.currency in (None, currency) and (fits or request.show_unavailable_methods_by_rules):
            found[currency] = [answers.method_entry(minimum, highest)]
    return Reply(200, found)


def _only_alipay(call: Call, method: str | None) -> None:
    """Notices a question about another method, which the live project may have. Raises `Invalid` in strict mode."""
    if method in (None, METHOD):
        return
    call.differs_live(f"payment_method: the simulator knows {METHOD} only")
    if call.strict:
        raise Invalid([Violation("payment_method", "enum", given=method)])


def banks(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v2/info/banks/…/list: Alipay has no banks. Source: docs/providers/ecommpay.md, source 3.8."""
    _only_alipay(call, call.path["payment_method"])
    return Reply(200, [])
