"""The command line. Results go to stdout, all other words to stderr; exit 0, 1 (said no), 2 (wrong use), 3 (server not reached)."""

from __future__ import annotations

import gc
import re
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from simulator import __version__
from simulator.surface import printed, terminal
from simulator.surface.audit_command import audit
from simulator.surface.buyer_commands import cancel, decline, expire, find, mark, moves, pay
from simulator.surface.clock_commands import advance, freeze, run, timers
from simulator.surface.doctor import doctor
from simulator.surface.drift_command import drift
from simulator.surface.keeping_commands import export_, import_, restore, snapshot
from simulator.surface.ledger_commands import requests, show_, webhooks
from simulator.surface.listening import listen
from simulator.surface.mcp_command import mcp
from simulator.surface.money_commands import payouts, reports
from simulator.surface.record_command import record
from simulator.surface.signing_commands import sign, verify
from simulator.surface.steering import client_of, default_url, known_provider, show, steers, unknown_provider, world_of
from simulator.surface.story_commands import diagram, why
from simulator.surface.terminal import REFUSED, UNREACHED, USAGE, Failure

if TYPE_CHECKING:
    from simulator.surface.answers import Armed
    from simulator.surface.demo import Act


SECTIONS = {
    "Begin": ("serve", "demo", "doctor"),
    "Be the buyer": ("pay", "decline", "cancel", "expire", "moves", "mark"),
    "See what happens": ("tail", "listen", "webhooks", "requests", "show", "why", "diagram"),
    "Webhooks and signatures": ("replay", "sign", "verify"),
    "Your own code": ("audit", "mcp"),
    "The real sandboxes": ("drift", "record"),
    "Time and circumstances": ("timers", "advance", "freeze", "run", "scenario", "reset"),
}
"""The commands in the order of the help; those that stand in none of these come last."""


class Group(click.Group):
    """By itself it prints its help and is content. The help has the whole first sentence of each command."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        if not args and not ctx.resilient_parsing:
            printed.say(*printed.lines_of(ctx.get_help()))
            ctx.exit()
        return super().parse_args(ctx, args)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        left = self.list_commands(ctx)
        for title, names in SECTIONS.items():
            self._write(ctx, formatter, title, [name for name in names if name in left])
            left = [name for name in left if name not in names]
        self._write(ctx, formatter, "Commands" if left == self.list_commands(ctx) else "More", left)

    def _write(self, ctx: click.Context, formatter: click.HelpFormatter, title: str, names: Sequence[str]) -> None:
        commands = [(name, self.get_command(ctx, name)) for name in names]
        rows = [(name, command.get_short_help_str(limit=200)) for name, command in commands if command is not None]
        if rows:
            with formatter.section(title):
                formatter.write_dl(rows, col_max=16)


class Commands(Group):
    """Complaints take two lines: what, and what to do about it. With `--json` they stand on stdout as an object too."""

    group_class = Group

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        name = prog_name or "psp-simulator"
        given = sys.argv[1:] if args is None else list(args)
        try:
            exit_code = super().main(given, name, complete_var, standalone_mode=False, **extra)
        except click.Abort:
            printed.say("", err=True)
            sys.exit(130)
        except click.ClickException as complaint:
            context = getattr(complaint, "ctx", None)
            where = context.command_path if context is not None else name
            terminal.complain(complaint, where, as_json="--json" in given)
        sys.exit(exit_code if isinstance(exit_code, int) else 0)


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="psp-simulator")
def main() -> None:
    """A local sandbox of payment service providers' APIs for taking Alipay."""


# serve ---------------------------------------------------------------------------------------------------------


