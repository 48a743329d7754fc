"""What the live API would treat otherwise, or the simulator leaves undone, is noticed; a strict server refuses it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from support import Sim

from providers.wooshpay.driver import SEED_APP, SEED_SESSION, SEED_WEB, Merchant, error

INTENT, SESSION, ENDPOINT = "payment_intents", "checkout/sessions", "webhook_endpoints"
HOOK = {"url": "https://shop.example/hooks", "enabled_events": ["payment_intent.succeeded"]}
NO_TYPE = {"alipay": {"client_ip": "192.168.0.1", "os_type": "IOS"}}


@pytest.fixture
async def strict() -> AsyncIterator[Merchant]:
    async with Sim(strict=True) as sim:
        yield await Merchant(sim).listening()


def without(body: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name not in names}


@pytest.mark.parametrize(
    ("path", "body"),
    [(INTENT, SEED_WEB), (INTENT, SEED_APP), (SESSION, SEED_SESSION), (ENDPOINT, HOOK)],
    ids=["web", "app", "session", "endpoint"],
)
async def test_what_the_provider_shows_passes_without_a_word(
    wooshpay: Merchant, strict: Merchant, path: str, body: dict[str, Any]
) -> None:
    """Its page on Alipay sends `billing_scheme: testscheme`, and its answer says that WooshPay does not care."""
    answers = [await merchant.post(path, body) for merchant in (wooshpay, strict)]

    assert [(answer.status_code, answer.headers.get("simulator-notice")) for answer in answers] == [(200, None)] * 2


# What has no effect --------------------------------------------------------------------------------------------

WITHOUT_EFFECT = [
    (INTENT, {"receipt_email": "li.na@shop.example"}, "receipt_email", "no mail is sent"),
    (INTENT, {"statement_descriptor": "TEA"}, "statement_descriptor", "shown nowhere"),
    (INTENT, {"statement_descriptor_suffix": "TEA"}, "statement_descriptor_suffix", "shown nowhere"),
    (INTENT, {"confirmation_method": "manual"}, "confirmation_method", "may confirm either way"),
    (INTENT, {"off-session": True}, "off-session", "charged at once anyway"),
    (INTENT, {"off_session": "true"}, "off_session", "charged at once anyway"),
    (INTENT, {"quantity": 2}, "quantity", "as WooshPay says too"),
    (INTENT, {"setup_future_usage": "on_session"}, "setup_future_usage", "only for off_session"),
    (INTENT, {"payment_method_data": {"type": "alipay", "card": {"number": "4111111111111111"}}},
     "payment_method_data[card]", "mock wallet"),
    (SESSION, {"customer_email": "li.na@shop.example"}, "customer_email", "asks for no address"),
    (SESSION, {"billing_address_collection": "required"}, "billing_address_collection", "asks for no address"),
    (SESSION, {"shipping_address_collection": {"allowed_countries": ["CN"]}}, "shipping_address_collection", "asks for no address"),
    (SESSION, {"payment_method_options": {"alipay": {"terminal_type": "APP"}}}, "payment_method_options[alipay][terminal_type]",
     "the shopper's device decides"),
    (SESSION, {"payment_intent_data": {"setup_future_usage": "on_session"}}, "payment_intent_data[setup_future_usage]",
     "only for off_session"),
    (ENDPOINT, {"api_version": "1.0.1"}, "api_version", "the version of the account"),
    ("payment_methods", {"type": "card", "card": {"number": "4111111111111111"}}, "card", "mock wallet"),
]  # fmt: skip
BASES = {INTENT: SEED_WEB, SESSION: SEED_SESSION, ENDPOINT: HOOK, "payment_methods": {}}


@pytest.mark.uncounted
@pytest.mark.parametrize(("path", "sent", "param", "why"), WITHOUT_EFFECT, ids=lambda value: str(value)[:40])
async def test_a_member_without_effect_is_noticed(
    wooshpay: Merchant, strict: Merchant, path: str, sent: dict[str, Any], param: str, why: str
) -> None:
    answer, refused = [await merchant.post(path, BASES[path] | sent) for merchant in (wooshpay, strict)]

    said = answer.headers["simulator-notice"]
    assert (answer.status_code, f"{param} " in said, why in said) == (200, True, True)
    assert (refused.status_code, *error(refused)[2:]) == (400, "parameter_invalid", param)


@pytest.mark.parametrize(
    ("path", "sent"),
    [
        (INTENT, {"confirmation_method": "automatic"}),
        (SESSION, {"billing_address_collection": "auto"}),
        (SESSION, {"line_items": [SEED_SESSION["line_items"][0] | {"quantity": 2}]}),
    ],
)
async def test_what_asks_for_what_happens_anyway_passes(strict: Merchant, path: str, sent: dict[str, Any]) -> None:
    answer = await strict.post(path, BASES[path] | sent)

    assert (answer.status_code, "simulator-notice" in answer.headers) == (200, False)


async def test_a_members_effect_does_not_hang_on_a_word_of_no_effect(wooshpay: Merchant) -> None:
    """An update that says nothing of effect is none, even while the shopper is in the wallet."""
    intent = await wooshpay.pay_link()

    answer = await wooshpay.post(f"{INTENT}/{intent['id']}", {"quantity": 3, "off_session": True})

    assert (answer.status_code, answer.json()) == (200, intent)


# What is missing -----------------------------------------------------------------------------------------------

MISSING = [
    (INTENT, without(SEED_WEB, "return_url"), "return_url"),
    (INTENT, without(SEED_WEB, "payment_method_options"), "payment_method_options[alipay][terminal_type]"),
    (INTENT, SEED_WEB | {"payment_method_options": NO_TYPE}, "payment_method_options[alipay][terminal_type]"),
    (INTENT, SEED_WEB | {"setup_future_usage": "off_session"}, "customer"),
    (SESSION, without(SEED_SESSION, "mode"), "mode"),
    (SESSION, without(SEED_SESSION, "cancel_url"), "cancel_url"),
    (SESSION, without(SEED_SESSION, "payment_method_types"), "payment_method_types"),
    (SESSION, SEED_SESSION | {"payment_intent_data": {"setup_future_usage": "off_session"}}, "customer"),
]


@pytest.mark.parametrize(("path", "body", "param"), MISSING)
async def test_a_member_that_the_provider_sends_itself_is_missed(
    wooshpay: Merchant, strict: Merchant, path: str, body: dict[str, Any], param: str
) -> None:
    answer, refused = [await merchant.post(path, body) for merchant in (wooshpay, strict)]

    assert answer.status_code == 200
    assert f"{param}: " in answer.headers["simulator-notice"]
    assert (refused.status_code, *error(refused)[2:]) == (400, "parameter_missing", param)
    assert (await strict.read("payment_intents"))["data"] == []


async def test_the_terminals_type_is_missed_where_a_payment_is_confirmed_later(wooshpay: Merchant) -> None:
    intent = await wooshpay.made(INTENT, without(SEED_WEB, "confirm", "payment_method_options"))

    late = await wooshpay.post(f"{INTENT}/{intent['id']}/confirm")
    card = await wooshpay.post(
        INTENT, SEED_WEB | {"payment_method_data": {"type": "card"}, "payment_method_types": ["card"]}
    )

    assert "payment_method_options[alipay][terminal_type]" in late.headers["simulator-notice"]
    assert "simulator-notice" not in card.headers


# What never comes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["payout.canceled", "payment_intent.suceeded", "checkout.session.*"])
async def test_an_event_that_never_comes_is_noticed(wooshpay: Merchant, strict: Merchant, name: str) -> None:
    body = HOOK | {"enabled_events": ["payment_intent.succeeded", name]}

    answer, refused = [await merchant.post(ENDPOINT, body) for merchant in (wooshpay, strict)]
    changed = await wooshpay.post(f"{ENDPOINT}/{answer.json()['id']}", {"enabled_events": [name]})

    for told in (answer, changed):
        assert told.headers["simulator-notice"] == f"enabled_events that the simulator never sends: {name}"
    assert changed.json()["enabled_events"] == [name]
    assert error(refused)[2:] == ("parameter_invalid", "enabled_events")


async def test_a_notice_of_events_stays_short_and_in_one_line(wooshpay: Merchant) -> None:
    names = [f"event.{number:03}" for number in range(60)] + ["a\r\nb: c", "x" * 4000]

    answer = await wooshpay.post(ENDPOINT, HOOK | {"enabled_events": names})

    said = answer.headers["simulator-notice"]
    assert said.endswith("event.007, event.008 and 52 more")
    assert "b: c" not in said and len(said) < 1000


# What two objects say ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("call", ["", "/confirm"])
@pytest.mark.parametrize("changes", [{"customer": "other"}, {"payment_method_types": ["alipay", "card"]}])
async def test_a_sessions_own_intent_takes_no_other_owner_or_methods(
    wooshpay: Merchant, call: str, changes: dict[str, Any]
) -> None:
    """What the session says too. A confirmation takes no customer at all, and notices one."""
    customers = [(await wooshpay.made("customers", {"name": name}))["id"] for name in "ab"]
    session = await wooshpay.session(customer=customers[0])
    sent = {"customer": customers[1]} if "customer" in changes else changes
    body = sent | {"payment_method_data": {"type": "alipay"}}

    answer = await wooshpay.post(f"payment_intents/{session['payment_intent']}{call}", body)

    [name] = sent
    intent = await wooshpay.intent(session["payment_intent"])
    assert (intent["customer"], intent["payment_method_types"]) == (customers[0], ["alipay"])
    if (name, call) == ("customer", "/confirm"):
        assert "members that the simulator does not read: customer" in answer.headers["simulator-notice"]
    else:
        assert error(answer)[2:] == ("parameter_invalid", name)


async def test_what_a_session_was_told_of_the_shoppers_device_stays(sim: Sim, wooshpay: Merchant) -> None:
    """The page adds the terminal's type, and forgets nothing."""
    given = {"alipay": {"client_ip": "192.168.0.1", "os_type": "IOS"}}
    session = await wooshpay.session(payment_method_options=given)

    await sim.http.post(session["url"], data={"method": "alipay"})

    intent = await wooshpay.intent(session["payment_intent"])
    assert list(intent["payment_method_options"]["alipay"].items()) == [
        ("terminal_type", "WEB"),
        ("os_type", "IOS"),
        ("client_ip", "192.168.0.1"),
    ]


