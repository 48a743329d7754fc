"""Writes the skeleton of a new provider into a checkout: a copy of `surface/skeleton` under another name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import simulator
from simulator.engine import settings
from simulator.engine.provider import RESERVED

SKELETON = Path(__file__).parent / "skeleton"
REGISTRY = Path("simulator/providers/__init__.py")
NAME = re.compile(r"[a-z][a-z0-9_]{1,29}")
TITLE = re.compile(r"[A-Z][A-Za-z0-9]*(?:[ .][A-Za-z0-9]+)*")
MODULES = (
    "states", "model", "wire", "handlers", "endpoints", "errors", "auth", "signing", "webhooks", "receiver",
    "settings", "shop", "demo", "__init__",
)  # fmt: skip
"""In the order in which they are best read."""

_TEST = '''"""One purchase at Newpay, from the request to the refund."""

from __future__ import annotations

from merchant import Merchant
from support import Sim

from simulator.providers.newpay import PROVIDER


async def test_a_purchase_is_paid_and_refunded() -> None:
    async with Sim(providers=[PROVIDER]) as sim:
        await sim.receive_webhooks("newpay")
        shop = Merchant(sim, PROVIDER)
        id_ = await shop.paid()

        await shop.refund(id_, 1000)
        await sim.settle()

        assert await shop.status(id_) == "refunded"
        assert [hook.body["type"] for hook in sim.hooks] == ["payment.paid", "payment.refunded"]
        assert all(hook.verdict("newpay").valid for hook in sim.hooks)
'''

_PAGE = """# Newpay

What the simulator imitates, what proves it, where it differs from the live service, and what is inferred. Replace this by what
you know, each fact with its source.

## Settings

<!-- settings:newpay -->
{table}
<!-- /settings -->
"""


_CALLS = '''"""A receiver of Newpay's webhooks of its own: it takes what was signed within five minutes of its arrival."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Mapping
from datetime import datetime

from support import Sim

TOLERANCE_S = 300


def accepts(sim: Sim, headers: Mapping[str, str], body: bytes, arrived: datetime) -> bool:
    parts = dict(part.partition("=")[::2] for part in headers["newpay-signature"].split(","))
    signed, secret = parts["t"].encode() + b"." + body, sim.credentials("newpay")["webhook_secret"]
    mine = hmac.new(secret.encode(), signed, hashlib.sha256).hexdigest()
    return hmac.compare_digest(mine, parts["v1"]) and abs(arrived.timestamp() - int(parts["t"])) <= TOLERANCE_S
'''


class NotPossible(ValueError):
    """The skeleton cannot be written; the message says why."""


def checkout() -> Path:
    """The checkout from which this package runs. Raises `NotPossible` where it is an installed wheel."""
    root = Path(simulator.__file__).parent.parent
    if not (root / "pyproject.toml").exists() or not (root / REGISTRY).exists():
        raise NotPossible("this is an installed package: run it from a checkout of the simulator")
    return root


def renamed(text: str, name: str, title: str) -> str:
    """A piece of the skeleton under another name."""
    camel = re.sub(r"[^A-Za-z0-9]", "", title)
    for old, new in (
        ("simulator.surface.skeleton", f"simulator.providers.{name}"),
        ("NewpaySettings", f"{camel}Settings"),
        ("Newpay-Signature", f"{camel}-Signature"),
        ("newpay-signature", f"{camel}-Signature".lower()),
        ('monogram="NE"', f'monogram="{camel[:2].upper()}"'),
        ("Newpay", title),
        ("newpay", name),
    ):
        text = text.replace(old, new)
    return text


def files(name: str, title: str) -> Iterator[tuple[Path, str]]:
    """What is written: paths below the checkout, and their contents."""
    from simulator.surface.skeleton import PROVIDER

    for source in (*(f"{module}.py" for module in MODULES), "README.md"):
        text = (SKELETON / source).read_text("utf-8")
        yield Path("simulator/providers") / name / source, renamed(text, name, title)
    yield (
        Path("docs/providers") / f"{name}.md",
        renamed(_PAGE.format(table=settings.table(PROVIDER.settings)), name, title),
    )
    yield Path("tests/providers") / name / "__init__.py", ""
    yield Path("tests/providers") / name / "calls.py", renamed(_CALLS, name, title)
    yield Path("tests/providers") / name / "test_main_path.py", renamed(_TEST, name, title)


def write(root: Path, name: str, title: str) -> list[Path]:
    """Writes the files and adds the name to `BUILT_IN`. Returns their paths. Raises `NotPossible`; nothing is written then."""
    if NAME.fullmatch(name) is None or name in RESERVED:
        reserved = ", ".join(sorted(RESERVED))
        raise NotPossible(f"{name!r} is no name: small letters, digits and underscores, and not {reserved}")
    if TITLE.fullmatch(title) is None:
        raise NotPossible(f"{title!r} is no title: words of letters and digits, the first with a capital")
    registry = (root / REGISTRY).read_text("utf-8")
    built_in = re.search(r"^BUILT_IN = \((.*?)\)$", registry, re.MULTILINE | re.DOTALL)
    assert built_in is not None, f"{REGISTRY} has no BUILT_IN"
    new = [*files(name, title)]
    there = [path for path in (path for path, _ in new) if (root / path).exists()]
    if f'"{name}"' in built_in[1] or there:
        raise NotPossible(f"there is a provider {name!r} already" + (f": {there[0]}" if there else ""))
    for path, text in new:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
    words = f'{built_in[1].rstrip().rstrip(",")}, "{name}"'
    changed = registry[: built_in.start(1)] + words + registry[built_in.end(1) :]
    (root / REGISTRY).write_text(changed, "utf-8")
    return [path for path, _ in new]


def chapter() -> str:
    """The whole skeleton as it stands in docs/adding-a-provider.md, module by module."""
    parts = []
    for module in MODULES:
        text = renamed((SKELETON / f"{module}.py").read_text("utf-8"), "newpay", "Newpay")
        parts.append(f"`simulator/providers/newpay/{module}.py`\n\n```python\n{text.rstrip()}\n```\n")
    return "\n".join(parts)
