"""Workspaces: isolated worlds with merchants, credentials, a clock, a seed and scenarios of their own."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import field, replace
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Literal, TypeVar, cast

import orjson

from simulator.engine.defaults import KEPT, OWN, Kept
from simulator.engine.masking import Masking, secrets_in
from simulator.engine.unreadable import Fault, Unreadable
from simulator.kernel.clock import EPOCH, LAST, Clock
from simulator.kernel.values import dataclass

if TYPE_CHECKING:
    from pydantic import BaseModel

    from simulator.engine.settings import SimulatorSettings, WorkspaceSettings

REAL = Clock()

DEFAULT = "default"
"""The workspace that is always there."""

RESERVED = "workspaces"
"""No workspace is called so: it stands where a workspace's name does in the address of the list of them."""

NAME = r"^[A-Za-z0-9][A-Za-z0-9._:\[\]-]*$"
"""What a workspace can be called, and a snapshot."""

TELLING = 12
"""Characters of a secret from which on its text is looked for by itself; shorter ones may be words."""

FORMER = 20
"""Former endpoints and secrets that are remembered of each provider."""

MADE = 100
"""So many addresses a merchant's webhook endpoints may have in all that are made through one provider's own API."""

MADE_SIZE = 1_000_000
"""So many bytes the webhook endpoints may take up in the store that are made through one provider's own API."""

S = TypeVar("S", bound="WorkspaceSettings")


@dataclass(frozen=True, slots=True)
class AccountEndpoint:
    """Where a provider sends the webhooks of the account itself, as the control API has set it.

    `url` is None where none is set. What is None beside it is for the provider to choose: its own secret and key id,
    every event.
    """

    url: str | None = None
    secret: str | None = None
    events: frozenset[str] | None = None
    key_id: str | None = None
    from_network: bool = False
    """Whether another machine named the URL. What an older version has stored counts as named here."""

    def wants(self, event: str) -> bool:
        return self.events is None or event in self.events or "*" in self.events


NOWHERE = AccountEndpoint()


def _signers(endpoints: tuple[AccountEndpoint, ...]) -> list[tuple[object, ...]]:
    """What a signature depends on: each endpoint's secret and key. Where there are several, the URL says which one signs."""
    several = len(endpoints) > 1
    return [(one.url if several else one.url is not None, one.secret, one.key_id) for one in endpoints]


@dataclass(frozen=True, slots=True)
class Stride:
    """An advance of a workspace's clock that is under way: since which instant, how far it goes, and who asked for it."""

    since: datetime
    by: timedelta
    actor: Literal["console", "page"]


