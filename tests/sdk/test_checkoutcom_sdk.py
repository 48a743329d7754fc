"""The official Python client runs the whole surface: default keys, OAuth and previous keys; errors are its own exceptions."""

from __future__ import annotations

import hashlib
import hmac
from typing import Any

import pytest

pytest.importorskip("checkout_sdk", reason="checkout-sdk is not installed")

from checkout_sdk.balances.balances import BalancesQuery
from checkout_sdk.checkout_sdk import CheckoutSdk
from checkout_sdk.common.common import Address, CustomerRequest, Phone
from checkout_sdk.common.enums import Country, Currency
from checkout_sdk.customers.customers import CustomerRequest as StoredCustomer
from checkout_sdk.environment import Environment
from checkout_sdk.events.events import RetrieveEventsRequest
from checkout_sdk.exception import CheckoutApiException
from checkout_sdk.oauth_scopes import OAuthScopes
from checkout_sdk.payments.hosted.hosted_payments import HostedPaymentsSessionRequest
from checkout_sdk.payments.links.payments_links import PaymentLinkRequest
from checkout_sdk.payments.payment_apm import RequestAlipayPlusSource
from checkout_sdk.payments.payments import (
    CaptureRequest,
    OsType,
    PaymentRequest,
    PaymentRequestIdSource,
    PaymentsQueryFilter,
    PaymentType,
    ProcessingSettings,
    RefundRequest,
    ShippingDetails,
    TerminalType,
    VoidRequest,
)
from checkout_sdk.payments.payments_apm_previous import RequestAlipaySource
from checkout_sdk.payments.payments_previous import BillingInformation
from checkout_sdk.payments.payments_previous import PaymentRequest as PreviousPaymentRequest
from checkout_sdk.webhooks.webhooks import WebhookContentType, WebhookRequest
from checkout_sdk.workflows.workflows import (
    CreateWorkflowRequest,
    EventTypesRequest,
    EventWorkflowConditionRequest,
    ProcessingChannelWorkflowConditionRequest,
    ReflowByEventsRequest,
    ReflowBySubjectsRequest,
    UpdateWorkflowRequest,
    WebhookSignature,
    WebhookWorkflowActionRequest,
)

from sdk import readme
from sdk.conftest import World

# Without the legacy domain the client puts the merchant's own label before the host, which no loopback address has; the
# client itself warns of its module for risk whenever it is built.
pytestmark = [
    pytest.mark.filterwarnings("ignore:use_legacy_domain:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Risk endpoints:DeprecationWarning"),
]

KEY = "8V8x0dLK%AyD*DNS8JJr"
EVENTS = [
    "payment_pending",
    "payment_capture_pending",
    "payment_captured",
    "payment_refund_pending",
    "payment_refunded",
]


def environment(world: World) -> Environment:
    base = world.url + "/"
    return Environment(base, base + "connect/token", base, base, base, base, base, True)


def with_keys(world: World) -> Any:
    own = world.credentials("checkoutcom")
    builder = CheckoutSdk.builder().secret_key(own["secret_key"]).public_key(own["public_key"])
    return builder.environment(environment(world)).use_legacy_domain().build()


def with_oauth(world: World, *scopes: OAuthScopes) -> Any:
    own = world.credentials("checkoutcom")
    builder = CheckoutSdk.builder().oauth().client_credentials(own["client_id"], own["client_secret"])
    return builder.scopes(list(scopes)).environment(environment(world)).use_legacy_domain().build()


def with_previous_keys(world: World) -> Any:
    own = world.credentials("checkoutcom")
    builder = CheckoutSdk.builder().previous().secret_key(own["previous_secret_key"])
    return builder.public_key(own["previous_public_key"]).environment(environment(world)).build()