@main.command()
@click.option("--host", help="Address to listen on (127.0.0.1).")
@click.option("--port", type=click.IntRange(0, 65535), help="Port (8080); 0 takes any free one.")
@click.option("--db", help="SQLite file, :memory: or a postgresql:// address.")
@click.option(
    "--workers", type=click.IntRange(1, 64), help="Processes that serve the port together, on one PostgreSQL."
)
@click.option("--replica-url", help="Where other processes on the same PostgreSQL reach this one.")
@click.option("--strict", is_flag=True, help="Refuse what the live APIs refuse, also plain http addresses.")
@click.option("--lan", is_flag=True, help="Let phones in the same network reach the API and the buyer's pages.")
@click.option("--open-console", is_flag=True, help="Beyond this machine: the console and /_sim too.")
@click.option("--default-credentials", is_flag=True, help="With --lan: let the network use the public credentials.")
@click.option("--allow-host", multiple=True, help="A further name under which this machine may open the console.")
@click.option("--tls", is_flag=True, help="Serve https, with a certificate authority of our own to trust.")
@click.option(
    "--webhooks-to",
    type=click.Choice(["anywhere", "private", "public"]),
    help="How far webhooks go that another machine named (private; with --lan public).",
)
@click.option("--trust", help="A file of certificate authorities (PEM) to trust in webhook receivers.")
@click.option("--public-url", help="The address under which others reach this simulator.")
@click.option("--admin-token", help="Wanted by /_sim and the console; made up if they are open to the network.")
@click.option("--scenarios", help="A folder with scenarios of your own.")
@click.option("--reports", help="A folder for the report files, which are put there as they come.")
@click.option("--quiet", is_flag=True, help="No banner.")
@click.option("--json", "as_json", is_flag=True, help="First line of stdout: address, port and credentials as JSON.")
def serve(quiet: bool, as_json: bool, **given: Any) -> None:
    """Serve all providers on one port."""
    gc.disable()  # a start makes next to no garbage, and looking for it takes a fifth of the time; see App._lifespan
    from simulator.surface.settings import from_environment, with_options, without_plugins

    without_plugins()
    from simulator.surface import serve as serving

    try:
        settings = from_environment()
    except (OSError, ValueError) as error:
        raise Failure(str(error), "Correct the variable or the file that it names.", USAGE) from error
    changes = {name: value for name, value in given.items() if value is not None and value is not False and value != ()}
    try:
        settings = with_options(settings, changes)
    except ValueError as error:
        raise Failure(str(error), "psp-simulator serve --help says what each option takes.", USAGE) from error
    serving.serve(settings, quiet=quiet, as_json=as_json)


# The commands that steer a running simulator -------------------------------------------------------------------


@main.command()
@click.argument("delivery")
@steers
def replay(delivery: str, url: str, token: str | None, workspace: str, as_json: bool) -> None:
    """Send a webhook once more, now. Exits with 1 when the receiver does not accept it."""
    with world_of(url, token, workspace) as world:
        sent = world.resend(delivery)
    last = sent["attempts"][-1]
    answer = f"answered {last['status']}" if last["status"] is not None else f"failed: {last['error']}"
    show(sent, as_json, f"{sent['event']}  {sent['url']}  try {last['n']} {answer}")
    if last["status"] is None or last["status"] >= 300:
        sys.exit(REFUSED)


@main.command()
@click.option("--yes", is_flag=True, help="Do not ask.")
@steers
def reset(yes: bool, url: str, token: str | None, workspace: str, as_json: bool) -> None:
    """Drop payments, webhooks, journal and scenarios of a workspace; keep credentials and endpoints."""
    if not yes:
        if not terminal.is_interactive():
            what = f"nobody can be asked whether to drop everything in workspace {workspace}; nothing was changed"
            raise Failure(what, "Say --yes.", USAGE)
        click.confirm(printed.safe(f"Drop everything that happened in workspace {workspace}?"), abort=True, err=True)
    with world_of(url, token, workspace) as world:
        view = world.reset()
    show(view, as_json, f"workspace {view['name']} is empty")


@main.group()
def scenario() -> None:
    """Arm, disarm and list scenarios."""


def _rules(texts: Sequence[str]) -> list[Any] | None:
    """Rules as YAML files have them, each a mapping."""
    import yaml

    try:
        return [yaml.safe_load(text) for text in texts] or None
    except yaml.YAMLError as error:
        raise click.UsageError(f"--rule is no YAML: {error}") from error