@dataclass(frozen=True)
class Workspace:
    """`id` is the store's number; people and clients use `public_id` or `name`.

    `credentials`, `stored_endpoints` and `settings` are per provider. `stored_endpoints` is what the control API was given
    (`webhooks` on the wire and in the store); everybody else reads an `account_endpoint`.
    `scenarios` are the armed ones, newest first, as stored by `engine.scenarios`. `webhook_endpoints` are those that a
    merchant has made through a provider's own API, oldest first; a reset keeps them.
    """

    id: int
    public_id: str
    name: str
    created_at: datetime
    clock: Clock = REAL
    seed: str | None = None
    draws: int = 0
    refusals: int = 0
    """How many refusals have had ids from the seed: a line of draws of their own, so that they change nobody else's."""
    credentials: dict[str, dict[str, Any]] = field(default_factory=dict)
    stored_endpoints: dict[str, dict[str, Any] | None] = field(default_factory=dict)
    settings: dict[str, dict[str, Any]] = field(default_factory=dict)
    scenarios: tuple[dict[str, Any], ...] = ()
    webhook_endpoints: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    paused: tuple[str, ...] = ()
    """The providers whose webhooks are held back."""
    default_buyer: str = ""
    """The test buyer who pays where nobody is named; the wallet's own first one when empty."""

    former: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """By provider, what has signed once and does so no more, the last to go first: an endpoint of the control API as it was stored
    (`account`), one of the provider's own API (`made`), or credentials (`own`). Nothing is sent to any of it."""
    made_by: str = ""
    """`test:<file>`, `import:<its name there>`, or nothing where a person has made it."""
    temporary: bool = False
    """Whether it is removed a day after its last use."""
    used_at: datetime | None = None
    """Of a temporary one, the last use that was written, in real time."""

    _read: dict[type[WorkspaceSettings], tuple[WorkspaceSettings, list[Fault]]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )
    """Settings that have been read; a changed workspace is another value and reads anew."""
    _secrets: dict[str, tuple[bytes, ...]] = field(init=False, repr=False, compare=False, default_factory=dict)
    """The secrets of providers that were asked for already, by provider."""
    _endpoints: dict[str, tuple[AccountEndpoint, ...]] = field(
        init=False, repr=False, compare=False, default_factory=dict
    )
    """Account endpoints that have been read, by provider."""

    def settings_of(self, model: type[S]) -> S:
        """The settings of one section. A stored value that is none (any more) gives way to its default."""
        return cast(S, self._reading(model)[0])

    @property
    def own_settings(self) -> SimulatorSettings:
        """Those of the simulator's own section."""
        from simulator.engine.settings import SimulatorSettings

        return self.settings_of(SimulatorSettings)

    @property
    def kept(self) -> Kept:
        """Which payments are kept. Of a workspace for which nobody has set it no model is asked."""
        if OWN not in self.settings:
            return KEPT
        keep = self.own_settings.keep
        return Kept(keep.days, keep.payments)

    def secrets_of(self, provider: str, masking: Masking) -> tuple[bytes, ...]:
        """Its keys and webhook secrets at a provider, by which they are known wherever they stand; of all, without a name."""
        found = self._secrets.get(provider)
        if found is None:
            sections = (self.credentials, self.stored_endpoints, self.webhook_endpoints)
            own = [section.get(provider) if provider else section for section in sections]
            texts = sorted({text for text in secrets_in(own, masking) if len(text) >= TELLING}, key=len, reverse=True)
            found = self._secrets[provider] = tuple(text.encode() for text in texts)
        return found

    def changed(self, **changes: Any) -> Workspace:
        """This workspace with these members changed. Endpoints and credentials that it loses are remembered as `former`."""
        after = replace(self, **changes)
        former = after.former
        for provider in self.credentials:
            gone = list(self._gone(after, provider))
            if gone:
                known = former.get(provider, [])
                former = {**former, provider: [*gone, *(one for one in known if one not in gone)][:FORMER]}
        return after if former is after.former else replace(after, former=former)

    def _gone(self, after: Workspace, provider: str) -> Iterator[dict[str, Any]]:
        own, account, made = (self.credentials, self.stored_endpoints, self.webhook_endpoints)
        if own is not after.credentials and not own[provider].items() <= after.credentials.get(provider, {}).items():
            yield {"own": own[provider]}
        before, now = self.account_endpoints(provider), after.account_endpoints(provider)
        if account is not after.stored_endpoints and _signers(before) != _signers(now):
            yield {"account": account.get(provider) or {}}
        if made is not after.webhook_endpoints:
            kept = after.webhook_endpoints.get(provider, [])
            yield from ({"made": one} for one in made.get(provider, []) if one not in kept)

    def formerly(self, provider: str) -> Iterator[Workspace]:
        """This workspace as it signed at a provider before: each time with one former endpoint or secret in its old place."""
        for one in self.former.get(provider, []):
            if "own" in one:
                yield replace(self, credentials={**self.credentials, provider: one["own"]})
            elif "account" in one:
                yield replace(self, stored_endpoints={**self.stored_endpoints, provider: one["account"] or None})
            else:
                made = [one["made"], *self.webhook_endpoints.get(provider, [])]
                yield replace(self, webhook_endpoints={**self.webhook_endpoints, provider: made})

    def unusable_settings(self, model: type[WorkspaceSettings]) -> list[Fault]:
        """Stored values for which the default holds, because a version that wrote them took more."""
        return self._reading(model)[1]

    def _reading(self, model: type[WorkspaceSettings]) -> tuple[WorkspaceSettings, list[Fault]]:
        found = self._read.get(model)
        if found is None:
            from simulator.engine.settings import read

            found = self._read[model] = read(model, self.settings.get(model.SECTION, {}))
        return found

    def account_endpoints(self, provider: str) -> tuple[AccountEndpoint, ...]:
        """The provider's endpoints that are set by the control API."""
        found = self._endpoints.get(provider)
        if found is None:
            stored = self.stored_endpoints.get(provider) or {}
            found = self._endpoints[provider] = tuple(
                AccountEndpoint(
                    url=one.get("url") or None,
                    secret=one.get("secret") or None,
                    events=frozenset(one["events"]) if one.get("events") else None,
                    key_id=one.get("key_id") or None,
                    from_network=bool(one.get("from_network")),
                )
                for one in stored.get("endpoints") or ([stored] if stored else [])
            )
        return found

    def account_endpoint(self, provider: str) -> AccountEndpoint:
        """The first of them, which is the only one at most providers."""
        return next(iter(self.account_endpoints(provider)), NOWHERE)

    def dump(self) -> bytes:
        body = {
            "public_id": self.public_id,
            "name": self.name,
            "created_at": self.created_at.isoformat(),
            "clock": {
                "mode": self.clock.mode,
                "offset_us": self.clock.offset // timedelta(microseconds=1),
                "standing_at": self.clock.standing_at.isoformat() if self.clock.standing_at else None,
                "advanced_us": self.clock.advanced // timedelta(microseconds=1),
                "rate": self.clock.rate,
                "since": self.clock.since.isoformat(),
            },
            "seed": self.seed,
            "draws": self.draws,
            "refusals": self.refusals,
            "credentials": self.credentials,
            "webhooks": self.stored_endpoints,
            "settings": self.settings,
            "scenarios": list(self.scenarios),
            "webhook_endpoints": self.webhook_endpoints,
            "paused": list(self.paused),
            "default_buyer": self.default_buyer,
            "former": self.former,
            "made_by": self.made_by,
            "temporary": self.temporary,
            "used_at": self.used_at.isoformat() if self.used_at else None,
        }
        return orjson.dumps(body)

    @classmethod
    def load(cls, id_: int, raw: bytes) -> Workspace:
        """Raises `Unreadable` for what no version has written."""
        try:
            if not isinstance(raw, bytes):
                raise Unreadable(f"workspace number {id_}", "it is no bytes")
            body = orjson.loads(raw)
            _body().model_validate(body)
            return cls._loaded(id_, body)
        except (ValueError, OverflowError) as error:  # a `ValidationError` is a `ValueError`
            raise Unreadable(f"workspace number {id_}", error) from error

    @classmethod
    def _loaded(cls, id_: int, body: dict[str, Any]) -> Workspace:
        clock = body["clock"]
        # A real clock that stands was written in the middle of an advance: it runs on.
        stands = clock["mode"] == "frozen" and clock["standing_at"]
        standing = min(datetime.fromisoformat(clock["standing_at"]), LAST) if stands else None
        return cls(
            id=id_,
            public_id=body["public_id"],
            name=body["name"],
            created_at=datetime.fromisoformat(body["created_at"]),
            clock=Clock(
                clock["mode"],
                timedelta(microseconds=clock["offset_us"]),
                standing,
                timedelta(microseconds=clock.get("advanced_us", 0)),
                clock.get("rate", 1),
                datetime.fromisoformat(clock["since"]) if "since" in clock else EPOCH,
            ),
            seed=body["seed"],
            draws=body["draws"],
            refusals=body.get("refusals", 0),
            credentials=body["credentials"],
            stored_endpoints=body["webhooks"],
            settings=body["settings"],
            scenarios=tuple(body["scenarios"]),
            webhook_endpoints=body.get("webhook_endpoints", {}),
            paused=tuple(body.get("paused", ())),
            default_buyer=body.get("default_buyer", ""),
            former=body.get("former", {}),
            made_by=body.get("made_by", ""),
            temporary=body.get("temporary", False),
            used_at=datetime.fromisoformat(used) if (used := body.get("used_at")) else None,
        )


