"""What stands around every page of the console: the places to go, the workspace, its clock, what is armed."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any
from urllib.parse import quote, urlencode

from markupsafe import Markup
from starlette.requests import Request
from starlette.responses import Response

from simulator import __version__
from simulator.engine import journal, pages
from simulator.engine.call import Reply
from simulator.engine.runtime import Runtime
from simulator.engine.texts import Texts
from simulator.engine.views import Page
from simulator.engine.workspace import DEFAULT, Workspace
from simulator.kernel.clock import iso_millis, parse_instant, time_of_day
from simulator.kernel.values import dataclass
from simulator.surface import web
from simulator.surface.console import acts
from simulator.surface.control.errors import ControlError
from simulator.surface.control.operation import base_url, workspace_of
from simulator.surface.days import Days
from simulator.surface.typed import typed

_BUTTON = re.compile(r"<button\b[^>]*>(.*?)</button>", re.DOTALL)
_INPUT = re.compile(r'<select\b|<textarea\b|<input (?!type="hidden")')

PAGE = 50
"""Rows of a list."""

COUNTED = 1000
"""A badge counts up to here: no page may cost more in a fuller store."""

WORKSPACES = 12
"""So many are offered in the menu; the page of workspaces has all."""


@dataclass(frozen=True)
class Place:
    """An entry of the sidebar. `text` is a key of the catalogue."""

    name: str
    text: str
    icon: str
    group: str = ""


PLACES = (
    Place("payments", "console_payments", "list"),
    Place("webhooks", "console_webhooks", "hook"),
    Place("requests", "console_requests", "swap"),
    Place("money", "console_money", "bank"),
    Place("buyers", "console_buyers", "person", "console_world"),
    Place("scenarios", "console_scenarios", "bolt", "console_world"),
    Place("clock", "console_clock", "clock", "console_world"),
    Place("start", "console_start", "book", "console_set_up"),
    Place("audits", "audits_title", "shield", "console_set_up"),
    Place("settings", "console_settings", "gear", "console_set_up"),
)
"""A page that does not exist is not offered."""


def day(at: datetime, language: str, year: str = "") -> str:
    """`27 Nov`, or `11-27` where months have no such names."""
    return at.strftime(f"{year}-%m-%d".lstrip("-") if language == "zh" else f"%d %b {year}".strip())


@dataclass(frozen=True)
class Counted:
    """A badge: a number that may have been cut off."""

    n: int

    def __str__(self) -> str:
        return f"{self.n:,}" if self.n < COUNTED else f"{COUNTED - 1:,}+"


@dataclass(frozen=True)
class Pager:
    shown: int
    older: str | None
    """The query of the next page; None on the last one."""
    newer: str | None
    """That of the first page; None on it."""


@dataclass(frozen=True)
class ClockChip:
    now: datetime
    mode: str
    rate: int
    ahead: timedelta
    """How far it is from the time of day."""

    @property
    def real(self) -> datetime:
        """The time of day."""
        return self.now - self.ahead

    @property
    def is_real(self) -> bool:
        return self.mode == "real" and self.rate == 1 and abs(self.ahead) < timedelta(seconds=1)


class Asked(Mapping[str, str]):
    """What the address asks for. What the page does not read, no link of it takes along."""

    def __init__(self, given: Mapping[str, str]) -> None:
        self.given = given
        self.read: set[str] = set()

    def __getitem__(self, name: str) -> str:
        self.read.add(name)
        return self.given[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self.given)

    def __len__(self) -> int:
        return len(self.given)


EVERYWHERE = frozenset({"lang", "theme", acts.SAID})
"""Members of an address that each page takes, whether it reads them or not."""


class Console:
    """One request for a page: who asks, about which workspace. Raises 404 for an unknown one when that is first asked."""

    def __init__(self, runtime: Runtime, request: Request, built: Collection[str]) -> None:
        """`built` are the names of the pages that exist."""
        self.runtime = runtime
        self.request = request
        self.places = [place for place in PLACES if place.name in built]
        self._is_told = False
        self._copied: list[acts.Act] = []
        self._offered: dict[str, tuple[acts.Act, acts.Act, bool]] = {}
        self.left_out: dict[str, str] = {}
        """What the address names and there is not: the page says so, and no link of it has it."""

    @cached_property
    def workspace(self) -> Workspace:
        return workspace_of(self.runtime, self.request)

    @cached_property
    def query(self) -> Asked:
        return Asked(self.request.query_params)

    @property
    def base_url(self) -> str:
        return base_url(self.runtime, self.request)

    @cached_property
    def said(self) -> Mapping[str, Any]:
        """What the form that was posted before had to say."""
        return acts.said(self.runtime, self.request)

    @property
    def before(self) -> int | None:
        """Where a list goes on, from the address: `before`, a number of the store; None at its beginning."""
        given = self.query.get("before", "")
        return int(given) if given.isascii() and given.isdecimal() and len(given) < 19 else None

    def chosen(self, name: str, allowed: Collection[str]) -> str | None:
        """A choice of the address; None where it is absent, or not one of those and therefore left out."""
        given = self.query.get(name)
        if given and given not in allowed:
            self.left_out[name] = given
        return given if given in allowed else None

    def sought(self, name: str, most: int) -> str | None:
        """A text of the address by which a list is looked through; None where it is absent, or too long and therefore left out."""
        given = self.query.get(name, "").strip()
        if len(given) > most:
            self.left_out[name] = given
        return given if 0 < len(given) <= most else None

    def pager(self, filters: Mapping[str, str | None], rows: Sequence[Any], seq: Callable[[Any], int]) -> Pager:
        """The links to the older and newer pages. `rows` may be one more than a page holds."""
        kept = {name: value for name, value in filters.items() if value}
        older = urlencode({**kept, "before": seq(rows[PAGE - 1])}) if len(rows) > PAGE else None
        return Pager(min(len(rows), PAGE), older, urlencode(kept) if self.before is not None else None)

    def url(self, *path: str) -> str:
        """The address of a page of this workspace: `console.url("payments", id)`."""
        return "/".join(["/console", quote(self.workspace.name, safe=""), *(quote(part, safe="") for part in path)])

    def typed(self, command: str) -> str:
        """A command for a terminal, with what it needs to reach this simulator and this workspace."""
        return typed(command, self.base_url, self.workspace.name)

    def act(self, operation: str, *, path: Mapping[str, str] | None = None, then: str = "", **body: Any) -> acts.Act:
        """A call of the control API for a form of this page. `body` are the members that the form carries unasked."""
        return self._act(self.workspace.name, operation, path=path, body=body, then=then)

    def act_in(self, workspace: str, operation: str, *, then: str = "", **body: Any) -> acts.Act:
        """An act in another workspace than the page's."""
        return self._act(workspace, operation, body=body, then=then)

    def _act(self, workspace: str, operation: str, **more: Any) -> acts.Act:
        wants_token: bool = self.request.app.state.wants_token
        return acts.act(self.base_url, workspace, operation, needs_token=wants_token, **more)

    def refused(self, act: acts.Act) -> bool:
        """Whether it was this form of the page that was refused."""
        return bool(self.said.get("message")) and self.said.get("form") == act.key

    def entered(self, act: acts.Act, name: str, value: Any = "") -> Any:
        """What a field of a form shows: what was typed in it when it was refused, else the `value`."""
        found = self.said.get("typed", {}).get(name) if self.refused(act) else None
        return found[-1] if found else value

    def fault(self, act: acts.Act, name: str, label: str = "") -> str | None:
        """What is wrong with a field of a form, which bears the `label`. It is told once, by the first that it is about."""
        field, own = self.said.get("field") or "", name.removesuffix(acts.JSON).removesuffix(acts.LIST)
        if self._is_told or not field or not self.refused(act) or not f"{own}.".startswith(f"{field}."):
            return None
        self._is_told = True
        texts, message = self.texts(), str(self.said["message"])
        said = texts.reworded(message.removeprefix(f"{field}: "))
        return texts("console_fault", label=label, fault=said) if label else said

    def rest(self, act: acts.Act | None = None) -> str | None:
        """What the call of a form was refused with, or that of any form of the page, if nothing has told it yet."""
        if self._is_told or not self.said.get("message") or not (act is None or self.refused(act)):
            return None
        self._is_told = True
        return self.texts().reworded(str(self.said["message"]))

    def copies(self, act: acts.Act) -> str:
        """A template says that this call stands there as cURL; gives back nothing."""
        self._copied.append(act)
        return ""

    def offers(self, act: acts.Act, inner: str, sample: acts.Act | None) -> str:
        """A template says that there is a form of this call, and what stands in it; gives back nothing. `sample` is the call with
        what a person might fill in."""
        *_, label = _BUTTON.findall(inner) or [""]
        is_filled_in = _INPUT.search(inner) is not None
        self._offered.setdefault(Markup(label).striptags(), (act, sample or act, is_filled_in))  # noqa: S704 - stripped
        return ""

    def begins(self) -> str:
        """A template says that what a page has of its own begins here; gives back nothing."""
        self._offered.clear()
        return ""

    @property
    def curls(self) -> list[tuple[str, acts.Act]]:
        """The calls of those forms of the page so far that do not show theirs: the words of the button, and the call."""
        return [
            (label, shown)
            for label, (act, shown, is_filled_in) in self._offered.items()
            if label and not any(act.is_in(other, is_filled_in) for other in self._copied)
        ]

    @cached_property
    def clock(self) -> ClockChip:
        clock, now = self.workspace.clock, self.workspace.clock.now()
        return ClockChip(now, clock.mode, clock.rate, now - time_of_day())

    @cached_property
    def days(self) -> Days:
        """The days of the page's list, row by row."""
        return Days(iso_millis(self.clock.now))

    def other_day(self, at: str) -> str:
        """In a list: the day of a row, where it is another than the row's before or today."""
        shown = self.days.shown(at)
        return day(parse_instant(at), self.texts().language) if shown else ""

    def real_times(self, subjects: Iterable[str], most: int) -> Mapping[tuple[str, str, int], datetime]:
        """As `journal.real_times` has them; nothing is looked up where the clock was never moved."""
        store, workspace = self.runtime.store, self.workspace.id
        if self.clock.is_real and not store.newest_clock_lines(workspace, 1):
            return {}
        return journal.real_times(store, workspace, subjects, most)

    def both_times(self, at: str, real: str | datetime | None = None) -> str:
        """For a title: an instant of the workspace's clock, and the real time that it was where that was another."""
        if real is None:
            return at
        time = real if isinstance(real, str) else iso_millis(real)
        return f"{at}, {self.texts()('console_real_time', time=time)}"

    def instant(self, at: str) -> str:
        """An hour with its milliseconds; its day in front where that is not today."""
        is_today = at[:10] == iso_millis(self.clock.now)[:10]
        return at[11:23] if is_today else f"{day(parse_instant(at), self.texts().language)} {at[11:23]}"

    def day_hour(self, at: datetime) -> str:
        return f"{day(at, self.texts().language)} {at:%H:%M:%S}"

    @property
    def armed(self) -> list[tuple[str, int | None]]:
        """What waits for payments, the last one first: its title, and for how many (None until it is stopped)."""
        waiting = [(entry["scenario"], (entry.get("scope") or {}).get("next")) for entry in self.workspace.scenarios]
        return [(self.scenario(scenario)[0], left) for scenario, left in waiting if left != 0]

    def scenario(self, scenario: Mapping[str, Any]) -> tuple[str, str]:
        """Title and description of a scenario, in the page's language where they stand in the catalogue."""
        name, texts = scenario["name"], self.texts()
        if texts.has(f"scenarios_title_{name}"):
            return texts(f"scenarios_title_{name}"), texts(f"scenarios_about_{name}")
        return scenario.get("title") or name, scenario.get("description", "")

    @cached_property
    def payments(self) -> Counted:
        return Counted(self.runtime.store.count_payments(self.workspace.id, COUNTED))

    @cached_property
    def failing(self) -> Counted:
        return Counted(self.runtime.store.count_failing(self.workspace.id, COUNTED))

    def payments_among(self, ids: Iterable[str | None]) -> Mapping[tuple[str, str], str]:
        """Provider and id of those that are payments, each with its reference. A call or a webhook may be about a customer, a
        session, or a sample."""
        return self.runtime.store.payments_among(self.workspace.id, sorted({id_ for id_ in ids if id_}))

    @property
    def workspaces(self) -> list[str]:
        """The workspaces that the menu offers: this one, the default one and the newest."""
        names = [self.workspace.name, DEFAULT]
        names += [workspace.name for workspace in reversed(self.runtime.workspaces())]
        return list(dict.fromkeys(names))[:WORKSPACES]

    def render(self, template: str, title: str, *, status: int = 200, place: str = "", **context: Any) -> Response:
        """A page. `title` is a key of the catalogue or a text; `place` the entry of the sidebar that it belongs to."""
        call = web.call_of(self.request)
        page = pages.view(call, title, runtime=self.runtime, workspace=self.workspace)
        token = pages.token(self.runtime, acts.TOKEN, "console")
        unknown = [name for name in self.query.given if name not in {*self.query.read, *EVERYWHERE}]
        dropped = dict.fromkeys([*self.left_out, *unknown], "")
        page = replace(page, token=token, path=page.url(**dropped) if dropped else page.path)
        frame = {"console": self, "place": place, "version": __version__}
        response = as_response(pages.render(call, template, page, status=status, **frame, **context))
        response.set_cookie("workspace", self.workspace.name, max_age=31_536_000, path="/console", samesite="lax")
        return response

    def texts(self) -> Texts:
        return Texts(pages.language(web.call_of(self.request)))

    def back(self, page: Page) -> str:
        """This page's own address without what was said, for forms to come back to."""
        path, _, query = page.path.partition("?")
        kept = "&".join(part for part in query.split("&") if part and not part.startswith(f"{acts.SAID}="))
        return f"{path}?{kept}" if kept else path


def as_response(reply: Reply) -> Response:
    response = Response(reply.body, reply.status, headers=dict(reply.headers), media_type=reply.content_type)
    for cookie in reply.cookies:
        response.headers.append("set-cookie", cookie)
    return response


def missing_page(runtime: Runtime, request: Request, built: Collection[str], error: ControlError) -> Response:
    """A refusal as a page: within the frame where its workspace exists, else within that of the default one."""
    wanted = request.path_params.get("ws", "default")
    is_known = runtime.find_workspace(wanted) is not None
    if not is_known:
        request.scope["path_params"] = {**request.path_params, "ws": DEFAULT}
    refusal, console = error.body["error"], Console(runtime, request, built)
    return console.render(
        "console/missing.html",
        "console_missing" if error.status == 404 else "error_title",
        status=error.status,
        message=console.texts().reworded(refusal["message"])
        if is_known
        else console.texts()("console_no_workspace", name=wanted),
        elsewhere=refusal.get("elsewhere", ()),
    )
