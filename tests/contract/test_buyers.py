"""The eight test buyers at every provider: pressed on the wallet's own pages, read in the provider's own words."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
from merchant import Merchant
from support import Sim
from wallet.visitor import PHONE, Seen, Visitor

AMOUNT = 8610
"""Yuan in fen: more than Wang Wei has, and more than Zhang Min may still spend today."""


@dataclass
class Purchase:
    """One order at one provider, on a buyer's phone."""

    world: Sim
    merchant: Merchant
    id: str
    code: str
    phone: Visitor

    async def as_buyer(self, slug: str, **typed: str) -> Seen:
        """Chooses the buyer, types what they are asked for and presses Confirm."""
        await self.phone.open(f"/w/{self.code}")
        await self.phone.press(f"buyer-{slug}")
        return await self.phone.press("confirm", **typed)

    async def pass_time(self, seconds: float) -> None:
        await self.world.advance(seconds=seconds + self.merchant.course.settles_after.total_seconds())

    async def page(self) -> tuple[str, str, str]:
        return (await self.phone.open(f"/w/{self.code}?stay=1")).result

    async def facts(self) -> tuple[str, str | None, list[str]]:
        """Phase and who decided, as the control API says, and what the journal says of the decision."""
        payment = await self.world.payment(self.merchant.name, self.id)
        told = [entry["summary"] for entry in payment["timeline"] if "decided by" in entry["summary"]]
        return payment["phase"], payment["decided_by"], told

    def heard(self) -> str:
        """Everything that the merchant's server was told."""
        return "\n".join(hook.raw.decode() for hook in self.world.hooks)

    def hears(self, reason: str) -> bool:
        """Whether the merchant's server was told this reason, or is told none at all by this provider."""
        reasons = self.merchant.course.reasons
        return not reasons or reasons[reason] in self.heard()


@pytest.fixture
async def purchase(world: Sim, merchant: Merchant) -> AsyncIterator[Purchase]:
    id_ = await merchant.waiting("order-1", AMOUNT)
    code = (await world.payment(merchant.name, id_))["wallet"]["code"]
    phone = Visitor(world, PHONE)
    yield Purchase(world, merchant, id_, code, phone)
    await phone.http.aclose()


PAID: dict[str, dict[str, str]] = {
    "li-na": {},
    "zhao-lei": {"password": "right"},
    "liu-yang": {"payment_code": "246810"},
}
DECLINED = {"wang-wei": "balance", "zhang-min": "limit", "chen-jie": "blocked"}


@pytest.mark.uncounted
@pytest.mark.parametrize("slug", PAID)
async def test_a_buyer_who_can_pay_pays(purchase: Purchase, slug: str) -> None:
    pressed = await purchase.as_buyer(slug, **PAID[slug])
    await purchase.pass_time(60)

    decided = f"buyer:{slug}"
    assert pressed.result == await purchase.page() == ("paid", "", decided)
    assert await purchase.facts() == ("paid", decided, [f"paid, decided by {decided}"])


@pytest.mark.uncounted
@pytest.mark.parametrize("slug", DECLINED)
async def test_a_buyer_who_cannot_pay_is_refused_in_the_providers_words(
    purchase: Purchase, world: Sim, slug: str
) -> None:
    reason, decided, sent = DECLINED[slug], f"buyer:{slug}", len(world.hooks)

    pressed = await purchase.as_buyer(slug)
    await purchase.pass_time(60)

    assert pressed.result == await purchase.page() == ("declined", reason, decided)
    assert await purchase.facts() == ("declined", decided, [f"declined ({reason}), decided by {decided}"])
    assert len(world.hooks) > sent
    assert purchase.hears(reason)


@pytest.mark.uncounted
async def test_three_wrong_payment_codes_end_the_payment(purchase: Purchase) -> None:
    for left in ("two", "one"):
        page = await purchase.as_buyer("liu-yang", payment_code="111111")
        assert "confirm" in page.ids(), left
    pressed = await purchase.as_buyer("liu-yang", payment_code="111111")
    await purchase.pass_time(60)

    assert pressed.result == await purchase.page() == ("declined", "authentication", "buyer:liu-yang")
    phase, decided, told = await purchase.facts()
    assert (phase, decided) == ("declined", "buyer:liu-yang")
    assert told == ["declined (authentication), decided by buyer:liu-yang"]
    assert purchase.hears("authentication")


