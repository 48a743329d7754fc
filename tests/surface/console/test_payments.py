"""The list of payments: what is above it, filters and search, at a cost that does not grow with the store."""

from __future__ import annotations

import html
import re
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import pytest
from merchant import Merchant
from pressing import page_of, press
from support import Sim
from toy.acme import ACME

from simulator.kernel.clock import parse_instant, time_of_day
from simulator.kernel.money import Money
from simulator.surface.control import finding


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim(providers=[ACME]) as simulator:
        yield simulator


def listed(page: str) -> list[str]:
    """The ids of the rows."""
    return re.findall(r'data-testid="payment-row" data-id="([^"]+)"', page)


def further(page: str) -> str:
    """Where a page without hits leads on to."""
    found = re.search(r'href="([^"]+)" data-testid="further"', page)
    assert found is not None
    return html.unescape(found[1])


async def statements(sim: Sim, path: str, monkeypatch: pytest.MonkeyPatch) -> int:
    """How often the store is asked for one page."""
    store, asked = sim.app.runtime.store, list[str]()
    rows = store.exact_rows

    def count(sql: str, values: Any = ()) -> Any:
        asked.append(sql)
        return rows(sql, values)

    with monkeypatch.context() as patch:
        patch.setattr(store, "exact_rows", count)
        await sim.http.get(path)
    return len(asked)


