"""What opens a door is masked before anything is stored or logged: secrets by the name of their member or header, by their
value where it is known, and card numbers (`cards.py`) wherever they stand.

`***` marks what is masked; the last characters of a longer one stay (`stars.py`), so that a key in the wrong place can be told
from another. JSON stays JSON; what cannot be read is masked all the same. What is known by its form is `unnamed.py`'s.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property, lru_cache
from itertools import groupby, pairwise
from typing import Any
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from simulator.engine import addresses, cards
from simulator.engine.escapes import without_escapes
from simulator.engine.pairs import are_plain
from simulator.engine.secret_names import (
    CALM_HEADERS,
    COMMON_HEADERS,
    COMMON_MEMBERS,
    COOKIE_HEADERS,
    DIGITS,
    HARMLESS_KEYS,
    HARMLESS_MEMBERS,
    NAME_LIMIT,
    WHOLE_NAMES,
    backwards,
    stems,
)
from simulator.engine.secret_values import NOUNS, value_of
from simulator.engine.stars import cookies, hidden
from simulator.engine.stars import hidden_within as _hidden
from simulator.engine.unnamed import may_hold_named, may_hold_unnamed, without_unnamed
from simulator.kernel.holding import as_text, holds
from simulator.kernel.values import dataclass

LONGEST_NAME = 400
"""Characters of a name that are looked at, from its end, and remembered."""

NAMES_KEPT = 1000
"""Headers of which it is remembered what they hold."""

VALUES_KEPT = 128
"""Values of headers of which it is remembered how they are shown; none is longer than a request's head may be."""

CALM, NAMED, TELLING = 0, 1, 2
"""What a header's value may hold: no secret; one that a name in the value tells; one that is known without a name."""

ADDRESSES_KEPT = 256
"""Addresses, and paths, of which it is remembered how they are shown."""

FORM = "application/x-www-form-urlencoded"

_LEVELS = re.compile(r"[\[\].]+")
_LETTERS = re.compile(r"[^a-z0-9]+")
_NAME = re.compile(rb"[A-Za-z0-9_\-]*")
_NAME_SIGNS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
_ESCAPED = {b"%": re.compile(b"[0-9A-Fa-f]{2}"), b"\\": re.compile(b"[nrtbf]")}
"""What belongs to the sign before it, and not to a name: `%20secret`, `\\nsecret`."""

_LIKE_JSON = re.compile(rb"\{\s*[\"}]|\[\s*[\"{\[\]0-9-]")
_HEADER_OPTION = re.compile(rb"-h[ =]?\\{0,3}[\"']|--header[ =]")
_CALLED_SO = ("pass", "secret", "token/", "key/", "pwd", "jwt/", "otp/", "pin/", "cvc", "cvv")
"""Without any of it no segment of a path is called as a secret is."""
_PRIVATE_KEY = re.compile(rb"(-----BEGIN [A-Z ]{0,40}PRIVATE KEY-----).*?(?=-----END|\Z)", re.DOTALL)
_SCHEME = re.compile("[A-Za-z]{1,10}")
_DIGEST = re.compile(r"(?<![^=,])[0-9a-f]{40,}+(?![^,;])")
"""Part of a value of a header, as a signature is: by itself it tells nothing, and each is another. A digit stands for it."""


@lru_cache(4096)
def _plain(name: str) -> str:
    return _LETTERS.sub("", name.lower())


