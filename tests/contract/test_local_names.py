"""Names and addresses that only a developer's machine knows are taken wherever a URL or a name is, at every provider."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest
from merchant import Merchant
from support import Sim

from contract.calls import PROVIDERS
from simulator.engine.callers import as_compared
from simulator.engine.reach import is_local
from simulator.surface.app import App
from simulator.surface.settings import Settings

HOSTS = ("[::1]", "[::1]:9000", "shop.test", "shop.test:8443", "shop.localhost", "shop.internal:8080", "localhost:3000")


@pytest.fixture(params=PROVIDERS)
async def merchant(request: pytest.FixtureRequest) -> AsyncIterator[Merchant]:
    async with Sim(providers=[PROVIDERS[request.param]]) as sim:
        yield Merchant(sim, PROVIDERS[request.param])


@pytest.mark.uncounted
@pytest.mark.parametrize("scheme", ["http", "https"])
@pytest.mark.parametrize("host", HOSTS)
async def test_a_purchase_returns_and_tells_there(merchant: Merchant, scheme: str, host: str) -> None:
    """The provider's own members for both, and its endpoint as the control API sets it."""
    url = f"{scheme}://{host}/shop?cart=7"
    merchant.sim.answer = merchant.takes

    await merchant.sim.receive_webhooks(merchant.name, url)
    answer = await merchant.answer("order-1", return_url=url, inbox=url)

    assert answer.status < 300, answer.text
    assert not merchant.shop.is_error(answer), answer.text
    id_ = await merchant.id_of(answer)
    await merchant.sim.act(merchant.name, id_, "pay")
    await merchant.settle()
    assert {hook.url for hook in merchant.sim.hooks} == {url}


@pytest.mark.parametrize("host", [host for host in HOSTS if host.startswith("[")])
async def test_what_the_documented_pattern_lacks_is_noted_and_refused_by_a_strict_server(
    merchant: Merchant, host: str
) -> None:
    """Where the loose server notes nothing of it, the strict one has nothing against it either."""
    url = f"https://{host}/shop"
    answer = await merchant.answer("order-1", return_url=url, inbox=url)
    async with Sim(providers=[merchant.provider], strict=True) as strict:
        refused = await Merchant(strict, merchant.provider).answer("order-1", return_url=url, inbox=url)

    is_noted = "Url: the live API" in answer.headers.get("simulator-notice", "")
    assert is_noted == (refused.status >= 400 or merchant.shop.is_error(refused)), refused.text


@pytest.mark.parametrize("name", ["[::1]", "::1", "laptop.test", "laptop.localhost", "laptop.internal", "laptop"])
async def test_the_console_may_have_such_a_name(name: str) -> None:
    app = App(Settings(db=":memory:", allow_host=(name,)))
    try:
        async with httpx.AsyncClient(
            transport=httpx.ASGITransport(app), base_url=f"http://{as_compared(name)}:8080"
        ) as client:
            answer = await client.get("/_sim/health")
    finally:
        await app.runtime.close()

    assert answer.status_code == 200


@pytest.mark.parametrize(
    ("host", "local"),
    [
        *(
            (host, True)
            for host in ("localhost", "LOCALHOST.", "a.test", "a.b.internal", "x.localhost", "printer.local", "shop")
        ),
        *((host, True) for host in ("[::1]", "::1", "127.0.0.1", "10.1.2.3", "192.168.0.1", "fd00::1", "0x7f000001")),
        *((host, False) for host in ("shop.example.com", "a.testing", "8.8.8.8", "[2606:4700::1111]", "test.com")),
    ],
)
def test_which_hosts_are_local(host: str, local: bool) -> None:
    assert is_local(host) == local
