"""The scenarios that ship with us: a file that would hold for nobody, or that cannot be read, is told before it is missed."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner
from merchant import Merchant
from support import Sim
from toy.acme import ACME

from simulator.engine import pages
from simulator.engine.facets import ScenarioError
from simulator.engine.rules import load_folder
from simulator.engine.scenarios import Known, Scenarios
from simulator.providers import BUILT_IN
from simulator.surface.app import App, check_names
from simulator.surface.cli import main
from simulator.surface.settings import Settings

ANY = BUILT_IN[0]
RULES = "rules:\n  - when: {operation: create, amount: 40000}\n    wallet: {decline: balance}\n"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Ours, to be changed."""
    copy = tmp_path / "scenarios"
    shutil.copytree(pages.folder("scenarios"), copy)
    monkeypatch.setattr(pages, "folder", lambda name: copy)
    return copy


def test_a_scenario_may_be_called_as_a_provider_is(folder: Path) -> None:
    """Whose name is that of a module of Python's."""
    (folder / "zebra_pay.yaml").write_text(f"name: zebra_pay\n{RULES}")

    assert load_folder(folder, {"zebra_pay"})["zebra_pay"].rules[0].when.amount == 40000


@pytest.mark.parametrize(
    ("file", "name"),
    [(ANY, "other"), ("other", ANY), (f"{ANY}_1", ANY)],
)
def test_test_amounts_that_would_hold_for_nobody_stop_the_start(folder: Path, file: str, name: str) -> None:
    (folder / f"{ANY}.yaml").unlink()
    (folder / f"{file}.yaml").write_text(f"name: {name}\n{RULES}")

    done = CliRunner().invoke(main, ["serve", "--db", ":memory:", "--port", "0"])

    assert done.exit_code == 2
    assert f"{file}.yaml: the test amounts of {ANY} are `name: {ANY}` in a file {ANY}.yaml" in done.output


@pytest.mark.parametrize("name", ["zebra-pay", '"zebra-pay"', "zebra-pay # as people write it"])
def test_a_hyphen_is_no_underscore(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setattr("simulator.surface.app.BUILT_IN", ("zebra_pay",))
    (tmp_path / "zebra-pay.yaml").write_text(f"name: {name}\n{RULES}")
    monkeypatch.setattr(pages, "folder", lambda _: tmp_path)

    with pytest.raises(ScenarioError, match=r"zebra-pay\.yaml: the test amounts of zebra_pay are `name: zebra_pay`"):
        check_names()


def test_in_a_folder_of_ones_own_the_file_may_be_called_anything(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(f"name: acme\n{RULES.replace('create', 'charge')}")

    app = App(Settings(db=":memory:", scenarios=str(tmp_path)), providers=[ACME])

    assert app.runtime.scenarios.documents("wallet", "acme")
    app.runtime.store.close()


def test_in_a_folder_of_ones_own_a_providers_file_has_its_name(tmp_path: Path) -> None:
    (tmp_path / "acme.yaml").write_text(f"name: amounts\n{RULES}")

    with pytest.raises(ScenarioError, match=r"acme\.yaml: the test amounts of acme are `name: acme`"):
        App(Settings(db=":memory:", scenarios=str(tmp_path)), providers=[ACME])


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        (ANY, f"name: {ANY}\nrules: [{{wallet: {{decline: nothing}}}}]\n", f"{ANY}.yaml:2: rules.0.wallet.decline"),
        (ANY, f"name: {ANY}\nrules: [{{when: {{operation: fly}}, wallet: {{decline: balance}}}}]\n", f"{ANY}: rules.0"),
        (
            "stray",
            "name: stray\nrules: [{when: {operation: fly}, wallet: {decline: balance}}]\n",
            "stray: rules.0",
        ),
        ("other", f"name: {ANY}\n{RULES}", f"other.yaml: the test amounts of {ANY}"),
    ],
)
def test_doctor_reads_them_all(folder: Path, tmp_path: Path, file: str, text: str, said: str) -> None:
    store = tmp_path / "sim.db"
    App(Settings(db=str(store)), providers=[ACME]).runtime.store.close()
    (folder / f"{file}.yaml").write_text(text)

    done = CliRunner().invoke(main, ["doctor", "--db", str(store), "--json"])

    assert done.exit_code == 1, done.output
    [fault] = json.loads(done.stdout)["faults"]
    assert fault.startswith("A scenario is wrong: ")
    assert said in fault


def test_a_simulator_of_the_tests_reads_those_of_its_providers_when_it_is_made(folder: Path) -> None:
    """Whoever writes one sees what is wrong with it, and not a payment that crashed."""
    (folder / f"{ANY}.yaml").write_text(f"name: {ANY}\nrules: []\n")

    with pytest.raises(ScenarioError, match=rf"{ANY}\.yaml:2: rules"):
        Sim()


async def test_one_that_cannot_be_read_is_named_where_it_is_missed() -> None:
    """A start reads none of them. The call that is first to need them is no bug of ours."""

    def read() -> Known:
        raise ScenarioError("acme.yaml:3: there is no 'walet' here")

    async with Sim(providers=[ACME]) as sim:
        merchant = Merchant(sim, ACME)
        id_ = await merchant.waiting()
        sim.app.runtime.scenarios = Scenarios(read)

        answers = [
            await sim.http.post(f"{sim.path}/payments/acme/{id_}/pay", json={}),
            await sim.http.get("/_sim/scenarios"),
        ]
        refused = await merchant.refund(id_, 100)

    assert refused.headers["simulator-notice"] == "a scenario on disk is wrong: acme.yaml:3: there is no 'walet' here"
    assert [answer.status_code for answer in answers] == [500, 500]
    for answer in answers:
        assert answer.json()["error"] == {
            "code": "scenario",
            "message": "a scenario on disk is wrong: acme.yaml:3: there is no 'walet' here",
        }
