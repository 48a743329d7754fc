"""No two of WooshPay's objects contradict each other, whatever a merchant, a shopper, the bank and the clock do, in whatever order.

Each seed is a sequence of calls, presses and hours. After each step everything that can be read is held against everything that
mentions the same payment: intent, session, charge, payment method, refunds, balance, lists, events, the wallet's order with its
page, the buyers' accounts, and the control API.
"""

from __future__ import annotations

import random
import re
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from support import Sim

from providers.wooshpay.driver import EVERYTHING, SEED_SESSION, SEED_WEB, Merchant
from simulator.providers.wooshpay.provider import PHASES

STEPS = 26
OPEN = ("requires_payment_method", "requires_confirmation", "requires_action")
ALIPAYS = ("alipay", "alipayplus")
AMOUNTS = (120, 120, 2500, 2500, 99_999, 99_999, 1101, 1104, 1105)
"""Of which 1101, 1104 and 1105 are test amounts: declined, and settled late with and without success."""
LIVE_ORDER = ("open", "scanned", "paying")
ORDERS = {
    # The intent's status, and the states that the order of its last try may have then.
    "requires_payment_method": (None, "declined", "cancelled", "expired", "paid"),
    "requires_confirmation": (None, "declined", "cancelled", "expired", "paid"),
    "requires_action": LIVE_ORDER,
    "processing": ("paid",),
    "requires_capture": ("paid",),
    "succeeded": ("paid",),
    "canceled": (None, "declined", "cancelled", "expired", "paid"),
}
SESSIONS = {
    # The session's status, and the statuses that its intent may have then.
    "open": ("requires_payment_method", "requires_confirmation", "requires_action", "processing"),
    "complete": ("succeeded", "requires_capture", "canceled"),
    "expired": ("canceled",),
}
STATUS_OF = {
    "payment_intent.requires_action": ("requires_action",),
    "payment_intent.processing": ("processing",),
    "payment_intent.amount_capturable_updated": ("requires_capture",),
    "payment_intent.succeeded": ("succeeded",),
    "payment_intent.payment_failed": ("requires_payment_method",),
    "payment_intent.canceled": ("canceled",),
    "payment_intent.created": ("requires_payment_method", "requires_confirmation"),
    "checkout.session.completed": ("complete",),
    "checkout.session.expired": ("expired",),
    "charge.refund.updated": ("succeeded", "failed"),
    "charge.succeeded": ("succeeded",),
    "charge.refunded": ("succeeded",),
}


