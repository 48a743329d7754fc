"""Recurring agreements: issued with the 202, usable after the first capture, charged without the shopper."""

from __future__ import annotations

from support import Sim

from providers.checkoutcom.driver import FOLLOW_UP, RECURRING, Merchant


def follow_up(source: str, **changes: object) -> dict[str, object]:
    return FOLLOW_UP | {"source": {"type": "id", "id": source}} | changes


async def test_an_agreement_is_not_usable_before_its_first_payment_is_captured(sim: Sim, cko: Merchant) -> None:
    created = await cko.request(RECURRING)
    source = created["source"]["id"]

    assert await cko.refused(follow_up(source)) == ("request_invalid", ["source_id_invalid"])
    await cko.pay(created["id"])

    assert (await cko.request(follow_up(source)))["source"]["id"] == source


async def test_an_unknown_malformed_or_missing_source_has_a_code_each(cko: Merchant) -> None:
    for source, code in (
        ({"type": "id", "id": "src_bbbbbbbbbbbbbbbbbbbbbbbbbe"}, "source_id_unknown"),
        ({"type": "id", "id": "src_short"}, "source_id_invalid"),
        ({"type": "id"}, "source_id_required"),
        ({"type": "customer"}, "source_id_or_email_required"),
        ({"type": "customer", "id": "cus_aaaaaaaaaaaaaaaaaaaaaaaaaa"}, "customer_not_found"),
    ):
        assert await cko.refused(FOLLOW_UP | {"source": source}) == ("request_invalid", [code])


async def test_a_customer_as_source_is_charged_by_their_agreement(sim: Sim, cko: Merchant) -> None:
    source = await cko.agreement()

    created = await cko.request(FOLLOW_UP | {"source": {"type": "customer", "email": "john.smith@example.com"}})
    await sim.advance(seconds=5)

    assert created["source"] == {"id": source, "type": "alipay_cn"}
    assert await cko.status(created["id"]) == "Captured"


async def test_the_default_that_a_customer_shows_is_the_agreement_that_is_charged(sim: Sim, cko: Merchant) -> None:
    """While the merchant has chosen none it is the first usable one (inferred); a cancelled one never is."""
    cancelled = await cko.request(RECURRING)
    await sim.act("checkoutcom", cancelled["id"], "cancel")
    first, second = await cko.agreement(), await cko.agreement()
    by_customer = FOLLOW_UP | {"source": {"type": "customer", "email": "john.smith@example.com"}}

    shown = (await cko.get("/customers/john.smith@example.com")).json()
    charged = await cko.request(by_customer)
    await cko.send("PATCH", f"/customers/{shown['id']}", {"default": second})
    chosen = (await cko.get(f"/customers/{shown['id']}")).json()
    charged_then = await cko.request(by_customer)

    assert shown["default"] == charged["source"]["id"] == first
    assert chosen["default"] == charged_then["source"]["id"] == second


async def test_a_test_amount_declines_a_follow_up_without_a_page(sim: Sim, cko: Merchant) -> None:
    source = await cko.agreement()
    sim.hooks.clear()

    created = await cko.request(follow_up(source, amount=1051))
    await sim.advance(seconds=5)

    assert await cko.status(created["id"]) == "Declined"
    assert cko.heard() == ["payment_pending", "payment_declined"]
    assert sim.hooks[1].body["data"]["response_code"] == "20051"
    assert sim.hooks[1].body["data"]["source"] == {"id": source, "type": "alipay_cn"}


async def test_a_deleted_agreement_is_unknown_afterwards(cko: Merchant) -> None:
    source = await cko.agreement()
    shown = (await cko.get(f"/instruments/{source}")).json()

    deleted = await cko.send("DELETE", f"/instruments/{source}")

    assert (shown["id"], shown["type"], shown["customer"]["email"]) == (source, "alipay_cn", "john.smith@example.com")
    assert (deleted.status_code, deleted.content) == (204, b"")
    assert (await cko.get(f"/instruments/{source}")).status_code == 404
    assert await cko.refused(follow_up(source)) == ("request_invalid", ["source_id_unknown"])


async def test_an_agreement_cancelled_between_request_and_charge_declines_with_20120(sim: Sim, cko: Merchant) -> None:
    source = await cko.agreement()
    created = await cko.request(follow_up(source))
    await cko.send("DELETE", f"/instruments/{source}")

    await sim.advance(seconds=5)

    [action] = await cko.actions(created["id"])
    assert (await cko.status(created["id"]), action["response_code"]) == ("Declined", "20120")


async def test_the_console_may_decide_a_follow_up_before_the_clock_does(sim: Sim, cko: Merchant) -> None:
    source = await cko.agreement()
    created = await cko.request(follow_up(source))
    await sim.settle()
    sim.hooks.clear()

    declined = await sim.act("checkoutcom", created["id"], "decline", reason="limit")
    await sim.advance(seconds=5)

    assert (declined["phase"], declined["decided_by"]) == ("declined", "console")
    assert cko.heard() == ["payment_declined"]


async def test_lower_case_recurring_is_echoed_in_the_canonical_case(cko: Merchant) -> None:
    created = await cko.request(RECURRING | {"payment_type": "recurring"})

    assert (await cko.payment(created["id"]))["payment_type"] == "Recurring"
    assert "source" in created
