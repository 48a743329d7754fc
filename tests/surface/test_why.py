"""Why: what happened in a sentence, the reasons as they were recorded, and what would help."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from buying import ANY
from merchant import Merchant
from support import Sim
from toy.acme import ACME

from simulator.engine.shop import Request
from simulator.surface.client import Workspace
from simulator.surface.control.why import of_request
from simulator.surface.launch import Launched
from surface.test_cli import Shell


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim(providers=[ACME]) as simulator:
        yield simulator


async def why(sim: Sim, id_: str) -> dict[str, Any]:
    answer = await sim.http.get(f"{sim.path}/why/{id_}")
    told: dict[str, Any] = answer.raise_for_status().json()
    return told


async def test_a_payment_waits_for_somebody_to_open_its_order(sim: Sim) -> None:
    charge = await Merchant(sim, ACME).create()
    code = (await sim.payment("acme", charge))["wallet"]["code"]

    told = await why(sim, charge)

    assert told["summary"] == "The payment of CNY 10.00 at Acme waits for its buyer; Acme calls it PENDING."
    assert told["because"][0] == f"The order {code} is open: nobody has opened its order."
    assert code in told["next"][0]


@pytest.mark.parametrize(
    ("buyer", "because"),
    [
        ("wang-wei", "The account of buyer wang-wei decided it: the balance was too low."),
        ("chen-jie", "The account of buyer chen-jie decided it: the wallet has blocked the account."),
    ],
)
async def test_a_decline_is_explained_by_its_reason(sim: Sim, buyer: str, because: str) -> None:
    charge = await Merchant(sim, ACME).create()
    await sim.act("acme", charge, "pay", buyer=buyer)

    told = await why(sim, charge)

    assert "was declined" in told["summary"]
    assert told["because"][0] == because
    assert "psp-simulator pay" in told["next"][0]


async def test_an_order_and_a_reference_lead_to_their_payment(sim: Sim) -> None:
    charge = await Merchant(sim, ACME).create("order-77")
    code = (await sim.payment("acme", charge))["wallet"]["code"]

    assert await why(sim, code) == await why(sim, "order-77") == await why(sim, charge)


async def test_a_webhook_without_a_url_says_where_to_set_one(sim: Sim) -> None:
    charge = await Merchant(sim, ACME).paid()
    (delivery,) = (await sim.http.get(f"{sim.path}/webhooks")).json()["data"]

    told = await why(sim, delivery["id"])

    assert told["summary"].endswith(f"about {charge} is kept here, for no URL is configured.")
    assert told["because"] == ["It was not sent: no webhook URL is configured for acme."]
    there = f"--url http://sim.test -w {sim.workspace.name}"
    assert told["next"] == [
        f"Set one in the console under Webhooks, then psp-simulator replay {there} {delivery['id']}."
    ]


async def test_a_failing_webhook_says_what_was_answered_and_when_it_is_tried_again(sim: Sim) -> None:
    await sim.receive_webhooks("acme")
    sim.answer = lambda request: httpx.Response(500)
    charge = await Merchant(sim, ACME).paid()
    await sim.settle()
    (delivery,) = (await sim.http.get(f"{sim.path}/webhooks")).json()["data"]

    of_delivery, of_payment = await why(sim, delivery["id"]), await why(sim, charge)
    there = f"--url http://sim.test -w {sim.workspace.name}"

    assert "Try 1 to http://merchant.test/hooks was answered 500" in of_delivery["because"][0]
    assert "The next try is due in 55 s, at 05:01:05 UTC. The clock stands still" in of_delivery["because"][1]
    assert any("answered 500" in sentence for sentence in of_payment["because"])
    assert any(f"psp-simulator replay {there} {delivery['id']}" in help_ for help_ in of_payment["next"])


async def test_a_paused_provider_is_the_reason(sim: Sim) -> None:
    await sim.receive_webhooks("acme")
    await sim.http.put(f"{sim.path}/webhooks/acme/paused", json={"paused": True})
    charge = await Merchant(sim, ACME).paid()

    told = await why(sim, charge)

    assert any("webhooks of acme are paused" in sentence for sentence in told["because"])


async def test_a_refused_call_says_which_rule_it_broke(sim: Sim) -> None:
    await Merchant(sim, ACME).answer(amount=-5)
    (call,) = await sim.requests()

    told = await why(sim, call["id"])

    assert told["summary"] == "Acme refused POST /acme/charges with 400."
    assert told["because"][0].startswith("It broke a rule: amount")


async def test_a_webhook_that_a_scenario_has_dropped_is_told(sim: Sim) -> None:
    await sim.receive_webhooks("acme")
    charge = await Merchant(sim, ACME).create()
    rule = {"when": {"event": "charge.captured"}, "webhooks": {"drop": True}}
    body = {"name": "no-news", "rules": [rule]}
    (await sim.http.put(f"{sim.path}/scenario", json=body)).raise_for_status()
    await sim.act("acme", charge, "pay")

    told, timeline = await why(sim, charge), (await sim.payment("acme", charge))["timeline"]
    diagram = (await sim.http.get(f"{sim.path}/payments/acme/{charge}/diagram")).raise_for_status().json()

    assert sim.hooks == []
    assert "The scenario no-news dropped the webhook charge.captured." in told["because"]
    assert told["next"][-1].startswith("Ask the API for it, as a shop has to; psp-simulator scenario disarm ")
    [dropped] = [one for one in timeline if one["kind"] == "webhook"]
    assert (dropped["actor"], dropped["summary"]) == ("scenario:no-news", "charge.captured dropped")
    assert "charge.captured dropped" in diagram["mermaid"]


async def test_a_refund_that_the_provider_refuses_says_why_and_by_which_call(sim: Sim) -> None:
    """The provider's answer alone may say nothing: a bare 403, or one code for all that cannot be refunded."""
    charge = await Merchant(sim, ACME).waiting()

    answer = await sim.http.post(f"{sim.path}/payments/acme/{charge}/refund", json={})

    error, call = answer.json()["error"], (await sim.requests())[0]
    assert (answer.status_code, error["code"], error["request"]) == (422, "refused", call["id"])
    [rule] = (await why(sim, call["id"]))["because"][:1]
    assert rule in error["message"]
    assert "state" in rule


