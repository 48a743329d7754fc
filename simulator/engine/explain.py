"""How a signature came about, and why a merchant's own is another: the first byte that differs, and the usual cause; in one
file because each mistake is made here to be recognised, and recognised in what it makes.

A provider tells how it signs as a value (`Explained`): the steps with their real values, and which texts its merchants sign
by mistake. Everything else is here, and is the same for webhooks and for requests. Nothing is read from a store.
"""

from __future__ import annotations

import base64
import hmac
import json
import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import field
from typing import Any, Final
from urllib.parse import parse_qsl, quote, quote_plus, urlencode

from simulator.engine import programs
from simulator.engine.webhook_bodies import is_form
from simulator.kernel.crypto import b64, equals
from simulator.kernel.values import dataclass

CAUSES: Final = {
    "reserialised": ("cause_reserialised", "cure_reserialised"),
    "wrong_secret": ("cause_wrong_secret", "cure_wrong_secret"),
    "other_order": ("cause_other_order", "cure_other_order"),
    "float": ("cause_float", "cure_float"),
    "trailing_newline": ("cause_trailing_newline", "cure_trailing_newline"),
    "escaped_slash": ("cause_escaped_slash", "cure_escaped_slash"),
    "wrong_encoding": ("cause_wrong_encoding", "cure_wrong_encoding"),
    "boolean": ("cause_boolean", "cure_boolean"),
    "old_time": ("cause_old_time", "cure_old_time"),
    "unknown": ("cause_unknown", "cure_unknown"),
}
"""The usual causes of a wrong signature, each with the two keys of the catalogue that say what happened and what helps."""


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that a signer does."""

    text: str
    """A key of the catalogue that says what is done: `step_body`, `step_bytes`, `step_time`, `step_join_time` and `step_hmac` (see
    `simulator/texts/explain/en.json`), or one of the provider's own `texts/`."""
    value: str = ""
    """The text that the step makes; empty where the next step shows it."""
    values: Mapping[str, object] = field(default_factory=dict)
    """What the placeholders of `text` stand for."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What a merchant may have signed instead: another text, or the right one with another key."""

    cause: str
    base: bytes | None = None
    key: bytes | None = None


@dataclass(frozen=True, slots=True)
class Explained:
    """How one signature is made. `base` and `key` go into `digest`, and `signature` comes out."""

    steps: tuple[Step, ...]
    base: bytes
    """What is signed."""
    key: bytes
    key_name: str
    """Whose secret it is, in the words of the credentials: `webhook_secret`."""
    digest: Callable[[bytes, bytes], str]
    """The signature of a text, by a key: `digest(key, text)`. Both may be any bytes, for somebody may try another secret."""
    received: str
    """The signature that the message bears, without what stands around it in a header."""
    programs: Mapping[str, str]
    """Programs that compute the signature from what was sent, by `python`, `node`, `php` and `openssl`: `programs.with_hmac` writes
    them for a key that is used as text or read from hexadecimal; where it is read from Base64 first, write them yourself."""
    mistakes: Callable[[], Iterable[Mistake]] = tuple
    rebuilt: Callable[[bytes], bytes] | None = None
    """What is signed when the message has another body. Raises `ValueError` for one that cannot be signed."""
    bare: Callable[[str], str] = str.strip
    """A signature as people copy it, without what stands around it."""
    separator: str = ""
    """What stands between the lines of the base string, if it has any."""
    time: re.Pattern[str] | None = None
    """Where in the base string the time stands, for schemes that sign it."""
    is_former: bool = False
    """Whether the secret is one that signs no more: it was changed since, or its endpoint is gone."""

    @property
    def base_string(self) -> str:
        return _text(self.base)

    @property
    def lines(self) -> list[str]:
        """The base string, one value a line."""
        return self.base_string.split(self.separator) if self.separator else [self.base_string]

    @property
    def signature(self) -> str:
        """The signature that would have been right."""
        return self.digest(self.key, self.base)

    @property
    def is_right(self) -> bool:
        """Whether the message bears it."""
        return equals(self.signature, self.received)


