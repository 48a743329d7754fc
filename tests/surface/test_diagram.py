"""The story of a payment as a sequence diagram, by the control API and in the terminal."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from buying import ANY
from merchant import Merchant
from support import Sim
from toy.acme import ACME

from simulator.surface.client import Workspace
from simulator.surface.control.diagram import LABEL, shortened
from simulator.surface.launch import Launched
from surface.test_cli import Shell

FORM = {"content-type": "application/x-www-form-urlencoded"}
LANES = {"merchant", "provider", "wallet", "buyer"}


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim(providers=[ACME]) as simulator:
        yield simulator


async def diagram_of(sim: Sim, charge: str) -> dict[str, Any]:
    answer = await sim.http.get(f"{sim.path}/payments/acme/{charge}/diagram")
    drawn: dict[str, Any] = answer.raise_for_status().json()
    return drawn


def told(drawn: dict[str, Any]) -> list[tuple[str, str, str]]:
    """Group, arrow and label, without what takes time."""
    return [(row["group"], f"{row['from']}>{row['to']}", row["label"]) for row in drawn["rows"]]


async def test_a_purchase_goes_from_lane_to_lane(sim: Sim) -> None:
    """The wallet page is pressed by a buyer, the first webhook fails, the clock is advanced, then the merchant refunds."""
    await sim.receive_webhooks("acme")
    sim.answer = lambda request: httpx.Response(503 if len(sim.hooks) == 1 else 200)
    merchant = Merchant(sim, ACME)
    charge = await merchant.create()
    code = (await sim.payment("acme", charge))["wallet"]["code"]
    await sim.http.post(f"/w/{code}/scan", headers=FORM)
    await sim.http.post(f"/w/{code}/confirm", content="buyer=li-na", headers=FORM)
    await sim.settle()
    await sim.advance(minutes=1)
    await merchant.refund(charge)
    await sim.settle()

    assert told(await diagram_of(sim, charge)) == [
        ("Create", "merchant>provider", "POST /acme/charges"),
        ("Create", "provider>provider", "PENDING"),
        ("Create", "provider>wallet", "open order"),
        ("Create", "provider>merchant", "201 PENDING"),
        ("Buyer decides", "buyer>wallet", "scans the code"),
        ("Buyer decides", "buyer>wallet", "presses Confirm"),
        ("Buyer decides", "wallet>wallet", "Paid, decided by the buyer's account"),
        ("Buyer decides", "wallet>provider", "order paid"),
        ("Buyer decides", "provider>provider", "PENDING → CAPTURED"),
        ("Buyer decides", "wallet>buyer", "back to the merchant"),
        ("Buyer decides", "provider>merchant", "charge.captured"),
        ("Buyer decides", "merchant>buyer", "1 minute later, clock advanced"),
        ("Refund", "merchant>provider", "POST …/refunds"),
        ("Refund", "provider>provider", "CAPTURED → REFUNDED"),
        ("Refund", "provider>merchant", "200 REFUNDED"),
        ("Refund", "provider>merchant", "charge.captured"),
        ("Refund", "provider>merchant", "charge.refunded"),
    ]


async def test_what_happens_on_the_way_of_an_advance_stands_where_it_happens(sim: Sim) -> None:
    """The toy's charges expire after two hours."""
    charge = await Merchant(sim, ACME).create()
    await sim.advance(hours=30)

    rows = (await diagram_of(sim, charge))["rows"]

    story = [row["label"] for row in rows if row["kind"] in ("clock", "decision", "request")]
    assert story == [
        "POST /acme/charges",
        "2 hours later, clock advanced",
        "Expired, decided by the clock",
    ]


async def test_a_try_says_what_was_answered_and_the_mermaid_text_crosses_it_out(sim: Sim) -> None:
    await sim.receive_webhooks("acme")
    sim.answer = lambda request: httpx.Response(503 if len(sim.hooks) == 1 else 200)
    charge = await Merchant(sim, ACME).paid()
    await sim.settle()
    await sim.advance(minutes=1)

    drawn = await diagram_of(sim, charge)

    tries = [(row["status"], row["fact"]) for row in drawn["rows"] if row["kind"] == "webhook"]
    assert tries == [(503, "503, try 1"), (200, "200, try 2")]
    assert "    provider-xmerchant: charge.captured (503, try 1)\n" in drawn["mermaid"]
    assert "    provider->>merchant: charge.captured (200, try 2)\n" in drawn["mermaid"]
    assert drawn["mermaid"].startswith("sequenceDiagram\n    participant merchant as Merchant server\n")


