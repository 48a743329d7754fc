"""Answers are held against the shapes in the published OpenAPI documents. What differs on purpose is listed, with its reason."""

from __future__ import annotations

import json
import re
from functools import cache
from typing import Any

import httpx
import jsonschema
from published import facts
from support import Sim

from providers.checkoutcom.driver import FOLLOW_UP, HOSTED, ONE_TIME, RECURRING, Merchant, workflow

# Where an answer differs from the document on purpose: template, the place, and why.
EXCEPTIONS = (
    ("/payments", r"data/\d+/balances: 'id' is a required property", "no example has an id among the balances"),
    ("/payments/{id}", r"balances: 'id' is a required property", "no example has an id among the balances"),
    (
        "/disputes/{dispute_id}",
        r"relevant_evidence/\d+: ",
        "the document asks for lists and gives a word as the example",
    ),
    (
        "/events/{eventId}",
        r"notifications/\d+/_links/self: .* is not of type 'string'",
        "the document's own example is an object with `href`",
    ),
)


@cache
def document(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json.dumps(facts(f"checkoutcom-{name}")), object_hook=_any_of)
    return found


def _any_of(node: dict[str, Any]) -> dict[str, Any]:
    """The document's alternatives overlap (an accepted payment is an accepted payout too): one must hold, not exactly one."""
    return {"anyOf" if name == "oneOf" else name: value for name, value in node.items()}


def schema_of(name: str, template: str, method: str, status: int) -> tuple[dict[str, Any], dict[str, Any] | None]:
    answers = document(name)["paths"][template][method]["responses"]
    assert str(status) in answers, f"{status} is not documented for {method} {template}"
    content = answers[str(status)].get("content", {}).get("application/json")
    return document(name), content["schema"] if content else None


def problems(name: str, template: str, answer: httpx.Response) -> list[str]:
    """What the document has against this answer."""
    method = answer.request.method.lower()
    whole, schema = schema_of(name, template, method, answer.status_code)
    if schema is None:
        return ["a body where none is documented"] if answer.content else []
    root = {**schema, "components": whole["components"]}
    found = [
        inner for e in jsonschema.Draft202012Validator(root).iter_errors(answer.json()) for inner in _first_branch(e)
    ]
    told = [f"{'/'.join(str(p) for p in e.absolute_path)}: {e.message[:300]}" for e in found]
    known = [pattern for where, pattern, _ in EXCEPTIONS if where == template]
    return [problem for problem in told if not any(re.match(pattern, problem) for pattern in known)]


def _first_branch(error: Any) -> list[Any]:
    """Of an alternative that does not hold, what the first branch (the payment, not the payout) has against it."""
    return [e for e in error.context if e.relative_schema_path[0] == 0] if error.validator == "anyOf" else [error]


