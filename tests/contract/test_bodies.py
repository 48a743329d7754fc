"""The bodies with which the suite calls every operation: good to the models, whatever these ask."""

from __future__ import annotations

import pytest
from pydantic import BaseModel, Field, field_validator

from contract.bodies import body_of


class Amount(BaseModel):
    currency: str = Field(pattern="^[A-Z]{3}$")
    value: str

    @field_validator("value")
    @classmethod
    def _whole(cls, value: str) -> str:
        if not value.isdigit():
            raise ValueError("no number")
        return value


class Order(BaseModel):
    amount: Amount
    title: str | None = None


class Impossible(BaseModel):
    colour: str = Field(pattern="^mauve$")


def test_a_member_gets_a_value_that_the_models_own_checks_take() -> None:
    assert body_of(Order) == {"amount": {"currency": "CNY", "value": "1000"}}


class Exact(BaseModel):
    currency: str = Field(pattern="^[A-Z]{3}$")
    value: str = Field(pattern=r"^[0-9]+\.[0-9]{2}$")


def test_amounts_as_texts_need_no_values_of_the_providers_own() -> None:
    assert body_of(Exact) == {"currency": "CNY", "value": "10.00"}


def test_a_member_for_which_there_is_no_value_says_where_to_name_one() -> None:
    with pytest.raises(
        LookupError, match=r"name one in `VALUES = \(…,\)` of the provider's tests, tests/providers/<name>/calls.py"
    ):
        body_of(Impossible)
