"""What the simulator says of itself in English (why it refuses, what it notices) has words in every language of its pages.

The sentences are read from the code that makes them, so that none is forgotten; what a provider says stays in its own words.
"""

from __future__ import annotations

import ast
import itertools
import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
from merchant import Merchant, purchase
from pressing import page_of, press
from support import Sim
from toy.acme import ACME

from simulator.engine import texts as catalogue
from simulator.engine.texts import Texts
from simulator.kernel.clock import NO_FURTHER

ROOT = Path(__file__).parents[2] / "simulator"
SAID_BY = {
    "invalid",
    "ControlError",
    "WorkspaceError",
    "Ahead",
    "TooMuch",
    "CredentialError",
    "differs_live",
    "differs",
    "give_notice_of_missing",
}
"""Whose arguments are told on a page of the console."""
REASONS = {"Unauthenticated", "Forbidden"}
NAMED = {"message", "instead", "NO_FURTHER"}
PLACES = ("surface/control", "engine")
NOT_ON_PAGES = {"why.py", "waiting.py", "health.py", "events.py", "audits.py"}
PARTS = {
    "engine/gateway.py": {"there is no {} {}"},
    "surface/control/clock.py": {"by: {}"},
    "surface/control/paging.py": {"there is no such {} in workspace {}{}"},
    "surface/control/workspaces.py": {"credentials: {}"},
}
"""What is put together of parts, or is no sentence."""


def ways(node: ast.AST, known: Mapping[str, str]) -> list[str]:
    """The texts that an expression may be, `{}` where a value stands; `known` are the module's own texts by name."""
    match node:
        case ast.Constant(value=str(text)):
            return [text]
        case ast.Name(id=name) if name in known:
            return [known[name]]
        case ast.JoinedStr(values=values):
            parts = [
                ways(part.value if isinstance(part, ast.FormattedValue) else part, known) or ["{}"] for part in values
            ]
            return ["".join(chosen) for chosen in itertools.product(*parts)]
        case ast.IfExp(body=body, orelse=other):
            return ways(body, known) + ways(other, known)
    return []


def made(path: Path) -> Iterator[str]:
    """The sentences of a module."""
    tree, known = ast.parse(path.read_text("utf-8")), dict[str, str]()
    for node in tree.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Constant(value=str(text))):
                known[name] = text
    for node in ast.walk(tree):
        found: list[ast.expr] = []
        if isinstance(node, ast.Call):
            name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            if name in SAID_BY:
                found = [*node.args]
            elif name in REASONS:
                found = [*node.args, *(one.value for one in node.keywords if one.arg == "reason")]
        elif (
            isinstance(node, ast.Assign)
            and "providers" not in path.parts
            and any(getattr(one, "id", "") in NAMED for one in node.targets)
        ):
            found = [node.value]
        elif isinstance(node, ast.Yield | ast.Return) and path.name == "notices.py" and node.value is not None:
            found = list(node.value.elts) if isinstance(node.value, ast.Tuple) else [node.value]
        for sentence in (one for expression in found for one in ways(expression, known)):
            if " " in sentence.strip() and sentence.replace("{}", "").strip(" :.;,()"):
                yield sentence


@cache
def sentences() -> dict[str, set[str]]:
    """A provider that has no words in other languages is told in English."""
    folders = [ROOT / place for place in PLACES]
    folders += [file.parents[1] for file in (ROOT / "providers").glob("*/texts/sentences.zh.json")]
    modules = [path for folder in folders for path in sorted(folder.rglob("*.py")) if path.name not in NOT_ON_PAGES]
    found = {str(path.relative_to(ROOT)): set(made(path)) for path in modules if "store" not in path.parts}
    return {name: own - PARTS.get(name, set()) for name, own in found.items() if own}


@pytest.mark.parametrize("name", sentences())
def test_each_sentence_that_a_page_may_show_has_chinese_words(name: str) -> None:
    """A notice may begin with the member that it is about."""
    chinese = Texts("zh")

    untold = [
        sentence
        for sentence in sorted(sentences()[name])
        for sample in [sentence.replace("{}", "Q7")]
        if sample.rstrip(": ") != "Q7" and all(chinese.reworded(one) == one for one in (sample, f"Q7 {sample}"))
    ]

    assert untold == []


def test_the_pairs_have_the_same_places() -> None:
    files = [ROOT / "texts/sentences.zh.json", *(ROOT / "providers").glob("*/texts/sentences.zh.json")]
    pairs = {english: chinese for file in files for english, chinese in json.loads(file.read_text("utf-8")).items()}

    for english, chinese in pairs.items():
        assert set(catalogue._PLACE.findall(english)) == set(catalogue._PLACE.findall(chinese)), english
    assert len(pairs) > 150


@pytest.mark.parametrize(
    ("english", "chinese"),
    [
        ("amount.value: must be at least 1", "amount.value：不得小于 1"),
        ("must be a text or a whole number", "必须是 文本或整数"),
        ("Members that the simulator does not read: a, b and 3 more.", "模拟器不读取的成员：a, b 等，另有 3 个。"),
        (NO_FURTHER, "时钟最远只到 2080-01-01T00:00:00.000Z"),
        ("a shop (or two) of one or other kind", "a shop (or two) of one or other kind"),
        ("Do not honour", "Do not honour"),
        ("", ""),
    ],
)
def test_a_sentence_is_told_with_its_values_and_anybody_elses_stays(english: str, chinese: str) -> None:
    assert Texts("zh").reworded(english) == chinese
    assert Texts("en").reworded(english) == english


async def test_a_chinese_page_tells_a_notice_a_reason_and_a_fault_in_chinese() -> None:
    """By the field's label, not by its name in the API."""
    async with Sim(providers=[ACME]) as sim:
        acme = Merchant(sim, ACME)
        await acme.send(replace(acme.shop.create(acme.account, purchase()), path="/acme/charges?colour=red"))
        noticed = next(one for one in await sim.requests() if one["notices"])
        page = await page_of(sim, f"/requests/{noticed['id']}?lang=zh")
        form = await page_of(sim, "/clock?lang=zh")
        sim.http.cookies.set("lang", "zh")
        answer = await press(sim, form, "advance", by="abc")
        refused = (await sim.http.get(answer.headers["location"])).text

    assert "模拟器不读取的查询参数：colour" in page
    assert "快进：&#39;abc&#39; 不是时长" in refused
