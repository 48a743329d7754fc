"""What the documents say about themselves: links lead somewhere, decisions are numbered, nothing pretends to be published."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

pytestmark = pytest.mark.uncounted

ROOT = Path(__file__).parent.parent
DECISIONS = ROOT / "docs" / "decisions"
OUTSIDE = {".venv", ".git", "node_modules", "build", "dist"}
DOCUMENTS = sorted(
    path.relative_to(ROOT) for path in ROOT.rglob("*.md") if not OUTSIDE & set(path.relative_to(ROOT).parts)
)
LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```.*?^```$", re.MULTILINE | re.DOTALL)


def anchors_of(text: str) -> set[str]:
    """The names under which a Markdown page's headings can be linked to."""
    titles = re.findall(r"^#+ (.+)$", FENCE.sub("", text), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-") for title in titles}


@pytest.mark.parametrize("page", DOCUMENTS, ids=str)
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    for target in LINK.findall(FENCE.sub("", (ROOT / page).read_text("utf-8"))):
        if re.match(r"[a-z]+:", target):
            continue
        name, _, anchor = target.partition("#")
        found = (ROOT / page).parent / name if name else ROOT / page
        assert found.exists(), f"{page} links to {target}"
        if anchor and found.suffix == ".md":
            assert anchor in anchors_of(found.read_text("utf-8")), f"{page} links to {target}"


def test_decisions_are_numbered_from_one_without_gaps() -> None:
    numbers = [int(path.name[:4]) for path in sorted(DECISIONS.iterdir())]

    assert numbers == list(range(1, len(numbers) + 1))


@pytest.mark.parametrize("path", sorted(DECISIONS.iterdir()), ids=lambda path: path.stem)
def test_a_decision_says_what_was_chosen_what_was_rejected_and_what_it_costs(path: Path) -> None:
    text = path.read_text("utf-8")

    assert re.fullmatch(r"\d{4}(-[a-z0-9]+)+\.md", path.name)
    assert text.startswith("# ")
    assert re.findall(r"^\*\*(\w+)\.\*\*", text, re.MULTILINE) == ["Context", "Choice", "Rejected", "Costs"]


def test_a_decision_that_is_named_exists() -> None:
    """In the code and in the documents, by number or by file."""
    numbers = {path.name[:4] for path in DECISIONS.iterdir()}
    sources = [ROOT / page for page in DOCUMENTS]
    sources += [path for folder in ("simulator", "tests", "benchmarks") for path in (ROOT / folder).rglob("*.py")]

    for path in sources:
        for number in re.findall(r"\bdecisions?[ /](\d{4})\b", path.read_text("utf-8")):
            assert number in numbers, f"{path.relative_to(ROOT)} names decision {number}"


def test_nothing_pretends_to_be_on_a_public_index() -> None:
    """Until a version is published (docs/releasing.md) the package is installed from a checkout and the image is built there."""
    sources = [*DOCUMENTS, Path("Dockerfile"), Path("compose.yaml")]
    sources += [path.relative_to(ROOT) for path in (ROOT / "simulator").rglob("*.py")]
    sources += [path.relative_to(ROOT) for path in (ROOT / "examples").rglob("*.py")]

    for path in sources:
        text = (ROOT / path).read_text("utf-8")
        assert re.findall(r"(?:pip install|pipx install|uv add|docker pull) [^\n`]*psp-simulator", text) == [], path
        if path.suffix == ".md":
            assert re.findall(r"^ *image: (?!registry\.example/).*$", text, re.MULTILINE) == [], path


def test_compose_builds_the_image_and_never_looks_for_it_in_a_registry() -> None:
    service = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))["services"]["psp-simulator"]

    assert (service["build"], service["pull_policy"]) == (".", "build")


def test_the_hooks_before_a_commit_are_the_projects_own_tools() -> None:
    """Nothing is fetched: each hook is local and runs what `make` installed."""
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))

    assert [repo["repo"] for repo in config["repos"]] == ["local"]
    hooks = config["repos"][0]["hooks"]
    assert [hook["language"] for hook in hooks] == ["system"] * len(hooks)
    assert [hook["entry"] for hook in hooks if not hook["entry"].startswith(".venv/bin/")] == []


def test_the_hooks_are_what_make_lint_runs() -> None:
    """Whoever commits with the hooks is not surprised by the check."""
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text("utf-8"))
    recipe = re.findall(
        r"^\t\$\(BIN\)/(.*)$", (ROOT / "Makefile").read_text("utf-8").partition("\nlint:")[2], re.MULTILINE
    )

    hooks = [hook["entry"].removeprefix(".venv/bin/") for hook in config["repos"][0]["hooks"]]
    for command in recipe[:3]:
        words = command.removesuffix(" .")
        assert any(hook.startswith(words) for hook in hooks), command


# The changelog ----------------------------------------------------------------------------------------------------

FRAGMENTS = ROOT / "changelog.d"


def test_the_fragments_of_the_changelog_become_the_next_versions_notes() -> None:
    texts = {path: path.read_text("utf-8").strip() for path in FRAGMENTS.glob("+*.md")}

    command = [sys.executable, "-m", "towncrier", "build", "--draft", "--version", "9.9.9", "--date", "2030-01-01"]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)

    assert ran.returncode == 0, ran.stderr
    assert "## 9.9.9 (2030-01-01)" in ran.stdout
    said = " ".join(ran.stdout.split())
    assert [path.name for path, text in texts.items() if " ".join(text.split()) not in said] == []


@pytest.mark.parametrize("path", sorted(FRAGMENTS.iterdir()), ids=lambda path: path.name)
def test_a_fragment_is_a_sentence_under_a_kind_of_change(path: Path) -> None:
    """`+what.kind.md`; a fragment with another name would be left out in silence."""
    if path.name == "README.md":
        return
    text = path.read_text("utf-8").strip()

    assert re.fullmatch(r"\+[a-z0-9]+(-[a-z0-9]+)*\.(added|changed|fixed|removed|security)\.md", path.name)
    assert text.endswith((".", ")"))
    assert not text.startswith(("-", "*", "#")) or text.startswith("**")
    assert "\n\n" not in text, "one change, one fragment"


def test_nothing_is_written_under_unreleased() -> None:
    """Lines there made every two branches collide; `changelog.d` is where they go."""
    text = (ROOT / "CHANGELOG.md").read_text("utf-8")

    assert "Unreleased" not in text
    assert text.count("<!-- towncrier release notes start -->") == 1
