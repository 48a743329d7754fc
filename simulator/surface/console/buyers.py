"""The test buyers: all of them, and one with what can be changed and what was paid."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from starlette.responses import Response

from simulator.surface.console.frame import PAGE, Console
from simulator.surface.control import buyers as neutral
from simulator.surface.control.errors import ControlError
from simulator.wallet import buyers


async def buyers_page(console: Console) -> Response:
    """The eight in their order, then those that were added, fifty a page; `?after=` is the slug behind which it begins."""
    uow = console.runtime.open(console.workspace)
    given = console.query.get("after")
    after = given if given and buyers.find(uow, given) is not None else None
    found = buyers.page(uow, after, PAGE + 1)
    return console.render(
        "console/buyers.html",
        "console_buyers",
        place="buyers",
        buyers=[_card(console, uow, buyer) for buyer in found[:PAGE]],
        more=found[PAGE - 1].id if len(found) > PAGE else None,
        is_first=after is None,
        money=money,
    )


def _card(console: Console, uow: Any, buyer: buyers.Buyer) -> Mapping[str, Any]:
    is_default = buyer.id == buyers.default(console.workspace)
    return {**neutral.buyer_view(uow, buyer), "initials": buyer.initials, "is_default": is_default}


async def buyer_page(console: Console) -> Response:
    """One buyer, with the newest fifty lines of the ledger."""
    uow, slug = console.runtime.open(console.workspace), console.request.path_params["slug"]
    found = buyers.find(uow, slug)
    if found is None:
        text = console.texts()("buyers_missing", slug=slug, workspace=console.workspace.name)
        raise ControlError(404, "not_found", text)
    view = _card(console, uow, found)
    lines = view["ledger"][-PAGE:][::-1]
    return console.render(
        "console/buyer.html",
        found.name_en,
        place="buyers",
        buyer=view,
        ledger=[{**line, "kind": line["what"].replace(" ", "_")} for line in lines],
        money=money,
    )


def money(fen: int) -> str:
    """`¥ 1,234.50`, with the minus sign in front."""
    return f"{'−' if fen < 0 else ''}¥\u00a0{abs(fen) / 100:,.2f}"
