"""What counts as a received webhook and when to try one again, as data."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Literal

from simulator.kernel.values import dataclass, value_type

_CHARSET = re.compile(r"""charset\s*=\s*["']?([\w.:-]+)""", re.IGNORECASE)
_SURROGATES = re.compile("[\ud800-\udfff]")


@value_type
class Receipt:
    """What the merchant's server answered to a webhook. Header names are lower case; of a long body it is the beginning."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        """The body in the character set that it names, or in UTF-8; what cannot be read is shown as U+FFFD.

        Python knows more than character sets by such names: of those some cannot replace anything, and some make halves of
        surrogate pairs, which nobody can write down.
        """
        named = _CHARSET.search(self.headers.get("content-type", ""))
        try:
            read = self.body.decode(named[1] if named else "utf-8", "replace")
        except (LookupError, ValueError):
            read = self.body.decode("utf-8", "replace")
        return _SURROGATES.sub("\ufffd", read)


def any_2xx(receipt: Receipt) -> bool:
    return 200 <= receipt.status < 300


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """`delays[n-1]` is the pause after the n-th failed attempt; when they are used up the message has failed.
    A pause of nothing tries again at once.

    `acknowledges` says whether an answer counts as received. With the `queue` of a payment, its messages to one address
    leave in order, and a retry holds nothing back. With that of an endpoint, all messages to one address leave in order,
    and one that is to be tried again holds back all behind it until it is received or has failed.
    """

    delays: tuple[timedelta, ...]
    timeout_s: float = 10.0
    acknowledges: Callable[[Receipt], bool] = any_2xx
    queue: Literal["payment", "endpoint"] = "payment"

    @property
    def attempts(self) -> int:
        return len(self.delays) + 1

    def pause_after(self, attempt: int) -> timedelta | None:
        """The pause after failed attempt number `attempt` (from 1), None when it was the last."""
        return self.delays[attempt - 1] if attempt <= len(self.delays) else None


def doubling(first_s: float, attempts: int) -> tuple[timedelta, ...]:
    """Pauses that double each time: `doubling(15, 15)` is 15 s, 30 s, … 14 pauses for 15 attempts."""
    return tuple(timedelta(seconds=first_s * 2**n) for n in range(attempts - 1))
