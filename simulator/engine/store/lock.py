"""One server for a file: an operating system's lock beside it, which ends with the process that holds it, however it ends."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

from simulator.engine import private


class InUse(RuntimeError):
    """Another server has the file; the message says which."""


class Lock:
    """Held until `release`. `<file>.lock` stays behind: to remove it would let two servers lock two files of that name."""

    def __init__(self, file: Path, address: str) -> None:
        """Raises `InUse` when somebody holds it, `OSError` when there is no place for it."""
        path = beside(file)
        private.make_file(path)
        self._descriptor = os.open(path, os.O_RDWR)
        try:
            _lock(self._descriptor)
        except OSError as error:
            os.close(self._descriptor)
            raise InUse(f"{file} is in use by {holder(file) or 'another server'}") from error
        os.ftruncate(self._descriptor, 0)
        os.lseek(self._descriptor, 0, os.SEEK_SET)
        os.write(self._descriptor, json.dumps({"pid": os.getpid(), "url": address}).encode())

    def release(self) -> None:
        os.close(self._descriptor)


def beside(file: Path) -> Path:
    """The same for every name by which the file is reached."""
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


if sys.platform == "win32":
    import msvcrt

    def _lock(descriptor: int) -> None:
        os.lseek(descriptor, 1 << 20, os.SEEK_SET)  # beyond what is written, which others must be able to read
        msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
else:
    import fcntl

    def _lock(descriptor: int) -> None:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
