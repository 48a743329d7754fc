"""Whatever a store holds, the engine runs: unusable settings give way to their defaults, and it is said."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import Field
from support import HOOKS, Sim
from toy.acme import ACME, AcmeSettings

from engine.merchant import Merchant
from simulator.engine.settings import Duration, SimulatorSettings, WorkspaceSettings, describe, read
from simulator.engine.workspace import AccountEndpoint, Workspace

JUNK: dict[str, dict[str, Any]] = {
    "simulator": {"retry_factor": "abc", "forgotten": {"days": 3}},
    "acme": {"merchant_name": ""},
    "gone": {"colour": "red"},
}


def stored(sim: Sim, settings: dict[str, dict[str, Any]]) -> None:
    """As an earlier version wrote it, which looked at nothing."""
    sim.app.runtime.change_workspace(sim.workspace, settings=settings)


@pytest.mark.parametrize("factor", ["abc", None, {}, -1, [1], True])
async def test_a_factor_that_is_none_delivers_as_often_as_planned(sim: Sim, acme: Merchant, factor: Any) -> None:
    """It used to try for ever, without ever recording a try."""
    stored(sim, {"simulator": {"retry_factor": factor}})
    sim.answer = lambda request: httpx.Response(500)

    await acme.paid()
    await sim.advance(hours=1)

    [delivery] = (await sim.http.get(f"{sim.path}/webhooks")).json()["data"]
    assert (delivery["state"], len(delivery["attempts"])) == ("failed", 3)


async def test_a_store_with_unusable_settings_opens_and_says_so(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """In the log when it starts, in health until they are set anew."""
    async with Sim(providers=[ACME], db=f"{tmp_path}/world.db") as earlier:
        stored(earlier, JUNK)
        name = earlier.workspace.name

    with caplog.at_level(logging.WARNING, "simulator"):
        async with Sim(providers=[ACME], db=f"{tmp_path}/world.db", seed=None) as sim:
            health = (await sim.http.get("/_sim/health")).json()
            await sim.http.put(f"/_sim/workspaces/{name}/settings/simulator", json={"retry_factor": 2})
            await sim.http.put(f"/_sim/workspaces/{name}/settings/acme", json={})
            healed = (await sim.http.get("/_sim/health")).json()

    said = [
        f"workspace {name}: settings.simulator.retry_factor: must be a number from 0 to 1000; its default holds until it "
        "is set anew",
        f"workspace {name}: settings.simulator.forgotten: there is no such setting; its default holds until it is set anew",
        f"workspace {name}: settings.acme.merchant_name: must be a text of 1 to 200 characters in one line; its default "
        "holds until it is set anew",
    ]
    assert (health["status"], health["notices"]) == ("ok", said)
    assert [record.getMessage() for record in caplog.records if record.name == "simulator"] == said
    assert "notices" not in healed


async def test_what_is_usable_beside_what_is_not_still_holds(sim: Sim) -> None:
    stored(sim, {"simulator": {"retry_factor": 3, "forgotten": 1}})

    assert sim.workspace.settings_of(SimulatorSettings).retry_factor == 3


async def test_a_setting_holds_from_the_next_call_on(sim: Sim, acme: Merchant) -> None:
    await sim.settings("acme", merchant_name="Tea & Ink")
    await acme.charge("order-1")
    await sim.settings("acme")
    await acme.charge("order-2")

    code_1, code_2 = [
        (await sim.http.get(f"{sim.path}/payments", params={"reference": reference})).json()["data"][0]["wallet"][
            "code"
        ]
        for reference in ("order-1", "order-2")
    ]
    assert "Tea &amp; Ink" in (await sim.http.get(f"/w/{code_1}")).text
    assert AcmeSettings().merchant_name in (await sim.http.get(f"/w/{code_2}")).text


def test_a_duration_is_a_text_of_at_most_a_year() -> None:
    class Timed(WorkspaceSettings):
        SECTION = "timed"

        wait: Duration | None = Field(None, description="how long")

    usable = [read(Timed, {"wait": text})[1] == [] for text in ("P2D", "90s", "366d", "0s")]
    unusable = [read(Timed, {"wait": value})[1] != [] for value in ("soon", "367d", "-1d", 5, [], True)]

    assert all(usable) and all(unusable)


def test_a_setting_whose_values_cannot_be_said_is_a_mistake_of_its_model() -> None:
    class Vague(WorkspaceSettings):
        SECTION = "vague"

        anything: dict[str, str] = {}

    with pytest.raises((TypeError, KeyError)):
        describe(Vague)


# The account's endpoint


def test_an_endpoint_is_read_as_it_was_stored() -> None:
    workspace = Workspace.load(
        1,
        b'{"public_id": "ws_1", "name": "old", "created_at": "2026-03-04T05:00:00+00:00", "clock": {"mode": "real",'
        b'"offset_us": 0, "standing_at": null}, "seed": null, "draws": 0, "credentials": {}, "settings": {}, "scenarios": [],'
        b'"webhooks": {"acme": {"url": "http://shop.test", "secret": "", "events": [], "verified": false}, "other": null}}',
    )

    assert workspace.account_endpoint("acme") == AccountEndpoint("http://shop.test")
    assert workspace.account_endpoint("other") == workspace.account_endpoint("nobody") == AccountEndpoint()


async def test_the_engine_drops_what_the_accounts_endpoint_did_not_ask_for(sim: Sim) -> None:
    """The provider renders whatever happens; nothing of it is kept that nobody wants."""
    await sim.receive_webhooks("acme", events=["charge.refunded"])
    acme = Merchant(sim)

    await acme.refund(await acme.paid(), 1000)
    await sim.settle()

    assert acme.heard == ["charge.refunded"]
    deliveries = (await sim.http.get(f"{sim.path}/webhooks")).json()["data"]
    assert [delivery["event"] for delivery in deliveries] == ["charge.refunded"]


async def test_without_an_endpoint_every_event_is_kept_and_can_be_sent_later(sim: Sim) -> None:
    acme = Merchant(sim)
    await acme.paid()
    [kept] = (await sim.http.get(f"{sim.path}/webhooks")).json()["data"]

    await sim.receive_webhooks("acme")
    sent = (await sim.http.post(f"{sim.path}/webhooks/{kept['id']}/resend")).json()

    assert (kept["state"], kept["url"]) == ("kept", None)
    assert (sent["state"], sent["url"], acme.heard) == ("delivered", HOOKS, ["charge.captured"])


async def test_a_provider_whose_signature_takes_not_every_text_says_so(sim: Sim) -> None:
    answer = await sim.http.put(
        f"{sim.path}/webhooks/acme", json={"url": HOOKS, "secret": "far too long for Acme's taste"}
    )

    error = answer.json()["error"]
    assert (answer.status_code, error["field"]) == (422, "secret")
    assert error["message"] == "secret: must be a text of at most 20 characters"
    assert error["allowed"] == ["a text of at most 20 characters"]