@dataclass(frozen=True)
class Masking:
    """Which names mean a secret: the common ones, and those of one or several providers."""

    members: tuple[str, ...] = ()
    headers: tuple[str, ...] = ()

    def of_members(self, raw: bytes) -> bytes:
        """JSON, a form, XML, several parts, or anything: what stands under a secret's name is masked, and no more."""
        lowered, text = _lowered(raw)
        if "private key-----" in text:
            raw = _PRIVATE_KEY.sub(rb"\1***", raw)
            lowered, text = _lowered(raw)
        if (seen := without_unnamed(raw, text, self.is_secret)) is not raw:
            raw = seen
            lowered, text = _lowered(raw)
        names = self._names(raw, lowered, text)
        if not names:
            return raw
        pieces: list[bytes] = []
        done = 0
        for start, end in sorted(names):
            if start >= done and (found := value_of(raw, start, end)) is not None:
                begins, ends, shown = found
                pieces += [raw[done:begins], shown]
                done = ends
        return b"".join([*pieces, raw[done:]]) if pieces else raw

    def body(self, raw: bytes, known: Iterable[bytes] = (), *, form: bool = False) -> bytes:
        """A body as it may be shown: without secrets, card numbers and the values of `known`, which never stand there."""
        text = as_text(raw)
        if not form and text[:1] == "{" and not ("\\" in text or "%" in text or "@" in text or "\0" in text):
            return _without_known(cards.cut(self.of_members(raw)), known)  # nothing to decode: most JSON is such
        if "\0" in text:
            return b"*** not a text ***"
        masked = self._read_once(raw, known, form)
        return self._unescaped(raw, masked, known, form) if "\\u00" in text else masked

    def _read_once(self, raw: bytes, known: Iterable[bytes], form: bool = False) -> bytes:
        masked = self._as_it_stands(raw, known)
        if form and masked != raw:
            return self._form(raw, known)
        if form or (holds(raw, b"%") and holds(raw, b"=") and raw[:1] not in b"{[<"):
            masked = self._pairs(masked, known)
        return masked

    def _as_it_stands(self, raw: bytes, known: Iterable[bytes]) -> bytes:
        masked = cards.cut(self.of_members(raw))
        if holds(masked, b"%20") and (spaced := cards.cut(plain := masked.replace(b"%20", b" "))) is not plain:
            masked = spaced
        return _without_known(addresses.without_passwords(masked), known)

    def text(self, text: str, known: Iterable[bytes] = ()) -> str:
        """The text with its secrets masked."""
        raw = text.encode("utf-8", "surrogatepass")
        masked = self.body(raw, known)
        return text if masked == raw else masked.decode("utf-8", "replace")

    def sentence(self, text: str, known: Iterable[bytes] = ()) -> str:
        """A sentence of ours with its secrets masked. In one, a secret's name and a colon only say what is wrong with it:
        `password: required`."""
        raw = cards.cut(text.encode("utf-8", "surrogatepass"))
        raw = without_unnamed(raw, _lowered(raw)[1], self.is_secret)
        return _without_known(addresses.without_passwords(raw), known).decode("utf-8", "replace")

    def of(self, value: Any, known: Iterable[bytes] = ()) -> Any:
        """The value with the secrets in each of its texts masked."""
        if isinstance(value, str):
            return self.text(value, known)
        if isinstance(value, dict):
            return {name: self.of(item, known) for name, item in value.items()}
        return [self.of(item, known) for item in value] if isinstance(value, list | tuple) else value

    def query(self, query: str, known: Iterable[bytes] = ()) -> str:
        if not query:
            return query
        raw = query.encode("utf-8", "surrogatepass")
        return self.body(raw, known, form=True).decode("utf-8", "replace")

    def path(self, path: str, known: Iterable[bytes] = ()) -> str:
        """A path; what its segments say is looked at without their `%`."""
        return path if self._is_calm(path) and not _holds_any(path, known) else self._path(path, known)

    @cached_property
    def _is_calm(self) -> Callable[[str], bool]:
        """Whether a path is shown as it is, and without being decoded; most come again and again."""

        def is_calm(path: str) -> bool:
            return not ("%" in path or "=" in path or ":" in path) and self._path(path, ()) == path

        return lru_cache(ADDRESSES_KEPT)(is_calm)

    def _path(self, path: str, known: Iterable[bytes]) -> str:
        if "@" in path or "40" in path:
            path = addresses.without_passwords(path.encode("utf-8", "surrogatepass")).decode("utf-8", "surrogatepass")
        lowered = path.lower()
        if any(part in lowered for part in _CALLED_SO):
            path = self._behind_names(path)
        if "%" not in path and "=" not in path and ":" not in path:
            raw = cards.cut_text(path).encode("utf-8", "surrogatepass")
            return _without_known(raw, known).decode("utf-8", "replace")
        return "/".join(self._segment(segment, known) for segment in path.split("/"))

    @cached_property
    def address(self) -> Callable[[str], str]:
        """The address of a delivery as it may be shown; the same few come again and again."""
        return lru_cache(ADDRESSES_KEPT)(self._address)

    def headers_of(self, headers: Mapping[str, str], known: Iterable[bytes] = ()) -> dict[str, str]:
        """Names as they are. A scheme stays (`Bearer ***cdef`), and so does the name of each cookie."""
        kept, plain, kind_of = dict(headers), self._plain_headers, self._value_kind
        if len(plain) + len(self._header_kinds) >= NAMES_KEPT:  # not below: those of this call have to stay
            plain.clear()
            self._header_kinds.clear()
        for name in headers.keys() - plain:
            kept[name] = self._header(name, headers[name])
        kind = max(map(kind_of, kept.values()), default=CALM)
        if kind == TELLING or (known and _holds_any("\n".join(kept.values()), known)):
            secrets = tuple(known)
            for name in headers:
                if name in plain:
                    kept[name] = self._header_text(headers[name], secrets)
        elif kind == NAMED:
            for name in headers:
                if name in plain and kind_of(headers[name]) == NAMED:
                    kept[name] = self._header_text(headers[name], tuple(known))
        return kept

    def _header(self, name: str, value: str) -> str:
        """A header's value, masked: of a header whose name says that it may hold a secret, or that is met for the first time."""
        kind = self._header_kind(name)
        if kind == "plain" or kind == "calm":
            return value
        return cookies(value) if kind == "cookies" else _credentials(value)

    def _kind_of_value(self, value: str) -> int:
        """Whether a value of a header may hold what is a secret wherever it stands, or what is one by a name in it."""
        if len(value) >= 40 and (bare := _DIGEST.sub("0", value)) != value:
            return self._value_kind(bare)
        lowered = value.lower()
        if "@" in value or "%" in value or may_hold_unnamed(lowered):
            return TELLING
        if cards.may_hold(value.encode("utf-8", "surrogatepass")):
            return TELLING
        return NAMED if may_hold_named(lowered) or not are_plain(value, self.is_secret) else CALM

    @cached_property
    def _value_kind(self) -> Callable[[str], int]:
        """`_kind_of_value` with a memory, for a value that may come again."""
        return lru_cache(VALUES_KEPT)(self._kind_of_value)

    def is_secret(self, name: str) -> bool:
        """Whether what bears this name is a secret."""
        plain = _plain(name[-LONGEST_NAME:])
        return plain in self._whole or self._ends_as_one(plain)

    def _ends_as_one(self, plain: str) -> bool:
        """Whether a name ends as those of secrets do, or is one with a number behind it."""
        bare = plain.rstrip(DIGITS)
        if bare.endswith(HARMLESS_MEMBERS):
            return False
        return bare in WHOLE_NAMES or bare.endswith(self._ends) or plain.endswith(self._ends)

    def is_secret_header(self, name: str) -> bool:
        plain = _plain(name[-LONGEST_NAME:])
        if plain in self._secret_headers:
            return True
        if self._ends_as_one(plain):
            return not plain.endswith("tokens")
        one = plain.removesuffix("s")
        return one.endswith("key") and not one.endswith(HARMLESS_KEYS)

    @cached_property
    def _header_text(self) -> Callable[[str, tuple[bytes, ...]], str]:
        """`text` for a header's value, remembered: most values come again and again."""
        return lru_cache(VALUES_KEPT)(self.text)

    # How it is done ------------------------------------------------------------------------------------------------

    @cached_property
    def _whole(self) -> frozenset[str]:
        return frozenset(_plain(name) for name in (*COMMON_MEMBERS, *self.members))

    @cached_property
    def _ends(self) -> tuple[str, ...]:
        return tuple(sorted({_plain(name) for name in COMMON_MEMBERS} - WHOLE_NAMES))

    @cached_property
    def _secret_headers(self) -> frozenset[str]:
        return frozenset(_plain(name) for name in (*COMMON_HEADERS, *self.headers))

    @cached_property
    def _stems(self) -> tuple[bytes, ...]:
        return stems((*COMMON_MEMBERS, *self.members))

    @cached_property
    def _backwards(self) -> tuple[re.Pattern[bytes], re.Pattern[bytes], re.Pattern[bytes]]:
        return backwards((*COMMON_MEMBERS, *self.members))

    def _names(self, raw: bytes, lowered: bytes, text: str) -> set[tuple[int, int]]:
        """Where secret names begin and end."""
        is_json = _LIKE_JSON.match(lowered) and not ("\\" in text or "<" in text)
        if not is_json or ("-h" in text and _HEADER_OPTION.search(lowered)):
            return self._names_anywhere(raw, lowered)
        places: set[tuple[int, int]] = set()
        reversed_, (member, parameter, likely) = lowered[::-1], self._backwards
        for one in likely.finditer(reversed_):
            if (match := member.match(reversed_, one.start())) is None:
                continue
            if "%" in text:
                self._add_name(places, raw, len(raw) - match.start(1))
            elif self._opens_a_door(match[1][::-1]):
                places.add((len(raw) - match.end(1), len(raw) - match.start(1)))
        if "=" in text:
            for match in parameter.finditer(reversed_):
                self._add_name(places, raw, len(raw) - match.start(1))
        return places

    def _names_anywhere(self, raw: bytes, lowered: bytes) -> set[tuple[int, int]]:
        places: set[tuple[int, int]] = set()
        for stem in self._stems:
            place = lowered.find(stem)
            while place >= 0:
                self._add_name(places, raw, place)
                place = lowered.find(stem, place + len(stem))
        return places

    def _add_name(self, places: set[tuple[int, int]], raw: bytes, place: int) -> None:
        """Adds the place of a secret's name, if one stands at `place` or ends there."""
        before, after = _name_before(raw, place), _NAME.match(raw, place, place + NAME_LIMIT)
        if after is not None and self._opens_a_door(before + after[0]):
            places.add((place - len(before), after.end()))

    @cached_property
    def _opens_a_door(self) -> Callable[[bytes], bool]:
        """`is_secret` for a name as it stands in a text; most are those of a provider's own members, again and again."""
        return lru_cache(NAMES_KEPT)(lambda name: self.is_secret(name.decode("ascii")))

    @cached_property
    def _plain_headers(self) -> set[str]:
        """The names that were met of headers that are shown as they are, unless what they say is odd."""
        return set()

    @cached_property
    def _header_kinds(self) -> dict[str, str]:
        """What the others were found to hold: `calm`, `cookies`, `secret`."""
        return {}

    def _header_kind(self, name: str) -> str:
        if (known := self._header_kinds.get(name)) is not None:
            return known
        lowered = name.lower()
        if lowered in CALM_HEADERS:
            kind = "calm"
        elif lowered in COOKIE_HEADERS:
            kind = "cookies"
        else:
            kind = "secret" if self.is_secret_header(name) else "plain"
        if kind == "plain":
            self._plain_headers.add(name)
        else:
            self._header_kinds[name] = kind
        return kind

    def _pairs(self, raw: bytes, known: Iterable[bytes]) -> bytes:
        """A form, whose names and values may be written with `%`."""
        if not holds(raw, b"%") and not holds(raw, b"+"):
            return raw
        pairs = [self._pair(pair, known) for pair in raw.decode("utf-8", "replace").split("&")]
        return "&".join(pairs).encode()

    def _form(self, raw: bytes, known: Iterable[bytes]) -> bytes:
        """A form that holds a secret, masked. The value of a secret's name reaches to the next `&`, whatever characters it has."""
        pieces = list[bytes]()
        for is_secret, pairs in groupby(raw.split(b"&"), self._is_secret_pair):
            if is_secret:
                pieces += [_without_value(pair) for pair in pairs]
            else:
                pieces.append(self._pairs(self._as_it_stands(b"&".join(pairs), known), known))
        return b"&".join(pieces)

    def _is_secret_pair(self, pair: bytes) -> bool:
        name, _, value = pair.partition(b"=")
        return bool(value) and self._is_secret_field(name.decode("utf-8", "replace"))

    def _is_secret_field(self, name: str) -> bool:
        """Whether a form's field holds a secret. Its name may have levels: `a[b]`."""
        return self._has_secret_level(name) if len(name) > LONGEST_NAME else self._is_field_known(name)

    @cached_property
    def _is_field_known(self) -> Callable[[str], bool]:
        """`_has_secret_level` with a memory, for a name that may come again."""
        return lru_cache(NAMES_KEPT)(self._has_secret_level)

    def _has_secret_level(self, name: str) -> bool:
        return any(map(self.is_secret, _LEVELS.split(unquote_plus(name).rstrip("[]"))[-8:]))

    def _address(self, url: str) -> str:
        raw = url.encode("utf-8", "surrogatepass")
        shown = addresses.without_passwords(cards.cut(raw)).decode("utf-8", "surrogatepass")
        host, path, rest = addresses.parts(shown)
        return f"{host}{self.path(path)}{rest[:1]}{self.query(rest[1:])}"

    def _behind_names(self, path: str) -> str:
        """A path with what follows a segment that is called as one secret is: `/password/hunter2`."""
        segments = path.split("/")
        for at, (name, value) in enumerate(pairwise(segments), 1):
            if value and self.is_secret(name) and name[-1:] not in "sS" and name.lower().encode() not in NOUNS:
                segments[at] = hidden(value)
        return "/".join(segments)

    def _segment(self, segment: str, known: Iterable[bytes]) -> str:
        masked = self._decoded(plain := unquote(segment), known)
        return segment if masked == plain else quote(masked, safe="*:,=")

    def _decoded(self, text: str, known: Iterable[bytes]) -> str:
        """Not decoded once more: whoever nests it deeper hides it from whoever reads the journal, too."""
        raw = text.encode("utf-8", "surrogatepass")
        masked = self._as_it_stands(raw, known)
        return text if masked == raw else masked.decode("utf-8", "replace")

    def _pair(self, pair: str, known: Iterable[bytes]) -> str:
        name, equals, value = pair.partition("=")
        if equals and self._is_secret_field(name):
            is_done = "%" not in name and value.startswith("***")
            return f"{name}={value if is_done or not value else quote_plus(hidden(unquote_plus(value)), safe='*')}"
        shown = []
        for part in (name, value):
            plain = unquote_plus(part)
            masked = plain if plain == part else self._decoded(plain, known)
            shown.append(part if masked == plain else quote_plus(masked, safe="*[]{}:,\"'"))
        return f"{shown[0]}{equals}{shown[1]}"

    def _unescaped(self, raw: bytes, masked: bytes, known: Iterable[bytes], form: bool) -> bytes:
        """What hides a name or a number behind `\\u0034` is written without it, be it JSON that can be read or not."""
        plain = without_escapes(raw)
        found = self._read_once(plain, known, form)
        return found if found != plain else masked


