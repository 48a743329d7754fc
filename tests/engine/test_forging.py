"""Forged webhooks at the toy: what is changed, what is not, and what cannot be forged."""

from __future__ import annotations

import base64
import re
from dataclasses import replace
from datetime import timedelta
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from support import Sim
from toy.acme import ACME
from toy.sealed import SEALED

from engine.merchant import Merchant
from simulator.engine.forging import Forging, another_amount, another_currency, another_id, noise
from simulator.engine.webhook_bodies import CannotForge, said_in
from simulator.kernel.retry import RetryPolicy

TABLE = Forging(
    headers={"Acme-Signature": "t=(?P<time>[0-9]+),v1=(?P<signature>[0-9a-f]+)"},
    amounts=("sum.amount", "total"),
    currencies=("sum.currency",),
    accounts=("merchant",),
    account_headers=("Acme-Merchant",),
)
BODY = b'{"sum":{"amount":1000,"currency":"EUR"},"total":"1000","merchant":"merch_1a","is_paid":true}'
HEADERS = {"acme-signature": "t=1700000000,v1=0f", "acme-merchant": "m1", "content-type": "application/json"}


def test_an_amount_is_changed_wherever_the_body_has_it() -> None:
    assert TABLE.before("amount", BODY) == BODY.replace(b"1000", b"500")


def test_a_currency_becomes_another_one() -> None:
    assert TABLE.before("currency", BODY) == BODY.replace(b"EUR", b"USD")


def test_another_merchant_has_ids_of_the_same_kind_in_the_body_and_in_the_headers() -> None:
    body = TABLE.before("other_account", BODY)
    headers, _ = TABLE.after("other_account", HEADERS, body, timedelta(seconds=1))

    assert re.search(rb'"merchant":"merch_[02-9][b-f]"', body)
    assert re.fullmatch("[g-ln-z][02-9]", headers["acme-merchant"])
    assert headers["acme-signature"] == HEADERS["acme-signature"]


def test_what_stands_in_a_list_is_changed_at_its_place() -> None:
    """Counted from 0. A place that the list does not have, and a member where a list stands, are passed over."""
    table = Forging(
        member="items.0.signature", amounts=("items.1.sum.amount", "items.2.sum.amount", "items.sum.amount")
    )
    body = b'{"items":[{"signature":"0f"},{"sum":{"amount":1000}}]}'

    assert table.before("amount", body) == body.replace(b"1000", b"500")
    assert table.after("unsigned", {}, body, timedelta(0)) == ({}, body.replace(b'"signature":"0f"', b""))
    assert not replace(table, amounts=("items.2.sum.amount", "items.sum.amount")).suits("amount", body)


def test_a_time_is_changed_under_the_old_signature() -> None:
    headers, body = TABLE.after("timestamp", HEADERS, BODY, timedelta(minutes=10))

    assert headers == {**HEADERS, "acme-signature": "t=1700000600,v1=0f"}
    assert body == BODY


def test_a_changed_body_has_one_other_member() -> None:
    headers, body = TABLE.after("body", HEADERS, TABLE.before("body", BODY), timedelta(seconds=1))

    assert (headers, body) == (HEADERS, BODY.replace(b"1000", b"500", 1))


@pytest.mark.parametrize("way", ["amount", "currency", "body", "other_account"])
@pytest.mark.parametrize(
    "body", [b"amount=1000", b"[1000]", b'{"sum":null,"merchant":null}', b'{"sum":{"amount":true}}']
)
def test_what_a_body_does_not_say_cannot_be_forged(way: Any, body: bytes) -> None:
    assert not TABLE.suits(way, body)
    with pytest.raises(CannotForge):
        TABLE.before(way, body)


@pytest.mark.parametrize(
    ("body", "said"),
    [
        (b'{"id":1}', {"id": 1}),
        (b"id=tr_1&note=a+b%26c&empty=", {"id": "tr_1", "note": "a b&c", "empty": ""}),
        (b"<id>1</id>", None),
        (b"\xff", None),
    ],
)
def test_what_a_body_says_is_its_json_or_its_fields(body: bytes, said: Any) -> None:
    assert said_in(body) == said


