"""What is ours is bounded: heads, bodies, depth. Nobody can make it answer 500, whatever is sent."""

from __future__ import annotations

import json
import random
from collections.abc import AsyncIterator, Iterator
from itertools import chain
from typing import Any
from urllib.parse import quote

import httpx
import pytest
from buying import ANY
from merchant import Merchant
from support import Sim

from simulator.engine.call import Call
from simulator.engine.http import BODY_LIMIT, HEADER_LIMIT, HEADERS_LIMIT
from simulator.engine.validation import validate
from simulator.kernel.refusals import Invalid, MalformedBody
from simulator.kernel.shapes import MEMBERS
from simulator.surface.control.operation import DEPTH_LIMIT
from simulator.surface.control.table import TABLE
from simulator.surface.launch import Launched
from simulator.surface.serve import HEAD_LIMIT
from simulator.wallet import pages as wallet_pages
from surface.wire import Wire

WS = "/_sim/workspaces/default"
OURS = (
    *(("GET", "/_sim/health"), ("GET", "/_sim/static/sim.css"), ("GET", WS), ("GET", f"{WS}/payments"), ("DELETE", WS)),
    *(
        ("PUT", f"{WS}/settings/simulator"),
        ("POST", f"{WS}/reset"),
        ("POST", "/_sim/workspaces"),
        ("PUT", f"{WS}/scenario"),
    ),
    *(
        ("POST", "/_sim/inbox/default/hooks"),
        ("GET", "/_sim/inbox/default/hooks"),
        ("GET", "/_sim/nothing"),
        ("GET", "/"),
    ),
    *(("GET", "/console/default/payments"), ("POST", "/console/default/do/reset"), ("GET", "/console/nobody")),
)


@pytest.fixture
async def http(sim: Sim) -> httpx.AsyncClient:
    """What crashes answers 500 and is seen as such."""
    transport = httpx.ASGITransport(sim.app, raise_app_exceptions=False)
    return httpx.AsyncClient(transport=transport, base_url="http://sim.test")


@pytest.fixture
async def before(sim: Sim) -> Any:
    await sim.receive_webhooks(ANY.name)
    return await world(sim)


async def world(sim: Sim) -> Any:
    workspaces = (await sim.http.get("/_sim/workspaces")).json()["data"]
    inbox = (await sim.http.get(f"{WS}/inbox/hooks")).json()["data"]
    return [(each["name"], each["settings"], each["webhooks"]) for each in workspaces], inbox


# Heads -----------------------------------------------------------------------------------------------------------

