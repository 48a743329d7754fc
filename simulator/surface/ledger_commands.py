"""`psp-simulator requests`, `webhooks` and `show`: what the merchant sent, what was sent to them, and one of either as a whole."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from typing import TYPE_CHECKING, Any

import click

from simulator.kernel.money import Money
from simulator.surface import printed, terminal
from simulator.surface.steering import known_provider, no_payment, show, steers, world_of

if TYPE_CHECKING:
    from simulator.surface.answers import Delivery, Payment, RequestView, TimelineEntry
    from simulator.surface.client import Workspace

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")
PATH = 48
"""Characters of an address in a list."""

GROUPS = ("pending", "delivered", "failing", "failed", "held", "kept", "adversarial")
"""The states of a webhook, and the console's groups of them: `failing` was refused, whether it is tried again or not."""


def _status(ctx: click.Context, param: click.Parameter, value: str | None) -> str | None:
    """A status of HTTP, or a class of them."""
    if value is not None and re.fullmatch(r"[1-5][0-9][0-9]|[245]xx", value) is None:
        raise click.BadParameter(f"{value!r} is no status: say one like 402, or 2xx, 4xx or 5xx", ctx, param)
    return value


_lines = click.option("--lines", "-n", type=click.IntRange(1, 500), default=20, help="How many (20).")
_provider = click.option("--provider", help="Only this provider.")


@click.command()
@_provider
@click.option(
    "--method",
    type=click.Choice(["GET", "POST", "PUT", "PATCH", "DELETE"], case_sensitive=False),
    help="Only this method.",
)
@click.option("--status", callback=_status, help="Only this status: 402, 2xx, 4xx, 5xx.")
@click.option("--path", help="Only addresses that begin so, or fit a pattern with *.")
@click.option("--refused", is_flag=True, help="Only what was refused.")
@_lines
@steers
def requests(
    provider: str | None,
    method: str | None,
    status: str | None,
    path: str | None,
    refused: bool,
    lines: int,
    url: str,
    token: str | None,
    workspace: str,
    as_json: bool,
) -> None:
    """The API calls that reached the simulator, newest first. `show <id>` shows one as a whole."""
    with world_of(url, token, workspace) as world:
        known_provider(world, provider)
        found = world.requests(provider=provider, method=method, status=status, path=path, refused=refused, limit=lines)
        now = world.clock()["now"]
    show(
        found,
        as_json,
        *terminal.dated(((view["at"], _request_line(view)) for view in found), seen_at=now)
        or [
            "no request fits"
            if provider or method or status or path or refused
            else "no request has reached this workspace"
        ],
    )


@click.command()
@_provider
@click.option("--event", help="Only this event.")
@click.option("--state", type=click.Choice(GROUPS), help="Only in this state.")
@_lines
@steers
def webhooks(
    provider: str | None,
    event: str | None,
    state: str | None,
    lines: int,
    url: str,
    token: str | None,
    workspace: str,
    as_json: bool,
) -> None:
    """The webhooks that were sent or are to be, newest first. `replay <id>` sends one again."""
    with world_of(url, token, workspace) as world:
        known_provider(world, provider)
        held = frozenset(world.view["paused"])
        is_attack = None if state is None else state == "adversarial"
        sought = None if is_attack else state
        found = world.newest_deliveries(lines, provider=provider, event=event, state=sought, adversarial=is_attack)
        now = world.clock()["now"]
    show(
        found,
        as_json,
        *terminal.dated(((view["created_at"], _delivery_line(view, held)) for view in found), seen_at=now)
        or ["no webhook fits" if provider or event or state else "nothing was sent yet"],
    )


@click.command("show")
@click.argument("id_", metavar="ID")
@steers
def show_(id_: str, url: str, token: str | None, workspace: str, as_json: bool) -> None:
    """One request, webhook or payment as a whole: for a refused request the rule that it broke, and what had to be signed."""
    with world_of(url, token, workspace) as world:
        if id_.startswith("req_"):
            request = world.request(id_)
            compared = _compared(world, request)
            view: Any = {**request, "compared": compared} if compared else request
            lines = [*_whole_request(request, compared)]
        elif id_.startswith("dlv_"):
            view = world.delivery(id_)
            lines = [*_whole_delivery(view)]
        else:
            view = _payment(world, id_)
            lines = [*_whole_payment(view, world.clock()["now"])]
    show(view, as_json, *lines)


