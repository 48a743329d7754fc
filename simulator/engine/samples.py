"""What a newcomer is shown of a provider: its first call in several languages, as its folder has it, and what is different here.

A sample is a file of the provider's folder `samples/` with `{{member}}` where a credential or an address belongs. Each value
is written as its language writes it inside quotes. Pages colour strings and the names of members, nothing more.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from simulator.engine.shop import Account
from simulator.kernel.money import Money
from simulator.kernel.values import dataclass

_STRING = re.compile(r""""[^"]*"|'[^']*'|`[^`]*`""")
_MEMBER = re.compile(r"\{\{(\w+)\}\}")


def coloured(text: str) -> Iterator[tuple[str, str]]:
    """Parts of a sample with their kind: `key` (a string before a colon), `string`, or nothing."""
    at = 0
    for found in _STRING.finditer(text):
        if found.start() > at:
            yield "", text[at : found.start()]
        at = found.end()
        yield "key" if text[at:].startswith(":") else "string", found[0]
    if at < len(text):
        yield "", text[at:]


def _in_double_quotes(text: str) -> str:
    return json.dumps(text, ensure_ascii=False)[1:-1]


LANGUAGES: Mapping[str, tuple[str, Callable[[str], str]]] = {
    "curl": ("cURL", lambda text: text.replace("'", "'\\''")),
    "python": ("Python", _in_double_quotes),
    "node": ("Node", _in_double_quotes),
    "php": ("PHP", lambda text: text.replace("\\", "\\\\").replace("'", "\\'")),
}
"""Name to what people call it, and how it writes a text: cURL and PHP within single quotes, the others within double ones."""


@dataclass(frozen=True)
class Sample:
    """A provider's first call in one language."""

    language: str
    """One of `LANGUAGES`."""
    pattern: str

    @property
    def title(self) -> str:
        return LANGUAGES[self.language][0]

    def filled(self, account: Account, return_url: str) -> str:
        """Ready to be pasted and run. Raises `ValueError` for a member that there is not."""
        values, written = _values(account, return_url), LANGUAGES[self.language][1]

        def value(found: re.Match[str]) -> str:
            if found[1] not in values:
                raise ValueError(f"a sample in {self.title} has {found[0]}: there are {', '.join(values)}")
            return written(values[found[1]])

        return _MEMBER.sub(value, self.pattern)


def _values(account: Account, return_url: str) -> dict[str, str]:
    """The credentials by their names, of several values the first; `url`, its `scheme`, `host` and `port`, and `return_url`."""
    where = urlsplit(account.base_url)
    port = where.port or (443 if where.scheme == "https" else 80)
    own = {
        name: value[0] if isinstance(value, list) and value else value for name, value in account.credentials.items()
    }
    address: dict[str, Any] = {
        "url": account.base_url,
        "scheme": where.scheme,
        "host": where.hostname or "",
        "port": port,
        "return_url": return_url,
    }
    return {name: str(value) for name, value in {**own, **address}.items()}


@cache
def samples_of(folder: Path) -> tuple[Sample, ...]:
    """The samples of a provider's folder, in the order of `LANGUAGES`. Read when first asked for."""
    files = {name: folder / "samples" / f"{name}.txt" for name in LANGUAGES}
    return tuple(Sample(name, file.read_text("utf-8").rstrip()) for name, file in files.items() if file.exists())


@dataclass(frozen=True, kw_only=True)
class FirstSteps:
    """A provider's page of the quick start, beside what its `Shop` says. Texts are keys of the catalogue."""

    folder: Path
    """The provider's: its `samples/` are shown."""
    call: str
    """What the first call does: "Create a charge"."""
    link: str
    """Where the merchant finds the buyer's link: `authenticationMethods[0].details.requestUrl`."""
    link_by_webhook: bool = False
    """Whether the webhook says it, and the answer does not."""
    decline: tuple[Money, str] | None = None
    """A test amount that is declined, and the provider's own word for it."""
    differs: tuple[tuple[str, str], ...] = ()
    """What is different from the real thing, each with its source: a number of the provider's page of the documentation."""

    @property
    def samples(self) -> tuple[Sample, ...]:
        return samples_of(self.folder)
