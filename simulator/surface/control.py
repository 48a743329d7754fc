"""The control API under `/_sim`: what tests, the console, the command line and the Python client steer a simulator with.

A contract: see docs/control-api.md. Every answer is JSON; errors are `{"error": {"code", "message", "field"?, "allowed"?}}`.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal, TypeVar

import orjson
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, field_validator
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from simulator import __version__
from simulator.engine import journal
from simulator.engine.provider import Provider
from simulator.engine.resource import PHASES, Resource, load
from simulator.engine.runtime import Runtime, WorkspaceError
from simulator.engine.scenarios import ScenarioError, parse
from simulator.engine.store import OutboxRow
from simulator.engine.uow import UnitOfWork
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import Clock, from_micros, iso_millis, parse_duration, parse_instant
from simulator.kernel.money import Money
from simulator.kernel.refusals import IllegalTransition, NotFound
from simulator.surface import inbox, openapi
from simulator.surface.settings import Settings
from simulator.wallet import alipay, buyers
from simulator.wallet.order import Order

M = TypeVar("M", bound=BaseModel)

MAX_LIMIT = 500
BODY_LIMIT = 1_000_000


class ControlError(Exception):
    def __init__(self, status: int, code: str, message: str, **more: Any) -> None:
        super().__init__(message)
        self.status = status
        self.body = {"error": {"code": code, "message": message, **more}}


# Bodies --------------------------------------------------------------------------------------------------------


class _Body(BaseModel):
    model_config = ConfigDict(extra="forbid", defer_build=True)


class ClockBody(_Body):
    mode: Literal["real", "frozen"] = "real"
    now: str | None = None


class WebhookBody(_Body):
    url: str
    secret: str | None = None
    events: list[str] | None = None
    key_id: str | None = None


class WorkspaceBody(_Body):
    name: str | None = Field(None, min_length=1, max_length=100, pattern=r"^[A-Za-z0-9][A-Za-z0-9._:\[\]-]*$")
    seed: str | int | None = None
    clock: ClockBody | None = None
    credentials: dict[str, dict[str, Any]] = Field(default_factory=dict)
    webhooks: dict[str, WebhookBody | None] = Field(default_factory=dict)
    settings: dict[str, dict[str, Any]] = Field(default_factory=dict)


class PayBody(_Body):
    buyer: str = buyers.DEFAULT
    method: Literal["balance", "card"] | None = None


class ReasonBody(_Body):
    reason: str | None = None
    code: str | None = None


class AdvanceBody(_Body):
    by: str | None = None
    to: str | None = None
    next: bool = False


class FreezeBody(_Body):
    at: str | None = None


class ScenarioBody(_Body):
    name: str | None = None
    rules: list[dict[str, Any]] | None = None
    scope: dict[str, Any] | None = None


def _fen(value: Any) -> Any:
    """An amount as buyers are read, `{"value", "currency": "CNY"}`, or its fen alone."""
    if not isinstance(value, dict):
        return value
    if set(value) != {"value", "currency"} or value["currency"] != "CNY":
        raise ValueError('an amount is {"value": fen, "currency": "CNY"}')
    return value["value"]


Fen = Annotated[int, BeforeValidator(_fen), Field(ge=0, le=10**15)]


class CardBody(_Body):
    last4: str = Field(pattern=r"^[0-9]{4}$")
    limit: Fen


class SignInBody(_Body):
    password: str = Field(min_length=1, max_length=64)


BuyerName = Annotated[str, Field(min_length=1, max_length=64, pattern=r"^[^\x00-\x1f\x7f]*\S[^\x00-\x1f\x7f]*$")]
SLUG = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
"""It stands in addresses, cookies and `decided_by`."""


class BuyerBody(_Body):
    """Members of a buyer; amounts in fen, alone or as money in CNY. Unknown slugs make a new buyer."""

    name_en: BuyerName | None = None
    name_zh: BuyerName | None = None
    balance: Fen | None = None
    card: CardBody | None = None
    daily_limit: Fen | None = None
    daily_used: Fen | None = None
    per_payment_limit: Fen | None = None
    blocked: bool | None = None
    sign_in: SignInBody | None = None
    payment_code: str | None = Field(None, pattern=r"^[0-9]{6}$")
    delay_s: int | None = Field(None, ge=0, le=366 * 24 * 3600)
    walks_away: bool | None = None
    refusal: Literal["final", "retry"] | None = None
    language: Literal["en", "zh"] | None = None

    @field_validator(
        "name_en",
        "name_zh",
        "balance",
        "daily_used",
        "blocked",
        "delay_s",
        "walks_away",
        "refusal",
        "language",
        mode="before",
    )
    @classmethod
    def _not_null(cls, value: Any) -> Any:
        """What every buyer has cannot be taken away; a member that is left out stays as it is."""
        if value is None:
            raise ValueError("must not be null")
        return value


# Views ---------------------------------------------------------------------------------------------------------


def money(value: Money) -> dict[str, Any]:
    return {"value": value.value, "currency": value.currency}


def clock_view(clock: Clock) -> dict[str, Any]:
    return {"now": iso_millis(clock.now()), "mode": clock.mode, "offset_s": clock.offset.total_seconds()}


def workspace_view(runtime: Runtime, workspace: Workspace, base_url: str) -> dict[str, Any]:
    return {
        "id": workspace.public_id,
        "name": workspace.name,
        "base_url": base_url,
        "created_at": iso_millis(workspace.created_at),
        "seed": workspace.seed,
        "clock": clock_view(workspace.clock),
        "credentials": workspace.credentials,
        "webhooks": {name: workspace.webhooks.get(name) for name in runtime.providers},
        "settings": workspace.settings,
    }


def payment_view(
    runtime: Runtime, uow: UnitOfWork, provider: Provider, resource: Resource, base_url: str
) -> dict[str, Any]:
    summary = provider.summarise(resource)
    assert summary is not None
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
    }


def payments_page(
    runtime: Runtime,
    workspace: Workspace,
    *,
    limit: int,
    provider: str | None = None,
    phase: str | None = None,
    reference: str | None = None,
    q: str | None = None,
    before: int | None = None,
    base_url: str | None = None,
) -> list[dict[str, Any]]:
    """Newest first. Each carries its `_seq` only through `payments_rows`."""
    rows = runtime.store.payments(
        workspace.id, provider=provider, phase=phase, reference=reference, q=q, before=before, limit=limit
    )
    return [view for _, view in _payment_views(runtime, workspace, rows, base_url or runtime.base_url)]


def _payment_views(
    runtime: Runtime, workspace: Workspace, rows: Sequence[Sequence[Any]], base_url: str
) -> list[tuple[int, dict[str, Any]]]:
    uow = runtime.open(workspace)
    views = []
    for seq, provider_name, kind, _, body in rows:
        provider = runtime.providers.get(provider_name)
        if provider is not None:
            resource = load(provider.kinds[kind], bytes(body))
            views.append((int(seq), payment_view(runtime, uow, provider, resource, base_url)))
    return views


def delivery_views(runtime: Runtime, rows: Sequence[OutboxRow]) -> list[dict[str, Any]]:
    tries: dict[int, list[dict[str, Any]]] = {}
    headers: dict[int, dict[str, str]] = {}
    for message, n, at, status, duration_ms, error, sent, answer in runtime.store.attempts([row.seq for row in rows]):
        tries.setdefault(message, []).append(
            {
                "n": n,
                "at": iso_millis(from_micros(at)),
                "status": status,
                "duration_ms": round(duration_ms),
                "error": error,
                "response_body": answer,
            }
        )
        headers[message] = orjson.loads(sent)
    return [
        {
            "id": row.id,
            "provider": row.provider,
            "event": row.event,
            "resource_id": row.subject,
            "url": row.url,
            "state": row.state,
            "body": bytes(row.body).decode("utf-8", "replace"),
            "headers": headers.get(row.seq, {}),
            "created_at": iso_millis(from_micros(row.created)),
            "next_attempt_at": iso_millis(from_micros(row.due)) if row.due is not None else None,
            "attempts": tries.get(row.seq, []),
        }
        for row in rows
    ]


def buyer_view(uow: UnitOfWork, buyer: buyers.Buyer) -> dict[str, Any]:
    return {
        "slug": buyer.id,
        "name_en": buyer.name_en,
        "name_zh": buyer.name_zh,
        "balance": {"value": buyer.balance, "currency": "CNY"},
        "card": {"last4": buyer.card.last4, "limit": buyer.card.limit} if buyer.card else None,
        "daily_limit": buyer.daily_limit,
        "daily_used": buyers.used_today(uow, buyer),
        "per_payment_limit": buyer.per_payment_limit,
        "blocked": buyer.blocked,
        "sign_in": {"password": buyer.password} if buyer.password else None,
        "payment_code": buyer.payment_code,
        "delay_s": buyer.delay_s,
        "walks_away": buyer.walks_away,
        "refusal": buyer.refusal,
        "language": buyer.language,
        "ledger": [
            {
                "at": iso_millis(parse_instant(at)),
                "what": what,
                "order": order,
                "amount": {"value": fen, "currency": "CNY"},
            }
            for at, what, order, fen in buyer.ledger
        ],
    }


# Helpers -------------------------------------------------------------------------------------------------------


def workspace_of(runtime: Runtime, request: Request) -> Workspace:
    wanted = request.path_params.get("ws", "default")
    workspace = runtime.find_workspace(wanted)
    if workspace is None:
        raise ControlError(404, "not_found", f"there is no workspace {wanted!r}", field="ws")
    return workspace


def answer(body: Any, status: int = 200) -> Response:
    return Response(orjson.dumps(body), status, media_type="application/json")


async def _body(request: Request, model: type[M]) -> M:
    raw = b""
    async for chunk in request.stream():
        raw += chunk
        if len(raw) > BODY_LIMIT:
            raise ControlError(413, "body_too_large", f"the body is larger than {BODY_LIMIT} bytes")
    try:
        data = orjson.loads(raw) if raw.strip() else {}
    except orjson.JSONDecodeError as error:
        raise ControlError(400, "malformed_json", str(error)) from error
    try:
        return model.model_validate(data)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        field = ".".join(str(part) for part in first["loc"])
        more: dict[str, Any] = {"allowed": sorted(model.model_fields)} if first["type"] == "extra_forbidden" else {}
        raise ControlError(422, "invalid", f"{field or 'body'}: {first['msg']}", field=field, **more) from error


def _limit(request: Request) -> int:
    raw = request.query_params.get("limit", "50")
    if not raw.isdigit() or not 1 <= int(raw) <= MAX_LIMIT:
        raise ControlError(422, "invalid", f"limit: must be a number from 1 to {MAX_LIMIT}", field="limit")
    return int(raw)


def _cursor(request: Request) -> int | None:
    raw = request.query_params.get("cursor")
    if raw is None:
        return None
    try:
        return int(base64.urlsafe_b64decode(raw + "=="))
    except ValueError as error:
        raise ControlError(422, "invalid", "cursor: is not one of ours", field="cursor") from error


def _next(seq: int) -> str:
    return base64.urlsafe_b64encode(str(seq).encode()).decode().rstrip("=")


def _one_of(value: str | None, allowed: Sequence[str], field: str) -> str | None:
    if value is not None and value not in allowed:
        message = f"{field}: {value!r} is not one of {', '.join(allowed)}"
        raise ControlError(422, "invalid", message, field=field, allowed=list(allowed))
    return value


def base_url(runtime: Runtime, request: Request) -> str:
    return runtime.public_url or f"{request.url.scheme}://{request.url.netloc}"


# The API -------------------------------------------------------------------------------------------------------


class Control:
    """One method for each call of the contract."""

    def __init__(self, runtime: Runtime, settings: Settings) -> None:
        self.runtime = runtime
        self.settings = settings

    def table(self) -> list[tuple[str, str, Callable[[Request], Awaitable[Response]]]]:
        """Method, path, call: the contract as a table."""
        ws, payment = "/_sim/workspaces/{ws}", "/_sim/workspaces/{ws}/payments/{provider}/{id:path}"
        return [
            ("GET", "/_sim/health", self.health),
            ("POST", "/_sim/workspaces", self.create_workspace),
            ("GET", "/_sim/workspaces", self.list_workspaces),
            ("GET", ws, self.get_workspace),
            ("DELETE", ws, self.delete_workspace),
            ("POST", f"{ws}/reset", self.reset),
            ("PUT", f"{ws}/webhooks/{{provider}}", self.put_webhook),
            ("DELETE", f"{ws}/webhooks/{{provider}}", self.delete_webhook),
            ("PUT", f"{ws}/settings/{{provider}}", self.put_settings),
            ("GET", f"{ws}/payments", self.list_payments),
            ("POST", f"{payment}/pay", self.pay),
            ("POST", f"{payment}/decline", self.decline),
            ("POST", f"{payment}/cancel", self.cancel),
            ("POST", f"{payment}/expire", self.expire),
            ("GET", payment, self.get_payment),
            ("GET", f"{ws}/clock", self.get_clock),
            ("POST", f"{ws}/clock/advance", self.advance),
            ("POST", f"{ws}/clock/freeze", self.freeze),
            ("POST", f"{ws}/clock/resume", self.resume),
            ("GET", f"{ws}/timers", self.timers),
            ("GET", f"{ws}/webhooks", self.list_webhooks),
            ("GET", f"{ws}/webhooks/{{id}}", self.get_webhook),
            ("POST", f"{ws}/webhooks/{{id}}/resend", self.resend),
            ("POST", f"{ws}/settle", self.settle),
            ("GET", f"{ws}/requests", self.list_requests),
            ("PUT", f"{ws}/scenario", self.put_scenario),
            ("GET", f"{ws}/scenario", self.get_scenario),
            ("DELETE", f"{ws}/scenario", self.delete_scenario),
            ("GET", "/_sim/scenarios", self.list_scenarios),
            ("GET", f"{ws}/buyers", self.list_buyers),
            ("PUT", f"{ws}/buyers/{{slug}}", self.put_buyer),
            ("GET", f"{ws}/inbox/{{name}}", self.read_inbox),
            ("GET", "/_sim/openapi/{name}.json", self.openapi),
        ]

    def workspace(self, request: Request) -> Workspace:
        return workspace_of(self.runtime, request)

    def provider(self, name: str) -> Provider:
        if name not in self.runtime.providers:
            allowed = sorted(self.runtime.providers)
            raise ControlError(404, "not_found", f"there is no provider {name!r}", field="provider", allowed=allowed)
        return self.runtime.providers[name]

    async def health(self, request: Request) -> Response:
        self.runtime.store.meta("page_secret")
        body = {"status": "ok", "version": __version__, "providers": list(self.runtime.providers)}
        return answer({**body, "store": self.runtime.store.dialect})

    # Workspaces

    async def create_workspace(self, request: Request) -> Response:
        body = await _body(request, WorkspaceBody)
        for member in ("credentials", "webhooks", "settings"):
            for name in getattr(body, member):
                if name not in self.runtime.providers and not (member == "settings" and name == "simulator"):
                    allowed = sorted(self.runtime.providers)
                    message = f"{member}.{name}: there is no such provider"
                    raise ControlError(422, "invalid", message, field=f"{member}.{name}", allowed=allowed)
        _check_credentials(self.runtime, body.credentials)
        clock = Clock()
        if body.clock is not None:
            at = _instant(body.clock.now, "clock.now") if body.clock.now else None
            if body.clock.mode == "frozen":
                clock = Clock.beginning(at, frozen=True)
            elif at is not None:
                clock = Clock.beginning(at)
        webhooks = {name: hook.model_dump(exclude_none=True) for name, hook in body.webhooks.items() if hook}
        for name, hook in webhooks.items():
            _check_url(hook["url"], f"webhooks.{name}.url")
        try:
            workspace = self.runtime.create_workspace(
                name=body.name,
                seed=None if body.seed is None else str(body.seed),
                clock=clock,
                credentials=body.credentials,
                webhooks=webhooks,
                settings=body.settings,
            )
        except WorkspaceError as error:
            raise ControlError(409, "conflict", str(error), field=error.field) from error
        except (TypeError, ValueError) as error:
            raise ControlError(422, "invalid", f"credentials: {error}", field="credentials") from error
        return answer(workspace_view(self.runtime, workspace, base_url(self.runtime, request)), 201)

    async def list_workspaces(self, request: Request) -> Response:
        url, limit, after = base_url(self.runtime, request), _limit(request), _cursor(request) or 0
        found = [w for w in self.runtime.workspaces() if w.id > after]
        views = [workspace_view(self.runtime, w, url) for w in found[:limit]]
        return answer({"data": views, "next": _next(found[limit - 1].id) if len(found) > limit else None})

    async def get_workspace(self, request: Request) -> Response:
        workspace = self.workspace(request)
        return answer(workspace_view(self.runtime, workspace, base_url(self.runtime, request)))

    async def delete_workspace(self, request: Request) -> Response:
        workspace = self.workspace(request)
        if workspace.name == "default":
            raise ControlError(409, "conflict", "workspace default always exists; reset it instead", field="ws")
        await self.runtime.delete_workspace(workspace)
        return Response(status_code=204)

    async def reset(self, request: Request) -> Response:
        workspace = await self.runtime.reset(self.workspace(request))
        return answer(workspace_view(self.runtime, workspace, base_url(self.runtime, request)))

    async def put_webhook(self, request: Request) -> Response:
        workspace, provider = self.workspace(request), self.provider(request.path_params["provider"])
        body = await _body(request, WebhookBody)
        _check_url(body.url, "url")
        notice = await self._verify_endpoint(workspace, provider, body.url)
        if notice is not None and self.runtime.strict:
            raise ControlError(422, "endpoint_not_verified", notice, field="url")
        hook = body.model_dump(exclude_none=True)
        if notice is not None:
            hook["verified"] = False
        workspace = self.runtime.change_workspace(workspace, webhooks={**workspace.webhooks, provider.name: hook})
        reply = answer(workspace_view(self.runtime, workspace, base_url(self.runtime, request)))
        if notice is not None:
            reply.headers["simulator-notice"] = notice
        return reply

    async def _verify_endpoint(self, workspace: Workspace, provider: Provider, url: str) -> str | None:
        """What the provider would have objected to, if it verifies endpoints before it saves them."""
        challenge = provider.webhooks.verify_endpoint(workspace, url)
        if challenge is None:
            return None
        expected = challenge.pop("expect")
        try:
            response = await self.runtime.dispatcher.fetch(url, challenge, timeout_s=5.0)
        except Exception as error:  # whatever went wrong at the merchant's endpoint is the answer
            return f"{provider.title} would refuse this endpoint: it did not answer ({type(error).__name__})"
        if response.status_code != 200 or response.text != expected:
            return f"{provider.title} would refuse this endpoint: it must answer 200 with the verification value"
        return None

    async def delete_webhook(self, request: Request) -> Response:
        workspace, provider = self.workspace(request), self.provider(request.path_params["provider"])
        self.runtime.change_workspace(workspace, webhooks={**workspace.webhooks, provider.name: None})
        return Response(status_code=204)

    async def put_settings(self, request: Request) -> Response:
        """Options of one provider (see its README) or of the simulator itself (`retry_factor`)."""
        workspace, name = self.workspace(request), request.path_params["provider"]
        if name != "simulator":
            self.provider(name)
        raw = await request.body()
        try:
            values = orjson.loads(raw or b"{}")
        except orjson.JSONDecodeError as error:
            raise ControlError(400, "malformed_json", str(error)) from error
        if not isinstance(values, dict):
            raise ControlError(422, "invalid", "settings: must be an object", field="")
        settings = {**workspace.settings, name: values}
        workspace = self.runtime.change_workspace(workspace, settings=settings)
        return answer(workspace_view(self.runtime, workspace, base_url(self.runtime, request)))

    # Payments

    async def list_payments(self, request: Request) -> Response:
        workspace, query, limit = self.workspace(request), request.query_params, _limit(request)
        rows = self.runtime.store.payments(
            workspace.id,
            provider=_one_of(query.get("provider"), sorted(self.runtime.providers), "provider"),
            phase=_one_of(query.get("phase"), PHASES, "phase"),
            reference=query.get("reference"),
            q=query.get("q"),
            before=_cursor(request),
            limit=limit + 1,
        )
        views = _payment_views(self.runtime, workspace, rows[:limit], base_url(self.runtime, request))
        following = _next(views[-1][0]) if len(rows) > limit and views else None
        return answer({"data": [view for _, view in views], "next": following})

    def _payment(self, workspace: Workspace, request: Request, uow: UnitOfWork) -> tuple[Provider, Resource]:
        provider, id_ = self.provider(request.path_params["provider"]), request.path_params["id"]
        row = self.runtime.store.payment(workspace.id, provider.name, id_)
        if row is None:
            message = f"{provider.title} has no payment {id_!r} in workspace {workspace.name}"
            raise ControlError(404, "not_found", message, field="id")
        return provider, uow.get(provider.kinds[row[0]], id_)

    def _payment_answer(self, request: Request, workspace: Workspace) -> Response:
        uow = self.runtime.open(workspace)
        provider, resource = self._payment(workspace, request, uow)
        view = payment_view(self.runtime, uow, provider, resource, base_url(self.runtime, request))
        self.runtime.write_notes()
        view["timeline"] = journal.timeline(self.runtime.store, workspace.id, resource.subject)
        return answer(view)

    async def get_payment(self, request: Request) -> Response:
        return self._payment_answer(request, self.workspace(request))

    async def pay(self, request: Request) -> Response:
        body = await _body(request, PayBody)
        return self._act(request, lambda uow, order: alipay.confirm(uow, order, body.buyer, method=body.method))

    async def decline(self, request: Request) -> Response:
        body = await _body(request, ReasonBody)
        reason = _one_of(body.reason, alipay.REASONS, "reason") or "declined"
        return self._act(
            request, lambda uow, order: alipay.decline(uow, order, reason, decided_by="console", code=body.code)
        )

    async def cancel(self, request: Request) -> Response:
        await _body(request, ReasonBody)
        return self._act(request, lambda uow, order: alipay.cancel(uow, order, decided_by="console"))

    async def expire(self, request: Request) -> Response:
        await _body(request, ReasonBody)
        return self._act(request, lambda uow, order: alipay.expire(uow, order, decided_by="console"))

    def _act(self, request: Request, act: Callable[[UnitOfWork, Order], Any]) -> Response:
        workspace = self.workspace(request)
        try:
            with self.runtime.unit(workspace, provider=request.path_params["provider"], kind="control") as uow:
                provider, resource = self._payment(workspace, request, uow)
                summary = provider.summarise(resource)
                assert summary is not None
                code = summary.order
                if code is None or alipay.order_of(uow, code).is_final:
                    code = provider.open_order(uow, resource) or code
                if code is None:
                    message = f"the payment is {summary.status}; there is nothing for a buyer to decide"
                    raise ControlError(409, "illegal_move", message)
                act(uow, alipay.order_of(uow, code))
        except IllegalTransition as error:
            message = f"{error.trigger} is not possible: the order is {error.state}"
            raise ControlError(409, "illegal_move", message, allowed=error.allowed) from error
        except NotFound as error:
            raise ControlError(422, "invalid", f"there is no {error.kind} {error.id!r}", field=error.path) from error
        return self._payment_answer(request, self.runtime.workspace(workspace.id))

    # Time

    async def get_clock(self, request: Request) -> Response:
        return answer(clock_view(self.workspace(request).clock))

    async def advance(self, request: Request) -> Response:
        workspace, body = self.workspace(request), await _body(request, AdvanceBody)
        if sum((body.by is not None, body.to is not None, body.next)) != 1:
            message = "give exactly one of by, to and next"
            raise ControlError(422, "invalid", message, allowed=["by", "to", "next"])
        now = workspace.clock.now()
        if body.by is not None:
            try:
                to = now + parse_duration(body.by)
            except (ValueError, OverflowError) as error:
                raise ControlError(422, "invalid", f"by: {error}", field="by") from error
        elif body.to is not None:
            to = _instant(body.to, "to")
        else:
            raw = self.runtime.store.next_due(workspace.id)
            to = now if raw is None else max(now, from_micros(raw))
        try:
            fired = await self.runtime.advance(workspace, to)
        except WorkspaceError as error:
            raise ControlError(422, "invalid", str(error), field=error.field) from error
        clock = self.runtime.workspace(workspace.id).clock
        return answer({"now": iso_millis(to if clock.mode == "real" else clock.now()), "fired": fired})

    async def freeze(self, request: Request) -> Response:
        workspace, body = self.workspace(request), await _body(request, FreezeBody)
        at = _instant(body.at, "at") if body.at else None
        if at is not None and at < workspace.clock.now() - timedelta(seconds=1):
            raise ControlError(422, "invalid", "at: the clock never runs backwards", field="at")
        changed = self.runtime.change_workspace(workspace, clock=workspace.clock.frozen(at))
        return answer(clock_view(changed.clock))

    async def resume(self, request: Request) -> Response:
        workspace = self.workspace(request)
        clock = workspace.clock.resumed() if workspace.clock.mode == "frozen" else workspace.clock
        return answer(clock_view(self.runtime.change_workspace(workspace, clock=clock).clock))

    async def timers(self, request: Request) -> Response:
        workspace, limit = self.workspace(request), _limit(request)
        entries: list[tuple[int, dict[str, Any]]] = [
            (row.due, {"kind": row.trigger, "provider": row.provider, "resource_id": row.id, "resource": row.kind})
            for row in self.runtime.store.timers(workspace.id, limit=limit)
        ]
        entries += [
            (
                row.due or 0,
                {
                    "kind": "webhook",
                    "provider": row.provider,
                    "resource_id": row.subject,
                    "event": row.event,
                    "attempt": row.attempts + 1,
                },
            )
            for row in self.runtime.store.pending_messages(workspace.id, limit)
        ]
        entries.sort(key=lambda entry: entry[0])
        data = [{"at": iso_millis(from_micros(due)), **view} for due, view in entries[:limit]]
        return answer({"data": data, "next": None})

    async def settle(self, request: Request) -> Response:
        workspace = self.workspace(request)
        before = self.runtime.store.message_counts(workspace.id)
        await self.runtime.settle(workspace)
        after = self.runtime.store.message_counts(workspace.id)
        counted = {state: after.get(state, 0) - before.get(state, 0) for state in ("delivered", "failed")}
        return answer({**counted, "pending": after.get("pending", 0)})

    # Webhooks and requests

    async def list_webhooks(self, request: Request) -> Response:
        workspace, query, limit = self.workspace(request), request.query_params, _limit(request)
        states = ("pending", "delivered", "failed", "kept")
        rows = self.runtime.store.messages(
            workspace.id,
            provider=_one_of(query.get("provider"), sorted(self.runtime.providers), "provider"),
            event=query.get("event"),
            subject=query.get("resource_id"),
            state=_one_of(query.get("state"), states, "state"),
            after=_cursor(request),
            limit=limit + 1,
        )
        following = _next(rows[limit - 1].seq) if len(rows) > limit else None
        return answer({"data": delivery_views(self.runtime, rows[:limit]), "next": following})

    def _message(self, workspace: Workspace, request: Request) -> OutboxRow:
        row = self.runtime.store.message(workspace.id, request.path_params["id"])
        if row is None:
            message = f"there is no webhook {request.path_params['id']!r}"
            raise ControlError(404, "not_found", message, field="id")
        return row

    async def get_webhook(self, request: Request) -> Response:
        return answer(delivery_views(self.runtime, [self._message(self.workspace(request), request)])[0])

    async def resend(self, request: Request) -> Response:
        workspace = self.workspace(request)
        row = self._message(workspace, request)
        if row.url is None:
            account = workspace.webhooks.get(row.provider) or {}
            if not account.get("url"):
                raise ControlError(409, "no_url", f"no webhook URL is configured for {row.provider}")
            self.runtime.store.set_message_url(row.seq, account["url"])
        await self.runtime.dispatcher.attempt(workspace.id, row, manual=True)
        return answer(delivery_views(self.runtime, [self._message(workspace, request)])[0])

    async def list_requests(self, request: Request) -> Response:
        workspace, query, limit = self.workspace(request), request.query_params, _limit(request)
        status = query.get("status")
        if status is not None and not status.isdigit():
            raise ControlError(422, "invalid", "status: must be a number", field="status")
        self.runtime.write_notes()
        rows = self.runtime.store.requests(
            workspace.id,
            provider=query.get("provider"),
            status=int(status) if status else None,
            path=query.get("path"),
            before=_cursor(request),
            limit=limit + 1,
        )
        following = _next(rows[limit - 1][0]) if len(rows) > limit else None
        return answer({"data": [request_view(row) for row in rows[:limit]], "next": following})

    # Scenarios and buyers

    async def put_scenario(self, request: Request) -> Response:
        workspace, body = self.workspace(request), await _body(request, ScenarioBody)
        scope = dict(body.scope or {})
        if unknown := sorted(set(scope) - {"next", "provider"}):
            message = f"scope.{unknown[0]}: is not a scope"
            raise ControlError(422, "invalid", message, field="scope", allowed=["next", "provider"])
        if "next" in scope and not (isinstance(scope["next"], int) and scope["next"] >= 1):
            raise ControlError(422, "invalid", "scope.next: must be a number from 1", field="scope.next")
        if "provider" in scope:
            _one_of(scope["provider"], sorted(self.runtime.providers), "scope.provider")
        if body.rules is not None:
            try:
                scenario = parse({"name": body.name or "adhoc", "rules": body.rules}, "body")
            except ScenarioError as error:
                raise ControlError(422, "invalid_scenario", str(error), field="rules") from error
        elif body.name is not None:
            if body.name not in self.runtime.scenarios.named:
                allowed = sorted(self.runtime.scenarios.named)
                message = f"there is no scenario {body.name!r}"
                raise ControlError(404, "not_found", message, field="name", allowed=allowed)
            scenario = self.runtime.scenarios.named[body.name]
        else:
            raise ControlError(422, "invalid", "give a name or rules", allowed=["name", "rules"])
        if "next" in scope:
            scope["payments"] = []
        entry = {"scenario": scenario.model_dump(mode="json", by_alias=True, exclude_none=True), "scope": scope}
        others = [e for e in workspace.scenarios if (e["scenario"]["name"], e["scope"]) != (scenario.name, scope)]
        changed = self.runtime.change_workspace(workspace, scenarios=(entry, *others))
        return answer({"data": [_armed(e) for e in changed.scenarios]})

    async def get_scenario(self, request: Request) -> Response:
        return answer({"data": [_armed(e) for e in self.workspace(request).scenarios]})

    async def delete_scenario(self, request: Request) -> Response:
        self.runtime.change_workspace(self.workspace(request), scenarios=())
        return Response(status_code=204)

    async def list_scenarios(self, request: Request) -> Response:
        def view(scenario: Any, armable: bool) -> dict[str, Any]:
            rules = scenario.model_dump(mode="json", by_alias=True, exclude_none=True)["rules"]
            head = {"name": scenario.name, "title": scenario.title, "description": scenario.description}
            return {**head, "armable": armable, "rules": rules}

        known = self.runtime.scenarios
        data = [view(s, True) for s in known.named.values()] + [view(s, False) for s in known.documented.values()]
        return answer({"data": data, "next": None})

    async def list_buyers(self, request: Request) -> Response:
        uow = self.runtime.open(self.workspace(request))
        return answer({"data": [buyer_view(uow, buyer) for buyer in buyers.every(uow)], "next": None})

    async def put_buyer(self, request: Request) -> Response:
        workspace, body = self.workspace(request), await _body(request, BuyerBody)
        slug = request.path_params["slug"]
        if SLUG.fullmatch(slug) is None:
            what = "a buyer's slug has 1 to 64 letters, digits, dots, hyphens and underscores"
            raise ControlError(422, "invalid", what, field="slug")
        with self.runtime.unit(workspace, provider="wallet", kind="control") as uow:
            buyer = buyers.edit(uow, slug, body.model_dump(exclude_unset=True))
        return answer(buyer_view(uow, buyer))

    async def openapi(self, request: Request) -> Response:
        """The OpenAPI document of a provider, or `control.json` for this API."""
        name, url = request.path_params["name"], base_url(self.runtime, request)
        if name == "control":
            return answer(openapi.control_document(self.table(), MODELS, url))
        return answer(openapi.provider_document(self.provider(name), url))

    # The inbox

    async def receive(self, request: Request) -> Response:
        """Any request is kept and answered 200, but for an endpoint verification, which is echoed."""
        workspace = self.workspace(request)
        challenge = inbox.challenge_of(request)
        if challenge is not None:
            return Response(challenge, media_type="text/plain")
        inbox.keep(self.runtime, workspace, request, await request.body())
        return answer({"received": True})

    async def read_inbox(self, request: Request) -> Response:
        workspace = self.workspace(request)
        found = inbox.read(self.runtime, workspace, request.path_params["name"], _limit(request), _cursor(request))
        return answer(found)


MODELS: dict[str, type[BaseModel]] = {
    "create_workspace": WorkspaceBody,
    "put_webhook": WebhookBody,
    "pay": PayBody,
    "decline": ReasonBody,
    "cancel": ReasonBody,
    "expire": ReasonBody,
    "advance": AdvanceBody,
    "freeze": FreezeBody,
    "put_scenario": ScenarioBody,
    "put_buyer": BuyerBody,
}
"""The request model of each call that has one, for the OpenAPI document."""


def request_view(row: Sequence[Any]) -> dict[str, Any]:
    seq, at, provider, subject, _, status, raw = row
    body = orjson.loads(raw)
    for side in ("request", "response"):
        body[side]["body"] = journal.mask_body(body[side]["body"])
    view = {
        "id": f"req_{seq}",
        "at": iso_millis(from_micros(at)),
        "provider": provider,
        "method": body["method"],
        "path": body["path"],
        "status": status,
        "duration_ms": body["duration_ms"],
        "request": body["request"],
        "response": body["response"],
        "notices": body["notices"],
        "sent_by": body.get("sent_by", "merchant"),
    }
    if "help" in body:
        view["help"] = body["help"]
    if subject:
        view["resource_id"] = subject
    return view


def _armed(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {"name": entry["scenario"]["name"], "scope": entry["scope"], "rules": entry["scenario"]["rules"]}


def _instant(text: str, field: str) -> Any:
    try:
        at = parse_instant(text)
    except (ValueError, OverflowError) as error:
        raise ControlError(422, "invalid", f"{field}: {error}", field=field) from error
    if not 1970 <= at.year < 9000:  # deadlines are reckoned from it, and years have four digits
        raise ControlError(422, "invalid", f"{field}: must be between the years 1970 and 9000", field=field)
    return at


def _check_credentials(runtime: Runtime, given: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuses members that a provider does not have, and texts that no header could carry."""
    for provider, members in given.items():
        known = sorted(runtime.default.credentials[provider])
        for name, value in members.items():
            field = f"credentials.{provider}.{name}"
            if name not in known:
                message = f"{field}: there is no such credential"
                raise ControlError(422, "invalid", message, field=field, allowed=known)
            if isinstance(value, str) and (not value.strip() or not value.isprintable()):
                raise ControlError(422, "invalid", f"{field}: must be a text in one line", field=field)


