"""The official Python client runs the whole surface, its webhook helper included; errors arrive as its own exceptions."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest

pytest.importorskip("worldline.connect.sdk", reason="connect-sdk-python3 is not installed")

from worldline.connect.sdk.call_context import CallContext
from worldline.connect.sdk.communication.not_found_exception import NotFoundException
from worldline.connect.sdk.communication.request_header import RequestHeader
from worldline.connect.sdk.communicator_configuration import CommunicatorConfiguration
from worldline.connect.sdk.factory import Factory
from worldline.connect.sdk.v1.api_exception import ApiException
from worldline.connect.sdk.v1.authorization_exception import AuthorizationException
from worldline.connect.sdk.v1.declined_payment_exception import DeclinedPaymentException
from worldline.connect.sdk.v1.declined_refund_exception import DeclinedRefundException
from worldline.connect.sdk.v1.domain.approve_refund_request import ApproveRefundRequest
from worldline.connect.sdk.v1.domain.create_hosted_checkout_request import CreateHostedCheckoutRequest
from worldline.connect.sdk.v1.domain.create_payment_request import CreatePaymentRequest
from worldline.connect.sdk.v1.domain.refund_request import RefundRequest
from worldline.connect.sdk.v1.domain.session_request import SessionRequest
from worldline.connect.sdk.v1.idempotence_exception import IdempotenceException
from worldline.connect.sdk.v1.merchant.payments.find_payments_params import FindPaymentsParams
from worldline.connect.sdk.v1.merchant.payments.get_payment_params import GetPaymentParams
from worldline.connect.sdk.v1.merchant.productgroups.find_productgroups_params import FindProductgroupsParams
from worldline.connect.sdk.v1.merchant.products.directory_params import DirectoryParams
from worldline.connect.sdk.v1.merchant.products.find_products_params import FindProductsParams
from worldline.connect.sdk.v1.merchant.products.get_product_params import GetProductParams
from worldline.connect.sdk.v1.merchant.refunds.find_refunds_params import FindRefundsParams
from worldline.connect.sdk.v1.merchant.services.convert_amount_params import ConvertAmountParams
from worldline.connect.sdk.v1.platform_exception import PlatformException
from worldline.connect.sdk.v1.reference_exception import ReferenceException
from worldline.connect.sdk.v1.validation_exception import ValidationException
from worldline.connect.sdk.v1.webhooks.webhooks_helper import WebhooksHelper
from worldline.connect.sdk.webhooks.in_memory_secret_key_store import InMemorySecretKeyStore
from worldline.connect.sdk.webhooks.signature_validation_exception import SignatureValidationException

from sdk import readme
from sdk.conftest import World

ORDER = {
    "amountOfMoney": {"amount": 2500, "currencyCode": "CNY"},
    "customer": {"merchantCustomerId": "cust-19", "billingAddress": {"countryCode": "CN"}},
    "references": {"merchantReference": "AP order/77", "descriptor": "Paper lantern"},
}
REDIRECT = {"paymentProductId": 861, "redirectionData": {"returnUrl": "https://shop.example.org/back?cart=7"}}


def client_of(world: World, **changes: Any) -> Any:
    own = world.credentials("worldline")
    given = {"api_key_id": own["api_key_id"], "secret_api_key": own["secret_api_key"], **changes}
    configuration = CommunicatorConfiguration(
        api_endpoint=world.url,
        authorization_type="v1HMAC",
        connect_timeout=5,
        socket_timeout=30,
        max_connections=2,
        integrator="LanternShop",
        **given,
    )
    return Factory.create_client_from_configuration(configuration)


@pytest.fixture
def merchant(world: World) -> Iterator[Any]:
    with client_of(world) as client:
        yield client.v1().merchant(world.credentials("worldline")["merchant_id"])


def payment_request(**order: Any) -> CreatePaymentRequest:
    body = {"order": {**ORDER, **order}, "redirectPaymentMethodSpecificInput": REDIRECT}
    request = CreatePaymentRequest()
    request.from_dictionary(body)
    return request


def refund_request(amount: int, currency: str = "CNY") -> RefundRequest:
    request = RefundRequest()
    request.from_dictionary({"amountOfMoney": {"amount": amount, "currencyCode": currency}})
    return request


def paid(world: World, merchant: Any) -> str:
    id_: str = merchant.payments().create(payment_request()).payment.id
    world.act("worldline", id_, "pay")
    world.advance("P2D")
    return id_


def test_the_lines_of_the_readme_make_a_client(world: World) -> None:
    own = world.credentials("worldline")
    credentials = {"id": own["api_key_id"], "secret": own["secret_api_key"]}
    names = {"CommunicatorConfiguration": CommunicatorConfiguration, "Factory": Factory}

    with readme.python("Worldline", "Python connect-sdk-python3", world.url, **credentials, **names) as client:
        assert client.v1().merchant(own["merchant_id"]).services().testconnection().result == "OK"


def test_the_connection_is_tested(merchant: Any) -> None:
    assert merchant.services().testconnection().result == "OK"


def test_a_payment_from_redirected_to_paid(world: World, merchant: Any) -> None:
    created = merchant.payments().create(payment_request())
    id_ = created.payment.id

    world.act("worldline", id_, "pay")
    captured = merchant.payments().get(id_, GetPaymentParams())
    world.advance("P2D")
    params = GetPaymentParams()
    params.return_operations = True
    final = merchant.payments().get(id_, params)

    assert created.merchant_action.action_type == "REDIRECT"
    assert created.merchant_action.redirect_data.redirect_url.startswith(world.url + "/mock/alipay/cashier?token=")
    assert created.merchant_action.redirect_data.returnmac
    assert created.creation_output.external_reference == "AP order/77"
    output = captured.status_output
    assert (captured.status, output.status_code, output.is_refundable) == ("CAPTURED", 800, False)
    assert (final.status, final.payment_output.amount_paid, final.status_output.is_refundable) == ("PAID", 2500, True)


def test_payments_are_found_by_a_reference_with_a_blank_and_a_slash(merchant: Any) -> None:
    """The client signs the query percent-encoded."""
    created = merchant.payments().create(payment_request())
    params = FindPaymentsParams()
    params.merchant_reference = "AP order/77"

    found = merchant.payments().find(params)

    assert (found.total_count, found.limit, found.offset) == (1, 10, 0)
    assert found.payments[0].id == created.payment.id


def test_a_waiting_payment_is_cancelled_and_not_twice(merchant: Any) -> None:
    id_ = merchant.payments().create(payment_request()).payment.id

    cancelled = merchant.payments().cancel(id_)
    with pytest.raises(ApiException) as again:
        merchant.payments().cancel(id_)

    assert (cancelled.payment.status, cancelled.payment.status_output.status_code) == ("CANCELLED", 99999)
    assert type(again.value) is ApiException
    assert (again.value.status_code, again.value.errors[0].code) == (402, "410110")


def test_what_alipay_cannot_do_is_refused_in_the_recorded_words(world: World, merchant: Any) -> None:
    from worldline.connect.sdk.v1.domain.approve_payment_request import ApprovePaymentRequest
    from worldline.connect.sdk.v1.domain.capture_payment_request import CapturePaymentRequest

    id_ = paid(world, merchant)

    for call in (
        lambda: merchant.payments().approve(id_, ApprovePaymentRequest()),
        lambda: merchant.payments().capture(id_, CapturePaymentRequest()),
        lambda: merchant.payments().cancelapproval(id_),
        lambda: merchant.payments().processchallenged(id_),
    ):
        with pytest.raises(ApiException) as refused:
            call()
        [error] = refused.value.errors
        assert (refused.value.status_code, error.code, error.message) == (402, "410110", "UNKNOWN ORDER OR NOT PENDING")


def test_captures_and_the_third_party_status(world: World, merchant: Any) -> None:
    id_ = merchant.payments().create(payment_request()).payment.id
    before = merchant.payments().third_party_status(id_).third_party_status
    none = merchant.payments().captures(id_).captures
    world.act("worldline", id_, "pay")

    [capture] = merchant.payments().captures(id_).captures
    alone = merchant.captures().get(capture.id)

    assert (before, merchant.payments().third_party_status(id_).third_party_status) == ("WAITING", "COMPLETED")
    assert none == []
    assert alone.capture_output.amount_of_money.amount == 2500
    assert alone.status_output.status_code == 800


def test_refunds_from_requested_to_refunded(world: World, merchant: Any) -> None:
    id_ = paid(world, merchant)

    part = merchant.payments().refund(id_, refund_request(900))
    world.advance("PT1H")
    done = merchant.refunds().get(part.id)
    rest = merchant.payments().refund(id_, RefundRequest())

    assert part.id == f"{id_[:20]}000-100001"
    assert (part.status, part.status_output.status_category) == ("REFUND_REQUESTED", "PENDING_CONNECT_OR_3RD_PARTY")
    output = done.refund_output.e_wallet_refund_method_specific_output
    assert (done.status, output.total_amount_paid, output.total_amount_refunded) == ("REFUNDED", 2500, 900)
    assert rest.refund_output.amount_of_money.amount == 1600
    assert [refund.id for refund in merchant.payments().refunds(id_).refunds] == [part.id, rest.id]


def test_refunds_wait_for_approval_when_the_account_says_so(world: World, merchant: Any) -> None:
    world.settings("worldline", refund_approval="manual")
    id_ = paid(world, merchant)
    refund = merchant.payments().refund(id_, refund_request(900))
    approval = ApproveRefundRequest()
    approval.amount = 800

    merchant.refunds().approve(refund.id, approval)
    approved = merchant.refunds().get(refund.id)
    merchant.refunds().cancelapproval(refund.id)
    waiting = merchant.refunds().get(refund.id)
    answer = merchant.refunds().cancel(refund.id)

    assert refund.status == "PENDING_APPROVAL"
    assert (approved.status, approved.refund_output.amount_of_money.amount) == ("REFUND_REQUESTED", 800)
    assert waiting.status == "PENDING_APPROVAL"
    assert answer is None
    assert merchant.refunds().get(refund.id).status == "CANCELLED"
    params = FindRefundsParams()
    params.merchant_order_id = 1
    assert merchant.refunds().find(params).total_count == 0


def hosted_request(**hosted: Any) -> CreateHostedCheckoutRequest:
    request = CreateHostedCheckoutRequest()
    specific = {"locale": "en_GB", "variant": "138", "returnUrl": "https://shop.example.org/back", **hosted}
    request.from_dictionary({"order": ORDER, "hostedCheckoutSpecificInput": specific})
    return request


def test_a_hosted_checkout_is_made_paid_and_read(world: World, merchant: Any) -> None:
    created = merchant.hostedcheckouts().create(hosted_request())
    before = merchant.hostedcheckouts().get(created.hosted_checkout_id)
    world.act("worldline", created.hosted_checkout_id, "pay")

    after = merchant.hostedcheckouts().get(created.hosted_checkout_id)

    assert created.partial_redirect_url.startswith(world.url.removeprefix("http://") + "/checkout/")
    assert (before.status, before.created_payment_output) == ("IN_PROGRESS", None)
    assert (after.status, after.created_payment_output.payment_status_category) == ("PAYMENT_CREATED", "SUCCESSFUL")
    payment = after.created_payment_output.payment
    assert payment.hosted_checkout_specific_output.hosted_checkout_id == created.hosted_checkout_id
    assert payment.hosted_checkout_specific_output.variant == "138"
    with pytest.raises(ReferenceException) as busy:
        merchant.hostedcheckouts().delete(created.hosted_checkout_id)
    assert busy.value.status_code == 409


def test_a_deleted_hosted_checkout_is_gone(merchant: Any) -> None:
    created = merchant.hostedcheckouts().create(hosted_request())

    merchant.hostedcheckouts().delete(created.hosted_checkout_id)

    with pytest.raises(ReferenceException) as gone:
        merchant.hostedcheckouts().get(created.hosted_checkout_id)
    assert (gone.value.status_code, gone.value.errors[0].property_name) == (404, "hostedCheckoutId")


def test_products_sessions_services(world: World, merchant: Any) -> None:
    find, get = FindProductsParams(), GetProductParams()
    groups, directory, convert = FindProductgroupsParams(), DirectoryParams(), ConvertAmountParams()
    for params in (find, get, groups, directory):
        params.country_code, params.currency_code = "CN", "CNY"
    convert.source, convert.target, convert.amount = "EUR", "CNY", 1000

    listed = merchant.products().find(find).payment_products
    alipay = merchant.products().get(861, get)
    session = merchant.sessions().create(SessionRequest())

    assert [(product.id, product.display_hints.label) for product in listed] == [(861, "Alipay"), (866, "Alipay+")]
    assert (alipay.min_amount, alipay.max_amount, alipay.uses_redirection_to3rd_party) == (100, 30000000, True)
    assert merchant.productgroups().find(groups).payment_product_groups == []
    assert merchant.services().convert_amount(convert).converted_amount == 7821
    assert (session.region, session.client_api_url) == ("EU", world.url + "/client")
    with pytest.raises(ReferenceException) as none:
        merchant.products().directory(861, directory)
    assert none.value.errors[0].code == "210390"


def test_webhooks_pass_the_official_helper(world: World, merchant: Any) -> None:
    read = world.receive_webhooks("worldline")
    id_ = paid(world, merchant)
    merchant.payments().refund(id_, refund_request(900))
    own = world.credentials("worldline")
    keys = InMemorySecretKeyStore.instance()
    keys.store_secret_key(own["webhooks_key_id"], own["webhooks_secret"])
    from worldline.connect.sdk.v1.webhooks.v1_webhooks_factory import V1WebhooksFactory

    helper: WebhooksHelper = V1WebhooksFactory().create_helper(keys)

    received = read()
    events = [
        helper.unmarshal(
            one["body"].encode(),
            [
                RequestHeader("X-GCS-Signature", one["headers"]["x-gcs-signature"]),
                RequestHeader("X-GCS-KeyId", one["headers"]["x-gcs-keyid"]),
            ],
        )
        for one in received
    ]

    assert [event.type for event in events] == [
        "payment.created",
        "payment.redirected",
        "payment.captured",
        "payment.paid",
        "refund.created",
        "refund.refund_requested",
    ]
    assert events[2].payment.id == id_
    assert events[2].merchant_id == own["merchant_id"]
    assert events[-1].refund.refund_output.amount_of_money.amount == 900
    headers = [
        RequestHeader("X-GCS-Signature", received[0]["headers"]["x-gcs-signature"]),
        RequestHeader("X-GCS-KeyId", own["webhooks_key_id"]),
    ]
    with pytest.raises(SignatureValidationException):
        helper.unmarshal(received[1]["body"].encode(), headers)


# Exceptions ----------------------------------------------------------------------------------------------------


def test_a_refusal_at_creation_is_a_declined_payment(merchant: Any) -> None:
    with pytest.raises(DeclinedPaymentException) as declined:
        merchant.payments().create(
            payment_request(amountOfMoney={"amount": 430330, "currencyCode": "CNY"}), CallContext("decline-1")
        )

    result = declined.value.create_payment_result
    assert (declined.value.status_code, declined.value.errors[0].code) == (402, "430330")
    assert (result.payment.status, result.payment.status_output.status_code) == ("REJECTED", 100)
    assert result.creation_output.additional_reference == "AP order/77"
    found = merchant.payments().get(result.payment.id, GetPaymentParams())
    assert found.status_output.errors[0].code == "430330"


def test_a_refused_refund_is_a_declined_refund(world: World, merchant: Any) -> None:
    id_ = paid(world, merchant)
    world.arm({"when": {"operation": "refund"}, "bank": {"decline": "declined"}})

    with pytest.raises(DeclinedRefundException) as declined:
        merchant.payments().refund(id_, refund_request(100))

    result = declined.value.refund_result
    assert (declined.value.status_code, result.status, result.status_output.status_code) == (402, "REJECTED", 100)
    assert merchant.payments().get(id_, GetPaymentParams()).status_output.is_refundable is True


def test_a_refund_before_the_funds_have_come_is_a_validation_exception(world: World, merchant: Any) -> None:
    id_ = merchant.payments().create(payment_request()).payment.id
    world.act("worldline", id_, "pay")

    with pytest.raises(ValidationException) as refused:
        merchant.payments().refund(id_, refund_request(100))

    [error] = refused.value.errors
    assert (error.code, error.message, error.http_status_code) == ("300450", "ORDER WITHOUT REFUNDABLE PAYMENTS", 400)


def test_all_missing_properties_come_in_one_validation_exception(merchant: Any) -> None:
    request = CreatePaymentRequest()
    request.from_dictionary({"order": {"customer": {}}, "redirectPaymentMethodSpecificInput": REDIRECT})

    with pytest.raises(ValidationException) as refused:
        merchant.payments().create(request)

    assert [(error.code, error.id, error.property_name) for error in refused.value.errors] == [
        ("20000000", "PARAMETER_NOT_FOUND_IN_REQUEST", "order.amountOfMoney"),
        ("20000000", "PARAMETER_NOT_FOUND_IN_REQUEST", "order.customer.billingAddress"),
    ]


def test_an_unknown_id_is_a_reference_exception(world: World, merchant: Any) -> None:
    own = world.credentials("worldline")["merchant_id"].zfill(10)
    with pytest.raises(ReferenceException) as unknown:
        merchant.payments().get("nonsense", GetPaymentParams())
    with pytest.raises(ReferenceException) as missing:
        merchant.payments().get(own + "0" * 9 + "90000100001", GetPaymentParams())

    assert (unknown.value.errors[0].code, unknown.value.errors[0].property_name) == ("1002", "paymentId")
    assert missing.value.errors[0].code == "300240"


def test_a_foreign_merchant_is_an_authorization_exception(world: World) -> None:
    with client_of(world) as client, pytest.raises(AuthorizationException) as refused:
        client.v1().merchant("4711").services().testconnection()

    assert (refused.value.status_code, refused.value.errors[0].code) == (403, "9007")


def test_a_wrong_secret_is_answered_401(world: World) -> None:
    with client_of(world, secret_api_key="wrong") as client, pytest.raises(ApiException) as refused:
        client.v1().merchant(world.credentials("worldline")["merchant_id"]).services().testconnection()

    assert (refused.value.status_code, refused.value.errors[0].message) == (401, "MISSING_OR_INVALID_AUTHORIZATION")


def test_a_repeated_key_gives_the_first_answer_and_its_instant(merchant: Any) -> None:
    context = CallContext("order-7781-attempt-1")

    first = merchant.payments().create(payment_request(), context)
    at_first = context.idempotence_request_timestamp
    other = payment_request(amountOfMoney={"amount": 9900, "currencyCode": "CNY"})
    again = merchant.payments().create(other, context)

    assert at_first is None
    assert again.payment.id == first.payment.id
    assert again.payment.payment_output.amount_of_money.amount == 2500
    assert isinstance(context.idempotence_request_timestamp, int)


def test_a_busy_key_is_an_idempotence_exception(world: World, merchant: Any) -> None:
    world.arm({"api": {"status": 409, "times": 1}})
    context = CallContext("order-7781-attempt-2")

    with pytest.raises(IdempotenceException) as busy:
        merchant.payments().create(payment_request(), context)

    assert busy.value.idempotence_key == "order-7781-attempt-2"
    assert busy.value.errors[0].message == "DUPLICATE REQUEST IN PROGRESS"


def test_an_outage_is_a_platform_exception(world: World, merchant: Any) -> None:
    from worldline.connect.sdk.communication.communication_exception import CommunicationException

    world.arm({"api": {"status": 500, "times": 1}})
    with pytest.raises(PlatformException) as down:
        merchant.services().testconnection()
    world.arm({"api": {"status": 502, "times": 1}})
    with pytest.raises(CommunicationException):
        merchant.services().testconnection()

    assert (down.value.status_code, down.value.errors[0].code) == (500, "9999")
    assert merchant.services().testconnection().result == "OK"


def test_a_path_that_does_not_exist_is_a_not_found_exception(merchant: Any) -> None:
    with pytest.raises(NotFoundException):
        merchant.payments().get("a/b/c/d", GetPaymentParams())


def test_an_operation_that_is_left_out_is_a_reference_exception(merchant: Any) -> None:
    """JSON, as for whatever the platform knows and does not find."""
    with pytest.raises(ReferenceException) as caught:
        merchant.mandates().get("unknown")

    assert caught.value.errors[0].message == "UNKNOWN_OPERATION"


# Models --------------------------------------------------------------------------------------------------------


@pytest.fixture
def lossless(world: World) -> Callable[[str, type[Any], Any], Any]:
    """Fetches a path with the client and compares its model, written out again, with the bytes of the answer."""

    def check(path: str, model: type[Any], body: Any) -> Any:
        parsed = model()
        parsed.from_dictionary(body)
        assert parsed.to_dictionary() == body, f"{model.__name__} loses something of {path}"
        return parsed

    return check


def test_every_answer_parses_into_the_models_without_losing_a_field(
    world: World, merchant: Any, lossless: Callable[[str, type[Any], Any], Any]
) -> None:
    from worldline.connect.sdk.v1.domain.create_payment_response import CreatePaymentResponse
    from worldline.connect.sdk.v1.domain.get_hosted_checkout_response import GetHostedCheckoutResponse
    from worldline.connect.sdk.v1.domain.payment_response import PaymentResponse
    from worldline.connect.sdk.v1.domain.refund_response import RefundResponse

    models = {
        ("POST", "/payments"): CreatePaymentResponse,
        ("GET", "/payments"): PaymentResponse,
        ("GET", "/hostedcheckouts"): GetHostedCheckoutResponse,
        ("GET", "/refunds"): RefundResponse,
    }
    id_ = paid(world, merchant)
    refund = merchant.payments().refund(id_, refund_request(900))
    merchant.refunds().get(refund.id)
    merchant.payments().get(id_, GetPaymentParams())
    checkout = merchant.hostedcheckouts().create(hosted_request())
    world.act("worldline", checkout.hosted_checkout_id, "decline")
    merchant.hostedcheckouts().get(checkout.hosted_checkout_id)
    prefix = f"/v1/{world.credentials('worldline')['merchant_id']}"

    checked = set()
    for entry in world.control("GET", f"{world.path}/requests?provider=worldline&limit=500")["data"]:
        kind = (entry["method"], "/" + entry["path"].removeprefix(prefix).split("/")[1].partition("?")[0])
        if kind in models and entry["status"] < 300 and not entry["path"].endswith(("/refund", "/refunds")):
            lossless(entry["path"], models[kind], json.loads(entry["response"]["body"]))
            checked.add(kind)

    assert checked == set(models)
