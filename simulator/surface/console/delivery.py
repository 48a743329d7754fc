"""One delivery: each try, what was sent and what was answered, how its signature came about and why another one is not it."""

from __future__ import annotations

import re
import shlex
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any, Literal
from urllib.parse import quote

import orjson
from starlette.responses import Response

from simulator.engine.explain import CAUSES, Comparison, Explained
from simulator.engine.facts import Fact
from simulator.engine.programs import LANGUAGES
from simulator.engine.provider import Provider
from simulator.engine.runtime import Runtime
from simulator.engine.samples import coloured
from simulator.engine.store import AttemptRow, OutboxRow
from simulator.engine.webhook_bodies import said_in
from simulator.kernel.retry import Receipt, RetryPolicy
from simulator.kernel.values import dataclass
from simulator.surface.console.frame import Console
from simulator.surface.console.webhooks import Row, shown
from simulator.surface.control import webhooks
from simulator.surface.control.compare import pasted
from simulator.surface.control.errors import ControlError
from simulator.surface.guard import INBOX

TABS = ("body", "headers", "signature", "curl")

_PATH = re.compile(r"(?:[A-Za-z_]\w*:|[0-9]+:)+")
"""The names before a value of a base string, as far as they can be told from a value that holds colons too."""

AROUND = 24
"""So many characters before a difference, and after it, are shown."""


@dataclass(frozen=True)
class Difference:
    """The merchant's text or signature beside the right one, where they differ."""

    kind: str
    """What the text that the merchant pasted was taken for: `signature`, `base_string` or `body`."""
    comparison: Comparison
    texts: tuple[str, str] | None
    """The keys of the catalogue for what happened and what helps; None where both are equal."""

    @property
    def expected(self) -> str:
        return _around(self.comparison.expected, self._from)

    @property
    def got(self) -> str:
        return _around(self.comparison.got, self._from)

    @property
    def _from(self) -> int:
        return (self.comparison.character or 1) - 1


def _around(text: str, at: int) -> str:
    start = max(at - AROUND, 0)
    cut = text[start : at + AROUND]
    return f"{'…' if start else ''}{cut}{'…' if at + AROUND < len(text) else ''}"


@dataclass(frozen=True)
class Schedule:
    """A retry policy in the parts of a sentence."""

    first: timedelta | None
    """The pause after the first try; None where there is but one."""
    grows: bool
    tries: int
    lasts: timedelta
    takes: Literal["exactly", "any", "word"]
    """Which answers count as received: 200 alone, every 2xx, or a certain word."""
    word: str = ""

    @classmethod
    def of(cls, provider: Provider) -> Schedule:
        policy, word = provider.webhooks.retry, provider.webhooks.acknowledgement
        pauses = policy.delays
        return cls(
            pauses[0] if pauses else None,
            any(pause > pauses[0] for pause in pauses),
            policy.attempts,
            sum(pauses, timedelta(0)),
            "word" if word else "any" if _takes(policy, 204) else "exactly",
            word or "",
        )


def _takes(policy: RetryPolicy, status: int) -> bool:
    return policy.acknowledges(Receipt(status, {}, b""))


