"""The default credentials stand in the README: another machine that shows them is nobody, at every provider."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from contract.calls import OPERATIONS, PROVIDERS, Operation, own
from simulator.engine.provider import Provider
from simulator.engine.shop import Account, Request
from simulator.kernel.clock import time_of_day
from simulator.kernel.ids import Ids
from simulator.surface.app import App
from simulator.surface.settings import Settings

HERE, PHONE, SERVER = "127.0.0.1", "192.168.1.33", "192.168.1.20"
REASON = "the default credentials are public, and another machine sent this"


class Net:
    """One simulator with the credentials of `default`, reached from this machine and from another one."""

    def __init__(self, **settings: Any) -> None:
        self.app = App(Settings(db=":memory:", host="0.0.0.0", **settings), providers=list(PROVIDERS.values()))

    async def ask(self, client: str, request: Request) -> httpx.Response:
        transport = httpx.ASGITransport(self.app, client=(client, 50000))
        async with httpx.AsyncClient(transport=transport, base_url=f"http://{SERVER}:8080") as http:
            sent = dict(request.headers)
            return await http.request(request.method, request.path, content=request.body, headers=sent)

    def account(self, provider: Provider, workspace: str = "default") -> Account:
        found = self.app.runtime.find_workspace(workspace)
        assert found is not None
        return Account(found.credentials[provider.name], f"http://{SERVER}:8080", time_of_day())

    async def journal(self) -> list[dict[str, Any]]:
        answer = await self.ask(HERE, Request("GET", "/_sim/workspaces/default/requests"))
        found: list[dict[str, Any]] = answer.raise_for_status().json()["data"]
        return found


@pytest.fixture
async def net() -> AsyncIterator[Net]:
    net = Net(lan=True)
    yield net
    await net.app.runtime.close()


def is_for_browsers(operation: Operation) -> bool:
    """What a merchant hands to a buyer's browser proves nothing, so it may be public."""
    return operation.endpoint.operation.startswith(own(operation.provider, "FOR_BROWSERS") or ("nothing at all",))


FOR_MERCHANTS = [operation for operation in OPERATIONS if not is_for_browsers(operation)]
FOR_BUYERS = [operation for operation in OPERATIONS if is_for_browsers(operation)]


@pytest.mark.uncounted
@pytest.mark.parametrize("operation", FOR_MERCHANTS, ids=str)
async def test_from_the_network_the_default_credentials_are_refused_as_unknown_ones_are(
    net: Net, operation: Operation
) -> None:
    """In the provider's own words; what would help stands in the journal."""
    shop = operation.provider.shop
    assert shop is not None
    request = operation.request(net.account(operation.provider), body={} if operation.endpoint.body else None)

    refused = await net.ask(PHONE, request)
    entry = (await net.journal())[0]

    assert refused.status_code == shop.unauthenticated
    assert entry["status"] == shop.unauthenticated
    assert entry["help"]["reason"] == REASON
    assert "--default-credentials" in entry["help"]["instead"]
    assert "instead" not in refused.text and "--default" not in refused.text


@pytest.mark.uncounted
@pytest.mark.parametrize("operation", FOR_MERCHANTS, ids=str)
async def test_from_this_machine_they_are_as_good_as_any(net: Net, operation: Operation) -> None:
    request = operation.request(net.account(operation.provider), body={} if operation.endpoint.body else None)

    await net.ask(HERE, request)

    assert (await net.journal())[0].get("help", {}).get("reason") != REASON


@pytest.mark.parametrize("operation", FOR_BUYERS, ids=str)
async def test_what_a_buyers_browser_calls_is_open_to_a_phone(net: Net, operation: Operation) -> None:
    request = operation.request(net.account(operation.provider))

    await net.ask(PHONE, request)

    assert (await net.journal())[0].get("help", {}).get("reason") != REASON


PROVIDER = pytest.mark.parametrize("provider", PROVIDERS.values(), ids=lambda provider: provider.name)


def asking(net: Net, provider: Provider, workspace: str = "default") -> Request:
    """A call for a payment that nobody has: one that reads, or where the API has none a refund."""
    shop = provider.shop
    assert shop is not None
    account = net.account(provider, workspace)
    return shop.sign(
        account, shop.read(account, "nobody") if shop.read else shop.refund(account, "nobody", shop.sample.amount)
    )


