"""The official Python and Node clients, unmodified, make payment sessions and payment setups."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest

pytest.importorskip("checkout_sdk", reason="checkout-sdk is not installed")

from checkout_sdk.common.common import Address, Phone
from checkout_sdk.common.enums import Country, Currency
from checkout_sdk.exception import CheckoutApiException
from checkout_sdk.oauth_scopes import OAuthScopes
from checkout_sdk.payments.payments import PaymentType
from checkout_sdk.payments.sessions.sessions import (
    Item,
    PaymentMethodsType,
    PaymentSessionsRequest,
    PaymentSessionWithPaymentRequest,
    SessionBilling,
    SessionPaymentCustomerRequest,
    SubmitPaymentSessionRequest,
)
from checkout_sdk.payments.setups.setups import (
    AlipayCn,
    Customer,
    CustomerEmail,
    OsType,
    PaymentMethods,
    PaymentSetupsRequest,
    Settings,
    TerminalType,
)

from sdk import readme
from sdk.conftest import World
from sdk.languages import Node
from sdk.test_checkoutcom_sdk import with_keys, with_oauth

pytestmark = [
    pytest.mark.filterwarnings("ignore:use_legacy_domain:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Risk endpoints:DeprecationWarning"),
]

DATA = "sd_eyJ0eXBlIjoiYWxpcGF5X2NuIn0"
RETURNS = {"success_url": "https://example.com/ok?order=77", "failure_url": "https://example.com/ko?order=77"}


def filled(request: Any) -> Any:
    """A session of either kind, with the members that both have."""
    request.amount, request.currency, request.reference = 1100, Currency.CNY, "FLOW-1001"
    request.payment_type, request.capture = PaymentType.REGULAR, True
    request.success_url, request.failure_url = RETURNS.values()
    request.billing = SessionBilling()
    request.billing.address, request.billing.phone = Address(), Phone()
    request.billing.address.country = Country.CN
    request.billing.phone.country_code, request.billing.phone.number = "+86", "13632264148"
    request.customer = SessionPaymentCustomerRequest()
    request.customer.email, request.customer.name = "li.na@example.test", "Li Na"
    item = Item()
    item.name, item.quantity, item.unit_price = "Tea", 1, 1100
    request.items = [item]
    request.metadata = {"order": "77"}
    return request


def test_pythons_client_makes_submits_and_completes_sessions(world: World) -> None:
    client = with_keys(world).payment_sessions
    request = filled(PaymentSessionsRequest())
    request.locale, request.enabled_payment_methods = "en-GB", [PaymentMethodsType.ALIPAY_CN]

    session = client.create_payment_sessions(request)
    submission = SubmitPaymentSessionRequest()
    submission.session_data, submission.reference, submission.amount = DATA, "ORDER-77", 1100
    answer = client.submit_payment_session(session.id, submission)
    complete = filled(PaymentSessionWithPaymentRequest())
    complete.session_data = DATA
    completed = client.create_payment_session_with_payment(complete)

    token = json.loads(base64.b64decode(session.payment_session_token.partition(":")[2]))
    assert (token["id"], token["payment_methods"]) == (session.id, [{"type": "alipay_cn"}])
    assert session.payment_session_secret.startswith("pss_")
    assert session._links.self.href.endswith(f"/payment-sessions/{session.id}")
    assert (answer.http_metadata.status_code, answer.status, answer.type) == (202, "Action Required", "alipay_cn")
    assert (answer.action.type, answer.action.url.partition("?")[0]) == (
        "redirect",
        f"{world.url}/page/aplus-linker/acwallet/qrcode.html",
    )
    assert (completed.status, completed.payment_session_id[:3]) == ("Action Required", "ps_")
    world.act("checkoutcom", answer.id, "pay")
    world.advance("PT5S")
    paid = with_keys(world).payments.get_payment_details(answer.id)
    assert (paid.status, paid.reference) == ("Captured", "ORDER-77")
    assert paid.metadata.cko_payment_session_id == session.id
    for refused, codes in ((-1, ["amount_invalid"]), (None, ["session_data_invalid"])):
        with pytest.raises(CheckoutApiException) as error:
            if refused is not None:
                request.amount = refused
                client.create_payment_sessions(request)
            else:
                submission.session_data = "made-up"
                client.submit_payment_session(session.id, submission)
        assert error.value.error_details == codes


@pytest.mark.parametrize("reading", ["payment", "setup"])
def test_pythons_client_makes_updates_and_confirms_setups(world: World, reading: str) -> None:
    world.settings("checkoutcom", setups_confirm_response=reading)
    client = with_oauth(world, OAuthScopes.GATEWAY).setups if reading == "setup" else with_keys(world).setups
    request = PaymentSetupsRequest()
    request.amount, request.currency, request.reference = 1000, Currency.CNY, "SETUP-1"
    request.processing_channel_id = world.credentials("checkoutcom")["processing_channel_id"]
    request.customer = Customer()
    request.customer.name, request.customer.email = "Li Na", CustomerEmail()
    request.customer.email.address, request.customer.email.verified = "li.na@example.test", True
    request.payment_methods = PaymentMethods()
    request.payment_methods.alipay_cn = AlipayCn()
    request.payment_methods.alipay_cn.terminal_type = TerminalType.APP
    request.settings = Settings()
    request.settings.success_url, request.settings.failure_url = RETURNS.values()

    setup = client.create_payment_setup(request)
    request.payment_methods.alipay_cn.os_type = OsType.IOS
    updated = client.update_payment_setup(setup.id, request)
    confirmed = client.confirm_payment_setup(setup.id, "alipay_cn")
    read = client.get_payment_setup(setup.id)

    assert (setup.payment_methods.alipay_cn.status, setup.payment_methods.alipay_cn.flags) == (
        "action_required",
        ["os_type_required"],
    )
    assert (updated.payment_methods.alipay_cn.status, updated.customer.email.address) == ("ready", "li.na@example.test")
    assert "alipayconnectcode.html" in confirmed._links.redirect.href
    payment = confirmed if reading == "payment" else confirmed.latest_payment
    assert (payment.id, payment.status) == (read.latest_payment.id, "Pending")
    assert (confirmed.id == setup.id) == (reading == "setup")


SESSION: dict[str, Any] = {
    "amount": 1100,
    "currency": "CNY",
    "reference": "FLOW-1001",
    "billing": {"address": {"country": "CN"}},
    **RETURNS,
}
SETUP: dict[str, Any] = {
    "amount": 1000,
    "currency": "CNY",
    "payment_methods": {"alipay_cn": {"terminal_type": "web"}},
    "settings": RETURNS,
}


def test_nodes_client_makes_sessions_and_setups(world: World, node: Node) -> None:
    own = world.credentials("checkoutcom")
    lines = readme.lines("Checkout.com", "Node checkout-sdk-node", world.url)

    told = node.run(
        f"""
        const {{ Checkout }} = await import("checkout-sdk-node");
        {lines}
        """
        """
        const made = await client.paymentSessions.request(session);
        const submitted = await client.paymentSessions.submit(made.id, {session_data: data, amount: 1100});
        const completed = await client.paymentSessions.complete({...session, payment_method: {type: "alipay_hk"}});
        const unknown = await client.paymentSessions.submit("ps_unknown", {session_data: data}).catch(e => [e.name, e.body]);
        const refused = await client.paymentSessions.request({...session, amount: -1}).catch(e => [e.name, e.body]);
        const first = await client.paymentSetups.createAPaymentSetup(setup);
        const updated = await client.paymentSetups.updateAPaymentSetup(first.id, {...setup, reference: "SETUP-1"});
        const read = await client.paymentSetups.getAPaymentSetup(first.id);
        const confirmed = await client.paymentSetups.confirmAPaymentSetup(first.id, "alipay_cn");
        return {made, submitted, completed, unknown, refused, first, updated, read, confirmed};
        """,
        key=own["secret_key"],
        session=SESSION,
        setup=SETUP,
        data=DATA,
    )

    assert list(told["made"]) == ["id", "payment_session_token", "payment_session_secret", "_links"]
    assert (told["submitted"]["status"], told["submitted"]["type"]) == ("Action Required", "alipay_cn")
    assert (told["completed"]["type"], told["completed"]["payment_session_id"][:3]) == ("alipay_hk", "ps_")
    assert told["unknown"][1]["error_type"] == "resource_not_found"
    assert told["refused"][1]["error_codes"] == ["amount_invalid"]
    assert told["first"]["payment_methods"]["alipay_cn"]["status"] == "ready"
    assert told["read"] == told["updated"]
    assert told["read"]["reference"] == "SETUP-1"
    assert told["confirmed"]["_links"]["redirect"]["href"].startswith("http://localhost:")
