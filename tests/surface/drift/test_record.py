"""What the proxy keeps of a sandbox is masked, and becomes a test by being put into a folder."""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from drifting import PROVIDERS
from recorded import Replay, provider_of, recordings

from simulator.engine.provider import Provider
from simulator.engine.sandbox import Probe, Visit, with_wrong_secrets
from simulator.engine.shop import Account, Answer, Request
from simulator.kernel.clock import time_of_day
from simulator.kernel.ids import Ids
from simulator.surface.answers import Clock
from simulator.surface.client import Workspace
from simulator.surface.drift.hiding import Hiding
from simulator.surface.drift.playing import purchase_of
from simulator.surface.drift.recorder import Marks, Recorder
from simulator.surface.in_process import Simulator

REFERENCE = "ORDER-4711"
"""A merchant's own, which no drawn id looks like."""
FIRST = next(iter(PROVIDERS.values()))
OWN = FIRST.credentials(Ids(), True)


def asking(recorder: Recorder) -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(recorder.app), base_url="http://127.0.0.1:9090")


class Shop:
    """Somebody's code, which calls the proxy instead of the sandbox."""

    def __init__(self, provider: Provider, recorder: Recorder, credentials: Mapping[str, Any]) -> None:
        assert provider.shop is not None
        self.provider, self.credentials = provider, credentials
        self.purchase = replace(purchase_of(provider.shop, 0), reference=REFERENCE)
        self.answers: dict[str, Answer] = {}
        self.http = asking(recorder)

    @property
    def account(self) -> Account:
        return Account(self.credentials, "http://127.0.0.1:9090", time_of_day())

    async def calls(self, probe: Probe) -> None:
        request = probe.request(Visit(self.account, self.purchase, self.answers))
        self.answers[probe.name] = await self.sends(self._signed(probe, request))

    def _signed(self, probe: Probe, request: Request) -> Request:
        assert self.provider.shop is not None
        if probe.credential == "none":
            return request
        account = self.account if probe.credential == "right" else with_wrong_secrets(self.account)
        return self.provider.shop.sign(account, request)

    async def sends(self, request: Request) -> Answer:
        got = await self.http.request(
            request.method, request.path, headers=dict(request.headers), content=request.body or None
        )
        return Answer(got.status_code, got.content, dict(got.headers))


async def recorded(provider: Provider, folder: Path, sandbox: Simulator, first: int | None = None, **more: Any) -> Shop:
    """All harmless calls, or the first so many, by way of the proxy."""
    world = await sandbox.client.create_workspace(seed="recorded", frozen=True, now="2026-07-19T21:22:23.45Z")
    credentials = world.credentials[provider.name]
    now = [0.0]
    more |= {"transport": sandbox.transport, "clock": lambda: now[0]}
    recorder = Recorder(provider, sandbox.base_url, credentials, folder, **more)
    shop = Shop(provider, recorder, credentials)
    assert provider.sandbox is not None
    for probe in provider.sandbox.probes[:first]:
        if not probe.pays:
            if probe.after:
                now[0] += probe.after.total_seconds()
                await world.advance(f"PT{probe.after.total_seconds():g}S")
            await shop.calls(probe)
    await world.delete()
    return shop


@pytest.fixture(params=PROVIDERS)
def provider(request: pytest.FixtureRequest) -> Provider:
    return PROVIDERS[request.param]


async def test_a_recording_is_a_test_once_it_lies_in_a_folder(
    provider: Provider, tmp_path: Path, ours: Simulator
) -> None:
    """At a simulator with other ids, times and credentials: nothing differs but the one answer that was altered in its file."""
    folder = tmp_path / provider.name / "golden" / "recorded" / "first-visit"
    async with Simulator.in_process() as sandbox:
        shop = await recorded(provider, folder, sandbox)
        secrets = [str(value) for value in shop.credentials.values()]

    [found] = recordings(tmp_path)
    assert (found, provider_of(found)) == (folder, provider.name)

    kept = "".join(path.read_text("utf-8") for path in folder.iterdir())
    given = [secret for secret in secrets if len(secret) > 5 and secret in kept]
    ids = [value for answer in shop.answers.values() for value in _ids(answer.json) if value in kept]
    assert (given, ids) == ([], [])
    assert "4711" not in kept, "nobody's order numbers are given away"

    last = max(folder.iterdir())
    exchange = json.loads(last.read_text("utf-8"))
    exchange["answer"]["status"] += 1
    last.write_text(json.dumps(exchange), "utf-8")
    [difference] = Replay(provider, ours.sync_client.create_workspace(frozen=True)).run(folder)
    assert difference.startswith(f"{last.name}: status: ")


