"""The demo at a provider whose answers bear no id: its story goes on when a webhook has told it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from toy.acme import ACME
from toy.told import TOLD

from simulator.engine.provider import DemoMerchant
from simulator.surface import demo
from simulator.surface.client import Client
from simulator.surface.launch import launched
from surface.test_distributions import distribution, environ

assert TOLD.shop is not None and ACME.shop is not None


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    site = distribution(tmp_path_factory.mktemp("site"), code="from toy.told import TOLD as PROVIDER\n")
    with launched(environ=environ(site)) as server, Client(server.url) as client:
        yield client


@pytest.mark.parametrize(("act", "phase"), [("pay", "partly_refunded"), ("decline", "declined")])
def test_its_story_is_told_to_the_end(client: Client, act: demo.Act, phase: str) -> None:
    [result] = demo.run(client, {"acme": TOLD}, act=act, as_json=True)

    assert (result["outcome"], result["phase"], result.get("error")) == ("complete", phase, None)


def test_a_second_purchase_of_the_same_reference_has_an_id_of_its_own(client: Client) -> None:
    """Also in a workspace whose inbox holds the webhooks of another story."""
    found = []

    def twice(merchant: DemoMerchant) -> None:
        merchant.configure_webhook()
        for _ in range(2):
            answer = merchant.send(TOLD.shop.create(merchant.account, TOLD.shop.sample))
            found.append(merchant.id_of(TOLD.shop.sample, answer))

    client.create_workspace("shared")
    for _ in range(2):
        demo.run(client, {"acme": replace(TOLD, demo=twice)}, act="pay", as_json=True, workspace="shared")

    payments = client.workspace("shared").payments(provider="acme")
    assert sorted(found) == sorted(payment["id"] for payment in payments)
    assert len(set(found)) == 4


def test_an_id_that_nothing_tells_is_a_difference(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(demo, "PATIENCE_S", 0.2)
    mute = replace(TOLD, shop=replace(TOLD.shop, id_in=lambda purchase, webhook: None))

    [result] = demo.run(client, {"acme": mute}, act="pay", as_json=True)

    assert result["error"] == "neither the answer 202 nor a webhook tells the payment's id"


def test_where_the_answer_tells_the_id_no_webhook_is_asked(client: Client) -> None:
    answer = demo.Answer(201, b'{"id": "ch_1"}')
    merchant = demo.Merchant(client.create_workspace(), "acme", ACME.shop, demo.Teller(silent=True), act="pay")

    assert merchant.id_of(ACME.shop.sample, answer) == "ch_1"
