"""Imports a workspace from a document: checks it as a whole, renames what is taken here already, then writes it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from itertools import count
from typing import TYPE_CHECKING, Any

from simulator.engine import portable, renaming
from simulator.engine.provider import Party, Provider
from simulator.engine.registry import CredentialError, Registry, WorkspaceError, handed_in
from simulator.engine.renaming import Renamed
from simulator.engine.resource import Resource, dump, load
from simulator.engine.store import Store
from simulator.engine.store.transfer import Rows
from simulator.engine.unreadable import Fault
from simulator.engine.workspace import RESERVED, Workspace
from simulator.kernel.ids import Ids
from simulator.kernel.values import dataclass

if TYPE_CHECKING:
    from simulator.engine.document import Document

AT_ONCE = 100
"""So many ids of resources are looked up in one query."""

Alone = Callable[[], AbstractContextManager[None]]
Tables = dict[str, list[Mapping[str, Any]]]


class NotAdmitted(Exception):
    """A document that cannot be a workspace here."""

    def __init__(self, fault: Fault) -> None:
        super().__init__(fault.message)
        self.fault = fault


@dataclass(frozen=True, slots=True)
class _Brought:
    """What is in a document: all that can be read of it without looking at the store here."""

    workspace: Workspace
    rows: Rows
    addresses: Sequence[tuple[str, str, str, str]]


@dataclass(frozen=True, slots=True)
class _Called:
    """The names and credentials that the workspace gets here, and what was renamed for that."""

    public_id: str
    name: str
    credentials: dict[str, dict[str, Any]]
    lookups: list[tuple[str, str]]
    words: dict[str, str]
    said: list[Renamed]


class Arrivals:
    """Imports one document at a time, so that no other import takes a name or an address in between. A document is read in threads,
    so that others are served meanwhile; the store is asked by the thread that has it."""

    def __init__(self, store: Store, registry: Registry, parties: Mapping[str, Party]) -> None:
        self._store = store
        self._registry = registry
        self._parties = parties
        self._turn = asyncio.Lock()
        self._providers = {name: party for name, party in parties.items() if isinstance(party, Provider)}

    async def admit(
        self, document: Document, alone: Alone, name: str | None = None, *, from_network: bool = False
    ) -> tuple[Workspace, list[Renamed]]:
        """The new workspace, and what was renamed in it. Raises `NotAdmitted`, and `WorkspaceError` when the wanted `name` is
        taken. With `from_network` the document came from another machine, and so did every address in it. `alone` keeps other
        processes from taking a name; where one was taken since it was looked up, the names are chosen anew."""
        async with self._turn:
            brought = await asyncio.to_thread(self._read, document)
            while True:
                with alone():
                    called = self._named(brought, name)
                written = await asyncio.to_thread(self._written, brought, called, from_network)
                written["resources"] = [row async for row in self._beside(written["resources"], called.public_id)]
                workspace = self._workspace(brought.workspace, called, from_network)
                with alone():
                    if self._is_still_free(called):
                        return self._registry.adopt(workspace, called.lookups, written), called.said

    def _read(self, document: Document) -> _Brought:
        brought, rows = portable.read(document)
        fault = portable.first_fault(brought, rows, self._parties)
        if fault is not None:
            raise NotAdmitted(fault)
        return _Brought(brought, rows, renaming.addresses(rows, self._parties))

    def _named(self, arrived: _Brought, wanted: str | None) -> _Called:
        brought, ids, words, said = arrived.workspace, Ids(), dict[str, str](), list[Renamed]()
        public_id, name = self._called(brought, wanted, ids, said)
        if public_id != brought.public_id:
            words[brought.public_id] = public_id
        credentials, lookups = self._credentials(brought, ids, said)
        words |= renaming.words_of(brought.credentials, credentials)
        words |= self._addresses(arrived.addresses, ids, said)
        return _Called(public_id, name, credentials, lookups, words, said)

    def _is_still_free(self, called: _Called) -> bool:
        names = {called.public_id, called.name}
        return not any(self._registry.is_named(name) for name in names) and not any(
            self._registry.is_taken(*lookup) for lookup in called.lookups
        )

    def _written(self, brought: _Brought, called: _Called, from_network: bool) -> Tables:
        """The rows of the document as they are written here, with the new names in them."""
        given = brought.workspace.credentials
        written = portable.derived(
            renaming.renamed(brought.rows, called.words, given, called.credentials), self._parties
        )
        return renaming.from_network(written) if from_network else written

    def _workspace(self, brought: Workspace, called: _Called, from_network: bool) -> Workspace:
        words = {before.encode(): after.encode() for before, after in called.words.items()}
        workspace = Workspace.load(0, renaming.in_text(brought.dump(), words))
        workspace = replace(
            workspace,
            public_id=called.public_id,
            name=called.name,
            credentials=called.credentials,
            stored_endpoints={name: workspace.stored_endpoints.get(name) for name in self._providers},
            made_by=f"import:{brought.name}",
        )
        return _of_network(workspace) if from_network else workspace

    def _called(self, brought: Workspace, wanted: str | None, ids: Ids, said: list[Renamed]) -> tuple[str, str]:
        """Its public id and its name."""
        public_id, name = brought.public_id, wanted or brought.name
        if self._registry.is_named(public_id):
            public_id = "ws_" + ids.hex(16)
            said.append(Renamed("id", before=brought.public_id, after=public_id))
        if wanted is not None and self._registry.is_named(wanted):
            raise WorkspaceError(f"there is a workspace named {wanted!r} already", "name")
        if name == brought.public_id:
            return public_id, public_id
        if name == RESERVED or self._registry.is_named(name):
            name = next(free for n in count(2) if not self._registry.is_named(free := f"{brought.name[:90]}-{n}"))
            said.append(Renamed("name", before=brought.name, after=name))
        return public_id, name

    def _credentials(
        self, brought: Workspace, ids: Ids, said: list[Renamed]
    ) -> tuple[dict[str, dict[str, Any]], list[tuple[str, str]]]:
        """The credentials for each provider, and the strings by which they are found: those that came along, unless somebody
        here already has one of them."""
        made: dict[str, dict[str, Any]] = {}
        lookups: list[tuple[str, str]] = []
        for name, provider in self._providers.items():
            fresh = provider.credentials(ids, False)
            given = brought.credentials.get(name)
            own = fresh if given is None else self._own(name, provider, fresh, given)
            if any(self._registry.is_taken(name, lookup) for lookup in provider.lookups(own)):
                said += [Renamed("credential", name, member) for member in own if own[member] != fresh.get(member)]
                own = fresh
            made[name] = own
            lookups += [(name, lookup) for lookup in provider.lookups(own)]
        return made, lookups

    def _own(self, name: str, provider: Provider, fresh: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
        for member in given:
            if member not in fresh:
                field = f"workspace.credentials.{name}.{member}"
                raise NotAdmitted(Fault(field, f"{field}: there is no such credential", tuple(sorted(fresh))))
        try:
            return handed_in(name, provider, fresh, given)
        except CredentialError as error:
            raise NotAdmitted(Fault(f"workspace.{error.field}", f"workspace.{error}", ())) from error

    def _addresses(
        self, addresses: Sequence[tuple[str, str, str, str]], ids: Ids, said: list[Renamed]
    ) -> dict[str, str]:
        """What is found without a credential and is somebody else's here, by another one."""
        words: dict[str, str] = {}
        for provider, kind, by, value in addresses:
            if value in words or self._is_free(provider, kind, by, value):
                continue
            words[value] = new = renaming.another(value, ids)
            while not self._is_free(provider, kind, by, new):
                words[value] = new = renaming.another(value, ids)
            said.append(Renamed("address", provider, kind, value, new))
        return words

    def _is_free(self, provider: str, kind: str, by: str, value: str) -> bool:
        if by == "id":
            return self._store.resource_anywhere(provider, kind, value) is None
        return self._store.key_anywhere(provider, kind, by, value) is None

    async def _beside(self, rows: Sequence[Mapping[str, Any]], public_id: str) -> AsyncIterator[Mapping[str, Any]]:
        for number, row in enumerate(rows):
            if number % AT_ONCE == AT_ONCE - 1:
                await asyncio.sleep(0)
            yield self._one_beside(row, public_id)

    def _one_beside(self, row: Mapping[str, Any], public_id: str) -> Mapping[str, Any]:
        """The row of a resource that has to be told apart from one of the same id in another workspace (`Resource.beside`)."""
        kind = self._parties[row["provider"]].kinds[row["kind"]]
        if kind.beside is Resource.beside or self._is_free(row["provider"], row["kind"], "id", row["id"]):
            return row
        return {**row, "body": dump(load(kind, row["body"]).beside(public_id))}


def _of_network(workspace: Workspace) -> Workspace:
    """The workspace with all its endpoints marked as another machine's: account endpoints and webhook endpoints."""
    return replace(
        workspace,
        stored_endpoints={name: hook and _marked(hook) for name, hook in workspace.stored_endpoints.items()},
        webhook_endpoints={name: [_marked(one) for one in own] for name, own in workspace.webhook_endpoints.items()},
    )


def _marked(endpoint: Mapping[str, Any]) -> dict[str, Any]:
    """An endpoint with the mark, which also the endpoints get that it holds."""
    found = {**endpoint, "from_network": True}
    if isinstance(inner := endpoint.get("endpoint"), dict):
        found["endpoint"] = _marked(inner)
    if isinstance(several := endpoint.get("endpoints"), list):
        found["endpoints"] = [_marked(one) for one in several]
    return found
