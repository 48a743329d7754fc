"""One drift check: the sandbox is visited, two worlds of ours are asked the same, and what differs is told fact by fact."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field, replace
from typing import Any

import orjson

from simulator.engine.facts import Exchange
from simulator.engine.provider import Provider
from simulator.engine.sandbox import Sandbox
from simulator.engine.shop import Answer, Request
from simulator.engine.webhook_bodies import is_form, said_in
from simulator.kernel.ids import Ids
from simulator.kernel.values import dataclass
from simulator.surface.client import Workspace
from simulator.surface.control import requests
from simulator.surface.drift.comparing import Causes, Comparison, Difference, Side, about_when
from simulator.surface.drift.hiding import Hiding
from simulator.surface.drift.leaves import Names, inputs
from simulator.surface.drift.playing import Game, OurPlace, play, purchase_of
from simulator.surface.drift.settling import Seen
from simulator.surface.in_process import Simulator

MORE = (100, 200, 300)
"""What is added to the amount of the usual purchase: by our two worlds and by the sandbox's visitor."""
HALF_A_YEAR_AGO = "2026-01-15T03:04:05Z"
"""Where the clock of the other world begins: in another season, at another hour, so that what hangs on time shows."""


@dataclass
class Visited:
    """Our two worlds and the sandbox, after the same calls."""

    provider: Provider
    one: Game
    other: Game
    real: Game
    hiding: Hiding

    def differences(self) -> list[Difference]:
        assert self.provider.sandbox is not None
        sandbox = self.provider.sandbox
        names = [names_of(game) for game in (self.one, self.other, self.real)]
        found: list[Difference] = []
        causes = Causes()
        now = [about_when(game.answers.values()) for game in (self.one, self.other, self.real)]
        for probe in sandbox.probes:
            played = [game.played.get(probe.name) for game in (self.one, self.other, self.real)]
            a, b, c = played
            if a is None or b is None or c is None:
                continue
            one, other, real = (Side(p.answer, p.took_s, n, at) for p, n, at in zip((a, b, c), names, now, strict=True))
            found += Comparison(
                probe.name,
                exchange_of(self.provider, a.request, a.answer).operation,
                one,
                other,
                real,
                self.hiding,
                (*sandbox.varies, *probe.varies),
                sandbox.headers,
                causes,
            ).run()
        found += self._of_webhooks(names, causes)
        return [replace(one, consequences=tuple(causes.consequences.get((one.call, one.place), ()))) for one in found]

    @property
    def has_paid(self) -> bool:
        """Whether a buyer has paid at the sandbox."""
        assert self.provider.sandbox is not None
        return any(probe.name in self.real.played for probe in self.provider.sandbox.probes if probe.pays)

    def seen(self) -> list[Seen]:
        """What both sides have answered, and the events of which both have told."""
        calls = [
            Seen(name, exchange_of(self.provider, one.request, one.answer))
            for name, one in self.one.played.items()
            if name in self.real.played
        ]
        told = _by_name(self.provider, self.one.heard)
        events = [event for event in _by_name(self.provider, self.real.heard) if event in told]
        return [*calls, *(Seen(f"webhook {event}", Exchange("", 0, None, told[event].json), event) for event in events)]

    def calls(self) -> list[dict[str, Any]]:
        """Each that was made, with both statuses, and each that was not, with the reason."""
        assert self.provider.sandbox is not None
        found = []
        for probe in self.provider.sandbox.probes:
            ours, theirs = self.one.played.get(probe.name), self.real.played.get(probe.name)
            row: dict[str, Any] = {"name": probe.name, "says": probe.says}
            if ours is not None and theirs is not None:
                row["status"] = {"simulator": ours.answer.status, "sandbox": theirs.answer.status}
            else:
                row["why_not"] = self.real.left_out.get(probe.name) or self.one.left_out.get(probe.name, "")
            found.append(row)
        return found

    def _of_webhooks(self, names: Sequence[Names], causes: Causes) -> Iterator[Difference]:
        """Each event of the sandbox's with ours of the same name."""
        assert self.provider.sandbox is not None
        heard = [_by_name(self.provider, game.heard) for game in (self.one, self.other, self.real)]
        for event, c in heard[2].items() if self.real.heard else ():
            a, b = heard[0].get(event), heard[1].get(event)
            call = f"webhook {event}"
            if a is None or b is None:
                yield Difference(call, "", "body", "added", "not sent", "sent")
                continue
            one, other, real = (Side(answer, 0.0, n) for answer, n in zip((a, b, c), names, strict=True))
            varies = self.provider.sandbox.varies
            yield from Comparison(call, "", one, other, real, self.hiding, varies, causes=causes).run()
        for event in heard[0] if self.real.heard else ():
            if event not in heard[2]:
                yield Difference(f"webhook {event}", "", "body", "missing", "sent", "not sent")


