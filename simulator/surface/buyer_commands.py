"""`psp-simulator pay`, `decline`, `cancel` and `expire`: the buyer's part of a payment, from the terminal."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from simulator.kernel.clock import parse_instant, short_duration
from simulator.surface.steering import no_payment, show, steers, world_of
from simulator.surface.terminal import REFUSED

if TYPE_CHECKING:
    from simulator.surface.client import Payment, Workspace


def find(world: Workspace, id_or_code: str) -> Payment:
    found = world.find(id_or_code)
    if found is None:
        raise no_payment(world, id_or_code)
    return found


def _payment_line(payment: Payment) -> str:
    decided = f", decided by {payment['decided_by']}" if payment["decided_by"] else ""
    return f"{payment['provider']} {payment['id']}  {payment['status']}  {payment['phase']}{decided}"


def _paid_by(world: Workspace, payment: Payment) -> str:
    """`, by pay_…  Captured  paid` where a session or a hosted page was decided about: the payment that it has made."""
    made = world.find(payment["wallet"]["code"]) if payment["wallet"] else None
    return f", by {made['id']}  {made['status']}  {made['phase']}" if made and made["id"] != payment["id"] else ""


def _act(world: Workspace, id_: str, act: str, **body: Any) -> Payment:
    payment = find(world, id_)
    getattr(world, act)(payment["provider"], payment["id"], **body)
    world.settle()
    return world.payment(payment["provider"], payment["id"])


def _steer(url: str, token: str | None, workspace: str, id_: str, as_json: bool, act: str, **body: Any) -> None:
    with world_of(url, token, workspace) as world:
        payment = _act(world, id_, act, **body)
        made = _paid_by(world, payment)
    show(payment, as_json, _payment_line(payment) + made)


@click.command()
@click.argument("id_", metavar="ID|CODE")
@click.option("--buyer", help="Which test buyer pays (li-na).")
@steers
def pay(id_: str, buyer: str | None, url: str, token: str | None, workspace: str, as_json: bool) -> None:
    """The buyer presses Confirm. Scenarios, test amounts and the buyer's account may still refuse.

    Exits with 1 when the buyer declined or walked away, with 0 when the payment is paid or its answer is still to come.
    """
    with world_of(url, token, workspace) as world:
        payment = _act(world, id_, "pay", buyer=buyer)
        coming = _paid_by(world, payment) + _decision_due(world, payment)
    walked_away = _walked_away(payment)
    told = ", the buyer has closed the app" if walked_away else coming
    show(payment, as_json, _payment_line(payment) + told)
    if walked_away or payment["phase"] in ("declined", "cancelled", "expired"):
        sys.exit(REFUSED)


def _walked_away(payment: Payment) -> bool:
    """Whether the last thing that the wallet did was to leave the order open."""
    seen = [entry["summary"] for entry in payment.get("timeline", []) if entry["kind"] == "wallet"]
    return payment["phase"] == "waiting" and bool(seen) and seen[-1].startswith("left open")


def _decision_due(world: Workspace, payment: Payment) -> str:
    """`, the buyer answers in 30 s` while the wallet has yet to say what becomes of the payment."""
    wallet = payment["wallet"]
    if wallet is None or wallet["state"] != "paying":
        return ""
    timers = world.client.every(f"{world.path}/timers")  # soonest first, read only as far as needed
    due = next((timer["at"] for timer in timers if timer["resource_id"] == wallet["code"]), None)
    if due is None:
        return ", the buyer is paying"
    return f", the buyer answers in {short_duration(parse_instant(due) - parse_instant(world.clock()['now']))}"


@click.command()
@click.argument("id_", metavar="ID|CODE")
@click.option("--reason", help="balance, limit, blocked, authentication, …")
@steers
def decline(id_: str, reason: str | None, url: str, token: str | None, workspace: str, as_json: bool) -> None:
    """The wallet declines the payment."""
    _steer(url, token, workspace, id_, as_json, "decline", reason=reason)


@click.command()
@click.argument("id_", metavar="ID|CODE")
@steers
def cancel(id_: str, url: str, token: str | None, workspace: str, as_json: bool) -> None:
    """The buyer cancels."""
    _steer(url, token, workspace, id_, as_json, "cancel")


@click.command()
@click.argument("id_", metavar="ID|CODE")
@steers
def expire(id_: str, url: str, token: str | None, workspace: str, as_json: bool) -> None:
    """The order's time is over, now."""
    _steer(url, token, workspace, id_, as_json, "expire")


@click.command()
@click.argument("id_", metavar="ID|CODE")
@steers
def moves(id_: str, url: str, token: str | None, workspace: str, as_json: bool) -> None:
    """What may happen to a payment now, and which webhooks that sends. `mark` lets it happen."""
    with world_of(url, token, workspace) as world:
        payment = find(world, id_)
        legal = world.moves(payment["provider"], payment["id"])
    lines = [f"  {move['trigger']:<24}  {move['label']}{_sends(move['events'])}" for move in legal]
    show(legal, as_json, _payment_line(payment), *(lines or ["  nothing can happen to it now"]))


def _sends(events: Sequence[str]) -> str:
    return f", sends {', '.join(events)}" if events else ""


@click.command()
@click.argument("id_", metavar="ID|CODE")
@click.argument("trigger")
@steers
def mark(id_: str, trigger: str, url: str, token: str | None, workspace: str, as_json: bool) -> None:
    """Let one of the `moves` of a payment happen: TRIGGER is its first word."""
    _steer(url, token, workspace, id_, as_json, "mark", trigger=trigger)
