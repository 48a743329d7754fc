"""Every provider that signs explains its signature: in steps, in code that runs as pasted, and by why another one is not it."""

from __future__ import annotations

import asyncio
import base64
import hmac
import json
import re
import shutil
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

import pytest
from merchant import Merchant
from support import Hook
from toy.colons import COLONS
from toy.hexed import HEXED
from toy.unsigned import UNSIGNED

from contract.calls import EVERYBODY
from simulator.engine.explain import CAUSES, Explained
from simulator.engine.provider import Provider
from simulator.kernel.clock import time_of_day

SIGNING = {
    title: one
    for title, one in (*EVERYBODY.items(), (HEXED.title, HEXED), (COLONS.title, COLONS))
    if title != UNSIGNED.title
}

every = pytest.mark.parametrize("provider", SIGNING, indirect=True)


@pytest.fixture
def provider(request: pytest.FixtureRequest) -> Provider:
    return SIGNING[request.param]


BODY = (
    '{"note":"龙井 with \\"quotes\\" and $HOME","url":"https://shop.example/back?a=1","amount":1100,"big":20891000000045,'
    '"live":true,"gone":false,"items":[{"z":1,"a":"it\'s"},{}]}'
)


async def delivered(merchant: Merchant) -> tuple[str, Hook]:
    """A delivery whose last try had a body in which everything stands that can be written in several ways; or its own, where named
    members of the provider's own events are signed alone."""
    await merchant.paid()
    path = f"{merchant.sim.path}/webhooks"
    id_ = (await merchant.sim.http.get(f"{path}/latest")).raise_for_status().json()["id"]
    (await merchant.sim.http.post(f"{path}/{id_}/resend", json={"body": BODY})).raise_for_status()
    if (await compare(merchant, id_, body=BODY.replace("1100", "1101")))["equal"]:
        (await merchant.sim.http.post(f"{path}/{id_}/resend", json={})).raise_for_status()
    return id_, merchant.sim.hooks[-1]


async def compare(merchant: Merchant, id_: str, **given: Any) -> dict[str, Any]:
    answer = await merchant.sim.http.post(f"{merchant.sim.path}/webhooks/{id_}/compare", json=given)
    found: dict[str, Any] = answer.raise_for_status().json()
    return found


def cause_of(comparison: dict[str, Any]) -> str | None:
    return comparison["cause"] and comparison["cause"]["code"]


def text_of(merchant: Merchant, hook: Hook, body: str) -> str:
    """What a merchant's server signs that takes another body for the one that came, by the merchant's side."""
    assert merchant.provider.verify is not None
    given = {name.lower(): value for name, value in hook.headers.items()}
    verdict = merchant.provider.verify(merchant.sim.workspace, given, body.encode())
    assert not verdict.valid
    return verdict.signed


async def signature_of(merchant: Merchant, id_: str, text: str) -> str:
    """By a merchant's server that has the secret: in the alphabet of the real one."""
    found = await compare(merchant, id_, base_string=text)
    code, made = found["code"]["python"], found["steps"][-1]["value"]
    secret, key = re.search(r"^secret = '(.*)'$", code, re.MULTILINE), re.search(r"hmac\.new\((.+), base\.", code)
    assert secret is not None and key is not None
    read = {
        "secret.encode()": str.encode,
        "bytes.fromhex(secret)": bytes.fromhex,
        "base64.b64decode(secret)": base64.b64decode,
    }
    digest = re.search(r"hashlib\.(sha[0-9]+)", code)
    assert digest is not None
    raw = hmac.new(read[key[1]](secret[1]), text.encode(), digest[1]).digest()
    return raw.hex() if re.fullmatch("[0-9a-f]+", made) else base64.b64encode(raw).decode()


@pytest.mark.uncounted
@every
async def test_the_steps_end_in_the_signature_that_was_sent(merchant: Merchant) -> None:
    id_, hook = await delivered(merchant)

    found = await compare(merchant, id_, body=hook.raw.decode())

    assert found["equal"] and found["at"] is None and found["cause"] is None
    assert found["expected"] in [step["value"] for step in found["steps"]]
    sent = json.dumps(dict(hook.headers)) + hook.raw.decode()
    assert found["steps"][-1]["value"] in sent
    assert hook.verdict(merchant.name).valid