async def test_a_path_that_is_one_slip_away_is_named(sim: Sim) -> None:
    merchant = Merchant(sim, ACME)
    await merchant.send(Request("POST", "/acme/chrages"))
    (call,) = await sim.requests()

    told = await why(sim, call["id"])

    assert any("/acme/charges" in help_ for help_ in told["next"])


@pytest.mark.parametrize(
    ("help_", "because", "next_"),
    [
        ({"reason": "the key is unknown"}, ["The key is unknown."], []),
        ({"violations": ["amount: required"]}, ["It broke a rule: amount: required."], ["Correct what is named"]),
        ({"did_you_mean": ["POST /a", "GET /a"]}, [], ["Did you mean POST /a or GET /a?"]),
        ({"expected": "abc"}, ["The right signature is abc."], ["psp-simulator sign makes"]),
        (
            {"expected": "abc", "signed": "a;b", "received": "xyz"},
            ["What had to be signed: a;b", "The right signature is abc; the one that came is xyz."],
            ["psp-simulator sign makes"],
        ),
        ({"allowed": ["a", 1]}, [], ["Allowed: a, 1."]),
        ({"instead": "POST /b"}, [], ["Use POST /b."]),
        ({"left_out": "GET /c"}, ["GET /c is an operation that the simulator leaves out."], []),
        ({"error_id": "e7"}, ["The simulator has a bug."], ["Report it with the error id e7."]),
    ],
)
def test_whatever_the_journal_keeps_of_a_refusal_is_a_sentence(
    help_: dict[str, Any], because: list[str], next_: list[str]
) -> None:
    view = {"method": "POST", "path": "/a?x=1", "status": 400, "help": help_}

    told = of_request(view, "Acme", "/console/x")

    assert told.summary == "Acme refused POST /a with 400."
    if because:
        assert told.because == because
    assert [sentence[: len(start)] for sentence, start in zip(told.next, next_, strict=False)] == next_