async def test_whoever_accepts_plain_text_gets_the_mermaid_text_alone(sim: Sim) -> None:
    charge = await Merchant(sim, ACME).create()

    answer = await sim.http.get(f"{sim.path}/payments/acme/{charge}/diagram", headers={"accept": "text/plain"})

    assert answer.headers["content-type"].startswith("text/plain")
    assert answer.text == (await diagram_of(sim, charge))["mermaid"]


async def test_rows_are_numbered_between_known_lanes_and_their_labels_are_short(sim: Sim) -> None:
    charge = await Merchant(sim, ACME).paid()
    await Merchant(sim, ACME).read(charge)

    rows = (await diagram_of(sim, charge))["rows"]

    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    assert {row["from"] for row in rows} | {row["to"] for row in rows} <= LANES
    arrows = [row["label"] for row in rows if row["from"] != row["to"] and row["kind"] != "clock"]
    assert [label for label in arrows if len(label) > LABEL] == []
    assert all(charge not in row["label"] for row in rows)


async def test_an_unknown_payment_has_no_diagram(sim: Sim) -> None:
    answer = await sim.http.get(f"{sim.path}/payments/acme/nobody/diagram")

    assert (answer.status_code, answer.json()["error"]["code"]) == (404, "not_found")


async def test_a_time_that_ran_out_is_decided_by_the_clock(sim: Sim) -> None:
    charge = await Merchant(sim, ACME).create()
    await sim.act("acme", charge, "expire")

    rows = (await diagram_of(sim, charge))["rows"]

    decisions = [row["label"] for row in rows if row["kind"] == "decision"]
    assert decisions == ["Expired, decided by the console"]


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("payment_captured", "payment_captured"),
        ("PAYMENT_CHARGE_AUTHENTICATION_PENDING", "…AUTHENTICATION_PENDING"),
        ("PAYMENT_CHARGE_CAPTURE_SUCCEEDED", "…CAPTURE_SUCCEEDED"),
        ("x" * 40, "…" + "x" * 23),
    ],
)
def test_a_long_label_keeps_its_end(text: str, short: str) -> None:
    assert shortened(text) == short
    assert len(short) <= LABEL


@pytest.fixture
def shell(server: Launched, world: Workspace) -> Shell:
    return Shell(server, world)


def test_the_terminal_draws_the_same(shell: Shell) -> None:
    charge = shell.create()
    drawn = shell.json("diagram", charge)

    lines = shell.run("diagram", "order-1001").stdout

    assert drawn == shell.world.diagram(ANY.name, charge)
    assert all(row["label"] in lines for row in drawn["rows"])
    assert shell.run("diagram", charge, "--mermaid").stdout == drawn["mermaid"]


def test_a_diagram_of_nothing_is_refused(shell: Shell) -> None:
    result = shell.run("diagram", "nobody")

    assert (result.exit_code, result.stdout) == (1, "")
    assert "there is no payment" in result.stderr


async def test_a_forged_webhook_counts_neither_as_failed_nor_among_those_that_were_promised(sim: Sim) -> None:
    """Whoever refuses it is right."""
    await sim.receive_webhooks("acme")
    sim.answer = lambda request: httpx.Response(400 if len(sim.hooks) == 1 else 200)
    await sim.arm([{"when": {"event": "charge.captured"}, "webhooks": {"forge": "signature"}}])
    charge = await Merchant(sim, ACME).paid()
    await sim.settle()

    drawn = await diagram_of(sim, charge)
    page = (await sim.http.get(f"/console/{sim.workspace.name}/payments/{charge}")).text
    why = (await sim.http.get(f"{sim.path}/why/{charge}")).json()

    facts = [row["fact"] for row in drawn["rows"] if row["kind"] == "webhook"]
    assert "400, forged" in facts
    assert "-xmerchant" not in drawn["mermaid"]
    assert "1 of 1 delivered" in page
    assert "Its webhook was delivered." in why["because"]