@dataclass(frozen=True, slots=True)
class Comparison:
    """A merchant's text or signature beside the right one."""

    equal: bool
    expected: str
    got: str
    """As texts where the merchant's is known, else as signatures."""
    cause: str | None = None
    """One of `CAUSES`; None when both are equal."""
    is_certain: bool = False
    """Whether exactly this mistake gives exactly that signature."""

    @property
    def at(self) -> int | None:
        """The first byte that differs, counted from 0, in UTF-8."""
        return first_different_byte(self.expected, self.got)

    @property
    def character(self) -> int | None:
        """The character at which they begin to differ, counted from 1."""
        if self.at is None:
            return None
        return len(self.expected.encode("utf-8", "surrogateescape")[: self.at].decode("utf-8", "ignore")) + 1

    @property
    def bytes_there(self) -> tuple[str, str]:
        """The expected and the received byte in hexadecimal; empty where a text has ended."""
        at = self.at
        if at is None:
            return "", ""
        both = (text.encode("utf-8", "surrogateescape")[at : at + 1].hex() for text in (self.expected, self.got))
        return next(both), next(both)


def first_different_byte(one: str, other: str) -> int | None:
    a, b = one.encode("utf-8", "surrogateescape"), other.encode("utf-8", "surrogateescape")
    if a == b:
        return None
    return next((n for n, (x, y) in enumerate(zip(a, b, strict=False)) if x != y), min(len(a), len(b)))


def compare(
    explained: Explained, *, base_string: str | None = None, signature: str | None = None, body: str | None = None
) -> Comparison:
    """What a merchant has computed, beside what is right. Of a text the difference is looked at, of a signature alone it is
    asked which usual mistake gives exactly that. Raises `ValueError` for a body that nobody can sign."""
    given: bytes | None = None
    if base_string is not None:
        given = base_string.encode("utf-8", "surrogatepass")
    elif body is not None and explained.rebuilt is not None:
        given = explained.rebuilt(body.encode("utf-8", "surrogatepass"))
    if given is not None and given != explained.base:
        known = next((m.cause for m in _mistakes(explained) if m.base == given), None)
        cause = known or cause_of(explained, _text(given))
        return Comparison(False, explained.base_string, _text(given), cause, known is not None)
    if signature is None:
        return Comparison(True, explained.base_string, explained.base_string)
    return _compared(explained, explained.bare(signature), is_text_right=given is not None)


def received(explained: Explained) -> Comparison:
    """The signature that the message bears, beside the right one."""
    return _compared(explained, explained.received, is_text_right=False)


def _compared(explained: Explained, signature: str, *, is_text_right: bool) -> Comparison:
    right = explained.signature
    if equals(right, signature):
        return Comparison(True, right, signature)
    if signature in _recoded(right):
        return Comparison(False, right, signature, "wrong_encoding", True)
    for mistake in _mistakes(explained):
        key, base = mistake.key or explained.key, explained.base if mistake.base is None else mistake.base
        made = explained.digest(key, base)
        if equals(made, signature) or signature in _recoded(made):
            same = base == explained.base
            expected, got = (right, signature) if same else (explained.base_string, _text(base))
            return Comparison(False, expected, got, mistake.cause, True)
    return Comparison(False, right, signature, "wrong_secret" if is_text_right else "unknown")


def _mistakes(explained: Explained) -> Iterator[Mistake]:
    """The mistakes that the scheme names, then those that can be made with every text. One that ends at the right text and key
    is left out."""
    for mistake in explained.mistakes():
        if mistake.key not in (None, explained.key) or mistake.base not in (None, explained.base):
            yield mistake
    for end in (b"\n", b"\r\n", b" "):
        yield Mistake("trailing_newline", explained.base + end)
    yield from encodings(explained.base)


