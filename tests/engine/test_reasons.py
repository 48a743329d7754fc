"""Why a request was refused, in neutral words."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest
from support import Sim

from simulator.engine import reasons
from simulator.engine.shop import Account, Purchase
from simulator.kernel import refusals as r
from simulator.kernel.money import Money


@pytest.mark.parametrize(
    ("given", "known", "meant"),
    [
        ("sucess", ("success", "return"), "success"),
        ("paymentId", ("payment_id", "payment"), "payment_id"),
        ("AMOUNT", ("amount",), "amount"),
        ("amount", ("currency", "country"), None),
        ("WBE", ("APP", "WEB"), "WEB"),
        ("CNZ", ("EUR", "CNY"), "CNY"),
        ("AB", ("CB",), None),
        ("APPP", ("APP",), "APP"),
        ("x", ("success",), None),
        ("", ("success",), None),
        ("a" * 10_000, ("success",), None),
    ],
)
def test_a_slip_is_of_case_of_a_separator_or_of_a_letter_or_two(
    given: str, known: tuple[str, ...], meant: str | None
) -> None:
    assert reasons.nearest(given, known) == meant


async def test_of_a_flood_of_unknown_members_a_hundred_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """A fuzz of 500,000 requests found that 3,000 of them took half a second; a body may have a hundred thousand."""
    looked_at: list[str] = []
    nearest = reasons.nearest
    monkeypatch.setattr(reasons, "nearest", lambda name, known: looked_at.append(name) or nearest(name, known))
    body = json.dumps({f"m{n}": n for n in range(3000)} | {"curency": "CNY"}).encode()

    async with Sim() as sim:
        for provider in sim.app.runtime.providers.values():
            if provider.shop is None:
                continue
            looked_at.clear()
            account = Account(sim.workspace.credentials[provider.name], "http://sim.test", sim.workspace.clock.now())
            purchase = Purchase(Money(1000, "CNY"), "https://shop.example/back", "flood")
            create = provider.shop.create(account, purchase)
            signed = provider.shop.sign(account, replace(create, body=body))
            answer = await sim.http.request(signed.method, signed.path, headers=signed.headers, content=signed.body)

            assert 400 <= answer.status_code < 500, answer.text
            assert 0 < len(looked_at) <= 2 * reasons.LOOKED_AT, provider.name


@pytest.mark.parametrize(
    ("refusal", "rules"),
    [
        (r.Invalid([r.Violation("a.b", "max", 5, 9)]), [{"code": "max", "field": "a.b", "limit": 5}]),
        (r.Refused("2442", broken=(r.Violation("id", "unknown_id"),)), [{"code": "unknown_id", "field": "id"}]),
        (r.Refused("9"), [{"code": "own", "limit": "9", "text": "as the answer says"}]),
        (r.Unauthenticated("no such key"), [{"code": "credential", "text": "no such key"}]),
        (r.Unauthenticated("wrong", {"expected": "x"}), [{"code": "signature", "text": "wrong"}]),
        (r.MethodNotAllowed("DELETE", ["GET", "POST"]), [{"code": "method", "limit": "GET, POST"}]),
        (
            r.IllegalTransition("charge", "PAID", "void", ["refund"]),
            [{"code": "state", "limit": "PAID", "text": "refund"}],
        ),
        (r.LimitExceeded(5, 0), [{"code": "exceeded", "field": "amount", "limit": 0, "text": "5"}]),
        (r.NotFound("charge", "ch_1", "id"), [{"code": "not_found", "field": "id", "limit": "charge", "text": "ch_1"}]),
        (r.IdempotencyConflict("k", "in_progress"), [{"code": "key_in_use"}]),
    ],
)
def test_each_kind_of_refusal_has_its_rule(refusal: r.Refusal, rules: list[dict[str, Any]]) -> None:
    assert reasons.rules(refusal, {"error": {"message": "as the answer says"}}) == rules


@pytest.mark.parametrize(
    ("violation", "rule"),
    [
        (r.Violation("a", "min", 1, 0, "must be at least 1"), {"code": "min", "field": "a", "limit": 1}),
        (
            r.Violation("a", "enum", None, "x", "no such thing"),
            {"code": "format", "field": "a", "text": "no such thing"},
        ),
        (
            r.Violation("a", "format", "b, c", "x", "odd"),
            {"code": "enum", "field": "a", "limit": "b, c", "text": "odd"},
        ),
    ],
)
def test_what_the_rule_says_itself_is_not_said_twice(violation: r.Violation, rule: dict[str, Any]) -> None:
    assert reasons.rules(r.Invalid([violation]), None) == [rule]


def test_of_many_broken_rules_the_first_ten_are_told() -> None:
    many = r.Invalid([r.Violation(f"m{n}", "required") for n in range(99)])

    assert [rule["field"] for rule in reasons.rules(many, None)] == [f"m{n}" for n in range(10)]


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ({"errors": [{"message": "one"}, {"message": "two"}]}, "one; two"),
        ({"failureMessage": "no"}, "no"),
        (b"no JSON", ""),
        (None, ""),
    ],
)
def test_the_words_of_an_answer_are_found_wherever_they_stand(answer: Any, words: str) -> None:
    assert reasons.said(answer) == words
