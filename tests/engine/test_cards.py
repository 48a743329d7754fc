"""Card numbers are found wherever they stand, and other numbers are left alone."""

from __future__ import annotations

import json
import re
import uuid
from random import Random

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from simulator.engine import cards
from simulator.engine.cards import cut, cut_text, is_card
from simulator.kernel.ids import Ids


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("4111111111111111", "411111******1111"),
        ("4111 1111 1111 1111", "4111 11** **** 1111"),
        ("4111-1111-1111-1111", "4111-11**-****-1111"),
        ("5555555555554444", "555555******4444"),
        ("5454545454545454", "545454******5454"),
        ("2223003122003222", "222300******3222"),
        ("378282246310005", "378282*****0005"),
        ("3782 822463 10005", "3782 82**** *0005"),
        ("4111111111111 111", "411111******1 111"),
        ("411 1111111111111", "411 111******1111"),
        ("30569309025904", "305693****5904"),
        ("3566002020360505", "356600******0505"),
        ("6011000990139424", "601100******9424"),
        ("6200000000000005", "620000******0005"),
        ("9999999999999995", "999999******9995"),
        ("4222222222222", "422222***2222"),
        ("6304000000000000000", "630400*********0000"),
        ("4111111111111111 12/28 123", "411111******1111 12/28 123"),
        ("flat 12 4111 1111 1111 1111 123", "flat 12 4111 11** **** 1111 123"),
        ("line1\n4111111111111111\n", "line1\n411111******1111\n"),
        ("I paid with 4111111111111111.", "I paid with 411111******1111."),
        ("card_4111111111111111", "card_411111******1111"),
        ("+4111111111111111", "+411111******1111"),
        ("4111111111111111,5555555555554444", "411111******1111,555555******4444"),
    ],
)
def test_of_a_card_number_the_first_six_and_the_last_four_digits_stay(sent: str, kept: str) -> None:
    assert cut_text(sent) == kept
    assert cut(json.dumps({"note": sent}).encode()) == json.dumps({"note": kept}).encode()


@pytest.mark.parametrize(
    "text",
    [
        "4111111111111112",  # not Luhn-valid
        "5555555555554454",
        "411111111116",  # Luhn-valid, and too short for a card
        "41111111111111110000",  # twenty digits are no card
        "0.4111111111111111",
        "4111111111111111.5",
        "a4111111111111111",  # part of a word: an id in hexadecimal
        "4111111111111111f",
        "1687309231005",  # an instant in milliseconds, Luhn-valid as one in ten
        "20240115123453",  # an order number that begins with a date, Luhn-valid
        "+4915123456785",  # a phone number, Luhn-valid
        "DE68 4111 1111 1111 1111",  # an IBAN whose digits are a card number
        "12345674-1111-4111-8111-111111111111",  # a UUID
        "2026-03-04 05:00:00",
    ],
)
def test_numbers_that_are_no_card_stay(text: str) -> None:
    assert cut_text(text) == text


def test_a_number_of_json_becomes_a_text_so_that_json_stays_json() -> None:
    sent = b'{"card":4111111111111111,"more":[4111111111111111 , 1],"text":"a,4111111111111111,b"}'

    assert json.loads(cut(sent)) == {
        "card": "411111******1111",
        "more": ["411111******1111", 1],
        "text": "a,411111******1111,b",
    }


def test_what_is_read_again_keeps_numbers_that_may_be_amounts() -> None:
    """A resource whose amount became a text could not be read any more."""
    sent = b'{"amount":4111111111111111,"card_number":4111111111111111,"note":"4111111111111111"}'

    assert json.loads(cut(sent, is_read_again=True)) == {
        "amount": 4111111111111111,
        "card_number": "411111******1111",
        "note": "411111******1111",
    }


@pytest.mark.parametrize(
    "kept",
    [
        '{"id":"4111111111111111"}',
        '{"a":1,"payment_id": "4111111111111111"}',
        '{"payout":"po_6421978868335984886"}',
        '{"merchantReference":"order 4111111111111111"}',
        '{"refund_ids":["one","4111111111111111"]}',
        '{"payment":"4111111111111111"}',
        '{"return":"https://shop.example/back?order=4111111111111111"}',
        '{"note":"4222222222222"}',
    ],
)
def test_what_is_read_again_keeps_the_names_that_a_merchant_has_chosen(kept: str) -> None:
    assert cut(kept.encode(), is_read_again=True, names={b"4222222222222"}) == kept.encode()
    assert cut(kept.encode()) != kept.encode()


