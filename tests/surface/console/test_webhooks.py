"""The ledger of webhooks: the endpoints, what became of each event, and the acts that are calls of the control API."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from merchant import Merchant
from pressing import page_of, press
from support import Sim
from toy.acme import ACME

from simulator.engine.store import open_store
from simulator.engine.store.sqlite import SqliteStore
from simulator.surface.console.webhooks import Row


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim(providers=[ACME]) as simulator:
        yield simulator


def refuse(request: httpx.Request) -> httpx.Response:
    return httpx.Response(500)


def states(page: str) -> list[str]:
    return re.findall(r'data-testid="delivery-row" data-id="[^"]+" data-state="([a-z]+)"', page)


async def test_without_a_url_events_are_kept_and_counted(sim: Sim) -> None:
    await Merchant(sim, ACME).paid()

    page = await page_of(sim, "/webhooks")

    assert states(page) == ["kept"]
    assert 'data-testid="endpoint-acme" data-state="unset"' in page
    assert "1 kept here" in page


async def test_what_has_nowhere_to_go_is_not_offered_to_be_sent(sim: Sim) -> None:
    await Merchant(sim, ACME).paid()
    message = (await sim.http.get(f"{sim.path}/webhooks/latest")).json()
    delivery, payment = f"/webhooks/{message['id']}", f"/payments/{message['resource_id']}?provider=acme"
    line = re.findall(r'href="[^"]*[?&;]event=(\d+)', await page_of(sim, payment))[-1]

    nowhere = [await page_of(sim, one) for one in (delivery, f"{delivery}?tab=curl", f"{payment}&event={line}")]
    await sim.receive_webhooks("acme")
    somewhere = [await page_of(sim, one) for one in (delivery, f"{delivery}?tab=curl", f"{payment}&event={line}")]

    assert not any(f"webhooks/{message['id']}/resend" in page for page in nowhere)
    assert "Set a webhook URL" in nowhere[0]
    assert all(f"webhooks/{message['id']}/resend" in page for page in somewhere)


async def test_what_was_marked_by_hand_is_not_said_to_wait(sim: Sim) -> None:
    await Merchant(sim, ACME).paid()
    id_ = (await sim.http.get(f"{sim.path}/webhooks/latest")).json()["id"]

    await press(sim, await page_of(sim, f"/webhooks/{id_}"), "mark-delivered")
    pages = [await page_of(sim, path) for path in ("/webhooks", f"/webhooks/{id_}")]

    for page in pages:
        assert "Marked as delivered by hand" in page and "0 tries" not in page and "Not sent yet" not in page
        assert "none yet" not in page


@pytest.mark.parametrize("path", ["/payments?phase=paid", "/webhooks?state=failing", "/requests?status=4xx"])
async def test_in_an_empty_workspace_no_filter_is_said_to_hide_anything(sim: Sim, path: str) -> None:
    page = await page_of(sim, path)

    assert "hidden by the filters" not in page


async def test_an_empty_ledger_says_what_will_be_there_and_offers_a_url(sim: Sim) -> None:
    page = await page_of(sim, "/webhooks")

    assert "Nothing sent yet. An event appears here with every change of a payment, even without a URL." in page
    assert "Set a webhook URL" in page


async def test_a_paused_provider_is_said_to_lose_nothing_and_resumes_in_order(sim: Sim) -> None:
    await sim.receive_webhooks("acme")
    first = await press(sim, await page_of(sim, "/webhooks"), "pause")
    await Merchant(sim, ACME).paid()
    await sim.settle()
    held = await page_of(sim, "/webhooks?state=held")

    assert first.status_code == 303
    assert states(held) == ["held"]
    assert 'data-provider="acme" aria-pressed="true"' in held
    assert "Acme is paused. 1 event is held back, none is lost." in held
    assert "paused, 1 held back" in held and sim.hooks == []

    await press(sim, held, "pause")
    await sim.settle()

    assert len(sim.hooks) == 1
    assert states(await page_of(sim, "/webhooks")) == ["delivered"]


async def test_what_fails_is_counted_and_resent_with_the_primary_button(sim: Sim) -> None:
    await sim.receive_webhooks("acme")
    sim.answer = refuse
    await Merchant(sim, ACME).paid()
    await sim.settle()
    page = await page_of(sim, "/webhooks?state=failing")
    assert states(page) == ["failing"]
    assert "Resend 1 failing" in page and "1 failing, 0 delivered" in page
    assert re.search(r'class="button button-primary" data-testid="resend-failed"', page)
    sim.answer = lambda request: httpx.Response(200)

    await press(sim, page, "resend-failed")

    after = await page_of(sim, "/webhooks")
    assert states(after) == ["delivered"]
    assert "1 delivered" in after


async def test_a_test_event_is_chosen_and_sent(sim: Sim) -> None:
    await sim.receive_webhooks("acme")

    await press(sim, await page_of(sim, "/webhooks"), "test-event", event="charge.captured")

    assert [hook.body["type"] for hook in sim.hooks] == ["charge.captured"]
    assert states(await page_of(sim, "/webhooks")) == ["delivered"]


async def test_an_endpoint_has_a_url_a_secret_and_events_of_its_own(sim: Sim) -> None:
    form = await page_of(sim, "/webhooks?endpoint=acme")

    more = {"url": "http://127.0.0.1:3000/hooks", "secret": "mine", "events[]": "charge.captured"}
    answer = await press(sim, form, "endpoint-save", **more)
    account = sim.workspace.account_endpoint("acme")
    shown = await page_of(sim, "/webhooks?endpoint=acme")

    assert answer.status_code == 303
    assert (account.url, account.secret, account.events) == (more["url"], "mine", frozenset({"charge.captured"}))
    assert 'value="charge.captured" checked' in shown and 'value="mine"' in shown

    await press(sim, shown, "endpoint-remove")

    assert sim.workspace.account_endpoint("acme").url is None


async def test_what_the_control_call_refuses_stands_in_the_form(sim: Sim) -> None:
    form = await page_of(sim, "/webhooks?endpoint=acme")

    answer = await press(sim, form, "endpoint-save", url="no address")
    shown = (await sim.http.get(answer.headers["location"])).text

    assert 'data-testid="refusal"' in shown
    assert sim.workspace.account_endpoint("acme").url is None


async def test_a_filter_without_hits_says_how_many_are_hidden(sim: Sim) -> None:
    await Merchant(sim, ACME).paid()

    page = await page_of(sim, "/webhooks?state=delivered&event=charge.captured")

    assert "No event matches. 1 are hidden by the filters." in page
    assert states(page) == []


@pytest.mark.uncounted
async def test_fifty_rows_make_a_page(sim: Sim) -> None:
    merchant = Merchant(sim, ACME)
    for _ in range(51):
        await merchant.paid()

    first = await page_of(sim, "/webhooks?state=kept")
    older = re.search(r'href="\?([^"]+)" data-testid="older"', first)
    assert older is not None
    second = await page_of(sim, f"/webhooks?{older[1].replace('&amp;', '&')}")

    assert (len(states(first)), len(states(second))) == (50, 1)
    assert 'data-testid="newer"' in second


@pytest.mark.parametrize(
    "query", ["state=nonsense", "provider=nobody", "before=x", "endpoint=nobody", "event=" + "x" * 400]
)
async def test_a_strange_filter_is_no_error(sim: Sim, query: str) -> None:
    await Merchant(sim, ACME).paid()

    assert (await sim.http.get(f"/console/{sim.workspace.name}/webhooks?{query}")).status_code == 200


@pytest.mark.parametrize(("answer", "said"), [(400, "refused, which is right"), (200, "accepted a forgery")])
async def test_an_attack_is_no_failure_and_no_mark_of_the_payment(sim: Sim, answer: int, said: str) -> None:
    await sim.receive_webhooks("acme")
    await sim.arm([{"webhooks": {"forge": "secret"}}])
    sim.answer = lambda request: httpx.Response(200 if ACME.verify is None or is_right(request) else answer)
    id_ = await Merchant(sim, ACME).paid()
    await sim.settle()

    page = await page_of(sim, "/webhooks")
    attacks = await page_of(sim, "/webhooks?state=adversarial")

    assert sorted(states(page)) == ["adversarial", "delivered"]
    assert states(attacks) == ["adversarial"] and 'data-adversarial="secret"' in attacks
    assert said in attacks and "adversarial: another secret" in attacks
    assert "Resend 1 failing" not in page and states(await page_of(sim, "/webhooks?state=failing")) == []
    payment = await page_of(sim, "/payments")
    assert re.findall(r'class="mark-(\w+)"', payment) == ["sent"] and id_ in payment
    assert (await sim.http.post(f"{sim.path}/webhooks/resend-failed", json={})).json() == {"resent": 0}


def is_right(request: httpx.Request) -> bool:
    made = hmac.new(b"hush", request.content, hashlib.sha256).hexdigest()
    return request.headers["acme-signature"] == made


@pytest.mark.parametrize(
    ("forge", "state", "proof"),
    [
        ("body", "failed", "refused"),
        ("secret", "delivered", "taken"),
        ("amount", "delivered", "open"),
        ("currency", "failed", "open"),
        (None, "delivered", "taken"),
    ],
)
def test_what_an_answer_to_an_attack_proves(forge: str | None, state: str, proof: str) -> None:
    attempts = [{"n": 1, "status": 200 if state == "delivered" else 400, "duration_ms": 9}]
    delivery: dict[str, Any] = {"adversarial": True, "state": state, "attempts": attempts}
    if forge is not None:
        delivery["forge"] = forge

    row = Row(delivery, ACME, ["sent"], None, False)

    assert (row.state, row.attack, row.proof) == ("adversarial", forge or "stale", proof)


LISTS = {
    "outbox_told": lambda store: store.ledger(1, providers=["acme"], event=None, group="kept", before=7, limit=51),
    "outbox_told ": lambda store: store.ledger(1, providers=None, event=None, group=None, before=None, limit=51),
    "outbox_told  ": lambda store: store.tallies(1, 1000),
    "outbox_failed": lambda store: store.ledger(1, providers=None, event=None, group="failing", before=None, limit=51),
    "outbox_retried": lambda store: store.failing_of(1, 1000),
}


@pytest.mark.parametrize("index", LISTS)
def test_no_list_and_no_count_walks_through_a_workspace(index: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each begins at the newest end of an index of its own, and looks at so many rows as its limit says."""
    store = open_store(":memory:")
    assert isinstance(store, SqliteStore)
    execute, plans = store._execute, list[str]()

    def explain(sql: str, values: Any = ()) -> Any:
        plans.extend(row[3] for row in execute(f"EXPLAIN QUERY PLAN {sql}", values).fetchall())
        return execute(sql, values)

    monkeypatch.setattr(store, "_execute", explain)

    LISTS[index](store)

    touched = [plan for plan in plans if "outbox" in plan]
    assert any(index.strip() in plan for plan in touched)
    assert all("USING" in plan and "INDEX" in plan and "workspace=?" in plan for plan in touched)
    assert not [plan for plan in plans if "ORDER BY" in plan], "they are sorted, so all are read first"
    store.close()


@pytest.mark.parametrize(
    ("takes", "said"),
    [(True, "2 sent again, all of them were taken."), (False, "2 sent again, 2 still failing.")],
)
async def test_what_became_of_those_that_were_sent_again_is_said(sim: Sim, takes: bool, said: str) -> None:
    await sim.receive_webhooks("acme")
    sim.answer = refuse
    merchant = Merchant(sim, ACME)
    await merchant.paid("order-1")
    await merchant.paid("order-2")
    await sim.settle()
    failing = len(states(await page_of(sim, "/webhooks?state=failing")))
    sim.answer = merchant.takes if takes else refuse

    answer = await press(sim, await page_of(sim, "/webhooks"), "resend-failed")
    page = (await sim.http.get(answer.headers["location"])).text

    assert failing
    assert said.replace("2", str(failing)) in page


async def test_where_nothing_was_failing_nothing_is_sent_again_and_that_is_said(sim: Sim) -> None:
    answer = await press(sim, await page_of(sim, "/webhooks"), "resend-failed")
    page = (await sim.http.get(answer.headers["location"])).text

    assert 'data-say data-n="0"' in page
    assert "Nothing was failing" in page
