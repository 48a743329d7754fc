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


@pytest.mark.parametrize(
    ("text", "currency", "value"),
    [
        ("12.50", "EUR", 1250),
        ("12.5", "EUR", 1250),
        ("12", "EUR", 1200),
        ("-0.50", "EUR", -50),
        ("1100", "JPY", 1100),
        ("1.100", "KWD", 1100),
        ("90071992547409931234567890.99", "CNY", 9007199254740993123456789099),
        (Decimal("12.50"), "EUR", 1250),
        (12, "EUR", 1200),
    ],
)
def test_an_amount_in_major_units_is_read_exactly(text: str | int | Decimal, currency: str, value: int) -> None:
    assert Money.from_major(text, currency) == Money(value, currency)


@given(amounts, currencies)
def test_what_was_written_in_major_units_is_read_back(value: int, currency: str) -> None:
    money = Money(value, currency)

    assert Money.from_major(money.major(), currency) == money


@pytest.mark.parametrize(
    ("text", "currency", "why"),
    [
        ("12.505", "EUR", "12.505 has more than the 2 decimals of EUR"),
        ("12.500", "EUR", "12.500 has more than the 2 decimals of EUR"),
        ("1.0", "JPY", "1.0 has more than the 0 decimals of JPY"),
        *(
            (text, "EUR", "an amount is a number like 12.50")
            for text in ("", ".", "1.", ".5", "1,50", "1e3", "+1", " 1")
        ),
        *((text, "EUR", "an amount is a number like 12.50") for text in ("NaN", "Infinity", "1_000", "１.50", "1\n")),
    ],
)
def test_what_is_no_amount_of_the_currency_is_refused_and_not_rounded(text: str, currency: str, why: str) -> None:
    with pytest.raises(ValueError) as refused:
        Money.from_major(text, currency)

    assert str(refused.value) == why


@given(amounts, currencies)
def test_what_was_written_in_major_units_is_exact(value: int, currency: str) -> None:
    money = Money(value, currency)

    assert Money.exact(money.major(), currency) == money


@pytest.mark.parametrize(
    ("text", "currency", "like"),
    [
        *((text, "EUR", "12.50") for text in ("10", "10.0", "10.000", "010.00", "-0.00", "10,00", "", " 10.00", "1e3")),
        ("10.0", "JPY", "1250"),
        ("10.00", "KWD", "1.250"),
    ],
)
def test_an_amount_with_other_decimals_than_the_currencys_is_not_exact(text: str, currency: str, like: str) -> None:
    with pytest.raises(ValueError) as refused:
        Money.exact(text, currency)

    assert str(refused.value) == f"must be an amount like {like}"
