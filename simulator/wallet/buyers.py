"""The eight test buyers: a balance, limits and a temper each."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import count
from typing import Any, ClassVar, Literal

from simulator.engine.resource import Resource, changed
from simulator.engine.uow import UnitOfWork
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import EPOCH
from simulator.kernel.values import dataclass


@dataclass(frozen=True, slots=True)
class Card:
    last4: str
    limit: int
    """Fen per payment."""


@dataclass(frozen=True, kw_only=True)
class Buyer(Resource):
    """Amounts in fen (1/100 CNY). `id` is the slug. `ledger` is `(instant, what, order code, fen)`, oldest first."""

    PROVIDER: ClassVar[str] = "wallet"
    KIND: ClassVar[str] = "buyer"
    LISTED: ClassVar[bool] = True

    name_en: str
    name_zh: str
    balance: int
    card: Card | None = None
    daily_limit: int | None = None
    daily_used: int = 0
    used_on: str | None = None
    """The day (in China) to which `daily_used` belongs; None means today, unless the clock is advanced to another day."""
    per_payment_limit: int | None = None
    blocked: bool = False
    password: str | None = None
    """Must sign in with exactly this; None accepts any."""
    payment_code: str | None = None
    delay_s: int = 0
    """Seconds of clock time until the buyer's bank answers."""
    walks_away: bool = False
    refusal: Literal["final", "retry"] = "final"
    language: str = "zh"
    ledger: tuple[tuple[str, str, str, int], ...] = ()
    origin: str = ""
    """Whose copy this is: one of the eight, as whom a reset makes it again."""

    @property
    def subject(self) -> str:
        return ""

    @property
    def slug(self) -> str:
        return self.id

    @property
    def initials(self) -> str:
        return "".join(part[0] for part in self.name_en.split()[:2]).upper()


def used_today(uow: UnitOfWork, buyer: Buyer, at: datetime | None = None) -> int:
    """What counts against the daily limit (fen), now or `at` an instant of the same clock."""
    at = at or uow.now
    used_on = buyer.used_on or _day(uow.unadvanced)
    return buyer.daily_used if used_on == _day(at) else 0


def _day(now: datetime) -> str:
    """China has one zone and no summer time."""
    return datetime.fromtimestamp(now.timestamp() + 8 * 3600, UTC).date().isoformat()


def _buyer(slug: str, name_en: str, name_zh: str, yuan: int, **special: object) -> Buyer:
    return Buyer(
        id=slug,
        created_at=EPOCH,
        updated_at=EPOCH,
        name_en=name_en,
        name_zh=name_zh,
        balance=yuan * 100,
        **special,  # type: ignore[arg-type]
    )


# The first is the default.
BUYERS: dict[str, Buyer] = {
    buyer.id: buyer
    for buyer in (
        _buyer("li-na", "Li Na", "李娜", 8_000, card=Card("4417", 50_000_00)),
        _buyer("wang-wei", "Wang Wei", "王伟", 5),
        _buyer("zhang-min", "Zhang Min", "张敏", 20_000, daily_limit=500_00, daily_used=480_00),
        _buyer("chen-jie", "Chen Jie", "陈杰", 1_200, blocked=True),
        _buyer("zhao-lei", "Zhao Lei", "赵磊", 3_000, password="right"),  # noqa: S106 - a test buyer's, whom everybody knows
        _buyer("liu-yang", "Liu Yang", "刘洋", 3_000, payment_code="246810"),
        _buyer("sun-li", "Sun Li", "孙丽", 9_000, delay_s=30),
        _buyer("zhou-ting", "Zhou Ting", "周婷", 2_000, walks_away=True),
    )
}
DEFAULT = "li-na"
OFFERED = 200
"""So many of those that were added are offered at a time: no page costs more in a fuller store."""
NEW_YUAN = 1_000
"""What a buyer has to begin with who is made without a balance."""


LINES = 100
"""Of what a buyer paid and got back, the newest."""

ADDED = 1_000
"""So many at most are added to the eight."""


class TooMany(Exception):
    """As many were added as there may be."""


class Taken(Exception):
    """There is a buyer of that slug."""


def find(uow: UnitOfWork, slug: str) -> Buyer | None:
    """The workspace's buyer: the stored one if they have ever paid or been edited."""
    return uow.find(Buyer, slug) or BUYERS.get(slug)


def get(uow: UnitOfWork, slug: str) -> Buyer:
    """The buyer of this slug. Raises `NotFound`."""
    return find(uow, slug) or uow.get(Buyer, slug, "buyer")


def offered(uow: UnitOfWork, *named: str | None) -> list[Buyer]:
    """The eight in their order, then those that were added: the newest `OFFERED` of them, and those that are named."""
    newest, _ = uow.listing(Buyer, limit=OFFERED)
    wanted = [slug for slug in named if slug is not None]
    by_slug = {**uow.fetch(Buyer, [*BUYERS, *wanted]), **{buyer.id: buyer for buyer in reversed(newest)}}
    return [by_slug.pop(slug, buyer) for slug, buyer in BUYERS.items()] + list(by_slug.values())


