"""Names that mean a secret with every provider, and those that only look so."""

from __future__ import annotations

import re
from collections.abc import Iterable

COMMON_MEMBERS: tuple[str, ...] = (
    "secret", "secrets", "secret_value", "password", "passwords", "passwd", "passphrase", "passcode", "pwd", "pass", "token",
    "tokens", "jwt", "password_confirmation", "password_confirm", "password_repeat", "db_pass", "user_pass", "smtp_pass",
    "api_key", "api_keys", "secret_key", "private_key", "private_key_pem", "signing_key", "access_key", "auth_key",
    "encryption_key", "shared_key", "hmac_key", "aes_key", "authorization", "credential", "credentials", "cryptogram",
    "pin", "otp", "otp_code", "cvv", "cvv2", "cvc", "cvc2", "cvn", "csc", "cav2", "cvv_code", "cvc_code", "cvv_number",
    "cvc_number", "security_code", "verification_code", "verification_value",
)  # fmt: skip
"""They are known however they are written (`clientSecret`, `CLIENT-SECRET`), also as the end of a longer name (`client_secret`,
`access_token`, `webhook_password`), and with a number behind them: `password2`."""

WHOLE_NAMES = frozenset({"pin", "otp", "pwd", "pass", "jwt", "csc", "cvn"})
"""These count only as the whole name: others end in the same letters."""

HARMLESS_MEMBERS = ("nexttoken", "pagetoken", "continuationtoken", "maxtokens")
"""So end names of what says where a list goes on, or how much there may be."""

COMMON_HEADERS: tuple[str, ...] = ("authorization", "proxy_authorization", "authentication", "x_auth")
HARMLESS_KEYS = (
    "idempotencykey", "idempotencekey", "idempotentkey", "websocketkey", "publickey", "publishablekey", "cachekey",
    "surrogatekey", "sortkey", "partitionkey", "routingkey", "deduplicationkey",
)  # fmt: skip
"""So end headers that are called keys and open nothing. Every other that ends in `key` is taken for a secret."""

COOKIE_HEADERS = frozenset({"cookie", "set-cookie"})

CALM_HEADERS = frozenset({"content-type", "content-length", "host", "connection", "accept-encoding", "cache-control"})
"""Headers that are shown as they are: nobody writes a secret there, although their values often look like `name=value`."""

DIGITS = "0123456789"

NAME_LIMIT = 60
"""Characters of a name that are looked at."""

TAIL = 4
"""Letters at the end of a name by which it is looked for first."""

_WORDS = re.compile(r"[A-Z]?[a-z0-9]+|[A-Z]+")


def stems(names: Iterable[str]) -> tuple[bytes, ...]:
    """One of these stands in every one of the names, in small letters, however it is written: looking for them is cheap."""
    found = set[str]()
    for name in sorted(names, key=len):
        if not any(stem in name.lower() for stem in found):
            found.update(_stem(name))
    return tuple(s.encode() for s in sorted(found) if not any(other != s and other in s for other in found))


def backwards(names: Iterable[str]) -> tuple[re.Pattern[bytes], re.Pattern[bytes], re.Pattern[bytes]]:
    """Finds names that end as these do in JSON that is read from its end: behind a name there is always a colon, of which there
    are few, and that is much cheaper than to look for each name. The second one finds the ends of parameters, by their `=`.

    The third one passes over nearly every member at once that the first does not find either; what it finds may be none."""
    spelled = {name.lower().replace("_", between) for name in names for between in ("_", "-", "")}
    tails = {name[: -TAIL - 1 : -1] for name in spelled}
    by_letter: dict[str, list[str]] = {}
    for tail in sorted(tail for tail in tails if not any(other != tail and tail.startswith(other) for other in tails)):
        by_letter.setdefault(tail[0], []).append(re.escape(tail[1:]))
    choices = "|".join(f"{letter}(?:{'|'.join(rests)})" for letter, rests in by_letter.items())
    number = "(?:[0-9]+[_-]?)?"
    member = rf""":\s*["']\]?({number}(?:{choices})[a-z0-9_\-]{{0,{NAME_LIMIT - TAIL}}})"""
    parameter = rf"=\]?{number}({choices})"
    likely = rf""":\s*["'](?:{choices}|[\]0-9][0-9]*[_-]?(?:{choices}))"""
    return re.compile(member.encode()), re.compile(parameter.encode()), re.compile(likely.encode())


def _stem(name: str) -> tuple[str, ...]:
    """The word of a name that others have least: of keys it is the last, as `api_key` may be written `apikey`."""
    if name == "pin":  # which stands in `shipping` too
        return ('pin"', "pin'", "pin=", "pin:", "pin<", "pin>", "pin]", "pin\\", "pin%", "pin1", "pin2")
    words = [word.lower() for word in _WORDS.findall(name)]
    return ("key",) if words[-1] in ("key", "keys") else (max(words, key=len),)