# Requests ----------------------------------------------------------------------------------------------------------


def _request_line(view: RequestView) -> str:
    path = view["path"] if len(view["path"]) <= PATH else f"{view['path'][: PATH - 1]}…"
    status = terminal.paint(str(view["status"]), "red" if view["status"] >= 400 else "green")
    told = _title(view) if view["status"] >= 400 else view.get("resource_id", "")
    line = f"{view['id']:<10}  {view['at'][11:23]}  {view['provider'] or '-':<11}  {view['method']:<6} {path:<{PATH}}"
    return f"{line}  {status}  {view['duration_ms']:>6.1f} ms  {told}".rstrip()


def _title(view: RequestView) -> str:
    rules = view.get("why", {}).get("rules", [])
    if not rules:
        return str(view.get("help", {}).get("reason", "refused"))
    field = f": {rules[0]['field']}" if "field" in rules[0] else ""
    return f"{_texts()('requests_title_' + rules[0]['code'])}{field}"


def _texts() -> Any:
    from simulator.engine.texts import Texts  # only what shows something needs the catalogue

    return Texts("en")


def _compared(world: Workspace, view: RequestView) -> Mapping[str, Any] | None:
    """What had to be signed beside what was, for a call whose signature is wrong."""
    received = view.get("help", {}).get("received")
    is_wrong = any(rule["code"] == "signature" for rule in view.get("why", {}).get("rules", []))
    return world.compare_request(view["id"], signature=received) if is_wrong and received else None


def _whole_request(view: RequestView, compared: Mapping[str, Any] | None) -> Iterator[str]:
    head = f"{view['id']}  {view['at']}  {view['provider'] or '-'}  sent by {view['sent_by']}"
    yield head
    yield f"{view['method']} {view['path']}  {view['status']}  {view['duration_ms']:.1f} ms"
    if "resource_id" in view:
        yield f"payment {view['resource_id']}"
    if "repeats" in view:
        yield f"repeats {view['repeats']}: the same idempotency key, the first answer again"
    yield from _reasons(view)
    if "inferred" in view:
        yield f"only inferred: {', '.join(view['inferred'])}"
    if compared is not None:
        yield from _side_by_side(compared)
    for side, title in (("request", "REQUEST"), ("response", "ANSWER")):
        part = view["request"] if side == "request" else view["response"]
        yield ""
        yield f"{title}  {part['size']} bytes"
        yield from (f"{name}: {value}" for name, value in part["headers"].items())
        if part["body"]:
            yield ""
            yield from printed.lines_of(part["body"])


def _reasons(view: RequestView) -> Iterator[str]:
    texts, why = _texts(), view.get("why", {})
    for rule in why.get("rules", []):
        sentence = texts("requests_rule_" + rule["code"], limit=rule.get("limit", ""))
        more = [part for part in (rule.get("field", ""), rule.get("text", "")) if part]
        yield terminal.paint(f"  x {sentence}" + (f" ({', '.join(more)})" if more else ""), "red")
    if checks := why.get("checks", []):
        marks = {"passed": "ok", "failed": "FAILED", "unknown": "not reached"}
        yield "  " + ", ".join(f"{texts('requests_check_' + c['name'])} {marks[c['result']]}" for c in checks)
    for slip in why.get("slips", []):
        yield terminal.paint(
            f"  > {texts('did_you_mean', name=slip['meant'])} (the request has {slip['given']})", "yellow"
        )
    for near in view.get("help", {}).get("did_you_mean", [])[:1]:
        yield terminal.paint(f"  > {texts('did_you_mean', name=near)}", "yellow")
    for notice in view["notices"]:
        yield terminal.paint(f"  ! {notice}", "yellow")