@PROVIDER
@pytest.mark.parametrize("opened", [{"open_console": True}, {"lan": True, "default_credentials": True}], ids=str)
async def test_who_says_so_lets_the_network_use_them(provider: Provider, opened: dict[str, Any]) -> None:
    net = Net(**opened)
    assert provider.shop is not None

    answer = await net.ask(PHONE, asking(net, provider))
    await net.app.runtime.close()

    assert answer.status_code != provider.shop.unauthenticated


@PROVIDER
async def test_a_workspace_of_ones_own_answers_the_network(net: Net, provider: Provider) -> None:
    await net.ask(HERE, Request("POST", "/_sim/workspaces", {}, b'{"name": "mine"}'))
    assert provider.shop is not None

    answer = await net.ask(PHONE, asking(net, provider, "mine"))

    assert answer.status_code != provider.shop.unauthenticated


@PROVIDER
async def test_credentials_that_somebody_has_set_are_not_public(provider: Provider) -> None:
    """Those of `default` are the user's own, once they come from the settings."""
    net = Net(lan=True, credentials={provider.name: provider.credentials(Ids(), False)})
    assert provider.shop is not None

    answer = await net.ask(PHONE, asking(net, provider))
    await net.app.runtime.close()

    assert answer.status_code != provider.shop.unauthenticated


OF_ELSEWHERE = [
    {"origin": "http://evil.example"},
    {"origin": "null"},
    {"origin": "http://localhost.evil.example", "sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "cross-site"},
    {"origin": "http://evil.example:8080", "host": "evil.example:8080"},
    {"user-agent": "Mozilla/5.0 (X11; Linux x86_64)", "host": "evil.example:8080"},
]
"""The last two are pages whose name was given the address of this machine."""

OF_HERE = [
    {},
    {"origin": "http://localhost:3000", "sec-fetch-site": "same-site"},
    {"origin": "http://127.0.0.1:5173", "sec-fetch-site": "cross-site"},
    {"origin": "http://shop.localhost:3000", "sec-fetch-site": "cross-site"},
    {"origin": "https://dev.shop.test", "sec-fetch-site": "cross-site"},
    {"user-agent": "Mozilla/5.0 (X11; Linux x86_64)"},
    {"referer": "https://program.example"},
    {"host": "api.provider.example"},
]
"""The last one is production code that is pointed here by a provider's name."""
BY_A_PAGE = "the default credentials are public, and a page of another site sent this"


def making(net: Net, provider: Provider, workspace: str = "default") -> Request:
    """A payment, as its merchant would make it."""
    assert provider.shop is not None
    account = net.account(provider, workspace)
    return provider.shop.sign(account, provider.shop.create(account, provider.shop.sample))


async def payments(net: Net, workspace: str = "default") -> int:
    answer = await net.ask(HERE, Request("GET", f"/_sim/workspaces/{workspace}/payments"))
    return len(answer.json()["data"])


@PROVIDER
@pytest.mark.parametrize("headers", OF_ELSEWHERE, ids=str)
async def test_a_page_of_another_site_does_nothing_with_what_everybody_knows(
    provider: Provider, headers: dict[str, str]
) -> None:
    """Also where the network was let in: the page is in the browser of whoever may."""
    net = Net(lan=True, default_credentials=True)
    assert provider.shop is not None

    refused = await net.ask(HERE, making(net, provider).plus(headers))
    entry = (await net.journal())[0]
    made = await payments(net)
    await net.app.runtime.close()

    assert (refused.status_code, entry["help"]["reason"]) == (provider.shop.unauthenticated, BY_A_PAGE)
    assert made == 0


@PROVIDER
@pytest.mark.parametrize("headers", OF_HERE, ids=str)
async def test_the_developers_own_pages_may(provider: Provider, headers: dict[str, str]) -> None:
    net = Net(lan=True, allow_host=("dev.shop.test",))
    answer = await net.ask(HERE, making(net, provider).plus(headers))
    made = await payments(net)
    await net.app.runtime.close()

    assert answer.status_code < 300, answer.text
    assert made == 1


@PROVIDER
async def test_with_credentials_that_nobody_knows_a_page_is_as_good_as_its_secret(net: Net, provider: Provider) -> None:
    """As at the real provider: who handed out the secret has handed it out."""
    await net.ask(HERE, Request("POST", "/_sim/workspaces", {}, b'{"name": "mine"}'))

    answer = await net.ask(HERE, making(net, provider, "mine").plus(OF_ELSEWHERE[0]))

    assert answer.status_code < 300, answer.text
    assert await payments(net, "mine") == 1
