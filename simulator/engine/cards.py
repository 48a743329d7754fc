"""Card numbers: found wherever they stand in a text, and cut down to the first six and the last four digits.

A number counts as a card's when its first digits and its length are those of a card scheme and its check digit (Luhn) is right.
So instants in milliseconds, order numbers that begin with a date, phone numbers with their `+`, IBANs and UUIDs are none.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator
from itertools import accumulate
from typing import Any

from simulator.kernel.holding import holds

SHORTEST, LONGEST = 13, 19

# fmt: off
_SCHEMES = (
    # begins with                        digits              whose
    (rb"4",                              (13, 16, 18, 19)),  # Visa
    (rb"5",                              range(13, 20)),     # Mastercard, Maestro
    (rb"2(?:22[1-9]|2[3-9]|[3-6]|7[01]|720)", (16,)),        # Mastercard
    (rb"220[0-5]",                       (16,)),             # Mir
    (rb"3[47]",                          (15,)),             # American Express
    (rb"3(?:0[0-5]|09|[689])",           range(14, 20)),     # Diners Club, Hipercard
    (rb"35",                             range(16, 20)),     # JCB
    (rb"6",                              range(13, 20)),     # UnionPay, Discover, Maestro, RuPay
    (rb"8[12]",                          range(16, 20)),     # UnionPay, RuPay
    (rb"9",                              (16,)),             # national schemes, Troy among them
)
# fmt: on
_BEGINNINGS = {
    (digit, length): re.compile(b"|".join(begins for begins, lengths in _SCHEMES if length in lengths))
    for begun, every in _SCHEMES
    for length in every
    for digit in begun[:1]
}
"""How card numbers begin, by their first digit and how many they have: cheap to look up, as most numbers have none."""

_FIRST = frozenset(digit for digit, _ in _BEGINNINGS)
"""No card begins with 1, as most instants do."""

_FOLDED = bytes(0x30 if 0x30 <= c <= 0x39 else 0x2D if c in b" -" else 0x78 for c in range(256))
"""Digits as `0`, what may stand between them as `-`, all else as `x`."""
_ENOUGH = b"0" * SHORTEST
_DIGITS = b"0123456789"
_PLAIN = bytes((c - 0x30) % 256 for c in range(256))
_DOUBLED = bytes(((c - 0x30) * 2 - 9 if c - 0x30 > 4 else (c - 0x30) * 2) % 256 for c in range(256))

_ZEROS = re.compile(rb"0+")
_RUN = re.compile(rb"[0-9](?:[ -]?[0-9]){12,}+")
_WORD_BEFORE = re.compile(rb"[0-9A-Za-z]\Z|[0-9]\.\Z")
_ESCAPE_BEFORE = re.compile(rb"\\[nrtbf]\Z")
"""The `n` of a `\\n` in JSON is no word."""
_IBAN_BEFORE = re.compile(rb"(?:\A|[^0-9A-Za-z])[A-Z]{2}\Z")
_WORD_AFTER = re.compile(rb"[0-9A-Za-z]|\.[0-9]")
_GROUP = re.compile(rb"[0-9]+")
_JSON_STRING = re.compile(rb'"(?:[^"\\]|\\.)*+(?:"|\\?\Z)', re.DOTALL)
_MEMBER_BEFORE = re.compile(rb'"([^"\\]{1,60})"\s*:\s*\Z')
_OF_A_CARD = re.compile(rb"card|pan|number|account", re.IGNORECASE)
_TEXT_OF = re.compile(rb'"([^"\\]{1,60})"\s*:\s*\Z')
_OF_A_NAME = re.compile(
    rb"(?:\A|_)(?:ids?|references?|urls?|payment|payout|charge|refund|order)\Z|[a-z](?:Ids?|References?|Urls?|URL)\Z"
)
"""Members under which something is named: by an id, by whose id it is, by a reference, by an address."""
_TEXT_REACH = 2_100
"""So many bytes of a text may stand before a number in it: an address may be long."""

PHONE = 15
"""Digits that a phone number has at most, with its `+`."""

GROUP_BETWEEN_DASHES = 6
"""Digits that stand together at most in a card number written with dashes; those of a UUID are more."""

GROUP = 3
"""Digits that stand together at least, but for the last ones."""


def is_card(digits: bytes) -> bool:
    begins = _BEGINNINGS.get((digits[0], len(digits)))
    if begins is None or begins.match(digits) is None:
        return False
    backwards = digits[::-1]
    return (sum(backwards[::2].translate(_PLAIN)) + sum(backwards[1::2].translate(_DOUBLED))) % 10 == 0


def may_hold(raw: bytes) -> bool:
    """Whether there are enough digits in a row for a card number; cheap, as nearly every text has none.

    Digits that stand together and are no card's do not count: most are an instant.
    """
    together = raw.translate(_FOLDED)  # once: a regular expression over the whole text takes several times as long
    folded = together.replace(b"-", b"")
    if not holds(folded, _ENOUGH):
        return False
    if len(together) != len(folded) and _is_enough_apart(together, folded) and _may_hold_apart(raw, together):
        return True
    seen, find = set[bytes](), together.find  # `seen`: the same few ids come again and again
    start = find(_ENOUGH)
    while start >= 0:
        if raw[start] in _FIRST:
            number = raw[start : start + LONGEST + 1]
            if number not in seen:
                if is_card(number[: len(number) - len(number.lstrip(_DIGITS))]):
                    return True
                seen.add(number)
        end = start + SHORTEST
        start = find(_ENOUGH, end)
        if start == end:  # a run that is longer than any card number
            start = find(_ENOUGH, _ZEROS.match(together, start).end())  # type: ignore[union-attr]
    return False


def _is_enough_apart(together: bytes, folded: bytes) -> bool:
    """Whether some digits are enough only, or are more than enough, with those behind a space or a dash."""
    return (
        together.count(_ENOUGH) != folded.count(_ENOUGH)
        or holds(together, _ENOUGH + b"-0")
        or holds(together, b"0-" + _ENOUGH)
    )


def _may_hold_apart(raw: bytes, together: bytes) -> bool:
    """Whether digits with spaces or dashes between them may be a card's. Those of most UUIDs are none's."""
    place = together.find(b"0-0")
    while place >= 0:
        start, end = together.rfind(b"x", 0, place) + 1, together.find(b"x", place)
        text = raw[start:] if end < 0 else raw[start:end]
        if len(text) > SHORTEST and any(_cards_in(text, [match.span() for match in _GROUP.finditer(text)])):
            return True
        place = -1 if end < 0 else together.find(b"0-0", end)
    return False


def cut(raw: bytes, *, is_read_again: bool = False, names: Collection[bytes] = (), addresses: bool = True) -> bytes:
    """The text with each card number cut: `411111******1111`, spaces and dashes kept.

    A number of JSON that is a card's becomes a text, so that JSON stays JSON. Of what `is_read_again` two things stay: a number
    of JSON whose member is not called so (`card`, `number`, `pan`, `account`), for it may be an amount; and a text that somebody
    is known by or called at: an address, one of the `names`, and what stands under the name of a name (`payment_id`, `reference`).
    Without `addresses` none of these stays.
    """
    if len(raw) < SHORTEST or not may_hold(raw):
        return raw
    context = _Json(raw)

    def replaced(run: re.Match[bytes]) -> bytes:
        if is_read_again and _is_a_name(raw, run.start(), names, addresses):
            return run.group()
        return _cut_run(run, lambda start, end: context.is_number(start, end), not is_read_again)

    found = _RUN.sub(replaced, raw)
    return raw if found == raw else found


def cut_text(text: str) -> str:
    """Cuts card numbers in a text that is no JSON: an id, a reference, an address."""
    if len(text) < SHORTEST:
        return text
    raw = text.encode("utf-8", "surrogatepass")
    found = cut(raw)
    return text if found is raw else found.decode("utf-8", "surrogatepass")


def cut_all(value: Any, *, but: Collection[str] = ()) -> Any:
    """Cuts card numbers in every text of a JSON value, except in what stands under the names in `but`."""
    if isinstance(value, str):
        return cut_text(value)
    if isinstance(value, dict):
        return {name: item if name in but else cut_all(item, but=but) for name, item in value.items()}
    return [cut_all(item, but=but) for item in value] if isinstance(value, list) else value


def _cut_run(run: re.Match[bytes], is_number: Callable[[int, int], bool], any_number: bool) -> bytes:
    text, origin = run.group(), run.start()
    before = run.string[max(0, origin - 3) : origin]
    pieces: list[bytes] = []
    done = 0
    for start, end in _cards_in(text, _whole_groups(run, before)):
        if start == 0 and before.endswith(b"+") and len(text[:end].translate(None, b" -")) <= PHONE:
            continue
        shown = _cut_one(text[start:end])
        if is_number(origin + start, origin + end):
            if not any_number and not _is_named_so(run.string, origin + start):
                continue
            shown = b'"' + shown + b'"'
        pieces += [text[done:start], shown]
        done = end
    return b"".join([*pieces, text[done:]])


def _whole_groups(run: re.Match[bytes], before: bytes) -> list[tuple[int, int]]:
    """Where the groups of digits begin and end; those that are part of a word or behind a decimal point are left out."""
    groups = [match.span() for match in _GROUP.finditer(run.group())]
    if _WORD_AFTER.match(run.string, run.end()):
        groups = groups[:-1]
    if _WORD_BEFORE.search(before) and not _ESCAPE_BEFORE.search(before):
        is_iban = groups and groups[0][1] == 2 and _IBAN_BEFORE.search(before)
        groups = [] if is_iban else groups[1:]
    return groups


def _cards_in(text: bytes, groups: list[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Where card numbers begin and end: some groups of digits with single spaces and dashes between them."""
    digits = b"".join([text[start:end] for start, end in groups])
    done = -1
    for first, last in _numbers(digits, list(accumulate(end - start for start, end in groups))):
        if first > done and (first == last or _are_written_so(text, groups[first : last + 1])):
            yield groups[first][0], groups[last][1]
            done = last


