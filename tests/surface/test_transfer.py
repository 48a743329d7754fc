"""Export and import by the client and the commands; and a document that an older version has written."""

from __future__ import annotations

import gzip
import json
import stat
from pathlib import Path

import pytest
from buying import ANY, order
from click.testing import CliRunner, Result
from support import Sim

from simulator.surface import cli
from simulator.surface.client import Client, SaidNo, Workspace

WRITTEN = Path(__file__).parent / "workspace-1.json.gz"
"""By version 1 of the document: at each provider a payment of each variant that waits and one that was paid."""


async def test_a_document_of_version_1_is_imported_and_goes_on(sim: Sim) -> None:
    document = gzip.decompress(WRITTEN.read_bytes())
    rows = json.loads(document)["tables"]

    answer = await sim.http.post("/_sim/workspaces/import", content=document)

    assert answer.status_code == 201, answer.text
    here = f"/_sim/workspaces/{answer.json()['id']}"
    payments = (await sim.http.get(f"{here}/payments", params={"limit": 500})).json()["data"]
    assert len(payments) == len([row for row in rows["resources"] if row.get("phase")])
    assert {one["provider"] for one in payments} == {row["provider"] for row in rows["resources"] if row.get("phase")}
    deliveries = (await sim.http.get(f"{here}/webhooks", params={"limit": 500})).json()["data"]
    assert len(deliveries) == len(rows["outbox"])
    assert all(one["attempts"] for one in deliveries if one["state"] == "delivered")
    assert (await sim.http.get(f"{here}/scenario")).json()["data"][0]["scope"]["next"] == 1
    await sim.http.delete(f"{here}/scenario")
    for payment in payments:
        path = f"{here}/payments/{payment['provider']}/{payment['id']}"
        story = (await sim.http.get(path)).json()["timeline"]
        assert story
        if payment["phase"] == "waiting":
            paid = await sim.http.post(f"{path}/pay", json={"buyer": "wang-wei"})
            assert paid.status_code == 200, paid.text


def test_the_client_takes_a_world_along(world: Workspace, client: Client) -> None:
    paid = order(world, "taken-along")
    world.pay(ANY.name, paid)

    copy = client.import_workspace(world.export(), f"{world.name}-copy")

    assert [one["reference"] for one in copy.payments()] == ["taken-along"]
    assert copy.name == f"{world.name}-copy"
    assert copy.credentials != world.credentials
    with pytest.raises(SaidNo) as refusal:
        client.import_workspace(b"{}")
    assert (refusal.value.status, refusal.value.field) == (422, "format")
    copy.delete()


def test_the_commands_write_a_file_for_its_owner_and_read_it(world: Workspace, tmp_path: Path) -> None:
    def run(*arguments: str) -> Result:
        return CliRunner().invoke(cli.main, [*arguments, "--url", world.client.url])

    order(world)
    file = tmp_path / "world.json"
    file.write_text("something longer that was here before" * 1000)

    exported = run("export", str(file), "--workspace", world.id)
    imported = run("import", str(file), "--name", f"{world.name}-again")
    refused = run("import", str(file), "--name", f"{world.name}-again")
    shown = run("export", "-", "--workspace", world.id)

    assert (exported.exit_code, stat.S_IMODE(file.stat().st_mode)) == (0, 0o600)
    assert f"rows of workspace {world.name}" in exported.stdout
    lines = imported.stdout.splitlines()
    assert lines[0].startswith(f"workspace {world.name}-again (ws_")
    assert [line for line in lines if line.startswith("  wallet code ") and " -> " in line]
    assert [line for line in lines if line.startswith(f"  credential {ANY.name} ") and line.endswith(" is new")]
    assert (refused.exit_code, "already" in refused.stderr) == (1, True)
    assert json.loads(shown.stdout)["workspace"]["name"] == world.name
    world.client.workspace(f"{world.name}-again").delete()