FORM = b"merchant=merch_1a&total=10.00&note=a+b%26c&seal=0f"


def test_in_a_form_fields_are_changed_where_they_stand_and_nothing_else() -> None:
    table = Forging(member="seal", amounts=("total",), accounts=("merchant",))

    assert table.before("amount", FORM) == FORM.replace(b"10.00", b"5.00")
    assert re.fullmatch(
        rb"merchant=merch_[02-9][b-f]&total=10.00&note=a\+b%26c&seal=0f", table.before("other_account", FORM)
    )
    assert table.after("unsigned", {}, FORM, timedelta(0))[1] == FORM.removesuffix(b"&seal=0f")
    assert table.after("body", {}, FORM, timedelta(0))[1] == FORM.replace(b"10.00", b"5.00")
    assert re.fullmatch(rb".*&seal=[1-9][a-e]", table.after("signature", {}, FORM, timedelta(0))[1])


@pytest.mark.parametrize(
    ("body", "changed"),
    [
        (b"id=tr_1a", rb"id=tr_[02-9][b-f]"),
        (b"id=tr_1a&seal=0f", rb"id=tr_[02-9][b-f]&seal=0f"),
        (b"name=%E9%BE%99&id=1", rb"name=%E9%BE%99&id=[02-9]"),
        (b"id=1&empty=", rb"id=[02-9]&empty="),
        (b'{"seal":"0f","is":true,"sum":{"items":[7]}}', rb'\{"seal":"0f","is":true,"sum":\{"items":\[8\]\}\}'),
        (b"<id>tr_17</id>", rb"<id>tr_1[0-689]</id>"),
        (b"\xffab", rb"\xffa[ac-f]"),
    ],
)
def test_a_body_without_amounts_and_ids_has_another_value_and_stays_what_it_is(body: bytes, changed: bytes) -> None:
    table = Forging(headers={"acme-signature": "(?P<signature>.+)"}, member="seal")

    assert table.suits("body", body)
    assert re.fullmatch(changed, table.after("body", {"acme-signature": "0f"}, body, timedelta(0))[1])


@pytest.mark.parametrize("body", [b"", b"{}", b"[true]", b"\xff", b"seal=0f", b"empty="])
def test_in_a_body_that_says_nothing_nothing_is_changed(body: bytes) -> None:
    assert not Forging(headers={"acme-signature": "(?P<signature>.+)"}, member="seal").suits("body", body)


@pytest.mark.parametrize("way", ["signature", "secret", "timestamp", "unsigned", "body", "other_account"])
def test_where_no_signature_was_made_none_can_be_forged(way: Any) -> None:
    with pytest.raises(CannotForge, match="this endpoint gets no signature"):
        TABLE.after(way, {"content-type": "application/json"}, BODY, timedelta(seconds=1))


@given(st.text(alphabet=st.characters(codec="ascii", categories=["L", "N"]), min_size=1))
def test_noise_has_the_form_of_what_it_replaces_and_is_never_equal(text: str) -> None:
    made = noise(text)

    assert made != text and len(made) == len(text)
    assert [c.isdigit() for c in made] == [c.isdigit() for c in text]
    assert [c in "abcdef" for c in made] == [c in "abcdef" for c in text]
    assert [c.isupper() for c in made] == [c.isupper() for c in text]
    assert noise(text) == made


@given(st.binary(min_size=20, max_size=64))
def test_noise_of_base64_is_base64(raw: bytes) -> None:
    made = noise(base64.b64encode(raw).decode())

    assert base64.b64encode(base64.b64decode(made, validate=True)).decode() == made


@given(st.integers(min_value=0))
def test_another_amount_is_another_amount(amount: int) -> None:
    assert another_amount(amount) not in (amount, 0)
    assert another_amount(str(amount)) == str(another_amount(amount))