@pytest.mark.uncounted
@pytest.mark.parametrize("path", ["/console/{ws}/payments", "/_sim/workspaces/{ws}/payments"])
async def test_a_page_asks_the_store_as_often_for_thirty_payments_as_for_three(
    sim: Sim, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    merchant, path = Merchant(sim, ACME), path.format(ws=sim.workspace.name)
    for _ in range(3):
        await merchant.paid()
    await sim.http.get(path)
    few = await statements(sim, path, monkeypatch)
    for _ in range(27):
        await merchant.paid()

    assert await statements(sim, path, monkeypatch) == few


@pytest.mark.parametrize("q", ["order-7", "ER-7", "12.34", "¥ 12.34", "CNY 12.34", "li na", "李娜", "Li-N"])
async def test_search_takes_a_reference_an_amount_and_a_buyer(sim: Sim, q: str) -> None:
    merchant = Merchant(sim, ACME)
    await merchant.create("order-1")
    wanted = await merchant.create("order-7", 1234)
    await sim.act("acme", wanted, "pay")

    assert listed(await page_of(sim, f"/payments?q={q}")) == [wanted]


async def test_search_takes_an_id_and_a_part_of_it(sim: Sim) -> None:
    await Merchant(sim, ACME).create("order-1")
    wanted = await Merchant(sim, ACME).create("order-2")

    assert listed(await page_of(sim, f"/payments?q={wanted}")) == [wanted]
    assert listed(await page_of(sim, f"/payments?q={wanted[3:-2].upper()}")) == [wanted]


async def test_a_whole_id_is_found_however_old_it_is(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "WINDOW", 2)
    oldest = await Merchant(sim, ACME).create()
    for _ in range(4):
        await Merchant(sim, ACME).create()

    assert listed(await page_of(sim, f"/payments?q={oldest}")) == [oldest]


@pytest.mark.parametrize("query", ["phase=paid", "q=he-oldest", "q=7.77"])
async def test_a_page_looks_at_so_many_payments_and_leads_on(
    sim: Sim, monkeypatch: pytest.MonkeyPatch, query: str
) -> None:
    monkeypatch.setattr(finding, "WINDOW", 3)
    monkeypatch.setattr(finding, "READ", 3)
    merchant = Merchant(sim, ACME)
    oldest = await merchant.create("the-oldest", 777)
    await sim.act("acme", oldest, "pay", buyer="sun-li" if "Sun" in query else "li-na")
    for _ in range(7):
        await merchant.create()

    pages = [await page_of(sim, f"/payments?{query}")]
    while 'data-testid="further"' in pages[-1]:
        pages.append(await page_of(sim, f"/payments{further(pages[-1])}"))

    assert [listed(page) for page in pages] == [[], [], [oldest]]


async def test_the_control_api_leads_on_by_its_cursor(sim: Sim, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(finding, "WINDOW", 3)
    oldest = await Merchant(sim, ACME).create()
    await sim.act("acme", oldest, "pay")
    for _ in range(4):
        await Merchant(sim, ACME).create()
    path = f"{sim.path}/payments?phase=paid"

    first = (await sim.http.get(path)).json()
    second = (await sim.http.get(f"{path}&cursor={first['next']}")).json()

    assert first["data"] == []
    assert [payment["id"] for payment in second["data"]] == [oldest]
    assert second["next"] is None


async def test_time_is_that_of_the_workspace(sim: Sim) -> None:
    merchant = Merchant(sim, ACME)
    old = await merchant.create()
    await sim.advance(hours=2)
    new = await merchant.create()

    assert listed(await page_of(sim, "/payments?since=1h")) == [new]
    assert listed(await page_of(sim, "/payments?since=1d")) == [new, old]
    assert listed(await page_of(sim, "/payments?since=never")) == [new, old]
    since = {"since": "2026-03-04T06:00:00Z"}
    answer = await sim.http.get(f"{sim.path}/payments", params=since)
    assert [payment["id"] for payment in answer.json()["data"]] == [new]


async def test_only_those_with_a_failing_webhook(sim: Sim) -> None:
    await sim.receive_webhooks("acme")
    merchant = Merchant(sim, ACME)
    await merchant.paid()
    await sim.settle()
    sim.answer = lambda request: httpx.Response(500)
    failing = await merchant.paid()
    await sim.settle()

    assert listed(await page_of(sim, "/payments?failing=1")) == [failing]


async def test_the_address_that_keeps_failing_is_shown_without_its_password(sim: Sim) -> None:
    await sim.receive_webhooks(ACME.name, "http://shop:hunter2a@merchant.test/hooks")
    sim.answer = lambda _: httpx.Response(500)
    await Merchant(sim, ACME).paid()
    await sim.settle()

    page = await page_of(sim, "/payments")

    assert 'data-testid="attention-failing"' in page and "@merchant.test" in page
    assert "hunter2a" not in page


async def test_filters_add_up_and_their_links_keep_the_others(sim: Sim) -> None:
    page = html.unescape(await page_of(sim, "/payments?provider=acme&since=1d"))

    assert re.search(r'href="[^"]*\?provider=acme&since=1d&phase=paid"', page)
    assert re.search(r'href="[^"]*\?provider=acme&since=1d&failing=1" data-testid="filter-failing"', page)
    assert re.search(r'href="[^"]*\?since=1d" data-testid="filter-provider-all"', page)


async def test_what_needs_somebody_stands_above_the_list(sim: Sim) -> None:
    await sim.receive_webhooks("acme")
    sim.answer = lambda request: httpx.Response(500)
    await Merchant(sim, ACME).paid()
    await Merchant(sim, ACME).create()
    await sim.settle()

    page = await page_of(sim, "/payments")

    assert "1 payment waits for a buyer" in page
    assert "1 webhook keeps failing" in page
    assert "merchant.test refused it once" in page
    assert re.search(r"Next timer in \d+ ", page)
    assert "Webhook retry. The clock is frozen" in page


async def test_nothing_stands_above_a_list_in_which_all_is_well(sim: Sim) -> None:
    assert "attention-" not in await page_of(sim, "/payments")


async def test_an_empty_workspace_shows_the_first_call(sim: Sim) -> None:
    page = await page_of(sim, "/payments")

    assert "No payments yet. Send one from your code, or make one here." in page
    assert "curl -X POST http://sim.test/acme/charges" in html.unescape(page)
    assert (await press(sim, page, "make-one")).headers["location"].startswith("/w/")


async def test_a_filter_without_hits_says_how_many_it_hides(sim: Sim) -> None:
    await Merchant(sim, ACME).create()

    page = await page_of(sim, "/payments?phase=refunded")

    assert "No payment matches. 1 are hidden by the filters." in page


async def test_a_test_payment_takes_amount_reference_and_way(sim: Sim) -> None:
    page = await page_of(sim, "/payments")
    fields = {"amount.value:json": "4200", "amount.currency": "CNY", "reference": "by-hand"}

    await press(sim, page, "make-submit", provider="acme", variant=next(iter(ACME.shop.variants)), **fields)  # type: ignore[union-attr]

    (made,) = (await sim.http.get(f"{sim.path}/payments")).json()["data"]
    assert (made["amount"], made["reference"]) == ({"value": 4200, "currency": "CNY"}, "by-hand")


async def test_a_way_that_the_provider_does_not_know_is_refused_beside_the_form(sim: Sim) -> None:
    answer = await press(sim, await page_of(sim, "/payments"), "make-submit", provider="acme", variant="barter")

    shown = (await sim.http.get(answer.headers["location"])).text
    assert "barter" in shown
    assert re.search(r'<details class="menu menu-right" open>', shown)


async def test_a_row_knows_its_wallet_page(sim: Sim) -> None:
    charge = await Merchant(sim, ACME).create()
    code = (await sim.payment("acme", charge))["wallet"]["code"]

    assert f'data-id="{charge}" data-wallet="/w/{code}"' in await page_of(sim, "/payments")


async def test_a_story_begins_anew_after_a_reset(sim: Sim) -> None:
    """What stood in the place before belongs to nobody: neither payments nor the advances of the clock."""
    charge = await Merchant(sim, ACME).paid()
    await sim.advance(minutes=1)
    await sim.http.post(f"{sim.path}/reset")

    assert listed(await page_of(sim, "/payments")) == []
    assert (await sim.http.get(f"/console/{sim.workspace.name}/payments/{charge}")).status_code == 404
    again = await Merchant(sim, ACME).paid()
    await sim.advance(minutes=1)
    await Merchant(sim, ACME).refund(again)
    drawn = (await sim.http.get(f"{sim.path}/payments/acme/{again}/diagram")).json()["rows"]
    assert "clock" in [row["kind"] for row in drawn]


@pytest.mark.parametrize(
    ("q", "fits"),
    [
        ("11.00", True), ("11,00", True), ("11", True), ("1100", True), ("EUR 11.00", True), ("11,00 EUR", True),
        ("\u20ac 11.00", True), ("\u20ac11", True), ("eur 1100", True), ("CNY 11.00", False), ("$ 11.00", False), ("11.01", False),
        ("1.100", False), ("110", False), ("EUR 11 EUR", False),
    ],
)  # fmt: skip
def test_an_amount_is_found_as_people_write_it(q: str, fits: bool) -> None:
    sought = finding.Amount.read(q)

    assert (sought is not None and sought.fits(Money(1100, "EUR"))) is fits


@pytest.mark.parametrize(
    "q", ["1,234.50", "1.234,50", "1234,5", "1 234.50", "1'234.50", "123450", "USD 1,234.50", "$1,234.5"]
)
def test_thousands_are_parted_as_people_part_them(q: str) -> None:
    sought = finding.Amount.read(q)

    assert sought is not None
    assert sought.fits(Money(123450, "USD"))


@pytest.mark.parametrize("q", ["order-1100", "2026-11-27", "pay_11", "11.00.00,0000", ""])
def test_what_is_no_amount_is_none(q: str) -> None:
    sought = finding.Amount.read(q)

    assert sought is None or not (sought.majors or sought.minor)


@pytest.mark.uncounted
@pytest.mark.parametrize(("language", "day"), [("en", "%d %b"), ("zh", "%m-%d")])
async def test_rows_of_another_day_than_the_clocks_bear_their_date(sim: Sim, language: str, day: str) -> None:
    await sim.receive_webhooks("acme")
    charge = await Merchant(sim, ACME).paid()
    await sim.settle()
    date = sim.workspace.clock.now().strftime(day)
    places = ("/payments", "/webhooks", "/requests", f"/payments/{charge}", f"/payments/{charge}?view=list")
    sim.http.headers["accept-language"] = language
    same = [place for place in places if f">{date}<" in await page_of(sim, place)]

    await sim.advance(hours=48)

    dated = [place for place in places if f">{date}<" in await page_of(sim, place)]
    assert (same, dated) == ([], [*places])


@pytest.mark.parametrize(("slug", "name"), [("wang-wei", "Wang Wei"), ("zhou-ting", "Zhou Ting")])
async def test_a_buyer_who_never_paid_has_a_name_too(sim: Sim, slug: str, name: str) -> None:
    charge = await Merchant(sim, ACME).create()
    await sim.act("acme", charge, "pay", buyer=slug)

    page = await page_of(sim, "/payments")

    assert f">{name}<" in page and f">{slug}<" not in page


async def test_a_long_id_is_shortened_and_stands_in_a_row_once(sim: Sim) -> None:
    charge = await Merchant(sim, ACME).create()
    short = f"{charge[:9]}…{charge[-5:]}"

    page = await page_of(sim, "/payments")

    row = page[page.index('data-testid="payment-row"') : page.index("</tbody>")]
    assert len(charge) > 18
    assert (row.count(short), row.count(f">{charge}<")) == (1, 0)


async def test_a_time_of_a_workspace_whose_clock_is_elsewhere_has_the_real_one_in_its_title(sim: Sim) -> None:
    """However it was moved since: in lists, in the diagram and the inspector, at a call, at each try, at each move."""
    sim.answer = lambda request: httpx.Response(500)
    await sim.receive_webhooks("acme")
    began = time_of_day()
    charge = await Merchant(sim, ACME).paid()
    await sim.settle()
    ended = time_of_day() + timedelta(milliseconds=1)
    await sim.advance(hours=30)
    await sim.http.post(f"{sim.path}/clock/rate", json={"rate": 3600})
    delivery = (await sim.http.get(f"{sim.path}/webhooks")).json()["data"][0]["id"]
    call = (await sim.http.get(f"{sim.path}/requests")).json()["data"][0]["id"]
    first = f"/payments/{charge}?event=1"
    pages = [
        "/payments",
        "/webhooks",
        "/requests",
        first,
        f"{first}&view=list",
        f"/webhooks/{delivery}",
        f"/requests/{call}",
    ]

    titles = {
        path: re.findall(r'title="([^"]+), real time ([^"]+)"', await page_of(sim, path)) for path in [*pages, "/clock"]
    }

    assert [path for path, found in titles.items() if not found] == []
    assert all(
        began <= parse_instant(real) + timedelta(milliseconds=1) for found in titles.values() for _, real in found
    )
    assert all(
        parse_instant(titles[path][0][1]) <= ended for path in pages if path not in (first, f"/webhooks/{delivery}")
    )


async def test_a_time_of_a_clock_that_was_never_moved_is_told_once(sim: Sim) -> None:
    await sim.http.post("/_sim/workspaces/default/payments", json={"provider": "acme"})

    page = (await sim.http.get("/console/default/payments")).text

    assert re.search(r'<time datetime="([^"]+)" title="\1">', page)


@pytest.mark.parametrize("path", ["/payments", "/webhooks", "/requests", "/scenarios", "/clock"])
async def test_what_no_page_reads_of_an_address_travels_in_no_link(sim: Sim, path: str) -> None:
    """What it reads does."""
    page = await page_of(sim, f"{path}?foo=bar&provider=acme&lang=en")

    links = re.findall(r'(?:href|value)="([^"]*)"', page)
    assert [link for link in links if "foo" in link] == []
    if path != "/clock":
        assert any("provider=acme" in link for link in links)
