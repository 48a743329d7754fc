"""The page of one payment: facts, the story as a diagram and as a list, and the bytes behind each row."""

from __future__ import annotations

import html
import itertools
import re
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from merchant import Merchant
from pressing import page_of, press
from support import Sim
from toy.acme import ACME

from simulator.surface.control import diagram
from simulator.surface.control.diagram import Step, Words


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim(providers=[ACME]) as simulator:
        yield simulator


@pytest.fixture
async def refused(sim: Sim) -> str:
    """A paid payment whose first webhook was refused once, and taken at the second try."""
    await sim.receive_webhooks("acme")
    sim.answer = lambda request: httpx.Response(503 if len(sim.hooks) == 1 else 200, text="thanks")
    charge = await Merchant(sim, ACME).paid("order-9")
    await sim.settle()
    await sim.advance(minutes=1)
    return charge


def events(page: str) -> list[dict[str, str]]:
    """The attributes of the rows of the story."""
    found = re.findall(r'id="e-(\d+)" data-testid="event" ([^>]+)>', page)
    return [{"seq": seq, **dict(re.findall(r'(?:data-)?([a-z-]+)="([^"]*)"', rest))} for seq, rest in found]


def fact(page: str, name: str) -> str:
    found = re.search(rf'data-testid="fact-{name}"><dt>[^<]*</dt><dd>(.*?)</dd>', page)
    assert found is not None
    return html.unescape(re.sub(r"<[^>]+>", "|", found[1]))


def inspector(page: str) -> str:
    return html.unescape(page[page.index('data-testid="inspector"') :])


async def tries(sim: Sim, charge: str) -> list[dict[str, str]]:
    return [event for event in events(await page_of(sim, f"/payments/{charge}")) if event["kind"] == "webhook"]


async def test_each_event_is_a_row_between_two_lanes(sim: Sim, refused: str) -> None:
    drawn = (await sim.http.get(f"{sim.path}/payments/acme/{refused}/diagram")).json()["rows"]

    rows = events(await page_of(sim, f"/payments/{refused}"))

    assert [(row["seq"], row["kind"], row["from"], row["to"]) for row in rows] == [
        (str(row["seq"]), row["kind"], row["from"], row["to"]) for row in drawn
    ]
    assert [row["status"] for row in rows if row["kind"] == "webhook"] == ["503", "200"]


async def test_a_row_is_a_sentence_to_whoever_hears_the_page(sim: Sim, refused: str) -> None:
    page = await page_of(sim, f"/payments/{refused}")

    assert "Acme to Merchant server, charge.captured, 503, try 1</span>" in page
    assert "decided by" not in await page_of(sim, f"/payments/{refused}?lang=zh")


@pytest.mark.parametrize("language", ["en", "zh"])
async def test_an_arrow_leads_from_any_lane_to_any_other(
    sim: Sim, refused: str, monkeypatch: pytest.MonkeyPatch, language: str
) -> None:
    pairs = list(itertools.permutations(diagram.LANES, 2))
    drawn = [Step(seq, "request", *pair, Words(literal="x"), seq=seq) for seq, pair in enumerate(pairs, 1)]
    monkeypatch.setattr(diagram, "steps", lambda *_: drawn)

    page = await page_of(sim, f"/payments/{refused}?lang={language}")

    assert [(row["from"], row["to"]) for row in events(page)] == pairs
    arrows = [set(found.split()) for found in re.findall(r'class="(arrow [^"]*)"', page)]
    assert [next(n for n in diagram.LANES if f"at-{n}" in arrow) for arrow in arrows] == [
        min(pair, key=diagram.LANES.index) for pair in pairs
    ]
    assert [next(n for n in diagram.LANES if f"to-{n}" in arrow) for arrow in arrows] == [
        max(pair, key=diagram.LANES.index) for pair in pairs
    ]
    assert ["back" in arrow for arrow in arrows] == [
        diagram.LANES.index(source) > diagram.LANES.index(target) for source, target in pairs
    ]
    sheet = (await sim.http.get("/_sim/static/console.css")).text
    placed = {name for arrow in arrows for name in arrow if name.startswith(("at-", "to-"))}
    assert {name for name in placed if f".{name} {{" not in sheet} == set()


