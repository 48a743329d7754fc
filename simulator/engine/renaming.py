"""What a workspace that was brought along must be called anew, because somebody here has that name, credential or address already.

A word that nobody else can mean (a wallet code, an id of a page, a long credential) gives way wherever it stands in the
rows. A short credential (`1001`) gives way where a member of its name has it. What has left as a webhook stays as it was sent.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import orjson

from simulator.engine.portable import kind_of
from simulator.engine.provider import Party
from simulator.engine.resource import load
from simulator.engine.store.transfer import Rows
from simulator.kernel.ids import UNAMBIGUOUS, Ids
from simulator.kernel.values import dataclass

LONG = 12
"""Characters from which on a credential's text is looked for by itself; shorter ones may be amounts and words."""

_WORD = re.compile(rb"[0-9A-Za-z_-]+")
_PART = re.compile(rb"[0-9A-Za-z]+")
_LAST_PART = re.compile(r"[0-9A-Za-z]+$")
_HEX = frozenset("0123456789abcdef")

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Renamed:
    """`kind` is `name`, `id`, `credential`, `wallet_code` or `address` (the id or code of another page). A credential is told by
    its name: the new one stands in the workspace."""

    kind: str
    provider: str | None = None
    name: str | None = None
    before: str | None = None
    after: str | None = None

    def view(self) -> dict[str, str]:
        members = {"kind": self.kind, "provider": self.provider, "name": self.name}
        members |= {"from": self.before, "to": self.after}
        return {name: value for name, value in members.items() if value is not None}


def another(taken: str, ids: Ids) -> str:
    """A text of the same make: its last run of letters and digits is drawn anew, each sign from those of its kind."""
    last = _LAST_PART.search(taken)
    if last is None:
        return taken + ids.text(8, UNAMBIGUOUS)
    alphabet = "0123456789abcdef" if set(last[0]) <= _HEX else UNAMBIGUOUS
    if last[0].isdigit():
        return taken[: last.start()] + str(1 + int(ids.digits(1)) % 9) + ids.digits(len(last[0]) - 1)
    return taken[: last.start()] + ids.text(max(len(last[0]), 4), alphabet)


def addresses(rows: Rows, parties: Mapping[str, Party]) -> list[tuple[str, str, str, str]]:
    """Provider, kind, by what (`id` or a key) and value of all that is found without a credential (`Resource.FOUND_BY`)."""
    found = []
    for row in rows["resources"]:
        kind = kind_of(row, parties)
        for name in kind.FOUND_BY if kind is not None else ():
            assert kind is not None
            value = row["id"] if name == "id" else load(kind, row["body"]).keys().get(name)
            if value is not None:
                found.append((row["provider"], row["kind"], name, str(value)))
    return found


# In the rows ----------------------------------------------------------------------------------------------------------


def words_of(old: Mapping[str, Mapping[str, Any]], new: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """The long texts among the credentials of a workspace that have changed."""
    pairs = [
        (value, new[provider].get(name))
        for provider, own in old.items()
        for name, value in own.items()
        if value != new[provider].get(name)
    ]
    return {
        before: after
        for before, after in pairs
        if isinstance(before, str)
        and isinstance(after, str)
        and len(before) >= LONG
        and _WORD.fullmatch(before.encode())
    }


def renamed(
    rows: Rows,
    words: Mapping[str, str],
    old: Mapping[str, Mapping[str, Any]],
    new: Mapping[str, Mapping[str, Any]],
) -> dict[str, list[Row]]:
    """The rows with other words, and other credentials where a member of their name had the old one."""
    table = {before.encode(): after.encode() for before, after in words.items()}
    members = {
        provider: {
            (name, value): new[provider][name]
            for name, value in own.items()
            if isinstance(value, str | int) and new[provider].get(name, value) != value
        }
        for provider, own in old.items()
    }
    return {name: [_renamed(name, row, table, members) for row in those] for name, those in rows.items()}


def _renamed(
    table: str, row: Row, words: Mapping[bytes, bytes], members: Mapping[str, Mapping[tuple[str, Any], Any]]
) -> Row:
    if table == "attempts":
        return row
    kept = ("body",) if table == "outbox" and row["attempts"] else ()
    found = dict(row)
    for name, value in row.items():
        if name in kept:
            continue
        if isinstance(value, bytes):
            found[name] = in_text(value, words)
        elif isinstance(value, str):
            found[name] = in_text(value.encode("utf-8", "surrogatepass"), words).decode("utf-8", "surrogatepass")
    own = members.get(row["provider"], {}) if table in ("resources", "outbox") else {}
    if own and "body" not in kept:
        found["body"] = _in_members(found["body"], own)
    return found


def in_text(text: bytes, words: Mapping[bytes, bytes]) -> bytes:
    """Whole words, and whole parts of words that hang together by `-` and `_`."""

    def other(match: re.Match[bytes]) -> bytes:
        word = match[0]
        if word in words:
            return words[word]
        return _PART.sub(lambda part: words.get(part[0], part[0]), word)

    return _WORD.sub(other, text) if words else text


def _in_members(raw: bytes, members: Mapping[tuple[str, Any], Any]) -> bytes:
    try:
        body = orjson.loads(raw)
    except orjson.JSONDecodeError:
        return raw
    changed = _replaced(body, members)
    return raw if changed == body else orjson.dumps(changed)


def _replaced(value: Any, members: Mapping[tuple[str, Any], Any]) -> Any:
    if isinstance(value, list):
        return [_replaced(one, members) for one in value]
    if not isinstance(value, dict):
        return value
    return {
        name: members[name, one] if isinstance(one, str | int) and (name, one) in members else _replaced(one, members)
        for name, one in value.items()
    }


# From another machine -------------------------------------------------------------------------------------------------


def from_network(rows: Rows) -> dict[str, list[Row]]:
    """The rows as another machine's: every address that stands in them counts as named by it, also in a call that
    is sent again."""
    found: dict[str, list[Row]] = {name: list(table) for name, table in rows.items()}
    found["outbox"] = [{**row, "from_network": 1} for row in rows["outbox"]]
    found["journal"] = [
        {**row, "body": orjson.dumps({**orjson.loads(row["body"]), "from_network": True})}
        if row["kind"] == "request"
        else row
        for row in rows["journal"]
    ]
    found["resources"] = [
        {**row, "body": orjson.dumps(_marked(orjson.loads(row["body"])))} for row in rows["resources"]
    ]
    return found


def _marked(value: Any) -> Any:
    """What says whether another machine named an address says so."""
    if isinstance(value, list):
        return [_marked(one) for one in value]
    if not isinstance(value, dict):
        return value
    return {name: True if name.endswith("from_network") else _marked(one) for name, one in value.items()}


__all__: Sequence[str] = ("Renamed", "addresses", "another", "from_network", "in_text", "renamed", "words_of")