@pytest.mark.parametrize(
    "sent",
    [
        '{"paid":"4111111111111111"}',
        '{"id":"1","note":"4111111111111111"}',
        '{"id":["1",{"x":["4111111111111111"]}]}',
        '{"id":{"pan":"4111111111111111"}}',
        '{"text":"{\\"id\\":\\"4111111111111111\\"}"}',
    ],
)
def test_what_is_no_name_is_cut_of_what_is_read_again_too(sent: str) -> None:
    assert b"411111******1111" in cut(sent.encode(), is_read_again=True)


def test_ids_that_the_simulator_makes_are_no_card_numbers() -> None:
    """Of UUIDs, hexadecimal and other ids a few in a thousand have thirteen digits in a row."""
    ids = Ids(Random(7).randbytes)
    made = [
        f"{uuid.UUID(bytes=ids.bytes(16), version=4)} {ids.hex(32)} {ids.hex(40)} {ids.text(21)}" for _ in range(20_000)
    ]

    assert [text for text in made if cut_text(text) != text] == []


GROUPS = st.lists(
    st.tuples(
        st.sampled_from(["", " ", "-"]),
        st.text("0123456789", min_size=1, max_size=8)
        | st.sampled_from(
            ["4111", "1111", "611", "622", "4111111111111111", "3782", "822463", "10005", "2223", "0031"]
        ),
    ),
    min_size=1,
    max_size=16,
)


def plainly(text: str) -> str:
    """Each group of digits is tried with those behind it, one more at a time, and all is added up anew."""
    groups = list(re.finditer("[0-9]+", text))
    shown, first = list(text), 0
    while first < len(groups):
        for last in range(first, len(groups)):
            start, end = groups[first].start(), groups[last].end()
            sizes = [len(group[0]) for group in groups[first : last + 1]]
            is_split = any(size < 3 for size in sizes[:-1])
            if is_split or sum(sizes) > 19 or ("-" in text[start:end] and max(sizes) > 6):
                break
            if adds_up(digits := re.sub("[ -]", "", text[start:end])) and is_card(digits.encode()):
                places = [place for place in range(start, end) if text[place].isdigit()]
                for place in places[6:-4]:
                    shown[place] = "*"
                first = last
                break
        first += 1
    return "".join(shown)


def adds_up(digits: str) -> bool:
    doubled = [int(digit) * (1 + at % 2) for at, digit in enumerate(reversed(digits))]
    return sum(one // 10 + one % 10 for one in doubled) % 10 == 0


@given(GROUPS)
@example([(" ", "4111")] * 12)
@example([("-", "611"), (" ", "611"), (" ", "4111111111111111")])
@example([("", "12"), (" ", "4111"), ("-", "1111"), ("-", "1111"), (" ", "1111"), (" ", "1")])
def test_groups_are_found_as_if_each_were_tried_with_those_behind_it(groups: list[tuple[str, str]]) -> None:
    text = "".join(between + digits for between, digits in groups).lstrip(" -")

    assert cut_text(text) == plainly(text)


@pytest.mark.parametrize("piece", ["611 ", "4111 ", "4111-", "622 "])
def test_every_digit_of_a_run_is_added_up_once(piece: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A check digit was added up for each group with each of the six behind it: 64 kB took a quarter of a second, five times."""
    added = list[int]()
    summed = cards._check_sums

    def counted(digits: bytes) -> tuple[list[int], list[int]]:
        added.append(len(digits))
        return summed(digits)

    monkeypatch.setattr(cards, "_check_sums", counted)
    monkeypatch.setattr(cards, "is_card", None)

    cut((piece * 5_000).encode())

    assert added == [sum(map(str.isdigit, piece)) * 5_000]


@given(
    st.lists(
        st.sampled_from(["4111", "1111", "111", "5555555555554444", "2026-11-29", " ", "-", "x", "12", "0", ":"]),
        max_size=12,
    )
)
def test_what_a_quick_look_passes_over_holds_no_card_number(pieces: list[str]) -> None:
    text = "".join(pieces).encode()
    quick = cut(text)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(cards, "may_hold", lambda raw: True)
        assert cut(text) == quick


def test_a_uuid_is_looked_at_once_and_costs_no_search_of_the_whole_text(monkeypatch: pytest.MonkeyPatch) -> None:
    looked = list[bytes]()
    monkeypatch.setattr(cards, "_RUN", type("Run", (), {"sub": lambda self, by, raw: looked.append(raw) or raw})())
    assert cut(b'{"id":"5637dd90-ed1b-4e4e-9365-765940511473","other":"9cad7291-9733-4925-8812-034551234567"}')
    assert looked == []
