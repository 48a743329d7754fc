"""The documented examples, key by key and in order; ids, instants, codes and keys are masked with `#`."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from support import Sim

from providers.wooshpay.driver import SEED_APP, SEED_SESSION, SEED_WEB, Merchant

GOLDEN = Path(__file__).parent / "golden"
DOCUMENTS = Path(__file__).parents[4] / "shared" / "reference" / "specs" / "wooshpay"
EXAMPLES = [
    ("pi_create_web", "payment_intents", SEED_WEB),
    ("pi_create_app", "payment_intents", SEED_APP),
    ("checkout_session_create", "checkout/sessions", SEED_SESSION),
]
MASKS = [
    (r"\b(pi|pm|cs|li|price|prod|re|evt|cus|we|ch)_(test_)?\d{19}", r"\1_\2#"),
    (r"_secret_[0-9A-Za-z]{24}", "_secret_#"),
    (r"28166604009[0-9A-Za-z]{25}", "28166604009#"),
    (r'key=pk_(live|test)_[^"]*', r"key=pk_\1_#"),
]


def masked(value: Any) -> Any:
    """`#000` is an instant on the whole second, `#` an exact one."""
    if isinstance(value, dict):
        return {name: masked(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [masked(inner) for inner in value]
    if isinstance(value, str):
        for pattern, mask in MASKS:
            value = re.sub(pattern, mask, value)
        return value
    if isinstance(value, int) and not isinstance(value, bool) and value > 10**12:
        return "#000" if value % 1000 == 0 else "#"
    return value


@pytest.mark.parametrize(("name", "path", "request_body"), EXAMPLES)
async def test_the_seeds_answers_are_reproduced_to_the_byte_but_for_what_is_drawn(
    sim: Sim, live: Merchant, name: str, path: str, request_body: dict[str, Any]
) -> None:
    """With the live key and the original hosts; comparing the text compares the order of keys too."""
    await sim.settings("wooshpay", hosts="original")
    await sim.advance(milliseconds=587)

    answer = await live.made(path, request_body)

    assert json.dumps(masked(answer), indent=2) + "\n" == (GOLDEN / f"{name}.json").read_text("utf-8")


if DOCUMENTS.is_dir():  # they lie beside the repository; the golden files were made from them

    @pytest.mark.parametrize(("name", "path", "request_body"), EXAMPLES)
    async def test_the_golden_files_are_the_seeds_own_documents(
        name: str, path: str, request_body: dict[str, Any]
    ) -> None:
        response = json.loads((DOCUMENTS / f"seed.{name}.response.json").read_text("utf-8"))
        request = json.loads((DOCUMENTS / f"seed.{name}.request.json").read_text("utf-8"))

        assert json.dumps(masked(response), indent=2) + "\n" == (GOLDEN / f"{name}.json").read_text("utf-8")
        assert request == request_body


async def test_test_mode_links_stay_on_this_host_and_say_test(sim: Sim, wooshpay: Merchant) -> None:
    session = await wooshpay.session()
    intent = await wooshpay.pay_link()

    digits = session["id"].removeprefix("cs_")
    key = sim.credentials("wooshpay")["publishable_key"]
    assert session["url"] == f"http://sim.test/pay/cs_test_{digits}?key={key}"
    assert session["livemode"] is False
    url = intent["next_action"]["alipay_handle_redirect"]["url"]
    head, code = url.split("?codeValue=")
    assert head == "http://sim.test/api/open/v1/ac/cashier/self/codevalue/checkout.htm"
    assert re.fullmatch(r"28166604009[0-9A-Za-z]{25}", code)


async def test_an_unpaid_intent_shows_nothing_that_it_does_not_have(wooshpay: Merchant) -> None:
    """The manual's own example without `confirm`."""
    intent = await wooshpay.made(
        "payment_intents",
        {
            "amount": 1999,
            "currency": "cny",
            "merchant_order_id": "order-1001",
            "metadata": {"cart": "77"},
            "payment_method_types": ["alipay"],
        },
    )

    assert masked(intent) == {
        "id": "pi_#",
        "object": "payment_intent",
        "created": "#000",
        "currency": "CNY",
        "amount": 1999,
        "status": "requires_payment_method",
        "metadata": {"cart": "77"},
        "livemode": False,
        "merchant_order_id": "order-1001",
        "client_secret": "pi_#_secret_#",
        "payment_method_types": ["alipay"],
        "confirmation_method": "automatic",
        "capture_method": "automatic",
    }
    assert list(intent)[6:9] == ["metadata", "livemode", "merchant_order_id"]