def _check_url(url: str, field: str) -> None:
    from urllib.parse import urlsplit

    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
        valid = valid and not any(c.isspace() or ord(c) < 32 or ord(c) == 127 for c in url)
    except ValueError:
        valid = False
    if not valid:
        raise ControlError(422, "invalid", f"{field}: must be an http or https URL", field=field)


# The application -----------------------------------------------------------------------------------------------


def application(runtime: Runtime, settings: Settings, more: Sequence[BaseRoute] = ()) -> Starlette:
    api = Control(runtime, settings)
    routes: list[BaseRoute] = [Route(path, endpoint, methods=[method]) for method, path, endpoint in api.table()]
    any_method = ["GET", "POST", "PUT", "PATCH", "DELETE"]
    routes.append(Route("/_sim/inbox/{ws}/{name}", api.receive, methods=any_method))
    from simulator.engine.pages import folder

    routes.append(Mount("/_sim/static", StaticFiles(directory=folder("static"))))
    routes += more

    async def home(request: Request) -> Response:
        return RedirectResponse("/console", 303)

    routes.append(Route("/", home))
    app = Starlette(
        routes=routes,
        exception_handlers={
            ControlError: _refuse,
            HTTPException: _refuse_http,
            NotFound: _refuse_gone,
            Exception: _crash,
        },
        middleware=[],
    )
    app.router.redirect_slashes = False
    return app


async def _refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, ControlError)
    return answer(error.body, error.status)


async def _refuse_http(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    codes = {404: "not_found", 405: "method_not_allowed"}
    message = f"{request.method} {request.url.path}: {error.detail}"
    return answer({"error": {"code": codes.get(error.status_code, "error"), "message": message}}, error.status_code)


async def _refuse_gone(request: Request, error: Exception) -> Response:
    """What was there when the request came: somebody else removed it while this one was being answered."""
    assert isinstance(error, NotFound)
    message = f"{request.method} {request.url.path}: the {error.kind} was removed meanwhile"
    return answer({"error": {"code": "not_found", "message": message}}, 404)


async def _crash(request: Request, error: Exception) -> Response:
    return answer({"error": {"code": "bug", "message": f"the simulator has a bug: {type(error).__name__}"}}, 500)
