"""Payments of all providers in one neutral shape, and the buyer's decisions about them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any, Literal

from pydantic import Field

from simulator.engine import journal
from simulator.engine.facets import REASONS
from simulator.engine.provider import Provider
from simulator.engine.resource import PHASES, Resource
from simulator.engine.runtime import Runtime
from simulator.engine.settings import OneOf
from simulator.engine.store.resources import LONGEST_NAME
from simulator.engine.uow import UnitOfWork
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import iso_millis
from simulator.kernel.money import Money
from simulator.kernel.refusals import IllegalTransition, NotFound
from simulator.surface.control import checks, finding
from simulator.surface.control.errors import ControlError, invalid
from simulator.surface.control.finding import listed, loaded
from simulator.surface.control.operation import Body, ControlCall, NoBody, Query
from simulator.surface.control.paging import ListQuery, Sought, none_such, page_so_far, place_of
from simulator.wallet import alipay, buyers
from simulator.wallet.order import Order
from simulator.wallet.pages.result import return_target


class PaymentsQuery(ListQuery):
    provider: Sought | None = None
    phase: Annotated[str, OneOf(PHASES)] | None = None
    reference: Sought | None = None
    q: Annotated[str, Field(max_length=LONGEST_NAME)] | None = None
    """A part of an id or of a reference, an amount, or a buyer."""
    since: Annotated[str, Field(max_length=64)] | None = None
    """An instant: only what was made since."""
    failing: bool | None = None
    """Only those with a webhook that was refused or given up."""


class LatestQuery(Query):
    provider: Sought | None = None
    reference: Sought | None = None


class PayBody(Body):
    buyer: str | None = None
    method: Literal["balance", "card"] | None = None


class ReasonBody(Body):
    reason: str | None = None
    code: str | None = None


class DeclineBody(ReasonBody):
    reason: Annotated[str, OneOf(REASONS)] | None = None


# What is shown -------------------------------------------------------------------------------------------------


def money(value: Money) -> dict[str, Any]:
    return {"value": value.value, "currency": value.currency}


def payment_view(uow: UnitOfWork, provider: Provider, resource: Resource, base_url: str) -> dict[str, Any]:
    summary = finding.summary_of(uow, provider, resource)
    order = uow.find(Order, summary.order) if summary.order else None
    expires_at = summary.expires_at or (order.expires_at if order is not None and not order.is_final else None)
    return {
        "id": resource.id,
        "provider": provider.name,
        "kind": summary.kind,
        "reference": summary.reference,
        "amount": money(summary.amount),
        "refunded": money(summary.refunded),
        "phase": summary.phase,
        "status": summary.status,
        "decided_by": summary.decided_by or (order.decided_by if order is not None else None),
        "wallet": None
        if order is None
        else {
            "code": order.id,
            "url": f"{base_url}/w/{order.id}",
            "state": order.state,
            "qr": f"{base_url}/w/{order.id}/qr.png",
        },
        "created_at": iso_millis(resource.created_at),
        "updated_at": iso_millis(max(resource.updated_at, order.updated_at) if order else resource.updated_at),
        "expires_at": iso_millis(expires_at) if expires_at else None,
        **({"preface": resource.preface} if resource.preface else {}),
        **({"payments": [one.id for one in provider.payments_of(uow, resource)]} if summary.payment else {}),
    }


def payment_views(
    runtime: Runtime, workspace: Workspace, rows: Sequence[Sequence[Any]], base_url: str
) -> list[dict[str, Any]]:
    """Rows of the store as they are shown; those of a provider that is not installed are left out."""
    uow = runtime.open(workspace)
    return [payment_view(uow, provider, resource, base_url) for provider, resource in loaded(runtime, uow, rows)]


def newest(runtime: Runtime, workspace: Workspace, limit: int, q: str | None = None) -> list[dict[str, Any]]:
    """The newest payments, newest first; `q` is a part of an id or of a reference."""
    return payment_views(runtime, workspace, listed(runtime, workspace, q=q, limit=limit).rows, runtime.base_url)


async def list_payments(call: ControlCall[NoBody, PaymentsQuery]) -> dict[str, Any]:
    """Newest first."""
    query, workspace = call.query, call.workspace
    found = listed(
        call.runtime,
        workspace,
        provider=call.known_provider(query.provider),
        phase=query.phase,
        reference=query.reference,
        q=query.q,
        since=None if query.since is None else checks.instant(query.since, "since"),
        failing=bool(query.failing),
        before=place_of(call),
        limit=query.limit,
    )
    return page_so_far(call, payment_views(call.runtime, workspace, found.rows, call.base_url), found.older)


async def get_payment(call: ControlCall) -> dict[str, Any]:
    """With its timeline."""
    return shown(call)


async def latest_payment(call: ControlCall[NoBody, LatestQuery]) -> dict[str, Any]:
    """The newest, with its timeline. Raises 404 when there is none, or none among so many of the newest as a page of the list looks
    at."""
    query, workspace = call.query, call.workspace
    sought = call.known_provider(query.provider)
    page = listed(call.runtime, workspace, provider=sought, reference=query.reference, limit=1)
    if not page.rows or page.rows[0][1] not in call.runtime.providers:
        raise none_such("payment", workspace, None if page.older is None else finding.WINDOW)
    _, name, kind, id_, _ = page.rows[0]
    provider, uow = call.runtime.providers[name], call.runtime.open(workspace)
    return _with_timeline(call, uow, provider, uow.get(provider.kinds[kind], id_))


def shown(call: ControlCall[Any, Any]) -> dict[str, Any]:
    uow = call.runtime.open(call.workspace)
    provider, resource = found(call, call.workspace, uow)
    return _with_timeline(call, uow, provider, resource)


def _with_timeline(
    call: ControlCall[Any, Any], uow: UnitOfWork, provider: Provider, resource: Resource
) -> dict[str, Any]:
    view = payment_view(uow, provider, resource, call.base_url)
    if view["wallet"] is not None:
        view["wallet"]["return_url"] = return_target(call.runtime, uow, uow.get(Order, view["wallet"]["code"]))
    view["timeline"] = journal.timeline(finding.story(uow, provider, call.runtime, resource))
    return view


def found(call: ControlCall[Any, Any], workspace: Workspace, uow: UnitOfWork) -> tuple[Provider, Resource]:
    provider, id_ = call.provider, call.path["id"]
    row = call.runtime.store.payment(workspace.id, provider.name, id_)
    if row is None:
        message = f"{provider.title} has no payment {id_!r} in workspace {workspace.name}"
        if (dropped := call.runtime.store.dropped().get(workspace.id)) is not None and dropped.payments:
            count = f"{dropped.payments:,} payment{'s' * (dropped.payments > 1)}"
            message += f"; it may be among the {count} that were dropped there (setting simulator.keep)"
        raise ControlError(404, "not_found", message, field="id")
    return provider, uow.adopt(provider.kinds[row[0]], row[1])


# What is decided -----------------------------------------------------------------------------------------------


async def pay(call: ControlCall[PayBody]) -> dict[str, Any]:
    """The buyer presses Confirm; scenarios, test amounts and their account may still refuse."""
    buyer, method = call.body.buyer or buyers.default(call.workspace), call.body.method
    return _decided(call, lambda uow, order: alipay.confirm(uow, order, buyer, method=method))


async def decline(call: ControlCall[DeclineBody]) -> dict[str, Any]:
    """`code` is the provider's own, where it has several for one reason."""
    reason, code = call.body.reason or "declined", call.body.code
    return _decided(call, lambda uow, order: alipay.decline(uow, order, reason, decided_by="console", code=code))


