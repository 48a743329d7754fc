"""Secrets are planted wherever one may come to stand, then every file, log line, page and answer of ours is searched for them.

A payment's own secrets, which its provider gives to the merchant and signs, are not among them: they stay in the payment.
"""

from __future__ import annotations

import base64
import json
import logging
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from contract.calls import PROVIDERS, own
from support import Sim

from simulator.engine.cards import is_card
from simulator.engine.gateway import Gateway
from simulator.engine.shop import Account, Purchase, Request
from simulator.kernel.clock import time_of_day
from simulator.kernel.money import Money
from simulator.providers import built_in
from simulator.surface.logs import LOGGERS

SHOPS = [(provider.name, provider.shop) for provider in built_in() if provider.shop is not None]
NAMES = [name for name, _ in SHOPS]


_FORMAT = logging.Formatter("%(levelname)s %(message)s")


class Planted:
    """Makes secrets and card numbers, no two alike, and remembers them."""

    def __init__(self) -> None:
        self.all: list[str] = []
        self.keys: list[str] = []
        """The workspace's own, which stand in the workspace and nowhere else."""

    def secret(self) -> str:
        self.all.append(f"planted-{len(self.all):03d}-sesame")
        return self.all[-1]

    def card(self) -> str:
        number = next(
            n for last in range(10) if is_card((n := f"4{len(self.all):03d}55501234567"[:15] + str(last)).encode())
        )
        self.all.append(number)
        return number

    def found_in(self, raw: bytes, *, keys: bool = True) -> list[str]:
        """Those that stand in it, as they are, in groups of four, with `%20` between, or in base64."""
        text = re.sub(rb"(?<=[0-9])(?:[ -]|%20|\+)(?=[0-9])", b"", raw)
        return [
            one
            for one in [*self.all, *(self.keys if keys else ())]
            if any(form in text or form in raw for form in forms(one))
        ]


def forms(planted: str) -> Iterator[bytes]:
    yield planted.encode()
    for shift in range(3):  # base64 looks different at each of three places
        yield base64.b64encode(b"x" * shift + planted.encode())[4:-4]


class World:
    def __init__(self, sim: Sim, folder: Path) -> None:
        self.sim, self.folder, self.planted = sim, folder, Planted()

    def account(self, name: str) -> Account:
        return Account(self.sim.credentials(name), "http://sim.test", time_of_day())

    def creation(self, name: str, reference: str = "order-1") -> Request:
        shop = dict(SHOPS)[name]
        return shop.create(self.account(name), Purchase(Money(1000, "CNY"), "https://shop.example/back", reference))

    async def send(self, name: str, request: Request, *, sign: bool = True) -> httpx.Response:
        sent = dict(SHOPS)[name].sign(self.account(name), request) if sign else request
        content = sent.body or None
        return await self.sim.http.request(sent.method, sent.path, headers=dict(sent.headers), content=content)

    async def readable(self) -> AsyncIterator[tuple[str, bytes]]:
        """Every answer of the control API and every page of the console that shows what happened."""
        sim = self.sim
        for world in (sim.path, "/_sim/workspaces/default"):
            yield "scenario", (await sim.http.get(f"{world}/scenario")).content
            for what in ("requests", "webhooks", "timers", "buyers", "inbox/box", "payments"):
                answer = await sim.http.get(f"{world}/{what}?limit=500")
                yield what, answer.raise_for_status().content
            for payment in answer.json()["data"]:
                path = f"{world}/payments/{payment['provider']}/{quote(payment['id'], safe='')}"
                yield path, (await sim.http.get(path)).content
            for entry in (await sim.http.get(f"{world}/requests?limit=500")).json()["data"]:
                where = f"{entry['id']} {entry['method']} {entry['path']}"
                yield where, (await sim.http.get(f"{world}/requests/{entry['id']}")).content
        console = f"/console/{sim.workspace.name}"
        for page in ("payments", "webhooks", "requests", "clock", "buyers", "scenarios"):
            yield f"{console}/{page}", (await sim.http.get(f"{console}/{page}", follow_redirects=True)).content

    def files(self) -> Iterator[tuple[str, bytes]]:
        for path in self.folder.rglob("*"):
            if path.is_file():
                yield path.name, path.read_bytes()


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    folder = tmp_path / "store"
    async with Sim(db=str(folder / "world.db")) as sim:
        for name in NAMES:
            await sim.receive_webhooks(name)
        yield World(sim, folder)


