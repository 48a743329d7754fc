"""Known answers for what signatures are made of."""

from __future__ import annotations

import hashlib
import hmac

from hypothesis import given
from hypothesis import strategies as st

from simulator.kernel import crypto


def test_hmac_gives_the_published_answers() -> None:
    """RFC 4231, test case 2."""
    message = b"what do ya want for nothing?"

    assert crypto.hmac_sha256("Jefe", message).hex() == (
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"
    )
    assert crypto.hmac_sha512("Jefe", message).hex() == (
        "164b7a7bfcf819e2e395fbe73b56e0a387bd64222e831fd610270cd7ea250554"
        "9758bf75c05a994a6d034f65f8f0e6fdcaeab1a34d4a6b4b636e070a38bce737"
    )


def test_sha256_gives_the_published_answer() -> None:
    """FIPS 180-2, appendix B.1."""
    assert crypto.sha256_hex(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"


@given(st.text(), st.binary())
def test_hmac_agrees_with_another_implementation(secret: str, message: bytes) -> None:
    assert crypto.hmac_sha256(secret, message) == hmac.new(secret.encode(), message, hashlib.sha256).digest()


@given(st.text(), st.text())
def test_comparing_takes_any_text(one: str, other: str) -> None:
    assert crypto.equals(one, one)
    assert crypto.equals(one, other) == (one == other)


@given(st.text(), st.text())
def test_the_first_difference_is_where_two_texts_part(one: str, other: str) -> None:
    index = crypto.first_difference(one, other)

    if index is None:
        assert one == other
    else:
        assert one[:index] == other[:index]
        assert one[index : index + 1] != other[index : index + 1]
