"""Whether a file that is open stands where it was opened: SQLite goes on in one that was removed, and nobody finds it again."""

from __future__ import annotations

import os
from pathlib import Path

Mark = tuple[int, int]


def mark(file: Path | int) -> Mark | None:
    """By what a file is known, whatever its name; None where there is none of this name. Raises `OSError` where nobody can say."""
    try:
        found = os.stat(file)  # noqa: PTH116 - of an open file, too
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_dev, found.st_ino


class Place:
    """To be made when the file has been opened. Its newest changes, `<file>-wal`, belong to it."""

    def __init__(self, file: Path) -> None:
        self._file = file.absolute()
        self._log = Path(f"{file.resolve()}-wal")
        self._own, self._own_log = mark(self._file), mark(self._log)

    def objection(self) -> str | None:
        """What is wrong, in a sentence; None while both stand there."""
        try:
            if (found := mark(self._file)) != self._own:
                what = "was removed or renamed" if found is None else "is another file by now"
                return f"{self._file} {what}: what is written now would be lost, so that nothing is, until it is there again"
            if self._own_log is not None and mark(self._log) != self._own_log:
                return f"{self._log} with the newest changes was removed: stop the simulator, which writes them to the file"
        except OSError:  # a folder that may not be looked into, or a network that is away, says nothing
            pass
        return None
