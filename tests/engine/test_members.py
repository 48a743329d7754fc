"""The members that request models share, and the examples of docs/adding-a-provider.md that are made of them."""

from __future__ import annotations

import re
from pathlib import Path
from textwrap import dedent
from typing import Annotated, Any

import pytest
from contract.bodies import body_of
from pydantic import BaseModel, Field

from simulator.engine.members import Whole
from simulator.engine.validation import validate
from simulator.kernel.money import Money
from simulator.kernel.refusals import Invalid

PAGE = (Path(__file__).parent.parent.parent / "docs" / "adding-a-provider.md").read_text("utf-8")


class Asked(BaseModel):
    limit: Annotated[Whole, Field(ge=1, le=250)] = 50


def refused(model: type[BaseModel], data: Any) -> list[tuple[str, str, str]]:
    with pytest.raises(Invalid) as found:
        validate(model, data)
    return [(one.path, one.rule, one.message) for one in found.value.violations]


@pytest.mark.parametrize("given", ["20", 20, "020"])
def test_a_whole_number_may_be_a_text_of_digits(given: object) -> None:
    assert validate(Asked, {"limit": given}).limit == 20  # type: ignore[attr-defined]


@pytest.mark.parametrize("given", ["10.00", " 10 ", "1_0", "+1", "", "１０", "9" * 19, 1.0, True])
def test_no_other_text_is_a_whole_number(given: object) -> None:
    assert refused(Asked, {"limit": given}) == [("limit", "type", "must be a whole number")]


def test_its_bounds_hold() -> None:
    assert refused(Asked, {"limit": "251"}) == [("limit", "max", "must be at most 250")]


# The page --------------------------------------------------------------------------------------------------------


def example(of: str) -> Any:
    """A class of the page, made by the lines that stand there."""
    [lines] = [
        block
        for block in re.findall(r"^ *```python\n(.*?)^ *```$", PAGE, re.M | re.S)
        if f"class {of}(BaseModel)" in block
    ]
    made: dict[str, Any] = {}
    exec(compile(dedent(lines), "the page", "exec", dont_inherit=True), made)
    return made[of]


@pytest.mark.parametrize(
    ("amount", "said"),
    [
        ({"currency": "EUR", "value": "10"}, ("amount.value", "format", "must be an amount like 12.50")),
        ({"value": "10.00", "currency": "JPY"}, ("amount.value", "format", "must be an amount like 1250")),
        ({"value": "10.00", "currency": "euro"}, ("amount.currency", "pattern", "must be 3 characters of A-Z")),
        ({"currency": "EUR"}, ("amount.value", "required", "must not be missing")),
    ],
)
def test_a_wrong_amount_is_refused_by_the_path_of_its_member(amount: dict[str, str], said: tuple[str, ...]) -> None:
    assert refused(example("Order"), {"amount": amount}) == [said]


def test_the_amount_of_the_page_is_read_and_the_suite_finds_one() -> None:
    order = example("Order")

    assert validate(order, {"amount": {"value": "12.50", "currency": "EUR"}}).amount.money == Money(1250, "EUR")  # type: ignore[attr-defined]
    assert body_of(order) == {"amount": {"currency": "CNY", "value": "10.00"}}


def test_the_query_of_the_page_takes_digits() -> None:
    assert example("PageQuery").model_validate({"limit": "20"}).limit == 20