def _recoded(signature: str) -> set[str]:
    """The right digest, written in another alphabet than the scheme's (hexadecimal, Base64 and its variants)."""
    raw: bytes
    try:
        raw = bytes.fromhex(signature)
    except ValueError:
        try:
            raw = base64.b64decode(signature, validate=True)
        except ValueError:
            return set()
    coded, in_hex = b64(raw), raw.hex()
    url = coded.replace("+", "-").replace("/", "_")
    found = {in_hex, in_hex.upper(), coded, url, url.rstrip("="), coded.rstrip("="), b64(in_hex.encode())}
    return found - {signature}


# Mistakes that several schemes share ------------------------------------------------------------------------------


def encodings(text: bytes) -> Iterator[Mistake]:
    """The text in other encodings: the same characters, other bytes."""
    yield Mistake("wrong_encoding", b"\xef\xbb\xbf" + text)
    try:
        read = text.decode()
    except UnicodeDecodeError:
        return
    if not read.isascii():
        for codec, errors in (("latin-1", "replace"), ("gb18030", "strict"), ("ascii", "backslashreplace")):
            yield Mistake("wrong_encoding", read.encode(codec, errors))
        yield Mistake("wrong_encoding", text.decode("latin-1").encode())
        yield Mistake("wrong_encoding", _escaped(read).encode())
    yield Mistake("wrong_encoding", read.encode("utf-16-le"))


def other_keys(key: str, others: Iterable[object], key_is: programs.Key = "text") -> Iterator[Mistake]:
    """The merchant's other secrets, and what becomes of the right one by cutting, decoding (or by not decoding it) or an editor's
    newline."""
    right, found = programs.KEYS[key_is](key), list[bytes]()
    for one in (str(one) for one in others if one):
        try:
            found.append(programs.KEYS[key_is](one))
        except ValueError:
            found.append(one.encode())
    found += [
        key.encode(),
        f"{key}\n".encode(),
        key.strip().encode(),
        key.rpartition("_")[2].encode(),
        key.upper().encode(),
    ]
    for decode in (bytes.fromhex, base64.b64decode):
        try:
            found.append(decode(key))
        except ValueError:
            continue
    for candidate in dict.fromkeys(found):
        if candidate and candidate != right:
            yield Mistake("wrong_secret", key=candidate)


def of_json(body: bytes, signed: Callable[[bytes], bytes] = bytes) -> Iterator[Mistake]:
    """What merchants sign who parse a body and write it again. `signed` makes the base string of a body."""
    try:
        read, text = json.loads(body), body.decode()
        tight, escaped = _dumped(read, _TIGHT), _dumped(read, _TIGHT, ensure_ascii=True)
    except (ValueError, RecursionError):
        return
    variants: list[tuple[str, str]] = [
        *(("escaped_slash", one.replace("/", "\\/")) for one in (text, tight, escaped) if "/" in one),
        *(("wrong_encoding", one) for one in (_escaped(text), escaped) if not text.isascii()),
        ("other_order", _dumped(read, _TIGHT, sort_keys=True)),
        *(("other_order", _dumped(read, _LOOSE, sort_keys=True, ensure_ascii=plain)) for plain in (False, True)),
        *(("float", as_floats(one, way)) for way in FLOATS for one in (text, tight)),
        *(("boolean", without_booleans(one, words)) for words in BOOLEANS for one in (text, tight)),
        ("reserialised", tight),
        *(("reserialised", _dumped(read, _LOOSE, ensure_ascii=plain)) for plain in (False, True)),
        *(
            ("reserialised", _dumped(read, (",", ": "), indent=width, ensure_ascii=plain))
            for width in (2, 4, "\t")
            for plain in (False, True)
        ),
    ]
    for cause, variant in variants:
        raw = variant.encode("utf-8", "surrogatepass")
        if raw != body:
            yield Mistake(cause, signed(raw))


