"""Chance has one home: seeded it repeats itself, unseeded it does not."""

from __future__ import annotations

import base64
from collections.abc import Callable
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.kernel.ids import BASE62, UNAMBIGUOUS, Ids, Pool, instant_text


def test_equal_seeds_and_draws_give_equal_identifiers() -> None:
    def drawn(seed: str, draw: int) -> tuple[str, ...]:
        ids = Ids.seeded(seed, draw)
        return (ids.text(21), ids.digits(10), ids.hex(7), ids.guid(), ids.base32_guid())

    assert drawn("spring", 1) == drawn("spring", 1)
    assert drawn("spring", 1) != drawn("spring", 2)
    assert drawn("spring", 1) != drawn("autumn", 1)


def test_identifiers_have_the_length_and_the_letters_that_were_asked_for() -> None:
    ids = Ids()

    assert len(ids.text(21)) == 21
    assert set(ids.text(5000)) <= set(BASE62)
    assert set(ids.text(5000, UNAMBIGUOUS)) == set(UNAMBIGUOUS)
    assert ids.digits(12).isdigit()
    assert len(ids.hex(7)) == 7
    assert UUID(ids.guid()).version == 4
    assert len(ids.base32_guid()) == 26


def test_an_alphabet_of_ones_own_is_taken_whole() -> None:
    assert set(Ids().text(500, "ab")) == {"a", "b"}


@given(st.lists(st.integers(min_value=0, max_value=5000), max_size=50))
def test_a_pool_hands_out_each_byte_once(lengths: list[int]) -> None:
    """Whatever is asked for, across refills: the right number, and no sixteen bytes twice."""
    pool = Pool()

    drawn = [pool(length) for length in lengths]

    assert [len(piece) for piece in drawn] == lengths
    long = [piece[:16] for piece in drawn if len(piece) >= 16]
    assert len(set(long)) == len(long)


@pytest.mark.parametrize(
    ("draw", "head"),
    [
        (lambda ids: ids.text(21), 4),
        (Ids.guid, 8),
        (lambda ids: ids.text(15), 2),
        (lambda ids: ids.text(8, UNAMBIGUOUS), 2),
    ],
)
def test_identifiers_that_are_drawn_together_begin_alike(draw: Callable[[Ids], str], head: int) -> None:
    """Sorted, those of a hundred payments stand side by side."""
    ids = Ids(Pool())

    drawn = [draw(ids) for _ in range(60)]

    assert len({one[:head] for one in drawn}) <= 2, "one fetch, or the end of one and the beginning of the next"
    assert len({one[head:] for one in drawn}) == len(drawn)
    assert len({draw(Ids(Pool()))[:head] for _ in range(20)}) > 15


def test_a_short_one_is_all_chance() -> None:
    ids = Ids(Pool())

    assert len({ids.text(7)[:4] for _ in range(60)}) > 55


@given(*[st.integers(min_value=0, max_value=2**52)] * 2)
def test_texts_of_instants_sort_as_the_instants_do(one: int, other: int) -> None:
    assert len(instant_text(one)) == 9
    assert (instant_text(one) < instant_text(other)) == (one < other)


@given(st.binary(min_size=16, max_size=16))
def test_guids_are_what_the_library_makes_of_the_same_bytes(raw: bytes) -> None:
    made = UUID(bytes=raw, version=4)
    ids = Ids(lambda length: raw)

    assert ids.guid() == str(made)
    assert ids.base32_guid() == base64.b32encode(made.bytes_le).decode().lower().rstrip("=")


@given(st.integers(0, 62**9 - 1))
def test_instants_as_text_sort_as_they_are_and_can_be_read_again(at: int) -> None:
    text = instant_text(at)

    assert len(text) == 9
    assert sum(BASE62.index(letter) * 62**place for place, letter in enumerate(reversed(text))) == at


def test_a_hexadecimal_id_is_never_a_card_number() -> None:
    """One in forty thousand would be, and whoever looks for those would cut it: its workspace could not be imported."""
    ids = Ids(lambda length: bytes.fromhex("4539148803436467")[:length])

    assert ids.hex(16) == "a539148803436467"
    assert ids.hex(8) == "45391488"