LARGE_HEADS: dict[str, dict[str, str]] = {
    "one header": {"X-Long": "x" * HEADER_LIMIT},
    "the host": {"Host": "x" * 9_000},
    "all together": {f"X-{n}": "x" * 1_000 for n in range(HEADERS_LIMIT // 1_000 + 1)},
}


@pytest.mark.uncounted
@pytest.mark.parametrize(("method", "path"), OURS)
@pytest.mark.parametrize("headers", LARGE_HEADS.values(), ids=LARGE_HEADS)
async def test_headers_that_are_too_large_are_refused_before_anything_is_done(
    sim: Sim, http: httpx.AsyncClient, before: Any, method: str, path: str, headers: dict[str, str]
) -> None:
    answer = await http.request(method, path, headers=headers)

    assert (answer.status_code, answer.json()["error"]["code"]) == (431, "headers_too_large")
    assert await world(sim) == before


async def test_headers_that_are_just_not_too_large_are_read(http: httpx.AsyncClient) -> None:
    """Cookies of everything else on localhost come along, so there is room."""
    longest = {"Cookie": "x" * (HEADER_LIMIT - len("Cookie") - 4), "X-Long": "x" * (HEADER_LIMIT - 10)}

    assert (await http.get(WS, headers=longest)).status_code == 200


async def test_an_address_that_is_too_long_is_refused_as_headers_are(http: httpx.AsyncClient) -> None:
    answer = await http.get(f"{WS}/payments?q={'x' * HEADERS_LIMIT}")

    assert answer.status_code == 431


async def test_pages_and_addresses_of_nobody_have_the_same_bound(http: httpx.AsyncClient) -> None:
    headers = {"Host": "x" * 9_000}
    paths = ("/w/nobodysc", "/w/nobodysc/qr.png", "/w/nobodysc/state.json", "/w/nobodysc/events", "/nothing/of/anybody")

    answers = [(await http.get(path, headers=headers)).status_code for path in paths]

    assert answers == [431] * len(paths)


def test_a_head_that_never_ends_is_cut_off(server: Launched) -> None:
    """No more than a few packets of it are ever held."""
    with Wire(server.url) as wire:
        wire.send_raw(b"GET /_sim/health HTTP/1.1\r\nHost: localhost\r\nX-Endless: ")
        with pytest.raises(OSError):
            for _ in range(10_000):
                wire.send_raw(b"x" * 100_000)
    with Wire(server.url) as wire:
        wire.send_raw(b"GET /_sim/health HTTP/1.1\r\nHost: localhost\r\nX-Endless: " + b"x" * HEAD_LIMIT)
        answer = wire.read()
        assert answer.status == 431
        assert wire.is_closed()


@pytest.mark.parametrize("beside", [b"1;" + b"a=b;" * 25_000, b"0\r\n" + b"a: b\r\n" * 20_000])
def test_what_stands_beside_a_body_without_end_is_cut_off_and_not_held(server: Launched, beside: bytes) -> None:
    """Behind the size of a chunk, and behind the last one."""
    with Wire(server.url) as wire:
        wire.send_raw(
            b"POST /_sim/inbox/default/bounds HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"
        )
        wire.send_raw(beside)
        with pytest.raises(OSError):
            for _ in range(500):
                wire.send_raw(beside.partition(b"\r\n")[2] or b"a=b;" * 25_000)


def test_a_body_larger_than_the_bound_for_heads_is_no_head(server: Launched) -> None:
    """Many packets of a body, then the next request on the same connection."""
    with Wire(server.url) as wire:
        for _ in range(3):
            body = b"x" * 300_000
            wire.send("POST /_sim/inbox/default/bounds HTTP/1.1", f"Content-Length: {len(body)}", body=body)
            assert wire.read().status == 200


# Bodies ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("method", "path"), OURS)
async def test_a_body_that_is_too_large_is_refused_whether_somebody_wants_it_or_not(
    sim: Sim, http: httpx.AsyncClient, before: Any, method: str, path: str
) -> None:
    answer = await http.request(method, path, content=b" " * (BODY_LIMIT + 1))

    assert (answer.status_code, answer.json()["error"]["code"]) == (413, "body_too_large")
    assert await world(sim) == before


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/_sim/inbox/default/hooks"), ("PUT", f"{WS}/settings/simulator"), ("POST", "/console/default/do/reset")],
)
async def test_a_body_that_does_not_say_how_large_it_is_is_read_to_the_bound_only(
    sim: Sim, http: httpx.AsyncClient, before: Any, method: str, path: str
) -> None:
    sent = 0

    async def chunks() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(100):
            sent += 100_000
            yield b" " * 100_000

    answer = await http.request(method, path, content=chunks())

    assert answer.status_code == 413
    assert sent <= BODY_LIMIT + 100_000
    assert await world(sim) == before


def test_twenty_megabytes_are_answered_and_the_connection_goes_on(server: Launched) -> None:
    with Wire(server.url) as wire:
        wire.send("POST /_sim/inbox/default/bounds HTTP/1.1", "Content-Length: 20000000", body=b"x" * 20_000_000)
        assert wire.read().status == 413
        wire.send("GET /_sim/health HTTP/1.1")
        assert wire.read().status == 200


# Depth -----------------------------------------------------------------------------------------------------------

DEEP = {"lists": ("[", "]"), "objects": ('{"a":', "}"), "both": ('[{"a":', "}]")}


@pytest.mark.uncounted
@pytest.mark.parametrize("q", ["9" * 5_000, "9 9" * 2_000, "_" * 26_000, "%" * 10_000, "x" * 30_000])
async def test_what_nobody_is_called_is_found_nowhere(sim: Sim, http: httpx.AsyncClient, before: Any, q: str) -> None:
    """Python reads no number of 5,000 digits, and SQLite no pattern of 50,000 bytes."""
    told = await http.get(f"{WS}/payments", params={"q": q})
    sought = await http.get(f"{WS}/payments", params={"q": q[:4_000]})
    page = await http.get("/console/default/payments", params={"q": q})

    assert (told.status_code, told.json()["error"]["field"]) == (422, "q")
    assert (sought.status_code, sought.json()["data"]) == (200, [])
    assert page.status_code == 200


@pytest.mark.parametrize("sign", ["&a=1", "[b]", "%5Bb%5D", "%5bb%5d"])
def test_a_form_with_too_many_fields_or_levels_is_not_read(sign: str) -> None:
    few, many = (
        Call("acme", "POST", "/x", "/x", "", headers={}, raw_body=b"a" + sign.encode() * n, base_url="http://localhost")
        for n in (MEMBERS - 1, MEMBERS)
    )

    assert len(few.form_pairs) == (MEMBERS if "&" in sign else 1)
    with pytest.raises(MalformedBody, match="more than 10,000 members"):
        _ = many.form_pairs


async def test_json_with_too_many_members_is_refused_and_not_read_further(http: httpx.AsyncClient, before: Any) -> None:
    """115,000 unknown settings held the server for more than twelve minutes."""
    wide = {f"k{n}": 1 for n in range(MEMBERS + 1)}
    bodies: list[tuple[str, str, Any]] = [
        ("PUT", f"{WS}/settings/simulator", wide),
        ("POST", "/_sim/workspaces", wide),
        ("POST", "/_sim/workspaces", {"settings": {"simulator": wide}}),
        ("PUT", f"{WS}/scenario", {"rules": [1] * (MEMBERS + 1)}),
    ]

    answers = [await http.request(method, path, json=body) for method, path, body in bodies]

    assert [(answer.status_code, answer.json()["error"]["code"]) for answer in answers] == [(413, "body_too_large")] * 4
    assert {answer.json()["error"]["message"] for answer in answers} == {"the body has more than 10,000 members"}


@pytest.mark.parametrize("levels", [DEPTH_LIMIT + 1, 250, 300, 1_000, 1_100, 100_000])
@pytest.mark.parametrize("deep", DEEP.values(), ids=DEEP)
@pytest.mark.parametrize("inside", ["1", "NaN"])
async def test_json_that_is_nested_too_deep_is_refused_and_not_kept(
    sim: Sim, http: httpx.AsyncClient, before: Any, levels: int, deep: tuple[str, str], inside: str
) -> None:
    value = deep[0] * levels + inside + deep[1] * levels
    if len(value) > BODY_LIMIT // 2:
        value = value[: BODY_LIMIT // 2]
    bodies = [
        ("PUT", f"{WS}/settings/simulator", '{"retry_factor": %s}'),
        ("PUT", f"{WS}/scenario", '{"rules": [{"api": {"status": 500, "body": %s}}]}'),
        ("POST", "/_sim/workspaces", '{"credentials": {"acme": %s}}'),
        ("PUT", f"{WS}/buyers/li-na", '{"card": %s}'),
    ]

    answers = [await http.request(method, path, content=body % value) for method, path, body in bodies]

    assert [(a.status_code, a.json()["error"]["code"]) for a in answers] == [(400, "malformed_json")] * 4
    assert await world(sim) == before


@pytest.mark.parametrize("place", ["2²", "1" * 30, "1" * 5_000, "-1", "٣", "%00"])
async def test_a_place_in_a_list_that_is_none_begins_at_the_top(http: httpx.AsyncClient, place: str) -> None:
    for path in ("/console/default/payments", "/console/default/payments?phase=nobody&provider=nobody"):
        answer = await http.get(path, params={"before": place} | ({"phase": "²"} if "?" in path else {}))
        assert answer.status_code == 200


@pytest.mark.parametrize("limit", ["²", "٣", "1" * 5_000, "-1", "0", "501", "1e2", "", "0x10", "\0"])
async def test_a_limit_that_is_none_is_refused_by_every_list(http: httpx.AsyncClient, limit: str) -> None:
    lists = [row for row in TABLE if "limit" in row.query.model_fields]
    assert len(lists) > 5

    for row in lists:
        path = row.path.format_map({"ws": "default", "name": "hooks"})
        answer = await http.get(path, params={"limit": limit})
        if limit != "٣":  # three, which Python reads in any script
            assert (answer.status_code, answer.json()["error"]["field"]) == (422, "limit"), path
        assert answer.status_code < 500


def test_no_text_that_is_sought_is_without_bound() -> None:
    """Of whatever call: each is held against many rows."""
    asked = [(row, name) for row in TABLE for name in row.query.model_fields]
    assert len(asked) > 30

    for row, name in asked:
        with pytest.raises(Invalid) as refused:
            validate(row.query, {name: "x" * 4_001})
        assert name in [violation.path for violation in refused.value.violations], row.path


@pytest.mark.parametrize(("query", "field"), [("path", "requests"), ("event", "webhooks")])
async def test_a_text_that_is_too_long_to_be_sought_is_said_to_be_left_out(
    http: httpx.AsyncClient, query: str, field: str
) -> None:
    shown = await http.get(f"/console/default/{field}", params={query: "x" * 600})
    short = await http.get(f"/console/default/{field}", params={query: "x" * 60})
    refused = await http.get(f"/_sim/workspaces/default/{field}", params={query: "x" * 600})

    assert (shown.status_code, 'data-testid="left-out"' in shown.text) == (200, True)
    assert 'data-testid="left-out"' not in short.text
    assert (refused.status_code, refused.json()["error"]["field"]) == (422, query)


async def test_half_a_surrogate_pair_beside_an_infinite_number_is_no_json(http: httpx.AsyncClient) -> None:
    for body in (b'{"buyer": "li-na", "\\ud800": Infinity}', b'{"\\ud800": 1}', b'{"a": ["\\udfff", NaN]}'):
        answer = await http.post("/_sim/workspaces", content=body)
        assert (answer.status_code, answer.json()["error"]["code"]) == (400, "malformed_json")


# Anything --------------------------------------------------------------------------------------------------------

ODD: tuple[Any, ...] = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, 2**64, 10**400, 1.5, -0.0, 1e308, float("nan"), float("inf")),
    *(
        "",
        " ",
        "\0",
        "²",
        "٣",
        "１",
        "-0",
        "1e3",
        "1" * 5_000,
        "x" * 5_000,
        "é\u202e\u200b",
        "\ud800",
        "😀",
        "../../etc",
    ),
    *("PT1H", "PT99999999999H", "P1Y", "1h", "99999999d", "-5s", "next", "2026-11-20T09:41:07.214Z", "0000-00-00"),
    *("9999-12-31T23:59:59Z", "0001-01-01T00:00:00+23:59", "2026-02-30T00:00:00Z", "inf", "NaN", "null", "[]", "%00"),
    *("http://a.test/", "http://[", "http://a:99999/", "javascript:alert(1)", "//a", "default", "simulator", "li-na"),
    *([], {}, [[]], [None], {"": None}, ["x"] * 100, {"a": {"b": {"c": []}}}, [{}], {"\0": "\0"}, {"x" * 500: 1}),
)