def order(world: World, **changes: Any) -> PaymentRequest:
    request = PaymentRequest()
    request.source = RequestAlipayPlusSource.request_alipay_plus_cn_source()
    request.amount, request.currency, request.reference = 1100, Currency.EUR, "ORD-5023-4E89"
    request.payment_type, request.capture = PaymentType.REGULAR, True
    request.processing = ProcessingSettings()
    request.processing.terminal_type, request.processing.os_type = TerminalType.APP, OsType.IOS
    request.success_url, request.failure_url = "https://example.com/success", "https://example.com/failure"
    request.customer = CustomerRequest()
    request.customer.email, request.customer.name = "john.smith@example.com", "John Smith"
    request.shipping = ShippingDetails()
    request.shipping.address = Address()
    request.shipping.address.country = Country.GB
    request.processing_channel_id = world.credentials("checkoutcom")["processing_channel_id"]
    for name, value in changes.items():
        setattr(request, name, value)
    return request


def test_the_lines_of_the_readme_make_a_client(world: World) -> None:
    key = world.credentials("checkoutcom")["secret_key"]
    names = {"Environment": Environment, "CheckoutSdk": CheckoutSdk}
    client = readme.python("Checkout.com", "Python checkout-sdk", world.url, key=key, **names)

    assert client.payments.request_payment(order(world)).status == "Pending"


def paid(world: World, api: Any, **changes: Any) -> Any:
    created = api.payments.request_payment(order(world, **changes))
    world.act("checkoutcom", created.id, "pay")
    world.advance("PT5S")
    return created


def test_a_payment_is_requested_read_and_refunded(world: World) -> None:
    api = with_keys(world)

    created = api.payments.request_payment(order(world), "idem-1")
    again = api.payments.request_payment(order(world), "idem-1")
    waiting = api.payments.get_payment_details(created.id)
    world.act("checkoutcom", created.id, "pay")
    world.advance("PT5S")
    details = api.payments.get_payment_details(created.id)
    refund = api.payments.refund_payment(created.id, refund_of(20), "idem-2")
    world.advance("PT5S")
    actions = api.payments.get_payment_actions(created.id)

    assert (created.http_metadata.status_code, created.status) == (202, "Pending")
    assert created._links.redirect.href.startswith(f"{world.url}/page/simulation-wallet/")
    assert again.id == created.id
    assert (waiting.approved, waiting.balances.total_captured) == (False, 0)
    assert (details.status, details.approved, details.balances.available_to_refund) == ("Captured", True, 1100)
    assert refund.http_metadata.status_code == 202
    assert [(a.type, a.amount, a.approved) for a in actions.items] == [("Refund", 20, True), ("Capture", 1100, True)]
    assert actions.items[0].id == refund.action_id
    assert api.payments.get_payment_details(created.id).status == "Partially Refunded"


def refund_of(amount: int) -> RefundRequest:
    request = RefundRequest()
    request.amount, request.reference = amount, "RF-1"
    return request


def test_payments_are_listed_by_reference_and_reversed(world: World) -> None:
    api = with_keys(world)
    created = paid(world, api, reference="LIST-1")
    query = PaymentsQueryFilter()
    query.reference, query.limit, query.skip = "LIST-1", 5, 0

    listed = api.payments.get_payments_list(query)
    reversed_ = api.payments.reverse_payment(created.id)
    world.advance("PT5S")

    assert (listed.total_count, listed.data[0].id) == (1, created.id)
    assert (reversed_.http_metadata.status_code, reversed_.action_type) == (202, "Refund")
    assert api.payments.get_payment_details(created.id).status == "Refunded"


def test_an_alipay_payment_is_neither_captured_nor_voided_by_itself(world: World) -> None:
    api = with_keys(world)
    created = paid(world, api)
    capture = CaptureRequest()
    capture.amount = 10

    for call in (
        lambda: api.payments.capture_payment(created.id, capture),
        lambda: api.payments.void_payment(created.id, VoidRequest()),
    ):
        with pytest.raises(CheckoutApiException) as refused:
            call()
        assert refused.value.http_metadata.status_code == 403
        assert refused.value.request_id == refused.value.http_metadata.headers["Cko-Request-Id"]


