"""A rule that can never hold, a word that is none, an option that nobody has: told when a scenario is armed, not passed over."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from support import Sim
from toy.acme import ACME

from simulator.engine.arming import not_shown, objection
from simulator.engine.rules import RuleOptions, Scenario
from simulator.engine.scenarios import Decisions, Scenarios
from simulator.engine.settings import ProviderSettings, WorkspaceSettings
from simulator.providers import built_in
from simulator.surface.app import load_scenarios
from simulator.surface.settings import Settings


class SaleOptions(RuleOptions):
    flow: str = "page"
    after_s: int = 0


class VoidOptions(RuleOptions):
    late: bool = False


SAYS = replace(
    ACME,
    decisions=Decisions(wallet=("sale",), bank=("refund", "void"), provider={"sale": SaleOptions, "void": VoidOptions}),
)
"""Acme, which says what it asks."""


def scenario(*rules: dict[str, Any]) -> Scenario:
    return Scenario.model_validate({"name": "mine", "rules": list(rules)})


BALANCE = {"decline": "balance"}


@pytest.mark.parametrize(
    ("webhooks", "because"),
    [
        ({"forge": "timestamp"}, "its signature names no time"),
        ({"stale": "PT10M"}, "its signature names no time"),
        ({"forge": "signature"}, None),
        ({"copies": 2}, None),
    ],
)
def test_what_some_providers_cannot_show_is_told_of_those(webhooks: dict[str, Any], because: str | None) -> None:
    [timed, *_], [timeless, *_] = (
        [p for p in built_in() if p.webhooks.forging.signs_time is signs] for signs in (True, False)
    )
    both, rule = [timed, timeless], {"webhooks": webhooks}

    assert not_shown(scenario(rule), both) == ({timeless.name: because} if because else {})
    assert not_shown(scenario(rule), both, timed.name) == {}
    assert not_shown(scenario({"when": {"provider": timed.name}, **rule}), both) == {}


@pytest.mark.parametrize(
    "rule",
    [
        {"when": {"operation": "sale", "buyer": "li-na", "method": "card"}, "wallet": BALANCE},
        {"when": {"operation": "create", "method": "POST"}, "api": {"status": 500}},
        {"when": {"operation": "searchCharges"}, "api": {"status": 500}},
        {"when": {"operation": ["refund", "v*"]}, "bank": BALANCE},
        {"when": {"event": "charge.*"}, "webhooks": {"copies": 2}},
        {"when": {"operation": "*"}, "wallet": BALANCE, "bank": BALANCE, "api": {"status": 500}},
        {"when": {"event": "*"}, "wallet": BALANCE},
        {"when": {"operation": "sale"}, "provider": {"flow": "code"}},
        {"provider": {"flow": "code", "late": True}},
        {"provider": {}},
    ],
)
def test_what_may_happen_has_no_objection(rule: dict[str, Any]) -> None:
    assert objection(scenario(rule), [SAYS], ["li-na"]) is None


@pytest.mark.parametrize(
    ("rule", "path", "says", "allowed"),
    [
        ({"when": {"operation": "sael"}, "wallet": BALANCE}, "when.operation", "no operation of wallet 'sael'", ("sale",)),
        ({"when": {"operation": "sale"}, "bank": BALANCE}, "when.operation", "no operation of bank 'sale'", ("refund", "void")),
        ({"when": {"operation": ["void", "x"]}, "bank": BALANCE}, "when.operation", "'x'", ("refund", "void")),
        ({"when": {"operation": "sale"}, "api": {"status": 500}}, "when.operation", "no operation of api 'sale'", None),
        ({"when": {"operation": "sale"}, "webhooks": {}}, "when.operation", "webhooks knows no operation", None),
        ({"when": {"event": "charge.*"}, "wallet": BALANCE}, "when.event", "wallet knows no event", None),
        ({"when": {"buyer": "li-na"}, "bank": BALANCE}, "when.buyer", "bank knows no buyer", None),
        ({"when": {"buyer": "lina"}, "wallet": BALANCE}, "when.buyer", "no buyer 'lina'", ("li-na",)),
        ({"when": {"method": "cash"}, "wallet": BALANCE}, "when.method", "no method of wallet 'cash'", ("balance", "card")),
        ({"when": {"method": "post"}, "api": {"status": 500}}, "when.method", "no method of api 'post'", None),
        ({"when": {"operation": "refund"}, "provider": {}}, "when.operation", "operation of provider 'refund'", ("sale", "void")),
        ({"provider": {"flwo": "code"}}, "provider.flwo", "there is no option 'flwo' here", ("after_s", "flow", "late")),
        ({"when": {"operation": "void"}, "provider": {"flow": "code"}}, "provider.flow", "no option 'flow'", ("late",)),
        ({"provider": {"after_s": "x"}}, "provider.after_s", "must be a whole number", None),
    ],
)  # fmt: skip
def test_what_never_happens_is_told_with_what_would(
    rule: dict[str, Any], path: str, says: str, allowed: tuple[str, ...] | None
) -> None:
    found = objection(scenario({"wallet": BALANCE}, rule), [SAYS], ["li-na"])

    assert found is not None
    assert (found.path, says in found.message) == (f"rules.1.{path}", True), str(found)
    assert allowed is None or found.allowed == allowed


def test_a_rule_is_held_against_the_providers_that_it_names() -> None:
    other = replace(
        SAYS, name="other", resources=(), settings=WorkspaceSettings, decisions=Decisions(wallet=("authorize",))
    )
    rule = {"when": {"provider": "acme", "operation": "authorize"}, "wallet": BALANCE}

    assert objection(scenario({**rule, "when": {"operation": "authorize"}}), [SAYS, other]) is None
    assert str(objection(scenario(rule), [SAYS, other])).startswith("rules.0.when.operation: there is no operation")


def test_of_a_provider_that_does_not_say_anything_may_be() -> None:
    rule = {"when": {"operation": "whatever"}, "wallet": BALANCE, "provider": {"any": "thing"}}

    assert objection(scenario(rule), [ACME]) is None


def test_every_scenario_that_ships_may_happen() -> None:
    """Those that bear a provider's name there, the others at all of them; none is left out. Who has test amounts has
    the setting that turns them off, and nobody else."""
    found = load_scenarios(Settings(db=":memory:"), built_in()).known

    with_amounts = {provider.name for provider in built_in() if issubclass(provider.settings, ProviderSettings)}
    assert set(found.documented) == with_amounts
    for provider in built_in():
        if provider.name in with_amounts:
            assert objection(found.documented[provider.name], [provider]) is None
    assert "declined-balance" in found.named and "refund-refused" in found.named


@pytest.mark.parametrize("facet", ["wallet", "bank"])
async def test_a_reason_that_is_none_is_refused_with_those_that_are(sim: Sim, facet: str) -> None:
    answer = await sim.http.put(f"{sim.path}/scenario", json={"rules": [{facet: {"decline": "no money"}}]})

    error = answer.json()["error"]
    assert (answer.status_code, error["field"]) == (422, "rules")
    assert error["allowed"] == ["balance", "limit", "blocked", "authentication", "cancelled", "expired", "declined"]
    assert error["message"].startswith(f"body: rules.0.{facet}.decline: must be one of balance, ")


async def test_a_buyer_may_be_named_once_they_are_there(sim: Sim) -> None:
    body = {"rules": [{"when": {"buyer": "vip"}, "wallet": BALANCE}]}
    before = await sim.http.put(f"{sim.path}/scenario", json=body)
    made = await sim.http.put(f"{sim.path}/buyers/vip", json={"name_en": "V"})

    after = await sim.http.put(f"{sim.path}/scenario", json=body)

    assert (before.status_code, "li-na" in before.json()["error"]["allowed"]) == (422, True)
    assert (made.is_success, after.status_code) == (True, 200)


def test_what_an_older_version_armed_and_this_one_does_not_take_is_passed_over(
    caplog: pytest.LogCaptureFixture,
) -> None:
    old = {"scenario": {"name": "of-old", "rules": [{"wallet": {"decline": "no money"}}]}, "scope": {}}
    new = {"scenario": {"name": "new", "rules": [{"wallet": BALANCE}]}, "scope": {}}

    found = list(Scenarios().matching((old, new), "wallet", {"provider": "acme"}))

    assert [effect.label for effect in found] == ["scenario:new"]
    assert "an armed scenario is passed over: rules.0.wallet.decline: must be one of" in caplog.text
