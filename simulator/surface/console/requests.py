"""Requests: all API calls that reached the workspace, and one with the reason why it was refused."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from difflib import SequenceMatcher
from typing import Any
from urllib.parse import urlencode

from starlette.responses import Response

from simulator.engine.provider import Provider
from simulator.engine.shop import Account, Request
from simulator.kernel.clock import time_of_day
from simulator.surface.console import pretty
from simulator.surface.console.frame import COUNTED, PAGE, Console, Counted, Pager
from simulator.surface.console.signed import panel
from simulator.surface.control import again, requests
from simulator.surface.control.errors import ControlError

OWN_HELP = frozenset(
    {"reason", "violations", "did_you_mean", "allowed", "expected", "received", "left_out", "error_id"}
)
OTHER_HELP = frozenset({"signed", "lines", "key", "field"})
"""Members of a call's `help` that the page shows in places of their own; the rest is listed."""

ALIKE = 0.7
"""How alike an address must be to one that there is, from 0 to 1, to be a slip of it."""
LONG = 300
"""Characters of an address that nobody can have meant otherwise; to compare it takes as long as the square of them."""

WITH_BODY = frozenset({"POST", "PUT", "PATCH"})

NO_RULE = {"field": "", "limit": "", "text": ""}
NOTHING: Mapping[str, Any] = {"rules": (), "checks": (), "slips": (), "known": True, "first_at": None}


async def list_page(console: Console) -> Response:
    """Newest first, fifty a page. A path filter may hold `*`."""
    filters = {
        "provider": console.chosen("provider", console.runtime.providers),
        "method": console.chosen("method", requests.METHODS),
        "status": console.chosen("status", requests.STATUSES),
        "path": console.sought("path", requests.PATH_LIMIT),
        "refused": console.chosen("refused", ("1",)),
    }
    runtime = console.runtime
    calls = requests.listed(
        runtime,
        console.workspace,
        provider=filters["provider"],
        method=filters["method"],
        status=filters["status"],
        path=filters["path"],
        refused=filters["refused"] is not None,
        before=console.before,
        limit=PAGE,
    )
    kept = {name: value for name, value in filters.items() if value}
    older = urlencode({**kept, "before": calls.older}) if calls.older is not None else None
    rows = [explained(requests.request_view(row)) for row in calls.rows]
    return console.render(
        "console/requests.html",
        "console_requests",
        place="requests",
        rows=rows,
        known=console.payments_among(row.get("resource_id") for row in rows),
        hidden=Counted(runtime.store.count_requests(console.workspace.id, COUNTED)) if kept and not rows else None,
        filters=filters,
        kept=kept,
        methods=requests.METHODS,
        statuses=[*requests.STATUSES],
        pager=Pager(len(calls.rows), older, urlencode(kept) if console.before is not None else None),
        providers={p.name: p for p in console.runtime.providers.values()},
    )


async def request_page(console: Console) -> Response:
    """One call: which rule it broke, what was received, what was answered, and the same call once more."""
    runtime, workspace = console.runtime, console.workspace
    id_ = console.request.path_params["id"]
    try:
        call = explained(requests.found(runtime, workspace, id_))
    except ControlError as error:
        text = console.texts()("requests_missing", id=id_, workspace=workspace.name)
        raise ControlError(error.status, "not_found", text) from error
    provider = runtime.providers.get(call["provider"])
    help_: Mapping[str, Any] = call.get("help", {})
    rules: Sequence[Mapping[str, Any]] = call["why"]["rules"]
    codes = {rule["code"] for rule in rules}
    return console.render(
        "console/request.html",
        f"{call['method']} {call['path'].partition('?')[0]}",
        place="requests",
        asked=call,
        provider=provider,
        known=console.payments_among([call.get("resource_id")]),
        rules=rules,
        why=call["why"],
        broken={rule["field"] for rule in rules if rule["code"] == "unknown"},
        more={name: value for name, value in help_.items() if name not in OWN_HELP | OTHER_HELP},
        signed=panel(console, provider, call) if "signature" in codes else None,
        fitting=_fitting(console, provider) if "credential" in codes else {},
        prospect=again.prospect(provider, call).outcome,
        curl=_curl(console, call, call["path"]),
        nearest=_nearest(console, call, help_),
        bodies={side: pretty.parts(call[side]["body"]) for side in ("request", "response")},
        of_the_connection=again.OF_THE_CONNECTION,
        inferred=requests.facts_of(provider, call),
    )


def explained(call: dict[str, Any]) -> dict[str, Any]:
    """A call with everything that may be said of it, where nothing is too."""
    why = {**NOTHING, **call.get("why", {})}
    is_stranger = not why["known"] and ("authorization" in call["request"]["headers"] or bool(call["provider"]))
    sender = "unknown" if is_stranger and call["sent_by"] == "merchant" else call["sent_by"]
    return {**call, "sender": sender, "why": {**why, "rules": [{**NO_RULE, **rule} for rule in why["rules"]]}}


def _fitting(console: Console, provider: Provider | None) -> Mapping[str, str]:
    """The headers by which this workspace's merchant is known, where that is no signature."""
    if provider is None or provider.shop is None or provider.verify_request is not None:
        return {}
    account = Account(console.workspace.credentials[provider.name], console.base_url, time_of_day())
    return provider.shop.sign(account, Request("GET", "/")).headers


def _curl(console: Console, call: Mapping[str, Any], target: str, method: str = "") -> str | None:
    """The call as a merchant would make it now, at this target; None where the journal has not kept it whole."""
    changed = {**call, "path": target, "method": method or call["method"]}
    try:
        request = again.request_of(console.runtime, console.workspace, changed, console.base_url)
    except ControlError:
        return None
    return again.as_curl(request, console.base_url)


def _nearest(console: Console, call: Mapping[str, Any], help_: Mapping[str, Any]) -> list[tuple[str, str | None]]:
    """The call that may have been meant by an address or a method that nobody has, with its cURL."""
    path, mark, query = call["path"].partition("?")
    if len(path) > LONG:
        return []
    patterns = [pattern.partition(" ") for pattern in help_.get("did_you_mean", ())]
    meant = [(method, filled(wanted, path)) for method, _, wanted in patterns]
    has_body = bool(call["request"]["body"])
    methods = sorted(help_.get("allowed", ()), key=lambda method: (method in WITH_BODY) != has_body)
    meant += [(method, path) for method in methods]
    meant.sort(key=lambda one: (one[0] == call["method"], _likeness(one[1], path)), reverse=True)
    return [
        (f"{method} {target}", _curl(console, call, target + mark + query, method))
        for method, target in meant[:1]
        if _likeness(target, path) >= ALIKE
    ]


def _likeness(one: str, other: str) -> float:
    return SequenceMatcher(None, one, other, autojunk=False).ratio()


def filled(pattern: str, path: str) -> str:
    """The address that was meant: where the pattern has a parameter, what stands over in the one that came."""
    wanted, given = pattern.strip("/").split("/"), path.strip("/").split("/")
    matcher = SequenceMatcher(None, wanted, given, autojunk=False)
    same = [block for block in matcher.get_matching_blocks() if block.size]
    over = [segment for n, segment in enumerate(given) if not any(b.b <= n < b.b + b.size for b in same)]
    parts = [over.pop(0) if part.startswith("{") and over else part for part in wanted]
    return "/" + "/".join(parts)
