"""Products, services and sessions."""

from __future__ import annotations

from typing import Any

import pytest

from providers.worldline.driver import Merchant

CN = "countryCode=CN&currencyCode=CNY"


async def listed(merchant: Merchant, query: str) -> list[int]:
    answer = await merchant.get(f"/products?{query}")
    assert answer.status_code == 200, answer.text
    return [product["id"] for product in answer.json()["paymentProducts"]]


@pytest.mark.parametrize(
    ("query", "ids"),
    [
        (CN, [861, 866]),
        (f"{CN}&amount=2500&locale=zh_CN&isRecurring=false", [861, 866]),
        (f"{CN}&isRecurring=true", []),
        (f"{CN}&isRecurring=True", []),
        (f"{CN}&isInstallments=true", []),
        (f"{CN}&hide=fields&hide=productsWithRedirects", []),
        (f"{CN}&hide=fields&hide=translations", [861, 866]),
        (f"{CN}&amount=99", []),
        (f"{CN}&amount=30000001", []),
        ("countryCode=DE&currencyCode=EUR", [861, 866]),
        ("countryCode=BR&currencyCode=BRL", []),
        ("countryCode=XX&currencyCode=CNY", []),
    ],
)
async def test_the_list_depends_on_the_query(worldline: Merchant, query: str, ids: list[int]) -> None:
    assert await listed(worldline, query) == ids


async def test_alipay_plus_has_its_own_hints(worldline: Merchant) -> None:
    product = (await worldline.get(f"/products/866?{CN}")).json()

    assert (product["id"], product["displayHints"]["label"], product["paymentMethod"]) == (866, "Alipay+", "redirect")


async def test_limits_are_in_the_currency_that_is_asked_for(worldline: Merchant) -> None:
    """CNY 1 to 300,000 at the wallet's rate of 7.8210; what lies within them is accepted."""
    product = (await worldline.get("/products/861?countryCode=DE&currencyCode=EUR")).json()

    assert (product["minAmount"], product["maxAmount"]) == (13, 3835826)
    for amount in (13, 3835826):
        await worldline.create(**{"order.amountOfMoney": {"amount": amount, "currencyCode": "EUR"}})


@pytest.mark.parametrize("path", ["/products", "/products/861", "/productgroups"])
async def test_country_and_currency_are_required(worldline: Merchant, path: str) -> None:
    answer = await worldline.get(path)

    found = [(error["code"], error["propertyName"]) for error in answer.json()["errors"]]
    assert (answer.status_code, found) == (400, [("20000000", "countryCode"), ("20000000", "currencyCode")])


@pytest.mark.parametrize("id_", ["1", "863", "alipay"])
async def test_another_product_is_1007(worldline: Merchant, id_: str) -> None:
    for path in (f"/products/{id_}?{CN}", f"/products/{id_}/directory?{CN}", f"/products/{id_}/networks?{CN}"):
        answer = await worldline.get(path)
        [error] = answer.json()["errors"]
        assert (answer.status_code, error["code"], error["propertyName"]) == (404, "1007", "productId")


async def test_alipay_has_no_directory_and_no_networks(worldline: Merchant) -> None:
    directory = await worldline.get(f"/products/861/directory?{CN}")

    assert (directory.status_code, directory.json()["errors"][0]["message"]) == (404, "NO DIRECTORY FOUND")
    assert (await worldline.get(f"/products/861/networks?{CN}")).json() == {"networks": []}
    assert (await worldline.get(f"/productgroups?{CN}")).json() == {"paymentProductGroups": []}


@pytest.mark.parametrize(
    ("query", "converted"),
    [
        ("source=EUR&target=CNY&amount=1000", 7821),
        ("source=CNY&target=CNY&amount=1", 1),
        ("source=CNY&target=EUR&amount=7821", 1000),
        ("source=JPY&target=CNY&amount=10000", 482),
        ("source=EUR&target=USD&amount=0", 0),
    ],
)
async def test_amounts_are_converted_at_the_wallets_rates(worldline: Merchant, query: str, converted: int) -> None:
    assert (await worldline.get(f"/services/convert/amount?{query}")).json() == {"convertedAmount": converted}


@pytest.mark.parametrize(
    ("query", "errors"),
    [
        ("", [("20000001", "source"), ("20000001", "target"), ("20000001", "amount")]),
        ("?source=EUR&target=XXX&amount=1", [("1099", "target")]),
        ("?source=EUR&target=CNY&amount=1.5", [("1099", "amount")]),
    ],
)
async def test_a_conversion_needs_sound_parameters(worldline: Merchant, query: str, errors: list[Any]) -> None:
    answer = await worldline.get(f"/services/convert/amount{query}")

    assert [(error["code"], error["propertyName"]) for error in answer.json()["errors"]] == errors


async def test_the_privacy_policy_wants_a_locale(worldline: Merchant) -> None:
    found = await worldline.get("/services/privacypolicy?locale=en_GB&paymentProductId=861")
    refused = await worldline.get("/services/privacypolicy")

    assert found.json()["htmlContent"].startswith("<div>")
    assert refused.json()["errors"][0]["code"] == "20000001"


async def test_the_third_party_status_follows_the_wallet(worldline: Merchant) -> None:
    created = await worldline.create()
    id_, sim = created["payment"]["id"], worldline.sim
    code = created["merchantAction"]["redirectData"]["redirectURL"].rpartition("=")[2]
    seen = []

    async def look() -> None:
        seen.append((await worldline.get(f"/payments/{id_}/thirdpartystatus")).json()["thirdPartyStatus"])

    await look()
    await sim.http.post(f"/w/{code}/scan")
    await look()
    await sim.http.post(f"/w/{code}/confirm", data={"buyer": "sun-li"})
    await look()
    await sim.advance(seconds=30)
    await look()

    assert seen == ["WAITING", "INITIALIZED", "AUTHORIZED", "COMPLETED"]


async def test_searches_page_through_what_is_found(worldline: Merchant) -> None:
    ids = [await worldline.created_id(**{"order.references.merchantOrderId": 7}) for _ in range(3)]

    async def find(query: str) -> dict[str, Any]:
        found: dict[str, Any] = (await worldline.get(f"/payments?{query}")).json()
        return found

    first = await find("merchantOrderId=7&limit=2")
    rest = await find("merchantReference=LS-7781&merchantOrderId=7&limit=2&offset=2")
    none = await find("merchantReference=LS-7781&merchantOrderId=8")

    assert [payment["id"] for payment in first["payments"]] == [ids[2], ids[1]]
    assert [payment["id"] for payment in rest["payments"]] == [ids[0]]
    assert (first["totalCount"], first["limit"], rest["offset"]) == (3, 2, 2)
    assert none == {"limit": 10, "offset": 0, "payments": [], "totalCount": 0}
    await worldline.sim.advance(days=43)
    assert (await find("merchantOrderId=7"))["totalCount"] == 0
