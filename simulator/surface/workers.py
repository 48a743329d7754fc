"""Several processes that listen on one port: a parent that serves nothing, and begins again those that end."""

from __future__ import annotations

import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from contextlib import suppress
from types import FrameType

import click

from simulator.surface import terminal
from simulator.surface.settings import Settings

AGAIN_S = 1.0
"""Before one that has ended is begun again."""

ENDS = (signal.SIGTERM, signal.SIGINT)


def supervise(count: int, serve: Callable[[int], None]) -> None:
    """Lets so many processes `serve`, each with its number, until SIGINT or SIGTERM. Raises `SystemExit` where the first one
    cannot begin."""
    running: dict[int, int] = {}
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True
        for pid in running:
            with suppress(ProcessLookupError):  # it has ended, as it does at Ctrl-C, and is only yet to be struck off
                os.kill(pid, signal.SIGTERM)

    def begin(number: int) -> None:
        """Nobody is begun and not told to end: who asks for the end meanwhile is heard afterwards."""
        signal.pthread_sigmask(signal.SIG_BLOCK, ENDS)
        pid = _begun(serve, number)
        running[pid] = number
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDS)
        if stopping:
            os.kill(pid, signal.SIGTERM)

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    for number in range(count):
        begin(number)
    while running:
        pid, status = os.wait()
        number = running.pop(pid)
        exit_code = os.waitstatus_to_exitcode(status)
        if stopping:
            continue
        if exit_code > 0:  # it has said why; the others would say the same
            stop(signal.SIGTERM, None)
            sys.exit(exit_code)
        time.sleep(AGAIN_S)
        if not stopping:
            begin(number)


def _begun(serve: Callable[[int], None], number: int) -> int:
    """The number of the new process. To be called while nobody may ask for the end."""
    sys.stdout.flush()
    pid = os.fork()
    if pid:
        return pid
    exit_code = 1
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGINT, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDS)
        try:
            serve(number)
        except click.ClickException as complaint:
            terminal.complain(complaint, "psp-simulator serve")
        exit_code = 0
    except SystemExit as end:
        exit_code = end.code if isinstance(end.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        os._exit(exit_code)
    raise AssertionError


def address(settings: Settings, port: int, network: str | None) -> str:
    """Where other processes on the same store reach this one: on this machine alone, or in its `network`."""
    if settings.replica_url:
        return settings.replica_url.rstrip("/")
    host = settings.host
    if host in ("0.0.0.0", "::"):  # noqa: S104 - all of this machine's addresses
        host = network or "127.0.0.1"
    elif host == "localhost":
        host = "127.0.0.1"
    return f"{settings.scheme}://{f'[{host}]' if ':' in host else host}:{port}"
