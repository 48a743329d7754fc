"""A proxy before a real sandbox that keeps each exchange, masked, as a file that the golden tests read.

A file holds a request and its answer. What is drawn anew each time stands there as a mark between angle brackets, and the same
value has the same mark in all files of a folder:

| Mark | Stands for |
| --- | --- |
| `<id 1>`, `<id 2 of 11 digits>` | an id, a token: within a text its beginning stays (`charge_<id 1>`) |
| `<id 3>`, `<id 4 of 4 digits as a number>` | what the merchant chose (`Sandbox.chosen`, idempotency keys), whatever it is |
| `<time 0000-00-00T00:00:00.0Z>`, `<time 13>`, `<time HTTP>` | an instant in this form, of so many digits, as HTTP writes it |
| `<amount>`, `<amount * 0.4>` | the first amount that was sent, and others in proportion to it; `… as text` where it is a text |
| `<url 1>`, `<base>` | an address; that of the API |
| `<time 0000-00-00 past>`, `<time 10 in 86400 s>`, `<time 10 later>` | an instant that the merchant sends: more than a day ago, so
long after the call, in more than a year (days of birth and of a card's end are nobody's business) |
| `<number>`, `<email 6>` | a long number; an e-mail address |
| `<merchant_id>` | a credential that opens no door, by its name |
| `<secret>` | what opens a door |

`credential` says whether the call bore the user's credentials (`right`), others (`wrong`) or `none`; of a key that a page of the
shop's calls with (`Sandbox.public`) the header itself is kept, with the key's name for it (`Bearer <public_key>`).

Everything else stays as it was sent: words, names of people and goods, descriptions, addresses of streets.
"""

from __future__ import annotations

import base64
import binascii
import json
import re
from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import httpx
from starlette.applications import Starlette
from starlette.requests import Request as Incoming
from starlette.responses import Response
from starlette.routing import Route

from simulator.engine import private
from simulator.engine.provider import Provider
from simulator.engine.shop import Account, Answer, Request
from simulator.kernel.clock import stopwatch, time_of_day
from simulator.surface.drift.comparing import IGNORED_HEADERS
from simulator.surface.drift.hiding import EMAIL, HIDDEN, TIME, Hiding, replaced, silent, time_form
from simulator.surface.drift.leaves import Names, inputs, is_address, moment_of
from simulator.surface.drift.playing import DIRECT, PATIENCE_S, host_of
from simulator.surface.drift.running import exchange_of

METHODS = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"]
HOP_BY_HOP = frozenset({
    "host", "connection", "keep-alive", "transfer-encoding", "te", "upgrade", "proxy-authorization", "content-length",
    "content-encoding", "accept-encoding",
})  # fmt: skip
_AMOUNT = re.compile(r"(amount|value|price|total|sum|balance|available)", re.IGNORECASE)
"""Members whose numbers are money."""
_LONG_ID = 8
"""Letters and digits of an id that may be none but letters: a shorter text might be a word."""
_SMALL = 100_000
"""Below it a number is a code or a count, unless its member says that it is money."""
_NUMBER = re.compile(r"-?\d+(\.\d+)?")
_NUMBERED = re.compile(r"(\d+)-")
_USED = re.compile(r"<(?:id|url|email) (\d+)")
_MARKED = re.compile(r"(<[^<>]*>)")
_HTTP_DATE = re.compile(r"[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")
_BASE64 = re.compile(r"(?=.*\d)[A-Za-z0-9+/]{20,}={0,2}")
_TOKEN = re.compile(r"[A-Za-z0-9]+(?:-[A-Za-z0-9]+)*")
_A_DAY, _A_YEAR = timedelta(days=1), timedelta(days=366)
_NAMED_ID = re.compile(r"(^|[a-z_-])id$", re.IGNORECASE)