Plant = Callable[[World, str], Awaitable[None]]


async def in_a_header(world: World, name: str) -> None:
    await world.send(
        name, world.creation(name).plus({"X-Api-Key": world.planted.secret(), "X-Note": world.planted.card()})
    )
    for key in ("Ocp-Apim-Subscription-Key", "X-Key"):
        await world.send(name, world.creation(name).plus({key: world.planted.secret()}))


async def in_the_query(world: World, name: str) -> None:
    request = world.creation(name)
    card = world.planted.card()
    grouped = quote(" ".join(card[i : i + 4] for i in range(0, 16, 4)))
    query = f"?api_key={world.planted.secret()}&card={world.planted.card()}&spaced={grouped}&pass%77ord={world.planted.secret()}"
    await world.send(name, Request(request.method, request.path + query, request.headers, request.body))


async def in_members(world: World, name: str) -> None:
    request = world.creation(name)
    body = {
        **json.loads(request.body),
        "password": world.planted.secret(),
        "card": {
            "number": int(world.planted.card()),
            "cvv": world.planted.secret(),
            "cryptogram": world.planted.secret(),
        },
        "raw": json.dumps({"access_token": world.planted.secret()}),
        "url": f"https://user:{world.planted.secret()}@shop.example/?token={world.planted.secret()}",
    }
    await world.send(name, Request(request.method, request.path, request.headers, json.dumps(body).encode()))


ADDRESSES = (
    "https://u:{}@shop.example/",
    "https:\\/\\/u:{}@shop.example\\/",
    "https:\\u002f\\u002fu:{}\\u0040shop.example",
    "//u:{}@shop.example",
    "https://u:p@{}@shop.example/",
    "https://:{}@shop.example",
    "postgresql://u:p'<{}@db.example/",
)
"""With a password, as JSON of several languages has them."""


async def in_the_password_of_an_address(world: World, name: str) -> None:
    """Wherever it stands, and however its signs are escaped: in members, cut off, a form, a query, the path, a header."""
    request, several = world.creation(name), {"Content-Type": "application/x-www-form-urlencoded"}
    whole = request.body.rstrip()[:-1]

    async def sent(path: str = "", body: bytes = request.body, headers: dict[str, str] = dict(request.headers)) -> None:  # noqa: B006
        await world.send(name, Request(request.method, request.path + path, headers, body), sign=False)

    for address in ADDRESSES:
        text = address.format(world.planted.secret()).encode()
        await sent(body=whole + b', "x": "' + text + b'"}')
        await sent(body=b'{"x": "' + text)
    url = f"https://u:{world.planted.secret()}@shop.example/"
    encoded = quote(url, safe="")
    await sent(f"?x={encoded}")
    await sent(f"?x={url}")
    await sent(f"?x={quote(encoded)}")
    await sent(f"/{url}")
    await sent(f"/{encoded}")
    await sent(body=f"x={encoded}&y={url}".encode(), headers=several)
    await sent(headers={**request.headers, "Referer": url, "X-Callback": f"a {url}", "X-Encoded": f"?x={encoded}"})


async def in_a_body_that_is_cut_off(world: World, name: str) -> None:
    request = world.creation(name)
    body = f'{{"card": {world.planted.card()}, "client_secret": "{world.planted.secret()}'
    await world.send(name, Request(request.method, request.path, request.headers, body.encode()), sign=False)


async def behind_escapes(world: World, name: str) -> None:
    """In JSON that can be read, that is cut off, that is nested too deeply, and within a text of JSON."""
    request = world.creation(name)
    whole = request.body.rstrip()[:-1].decode()
    for text in (
        r'{whole},"pass\u0077ord":"{secret}"}',
        r'{whole},"pass\u0077ord":"{secret}","pan":"\u0034{rest}","x":',
        r'{whole},"note":"{\"pass\\u0077ord\":\"{secret}\"}"}',
        r'{whole},"deep":' + '{"a":' * 300 + r'{"pass\u0077ord":"{secret}"}' + "}" * 301,
    ):
        filled = text.replace("{whole}", whole).replace("{secret}", world.planted.secret())
        filled = filled.replace("{rest}", world.planted.card()[1:])
        await world.send(name, Request(request.method, request.path, request.headers, filled.encode()), sign=False)


