"""`psp-simulator payouts` and `reports`: what has left for the bank, what will, and the files as they would have come."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner

from simulator.providers import built_in
from simulator.surface import cli
from simulator.surface.client import Client, Workspace
from simulator.surface.launch import Launched

Run = Callable[..., str]

ONE = next(one.name for one in built_in() if one.settlement is not None and one.settlement.reports is not None)
"""Some provider that has report files."""


@pytest.fixture
def world(server: Launched) -> Iterator[Workspace]:
    """A payment of ¥ 100.00 has been paid out, and its reports are there."""
    with Client(server.url) as client:
        made = client.create_workspace(frozen=True, now="2026-03-04T05:00:00Z")
        payment = made.make_payment(ONE, amount=10000, currency="CNY")
        made.pay(ONE, payment["id"])
        made.advance("P8D")
        yield made


@pytest.fixture
def run(server: Launched, world: Workspace) -> Run:
    def called(*words: str) -> str:
        result = CliRunner().invoke(cli.main, [*words, "-w", world.id], env={"PSP_SIMULATOR_URL": server.url})
        assert result.exit_code == 0, result.output
        return result.stdout

    return called


def test_payouts_and_reports_are_shown_and_saved(run: Run, world: Workspace, tmp_path: Path) -> None:
    [payout], reports = world.payouts(), world.reports()

    shown, as_json, listed = run("payouts"), json.loads(run("payouts", "--json")), run("reports")
    files = [Path(file) for file in run("reports", "--provider", ONE, "--save", str(tmp_path / "in")).split()]

    assert payout["id"] in shown and payout["status"] in shown and "12.36 EUR" in shown
    assert as_json["payouts"] == [payout] and as_json["data"] == world.balances()["data"]
    assert reports and all(one["name"] in listed for one in reports)
    ready = [one for one in reports if one["state"] == "ready"]
    assert [file.read_bytes() for file in files] == [world.report(ONE, one["date"], one["name"]) for one in ready]
    assert (tmp_path / "in").stat().st_mode & 0o777 == 0o700


def test_a_day_is_ended_by_hand(run: Run, world: Workspace) -> None:
    assert json.loads(run("payouts", "--provider", ONE, "--now", "--json")) == [], "less than a cent is left"
    assert "nothing was paid out" in run("payouts", "--provider", ONE, "--now")
