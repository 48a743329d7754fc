"""Webhook endpoints that the merchant makes through the API. They belong to the workspace, so a reset keeps them."""

from __future__ import annotations

from typing import Any

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.engine.validation import is_web_url
from simulator.kernel.refusals import NotFound
from simulator.providers.wooshpay.errors import refused
from simulator.providers.wooshpay.keys import webhook_secret
from simulator.providers.wooshpay.lookup import merged, page_of, query_of
from simulator.providers.wooshpay.model import mint, rounded_ms
from simulator.providers.wooshpay.notices import give_notice_of_unheard
from simulator.providers.wooshpay.wire import webhook_endpoints as wire
from simulator.providers.wooshpay.wire.lists import listing
from simulator.providers.wooshpay.wire.values import deleted, present


def _all(uow: UnitOfWork) -> list[dict[str, Any]]:
    """The endpoints of both sides of the account, oldest first."""
    return uow.workspace.webhook_endpoints.get("wooshpay", [])


def _endpoints(call: Call, uow: UnitOfWork) -> list[dict[str, Any]]:
    """The endpoints on this side of the account (live or test), oldest first."""
    return [endpoint for endpoint in _all(uow) if endpoint["livemode"] == call.credential["livemode"]]


def _endpoint(call: Call, uow: UnitOfWork) -> dict[str, Any]:
    id_ = call.path["id"]
    found = next((endpoint for endpoint in _endpoints(call, uow) if endpoint["id"] == id_), None)
    if found is None:
        raise NotFound("webhook_endpoint", id_, "id")
    return found


def _keep_endpoints(uow: UnitOfWork, endpoints: list[dict[str, Any]]) -> None:
    uow.keep_webhook_endpoints("wooshpay", endpoints, urls=len(endpoints))


def _check_endpoint_url(url: str) -> None:
    if not is_web_url(url) or any(ord(character) <= 32 for character in url):
        raise refused("url_invalid", "url")


def create_webhook_endpoint(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v1/webhook_endpoints. The endpoint is enabled at once; plain HTTP is allowed, for local work (documented).

    Source: docs/providers/wooshpay.md, source 3.16.
    """
    request: wire.EndpointRequest = call.body
    _check_endpoint_url(request.url)
    give_notice_of_unheard(call, request.enabled_events)
    endpoint = present(
        {
            "id": mint(uow, "we"),
            "created": rounded_ms(uow.now),
            "livemode": call.credential["livemode"],
            "api_version": request.api_version,
            "description": request.description,
            "metadata": merged(None, request.metadata),
            "secret": webhook_secret(uow.ids),
            "status": "enabled",
            "url": request.url,
            "from_network": uow.may_go_to("url", request.url),
            "enabled_events": sorted(set(request.enabled_events)),
        }
    )
    _keep_endpoints(uow, [*_all(uow), endpoint])
    return Reply(200, wire.webhook_endpoint(endpoint))


def get_webhook_endpoint(call: Call, uow: UnitOfWork) -> Reply:
    return Reply(200, wire.webhook_endpoint(_endpoint(call, uow)))


def update_webhook_endpoint(call: Call, uow: UnitOfWork) -> Reply:
    """POST /v1/webhook_endpoints/{id}. Who disables an endpoint stops its pending retries too.

    Inferred: wooshpay.endpoints-update.
    """
    endpoint, request = _endpoint(call, uow), call.body
    changes: dict[str, Any] = present({"url": request.url, "description": request.description})
    if request.url is not None:
        _check_endpoint_url(request.url)
        changes["from_network"] = uow.may_go_to("url", request.url)
    if request.enabled_events is not None:
        give_notice_of_unheard(call, request.enabled_events)
        changes["enabled_events"] = sorted(set(request.enabled_events))
    if request.metadata is not None:
        changes["metadata"] = merged(endpoint.get("metadata"), request.metadata)
    if request.disabled is not None:
        changes["status"] = "disabled" if request.disabled else "enabled"
    if request.status is not None:
        changes["status"] = request.status
    changed = {**endpoint, **changes}
    _keep_endpoints(uow, [changed if e["id"] == endpoint["id"] else e for e in _all(uow)])
    return Reply(200, wire.webhook_endpoint(changed))


def delete_webhook_endpoint(call: Call, uow: UnitOfWork) -> Reply:
    endpoint = _endpoint(call, uow)
    _keep_endpoints(uow, [e for e in _all(uow) if e["id"] != endpoint["id"]])
    return Reply(200, deleted("webhook_endpoint", endpoint["id"]))


def list_webhook_endpoints(call: Call, uow: UnitOfWork) -> Reply:
    page, more = page_of(_endpoints(call, uow)[::-1], query_of(call), "webhook_endpoint")
    data = [wire.webhook_endpoint(endpoint) for endpoint in page]
    return Reply(200, listing("/v1/webhook_endpoints", data, more))
