"""Balances. Source: docs/providers/checkoutcom.md, source 3.16."""

from __future__ import annotations

from pydantic import StrictStr

from simulator.providers.checkoutcom.wire.fields import Model


class BalancesQuery(Model):
    """GET /balances/{id}. What is in `query` is looked at by the handler: a form that is not understood is 400, not 422."""

    query: StrictStr | None = None
