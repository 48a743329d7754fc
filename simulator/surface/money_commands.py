"""`psp-simulator payouts` and `reports`: what leaves for the merchant's bank, and the files that tell of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from simulator.engine import private
from simulator.surface.steering import known_provider, show, steers, world_of
from simulator.surface.terminal import USAGE, Failure

if TYPE_CHECKING:
    from simulator.surface.answers import Balances, PayoutView, ReportView

_provider = click.option("--provider", help="Only this provider.")


@click.command()
@_provider
@click.option("--now", is_flag=True, help="End the provider's day now, and pay out what is due.")
@steers
def payouts(provider: str | None, now: bool, url: str, token: str | None, workspace: str, as_json: bool) -> None:
    """The payouts, newest first, and what the next ones will be."""
    if now and provider is None:
        raise Failure("--now ends the day of one provider", "Say which: --provider NAME.", USAGE)
    with world_of(url, token, workspace) as world:
        known_provider(world, provider)
        found = world.pay_out(provider) if now and provider is not None else world.payouts(provider)
        balances = world.balances(provider)
    lines = [_payout(one) for one in found] or ["nothing was paid out"]
    show(found if now else {"payouts": found, **balances}, as_json, *lines, *_balances(balances))


def _payout(one: PayoutView) -> str:
    when = one.get("paid_at") or one.get("failed_at") or f"arrives {one['arrives_at']}"
    what = f"{one['status']:<10} {_short(one['amount'])} {one['currency']}"
    return f"{one['created_at']}  {one['provider']:<12} {one['id']}  {what}  {when}"


def _balances(balances: Balances) -> list[str]:
    lines = []
    for one in balances["data"]:
        sums = ", ".join(f"{name} {_short(one[name])}" for name in ("pending", "available", "payable"))
        lines.append(f"{one['provider']}: {sums} {one['currency']}")
    for provider, cutoff in balances["next_cutoff"].items():
        pays = ", ".join(f"{_short(amount)} {currency}" for currency, amount in cutoff["pays"].items())
        if pays:
            lines.append(f"{provider} pays {pays} at {cutoff['at']}")
    return lines


def _short(amount: str) -> str:
    """With the decimals that say something, two at least."""
    whole, _, rest = amount.partition(".")
    return f"{whole}.{rest[:2]}{rest[2:].rstrip('0')}"


@click.command()
@_provider
@click.option("--date", help="Only of this day, in the provider's time zone: 2026-03-04.")
@click.option(
    "--save", type=click.Path(file_okay=False, path_type=Path), help="Write those that are there into a folder."
)
@steers
def reports(
    provider: str | None,
    date: str | None,
    save: Path | None,
    url: str,
    token: str | None,
    workspace: str,
    as_json: bool,
) -> None:
    """The report files, newest day first, and those that are still to come."""
    with world_of(url, token, workspace) as world:
        known_provider(world, provider)
        found = world.reports(provider, date)
        written = []
        for one in found if save is not None else ():
            if one["state"] == "ready" and save is not None:
                file = save / one["provider"] / one["name"]
                _write(file, world.report(one["provider"], one["date"], one["name"]))
                written.append(str(file))
    show(found, as_json, *(written or [_report(one) for one in found] or ["there are no reports yet"]))


def _write(file: Path, raw: bytes) -> None:
    try:
        private.put(file, raw)
    except OSError as error:
        raise Failure(f"cannot write {file}: {error.strerror or error}", "Name another folder.", USAGE) from error


def _report(one: ReportView) -> str:
    said = f"{one['size']} bytes" if one["state"] == "ready" else f"{one['state']}, {one['available_at']}"
    return f"{one['date']}  {one['provider']:<12} {one['name']}  {one['type']}  {said}"
