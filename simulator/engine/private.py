"""Files and folders that only their owner may read, whatever the umask says: what is made, and what an older version has made."""

from __future__ import annotations

import logging
import os
from pathlib import Path

log = logging.getLogger("simulator")

FILE, FOLDER = 0o600, 0o700
OTHERS = 0o077
"""The permissions of a group and of everybody."""

OURS = ".psp-simulator"
"""A folder of this name is ours, whatever else is in it."""


def make_folder(folder: Path) -> None:
    """Makes a folder for its owner alone, and all that are missing above it. One that exists stays as it is: see `close_folder`."""
    if folder.exists():
        return
    make_folder(folder.parent)
    folder.mkdir(FOLDER, exist_ok=True)
    _close(folder, FOLDER)


def close_folder(folder: Path, *ours: str) -> None:
    """Closes a folder that is ours: by its name, or because what it holds begins with one of `ours`.

    Somebody's project or `/tmp`, in which a store may stand as well, is not ours to close.
    """
    if folder.name == OURS or all(entry.name.startswith(ours) for entry in folder.iterdir()):
        _close(folder, FOLDER)


def close_files(*files: Path) -> None:
    """Makes the files readable for their owner alone, as far as they exist."""
    for file in files:
        if file.exists():
            _close(file, FILE)


def make_file(file: Path) -> None:
    """Empty, if it is not there yet: whoever writes to it then finds it closed from the beginning."""
    os.close(os.open(file, os.O_RDWR | os.O_CREAT, FILE))
    _close(file, FILE)


def write(file: Path, content: bytes) -> None:
    make_file(file)
    file.write_bytes(content)


def put(file: Path, content: bytes) -> None:
    """Writes a file whole, or not at all: it has another name until it is written, so that nobody reads half of it."""
    make_folder(file.parent)
    unfinished = file.with_name(f".{file.name}.part")
    write(unfinished, content)
    unfinished.replace(file)


def _close(path: Path, mode: int) -> None:
    is_ours = path.is_file() or path.is_dir()  # a device, `/dev/null` say, is everybody's
    if not is_ours or path.stat().st_mode & 0o777 == mode:
        return
    try:
        path.chmod(mode)
    except PermissionError:
        if path.stat().st_mode & OTHERS:
            log.warning("%s can be read by others, and belongs to somebody else: it stays so", path)