async def test_facts_come_before_buttons_and_speak_of_now(sim: Sim, refused: str) -> None:
    await Merchant(sim, ACME).refund(refused, 300)

    page = await page_of(sim, f"/payments/{refused}")

    assert fact(page, "charged") == "¥\xa010.00"
    assert fact(page, "captured") == "¥\xa010.00"
    assert fact(page, "refunded") == "¥\xa03.00|¥\xa07.00 left|"
    assert fact(page, "webhooks") == "1 of 2 delivered|1 needed a retry|"
    assert fact(page, "decided-by") == "the buyer's account|Li Na|"
    assert fact(page, "next-timer").endswith("|webhook charge.refunded|")


async def test_a_payment_that_waits_says_what_falls_due(sim: Sim) -> None:
    charge = await Merchant(sim, ACME).create()

    page = await page_of(sim, f"/payments/{charge}")

    assert fact(page, "decided-by") == "nobody yet"
    assert fact(page, "captured") == "nothing yet"
    assert fact(page, "next-timer") == "in 2 h|Charge expires|"


@pytest.mark.uncounted
@pytest.mark.parametrize(
    ("chip", "kinds"),
    [
        ("api", {"request", "answer"}),
        ("wallet", {"wallet", "decision"}),
        ("state", {"state"}),
        ("webhook", {"webhook"}),
        ("clock", {"clock"}),
    ],
)
async def test_the_list_shows_the_same_rows_by_kind(sim: Sim, refused: str, chip: str, kinds: set[str]) -> None:
    every = events(await page_of(sim, f"/payments/{refused}?view=list"))

    shown = events(await page_of(sim, f"/payments/{refused}?view=list&show={chip}"))

    assert [row["seq"] for row in every] == [row["seq"] for row in events(await page_of(sim, f"/payments/{refused}"))]
    assert [row["seq"] for row in shown] == [row["seq"] for row in every if row["kind"] in kinds] != []


async def test_the_row_that_failed_is_looked_at_first_with_its_exact_bytes(sim: Sim, refused: str) -> None:
    page = await page_of(sim, f"/payments/{refused}?body=raw")

    first, _ = await tries(sim, refused)
    seen = inspector(page)
    assert re.search(rf'id="e-{first["seq"]}" [^>]*aria-current="true"', page)
    assert sim.hooks[0].raw.decode() in seen
    assert f"Body, {len(sim.hooks[0].raw)} bytes as sent" in seen
    assert "Your server answered 503" in seen


async def test_a_body_is_folded_and_its_copy_is_exact(sim: Sim, refused: str) -> None:
    seen = inspector(await page_of(sim, f"/payments/{refused}"))

    assert '<span class="code-key">"type"</span>' in seen
    assert f'data-copy="{sim.hooks[0].raw.decode()}"' in seen
    assert 'data-testid="raw-body"' not in seen


async def test_a_chosen_try_stands_in_the_address(sim: Sim, refused: str) -> None:
    _, second = await tries(sim, refused)

    page = await page_of(sim, f"/payments/{refused}?event={second['seq']}&tab=response")

    assert "try 2 of 2" in inspector(page)
    assert ">thanks<" in inspector(page)
    assert f"?event={second['seq']}#e-{second['seq']}" in html.unescape(page)


async def test_the_signature_is_judged_as_a_receiver_would(sim: Sim, refused: str) -> None:
    seen = inspector(await page_of(sim, f"/payments/{refused}?tab=signature"))

    assert "A receiver takes this signature" in seen


async def test_attempts_lead_to_their_rows(sim: Sim, refused: str) -> None:
    seen = inspector(await page_of(sim, f"/payments/{refused}?tab=attempts"))

    assert [f"#e-{row['seq']}" in seen for row in await tries(sim, refused)] == [True, True]


async def test_a_webhook_is_sent_again_from_its_row(sim: Sim, refused: str) -> None:
    answer = await press(sim, await page_of(sim, f"/payments/{refused}"), "send-again")

    assert answer.status_code == 303
    assert len(await tries(sim, refused)) == 3