UNNAMED = "of no known shape"
"""What a webhook tells of whose body the provider's `webhook_name` cannot read."""


def told_by(sandbox: Sandbox, webhook: Answer) -> str:
    """What a webhook tells of. `Sandbox.webhook_name` may fail at a body that is none of the provider's."""
    try:
        return sandbox.webhook_name(said_in(webhook.body))
    except (LookupError, TypeError, AttributeError, ValueError):
        return UNNAMED


def readable(webhook: Answer) -> Answer:
    """A form as JSON of its fields, so that it is compared field by field; everything else as it came."""
    return replace(webhook, body=orjson.dumps(said_in(webhook.body))) if is_form(webhook.body) else webhook


def _by_name(provider: Provider, heard: Sequence[Answer]) -> dict[str, Answer]:
    """The first of each name."""
    assert provider.sandbox is not None
    found: dict[str, Answer] = {}
    for webhook in heard:
        found.setdefault(told_by(provider.sandbox, webhook), readable(webhook))
    return found


def names_of(game: Game) -> Names:
    """What a side knows before its first answer. The same names everywhere, with other values each."""
    purchase = game.purchase
    amount = purchase.amount
    more = {
        "amount": amount.value,
        "amount as text": str(amount.value),
        "half of the amount": amount.value // 2,
        "rest of the amount": amount.value - amount.value // 2,
        "reference": purchase.reference,
        "return url": purchase.return_url,
    }
    return Names(game.place.base_url, inputs(game.place.credentials, **more))


def exchange_of(provider: Provider, request: Request, answer: Answer) -> Exchange:
    """A call as facts are held against it, in the way of the journal."""
    sent, got = {"body": request.body.decode("utf-8", "replace")}, {"body": answer.text, "headers": answer.headers}
    view = {"method": request.method, "path": request.path, "status": answer.status, "request": sent, "response": got}
    return requests.exchange_of(provider, view)


@dataclass
class Ours:
    """Two worlds of a simulator in this process."""

    provider: Provider
    simulator: Simulator
    settings: Mapping[str, Any] = field(default_factory=dict)

    def played(
        self,
        *,
        interactive: bool = False,
        settings: Mapping[str, Any] | None = None,
        until: str | None = None,
        more: Sequence[int] = MORE,
    ) -> tuple[Game, Game]:
        """Both, after the calls, or those up to one; with these settings, or those that this was made with; and with
        `more` than the usual amount."""
        chosen = {self.provider.name: dict(self.settings if settings is None else settings)}
        client = self.simulator.sync_client
        clocks: tuple[dict[str, Any], ...] = ({"frozen": True}, {"frozen": True, "now": HALF_A_YEAR_AGO})
        worlds = [client.create_workspace(seed=Ids().hex(16), settings=chosen, **clock) for clock in clocks]
        games = [self._played(world, extra, interactive, until) for world, extra in zip(worlds, more, strict=False)]
        for world in worlds:
            world.delete()
        return games[0], games[1]

    def _played(self, world: Workspace, more: int, interactive: bool, until: str | None) -> Game:
        assert self.provider.shop is not None and self.provider.sandbox is not None
        probes = self.provider.sandbox.probes
        names = [probe.name for probe in probes]
        game = Game(OurPlace(self.provider, world), purchase_of(self.provider.shop, more))
        if interactive:
            world.set_webhook(self.provider.name, world.inbox_url(self.provider.name))
        chosen = probes if until is None else probes[: names.index(until) + 1]
        play(self.provider, game, interactive=interactive, probes=chosen)
        if interactive:
            world.settle()
            for received in world.inbox(self.provider.name):
                game.heard.append(Answer(200, received["body"].encode(), received["headers"]))
        return game


@contextmanager
def ours(provider: Provider, settings: Mapping[str, Any] | None = None) -> Iterator[Ours]:
    with Simulator.in_process() as simulator:
        yield Ours(provider, simulator, settings or {})