def _currency(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    if value is not None and re.fullmatch("[A-Z]{3}", value) is None:
        raise click.BadParameter(f"{value!r} is no currency: say one like EUR", ctx, param)
    return value


@scenario.command("arm")
@click.argument("name", required=False)
@click.option("--rule", "rules", multiple=True, help="A rule of your own: 'webhooks: {forge: secret}'.")
@click.option("--next", "next_payments", type=click.IntRange(1), help="Only for the next N payments.")
@click.option("--provider", help="Only for this provider.")
@click.option("--amount", type=click.IntRange(0), help="Only for payments of this amount, in minor units.")
@click.option("--reference", help="Only for payments with this reference; may contain *.")
@click.option("--currency", callback=_currency, help="Only for payments in this currency.")
@steers
def arm(
    name: str | None,
    rules: tuple[str, ...],
    next_payments: int | None,
    provider: str | None,
    amount: int | None,
    reference: str | None,
    currency: str | None,
    url: str,
    token: str | None,
    workspace: str,
    as_json: bool,
) -> None:
    """Arm a scenario by its name, or rules of your own."""
    own = _rules(rules)
    with world_of(url, token, workspace) as world:
        known_provider(world, provider)
        known = [one["name"] for one in world.client.scenarios()]
        if name is not None and not own and name not in known:
            error = {"field": "name", "allowed": known}
            raise Failure(f"there is no scenario {name!r}", f"Known are {', '.join(known)}.", USAGE, error)
        wanted = {"amount": amount, "reference": reference, "currency": currency}
        match = {name: value for name, value in wanted.items() if value is not None}
        armed = world.arm(name, rules=own, next_payments=next_payments, provider=provider, match=match)
    show(armed, as_json, *(line for entry in armed for line in _armed(entry)))


def _armed(entry: Armed) -> Iterator[str]:
    yield f"armed  {entry['name']}  {_scope(entry['scope'])}"
    for one in entry.get("not_shown", ()):
        yield f"       not at {one['provider']}: {one['because']}"


def _scope(scope: dict[str, Any]) -> str:
    parts = [f"next {scope['next']}"] if "next" in scope else []
    parts += [str(scope["provider"])] if "provider" in scope else []
    parts += [f"{name} {value}" for name, value in scope.get("match", {}).items()]
    return ", ".join(parts) or "until disarmed"


@scenario.command("disarm")
@steers
def disarm(url: str, token: str | None, workspace: str, as_json: bool) -> None:
    """Disarm all scenarios of the workspace."""
    with world_of(url, token, workspace) as world:
        world.disarm()
    show([], as_json, "nothing is armed")


@scenario.command("list")
@steers
def list_scenarios(url: str, token: str | None, workspace: str, as_json: bool) -> None:
    """What can be armed, and what is."""
    with client_of(url, token) as client:
        known = [entry for entry in client.scenarios() if entry["armable"]]
        armed = {entry["name"] for entry in client.workspace(workspace).armed()}
    lines = [
        f"{'armed' if s['name'] in armed else '     '}  {s['name']:<24} {s['description'] or s['title']}" for s in known
    ]
    show([{**s, "armed": s["name"] in armed} for s in known], as_json, *(lines or ["there are no scenarios"]))


@main.command("tail")
@click.option("--provider", help="Only this provider.")
@click.option("--payment", help="Only this payment: one story.")
@click.option(
    "--lines", "-n", type=click.IntRange(0), help="How many earlier rows (10; all with --no-follow or --payment)."
)
@click.option("--no-follow", is_flag=True, help="Show what there is, then end.")
@steers
def tail_(
    provider: str | None,
    payment: str | None,
    lines: int | None,
    no_follow: bool,
    url: str,
    token: str | None,
    workspace: str,
    as_json: bool,
) -> None:
    """Print what happens, row by row: requests, the wallet, moves, webhooks, the clock. Ctrl-C ends it."""
    from simulator.surface.tail import follow

    with world_of(url, token, workspace) as world:
        known_provider(world, provider)
        one = find(world, payment)["id"] if payment else None
        follow(world, provider, one, as_json=as_json, lines=lines, once=no_follow)


BUYERS = (pay, decline, cancel, expire, moves, mark)
CLOCK = (timers, advance, freeze, run)
OTHERS = (
    audit,
    doctor,
    drift,
    listen,
    mcp,
    record,
    snapshot,
    restore,
    export_,
    import_,
    sign,
    verify,
    requests,
    webhooks,
    show_,
    diagram,
    payouts,
    reports,
)
for command in (*BUYERS, *CLOCK, *OTHERS, why):
    main.add_command(command)


# demo ----------------------------------------------------------------------------------------------------------


@main.command()
@click.argument("provider", required=False)
@click.option("--pay", "act", flag_value="pay", help="The buyer pays, without asking you.")
@click.option("--decline", "act", flag_value="decline", help="The wallet declines.")
@click.option("--cancel", "act", flag_value="cancel", help="The buyer cancels.")
@click.option("--flow", is_flag=True, help="Begin in the shop's page, where the provider has a component for it.")
@click.option("--url", envvar="PSP_SIMULATOR_URL", help="A simulator that runs already.")
@click.option("--workspace", "-w", help="Use this workspace; with --url the demo makes one of its own without it.")
@click.option("--admin-token", "token", envvar="PSP_SIMULATOR_ADMIN_TOKEN", help="If the simulator wants one.")
@click.option("--lan", is_flag=True, help="Start it so that a phone in the same network can scan the code.")
@click.option("--invert", is_flag=True, help="Draw the QR code for a light terminal.")
@click.option("--json", "as_json", is_flag=True, help="The result as JSON; nobody is asked.")
def demo(
    provider: str | None,
    act: Act | None,
    flow: bool,
    url: str | None,
    workspace: str | None,
    token: str | None,
    lan: bool,
    invert: bool,
    as_json: bool,
) -> None:
    """Tell a purchase at one provider, or at all: request, QR code, buyer, webhooks, refund.

    Without --url it is told in workspace default of the simulator that runs at the usual address; where none runs, in one
    that is started for it and ends with it.
    """
    from simulator.surface import demo as stories
    from simulator.surface.installed import NotServable, installed

    try:
        known = {value.name: value for value in installed()}
    except NotServable as error:
        raise Failure(str(error), f"Correct or uninstall {error.distribution}.", USAGE) from error
    if provider is not None and provider not in known:
        raise unknown_provider(provider, known)
    if flow:
        known = {name: replace(value, demo=value.demo_flow) for name, value in known.items()}
    chosen = {provider: known[provider]} if provider else {n: p for n, p in known.items() if p.demo is not None}
    if act is None and (as_json or not terminal.is_interactive()):
        act = "pay"
    if url is None and not lan and _is_answered(usual := default_url()):
        url, workspace = usual, workspace or "default"
    with _somewhere(url, token, lan) as where, client_of(*where) as client:
        results = stories.run(
            client,
            chosen,
            act=act,
            as_json=as_json,
            workspace=workspace,
            invert=invert,
            lasting=url is not None,
            story="story that begins in the shop's page" if flow else "story",
        )
    if as_json:
        printed.say_json({"ok": all(r["ok"] for r in results), "stories": results})
    if not all(result["ok"] for result in results):
        sys.exit(REFUSED)


def _is_answered(url: str) -> bool:
    """Whether a simulator can serve there."""
    from simulator.surface.client import Client, NotReached, SaidNo

    try:
        with Client(url, timeout=2) as client:
            return client.health()["status"] == "ok"
    except (NotReached, SaidNo, KeyError, TypeError, ValueError):  # nobody, or another program
        return False


@contextmanager
def _somewhere(url: str | None, token: str | None, lan: bool) -> Iterator[tuple[str, str | None]]:
    """Address and admin token of the simulator that was named, or of our own for as long as the demo runs."""
    if url is not None:
        yield url, token
        return
    from simulator.surface.launch import NotStarted, launched

    try:
        with launched(*(["--lan"] if lan else [])) as server:
            yield server.url, server.admin_token
    except NotStarted as error:
        raise Failure(str(error), "psp-simulator serve says more.", UNREACHED) from error


# new-provider --------------------------------------------------------------------------------------------------


@main.command("new-provider")
@click.argument("name")
@click.option("--title", help="As people call it; without it the name with a capital.")
@click.option("--json", "as_json", is_flag=True, help="The paths that were written as JSON.")
def new_provider(name: str, title: str | None, as_json: bool) -> None:
    """Write the skeleton of a new provider into this checkout: a small one that works, to be turned into the real one."""
    from simulator.surface import new_provider as skeleton

    try:
        written = skeleton.write(skeleton.checkout(), name, title or name.replace("_", " ").title())
    except skeleton.NotPossible as refusal:
        raise Failure(str(refusal), "docs/adding-a-provider.md says what a provider is.", USAGE) from refusal
    show([path.as_posix() for path in written], as_json, *map(str, written))
    printed.say('It stands in BUILT_IN. Next: docs/adding-a-provider.md, "The checklist".', err=True)


if __name__ == "__main__":
    main()
