"""Signatures: vectors as data, made with the official SDKs, and what the official SDKs sign otherwise."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from support import Sim

from providers.ecommpay.driver import PAGE, Merchant
from providers.ecommpay.driver import sign as second
from simulator.providers.ecommpay import signing

FILE = json.loads((Path(__file__).parent / "signature_vectors.json").read_text("utf-8"))
VECTORS = FILE["vectors"]


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_a_vector_is_reproduced_line_by_line(vector: dict[str, Any]) -> None:
    secret, message = vector.get("secret", FILE["secret"]), vector["params"]

    assert signing.lines(message) == vector["lines"]
    assert signing.sign(secret, message) == vector["signature"]
    assert signing.verify(secret, message, vector["signature"])
    assert second(secret, message) == vector["signature"]


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["name"] for vector in VECTORS])
def test_a_changed_character_is_noticed(vector: dict[str, Any]) -> None:
    secret, signature = vector.get("secret", FILE["secret"]), vector["signature"]
    changed = ("A" if signature[0] != "A" else "B") + signature[1:]

    assert len(signature) == 88
    assert not signing.verify(secret, vector["params"], changed)
    assert not signing.verify(secret + "x", vector["params"], signature)


def test_there_are_27_vectors() -> None:
    assert len(VECTORS) == 27


TWELVE = {"items": [f"v{n}" for n in range(12)]}
ORDERS = {
    # Who signs so: the message and its lines. Source: docs/providers/ecommpay.md, source 2.3.
    "natural": (TWELVE, [f"items:{n}:v{n}" for n in range(12)]),
    "Python": (TWELVE, [f"items:{n}:v{n}" for n in (0, 1, 10, 11, 2, 3, 4, 5, 6, 7, 8, 9)]),
    "Go and Java": (TWELVE, [f"items:{n}:v{n}" for n in (0, 10, 11, 1, 2, 3, 4, 5, 6, 7, 8, 9)]),
    "JavaScript": ({"a": {"x": 1}, "a1": 2}, ["a:x:1", "a1:2"]),
    "PHP": ({"a": {"x": 1}, "a1": 2}, ["a1:2", "a:x:1"]),
    ".NET": ({"redirect": 1, "redirect_fail_url": "u"}, ["redirect_fail_url:u", "redirect:1"]),
    "documentation": ({"redirect": 1, "redirect_fail_url": "u"}, ["redirect:1", "redirect_fail_url:u"]),
    "Python null": ({"a": None, "b": 1}, ["a:None", "b:1"]),
    "null": ({"a": None, "b": 1}, ["a:", "b:1"]),
    "PHP float": ({"a": 1.0}, ["a:1"]),
    "Python float": ({"a": 1.0}, ["a:1.0"]),
    "Go float": ({"a": 1.75}, ["a:1"]),
    "colon in a name": ({"a:b": 1}, ["a::b:1"]),
    "Python colon in a name": ({"a:b": 1}, ["a:b:1"]),
}


@pytest.mark.parametrize("who", ORDERS)
def test_what_an_official_sdk_signs_is_accepted(who: str) -> None:
    message, lines = ORDERS[who]

    assert signing.verify("secret", message, signing.digest("secret", ";".join(lines)))


def test_an_order_that_nobody_signs_is_refused() -> None:
    lines = [f"items:{n}:v{n}" for n in reversed(range(12))]

    assert not signing.verify("secret", TWELVE, signing.digest("secret", ";".join(lines)))


def test_empty_objects_and_arrays_leave_no_line() -> None:
    assert signing.lines({"a": {}, "b": [], "c": {"d": [{}]}, "e": ""}) == ["e:"]


def test_a_deep_message_is_no_trouble() -> None:
    """How deep at most, and what else is bounded: `test_bounds`."""
    deep: Any = "bottom"
    for _ in range(signing.MAX_DEPTH):
        deep = {"a": deep}

    [line] = signing.lines(deep)

    assert line.endswith(":bottom") and line.count("a") == signing.MAX_DEPTH


def test_long_runs_of_digits_are_compared_as_numbers() -> None:
    """As many as Python would refuse to read as one number."""
    small, large = "9" * 5000, "1" + "0" * 5000

    assert signing.lines({large: "b", small: "a", "007": "c"}) == ["007:c", f"{small}:a", f"{large}:b"]


@pytest.mark.parametrize(("sent", "signed"), [("true", "1"), ("True", "1"), ("1", "1"), ("False", "0"), ("false", "0")])
def test_payment_page_accepts_booleans_as_the_sdks_send_them(sent: str, signed: str) -> None:
    signature = second("secret", {"close_on_missclick": signed, "project_id": "1"})

    assert signing.verify_page("secret", {"close_on_missclick": sent, "project_id": "1"}, signature)


@pytest.mark.parametrize(
    "extra", [{"frame_mode": "popup"}, {"_plugin_version": "5"}, {"lang": "zh"}, {"theme": "dark"}]
)
async def test_what_is_added_after_signing_is_not_signed(ecommpay: Merchant, sim: Sim, extra: dict[str, str]) -> None:
    parameters = ecommpay.page()

    answer = await sim.http.get("/payment", params={**parameters, **extra})

    assert answer.status_code == 200


async def test_an_unknown_parameter_is_signed(ecommpay: Merchant, sim: Sim) -> None:
    good = await sim.http.get("/payment", params=ecommpay.page(of_my_own="x"))
    bad = await sim.http.get("/payment", params={**ecommpay.page(), "of_my_own": "x"})

    assert (good.status_code, bad.status_code) == (200, 400)


def test_the_seeds_page_parameters_have_the_documented_signature() -> None:
    parameters = {"project_id": "120", **{name: str(value) for name, value in PAGE.items()}}

    assert signing.sign(FILE["secret"], parameters) == (
        "nm9KRNi6Z5wPTNg+LHZdQ/0WpnbRZpLotmWK+0Kn1uQZ4EDnh8T69Ia6RouyEk6PwKf0qrCMxGm4fV3/KnFrXg=="
    )


async def test_a_url_built_by_the_python_sdk_opens_the_page(sim: Sim) -> None:
    """Vector V7, byte for byte: `+` for a space, a nested URL, Chinese."""
    url = (
        "/payment?project_id=120&interface_type=%7B%22id%22%3A+24%7D&payment_id=580-b&payment_amount=40000"
        "&payment_currency=CNY&customer_id=customer1&language_code=zh&force_payment_method=alipay"
        "&payment_description=%E7%94%B5%E8%84%91%E9%94%AE%E7%9B%98+%26+%E9%BC%A0%E6%A0%87"
        "&redirect_success_url=https%3A%2F%2Fshop.example%2Fdone%3Forder%3D580%26ok%3D1"
        "&best_before=2030-01-31T10%3A15%3A30%2B08%3A00"
        "&signature=GJ5pDEohc4ymWfChUlngzEA7xH4ljhszPQgrwaRU%2B3LCSJvUS4cC8wVD5Pi3IqGI9bprwDwvn7r3Q74LfhZ81w%3D%3D"
    )

    answer = await sim.http.get(url)

    assert answer.status_code == 200
    assert "电脑键盘 &amp; 鼠标" in answer.text