def of_form(body: bytes, signed: Callable[[bytes], bytes] = bytes) -> Iterator[Mistake]:
    """What merchants sign who parse a form and write it again. `signed` makes the base string of a body."""
    if not is_form(body):
        return
    fields = parse_qsl(body.decode("latin-1"), keep_blank_values=True, encoding="latin-1")
    for cause, ordered in (("reserialised", fields), ("other_order", sorted(fields)), ("other_order", fields[::-1])):
        for written in (quote_plus, quote):
            raw = urlencode(ordered, quote_via=written, encoding="latin-1").encode()
            if raw != body:
                yield Mistake(cause, signed(raw))


_TIGHT, _LOOSE = (",", ":"), (", ", ": ")


def _dumped(value: Any, separators: tuple[str, str], *, ensure_ascii: bool = False, **more: Any) -> str:
    return json.dumps(value, separators=separators, ensure_ascii=ensure_ascii, **more)


def _escaped(text: str) -> str:
    r"""With `\u9f99` for every character beyond ASCII."""
    return "".join(one if one.isascii() else json.dumps(one)[1:-1] for one in text)


# Numbers and booleans as other languages print them ---------------------------------------------------------------

FLOATS: Final[tuple[Callable[[str], str], ...]] = (
    lambda digits: f"{digits}.0",
    lambda digits: f"{digits}.00",
    lambda digits: _exponent(digits, 7, "e+{:02d}", ""),
    lambda digits: _exponent(digits, 8, "E{:d}", ".0"),
)
"""A whole number after a parser has made a float of it: Python, two decimals, Go, Java."""

BOOLEANS: Final = (("1", "0"), ("True", "False"), ('"1"', '"0"'), ('"true"', '"false"'), ("1", '""'))
"""What people sign for `true` and `false`."""

_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|-?[0-9][0-9.eE+-]*|true|false', re.DOTALL)


def _exponent(digits: str, from_length: int, form: str, short: str) -> str:
    sign, number = ("-", digits[1:]) if digits.startswith("-") else ("", digits)
    if len(number) < from_length:
        return digits + short
    rest = number[1:].rstrip("0")
    point = f".{rest}" if rest else (".0" if short else "")
    return f"{sign}{number[0]}{point}{form.format(len(number) - 1)}"


def as_floats(text: str, way: Callable[[str], str]) -> str:
    """JSON whose whole numbers are printed as floats."""
    return _TOKEN.sub(lambda token: way(token[0]) if token[0].lstrip("-").isdigit() else token[0], text)


def without_booleans(text: str, words: tuple[str, str]) -> str:
    """JSON with other words for `true` and `false`."""
    said = {"true": words[0], "false": words[1]}
    return _TOKEN.sub(lambda token: said.get(token[0], token[0]), text)


# The cause of a difference ---------------------------------------------------------------------------------------


def cause_of(explained: Explained, got: str) -> str:
    """Why a merchant's base string differs: the first of the usual causes that explains the whole difference."""
    expected = explained.base_string
    if got.strip() == expected.strip():
        return "trailing_newline"
    if _unescaped(got) == _unescaped(expected):
        return "escaped_slash" if "\\/" in got else "wrong_encoding"
    if expected in _readings(got):
        return "wrong_encoding"
    if explained.time is not None and explained.time.sub("", got) == explained.time.sub("", expected):
        return "old_time"
    if (found := _cause_in_json(expected, got)) is not None:
        return found
    if explained.separator:
        return _cause_in_lines(*(sorted(text.split(explained.separator)) for text in (expected, got)))
    return "unknown"


def _unescaped(text: str) -> str:
    """Without `\\/`, and with the characters for `\\u9f99`."""

    def character(found: re.Match[str]) -> str:
        return str(json.loads(f'"{found[0]}"'))

    return re.sub(r"(?:\\u[0-9a-fA-F]{4})+", character, text.replace("\\/", "/"))


