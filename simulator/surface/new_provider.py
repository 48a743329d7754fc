"""Writes the skeleton of a new provider into a checkout: a copy of `surface/skeleton` under another name."""

from __future__ import annotations

import re
from collections.abc import Iterator
from keyword import iskeyword
from pathlib import Path

import simulator
from simulator import providers
from simulator.engine import facts, settings
from simulator.engine.contradictions import RESERVED
from simulator.surface import naming

SKELETON = Path(__file__).parent / "skeleton"
REGISTRY = Path("simulator/providers/__init__.py")
COUNTS = Path("docs/fidelity.md")
"""Counts what is only inferred at each provider: `python -m register` writes its table anew, and this the new row."""
NAME = re.compile(r"[a-z][a-z0-9_]{1,29}")
TITLE = re.compile(r"[A-Z][A-Za-z0-9]*(?:[ .][A-Za-z0-9]+)*")
SKELETONS = "newpay"
"""The skeleton's own name, by which what is written is found."""
MODULES = (
    "states.py", "model.py", "wire.py", "handlers.py", "endpoints.py", "errors.py", "keys.py", "auth.py", "signing.py",
    "webhooks.py", "receiver.py", "settings.py", "shop.py", "demo.py", "facts.toml", "texts/en.json", "texts/zh.json",
    "provider.py", "__init__.py",
)  # fmt: skip
"""In the order in which they are best read."""
SCENARIO = "scenario.yaml"
"""Its test amounts, which lie in `scenarios/`."""

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


async def test_a_test_amount_is_declined() -> None:
    async with Sim(providers=[PROVIDER]) as sim:
        shop = Merchant(sim, PROVIDER)
        id_ = await shop.waiting(amount=40000)

        await sim.act("newpay", id_, "pay")

        assert await shop.status(id_) == "failed"
'''

_PAGE = """# Newpay

What the simulator imitates, what proves it, where it differs from the live service, and what is inferred. Replace this by what
you know, each fact with its source.

## Settings

<!-- settings:newpay -->
{settings}
<!-- /settings -->

## What is inferred

<!-- facts:newpay -->
{facts}
<!-- /facts -->
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
    """A piece of the skeleton under another name. Name and title may hold the skeleton's own: nothing is replaced twice."""
    camel = re.sub(r"[^A-Za-z0-9]", "", title)
    others = {
        "simulator.surface.skeleton": f"simulator.providers.{name}",
        "NewpaySettings": f"{camel}Settings",
        "Newpay-Signature": f"{camel}-Signature",
        "newpay-signature": f"{camel}-Signature".lower(),
        '"monogram": "NE"': f'"monogram": "{camel[:2].upper()}"',
        "Newpay": title,
        "newpay": name,
    }
    return re.sub("|".join(map(re.escape, others)), lambda found: others[found[0]], text)


def files(name: str, title: str) -> Iterator[tuple[Path, str]]:
    """What is written: paths below the checkout, and their contents."""
    from simulator.surface.skeleton import PROVIDER

    for source in (*MODULES, "README.md"):
        text = (SKELETON / source).read_text("utf-8")
        yield Path("simulator/providers") / name / source, renamed(text, name, title)
    yield Path("scenarios") / f"{name}.yaml", renamed((SKELETON / SCENARIO).read_text("utf-8"), name, title)
    page = _PAGE.format(settings=settings.table(PROVIDER.settings), facts=facts.table(PROVIDER.facts))
    yield Path("docs/providers") / f"{name}.md", renamed(page, name, title)
    yield Path("tests/providers") / name / "__init__.py", ""
    yield Path("tests/providers") / name / "calls.py", renamed(_CALLS, name, title)
    yield Path("tests/providers") / name / "test_main_path.py", renamed(_TEST, name, title)


def counted(page: str, title: str) -> str:
    """The page that counts, with a row for the skeleton's register under this title."""
    from simulator.surface.skeleton import PROVIDER

    found = re.search(r"(?<=^\| All \| ).*(?= \|\n<!-- /counts -->$)", page, re.MULTILINE)
    assert found is not None, f"{COUNTS} has no row for all"
    more = [0, *PROVIDER.facts.counted().values()]
    total = [int(number) + one for number, one in zip(found[0].split(" | "), more, strict=True)]
    rows = ((title, more), ("All", total))
    written = "\n".join(f"| {head} | {' | '.join(map(str, numbers))} |" for head, numbers in rows)
    return page[: found.start() - len("| All | ")] + written + page[found.end() + len(" |") :]


def _check_words(root: Path, name: str, title: str) -> None:
    """Raises `NotPossible` where the checkout's own test would take words for a provider's that are somebody else's."""
    for other in providers.built_in():
        called = naming.words(other.name, other.title)
        if called.search(title) and not called.search(name):
            raise NotPossible(f"{title!r} names {other.title}, which is there: give it another title")
    if found := naming.named(root, name, title):
        more = f" and {len(found) - 1} more" if len(found) > 1 else ""
        raise NotPossible(
            f"{name!r} or {title!r} stands in {found[0]}{more}, and no file but a provider's own may name it: "
            f'give both a word more, say {name}_payments --title "{title} Payments"'
        )


def write(root: Path, name: str, title: str) -> list[Path]:
    """Writes the files, adds the name to `BUILT_IN` and a row to the counts. Returns their paths.

    Raises `NotPossible`; nothing is written then.
    """
    if NAME.fullmatch(name) is None or name in RESERVED or name == SKELETONS:
        taken = ", ".join(sorted({*RESERVED, SKELETONS}))
        raise NotPossible(f"{name!r} is no name: small letters, digits and underscores, and not {taken}")
    if iskeyword(name) or (hasattr(providers, name) and name not in providers.BUILT_IN):
        raise NotPossible(f"{name!r} is no name: a word of Python's own, or taken in simulator/providers")
    if TITLE.fullmatch(title) is None:
        raise NotPossible(f"{title!r} is no title: words of letters and digits, the first with a capital")
    registry = (root / REGISTRY).read_text("utf-8")
    built_in = re.search(r"^BUILT_IN = \((.*?)\)$", registry, re.MULTILINE | re.DOTALL)
    assert built_in is not None, f"{REGISTRY} has no BUILT_IN"
    new = [*files(name, title)]
    there = [path for path in (path for path, _ in new) if (root / path).exists()]
    if f'"{name}"' in built_in[1] or there:
        raise NotPossible(f"there is a provider {name!r} already" + (f": {there[0]}" if there else ""))
    _check_words(root, name, title)
    for path, text in new:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, "utf-8")
    words = f'{built_in[1].rstrip().rstrip(",")}, "{name}"'
    changed = registry[: built_in.start(1)] + words + registry[built_in.end(1) :]
    (root / REGISTRY).write_text(changed, "utf-8")
    counts = (root / COUNTS).read_text("utf-8")
    (root / COUNTS).write_text(counted(counts, title), "utf-8")
    return [path for path, _ in new]


def chapter() -> str:
    """The whole skeleton as it stands in docs/adding-a-provider.md, file by file."""
    parts = []
    for source in (*MODULES, SCENARIO):
        text = renamed((SKELETON / source).read_text("utf-8"), "newpay", "Newpay")
        path = "scenarios/newpay.yaml" if source == SCENARIO else f"simulator/providers/newpay/{source}"
        language = {".py": "python"}.get(Path(source).suffix, Path(source).suffix[1:])
        parts.append(f"`{path}`\n\n```{language}\n{text.rstrip()}\n```\n")
    return "\n".join(parts)
