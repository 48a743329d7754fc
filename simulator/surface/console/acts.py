"""A button of the console is a form, and the form is one call of the control API: the same row of the table, the same function.

`Act` is that call as a template needs it: where the form posts to, what it carries, and the same as cURL. The handler reads the
form back into a body (`amount.value` nests, an empty field is absent, a file is all of it), makes the call, and answers 303: to
where the form said, or back to the page, with what was refused or answered in a signed `said` that the frame shows.
"""

from __future__ import annotations

import hashlib
import json
import shlex
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import field
from typing import Any
from urllib.parse import parse_qsl, quote, urlencode, urlsplit

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from simulator.engine import pages
from simulator.engine.runtime import Runtime
from simulator.engine.texts import Texts
from simulator.kernel.values import dataclass
from simulator.surface import web
from simulator.surface.console.uploads import FILE, document_in, pairs_of
from simulator.surface.control.errors import ControlError
from simulator.surface.control.operation import Operation, read_body, workspace_of
from simulator.surface.control.table import TABLE
from simulator.surface.limits import body_limit

TOKEN = "console"  # noqa: S105 - what the forms' token is about
SAID = "said"
JSON = ":json"
LIST = "[]"
"""Behind the name of a field that is a list though one value, or none, is chosen."""
TOLD = 20
"""Entries of a list that the page is told of; it stands in the address."""
OWN_FIELDS = frozenset({"token", "back", "then", "tell", "must_be", "typed", "form"})
KEPT = 2000
"""Characters of what was typed that come back with a refusal; they stand in the address."""
UNKEPT = ("secret", "credentials")
"""Fields that do not, because they stand there."""

UPLOADS = {"import_workspace": "workspace.json"}
"""Calls whose whole body is a file, and how it is called where they are copied."""
OPERATIONS: Mapping[str, Operation[Any, Any]] = {row.name: row for row in TABLE}


@dataclass(frozen=True)
class Act:
    """One call of the control API that a form makes."""

    operation: str
    """The name of the row: `advance`."""
    method: str
    url: str
    """Of the call itself: `http://localhost:8080/_sim/workspaces/default/clock/advance`."""
    action: str
    """Where the form posts to."""
    body: Mapping[str, Any] = field(default_factory=dict)
    """What the form carries unasked; the fields that a person fills in come besides."""
    then: str = ""
    """Where the browser goes afterwards, with each `{member}` filled in from the answer. Empty: back to this page."""
    needs_token: bool = False
    """Whether who copies the call has to show the admin token."""

    def is_in(self, other: Act, is_filled_in: bool) -> bool:
        """Whether another call shows how this one is made; of a form that is filled in, by what else it carries."""
        mine, theirs = set(self.body), set(other.body)
        return (self.method, self.url) == (other.method, other.url) and (
            mine <= theirs if is_filled_in else mine == theirs
        )

    @property
    def key(self) -> str:
        """By which a refusal finds its form again."""
        told = json.dumps([self.operation, self.action, self.body], default=str)
        return hashlib.sha256(told.encode()).hexdigest()[:10]

    @property
    def hidden(self) -> Sequence[tuple[str, str]]:
        """The form's hidden fields."""
        fields = [_field(name, value) for name, value in _flat(self.body)]
        return [*fields, ("then", self.then)] if self.then else fields

    @property
    def curl(self) -> str:
        parts = ["curl", "-X", self.method, shlex.quote(self.url)]
        if self.needs_token:
            parts += ["-H", '"Authorization: Bearer $PSP_SIMULATOR_ADMIN_TOKEN"']
        if self.body:
            body = json.dumps(self.body, ensure_ascii=False)
            parts += ["-H", shlex.quote("Content-Type: application/json"), "-d", shlex.quote(body)]
        if self.operation in UPLOADS:
            parts += [
                "-H",
                shlex.quote("Content-Type: application/json"),
                "--data-binary",
                f"@{UPLOADS[self.operation]}",
            ]
        return " ".join(parts)


def act(
    base_url: str,
    workspace: str,
    operation: str,
    *,
    path: Mapping[str, str] | None = None,
    body: Mapping[str, Any] | None = None,
    then: str = "",
    needs_token: bool = False,
) -> Act:
    """The call of that name; `path` are the parts of its path besides the workspace. Raises `KeyError` for an unknown name."""
    row, parts = OPERATIONS[operation], {"ws": workspace, **(path or {})}
    where = row.path.replace(":path}", "}")
    for name, value in parts.items():
        where = where.replace(f"{{{name}}}", quote(value, safe=""))
    mine = {name: value for name, value in (path or {}).items() if f"{{{name}" in row.path}
    query = urlencode({f"path.{name}": value for name, value in mine.items()})
    action = f"/console/{quote(workspace, safe='')}/do/{operation}" + (f"?{query}" if query else "")
    return Act(operation, row.method, base_url + where, action, body or {}, then, needs_token)


