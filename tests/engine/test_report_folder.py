"""The folder of `serve --reports` never holds the files of two workspaces, nor of two lives of one."""

from __future__ import annotations

from pathlib import Path

import pytest
from support import STARTED, Sim
from toy.settling import SETTLING, post

from simulator.engine.report_folder import MARK
from simulator.kernel.clock import iso_millis


async def lived(sim: Sim, amount: int) -> None:
    """A sale, and the file of its day."""
    post(sim, "capture", amount)
    await sim.advance(days=1)


def sums(root: Path) -> dict[str, list[str]]:
    """The totals that stand in each workspace's folder."""
    return {
        folder.name: sorted(file.read_text().rpartition(",")[2] for file in folder.rglob("*.csv"))
        for folder in root.iterdir()
    }


async def named(sim: Sim, name: str) -> Sim:
    """Another workspace of that name."""
    body = {"name": name, "clock": {"mode": "frozen", "now": iso_millis(STARTED)}}
    made = (await sim.http.post("/_sim/workspaces", json=body)).raise_for_status().json()
    other = Sim.beside(sim)
    found = sim.app.runtime.find_workspace(made["id"])
    assert found is not None
    other._id = found.id
    return other


async def test_what_was_there_before_is_set_aside(tmp_path: Path) -> None:
    async with Sim(providers=[SETTLING]) as sim:
        sim.app.runtime.reports = tmp_path
        first = await named(sim, "m1")
        await lived(first, 1000)
        (await sim.http.post(f"{first.path}/reset")).raise_for_status()
        reset = sums(tmp_path)
        sim.app.runtime.change_workspace(first.workspace, clock=first.workspace.clock.frozen(STARTED))
        await lived(first, 2000)
        (await sim.http.delete(first.path)).raise_for_status()
        second = await named(sim, "m1")
        deleted = sums(tmp_path)
        await lived(second, 3000)

    assert reset == {"m1~1": ["9.68000000"]}
    assert deleted == {"m1~1": ["9.68000000"], "m1": ["19.56000000"]}
    assert sums(tmp_path) == {"m1~1": ["9.68000000"], "m1~2": ["19.56000000"], "m1": ["29.44000000"]}


async def test_a_folder_goes_on_over_a_restart_and_one_without_a_mark_too(tmp_path: Path) -> None:
    db, root = str(tmp_path / "store.db"), tmp_path / "in"
    async with Sim(providers=[SETTLING], db=db) as sim:
        sim.app.runtime.reports = root
        await lived(sim, 1000)
        name, id_ = sim.workspace.name, sim._id
    (root / name / MARK).unlink()
    async with Sim(providers=[SETTLING], db=db) as again:
        again.app.runtime.reports, again._id = root, id_
        await lived(again, 2000)

    assert sums(root) == {name: ["19.56000000", "9.68000000", "9.68000000"]}, "two days, and the payout of the first"


async def test_a_folder_that_cannot_be_moved_is_told_and_nothing_else_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise PermissionError(f"{target} is not ours")

    async with Sim(providers=[SETTLING]) as sim:
        sim.app.runtime.reports = tmp_path
        (await sim.http.post(f"{sim.path}/reset")).raise_for_status()
        (tmp_path / sim.workspace.name).mkdir()
        monkeypatch.setattr(Path, "rename", refuse)
        (await sim.http.post(f"{sim.path}/reset")).raise_for_status()

        (tmp_path / sim.workspace.name / MARK).write_text("another one")
        sim.app.runtime.change_workspace(sim.workspace, clock=sim.workspace.clock.frozen(STARTED))
        post(sim, "capture", 1000)
        await sim.advance(days=1)

    said = [one.message for one in caplog.records]
    assert ["cannot be set aside" in one for one in said] == [True, False] and "cannot be written" in said[1]
    assert sums(tmp_path) == {sim.workspace.name: []}, "rather no file than one among another's"