STANDING = (
    "call it with Bearer {}, please",
    "curl -H 'X-Api-Key: {}' -u 'me:{}' https://x",
    "tool --token {}",
    "auth:\n  - password: '{}'\n    secret: |\n      {}\n    tokens:\n      - {}\n",
    "GET / HTTP/1.1\r\nCookie: sid={}; b={}\r\n",
    "[auth]\npassword = {}\n",
)
"""Where no member's name says that it is a secret."""


async def under_no_name(world: World, name: str) -> None:
    """As a text that is the body, and as a text of JSON."""
    request = world.creation(name)
    for text in STANDING:
        for body in (text, json.dumps({"note": text.replace("{}", "\0")}).replace("\\u0000", "{}")):
            body = re.sub(r"{}", lambda _: world.planted.secret(), body)
            await world.send(name, Request(request.method, request.path, request.headers, body.encode()), sign=False)
    basic = base64.b64encode(f"user:{world.planted.secret()}".encode()).decode()
    await world.send(name, request.plus({"X-Note": f"Basic {basic}"}), sign=False)


async def in_a_form(world: World, name: str) -> None:
    request = world.creation(name)
    body = f"card%5Bcvc%5D={world.planted.secret()}&card[number]={world.planted.card()}&secret={world.planted.secret()}"
    headers = {"Content-Type": "application/x-www-form-urlencoded"}
    await world.send(name, Request(request.method, request.path, headers, body.encode()), sign=False)


async def in_an_unknown_credential(world: World, name: str) -> None:
    request = world.creation(name).plus(
        {"Authorization": f"Bearer {world.planted.secret()}", "Cookie": f"s={world.planted.secret()}"}
    )
    await world.send(name, request, sign=False)


async def in_the_path(world: World, name: str) -> None:
    request = world.creation(name)
    card = world.planted.card()
    for last in (world.planted.card(), "%20".join(card[i : i + 4] for i in range(0, 16, 4))):
        await world.send(name, Request("GET", f"{request.path}/{last}", request.headers))
    for odd in ("password/{}", "?password[]={}", "?user[token][x]={}"):
        await world.send(name, Request("GET", f"{request.path}/{odd.format(world.planted.secret())}", request.headers))


async def in_what_the_merchant_says_of_the_payment(world: World, name: str) -> None:
    """The payment is made, paid and told; its object keeps the first six and the last four digits. `noted` of the provider's
    `calls.py` says where the merchant may write, if anywhere."""
    noted = own(PROVIDERS[name], "noted")
    if noted is None:
        return
    request = world.creation(name)
    body = noted(json.loads(request.body), world.planted.card())
    created = await world.send(name, Request(request.method, request.path, request.headers, json.dumps(body).encode()))
    assert created.status_code < 300, created.text
    await world.sim.advance(seconds=30)
    [payment] = world.sim.app.runtime.store.payments(world.sim.workspace.id, provider=name, limit=1)
    assert b"******" in payment[4]


async def own_keys_in_the_wrong_place(world: World, name: str) -> None:
    for key, value in world.sim.credentials(name).items():
        if isinstance(value, str) and re.search("secret|api_key$", key):
            world.planted.keys.append(value)
            request = world.creation(name).plus({"X-Odd": f"is it {value}?"})
            await world.send(name, Request(request.method, f"{request.path}?q={value}", request.headers, request.body))


PLANTS: list[Plant] = [
    in_a_header, in_the_query, in_members, in_a_body_that_is_cut_off, behind_escapes, in_a_form, in_an_unknown_credential,
    in_the_path,
    in_the_password_of_an_address, under_no_name, in_what_the_merchant_says_of_the_payment, own_keys_in_the_wrong_place,
]  # fmt: skip


async def at_nobodys_address(world: World) -> None:
    planted, several = world.planted, "multipart/form-data; boundary=x"
    part = 'Content-Disposition: form-data; name="cvv"'
    for content, kind in (
        (f"<card><cvv>{planted.secret()}</cvv><pan>{planted.card()}</pan></card>", "application/xml"),
        (f"cvv: {planted.secret()}\npin: {planted.secret()}\n", "text/plain"),
        (f"--x\r\n{part}\r\n\r\n{planted.secret()}\r\n--x--", several),
        (f"--x\r\n{part}\r\n\r\none\r\n{planted.secret()} and\r\n\r\nmore\r\n--x--", several),
        (planted.card().encode("utf-16").decode("latin-1"), "text/plain; charset=utf-16"),
    ):
        for path in ("/nobody/knows", *(world.creation(name).path for name in NAMES)):
            await world.sim.http.post(path, content=content.encode("latin-1"), headers={"Content-Type": kind})
    refused = await world.sim.http.get(f"/nobody/{world.planted.card()}")
    assert world.planted.found_in(refused.content) == []


