"""No two of Connect's objects contradict each other, whatever a merchant, a consumer and the clock do, in whatever order.

Each seed is a sequence of calls, acts and hours. After each step everything that can be read is held against everything that
mentions the same payment: hosted checkout and payment, payment and capture, payment and refunds, payment and wallet, payment
and control API, and the webhooks in the order in which they came.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Callable
from typing import Any

import httpx
import pytest
from support import Sim

from providers.worldline.driver import ORDER, RETURN_URL, Merchant, merged

STEPS = 24
OUTCOMES = ("pay", "decline", "cancel", "expire")
ENDED = {"CAPTURED": "paid", "PAID": "paid", "REJECTED_CAPTURE": "paid", "REVERSED": "paid", "REFUNDED": "paid"}
CATEGORIES = {
    "REDIRECTED": "STATUS_UNKNOWN",
    "REJECTED": "REJECTED",
    "CANCELLED": "REJECTED",
    "REJECTED_CAPTURE": "REJECTED",
}


class Life:
    """One random life of a merchant's account."""

    def __init__(self, sim: Sim, merchant: Merchant, seed: int) -> None:
        self.sim, self.merchant, self.chance = sim, merchant, random.Random(seed)
        self.payments: list[str] = []
        self.checkouts: list[str] = []

    async def live(self) -> None:
        steps: list[Callable[[], Awaitable[object]]] = [
            self.create, self.open_checkout, self.act, self.act, self.cancel, self.refund, self.refund, self.follow_up,
            self.delete_checkout, self.pass_time, self.pass_time,
        ]  # fmt: skip
        for _ in range(STEPS):
            await self.chance.choice(steps)()
            await self.sim.settle()
            await self.compare()

    # Steps. What the state does not allow is refused and must change nothing that does not agree.

    @property
    def _order(self) -> dict[str, Any]:
        amount = self.chance.choice((100, 2500, 99_999, 430330, 120120, 110110, 800800))
        currency = self.chance.choice(("CNY", "EUR", "JPY"))
        return merged(ORDER, {"amountOfMoney": {"amount": amount, "currencyCode": currency}})

    async def create(self) -> None:
        product = self.chance.choice((861, 866))
        given = {"paymentProductId": product, "redirectionData": {"returnUrl": RETURN_URL}}
        answer = await self.merchant.post(
            "/payments", {"order": self._order, "redirectPaymentMethodSpecificInput": given}
        )
        if answer.status_code in (201, 402) and "errors" not in answer.json():
            self.payments.append(answer.json()["payment"]["id"])
        elif answer.status_code == 402 and "paymentResult" in answer.json():
            self.payments.append(answer.json()["paymentResult"]["payment"]["id"])

    async def open_checkout(self) -> None:
        hosted = {"returnUrl": RETURN_URL, "returnCancelState": self.chance.random() < 0.5}
        answer = await self.merchant.post(
            "/hostedcheckouts", {"order": self._order, "hostedCheckoutSpecificInput": hosted}
        )
        if answer.status_code == 201:
            self.checkouts.append(answer.json()["hostedCheckoutId"])

    async def act(self) -> None:
        """A consumer, on whatever there is."""
        if ids := self.payments + self.checkouts:
            id_, act = self.chance.choice(ids), self.chance.choice(OUTCOMES)
            await self.sim.http.post(f"{self.sim.path}/payments/worldline/{id_}/{act}", json={})
            found = await self.merchant.get(f"/hostedcheckouts/{id_}")
            if found.status_code == 200 and "createdPaymentOutput" in found.json():
                made = found.json()["createdPaymentOutput"]["payment"]["id"]
                self.payments += [made] if made not in self.payments else []

    async def cancel(self) -> httpx.Response | None:
        return (
            await self.merchant.post(f"/payments/{self.chance.choice(self.payments)}/cancel") if self.payments else None
        )

    async def refund(self) -> httpx.Response | None:
        if not self.payments:
            return None
        id_, noun = self.chance.choice(self.payments), self.chance.choice(("payments", "captures"))
        return await self.merchant.post(f"/{noun}/{id_}/refund", await self._part_of(id_))

    async def _part_of(self, id_: str) -> dict[str, Any] | None:
        money = (await self.merchant.payment(id_))["paymentOutput"]["amountOfMoney"]
        amount = self.chance.choice((1, money["amount"] // 2, money["amount"], money["amount"] + 1))
        return None if self.chance.random() < 0.3 else {"amountOfMoney": money | {"amount": max(1, amount)}}

    async def follow_up(self) -> None:
        if self.payments:
            id_ = self.chance.choice(self.payments)
            refunds = (await self.merchant.get(f"/payments/{id_}/refunds")).json()["refunds"]
            if refunds:
                act = self.chance.choice(("cancel", "approve", "cancelapproval"))
                await self.merchant.post(f"/refunds/{self.chance.choice(refunds)['id']}/{act}")

    async def delete_checkout(self) -> None:
        if self.checkouts:
            await self.merchant.call("DELETE", f"/hostedcheckouts/{self.chance.choice(self.checkouts)}")

    async def pass_time(self) -> None:
        await self.sim.advance(hours=self.chance.choice((1, 3, 13, 30, 60)))

    # What must agree

    async def compare(self) -> None:
        for id_ in self.payments:
            await self._compare_payment(id_)
        for id_ in self.checkouts:
            await self._compare_checkout(id_)
        self._compare_webhooks()

    async def _compare_payment(self, id_: str) -> None:
        payment = await self.merchant.payment(id_)
        output, status = payment["paymentOutput"], payment["statusOutput"]
        money = output["amountOfMoney"]
        refunds = (await self.merchant.get(f"/payments/{id_}/refunds")).json()["refunds"]
        await self._compare_refunds(id_, payment, refunds)
        await self._compare_captures(id_, payment)
        view = await self.sim.payment("worldline", id_)
        assert view["status"] == payment["status"]
        assert view["refunded"] == self._minor(output.get("amountRefunded", 0), money["currencyCode"])
        assert view["amount"] == self._minor(money["amount"], money["currencyCode"])
        self._compare_wallet(payment, view)
        assert status["isRefundable"] == (
            payment["status"] == "PAID"
            and money["amount"] > output.get("amountRefunded", 0) + output.get("amountRefundRequested", 0)
        )
        assert ("amountPaid" in output) == (payment["status"] in ("PAID", "REFUNDED", "REVERSED"))
        assert output.get("amountPaid", money["amount"]) == money["amount"]

    @staticmethod
    def _minor(amount: int, currency: str) -> dict[str, Any]:
        return {"value": amount / 100 if currency == "JPY" else amount, "currency": currency}

    async def _compare_refunds(self, id_: str, payment: dict[str, Any], refunds: list[dict[str, Any]]) -> None:
        output = payment["paymentOutput"]
        sums = {"REFUNDED": 0, "REFUND_REQUESTED": 0, "PENDING_APPROVAL": 0}
        for refund in refunds:
            own = refund["refundOutput"]
            assert (await self.merchant.get(f"/refunds/{refund['id']}")).json() == refund
            assert refund["id"][:20] == id_[:20]
            assert own["amountOfMoney"]["currencyCode"] == output["amountOfMoney"]["currencyCode"]
            assert own["eWalletRefundMethodSpecificOutput"]["totalAmountPaid"] == output["amountPaid"]
            if refund["status"] in sums:
                sums[refund["status"]] += own["amountOfMoney"]["amount"]
        assert output.get("amountRefunded", 0) == sums["REFUNDED"]
        assert output.get("amountRefundRequested", 0) == sums["REFUND_REQUESTED"] + sums["PENDING_APPROVAL"]
        assert sum(sums.values()) <= output.get("amountPaid", 0)

    async def _compare_captures(self, id_: str, payment: dict[str, Any]) -> None:
        captures = (await self.merchant.get(f"/payments/{id_}/captures")).json()["captures"]
        assert bool(captures) == (payment["status"] in ENDED)
        for capture in captures:
            own, output = capture["captureOutput"], payment["paymentOutput"]
            assert (await self.merchant.get(f"/captures/{capture['id']}")).json() == capture
            assert (capture["status"], own["amountOfMoney"]) == (payment["status"], output["amountOfMoney"])
            assert own.get("amountPaid") == output.get("amountPaid")
            for name in ("isRefundable", "statusCode", "statusCodeChangeDateTime"):
                assert capture["statusOutput"][name] == payment["statusOutput"][name]

    def _compare_wallet(self, payment: dict[str, Any], view: dict[str, Any]) -> None:
        wallet, state = view["wallet"], payment["status"]
        if wallet is None:
            assert state == "REJECTED"
        elif state == "REDIRECTED":
            assert wallet["state"] in ("open", "scanned", "paying")
        elif state == "REJECTED":
            assert wallet["state"] in ("declined", "expired")
        else:
            assert wallet["state"] == ENDED.get(state, "cancelled")

    async def _compare_checkout(self, id_: str) -> None:
        answer = await self.merchant.get(f"/hostedcheckouts/{id_}")
        if answer.status_code == 404:
            return
        found = answer.json()
        assert (found["status"] == "PAYMENT_CREATED") == ("createdPaymentOutput" in found)
        if "createdPaymentOutput" not in found:
            return
        created = found["createdPaymentOutput"]
        payment = await self.merchant.payment(created["payment"]["id"])
        assert created["payment"] == payment
        assert payment["hostedCheckoutSpecificOutput"]["hostedCheckoutId"] == id_
        assert created["paymentStatusCategory"] == CATEGORIES.get(payment["status"], "SUCCESSFUL")
        of_checkout, of_payment = (
            (await self.sim.payment("worldline", id_)),
            await self.sim.payment("worldline", payment["id"]),
        )
        for name in ("amount", "refunded", "phase", "wallet", "reference"):
            assert of_checkout[name] == of_payment[name], name

    def _compare_webhooks(self) -> None:
        """The last event of each payment says how it stands, and no event says what its name does not."""
        for hook in self.sim.hooks:
            noun, _, name = hook.body["type"].partition(".")
            assert hook.body[noun]["status"].lower() == name
            assert hook.verdict("worldline").valid


@pytest.mark.uncounted
@pytest.mark.parametrize("seed", range(8))
async def test_objects_agree_whatever_happens(sim: Sim, worldline: Merchant, seed: int) -> None:
    await sim.settings("worldline", refund_approval="manual" if seed % 2 else "auto")

    await Life(sim, worldline, seed).live()
