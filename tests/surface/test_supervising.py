"""`serve --workers`: what the parent does when a worker ends, and when it is told to end itself. Processes are played."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import NoReturn

import pytest

from simulator.surface import workers
from simulator.surface.terminal import Failure

KILLED, REFUSED, DONE = int(signal.SIGKILL), 3 << 8, 0
"""How a process has ended, as `wait` tells it."""


@dataclass
class System:
    """Gives out numbers from 101 on. `ends` says for each `wait` what happens."""

    ends: list[Callable[[], tuple[int, int]]] = field(default_factory=list)
    begun: list[int] = field(default_factory=list)
    told: list[tuple[int, int]] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    when_begun: Callable[[int], object] = lambda _: None

    def fork(self) -> int:
        self.begun.append(101 + len(self.begun))
        self.when_begun(self.begun[-1])
        return self.begun[-1]

    def wait(self) -> tuple[int, int]:
        return self.ends.pop(0)()

    def kill(self, pid: int, number: int) -> None:
        self.told.append((pid, number))


@pytest.fixture
def system(monkeypatch: pytest.MonkeyPatch) -> Iterator[System]:
    made, before = System(), {number: signal.getsignal(number) for number in workers.ENDS}
    for name in ("fork", "wait", "kill"):
        monkeypatch.setattr(os, name, getattr(made, name))
    monkeypatch.setattr(workers.time, "sleep", made.pauses.append)
    yield made
    for number, handler in before.items():
        signal.signal(number, handler)


def ended(pid: int, how: int = DONE) -> Callable[[], tuple[int, int]]:
    return lambda: (pid, how)


def asked_to_end(pid: int, number: signal.Signals = signal.SIGTERM) -> Callable[[], tuple[int, int]]:
    """While it is waited for; the one of this number is the first to end."""

    def ask() -> tuple[int, int]:
        signal.raise_signal(number)
        return pid, DONE

    return ask


def nothing(_number: int) -> None:
    return


@pytest.mark.parametrize("how", [KILLED, DONE])
def test_one_that_ends_is_begun_again_after_a_pause(system: System, how: int) -> None:
    system.ends = [ended(101, how), asked_to_end(102), ended(103)]

    workers.supervise(2, nothing)

    assert system.begun == [101, 102, 103]
    assert system.pauses == [workers.AGAIN_S]


@pytest.mark.parametrize("number", workers.ENDS)
def test_all_are_told_to_end_and_waited_for(system: System, number: signal.Signals) -> None:
    system.ends = [asked_to_end(101, number), ended(102), ended(103)]

    workers.supervise(3, nothing)

    assert system.told == [(pid, signal.SIGTERM) for pid in (101, 102, 103)]
    assert (system.begun, system.ends, system.pauses) == ([101, 102, 103], [], [])


def test_one_that_has_ended_in_that_very_moment_need_not_be_told(
    system: System, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At Ctrl-C all end by themselves, while the parent is being asked."""

    def kill(pid: int, number: int) -> None:
        if pid == 101:
            raise ProcessLookupError
        system.kill(pid, number)

    monkeypatch.setattr(os, "kill", kill)
    system.ends = [asked_to_end(101), ended(102)]

    workers.supervise(2, nothing)

    assert system.told == [(102, signal.SIGTERM)]


def test_one_that_says_why_it_cannot_begin_ends_all(system: System) -> None:
    system.ends = [ended(102, REFUSED)]

    with pytest.raises(SystemExit) as end:
        workers.supervise(2, nothing)

    assert end.value.code == 3
    assert system.told == [(101, signal.SIGTERM)]


def test_one_that_is_just_begun_is_told_to_end_too(system: System) -> None:
    """Who asks meanwhile is heard afterwards."""
    system.when_begun = lambda pid: signal.raise_signal(signal.SIGTERM) if pid == 102 else None
    system.ends = [ended(101), ended(102)]

    workers.supervise(2, nothing)

    assert {pid for pid, number in system.told if number == signal.SIGTERM} == {101, 102}


def test_nobody_is_begun_again_who_ended_while_all_were_to_end(system: System, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workers.time, "sleep", lambda _: signal.raise_signal(signal.SIGTERM))
    system.ends = [ended(101, KILLED), ended(102)]

    workers.supervise(2, nothing)

    assert system.begun == [101, 102]


# In the worker -----------------------------------------------------------------------------------------------------


class Ended(BaseException):
    """The process has, with this code."""


def left(code: int) -> NoReturn:
    raise Ended(code)


def fails(error: BaseException) -> Callable[[int], None]:
    def serve(_number: int) -> None:
        raise error

    return serve


@pytest.mark.parametrize(
    ("serve", "code", "says"),
    [
        (nothing, 0, ""),
        (fails(SystemExit(4)), 4, ""),
        (fails(SystemExit("no number")), 1, ""),
        (fails(Failure("it is taken", "Take another.", 3)), 3, "it is taken"),
        (fails(RuntimeError("a bug")), 1, "RuntimeError: a bug"),
    ],
)
def test_a_worker_ends_with_the_code_of_what_it_met_and_says_it(
    system: System,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    serve: Callable[[int], None],
    code: int,
    says: str,
) -> None:
    monkeypatch.setattr(os, "fork", lambda: 0)
    monkeypatch.setattr(os, "_exit", left)
    signal.pthread_sigmask(signal.SIG_BLOCK, workers.ENDS)

    with pytest.raises(Ended) as end:
        workers._begun(serve, 1)

    assert end.value.args == (code,)
    assert says in capsys.readouterr().err
    assert [signal.getsignal(number) for number in workers.ENDS] == [signal.SIG_DFL] * 2
    assert not set(workers.ENDS) & signal.pthread_sigmask(signal.SIG_BLOCK, [])