def test_errors_carry_type_codes_and_request_id(world: World) -> None:
    api = with_keys(world)

    with pytest.raises(CheckoutApiException) as missing:
        api.payments.request_payment(order(world, reference=None))
    with pytest.raises(CheckoutApiException) as several:
        api.payments.request_payment(order(world, amount=-1, currency="XXZ"))
    with pytest.raises(CheckoutApiException) as unknown:
        api.payments.get_payment_details("pay_" + "a" * 26)

    assert (missing.value.error_type, missing.value.error_details) == ("invalid_request", ["reference_invalid"])
    assert several.value.error_details == ["amount_invalid", "currency_invalid"]
    assert several.value.request_id == several.value.http_metadata.headers["Cko-Request-Id"]
    assert (unknown.value.http_metadata.status_code, unknown.value.error_details) == (404, None)
    assert unknown.value.request_id


def test_a_wrong_key_is_a_401_with_a_request_id(world: World) -> None:
    builder = CheckoutSdk.builder().secret_key("sk_sbox_" + "z" * 26 + "a")
    api = builder.environment(environment(world)).use_legacy_domain().build()

    with pytest.raises(CheckoutApiException) as refused:
        api.payments.get_payment_details("pay_x")

    assert (refused.value.http_metadata.status_code, bool(refused.value.request_id)) == (401, True)


def test_a_recurring_agreement_is_charged_again(world: World) -> None:
    api = with_keys(world)
    first = paid(world, api, payment_type=PaymentType.RECURRING)
    source = PaymentRequestIdSource()
    source.id = first.source.id

    follow_up = api.payments.request_payment(
        order(world, source=source, amount=44, payment_type=PaymentType.RECURRING, processing=None)
    )
    world.advance("PT5S")

    assert not hasattr(follow_up._links, "redirect")
    assert follow_up.source.type == "alipay_cn"
    assert api.payments.get_payment_details(follow_up.id).status == "Captured"


def test_customers_live_and_die(world: World) -> None:
    api = with_keys(world)
    request = StoredCustomer()
    request.email, request.name = "li.na@example.test", "Li Na"
    request.phone = Phone()
    request.phone.country_code, request.phone.number = "86", "13800138000"

    created = api.customers.create(request)
    found = api.customers.get(created.id)
    request.name = "Na Li"
    updated = api.customers.update(created.id, request)
    renamed = api.customers.get(created.id)
    deleted = api.customers.delete(created.id)

    assert (found.email, found.name, found.phone.number) == ("li.na@example.test", "Li Na", "13800138000")
    assert (created.http_metadata.status_code, updated.http_metadata.status_code) == (201, 204)
    assert (renamed.name, deleted.http_metadata.status_code) == ("Na Li", 204)
    with pytest.raises(CheckoutApiException):
        api.customers.get(created.id)


def webhook_action(url: str) -> WebhookWorkflowActionRequest:
    action = WebhookWorkflowActionRequest()
    action.url, action.headers = url, {"Authorization": "hook-token-1"}
    action.signature = WebhookSignature()
    action.signature.method, action.signature.key = "HMACSHA256", KEY
    return action


def event_condition() -> EventWorkflowConditionRequest:
    condition = EventWorkflowConditionRequest()
    condition.events = {"gateway": EVENTS}
    return condition


def new_workflow(world: World, inbox: str) -> CreateWorkflowRequest:
    request = CreateWorkflowRequest()
    request.name, request.active = "SDK", True
    request.conditions, request.actions = [event_condition()], [webhook_action(inbox)]
    return request


