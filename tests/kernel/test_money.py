"""Money is an integer of minor units, and nobody else knows about decimals."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.kernel.money import CURRENCIES, THREE_DECIMALS, ZERO_DECIMALS, Money, decimals

amounts = st.integers(min_value=-(10**15), max_value=10**15)
currencies = st.sampled_from(sorted(CURRENCIES))


@pytest.mark.parametrize(
    ("money", "major", "sentence"),
    [
        (Money(1100, "EUR"), "11.00", "EUR\u00a011.00"),
        (Money(5, "EUR"), "0.05", "EUR\u00a00.05"),
        (Money(-50, "EUR"), "-0.50", "EUR\u00a0-0.50"),
        (Money(0, "CNY"), "0.00", "CNY\u00a00.00"),
        (Money(123456789, "USD"), "1234567.89", "USD\u00a01,234,567.89"),
        (Money(1100, "JPY"), "1100", "JPY\u00a01,100"),
        (Money(1100, "KWD"), "1.100", "KWD\u00a01.100"),
    ],
)
def test_an_amount_is_written_with_its_currencys_own_decimals(money: Money, major: str, sentence: str) -> None:
    assert money.major() == major
    assert money.format() == sentence


def test_large_print_has_the_symbol_where_there_is_one() -> None:
    assert Money(8603, "CNY").symbol() == "¥\u00a086.03"
    assert Money(8603, "THB").symbol() == "THB\u00a086.03"


@given(amounts, currencies)
def test_what_is_written_is_exactly_what_is_meant(value: int, currency: str) -> None:
    written = Decimal(Money(value, currency).major())

    assert written.scaleb(decimals(currency)) == value
    assert -written.as_tuple().exponent == decimals(currency)


@given(amounts, amounts, currencies)
def test_sums_and_differences_undo_each_other(one: int, other: int, currency: str) -> None:
    first, second = Money(one, currency), Money(other, currency)

    assert first + second - second == first


def test_currencies_are_never_mixed() -> None:
    with pytest.raises(ValueError, match="cannot mix EUR and USD"):
        Money(1, "EUR") + Money(1, "USD")
    with pytest.raises(ValueError, match="cannot mix EUR and USD"):
        Money(1, "EUR") - Money(1, "USD")


def test_the_tables_of_decimals_name_real_currencies_once() -> None:
    assert ZERO_DECIMALS | THREE_DECIMALS <= CURRENCIES
    assert not ZERO_DECIMALS & THREE_DECIMALS
