"""Credentials outlive a restart, a new provider and a new key."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from toy.acme import ACME

from simulator.engine.provider import Provider
from simulator.engine.registry import WorkspaceError
from simulator.engine.settings import WorkspaceSettings
from simulator.surface.app import App
from simulator.surface.settings import Settings

TWIN = replace(
    ACME, name="twin", title="Twin", settings=WorkspaceSettings, endpoints=(), left_out=(), pages=(), resources=()
)


class World:
    """One store that is opened again and again."""

    def __init__(self, folder: Path) -> None:
        self.db = str(folder / "world.db")

    def open(
        self, providers: Sequence[Provider] = (ACME,), credentials: Mapping[str, Mapping[str, Any]] | None = None
    ) -> App:
        return App(Settings(db=self.db, credentials=credentials or {}), providers=providers)


@pytest.fixture
def world(tmp_path: Path) -> World:
    return World(tmp_path)


def close(app: App) -> None:
    app.runtime.store.close()


def test_a_provider_that_an_older_store_does_not_know_gets_credentials(world: World) -> None:
    close(world.open())

    app = world.open([ACME, TWIN])

    default = app.runtime.default
    assert default.credentials["twin"]["key"] == "acme_default"
    assert app.runtime.by_credential("twin", "acme_default") == default
    close(app)


def test_a_key_that_is_handed_in_later_replaces_the_old_one(world: World) -> None:
    close(world.open())

    app = world.open(credentials={"acme": {"key": "key_of_my_env"}})

    assert app.runtime.by_credential("acme", "key_of_my_env") == app.runtime.default
    assert app.runtime.by_credential("acme", "acme_default") is None
    assert app.runtime.default.credentials["acme"]["secret"] == "hush"
    close(app)


def test_a_key_of_another_workspace_is_refused_and_nothing_changes(world: World) -> None:
    app = world.open()
    app.runtime.create_workspace(name="other", credentials={"acme": {"key": "key_taken"}})
    close(app)

    with pytest.raises(WorkspaceError, match="a credential of Acme belongs to another workspace already"):
        world.open(credentials={"acme": {"key": "key_taken"}})

    app = world.open()
    assert app.runtime.default.credentials["acme"]["key"] == "acme_default"
    close(app)


def test_a_provider_that_is_away_for_a_while_finds_its_credentials_again(world: World) -> None:
    app = world.open([ACME, TWIN], credentials={"twin": {"key": "key_twin"}})
    close(app)
    close(world.open(credentials={"acme": {"key": "key_new"}}))

    app = world.open([ACME, TWIN])

    assert app.runtime.by_credential("twin", "key_twin") == app.runtime.default
    close(app)


def test_a_list_stays_a_list_over_restarts_and_gives_way_to_a_text(world: World) -> None:
    """Only where the provider takes lists."""
    takes_lists = replace(ACME, listable=("secret",))

    close(world.open([takes_lists], {"acme": {"secret": ["one", "two"]}}))
    again = world.open([takes_lists])
    assert again.runtime.default.credentials["acme"]["secret"] == ["one", "two"]
    close(again)

    replaced = world.open([takes_lists], {"acme": {"secret": "three"}})
    assert replaced.runtime.default.credentials["acme"]["secret"] == "three"
    close(replaced)


@pytest.mark.parametrize("wrong", [["one"], {"one": 1}, None, True])
def test_what_is_no_text_is_refused_and_not_stored_as_one(world: World, wrong: Any) -> None:
    with pytest.raises(WorkspaceError, match="must be a text") as refused:
        world.open([ACME], {"acme": {"secret": wrong}})

    assert refused.value.field == "credentials.acme.secret"
