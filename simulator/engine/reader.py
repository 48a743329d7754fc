"""Finds resources: by id, by look-up key, page by page. What a unit of work has changed is read as it has changed it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from typing import Generic, NamedTuple, TypeVar

from simulator.engine.changes import Changes, Share, booked
from simulator.engine.ledger import Booking, Standing, standing_after, standing_in
from simulator.engine.resource import Resource, Summary
from simulator.engine.store.base import EVERY
from simulator.engine.unreadable import members, raw_bytes
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import micros
from simulator.kernel.refusals import NotFound

PAGE = 500
"""How many resources `every` reads at a time."""

R = TypeVar("R", bound=Resource)


class Slice(NamedTuple, Generic[R]):
    """A page of a list, newest first, and the ids with which the pages about it begin; None where there is none."""

    items: list[R]
    next: str | None
    """Of the older ones."""
    previous: str | None
    """Of the newer ones."""


class Reader:
    """The half of a unit of work that only looks."""

    def __init__(self, share: Share, workspace: Workspace, summary_of: Callable[[Resource], Summary | None]) -> None:
        self.store = share.store
        self.workspace = workspace
        self._changes = Changes(workspace.id, share, summary_of)

    def find(self, kind: type[R], id_: str) -> R | None:
        return self._changes.find(kind, id_)

    def fetch(self, kind: type[R], ids: Iterable[str]) -> dict[str, R]:
        """Reads several resources by id in one query, those that exist; `find` then has them at hand."""
        self.flush()
        wanted = list(dict.fromkeys(ids))
        rows = self.store.resources_of(self.workspace.id, kind.PROVIDER, kind.KIND, wanted)
        return {found.id: found for found in (self._changes.adopt(kind, raw) for raw in rows)}

    def adopt(self, kind: type[R], body: bytes) -> R:
        """The resource of a body that the store has just given, or what this unit has made of it if it has changed it."""
        return self._changes.adopt(kind, body)

    def get(self, kind: type[R], id_: str, path: str = "") -> R:
        """Raises `NotFound`; `path` says where the id stood in the request."""
        found = self.find(kind, id_)
        if found is None:
            raise NotFound(kind.KIND, id_, path)
        return found

    def is_taken(self, kind: type[Resource], id_: str) -> bool:
        """Whether any workspace has one with this id, whichever process serves it."""
        return self.store.resource_anywhere(kind.PROVIDER, kind.KIND, id_) is not None

    def is_key_taken(self, kind: type[Resource], name: str, value: str) -> bool:
        return self.store.key_anywhere(kind.PROVIDER, kind.KIND, name, value) is not None

    def by_key(self, kind: type[R], name: str, value: str, limit: int = EVERY) -> list[R]:
        """All resources with this look-up key, newest first."""
        self.flush()
        rows = self.store.resources_by_key(self.workspace.id, kind.PROVIDER, kind.KIND, name, value, limit)
        return [self._changes.adopt(kind, raw) for raw in rows]

    def first_by_key(self, kind: type[R], name: str, value: str) -> R | None:
        """The newest resource with this look-up key."""
        found = self.by_key(kind, name, value, 1)
        return found[0] if found else None

    def listing(
        self,
        kind: type[R],
        *,
        limit: int,
        before: str | None = None,
        after: str | None = None,
        key: tuple[str, str] | None = None,
    ) -> tuple[list[R], bool]:
        """A page, newest first, and whether there is more in the direction of travel.

        `before` and `after` are ids: `before` continues to older ones (Stripe's `starting_after`), `after` turns back to
        newer ones. `key` (name and value of a look-up key) narrows the list; without it the kind must be `LISTED`. Raises
        `NotFound` for an id that does not exist.
        """
        if key is None and not kind.LISTED:
            raise RuntimeError(f"{kind.__name__} is listed and does not say so: LISTED = True")
        self.flush()
        seqs: list[int | None] = []
        for id_ in (before, after):
            seq = self.store.seq_of(self.workspace.id, kind.PROVIDER, kind.KIND, id_) if id_ is not None else None
            if id_ is not None and seq is None:
                raise NotFound(kind.KIND, id_)
            seqs.append(seq)
        rows = self.store.resources_of_kind(
            self.workspace.id, kind.PROVIDER, kind.KIND, before=seqs[0], after=seqs[1], limit=limit + 1, key=key
        )
        more = len(rows) > limit
        if more:
            rows = rows[1:] if after is not None and before is None else rows[:limit]
        return [self._changes.adopt(kind, raw) for _, raw in rows], more

    def listing_from(
        self, kind: type[R], first: str | None, *, limit: int, key: tuple[str, str] | None = None
    ) -> Slice[R]:
        """A page that begins with the resource of this id, or with the newest; `key` as in `listing`. Raises `NotFound` for an id
        that does not exist, or is not on the list."""
        if first is None:
            found, before = self.listing(kind, limit=limit + 1, key=key)[0], None
        else:
            begins = self.get(kind, first)
            if key is not None and begins.keys().get(key[0]) != key[1]:
                raise NotFound(kind.KIND, first)
            newer, _ = self.listing(kind, limit=limit, after=first, key=key)
            found = [begins, *self.listing(kind, limit=limit, before=first, key=key)[0]]
            before = newer[0].id if newer else None
        return Slice(found[:limit], found[limit].id if len(found) > limit else None, before)

    def oldest(self, kind: type[R], after: str | None, limit: int) -> list[R]:
        """The next `limit` resources of a `LISTED` kind after the one of that id, oldest first. Raises `NotFound` if that does
        not exist."""
        self.flush()
        seq = self.store.seq_of(self.workspace.id, kind.PROVIDER, kind.KIND, after) if after is not None else 0
        if seq is None:
            raise NotFound(kind.KIND, str(after))
        rows = self.store.resources_of_kind(
            self.workspace.id, kind.PROVIDER, kind.KIND, before=None, after=seq, limit=limit
        )
        return [self._changes.adopt(kind, raw) for _, raw in reversed(rows)]

    def count(self, kind: type[R], most: int) -> int:
        """How many of a `LISTED` kind there are, counted up to so many."""
        self.flush()
        return self.store.count_resources(self.workspace.id, kind.PROVIDER, kind.KIND, most)

    def every(self, kind: type[R], *, before: str | None = None) -> Iterator[R]:
        """All resources of a kind, newest first, read a page at a time: for filters that no look-up key serves.

        `before` is an id: only older ones then. Raises `NotFound` for one that does not exist.
        """
        page, more = self.listing(kind, limit=PAGE, before=before)
        yield from page
        while more:
            page, more = self.listing(kind, limit=PAGE, before=page[-1].id)
            yield from page

    def bookings(self, provider: str, *, first: int = 1, last: int = EVERY) -> list[Booking]:
        """What stands in a provider's ledger, from one number to another, oldest first. What this unit books comes last, and has
        no number yet."""
        rows = self.store.bookings(self.workspace.id, provider, first=first, last=last)
        own = self._changes.bookings(provider) if last == EVERY else []
        return [*(booked(row) for row in rows), *own]

    def bookings_numbered(self, provider: str, numbers: Iterable[int]) -> list[Booking]:
        rows = self.store.bookings_numbered(self.workspace.id, provider, [*numbers])
        return [booked(row) for row in rows]

    def bookings_of(self, provider: str, payment: str) -> list[Booking]:
        """The bookings of a payment, by the numbers that its story in the journal has."""
        numbers: list[int] = []
        for _, _, _, _, raw in self.store.journal_of(self.workspace.id, payment):
            for move in members("a row of the journal", raw).get("moves", ()):
                numbers += move.get("booked", ())
        found = self.bookings_numbered(provider, dict.fromkeys(numbers)) if numbers else []
        return [one for one in (*found, *self._changes.bookings(provider)) if one.payment == payment]

    def bookings_between(self, provider: str, since: datetime, until: datetime) -> list[Booking]:
        """The bookings from `since` to just before `until`."""
        first, behind = self.numbers_between(provider, since, until)
        return self.bookings(provider, first=first, last=behind - 1)

    def numbers_between(self, provider: str, since: datetime, until: datetime) -> tuple[int, int]:
        """The number of the first booking from one instant on, and that of the first one from another on."""
        first, behind = (
            self.store.first_booking_since(self.workspace.id, provider, micros(at)) for at in (since, until)
        )
        return first, behind

    def standing(self, provider: str, *, before: datetime | None = None) -> Mapping[str, Standing]:
        """What each purse of a provider's ledger holds; or held by what was booked before an instant."""
        behind = (
            EVERY if before is None else self.store.first_booking_since(self.workspace.id, provider, micros(before))
        )
        newest = self.store.newest_booking(self.workspace.id, provider, behind)
        found: Mapping[str, Standing] = {} if newest is None else standing_in(raw_bytes("a booking", newest[3]))
        for one in self._changes.bookings(provider):
            if before is None or one.at < before:
                found = standing_after(found, one)
        return found

    def standing_at(self, provider: str, at: datetime) -> Mapping[str, Standing]:
        """What each purse held at an instant, of what is stored; not what was pending."""
        number = self.store.first_booking_since(self.workspace.id, provider, micros(at))
        following = self.store.bookings(self.workspace.id, provider, first=number, limit=1)
        return booked(following[0]).standing_before if following else self.standing(provider)

    def flush(self) -> None:
        """Writes the resources that have changed so far, so that queries see them."""
        self._changes.flush()