def _flat(body: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    found: list[tuple[str, Any]] = []
    for name, value in body.items():
        found += _flat(value, f"{prefix}{name}.") if isinstance(value, Mapping) else [(prefix + name, value)]
    return found


def _field(name: str, value: Any) -> tuple[str, str]:
    """A value that is no text bears the mark `:json` behind its name."""
    return (name, value) if isinstance(value, str) else (name + JSON, json.dumps(value))


def said(runtime: Runtime, request: Request) -> Mapping[str, Any]:
    """What the call before had to say: `{"operation", "form"?, "message"?, "field"?, "typed"?, "answer"?}`; empty when there
    was none. `form` is its `Act.key`, `typed` what it carried. `answer` has
    the members of the call's answer that the form's field `tell` names."""
    raw = pages.token_value(runtime, SAID, request.query_params.get(SAID))
    return json.loads(raw) if raw else {}


def handler(runtime: Runtime) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        workspace = workspace_of(runtime, request)
        raw = await read_body(request, body_limit(request.url.path))
        pairs = pairs_of(request.headers.get("content-type", ""), raw)
        form = dict(pairs)
        row = OPERATIONS.get(request.path_params["operation"])
        back = _own_path(form.get("back", "")) or f"/console/{quote(workspace.name)}/payments"
        if row is None:
            raise ControlError(404, "not_found", f"there is no call {request.path_params['operation']!r}")
        if pages.token_value(runtime, TOKEN, form.get("token")) is None:
            raise ControlError(403, "stale_form", "this form did not come from a page of this console; reload it")
        if form.get("must_be", "") != form.get("typed", "").strip():
            texts = Texts(pages.language(web.call_of(request)))
            told: dict[str, Any] = {"operation": row.name, "form": form.get("form", "")}
            told["message"] = texts("settings_typed_wrong", name=form.get("must_be", ""))
            return RedirectResponse(_with_said(runtime, back, told), 303)
        parts = {name[5:]: value for name, value in request.query_params.items() if name.startswith("path.")}
        scope = {**request.scope, "path_params": {"ws": workspace.name, **parts}, "method": row.method}
        try:
            body = document_in(form[FILE]) if FILE in form else body_of(pairs)
            result = await row.run(runtime, Request(scope), body)
        except ControlError as error:
            refusal = error.body["error"]
            told = {"operation": row.name, "form": form.get("form", ""), "typed": _typed(pairs)}
            told |= {"message": refusal["message"], "field": refusal.get("field")}
            return RedirectResponse(_with_said(runtime, back, told), 303)
        then = _filled(_own_path(form.get("then", "")) or "", result)
        told = {"operation": row.name}
        if then and "{" not in then:  # what the answer lacks, such as the wallet's page, cannot be gone to
            is_ours = then.startswith("/console/")  # there the heading gets the focus
            return RedirectResponse(_with_said(runtime, then, told) if is_ours else then, 303)
        if "tell" in form and isinstance(result, Mapping):
            told["answer"] = {name: _shortened(result.get(name)) for name in form["tell"].split()}
        return RedirectResponse(_with_said(runtime, back, told), 303)

    return respond


def _typed(pairs: Sequence[tuple[str, str]]) -> dict[str, list[str]]:
    """What the form carried, for a page to show it again."""
    found, left = dict[str, list[str]](), KEPT
    for name, value in pairs:
        if name in OWN_FIELDS or name == FILE or name.startswith(UNKEPT):
            continue
        left -= len(name) + len(value)
        if left >= 0:
            found.setdefault(name, []).append(value)
    return found


def _shortened(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _shortened(inner) for name, inner in value.items()}
    return value[:TOLD] if isinstance(value, list) else value


def body_of(pairs: Sequence[tuple[str, str]]) -> dict[str, Any]:
    """A form as the body of a call: `a.b` nests, an empty field is absent, one that is sent twice is a list. A later
    one goes over what was said before it: `card:json` null, then `card.last4`."""
    fields: dict[str, list[str]] = {}
    for name, value in pairs:
        if name not in OWN_FIELDS and value.strip():
            fields.setdefault(name, []).append(value)
    body: dict[str, Any] = {}
    for name, values in fields.items():
        *parents, last = name.split(".")
        place = body
        for parent in parents:
            if not isinstance(place.get(parent), dict):
                place[parent] = {}
            place = place[parent]
        read = [_value(last, value) for value in values]
        is_list = last.endswith(LIST) or len(read) > 1
        place[last.removesuffix(JSON).removesuffix(LIST)] = read if is_list else read[0]
    return body


def _value(name: str, text: str) -> Any:
    try:
        return json.loads(text) if name.endswith(JSON) else text
    except ValueError:
        return text


def _own_path(given: str) -> str | None:
    """The path of a page of ours, without an origin; None for anything else."""
    parts = urlsplit(given)
    is_own = not parts.scheme and not parts.netloc and parts.path.startswith(("/console", "/w/"))
    return given if is_own and given.isprintable() and "\\" not in given else None


def _filled(then: str, result: Any) -> str:
    for name, value in result.items() if isinstance(result, Mapping) else ():
        if isinstance(value, str):
            then = then.replace(f"{{{name}}}", quote(value, safe=""))
        elif isinstance(value, Mapping):
            then = _filled(then, {f"{name}.{inner}": text for inner, text in value.items()})
    return then


def _with_said(runtime: Runtime, back: str, told: Mapping[str, Any]) -> str:
    parts = urlsplit(back)
    query = [(name, value) for name, value in parse_qsl(parts.query, keep_blank_values=True) if name != SAID]
    query.append((SAID, pages.token(runtime, SAID, json.dumps(told))))
    return f"{parts.path}?{urlencode(query)}"
