"""`psp-simulator audit`: what a merchant's own code does wrong, check by check."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.surface import terminal
from simulator.surface.steering import steers, world_of
from simulator.surface.terminal import REFUSED, UNREACHED, USAGE, Failure

if TYPE_CHECKING:
    from simulator.surface.audit.check import Finding

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
@click.option("--only", metavar="CHECK", multiple=True, help="This check alone; may be repeated.")
@click.option("--skip", metavar="CHECK", multiple=True, help="Not this check; may be repeated.")
@click.option("--list", "is_list", is_flag=True, help="The checks, by name.")
@click.option("--junit", type=click.Path(dir_okay=False), help="A report as JUnit's XML, into this file.")
@click.option("--html", "page", type=click.Path(dir_okay=False), help="A report as one HTML page, into this file.")
@steers
def audit(
    provider: str | None,
    webhook: str | None,
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
        _tell(rows, as_json, "\n".join(f"{one.name:24} {one.title}  ({one.group})" for one in checks))
        return
    found = {one.name: one for one in installed() if one.shop is not None}.get(provider or "")
    if found is None or webhook is None:
        what = "the webhook address is missing" if found is not None else f"there is no provider {provider!r}"
        raise Failure(what, "psp-simulator audit PROVIDER --webhook URL", USAGE)
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
        told=told,
    )
    with world_of(url, token, workspace) as world:
        report = runner.begun(world.name, found, subject)
        try:
            runner.run(world, found, subject, checks, report, (lambda finding: None) if as_json else _line)
        except Busy as error:
            raise Failure(str(error), "Nothing was changed.", REFUSED) from error
        except ShopNotReached as error:
            raise Failure(
                f"{error} No check ran.", "Start the shop, or name its address with --webhook.", UNREACHED
            ) from error
        finally:
            if junit:
                Path(junit).write_text(junit_report.xml(report), "utf-8")
            if page:
                Path(page).write_text(html_page.html(report), "utf-8")
    _tell(report.view(), as_json, report.verdict)
    if not report.passed:
        raise click.exceptions.Exit(REFUSED)


def _line(finding: Finding) -> None:
    mark, colour = MARKS[finding.result]
    click.echo(f"{terminal.paint(mark, colour)}  {finding.check.name:24} {finding.because or finding.check.title}")


def _tell(result: Any, as_json: bool, text: str) -> None:
    click.echo(json.dumps(result, ensure_ascii=False) if as_json else text)
