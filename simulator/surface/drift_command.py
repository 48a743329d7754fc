"""`psp-simulator drift`: holds a provider's real sandbox against the simulator, with the user's own credentials."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from simulator.engine import private
from simulator.surface import printed, terminal
from simulator.surface.settings import variable
from simulator.surface.terminal import REFUSED, UNREACHED, USAGE, Failure

if TYPE_CHECKING:
    from simulator.engine.provider import Provider
    from simulator.engine.sandbox import Sandbox
    from simulator.engine.shop import Answer
    from simulator.surface.drift.planned import Call
    from simulator.surface.drift.report import Report

STDOUT = "-"


@click.command()
@click.argument("name", metavar="PROVIDER", required=False)
@click.option("--base-url", metavar="URL", help="The sandbox, where it has several addresses.")
@click.option("--dry-run", is_flag=True, help="Show every call, and make none.")
@click.option("--interactive", is_flag=True, help="Print the pay link, wait until you have paid, go on to refunds.")
@click.option(
    "--inbox-url",
    metavar="URL",
    help="With --interactive: where the sandbox is to send its webhooks, a tunnel's address.",
)
@click.option(
    "--inbox-port",
    type=click.IntRange(0, 65535),
    default=0,
    help="The port of this machine to which that tunnel leads.",
)
@click.option(
    "--settings",
    "settings_file",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Settings of the simulator's side.",
)
@click.option(
    "--apply",
    "apply_file",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="Write the settings with which the simulator answers as the sandbox does.",
)
@click.option(
    "--markdown",
    "markdown_file",
    metavar="FILE",
    type=click.Path(dir_okay=False),
    help="A report that fits into an issue.",
)
@click.option(
    "--json",
    "json_file",
    metavar="FILE",
    is_flag=False,
    flag_value=STDOUT,
    help="The report as JSON; without a file on stdout.",
)
@click.option(
    "--test-account", is_flag=True, help="Where one host serves tests and real money: the account is one for tests."
)
@click.option("--stand-in", is_flag=True, help="Let a server on this machine stand in for the sandbox.")
def drift(
    name: str | None,
    base_url: str | None,
    dry_run: bool,
    interactive: bool,
    inbox_url: str | None,
    inbox_port: int,
    settings_file: str | None,
    apply_file: str | None,
    markdown_file: str | None,
    json_file: str | None,
    test_account: bool,
    stand_in: bool,
) -> None:
    """Compare a provider's real sandbox with the simulator, call by call.

    Your sandbox credentials come from the environment (NAME_SANDBOX_…); they are sent to the sandbox and nowhere else, and
    stand in no report. Exits with 1 when something differs, with 3 when the sandbox is not reached.
    """
    from simulator.surface.drift import planned
    from simulator.surface.drift.check import Refused, check
    from simulator.surface.drift.playing import RealPlace, Unreachable, closing
    from simulator.surface.drift.running import ours

    provider = provider_of(name)
    sandbox = sandbox_of(provider)
    url = address_of(provider, base_url, stand_in=stand_in)
    if dry_run:
        with ours(provider) as own:
            calls = list(planned.planned(provider, own, url))
        _tell_plan(provider, calls, as_json=json_file == STDOUT)
        return
    test_account_said(sandbox, url, said=test_account or stand_in)
    credentials = credentials_of(provider)
    if (inbox_url or inbox_port) and not interactive:
        raise Failure("webhooks only come once somebody has paid", "Say --interactive too.", USAGE)
    if interactive and not terminal.is_interactive():
        raise Failure("nobody can be asked to pay", "Run it at a terminal, or without --interactive.", USAGE)
    for path in (apply_file, markdown_file, json_file):
        _must_be_writable(path)
    place = RealPlace(
        url,
        credentials,
        pause=timedelta(0) if stand_in else sandbox.pause,
        sleep=_sleep,
        buyer=_asks_buyer,
        doubt=_doubts_buyer,
    )
    with (
        closing(place),
        ours(provider, _settings(provider, settings_file)) as own,
        _inbox(inbox_port, inbox_url) as heard,
    ):
        try:
            report = check(
                provider,
                place,
                own,
                interactive=interactive,
                inbox=inbox_url or "",
                heard=heard,
                finds_settings=apply_file is not None,
            )
        except Refused as error:
            wanted = ", ".join(sandbox.variable(provider.name, one) for one in sandbox.credentials)
            raise Failure(str(error), f"They are read from {wanted}; nothing was compared.", USAGE) from error
        except Unreachable as error:
            raise Failure(
                str(error), "Look whether this machine reaches it; nothing was compared.", UNREACHED
            ) from error
    _write(report, own.settings, json_file, markdown_file, apply_file)
    if not report.agrees:
        raise click.exceptions.Exit(REFUSED)


def provider_of(name: str | None) -> Provider:
    """By its name, in small letters or capitals. Raises `Failure` for one that no provider has whose sandbox is known."""
    from simulator.surface.installed import NotServable, installed

    try:
        known = {one.name: one for one in installed() if one.sandbox is not None and one.shop is not None}
    except NotServable as error:
        raise Failure(str(error), f"Correct or uninstall {error.distribution}.", USAGE) from error
    if name is None or name.lower() not in known:
        what = "which provider?" if name is None else f"there is no sandbox of a provider {name!r}"
        raise Failure(what, f"Known are {', '.join(known)}.", USAGE, {"field": "provider", "allowed": list(known)})
    return known[name.lower()]


def sandbox_of(provider: Provider) -> Sandbox:
    assert provider.sandbox is not None
    return provider.sandbox


def address_of(provider: Provider, given: str | None, *, stand_in: bool) -> str:
    """Where calls go. Raises `Failure` for what is no sandbox of the provider's."""
    sandbox = sandbox_of(provider)
    if stand_in and given is None:
        raise Failure("where does the stand-in listen?", "Say --base-url http://localhost:PORT.", USAGE)
    url = (given or sandbox.url).rstrip("/")
    why = sandbox.objection_to(url, stand_in=stand_in)
    if why is not None:
        raise Failure(f"{provider.title} is not called at that address: {why}", f"Its sandbox is {sandbox.url}.", USAGE)
    return url