def _readings(got: str) -> set[str]:
    """The texts that this one may have been before somebody read its bytes in the wrong character set."""
    found = {got.lstrip("\ufeff")}
    for codec in ("latin-1", "cp1252", "gb18030"):
        try:
            found.add(got.encode(codec).decode())
        except UnicodeError:
            continue
    return found


_JSON = re.compile(r"[\[{].*", re.DOTALL)


def _cause_in_json(expected: str, got: str) -> str | None:
    """Where both end in a JSON document, what has happened to it; None where they do not, or it says something else."""
    one, other = _JSON.search(expected), _JSON.search(got)
    if one is None or other is None or expected[: one.start()] != got[: other.start()]:
        return None
    try:
        read, theirs = json.loads(one[0]), json.loads(_PYTHON.sub(_lower, other[0]))
    except (ValueError, RecursionError):
        return None
    if _sorted(read) == _sorted(theirs):
        return "reserialised" if _dumped(read, _TIGHT) == _dumped(theirs, _TIGHT) else "other_order"
    if _sorted(read, float) == _sorted(theirs, float):
        return "float"
    return "boolean" if _sorted(_worded(read)) == _sorted(_worded(theirs)) else None


_PYTHON = re.compile(r'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)|True|False', re.DOTALL)


def _lower(token: re.Match[str]) -> str:
    """JSON's word for Python's `True`, in quotes: so what Python has printed never equals what JSON says."""
    return token[0] if token[0].startswith('"') else f'"{token[0].lower()}"'


def _sorted(value: Any, number: Callable[[Any], Any] = lambda one: one) -> str:
    text = _dumped(value, _TIGHT, sort_keys=True)
    return _TOKEN.sub(lambda token: repr(number(token[0])) if token[0][0] in "-0123456789" else token[0], text)


def _worded(value: Any) -> Any:
    """With one word for all that stands for true, and one for false."""
    if isinstance(value, dict):
        return {name: _worded(item) for name, item in value.items()}
    if isinstance(value, list):
        return [_worded(item) for item in value]
    return _WORDS.get(str(value), value)


_WORDS: Final = {"True": "1", "true": "1", "1": "1", "False": "0", "false": "0", "0": "0", "": "0"}


