"""PPRO's legacy signature, which is a hash with the secret in the text: explained, run as pasted, and its mistakes."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import pytest
from merchant import Merchant
from support import Sim

from simulator.providers.ppro import PROVIDER

COMMANDS = {"python": [sys.executable, "-I"], "node": ["node"], "php": ["php", "-n"], "openssl": ["sh", "-eu"]}


@pytest.fixture
async def delivery(sim: Sim) -> dict[str, Any]:
    await sim.settings("ppro", signatures="legacy")
    await sim.receive_webhooks("ppro")
    await Merchant(sim, PROVIDER).paid()
    found: dict[str, Any] = (await sim.http.get(f"{sim.path}/webhooks/latest")).json()
    return found


async def compare(sim: Sim, delivery: dict[str, Any], **given: str) -> dict[str, Any]:
    found: dict[str, Any] = (await sim.http.post(f"{sim.path}/webhooks/{delivery['id']}/compare", json=given)).json()
    return found


@pytest.mark.parametrize("language", COMMANDS)
async def test_the_code_of_the_legacy_signature_runs_as_pasted(
    sim: Sim, delivery: dict[str, Any], language: str, tmp_path: Path
) -> None:
    if shutil.which(COMMANDS[language][0]) is None or (language == "openssl" and shutil.which("openssl") is None):
        pytest.skip(f"{language} is not installed")
    found = await compare(sim, delivery, body=delivery["body"])
    program = tmp_path / "program"
    program.write_text(found["code"][language], "utf-8")

    done = await asyncio.create_subprocess_exec(*COMMANDS[language], str(program), stdout=PIPE, stderr=PIPE)
    out, error = await done.communicate()

    assert (done.returncode, error) == (0, b"")
    assert out.decode().split() == ["right", delivery["headers"]["Webhook-Signature"]]


async def test_mistakes_with_the_legacy_signature_are_told_from_each_other(sim: Sim, delivery: dict[str, Any]) -> None:
    secret, body = sim.credentials("ppro")["webhook_secret"], delivery["body"]
    spaced = json.dumps(json.loads(body), ensure_ascii=False)
    wrong = {"reserialised": f"{spaced}.{secret}", "wrong_secret": f"{body}.{sim.credentials('ppro')['api_key']}"}

    for cause, text in wrong.items():
        found = await compare(sim, delivery, signature=hashlib.sha256(text.encode()).hexdigest())
        assert found["cause"]["code"] == cause
    assert (await compare(sim, delivery, signature=delivery["headers"]["Webhook-Signature"]))["equal"]
