"""An order that is decided: who comes too late, what is refunded, how buyers are written."""

from __future__ import annotations

from typing import Any

import pytest
from support import Sim

from simulator.kernel.money import Money
from simulator.kernel.refusals import IllegalTransition
from simulator.wallet import alipay
from wallet.conftest import Wallet
from wallet.test_orders import outcome

# Once decided ----------------------------------------------------------------------------------------------------


async def test_the_first_act_wins(wallet: Wallet) -> None:
    code = await wallet.order()
    wallet.do(alipay.cancel, code)
    before = wallet.look(code)

    for late in (alipay.confirm, alipay.approve, alipay.decline, alipay.cancel, alipay.expire):
        with pytest.raises(IllegalTransition):
            wallet.do(late, code)

    assert wallet.look(code) == before
    assert wallet.bill(code).heard == ("wallet.cancelled",)


async def test_a_scan_is_told_once_and_changes_nothing_later(wallet: Wallet) -> None:
    code = await wallet.order()

    wallet.do(alipay.scan, code, "li-na")
    scanned = wallet.do(alipay.scan, code, "wang-wei")
    shown = wallet.do(alipay.show_qr_code, code)

    assert (scanned.state, scanned.scanned_by) == ("scanned", "li-na")
    assert (shown.state, shown.scanned_by) == ("open", None)
    assert wallet.bill(code).heard == ("wallet.scanned",)


async def test_a_merchants_own_end_is_told_to_nobody(wallet: Wallet, sim: Sim) -> None:
    code = await wallet.order()

    with sim.app.runtime.unit(sim.workspace, provider="acme", topic="test") as uow:
        alipay.close(uow, code, "cancelled")

    assert outcome(wallet.look(code)) == ("cancelled", "cancelled", "api")
    assert wallet.bill(code).heard == ()


# Refunds ---------------------------------------------------------------------------------------------------------


async def test_a_refund_goes_to_the_buyers_balance_and_never_above_what_was_paid(wallet: Wallet, sim: Sim) -> None:
    code = await wallet.order()
    wallet.do(alipay.confirm, code, "li-na")

    for euros in (400, 600, 400):
        with sim.app.runtime.unit(sim.workspace, provider="acme", topic="test") as uow:
            alipay.refund(uow, code, Money(euros, "EUR"))

    buyer = wallet.buyer("li-na")
    assert buyer.balance == 800_000
    assert [(what, fen) for _, what, _, fen in buyer.ledger] == [
        ("paid by balance", -8603),
        ("refunded", 3128),
        ("refunded", 4693),
        ("refunded", 782),
    ]


async def test_an_unpaid_order_gives_nothing_back(wallet: Wallet, sim: Sim) -> None:
    code = await wallet.order()

    with sim.app.runtime.unit(sim.workspace, provider="acme", topic="test") as uow:
        alipay.refund(uow, code, Money(400, "EUR"))

    assert wallet.buyer("li-na").balance == 800_000


@pytest.mark.parametrize("parts", [(367, 367, 366), (1, 1, 1, 1097), (333, 333, 434)])
async def test_who_gets_everything_back_in_parts_has_what_they_had(
    wallet: Wallet, sim: Sim, parts: tuple[int, ...]
) -> None:
    code = await wallet.order()
    wallet.do(alipay.confirm, code, "li-na")

    for cents in parts:
        with sim.app.runtime.unit(sim.workspace, provider="acme", topic="test") as uow:
            alipay.refund(uow, code, Money(cents, "EUR"))

    assert wallet.buyer("li-na").balance == 800_000


async def test_a_refund_of_a_card_payment_makes_nobody_richer(wallet: Wallet, sim: Sim) -> None:
    code = await wallet.order()
    wallet.do(alipay.confirm, code, "li-na", method="card")

    with sim.app.runtime.unit(sim.workspace, provider="acme", topic="test") as uow:
        alipay.refund(uow, code, Money(1100, "EUR"))

    buyer = wallet.buyer("li-na")
    assert buyer.balance == 800_000
    assert [(what, fen) for _, what, _, fen in buyer.ledger] == [("paid by card", -8603), ("refunded to card", 8603)]


# Buyers as they are written ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "slug, members",
    [
        ("a;b", {}),
        ("李", {}),
        ("a%0Ab", {}),
        ("x" * 65, {}),
        ("anna", {"name_en": ""}),
        ("anna", {"name_zh": " \n "}),
        ("anna", {"payment_code": "12345"}),
        ("anna", {"sign_in": {"password": ""}}),
        ("anna", {"delay_s": 10**12}),
        ("anna", {"balance": 10**18}),
    ],
)
async def test_a_buyer_whom_no_page_could_serve_is_refused(wallet: Wallet, slug: str, members: dict[str, Any]) -> None:
    answer = await wallet.sim.http.put(f"{wallet.sim.path}/buyers/{slug}", json=members)

    assert answer.status_code == 422, answer.text
    assert answer.json()["error"]["field"].split(".")[0] == next(iter(members), "slug")


async def test_a_buyer_can_be_copied(wallet: Wallet) -> None:
    sim = wallet.sim
    [zhao] = [b for b in (await sim.http.get(f"{sim.path}/buyers")).json()["data"] if b["slug"] == "zhao-lei"]
    members = {name: value for name, value in zhao.items() if name not in ("slug", "ledger")}

    copied = (await sim.http.put(f"{sim.path}/buyers/zhao-2", json=members)).raise_for_status().json()

    assert copied == zhao | {"slug": "zhao-2"}