class Checked:
    """Collects what the document has against the answers."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.bad: list[str] = []

    def __call__(self, template: str, answer: httpx.Response) -> Any:
        found = problems(self.name, template, answer)
        self.bad += [f"{answer.request.method} {template} {answer.status_code} {problem}" for problem in found]
        return answer.json() if answer.content else None


async def test_payments_answer_as_documented(sim: Sim, cko: Merchant) -> None:
    check = Checked("nas")

    for body in (ONE_TIME, RECURRING):
        created = check("/payments", await cko.post("/payments", body))
        check("/payments/{id}", await cko.get(f"/payments/{created['id']}"))
        await cko.pay(created["id"])
        check("/payments/{id}", await cko.get(f"/payments/{created['id']}"))
    follow_up = FOLLOW_UP | {"source": {"type": "id", "id": created["source"]["id"]}}
    check("/payments", await cko.post("/payments", follow_up))
    check("/payments", await cko.post("/payments", ONE_TIME | {"amount": -1}))
    check("/payments", await cko.get("/payments?reference=ORD-5023-4E89"))
    check("/payments", await cko.get("/payments?reference=x&limit=0"))
    check("/payments/{id}/refunds", await cko.refund(created["id"], {"amount": 20, "reference": "R"}))
    check("/payments/{id}/refunds", await cko.refund(created["id"], {"amount": 20_000}))
    await sim.advance(seconds=5)
    check("/payments/{id}/refunds", await cko.refund(created["id"]))
    await sim.advance(seconds=5)
    check("/payments/{id}/refunds", await cko.refund(created["id"]))
    check("/payments/{id}/actions", await cko.get(f"/payments/{created['id']}/actions"))
    check("/payments/{id}/captures", await cko.post(f"/payments/{created['id']}/captures"))
    check("/payments/{id}/voids", await cko.post(f"/payments/{created['id']}/voids"))
    check("/payments/{id}", await cko.get("/payments/pay_" + "a" * 26))

    assert check.bad == []


async def test_customers_and_hosted_pages_answer_as_documented(sim: Sim, cko: Merchant) -> None:
    check = Checked("nas")

    await cko.agreement()
    made = check("/customers", await cko.post("/customers", {"email": "a@example.com", "name": "A"}))
    check("/customers", await cko.post("/customers", {"email": "a@example.com"}))
    check("/customers/{identifier}", await cko.send("PATCH", f"/customers/{made['id']}", {"name": "B"}))
    check("/customers/{identifier}", await cko.get(f"/customers/{made['id']}"))
    check("/customers/{identifier}", await cko.send("DELETE", f"/customers/{made['id']}"))
    for kind in ("hosted-payments", "payment-links"):
        page = check(f"/{kind}", await cko.post(f"/{kind}", HOSTED))
        check(f"/{kind}/{{id}}", await cko.get(f"/{kind}/{page['id']}"))
        await sim.act("checkoutcom", page["id"], "pay")
        await sim.advance(seconds=5)
        check(f"/{kind}/{{id}}", await cko.get(f"/{kind}/{page['id']}"))
        check(f"/{kind}", await cko.post(f"/{kind}", {}))

    assert check.bad == []


async def test_workflows_and_events_answer_as_documented(sim: Sim, cko: Merchant) -> None:
    check = Checked("nas")

    made = check("/workflows", await cko.post("/workflows", workflow()))
    own = f"/workflows/{made['id']}"
    check("/workflows", await cko.get("/workflows"))
    check("/workflows/{workflowId}", await cko.get(own))
    check("/workflows/{workflowId}", await cko.send("PATCH", own, {"name": "x"}))
    check("/workflows/{workflowId}/test", await cko.post(f"{own}/test", {"event_types": ["payment_captured"]}))
    check("/workflows/event-types", await cko.get("/workflows/event-types"))
    created = await cko.paid()
    subject = f"/workflows/events/subject/{created['id']}"
    events = check("/workflows/events/subject/{subjectId}", await cko.get(subject))
    event = f"/workflows/events/{events['data'][0]['id']}"
    shown = check("/workflows/events/{eventId}", await cko.get(event))
    action = shown["action_invocations"][0]["workflow_action_id"]
    check("/workflows/events/{eventId}/actions/{workflowActionId}", await cko.get(f"{event}/actions/{action}"))
    check("/workflows/events/{eventId}/reflow", await cko.post(f"{event}/reflow"))
    check("/workflows/events/subject/{subjectId}/reflow", await cko.post(f"{subject}/reflow"))
    check("/workflows/{workflowId}", await cko.send("DELETE", own))

    assert check.bad == []


async def test_disputes_answer_as_documented(sim: Sim, cko: Merchant) -> None:
    check = Checked("nas")
    await sim.arm([{"when": {"operation": "capture"}, "provider": {"dispute": "PT1H"}}])
    await cko.paid()
    await sim.advance(hours=1)

    listed = check("/disputes", await cko.get("/disputes"))
    own = f"/disputes/{listed['data'][0]['id']}"
    check("/disputes/{dispute_id}", await cko.get(own))
    check("/disputes/{dispute_id}/accept", await cko.post(f"{own}/accept"))
    check("/disputes/{dispute_id}", await cko.get("/disputes/dsp_unknown"))

    assert check.bad == []


async def test_the_previous_platform_answers_as_documented(sim: Sim, previous: Merchant) -> None:
    check = Checked("abc")

    hook = {"url": "http://merchant.test/hooks", "event_types": ["payment_pending", "payment_captured"]}
    check("/webhooks", await previous.get("/webhooks"))
    made = check("/webhooks", await previous.post("/webhooks", hook))
    check("/webhooks", await previous.post("/webhooks", hook))
    check("/webhooks", await previous.get("/webhooks"))
    check("/webhooks/{id}", await previous.get(f"/webhooks/{made['id']}"))
    check("/webhooks/{id}", await previous.send("PATCH", f"/webhooks/{made['id']}", {"active": True}))
    order = {"source": {"type": "alipay"}, "amount": 2000, "currency": "USD", "reference": "OLD-1"}
    created = check("/payments", await previous.post("/payments", order))
    await previous.pay(created["id"])
    check("/payments/{id}", await previous.get(f"/payments/{created['id']}"))
    check("/payments/{id}/actions", await previous.get(f"/payments/{created['id']}/actions"))
    check("/payments/{id}/refunds", await previous.refund(created["id"], {"amount": 20}))
    events = check("/events", await previous.get("/events"))
    event = check("/events/{eventId}", await previous.get(f"/events/{events['data'][-1]['id']}"))
    note = f"/events/{event['id']}/notifications/{event['notifications'][0]['id']}"
    check("/events/{eventId}/notifications/{notificationId}", await previous.get(note))
    check("/events/{eventId}/webhooks/retry", await previous.post(f"/events/{event['id']}/webhooks/retry"))
    check("/event-types", await previous.get("/event-types"))
    check("/webhooks/{id}", await previous.send("DELETE", f"/webhooks/{made['id']}"))

    assert check.bad == []
