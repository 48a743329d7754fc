"""Beyond this machine only the providers' APIs and the buyers' pages answer, unless the console was opened."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable

import httpx
import pytest
from buying import ANY, SHOP, account

from simulator.engine.store.keeping import Dropped
from simulator.kernel.ids import Ids
from simulator.surface.app import App
from simulator.surface.settings import Settings

HERE, PHONE, SERVER = "127.0.0.1", "192.168.1.33", "192.168.1.20"
Browse = Callable[[str], httpx.AsyncClient]


class Net:
    """One simulator, reached from different machines."""

    def __init__(self, **settings: object) -> None:
        self.app = App(Settings(db=":memory:", host="0.0.0.0", **settings))  # type: ignore[arg-type]

    def from_(self, address: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(self.app, client=(address, 50000))
        return httpx.AsyncClient(transport=transport, base_url=f"http://{SERVER}:8080")


assert SHOP.read is not None
UNKNOWN = SHOP.read(account(ANY.credentials(Ids(), True)), "nobody")


@pytest.fixture
async def lan() -> AsyncIterator[Net]:
    net = Net(lan=True)
    yield net
    await net.app.runtime.close()


@pytest.fixture
async def opened() -> AsyncIterator[Net]:
    net = Net(lan=True, open_console=True, admin_token="open sesame")
    yield net
    await net.app.runtime.close()


@pytest.mark.parametrize("path", ["/", "/console", "/_sim/workspaces", "/_sim/workspaces/default/inbox/orders"])
async def test_the_console_and_the_control_api_stay_local(lan: Net, path: str) -> None:
    async with lan.from_(PHONE) as phone, lan.from_(HERE) as here:
        refused = await phone.get(path)
        served = await here.get(path)

    assert refused.status_code == 403
    assert refused.json()["error"]["code"] == "local_only"
    assert served.status_code in (200, 303)


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/_sim/health", 200),
        ("/_sim/static/sim.css", 200),
        (UNKNOWN.path, SHOP.unauthenticated),
        ("/w/nobodysc", 404),
    ],
)
async def test_what_a_phone_and_a_merchant_need_answers_the_network(lan: Net, path: str, status: int) -> None:
    async with lan.from_(PHONE) as phone:
        assert (await phone.get(path)).status_code == status


async def test_the_inbox_takes_webhooks_from_the_network(lan: Net) -> None:
    async with lan.from_(PHONE) as phone, lan.from_(HERE) as here:
        given = await phone.post("/_sim/inbox/default/hooks", content=b"{}")
        kept = (await here.get("/_sim/workspaces/default/inbox/hooks")).json()["data"]

    assert given.status_code == 200
    assert [received["body"] for received in kept] == ["{}"]


async def test_the_same_machine_may_use_its_address_in_the_network(lan: Net) -> None:
    async with lan.from_(SERVER) as here:
        assert (await here.get("/_sim/workspaces")).status_code == 200


async def test_an_opened_console_wants_the_token_also_from_this_machine(opened: Net) -> None:
    token = {"Authorization": "Bearer open sesame"}
    async with opened.from_(PHONE) as phone, opened.from_(HERE) as here:
        answers = [
            (await phone.get("/_sim/workspaces")).status_code,
            (await here.get("/_sim/workspaces")).status_code,
            (await phone.get("/_sim/workspaces", headers={"Authorization": "Bearer close sesame"})).status_code,
            (await phone.get("/_sim/workspaces", headers=token)).status_code,
        ]

    assert answers == [401, 401, 401, 200]


async def named_by_health(http: httpx.AsyncClient, **headers: str) -> list[str]:
    keep = (await http.get("/_sim/health", headers=headers)).raise_for_status().json()["keep"]
    assert keep["dropped"]["payments"] == 2
    return [one["workspace"] for one in keep["workspaces"]]


async def test_health_names_workspaces_only_to_who_may_ask_for_them(
    lan: Net, opened: Net, monkeypatch: pytest.MonkeyPatch
) -> None:
    for net in (lan, opened):
        runtime = net.app.runtime
        dropped = {runtime.default_to_look_at.id: Dropped(at=0, payments=2, requests=0)}
        monkeypatch.setattr(runtime.store, "dropped", lambda found=dropped: found)
    async with lan.from_(PHONE) as phone, lan.from_(HERE) as here:
        closed = [await named_by_health(phone), await named_by_health(here)]
        rebound = await named_by_health(here, host="evil.example")
    async with opened.from_(PHONE) as phone, opened.from_(HERE) as here:
        token = [await named_by_health(phone), await named_by_health(phone, authorization="Bearer open sesame")]

    assert closed == [[], ["default"]]
    assert rebound == []
    assert token == [[], ["default"]]


async def test_a_browser_hands_in_the_token_once(opened: Net) -> None:
    page = {"Accept": "text/html"}
    async with opened.from_(PHONE) as phone:
        asked = await phone.get("/console/default/payments", headers=page)
        let_in = await phone.get("/console/default/payments?phase=paid&token=open%20sesame", headers=page)
        shown = await phone.get(let_in.headers["location"], headers=page)
        wrong = await phone.get("/console?token=guess", headers={**page, "Cookie": ""})

    assert (asked.status_code, asked.headers["content-type"]) == (401, "text/plain; charset=utf-8")
    assert (let_in.status_code, let_in.headers["location"]) == (303, "/console/default/payments?phase=paid")
    assert "HttpOnly; SameSite=Lax" in let_in.headers["set-cookie"]
    assert shown.status_code == 200
    assert wrong.status_code == 401


async def test_a_form_of_another_site_is_refused_and_changes_nothing(lan: Net) -> None:
    async with lan.from_(HERE) as here:
        foreign = await here.post("/_sim/workspaces", json={}, headers={"Origin": "http://evil.example"})
        own = await here.post("/_sim/workspaces", json={}, headers={"Origin": f"http://{SERVER}:8080"})
        names = (await here.get("/_sim/workspaces")).json()["data"]

    assert (foreign.status_code, foreign.json()["error"]["code"]) == (403, "foreign_origin")
    assert own.status_code == 201
    assert len(names) == 2


async def test_a_token_that_nobody_gave_is_made_up_and_stays_the_same_for_a_store(tmp_path: object) -> None:
    settings = Settings(db=f"{tmp_path}/world.db", open_console=True)
    tokens = set()

    for _ in range(2):
        app = App(settings)
        tokens.add(app.settings.admin_token)
        await app.runtime.close()

    assert len(tokens) == 1
    assert len(str(tokens.pop())) == 24


@pytest.mark.parametrize("address", ["::ffff:127.0.0.1", "::ffff:127.9.9.9", "::1", "127.9.9.9"])
async def test_loopback_is_this_machine_however_it_is_written(lan: Net, address: str) -> None:
    """A socket that listens on `::` shows an IPv4 caller as a mapped address."""
    async with lan.from_(address) as here:
        assert (await here.get("/_sim/workspaces")).status_code == 200


@pytest.mark.parametrize("address", ["::ffff:192.168.1.33", "fe80::1", "::ffff:8.8.8.8", "a-unix-socket", "0.0.0.0"])
async def test_an_address_of_the_network_is_not_this_machine_however_it_is_written(lan: Net, address: str) -> None:
    async with lan.from_(address) as stranger:
        assert (await stranger.get("/_sim/workspaces")).status_code == 403
