"""The pages of the buyers: all members are there to change, and each button is a call."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from typing import Any

import pytest
from merchant import Merchant
from pressing import console, page_of, press
from support import Sim
from toy.acme import ACME

from simulator.wallet import buyers


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim(providers=[ACME]) as simulator:
        yield simulator


async def _buyer(sim: Sim, slug: str) -> dict[str, Any]:
    found = {buyer["slug"]: buyer for buyer in (await sim.http.get(f"{sim.path}/buyers")).json()["data"]}
    return dict(found[slug])


def filled_in(page: str) -> dict[str, str]:
    """The form of a buyer as a browser would send it, by the fields that people see."""
    form = next(form for form in re.findall(r"<form.*?</form>", page, re.S) if 'data-testid="save-buyer"' in form)
    fields = dict(re.findall(r'<input id="[^"]+" name="([^"]+)" type="text" value="([^"]*)"', form))
    for name, inner in re.findall(r'<select id="[^"]+" name="([^"]+)".*?>(.*?)</select>', form, re.S):
        chosen = re.search(r'<option value="([^"]*)" selected', inner)
        assert chosen is not None
        fields[name] = chosen[1]
    return {name: html.unescape(value) for name, value in fields.items()}


@pytest.mark.parametrize("slug", ["li-na", "wang-wei", "zhang-min", "chen-jie", "zhao-lei", "liu-yang", "sun-li"])
async def test_saving_a_form_as_it_is_changes_nothing(sim: Sim, slug: str) -> None:
    before, page = await _buyer(sim, slug), await page_of(sim, f"/buyers/{slug}")

    await press(sim, page, "save-buyer", **filled_in(page))

    assert await _buyer(sim, slug) == before


async def test_every_member_can_be_changed(sim: Sim) -> None:
    page = await page_of(sim, "/buyers/wang-wei")
    wanted: dict[str, str] = {
        "name_en": "W", "name_zh": "王", "balance": "7", "card.last4": "1234", "card.limit": "500", "daily_limit": "900",
        "daily_used": "100", "per_payment_limit": "800", "sign_in.password": "open", "payment_code": "123456", "delay_s": "9",
        "refusal": "retry", "blocked": "true", "walks_away": "true", "language": "en",
    }  # fmt: skip
    assert set(filled_in(page)) == set(wanted)

    await press(sim, page, "save-buyer", **wanted)

    assert await _buyer(sim, "wang-wei") == {
        "slug": "wang-wei", "name_en": "W", "name_zh": "王", "balance": {"value": 7, "currency": "CNY"},
        "card": {"last4": "1234", "limit": 500}, "daily_limit": 900, "daily_used": 100, "per_payment_limit": 800,
        "blocked": True, "sign_in": {"password": "open"}, "payment_code": "123456", "delay_s": 9, "walks_away": True,
        "refusal": "retry", "language": "en", "ledger": [],
    }  # fmt: skip


@pytest.mark.parametrize(
    ("slug", "fields", "member"),
    [
        ("li-na", ("card.last4", "card.limit"), "card"),
        ("zhang-min", ("daily_limit",), "daily_limit"),
        ("zhao-lei", ("sign_in.password",), "sign_in"),
        ("liu-yang", ("payment_code",), "payment_code"),
    ],
)
async def test_a_field_that_is_emptied_takes_away_what_the_buyer_need_not_have(
    sim: Sim, slug: str, fields: tuple[str, ...], member: str
) -> None:
    page = await page_of(sim, f"/buyers/{slug}")
    had = (await _buyer(sim, slug))[member]

    await press(sim, page, "save-buyer", **{**filled_in(page), **dict.fromkeys(fields, "")})

    assert had is not None
    assert (await _buyer(sim, slug))[member] is None


async def test_what_cannot_be_is_said_beside_the_form(sim: Sim) -> None:
    answer = await press(sim, await page_of(sim, "/buyers/li-na"), "save-buyer", payment_code="12")

    assert 'data-field="payment_code"' in (await sim.http.get(answer.headers["location"])).text


async def test_a_hundred_yuan_are_added(sim: Sim) -> None:
    await press(sim, await page_of(sim, "/buyers/wang-wei"), "add-100")

    assert (await _buyer(sim, "wang-wei"))["balance"]["value"] == 10500


async def test_a_copy_is_made_and_opened(sim: Sim) -> None:
    answer = await press(sim, await page_of(sim, "/buyers/wang-wei"), "copy-buyer")

    assert answer.headers["location"].partition("?")[0] == f"{console(sim)}/buyers/wang-wei-2"
    assert "Wang Wei 2" in await page_of(sim, "/buyers/wang-wei-2")


async def test_a_reset_makes_the_buyer_as_in_the_beginning(sim: Sim) -> None:
    beginning = await _buyer(sim, "wang-wei")
    await press(sim, await page_of(sim, "/buyers/wang-wei"), "add-100")

    await press(sim, await page_of(sim, "/buyers/wang-wei"), "reset")

    assert await _buyer(sim, "wang-wei") == beginning


async def test_the_default_is_made_on_a_card_and_shown_there(sim: Sim) -> None:
    page = await page_of(sim, "/buyers")
    assert page.count('data-testid="is-default"') == 1

    await press(sim, page, "make-default")

    card = next(
        card for card in (await page_of(sim, "/buyers")).split("buyer-card")[1:] if 'data-testid="is-default"' in card
    )
    assert 'data-slug="wang-wei"' in card


async def test_the_ledger_tells_payments_and_refunds_the_newest_first(sim: Sim) -> None:
    merchant = Merchant(sim, ACME)
    await merchant.refund(await merchant.paid())
    await merchant.settle()

    rows = re.findall(
        r'data-testid="ledger-row" data-minor="(-?\d+)".*?<td>([a-z ]+)</td>', await page_of(sim, "/buyers/li-na")
    )

    assert [(int(fen) > 0, what) for fen, what in rows] == [(True, "refunded"), (False, "paid from the balance")]


async def test_a_ledger_with_nothing_in_it_says_so_and_what_to_do(sim: Sim) -> None:
    page = await page_of(sim, "/buyers/li-na")

    assert "Li Na has not paid anything yet." in re.sub("[\u2066-\u2069]", "", page)
    assert "Make a test payment" in page


async def test_a_fuller_store_costs_no_page_more(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    """Lists are paged in the store, and of those that were added so many are offered."""
    monkeypatch.setattr(buyers, "OFFERED", 3)
    slugs = [f"added-{number}" for number in range(60)]
    for slug in slugs:
        (await sim.http.put(f"{sim.path}/buyers/{slug}", json={"name_en": slug})).raise_for_status()
    await sim.http.put(f"{sim.path}/buyers/li-na", json={"balance": 1})
    read: list[int] = []
    rows = sim.app.runtime.store.resources_of_kind

    def count(*args: Any, **more: Any) -> Any:
        found = rows(*args, **more)
        read.append(len(found))
        return found

    monkeypatch.setattr(sim.app.runtime.store, "resources_of_kind", count)
    pages = [await page_of(sim, "/buyers"), await page_of(sim, "/buyers?after=added-41")]
    uow = sim.app.runtime.open(sim.workspace)
    offered = [buyer.id for buyer in buyers.offered(uow, "added-7", "nobody")]

    shown = [re.findall(r'data-slug="([^"]+)"', page) for page in pages]
    assert [*shown[0], *shown[1]] == [*buyers.BUYERS, *slugs]
    assert 'after=added-41" data-testid="older"' in pages[0]
    assert offered == [*buyers.BUYERS, "added-7", *slugs[-2:]]
    assert max(read) <= 50 + 1 + len(buyers.BUYERS)
