"""Why a merchant's signature is another than ours: the first byte that differs, and the usual cause."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re

import pytest

from simulator.engine.explain import (
    FLOATS,
    Explained,
    Mistake,
    as_floats,
    cause_of,
    compare,
    encodings,
    of_json,
    other_keys,
    without_booleans,
)

BODY = '{"url":"https://shop.example/龙","amount":1100,"id":20891000000045,"live":true,"data":{"b":1,"a":2}}'
SECRET = "whsec_abcdef0123456789"
TIME = "1763631727"


def digest(key: bytes, base: bytes) -> str:
    return hmac.new(key, base, hashlib.sha256).hexdigest()


def based(body: bytes) -> bytes:
    return TIME.encode() + b"." + body


def mistakes() -> list[Mistake]:
    other_time = Mistake("old_time", b"1763631700." + BODY.encode())
    return [*of_json(BODY.encode(), based), *other_keys(SECRET, ["sk_test_1"]), other_time]


EXPLAINED = Explained(
    steps=(),
    base=based(BODY.encode()),
    key=SECRET.encode(),
    key_name="webhook_secret",
    digest=digest,
    received=digest(SECRET.encode(), based(BODY.encode())),
    programs={},
    mistakes=mistakes,
    rebuilt=based,
    time=re.compile(r"^[0-9]+(?=\.)"),
)

READ = json.loads(BODY)
TIGHT = (",", ":")

WRONG = [
    ("reserialised", json.dumps(READ, ensure_ascii=False)),
    ("reserialised", json.dumps(READ)),
    ("reserialised", json.dumps(READ, indent=2, ensure_ascii=False)),
    ("other_order", json.dumps(READ, sort_keys=True, separators=TIGHT, ensure_ascii=False)),
    ("float", BODY.replace("1100", "1100.0").replace("45,", "45.0,").replace('"b":1,"a":2', '"b":1.0,"a":2.0')),
    ("float", BODY.replace("20891000000045", "2.0891000000045e+13")),
    ("trailing_newline", BODY + "\n"),
    ("escaped_slash", BODY.replace("/", "\\/")),
    ("escaped_slash", json.dumps(READ, separators=TIGHT).replace("/", "\\/")),
    ("wrong_encoding", json.dumps(READ, separators=TIGHT)),
    ("wrong_encoding", "\ufeff" + BODY),
    ("boolean", BODY.replace("true", "True")),
    ("boolean", BODY.replace("true", "1")),
]


def with_time(body: str) -> str:
    mark = "\ufeff" if body.startswith("\ufeff") else ""
    return f"{mark}{TIME}.{body.removeprefix(mark)}"


@pytest.mark.parametrize(("cause", "wrong"), WRONG)
def test_a_signature_alone_says_which_mistake_gave_it(cause: str, wrong: str) -> None:
    signed = with_time(wrong)

    found = compare(EXPLAINED, signature=digest(SECRET.encode(), signed.encode()))

    assert (found.equal, found.cause, found.is_certain) == (False, cause, True)
    assert found.got == signed
    assert found.expected == EXPLAINED.base_string


@pytest.mark.parametrize(("cause", "wrong"), WRONG)
def test_a_base_string_says_its_mistake_even_if_it_is_none_of_those_that_we_make(cause: str, wrong: str) -> None:
    """Where no text of ours is the merchant's, the difference itself is read."""
    strange = Explained(
        EXPLAINED.steps, EXPLAINED.base, EXPLAINED.key, "", digest, EXPLAINED.received, {}, time=EXPLAINED.time
    )

    found = compare(
        strange,
        base_string=with_time(wrong),
    )

    assert (found.equal, found.cause) == (False, cause)


def test_the_first_byte_that_differs_is_counted_in_utf_8_and_the_character_from_one() -> None:
    found = compare(EXPLAINED, base_string=EXPLAINED.base_string.replace("龙", "龍"))

    assert found.at == EXPLAINED.base.index("龙".encode()) + 2
    assert found.character == EXPLAINED.base_string.index("龙") + 1
    assert found.bytes_there == ("99", "8d")
    assert found.cause == "unknown"


def test_a_text_that_ends_too_early_differs_where_it_ends() -> None:
    found = compare(EXPLAINED, base_string=EXPLAINED.base_string[:-1])

    assert found.at == len(EXPLAINED.base) - 1
    assert found.bytes_there == ("7d", "")


@pytest.mark.parametrize("other", ["sk_test_1", "abcdef0123456789", SECRET + "\n", SECRET.upper()])
def test_the_merchants_other_secrets_are_tried_and_what_becomes_of_the_right_one(other: str) -> None:
    found = compare(EXPLAINED, signature=digest(other.encode(), EXPLAINED.base))

    assert (found.cause, found.is_certain) == ("wrong_secret", True)
    assert found.expected == EXPLAINED.signature


def test_a_right_text_under_a_strange_signature_was_signed_with_another_secret() -> None:
    found = compare(EXPLAINED, base_string=EXPLAINED.base_string, signature=digest(b"who knows", EXPLAINED.base))

    assert (found.cause, found.is_certain) == ("wrong_secret", False)