NEVER = {"events", "reset", "delete_workspace"}
"""What does not end, and what would leave nothing to ask about."""


class Dice:
    """Requests to what is ours, drawn from a seed: half of each body as its schema wants it, half of it odd."""

    def __init__(self, seed: int, known: dict[str, list[str]]) -> None:
        self.random = random.Random(seed)
        self.known = known
        """Values that exist, by the name of the parameter."""

    def odd(self) -> Any:
        return self.random.choice(ODD)

    def text(self) -> str:
        return str(self.odd())

    def given(self) -> str:
        """Something that exists, of whatever kind, or something odd."""
        return self.random.choice([*chain.from_iterable(self.known.values()), self.text()])

    def of(self, schema: dict[str, Any], root: dict[str, Any], depth: int = 0) -> Any:
        """A value as the schema wants it, or not."""
        if depth > 5 or self.random.random() < 0.3:
            return self.odd()
        if "$ref" in schema:
            return self.of(root["$defs"][schema["$ref"].rpartition("/")[2]], root, depth)
        if "anyOf" in schema:
            return self.of(self.random.choice(schema["anyOf"]), root, depth)
        if "enum" in schema:
            return self.random.choice(schema["enum"])
        match schema.get("type"):
            case "object":
                names = [name for name in schema.get("properties", {}) if self.random.random() < 0.6]
                found = {name: self.of(schema["properties"][name], root, depth + 1) for name in names}
                if self.random.random() < 0.1 or not schema.get("properties"):
                    found[self.text()] = self.odd()
                return found
            case "array":
                return [self.of(schema.get("items", {}), root, depth + 1) for _ in range(self.random.randrange(3))]
            case "integer" | "number":
                return self.random.choice((0, 1, 5, 1000, -1))
            case "string":
                return self.given()
        return self.odd()

    def path(self, path: str) -> str:
        parts = []
        for part in path.split("/"):
            if part.startswith("{"):
                name = part.strip("{}").partition(":")[0].removesuffix("}.json")
                part = (
                    self.random.choice(self.known.get(name, []))
                    if self.random.random() < 0.8 and name in self.known
                    else self.text()
                )
                part = quote(part.encode("utf-8", "surrogatepass"), safe="")
            parts.append(part)
        return "/".join(parts)

    def query(self, schema: dict[str, Any]) -> str:
        names = [name for name in schema.get("properties", {}) if self.random.random() < 0.4]
        pairs = [(name, str(self.of(schema["properties"][name], schema))) for name in names]
        if self.random.random() < 0.1:
            pairs.append((self.text(), self.text()))
        return "&".join("=".join(quote(p.encode("utf-8", "surrogatepass"), safe="") for p in pair) for pair in pairs)

    def call(self) -> tuple[str, str, bytes]:
        """One of the control API."""
        row = self.random.choice([row for row in TABLE if row.name not in NEVER])
        target, query = self.path(row.path), self.query(row.query.model_json_schema())
        body = b""
        if row.method in ("POST", "PUT", "PATCH"):
            schema = row.body.model_json_schema()
            body = json.dumps(self.of(schema, schema)).encode()
            if self.random.random() < 0.05:
                body = body[: self.random.randrange(len(body) + 1)]
        return row.method, f"{target}?{query}" if query else target, body

    def press(self) -> tuple[str, str, bytes]:
        """A page of ours, or one of its buttons."""
        routes = [(page.method, page.path) for page in wallet_pages.routes(5)]
        routes += [("GET", "/console/{ws}/payments"), ("GET", "/console/{ws}/payments/{id}"), ("GET", "/console/{ws}")]
        routes += [
            ("POST", "/_sim/inbox/{ws}/{name}"),
            ("GET", "/_sim/inbox/{ws}/{name}"),
            ("POST", "/console/{ws}/do/{id}"),
        ]
        method, path = self.random.choice(routes)
        names = (
            "lang",
            "theme",
            "view",
            "buyer",
            "step",
            "seal",
            "wrong",
            "stay",
            "already",
            "here",
            "token",
            "mode",
            "back",
        )
        names += (
            "outcome",
            "reason",
            "password",
            "payment_code",
            "method",
            "phase",
            "q",
            "cursor",
            "provider",
            "limit",
            "before",
            "after",
            "said",
        )
        chosen = [name for name in names if self.random.random() < 0.2]
        pairs = [(name, self.given()) for name in chosen]
        form = "&".join("=".join(quote(p.encode("utf-8", "surrogatepass"), safe="") for p in pair) for pair in pairs)
        target = self.path(path)
        return (method, target, form.encode()) if method == "POST" else (method, f"{target}?{form}", b"")


