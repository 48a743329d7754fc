"""The skeleton of a new provider works as it is written, and stands on the page that explains it."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from merchant import Merchant
from support import Sim

from simulator.providers import BUILT_IN, built_in
from simulator.surface import naming, new_provider
from simulator.surface.new_provider import NotPossible
from simulator.surface.skeleton import PROVIDER

ROOT = Path(__file__).parent.parent.parent
pytestmark = pytest.mark.slow

NEW, TITLE = ("okapi_pay", "Okapi Pay") if "zebra_pay" in BUILT_IN else ("zebra_pay", "Zebra Pay")
"""One that is not there, also where somebody has written the one of the page."""
LOOK_AT_ALL = (
    "tests/test_architecture.py",
    "tests/surface/test_sign.py",
    "tests/surface/test_transfer.py",
    "tests/surface/test_old_stores.py",
    "tests/surface/test_truth.py",
    "tests/surface/test_one_more.py",
    "tests/surface/console/test_start.py",
    "tests/audit/test_checks.py",
)
"""Where tests of all providers, or of what names them, stand outside of the contract suite."""
WHOLE = (
    "tests/test_facts.py",
    "tests/engine/test_arming.py",
    "tests/engine/test_outlines.py",
    "tests/surface/test_never_stored.py",
    "tests/surface/test_scenario_files.py",
    "tests/surface/console/test_scenarios.py",
    "tests/surface/console/test_setup.py",
)
"""Where one test goes through all of them."""
THESE = " or ".join(
    (NEW, TITLE.split()[0], "branch", "folders_names", "said_once", "of_version", "places_of", "sources", "documents")
)


@pytest.fixture
async def shop() -> AsyncIterator[Merchant]:
    async with Sim(providers=[PROVIDER]) as sim:
        await sim.receive_webhooks("newpay")
        yield Merchant(sim, PROVIDER)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of what the command and the contract suite need, compiled as it is here, with a provider more in it."""
    root = tmp_path_factory.mktemp("checkout")
    for folder in ("simulator", "templates", "scenarios", "docs", "tests"):
        shutil.copytree(ROOT / folder, root / folder, ignore=shutil.ignore_patterns(".hypothesis"))
    for file in ("pyproject.toml", "README.md", "CONTRIBUTING.md", "CHANGELOG.md"):
        shutil.copy(ROOT / file, root)
    _run(root, "simulator.surface.cli", "new-provider", NEW, "--title", TITLE)
    return root