def _without_value(pair: bytes) -> bytes:
    name, _, value = pair.partition(b"=")
    return name + b"=" + quote_plus(hidden(unquote_plus(value.decode("utf-8", "replace"))), safe="*").encode()


def _credentials(value: str) -> str:
    """`Bearer ***cdef`. What is no scheme's name is part of the secret: a header that came twice is joined with a comma."""
    scheme, _, rest = value.partition(" ")
    return f"{scheme} {hidden(rest)}" if rest and _SCHEME.fullmatch(scheme) else hidden(value)


def _name_before(raw: bytes, place: int) -> bytes:
    """The beginning of the name that goes on at this place."""
    text = raw[max(0, place - NAME_LIMIT) : place]
    rest = text.rstrip(_NAME_SIGNS)
    name = text[len(rest) :]
    escaped = _ESCAPED.get(rest[-1:])
    return name if escaped is None or (found := escaped.match(name)) is None else name[found.end() :]


def _lowered(raw: bytes) -> tuple[bytes, str]:
    """In small letters, as they are searched and as they are asked."""
    lowered = raw.lower()
    return lowered, as_text(lowered)


def _holds_any(text: str, known: Iterable[bytes]) -> bool:
    find = text.encode("utf-8", "surrogatepass").find
    for secret in known:  # noqa: SIM110  # every request's headers are asked, and a generator takes three times as long
        if find(secret) >= 0:
            return True
    return False


def _without_known(raw: bytes, known: Iterable[bytes]) -> bytes:
    for secret in known:
        if raw.find(secret) >= 0:  # `holds`, without a call of its own
            raw = raw.replace(secret, _hidden(secret))
    return raw


COMMON = Masking()


def together(maskings: Iterable[Masking]) -> Masking:
    """For what nobody can say whose it is: the names of all of them."""
    every = list(maskings)
    return Masking(
        tuple(dict.fromkeys(name for one in every for name in one.members)),
        tuple(dict.fromkeys(name for one in every for name in one.headers)),
    )


def secrets_in(found: Any, masking: Masking = COMMON) -> Iterator[str]:
    """The texts that stand under secrets' names, at any depth: a workspace's keys."""
    if isinstance(found, Mapping):
        for name, value in found.items():
            if isinstance(value, str) and masking.is_secret(str(name)):
                yield value
            else:
                yield from secrets_in(value, masking)
    elif isinstance(found, list | tuple):
        for value in found:
            yield from secrets_in(value, masking)