def known_to(sim: Sim, code: str, id_: str) -> dict[str, list[str]]:
    return {
        "ws": [sim.workspace.public_id, sim.workspace.public_id, "nobody"],
        "provider": [ANY.name, "simulator", "nobody"],
        "name": ["control", "hooks", ANY.name],
        "id": [id_, "nobody"],
        "slug": ["li-na", "mallory"],
        "code": [code, "nobodysc"],
        "outcome": ["declined", "late", "left"],
    }


def headers_of(dice: Dice) -> Iterator[tuple[str, str]]:
    if dice.random.random() < 0.2:
        yield "Accept-Language", dice.random.choice(["zh;q=0.5,en", "q=;;,", "*", "zh;q=9.9.9"])
        yield "Cookie", dice.random.choice(["lang=zh; theme=dark", "=;=;", "buyer=nobody", "lang=", "workspace=nobody"])
        yield "Content-Type", dice.random.choice(["text/plain", "multipart/form-data", "", ";;;"])


@pytest.mark.parametrize("seed", range(6))
async def test_nothing_that_is_sent_to_what_is_ours_makes_it_crash(
    sim: Sim, http: httpx.AsyncClient, seed: int
) -> None:
    """Three hundred calls and presses from each seed, one after another in the same world."""
    merchant = Merchant(sim, ANY)
    id_ = await merchant.create()
    payment = await sim.payment(ANY.name, id_)
    dice = Dice(seed, known_to(sim, payment["wallet"]["code"] if payment["wallet"] else "nobodysc", id_))

    for _ in range(300):
        method, target, body = dice.call() if dice.random.random() < 0.7 else dice.press()
        headers = dict(headers_of(dice))
        answer = await http.request(method, target, content=body, headers=headers)
        assert answer.status_code < 500, f"{method} {target} {headers} {body!r}: {answer.text}"
