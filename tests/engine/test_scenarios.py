"""Scenario files: what is refused, and where the refusal points."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import Sim
from toy.acme import ACME

from simulator.engine.facets import ScenarioError
from simulator.engine.pages import folder
from simulator.engine.rules import ApiEffect, load_folder
from simulator.surface.app import App
from simulator.surface.settings import Settings


def written(tmp_path: Path, text: str) -> Path:
    (tmp_path / "mine.yaml").write_text(text, "utf-8")
    return tmp_path


def test_the_scenarios_that_ship_are_sound() -> None:
    found = load_folder(folder("scenarios"))

    assert "slow-wallet" in found
    assert all(scenario.description for scenario in found.values())
    assert load_folder(folder("scenarios"), ["slow-wallet"]) == {"slow-wallet": found["slow-wallet"]}
    assert found.keys() == {file.stem for file in folder("scenarios").glob("*.y*ml")}


def test_a_file_that_is_no_yaml_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match=r"mine\.yaml:2"):
        load_folder(written(tmp_path, "name: mine\nrules: [}\n"))


def test_an_unknown_member_is_named_with_its_line(tmp_path: Path) -> None:
    text = "name: mine\nrules:\n  - when: {amount: 1}\n    wallet:\n      declien: balance\n"

    with pytest.raises(ScenarioError, match=r"mine\.yaml:5: rules\.0\.wallet\.declien: "):
        load_folder(written(tmp_path, text))


def test_two_files_cannot_have_one_name(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text("name: same\nrules: [{wallet: {decline: balance}}]\n", "utf-8")

    with pytest.raises(ScenarioError, match="another file already has"):
        load_folder(tmp_path)


def test_an_unknown_member_is_told_with_those_that_are_known(tmp_path: Path) -> None:
    text = "name: mine\nrules:\n  - when: {amount: {mim: 1}}\n    wallet: {decline: balance}\n"

    with pytest.raises(ScenarioError) as refused:
        load_folder(written(tmp_path, text))

    said = "mine.yaml:3: rules.0.when.amount.mim: there is no 'mim' here; known are ends_with, max, min, not"
    assert str(refused.value) == said


UNEXECUTED = "must say a status, because no call is executed whose answer it would be"


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("wallet: {outcome: maybe}", "rules.0.wallet.outcome: must be one of paid, cancelled, expired, open"),
        ("wallet: {delay: soon}", "rules.0.wallet.delay: 'soon' is not a duration; write PT12H, 12h, 90s or 2h30m"),
        ("api: {status: 200}", "rules.0.api.status: must be at least 400"),
        ("api: {times: 1}", "rules.0.api: must say status, body, delay, hang, reset or truncate"),
        ("api: {hang: true, reset: true}", "rules.0.api: cannot be hang and reset: one of them"),
        ("api: {truncate: true, when: before}", f"rules.0.api: {UNEXECUTED}"),
        ("api: {body: gone, when: before}", f"rules.0.api: {UNEXECUTED}"),
        ("api: {retry_after: 2s, status: 500}", "rules.0.api: can say retry_after only with a status of 429 or 503"),
        ("api: {delay: 2h}", "rules.0.api.delay: must be at most 1 h"),
        ("wallet: {delay: P9999D}", "rules.0.wallet.delay: must be at most 3660 d"),
        ("api: {hang: true, when: later}", "rules.0.api.when: must be one of before, after"),
        ("api: {hang: true, times: forever}", "rules.0.api.times: must be a whole number"),
        ("webhooks: {at_once: 11}", "rules.0.webhooks.at_once: must be at most 10"),
        ("webhooks: {stale: PT0S}", "rules.0.webhooks.stale: must be at least 1 s"),
    ],
)
def test_a_value_that_cannot_be_is_told_in_plain_words(tmp_path: Path, rule: str, says: str) -> None:
    with pytest.raises(ScenarioError) as refused:
        load_folder(written(tmp_path, f"name: mine\nrules:\n  - {rule}\n"))

    assert str(refused.value) == f"mine.yaml:3: {says}"


def test_what_strikes_until_it_is_stopped_may_say_so(tmp_path: Path) -> None:
    found = load_folder(written(tmp_path, "name: mine\nrules: [{api: {hang: true, times: until stopped}}]\n"))

    assert found["mine"].rules[0].api == ApiEffect(hang=True)


def test_both_endings_of_yaml_are_read(tmp_path: Path) -> None:
    for name in ("a.yaml", "b.yml"):
        (tmp_path / name).write_text(f"name: {name[0]}\nrules: [{{wallet: {{decline: balance}}}}]\n", "utf-8")

    assert set(load_folder(tmp_path)) == {"a", "b"}


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_bytes(b"\xff\xfe")

    with pytest.raises(ScenarioError, match=r"mine\.yaml: cannot be read as UTF-8 text"):
        load_folder(tmp_path)


RULE = "wallet: {decline: balance}"


def started(folder: Path) -> App:
    return App(Settings(db=":memory:", scenarios=str(folder)), providers=[ACME])


def test_a_folder_of_ones_own_is_read_at_the_start(tmp_path: Path) -> None:
    rule = "when: {provider: acme, event: 'charge.*'}, webhooks: {drop: true}"
    app = started(written(tmp_path, f"name: mine\nrules: [{{{rule}}}, {{{RULE}}}]\n"))

    assert "mine" in app.runtime.scenarios.known.named
    app.runtime.store.close()


@pytest.mark.parametrize(
    ("rule", "says"),
    [
        ("provider: amce", "there is no provider 'amce', so the rule never holds"),
        ("provider: [acme, 'x*']", "there is no provider 'x\\*', so the rule never holds"),
        ("event: charge.capture", "there is no event 'charge.capture', so the rule never holds"),
    ],
)
def test_a_rule_that_can_never_hold_stops_the_start(tmp_path: Path, rule: str, says: str) -> None:
    with pytest.raises(ScenarioError, match=rf"mine: rules\.0\.when\.\w+: {says}"):
        started(written(tmp_path, f"name: mine\nrules: [{{when: {{{rule}}}, {RULE}}}]\n"))


def test_a_folder_that_is_not_there_or_has_no_scenario_stops_the_start(tmp_path: Path) -> None:
    with pytest.raises(ScenarioError, match="nowhere: there is no such folder"):
        started(tmp_path / "nowhere")
    (tmp_path / "mine.txt").write_text("name: mine\n", "utf-8")
    with pytest.raises(ScenarioError, match="there is no scenario in this folder"):
        started(tmp_path)
    with pytest.raises(ScenarioError, match="there is no such folder"):
        started(tmp_path / "mine.txt")


@pytest.mark.parametrize("when", [{"provider": "amce"}, {"event": "charge.capture"}])
async def test_a_rule_that_can_never_hold_cannot_be_armed(sim: Sim, when: dict[str, str]) -> None:
    answer = await sim.http.put(
        f"{sim.path}/scenario", json={"rules": [{"when": when, "wallet": {"decline": "balance"}}]}
    )

    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "rules")
    assert "never holds" in answer.json()["error"]["message"]
    assert (await sim.http.get(f"{sim.path}/scenario")).json()["data"] == []
