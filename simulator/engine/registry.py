"""Who the workspaces are: their names, credentials, settings and clocks, kept in memory beside the store.

Every change of one itself goes through here. Of several processes on a store, each knows those at home with it (`homes.py`).
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any, Protocol

from simulator.engine import again, journal
from simulator.engine.store import EVERY, SnapshotRow, Store
from simulator.engine.store.transfer import Rows
from simulator.engine.transactions import Transactions
from simulator.engine.unreadable import Unreadable
from simulator.engine.workspace import DEFAULT, Workspace
from simulator.kernel.clock import Clock, from_micros, micros, time_of_day
from simulator.kernel.ids import Ids
from simulator.kernel.refusals import NotFound

Credentials = Mapping[str, Mapping[str, Any]]
"""By provider, in its own words."""


LINE = 512
"""Characters of a credential at most."""

LISTED = 100
"""Credentials at most that stand in one list."""


WORKSPACES = 10_000
"""Workspaces at most."""

SNAPSHOTS = 100
"""Snapshots that a workspace has at most."""

ROWS = 250_000
"""Rows that all snapshots of a workspace hold at most, and a document: some 10,000 payments with their webhooks and requests."""


ROWS_IN_ALL = 2_500_000
"""Rows that the snapshots of all workspaces hold at most together."""


class WorkspaceError(ValueError):
    """A workspace cannot be made or changed so. `field` names what was wrong."""

    def __init__(self, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.field = field


class TooMuch(WorkspaceError):
    """More than a workspace may hold."""


class CredentialError(WorkspaceError):
    """A credential that somebody brought along is none."""


class Issuer(Protocol):
    """What the registry asks of a provider: credentials, and the strings by which they are found again."""

    @property
    def title(self) -> str: ...

    @property
    def credentials(self) -> Callable[[Ids, bool], dict[str, Any]]: ...

    @property
    def listable(self) -> tuple[str, ...]:
        """Credentials that may be a list of texts as well as one."""

    @property
    def lookups(self) -> Callable[[Mapping[str, Any]], Sequence[str]]: ...


class Registry:
    """`changed` is called with a workspace's number when its clock shows something else or other scenarios are armed, or when it
    is gone. Of a `shared` store it reads what it is told to read, and nothing else."""

    def __init__(
        self,
        store: Store,
        transactions: Transactions,
        providers: Mapping[str, Issuer],
        changed: Callable[[int], None],
        *,
        shared: bool = False,
    ) -> None:
        self._store = store
        self._transactions = transactions
        self._providers = providers
        self._changed = changed
        self._is_shared = shared
        self._overrides: Credentials = {}
        """Credentials of the workspace `default` that were handed in when the simulator was started."""
        self.make_room: Callable[[], None] = lambda: None
        """Is called before each new one; may raise `Elsewhere`."""
        self.made: Callable[[int], None] = lambda _: None
        """Hears of each new workspace before anybody else can."""
        self._workspaces: dict[int, Workspace] = {}
        self._ids: dict[str, int] = {}
        """By public id and by name."""
        self._owners: dict[tuple[str, str], int] = {}
        """Provider and look-up string of a credential to the workspace that it belongs to."""

    # Finding -----------------------------------------------------------------------------------------------------

    def __contains__(self, id_: int) -> bool:
        return id_ in self._workspaces

    def __getitem__(self, id_: int) -> Workspace:
        return self._workspaces[id_]

    def all(self) -> list[Workspace]:
        return list(self._workspaces.values())

    def current(self, workspace: Workspace) -> Workspace:
        """The workspace as it is now; one that has been deleted is given back as it was."""
        return self._workspaces.get(workspace.id, workspace)

    def named(self, public_id_or_name: str) -> Workspace | None:
        id_ = self._ids.get(public_id_or_name)
        return None if id_ is None else self._workspaces[id_]

    def by_credential(self, provider: str, lookup: str) -> Workspace | None:
        id_ = self._owners.get((provider, lookup))
        return None if id_ is None else self._workspaces[id_]

    def is_named(self, public_id_or_name: str) -> bool:
        """Whether there is such a workspace, wherever it is served."""
        if public_id_or_name in self._ids:
            return True
        return self._is_shared and self._store.workspace_named(public_id_or_name) is not None

    def is_taken(self, provider: str, lookup: str) -> bool:
        """Whether some workspace has this credential, wherever it is served."""
        if (provider, lookup) in self._owners:
            return True
        return self._is_shared and self._store.workspace_of(provider, lookup) is not None

    # In memory ---------------------------------------------------------------------------------------------------

    def remember(self, workspace: Workspace) -> None:
        """The workspace as it is from now on; who calls this writes it."""
        before = self._workspaces.get(workspace.id)
        self._workspaces[workspace.id] = workspace
        if before is not None and (before.clock, before.scenarios) != (workspace.clock, workspace.scenarios):
            self._changed(workspace.id)
        if workspace.paused != (() if before is None else before.paused):
            self._store.hold(workspace.id, workspace.paused)
        self._ids[workspace.public_id] = self._ids[workspace.name] = workspace.id

    def read_one(self, id_: int) -> Workspace | None:
        """A workspace that was not known until now, as it stands in the store; None where it was deleted."""
        found = self._store.one_workspace(id_)
        if found is None:
            return None
        workspace = Workspace.load(id_, found[0])
        self.remember(workspace)
        self._owners |= dict.fromkeys(found[1], id_)
        self._complete(workspace, self._overrides if workspace.name == DEFAULT else {}, found[1])
        return self._workspaces[id_]

    def forget_all(self) -> None:
        """What memory says holds no more, and others may change it."""
        gone = list(self._workspaces)
        self._workspaces, self._ids, self._owners = {}, {}, {}
        for id_ in gone:
            self._changed(id_)

    def read_again(self) -> None:
        """Everything as it stands in the store, whatever memory says."""
        if self._is_shared:
            known = list(self._workspaces)
            self.forget_all()
            for id_ in known:
                self.read_one(id_)
            return
        found = [Workspace.load(id_, raw) for id_, raw in self._store.workspaces()]
        owners = {(provider, lookup): workspace for provider, lookup, workspace in self._store.credentials()}
        gone = self._workspaces.keys() - {workspace.id for workspace in found}
        self._workspaces = {id_: known for id_, known in self._workspaces.items() if id_ not in gone}
        self._ids = {name: id_ for name, id_ in self._ids.items() if id_ not in gone}
        self._owners = owners
        for workspace in found:
            self.remember(workspace)
        for id_ in gone:
            self._changed(id_)

    # Opening a store ---------------------------------------------------------------------------------------------

    def load(self, overrides: Credentials) -> None:
        """Reads what the store holds, and makes the workspace `default` if there is none, with the credentials `overrides`."""
        if self._is_shared:
            self._overrides = overrides
            if self._store.workspace_named(DEFAULT) is None:
                self.create(name=DEFAULT, credentials=overrides)
            return
        for id_, raw in self._store.workspaces():
            self.remember(Workspace.load(id_, raw))
        known: dict[int, list[tuple[str, str]]] = {}
        for provider, lookup, workspace in self._store.credentials():
            self._owners[provider, lookup] = workspace
            known.setdefault(workspace, []).append((provider, lookup))
        if strays := known.keys() - self._workspaces.keys():
            raise Unreadable(f"the credentials of workspace {min(strays, key=str)}", "there is no such workspace")
        for workspace in self.all():
            given = overrides if workspace.name == DEFAULT else {}
            self._complete(workspace, given, known.get(workspace.id, []))
        if DEFAULT not in self._ids:
            self.create(name=DEFAULT, credentials=overrides)

    def _complete(
        self,
        workspace: Workspace,
        given: Credentials,
        known: Sequence[tuple[str, str]],
    ) -> None:
        """Credentials for providers that an older store does not know, and those that were handed in since."""
        ids, made, wanted = Ids(), dict(workspace.credentials), list[tuple[str, str]]()
        for name, provider in self._providers.items():
            own = provider.credentials(ids, workspace.name == DEFAULT) | made.get(name, {})
            made[name] = handed_in(name, provider, own, given.get(name, {}))
            wanted += [(name, lookup) for lookup in provider.lookups(made[name])]
        if made == workspace.credentials and set(wanted) <= set(known):
            return
        self._refuse_taken(wanted, workspace.id)
        kept = [pair for pair in known if pair[0] not in self._providers]
        former = {name: [_with_all(made.get(name, {}), one) for one in ones] for name, ones in workspace.former.items()}
        changed = workspace.changed(credentials=made, former=former)
        with self._transactions.writing() as store:
            store.remove_credentials(workspace.id)
            store.add_credentials(workspace.id, [*wanted, *kept])
            store.save_workspace(workspace.id, workspace.name, changed.dump())
        self.remember(changed)
        for pair in known:
            del self._owners[pair]
        self._owners |= dict.fromkeys([*wanted, *kept], workspace.id)

    def _refuse_taken(self, lookups: Sequence[tuple[str, str]], own: int | None = None) -> None:
        for pair in lookups:
            owner = self._owners.get(pair)
            if owner is None and self._is_shared:
                owner = self._store.workspace_of(*pair)
            if owner not in (None, own):
                message = f"a credential of {self._providers[pair[0]].title} belongs to another workspace already"
                raise WorkspaceError(message, f"credentials.{pair[0]}")

    # Changing ----------------------------------------------------------------------------------------------------

    def create(
        self,
        *,
        name: str | None = None,
        seed: str | None = None,
        clock: Clock | None = None,
        credentials: Credentials | None = None,
        endpoints: Mapping[str, Mapping[str, Any]] | None = None,
        settings: Mapping[str, Mapping[str, Any]] | None = None,
        made_by: str = "",
        temporary: bool = False,
    ) -> Workspace:
        """Makes a workspace. Raises `WorkspaceError` when the name or a credential is taken, `TooMuch` when there are enough."""
        self._admit_one_more()
        ids = Ids()
        public_id = "ws_" + ids.hex(16)
        name = name or public_id
        if self.is_named(name):
            raise WorkspaceError(f"there is a workspace named {name!r} already", "name")
        made: dict[str, dict[str, Any]] = {}
        lookups: list[tuple[str, str]] = []
        for provider_name, provider in self._providers.items():
            own = provider.credentials(ids, name == "default")
            given = (credentials or {}).get(provider_name, {})
            made[provider_name] = handed_in(provider_name, provider, own, given)
            lookups += [(provider_name, lookup) for lookup in provider.lookups(made[provider_name])]
        self._refuse_taken(lookups)
        workspace = Workspace(
            id=0,
            public_id=public_id,
            name=name,
            created_at=time_of_day(),
            clock=clock or Clock(),
            seed=seed,
            credentials=made,
            stored_endpoints={p: dict(one) if (one := (endpoints or {}).get(p)) else None for p in self._providers},
            settings={p: dict(v) for p, v in (settings or {}).items()},
            made_by=made_by,
            temporary=temporary,
        )
        with self._transactions.writing() as store:
            id_ = store.add_workspace(public_id, name, workspace.dump())
            self.made(id_)
            store.add_credentials(id_, lookups)
        workspace = dataclasses.replace(workspace, id=id_)
        self.remember(workspace)
        for pair in lookups:
            self._owners[pair] = id_
        return workspace

    def _admit_one_more(self) -> None:
        self.make_room()
        if (self._store.workspace_count() if self._is_shared else len(self._workspaces)) >= WORKSPACES:
            raise TooMuch(f"there are {WORKSPACES:,} workspaces, and no more can be made: delete some")

    def adopt(self, workspace: Workspace, lookups: Sequence[tuple[str, str]], rows: Rows) -> Workspace:
        """A world that has happened elsewhere, with everything in it; nobody here has its id, its name or its credentials. Raises
        `TooMuch`."""
        self._admit_one_more()
        with self._store.at_length(), self._transactions.writing() as store:
            id_ = store.add_workspace(workspace.public_id, workspace.name, workspace.dump())
            self.made(id_)
            store.add_credentials(id_, lookups)
            store.write_everything(id_, rows)
        workspace = dataclasses.replace(workspace, id=id_)
        self.remember(workspace)
        self._owners |= dict.fromkeys(lookups, id_)
        return workspace

    def change(self, id_: int, **changes: Any) -> Workspace:
        """Writes a change of the workspace itself (endpoints, settings, scenarios, clock)."""
        changed = self._existing(id_).changed(**changes)
        with self._transactions.writing() as store:
            store.save_workspace(changed.id, changed.name, changed.dump())
        self.remember(changed)
        return changed

    def ids_of_refusal(self, workspace: Workspace | None) -> Ids:
        """For the answer to one refused call: from the seed of its workspace, or the system's.

        How many there were is written with the workspace's next change: no refusal waits for the store, or fails with it.
        """
        known = self._workspaces.get(workspace.id) if workspace is not None else None
        if known is None or known.seed is None:
            return Ids()
        self.remember(dataclasses.replace(known, refusals=known.refusals + 1))
        again.undone_by(lambda: self.remember(known))
        return Ids.seeded(f"{known.seed}/refusal", known.refusals)

    def reset(self, id_: int) -> Workspace:
        """Drops what happened; keeps credentials, endpoints and settings. A frozen clock and paused webhooks run again.

        It costs the same however much there is: what was is left behind, to be removed later.
        """
        fresh: dict[str, Any] = {
            "clock": Clock(),
            "scenarios": (),
            "draws": 0,
            "refusals": 0,
            "paused": (),
            "former": {},
        }
        changed = dataclasses.replace(self._existing(id_), **fresh, default_buyer="")
        with self._transactions.writing() as store:
            self._transactions.forget_late(id_)
            place = store.new_place(id_)
            store.insert_journal([journal.line_about(place, micros(changed.clock.now()), "workspace", "reset")])
            store.save_workspace(changed.id, changed.name, changed.dump())
        self._store.stands_at(id_, place)
        self.remember(changed)
        self._changed(id_)
        return changed

    def take_snapshot(self, id_: int, name: str | None) -> SnapshotRow:
        """A copy of everything, under this name or the next free number. Raises `WorkspaceError` when the name is taken, and
        `TooMuch` when there are too many already, or they would hold too much together."""
        workspace = self._existing(id_)
        taken = {row.name for row in self._store.snapshots(id_, limit=EVERY)}
        if len(taken) >= SNAPSHOTS:
            raise TooMuch(f"a workspace has at most {SNAPSHOTS} snapshots: delete one", "name")
        if name is None:
            name = next(free for number in count(1) if (free := f"snapshot-{number}") not in taken)
        elif name in taken:
            raise WorkspaceError(f"there is a snapshot named {name!r} already", "name")
        held, more = self._store.rows_of_snapshots(id_), self._store.rows_of(id_, ROWS + 1)
        if held + more > ROWS:
            raise TooMuch(
                f"the snapshots of a workspace hold at most {ROWS:,} rows: they hold {held:,}, and it has {_up_to(more)}"
            )
        if self._store.rows_of_all_snapshots(ROWS_IN_ALL) + more > ROWS_IN_ALL:
            raise TooMuch(f"the snapshots of all workspaces hold at most {ROWS_IN_ALL:,} rows: delete some of them")
        with self._store.at_length(), self._transactions.writing() as store:
            return store.take_snapshot(id_, name, micros(workspace.clock.now()), workspace.dump())

    def rows_to_take_along(self, id_: int) -> Rows:
        """Everything that a workspace has. Raises `TooMuch` for more than a document holds."""
        with self._store.at_length():
            if self._store.rows_of(id_, ROWS + 1) > ROWS:
                raise TooMuch(
                    f"a document holds at most {ROWS:,} rows, and this workspace has more: copy the store instead"
                )
            return self._store.everything(id_)

    def restore(self, id_: int, name: str) -> Workspace:
        """Back to a snapshot; who the workspace is stays: its name, and the credentials by which it is found.

        Raises `NotFound` when there is no such snapshot any more.
        """
        known, snapshot = self._existing(id_), self._store.snapshot(id_, name)
        if snapshot is None:
            raise NotFound("snapshot", name)
        kept = Workspace.load(id_, snapshot.body)
        changed = dataclasses.replace(
            kept,
            clock=kept.clock.since_it_showed(from_micros(snapshot.at)),
            public_id=known.public_id,
            name=known.name,
            created_at=known.created_at,
            credentials=known.credentials,
            temporary=known.temporary,
            used_at=known.used_at,
        )
        with self._store.at_length(), self._transactions.writing() as store:
            self._transactions.forget_late(id_)
            at = micros(changed.clock.now())
            store.insert_journal([journal.line_about(id_, at, "workspace", f"restored to {snapshot.name}")])
            store.put_back(id_, snapshot.id, journal_before=store.last_seq())
            store.save_workspace(changed.id, changed.name, changed.dump())
        self.remember(changed)
        self._changed(id_)
        return changed

    def delete(self, id_: int) -> None:
        self._existing(id_)
        with self._transactions.writing() as store:
            self._transactions.forget_late(id_)
            store.leave(id_)
            store.remove_credentials(id_)
        del self._workspaces[id_]
        self._ids = {name: owner for name, owner in self._ids.items() if owner != id_}
        self._owners = {pair: owner for pair, owner in self._owners.items() if owner != id_}
        self._changed(id_)

    def _existing(self, id_: int) -> Workspace:
        """Raises `NotFound` when it was deleted meanwhile."""
        if id_ not in self._workspaces:
            raise NotFound("workspace", str(id_))
        return self._workspaces[id_]


def _up_to(rows: int) -> str:
    return f"{rows:,}" if rows <= ROWS else f"more than {ROWS:,}"


def _with_all(own: Mapping[str, Any], former: Mapping[str, Any]) -> dict[str, Any]:
    """Former credentials, with those members of the current ones that they did not have yet."""
    return {**former, "own": {**own, **former["own"]}} if "own" in former else dict(former)


def handed_in(provider: str, issuer: Issuer, own: Mapping[str, Any], given: Mapping[str, Any]) -> dict[str, Any]:
    """A provider's credentials with those that somebody brought along, each of the type that it has.

    A `listable` one may be a list of texts, too. Raises `CredentialError` for what fits neither: a list never becomes a text.
    """
    taken = {
        name: _credential(f"credentials.{provider}.{name}", name in issuer.listable, own.get(name, ""), value)
        for name, value in given.items()
    }
    return {**own, **taken}


def _credential(field: str, listable: bool, own: Any, value: Any) -> Any:
    if listable and isinstance(value, list):
        if not 1 <= len(value) <= LISTED or not all(_is_line(one) for one in value) or len(set(value)) < len(value):
            what = f"1 to {LISTED} different texts, each of 1 to {LINE} characters in one line"
            raise CredentialError(f"{field}: the list must have {what}", field)
        return list(value)
    if isinstance(own, list) and not listable:
        if not isinstance(value, list) or len(value) > LISTED:
            raise CredentialError(f"{field}: must be a list of at most {LISTED}", field)
        return [_whole(field, one) for one in value]
    if not isinstance(value, str | int | float) or isinstance(value, bool):
        raise CredentialError(f"{field}: must be a text{' or a list of texts' if listable else ''}", field)
    if isinstance(own, int):
        return _whole(field, value)
    if not _is_line(str(value)):
        raise CredentialError(f"{field}: must be a text of 1 to {LINE} characters in one line", field)
    return str(value)


def _whole(field: str, value: Any) -> int:
    try:
        number = int(value) if isinstance(value, str | int | float) and not isinstance(value, bool) else -1
    except (ValueError, OverflowError):
        number = -1
    if not 0 <= number < 2**63:
        raise CredentialError(f"{field}: must be a whole number", field)
    return number


def _is_line(value: Any) -> bool:
    """Whether it is one that arrives as it left, in a header and in a merchant's configuration."""
    return (
        isinstance(value, str) and bool(value) and value == value.strip() and value.isprintable() and len(value) <= LINE
    )
