"""A merchant at Checkout.com after the payment: reports are listed and fetched as a client would."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import httpx
from support import Sim

from providers.checkoutcom.driver import Merchant

Row = dict[str, str]
BY_PAYOUT, BY_DATE = "FinancialActionsByPayoutId", "FinancialActions"


async def listed(cko: Merchant, query: str = "") -> list[dict[str, Any]]:
    """Newest first."""
    data: list[dict[str, Any]] = (await cko.get(f"/reports{query}")).raise_for_status().json()["data"]
    return data


async def fetched(cko: Merchant, report: dict[str, Any]) -> httpx.Response:
    """The file, without the key at the second step."""
    redirect = await cko.get(f"/reports/{report['id']}/files/{report['files'][0]['id']}")
    assert (redirect.status_code, redirect.content) == (302, b"")
    return (await cko.sim.http.get(redirect.headers["location"])).raise_for_status()


async def files(cko: Merchant, type_: str = BY_PAYOUT) -> list[bytes]:
    """Of all reports of a type, oldest first."""
    found = [report for report in await listed(cko) if report["type"] == type_]
    return [(await fetched(cko, report)).content for report in reversed(found)]


def read(raw: bytes) -> list[Row]:
    return list(csv.DictReader(io.StringIO(raw.decode(), newline="")))


def held(rows: Sequence[Row]) -> Decimal:
    return sum((Decimal(row["Holding Currency Amount"]) for row in rows), Decimal(0))


async def payouts(sim: Sim) -> list[dict[str, Any]]:
    """Oldest first."""
    answer = await sim.http.get(f"{sim.path}/payouts?provider=checkoutcom&limit=500")
    data: list[dict[str, Any]] = answer.raise_for_status().json()["data"]
    return data[::-1]