class Marks:
    """Values and their marks, the same for all exchanges of one recording."""

    def __init__(
        self,
        base_url: str,
        hiding: Hiding,
        *,
        keeps_amounts: bool = False,
        chosen: Collection[str] = (),
        constants: Collection[str] = (),
        used: int = 0,
    ) -> None:
        """`chosen` are the members whose values the merchant chooses, as `Sandbox.chosen` has them, and `constants` its own;
        `used` is how many numbers other marks of the folder have."""
        self.sent_at: datetime | None = None
        """When the request came that is being marked; None while it is an answer."""
        self._constants = constants
        self._names = Names(base_url)
        self._chosen = chosen
        self._used = used
        self._references: set[str] = set()
        """What the merchant has chosen so far."""
        self._hiding = hiding
        self._keeps_amounts = keeps_amounts
        self._numbers: dict[str, int] = {}
        """What has a mark with a number: ids and addresses."""
        self._amount: float | None = None

    def of(self, value: Any, name: str = "", within: str = "") -> Any:
        """A value of JSON as it is kept. `name` is that of the member which holds it, `within` that of the one around."""
        if isinstance(value, dict):
            return {self._key(key): self.of(inner, key, name) for key, inner in value.items()}
        if isinstance(value, list):
            return [self.of(inner, name, within) for inner in value]
        if isinstance(value, bool) or value is None:
            return value
        if not {name, f"{within}.{name}", f"{within}.*"}.isdisjoint(self._chosen) and not isinstance(value, float):
            return self.reference(value)
        return self.text(value, name) if isinstance(value, str) else self._of_number(value, name)

    def _key(self, name: str) -> str:
        """A member's name, which is a word unless it has many digits."""
        return self._text(name) if len(re.findall(r"\d", name)) > 3 else self._hiding.sealed(name)

    def reference(self, value: str | int) -> str:
        """The mark for a value that the merchant has chosen. The value is known from now on, wherever it comes again."""
        text = str(value)
        if not text or text in self._hiding.names:
            return self.text(text)
        self._references.add(text)
        mark = self._id(text)
        return f"{mark[:-1]} as a number>" if isinstance(value, int) else mark

    def text(self, value: str, name: str = "") -> str:
        if value and self._hiding.is_secret(name):
            return "<secret>"
        if value in self._constants:
            return value
        if value in self._hiding.names:
            return f"<{self._hiding.names[value]}>"
        if value in self._references or (value and name in self._chosen):
            return self.reference(value)
        if _NUMBER.fullmatch(value) and _AMOUNT.search(name) and not self._keeps_amounts:
            return self._money(float(value), " as text")
        plain = self._names.without_base(value)
        if plain.startswith("⟦base⟧"):
            return f"<base>{self.path(plain.removeprefix('⟦base⟧'))}"
        if is_address(plain):
            return f"<url {self._number(plain)}>"
        if not re.search(r"\s", value) and HIDDEN in self._hiding.sealed(value):
            return "<secret>"  # a piece of it would say too much, and a test has no use for the rest
        kept, _, last = value.rpartition("_")
        is_named = _NAMED_ID.search(name) and _is_drawn_name(last)
        if _BASE64.fullmatch(value) or is_named or _is_drawn_token(last) or self._is_known(last):
            return f"{kept}_{self._id(last)}" if kept else self._id(last)
        return self._text(value)

    def header(self, value: str, name: str) -> str:
        if self._hiding.masking.is_secret_header(name):
            return "<secret>"
        is_id = _NAMED_ID.search(name) is not None
        return self.text(value, name if is_id else "")

    def path(self, target: str) -> str:
        """The address with marks in place of what was drawn or chosen, in its segments and its parameters."""
        path, question, query = target.partition("?")
        segments = "/".join(self._part(segment) for segment in path.split("/"))
        pairs = (pair.partition("=") for pair in query.split("&"))
        parameters = "&".join(f"{name}{equals}{self._part(value, name)}" for name, equals, value in pairs)
        return f"{segments}{question}{parameters}"

    def _part(self, text: str, name: str = "") -> str:
        """Hides one part of an address. What it says without its `%` counts, and marks stay readable."""
        if "%" not in text:
            return self.text(text, name)
        return quote(self.text(unquote(text), name), safe="<>* ")

    def _text(self, text: str) -> str:
        text = self._hiding.sealed(text).replace(HIDDEN, "<secret>")
        references = [
            partial(replaced, value=one, name=self._id(one)) for one in sorted(self._references, key=len, reverse=True)
        ]
        for marked in (
            *references,
            partial(_HTTP_DATE.sub, lambda found: self._time("HTTP", found[0])),
            partial(EMAIL.sub, lambda found: f"<email {self._number(found[0])}>"),
            partial(TIME.sub, lambda found: self._time(time_form(found[0]), found[0])),
            partial(_TOKEN.sub, lambda found: self._id(found[0]) if self._is_drawn(found[0]) else found[0]),
        ):
            parts = _MARKED.split(text)  # what is marked already stays
            text = "".join(part if part.startswith("<") else marked(part) for part in parts)
        return text

    def _is_drawn(self, token: str) -> bool:
        return _is_drawn(token) or self._is_known(token)

    def _is_known(self, token: str) -> bool:
        """Whether a member called it an id before: of letters alone, nothing else tells it from a word."""
        return len(token) >= _LONG_ID and token.isalnum() and token in self._numbers

    def _time(self, form: str, value: str | int) -> str:
        moment = moment_of(value)
        if self.sent_at is None or moment is None:
            return f"<time {form}>"
        after = moment - self.sent_at
        if after < -_A_DAY:
            return f"<time {form} past>"
        return f"<time {form} {'later' if after > _A_YEAR else f'in {round(after.total_seconds())} s'}>"

    def _number(self, value: str) -> int:
        return self._numbers.setdefault(value, self._used + len(self._numbers) + 1)

    def _id(self, value: str) -> str:
        return f"<id {self._number(value)}{f' of {len(value)} digits' if value.isdecimal() else ''}>"

    def _of_number(self, value: float, name: str) -> Any:
        if str(value) in self._hiding.names:
            return f"<{self._hiding.names[str(value)]}>"
        if isinstance(value, int) and len(str(value)) in (10, 13):
            return self._time(str(len(str(value))), value)
        if _AMOUNT.search(name):
            return value if self._keeps_amounts else self._money(value)
        if str(value) in self._numbers or (_NAMED_ID.search(name) and abs(value) >= _SMALL):
            return self._id(str(value))
        return value if abs(value) < _SMALL and isinstance(value, int) else "<number>"

    def _money(self, value: float, more: str = "") -> str:
        if self._amount is None and value > 0:
            self._amount = value
        share = value / (self._amount or 1)
        return f"<amount{more}>" if share == 1 else f"<amount * {share:.12g}{more}>"


