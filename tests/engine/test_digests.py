"""A digest in a header is left out of what is looked through only where the long way would show the same."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.engine import masking
from simulator.engine.masking import COMMON, Masking

DIGEST = "0123456789abcdef" * 4
PIECES = [
    *(DIGEST, DIGEST[:40], DIGEST[:39], "1" * 40, "4111111111111111", "a" * 40, DIGEST.upper()),
    *(
        "t",
        "v1",
        "secret",
        "token=",
        "key: ",
        "-u ",
        "Bearer ",
        "eyJ",
        "=",
        ",",
        ";",
        " ",
        "-",
        '"',
        "@",
        "%20",
        "/",
        "+",
    ),
]


def shown(value: str) -> str:
    """By one that has met the header before, as all but the first are, and not the value."""
    fresh = Masking()
    fresh.headers_of({"x-signature": "1"})
    return fresh.headers_of({"x-signature": value})["x-signature"]


@given(st.lists(st.sampled_from(PIECES), max_size=8).map("".join))
def test_a_value_is_shown_as_if_its_digest_had_been_looked_through(value: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(masking, "_DIGEST", re.compile(r"(?!)"))
        looked_through = shown(value)

    assert shown(value) == looked_through


def test_a_digest_is_shown_unless_a_name_before_it_means_a_secret_or_it_is_one_that_is_known() -> None:
    sent = {"X-Odd": DIGEST, "X-Pairs": f"t=1767225600,v1={DIGEST}", "X-Named": f"v1={DIGEST},token={DIGEST}"}

    shown = COMMON.headers_of(sent)

    assert (shown["X-Odd"], shown["X-Pairs"]) == (sent["X-Odd"], sent["X-Pairs"])
    assert shown["X-Named"] == f"v1={DIGEST},token=******cdef"
    assert COMMON.headers_of(sent, (DIGEST.encode(),))["X-Odd"] == "******cdef"
