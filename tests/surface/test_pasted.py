"""What somebody pasted beside a signature is read as what it is: a signature, the string to sign, or the body."""

from __future__ import annotations

import hmac

import pytest

from simulator.engine.explain import signed_body
from simulator.surface.control.compare import pasted

SIGNATURE = hmac.digest(b"hush", b"17:id=ch_1&note=a+b", "sha256").hex()


@pytest.mark.parametrize(
    ("text", "kind", "cause"),
    [
        ("id=ch_1&note=a+b", "body", None),
        ("id=ch_1", "body", "unknown"),
        ("note=a+b&id=ch_1", "body", "other_order"),
        ("id=ch_1&note=a%20b", "body", "reserialised"),
        ("17:id=ch_1&note=a+b", "base_string", None),
        (SIGNATURE, "signature", None),
        (f"sha256={SIGNATURE}", "signature", "unknown"),
    ],
)
def test_a_form_is_read_as_the_body_where_a_form_was_sent(text: str, kind: str, cause: str | None) -> None:
    explained = signed_body(
        b"id=ch_1&note=a+b",
        key="hush",
        key_name="secret",
        header="Acme-Signature",
        received=SIGNATURE,
        encoding="hex",
        form="{t}:{body}",
        t="17",
    )

    read = pasted(explained, text)

    assert (read.kind, read.found.cause) == (kind, cause)
