"""Answers are laid out as recorded, whatever their texts look like."""

from __future__ import annotations

import json
from typing import Any

from hypothesis import example, given
from hypothesis import strategies as st

from simulator.providers.worldline.wire import layout

_TEXTS = st.text(st.characters(codec="utf-8")) | st.sampled_from(
    [": b", 'a": b', "a  b", "[", "{}", "\\", '"', "\n", "\x7f"]
)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | _TEXTS,
    lambda inner: st.dictionaries(_TEXTS, inner, max_size=4) | st.lists(inner, max_size=2),
    max_leaves=12,
)


@given(_VALUES)
@example({"descriptor": ": a text that begins as what stands behind a name"})
def test_what_is_laid_out_says_what_it_said(value: Any) -> None:
    assert json.loads(layout.encode(value)) == value


def test_three_spaces_stand_before_a_member_and_a_blank_on_both_sides_of_the_colon() -> None:
    value = {"amountOfMoney": {"amount": 1000, "currencyCode": "EUR"}, "showData": [], "isFinal": True}
    assert layout.encode(value).decode() == (
        '{\n   "amountOfMoney" : {\n      "amount" : 1000,\n      "currencyCode" : "EUR"\n   },\n'
        '   "showData" : [ ],\n   "isFinal" : true\n}'
    )
