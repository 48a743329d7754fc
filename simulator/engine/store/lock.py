"""One server for a file: an operating system's lock beside it, which ends with the process that holds it, however it ends."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from simulator.engine import private
from simulator.engine.store.place import mark


class InUse(RuntimeError):
    """Another server has the file; the message says which."""


class Lock:
    """Held until `release`. `<file>.lock` stays behind: to remove it would let two servers lock two files of that name."""

    def __init__(self, file: Path, address: str) -> None:
        """Raises `InUse` when somebody holds it, `OSError` when there is no place for it."""
        self._file, self._address, self._path = file, address, beside(file)
        self._descriptor = _taken(file, address)

    def renew(self) -> bool:
        """Locks the file of this name, if it is no longer the one that is locked: whether it had to. Raises as making one does."""
        if mark(self._path) == mark(self._descriptor):
            return False
        before, self._descriptor = self._descriptor, _taken(self._file, self._address)
        os.close(before)
        return True

    def release(self) -> None:
        os.close(self._descriptor)


def _taken(file: Path, address: str) -> int:
    path = beside(file)
    private.make_file(path)
    descriptor = os.open(path, os.O_RDWR)
    try:
        _lock(descriptor)
    except OSError as error:
        os.close(descriptor)
        raise InUse(f"{file} is in use by {holder(file) or 'another server'}") from error
    os.ftruncate(descriptor, 0)
    os.lseek(descriptor, 0, os.SEEK_SET)
    os.write(descriptor, json.dumps({"pid": os.getpid(), "url": address}).encode())
    return descriptor


def beside(file: Path) -> Path:
    """The path of the lock of a store's file: the same one, by whatever name the file is reached."""
    return Path(f"{file.resolve()}.lock")


def holder(file: Path) -> str | None:
    """Who holds the file, in words; None when nobody does, or when it does not say."""
    path = beside(file)
    try:
        descriptor = os.open(path, os.O_RDWR)
    except OSError:
        return None
    try:
        _lock(descriptor)
    except OSError:
        try:
            said = json.loads(path.read_bytes())
            return f"the simulator at {said['url']} (process {said['pid']})"
        except (OSError, ValueError, KeyError, TypeError):
            return "another server"
    finally:
        os.close(descriptor)
    return None


@contextmanager
def alone(file: Path) -> Iterator[bool]:
    """Whether nobody holds the file, and nobody takes it within the block. Nothing is made: False where no server ever had it."""
    try:
        descriptor = os.open(beside(file), os.O_RDWR)
    except OSError:
        yield False
        return
    try:
        try:
            _lock(descriptor)
        except OSError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, 1 << 20, os.SEEK_SET)  # beyond what is written, which others must be able to read
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
