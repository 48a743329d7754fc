"""The account-level webhook endpoint of a provider whose own API has no call for it."""

from __future__ import annotations

from typing import Any

from pydantic import StrictBool
from starlette.responses import Response

from simulator.engine.courier import Errand, carried
from simulator.engine.provider import Provider
from simulator.engine.runtime import Runtime
from simulator.engine.workspace import Workspace
from simulator.surface.control.errors import ControlError, as_json
from simulator.surface.control.operation import Body, ControlCall
from simulator.surface.control.workspaces import WebhookBody, check_webhook, workspace_view


async def put_webhook(call: ControlCall[WebhookBody]) -> Response:
    """What the provider would object to stands in the header Simulator-Notice; a strict simulator refuses it (422)."""
    provider, runtime = call.provider, call.runtime
    hook = call.body.model_dump(exclude_none=True)
    check_webhook(call, provider, hook)
    notices = []
    for index, one in enumerate(hook.get("endpoints", [hook])):
        notice = await _objection(call, provider, one["url"])
        if notice is None:
            continue
        if runtime.strict:
            field = f"endpoints.{index}.url" if "endpoints" in hook else "url"
            raise ControlError(422, "endpoint_not_verified", notice, field=field)
        notices.append(notice)
        one["verified"] = False
    workspace = _with_endpoint(runtime, call.workspace, provider, hook)
    response = as_json(workspace_view(call, workspace))
    if notices:
        response.headers["simulator-notice"] = "; ".join(dict.fromkeys(notices))
    return response


async def _objection(call: ControlCall[Any], provider: Provider, url: str) -> str | None:
    """What the provider would have objected to, if it verifies endpoints before it saves them."""
    challenge = provider.webhooks.verify_endpoint(call.workspace, url)
    if challenge is None:
        return None
    expected = challenge.pop("expect")
    try:
        errand = Errand(url, challenge, method="GET", from_network=call.from_network)
        receipt = await carried(call.runtime.courier, errand, within_s=5.0)
    except Exception as error:  # whatever went wrong at the merchant's endpoint is the answer
        return f"{provider.title} would refuse this endpoint: it did not answer ({error or type(error).__name__})"
    if receipt.status != 200 or receipt.text != expected:
        return f"{provider.title} would refuse this endpoint: it must answer 200 with the verification value"
    return None


async def delete_webhook(call: ControlCall) -> None:
    _with_endpoint(call.runtime, call.workspace, call.provider, None)


def _with_endpoint(
    runtime: Runtime, workspace: Workspace, provider: Provider, hook: dict[str, Any] | None
) -> Workspace:
    stored = {**workspace.stored_endpoints, provider.name: hook}
    return runtime.change_workspace(workspace, stored_endpoints=stored)


class PausedBody(Body):
    paused: StrictBool


async def put_paused(call: ControlCall[PausedBody]) -> dict[str, Any]:
    """Holds the provider's deliveries back without losing any, those to the endpoints of its own API too; or lets them go."""
    return workspace_view(call, call.runtime.pause(call.workspace, call.provider.name, call.body.paused))
