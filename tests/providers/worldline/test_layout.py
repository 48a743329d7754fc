"""Answers are laid out as recorded, whichever of the two ways writes them."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from simulator.providers.worldline.wire import layout

_TEXTS = st.text(st.characters(codec="utf-8")) | st.sampled_from(
    ['a": b', "a  b", "[", "{}", "\\", '"', "\n", "ü", "\x7f"]
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | _TEXTS,
    lambda inner: st.dictionaries(_TEXTS, inner, max_size=4) | st.lists(inner, max_size=2),
    max_leaves=12,
)


@given(_VALUES)
def test_what_is_written_at_once_is_what_is_written_member_by_member(value: Any) -> None:
    written = layout.encode(value)
    assert written == layout._pretty(value, "").encode()
    assert json.loads(written) == value


def test_three_spaces_stand_before_a_member_and_a_blank_on_both_sides_of_the_colon() -> None:
    value = {"amountOfMoney": {"amount": 1000, "currencyCode": "EUR"}, "isFinal": True}
    assert layout.encode(value).decode() == (
        '{\n   "amountOfMoney" : {\n      "amount" : 1000,\n      "currencyCode" : "EUR"\n   },\n   "isFinal" : true\n}'
    )
