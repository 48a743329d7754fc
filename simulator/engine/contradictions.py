"""In what a provider's value contradicts itself: names that stand twice, and names that nobody has. One sentence for each."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import fields
from typing import Any, Protocol

from simulator.engine.call import Call
from simulator.engine.resource import PHASES, Resource
from simulator.engine.scenarios import Decisions
from simulator.engine.settlement import Settlement
from simulator.engine.webhooks import Webhooks
from simulator.kernel.ids import Ids
from simulator.kernel.machine import Machine


class Routed(Protocol):
    """A row of endpoints, of pages, or of what is left out."""

    @property
    def method(self) -> str: ...

    @property
    def path(self) -> str: ...


class Operated(Routed, Protocol):
    """A row that has an operation: all but pages."""

    @property
    def operation(self) -> str: ...


class Composed(Protocol):
    """What is looked at of a `provider.Provider`."""

    @property
    def name(self) -> str: ...

    @property
    def settings(self) -> type[Any]: ...

    @property
    def hosts(self) -> tuple[str, ...]: ...

    @property
    def resources(self) -> tuple[type[Resource], ...]: ...

    @property
    def machines(self) -> tuple[Machine, ...]: ...

    @property
    def endpoints(self) -> Sequence[Operated]: ...

    @property
    def pages(self) -> Sequence[Routed]: ...

    @property
    def left_out(self) -> Sequence[Operated]: ...

    @property
    def webhooks(self) -> Webhooks: ...

    @property
    def phases(self) -> Mapping[str, str]: ...

    @property
    def timers(self) -> tuple[str, ...]: ...

    @property
    def on_timer(self) -> object | None: ...

    @property
    def claims(self) -> Callable[[Call], bool]: ...

    @property
    def proofs(self) -> tuple[str, ...]: ...

    @property
    def credentials(self) -> Callable[[Ids, bool], dict[str, Any]]: ...

    @property
    def listable(self) -> tuple[str, ...]: ...

    @property
    def decisions(self) -> Decisions | None: ...

    @property
    def settlement(self) -> Settlement | None: ...


OWN_ADDRESSES = ("_sim", "console", "w")
"""How the simulator's own addresses begin: the control API, the console, the wallet's pages."""
RESERVED = frozenset({"simulator", "wallet", "inbox", "workspaces", "control", *OWN_ADDRESSES})
"""Names that mean something else where providers are named: sections of settings, the wallet, the inbox, addresses of the
console, documents; and where an address begins with the name."""

_HOST = re.compile(r"(\*\.)?[a-z0-9-]+(\.[a-z0-9-]+)+")

_PARAMETER = re.compile(r"{\w+(:digits)?}")


def contradictions(provider: Composed) -> Iterator[str]:
    """What is wrong and what would be right, in no sentence that another one follows from."""
    yield from _of_its_name(provider)
    yield from _of_resources(provider)
    yield from _of_phases(provider)
    yield from _of_events(provider)
    yield from _of_timers(provider)
    yield from _of_routes(provider)
    yield from _of_operations(provider)
    yield from _of_money(provider)
    yield from _of_claims(provider)
    yield from _of_credentials(provider)


def _of_its_name(provider: Composed) -> Iterator[str]:
    from simulator.engine.settings import WorkspaceSettings

    if re.fullmatch(r"[a-z][a-z0-9_]*", provider.name) is None or provider.name in RESERVED:
        yield "its name is not a word of small letters, digits and underscores, or is taken by the simulator"
    if provider.settings is not WorkspaceSettings and provider.name != provider.settings.SECTION:
        yield f"its settings stand under {provider.settings.SECTION!r}: SECTION is the provider's name"
    if unfit := [host for host in provider.hosts if _HOST.fullmatch(host) is None]:
        yield f"hosts names {', '.join(unfit)}: a host is a name like api.example.com, or *.example.com for all below it"
    if twice := _twice(provider.hosts):
        yield f"hosts names {twice} twice"


def _of_resources(provider: Composed) -> Iterator[str]:
    if twice := _twice(kind.KIND for kind in provider.resources):
        yield f"two resources are of kind {twice}"
    if twice := _twice(machine.name for machine in provider.machines):
        yield f"two machines are named {twice}"
    for kind in provider.resources:
        if provider.name != kind.PROVIDER:
            yield f"{kind.__name__}.PROVIDER is {kind.PROVIDER!r}"
        names = {field.name for field in fields(kind)}
        for timeout in kind.MACHINE.timeouts if kind.MACHINE is not None else ():
            if isinstance(timeout.after, str) and timeout.after not in names:
                yield f"{timeout.trigger} is due at {timeout.after}, which {kind.__name__} does not have"


def _of_phases(provider: Composed) -> Iterator[str]:
    """A machine that the wallet moves is that of a payment, if any of its states has a phase. (A session that follows its payment
    has none, and a refund may share a word with a payment.)"""
    phases = provider.phases
    if illegal := sorted(set(phases.values()) - set(PHASES)):
        yield f"phases names {', '.join(illegal)}: a phase is one of {', '.join(PHASES)}"
    known = {state for machine in provider.machines for state in machine.states}
    if known and (unknown := [state for state in phases if state not in known]):
        yield f"phases names {', '.join(unknown)}: no machine has such a state"
    for machine in provider.machines:
        has_phase = [state in phases for state in machine.states]
        if any(has_phase) and not all(has_phase) and any(one.startswith("wallet.") for one in machine.triggers):
            lacking = [state for state in machine.states if state not in phases]
            yield f"phases lacks {', '.join(lacking)}: each state of {machine.name} has one"


def _of_events(provider: Composed) -> Iterator[str]:
    events = provider.webhooks.events
    if twice := _twice(events):
        yield f"webhooks.events names {twice} twice"
    for machine in provider.machines:
        if unknown := [event for event in machine.events if event not in events]:
            yield f"machine {machine.name} fires {', '.join(unknown)}, which webhooks.events does not name"


def _of_timers(provider: Composed) -> Iterator[str]:
    if provider.timers and provider.on_timer is None:
        yield f"nobody answers {', '.join(provider.timers)}: it has timers, and no on_timer"
    if twice := _twice(provider.timers):
        yield f"timers names {twice} twice"


def _of_routes(provider: Composed) -> Iterator[str]:
    """Two routes that differ only in the names of their parameters are the same route."""
    routes: list[Routed] = [*provider.endpoints, *provider.pages]
    if twice := _twice(map(_shape, routes)):
        yield f"{twice} is routed twice"
    if twice := _twice(map(_shape, provider.left_out)):
        yield f"{twice} is left out twice"
    if served := {*map(_shape, routes)}.intersection(map(_shape, provider.left_out)):
        yield f"{', '.join(sorted(served))} is left out, and is there"
    if ours := [f"{row.method} {row.path}" for row in routes if row.path == "/" or _first(row.path) in OWN_ADDRESSES]:
        own = ", ".join(f"/{first}" for first in OWN_ADDRESSES)
        yield f"{', '.join(ours)} never comes to it: /, and what stands below {own}, is the simulator's own"


def _of_operations(provider: Composed) -> Iterator[str]:
    """Several endpoints may be one operation for scenarios; one that is left out has a name of its own."""
    if twice := _twice(row.operation for row in provider.left_out):
        yield f"two that are left out are called {twice}"
    if served := {row.operation for row in provider.left_out} & {row.operation for row in provider.endpoints}:
        yield f"{', '.join(sorted(served))} is the operation of an endpoint, and of one that is left out"
    if (decisions := provider.decisions) is not None:
        for facet, names in (("wallet", decisions.wallet), ("bank", decisions.bank)):
            if twice := _twice(names):
                yield f"decisions.{facet} names {twice} twice"


def _of_money(provider: Composed) -> Iterator[str]:
    from simulator.engine.terms import MoneySettings

    if provider.settlement is None:
        return
    if not issubclass(provider.settings, MoneySettings):
        yield "it has a settlement, so its settings are MoneySettings"
    moved = dict.fromkeys(move.resource for move in provider.settlement.moves)
    if strange := [kind.__name__ for kind in moved if kind not in provider.resources]:
        yield f"the settlement moves money of {', '.join(strange)}, which is not among its resources"


_METHODS = ("GET", "HEAD", "OPTIONS", "DELETE", "PUT", "PATCH", "POST")
_BODIES = {
    "application/json": b"{}",
    "application/x-www-form-urlencoded": b"of=nobody",
    "application/xml": b"<nobody/>",
    "text/xml": b"<nobody/>",
    "text/plain": b"nobody",
}
_JSON = {"content-type": "application/json"}
STRANGERS: tuple[tuple[str, str, str, dict[str, str], bytes], ...] = (
    *((method, "/nothing-of-anybody", "", {}, b"") for method in _METHODS),
    ("GET", "/nothing-of-anybody", "of=nobody", {"accept": "application/json"}, b""),
    ("GET", "/v1/nothing-of-anybody", "", {}, b""),
    *(
        (method, "/nothing-of-anybody", "", {"content-type": sort}, body)
        for method in ("POST", "PUT", "PATCH")
        for sort, body in _BODIES.items()
    ),
    ("POST", "/nothing-of-anybody", "", {**_JSON, "authorization": "Bearer nobodys"}, b"{}"),
    ("POST", "/nothing-of-anybody", "", {**_JSON, "authorization": "Basic bm9ib2R5Og=="}, b"{}"),
    ("GET", "/", "", {}, b""),
)
"""Calls that are nobody's (method, path, query, headers, body): a provider that claims one of them takes what is another's."""


def _of_claims(provider: Composed) -> Iterator[str]:
    for method, path, query, headers, body in STRANGERS:
        stranger = Call(
            provider="", method=method, target=f"{path}?{query}" if query else path, raw_path=path, raw_query=query,
            headers=headers, raw_body=body, base_url="http://localhost",
        )  # fmt: skip
        if provider.claims(stranger):
            yield f"claims takes {method} {path}, which is nobody's: it is to look at the path, or at its own credentials"
            break


def _of_credentials(provider: Composed) -> Iterator[str]:
    """Those of `default` are made only for who names some of them."""
    if twice := _twice(provider.proofs):
        yield f"proofs names {twice} twice"
    if twice := _twice(provider.listable):
        yield f"listable names {twice} twice"
    made = provider.credentials(Ids(), True) if provider.listable else {}
    if unknown := [name for name in dict.fromkeys(provider.listable) if name not in made]:
        yield f"listable names {', '.join(unknown)}: credentials makes {', '.join(made)}"


def _first(path: str) -> str:
    """The first segment of an address."""
    return path.removeprefix("/").partition("/")[0]


def _shape(route: Routed) -> str:
    """Method and path, with nothing but the kind of each parameter."""
    return f"{route.method} " + _PARAMETER.sub(r"{\1}", route.path)


def _twice(names: Iterable[str]) -> str:
    """The names that stand more than once."""
    return ", ".join(name for name, times in Counter(names).items() if times > 1)
