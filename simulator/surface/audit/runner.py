"""Runs the checks, one after another, in a workspace that is afterwards as it was before."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager, suppress
from dataclasses import field
from datetime import datetime
from typing import Any

from simulator import __version__
from simulator.engine.masking import COMMON
from simulator.engine.provider import Provider
from simulator.kernel.clock import iso_millis, time_of_day
from simulator.kernel.values import dataclass
from simulator.surface.audit.check import Check, Finding
from simulator.surface.audit.checks import BY_NAME, CHECKS
from simulator.surface.audit.endings import SNAPSHOT, Busy, Fault, ShopNotReached, Skip
from simulator.surface.audit.subject import Subject
from simulator.surface.audit.trial import Trial
from simulator.surface.client import SaidNo, Workspace

CONFLICT = 409
REFUSALS = (CONFLICT, 422)
"""What a provider or the simulator says to something that cannot be; anything else ends the audit."""


@dataclass(repr=False)
class Report:
    """What came of the checks so far; its text is for a failed assertion."""

    provider: str
    title: str
    workspace: str
    subject: Subject
    started: datetime
    findings: list[Finding] = field(default_factory=list)
    took_s: float = 0.0
    state: str = "running"
    error: str | None = None
    """Why it ended before its time."""
    url: str = ""
    """Of the simulator, once it has begun."""

    def count(self, result: str) -> int:
        return sum(finding.result == result for finding in self.findings)

    @property
    def passed(self) -> bool:
        """Something was judged, and all of that is right."""
        is_right = bool(self.count("passed")) and not self.count("failed")
        return self.state == "done" and self.error is None and is_right

    def summary(self) -> dict[str, Any]:
        """As the control API and `--json` have it, without the checks."""
        return {
            "state": self.state,
            "provider": self.provider,
            "workspace": self.workspace,
            "webhook": self.subject.address,
            "started_at": iso_millis(self.started),
            "took_s": round(self.took_s, 3),
            "simulator": __version__,
            **{result: self.count(result) for result in ("passed", "failed", "skipped")},
            **({} if self.error is None else {"error": self.error}),
        }

    def view(self) -> dict[str, Any]:
        return {**self.summary(), "checks": [finding.view() for finding in list(self.findings)]}

    def __str__(self) -> str:
        lines = [self.verdict]
        for finding in self.findings:
            if finding.result == "failed":
                lines.append(f"  {finding.check.name}: {finding.because}")
                lines += [f"    {name}: {value}" for name, value in finding.evidence.items()]
                lines.append(f"    > {finding.check.advice}")
        return "\n".join(lines)

    __repr__ = __str__
    """So does pytest show it that is given as the message of an assertion."""

    @property
    def verdict(self) -> str:
        if self.error is not None:
            return self.error
        failed, made = self.count("failed"), self.count("failed") + self.count("passed")
        skipped = f", {self.count('skipped')} skipped" if self.count("skipped") else ""
        if not made:
            return f"Nothing was judged{skipped}"
        return f"{failed} of {made} checks failed{skipped}" if failed else f"All {made} checks passed{skipped}"


def chosen(only: Collection[str] = (), skip: Collection[str] = ()) -> tuple[Check, ...]:
    """Raises `KeyError` with the first name that no check has."""
    for name in (*only, *skip):
        if name not in BY_NAME:
            raise KeyError(name)
    return tuple(check for check in CHECKS if (not only or check.name in only) and check.name not in skip)


def begun(workspace: str, provider: Provider, subject: Subject) -> Report:
    return Report(provider.name, provider.title, workspace, subject, time_of_day())


def run(
    world: Workspace,
    provider: Provider,
    subject: Subject,
    checks: Collection[Check],
    report: Report,
    heard: Callable[[Finding], None] = lambda finding: None,
    begins: Callable[[Check], None] = lambda check: None,
) -> Report:
    """Fills the report. Raises `Busy` while another audit runs in the workspace, and `ShopNotReached` and whatever interrupts it
    after the workspace is as it was."""
    report.url = world.client.url
    try:
        with _kept(world, provider, subject):
            trial = Trial(world, provider, subject)
            trial.is_reached()
            if "checkout" in subject.given:
                trial.can_be_asked()
            closed: Check | None = None
            for check in checks:
                begins(check)
                finding = _not_judged(check, closed) if closed else _found(world, provider, subject, check)
                if check.is_gate and finding.result == "failed":
                    closed = check
                report.findings.append(finding)
                heard(finding)
    except ShopNotReached as error:
        report.error = COMMON.text(f"{error} No check ran.")
        raise
    except Busy as error:
        report.error = f"{error}."
        raise
    except BaseException as error:
        report.error = f"The audit was interrupted: {COMMON.text(str(error)) or type(error).__name__}"
        raise
    finally:
        report.took_s = (time_of_day() - report.started).total_seconds()
        report.state = "done"
    return report


@contextmanager
def _kept(world: Workspace, provider: Provider, subject: Subject) -> Iterator[None]:
    try:
        world.snapshot(SNAPSHOT)
    except SaidNo as refusal:
        if refusal.status == CONFLICT:
            raise Busy(world.name) from refusal
        raise
    try:
        world.freeze()
        world.disarm()
        Trial(world, provider, subject).set_endpoint()
        yield
    finally:
        with _uninterrupted():
            world.restore(SNAPSHOT)
            world.delete_snapshot(SNAPSHOT)


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Who presses Ctrl-C once more while everything is put back is not heard."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _not_judged(check: Check, closed: Check) -> Finding:
    return Finding(check, "skipped", f"not judged, because of {closed.name}")


def _found(world: Workspace, provider: Provider, subject: Subject, check: Check) -> Finding:
    missing = [need for need in check.needs if need not in subject.given]
    if missing:
        return Finding(check, "skipped", "needs " + " and ".join(f"--{need}" for need in missing))
    trial = Trial(world, provider, subject)
    try:
        check.run(trial)
    except Skip as why:
        return Finding(check, "skipped", str(why))
    except SaidNo as refusal:
        if refusal.status not in REFUSALS:
            raise
        return Finding(check, "skipped", COMMON.text(f"the simulator refuses what it takes: {refusal}"))
    except Fault as fault:
        evidence = {**trial.evidence, **{name: str(value) for name, value in fault.evidence.items()}}
        diagram = None
        if trial.about is not None:
            with suppress(SaidNo):  # a payment that is none any more has no story
                diagram = world.diagram(provider.name, trial.about)
        return Finding(check, "failed", COMMON.text(str(fault)), COMMON.of(evidence), diagram)
    finally:
        world.disarm()
    return Finding(check, "passed", "", COMMON.of(trial.evidence))
