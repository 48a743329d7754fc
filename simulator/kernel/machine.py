"""State machines as tables: trigger, from, to, webhook. A table is checked when it is built and draws itself."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from simulator.kernel.values import dataclass

ACTORS = frozenset({"api", "wallet", "timer", "bank", "ops", "page"})

Events = str | tuple[str, ...] | None


class MachineError(ValueError):
    """The table contradicts itself."""


@dataclass(frozen=True, slots=True)
class Move:
    """One legal step. `events` are the webhooks that it fires, in order."""

    trigger: str
    source: str
    target: str
    events: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Timeout:
    """Entering `state` arms `trigger`. `after` is a delay, or the name of the resource's field with the instant
    (a field that is `None` arms nothing)."""

    state: str
    after: timedelta | str
    trigger: str


class Machine:
    """The legal moves of one kind of resource.

    `table` rows are `(trigger, from, to, webhook)`; `from` may be a tuple of states, the webhook a tuple of events
    or None. `timeouts` rows are `(state, after, trigger)`; `after` is a span, or the name of the resource's field that holds the
    instant (None: never). They end with the state. `initial` may be several states.
    """

    def __init__(
        self,
        name: str,
        *,
        initial: str | tuple[str, ...],
        table: Iterable[tuple[str, str | tuple[str, ...], str, Events]],
        timeouts: Iterable[tuple[str, timedelta | str, str]] = (),
    ) -> None:
        self.name = name
        self.initial = (initial,) if isinstance(initial, str) else initial
        self.moves: dict[tuple[str, str], Move] = {}
        for trigger, sources, target, events in table:
            for source in (sources,) if isinstance(sources, str) else sources:
                if (trigger, source) in self.moves:
                    raise MachineError(f"{name}: {trigger} from {source} stands twice")
                fired = () if events is None else (events,) if isinstance(events, str) else events
                self.moves[trigger, source] = Move(trigger, source, target, fired)
        self.timeouts = tuple(Timeout(*row) for row in timeouts)
        self._timeouts_in: Mapping[str, tuple[Timeout, ...]] = {
            state: tuple(t for t in self.timeouts if t.state == state) for state in self.states
        }
        self._triggers = frozenset(trigger for trigger, _ in self.moves)
        self._check()

    @property
    def states(self) -> tuple[str, ...]:
        """All states in the order of their first mention."""
        seen = dict.fromkeys(self.initial)
        for move in self.moves.values():
            seen.setdefault(move.source)
            seen.setdefault(move.target)
        return tuple(seen)

    @property
    def final(self) -> frozenset[str]:
        sources = {move.source for move in self.moves.values()}
        return frozenset(state for state in self.states if state not in sources)

    @property
    def events(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(event for move in self.moves.values() for event in move.events))

    @property
    def triggers(self) -> frozenset[str]:
        """All that may happen, in whatever state."""
        return self._triggers

    def allows(self, trigger: str, state: str) -> bool:
        return (trigger, state) in self.moves

    def allowed(self, state: str) -> list[str]:
        """The triggers that are legal in `state`."""
        return [trigger for trigger, source in self.moves if source == state]

    def timeouts_in(self, state: str) -> tuple[Timeout, ...]:
        return self._timeouts_in.get(state, ())

    def mermaid(self) -> str:
        """The table as a Mermaid state diagram."""
        alias = {state: state.replace(" ", "_") for state in self.states}
        lines = ["stateDiagram-v2"]
        lines += [f"    [*] --> {alias[state]}" for state in self.initial]
        for move in self.moves.values():
            webhook = f" / {', '.join(move.events)}" if move.events else ""
            lines.append(f"    {alias[move.source]} --> {alias[move.target]}: {move.trigger}{webhook}")
        lines += [f"    {alias[state]} --> [*]" for state in self.states if state in self.final]
        return "\n".join(lines)

    def _check(self) -> None:
        if not self.initial or len(set(self.initial)) < len(self.initial):
            raise MachineError(f"{self.name}: initial names no state, or one of them twice")
        for trigger, _ in self.moves:
            actor = trigger.partition(".")[0]
            if actor not in ACTORS:
                raise MachineError(f"{self.name}: {trigger} is not actor.event with an actor of {sorted(ACTORS)}")
        reached, frontier = set(self.initial), list(self.initial)
        while frontier:
            state = frontier.pop()
            for move in self.moves.values():
                if move.source == state and move.target not in reached:
                    reached.add(move.target)
                    frontier.append(move.target)
        if unreachable := [state for state in self.states if state not in reached]:
            named = {state for move in self.moves.values() for state in (move.source, move.target)}
            unnamed = [state for state in self.initial if state not in named]
            why = f": it begins in {', '.join(unnamed)}, which no row names" if unnamed else ""
            raise MachineError(f"{self.name}: no way leads to {', '.join(unreachable)}{why}")
        for timeout in self.timeouts:
            if timeout.state not in self.states:
                raise MachineError(f"{self.name}: {timeout.trigger} is timed in {timeout.state}, which is no state")
            if not self.allows(timeout.trigger, timeout.state):
                raise MachineError(f"{self.name}: {timeout.trigger} is timed in {timeout.state} but not legal there")
        timed = [(timeout.state, timeout.trigger) for timeout in self.timeouts]
        if twice := next((one for one in timed if timed.count(one) > 1), None):
            raise MachineError(f"{self.name}: {twice[1]} is timed twice in {twice[0]}")
