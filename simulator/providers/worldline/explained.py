"""How Connect's v1HMAC comes about, and what merchants sign instead. Source: docs/providers/worldline.md, source 2.2."""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterator, Mapping

from simulator.engine import programs
from simulator.engine.explain import Explained, Mistake, Step, other_keys
from simulator.engine.shop import Account, Request
from simulator.kernel.crypto import b64
from simulator.providers.worldline import signing

_GCS = re.compile(r"GCS v1HMAC:([^:\s]+):(\S+)")


def explain_request(account: Account, request: Request) -> Explained | None:
    """None where the header `Authorization` bears no v1HMAC."""
    headers = {name.lower(): value for name, value in request.headers.items()}
    found = _GCS.fullmatch(headers.get("authorization", "").strip())
    if found is None:
        return None
    own = account.credentials
    secret, name = own["secret_api_key"], f"secret_api_key ({own['api_key_id']})"
    text = _text(request, headers)
    lines = text.split("\n")
    base = text.encode("utf-8", "surrogateescape")
    values = {"secret": secret, "received": found[2], "base": text}
    return Explained(
        steps=(
            Step("wl_step_head", "\n".join(lines[:3])),
            Step("wl_step_headers", "\n".join(lines[3:-2])),
            Step("wl_step_path", text),
            Step(
                "step_hmac",
                _digest(secret.encode(), base),
                {"algorithm": "HMAC-SHA256", "secret": name, "encoding": "Base64"},
            ),
        ),
        base=base,
        key=secret.encode(),
        key_name=name,
        digest=_digest,
        received=found[2],
        programs=programs.with_hmac(
            values, dict.fromkeys(programs.LANGUAGES, ""), algorithm="sha256", encoding="base64"
        ),
        mistakes=lambda: _mistakes(
            request, headers, secret, [own["webhooks_secret"], own["api_key_id"], own["merchant_id"]]
        ),
        bare=_bare,
        separator="\n",
        time=re.compile(r"(?<=\n)[A-Z][a-z]{2}, [0-9]{2} [^\n]*(?=\n)"),
    )


def _bare(given: str) -> str:
    found = _GCS.search(given)
    return found[2] if found is not None else given.strip()


def _digest(key: bytes, text: bytes) -> str:
    return b64(hmac.digest(key, text, "sha256"))


def _text(request: Request, headers: Mapping[str, str]) -> str:
    raw_path, _, raw_query = request.path.partition("?")
    return signing.string_to_sign(request.method, headers, signing.resources(raw_path, raw_query)[0])


def _mistakes(request: Request, headers: dict[str, str], secret: str, others: list[object]) -> Iterator[Mistake]:
    """What is often signed by mistake: with another key, in another order, without the last line break, the body instead of the
    text, with another date, or with header names as they were sent."""
    yield from other_keys(secret, others)
    text = _text(request, headers)
    yield Mistake("trailing_newline", text.rstrip("\n").encode())
    yield Mistake("trailing_newline", f"{text}\n".encode())
    yield Mistake("wrong_encoding", text.replace("\n", "\r\n").encode())
    head, own, last = text.split("\n")[:3], text.split("\n")[3:-2], text.split("\n")[-2]
    orders = [own[::-1], _as_sent(request, headers)]
    for lines in (*([*head, *order, last] for order in orders), [*own, *head, last], [*head, last, *own]):
        yield Mistake("other_order", "".join(f"{line}\n" for line in lines).encode())
    method, kind, date = head
    for lines in ([method, date, kind, *own, last], [method.lower(), kind, date, *own, last]):
        yield Mistake("other_order", "".join(f"{line}\n" for line in lines).encode())
    if "date" in headers:
        without = {name: value for name, value in headers.items() if name != "date"}
        yield Mistake("old_time", _text(request, without).encode())
    for first in (head, [line.replace("/", "\\/") for line in head]):
        lines = [*first, *own, last.replace("/", "\\/")]
        yield Mistake("escaped_slash", "".join(f"{line}\n" for line in lines).encode())
    if request.body:
        yield Mistake("reserialised", text.encode() + request.body)
        yield Mistake("reserialised", request.body)


def _as_sent(request: Request, headers: Mapping[str, str]) -> list[str]:
    names = [name.lower() for name in request.headers if name.lower().startswith("x-gcs")]
    return [f"{name}:{signing.header_value(headers[name])}" for name in names]