@pytest.mark.parametrize(("own", "other"), [("EUR", "USD"), ("USD", "EUR"), ("usd", "eur"), ("cny", "usd")])
def test_a_currency_is_written_as_the_provider_writes_it(own: str, other: str) -> None:
    assert another_currency(own) == other


def test_an_id_keeps_what_says_its_kind() -> None:
    assert str(another_id("whsec_0a")).startswith("whsec_")
    assert str(another_id("sk_test_0a")).startswith("sk_test_")
    assert another_id(201) == 202


# On their way ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", ["signature", "secret", "body", "unsigned"])
async def test_a_signature_in_the_body_is_forged_there(way: str) -> None:
    async with Sim(providers=[SEALED]) as sim:
        await sim.receive_webhooks("acme")
        await sim.arm([{"webhooks": {"forge": way}}])
        await Merchant(sim).paid()

        forged, true = sim.hooks

    assert ("seal" in forged.body) == (way != "unsigned")
    assert not forged.verdict("acme").valid
    assert true.verdict("acme").valid
    if way != "body":
        assert {n: v for n, v in forged.body.items() if n != "seal"} == {
            n: v for n, v in true.body.items() if n != "seal"
        }


async def test_a_forged_webhook_that_was_refused_holds_back_nothing_in_an_endpoints_one_queue() -> None:
    policy = RetryPolicy((timedelta(minutes=1),), queue="endpoint")
    async with Sim(providers=[replace(ACME, webhooks=replace(ACME.webhooks, retry=policy))]) as sim:
        await sim.receive_webhooks("acme")
        await sim.arm([{"webhooks": {"forge": "signature"}}])
        answers = iter([httpx.Response(401), httpx.Response(200)])
        sim.answer = lambda request: next(answers)

        await Merchant(sim).paid()

        states = [row["state"] for row in (await sim.http.get(f"{sim.path}/webhooks")).json()["data"]]
        assert states == ["failed", "delivered"]


async def test_what_cannot_be_forged_at_this_endpoint_says_so_in_its_attempt() -> None:
    """Acme signs, but nothing to this endpoint."""
    silent = replace(ACME, webhooks=replace(ACME.webhooks, sign=lambda sending: {"content-type": "application/json"}))
    async with Sim(providers=[silent]) as sim:
        await sim.receive_webhooks("acme")
        await sim.arm([{"webhooks": {"forge": "secret"}}])
        await Merchant(sim).paid()

        [forged, true] = (await sim.http.get(f"{sim.path}/webhooks")).json()["data"]

    assert (forged["state"], true["state"]) == ("failed", "delivered")
    assert forged["attempts"][0]["error"] == "it cannot be forged so: this endpoint gets no signature"


async def test_a_kept_event_has_no_forged_one_beside_it(sim: Sim) -> None:
    await sim.arm([{"webhooks": {"forge": "secret"}}])
    await Merchant(sim).paid()

    [kept] = (await sim.http.get(f"{sim.path}/webhooks")).json()["data"]

    assert (kept["state"], kept["adversarial"]) == ("kept", False)


async def test_a_scenario_for_one_provider_is_held_against_its_scheme_alone(sim: Sim) -> None:
    body = {"rules": [{"webhooks": {"forge": "currency"}}], "scope": {"provider": "acme"}}

    refused = await sim.http.put(f"{sim.path}/scenario", json=body)

    error = refused.json()["error"]
    assert (refused.status_code, error["code"]) == (422, "invalid_scenario")
    assert error["message"] == (
        "body: rules.0.webhooks.forge: currency cannot be shown: Acme: its webhooks tell no currency"
    )
    assert error["allowed"] == ["signature", "secret", "body", "amount", "unsigned", "other_account"]


@pytest.mark.parametrize(
    ("amount", "other"),
    [
        ("10.00", "5.00"),
        ("0.01", "0.02"),
        ("0.50", "0.25"),
        ("7.5", "3.7"),
        ("1.100", "0.550"),
        ("10", "5"),
        ("0", "1"),
    ],
)
def test_an_amount_with_decimals_is_another_of_the_same_form(amount: str, other: str) -> None:
    assert another_amount(amount) == other