async def test_what_a_merchant_has_chosen_is_masked_wherever_it_comes_again(tmp_path: Path) -> None:
    """As a reference, a number, metadata, a key, within a sentence or an address: the same value under the same mark."""
    assert FIRST.sandbox is not None and FIRST.idempotency is not None
    chosen = ("reference", "orderNumber", "customer.id", "metadata.*")
    provider = replace(FIRST, sandbox=replace(FIRST.sandbox, chosen=chosen))
    body = {
        "reference": "T-4711",
        "orderNumber": 12,
        "customer": {"id": "robert"},
        "metadata": {"cart": "cart 9"},
        "id": "x",
    }
    told = {**body, "text": "T-4711 of robert: cart 9", "link": "https://sandbox.example/v1/T-4711?cart=cart%209&n=12"}

    def sandbox(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json=told, headers={"x-heard": "k 1"})

    recorder = Recorder(provider, "https://sandbox.example", OWN, tmp_path, transport=httpx.MockTransport(sandbox))
    async with asking(recorder) as shop:
        await shop.post("/v1/T-4711", json=body, headers={FIRST.idempotency.header: "k 1"})

    [kept] = (json.loads(path.read_text("utf-8")) for path in files(tmp_path))
    sent = kept["request"]
    key, order, n, buyer, cart = sent["headers"][FIRST.idempotency.header.lower()], *_marks(sent["body"])
    assert (sent["path"], sent["body"]["id"], n) == (f"/v1/{order}", "x", "<id 2 of 2 digits as a number>")
    assert kept["answer"]["body"] == {
        **sent["body"],
        "text": f"{order} of {buyer}: {cart}",
        "link": f"<base>/v1/{order}?cart={cart}&n=<id 2 of 2 digits>",
    }
    assert (kept["answer"]["headers"]["x-heard"], len({key, order, n, buyer, cart})) == (key, 5)


def _marks(body: dict[str, Any]) -> tuple[str, str, str, str]:
    return body["reference"], body["orderNumber"], body["customer"]["id"], body["metadata"]["cart"]


async def test_a_recording_says_by_hand_that_a_buyer_has_paid_in_it(tmp_path: Path, ours: Simulator) -> None:
    """Without that the answer to the refund differs: at the replay nobody has paid."""
    assert FIRST.sandbox is not None
    probes = {probe.name: probe for probe in FIRST.sandbox.probes}
    paid = next(probe for probe in FIRST.sandbox.probes if probe.pays)
    async with Simulator.in_process() as sandbox:
        world = await sandbox.client.create_workspace(frozen=True)
        credentials = world.credentials[FIRST.name]
        recorder = Recorder(
            FIRST, sandbox.base_url, credentials, tmp_path, transport=sandbox.transport, clock=lambda: 0.0
        )
        shop = Shop(FIRST, recorder, credentials)
        await shop.calls(probes[FIRST.sandbox.payment])
        payment = FIRST.sandbox.payment_id(Visit(shop.account, shop.purchase, shop.answers))
        await world.pay(FIRST.name, payment)
        await world.settle()
        await shop.calls(paid)
    first, _ = files(tmp_path)
    name = json.loads(first.read_text("utf-8"))["answer"]["body"]["id"]

    unpaid = Replay(FIRST, ours.sync_client.create_workspace(frozen=True)).run(tmp_path)
    (tmp_path / f"{first.stem}.paid.json").write_text(json.dumps({"provider": FIRST.name, "buyer_pays": name}), "utf-8")
    told = Replay(FIRST, ours.sync_client.create_workspace(frozen=True)).run(tmp_path)

    assert (bool(unpaid), told) == (True, [])


def _ids(body: Any) -> list[str]:
    """Texts with so many letters and digits that nobody has thought them up."""
    found = httpx.Response(200, json=body).text if body is not None else ""
    return [one for one in re.findall(r"(?<![%A-Za-z0-9])[A-Za-z0-9]{16,}", found) if re.search(r"\d\D*\d", one)]


