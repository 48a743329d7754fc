"""`psp-simulator audit`: what a merchant's own code does wrong, check by check."""

from __future__ import annotations

import shutil
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn
from urllib.parse import urlsplit

import click

from simulator.engine import private
from simulator.surface import printed, terminal
from simulator.surface.steering import show, steers, world_of
from simulator.surface.terminal import REFUSED, UNREACHED, USAGE, Failure

if TYPE_CHECKING:
    from simulator.surface.audit.check import Check, Finding
    from simulator.surface.audit.runner import Report

CLEARED = "\r\x1b[K"
"""What was written in this line of a terminal is gone."""
SIGNS = {"failed": "#", "passed": "=", "skipped": "-"}
MARKS = {"passed": ("passed ", "green"), "failed": ("FAILED ", "red"), "skipped": ("skipped", "yellow")}


@click.command()
@click.argument("provider", required=False)
@click.option("--webhook", metavar="URL", help="Where the shop takes webhooks.")
@click.option("--checkout", metavar="CMD", help="Begins an order: a command, or a URL that is posted to.")
@click.option("--order", metavar="CMD", help="Reads an order: a command or a URL, with {reference} or {payment} in it.")
@click.option("--paid", metavar="TEXT", help="What stands in a paid order.")
@click.option("--unpaid", metavar="TEXT", help="What stands in one that waits.")
@click.option("--refunded", metavar="TEXT", help="What stands in a refunded one.")
@click.option("--refund", metavar="CMD", help="Makes the shop refund an order.")
@click.option("--cancel", metavar="CMD", help="Makes the shop cancel an order.")
@click.option("--reference", metavar="TEXT", help="Without --checkout: the order for which payments are made.")
@click.option(
    "--patience",
    type=click.FloatRange(0, 600),
    default=3,
    show_default=True,
    metavar="SECONDS",
    help="How long the shop may work on what it has taken, in real time.",
)
@click.option("--only", metavar="CHECK", multiple=True, help="This check alone; may be repeated.")
@click.option("--skip", metavar="CHECK", multiple=True, help="Not this check; may be repeated.")
@click.option("--list", "is_list", is_flag=True, help="The checks, by name.")
@click.option("--junit", type=click.Path(dir_okay=False), help="A report as JUnit's XML, into this file.")
@click.option("--html", "page", type=click.Path(dir_okay=False), help="A report as one HTML page, into this file.")
@steers
def audit(
    provider: str | None,
    webhook: str | None,
    patience: float,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    is_list: bool,
    junit: str | None,
    page: str | None,
    url: str,
    token: str | None,
    workspace: str,
    as_json: bool,
    **said: str | None,
) -> None:
    """What a merchant's own code does wrong, in situations that cost money."""
    from simulator.surface.audit import junit as junit_report
    from simulator.surface.audit import page as html_page
    from simulator.surface.audit import runner
    from simulator.surface.audit.endings import Busy, ShopNotReached
    from simulator.surface.audit.pace import Pace
    from simulator.surface.audit.subject import Subject, by_text
    from simulator.surface.installed import installed

    try:
        checks = runner.chosen(only, skip)
    except KeyError as name:
        raise Failure(f"there is no check {name}", "psp-simulator audit --list shows them.", USAGE) from name
    if is_list:
        rows = [
            {"name": one.name, "title": one.title, "group": one.group, "reason": one.reason, "advice": one.advice}
            for one in checks
        ]
        show(rows, as_json, *(f"{one.name:24} {one.title}  ({one.group})" for one in checks))
        return
    found = {one.name: one for one in installed() if one.shop is not None}.get(provider or "")
    if found is None or webhook is None:
        what = "the webhook address is missing" if found is not None else f"there is no provider {provider!r}"
        raise Failure(what, "psp-simulator audit PROVIDER --webhook URL", USAGE)
    if not _is_address(webhook):
        raise Failure(f"{webhook} is no address of webhooks", "--webhook http://localhost:3000/hooks", USAGE)
    for path in (junit, page):
        _must_be_writable(path)
    told = {name.capitalize(): value for name, value in said.items() if value is not None}
    subject = Subject(
        webhook=webhook,
        checkout=by_text(said["checkout"], "POST"),
        order=by_text(said["order"], "GET"),
        refund=by_text(said["refund"], "POST"),
        cancel=by_text(said["cancel"], "POST"),
        paid=said["paid"],
        unpaid=said["unpaid"],
        refunded=said["refunded"],
        reference=said["reference"],
        pace=Pace(patience_s=patience),
        told=told,
    )
    teller = Teller(len(checks), is_quiet=as_json)
    with _until_terminated(), world_of(url, token, workspace) as world:
        report = runner.begun(world.name, found, subject)
        try:
            runner.run(world, found, subject, checks, report, teller.heard, teller.begins)
        except Busy as error:
            raise Failure(str(error), "Nothing was changed.", REFUSED) from error
        except ShopNotReached as error:
            raise Failure(
                f"{error} No check ran.", "Start the shop, or say otherwise how it is reached.", UNREACHED
            ) from error
        finally:
            if junit:
                private.write(Path(junit), junit_report.xml(report).encode())
            if page:
                private.write(Path(page), html_page.html(report).encode())
    show(report.view(), as_json, *teller.end(report))
    if not report.passed:
        raise click.exceptions.Exit(REFUSED if report.count("failed") else USAGE)


