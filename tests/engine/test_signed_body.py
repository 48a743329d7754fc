"""A scheme that signs the body and what stands beside it is one call, however it joins them and with whichever digest."""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from simulator.engine.explain import Explained, compare, signed_body

BODY = '{"note":"龙井 \\"at\\" $5 `now`","amount":1100}'.encode()
SECRET, T, ID = "it's a $ecret", "1763631727", "msg_1"

FORMS: dict[str, tuple[dict[str, Any], bytes]] = {
    "a dot": ({"t": T}, b"1763631727." + BODY),
    "a colon": ({"t": T, "form": "{t}:{body}"}, b"1763631727:" + BODY),
    "nothing": ({"t": T, "form": "{t}{body}"}, b"1763631727" + BODY),
    "the time at the end": ({"t": T, "form": "{body}|{t}"}, BODY + b"|1763631727"),
    "a word before": ({"t": T, "form": "v0:{t}:{body}"}, b"v0:1763631727:" + BODY),
    "an id too": ({"t": T, "form": "{id}.{t}.{body}", "more": {"id": ID}}, b"msg_1.1763631727." + BODY),
    "an id alone": ({"form": "{id}\n{body}", "more": {"id": ID}}, b"msg_1\n" + BODY),
    "letters": ({"t": T, "form": "t{t}_b{body}"}, b"t1763631727_b" + BODY),
    "odd signs": ({"t": T, "form": "\"$x`'\\{t}{{龙}}{body}"}, "\"$x`'\\1763631727{龙}".encode() + BODY),
}


def explained(encoding: str = "hex", algorithm: str = "sha256", **more: Any) -> Explained:
    return signed_body(
        BODY, key=SECRET, key_name="secret", header="Acme", received="?", encoding=encoding, algorithm=algorithm, **more
    )  # type: ignore[arg-type]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("algorithm", ["sha1", "sha256", "sha384", "sha512"])
def test_the_signature_is_that_of_the_joined_text(form: str, algorithm: str) -> None:
    given, signed = FORMS[form]
    right = hmac.new(SECRET.encode(), signed, getattr(hashlib, algorithm))

    in_hex, coded = explained("hex", algorithm, **given), explained("base64", algorithm, **given)

    assert (in_hex.base, in_hex.signature) == (signed, right.hexdigest())
    assert coded.signature == coded.steps[-1].value == base64.b64encode(right.digest()).decode()
    assert coded.steps[-1].values["algorithm"] == f"HMAC-{algorithm.upper()}"
    assert in_hex.rebuilt is not None and in_hex.rebuilt(b"{}") == signed.replace(BODY, b"{}")


COMMANDS = {"python": [sys.executable, "-I"], "node": ["node"], "php": ["php", "-n"], "openssl": ["sh", "-eu"]}


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("language", COMMANDS)
def test_the_programs_join_in_the_same_way(language: str, form: str, tmp_path: Path) -> None:
    if shutil.which(COMMANDS[language][0]) is None or (language == "openssl" and shutil.which("openssl") is None):
        pytest.skip(f"{language} is not installed")
    given, signed = FORMS[form]
    right = hmac.new(SECRET.encode(), signed, hashlib.sha512).hexdigest()
    program = tmp_path / "program"
    program.write_text(explained(algorithm="sha512", **given).programs[language], "utf-8")

    done = subprocess.run([*COMMANDS[language], str(program)], capture_output=True, check=False)

    assert (done.returncode, done.stderr, done.stdout.decode().split()) == (0, b"", ["wrong", right])


@pytest.mark.parametrize("form", [form for form, (given, _) in FORMS.items() if "t" in given])
def test_a_time_that_is_another_is_found_wherever_it_stands(form: str) -> None:
    given, signed = FORMS[form]
    own, known = signed.replace(T.encode(), b"1799999999"), signed.replace(T.encode(), b"1763631727000")
    told = explained(other_times=["1763631727000"], **given)

    by_text = compare(told, base_string=own.decode())
    by_signature = compare(told, signature=hmac.new(SECRET.encode(), known, hashlib.sha256).hexdigest())

    assert (by_text.cause, by_signature.cause) == ("old_time", "old_time")


def test_the_steps_say_how_it_is_joined() -> None:
    told = explained(**FORMS["an id too"][0], algorithm="sha512")

    assert [(step.text, step.values.get("parts")) for step in told.steps] == [
        ("step_time", None),
        ("step_value", None),
        ("step_bytes", None),
        ("step_join", 'id, ".", t, ".", body'),
        ("step_hmac", None),
    ]
    assert [step.value for step in told.steps[:2]] == [T, ID]
    assert re.fullmatch("[0-9a-f]{128}", told.steps[-1].value)