def _numbers(digits: bytes, ends: list[int]) -> Iterator[tuple[int, int]]:
    """The first and the last group of what has the digits of a card number. Each group is looked at with the few that make it long
    enough, and no digit is added up twice."""
    even, odd = _check_sums(digits)
    begins = nearest = 0
    for first, after in enumerate(ends):
        if digits[begins] in _FIRST and after - begins >= GROUP:
            while nearest < len(ends) and ends[nearest] < begins + SHORTEST:
                nearest += 1
            for last in range(nearest, len(ends)):
                end = ends[last]
                if end > begins + LONGEST:
                    break
                sums = odd if end % 2 else even
                if (
                    (sums[end] - sums[begins]) % 10 == 0
                    and (scheme := _BEGINNINGS.get((digits[begins], end - begins))) is not None
                    and scheme.match(digits, begins) is not None
                ):
                    yield first, last
        begins = after


def _are_written_so(text: bytes, groups: list[tuple[int, int]]) -> bool:
    """Whether a card number may be written in these groups. What may not be is none with more groups behind it either."""
    sizes = [end - start for start, end in groups]
    if any(size < GROUP for size in sizes[:-1]):
        return False
    return max(sizes) <= GROUP_BETWEEN_DASHES or not any(text[start - 1] == 0x2D for start, _ in groups[1:])