def test_workflows_are_configured_tested_and_reflowed(world: World) -> None:
    api = with_keys(world)
    inbox = f"/_sim/inbox/{world.workspace['id']}/sdk"
    flow = api.workflows.create_workflow(new_workflow(world, world.url + inbox)).id
    created = paid(world, api)
    world.control("POST", f"{world.path}/settle")
    events = api.workflows.get_subject_events(created.id).data
    event = api.workflows.get_event(events[0].id)
    invocations = api.workflows.get_action_invocations(events[0].id, event.action_invocations[0].workflow_action_id)

    by_events, by_subjects = ReflowByEventsRequest(), ReflowBySubjectsRequest()
    by_events.events, by_events.workflows = [events[0].id], [flow]
    by_subjects.subjects, by_subjects.workflows = [created.id], [flow]
    for answer in (
        api.workflows.reflow_by_event(events[0].id),
        api.workflows.reflow_by_event_and_workflow(events[0].id, flow),
        api.workflows.reflow_by_subject(created.id),
        api.workflows.reflow_by_subject_and_workflow(created.id, flow),
        api.workflows.reflow(by_events),
        api.workflows.reflow(by_subjects),
    ):
        assert answer.http_metadata.status_code == 202
    world.control("POST", f"{world.path}/settle")
    got = world.control("GET", f"{world.path}/inbox/sdk?limit=100")["data"]

    assert [e.type for e in events] == EVENTS[:3]
    assert (event.type, event.action_invocations[0].status) == ("payment_pending", "successful")
    assert invocations.action_invocations[0].result_details.status_code == 200
    assert len(got) == 3 + 1 + 1 + 3 + 3 + 1 + 3
    for hook in got:
        expected = hmac.new(KEY.encode(), hook["body"].encode(), hashlib.sha256).hexdigest()
        assert hook["headers"]["cko-signature"] == expected
        assert hook["signature"]["valid"]


def test_a_workflow_is_changed_piece_by_piece(world: World) -> None:
    api = with_keys(world)
    url = f"{world.url}/_sim/inbox/{world.workspace['id']}/sdk"
    flow = api.workflows.create_workflow(new_workflow(world, url)).id
    update = UpdateWorkflowRequest()
    update.name, update.active = "Renamed", True
    channel = ProcessingChannelWorkflowConditionRequest()
    channel.processing_channels = [world.credentials("checkoutcom")["processing_channel_id"]]
    types = EventTypesRequest()
    types.event_types = ["payment_captured"]

    changed = api.workflows.update_workflow(flow, update)
    action = api.workflows.add_workflow_action(flow, webhook_action(url + "-2"))
    condition = api.workflows.add_workflow_condition(flow, channel)
    api.workflows.update_workflow_action(flow, action.id, webhook_action(url + "-3"))
    api.workflows.update_workflow_condition(flow, condition.id, channel)
    tested = api.workflows.test_workflow(flow, types)
    full = api.workflows.get_workflow(flow)
    api.workflows.remove_workflow_action(flow, action.id)
    api.workflows.remove_workflow_condition(flow, condition.id)
    listed = api.workflows.get_workflows()
    removed = api.workflows.remove_workflow(flow)

    assert (changed.name, changed.active) == ("Renamed", True)
    assert tested.http_metadata.status_code == 204
    assert [a.url for a in full.actions] == [url, url + "-3"]
    assert [c.type for c in full.conditions] == ["event", "processing_channel"]
    assert [(w.id, w.name) for w in listed.data] == [(flow, "Renamed")]
    assert removed.http_metadata.status_code == 204
    assert [source.id for source in api.workflows.get_event_types().items] == ["gateway", "dispute", "report"]


def hosted(request: Any) -> Any:
    request.amount, request.currency, request.reference = 1100, Currency.EUR, "HOSTED-1"
    request.billing = BillingInformation()
    request.billing.address = Address()
    request.billing.address.country = Country.DE
    return request


def test_hosted_pages_and_links_are_created_and_read(world: World) -> None:
    api = with_keys(world)
    page = hosted(HostedPaymentsSessionRequest())
    page.success_url, page.cancel_url, page.failure_url = (f"https://shop.example/{n}" for n in ("ok", "no", "bad"))
    link = hosted(PaymentLinkRequest())
    link.expires_in, link.return_url = 600, "https://shop.example/back"

    made = api.hosted_payments.create_hosted_payments_page_session(page)
    offered = api.payments_links.create_payment_link(link)
    world.act("checkoutcom", made.id, "pay")
    world.act("checkoutcom", offered.id, "pay")
    world.advance("PT5S")

    assert made._links.redirect.href == f"{world.url}/page/{made.id}"
    assert offered._links.redirect.href == f"{world.url}/link/{offered.id}"
    details = api.hosted_payments.get_hosted_payments_page_details(made.id)
    assert (details.status, details.amount) == ("Payment Received", 1100)
    assert api.payments.get_payment_details(details.payment_id).status == "Captured"
    assert api.payments_links.get_payment_link(offered.id).status == "Payment Received"