class Life:
    """One random life of a merchant's account."""

    def __init__(self, sim: Sim, merchant: Merchant, seed: int) -> None:
        self.sim, self.merchant, self.chance = sim, merchant, random.Random(seed)
        self.intents: list[str] = []
        self.sessions: dict[str, str] = {}
        """The addresses of their pages, by their ids."""
        self.customers: list[str] = []

    async def live(self) -> None:
        self.customers = [(await self.merchant.made("customers", {"name": name}))["id"] for name in ("a", "b")]
        steps: list[Callable[[], Awaitable[object]]] = [
            self.create, self.sell, self.sell, self.open_session, self.open_session, self.update, self.update, self.confirm,
            self.capture, self.cancel, self.press, self.press, self.act, self.act, self.act, self.confirm_at_the_wallet,
            self.refund, self.refund, self.refund, self.expire_session, self.pass_time, self.pass_time, self.arm,
        ]  # fmt: skip
        for _ in range(STEPS):
            await self.chance.choice(steps)()
            await self.sim.settle()
            await self.compare()

    # Steps. What the state does not allow is refused, and must change nothing that does not agree.

    def maybe(self, value: Any) -> Any:
        return value if self.chance.random() < 0.5 else None

    def types(self) -> list[str]:
        return self.chance.choice((["alipay"], ["card"], ["alipay", "card", "wechat_pay"], ["alipayplus", "alipay"]))

    async def create(self) -> None:
        types = self.types()
        body = SEED_WEB | {
            "amount": self.chance.choice(AMOUNTS),
            "currency": self.chance.choice(("CNY", "EUR", "HKD")),
            "payment_method_types": types,
            "payment_method_data": self.maybe({"type": self.chance.choice(types)}),
            "capture_method": self.chance.choice(("automatic", "automatic", "manual")),
            "customer": self.maybe(self.chance.choice(self.customers)),
            "setup_future_usage": self.maybe("off_session"),
            "confirm": self.chance.random() < 0.5,
        }
        answer = await self.merchant.post("payment_intents", body)
        if answer.status_code == 200:
            self.intents.append(answer.json()["id"])

    async def sell(self) -> None:
        """What most payments are: paid at once, by a card that is captured later or by a wallet, with a session or without."""
        type_, capture = self.chance.choice((("alipay", "automatic"), ("card", "manual"), ("wechat_pay", "automatic")))
        changes: dict[str, Any] = {"payment_method_types": [type_]}
        if self.chance.random() < 0.5:
            session = await self.merchant.session(payment_intent_data={"capture_method": capture}, **changes)
            id_, self.sessions[session["id"]] = session["payment_intent"], session["url"]
            await self.sim.http.post(session["url"], data={"method": type_})
        else:
            changes |= {"payment_method_data": {"type": type_}, "capture_method": capture}
            id_ = (await self.merchant.pay_link(amount=self.chance.choice(AMOUNTS), **changes))["id"]
        self.intents.append(id_)
        await self.sim.http.post(f"{self.sim.path}/payments/wooshpay/{id_}/pay", json={})

    async def open_session(self) -> None:
        price = {
            "currency": self.chance.choice(("CNY", "EUR", "THB")),
            "unit_amount": self.chance.choice(AMOUNTS),
            "product_data": {"name": "Tea"},
        }
        body = SEED_SESSION | {
            "line_items": [{"price_data": price, "quantity": self.chance.choice((1, 3))}] * self.chance.choice((1, 2)),
            "payment_method_types": self.maybe(self.types()),
            "customer": self.maybe(self.chance.choice(self.customers)),
            "payment_intent_data": {"capture_method": self.chance.choice(("automatic", "automatic", "manual"))},
        }
        answer = await self.merchant.post("checkout/sessions", body)
        if answer.status_code == 200:
            session = answer.json()
            self.intents.append(session["payment_intent"])
            self.sessions[session["id"]] = session["url"]
            if self.chance.random() < 0.5:
                await self.change(session["payment_intent"])

    async def update(self) -> None:
        if (id_ := await self.one("requires_payment_method", "requires_confirmation")) is not None:
            await self.change(id_)

    async def change(self, id_: str) -> None:
        changes: dict[str, Any] = {
            "amount": self.chance.choice(AMOUNTS),
            "currency": self.chance.choice(("CNY", "USD")),
            "customer": self.chance.choice(self.customers),
            "payment_method_types": self.types(),
            "payment_method_data": {"type": self.chance.choice(("alipay", "card"))},
            "description": "Tea",
        }
        names = self.chance.sample(sorted(changes), self.chance.choice((1, 2)))
        await self.merchant.post(f"payment_intents/{id_}", {name: changes[name] for name in names})

    async def one(self, *statuses: str) -> str | None:
        """One of the intents: mostly one in such a status, sometimes any."""
        if not self.intents:
            return None
        found = [id_ for id_ in self.intents if await self.merchant.status(id_) in statuses]
        return self.chance.choice(found if found and self.chance.random() < 0.85 else self.intents)

    async def confirm(self) -> None:
        if (id_ := await self.one(*OPEN)) is not None:
            data = self.maybe({"type": self.chance.choice(("alipay", "card"))})
            await self.merchant.post(f"payment_intents/{id_}/confirm", {"payment_method_data": data})

    async def capture(self) -> None:
        if (id_ := await self.one("requires_capture")) is not None:
            await self.merchant.post(f"payment_intents/{id_}/capture", {"amount_to_capture": self.maybe(60)})

    async def cancel(self) -> None:
        if (id_ := await self.one(*OPEN, "requires_capture")) is not None:
            await self.merchant.post(f"payment_intents/{id_}/cancel")

    async def press(self) -> None:
        """The button of the checkout page, on a desktop, a phone, or a phone that scanned."""
        if self.sessions:
            url = self.sessions[self.chance.choice(sorted(self.sessions))] + self.chance.choice(
                ("", "&view=phone", "&view=phone&scanned=1")
            )
            form = {"method": self.chance.choice(("alipay", "card", "wechat_pay", "alipayplus"))}
            answer = await self.sim.http.post(url, data=form)
            assert answer.status_code in (303, 400)

    async def act(self) -> None:
        if (id_ := await self.one(*OPEN)) is not None:
            act = self.chance.choice(("pay", "pay", "pay", "decline", "cancel", "expire"))
            answer = await self.sim.http.post(f"{self.sim.path}/payments/wooshpay/{id_}/{act}", json={})
            assert answer.status_code in (200, 409), answer.text

    async def confirm_at_the_wallet(self) -> None:
        if (id_ := await self.one("requires_action")) is not None:
            wallet = (await self.sim.payment("wooshpay", id_))["wallet"]
            if wallet:
                buyer = self.chance.choice(("li-na", "sun-li", "wang-wei"))
                await self.sim.http.post(f"/w/{wallet['code']}/confirm", data={"buyer": buyer})

    async def refund(self) -> None:
        """Also of amounts that the bank settles late (11), late and not at all (12), or refuses (13)."""
        if (id_ := await self.one("succeeded")) is not None:
            amount = self.chance.choice((None, 1, 50, 111, 112, 113, 10**9))
            await self.merchant.post("refunds", {"payment_intent": id_, "amount": amount})

    async def expire_session(self) -> None:
        if self.sessions:
            await self.merchant.post(f"checkout/sessions/{self.chance.choice(sorted(self.sessions))}/expire")

    async def pass_time(self) -> None:
        await self.sim.advance(seconds=self.chance.choice((1, 31, 61, 61, 61, 1_000, 50_000, 90_000, 700_000)))

    async def arm(self) -> None:
        rule = self.chance.choice(
            (
                {"bank": {"decline": "declined"}},
                {"bank": {"outcome": "pending", "delay": "1m", "then": "declined"}},
                {"wallet": {"delay": "2m"}},
                {"wallet": {"decline": "balance"}},
            )
        )
        await self.sim.arm([rule], next=1)

    # What must agree

    async def compare(self) -> None:
        listed = {one["id"]: one for one in (await self.merchant.read("payment_intents", limit=100))["data"]}
        assert set(listed) >= {*self.intents}
        intents = [await self.merchant.intent(id_) for id_ in self.intents]
        balance: Counter[str] = Counter()
        for intent in intents:
            assert listed[intent["id"]] == intent
            refunds = await self._of("refunds", intent)
            kept = await self._compare_charge(intent, refunds)
            balance[intent["currency"].lower()] += kept - sum(
                one["amount"] for one in refunds if one["status"] == "pending"
            )
            await self._compare_method(intent)
            await self._compare_views(intent, refunds, kept)
        for id_ in self.sessions:
            await self._compare_session(id_)
        told = await self.merchant.read("balance")
        owed = Counter({one["currency"]: one["amount"] for one in told["pending"]})
        owed.update({one["currency"]: one["amount"] for one in told["available"]})
        assert +owed == +balance
        await self._compare_events()

    async def _of(self, kind: str, intent: dict[str, Any]) -> list[dict[str, Any]]:
        page = await self.merchant.read(kind, payment_intent=intent["id"])
        found: list[dict[str, Any]] = page["data"]
        for one in found:
            assert await self.merchant.read(f"{kind}/{one['id']}") == one
            assert (one["payment_intent"], one["currency"]) == (intent["id"], intent["currency"])
        return found

    async def _compare_charge(self, intent: dict[str, Any], refunds: list[dict[str, Any]]) -> int:
        """What the merchant has of this payment."""
        charges = await self._of("charges", intent)
        received = intent.get("amount_received", 0)
        assert ("amount_received" in intent) == (intent["status"] == "succeeded")
        assert ("amount_capturable" in intent) == (intent["status"] == "requires_capture")
        given_back = sum(refund["amount"] for refund in refunds if refund["status"] == "succeeded")
        asked_back = sum(refund["amount"] for refund in refunds if refund["status"] != "failed")
        assert asked_back <= received <= intent["amount"]
        assert not refunds or intent["status"] == "succeeded"
        assert bool(charges) or intent["status"] not in ("succeeded", "requires_capture")
        for charge in charges:
            [type_] = [name for name in charge["payment_method_details"] if name != "type"]
            assert charge["payment_method_details"]["type"] == type_
            assert type_ in intent["payment_method_types"]
            assert charge["payment_method"] == intent["payment_method"]
            assert charge.get("customer") == intent.get("customer")
            assert (charge["amount"], charge["amount_captured"]) == (intent["amount"], received)
            assert charge["amount_refunded"] == given_back
            assert (charge["captured"], charge["refunded"]) == (received > 0, 0 < received == given_back)
            method = await self.merchant.read(f"payment_methods/{charge['payment_method']}")
            assert method["type"] == type_
        assert len(charges) <= 1
        return received - given_back

    async def _compare_method(self, intent: dict[str, Any]) -> None:
        """The method's type, the link's name and the last error speak of what the intent takes."""
        action = [name for name in intent.get("next_action", {}) if name != "type"]
        assert bool(action) == (intent["status"] == "requires_action")
        if "payment_method" in intent:
            method = await self.merchant.read(f"payment_methods/{intent['payment_method']}")
            assert method["type"] in intent["payment_method_types"]
            named = "challenge_redirect" if method["type"] == "card" else f"{method['type']}_handle_redirect"
            assert action in ([], [named])
            assert not (method["type"] in ALIPAYS and intent["capture_method"] == "manual")
            assert method.get("customer") in (None, intent.get("customer"))
        else:
            assert intent["status"] in ("requires_payment_method", "canceled")
        assert ("canceled_at" in intent) == (intent["status"] == "canceled")

    async def _compare_session(self, id_: str) -> None:
        session = await self.merchant.read(f"checkout/sessions/{id_}")
        intent = await self.merchant.intent(session["payment_intent"])
        [listed] = (await self.merchant.read("checkout/sessions", payment_intent=intent["id"]))["data"]
        items = (await self.merchant.read(f"checkout/sessions/{id_}/line_items"))["data"]
        assert (listed, session["line_items"]["data"]) == (session, items)
        assert sum(item["amount_total"] for item in items) == session["amount_total"] == intent["amount"]
        assert {item["currency"] for item in items} == {session["currency"]} == {intent["currency"]}
        assert session["customer"] == intent.get("customer", "")
        assert session.get("payment_method_types", intent["payment_method_types"]) == intent["payment_method_types"]
        assert session["client_secret"] == intent["client_secret"]
        assert intent["status"] in SESSIONS[session["status"]]
        assert (session["payment_status"] == "paid") == (intent["status"] == "succeeded")
        assert ("url" in session) == (session["status"] != "expired")
        page = (await self.sim.http.get(self.sessions[id_])).text
        assert f'data-testid="wooshpay-session" data-state="{session["status"]}"' in page
        assert f'data-minor="{session["amount_total"]}" data-currency="{session["currency"]}"' in page
        assert set(re.findall(r'data-testid="wp-method-([^"]+)"', page)) <= {*intent["payment_method_types"]}
        assert ('data-testid="wp-processing"' in page) == (intent["status"] == "processing")

    async def _compare_views(self, intent: dict[str, Any], refunds: list[dict[str, Any]], kept: int) -> None:
        view = await self.sim.payment("wooshpay", intent["id"])
        given_back = sum(refund["amount"] for refund in refunds if refund["status"] == "succeeded")
        assert (view["status"], view["amount"]) == (
            intent["status"],
            {"value": intent["amount"], "currency": intent["currency"]},
        )
        assert view["refunded"] == {"value": given_back, "currency": intent["currency"]}
        phase = PHASES[intent["status"]]
        if phase == "paid":
            assert view["phase"] == ("paid" if not given_back else "partly_refunded" if kept else "refunded")
        else:
            assert view["phase"] in (phase, *(("declined", "cancelled", "expired") if phase != "processing" else ()))
        wallet = view["wallet"]
        assert (wallet["state"] if wallet else None) in ORDERS[intent["status"]]
        if wallet and wallet["state"] in LIVE_ORDER:
            panel = (await self.sim.http.get(f"/w/{wallet['code']}/state.json")).json()["html"]
            shown = re.findall(r'data-minor="(\d+)" data-currency="(\w+)"', panel)
            assert shown, panel
            assert {minor for minor, currency in shown if currency == intent["currency"]} <= {str(intent["amount"])}
        if wallet:
            await self._compare_account(intent, wallet["code"], kept)

    async def _compare_account(self, intent: dict[str, Any], code: str, kept: int) -> None:
        """Who has paid is without the money as long as the merchant has it, or may still get it."""
        buyers = (await self.sim.http.get(f"{self.sim.path}/buyers")).json()["data"]
        moved = [one["amount"]["value"] for buyer in buyers for one in buyer["ledger"] if one["order"] == code]
        if intent["status"] in ("processing", "requires_capture"):
            kept = intent["amount"]
        if intent["currency"] == "CNY":
            assert -sum(moved) == kept
        else:
            assert (sum(moved) < 0) == (kept > 0)

    async def _compare_events(self) -> None:
        """Each says what its name says, is stored as it was sent, and the last one of each object says how that stands."""
        last: dict[str, dict[str, Any]] = {}
        for hook in self.sim.hooks:
            found = hook.body["data"]["object"]
            assert found["status"] in STATUS_OF[hook.body["type"]]
            assert hook.body["type"].startswith(found["object"]) or found["object"] == "refund"
            last[found["id"]] = hook.body
        for body in last.values():
            found = body["data"]["object"]
            stored = await self.merchant.read(f"events/{body['id']}")
            assert (stored["data"]["object"], stored["type"]) == (found, body["type"])
            now = await self.merchant.read(f"{found['object'].replace('.', '/')}s/{found['id']}")
            if now["status"] == "requires_confirmation":  # a method was attached, of which no event tells
                assert found["status"] in ("requires_payment_method", "requires_confirmation")
            elif not (now["object"] == "payment_intent" and now["status"] == "requires_payment_method"):
                assert now["status"] == found["status"], body
            for name in ("currency", "payment_intent"):
                assert found["object"] == "payment_intent" or now.get(name) == found.get(name)