async def test_a_customer_that_is_updated_with_a_method_owns_it(wooshpay: Merchant) -> None:
    customer = (await wooshpay.made("customers", {"name": "Li Na"}))["id"]
    method = await wooshpay.made("payment_methods", {"type": "alipay"})

    await wooshpay.made(f"customers/{customer}", {"payment_method": method["id"]})
    unknown = await wooshpay.refused(f"customers/{customer}", {"payment_method": "pm_1"})

    assert (await wooshpay.read(f"customers/{customer}/payment_methods"))["data"] == [method | {"customer": customer}]
    assert unknown[2:] == ("resource_missing", "payment_method")


@pytest.mark.parametrize("secret", ["pi_1_secret_x", "x"])
async def test_a_wrong_client_secret_is_wrong_with_any_key(wooshpay: Merchant, secret: str) -> None:
    intent = await wooshpay.pay_link()

    read = await wooshpay.get(f"payment_intents/{intent['id']}", client_secret=secret)
    confirmed = await wooshpay.post(f"payment_intents/{intent['id']}/confirm", {"client_secret": secret})
    right = await wooshpay.get(f"payment_intents/{intent['id']}", client_secret=intent["client_secret"])

    for answer in (read, confirmed):
        assert (answer.status_code, *error(answer)[2:]) == (404, "resource_missing", "client_secret")
    assert right.json() == intent
