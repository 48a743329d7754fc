"""How an audit that runs in the simulator reaches the shop: by the courier, as webhooks do; and what it makes of answers."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, cast

import pytest

from simulator.engine.courier import Courier, Errand, NotReached
from simulator.kernel.retry import Receipt
from simulator.surface.audit.hosted import REDIRECTS, Line, browser, by_courier
from simulator.surface.audit.subject import Act, ShopSaidNo

ORDER = {"reference": "o/1", "payment": "p", "amount": "5"}


class Shop:
    """Answers with what it was given, in its order, or the last one again."""

    def __init__(self, *answers: Receipt | Exception) -> None:
        self.answers, self.asked = [*answers], list[Errand]()

    async def carry(self, errand: Errand) -> Receipt:
        self.asked.append(errand)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    async def close(self) -> None: ...

    def at_shop(self, errand: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run(errand)


def acts(shop: Shop) -> tuple[Act, Act]:
    line, courier = cast(Line, shop), cast(Courier, shop)
    return by_courier(line, courier, "http://shop.test/{reference}", "POST", False), browser(line, courier, True)


def test_a_call_is_made_with_what_stands_in_braces_and_its_answer_is_what_the_shop_says() -> None:
    shop = Shop(Receipt(200, {}, b"paid"))

    assert acts(shop)[0](ORDER) == "paid"
    assert [(one.method, one.url, one.from_network) for one in shop.asked] == [
        ("POST", "http://shop.test/o%2F1", False)
    ]


@pytest.mark.parametrize("answer", [Receipt(404, {}, b"none"), NotReached("no connection"), OSError("broken")])
def test_a_call_that_fails_is_a_no(answer: Receipt | Exception) -> None:
    with pytest.raises(ShopSaidNo, match=r"^POST http://shop\.test/o%2F1: (404 none|no connection|broken)$"):
        acts(Shop(answer))[0](ORDER)


def test_a_browser_goes_where_it_is_sent_and_whatever_a_page_shows_is_the_shops_business() -> None:
    shop = Shop(Receipt(302, {"location": "/thanks"}, b""), Receipt(404, {"location": "/no"}, b"gone"))

    assert acts(shop)[1]({"url": "http://shop.test/back?x=1"}) == "gone"
    assert [one.url for one in shop.asked] == ["http://shop.test/back?x=1", "http://shop.test/thanks"]
    assert all(one.from_network for one in shop.asked)


@pytest.mark.parametrize(
    ("answer", "why"),
    [
        (Receipt(500, {}, b"oops"), "500 oops"),
        (NotReached("no connection"), "no connection"),
        (Receipt(302, {"location": "/x"}, b""), f"more than {REDIRECTS} redirects"),
    ],
)
def test_a_browser_that_finds_no_page_is_a_no(answer: Receipt | Exception, why: str) -> None:
    with pytest.raises(ShopSaidNo, match=why):
        acts(Shop(answer))[1]({"url": "http://shop.test/back"})
