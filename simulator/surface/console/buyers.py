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
    """The eight in their order, then those that were added, fifty a page (`?page=`)."""
    uow = console.runtime.open(console.workspace)
    every, number = buyers.every(uow), _page(console.query.get("page", ""))
    return console.render(
        "console/buyers.html",
        "console_buyers",
        place="buyers",
        buyers=[_card(console, uow, buyer) for buyer in every[number * PAGE :][:PAGE]],
        more=number + 2 if len(every) > (number + 1) * PAGE else None,
        is_first=number == 0,
        money=money,
    )


def _page(given: str) -> int:
    return max(0, int(given) - 1) if given.isascii() and given.isdecimal() and len(given) < 9 else 0


def _card(console: Console, uow: Any, buyer: buyers.Buyer) -> Mapping[str, Any]:
    is_default = buyer.id == buyers.default(console.workspace)
    return {**neutral.buyer_view(uow, buyer), "initials": buyer.initials, "is_default": is_default}


async def buyer_page(console: Console) -> Response:
    """One buyer, with the newest fifty lines of the ledger."""
    uow, slug = console.runtime.open(console.workspace), console.request.path_params["slug"]
    found = next((buyer for buyer in buyers.every(uow) if buyer.id == slug), None)
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
