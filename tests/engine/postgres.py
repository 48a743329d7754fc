"""A private PostgreSQL for the tests: made in a folder of its own, reached through a socket, gone afterwards."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from uuid import uuid4


def programs() -> Path | None:
    """The newest installed server's programs."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if found:
        return found[-1].parent
    elsewhere = shutil.which("initdb")
    return Path(elsewhere).parent if elsewhere else None


def _owner() -> str | None:
    """PostgreSQL refuses to run as root; the system's own user runs it then."""
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam("postgres").pw_name
    except KeyError:
        return None


def missing() -> str | None:
    """Why there can be no PostgreSQL here."""
    if programs() is None:
        return "PostgreSQL's server programs are not installed"
    if os.geteuid() == 0 and _owner() is None:
        return "PostgreSQL does not run as root, and there is no user postgres"
    return None


@dataclass(frozen=True)
class Cluster:
    """A server that can be stopped and started again."""

    address: str
    stop: Callable[[], None]
    start: Callable[[], None]


@contextmanager
def cluster() -> Iterator[str]:
    """The address of a running server."""
    with own_cluster() as found:
        yield found.address


@contextmanager
def own_cluster() -> Iterator[Cluster]:
    """Nothing in it survives a crash: it is for tests."""
    bin_, owner = programs(), _owner()
    assert bin_ is not None
    folder = Path(tempfile.mkdtemp(prefix="psp-pg-"))
    if owner is not None:
        shutil.chown(folder, owner)

    def run(*command: str) -> None:
        done = subprocess.run(command, user=owner, cwd=folder, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr

    data = str(folder / "data")
    settings = f"-k {folder} -c listen_addresses='' -c fsync=off -c full_page_writes=off -c max_connections=20"
    try:
        run(str(bin_ / "initdb"), "-D", data, "-U", "sim", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        start = partial(run, str(bin_ / "pg_ctl"), "-D", data, "-w", "-l", str(folder / "log"), "-o", settings, "start")
        stop = partial(run, str(bin_ / "pg_ctl"), "-D", data, "-w", "-m", "fast", "stop")
        start()
        try:
            yield Cluster(f"postgresql:///postgres?host={folder}&user=sim", stop, start)
        finally:
            run(str(bin_ / "pg_ctl"), "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def own_schema(address: str) -> Iterator[str]:
    """Each test has tables of its own."""
    import psycopg

    name = f"t_{uuid4().hex}"
    with psycopg.connect(address) as connection:
        connection.execute(f"CREATE SCHEMA {name}".encode())
    yield f"{address}&options=-csearch_path%3D{name}"
    with psycopg.connect(address) as connection:
        connection.execute(f"DROP SCHEMA {name} CASCADE".encode())
