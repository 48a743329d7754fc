"""The audit as the server runs it: one call begins it, others tell what came of it, and everything is put back in the end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest
from buying import ANY

from audit.careful import CALLS, HOOKS, SAYS, Shop
from simulator.engine import weather
from simulator.engine.courier import Errand
from simulator.kernel.retry import Receipt
from simulator.surface.async_client import AsyncClient, AsyncWorkspace
from simulator.surface.audit.endings import SNAPSHOT
from simulator.surface.audit.junit import xml
from simulator.surface.audit.page import html
from simulator.surface.client import SaidNo
from simulator.surface.in_process import SHOP_URL, Simulator

URLS = {**CALLS, **SAYS}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(weather, "HANG_S", 0.0)


@pytest.fixture
async def shop() -> AsyncIterator[Shop]:
    shop = Shop(ANY)
    async with Simulator.in_process(shop=shop) as simulator:
        await shop.open(simulator)
        yield shop


async def done(shop: Shop, id_: str) -> dict[str, Any]:
    """What came of an audit, when it has ended."""
    await shop.simulator.app.audits.ended(id_)
    return dict(await shop.world.audit_report(id_))


async def test_an_audit_is_begun_with_addresses_alone_and_tells_what_came_of_each_check(shop: Shop) -> None:
    world = shop.world

    id_ = await world.begin_audit(ANY.name, HOOKS, **URLS, only=["twice", "refund-parts", "paid-after-cancel"])
    view = await done(shop, id_)

    assert (view["state"], view["passed"], view["failed"], view["skipped"]) == ("done", 3, 0, 0), view
    assert [(check["name"], check["result"]) for check in view["checks"]] == [
        *(("twice", "passed"), ("paid-after-cancel", "passed"), ("refund-parts", "passed"))
    ]
    assert [audit["id"] for audit in await world.audits()] == [id_]
    assert (await world.payments(), await world.snapshots()) == ([], [])


async def test_what_failed_is_told_with_reason_advice_and_evidence(shop: Shop) -> None:
    shop.faults = frozenset({"crashes"})

    view = await done(shop, await shop.world.begin_audit(ANY.name, HOOKS, only=["unknown-payment"]))

    [check] = view["checks"]
    assert check["result"] == "failed"
    assert check["because"] and check["reason"] and check["advice"]
    assert {"name": "Answered", "value": "500"} in check["evidence"]


async def test_a_report_shows_addresses_and_what_went_wrong_without_the_passwords(shop: Shop) -> None:
    secret = "http://bob:hunter2a@127.0.0.1:9"
    order, checkout = f"{secret}/order?api_key=hunter2b", f"{secret}/checkout"

    asked = [
        await done(shop, await shop.world.begin_audit(ANY.name, HOOKS, checkout=checkout, order=order, paid="PAID")),
        await done(
            shop,
            await shop.world.begin_audit(ANY.name, HOOKS, order=order, paid="PAID", reference="O-1", only=["twice"]),
        ),
        await done(shop, await shop.world.begin_audit(ANY.name, f"{secret}/hooks", order=order, paid="PAID")),
    ]
    listed = await shop.world.audits()
    audits = shop.simulator.app.audits
    reports = [one.report for world in shop.simulator.app.runtime.workspaces() for one in audits.of(world.id)]

    assert "bob:***@127.0.0.1:9" in asked[0]["error"]
    assert "bob:***@127.0.0.1:9" in asked[1]["checks"][0]["because"]
    assert asked[2]["webhook"] == "http://bob:***@127.0.0.1:9/hooks"
    assert asked[2]["error"].startswith("Nothing answers at http://bob:***@127.0.0.1:9/hooks")
    assert len(reports) == 3
    assert "hunter2" not in f"{asked}{listed}{[(html(one), xml(one)) for one in reports]}"


async def test_an_audit_without_a_shop_says_so(shop: Shop) -> None:
    view = await done(shop, await shop.world.begin_audit(ANY.name, "http://127.0.0.1:9/hooks"))

    assert (view["state"], view["checks"]) == ("done", [])
    assert view["error"].startswith("Nothing answers at http://127.0.0.1:9/hooks")


@pytest.mark.slow
async def test_two_audits_at_once_in_one_workspace_are_one_too_many(shop: Shop) -> None:
    id_ = await shop.world.begin_audit(ANY.name, HOOKS, **URLS)

    with pytest.raises(SaidNo) as refused:
        await shop.world.begin_audit(ANY.name, HOOKS, **URLS)
    other = await shop.simulator.client.create_workspace()
    in_another = await other.begin_audit(ANY.name, HOOKS, only=["signature-right"])

    assert (refused.value.status, refused.value.code) == (409, "conflict")
    assert (await done(shop, id_))["failed"] == 0
    await shop.simulator.app.audits.ended(in_another)


async def test_an_audit_that_was_killed_leaves_the_way_back(shop: Shop) -> None:
    """Whoever runs it from elsewhere, a command for instance, holds the workspace by the same snapshot."""
    await shop.world.snapshot(SNAPSHOT)

    with pytest.raises(SaidNo, match="restore under-audit --forget"):
        await shop.world.begin_audit(ANY.name, HOOKS)


async def world_before(shop: Shop) -> dict[str, Any]:
    made = await shop.world.make_payment(ANY.name)
    await shop.world.set_webhook(ANY.name, "http://shop.test/elsewhere")
    await shop.world.resume()
    return {"id": made["id"], "webhooks": (await shop.world.refresh())["webhooks"]}


async def assert_as_before(world: AsyncWorkspace, before: dict[str, Any]) -> None:
    view = await world.refresh()
    assert [payment["id"] for payment in await world.payments()] == [before["id"]]
    assert (view["webhooks"], view["clock"]["mode"], view["paused"]) == (before["webhooks"], "real", [])
    assert (await world.snapshots(), await world.armed()) == ([], [])


@pytest.mark.parametrize(
    ("at", "only"), [("checkout", ["twice", "reversed"]), ("hooks", []), ("checkout", ["before-answer", "reversed"])]
)
async def test_a_server_that_stops_meanwhile_puts_everything_back_first(shop: Shop, at: str, only: list[str]) -> None:
    """Whether the shop is just now asked for something, or gets a webhook, or is waited for while the audit goes on."""
    before, asked = await world_before(shop), asyncio.Event()
    answered = shop._answer

    async def never(request: Any, what: str, name: str) -> Any:
        if what == at and (at == "checkout" or shop.orders):
            asked.set()
            await asyncio.Event().wait()
        return await answered(request, what, name)

    shop._answer = never  # type: ignore[method-assign]
    id_ = await shop.world.begin_audit(ANY.name, HOOKS, **URLS, only=only)
    await asked.wait()

    await shop.simulator.app.audits.close()

    await assert_as_before(shop.world, before)
    view = await shop.world.audit_report(id_)
    assert (view["state"], view["error"]) == ("done", "The audit was interrupted: it was stopped before its end")
    assert view["checks"] == []


async def test_a_store_that_is_opened_again_knows_nothing_of_an_audit_that_its_server_has_ended(tmp_path: Path) -> None:
    """Stopping the simulator ends it, without anybody's asking."""
    shop, asked = Shop(ANY), asyncio.Event()
    db = str(tmp_path / "simulator.db")

    async def never(request: Any, what: str, name: str) -> Any:
        asked.set()
        await asyncio.Event().wait()

    async with Simulator.in_process(shop=shop, db=db) as simulator:
        await shop.open(simulator)
        before = await world_before(shop)
        shop._answer = never  # type: ignore[method-assign]
        await shop.world.begin_audit(ANY.name, HOOKS, **URLS)
        await asked.wait()

    async with Simulator.in_process(db=db) as again:
        await assert_as_before(again.client.workspace(shop.world.id), before)