def _check_sums(digits: bytes) -> tuple[list[int], list[int]]:
    """The sum of the digits before each place, of which every second one is doubled as for a check digit: for numbers that end at
    an even place, and for the others."""
    plain, doubled = digits.translate(_PLAIN), digits.translate(_DOUBLED)
    even, odd = bytearray(plain), bytearray(plain)
    even[::2], odd[1::2] = doubled[::2], doubled[1::2]
    return list(accumulate(even, initial=0)), list(accumulate(odd, initial=0))


def _cut_one(number: bytes) -> bytes:
    count = sum(0x30 <= c <= 0x39 for c in number)
    shown, seen = bytearray(number), 0
    for index, c in enumerate(number):
        if 0x30 <= c <= 0x39:
            seen += 1
            if 6 < seen <= count - 4:
                shown[index] = 0x2A
    return bytes(shown)


def _is_a_name(raw: bytes, start: int, names: Collection[bytes], addresses: bool) -> bool:
    """Whether the text of JSON in which this stands is an address, one of the names, or that of a member which is called so."""
    opening = raw.rfind(b'"', max(0, start - _TEXT_REACH), start)
    if opening < 0 or holds(raw[opening:start], b"\\"):
        return False
    if raw.startswith((b"http://", b"https://"), opening + 1):
        return addresses
    if names and raw[opening + 1 : raw.find(b'"', start)] in names:
        return True
    before = raw[max(0, opening - 80) : opening].rstrip()
    if before.endswith((b",", b"[")):
        listed = raw.rfind(b"[", max(0, opening - _TEXT_REACH), opening)
        before = raw[max(0, listed - 80) : max(0, listed)]
    member = _TEXT_OF.search(before)
    return member is not None and _OF_A_NAME.search(member[1]) is not None


def _is_named_so(raw: bytes, start: int) -> bool:
    member = _MEMBER_BEFORE.search(raw[max(0, start - 80) : start])
    return member is not None and _OF_A_CARD.search(member[1]) is not None


class _Json:
    """Whether a place of a text is a number of JSON. The texts of JSON are looked for only if that is in doubt."""

    def __init__(self, raw: bytes) -> None:
        self._raw = raw
        self._is_json = raw.lstrip()[:1] in (b"{", b"[")
        self._starts: list[int] | None = None
        self._ends: list[int] = []

    def is_number(self, start: int, end: int) -> bool:
        if not self._is_json:
            return False
        before, after = self._raw[max(0, start - 80) : start].rstrip()[-1:], self._raw[end : end + 80].lstrip()[:1]
        if before not in (b":", b",", b"[") or after not in (b",", b"}", b"]", b""):
            return False
        return not self._in_text(start)

    def _in_text(self, place: int) -> bool:
        if self._starts is None:
            spans = [match.span() for match in _JSON_STRING.finditer(self._raw)]
            self._starts, self._ends = [s for s, _ in spans], [e for _, e in spans]
        index = bisect_right(self._starts, place) - 1
        return index >= 0 and place < self._ends[index]
