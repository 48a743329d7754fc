"""Quick start: the four steps to a paid payment and a seen webhook at one provider, and what to try next."""

from __future__ import annotations

import json
import shlex
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from simulator.engine.samples import LANGUAGES, FirstSteps, Sample, coloured
from simulator.engine.shop import Account, Shop
from simulator.kernel.clock import time_of_day
from simulator.kernel.values import dataclass
from simulator.surface.console.frame import Console
from simulator.surface.control import finding, payments, requests, webhooks
from simulator.surface.control.errors import ControlError
from simulator.surface.control.why import why
from simulator.wallet.pages import is_only_here

LOOKED_AT = 100
"""So many of the newest calls and webhooks are asked whether they are this provider's."""
SHOWN = 3
"""Reasons and remedies of a refused call; its own page has all."""


@dataclass(frozen=True)
class Refused:
    """The newest call, which was refused."""

    id: str
    status: int
    because: Sequence[str]
    next: Sequence[str]


@dataclass(frozen=True)
class Ending:
    """A payment that ends another way, as the right column offers it."""

    amount: str
    word: str


async def start_page(console: Console) -> Response:
    """What was done already is ticked off, whoever did it."""
    runtime, workspace = console.runtime, console.workspace
    shops = {name: provider for name, provider in runtime.providers.items() if provider.shop is not None}
    name = console.request.path_params.get("provider") or next(iter(shops))
    if name not in shops:
        raise ControlError(404, "not_found", console.texts()("start_missing", provider=name))
    provider = shops[name]
    shop, steps = provider.shop, provider.first_steps
    assert shop is not None
    account = Account(workspace.credentials[name], console.base_url, time_of_day())
    runtime.write_late()
    rows = finding.listed(runtime, workspace, provider=name, limit=1).rows
    newest = payments.payment_views(runtime, workspace, rows, console.base_url)
    samples, chosen = _samples(steps), console.query.get("in")
    sample = next((one for one in samples if one.language == chosen), samples[0] if samples else None)
    text = sample.filled(account, shop.sample.return_url) if sample is not None else as_curl(shop, account)
    refund = shop.refund(account, "…", shop.sample.amount)
    return console.render(
        "console/start.html",
        "console_start",
        place="start",
        provider=provider,
        providers=list(shops.values()),
        credentials=_lines(account.credentials),
        steps=steps,
        languages=[(one.language, one.title) for one in samples] or [("curl", LANGUAGES["curl"][0])],
        language=sample.language if sample is not None else "curl",
        sample=text,
        parts=list(coloured(text)),
        refused=None if newest else _refused(console, name),
        newest=newest[0] if newest else None,
        heard=_heard(console, name),
        endpoint=workspace.account_endpoint(name).url,
        event=provider.webhooks.events[0],
        decline=_decline(steps),
        refund=f"{refund.method} {refund.path}",
        expires_after=shop.course.expires_after,
        only_here=is_only_here(console.base_url),
    )


def _samples(steps: FirstSteps | None) -> Sequence[Sample]:
    return () if steps is None else steps.samples


def as_curl(shop: Shop, account: Account) -> str:
    """The first call of a provider that has no samples of its own."""
    request = shop.sign(account, shop.create(account, shop.sample))
    lines = [f"curl -X {request.method} {shlex.quote(account.base_url + request.path)}"]
    lines += [f"-H {shlex.quote(f'{name}: {value}')}" for name, value in request.headers.items()]
    if request.body:
        lines.append(f"-d {shlex.quote(request.body.decode())}")
    return " \\\n  ".join(lines)


def _lines(credentials: Mapping[str, Any]) -> list[tuple[str, str]]:
    given = {name: value for name, value in credentials.items() if value not in (None, "", [])}
    return [(name, value if isinstance(value, str) else json.dumps(value)) for name, value in given.items()]


def _decline(steps: FirstSteps | None) -> Ending | None:
    if steps is None or steps.decline is None:
        return None
    amount, word = steps.decline
    return Ending(amount.format(), word)


def _refused(console: Console, provider: str) -> Refused | None:
    """The newest call to this provider, if it was refused: why, and what would help."""
    rows = console.runtime.store.requests(
        console.workspace.id, provider=None, status=None, path=None, before=None, limit=LOOKED_AT
    )
    newest = next((requests.request_view(row) for row in rows if row[2] == provider), None)
    if newest is None or newest["status"] < 400:
        return None
    told = why(console.runtime, console.workspace, newest["id"], console.base_url)
    return Refused(newest["id"], newest["status"], told.because[:SHOWN], told.next[:SHOWN])


def _heard(console: Console, provider: str) -> Mapping[str, Any] | None:
    """The newest webhook of this provider that was tried, with its last answer."""
    rows, _ = console.runtime.store.page_of_messages(console.workspace.id, limit=LOOKED_AT)
    tried = next((row for row in rows if row.provider == provider and row.attempts), None)
    return None if tried is None else webhooks.delivery_views(console.runtime, [tried])[0]
