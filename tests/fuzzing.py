"""Requests as a hostile client sends them, each from a number alone, and what is wrong with an answer to one.

The same number always makes the same request, whatever went before: a finding is repeated by `Fuzzer.request(number)`. Requests
go to the ASGI application as they are, because an HTTP client would put right what is meant to be wrong.
"""

from __future__ import annotations

import json
import random
import re
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from urllib.parse import quote, unquote

from contract.bodies import body_of
from contract.calls import Operation, own
from merchant import Merchant
from pydantic import BaseModel
from support import Sim

from simulator.engine.provider import Endpoint, Page, Provider
from simulator.engine.routes import segments_of
from simulator.engine.shop import Answer, Request
from simulator.kernel.refusals import Refusal
from simulator.surface.console import PAGES
from simulator.surface.console.acts import OPERATIONS as ACTS
from simulator.surface.control.table import TABLE

METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "PROPFIND", "post", "BREW")
STEPS = ("/", "//", "///", "/./", "/%2f", "/%", "/%zz", "/%00", "/%ff", "/%C2%B2", "/%ed%a0%80", ";a=b/", "/%252e/")
TEXTS = (
    "", " ", "\0", "a\0b", "²", "٣", "\ud800", "\udfff\ud800", "\u202e", "\ufeff", "\r\nx-evil: 1", "NaN", "Infinity",
    "-0", "1e999", "9" * 400, "9" * 5_000, "a" * 70_000, "💰" * 300, "%s%n{0}", "../../etc/passwd", "' OR 1=1 --",
    "http://[", "http://[::1", "https://a:99999/", "https://²/", "//", "javascript:0", "2026-13-45T99:99:99Z",
    "9999-12-31T23:59:59Z", "0001-01-01T00:00:00+14:00", "P9999999999D", "PT1e400S", "true", "null", "[]", "x[", "[" * 300,
)  # fmt: skip
NUMBERS = (0, -1, 1.5, 1e308, 2**31, 2**53 + 1, 2**63 - 1, 2**63, 2**64 - 1, -(2**63), 10**30, -0.0)
QUERIES = (
    "limit=%C2%B2", "limit=%D9%A3", "limit=-1", "limit=99999999999999999999999", "limit=1e5", "limit=", "limit", "cursor=%00",
    "cursor=%ff", "starting_after=%ed%a0%80", "page=%C2%B2", "a=%", "a=%zz", "a=%ff", "&&&===", "a[b]" + "[c]" * 300 + "=1",
    "skip=%C2%B2", "from=9999-12-31T23:59:59Z", "to=0000", "provider=%00", "after=%C2%B2", "status=%ff", "x=" + "y" * 9_000,
)  # fmt: skip
HEADERS = (
    (b"content-length", b"\xb2"), (b"content-type", b"application/json; charset=\xff"), (b"content-type", b"text/plain"),
    (b"content-type", b"multipart/form-data"), (b"content-type", b"application/x-www-form-urlencoded"), (b"host", b"h" * 9_000),
    (b"host", b"[::1"), (b"host", b"a b"), (b"host", b""), (b"host", b"\xff"), (b"authorization", b"Basic \xff"),
    (b"authorization", b"Basic ==="),
    (b"authorization", b"Bearer " + b"x" * 9_000), (b"authorization", b"GCS v1HMAC:\xff:"), (b"authorization", b""),
    (b"idempotency-key", b"\0"), (b"idempotency-key", b"k" * 9_000),
    (b"request-idempotency-key", b"\xff"), (b"accept", b"\xff"),
    (b"date", b"\xb2"), (b"x-gcs-idempotence-key", b"\xff" * 500), (b"cko-idempotency-key", b"\xff" * 300),
    (b"cookie", b"a=\xff; =;;;"),
    (b"accept-language", b";q=\xb2,*"), (b"x-forwarded-for", b"\xff"), (b"x-gcs-clientmetainfo", b"e30" * 3_000),
    (b"if-match", b"\xb2"),
)  # fmt: skip

MANY = (300, 3_000, 9_000, 80_000)

LONGEST_S = 1.0
"""Seconds of the processor that no answer may take."""

