"""A provider may live in a distribution of its own: installed beside the simulator, it is served like ours."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from click.testing import CliRunner

from simulator.providers import built_in
from simulator.surface import cli
from simulator.surface.client import Client
from simulator.surface.launch import Launched, NotStarted, launched

ROOT = Path(__file__).parent.parent.parent
OURS = [provider.name for provider in built_in()]
PACKAGE = "from toy.acme import ACME as PROVIDER\n"


def distribution(
    site: Path, package: str = "acme_psp", *, code: str = PACKAGE, entries: str = "", version: str = "1.0"
) -> Path:
    """What `pip install` leaves behind: the package, and its metadata beside it."""
    (site / package).mkdir(parents=True)
    (site / package / "__init__.py").write_text(code, "utf-8")
    metadata = site / f"{package}-{version}.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: {version}\n", "utf-8")
    lines = entries or f"acme = {package}:PROVIDER"
    (metadata / "entry_points.txt").write_text(f"[psp_simulator.providers]\n{lines}\n", "utf-8")
    return site


def environ(*sites: Path) -> Mapping[str, str]:
    path = os.pathsep.join(map(str, (*sites, ROOT / "tests", ROOT)))
    return {**os.environ, "PYTHONPATH": path}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = distribution(tmp_path_factory.mktemp("site"))
    for folder, name, text in (
        ("texts", "en.json", '{"acme_hello": "Hello from Acme", "title_not_found": "Stolen"}'),
        ("texts", "zh.json", '{"acme_hello": "Acme 您好"}'),
        (
            "scenarios",
            "acme-busy.yaml",
            "name: acme-busy\nrules:\n  - {when: {provider: acme}, wallet: {outcome: cancelled}}\n",
        ),
        ("templates", "acme.html", "the template of Acme"),
    ):
        (found / "acme_psp" / folder).mkdir(exist_ok=True)
        (found / "acme_psp" / folder / name).write_text(text, "utf-8")
    return found


@pytest.fixture(scope="module")
def server(site: Path) -> Iterator[Launched]:
    with launched(environ=environ(site)) as running:
        yield running


def test_health_and_the_credentials_name_it_after_ours(server: Launched) -> None:
    with Client(server.url) as client:
        assert client.health()["providers"] == [*OURS, "acme"]
    assert list(server.credentials) == [*OURS, "acme"]


def test_the_calls_of_the_contract_know_it(server: Launched) -> None:
    with Client(server.url) as client:
        providers = client.send("GET", "/_sim/providers", headers={}, content=None)
        document = client.send("GET", "/_sim/openapi/acme.json", headers={}, content=None)

    assert [p["name"] for p in json.loads(providers.content)["data"] if p["name"] == "acme"] == ["acme"]
    assert "/acme/charges" in json.loads(document.content)["paths"]


def test_a_purchase_is_made_and_told_there(server: Launched, site: Path) -> None:
    told = subprocess.run(
        [sys.executable, "-m", "simulator.surface.cli", "demo", "acme", "--pay", "--json", "--url", server.url],
        env=environ(site), capture_output=True, text=True,
    )  # fmt: skip

    assert told.returncode == 0, told.stdout + told.stderr
    [story] = json.loads(told.stdout)["stories"]
    assert (story["outcome"], story["phase"]) == ("complete", "partly_refunded")


def in_a_process(site: Path, code: str) -> str:
    ran = subprocess.run([sys.executable, "-c", code], env=environ(site), capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_the_banner_has_a_line_for_it(site: Path) -> None:
    shown = in_a_process(
        site,
        "from simulator.surface.app import App\nfrom simulator.surface.serve import banner\n"
        "from simulator.surface.settings import Settings\nprint(banner(App(Settings(db=':memory:'))))",
    )

    assert [line.split() for line in shown.splitlines() if line.startswith("  Acme")] == [["Acme", "acme_default"]]


def test_its_texts_templates_and_scenarios_are_found_and_replace_none_of_ours(site: Path) -> None:
    shown = in_a_process(
        site,
        "import json\nfrom simulator.engine import pages\nfrom simulator.engine.texts import Texts\n"
        "from simulator.surface.app import App\nfrom simulator.surface.settings import Settings\n"
        "app = App(Settings(db=':memory:'))\n"
        "print(json.dumps([Texts('en')('acme_hello'), Texts('zh')('acme_hello'), Texts('en')('title_not_found'),"
        " pages.environment().get_template('acme.html').render(), 'acme-busy' in app.runtime.scenarios.known.named]))",
    )

    hello, chinese, title, template, is_named = json.loads(shown)
    assert (hello, chinese, template, is_named) == ("Hello from Acme", "Acme 您好", "the template of Acme", True)
    assert title != "Stolen"


def refusal(*sites: Path) -> str:
    with pytest.raises(NotStarted) as refused, launched(environ=environ(*sites)):
        pass
    return str(refused.value)


REFUSED = {
    "a name of ours": (f"{OURS[0]} = acme_psp:PROVIDER", PACKAGE, "psp-simulator has a provider of that name already"),
    "twice": ("acme = acme_psp:PROVIDER", PACKAGE, "other_psp-1.0: acme_psp-1.0 has a provider of that name already"),
    "another name than the provider's": ("emca = acme_psp:PROVIDER", PACKAGE, "acme_psp:PROVIDER is named 'acme'"),
    "no provider": ("acme = acme_psp:PROVIDER", "PROVIDER = 1\n", "acme_psp:PROVIDER is no Provider"),
    "no such attribute": ("acme = acme_psp:NOTHING", PACKAGE, "acme_psp:NOTHING cannot be loaded: AttributeError"),
    "broken": ("acme = acme_psp:PROVIDER", "raise RuntimeError('out of order')\n", "RuntimeError: out of order"),
    "broken where it is loaded late": (
        "acme = acme_psp:PROVIDER",
        "from simulator.engine.outlines import lazily\nfrom toy.acme import ACME\n"
        "own = {name: getattr(ACME, name) for name in ('name', 'title', 'monogram', 'credentials', 'lookups')}\n"
        "PROVIDER = lazily({**own, 'paths': ('/acme',)}, 'nowhere_at_all')\n",
        "acme_psp:PROVIDER cannot be loaded: ModuleNotFoundError",
    ),
    "paths of ours": (
        "acme = acme_psp:PROVIDER",
        "from dataclasses import replace\nfrom toy.acme import ACME\nfrom simulator.providers import built_in\n"
        "row = built_in()[0].endpoints[0]\n"
        "mine = replace(ACME.endpoints[0], method=row.method, path=row.path)\n"
        "PROVIDER = replace(ACME, endpoints=(mine, *ACME.endpoints[1:]))\n",
        "is routed twice",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_served_is_refused_at_the_start_with_its_distribution(case: str, tmp_path: Path) -> None:
    entries, code, said = REFUSED[case]
    sites = [distribution(tmp_path / "one", code=code, entries=entries)]
    if case == "twice":
        sites.append(distribution(tmp_path / "two", "other_psp"))

    message = refusal(*sites)

    assert said in message
    assert "Correct or uninstall " + ("other_psp-1.0" if case == "twice" else "acme_psp-1.0") in message
    assert "Traceback" not in message


def test_a_scenario_of_a_name_that_is_taken_is_refused(tmp_path: Path) -> None:
    found = distribution(tmp_path / "site")
    ours = next(iter(sorted((ROOT / "scenarios").glob("*.yaml"))))
    (found / "acme_psp" / "scenarios").mkdir()
    (found / "acme_psp" / "scenarios" / ours.name).write_text(ours.read_text("utf-8"), "utf-8")

    assert "there is a scenario" in refusal(found)


def test_what_stands_earlier_on_the_path_hides_another_version(tmp_path: Path) -> None:
    newer = distribution(tmp_path / "newer", version="2.0")
    older = distribution(tmp_path / "older", entries="old = acme_psp:PROVIDER")

    with launched(environ=environ(newer, older)) as server:
        assert list(server.credentials) == [*OURS, "acme"]


def test_the_demo_knows_only_what_is_installed() -> None:
    unknown = CliRunner().invoke(cli.main, ["demo", "acme"])

    assert "there is no provider 'acme'" in unknown.output
