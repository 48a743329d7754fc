"""How ecommpay's signature comes about, of callbacks and of requests, and what merchants sign instead.

Source: docs/providers/ecommpay.md, source 2.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any
from urllib.parse import parse_qsl

import orjson

from simulator.engine import programs
from simulator.engine.explain import BOOLEANS, FLOATS, Explained, Mistake, Step, as_floats, other_keys
from simulator.engine.provider import Sending, Signed
from simulator.engine.shop import Account, Request
from simulator.providers.ecommpay import auth, data_access, signing

PAGE = "/payment"


def explain(sending: Sending, left: Signed) -> Explained | None:
    own = sending.workspace.credentials["ecommpay"]
    given = sending.workspace.account_endpoint("ecommpay").secret
    message = _read(left.body)
    others = [own["secret_key"], own["project_id"]]
    name = "webhooks.ecommpay.secret" if given else f"secret_key ({own['project_id']})"
    return _explained(message, given or auth.secret_of(sending.workspace), name, others, left.body)


def explain_request(account: Account, request: Request) -> Explained | None:
    """How the signature of a call, or of a link to Payment Page, is made. None for a body that cannot be signed."""
    own = account.credentials
    path, _, query = request.path.partition("?")
    message: dict[str, Any] | None
    try:
        if path == PAGE:
            given = signing.numbered(parse_qsl(query or request.body.decode(), keep_blank_values=True))
            message = signing.nested(signing.page_parameters(given))
        else:
            message = _read(request.body)
        others = [own["project_id"], *own.get("projects", ())]
        if data_access.is_data(path):
            others = [own["secret_key"], own["data_token"], *others]
            return _explained(message, own["data_secret"], "data_secret", others, request.body)
        others = [*others, own["data_secret"]]
        return _explained(message, own["secret_key"], f"secret_key ({own['project_id']})", others, request.body)
    except ValueError:
        return None


def _read(body: bytes) -> dict[str, Any]:
    """Raises `ValueError`."""
    message = orjson.loads(body)
    if not isinstance(message, dict):
        raise ValueError("the body must be an object")
    return message


def _explained(message: dict[str, Any], secret: str, name: str, others: list[object], body: bytes) -> Explained | None:
    general = message.get("general")
    received = message.get("signature") or (general.get("signature") if isinstance(general, dict) else None)
    if not isinstance(received, str):
        return None
    lines = _lines(message)
    base = _base(message)
    text = base.decode("utf-8", "replace")
    values = {"secret": secret, "received": received}
    return Explained(
        steps=(
            Step("ecp_step_body", str(len(lines)), {"n": len(lines)}),
            Step("ecp_step_lines", "\n".join(lines)),
            Step("ecp_step_join", text),
            Step(
                "step_hmac",
                _digest(secret.encode(), base),
                {"algorithm": "HMAC-SHA512", "secret": name, "encoding": "Base64"},
            ),
        ),
        base=base,
        key=secret.encode(),
        key_name=name,
        digest=_digest,
        received=received,
        programs=programs.with_hmac(
            {**values, "body": _sent(message, body)},
            PROGRAMS,
            algorithm="sha512",
            encoding="base64",
            in_shell={**values, "base": text},
            imports=("json", "re"),
        ),
        mistakes=lambda: _mistakes(message, base, body, secret, others),
        rebuilt=lambda other: _base(_read(other)),
        separator=";",
    )


def _sent(message: Mapping[str, Any], body: bytes) -> str:
    """The body as it was sent; the parameters of an address as if they had been sent as JSON."""
    try:
        return body.decode() if orjson.loads(body) == message else json.dumps(message, ensure_ascii=False)
    except ValueError:
        return json.dumps(message, ensure_ascii=False)


def _lines(message: Mapping[str, Any]) -> list[str]:
    """Raises `ValueError` for more than anybody signs."""
    try:
        return signing.lines(message)
    except signing.TooMuchToSign as problem:
        raise ValueError("there is too much to sign") from problem


def _base(message: Mapping[str, Any]) -> bytes:
    return _encoded(";".join(_lines(message)))


def _encoded(text: str) -> bytes:
    return text.encode("utf-8", "surrogatepass")


def _digest(key: bytes, text: bytes) -> str:
    return signing.digest_of(key, text)


def _mistakes(
    message: dict[str, Any], base: bytes, body: bytes, secret: str, others: list[object]
) -> Iterator[Mistake]:
    yield from other_keys(secret, others)
    values, right = signing.read(message), _lines(message)

    def printed(dialect: signing.Dialect) -> str:
        return ";".join(signing.written(values, dialect))

    def as_json(way: Callable[[str], str]) -> bytes:
        return _encoded(";".join(_with_scalars(right, way)))

    for way in FLOATS:
        yield Mistake("float", as_json(lambda scalar, way=way: as_floats(scalar, way)))  # type: ignore[misc]
    for true, false in BOOLEANS:
        words = {True: true.strip('"'), False: false.strip('"')}
        yield Mistake("boolean", _encoded(";".join(_with_booleans(values, words))))
    yield Mistake("boolean", _encoded(";".join(_with_booleans(values, {True: "true", False: "false"}))))
    for dialect in signing.DIALECTS[1:]:
        yield Mistake("other_order", _encoded(printed(dialect)))
    in_order = signing.Dialect("as they stand", lambda value, line: "")
    yield Mistake("other_order", _encoded(printed(in_order)))
    yield Mistake("other_order", _encoded(";".join(sorted(right))))
    yield Mistake("other_order", _encoded(";".join(sorted(right, key=str.lower))))
    text = base.decode("utf-8", "replace")
    if "/" in text:
        yield Mistake("escaped_slash", _encoded(text.replace("/", "\\/")))
        yield Mistake("escaped_slash", _encoded(json.dumps(text)[1:-1].replace("/", "\\/")))
    unsigned = {name: _unsigned(value) for name, value in message.items() if name != "signature"}
    for whole in (unsigned, message):
        for separators in ((",", ":"), (", ", ": ")):
            for plain in (False, True):
                written = json.dumps(whole, separators=separators, ensure_ascii=plain)
                yield Mistake("reserialised", _encoded(written))
    yield Mistake("reserialised", body)


def _unsigned(value: Any) -> Any:
    """A member as it was before the signature was put into it."""
    is_signed = isinstance(value, dict) and "signature" in value
    return {name: item for name, item in value.items() if name != "signature"} if is_signed else value


def _with_scalars(lines: list[str], way: Callable[[str], str]) -> Iterator[str]:
    for line in lines:
        path, _, scalar = line.rpartition(":")
        yield f"{path}:{way(scalar)}" if scalar.lstrip("-").isdigit() and scalar.isascii() else line


def _with_booleans(values: list[signing.Value], words: Mapping[bool, str]) -> list[str]:
    kept = {True: "\ue000", False: "\ue001"}
    marked = [v._replace(scalar=kept[v.scalar]) if isinstance(v.scalar, bool) else v for v in values]
    lines = signing.written(marked, signing.DIALECTS[0])
    return [line.replace("\ue000", words[True]).replace("\ue001", words[False]) for line in lines]


PROGRAMS = {
    "python": """def lines(value, path):
    if isinstance(value, (dict, list)):
        members = value.items() if isinstance(value, dict) else enumerate(value)
        names = [(str(name).replace(":", "::"), item) for name, item in members if name not in ("signature", "frame_mode")]
        return [line for name, item in names for line in lines(item, path + [name])]
    if isinstance(value, bool) or (isinstance(value, float) and value.is_integer()):
        value = int(value)
    return [(":".join(path), "" if value is None else str(value))]