async def test_a_canceled_intent_says_when_and_why(wooshpay: Merchant) -> None:
    intent = await wooshpay.pay_link(amount=500, payment_method_options=None)

    canceled = await wooshpay.made(
        f"payment_intents/{intent['id']}/cancel", {"cancellation_reason": "customer cancelled"}
    )

    assert list(masked(canceled).items()) == [
        ("id", "pi_#"),
        ("object", "payment_intent"),
        ("created", "#000"),
        ("currency", "CNY"),
        ("amount", 500),
        ("status", "canceled"),
        ("livemode", False),
        ("client_secret", "pi_#_secret_#"),
        ("payment_method_types", ["alipay"]),
        ("canceled_at", "#000"),
        ("cancellation_reason", "customer cancelled"),
        ("confirmation_method", "automatic"),
        ("return_url", "https://wooshpay.com"),
        ("payment_method", "pm_#"),
        ("capture_method", "automatic"),
    ]


async def test_a_customer_has_an_address_even_when_it_has_none(wooshpay: Merchant) -> None:
    customer = await wooshpay.made("customers", {"email": "test@shop.example"})

    assert list(masked(customer).items()) == [
        ("id", "cus_#"),
        ("object", "customer"),
        ("created", "#000"),
        ("livemode", False),
        ("address", {}),
        ("email", "test@shop.example"),
    ]


async def test_a_webhook_endpoint_answers_its_events_sorted(wooshpay: Merchant) -> None:
    wanted = ["payment_intent.succeeded", "charge.refund.updated", "payment_intent.canceled"]

    endpoint = await wooshpay.made(
        "webhook_endpoints", {"url": "https://shop.example/hooks", "description": "orders", "enabled_events": wanted}
    )

    assert re.fullmatch(r"whsec_[0-9A-Za-z]{32}", endpoint["secret"])
    assert list(masked(endpoint | {"secret": "whsec_#"}).items()) == [
        ("id", "we_#"),
        ("object", "webhook_endpoint"),
        ("created", "#000"),
        ("livemode", False),
        ("description", "orders"),
        ("secret", "whsec_#"),
        ("status", "enabled"),
        ("url", "https://shop.example/hooks"),
        ("enabled_events", ["charge.refund.updated", "payment_intent.canceled", "payment_intent.succeeded"]),
    ]


async def test_a_charge_tells_what_was_paid_and_given_back(wooshpay: Merchant) -> None:
    intent = await wooshpay.paid(amount=1999, metadata={"cart": "77"})
    await wooshpay.refund(intent["id"], amount=999)

    [charge] = (await wooshpay.read("charges", payment_intent=intent["id"]))["data"]

    assert list(masked(charge).items()) == [
        ("id", "ch_#"),
        ("object", "charge"),
        ("created", "#000"),
        ("livemode", False),
        ("amount", 1999),
        ("amount_captured", 1999),
        ("amount_refunded", 999),
        ("captured", True),
        ("currency", "CNY"),
        ("disputed", False),
        ("metadata", {"cart": "77"}),
        ("paid", True),
        ("payment_intent", "pi_#"),
        ("payment_method", "pm_#"),
        ("payment_method_details", {"type": "alipay", "alipay": {}}),
        ("refunded", False),
        ("status", "succeeded"),
    ]
    assert await wooshpay.read(f"charges/{charge['id']}") == charge