async def delivery_page(console: Console) -> Response:
    """`?try=` chooses a try, `?tab=` what is shown of it, `?code=` a language, `?lines=1` the base string one value a line, and
    `?compare=` is the merchant's own base string, signature or body."""
    runtime, id_ = console.runtime, console.request.path_params["id"]
    message = runtime.store.message(console.workspace.id, id_)
    if message is None:
        text = console.texts()("webhooks_missing", id=id_, workspace=console.workspace.name)
        raise ControlError(404, "not_found", text)
    (row,) = shown(console, [message])
    attempts = runtime.store.attempts([message.seq])
    numbers = {str(attempt.n): n for n, attempt in enumerate(attempts)}
    place = numbers.get(console.query.get("try", ""), len(attempts) - 1)
    chosen = attempts[place] if attempts else None
    views: Sequence[Mapping[str, Any]] = row.delivery["attempts"]
    tried = views[place] if attempts else None
    sent = row.delivery["body"] if tried is None else tried.get("body", row.delivery["body"])
    explained = runtime.dispatcher.explained(message, chosen)
    languages = [name for name in LANGUAGES if explained is not None and name in explained.programs]
    language = console.chosen("code", languages) or next(iter(languages), "")
    given = console.query.get("compare", "")
    return console.render(
        "console/delivery.html",
        row.delivery["event"],
        place="webhooks",
        row=row,
        known=console.payments_among([message.subject]),
        attempts=views[::-1],
        chosen=tried,
        sent=sent,
        size=len(sent.encode()),
        headers=_headers(chosen),
        tab=console.chosen("tab", TABS) or "body",
        can_send=webhooks.can_resend(runtime, console.workspace, message),
        acts=webhooks.ACTS[row.delivery["state"]],
        schedule=Schedule.of(row.provider) if row.provider else None,
        explained=explained,
        unexplained=unexplained(runtime, message, chosen),
        inferred=_inferred(row, sent, _headers(chosen)),
        languages=languages,
        language=language,
        base_parts=_coloured(explained, console.query.get("lines") == "1"),
        program_parts=list(coloured(explained.programs[language])) if explained and language else [],
        in_lines=console.query.get("lines") == "1",
        pasted=given,
        difference=_difference(explained, given) if explained and given.strip() else None,
        curl=_curl(_address(console, message, row), sent, _headers(chosen)),
    )


def unexplained(runtime: Runtime, message: OutboxRow, attempt: AttemptRow | None) -> str:
    """Why there is nothing to explain: the key of a sentence."""
    if attempt is None:
        return "webhooks_not_signed_yet"
    return "webhooks_secret_gone" if runtime.dispatcher.bears_signature(message, attempt) else "webhooks_unsigned"


def _coloured(explained: Explained | None, in_lines: bool) -> list[tuple[str, str]]:
    """The base string with the names of its values in a colour of their own."""
    if explained is None:
        return []
    if not explained.separator:
        return list(coloured(explained.base_string))
    parts: list[tuple[str, str]] = []
    for n, line in enumerate(explained.lines):
        path = _PATH.match(line)
        end = path.end() if path else 0
        gap = "" if not n else "\n" if in_lines else explained.separator
        parts += [("", gap), ("key", line[:end]), ("", line[end:])]
    return parts


def _inferred(row: Row, sent: str, headers: Mapping[str, str]) -> Sequence[Fact]:
    """What no document of the provider says, and shows in this webhook."""
    if row.provider is None:
        return []
    said = said_in(sent.encode("utf-8", "surrogatepass"))
    return row.provider.facts.inferred_of(row.delivery["event"], said, [name.lower() for name in headers])


def _headers(attempt: AttemptRow | None) -> Mapping[str, str]:
    found: dict[str, str] = {} if attempt is None else orjson.loads(attempt.headers)
    return found


def _difference(explained: Explained, text: str) -> Difference:
    read = pasted(explained, text)
    return Difference(read.kind, read.found, None if read.found.cause is None else CAUSES[read.found.cause])


def _receiver(console: Console, row: Row) -> str:
    """The built-in one, for an event that was kept because nobody had set a URL."""
    return f"{console.base_url}{INBOX}{quote(console.workspace.name)}/{row.delivery['provider']}"


def _address(console: Console, message: OutboxRow, row: Row) -> str:
    if not message.url:
        return _receiver(console, row)
    return console.runtime.masking_of(message.provider).address(message.url)


def _curl(url: str, body: str, headers: Mapping[str, str]) -> str:
    """The try as it left, for a shell."""
    parts = ["curl", "-i", "-X", "POST", url]
    for name, value in headers.items():
        parts += ["-H", f"{name}: {value}"]
    parts += ["--data-raw", body]
    return " ".join(shlex.quote(part) for part in parts)
