"""Drops payments that a workspace no longer keeps (`simulator.keep`), with all that hangs on them, in small steps.

A payment is dropped when so many newer ones are there, or when it has not changed for so many days. It stays, though, while
it waits for its buyer or for the clock (something that belongs to it has a timer), and while one of its messages is to be
sent. One that waits for nobody but the merchant, who may never come, is dropped like a finished one.

The store counts what was dropped. The journal's lines that belong to no payment are kept for as many days, and as many of
them (at least 1,000). A kind of resource may say how many of it are kept (`Resource.KEPT`: what came to the inbox); of such a
kind the newest stay. Bookings of the ledger go with the payments of their time, once they are added up in a balance.

What belongs to a payment is found by its story, which names all that has moved, and by `hangs_on` for resources without
states. Each resource says whether it is dropped with the payment (`Resource.goes_with`). The work does not grow with the
size of a workspace: payments are counted from where the last look ended, and those that had to stay are looked at again only
after a while.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import field
from datetime import timedelta

from simulator.engine import unreadable
from simulator.engine.changes import Identity, identity_of
from simulator.engine.chores import REST, Chore
from simulator.engine.defaults import Kept
from simulator.engine.outlines import is_loaded
from simulator.engine.provider import Party, Provider
from simulator.engine.registry import Registry
from simulator.engine.resource import Resource, load
from simulator.engine.settlement import Account, kinds_of
from simulator.engine.store.base import Row
from simulator.engine.sweeper import shrunk
from simulator.engine.transactions import Transactions
from simulator.kernel.clock import micros, stopwatch
from simulator.kernel.values import dataclass

STEP = 8
"""Payments that are looked at, and dropped if they may be, in a step."""

BOOKINGS = 3
"""Bookings that are kept for each payment: one for the sale, one for a refund, and the payouts."""

ROWS = 300
"""Lines of the journal that are dropped in a step."""

FEWEST_LINES = 1000
"""So many of the journal's lines that belong to no payment are kept, even if fewer payments are; only their age drops them."""

KIND_SIZE = 100_000_000
"""Bytes that a workspace keeps of a kind that says how many are kept of it."""

COUNTED = 5000
"""Payments that are counted in a step."""

TOGETHER = 20
"""After so many workspaces a step ends, even if nothing was to be dropped in them."""

LOOK_S = 5.0
"""Between two looks."""

AGAIN_S = 600.0
"""What had to stay is looked at again after so long."""

BEHIND = 500
"""With more than so many payments to drop, rests are a quarter as long."""


@dataclass
class _Tally:
    """What is known of a workspace: how many payments there are up to number `counted`, and that those up to `passed` have been
    looked at, so that what is left of them had to stay. `loose` counts the journal's lines that belong to no payment."""

    place: int
    since: float = field(default_factory=stopwatch)
    payments: int = 0
    counted: int = 0
    passed: int = 0
    stayed: int = 0
    """Payments that were passed over."""
    loose: int = 0
    loose_counted: int = 0
    kinds: dict[tuple[str, str], tuple[int, int, int]] = field(default_factory=dict)
    """Of each kind of which so many are kept: how many there are, their bytes, and up to which number they are counted."""
    has_replies: bool = True
    """There may be answers whose time for repetition is over."""