_PARAMETER = re.compile(r"\{(\w+)(:\w+)?\}")


@dataclass(frozen=True)
class Sent:
    """A request as the bytes of which ASGI is told. `path` is the target, encoded."""

    method: str
    path: str
    headers: tuple[tuple[bytes, bytes], ...]
    body: bytes
    hands: str = ""
    """What was done to it, for whoever reads a finding."""

    def __str__(self) -> str:
        return f"{self.method} {self.path[:300]} [{self.hands}] {self.body[:300]!r} ({len(self.body)} bytes)"


@dataclass(frozen=True)
class Finding:
    number: int
    sent: Sent
    answer: Answer
    complaint: str

    def __str__(self) -> str:
        said = f"{self.answer.status} {self.answer.body[:200]!r}"
        return f"request {self.number}: {self.complaint}: {self.sent}\n  -> {said}"


# Bodies ------------------------------------------------------------------------------------------------------------


def _deep(depth: int, chance: random.Random) -> str:
    opening, closing = chance.choice((("[", "]"), ('{"a":', "}"), ('[{"a":', "}]")))
    return opening * depth + "1" + closing * depth


def _raw_json(chance: random.Random) -> str:
    """A value that no program would write, as JSON text or nearly so."""
    return chance.choice(
        (
            lambda: _deep(chance.choice((70, 130, 250, 260, 5_000)), chance),
            lambda: chance.choice(("NaN", "Infinity", "-Infinity", "nan", "01", "1.", "0x10", "1e999", "-0", "²")),
            lambda: "9" * chance.choice((19, 20, 40, 400, 5_000)),
            lambda: '"\\ud800"',
            lambda: '"\\u0000"',
            lambda: '"\\udfff\\ud800x"',
            lambda: '{"a":1,"a":[2],"a":{"a":null}}',
            lambda: "{" + ",".join(f'"m{i}":{i}' for i in range(chance.choice(MANY))) + "}",
            lambda: "[" + ",".join(["{}"] * chance.choice(MANY)) + "]",
            lambda: "[" + ",".join(["1"] * chance.choice(MANY)) + "]",
            lambda: '{"\\ud800":1}',
            lambda: '{"":{"":{"":0}}}',
        )
    )()


def _hostile(chance: random.Random) -> Any:
    shape = chance.randrange(10)
    if shape < 4:
        return chance.choice(TEXTS)
    if shape < 7:
        return chance.choice(NUMBERS)
    return chance.choice((None, True, [], {}, [[]], [None], {"": ""}, ["a"] * 50, {"id": {"id": []}}))


def _places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        yield (*path, name)
        yield from _places(inner, (*path, name))


def _mutated(body: Any, chance: random.Random) -> str:
    """The body as text, with a few members replaced, dropped, added, or by something that is no JSON."""
    value, raw = json.loads(json.dumps(body)), None
    for _ in range(chance.choice((0, 1, 1, 1, 2, 4))):
        places = [*_places(value)]
        if not places:
            break
        *path, last = chance.choice(places)
        holder = value
        for step in path:
            holder = holder[step]
        hand = chance.randrange(8)
        if hand == 0 and isinstance(holder, dict):
            del holder[last]
        elif hand == 1 and isinstance(holder, dict):
            holder[chance.choice(TEXTS)] = _hostile(chance)
        elif hand == 2 and raw is None:
            holder[last], raw = "@raw@", _raw_json(chance)
        else:
            holder[last] = _hostile(chance)
    text = json.dumps(value)
    return text if raw is None else text.replace('"@raw@"', raw)


def _form(chance: random.Random) -> bytes:
    return chance.choice(
        (
            b"a" + b"[b]" * 300 + b"=1",
            b"a" + b"[" * 5_000 + b"=1",
            b"&".join(b"a[%d]=1" % i for i in range(3_000)),
            b"a[99999999999]=1&a[-1]=2&a[\xc2\xb2]=3",
            b"amount=\xc2\xb2&currency=%00",
            b"amount=1&amount[b]=2&amount[]=3",
            b"a=%ff&b=%ed%a0%80&%=%zz",
            b"\xff\xfe=\xff",
            b"a[b=1&a]b[=2&[]=3&=4&==",
            b"metadata[%ed%a0%80]=1&metadata[%00]=2",
        )
    )


