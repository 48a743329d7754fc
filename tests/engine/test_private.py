"""What the simulator keeps is for its owner alone: whatever the umask, and although an older version has left it open."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.engine import private
from simulator.engine.store import open_store

pytestmark = pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")


@pytest.fixture(params=[0o000, 0o022, 0o777], ids=["none", "usual", "everything"])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> str:
    return oct(path.stat().st_mode & 0o777)


def modes(folder: Path) -> dict[str, str]:
    return {path.name: mode(path) for path in folder.iterdir()}


@pytest.mark.usefixtures("umask")
def test_a_new_store_and_the_folders_that_it_makes_are_closed(tmp_path: Path) -> None:
    file = tmp_path / "one" / "two" / "world.db"
    store = open_store(str(file), "http://localhost:8080")
    store.set_meta("a", "b")

    assert modes(file.parent) == dict.fromkeys(["world.db", "world.db-wal", "world.db-shm", "world.db.lock"], "0o600")
    assert (mode(file.parent), mode(file.parent.parent)) == ("0o700", "0o700")
    store.close()


def test_a_store_that_stood_open_is_closed_with_all_that_belongs_to_it(tmp_path: Path) -> None:
    folder = tmp_path / "world"
    first = open_store(str(folder / "world.db"))
    first.set_meta("a", "b")
    for path in (folder, *folder.iterdir()):
        path.chmod(0o777 if path == folder else 0o666)

    second = open_store(str(folder / "world.db"))

    assert set(modes(folder)) >= {"world.db", "world.db-wal", "world.db-shm"}
    assert set(modes(folder).values()) == {"0o600"}
    assert mode(folder) == "0o700"
    second.close()
    first.close()


def test_a_folder_of_somebody_elses_files_is_left_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / "project"
    folder.mkdir(0o755)
    folder.chmod(0o755)
    (folder / "shop.py").touch(0o644)

    open_store(str(folder / "world.db")).close()

    assert (mode(folder), mode(folder / "shop.py"), mode(folder / "world.db")) == ("0o755", "0o644", "0o600")


def test_our_own_folder_is_closed_whatever_is_in_it(tmp_path: Path) -> None:
    folder = tmp_path / ".psp-simulator"
    folder.mkdir()
    folder.chmod(0o755)
    (folder / "notes.txt").touch()

    open_store(str(folder / "world.db")).close()

    assert mode(folder) == "0o700"


def test_what_cannot_be_closed_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(path: Path, mode: int) -> None:
        raise PermissionError(f"not the owner of {path}")

    file = tmp_path / "world.db"
    file.touch()
    file.chmod(0o664)
    monkeypatch.setattr(Path, "chmod", refuse)

    with caplog.at_level(logging.WARNING, "simulator"):
        private.close_files(file)

    assert caplog.messages == [f"{file} can be read by others, and belongs to somebody else: it stays so"]


def test_a_device_is_everybodys(tmp_path: Path) -> None:
    """`--out /dev/null` of a superuser closed it to the whole machine."""
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    pipe.chmod(0o666)

    private.close_files(pipe)

    assert mode(pipe) == "0o666"
