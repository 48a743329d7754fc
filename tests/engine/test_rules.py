"""What a rule's `when` holds for, whom a scope lets in, and what a range of amounts leaves out."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from simulator.engine.conditions import AmountRange, When
from simulator.engine.facets import ScenarioError
from simulator.engine.rules import Rule, Scenario, load_folder, parse
from simulator.engine.scenarios import Known, Scenarios, scoped_to_payment


@pytest.mark.parametrize(
    ("range_", "inside", "outside"),
    [
        ({"min": 100}, [100, 101], [99, -100]),
        ({"max": 100}, [100, -5, 0], [101]),
        ({"min": 100, "max": 200}, [100, 150, 200], [99, 201]),
        ({"min": 100, "not": [150]}, [100, 149, 151], [150]),
        ({"ends_with": "33"}, [33, 133, 3333], [330, 3, 1334]),
        ({"ends_with": ["01", "02"]}, [101, 102], [103, 1, 1010]),
        ({"min": 200, "ends_with": "33"}, [233], [133, 234]),
        ({}, [0, 1, 10**12], []),
    ],
)
def test_a_range_of_amounts_includes_its_ends(range_: dict[str, Any], inside: list[int], outside: list[int]) -> None:
    holds = AmountRange.model_validate(range_).holds

    assert [amount for amount in inside if not holds(amount)] == []
    assert [amount for amount in outside if holds(amount)] == []


FACTS = {"provider": "acme", "operation": "create", "amount": 1000, "currency": "EUR", "reference": "order-7"}


@pytest.mark.parametrize(
    ("when", "holds"),
    [
        ({}, True),
        ({"amount": 1000}, True),
        ({"amount": 1001}, False),
        ({"amount": [999, 1000]}, True),
        ({"amount": [999, 1001]}, False),
        ({"amount": {"min": 1000}}, True),
        ({"amount": {"min": 1001}}, False),
        ({"provider": "acme"}, True),
        ({"provider": ["other", "acme"]}, True),
        ({"provider": "other"}, False),
        ({"operation": "cre*"}, True),
        ({"operation": "Create"}, False),
        ({"currency": ["CNY", "EUR"]}, True),
        ({"currency": "CNY"}, False),
        ({"reference": "order-?"}, True),
        ({"reference": "order"}, False),
        ({"event": "charge.*"}, False),
        ({"event": "*"}, True),
        ({"buyer": "li-na"}, False),
        ({"method": "POST"}, False),
        ({"provider": "acme", "currency": "CNY"}, False),
        ({"provider": "acme", "amount": 1000, "reference": "order-*"}, True),
    ],
)
def test_a_rule_holds_when_everything_that_it_names_does(when: dict[str, Any], holds: bool) -> None:
    assert When.model_validate(when).holds(FACTS) is holds


@pytest.mark.parametrize("amount", [1000, [1000], {"min": 0}, {}])
def test_a_rule_about_amounts_does_not_hold_where_there_is_none(amount: Any) -> None:
    facts = {name: value for name, value in FACTS.items() if name != "amount"}

    assert not When.model_validate({"amount": amount}).holds(facts)
    assert not When.model_validate({"amount": amount}).holds(facts | {"amount": None})


@pytest.mark.parametrize(
    ("delay", "is_read_as"),
    [("90s", timedelta(seconds=90)), ("PT1H", timedelta(hours=1)), (30, timedelta(seconds=30)), ("0s", timedelta(0))],
)
def test_a_delay_is_a_duration_or_a_number_of_seconds(delay: Any, is_read_as: timedelta) -> None:
    rule = Rule.model_validate({"wallet": {"delay": delay}})

    assert rule.wallet is not None
    assert rule.wallet.delay == is_read_as


@pytest.mark.parametrize(
    "rule",
    [
        {"wallet": {"delay": -1}}, {"wallet": {"delay": "3661d"}}, {"wallet": {"outcome": "maybe"}},
        {"api": {"status": 399}}, {"api": {"status": 600}}, {"api": {"status": 500, "times": 0}}, {"api": {}},
        {"webhooks": {"copies": -1}}, {"webhooks": {"copies": 11}}, {"webhooks": {"order": "random"}},
        {"bank": {"then": "pending"}}, {"when": {"colour": "red"}}, {"unknown": {}},
    ],
)  # fmt: skip
def test_a_rule_out_of_bounds_is_refused(rule: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Rule.model_validate(rule)


@pytest.mark.parametrize(
    "rule",
    [
        {"wallet": {"delay": "3660d"}}, {"api": {"status": 400}}, {"api": {"status": 599, "times": 1}},
        {"webhooks": {"copies": 0}}, {"webhooks": {"copies": 10}}, {"when": {}},
    ],
)  # fmt: skip
def test_a_rule_at_its_bounds_is_taken(rule: dict[str, Any]) -> None:
    Rule.model_validate(rule)


def test_an_effect_on_webhooks_that_says_nothing_changes_nothing() -> None:
    effect = Rule.model_validate({"webhooks": {}}).webhooks

    assert effect is not None
    assert (effect.copies, effect.delay, effect.order, effect.drop) == (1, timedelta(0), "as_happened", False)


@pytest.mark.parametrize("name", ["Upper", "-first", "", "with space"])
def test_a_scenario_has_a_name_that_fits_into_an_address(name: str) -> None:
    with pytest.raises(ValidationError):
        Scenario.model_validate({"name": name, "rules": [{}]})


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"name": "x", "rules": []}, r"here: rules: "),
        ({"name": "x", "rules": [{"api": {"status": "bad"}}]}, r"here: rules\.0\.api\.status: "),
        ("no scenario", "here: scenario: "),
    ],
)
def test_a_body_that_is_no_scenario_is_told_where(raw: Any, says: str) -> None:
    with pytest.raises(ScenarioError, match=says):
        parse(raw, "here")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("name: mine\nrules:\n- {}\n- api:\n    status: 99\n", "mine.yaml:5: rules.1.api.status: "),
        ("name: mine\nrules: []\n", "mine.yaml:2: rules: "),
        ("name: mine\n", "mine.yaml:1: rules: "),
        ("name: mine\nrules:\n- {}\n- api: {}\n", "mine.yaml:4: rules.1.api: "),
        ("name: mine\nrules:\n- {}\n- 5\n", "mine.yaml:4: rules.1: "),
        ("\n\n", "mine.yaml:1: : "),
        ("- no\n- mapping\n", "mine.yaml:1: : "),
    ],
)
def test_a_file_is_told_the_line_of_the_deepest_part_that_exists(tmp_path: Path, text: str, place: str) -> None:
    (tmp_path / "mine.yaml").write_text(text, "utf-8")

    with pytest.raises(ScenarioError) as refused:
        load_folder(tmp_path)

    assert str(refused.value).startswith(place)


# Scopes -----------------------------------------------------------------------------------------------------------


def armed(*rules: dict[str, Any], name: str = "mine", **scope: Any) -> dict[str, Any]:
    return {"scenario": {"name": name, "rules": list(rules)}, "scope": scope}


DECLINE = {"wallet": {"decline": "balance"}}
FAIL = {"api": {"status": 503}}


@pytest.mark.parametrize(
    ("scope", "facet", "facts", "speaks"),
    [
        ({}, "wallet", {}, True),
        ({"provider": "acme"}, "wallet", {"provider": "acme"}, True),
        ({"provider": "acme"}, "wallet", {"provider": "other"}, False),
        ({"next": 1, "payments": []}, "wallet", {"payment": "ch_1"}, False),
        ({"next": 0, "payments": ["ch_1"]}, "wallet", {"payment": "ch_1"}, True),
        ({"next": 0, "payments": ["ch_1"]}, "wallet", {"payment": "ch_2"}, False),
        ({"next": 1, "payments": []}, "wallet", {}, False),
        ({"next": 1, "payments": []}, "api", {}, True),
        ({"next": 0, "payments": ["ch_1"]}, "api", {}, False),
        ({"next": 0, "payments": ["ch_1"]}, "api", {"payment": "ch_1"}, True),
        ({"next": 1, "payments": [], "provider": "acme"}, "api", {"provider": "other"}, False),
    ],
)
def test_a_scope_lets_in_its_own_payments_and_calls_before_they_have_a_name(
    scope: dict[str, Any], facet: Any, facts: dict[str, Any], speaks: bool
) -> None:
    effect = Scenarios().find((armed({**DECLINE, **FAIL}, **scope),), facet, facts)

    assert (effect is not None) is speaks


def test_a_payment_claims_a_scenario_for_the_next_once() -> None:
    entries = (armed(DECLINE, next=2, payments=[]),)

    first = scoped_to_payment(entries, "acme", "ch_1")
    again = scoped_to_payment(first, "acme", "ch_1")
    second = scoped_to_payment(first, "acme", "ch_2")
    third = scoped_to_payment(second, "acme", "ch_3")

    assert entries[0]["scope"] == {"next": 2, "payments": []}  # what was handed in stays as it was
    assert first[0]["scope"] == {"next": 1, "payments": ["ch_1"]}
    assert again is first
    assert second[0]["scope"] == {"next": 0, "payments": ["ch_1", "ch_2"]}
    assert third is second


def test_only_payments_of_the_scopes_provider_claim_it_and_other_scenarios_stay() -> None:
    entries = (armed(DECLINE, next=1, payments=[], provider="acme"), armed(FAIL))

    assert scoped_to_payment(entries, "other", "pay_1") is entries
    claimed = scoped_to_payment(entries, "acme", "ch_1")
    assert claimed[0]["scope"]["payments"] == ["ch_1"]
    assert claimed[1] is entries[1]


def test_who_decided_is_told_by_the_scenario_or_by_the_documented_amount() -> None:
    rules = [{"when": {"amount": 1000}, "wallet": {"decline": "balance"}}, {"bank": {"decline": "blocked"}}]
    documented = {"acme": Scenario.model_validate({"name": "acme", "rules": rules})}
    scenarios = Scenarios(lambda: Known(documented=documented))
    facts = {"provider": "acme", "amount": 1000}

    by_amount = scenarios.find((), "wallet", facts)
    by_name = scenarios.find((), "bank", facts)
    both = list(scenarios.matching((armed(DECLINE),), "wallet", facts))

    assert by_amount is not None and (by_amount.label, by_amount.armed, by_amount.source) == (
        "amount:1000",
        False,
        None,
    )
    assert by_name is not None and (by_name.label, by_name.armed) == ("scenario:acme", False)
    assert [(effect.label, effect.armed) for effect in both] == [("scenario:mine", True), ("amount:1000", False)]
    assert scenarios.find((), "wallet", {"provider": "other", "amount": 1000}) is None
    assert scenarios.documents("wallet", "acme") and scenarios.documents("bank", "acme")
    assert not scenarios.documents("api", "acme") and not scenarios.documents("wallet", "other")