def _broken(text: bytes, chance: random.Random) -> bytes:
    """What is sent instead of a body, or a body that was cut and stirred."""
    hand = chance.randrange(7)
    if hand == 0:
        return _raw_json(chance).encode("utf-8", "surrogatepass")
    if hand == 1:
        return _form(chance)
    if hand == 2:
        return b""
    if hand == 3:
        return text[: chance.randrange(len(text) + 1)]
    at = chance.randrange(len(text) + 1)
    junk = chance.choice(
        (b"\0", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"{", b'"', b"[" * 300, "²".encode(), b"\\")
    )
    return text[:at] + junk + text[at + chance.choice((0, 1)) :]


# Requests ----------------------------------------------------------------------------------------------------------


@cache
def _bodies(model: type[BaseModel]) -> tuple[Any, ...]:
    found = []
    for whole in (False, True):
        with suppress(LookupError):
            found.append(body_of(model, whole=whole))
    return tuple(found)


class Fuzzer:
    """Requests to one provider, or without one to our own routes. `known` are ids that exist."""

    def __init__(self, sim: Sim, provider: Provider | None, seed: str = "bodies") -> None:
        self.sim, self.seed = sim, f"{seed} {provider.name if provider is not None else 'ours'}"
        self.provider = provider
        self.merchant = Merchant(sim, provider) if provider is not None else None
        self.known: list[str] = ["nobody", "1"]
        self.slowest = 0.0
        """Seconds of the processor that the dearest answer took, whatever else the machine did meanwhile."""
        self.statuses: dict[int, int] = {}

    async def prepare(self, sellers: Sequence[Provider]) -> None:
        """Payments that there are to be found."""
        for seller in sellers:
            merchant = Merchant(self.sim, seller)
            await self.sim.receive_webhooks(seller.name)
            self.sim.answer = merchant.takes
            for make in (merchant.waiting, merchant.paid):
                self.known.append(await make(f"{make.__name__}-{seller.name}"))
            payment = await self.sim.payment(seller.name, self.known[-1])
            self.known += [str(payment[name]) for name in ("order", "code") if payment.get(name)]

    def request(self, number: int) -> Sent:
        chance = random.Random(f"{self.seed} {number}")
        hands: list[str] = []
        request = self._ours(chance) if self.merchant is None else self._signed(chance, hands)
        method, path, body = request.method, request.path, request.body
        headers = [(n.lower().encode("latin-1"), v.encode("latin-1", "replace")) for n, v in request.headers.items()]
        if chance.random() < 0.12:
            method = chance.choice(METHODS)
            hands.append("method")
        if chance.random() < 0.15:
            path, _, query = path.partition("?")
            at = chance.choice([i for i, c in enumerate(path) if c == "/"])
            path = path[:at] + chance.choice(STEPS) + path[at + 1 :] + (f"?{query}" if query else "")
            hands.append("path")
        if chance.random() < 0.15:
            path += ("&" if "?" in path else "?") + chance.choice(QUERIES)
            hands.append("query")
        if chance.random() < 0.25:
            body = _broken(body, chance)
            hands.append("bytes")
        if chance.random() < 0.15:
            name, value = chance.choice(HEADERS)
            if chance.random() < 0.5:
                headers = [pair for pair in headers if pair[0] != name]
            headers.append((name, value))
            hands.append(name.decode())
        if chance.random() < 0.02:
            headers += [(b"x-%d" % i, b"y" * chance.choice((1, 200))) for i in range(chance.choice((200, 2_000)))]
            hands.append("flood")
        if not any(name == b"host" for name, _ in headers):
            headers.append((b"host", b"sim.test"))
        if path.endswith("/events"):  # a feed without an end
            path += "/x"
        return Sent(method, path, tuple(headers), body, ", ".join(hands))

    def _signed(self, chance: random.Random, hands: list[str]) -> Request:
        assert self.merchant is not None
        merchant, account = self.merchant, self.merchant.account
        if chance.random() < 0.2:
            request = merchant.creation(f"order-{chance.randrange(50)}", chance.choice((1000, 1, 10**12)))
            operation = None
        else:
            operation = Operation(merchant.provider, chance.choice(merchant.provider.endpoints))
            model = operation.endpoint.body
            bodies = _bodies(model) if model is not None else ()
            with suppress(KeyError):  # a body that cannot be signed by the table of what it must have
                request = operation.request(account, body=chance.choice(bodies) if bodies else None)
            request = replace(request, path=self._known(operation.endpoint, request.path, chance))
        if request.body[:1] == b"{":
            request = replace(request, body=_mutated(json.loads(request.body), chance).encode("utf-8", "surrogatepass"))
        if chance.random() < 0.9:
            with suppress(ValueError, TypeError, RecursionError, KeyError, AttributeError, Refusal):  # goes unsigned
                return merchant.shop.sign(account, request)
        hands.append("unsigned")
        return request

    def _known(self, endpoint: Endpoint, path: str, chance: random.Random) -> str:
        """The path about something that exists, or about nonsense."""
        path, _, query = path.partition("?")
        given, wanted = segments_of(path), segments_of(endpoint.path)
        for index, part in enumerate(wanted):
            if part.startswith("{") and "merchantId" not in part:
                given[index] = self._segment(chance)
        return "/" + "/".join(given) + (f"?{query}" if query else "")

    def _segment(self, chance: random.Random) -> str:
        if chance.random() < 0.6:
            return quote(chance.choice(self.known), safe="")
        return chance.choice(
            ("²", "%C2%B2", "%00", "%ff", "%ed%a0%80", "%", "..", "%2e%2e", "a" * 5_000, "9" * 400, "-1", "%0d%0a", "%2F")
        ).replace("²", "%C2%B2")  # fmt: skip

    def _ours(self, chance: random.Random) -> Request:
        ws = self.sim.workspace.public_id if chance.random() < 0.9 else self._segment(chance)
        names = [provider.name for provider in self.sim.app.runtime.providers.values()]
        filled: dict[str, Callable[[], str]] = {
            "ws": lambda: ws,
            "provider": lambda: chance.choice([*names, "simulator", self._segment(chance)]),
            "name": lambda: chance.choice(["shop", self._segment(chance)]),
            "operation": lambda: chance.choice([*ACTS, self._segment(chance)]),
        }

        def fill(found: re.Match[str]) -> str:
            return filled.get(found[1], lambda: self._segment(chance))()

        kind = chance.randrange(10)
        if kind < 6:
            row = chance.choice([row for row in TABLE if row.method != "DELETE" or "webhooks" in row.path])
            bodies = _bodies(row.body)
            body = _mutated(chance.choice(bodies) if bodies else {}, chance).encode("utf-8", "surrogatepass")
            query = ""
            if row.query.model_fields and chance.random() < 0.6:
                name = chance.choice([field.alias or name for name, field in row.query.model_fields.items()])
                query = f"?{name}={quote(chance.choice(TEXTS), errors='surrogatepass')}"[:2_000]
            path = _PARAMETER.sub(fill, row.path) + query
            return Request(row.method, path, {"content-type": "application/json"}, body if row.method != "GET" else b"")
        if kind == 6:
            return Request(
                chance.choice(("GET", "POST", "PUT")), f"/_sim/inbox/{ws}/shop", {}, _raw_json(chance).encode()
            )
        if kind == 7:
            return Request("GET", _PARAMETER.sub(fill, chance.choice(PAGES)[0]), {})
        if kind == 8:
            body = _form(chance)
            headers = {"content-type": "application/x-www-form-urlencoded"}
            return Request("POST", _PARAMETER.sub(fill, "/console/{ws}/do/{operation}"), headers, body)
        acts = (
            "",
            "/scan",
            "/sign-in",
            "/confirm",
            "/cancel",
            "/force",
            "/answer",
            "/show-code",
            "/buyer",
            "/qr.png",
            "/state.json",
        )
        headers = {"content-type": "application/x-www-form-urlencoded"}
        act = chance.choice(acts)
        return Request(
            "POST" if chance.random() < 0.7 else "GET", f"/w/{self._segment(chance)}{act}", headers, _form(chance)
        )

    # Answers

    async def run(self, numbers: range) -> list[Finding]:
        """Sends these requests, one after the other."""
        found = []
        for number in numbers:
            if not self.sim.exists:  # one of them has deleted it
                await self.sim.__aenter__()
            sent = self.request(number)
            started = time.thread_time()
            answer = await send(self.sim, sent)
            took = time.thread_time() - started
            self.slowest = max(self.slowest, took)
            self.statuses[answer.status] = self.statuses.get(answer.status, 0) + 1
            complaint = self.complaint(sent, answer) if took < LONGEST_S else f"{took:.1f} s of the processor"
            if complaint is not None:
                found.append(Finding(number, sent, answer, complaint))
        return found

    def complaint(self, sent: Sent, answer: Answer) -> str | None:
        """What is wrong with the answer: a crash, or a refusal in words that are not those of whoever was asked."""
        if answer.status >= 500:
            return "a crash"
        if answer.status < 400 or sent.method == "HEAD":
            return None
        return None if self._speaks(sent, answer) else "an error in another format"

    def _speaks(self, sent: Sent, answer: Answer) -> bool:
        path = sent.path.partition("?")[0]
        if unquote(path).startswith(("/_sim", "/console")) or unquote(path) == "/":
            return _is_ours(answer) or (unquote(path).startswith("/console") and _is_page(answer))
        segments = [unquote(one) for one in segments_of(path)]
        found = (
            None
            if any("\0" in one for one in segments)
            else self.sim.app.gateway.routes.match(sent.method.upper(), segments)
        )
        routes = list(found[0].routes.values()) if found is not None else []
        if routes and all(isinstance(route, Page) for _, route in routes):
            return _is_page(answer) or _is_ours(answer) or (path.endswith(".json") and answer.json == {})
        for provider, route in routes:
            if provider is not None:
                return _is_error(provider, answer, route.operation if isinstance(route, Endpoint) else "")
        others = [provider for provider in self.sim.app.runtime.providers.values() if isinstance(provider, Provider)]
        return _is_ours(answer) or any(_is_error(provider, answer) for provider in others)


