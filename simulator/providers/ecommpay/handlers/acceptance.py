"""What Gate answers to nearly every request: accepted. If the request fails its checks, only a callback says so.

Inferred: ecommpay.error-callbacks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import orjson

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.kernel.refusals import Violation
from simulator.providers.ecommpay import flow
from simulator.providers.ecommpay.checks import schema_problems, whole_number
from simulator.providers.ecommpay.model import METHOD, Payment, Request
from simulator.providers.ecommpay.wire import answers, requests


def accepted(call: Call, request_id: str) -> Reply:
    return Reply(200, answers.accepted(request_id, call.credential["project_id"], call.json["general"]["payment_id"]))


def rejected(
    call: Call,
    uow: UnitOfWork,
    request_id: str,
    type_: str,
    problems: list[dict[str, Any]],
    known: Payment | None = None,
) -> Reply:
    """Accepts the request and lets the error callback follow. `known` is the payment that it is about, if there is one.

    Nothing in the body can be relied on here, so every member that the callback repeats is made presentable first.
    Source: docs/providers/ecommpay.md, source 6.8.
    """
    tell_later(call, problems)
    body = call.json
    general = body["general"]
    payment, customer, callback = part(body, "payment"), part(body, "customer"), part(body, "callback")
    url, delay = general.get("merchant_callback_url"), callback.get("delay")
    amount, currency = payment.get("amount"), payment.get("currency")
    if known is not None and amount is None:
        amount, currency = known.amount, known.currency
    delay_s = whole_number(delay) or 0
    url = url if isinstance(url, str) and not schema_problems(requests.General, general) else None
    flow.reject(
        uow,
        Request(
            id=request_id,
            state="accepted",
            created_at=uow.now,
            updated_at=uow.now,
            project_id=call.credential["project_id"],
            payment_id=plain_text(general["payment_id"]),
            type=type_,
            method=plain_text(call.path.get("payment_method", METHOD)),
            amount=whole_number(amount),
            currency=plain_text(currency) if isinstance(currency, str) else None,
            description=plain_text(payment.get("description")),
            customer_id=plain_text(customer.get("id")) or (known.customer_id if known is not None else ""),
            errors=tuple(problems),
            callback_url=url,
            callback_from_network=uow.may_go_to("general.merchant_callback_url", url),
            callback_delay_s=delay_s if delay_s <= 600 else 0,
            callback_disabled=callback.get("force_disable") in (True, 1),
        ),
    )
    return accepted(call, request_id)


def tell_later(call: Call, problems: Iterable[Mapping[str, Any]]) -> None:
    """Has the journal say with the request what its callback will say."""
    call.tells_later(_violation(call, problem) for problem in problems)


def _violation(call: Call, problem: Mapping[str, Any]) -> Violation:
    path, given = problem.get("field", ""), call.json
    for name in path.split("."):
        given = given.get(name) if isinstance(given, dict) else None
    rule = "format" if path and given is not None else "required" if path else "own"
    limit = str(problem["code"]) if rule == "own" else None
    return Violation(path, rule, limit, given, f"{problem['code']} {problem['message']}")


def part(body: Mapping[str, Any], name: str) -> dict[str, Any]:
    """An object in the body; empty when the member is absent or no object."""
    found = body.get(name)
    return found if isinstance(found, dict) else {}


def plain_text(value: Any) -> str:
    """The value as a text of at most 255 characters: what is no text as JSON."""
    if value is None:
        return ""
    return (value if isinstance(value, str) else orjson.dumps(value).decode())[:255]
