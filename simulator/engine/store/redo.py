"""The redo log: what was committed and has not come into the file yet, as the statements that did it.

SQLite commits database pages. A create touches some thirty, most of which the next one touches again. So the transaction stays
open: its statements are appended to `<file>-redo` with one write, the answers leave, and the pages follow together with those of
what comes after, `TOGETHER` commits or a moment later. If the process ends before that, whoever opens the file next executes
the statements again.

A frame is whole or was never promised: its number follows that of the one before, and its checksum is right. The first that is
not ends the log. Nothing is flushed to the disk: as with SQLite's own log under `synchronous = NORMAL`, a loss of power may
take the last moments along, but damages nothing. See `docs/decisions/0014-statements-are-logged-and-pages-follow.md`.
"""

from __future__ import annotations

import errno
import marshal
import os
import struct
from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any
from zlib import crc32

from simulator.engine import private
from simulator.engine.store.place import Mark, mark

TOGETHER = 64
"""Commits whose database pages go into the file together."""

ENOUGH = 4 << 20
"""Bytes of a log whose database pages go into the file, however few commits it holds: a turn that fails reads all of it again."""

LONGEST = 1 << 20
"""Bytes of a frame. What is longer is committed at once: its pages are touched by nobody else."""

MOST = 500
"""Rows that one transaction may touch and still be logged. For what touches more the same holds."""

VERSION = 2
"""Of `marshal`. It writes numbers, texts, bytes, lists and tuples alike since Python 2.5, and every later one reads them."""

_HEAD = struct.Struct("<QII")
"""Of a frame: its number, the length of what follows, the checksum of the number and of that."""

Statement = tuple[str, Any, bool]
"""SQL, its values, and whether they are those of many rows."""


def beside(file: Path) -> Path:
    return Path(f"{file.resolve()}-redo")


class Redo:
    """The log beside one file. `store` is the name that this file gave itself when it was last served: no other log is ours."""

    def __init__(self, file: Path, store: str) -> None:
        self._path = beside(file)
        self._title = f"psp-simulator redo 1 {store}\n".encode()
        self._descriptor: int | None = None
        self._mark: Mark | None = None
        """By what the file is known that is open."""
        self._length = 0
        self._is_spoilt = False
        """Whether the end could not be cut off after half a frame was written: what comes after it would not be found."""
        self.number = 0
        """Of the last commit that is here or in the file."""
        self.waiting = 0
        """Commits that are here and not in the file."""

    def append(self, statements: Sequence[Statement]) -> bool:
        """Makes them last. False if they have to be committed at once instead. Raises `OSError` where there is no room."""
        if self._is_spoilt or self._is_full:
            return False
        try:
            body = marshal.dumps(statements, VERSION)  # type: ignore[arg-type]
        except ValueError:  # a value that is none of the plain types
            return False
        if len(body) > LONGEST or not self._stands():
            return False
        self._write(_HEAD.pack(self.number + 1, len(body), _sum(self.number + 1, body)) + body)
        self.number += 1
        self.waiting += 1
        return True

    @property
    def is_long(self) -> bool:
        """Whether it is time for what waits to come into the file."""
        return self.waiting >= TOGETHER or self._length >= ENOUGH

    @property
    def _is_full(self) -> bool:
        """It gets no longer. This is only seen while nothing can come into the file."""
        return self.waiting >= 4 * TOGETHER or self._length >= 4 * ENOUGH

    def _stands(self) -> bool:
        """Whether what is written now would be found. Opens it, also where somebody has removed it since it was empty."""
        try:
            if mark(self._path) == self._mark and self._descriptor is not None:
                return True
            if not self._length:
                self._begin()
        except OSError:  # a folder in which nothing can be made, or that may not be looked into
            return self._length > 0
        return not self._length

    def _write(self, frame: bytes) -> None:
        if not self._length:
            frame = self._title + frame
        assert self._descriptor is not None
        try:
            if os.write(self._descriptor, frame) < len(frame):
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        except OSError:
            self._cut(self._length)
            raise
        self._length += len(frame)

    def _begin(self) -> None:
        private.make_file(self._path)
        self._end()
        self._descriptor = os.open(self._path, os.O_RDWR | os.O_APPEND | getattr(os, "O_BINARY", 0))
        self._mark = mark(self._descriptor)
        os.ftruncate(self._descriptor, 0)

    def _end(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def _cut(self, length: int) -> None:
        assert self._descriptor is not None
        try:
            os.ftruncate(self._descriptor, length)
        except OSError:
            self._is_spoilt = True
        else:
            self._is_spoilt, self._length = False, length

    def frames(self, after: int) -> Iterator[tuple[int, Sequence[Statement]]]:
        """The frames that follow the commit of this number, in order."""
        raw = self._raw()
        if not raw.startswith(self._title):
            return
        start = len(self._title)
        while start + _HEAD.size <= len(raw):
            number, length, checksum = _HEAD.unpack_from(raw, start)
            body = raw[start + _HEAD.size : start + _HEAD.size + length]
            if number > after + 1 or len(body) < length or checksum != _sum(number, body):
                return
            start += _HEAD.size + length
            if number == after + 1:
                yield number, marshal.loads(body)  # noqa: S302 - ours: by its title and its checksum, in a file that is closed to others
                after = number

    def _raw(self) -> bytes:
        if self._descriptor is None:
            return self._path.read_bytes() if self._path.exists() else b""
        with os.fdopen(os.dup(self._descriptor), "rb") as ours:  # whoever has removed it or put another in its place
            ours.seek(0)
            return ours.read(self._length)

    def empty(self) -> None:
        """To be called when everything has come into the file."""
        self.waiting = 0
        if self._descriptor is not None:
            self._cut(0)

    def close(self) -> None:
        """Leaves nothing behind, unless something waits."""
        self._end()
        if not self.waiting:
            with suppress(OSError):  # it stays where nothing can be removed, and says nothing new
                self._path.unlink(missing_ok=True)


def _sum(number: int, body: bytes) -> int:
    return crc32(body, number & 0xFFFFFFFF)
