"""The list, its query and the claims of docs/adding-a-provider.md are ones that work."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from textwrap import dedent
from typing import Annotated, Any, ClassVar

import pytest
from merchant import Merchant
from support import Sim

from simulator.engine import provider
from simulator.engine.provider import Call, Endpoint, Reply
from simulator.engine.shop import Request, json_request
from simulator.engine.uow import UnitOfWork
from simulator.surface.skeleton import handlers, wire
from simulator.surface.skeleton.model import Payment
from simulator.surface.skeleton.provider import PROVIDER
from surface import adding_page

CHAPTER = adding_page.PAGE.read_text("utf-8").partition("\n### Requests\n")[2].partition("\n### Scenarios\n")[0]


@dataclass(frozen=True, kw_only=True)
class ListedPayment(Payment):
    LISTED: ClassVar[bool] = True


def example(name: str) -> dict[str, Any]:
    """The names of the block that defines this one, and of those before it."""
    blocks = [dedent(block) for block in re.findall(r"^ *```python\n(.*?)^ *```", CHAPTER, re.MULTILINE | re.DOTALL)]
    [last] = [at for at, block in enumerate(blocks) if f"def {name}(" in block]
    names: dict[str, Any] = {"Payment": ListedPayment, "wire": wire, "Annotated": Annotated, **vars(provider)}
    for block in blocks[: last + 1]:
        exec(compile(block, "example.py", "exec", dont_inherit=True), names)
    return names


@pytest.fixture
async def shop(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Merchant]:
    monkeypatch.setattr(handlers, "Payment", ListedPayment)
    made = example("list_payments")
    row = Endpoint("GET", "/newpay/v1/payments", made["list_payments"], "list", query=made["PageQuery"], reads=True)
    listing = replace(PROVIDER, resources=(ListedPayment,), endpoints=(*PROVIDER.endpoints, row))
    async with Sim(providers=[listing]) as sim:
        yield Merchant(sim, listing)


async def test_a_list_begins_with_the_payment_that_is_named(shop: Merchant) -> None:
    ids = [await shop.create(f"order-{number}") for number in range(5)][::-1]

    async def listed(query: str) -> tuple[list[str], str | None, str | None]:
        page = (await shop.send(Request("GET", f"/newpay/v1/payments{query}"))).json
        return [one["id"] for one in page["data"]], page["next"], page["previous"]

    assert await listed("") == (ids, None, None)
    assert await listed("?limit=2") == (ids[:2], ids[2], None)
    assert await listed(f"?limit=2&from={ids[2]}") == (ids[2:4], ids[4], ids[0])
    assert (await shop.send(Request("GET", "/newpay/v1/payments?from=pay_nobodys"))).status == 404


@pytest.mark.parametrize("limit", ["10.00", "10.0", "+10", "%2010", "1_0", "0", "251", "", "9" * 30])
async def test_what_is_no_whole_number_is_refused(shop: Merchant, limit: str) -> None:
    answer = await shop.send(Request("GET", f"/newpay/v1/payments?limit={limit}"))

    assert (answer.status, answer.json["error"]["field"]) == (422, "limit")


async def test_beside_a_body_the_model_of_the_query_only_checks() -> None:
    made = example("list_payments")

    def say(call: Call, uow: UnitOfWork) -> Reply:
        return Reply(200, {"body": type(call.body).__name__, "query": call.query})

    row = Endpoint("POST", "/newpay/v1/both", say, "both", wire.RefundRequest, query=made["PageQuery"])
    async with Sim(providers=[replace(PROVIDER, endpoints=(*PROVIDER.endpoints, row))]) as sim:
        shop = Merchant(sim, PROVIDER)
        taken, refused = [
            await shop.send(json_request("POST", f"/newpay/v1/both?limit={limit}", {"amount": 1}))
            for limit in ("2", "x")
        ]

    assert (taken.json, refused.status) == ({"body": "RefundRequest", "query": {"limit": "2"}}, 422)


@pytest.mark.parametrize(
    ("path", "key", "wanted"),
    [
        ("/v2/payments/x/y", "", True),
        ("/v2/nothing", "Bearer newpay_test", True),
        ("/v2/nothing", "Bearer another", False),
        ("/v1/nothing", "Bearer newpay_test", False),
    ],
)
def test_a_whole_version_is_claimed_by_a_mark(path: str, key: str, wanted: bool) -> None:
    call = Call(
        provider="", method="GET", target=path, raw_path=path, raw_query="", headers={"authorization": key},
        raw_body=b"", base_url="http://localhost",
    )  # fmt: skip

    assert example("claims")["claims"](call) is wanted
