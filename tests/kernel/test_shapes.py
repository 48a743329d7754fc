"""How deep and how wide JSON is."""

from __future__ import annotations

from typing import Any

import pytest

from simulator.kernel.shapes import MEMBERS, is_deep, is_wide


@pytest.mark.parametrize(
    ("value", "levels", "is_so"),
    [
        (1, 1, False),
        ([], 1, False),
        ([1], 1, True),
        ([1], 2, False),
        ({"a": [1]}, 2, True),
        ({"a": [1]}, 3, False),
        ({"a": 1, "b": [[[2]]]}, 4, True),
    ],
)
def test_deep(value: Any, levels: int, is_so: bool) -> None:
    assert is_deep(value, levels) is is_so


@pytest.mark.parametrize(
    ("value", "is_so"),
    [
        ("text", False),
        ([1] * MEMBERS, False),
        ([1] * (MEMBERS + 1), True),
        ({str(n): n for n in range(MEMBERS + 1)}, True),
        ([[1] * 100] * (MEMBERS // 101), False),
        ([[1] * 100] * 100, True),  # their hundred lists count too
    ],
    ids=["a text", "as many", "one more", "an object", "in lists", "in lists, one more"],
)
def test_wide(value: Any, is_so: bool) -> None:
    assert is_wide(value) is is_so