def test_oauth_opens_what_its_scopes_say(world: World) -> None:
    api = with_oauth(world, OAuthScopes.GATEWAY, OAuthScopes.VAULT, OAuthScopes.FLOW, OAuthScopes.BALANCES_VIEW)
    narrow = with_oauth(world, OAuthScopes.FLOW_EVENTS)
    created = paid(world, api)
    query = BalancesQuery()
    query.query = "currency:EUR"
    entity = "ent_" + world.credentials("checkoutcom")["processing_channel_id"].removeprefix("pc_")

    balances = api.balances.retrieve_entity_balances(entity, query)

    assert api.payments.get_payment_details(created.id).status == "Captured"
    assert api.workflows.get_workflows().data == []
    assert (balances.data[0].balances.pending, balances.data[0].balances.available) == (1067, 0)
    with pytest.raises(CheckoutApiException) as refused:
        narrow.payments.get_payment_details(created.id)
    assert refused.value.http_metadata.status_code == 403


def test_the_previous_platform_pays_and_tells_by_its_own_webhooks(world: World) -> None:
    api = with_previous_keys(world)
    inbox = f"{world.url}/_sim/inbox/{world.workspace['id']}/previous"
    request = WebhookRequest()
    request.url, request.active, request.headers = inbox, True, {"Authorization": "1234"}
    request.content_type, request.event_types = WebhookContentType.JSON, ["payment_pending", "payment_captured"]

    none = api.webhooks.retrieve_webhooks()
    hook = api.webhooks.register_webhook(request)
    with pytest.raises(CheckoutApiException) as twice:
        api.webhooks.register_webhook(request)
    payment = PreviousPaymentRequest()
    payment.source, payment.amount, payment.currency = RequestAlipaySource(), 2000, Currency.USD
    created = api.payments.request_payment(payment)
    world.act("checkoutcom", created.id, "pay")
    world.advance("PT5S")
    query = RetrieveEventsRequest()
    query.payment_id = created.id
    events = api.events.retrieve_events(query)
    event = api.events.retrieve_event(events.data[0].id)
    told = api.events.retrieve_event_notification(event.id, event.notifications[0].id)
    one = api.events.retry_webhook(event.id, hook.id)
    every = api.events.retry_all_webhooks(event.id)
    refund = api.payments.refund_payment(created.id)
    world.advance("PT5S")
    got = world.control("GET", f"{world.path}/inbox/previous?limit=100")["data"]

    assert none.http_metadata.status_code == 204
    assert (hook.http_metadata.status_code, twice.value.http_metadata.status_code) == (201, 409)
    assert created.status == "Pending"
    assert (events.total_count, event.type) == (3, "payment_captured")
    assert (told.success, told.attempts[0].status_code) == (True, 200)
    assert [a.http_metadata.status_code for a in (one, every, refund)] == [202] * 3
    assert api.payments.get_payment_details(created.id).status == "Refunded"
    assert [h["signature"]["valid"] for h in got] == [True] * 4
    assert api.events.retrieve_all_event_types("2.0").items[0].version == "2.0"


def test_a_previous_webhook_is_replaced_patched_and_removed(world: World) -> None:
    api = with_previous_keys(world)
    request = WebhookRequest()
    request.url, request.active, request.headers = "http://127.0.0.1:9/abc", True, {}
    request.content_type, request.event_types = WebhookContentType.JSON, ["payment_pending"]
    hook = api.webhooks.register_webhook(request)
    patch = WebhookRequest()
    patch.active = False

    request.event_types = ["payment_captured"]
    replaced = api.webhooks.update_webhook(hook.id, request)
    patched = api.webhooks.patch_webhook(hook.id, patch)
    found = api.webhooks.retrieve_webhook(hook.id)
    removed = api.webhooks.remove_webhook(hook.id)

    assert replaced.event_types == ["payment_captured"]
    assert (patched.active, found.active, found.event_types) == (False, False, ["payment_captured"])
    assert removed.http_metadata.status_code == 200