def files(folder: Path) -> list[Path]:
    return sorted(folder.iterdir())


async def test_a_recording_goes_on_where_another_ended(tmp_path: Path) -> None:
    """Its marks have other numbers: what they stand for is no longer known."""

    def sandbox(request: httpx.Request) -> httpx.Response:
        return httpx.Response(200, json={"id": "pay_a1b2c3d4e5f6"})

    for _ in range(2):
        recorder = Recorder(FIRST, "https://sandbox.example", OWN, tmp_path, transport=httpx.MockTransport(sandbox))
        async with asking(recorder) as shop:
            for _ in range(2):
                await shop.get("/nothing")

    assert [path.name for path in files(tmp_path)] == [f"00{n}-unknown.json" for n in (1, 2, 3, 4)]
    told = [json.loads(path.read_text("utf-8"))["answer"]["body"]["id"] for path in files(tmp_path)]
    assert told == ["pay_<id 1>", "pay_<id 1>", "pay_<id 2>", "pay_<id 2>"]


async def test_the_proxy_passes_everything_on_as_it_is(tmp_path: Path) -> None:
    seen: list[httpx.Request] = []

    def sandbox(request: httpx.Request) -> httpx.Response:
        seen.append(request)
        return httpx.Response(418, content=b"\x00\xff", headers={"x-teapot": "1", "content-type": "image/png"})

    recorder = Recorder(FIRST, "https://sandbox.example", OWN, tmp_path, transport=httpx.MockTransport(sandbox))
    async with asking(recorder) as shop:
        got = await shop.patch("/a%2Fb//c?x=%20&y", content=b"\x01", headers={"X-Own": "2"})

    [request] = seen
    assert (request.method, str(request.url)) == ("PATCH", "https://sandbox.example/a%2Fb//c?x=%20&y")
    assert (request.content, request.headers["x-own"], request.headers["host"]) == (b"\x01", "2", "sandbox.example")
    assert (got.status_code, got.content, got.headers["x-teapot"]) == (418, b"\x00\xff", "1")


async def test_a_sandbox_that_is_not_reached_is_502_and_nothing_is_kept(tmp_path: Path) -> None:

    def nobody(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"no way to {request.url} with {request.headers['authorization']}")

    recorder = Recorder(FIRST, "https://sandbox.example", OWN, tmp_path, transport=httpx.MockTransport(nobody))
    async with asking(recorder) as shop:
        got = await shop.get("/x", headers={"authorization": "Bearer secret-of-mine"})

    assert (got.status_code, got.text) == (502, "sandbox.example is not reached: ConnectError\n")
    assert files(tmp_path) == []


async def test_amounts_are_masked_unless_they_are_wanted(tmp_path: Path) -> None:
    assert FIRST.shop is not None
    amount = str(FIRST.shop.sample.amount.value)
    async with Simulator.in_process() as sandbox:
        await recorded(FIRST, tmp_path / "masked", sandbox, first=3)
        await recorded(FIRST, tmp_path / "kept", sandbox, first=3, keeps_amounts=True)

    masked, kept = (
        "".join(path.read_text("utf-8") for path in (tmp_path / name).iterdir()) for name in ("masked", "kept")
    )
    assert f": {amount}" in kept
    assert (f": {amount}" in masked, '"<amount>"' in masked) == (False, True)


def mocked(provider: Provider, folder: Path, answer: Any, status: int = 200) -> Recorder:
    def sandbox(request: httpx.Request) -> httpx.Response:
        return httpx.Response(status, json=answer)

    credentials = provider.credentials(Ids(), True)
    transport = httpx.MockTransport(sandbox)
    return Recorder(provider, "https://sandbox.example", credentials, folder, transport=transport)


async def test_two_buyers_stay_two_whose_addresses_are_not_told(provider: Provider, tmp_path: Path) -> None:
    recorder = mocked(provider, tmp_path, {"to": "mail bo@shop.example"})
    async with asking(recorder) as shop:
        await shop.post("/nothing", json={"a": "al@shop.example", "b": "bo@shop.example", "c": "al@shop.example"})

    [path] = files(tmp_path)
    kept = json.loads(path.read_text("utf-8"))
    sent = kept["request"]["body"]
    assert sent == {"a": "<email 1>", "b": "<email 2>", "c": "<email 1>"}
    assert kept["answer"]["body"] == {"to": "mail <email 2>"}

    replay = Replay(provider, Silent("2026-07-19T00:00:00Z"))
    first, second, again = replay._filled(sent).values()
    assert (first == again, first == second, "@" in first) == (True, False, True)