async def cancel(call: ControlCall[ReasonBody]) -> dict[str, Any]:
    """The buyer cancels."""
    return _decided(call, lambda uow, order: alipay.cancel(uow, order, decided_by="console"))


async def expire(call: ControlCall[ReasonBody]) -> dict[str, Any]:
    """The order's time is over, now."""
    return _decided(call, lambda uow, order: alipay.expire(uow, order, decided_by="console"))


def _decided(call: ControlCall[Any, Any], decide: Callable[[UnitOfWork, Order], Any]) -> dict[str, Any]:
    """Raises 409 when nothing is left to decide. A payment that has no order yet, or whose order is over, gets one."""
    workspace = call.workspace
    try:
        with call.runtime.unit(workspace, provider=call.path["provider"], topic="control") as uow:
            provider, resource = found(call, workspace, uow)
            summary = provider.summarise(resource)
            assert summary is not None
            order_code = summary.order
            if order_code is None or alipay.order_of(uow, order_code).is_final:
                order_code = provider.open_order(uow, resource) or order_code
            if order_code is None:
                message = f"the payment is {summary.status}; there is nothing for a buyer to decide"
                raise ControlError(409, "illegal_move", message)
            decide(uow, alipay.order_of(uow, order_code))
    except IllegalTransition as error:
        message = f"{error.trigger} is not possible: the order is {error.state}"
        raise ControlError(409, "illegal_move", message, allowed=error.allowed) from error
    except NotFound as error:
        raise invalid(f"there is no {error.kind} {error.id!r}", error.path) from error
    return shown(call)