class Keeper(Chore):
    """`gone` hears of each resource that was dropped."""

    what = "what is no longer kept cannot be dropped now"

    def __init__(
        self,
        transactions: Transactions,
        registry: Registry,
        parties: Mapping[str, Party],
        gone: Callable[[Identity], None],
        rest: float = REST,
    ) -> None:
        super().__init__(transactions.store, rest)
        self._whole_rest = rest
        self._transactions = transactions
        self._registry = registry
        self._parties = parties
        self._gone = gone
        self._tallies: dict[int, _Tally] = {}

    def look(self) -> None:
        """Forgets what is known, so that everything is looked at anew."""
        super().look()
        self._tallies.clear()

    def forget(self, id_: int) -> None:
        """What was known of a workspace holds no longer; it is looked at anew."""
        self._tallies.pop(id_, None)

    def after_look_s(self) -> float | None:
        return LOOK_S

    def steps(self) -> Iterator[None]:
        for number, workspace in enumerate(self._registry.all()):
            yield from self._kept(workspace.id)
            if number % TOGETHER == TOGETHER - 1:
                yield
        self._tallies = {id_: tally for id_, tally in self._tallies.items() if id_ in self._registry}
        if self._store.empty_db_pages() > self._store.db_pages() // 4:
            yield from shrunk(self._store, self._store.db_pages() // 10)

    # One workspace -----------------------------------------------------------------------------------------------

    def _rules(self, id_: int) -> Kept | None:
        """How much of this workspace is kept; None where nothing has to be dropped, or the workspace is gone."""
        if id_ not in self._registry:
            return None
        rules = self._registry[id_].kept
        return None if rules.days is None and rules.payments is None else rules

    def _tally(self, id_: int) -> _Tally:
        place, known = self._store.place_of(id_), self._tallies.get(id_)
        if known is None or known.place != place or stopwatch() - known.since > AGAIN_S:
            known = self._tallies[id_] = _Tally(place)
        return known

    def _kept(self, id_: int) -> Iterator[None]:
        yield from self._counted(id_)
        while (rules := self._rules(id_)) is not None:
            tally = self._tally(id_)
            # of those that are not looked at yet, so many are too many
            excess = 0 if rules.payments is None else tally.payments - rules.payments - tally.stayed
            rows = self._store.payments_after(id_, tally.passed, STEP) if excess > 0 or rules.days else []
            if not rows or not self._step(id_, tally, rows, excess, rules):
                break
            self._rest = self._whole_rest / 4 if excess > BEHIND else self._whole_rest
            yield
        self._rest = self._whole_rest
        yield from self._loose(id_)
        yield from self._ledger(id_)
        for party in self._parties.values():
            if is_loaded(party):  # of another there are no more than there were at the start
                for kind, most in party.bounded:
                    yield from self._newest(id_, kind, most)
        yield from self._replies(id_)

    def _counted(self, id_: int) -> Iterator[None]:
        while self._rules(id_) is not None:
            tally = self._tally(id_)
            count, tally.counted = self._store.count_payments_after(id_, tally.counted, COUNTED)
            loose, tally.loose_counted = self._store.count_loose_after(id_, tally.loose_counted, COUNTED)
            tally.payments += count
            tally.loose += loose
            if max(count, loose) < COUNTED:
                return
            yield

    def _step(self, id_: int, tally: _Tally, rows: Sequence[Row], excess: int, rules: Kept) -> bool:
        """Drops those of the rows that are no longer kept. False when all that follow are."""
        now = self._registry[id_].clock.now()
        oldest = None if rules.days is None else now - timedelta(days=rules.days)
        finished: dict[str, tuple[int, Resource]] = {}
        passed, may_be_more = tally.passed, True
        seen = 0
        for seq, provider, kind, body in rows:
            party = self._parties.get(provider)
            payment = load(party.kinds[kind], body) if party is not None else None
            if seen >= excess and (oldest is None or (payment is not None and payment.created_at > oldest)):
                may_be_more = False
                break
            seen, passed = seen + 1, seq
            summary = party.summary_of(payment) if party is not None and payment is not None else None
            if payment is None or summary is None or payment.subject in finished:
                continue
            if seen <= excess or (oldest is not None and payment.updated_at <= oldest):
                finished[payment.subject] = (seq, payment)
        dropped = self._drop(id_, finished, micros(now)) if finished else 0
        tally.passed = passed
        tally.payments -= dropped
        tally.stayed += seen - dropped
        tally.counted = min(tally.counted, self._store.last_resource())
        return may_be_more

    def _drop(self, id_: int, finished: dict[str, tuple[int, Resource]], now: int) -> int:
        """Drops those of these payments (by their subject) for which nothing waits. Returns how many."""
        subjects = [*finished]
        refs: dict[str, None] = {payment.id: None for _, payment in finished.values()}
        for _, body in self._store.stories(id_, subjects):
            story = unreadable.members("a row of the journal", body)
            refs |= {move["ref"]: None for move in story.get("moves", ()) if move.get("ref")}
        family: dict[str, list[tuple[int, Resource]]] = {subject: [] for subject in subjects}
        numbers = {seq for seq, _ in finished.values()}
        for seq, provider, kind, body in self._store.hanging(id_, subjects, [*refs]):
            party = self._parties.get(provider)
            if party is None or seq in numbers:
                continue
            resource = load(party.kinds[kind], body)
            if (members := family.get(resource.goes_with)) is not None:
                members.append((seq, resource))
        waiting = self._store.with_pending(id_, subjects)
        timed = self._store.with_timers(id_, [*refs, *(one.id for members in family.values() for _, one in members)])
        going = {
            subject: [finished[subject], *members]
            for subject, members in family.items()
            if subject not in waiting and not timed & {finished[subject][1].id, *(one.id for _, one in members)}
        }
        if not going:
            return 0
        everything = [one for members in going.values() for one in members]
        with self._transactions.writing() as store:
            store.drop_payments(id_, [*going], [seq for seq, _ in everything], keys_of(everything), now)
        for _, resource in everything:
            self._gone(identity_of(resource))
        return len(going)

    def _loose(self, id_: int) -> Iterator[None]:
        while (rules := self._rules(id_)) is not None:
            tally, now = self._tally(id_), self._registry[id_].clock.now()
            excess = 0 if rules.payments is None else tally.loose - max(rules.payments, FEWEST_LINES)
            before = None if excess > 0 or rules.days is None else micros(now - timedelta(days=rules.days))
            if excess <= 0 and before is None:
                return
            most = min(excess, ROWS) if excess > 0 else ROWS
            with self._transactions.writing() as store:
                gone = store.drop_loose(id_, most, before, micros(now))
            tally.loose -= gone
            if not gone:
                return
            yield

    def _newest(self, id_: int, kind: type[Resource], most: int) -> Iterator[None]:
        name = (kind.PROVIDER, kind.KIND)
        while id_ in self._registry:
            kinds = self._tally(id_).kinds
            number, size, counted = kinds.get(name, (0, 0, 0))
            found, counted, more = self._store.count_kind_after(id_, name, counted, COUNTED)
            kinds[name] = (number, size, counted) = (number + found, size + more, counted)
            if found == COUNTED:
                yield
                continue
            if number <= most and size <= KIND_SIZE:
                return
            going: list[tuple[int, Resource]] = []
            for seq, body in self._store.oldest_of_kind(id_, name, ROWS):
                if number <= most and size <= KIND_SIZE:
                    break
                going.append((seq, load(kind, body)))
                number, size = number - 1, size - len(body)
            if not going:
                return
            with self._transactions.writing() as store:
                now = micros(self._registry[id_].clock.now())
                store.drop_resources(id_, [seq for seq, _ in going], keys_of(going), now)
            kinds[name] = (number, size, counted)
            yield

    def _ledger(self, id_: int) -> Iterator[None]:
        """Drops bookings of each provider: those beyond `BOOKINGS` for each payment that is kept, and those that are too old. A
        booking that is not added up yet stays, so that no balance changes."""
        for name in [party.name for party in self._parties.values() if party.is_provider]:
            while (rules := self._rules(id_)) is not None:
                first, _ = self._store.first_booking(id_, name)
                kind = kinds_of(name).account
                body = self._store.resource(id_, name, kind.KIND, Account.ID) if first else None
                if body is None:
                    break
                account, bounds = load(kind, body), [1]
                if rules.payments is not None:
                    bounds.append(self._store.last_booking(id_, name) + 1 - rules.payments * BOOKINGS)
                if rules.days is not None:
                    before = self._registry[id_].clock.now() - timedelta(days=rules.days)
                    bounds.append(self._store.first_booking_since(id_, name, micros(before)))
                end = min(max(bounds), account.summed, account.held if account.reserves else account.summed)
                if end <= first:
                    break
                with self._transactions.writing() as store:
                    store.drop_bookings(id_, name, min(end, first + ROWS))
                yield

    def _replies(self, id_: int) -> Iterator[None]:
        """Answers to repeated requests are kept as long as the provider repeats them, whatever else is kept."""
        if id_ not in self._registry or not self._tally(id_).has_replies:
            return
        self._tally(id_).has_replies = False
        for party in self._parties.values():
            has_some = is_loaded(party) or self._store.has_replies(id_, party.name)
            policy = party.idempotency if isinstance(party, Provider) and has_some else None
            place: tuple[str, str] | None = ("", "") if policy is not None else None
            while policy is not None and place is not None and id_ in self._registry:
                before = micros(self._registry[id_].clock.now() - policy.lifetime)
                with self._transactions.writing() as store:
                    place = store.drop_replies(id_, party.name, place, ROWS, before)
                if place is not None:
                    yield


def keys_of(resources: Sequence[tuple[int, Resource]]) -> list[Row]:
    """The look-up keys of these resources with their numbers."""
    return [
        (value, name, resource.KIND, resource.PROVIDER, seq)
        for seq, resource in resources
        for name, value in resource.keys().items()
    ]