def _is_error(provider: Provider, answer: Answer, operation: str = "") -> bool:
    """In the provider's own words, which at some have another form for some operations (`is_error` of its tests' `calls`)."""
    assert provider.shop is not None
    special = own(provider, "is_error")
    try:
        return bool(provider.shop.is_error(answer) or (special is not None and special(operation, answer)))
    except (TypeError, KeyError, AttributeError):  # another format altogether
        return special is not None and bool(special(operation, answer))


def _is_ours(answer: Answer) -> bool:
    body = answer.json
    return isinstance(body, dict) and list(body) == ["error"] and {"code", "message"} <= set(body["error"])


def _is_page(answer: Answer) -> bool:
    return answer.headers.get("content-type", "").startswith("text/html") and b"</html>" in answer.body


async def send(sim: Sim, sent: Sent) -> Answer:
    """As uvicorn hands it over. An exception that gets out of the application is what uvicorn makes of it: 500."""
    path, _, query = sent.path.partition("?")
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": sent.method, "scheme": "http",
        "path": unquote(path), "raw_path": path.encode(), "query_string": query.encode(), "root_path": "",
        "headers": list(sent.headers), "client": ("127.0.0.1", 1), "server": ("sim.test", 80),
    }  # fmt: skip
    messages: list[Mapping[str, Any]] = [{"type": "http.request", "body": sent.body, "more_body": False}]
    got: list[Any] = []

    async def receive() -> Any:
        return messages.pop() if messages else {"type": "http.disconnect"}

    async def take(message: Any) -> None:
        got.append(message)

    try:
        await sim.app(scope, receive, take)
    except Exception as error:
        return Answer(500, repr(error).encode("utf-8", "replace"))
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in got[0]["headers"]}
    return Answer(got[0]["status"], b"".join(part.get("body", b"") for part in got[1:]), headers)