COMMANDS = {"python": [sys.executable, "-I"], "node": ["node"], "php": ["php", "-n"], "openssl": ["sh", "-eu"]}


@pytest.mark.uncounted
@every
@pytest.mark.parametrize("language", COMMANDS)
async def test_the_code_runs_as_pasted_and_finds_the_signature_right(
    merchant: Merchant, language: str, tmp_path: Path
) -> None:
    if shutil.which(COMMANDS[language][0]) is None or (language == "openssl" and shutil.which("openssl") is None):
        pytest.skip(f"{language} is not installed")
    id_, hook = await delivered(merchant)
    found = await compare(merchant, id_, body=hook.raw.decode())
    program = tmp_path / "program"
    program.write_text(found["code"][language], "utf-8")

    done = await asyncio.create_subprocess_exec(*COMMANDS[language], str(program), stdout=PIPE, stderr=PIPE)
    out, error = await done.communicate()

    assert (done.returncode, error) == (0, b"")
    assert out.decode().split() == ["right", found["steps"][-1]["value"]]


READ = json.loads(BODY)
TIGHT = (",", ":")

BODIES = [
    ("reserialised", json.dumps(READ, ensure_ascii=False)),
    ("reserialised", json.dumps(READ)),
    ("reserialised", json.dumps(READ, indent=2, ensure_ascii=False)),
    ("other_order", json.dumps(READ, sort_keys=True, ensure_ascii=False, separators=TIGHT)),
    ("float", re.sub(r":([0-9]+)", r":\1.0", BODY)),
    ("trailing_newline", BODY + "\n"),
    ("escaped_slash", json.dumps(READ, separators=TIGHT).replace("/", "\\/")),
    ("escaped_slash", BODY.replace("/", "\\/")),
    ("wrong_encoding", json.dumps(READ, separators=TIGHT)),
    ("wrong_encoding", BODY.encode().decode("latin-1")),
    ("boolean", BODY.replace(":true", ":1").replace(":false", ":0")),
    ("boolean", BODY.replace(":true", ":True").replace(":false", ":False")),
]


@pytest.mark.uncounted
@every
@pytest.mark.parametrize(("cause", "body"), BODIES)
async def test_what_became_of_the_body_is_read_from_the_signature_and_from_the_string(
    merchant: Merchant, cause: str, body: str
) -> None:
    id_, hook = await delivered(merchant)
    if hook.raw != BODY.encode():
        pytest.skip("it signs values or named members and not the body's bytes: its own tests make these mistakes")
    signed = text_of(merchant, hook, body)
    signature = await signature_of(merchant, id_, signed)

    by_signature = await compare(merchant, id_, signature=signature)
    by_string = await compare(merchant, id_, base_string=signed)
    by_body = await compare(merchant, id_, body=body)

    assert [cause_of(one) for one in (by_signature, by_string, by_body)] == [cause] * 3
    assert by_signature["got"] == by_string["got"] == signed
    assert by_string["expected"].encode()[: by_string["at"]] == signed.encode()[: by_string["at"]]
    assert by_string["expected"].encode()[: by_string["at"] + 1] != signed.encode()[: by_string["at"] + 1]


def explained(merchant: Merchant, id_: str) -> Explained:
    runtime = merchant.sim.app.runtime
    message = runtime.store.message(merchant.sim.workspace.id, id_)
    assert message is not None
    found = runtime.dispatcher.explained(message, runtime.store.last_attempt(message.seq))
    assert found is not None and found.is_right
    return found


@pytest.mark.uncounted
@every
async def test_the_old_secret_is_another_secret(merchant: Merchant) -> None:
    """The endpoint has got a secret of its own, and the merchant's server still has the account's."""
    assert merchant.provider.shop is not None
    id_, _ = await delivered(merchant)
    before = explained(merchant, id_)

    await merchant.sim.receive_webhooks(merchant.name, secret=merchant.provider.shop.secrets[0])
    (await merchant.sim.http.post(f"{merchant.sim.path}/webhooks/{id_}/resend", json={})).raise_for_status()
    now = explained(merchant, id_)
    made = now.digest(before.key, now.base)
    found = await compare(merchant, id_, signature=made)

    assert (found["equal"], cause_of(found)) == (False, "wrong_secret")
    assert found["got"] == made


