"""Who names an address decides where its webhooks may go: at the call that names it, and later."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from merchant import Merchant
from support import HOOKS, Sim

from simulator.engine.provider import Provider
from simulator.engine.shop import Request

HERE = "http://localhost:3000/hooks"
"""Of this machine."""

CONTROL = "http://127.1/_sim/workspaces/default/reset"
METADATA = "http://169.254.169.254/latest"
WHY = "127.0.0.1 is this machine itself, which no caller from the network may name (--webhooks-to says otherwise)"


def colleague(world: Sim) -> httpx.AsyncClient:
    """Somebody at another machine, who may control this simulator."""
    world.app.ours.open_console = True
    return world.at_another_machine()


async def create(client: httpx.AsyncClient, merchant: Merchant, inbox: str) -> tuple[Request, httpx.Response]:
    """A payment whose webhooks are to go there, at providers whose API takes that with the request."""
    request = merchant.shop.sign(merchant.account, merchant.creation(inbox=inbox))
    answer = await client.request(request.method, request.path, content=request.body, headers=dict(request.headers))
    return request, answer


# Endpoints that the control API sets -------------------------------------------------------------------------------


@pytest.mark.uncounted
async def test_this_machine_names_an_endpoint_of_its_own(world: Sim, merchant: Merchant) -> None:
    """Every laptop does."""
    await world.receive_webhooks(merchant.name, HERE)

    await merchant.paid()

    assert {(hook.url, hook.from_network) for hook in world.hooks} == {(HERE, False)}


@pytest.mark.parametrize("url", [CONTROL, METADATA])
async def test_nobody_names_our_control_api_or_a_clouds_metadata(world: Sim, provider: Provider, url: str) -> None:
    answer = await world.http.put(f"{world.path}/webhooks/{provider.name}", json={"url": url})

    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "url")
    assert world.workspace.account_endpoint(provider.name).url is None


async def test_another_machine_names_its_own_address_but_not_ours(world: Sim, provider: Provider) -> None:
    path, theirs = f"{world.path}/webhooks/{provider.name}", "http://192.168.1.33:3000/hooks"
    async with colleague(world) as client:
        refused = await client.put(path, json={"url": HERE})
        taken = await client.put(path, json={"url": theirs})
        made = await client.post("/_sim/workspaces", json={"webhooks": {provider.name: {"url": HERE}}})

    assert (refused.status_code, refused.json()["error"]) == (
        422, {"code": "invalid", "message": f"url: {WHY}", "field": "url"},
    )  # fmt: skip
    shown = taken.json()["webhooks"][provider.name]
    assert (taken.status_code, shown["url"]) == (200, theirs)
    assert "from_network" not in shown
    assert (made.status_code, made.json()["error"]["field"]) == (422, f"webhooks.{provider.name}.url")


async def test_what_another_machine_named_stays_so_until_it_is_sent(world: Sim, merchant: Merchant) -> None:
    """By then the address is known to be this machine's: the attempt fails at once, with its reason."""
    async with colleague(world) as client:
        (await client.put(f"{world.path}/webhooks/{merchant.name}", json={"url": HOOKS})).raise_for_status()
    stored: dict[str, Any] = world.workspace.stored_endpoints[merchant.name]
    moved = {**world.workspace.stored_endpoints, merchant.name: {**stored, "url": HERE}}
    world.app.runtime.change_workspace(world.workspace, stored_endpoints=moved)

    await merchant.answer()
    await merchant.settle()
    [payment] = (await world.http.get(f"{world.path}/payments")).json()["data"]
    await world.act(merchant.name, payment["id"], "pay")
    await merchant.settle()

    assert world.hooks == []
    told = (await world.http.get(f"{world.path}/webhooks")).json()["data"]
    assert {attempt["error"] for delivery in told for attempt in delivery["attempts"]} == {WHY}


async def test_a_call_that_is_sent_again_is_still_anothers(world: Sim, merchant: Merchant) -> None:
    """Whoever sends it again: what was refused for its address is refused again."""
    async with colleague(world) as client:
        request, refused = await create(client, merchant, HERE)
    [entry] = (await world.http.get(f"{world.path}/requests")).json()["data"][:1]

    again = await world.http.post(f"{world.path}/requests/{entry['id']}/send-again")
    await merchant.settle()

    if HERE.encode() not in request.body:
        pytest.skip("its API takes no such address with a payment")
    assert entry["from_network"] is True
    assert (again.status_code, again.json()["status"]) == (200, refused.status_code)
    assert (await world.http.get(f"{world.path}/payments")).json()["data"] == []


async def test_a_call_of_this_machine_is_not_anothers_unless_another_sends_it_again(
    world: Sim, merchant: Merchant
) -> None:
    request, made = await create(world.http, merchant, HERE)
    [entry] = (await world.http.get(f"{world.path}/requests")).json()["data"][:1]
    again = f"{world.path}/requests/{entry['id']}/send-again"
    async with colleague(world) as client:
        refused = await client.post(again)

    if HERE.encode() not in request.body:
        pytest.skip("its API takes no such address with a payment")
    assert made.status_code < 300
    assert "from_network" not in entry
    assert 400 <= refused.json()["status"] < 500


# Those that come with a payment ------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", [HERE, CONTROL, METADATA])
async def test_another_machine_names_nothing_of_ours_with_a_payment(world: Sim, merchant: Merchant, url: str) -> None:
    """The call is refused in the provider's own words, and nothing has happened."""
    async with colleague(world) as client:
        request, answer = await create(client, merchant, url)
    await merchant.settle()

    if url.encode() not in request.body:
        pytest.skip("its API takes no such address with a payment")
    assert 400 <= answer.status_code < 500
    assert (await world.http.get(f"{world.path}/payments")).json()["data"] == []
    assert world.hooks == []


@pytest.mark.uncounted
@pytest.mark.parametrize("is_colleague", [False, True], ids=["this machine", "another one"])
async def test_who_named_a_payments_address_is_known_to_its_webhooks(
    world: Sim, merchant: Merchant, is_colleague: bool
) -> None:
    theirs = "https://shop.test/hooks"
    async with colleague(world) as client:
        request, answer = await create(client if is_colleague else world.http, merchant, theirs)
    assert answer.status_code < 300, answer.text
    await merchant.settle()
    [payment] = (await world.http.get(f"{world.path}/payments")).json()["data"]
    await world.act(merchant.name, payment["id"], "pay")
    await merchant.until_refundable()

    if theirs.encode() not in request.body:
        pytest.skip("its API takes no such address with a payment")
    assert {(hook.url, hook.from_network) for hook in world.hooks} == {(theirs, is_colleague)}