@cache
def _body() -> type[BaseModel]:
    """What `load` and whoever reads a workspace rely on; what an older version did not write has a default. Made when the first
    workspace is read: a new store has none."""
    from pydantic import BaseModel, ConfigDict

    class ClockBody(BaseModel):
        model_config = ConfigDict(strict=True, defer_build=True)

        mode: Literal["real", "frozen"]
        offset_us: int
        standing_at: str | None
        advanced_us: int = 0
        rate: int = 1
        since: str = ""

    class Body(BaseModel):
        model_config = ConfigDict(strict=True, defer_build=True)

        public_id: str
        name: str
        created_at: str
        clock: ClockBody
        seed: str | None
        draws: int
        refusals: int = 0
        credentials: dict[str, dict[str, Any]]
        webhooks: dict[str, dict[str, Any] | None]
        settings: dict[str, dict[str, Any]]
        scenarios: list[dict[str, Any]]
        webhook_endpoints: dict[str, list[dict[str, Any]]] = {}
        paused: list[str] = []
        default_buyer: str = ""
        former: dict[str, list[dict[str, Any]]] = {}
        made_by: str = ""
        temporary: bool = False
        used_at: str | None = None

    return Body


def in_words(workspace: Workspace, changes: Mapping[str, Any]) -> str:
    """A change of the workspace as the journal tells it: `clock frozen`, `scenarios changed`."""
    if "clock" in changes:
        fast = "" if workspace.clock.rate == 1 else f" at ×{workspace.clock.rate}"
        return "clock frozen" if workspace.clock.mode == "frozen" else f"clock running{fast}"
    return f"{', '.join(name.replace('_', ' ') for name in changes)} changed"
