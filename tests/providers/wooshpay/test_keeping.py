"""What is dropped when a workspace keeps fewer payments: intents that nobody finishes, and what a session brought along."""

from __future__ import annotations

from typing import Any

from support import Sim

from providers.wooshpay.driver import SEED_SESSION, Merchant

UNCONFIRMED: dict[str, Any] = {"amount": 20, "currency": "CNY", "payment_method_types": ["alipay"]}


async def keep(sim: Sim, **rules: Any) -> None:
    await sim.settings("simulator", keep=rules)
    sim.app.runtime.keeper.run()


async def intents(m: Merchant) -> list[str]:
    return [one["id"] for one in (await m.read("payment_intents"))["data"]]


async def test_intents_that_wait_for_nobody_but_the_merchant_are_dropped_like_finished_ones(
    sim: Sim, wooshpay: Merchant
) -> None:
    left = [(await wooshpay.made("payment_intents", UNCONFIRMED))["id"] for _ in range(2)]
    at_the_buyer = (await wooshpay.pay_link())["id"]
    newest = (await wooshpay.made("payment_intents", UNCONFIRMED))["id"]
    await sim.settle()

    await keep(sim, payments=1)

    assert set(await intents(wooshpay)) == {at_the_buyer, newest}
    assert not set(left) & set(await intents(wooshpay))
    assert (await sim.http.get("/_sim/health")).json()["keep"]["dropped"]["payments"] == 2


async def test_such_intents_are_kept_for_so_many_days(sim: Sim, wooshpay: Merchant) -> None:
    await wooshpay.made("payment_intents", UNCONFIRMED)
    await sim.advance(days=2)
    young = (await wooshpay.made("payment_intents", UNCONFIRMED))["id"]

    await keep(sim, days=1, payments=None)

    assert await intents(wooshpay) == [young]


async def catalogue(m: Merchant) -> tuple[set[str], set[str]]:
    prices, products = (await m.read("prices"))["data"], (await m.read("products"))["data"]
    return {one["id"] for one in prices}, {one["id"] for one in products}


async def brought(m: Merchant) -> tuple[str, str]:
    """The price and the product of a new session that has them with it."""
    before = await catalogue(m)
    await m.session()
    prices, products = (new - old for new, old in zip(await catalogue(m), before, strict=True))
    return prices.pop(), products.pop()


async def test_what_a_session_brought_along_goes_with_it_unless_it_was_named_again(
    sim: Sim, wooshpay: Merchant
) -> None:
    own = await wooshpay.made("products", {"name": "tea"})
    await brought(wooshpay)
    used, renamed, priced = [await brought(wooshpay) for _ in range(3)]
    await wooshpay.session(line_items=[{"price": used[0], "quantity": 1}])
    await wooshpay.made(f"products/{renamed[1]}", {"name": "green tea"})
    data = SEED_SESSION["line_items"][0]["price_data"] | {"product_data": None, "product": priced[1]}
    kept_price = await wooshpay.made("prices", data)
    await sim.advance(days=2)
    newest = await brought(wooshpay)

    await keep(sim, payments=1)

    prices, products = await catalogue(wooshpay)
    assert prices == {used[0], kept_price["id"], newest[0]}
    assert products == {own["id"], used[1], renamed[1], priced[1], newest[1]}


async def test_a_product_that_a_session_names_is_not_the_sessions(sim: Sim, wooshpay: Merchant) -> None:
    own = await wooshpay.made("products", {"name": "tea"})
    data = SEED_SESSION["line_items"][0]["price_data"] | {"product_data": None, "product": own["id"]}
    await wooshpay.session(line_items=[{"price_data": data, "quantity": 1}])
    await sim.advance(days=2)

    await keep(sim, days=1)

    assert await catalogue(wooshpay) == (set(), {own["id"]})