def test_a_digest_in_another_alphabet_is_the_right_one_in_another_encoding() -> None:
    raw = bytes.fromhex(EXPLAINED.signature)

    for given in (base64.b64encode(raw).decode(), EXPLAINED.signature.upper()):
        assert compare(EXPLAINED, signature=given).cause == "wrong_encoding"


def test_a_time_of_ones_own_is_seen_in_the_text_and_a_known_one_in_the_signature() -> None:
    assert compare(EXPLAINED, base_string=f"1763639999.{BODY}").cause == "old_time"
    assert compare(EXPLAINED, signature=digest(EXPLAINED.key, f"1763631700.{BODY}".encode())).cause == "old_time"


def test_a_body_is_compared_by_what_would_be_signed_of_it() -> None:
    assert compare(EXPLAINED, body=BODY).equal
    assert compare(EXPLAINED, body=json.dumps(READ)).cause == "reserialised"


def test_what_is_right_is_equal_and_what_nothing_explains_is_unknown() -> None:
    assert compare(EXPLAINED, base_string=EXPLAINED.base_string, signature=EXPLAINED.signature).equal
    assert compare(EXPLAINED, signature=EXPLAINED.signature).at is None
    assert compare(EXPLAINED, signature="0" * 64).cause == "unknown"


LINES = "a:name:龙;b:flag:1;c:id:20891000000045;d:url:https://shop.example"


@pytest.mark.parametrize(
    ("cause", "got"),
    [
        ("other_order", "b:flag:1;a:name:龙;c:id:20891000000045;d:url:https://shop.example"),
        ("boolean", LINES.replace("flag:1", "flag:true")),
        ("float", LINES.replace("20891000000045", "2.0891000000045e+13")),
        ("escaped_slash", LINES.replace("/", "\\/")),
        ("wrong_encoding", LINES.replace("龙", "\\u9f99")),
        ("trailing_newline", LINES + "\n"),
        ("unknown", LINES.replace("a:name:龙;", "")),
    ],
)
def test_a_base_string_of_lines_is_read_line_by_line(cause: str, got: str) -> None:
    explained = Explained((), LINES.encode(), b"k", "", digest, "", {}, separator=";")

    assert compare(explained, base_string=got).cause == cause


# What is no text, no JSON and no signature --------------------------------------------------------------------------


def test_what_is_equal_has_no_first_difference() -> None:
    found = compare(EXPLAINED, base_string=EXPLAINED.base_string)

    assert (found.at, found.character, found.bytes_there, found.cause) == (None, None, ("", ""), None)


def test_where_one_text_ends_the_other_goes_on_with_a_byte() -> None:
    found = compare(EXPLAINED, base_string=EXPLAINED.base_string[:5])

    assert (found.at, found.character, found.bytes_there[1]) == (5, 6, "")


@pytest.mark.parametrize("given", ["~no alphabet at all~", "é", ""])
def test_a_signature_in_no_alphabet_is_compared_as_it_came(given: str) -> None:
    found = compare(EXPLAINED, signature=given)

    assert (found.equal, found.got, found.cause) == (False, given, "unknown")


def test_bytes_that_are_no_text_and_json_that_is_none_have_fewer_mistakes() -> None:
    assert [one.cause for one in encodings(b"\xff")] == ["wrong_encoding"]
    assert len([*encodings("é".encode())]) > len([*encodings(b"e")]) > 1
    assert [*of_json(b"{")] == [*of_json(b"\xff")] == [*of_json(b"[" * 200_000)] == []


def test_another_key_that_is_none_of_its_kind_counts_as_the_text_it_is() -> None:
    keys = {one.key for one in other_keys("00ff", ["not hexadecimal", "", None], "hexadecimal")}

    assert {b"not hexadecimal", b"00ff", b"00FF", b"00ff\n"} <= keys
    assert b"" not in keys
    assert b"\x00\xff" not in keys


@pytest.mark.parametrize(
    ("got", "cause"),
    [
        (f" {TIME}.{BODY} ", "trailing_newline"),
        (f"{TIME}.{BODY}".replace("/", "\\/"), "escaped_slash"),
        (f"{TIME}.{BODY}".replace("龙", "\\u9f99"), "wrong_encoding"),
        (f"{TIME}.{BODY}".encode().decode("latin-1"), "wrong_encoding"),
        (f"1.{BODY}", "old_time"),
        ("something else", "unknown"),
        (f"{TIME}.{{", "unknown"),
        (f"{TIME}.{BODY}".replace("true", "True").replace('"amount":1100', '"amount":7'), "unknown"),
    ],
)
def test_a_difference_has_the_first_cause_that_explains_all_of_it(got: str, cause: str) -> None:
    assert cause_of(EXPLAINED, got) == cause


def test_a_text_that_does_not_end_is_read_once() -> None:
    """It was tried again at each quote within: 60 kB that somebody wanted to be compared held the server for seven seconds."""
    text = '{"a":1,"' + '\\"' * 300_000

    assert as_floats(text, FLOATS[0]).startswith('{"a":1.0,"')
    assert without_booleans(text, ("1", "0")) == text
    assert cause_of(EXPLAINED, text) == "unknown"