def page(uow: UnitOfWork, after: str | None, limit: int) -> list[Buyer]:
    """The next `limit` buyers after the one of that slug, in the order of `offered`. Raises `NotFound` where there is none."""
    first: list[Buyer] = []
    if after is None or after in BUYERS:
        known, slugs = uow.fetch(Buyer, BUYERS), [*BUYERS]
        start = 0 if after is None else slugs.index(after) + 1
        first, after = [known.get(slug, BUYERS[slug]) for slug in slugs[start:]], None
    added = uow.oldest(Buyer, after, limit + len(BUYERS))
    return [*first, *(buyer for buyer in added if buyer.id not in BUYERS)][:limit]


def default(workspace: Workspace) -> str:
    """The slug of who pays where nobody is named."""
    return workspace.default_buyer or DEFAULT


def make_default(uow: UnitOfWork, slug: str) -> Buyer:
    """Raises `NotFound`."""
    buyer = get(uow, slug)
    uow.change_workspace(default_buyer="" if slug == DEFAULT else slug)
    return buyer


def copy(uow: UnitOfWork, slug: str, new: str | None = None) -> Buyer:
    """Another buyer like this one, who has not paid anything yet; the next free slug where none is given. Raises `NotFound`
    for an unknown buyer, `Taken` for a slug that somebody has."""
    known = get(uow, slug)
    if new is not None and (new in BUYERS or uow.find(Buyer, new) is not None):
        raise Taken(new)
    number = next(n for n in count(2) if uow.find(Buyer, f"{slug}-{n}") is None)
    return save(
        uow,
        replace(
            known,
            id=new or f"{slug}-{number}",
            version=1,
            name_en=f"{known.name_en} {number}",
            name_zh=f"{known.name_zh} {number}",
            ledger=(),
            origin=known.origin or (slug if slug in BUYERS else ""),
        ),
    )


def reset(uow: UnitOfWork, slug: str) -> Buyer:
    """Makes one of the eight, or a copy of one, what it was in the beginning, and any other like somebody new. A buyer who is
    none of the eight keeps their name. Raises `NotFound`."""
    known = get(uow, slug)
    first = BUYERS.get(known.origin or slug) or _buyer(slug, slug, slug, NEW_YUAN)
    named = first if slug in BUYERS else known
    return save(
        uow,
        replace(
            first,
            id=slug,
            created_at=known.created_at,
            version=known.version,
            name_en=named.name_en,
            name_zh=named.name_zh,
            used_on=_day(uow.now),
            origin=known.origin,
        ),
    )


def save(uow: UnitOfWork, buyer: Buyer) -> Buyer:
    """Adds a buyer, or changes the one with this id. Raises `TooMany` if there are enough for another one to be added."""
    if uow.find(Buyer, buyer.id) is None:
        if buyer.id not in BUYERS and uow.count(Buyer, ADDED + len(BUYERS)) - len(uow.fetch(Buyer, BUYERS)) >= ADDED:
            raise TooMany
        return uow.add(replace(buyer, created_at=uow.now, updated_at=uow.now))
    return uow.amend(buyer)


def charge(uow: UnitOfWork, buyer: Buyer, fen: int, method: str, order: str) -> Buyer:
    """Takes the money of a payment: from the balance, or from the card (which only counts against the limits)."""
    taken = fen if method == "balance" else 0
    used = used_today(uow, buyer) + fen
    line = (uow.now.isoformat(), f"paid by {method}", order, -fen)
    spent = changed(
        buyer,
        balance=buyer.balance - taken,
        daily_used=used,
        used_on=_day(uow.now),
        ledger=(*buyer.ledger[1 - LINES :], line),
    )
    return save(uow, spent)


def give_back(uow: UnitOfWork, slug: str, fen: int, method: str, order: str) -> Buyer:
    """Refunds to where the money came from, the balance or the card. What was spent today stays spent: a daily limit counts
    payments."""
    buyer = get(uow, slug)
    given, what = (fen, "refunded") if method == "balance" else (0, "refunded to card")
    line = (uow.now.isoformat(), what, order, fen)
    return save(uow, replace(buyer, balance=buyer.balance + given, ledger=(*buyer.ledger[1 - LINES :], line)))


def edit(uow: UnitOfWork, slug: str, members: dict[str, Any]) -> Buyer:
    """Changes the named members of a buyer, or makes a new one. `sign_in` is `{"password"}`, `card` `{"last4", "limit"}`."""
    known = uow.find(Buyer, slug) or BUYERS.get(slug) or _buyer(slug, slug, slug, NEW_YUAN)
    changes = dict(members)
    if "sign_in" in changes:
        changes["password"] = (changes.pop("sign_in") or {}).get("password")
    if changes.get("card") is not None:
        changes["card"] = Card(str(changes["card"]["last4"]), int(changes["card"]["limit"]))
    if "daily_used" in changes:
        changes["used_on"] = _day(uow.now)
    return save(uow, replace(known, **changes))