async def test_an_audit_whose_workspace_goes_ends(shop: Shop) -> None:
    world = await shop.simulator.client.create_workspace()
    id_ = await world.begin_audit(ANY.name, HOOKS)

    await world.delete()
    await shop.simulator.app.audits.ended(id_)

    with pytest.raises(SaidNo) as refused:
        await world.audits()
    assert refused.value.status == 404


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"provider": "paypal"}, "provider"),
        ({"webhook": "ftp://shop.test"}, "webhook"),
        ({"order": "localhost/{reference}"}, "order"),
        ({"checkout": {"url": "http://shop.test/_sim/workspaces"}}, "checkout"),
        ({"refund": {"url": f"{SHOP_URL}/refund", "method": "FETCH"}}, "refund.method"),
        ({"only": ["no-such-check"]}, "only"),
        ({"skip": ["no-such-check"]}, "skip"),
    ],
)
async def test_what_cannot_be_is_refused_by_name(shop: Shop, wrong: dict[str, Any], field: str) -> None:
    body = {"provider": ANY.name, "webhook": HOOKS, **wrong}

    with pytest.raises(SaidNo) as refused:
        await shop.world.begin_audit(**body)

    assert (refused.value.status, refused.value.field) == (422, field)
    assert await shop.world.audits() == []


async def test_an_audit_that_there_is_not_is_not_found(shop: Shop) -> None:
    with pytest.raises(SaidNo) as refused:
        await shop.world.audit_report("nothing")

    assert refused.value.status == 404


async def test_another_machine_names_no_address_of_this_one_by_an_audit(monkeypatch: pytest.MonkeyPatch) -> None:
    """What it may name is held against its reach, wherever it goes: webhooks, the shop's pages, the buyer's browser."""
    shop, errands = Shop(ANY), list[Errand]()
    async with Simulator.in_process(shop=shop, open_console=True, admin_token="only-for-this") as simulator:
        await shop.open(simulator, token="only-for-this")
        courier = simulator.app.runtime.courier
        carry = courier.carry

        async def kept(errand: Errand) -> Receipt:
            errands.append(errand)
            return await carry(errand)

        monkeypatch.setattr(courier, "carry", kept)
        elsewhere = httpx.ASGITransport(simulator.app, client=("192.168.1.33", 50000))
        async with AsyncClient(simulator.base_url, token="only-for-this", transport=elsewhere) as client:
            world = client.workspace(shop.world.id)
            for field, body in {"webhook": {}, "order": {"order": "http://localhost/{reference}"}}.items():
                with pytest.raises(SaidNo) as refused:
                    await world.begin_audit(ANY.name, HOOKS if body else "http://127.0.0.1:3000/hooks", **body)
                assert (refused.value.status, refused.value.field) == (422, field)

            id_ = await world.begin_audit(ANY.name, HOOKS, **URLS, only=["returned-twice"])
            view = await done(shop, id_)

    assert (view["passed"], view["failed"]) == (1, 0), view
    assert {urlsplit(errand.url).path.split("/")[1] for errand in errands} == {"hooks", "checkout", "orders", "return"}
    assert {errand.method for errand in errands} == {"GET", "POST"}
    assert all(errand.from_network for errand in errands)