def natural(line):
    return re.sub("[0-9]+", lambda digits: digits[0].zfill(20), line[0])

found = sorted(lines(json.loads(body), []), key=natural)
base = ";".join(f"{path}:{value}" for path, value in found)""",
    "node": """function lines(value, path) {
  if (value !== null && typeof value === "object")
    return Object.entries(value)
      .filter(([name]) => name !== "signature" && name !== "frame_mode")
      .flatMap(([name, item]) => lines(item, [...path, name.replaceAll(":", "::")]));
  return [[path.join(":"), typeof value === "boolean" ? Number(value) : value ?? ""]];
}
const natural = ([path]) => path.replace(/[0-9]+/g, (digits) => digits.padStart(20, "0"));
const order = (a, b) => (natural(a) < natural(b) ? -1 : 1);
const found = lines(JSON.parse(body), []).sort(order);
const base = found.map(([path, value]) => `${path}:${value}`).join(";");""",
    "php": """function lines($value, $path) {
    if (!is_array($value))
        return [implode(':', $path) => is_bool($value) ? (int) $value : $value];
    $found = [];
    foreach ($value as $name => $item)
        if ($name !== 'signature' && $name !== 'frame_mode')
            $found += lines($item, [...$path, str_replace(':', '::', (string) $name)]);
    return $found;
}
$natural = fn($path) => preg_replace_callback('/[0-9]+/', fn($digits) => str_pad($digits[0], 20, '0', STR_PAD_LEFT), $path);
$found = lines(json_decode($body, true), []);
uksort($found, fn($a, $b) => strcmp($natural((string) $a), $natural((string) $b)));
$base = implode(';', array_map(fn($path, $value) => "$path:$value", array_keys($found), $found));""",
    "openssl": "",
}
"""The lines of a body, and the base string that they make."""
