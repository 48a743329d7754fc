"""A shop's unchanged code, with the provider's own hosts in it, reaches `serve --tls` because `/etc/hosts` leads there."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

pytest.importorskip("trustme", reason="the extra tls is not installed")
from sdk import real_hosts
from sdk.languages import Node

HOSTS = [
    "qfgqyjz7.api.sandbox.checkout.com",
    "qfgqyjz7.access.sandbox.checkout.com",
    "balances.sandbox.checkout.com",
]

PYTHON = """
import json, warnings
warnings.simplefilter("ignore")  # the client's own, of its module for risk
from checkout_sdk.balances.balances import BalancesQuery
from checkout_sdk.checkout_sdk import CheckoutSdk
from checkout_sdk.common.enums import Currency
from checkout_sdk.oauth_scopes import OAuthScopes
from checkout_sdk.payments.payment_apm import RequestAlipayPlusSource
from checkout_sdk.payments.payments import OsType, PaymentRequest, PaymentType, ProcessingSettings, TerminalType

shop = (
    CheckoutSdk.builder().oauth()
    .client_credentials("ack_defaultaaaaaaaaaaaaaaaaaaa", "default-client-secret")
    .scopes([OAuthScopes.GATEWAY, OAuthScopes.BALANCES])
    .environment_subdomain("qfgqyjz7")
    .build()
)
order = PaymentRequest()
order.source = RequestAlipayPlusSource.request_alipay_plus_cn_source()
order.amount, order.currency = 1100, Currency.EUR
order.reference, order.payment_type, order.capture = "ORD-5023-4E89", PaymentType.REGULAR, True
order.processing = ProcessingSettings()
order.processing.terminal_type, order.processing.os_type = TerminalType.APP, OsType.IOS
order.success_url = order.failure_url = "https://example.com/back"
order.processing_channel_id = "pc_defaultaaaaaaaaaaaaaaaaaaa"
made = shop.payments.request_payment(order)
query = BalancesQuery()
balances = shop.balances.retrieve_entity_balances("ent_defaultaaaaaaaaaaaaaaaaaaa", query)
print(json.dumps({
    "status": shop.payments.get_payment_details(made.id).status,
    "page": made._links.redirect.href,
    "balances": balances.http_metadata.status_code,
}))
"""


NODE = """
import { Checkout } from "checkout-sdk-node";
const shop = new Checkout("default-client-secret", {
    client: "ack_defaultaaaaaaaaaaaaaaaaaaa", scope: ["gateway", "balances"], environment: "sandbox", subdomain: "qfgqyjz7",
});
const made = await shop.payments.request({
    amount: 1100, currency: "EUR", reference: "ORD-5023-4E89", source: {type: "alipay_cn"}, payment_type: "Regular",
    processing: {terminal_type: "APP", os_type: "IOS"}, success_url: "https://example.com/b", failure_url: "https://example.com/b",
    processing_channel_id: "pc_defaultaaaaaaaaaaaaaaaaaaa",
});
const read = await shop.payments.get(made.id);
const balances = await shop.balances.retrieve("ent_defaultaaaaaaaaaaaaaaaaaaa", "EUR");
console.log(JSON.stringify({status: read.status, page: made.redirectLink, balances: Array.isArray(balances.data) ? 200 : 0}));
"""


@pytest.mark.slow
def test_the_python_client_with_its_built_in_hosts_takes_a_payment(tmp_path: Path) -> None:
    pytest.importorskip("checkout_sdk", reason="checkout-sdk is not installed")

    told = real_hosts.run(tmp_path, HOSTS, [sys.executable, "-c", PYTHON])

    assert told["page"].startswith("https://qfgqyjz7.api.sandbox.checkout.com/")
    assert (told["status"], told["balances"]) == ("Pending", 200)


@pytest.mark.slow
def test_the_node_client_with_its_built_in_hosts_takes_a_payment(tmp_path: Path, node: Node) -> None:
    """Its secret and its balances too, which its `host` alone would have let go to the live hosts."""
    told = real_hosts.run(tmp_path, HOSTS, ["node", "--input-type=module", "--eval", NODE], node.folder)

    assert told["page"].startswith("https://qfgqyjz7.api.sandbox.checkout.com/")
    assert (told["status"], told["balances"]) == ("Pending", 200)