def test_account_said(sandbox: Sandbox, url: str, *, said: bool) -> None:
    """Raises `Failure` where real money lives at the same address, and nobody has said that the account is for tests."""
    if sandbox.serves_live_too and not said:
        what = f"{url} serves real money as well as tests"
        raise Failure(what, "Say --test-account if the credentials are those of a test account.", USAGE)


def credentials_of(provider: Provider) -> dict[str, Any]:
    """From the environment. Raises `Failure` for one that is missing, cannot be sent, or is of a live account."""
    sandbox = sandbox_of(provider)
    names = {name: sandbox.variable(provider.name, name) for name in sandbox.credentials}
    given = {name: variable(of) for name, of in names.items()}
    if missing := [names[name] for name, value in given.items() if value is None]:
        what = f"{', '.join(missing)} {'is' if len(missing) == 1 else 'are'} not set"
        raise Failure(what, "They hold your own sandbox credentials; none stands on a command line.", USAGE)
    told = {name: value for name, value in given.items() if value is not None}
    for name, value in told.items():
        if why := _never_sent(value):
            raise Failure(f"{names[name]} holds {why}", "Set it as the provider's dashboard shows it.", USAGE)
    if live := [names[name] for name, value in told.items() if sandbox.is_live(value)]:
        raise Failure(f"{', '.join(live)} is a key of a live account", "Take that of a sandbox.", USAGE)
    kinds = _kinds(provider)
    return {name: int(value) if kinds.get(name) is int and value.isdecimal() else value for name, value in told.items()}


def _never_sent(value: str) -> str | None:
    """What no credential has and no header takes, as words; None where there is no such thing."""
    if "\n" in value or "\r" in value:
        return "a line break"
    if value != value.strip() or value[0] in "'\"":
        return "a space or a quotation mark around it"
    if not (value.isascii() and value.isprintable()):
        return "a character that no header takes"
    return None


def _kinds(provider: Provider) -> dict[str, type]:
    """The type that each credential has in a workspace."""
    from simulator.kernel.ids import Ids

    return {name: type(value) for name, value in provider.credentials(Ids(), True).items()}


