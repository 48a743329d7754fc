"""The report as one HTML file: no script, no request, readable in print and without colour."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, StrictUndefined

from simulator import __version__
from simulator.surface.audit.check import GROUPS
from simulator.surface.audit.runner import Report

LANES = ("merchant", "provider", "wallet", "buyer")


def html(report: Report) -> str:
    environment = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    text = Path(__file__).with_name("report.html").read_text("utf-8")
    groups = []
    for name in GROUPS:
        found = [finding for finding in report.findings if finding.check.group == name]
        if found:
            failed = [finding for finding in found if finding.result == "failed"]
            groups.append({"name": name, "failed": failed, "others": [one for one in found if one.result != "failed"]})
    groups.sort(key=lambda group: not group["failed"])
    return environment.from_string(text).render(report=report, groups=groups, version=__version__, lanes=LANES)