def _side_by_side(compared: Mapping[str, Any]) -> Iterator[str]:
    """The two texts; where no usual mistake tells the merchant's own, the right one and both signatures."""
    of = "" if compared["expected"] == compared["base_string"] else " SIGNATURE"
    yield ""
    if of:
        yield "TO BE SIGNED"
        yield from compared["base_string"].split("\n")
    yield f"EXPECTED{of}"
    yield from compared["expected"].split("\n")
    yield f"RECEIVED{of}"
    yield from compared["got"].split("\n")
    if compared["at"] is not None:
        yield f"first difference at byte {compared['at']}"
    if compared["cause"] is not None:
        yield terminal.paint(f"likely cause: {compared['cause']['text']}", "yellow")


# Webhooks ----------------------------------------------------------------------------------------------------------


def _group(view: Delivery, held: Collection[str]) -> str:
    """The one that says most."""
    if view["adversarial"]:
        return "adversarial"
    if view["state"] == "pending" and view["provider"] in held:
        return "held"
    return "failing" if view["state"] == "pending" and view["attempts"] else view["state"]


def _delivery_line(view: Delivery, held: Collection[str]) -> str:
    told = _group(view, held)
    state = terminal.paint(f"{told:<11}", _COLOURS.get(told, "yellow"))
    line = f"{view['id']}  {view['created_at'][11:23]}  {view['provider']:<11}  {view['event']:<36}  {state}"
    return f"{line}  {_outcome(view)}  {view['resource_id']}"


_COLOURS = {"delivered": "green", "failed": "red", "failing": "red", "kept": "reset"}


def _outcome(view: Delivery) -> str:
    """What has become of a delivery, in a few words: `try 2 answered 500, next 09:46:58`."""
    if not view["attempts"]:
        return "no URL" if view["state"] == "kept" else "not tried yet"
    last = view["attempts"][-1]
    answer = f"answered {last['status']}" if last["status"] is not None else f"failed: {last['error']}"
    due = view["next_attempt_at"] if view["state"] == "pending" else None
    return f"try {last['n']} {answer}" + (f", next {terminal.instant(due, last['at'])}" if due else "")


def _whole_delivery(view: Delivery) -> Iterator[str]:
    yield f"{view['id']}  {view['created_at']}  {view['provider']}  {view['event']}  {view['state']}"
    yield f"payment {view['resource_id']}  to {view['url'] or 'no URL: kept here'}"
    for attempt in view["attempts"]:
        answer = f"answered {attempt['status']}" if attempt["status"] is not None else f"failed: {attempt['error']}"
        colour = "green" if attempt["status"] is not None and attempt["status"] < 300 else "red"
        yield terminal.paint(f"  try {attempt['n']}  {attempt['at']}  {answer}  {attempt['duration_ms']} ms", colour)
        if attempt["response_body"]:
            yield from (f"    {line}" for line in printed.lines_of(attempt["response_body"]))
    if view["state"] == "pending" and view["next_attempt_at"]:
        yield f"  next try {view['next_attempt_at']}"
    yield ""
    yield f"BODY  {len(view['body'].encode())} bytes"
    yield from (f"{name}: {value}" for name, value in view["headers"].items())
    yield ""
    yield from printed.lines_of(view["body"])


# Payments ----------------------------------------------------------------------------------------------------------


def _payment(world: Workspace, id_: str) -> Payment:
    found = world.find(id_)
    if found is None:
        raise no_payment(world, id_)
    return world.payment(found["provider"], found["id"])


def _whole_payment(view: Payment, now: str) -> Iterator[str]:
    decided = f", decided by {view['decided_by']}" if view["decided_by"] else ""
    yield f"{view['provider']} {view['id']}  {view['status']}  {view['phase']}{decided}"
    amount, refunded = (Money(view[name]["value"], view[name]["currency"]).format() for name in ("amount", "refunded"))
    yield f"reference {view['reference'] or '-'}  amount {amount}  refunded {refunded}"
    if view["wallet"] is not None:
        yield f"wallet {view['wallet']['url']}  {view['wallet']['state']}"
    events = ((event["at"], _event(event)) for event in view.get("timeline", []))
    for line in terminal.dated(events, seen_at=now):
        yield f"  {line}"


def _event(event: TimelineEntry) -> str:
    ref = f"  {event['ref']}" if "ref" in event else ""
    return f"{event['at'][11:23]}  {event['actor']}: {event['summary']}{ref}"