def _run(root: Path, *command: str) -> str:
    """A module of Python, in that checkout."""
    environment = {"PYTHONPATH": str(root), "PATH": "/usr/bin:/bin", "HOME": str(root)}
    done = subprocess.run(
        [sys.executable, "-P", "-m", *command], cwd=root, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_it_is_added_to_the_registry_and_to_the_counts(tmp_path: Path) -> None:
    for file in (new_provider.REGISTRY, new_provider.COUNTS):
        (tmp_path / file).parent.mkdir(parents=True)
        shutil.copy(ROOT / file, tmp_path / file)
    before = (tmp_path / new_provider.COUNTS).read_text("utf-8")

    written = new_provider.write(tmp_path, NEW, TITLE)

    assert all((tmp_path / path).exists() for path in written)
    assert f'"{NEW}"' in (tmp_path / new_provider.REGISTRY).read_text("utf-8")
    rows = [line for line in (tmp_path / new_provider.COUNTS).read_text("utf-8").splitlines() if line not in before]
    assert [row.split(" | ")[0] for row in rows] == [f"| {TITLE}", "| All"]
    assert new_provider.checkout() == ROOT


async def test_its_payment_is_paid_and_refunded(shop: Merchant) -> None:
    id_ = await shop.paid()

    await shop.refund(id_, 400)
    await shop.refund(id_, 600)
    await shop.sim.settle()

    assert await shop.status(id_) == "refunded"
    assert [hook.body["type"] for hook in shop.sim.hooks] == ["payment.paid", "payment.refunded", "payment.refunded"]
    assert all(hook.verdict("newpay").valid for hook in shop.sim.hooks)


async def test_a_refund_that_the_bank_declines_later_is_told(shop: Merchant) -> None:
    id_ = await shop.paid()
    await shop.sim.arm([{"bank": {"outcome": "pending", "then": "declined", "delay": "PT5H"}}])

    await shop.refund(id_, 400)
    await shop.sim.advance(hours=6)

    told = shop.sim.hooks[-1].body
    assert (told["type"], told["refund"]) == ("payment.refund_failed", {"amount": 400})
    assert (told["data"]["status"], told["data"]["amount_refunded"]) == ("paid", 0)


@pytest.mark.parametrize(("reason", "word"), [("balance", "insufficient_funds"), ("declined", "declined")])
async def test_a_declined_payment_says_why(shop: Merchant, reason: str, word: str) -> None:
    """In the provider's word; where it has none for the reason, in its general one."""
    id_ = await shop.waiting()

    await shop.sim.act("newpay", id_, "decline", reason=reason)

    told = shop.sim.hooks[-1].body["data"]
    assert (told["status"], told["decline_reason"]) == ("failed", word)


async def test_a_decline_that_a_scenario_words_keeps_its_word(shop: Merchant) -> None:
    id_ = await shop.waiting()
    await shop.sim.arm([{"wallet": {"decline": "balance", "code": "do_not_honour"}}])

    await shop.sim.act("newpay", id_, "pay")

    assert shop.sim.hooks[-1].body["data"]["decline_reason"] == "do_not_honour"


def test_the_contract_suite_passes_as_it_is_written(checkout: Path) -> None:
    """Also its own test, the checks of its settings and of its page."""
    said = _run(
        checkout,
        "pytest",
        "-q",
        "-p",
        "no:randomly",
        "tests/contract",
        f"tests/providers/{NEW}",
        "-k",
        f"{NEW} or {TITLE.split()[0]}",
    )

    assert re.search(r"(\d+) passed", said), said
    assert int(re.search(r"(\d+) passed", said)[1]) > 40, said  # type: ignore[index]


def test_nothing_outside_its_folders_has_to_be_changed_for_it(checkout: Path) -> None:
    """Old stores and documents do not know it; its receivers may answer with a word; the page's own example may be taken."""
    said = _run(checkout, "pytest", "-q", "-p", "no:randomly", *LOOK_AT_ALL, "-k", THESE)

    assert int(re.search(r"(\d+) passed", said)[1]) > 25, said  # type: ignore[index]


def test_where_one_test_goes_through_all_providers_it_is_one_of_them(checkout: Path) -> None:
    """It is loaded late and keeps a register as all do, its texts are in both languages, its test amounts can happen."""
    _run(checkout, "pytest", "-q", "-p", "no:randomly", *WHOLE)


def test_what_is_written_is_formatted_and_typed(checkout: Path) -> None:
    folders = (f"simulator/providers/{NEW}", f"tests/providers/{NEW}")

    _run(checkout, "ruff", "format", "--check", *folders)
    _run(checkout, "ruff", "check", *folders)
    if (known := ROOT / ".mypy_cache").is_dir():  # all but the new provider is typed already
        shutil.copytree(known, checkout / known.name)
    _run(checkout, "mypy", "--strict", "-p", f"simulator.providers.{NEW}")


def test_no_word_of_the_skeleton_is_left(checkout: Path) -> None:
    for folder in (f"simulator/providers/{NEW}", f"tests/providers/{NEW}"):
        for path in (checkout / folder).rglob("*.py"):
            assert "newpay" not in path.read_text("utf-8").lower(), path
    outline = (checkout / f"simulator/providers/{NEW}/__init__.py").read_text("utf-8")
    title = re.search(r'"title": "(\w\w)', outline)
    assert title is not None
    assert f'"monogram": "{title[1].upper()}"' in outline


@pytest.mark.parametrize(
    ("name", "title", "said"),
    [
        ("Zebra", "Zebra", "is no name"),
        ("simulator", "Simulator", "is no name.* not _sim, console, control, inbox, newpay, simulator, w, wallet, w"),
        ("console", "Console", "is no name"),
        (
            "square",
            "Square",
            "'square' or 'Square' stands in .* and [0-9]+ more, .*: give both a word more, say square_",
        ),
        ("zebu", "All", "stands in .*: give both a word more"),
        ("zebu", f"New {built_in()[0].title}", "which is there: give it another title"),
        ("class", "Class", "a word of Python's own"),
        ("import", "Import", "a word of Python's own"),
        ("built_in", "Built In", "taken in simulator/providers"),
        ("newpay", "Newpay", "is no name"),
        ("../zebra", "Zebra", "is no name"),
        ("zebra", 'Zebra"', "is no title"),
        (NEW, TITLE, "there is a provider"),
    ],
)
def test_what_cannot_be_written_is_said_and_changes_nothing(checkout: Path, name: str, title: str, said: str) -> None:
    before = (checkout / new_provider.REGISTRY).read_text("utf-8")

    with pytest.raises(NotPossible, match=said):
        new_provider.write(checkout, name, title)

    assert (checkout / new_provider.REGISTRY).read_text("utf-8") == before
    assert not [
        one for one in ("zebra", "zebu", "console", "square") if (checkout / "simulator/providers" / one).exists()
    ]


@pytest.mark.parametrize(
    ("name", "title"),
    [("newpay" + "2", "Newpay" + " Two"), ("newpay" + "_eu", "Newpay" + " EU"), ("zebu", "Re" + "newpay")],
)
def test_a_name_that_holds_the_skeletons_own_is_written_as_it_is(name: str, title: str) -> None:
    text = "from simulator.surface.skeleton import keys  # Newpay: newpay, NewpaySettings, newpay-signature"

    camel = title.replace(" ", "")
    wanted = (
        f"from simulator.providers.{name} import keys  # {title}: {name}, {camel}Settings, {camel.lower()}-signature"
    )
    assert new_provider.renamed(text, name, title) == wanted


def test_the_name_that_is_proposed_instead_is_free() -> None:
    assert naming.named(ROOT, "square" + "_payments", "Square" + " Payments") == []


def test_the_row_of_all_is_the_last_one() -> None:
    page = "| All | 1 | 2 | 3 | 4 |\n| All | 1 | 2 | 3 | 4 |\n<!-- /counts -->\n"

    first, new, last, *_ = new_provider.counted(page, TITLE).splitlines()

    assert first == "| All | 1 | 2 | 3 | 4 |"
    assert new.startswith(f"| {TITLE} | 0 | ")
    assert last.startswith("| All | 1 | ")


@pytest.mark.parametrize(
    ("text", "is_named"),
    [
        ("a refund of Zebu's", True),
        ('workspace.credentials["zebu"]', True),
        ("def test_zebu_refunds", True),
        ("class ZebuRefund", True),
        ("two zebus", False),
        ("at the Zebuesque", False),
        ("azebu", False),
    ],
)
def test_a_provider_is_named_by_whole_words(tmp_path: Path, text: str, is_named: bool) -> None:
    for where in ("docs/page.md", "docs/zebu.md", "docs/providers/other.md", "examples/page.md"):
        (tmp_path / where).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / where).write_text(text, "utf-8")

    assert naming.named(tmp_path, "zebu", "Zebu") == (["docs/page.md"] if is_named else [])