@pytest.mark.uncounted
@every
async def test_a_digest_in_another_alphabet_is_in_another_encoding(merchant: Merchant) -> None:
    id_, hook = await delivered(merchant)
    made = (await compare(merchant, id_, body=hook.raw.decode()))["steps"][-1]["value"]
    is_hex = re.fullmatch("[0-9a-f]+", made) is not None
    other = base64.b64encode(bytes.fromhex(made)).decode() if is_hex else base64.b64decode(made).hex()

    found = await compare(merchant, id_, signature=other)

    assert cause_of(found) == "wrong_encoding"


def time_in(signed: str) -> tuple[str, str, str] | None:
    """The time beside the body, in seconds or milliseconds, between what stands before and after it."""
    start, body, end = signed.partition(BODY)
    if body and (found := re.search("[0-9]{9,}", start)) is not None:
        return start[: found.start()], found[0], start[found.end() :] + body + end
    if body and (found := re.search("[0-9]{9,}", end)) is not None:
        return start + body + end[: found.start()], found[0], end[found.end() :]
    return None


@pytest.mark.uncounted
@every
async def test_another_time_is_an_old_time_where_one_is_signed(merchant: Merchant) -> None:
    id_, hook = await delivered(merchant)
    found = await compare(merchant, id_, body=hook.raw.decode())
    signed = time_in(found["expected"])
    assert signed is not None or merchant.provider.webhooks.tolerance is None
    if signed is None:
        pytest.skip("it signs no time")
    before, time, after = signed
    unit = 1000 if len(time) > 11 else 1
    now = str(int(time_of_day().timestamp() * unit) + 77_000 * unit)
    other = time[:-3] if unit == 1000 else f"{time}000"

    by_string = await compare(merchant, id_, base_string=f"{before}{now}{after}")
    made = await signature_of(merchant, id_, f"{before}{other}{after}")
    by_signature = await compare(merchant, id_, signature=made)

    assert (cause_of(by_string), cause_of(by_signature)) == ("old_time", "old_time")


@pytest.mark.uncounted
@every
async def test_what_nothing_explains_is_unknown(merchant: Merchant) -> None:
    id_, hook = await delivered(merchant)
    right = (await compare(merchant, id_, body=hook.raw.decode()))["expected"]

    assert cause_of(await compare(merchant, id_, signature="0" * 64)) == "unknown"
    changed = right.replace("1100", "1101") if "1100" in right else f"{right}1"
    assert cause_of(await compare(merchant, id_, base_string=changed)) == "unknown"


@pytest.mark.uncounted
@every
async def test_the_words_of_every_cause_and_step_are_whole(merchant: Merchant) -> None:
    id_, _ = await delivered(merchant)

    found = await compare(merchant, id_, base_string="x")

    assert cause_of(found) in CAUSES
    assert found["cause"]["text"].endswith(".")
    assert all(step["name"] and "{" not in step["name"] for step in found["steps"])
    assert list(found["code"]) == ["python", "node", "php", "openssl"]


BODIES = {
    "as it is": (lambda body: body, None),
    "re-serialised": (lambda body: json.dumps(json.loads(body), indent=2, ensure_ascii=False), "reserialised"),
    "sorted": (
        lambda body: json.dumps(dict(sorted(json.loads(body).items())), separators=(",", ":"), ensure_ascii=False),
        "other_order",
    ),
    "with escaped slashes": (lambda body: body.replace("/", "\\/"), "escaped_slash"),
    "with a line break": (lambda body: body + "\n", "trailing_newline"),
}


@every
async def test_the_console_takes_a_pasted_body_and_names_the_true_cause(merchant: Merchant) -> None:
    """As the control API names it. Where values are signed and not bytes, a body that says the same is right."""
    id_, hook = await delivered(merchant)
    page = f"/console/{merchant.sim.workspace.name}/webhooks/{id_}"

    for change, cause in BODIES.values():
        body = change(hook.raw.decode())
        told = await compare(merchant, id_, body=body)
        shown = await merchant.sim.http.get(page, params={"tab": "signature", "compare": body.replace("\n", "\r\n")})

        found = re.search(r'data-testid="compare-result" data-equal="(\w+)" data-cause="(\w*)"', shown.text)
        assert found is not None
        assert (found[1] == "true", found[2] or None) == (told["equal"], cause_of(told))
        assert told["equal"] or found[2] == cause