class Silent(Workspace):
    """A workspace of which nothing is asked but the time."""

    id = "ws_12345678"

    def __init__(self, now: str) -> None:
        self._now = now

    def clock(self) -> Clock:
        return {"now": self._now, "mode": "frozen", "offset_s": 0}


AT = datetime(2026, 11, 27, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("sent", "kept", "replayed"),
    [
        ("1987-06-05", "<time 0000-00-00 past>", "2025-07-19"),
        ("2026-11-27T12:30:00Z", "<time 0000-00-00T00:00:00Z in 1800 s>", "2026-07-19T01:00:00Z"),
        (
            "2026-11-27T13:30:00.123+01:00",
            "<time 0000-00-00T00:00:00.0+00:00 in 1800 s>",
            "2026-07-19T01:00:00.0+00:00",
        ),
        (int(AT.timestamp()) + 60, "<time 10 in 60 s>", 1784421060),
        (1000 * int(AT.timestamp()), "<time 13 in 0 s>", 1784421000000),
        ("2031-01-01", "<time 0000-00-00 later>", "2028-07-18"),
        ("Fri, 27 Nov 2026 12:00:00 GMT", "<time HTTP in 0 s>", "Sun, 19 Jul 2026 00:30:00 GMT"),
    ],
    ids=str,
)
def test_an_instant_that_was_sent_is_replayed_as_one_as_far_away(sent: Any, kept: str, replayed: Any) -> None:
    """Beyond a year, and before yesterday, only the side is kept."""
    marks = Marks("https://sandbox.example", Hiding())
    marks.sent_at = AT

    assert marks.of(sent) == kept
    assert Replay(FIRST, Silent("2026-07-19T00:30:00Z"))._filled(kept) == replayed


PUBLIC = [
    (one, name, wrap)
    for one in PROVIDERS.values()
    for name in (one.sandbox.public if one.sandbox else ())
    for wrap in ("Bearer {}", "Basic {}", "{}")
]


@pytest.mark.parametrize(("provider", "name", "wrap"), PUBLIC, ids=lambda one: getattr(one, "name", one))
async def test_a_public_key_is_kept_by_its_name_as_it_was_sent(
    provider: Provider, name: str, wrap: str, tmp_path: Path
) -> None:
    """One that the sandbox does not know is a wrong credential, as ever."""
    for ids, default in ((Ids(), False), (Ids(), True)):
        key = str(provider.credentials(ids, default)[name])
        told = wrap.format(b64encode(f"{key}:".encode()).decode() if "Basic" in wrap else key)
        async with asking(mocked(provider, tmp_path, {"told": key})) as shop:
            await shop.get("/nothing", headers={"authorization": told})
    assert provider.shop is not None
    async with asking(mocked(provider, tmp_path, {}, provider.shop.stranger)) as shop:
        await shop.get("/nothing", headers={"authorization": told})

    *known, unknown = (json.loads(path.read_text("utf-8")) for path in files(tmp_path))
    assert [one["request"]["credential"] for one in known] == [wrap.format(f"<{name}>")] * 2
    assert [one["answer"]["body"] for one in known] == [{"told": f"<{name}>"}] * 2
    assert unknown["request"]["credential"] == "wrong"


def test_an_id_of_letters_alone_is_known_wherever_it_comes_again() -> None:
    """One in two hundred of 26 base32 signs has no digit: its path was kept as it was, and the test asked for nobody's payment."""
    marks = Marks("https://api.example", Hiding())
    answer = {"id": "pay_vcmtsrxmmdlehddvzspcskckcq", "email": "jia@shop.example"}

    assert marks.path("/payments/pay_vcmtsrxmmdlehddvzspcskckcq") == "/payments/pay_vcmtsrxmmdlehddvzspcskckcq"
    assert marks.of(answer) == {"id": "pay_<id 1>", "email": "<email 2>"}
    assert marks.path("/payments/pay_vcmtsrxmmdlehddvzspcskckcq") == "/payments/pay_<id 1>"
    assert marks.text("of vcmtsrxmmdlehddvzspcskckcq, by jia@shop.example") == "of <id 1>, by <email 2>"
