"""The report as one HTML file: no script, no request, readable in print and without colour."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from jinja2 import Environment, StrictUndefined

from simulator import __version__
from simulator.kernel.values import dataclass
from simulator.surface.audit.check import GROUPS, Finding
from simulator.surface.audit.runner import Report
from simulator.surface.typed import typed

# The diagram, drawn ----------------------------------------------------------------------------------------------

AT = {"merchant": 150, "provider": 370, "wallet": 480, "buyer": 560}
"""Where the lanes are. The time stands left of them, the fact to their right."""
WIDTH, ROW, HEAD = 720, 30, 34
MIDDLE = 280
"""Where a box stands that belongs to no lane."""
MOST = 28
"""Rows of a diagram; of a longer story those in the middle are left out."""
LETTER = 6.1
"""Width of a letter of a label."""
SAID = 60
"""Characters of what the shop says."""


@dataclass(frozen=True, slots=True)
class Line:
    """A row of a diagram: an arrow, or a box on one lane."""

    y: int
    time: str
    kind: str
    label: str
    fact: str
    x1: int
    x2: int
    mark: str
    """`good`, `bad`, `sim` or nothing."""

    @property
    def middle(self) -> float:
        return (self.x1 + self.x2) / 2

    @property
    def box(self) -> tuple[float, float]:
        """Where a box begins, and how wide it is: as wide as its text, and inside of the picture."""
        width = len(self.label) * LETTER + 16
        return max(min(self.x1 - width / 2, WIDTH - width - 4), 80), width


@dataclass(frozen=True, slots=True)
class Drawn:
    lines: Sequence[Line]
    lanes: Sequence[tuple[int, str]]

    @property
    def height(self) -> int:
        return HEAD + ROW * len(self.lines) + 14


def drawn(finding: Finding, title: str) -> Drawn | None:
    if finding.diagram is None or not finding.diagram["rows"]:
        return None
    names = {"merchant": "Your shop", "provider": title, "wallet": "Wallet", "buyer": "Buyer"}
    lines = list(_lines(finding))
    return Drawn(lines, [(AT[lane], name) for lane, name in names.items()])


def _lines(finding: Finding) -> Iterator[Line]:
    assert finding.diagram is not None
    rows: list[Any] = list(_without_looking(finding.diagram["rows"]))
    left_out = len(rows) - MOST
    if left_out > 0:
        rows = [*rows[: MOST // 2], None, *rows[-MOST // 2 :]]
    second, y = "", HEAD
    for row in rows:
        y += ROW
        if row is None:
            yield Line(y, "", "box", f"{left_out} more", "", AT["provider"], AT["provider"], "sim")
            continue
        at = str(row["at"])[11:23]
        time, second = (at if at[:8] != second else at[8:]), at[:8]
        x1, x2 = AT[row["from"]], AT[row["to"]]
        if row["kind"] == "clock":
            x1 = x2 = MIDDLE
        yield Line(y, time, "box" if x1 == x2 else row["kind"], row["label"], row["fact"], x1, x2, _mark(row))
    said = next((value for name, value in finding.evidence.items() if name in ("Reads", "After both")), None)
    if said is not None:
        text = f"the audit reads the order: {' '.join(said.split())}"
        text = text if len(text) <= SAID else f"{text[: SAID - 1]}…"
        yield Line(y + ROW, "", "box", text, "", MIDDLE, MIDDLE, "sim")


FORGED = "forged"
"""Stands in the fact of a webhook that nobody should take."""
STOPPED = " stopped"
"""Ends the label of a webhook that the audit did not let leave by itself."""


def _without_looking(rows: Sequence[Any]) -> Iterator[Any]:
    """Calls that only read a payment are told where they failed; what the audit has stopped is its own business."""
    fine = {row.get("ref") for row in rows if row["kind"] == "answer" and (row.get("status") or 500) < 400}
    looks = {row.get("ref") for row in rows if row["kind"] == "request" and row["label"].startswith("GET ")}
    told = (row for row in rows if not row["label"].endswith(STOPPED))
    return (row for row in told if row.get("ref") is None or row["ref"] not in looks & fine)


def _mark(row: Any) -> str:
    status = row.get("status")
    if row["kind"] == "clock":
        return "sim"
    if row["kind"] == "webhook":
        is_forged, is_taken = FORGED in row["fact"], status is not None and status < 400
        return "good" if is_taken is not is_forged else "bad"
    return "bad" if status is not None and status >= 400 else ""


# The page --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Group:
    name: str
    failed: Sequence[tuple[Finding, Drawn | None]]
    others: Sequence[Finding]

    @property
    def counted(self) -> str:
        counts = {result: sum(one.result == result for one in self.others) for result in ("passed", "skipped")}
        return ", ".join(f"{count} {result}" for result, count in counts.items() if count)


def html(report: Report) -> str:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    text = Path(__file__).with_name("report.html").read_text("utf-8")
    groups = []
    for name in GROUPS:
        found = [finding for finding in report.findings if finding.check.group == name]
        if found:
            failed = [(one, drawn(one, report.title)) for one in found if one.result == "failed"]
            groups.append(Group(name, failed, [one for one in found if one.result != "failed"]))
    groups.sort(key=lambda group: not group.failed)
    return environment.from_string(text).render(
        report=report, groups=groups, costs=costs(report), command=command, version=__version__, width=WIDTH
    )


def costs(report: Report) -> list[str]:
    """What the failed checks mean in production, each thing once."""
    return list(dict.fromkeys(one.check.reason for one in report.findings if one.result == "failed"))


def command(report: Report, name: str) -> str:
    """What runs this check alone, as far as it can be typed."""
    told = {option.lower(): value for option, value in report.subject.shown.items()}
    options = [f"--{option} {shlex.quote(value)}" for option, value in told.items()]
    webhook = f"--webhook {shlex.quote(report.subject.address)}"
    whole = " ".join(["psp-simulator audit", report.provider, webhook, *options, "--only", name])
    return typed(whole, report.url, report.workspace)