def _is_address(text: str) -> bool:
    try:
        parts = urlsplit(text)
        return parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:  # no such port
        return False


def _must_be_writable(path: str | None) -> None:
    """What is only seen at the end would lose the result."""
    if path is None:
        return
    try:
        private.make_file(Path(path))
    except OSError as error:
        raise Failure(f"{path} cannot be written: {error.strerror}", "Nothing was changed.", USAGE) from error


class Terminated(SystemExit):
    def __str__(self) -> str:
        return "somebody has ended it"


@contextmanager
def _until_terminated() -> Iterator[None]:
    """Whoever ends us lets us put everything back first."""

    def ended(number: int, frame: object) -> NoReturn:
        raise Terminated(128 + number)

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGTERM, ended)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


class Teller:
    """The audit as it runs: a line for each check. A terminal shows besides which group they are of and what is tried now."""

    def __init__(self, all_: int, *, is_quiet: bool) -> None:
        self._all, self._is_quiet, self._is_live = all_, is_quiet, terminal.has_colour() and not is_quiet
        self._n, self._group = 0, ""

    def begins(self, check: Check) -> None:
        self._n += 1
        if not self._is_live:
            return
        if check.group != self._group:
            self._group = check.group
            printed.say("", terminal.paint(check.group, "bold"))
        columns = shutil.get_terminal_size().columns - 1
        now = f"{self._n}/{self._all}  {check.title} …"[:columns]
        printed.say(terminal.paint(now, "dim"), ends=False)

    def heard(self, finding: Finding) -> None:
        if self._is_quiet:
            return
        mark, colour = MARKS[finding.result]
        what = finding.because or finding.check.title
        over = CLEARED if self._is_live else ""
        printed.say(f"{terminal.paint(mark, colour)}  {finding.check.name:24} {what}", over=over)

    def end(self, report: Report) -> list[str]:
        """What went wrong, what it means and what to do; the verdict last, where the eye is."""
        lines = []
        for finding in report.findings:
            if finding.result == "failed":
                evidence = [f"    {name}: {' '.join(value.split())}" for name, value in finding.evidence.items()]
                lines += ["", terminal.paint(f"{finding.check.title}  ({finding.check.name})", "red")]
                lines += [f"  {finding.because}", *evidence, f"  In production: {finding.check.reason}"]
                lines.append(f"  {terminal.paint('What to do:', 'yellow')} {finding.check.advice}")
        verdict = terminal.paint(report.verdict, "green" if report.passed else "red")
        bar = [self._bar(report)] if self._is_live else []
        return [*lines, *([""] if lines or bar else []), *bar, verdict]

    def _bar(self, report: Report) -> str:
        """As wide as the counts are large; the words beneath say the same."""
        width = min(shutil.get_terminal_size().columns - 2, 60)
        counts = [(report.count(result), sign, MARKS[result][1]) for result, sign in SIGNS.items()]
        whole = max(sum(count for count, *_ in counts), 1)
        return "".join(
            terminal.paint(sign * max(round(width * n / whole), 1), colour) for n, sign, colour in counts if n
        )