def _is_drawn(token: str) -> bool:
    """Whether nobody has thought it up: long enough, and with letters and digits mixed, or of many digits."""
    digits = sum(sign.isdecimal() for sign in token)
    if "-" in token:
        return len(token) >= 18 and digits >= 3
    return digits >= 9 if digits == len(token) else len(token) >= 10 and digits >= 1


def _is_drawn_token(text: str) -> bool:
    return _TOKEN.fullmatch(text) is not None and TIME.fullmatch(text) is None and _is_drawn(text)


def _is_drawn_name(text: str) -> bool:
    """Whether a text was drawn, where its member calls it an id: there shorter numbers are, too, and words that are none."""
    if not re.fullmatch(r"[A-Za-z0-9-]+", text):
        return False
    return (text.isdecimal() and len(text) >= 5) or (len(text) >= _LONG_ID and not text.isupper())


def left_out(provider: Provider) -> frozenset[str]:
    """Headers that are not kept: the network's, and those that hang on what the account has done."""
    varies = provider.sandbox.varies if provider.sandbox is not None else ()
    return IGNORED_HEADERS | {one.removeprefix("header ") for one in varies if one.startswith("header ")}


class Recorder:
    """An ASGI application (`app`) that passes every call on, and writes it down in a folder."""

    def __init__(
        self,
        provider: Provider,
        base_url: str,
        credentials: Mapping[str, Any],
        folder: Path,
        *,
        keeps_amounts: bool = False,
        transport: httpx.AsyncBaseTransport | None = None,
        clock: Callable[[], float] = stopwatch,
    ) -> None:
        """`credentials` are the user's: what they say is hidden."""
        self._clock, self._last = clock, clock()
        self.folder = folder
        self.written: list[Path] = []
        self._provider, self._base_url = provider, base_url.rstrip("/")
        self._account = dict(credentials)
        self._hiding = Hiding(inputs(credentials), provider.masking)
        chosen = provider.sandbox.chosen if provider.sandbox is not None else ()
        constants = provider.sandbox.constants if provider.sandbox is not None else ()
        used = max(
            (int(n) for path in folder.glob("*.json") for n in _USED.findall(path.read_text("utf-8"))), default=0
        )
        self._marks = Marks(
            self._base_url, self._hiding, keeps_amounts=keeps_amounts, chosen=chosen, constants=constants, used=used
        )
        self._next = 1 + max(
            (int(found[1]) for path in folder.glob("*.json") if (found := _NUMBERED.match(path.name))), default=0
        )
        self._http = httpx.AsyncClient(
            base_url=self._base_url, transport=transport, mounts=DIRECT, timeout=PATIENCE_S, follow_redirects=False
        )
        route = Route("/{path:path}", self._pass_on, methods=METHODS)
        self.app = Starlette(routes=[route], lifespan=self._open)

    async def _pass_on(self, incoming: Incoming) -> Response:
        raw = incoming.scope.get("raw_path") or incoming.scope["path"].encode()
        path = raw.decode("latin-1").partition("?")[0]
        query = incoming.scope["query_string"].decode("latin-1")
        body = await incoming.body()
        headers = {name: value for name, value in incoming.headers.items() if name not in HOP_BY_HOP}
        request = Request(incoming.method, f"{path}?{query}" if query else path, headers, body)
        began = self._clock()
        try:
            with silent():
                got = await self._http.request(
                    request.method,
                    request.path,
                    headers={**headers, "accept-encoding": "identity"},
                    content=body or None,
                )
        except httpx.HTTPError as error:
            return Response(
                f"{host_of(self._base_url)} is not reached: {type(error).__name__}\n", 502, media_type="text/plain"
            )
        answer = Answer(got.status_code, got.content, dict(got.headers))
        self._write(request, answer, began)
        sent = {name: value for name, value in got.headers.items() if name not in HOP_BY_HOP}
        return Response(got.content, got.status_code, sent)

    @asynccontextmanager
    async def _open(self, app: Starlette) -> AsyncIterator[None]:
        yield
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    # What is kept

    def _write(self, request: Request, answer: Answer, began: float) -> None:
        operation = exchange_of(self._provider, request, answer).operation or "unknown"
        path = self.folder / f"{self._next:03}-{re.sub(r'[^A-Za-z0-9]+', '-', operation)}.json"
        self._next += 1
        found = self._hiding.sealed_in(self._kept(request, answer, began - self._last))
        self._last = self._clock()
        kept = json.dumps(found, ensure_ascii=False, indent=2) + "\n"
        private.make_folder(self.folder)
        private.write(path, kept.encode())
        self.written.append(path)

    def _kept(self, request: Request, answer: Answer, after_s: float) -> dict[str, Any]:
        marks = self._marks
        key = self._provider.idempotency.header.lower() if self._provider.idempotency is not None else ""
        asked = {name: value for name, value in request.headers.items() if name in ("content-type", key)}
        marks.sent_at = time_of_day()
        credential = self._credential(request, answer)
        body = _body(request.body, marks)  # before the path, which may repeat references of the body
        path = marks.path(request.path)
        sent = {
            name: marks.reference(value) if name == key else marks.header(value, name) for name, value in asked.items()
        }
        marks.sent_at = None
        said = {name: value for name, value in answer.headers.items() if name not in left_out(self._provider)}
        return {
            "provider": self._provider.name,
            "request": {
                "method": request.method,
                "after_s": round(after_s),
                "path": path,
                "credential": credential,
                "headers": sent,
                **body,
            },
            "answer": {
                "status": answer.status,
                "headers": {name: marks.header(value, name) for name, value in said.items()},
                **_body(answer.body, marks),
            },
        }

    def _credential(self, request: Request, answer: Answer) -> str:
        """Whether the call bore the user's credentials, others or none; or its header, if that is a public key's."""
        shop = self._provider.shop
        assert shop is not None
        own = Account(self._account, self._base_url, time_of_day())
        bare = Request(request.method, request.path, {}, request.body)
        signed = shop.sign(own, bare)
        lower = {name.lower(): value for name, value in signed.headers.items()}
        if lower and all(request.headers.get(name) == value for name, value in lower.items()):
            return "right"
        if self._provider.verify_request is not None:
            verdict = self._provider.verify_request(own, request)
            if verdict is not None and verdict.valid:
                return "right"
        public = self._public(request.headers.get("authorization", ""))
        if public is not None and answer.status not in (shop.unauthenticated, shop.stranger):
            return public
        is_signed = "authorization" in request.headers or b'"signature"' in request.body
        return "wrong" if is_signed else "none"

    def _public(self, header: str) -> str | None:
        """The header with the key's name instead of the key, which is known from now on."""
        scheme, space, key = header.rpartition(" ")
        if scheme.lower() == "basic":
            try:
                key = base64.b64decode(key, validate=True).decode("utf-8").rstrip(":")
            except (binascii.Error, UnicodeDecodeError):
                return None
        patterns = self._provider.sandbox.public if self._provider.sandbox is not None else {}
        name = next((name for name, pattern in patterns.items() if re.fullmatch(pattern, key)), None)
        if name is None:
            return None
        self._hiding.names.setdefault(key, name)
        return f"{scheme}{space}<{name}>"


def _body(raw: bytes, marks: Marks) -> dict[str, Any]:
    """`body` where it is JSON, `text` where it is something else, nothing where there is none."""
    if not raw:
        return {}
    found = Answer(0, raw).json
    if found is None and raw.strip() != b"null":
        return {"text": marks.text(raw.decode("utf-8", "replace"))}
    return {"body": marks.of(found)}
