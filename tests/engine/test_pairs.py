"""A header of pairs is let through at once only where the long way would show the same."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.engine import masking, pairs
from simulator.engine.masking import COMMON, Masking

PIECES = [
    "t",
    "v1",
    "secret",
    "password",
    "api_key",
    "key=",
    "pin",
    "=",
    ",",
    ";",
    " ",
    '"',
    "'",
    "/",
    "+",
    "[",
    ":",
    "\n",
    "a" * 61,
]
PLAIN = ["t=1767225600", "v1=5a1f", "secret=abcdefgh", ",", ", ", ";"]


def shown(value: str) -> str:
    """By one that has met the header before, as all but the first are, and not the value."""
    fresh = Masking()
    fresh.headers_of({"x-signature": "1"})
    return fresh.headers_of({"x-signature": value})["x-signature"]


@given(st.lists(st.sampled_from(PIECES + PLAIN), max_size=8).map("".join))
def test_a_value_is_shown_as_if_it_had_been_looked_through(value: str) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(masking, "are_plain", lambda text, _: "=" not in text and '"' not in text)
        looked_through = shown(value)

    assert shown(value) == looked_through


@pytest.mark.parametrize(
    ("value", "is_plain"),
    [
        ("t=1767225600,v1=5a1f", True),
        ("keyId=one, alg=hs256", True),
        ("no pair", True),
        ("q83vASNFZ4mrze8BI0VniavN7wEjRWeJq83vASNFZ4k=", True),
        ("secret=", True),
        ("secret==", False),
        ("t=1,api_key=5a1f5a1f", False),
        ("secret=5a1f", False),
        ('t="1"', False),
        ('a "quoted" one', False),
        ("5a1f==", False),
    ],
)
def test_what_is_let_through_at_once(value: str, is_plain: bool) -> None:
    assert pairs.are_plain(value, COMMON.is_secret) is is_plain
