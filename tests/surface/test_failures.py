"""What a test that failed tells and keeps of its worlds, and what an audit tells a CI."""

from __future__ import annotations

import json
import stat
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast
from unittest.mock import MagicMock
from xml.etree import ElementTree

import pytest

from simulator.surface import failures
from simulator.surface.assertions import TestedWorkspace
from simulator.surface.audit import junit
from simulator.surface.audit.check import Check, Finding
from simulator.surface.audit.page import html
from simulator.surface.audit.runner import Report
from simulator.surface.audit.subject import Subject
from simulator.surface.client import NotReached

GONE = NotReached("http://sim.test", "refused")
CHECK = Check(
    name="double", title="Twice", group="webhooks", reason="It happens.", advice="Mend it.", run=lambda trial: None
)


def report(*findings: Finding, error: str | None = None) -> Report:
    subject = Subject(webhook="http://shop.test")
    return Report("acme", "Acme", "w", subject, datetime(2026, 1, 31, tzinfo=UTC), [*findings], error=error)


FAILED = Finding(CHECK, "failed", "It was booked twice.", {"Order": "o-1"}, cast(Any, {"mermaid": "sequence"}))


def test_no_report_of_an_audit_shows_what_opens_a_door() -> None:
    told = {"Order": "GET http://me:planted-sesame@shop.test/{reference}?token=planted-sesame", "Paid": "shipped"}
    subject = Subject(webhook="http://me:planted-sesame@shop.test/hooks?api_key=planted-sesame", told=told)
    made = replace(report(FAILED), subject=subject)

    page, summary = html(made), made.summary()

    assert "planted" not in page + json.dumps(summary)
    assert summary["webhook"] == "http://me:***@shop.test/hooks?api_key=***same"
    assert "http://me:***@shop.test/{reference}?token=***same" in page


def world(**given: Any) -> tuple[TestedWorkspace, MagicMock]:
    made = MagicMock(spec=TestedWorkspace, id="ws_1", audited=[])
    made.name = "w"
    made.configure_mock(**given)
    return cast(TestedWorkspace, made), made


def test_of_a_world_with_payments_their_stories_and_diagrams_are_told() -> None:
    own, made = world(audited=[report(FAILED, Finding(CHECK, "passed", ""))])
    made.stories.return_value, made.diagrams.return_value = "order-1 paid", [("order-1", "graph")]

    assert failures.sections(own) == [
        ("psp-simulator: payments of workspace w", "order-1 paid"),
        ("psp-simulator: Mermaid of order-1", "graph"),
        ("psp-simulator: Mermaid of double", "sequence"),
    ]


def test_nothing_of_a_story_is_obeyed_by_a_terminal() -> None:
    own, made = world(audited=[])
    made.stories.return_value, made.diagrams.return_value = "o\x1b[2J\u202e\nnext", [("o\x9b\n", "graph")]

    assert failures.sections(own) == [
        ("psp-simulator: payments of workspace w", r"o\x1b[2J\u202e" "\nnext"),
        (r"psp-simulator: Mermaid of o\x9b\n", "graph"),
    ]


def test_a_world_without_payments_says_so_or_what_an_audit_found() -> None:
    for audited, told in (([], "has no payment"), ([report(FAILED)], "sequence")):
        own, made = world(audited=audited)
        made.stories.return_value, made.diagrams.return_value = "", []
        assert told in failures.sections(own)[0][1]


def test_a_world_that_is_gone_is_a_sentence(tmp_path: Path) -> None:
    own, made = world()
    made.stories.side_effect = made.export.side_effect = GONE

    assert "cannot be told: no simulator answers" in failures.sections(own)[0][1]
    assert "cannot be exported: no simulator answers" in failures.keep(own, tmp_path, "test_x")[1]


def test_a_world_is_kept_for_its_owner_only_under_the_name_of_the_test(tmp_path: Path) -> None:
    own, made = world()
    made.export.return_value = {"workspace": "w"}
    (tmp_path / "a file").write_text("")

    _, said = failures.keep(own, tmp_path / "kept", "tests/test_x.py::test[1/2]")
    _, not_kept = failures.keep(own, tmp_path / "a file" / "kept", "test_x")

    [file] = (tmp_path / "kept").iterdir()
    assert file.name == "tests-test_x.py-test-1-2.ws_1.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert said.endswith(f"psp-simulator import {file}")
    assert "cannot be kept" in not_kept


@pytest.mark.parametrize("error", [None, "The shop is not reached."])
def test_a_ci_reads_each_check_as_a_test_case(error: str | None) -> None:
    found = [FAILED, Finding(CHECK, "passed", ""), Finding(CHECK, "skipped", "no word for it")]

    suite = ElementTree.fromstring(junit.xml(report(*found, error=error)))

    assert suite.attrib["errors"] == ("0" if error is None else "1")
    assert (suite.attrib["tests"], suite.attrib["failures"], suite.attrib["skipped"]) == ("3", "1", "1")
    assert [child.tag for case in suite for child in case] == ["failure", "skipped", *(["error"] if error else [])]
    [failure] = suite.iter("failure")
    assert (failure.attrib["message"], failure.text) == ("It was booked twice.", "Order: o-1\nMend it.")