def _settings(provider: Provider, path: str | None) -> Mapping[str, Any]:
    """Raises `Failure` for a file that holds no settings of the provider."""
    from simulator.engine.settings import faults

    if path is None:
        return {}
    try:
        found = json.loads(Path(path).read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise Failure(f"{path} cannot be read", "It is JSON, as --apply writes it.", USAGE) from error
    wrong = faults(provider.settings, found) if isinstance(found, dict) else []
    if not isinstance(found, dict) or wrong:
        what = wrong[0].message if wrong else f"{path} is no object of settings"
        raise Failure(what, "docs/providers names each setting.", USAGE)
    return found


def _must_be_writable(path: str | None) -> None:
    """What is only seen at the end would lose the result."""
    if path is None or path == STDOUT:
        return
    try:
        was_there = Path(path).exists()
        private.make_file(Path(path))
        if not was_there:
            Path(path).unlink()  # of a check that ends early nothing stays
    except OSError as error:
        raise Failure(f"{path} cannot be written: {error.strerror}", "No call was made.", USAGE) from error


def _sleep(seconds: float) -> None:
    threading.Event().wait(seconds)


def _asks_buyer(link: str | None) -> bool:
    if link is None:
        printed.say("No answer tells where to pay; it may stand in a webhook or in the provider's dashboard.", err=True)
    else:
        printed.say("Pay here, as a buyer:", f"  {link}", err=True)
    return click.confirm("Have you paid?", default=True, err=True)


def _doubts_buyer(status: str) -> None:
    printed.say(f"The payment still says {status}: it is not paid yet, or another one was.", err=True)


@contextmanager
def _inbox(port: int, url: str | None) -> Iterator[list[Answer]]:
    if url is None:
        yield []
        return
    from simulator.surface.drift.inbox import Inbox

    try:
        inbox = Inbox(port)
    except OSError as error:
        raise Failure(f"port {port} is not free", "Name another with --inbox-port.", USAGE) from error
    with inbox.listening() as heard:
        printed.say(f"Webhooks are awaited at 127.0.0.1:{inbox.port}.", err=True)
        yield heard


def _tell_plan(provider: Provider, calls: list[Call], *, as_json: bool) -> None:
    if as_json:
        rows = [
            {"call": one.line, "method": one.method, "url": one.url, "headers": dict(one.headers), "body": one.body}
            for one in calls
        ]
        printed.say_json(rows)
        return
    for one in calls:
        printed.say(terminal.paint(one.line, "cyan"))
        printed.say(f"    {one.method} {one.url}")
        for name, value in one.headers.items():
            printed.say(f"    {name}: {value}")
        for row in one.body.splitlines():
            printed.say(f"    {row}")
    sandbox = sandbox_of(provider)
    wanted = ", ".join(sandbox.variable(provider.name, name) for name in sandbox.credentials)
    printed.say(f"{len(calls)} calls; none was made. The credentials are read from {wanted}.", err=True)


def _write(
    report: Report, before: Mapping[str, Any], json_file: str | None, markdown_file: str | None, apply_file: str | None
) -> None:
    if json_file == STDOUT:
        printed.give(report.json(), ends=False)
    else:
        printed.say(*report.terminal().split("\n"))
    written: list[tuple[str | None, Callable[[], str]]] = [
        (None if json_file == STDOUT else json_file, report.json),
        (markdown_file, report.markdown),
        (apply_file, lambda: json.dumps({**before, **report.settings}, indent=2) + "\n"),
    ]
    for path, text in written:
        if path is not None:
            private.write(Path(path), text().encode())
    if apply_file is not None and not report.settings:
        printed.say(f"No setting changes anything: {apply_file} holds what was set before.", err=True)
    elif apply_file is not None:
        name = report.provider.name
        found = f"{report.covered} of {len(report.differences)} differences are gone with"
        printed.say(
            f"{found} {apply_file}. Load it: curl -X PUT --data @{apply_file} http://localhost:8080/_sim/workspaces/default/settings/{name}",
            err=True,
        )