def _cause_in_lines(expected: list[str], got: list[str]) -> str:
    if expected == got:
        return "other_order"
    if len(expected) != len(got):
        return "unknown"
    pairs = [pair for pair in zip(expected, got, strict=True) if pair[0] != pair[1]]
    values = [(one.rpartition(":")[2], other.rpartition(":")[2]) for one, other in pairs]
    if all(one[: -len(a)] == other[: -len(b)] for (one, other), (a, b) in zip(pairs, values, strict=True) if a and b):
        if all(_number(a) == _number(b) is not None for a, b in values):
            return "float"
        if all(a in _WORDS and _WORDS[a] == _WORDS.get(b) for a, b in values):
            return "boolean"
    return "unknown"


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _text(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


# Schemes that several providers share -----------------------------------------------------------------------------

_NO_MORE: Final[Mapping[str, str]] = {}


def signed_body(
    body: bytes,
    *,
    key: str,
    key_name: str,
    header: str,
    received: str,
    encoding: programs.Encoding,
    algorithm: programs.Algorithm = "sha256",
    form: str | None = None,
    t: str | None = None,
    more: Mapping[str, str] = _NO_MORE,
    other_times: Iterable[str] = (),
    other_secrets: Iterable[object] = (),
    key_is: programs.Key = "text",
) -> Explained:
    """An HMAC over the bytes of the body, and over what stands beside it: a time `t` in seconds or milliseconds, say.

    `form` is how the signed text is written, with the values by name: `{t}.{body}` unless another is given, and `{body}` without a
    `t`. Names beside `t` and `body` are those of `more`: `form="{id}:{t}:{body}", more={"id": left.headers["Acme-Id"]}`. They
    become variables of the programs, so none is `secret`, `received`, `base`, `made` or `mine`.
    `header` is the one in which the time stands, `received` what stands in that of the signature; where there is a `t`, a signature
    after a `=` there (`t=…,v1=…`) is cut out of it.
    """
    form = form or ("{body}" if t is None else "{t}.{body}")
    parts, values = list(programs.parts_of(form)), {**({} if t is None else {"t": t}), **more}

    def based(other: bytes, **others: str) -> bytes:
        said = {**values, **others}
        return b"".join(
            text.encode() if name is None else other if name == "body" else said[name].encode() for text, name in parts
        )

    def digest(secret: bytes, text: bytes) -> str:
        raw = hmac.digest(secret, text, algorithm)
        return raw.hex() if encoding == "hex" else b64(raw)

    def mistakes() -> Iterator[Mistake]:
        yield from of_json(body, based)
        yield from of_form(body, based)
        yield from other_keys(key, other_secrets, key_is)
        for other in dict.fromkeys(other_times) if t is not None else ():
            yield Mistake("old_time", based(body, t=other))
        if t is not None:
            yield Mistake("old_time", body)
            yield Mistake("old_time", t.encode() + body)

    signature = bare(received) if t is not None else received.strip()
    named = {"secret": key, "received": signature, **values, "body": _text(body)}
    last = Step(
        "step_hmac",
        digest(programs.KEYS[key_is](key), based(body)),
        {
            "algorithm": f"HMAC-{algorithm.upper()}",
            "secret": key_name,
            "encoding": "hex" if encoding == "hex" else "Base64",
        },
    )
    return Explained(
        steps=(*_steps(form, body, values, header, _text(based(body))), last),
        base=based(body),
        key=programs.KEYS[key_is](key),
        key_name=key_name,
        digest=digest,
        received=signature,
        programs=programs.with_hmac(
            named, programs.written(form), algorithm=algorithm, encoding=encoding, key_is=key_is
        ),
        mistakes=mistakes,
        rebuilt=based,
        bare=bare if t is not None else str.strip,
        time=None if t is None else _place_of_time(parts, values),
    )


def _steps(form: str, body: bytes, values: Mapping[str, str], header: str, base: str) -> Iterator[Step]:
    """How the base string comes about, value by value."""
    if form == "{body}":
        yield Step("step_body", base)
        return
    for name, value in values.items():
        yield Step("step_time", value, {"name": header}) if name == "t" else Step("step_value", value, {"name": name})
    yield Step("step_bytes", str(len(body)), {"n": len(body)})
    if form == "{t}.{body}":
        yield Step("step_join_time", base)
    else:
        said = [
            json.dumps(text, ensure_ascii=False) if name is None else name for text, name in programs.parts_of(form)
        ]
        yield Step("step_join", base, {"parts": ", ".join(said)})


def _place_of_time(parts: Sequence[tuple[str, str | None]], values: Mapping[str, str]) -> re.Pattern[str]:
    """Where in a base string the time stands: before the body, behind it, or alone."""
    names = [name for _, name in parts]
    at = names.index("t")
    known = [re.escape(text if name is None else values.get(name, "")) for text, name in parts]
    if "body" in names[:at]:
        return re.compile("[0-9]+(?=" + "".join(known[at + 1 :]) + r"\Z)")
    after = known[at + 1] if at + 1 < len(parts) and names[at + 1] is None else ""
    return re.compile(r"(?<=\A" + "".join(known[:at]) + f")[0-9]+(?={after})")


def bare(header: str) -> str:
    """The signature of `t=1763631727,v1=…` or of the like; what is no such list stays."""
    *_, last = header.strip().split(",")
    return last.rpartition("=")[2] if re.match(r"\s*[a-z0-9]{1,3}=", last) else header.strip()


def part(header: str, name: str) -> str:
    """What stands behind a name in `t=1763631727,v1=…`; empty where it does not stand there."""
    pairs = (one.partition("=") for one in header.split(","))
    return next((value.strip() for found, _, value in pairs if found.strip() == name), "")
