"""A file that nobody serves is looked at, and is left as it was: nothing stands beside it afterwards."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from simulator.engine.store.lock import alone, holder


def beside(file: Path, ending: str) -> Path:
    return Path(f"{file.resolve()}{ending}")


def is_at_rest(file: Path) -> bool:
    """Whether all that was committed is in the file itself and nobody writes to it, so that it can be read
    without any file beside it."""
    unwritten = [one for ending in ("-wal", "-journal") if (one := beside(file, ending)).exists()]
    return not any(one.stat().st_size for one in unwritten) and holder(file) is None


@contextmanager
def leaving_nothing(file: Path) -> Iterator[None]:
    """What SQLite makes to read the newest changes goes again, unless somebody serves the file."""
    shared = beside(file, "-shm")
    was_there = shared.exists()
    try:
        yield
    finally:
        if not was_there:
            with alone(file) as is_ours, suppress(OSError):
                if is_ours:
                    shared.unlink(missing_ok=True)
