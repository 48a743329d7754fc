"""What `sign` and `verify` do with a provider's functions: where a signature goes, and what cannot be signed or checked."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast
from unittest.mock import MagicMock

import pytest
from support import Sim
from toy.acme import ACME
from toy.terse import TERSE

from simulator.engine.provider import Dropped, Provider, Sending, Verdict
from simulator.engine.shop import Request
from simulator.kernel.refusals import Forbidden
from simulator.surface import client
from simulator.surface.signatures import Made, NotPossible, Signer, headers_in, instant, request_of, signer

NOW = "2026-01-31T10:00:00Z"
SHOP = ACME.shop
assert SHOP is not None


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim(providers=[ACME]) as simulator:
        yield simulator


async def signing(sim: Sim, *, secret: str | None = None, date: str | None = NOW, **changes: Any) -> Signer:
    """For the toy with another shop, webhooks or checks."""
    view = (await sim.http.get(sim.path)).json()
    world = MagicMock(spec=client.Workspace)
    world.refresh.return_value, world.inbox_url.return_value = view, "http://sim.test/_sim/inbox/w/acme"
    world.client = MagicMock(url="http://sim.test")
    webhooks = changes.pop("webhooks", None)
    provider: Provider = replace(ACME, **changes)
    made = signer(provider, cast(client.Workspace, world), date, secret)
    if webhooks is not None:
        made = replace(made, provider=cast(Provider, MagicMock(shop=provider.shop, webhooks=webhooks)))
    return made


def shop(sign: Any) -> Any:
    assert SHOP is not None
    return replace(SHOP, sign=sign)


POSTED = request_of(None, "/x?a=1", {}, b'{"a":1}')


@pytest.mark.parametrize("body", [b"id=ch_1", b"<id>ch_1</id>"])
async def test_a_webhook_that_is_no_json_is_signed_as_it_is(sim: Sim, body: bytes) -> None:
    """Where its content type says so; where it is JSON, what is none is refused."""
    own = await signing(sim, webhooks=TERSE.webhooks)

    made = own.sign(replace(POSTED, body=body), is_request=False)

    assert (await signing(sim)).verify(replace(POSTED, headers=made.headers, body=body)).valid
    with pytest.raises(NotPossible, match="not JSON"):
        (await signing(sim)).sign(replace(POSTED, body=body), is_request=False)


async def test_a_signature_goes_where_the_provider_looks_for_it(sim: Sim) -> None:
    in_query = shop(lambda account, request: replace(request, path=f"{request.path}&signature=q"))
    in_body = shop(lambda account, request: replace(request, body=b'{"signature":"b"}'))
    in_headers = shop(lambda account, request: request.plus({"Signature": request.path}))

    made = [(await signing(sim, shop=own)).sign(POSTED, is_request=True) for own in (in_query, in_body, in_headers)]

    assert [str(one) for one in made[:2]] == ["a=1&signature=q", '{"signature":"b"}']
    assert "Signature: /x?a=1" in str(made[2])
    assert [sorted(one.view) for one in made] == [["query"], ["body"], ["headers"]]


async def test_without_a_request_or_a_shop_it_is_a_webhook_that_is_signed(sim: Sim) -> None:
    own = await signing(sim)
    of_nobody = await signing(sim, shop=None)

    for made in (own.sign(POSTED, is_request=False), of_nobody.sign(POSTED, is_request=True)):
        assert made.headers
        assert made.body is None


async def test_a_webhook_whose_body_bears_its_signature_is_written_whole(sim: Sim) -> None:
    def signed(sending: Sending) -> Any:
        return MagicMock(headers={}, body=sending.body[:-1] + b',"signature":"s"}')

    webhooks = MagicMock(account_context={}, signed=signed)
    made = (await signing(sim, shop=None, webhooks=webhooks)).sign(POSTED, is_request=False)

    assert json.loads(str(made)) == {"a": 1, "signature": "s"}
    assert Made(body=b"{}").view == {"body": "{}"}


async def test_what_cannot_be_signed_says_why(sim: Sim) -> None:
    def refuses(*_: Any) -> Any:
        raise Forbidden("too deep")

    def drops(sending: Sending) -> Any:
        raise Dropped

    in_body = shop(lambda account, request: replace(request, body=request.body + b" "))
    cases: list[tuple[dict[str, Any], bytes, str]] = [
        ({"shop": shop(refuses)}, b"{}", "this cannot be signed"),
        ({"shop": None, "webhooks": MagicMock(account_context={}, signed=drops)}, b"{}", "takes no webhooks"),
        ({"shop": in_body}, b"[]", "not a JSON object"),
        ({"shop": None}, b"{", "not JSON"),
    ]
    for changes, body, why in cases:
        own = await signing(sim, **changes)
        with pytest.raises(NotPossible, match=why):
            own.sign(replace(POSTED, body=body), is_request=True)


async def test_what_is_checked_is_a_request_or_a_webhook_and_where_nothing_is_signed_neither(sim: Sim) -> None:
    def refuses(*_: Any) -> Any:
        raise Forbidden("too deep")

    good, bad = Verdict(True), Verdict(False, "another")
    of_request = await signing(sim, verify_request=lambda account, request: good)
    of_webhook = await signing(sim, verify_request=lambda account, request: None, verify=lambda *_: bad)
    of_nothing = await signing(sim, verify_request=None, verify=None)
    too_much = await signing(sim, verify_request=refuses)

    assert of_request.verify(POSTED).valid
    assert of_webhook.verify(POSTED).reason == "another"
    with pytest.raises(NotPossible, match="signs nothing"):
        of_nothing.verify(POSTED)
    with pytest.raises(NotPossible, match="this cannot be checked"):
        too_much.verify(POSTED)


async def test_a_line_break_that_an_editor_has_added_is_named(sim: Sim) -> None:
    def verify(workspace: Any, headers: Any, body: bytes) -> Verdict:
        return Verdict(body == b"{}")

    own = await signing(sim, verify_request=None, verify=verify)

    assert "without the line break" in own.verify(Request("POST", "/", {}, b"{}\n")).reason
    assert own.verify(Request("POST", "/", {}, b"[]\n")) == Verdict(False)


async def test_the_secret_of_an_endpoint_of_its_own_counts_instead_of_the_accounts(sim: Sim) -> None:
    usual, own = await signing(sim, date=None), await signing(sim, secret="its-own-secret")

    endpoint: Any = own.workspace.stored_endpoints["acme"]
    assert endpoint["secret"] == "its-own-secret"
    assert usual.workspace.stored_endpoints["acme"] != endpoint
    with pytest.raises(NotPossible, match="knows no"):
        view = {"name": "w", "credentials": {}}
        signer(ACME, cast(client.Workspace, MagicMock(refresh=lambda: view)), None, None)


@pytest.mark.parametrize(
    "text", ["Sat, 31 Jan 2026 10:00:00 GMT", NOW, "2026-01-31T10:00:00", "2026-01-31T11:00+01:00"]
)
def test_a_date_is_read_as_http_or_iso_writes_it(text: str) -> None:
    assert instant(text) == datetime(2026, 1, 31, 10, tzinfo=UTC)


def test_what_is_no_date_or_no_header_is_refused_and_a_body_is_json_and_posted() -> None:
    with pytest.raises(NotPossible, match="is no date"):
        instant("yesterday")
    for line in ("no colon", ": value"):
        with pytest.raises(NotPossible, match="is no header"):
            headers_in([line])

    assert headers_in(["A: b", "C:d"]) == {"A": "b", "C": "d"}
    assert request_of(None, None, {}, b"") == Request("GET", "/", {}, b"")
    assert request_of("put", "/x", {"content-type": "text/plain"}, b"x").headers == {"content-type": "text/plain"}
    assert POSTED.headers == {"Content-Type": "application/json"}
