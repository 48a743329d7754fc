"""Small programs that compute a signature from real values, in the languages that people paste into.

Each prints `right` or `wrong` and the signature that it made, and needs nothing but its language.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from string import Formatter
from typing import Literal

Algorithm = Literal["sha1", "sha256", "sha384", "sha512"]
Encoding = Literal["hex", "base64"]
Key = Literal["text", "hexadecimal"]
"""What of the secret is the key: its characters, or the bytes that they write."""
KEYS: Mapping[Key, Callable[[str], bytes]] = {"text": str.encode, "hexadecimal": bytes.fromhex}
"""The key of a secret. Raises `ValueError` where it writes none."""
LANGUAGES = ("python", "node", "php", "openssl")


def with_hmac(
    values: Mapping[str, str],
    base: Mapping[str, str],
    *,
    algorithm: Algorithm,
    encoding: Encoding,
    key_is: Key = "text",
    in_shell: Mapping[str, str] | None = None,
    imports: Iterable[str] = (),
) -> dict[str, str]:
    """Programs that begin with `values` as variables, `secret` and `received` among them.

    `base` says by language with which statements the variable `base`, the text that is signed, is made of them: see `written`.
    `in_shell` are values that are written otherwise in a shell; `imports` are further modules of Python that `base` needs.
    """
    in_hex = encoding == "hex"
    modules = ", ".join(sorted({"hashlib", "hmac", *imports} | (set() if in_hex else {"base64"})))
    python, node, php, shell = _KEYS[key_is]
    raw = f"hash_hmac('{algorithm}', $base, {php}"
    return _programs(
        values,
        base,
        f"import {modules}",
        f"made = hmac.new({python}, base.encode(), hashlib.{algorithm})\n"
        + ("mine = made.hexdigest()" if in_hex else "mine = base64.b64encode(made.digest()).decode()"),
        f'const mine = crypto.createHmac("{algorithm}", {node}).update(base).digest("{encoding}");',
        f"$mine = {raw});" if in_hex else f"$mine = base64_encode({raw}, true));",
        f"openssl dgst -{algorithm} {shell}" + _ENDS[encoding],
        in_shell,
    )


def with_hash(values: Mapping[str, str], base: Mapping[str, str], *, algorithm: Literal["sha256"]) -> dict[str, str]:
    """As `with_hmac`, for a plain hash in hexadecimal of a text that holds the secret itself."""
    return _programs(
        values,
        base,
        "import hashlib, hmac",
        f"mine = hashlib.{algorithm}(base.encode()).hexdigest()",
        f'const mine = crypto.createHash("{algorithm}").update(base).digest("hex");',
        f"$mine = hash('{algorithm}', $base);",
        f"openssl dgst -{algorithm}" + _ENDS["hex"],
    )


def written(form: str) -> dict[str, str]:
    """The base string in the words of `with_hmac`'s `base`, after a form that has these values by name: `{t}:{body}`."""
    parts = list(parts_of(form))
    shell = "".join(_IN_QUOTES.sub(r"\\\g<0>", text) if name is None else f"${{{name}}}" for text, name in parts)
    return {
        "python": "base = " + " + ".join(name or json.dumps(text, ensure_ascii=False) for text, name in parts),
        "node": "const base = " + " + ".join(name or _node_text(text) for text, name in parts) + ";",
        "php": "$base = " + " . ".join(f"${name}" if name else _php_text(text) for text, name in parts) + ";",
        "openssl": 'base="' + re.sub(r"\$\{(\w+)\}(?!\w)", r"$\1", shell) + '"',
    }


def joined(*names: str) -> dict[str, str]:
    """The base string as these values, with dots between them."""
    return written(".".join(f"{{{name}}}" for name in names))


def parts_of(form: str) -> Iterator[tuple[str, str | None]]:
    """What stands after each other in a form: a text, or the name of a value beside it."""
    for text, name, _, _ in Formatter().parse(form):
        if text:
            yield text, None
        if name is not None:
            yield "", name


_IN_QUOTES = re.compile(r'["$`\\]')
"""What a shell would read between double quotes."""


_KEYS = {
    "text": ("secret.encode()", "secret", "$secret", '-hmac "$secret"'),
    "hexadecimal": (
        "bytes.fromhex(secret)",
        'Buffer.from(secret, "hex")',
        "hex2bin($secret)",
        '-mac HMAC -macopt hexkey:"$secret"',
    ),
}
"""How each language writes the key."""
_ENDS = {"hex": " | sed 's/^.*= //'", "base64": " -binary | openssl base64 -A"}


def _programs(
    values: Mapping[str, str],
    base: Mapping[str, str],
    imports: str,
    python: str,
    node: str,
    php: str,
    shell: str,
    in_shell: Mapping[str, str] | None = None,
) -> dict[str, str]:
    parts = {
        "python": (
            imports,
            "\n".join(f"{name} = {value!r}" for name, value in values.items()),
            base["python"],
            python + '\nprint("right" if hmac.compare_digest(mine, received) else "wrong", mine)',
        ),
        "node": (
            'const crypto = require("node:crypto");',
            "\n".join(f"const {name} = {_node_text(value)};" for name, value in values.items()),
            base["node"],
            node + '\nconsole.log(mine === received ? "right" : "wrong", mine);',
        ),
        "php": (
            "<?php",
            "\n".join(f"${name} = {_php_text(value)};" for name, value in values.items()),
            base["php"],
            php + "\necho hash_equals($mine, $received) ? 'right ' : 'wrong ', $mine, PHP_EOL;",
        ),
        "openssl": (
            "\n".join(
                f"{name}={shlex.quote(value)}" for name, value in (values if in_shell is None else in_shell).items()
            ),
            base["openssl"],
            f"mine=$(printf '%s' \"$base\" | {shell})\n"
            + '[ "$mine" = "$received" ] && echo "right $mine" || echo "wrong $mine"',
        ),
    }
    return {language: "\n\n".join(part for part in said if part) + "\n" for language, said in parts.items()}


def _node_text(text: str) -> str:
    return json.dumps(text, ensure_ascii=False).replace("\u2028", "\\u2028").replace("\u2029", "\\u2029")


def _php_text(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"
