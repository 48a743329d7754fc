"""A webhook that is sent again by hand, at every provider: wherever its signature stands, it is right."""

from __future__ import annotations

import json
from typing import Any

import pytest
from merchant import Merchant


async def newest(merchant: Merchant) -> dict[str, Any]:
    path = f"{merchant.sim.path}/webhooks/latest"
    found: dict[str, Any] = (await merchant.sim.http.get(path)).raise_for_status().json()
    return found


@pytest.mark.uncounted
@pytest.mark.parametrize("wish", ["again", "recorded"])
async def test_what_is_sent_again_is_accepted(merchant: Merchant, wish: str) -> None:
    await merchant.paid()
    delivery, before = await newest(merchant), len(merchant.sim.hooks)

    sent = await merchant.sim.http.post(f"{merchant.sim.path}/webhooks/{delivery['id']}/resend", json={"as": wish})

    again = merchant.sim.hooks[before]
    assert (sent.status_code, len(merchant.sim.hooks)) == (200, before + 1)
    assert again.raw.decode() == delivery["body"]
    assert again.verdict(merchant.name).valid


async def test_what_was_edited_is_signed_rightly(merchant: Merchant) -> None:
    await merchant.paid()
    delivery, before = await newest(merchant), len(merchant.sim.hooks)
    text = delivery["body"]
    added = {"added": [1, True, {"a": "之"}]}
    body = json.dumps(json.loads(text) | added, ensure_ascii=False) if text.startswith("{") else f"{text}&{added}"

    path = f"{merchant.sim.path}/webhooks/{delivery['id']}/resend"
    sent = await merchant.sim.http.post(path, json={"as": "edited", "body": body})

    [edited] = merchant.sim.hooks[before:]
    assert sent.status_code == 200
    assert edited.body["added"] == added["added"] if text.startswith("{") else edited.raw.decode() == body
    assert edited.verdict(merchant.name).valid


async def test_a_body_is_sent_as_it_is_or_refused_where_it_cannot_be_signed(merchant: Merchant) -> None:
    """A signature that stands in the body needs a JSON object to stand in."""
    await merchant.paid()
    delivery, before = await newest(merchant), len(merchant.sim.hooks)

    path = f"{merchant.sim.path}/webhooks/{delivery['id']}/resend"
    sent = await merchant.sim.http.post(path, json={"as": "edited", "body": "{no json"})

    if sent.status_code == 422:
        assert sent.json()["error"]["field"] == "body"
        assert len(merchant.sim.hooks) == before
    else:
        assert merchant.sim.hooks[-1].raw == b"{no json"
        assert merchant.sim.hooks[-1].verdict(merchant.name).valid


@pytest.mark.uncounted
async def test_what_was_paused_arrives_afterwards_complete_and_in_order(merchant: Merchant) -> None:
    """Also where the clock went on meanwhile."""
    paused = f"{merchant.sim.path}/webhooks/{merchant.name}/paused"
    await merchant.sim.http.put(paused, json={"paused": True})
    rows = await bought(merchant)
    before = list(merchant.sim.hooks)

    await merchant.sim.http.put(paused, json={"paused": False})
    await merchant.sim.settle()

    assert before == []
    assert [hook.raw.decode() for hook in merchant.sim.hooks] == [row["body"] for row in rows]
    assert all(hook.verdict(merchant.name).valid for hook in merchant.sim.hooks)


async def bought(merchant: Merchant) -> list[dict[str, Any]]:
    """A payment that is paid while no webhook arrives, and the webhooks of its story, oldest first."""
    await merchant.answer()
    await merchant.settle()
    latest = (await merchant.sim.http.get(f"{merchant.sim.path}/payments/latest")).json()
    await merchant.sim.act(merchant.name, latest["id"], "pay")
    await merchant.until_refundable()
    rows: list[dict[str, Any]] = (await merchant.sim.http.get(f"{merchant.sim.path}/webhooks")).json()["data"]
    return rows