def test_a_call_that_was_taken_tells_its_notices_and_its_payment_and_a_bare_refusal_where_to_read_it() -> None:
    call = {"method": "POST", "path": "/a", "status": 200}
    taken = of_request(call | {"notices": ["is old.", "is odd"], "resource_id": "ch_1"}, "Acme")
    bare = of_request(call | {"status": 403}, "Acme", "/console/x")
    rules = {"rules": [{"code": "state", "field": "id", "text": "is paid."}]}
    ruled = of_request(call | {"status": 403, "why": rules}, "Acme")

    assert taken.because == ["Is old.", "Is odd.", "It is about payment ch_1."]
    assert bare.next == ["Read the answer at /console/x."]
    assert ruled.because[0].endswith(" (id, is paid).")


async def test_whose_account_or_which_rule_decided_it_leads_to_what_would_help(sim: Sim) -> None:
    merchant = Merchant(sim, ACME)
    rule = {"wallet": {"decline": "limit"}}
    (await sim.http.put(f"{sim.path}/scenario", json={"name": "no-luck", "rules": [rule]})).raise_for_status()
    by_scenario = await merchant.create("order-1")
    await sim.act("acme", by_scenario, "pay")
    (await sim.http.delete(f"{sim.path}/scenario")).raise_for_status()
    seen = await merchant.create("order-2")
    code = (await sim.payment("acme", seen))["wallet"]["code"]
    await sim.http.get(f"/w/{code}")

    decided, waiting = await why(sim, by_scenario), await why(sim, seen)

    assert any("scenario disarm" in help_ for help_ in decided["next"])
    assert "The armed scenario no-luck decided it" in decided["because"][0]
    assert waiting["because"][0].startswith(f"The order {code} is ")
    assert waiting["because"][1].startswith("Unpaid, it expires at ")


async def test_a_payment_tells_of_a_refund_and_of_a_webhook_that_is_yet_to_leave(sim: Sim) -> None:
    await sim.receive_webhooks("acme")
    rules = [{"when": {"event": "charge.captured"}, "webhooks": {"delay": "PT1H"}}]
    (await sim.http.put(f"{sim.path}/scenario", json={"name": "late", "rules": rules})).raise_for_status()
    merchant = Merchant(sim, ACME)
    charge = await merchant.paid()
    await merchant.refund(charge, 400)

    told = await why(sim, charge)

    assert any("4.00 of CNY 10.00 went back" in sentence for sentence in told["because"]), told
    assert any("was not tried yet; it is due at" in sentence for sentence in told["because"]), told


async def test_a_slow_wallet_is_told_with_the_instant_of_its_answer(sim: Sim) -> None:
    (await sim.http.put(f"{sim.path}/scenario", json={"rules": [{"wallet": {"delay": "PT5M"}}]})).raise_for_status()
    charge = await Merchant(sim, ACME).create()
    await sim.act("acme", charge, "pay")

    told = await why(sim, charge)

    assert any("The answer is due at " in sentence for sentence in told["because"]), told


async def test_a_webhook_that_was_given_up_or_came_is_told_so(sim: Sim) -> None:
    await sim.receive_webhooks("acme")
    merchant = Merchant(sim, ACME)
    arrived = await merchant.paid("came")
    await sim.settle()
    sim.answer = lambda request: httpx.Response(503)
    charge = await merchant.paid("order-1")
    await sim.settle()
    await sim.advance(days=30)

    given_up, came = await why(sim, charge), await why(sim, arrived)

    assert any(sentence.endswith("is tried no more.") for sentence in given_up["because"])
    assert any("delivered." in sentence for sentence in came["because"])


@pytest.mark.parametrize("id_", ["nobody", "req_999", "req_", "dlv_nobody"])
async def test_what_nobody_has_is_404(sim: Sim, id_: str) -> None:
    assert (await sim.http.get(f"{sim.path}/why/{id_}")).status_code == 404


def test_the_terminal_says_the_same(server: Launched, world: Workspace) -> None:
    shell = Shell(server, world)
    charge = shell.create()

    told, lines = shell.json("why", charge), shell.run("why", charge).stdout

    assert told == world.why(charge)
    assert f"at {ANY.title}" in told["summary"]
    assert all(sentence in lines for sentence in [told["summary"], *told["because"], *told["next"]])