async def test_a_call_shows_what_came_and_what_was_answered_and_is_sent_again(sim: Sim, refused: str) -> None:
    asked, answered, *_ = [
        event for event in events(await page_of(sim, f"/payments/{refused}")) if event["kind"] in ("request", "answer")
    ]
    page = await page_of(sim, f"/payments/{refused}?event={asked['seq']}&body=raw")
    (call,) = await sim.requests()

    assert call["request"]["body"] in inspector(page)
    assert "send-again" in inspector(page)
    reply = inspector(await page_of(sim, f"/payments/{refused}?event={answered['seq']}&body=raw"))
    assert call["response"]["body"] in reply
    assert f"<h2><code>{call['method']} {call['path']}</code></h2>" in reply
    assert (await press(sim, page, "send-again")).status_code == 303
    assert len(await sim.requests()) == 2


async def test_an_event_within_the_simulator_says_what_moved(sim: Sim, refused: str) -> None:
    moved = next(event for event in events(await page_of(sim, f"/payments/{refused}")) if event["kind"] == "state")

    seen = inspector(await page_of(sim, f"/payments/{refused}?event={moved['seq']}"))

    assert "<dt>to</dt>" in seen
    assert 'data-testid="tab-request"' not in seen


async def test_the_mermaid_text_is_that_of_the_control_api(sim: Sim, refused: str) -> None:
    drawn = (await sim.http.get(f"{sim.path}/payments/acme/{refused}/diagram")).json()["mermaid"]

    page = await page_of(sim, f"/payments/{refused}")

    copied = re.search(r'data-testid="copy-mermaid" data-copy="([^"]+)"', page)
    assert copied is not None
    assert html.unescape(copied[1]) == drawn


async def test_only_legal_moves_are_offered_each_with_the_webhook_that_it_fires(sim: Sim) -> None:
    charge = await Merchant(sim, ACME).create()
    legal = (await sim.http.get(f"{sim.path}/payments/acme/{charge}/moves")).json()["data"]
    page = await page_of(sim, f"/payments/{charge}")
    assert re.findall(r'data-testid="mark-([^"]+)"', page) == [move["trigger"] for move in legal]

    answer = await press(sim, page, f"mark-{legal[0]['trigger']}")

    assert answer.status_code == 303
    assert (await sim.payment("acme", charge))["status"] == legal[0]["to"]


async def test_more_than_is_left_is_refused_beside_the_field(sim: Sim, refused: str) -> None:
    page = await page_of(sim, f"/payments/{refused}")

    answer = await press(sim, page, "refund-submit", amount="99999")
    shown = (await sim.http.get(answer.headers["location"])).text

    assert "At most ¥\xa010.00 can be refunded." in html.unescape(shown)
    assert (await sim.payment("acme", refused))["refunded"]["value"] == 0


async def test_part_of_it_is_refunded(sim: Sim, refused: str) -> None:
    answer = await press(sim, await page_of(sim, f"/payments/{refused}"), "refund-submit", amount="250")

    assert answer.status_code == 303
    assert (await sim.payment("acme", refused))["refunded"]["value"] == 250


async def test_a_payment_of_another_workspace_is_found_there(sim: Sim) -> None:
    async with Sim.beside(sim) as other:
        charge = await Merchant(other, ACME).create()

        answer = await sim.http.get(f"/console/{sim.workspace.name}/payments/{quote(charge)}")

        assert answer.status_code == 404
        assert f"There is no payment {charge} in workspace" in answer.text
        found = re.search(r'href="([^"]+)" data-testid="elsewhere" data-workspace="([^"]+)"', answer.text)
        assert found is not None
        assert found[2] == other.workspace.name
        assert (await sim.http.get(html.unescape(found[1]))).status_code == 200


async def test_a_merchants_text_stands_alone_in_its_direction(sim: Sim) -> None:
    charge = await Merchant(sim, ACME).create("<i>x</i>")

    page: Any = await page_of(sim, f"/payments/{charge}")

    assert "<bdi>&lt;i&gt;x&lt;/i&gt;</bdi>" in page