@pytest.mark.uncounted
async def test_a_slow_bank_answers_on_the_clock(purchase: Purchase, world: Sim) -> None:
    pressed = await purchase.as_buyer("sun-li")
    await world.advance(seconds=29)
    waiting = await purchase.phone.open(f"/w/{purchase.code}")
    before = (await purchase.facts())[1:]
    await purchase.pass_time(2)

    assert (pressed.state, waiting.state, before) == ("paying", "paying", (None, []))
    assert await purchase.page() == ("paid", "", "buyer:sun-li")
    assert (await purchase.facts())[:2] == ("paid", "buyer:sun-li")


@pytest.mark.uncounted
async def test_a_buyer_who_closes_the_app_decides_nothing(purchase: Purchase, world: Sim) -> None:
    """The order stays open, and the clock decides at the end where the provider's payments end by themselves."""
    pressed = await purchase.as_buyer("zhou-ting")
    open_ = await purchase.facts()
    if purchase.merchant.course.expires_after is not None:
        await world.advance(seconds=purchase.merchant.course.expires_after.total_seconds() + 60)

    assert "confirm" in pressed.ids()
    assert open_ == ("waiting", None, [])
    if purchase.merchant.course.expires_after is not None:
        assert await purchase.page() == ("expired", "", "timer")
        assert (await purchase.facts())[1] == "timer"


@pytest.mark.uncounted
async def test_a_buyer_who_cancels_is_told_apart_from_one_who_is_refused(purchase: Purchase) -> None:
    await purchase.phone.open(f"/w/{purchase.code}")

    pressed = await purchase.phone.press("cancel")
    await purchase.pass_time(60)

    assert pressed.result == await purchase.page() == ("cancelled", "", "page")
    phase, decided, told = await purchase.facts()
    assert phase in purchase.merchant.course.ends.get("cancel", ("cancelled",))
    assert (decided, told) == ("page", ["cancelled, decided by page"])
    assert purchase.hears("cancelled")


@pytest.mark.uncounted
async def test_the_story_tells_what_the_phone_did(purchase: Purchase, world: Sim) -> None:
    await purchase.phone.http.post(f"/w/{purchase.code}/scan")
    await purchase.as_buyer("zhou-ting")

    payment = await world.payment(purchase.merchant.name, purchase.id)
    told = [entry["summary"] for entry in payment["timeline"] if entry["kind"] == "wallet"]
    assert told[-2:] == ["order open > scanned", "left open by buyer:zhou-ting"]


@pytest.mark.uncounted
async def test_the_daily_limit_is_free_again_the_next_day(purchase: Purchase, world: Sim) -> None:
    """Zhang Min may spend 20 yuan more today; tomorrow their whole limit is there again."""
    refused = await purchase.as_buyer("zhang-min")
    await world.advance(days=1)
    id_ = await purchase.merchant.waiting("order-2", AMOUNT)
    code = (await world.payment(purchase.merchant.name, id_))["wallet"]["code"]
    tomorrow = Purchase(world, purchase.merchant, id_, code, purchase.phone)

    paid = await tomorrow.as_buyer("zhang-min")

    assert refused.result == ("declined", "limit", "buyer:zhang-min")
    assert paid.result == ("paid", "", "buyer:zhang-min")


@pytest.mark.uncounted
async def test_a_refund_returns_the_money_to_the_buyer_who_paid(purchase: Purchase, world: Sim) -> None:
    async def balance() -> int:
        buyers = (await world.http.get(f"{world.path}/buyers")).json()["data"]
        return int(next(b["balance"]["value"] for b in buyers if b["slug"] == "zhao-lei"))

    before = await balance()
    await purchase.as_buyer("zhao-lei", password="right")
    await purchase.pass_time(purchase.merchant.course.refundable_after.total_seconds() + 5)
    after = await balance()

    await purchase.merchant.refund(purchase.id, 610)
    await purchase.merchant.until_refunded(days=1)

    assert (before - after, await balance() - after) == (AMOUNT, 610)