async def in_the_inbox(world: World) -> None:
    url = world.sim.path.replace("workspaces", "inbox") + "/box"
    body = {"password": world.planted.secret(), "note": f"card {world.planted.card()}", "cvv": world.planted.secret()}
    await world.sim.http.post(url, json=body, headers={"X-Api-Key": world.planted.secret()})
    form = f"pin={world.planted.secret()}&card={world.planted.card()}"
    await world.sim.http.post(url, content=form, headers={"Content-Type": "application/x-www-form-urlencoded"})


async def in_answers_of_a_receiver(world: World) -> None:
    """One that answers with what it was told, with its own secrets, and with a long text that is cut off in a card number."""
    card = world.planted.card()
    text = f'{{"token":"{world.planted.secret()}","card":{world.planted.card()},"pad":"'
    text += "x" * (4096 - len(text) - 8) + f' {card}","db_password":"{world.planted.secret()}"}}'
    world.sim.answer = lambda request: httpx.Response(500, text=text)
    for name in NAMES:
        await world.send(name, world.creation(name, "order-2"))
    await world.sim.advance(minutes=1)
    deliveries = (await world.sim.http.get(f"{world.sim.path}/webhooks?limit=500")).json()["data"]
    assert any(attempt["response_body"] for delivery in deliveries for attempt in delivery["attempts"])


async def in_the_control_api(world: World) -> None:
    http, path = world.sim.http, world.sim.path
    await http.get(f"{path}/payments?reference={world.planted.card()}")
    assert world.planted.found_in((await http.get(f"{path}/webhooks/{world.planted.card()}")).content) == []
    assert world.planted.found_in((await http.get(f"/_sim/workspaces/{world.planted.card()}")).content) == []
    assert (
        world.planted.found_in((await http.put(f"{path}/buyers/anna", json={"name": world.planted.card()})).content)
        == []
    )
    of_our_own = {"status": 500, "body": world.planted.card()}
    for effect in ({"webhooks": {"copies": 2}}, {"api": of_our_own}):
        rule = {"when": {"reference": world.planted.card()}, **effect}
        assert (await http.put(f"{path}/scenario", json={"rules": [rule]})).status_code == 200


async def in_our_own_faults(world: World) -> None:
    """A fault of ours whose message holds a secret, in the log and on the page that asks to be told of it."""
    secret, card = world.planted.secret(), world.planted.card()

    def fail(*_: Any) -> Any:
        raise RuntimeError(f"password={secret} of card {card}")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Gateway, "_authenticate", fail)
        for name in NAMES:
            await world.send(name, world.creation(name))
    logging.getLogger("uvicorn.access").error(
        '%s - "%s %s HTTP/%s" %d', "::1", "GET", f"/console?token={world.planted.secret()}", "1.1", 200
    )


async def test_no_secret_is_found_in_any_file_log_page_or_answer(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in NAMES:
        for plant in PLANTS:
            await plant(world, name)
    for once in (at_nobodys_address, in_the_inbox, in_answers_of_a_receiver, in_the_control_api, in_our_own_faults):
        await once(world)
    world.sim.app.runtime.write_late()
    planted = world.planted
    assert len(planted.all) > 100

    leaks = {name: planted.found_in(raw, keys=False) for name, raw in world.files()}
    lines = [_FORMAT.format(record) for record in caplog.records if record.name in LOGGERS]
    leaks["log"] = planted.found_in("\n".join(lines).encode())
    leaks["export"] = planted.found_in((await world.sim.http.get(f"{world.sim.path}/export")).content, keys=False)
    async for where, raw in world.readable():
        leaks[where] = planted.found_in(raw)

    assert {where: found for where, found in leaks.items() if found} == {}


async def test_a_leak_in_a_call_is_told_with_the_calls_method_and_path(world: World) -> None:
    call = world.creation(NAMES[0])
    await world.send(NAMES[0], call)
    world.sim.app.runtime.write_late()

    places = [where async for where, _ in world.readable()]

    assert any(where.startswith("req_") and where.endswith(f" {call.method} {call.path}") for where in places)
