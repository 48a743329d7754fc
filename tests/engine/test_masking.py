"""The journal is shown to people and pasted into tickets: what opens a door is not in it, whatever the case of its name."""

from __future__ import annotations

import pytest
from support import Sim

from engine.merchant import Merchant
from simulator.engine.journal import BODY_LIMIT, mask_body, mask_headers


@pytest.mark.parametrize("name", ["Authorization", "authorization", "Proxy-Authorization", "PROXY-AUTHORIZATION"])
async def test_a_secret_header_is_masked(sim: Sim, acme: Merchant, name: str) -> None:
    await acme.create("order-1", **{name: "0123456789abcdef"})

    [entry] = await sim.requests()
    kept = {header.lower(): value for header, value in entry["request"]["headers"].items()}
    assert kept[name.lower()] == "…cdef"


async def test_a_masked_value_keeps_its_scheme_and_a_short_one_nothing_else(sim: Sim, acme: Merchant) -> None:
    """Nine characters show their last four; of eight none is shown."""
    for secret in ("Bearer 123456789", "Bearer 12345678"):
        await acme.create("order-1", authorization=secret)

    shown = [entry["request"]["headers"]["authorization"] for entry in await sim.requests()]
    assert sorted(shown) == ["Bearer …", "Bearer …6789"]


@pytest.mark.parametrize("name", ["Cookie", "cookie"])
async def test_each_cookie_is_masked_wherever_it_stands(sim: Sim, acme: Merchant, name: str) -> None:
    """A browser sends the console's admin token to the pages of the same host as well."""
    await acme.create("order-1", **{name: "psp_simulator_token=0123456789abcdef; lang=zh; flag"})

    [entry] = await sim.requests()
    assert entry["request"]["headers"]["cookie"] == "psp_simulator_token=…cdef; lang=…; flag"


def test_a_cookie_that_is_set_is_masked_and_other_headers_are_not() -> None:
    kept = mask_headers({"Set-Cookie": "session=0123456789abcdef; Secure", "x-other": "session=0123456789abcdef"})

    assert kept == {"Set-Cookie": "session=…cdef; Secure", "x-other": "session=0123456789abcdef"}


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ('{"client_secret": "0123456789abcdef", "id": 7}', '{"client_secret": "…cdef", "id": 7}'),
        ('{"card":{"cvv":"123","cvc": 4567}}', '{"card":{"cvv":"…","cvc": "…"}}'),
        (r'{"password": "a\"b and what follows", "x": "y"}', '{"password": "…lows", "x": "y"}'),
        ("grant_type=x&client_secret=0123456789abcdef&scope=y", "grant_type=x&client_secret=…cdef&scope=y"),
        ("password=short", "password=…"),
        ('{"secret_key": "cut off at the li', '{"secret_key": "…e li"'),
        ('{"the_password": "open", "note": "no secret_key=1 here"}',) * 2,
    ],
)
def test_a_secret_member_of_a_body_is_masked_in_json_and_in_a_form(sent: str, shown: str) -> None:
    assert mask_body(sent) == shown


@pytest.mark.parametrize(
    ("sent", "shown"),
    [
        ("4111111111111111", "************1111"),
        ("4111 1111 1111 1111", "***************1111"),
        ("5555555555554444", "************4444"),
        ("5454545454545454", "************5454"),
        ("378282246310005", "***********0005"),
        ("6011000990139424", "************9424"),
        ("9999999999999995", "************9995"),
        ("4111111111111112", "4111111111111112"),  # not Luhn-valid
        ("5555555555554454", "5555555555554454"),
        ("411111111116", "411111111116"),  # Luhn-valid, and too short for a card
        ("4222222222222", "*********2222"),
        ("6304000000000000000", "***************0000"),
        ("41111111111111110000", "41111111111111110000"),  # twenty digits are no card
        ("0.4111111111111111", "0.4111111111111111"),
    ],
)
def test_a_card_number_keeps_its_last_four_digits_and_other_numbers_all(sent: str, shown: str) -> None:
    assert mask_body(f'{{"number": "{sent}"}}') == f'{{"number": "{shown}"}}'


async def test_what_is_shown_of_a_request_is_masked_in_both_directions(sim: Sim, acme: Merchant) -> None:
    await acme.post("", {"amount": 1000, "currency": "EUR", "reference": "4111111111111111", "password": "p" * 9})

    [entry] = await sim.requests()
    assert "4111111111111111" not in str(entry)
    assert "************1111" in entry["request"]["body"]
    assert '"password":"…pppp"' in entry["request"]["body"]


async def test_a_long_body_is_kept_up_to_its_limit(sim: Sim, acme: Merchant) -> None:
    await acme.post("", {"reference": "x" * BODY_LIMIT})

    [entry] = await sim.requests()
    assert len(entry["request"]["body"]) == BODY_LIMIT
