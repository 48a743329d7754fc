"""What is shown instead of a secret."""

from __future__ import annotations

import re

SHORT, LONG = 8, 40

_SHOWABLE = re.compile(r"[\w.\-+/=]{4}", re.ASCII)


def hidden(secret: str) -> str:
    """`***`; of more than `SHORT` characters with the last four, of more than `LONG` with six stars."""
    if len(secret) <= SHORT:
        return "***"
    return f"{'***' if len(secret) <= LONG else '******'}{secret[-4:]}"


def hidden_within(secret: bytes) -> bytes:
    """`hidden` for a secret within a text. The last four characters are shown only where they stand for themselves in JSON, a form
    or an address."""
    shown = secret.decode("utf-8", "replace")
    if not _SHOWABLE.fullmatch(shown[-4:]):
        return b"***" if len(shown) <= LONG else b"******"
    return hidden(shown).encode()


def cookies(value: str) -> str:
    """A header of cookies: the name of each stays."""
    pairs = (part.partition("=") for part in value.split(";"))
    return ";".join(f"{name}{equals}{hidden(secret)}" if equals else name for name, equals, secret in pairs)