@pytest.fixture(autouse=True)
async def unpaid(sim: Sim) -> None:
    """Nothing is charged, converted or paid out: what the account is owed is what was captured less what was given back."""
    free = {"fee_variable": "0", "fee_fixed": "0", "fee_refund": "0"}
    await sim.settings("wooshpay", settlement_currency="same", cadence="manual", **free)


@pytest.mark.uncounted
@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(seed, marks=pytest.mark.uncounted) for seed in range(2, 8))])
async def test_objects_agree_whatever_happens(sim: Sim, wooshpay: Merchant, seed: int) -> None:
    await wooshpay.made(f"webhook_endpoints/{wooshpay.endpoint['id']}", {"enabled_events": EVERYTHING})

    await Life(sim, wooshpay, seed).live()


async def test_the_comparison_sees_a_whole_story(sim: Sim, wooshpay: Merchant) -> None:
    """One story by hand, in which everything that is compared occurs: a choice, a late capture of a part, refunds of each kind."""
    life = Life(sim, wooshpay, 0)
    customer, other = [(await wooshpay.made("customers", {"name": name}))["id"] for name in ("a", "b")]
    late = {"payment_intent_data": {"capture_method": "manual"}}
    session = await wooshpay.session(customer=customer, payment_method_types=["alipay", "card"], **late)
    direct = await wooshpay.pay_link(amount=2500)
    life.sessions = {session["id"]: session["url"]}
    life.intents = [session["payment_intent"], direct["id"]]
    own = f"payment_intents/{session['payment_intent']}"
    changes: list[dict[str, Any]] = [
        {"amount": 5},
        {"currency": "EUR"},
        {"customer": other},
        {"payment_method_types": ["card", "wechat_pay"]},
    ]

    async def agrees() -> None:
        await sim.settle()
        await life.compare()

    async def then(path: str, body: Any = None) -> None:
        await wooshpay.post(path, body)
        await agrees()

    for change in changes:
        await then(own, change)
    await sim.http.post(session["url"], data={"method": "card"})
    await agrees()
    for intent in life.intents:
        await sim.act("wooshpay", intent, "pay")
        await agrees()
    await then(f"{own}/capture", {"amount_to_capture": 60_000})
    for amount in (111, 112, 50):
        await then("refunds", {"payment_intent": session["payment_intent"], "amount": amount})
    await sim.advance(minutes=5)
    await agrees()
    await then("refunds", {"payment_intent": direct["id"]})

    refunds = (await wooshpay.read("refunds"))["data"]
    assert [(one["amount"], one["status"]) for one in refunds] == [
        (2500, "succeeded"),
        (50, "succeeded"),
        (112, "failed"),
        (111, "succeeded"),
    ]
    told = await wooshpay.read("balance")
    assert sum(one["amount"] for one in (*told["pending"], *told["available"])) == 60_000 - 161
