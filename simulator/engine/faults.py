"""What scenarios ask for API calls: which call is concerned, whether it is executed, and what its answer becomes.

Applied at the gateway, before the body is read, never in a handler. What happens to the connection is `weather`'s business.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from simulator.engine.call import Call, Reply, Weather
from simulator.engine.comparing import said_by
from simulator.engine.facets import RETRY_LATER
from simulator.engine.http import HttpReply
from simulator.engine.runtime import Runtime
from simulator.kernel.refusals import Faulted

if TYPE_CHECKING:
    from simulator.engine.rules import ApiEffect


def strike(runtime: Runtime, call: Call) -> bool:
    """Keeps in `call.answering` what an armed scenario asks for this call, and counts it: True when it is to be executed later.

    Raises `Faulted` where it is to fail instead of being executed.
    """
    if not call.workspace.scenarios or call.answering.weather is not None:
        return False
    facts = {
        "provider": call.provider,
        "method": call.method,
        **call.facts,
        **said_by(call, runtime.providers[call.provider]),
    }
    effect = runtime.scenarios.find(call.workspace.scenarios, "api", facts)
    if effect is None or effect.source is None:
        return False
    index, rule = effect.source
    weather = _weather(effect.params, call.workspace.scenarios[index]["scenario"])
    if call.sent_by not in ("merchant", "browser"):  # nobody waits for it on a connection
        weather = replace(weather, delay_s=0.0)
    call.answering.weather = weather
    armed = list(copy.deepcopy(call.workspace.scenarios))
    scope = armed[index].get("scope") or {}
    if effect.params.times is not None:
        used = armed[index].setdefault("used", {})
        used[str(rule)] = used.get(str(rule), 0) + 1
    if scope.get("next"):
        scope["next"] -= 1
    if effect.params.times is not None or "next" in scope:
        call.workspace = runtime.change_workspace(call.workspace, scenarios=tuple(armed))
    if weather.is_instead:
        raise refusal(weather)
    return weather.executes_later


def _weather(effect: ApiEffect, scenario: Mapping[str, Any]) -> Weather:
    later = effect.retry_after.total_seconds() if effect.retry_after is not None else 1.0
    return Weather(
        scenario=scenario,
        told=effect.model_dump(mode="json", exclude_defaults=True, exclude={"times"}),
        is_before=effect.is_before,
        status=effect.status,
        fault={"code": effect.code, "message": effect.message},
        body=effect.body,
        delay_s=effect.delay.total_seconds() if effect.delay is not None else 0.0,
        hang=bool(effect.hang),
        reset=bool(effect.reset),
        truncate=bool(effect.truncate),
        retry_after_s=math.ceil(later),
    )


NOBODY_HEARS = 503
"""The status of an answer that never leaves, to a call that was not executed: for the journal."""


def refusal(weather: Weather) -> Faulted:
    """The failure that is answered."""
    return Faulted(weather.status or NOBODY_HEARS, dict(weather.fault))


def dressed(reply: Reply, weather: Weather) -> Reply:
    """A provider's reply to the failure that a scenario asked for, as that scenario changes it: with another body, and with our
    `Retry-After` where the provider has none."""
    if weather.status in RETRY_LATER:
        reply.headers.setdefault("Retry-After", str(weather.retry_after_s))
    if weather.body is not None:
        reply.body, reply.content_type = another_body(weather.body)
    return reply


def with_another_body(answer: HttpReply, body: Any) -> HttpReply:
    sent, content_type = another_body(body)
    own = (b"content-type", b"content-length")
    headers = [pair for pair in answer.headers if pair[0] not in own]
    headers += [(b"content-type", content_type.encode()), (b"content-length", str(len(sent)).encode())]
    return HttpReply(answer.status, headers, sent)


def another_body(body: Any) -> tuple[bytes, str]:
    """Bytes and their type: a text is a page or plain, everything else JSON."""
    if isinstance(body, str):
        kind = "html" if body.lstrip().startswith("<") else "plain"
        return body.encode("utf-8", "surrogatepass"), f"text/{kind}; charset=utf-8"
    return orjson.dumps(body), "application/json"
