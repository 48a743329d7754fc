"""Golden files that somebody has recorded at a real sandbox (`psp-simulator record`): they are asked again, of the simulator.

A folder below `tests/providers/<name>/golden/recorded/` is one recording. Its files are played in their order; what is drawn anew
each time stands in them as a mark (`simulator/surface/drift/recorder.py`), and `settings.json` holds the settings with which the
simulator follows that sandbox, where it needs any. A buyer pays past the proxy: a file `{"provider": "NAME", "buyer_pays":
"charge_<id 3>"}`, written by hand, says so at its place among the others.
"""

from __future__ import annotations

import json
import re
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path
from typing import Any

from simulator.engine.provider import Provider
from simulator.engine.sandbox import with_wrong_secrets
from simulator.engine.shop import Answer, Request
from simulator.surface.client import Workspace
from simulator.surface.drift.hiding import time_form
from simulator.surface.drift.leaves import is_address
from simulator.surface.drift.playing import OurPlace, account_of
from simulator.surface.drift.recorder import left_out

MARK = re.compile(r"<([^<>]+)>")
AS_NUMBER = " as a number"
SENT_TIME = re.compile(r"time (.+?) (past|later|in (-?\d+) s)")
LONG = {"past": timedelta(days=-365), "later": timedelta(days=730)}
AMOUNT = re.compile(r"amount(?: \* (\S+))?( as text)?")


def recordings(root: Path) -> list[Path]:
    """Every folder with a recording in it."""
    return sorted({path.parent for path in root.glob("*/golden/recorded/*/*.json")})


def provider_of(folder: Path) -> str:
    name: str = json.loads(next(_files(folder)).read_text("utf-8"))["provider"]
    return name


def _files(folder: Path) -> Iterator[Path]:
    return iter(sorted(path for path in folder.glob("*.json") if path.name != "settings.json"))


def written(moment: datetime, form: str) -> str | int:
    """An instant in a form of `time_form`, as so many digits, or as HTTP writes it."""
    if form.isdecimal():
        return int(moment.timestamp() * (1000 if form == "13" else 1))
    if form == "HTTP":
        return format_datetime(moment, usegmt=True)
    digits = iter(f"{moment:%Y%m%d%H%M%S%f}")
    local, zone = re.fullmatch(r"(.*?)([+-]00:?00)?", form).groups("")  # type: ignore[union-attr]
    return "".join(next(digits) if sign == "0" else sign for sign in local) + zone


@dataclass
class Replay:
    """A recording as it is asked of a workspace. `differences` are told as `file: place: recorded, simulator`."""

    provider: Provider
    workspace: Workspace
    differences: list[str] = field(default_factory=list)
    _known: dict[str, Any] = field(default_factory=dict)
    """What the marks with a number stand for here."""

    def run(self, folder: Path) -> list[str]:
        settings = folder / "settings.json"
        if settings.exists():
            self.workspace.set_settings(self.provider.name, **json.loads(settings.read_text("utf-8")))
        place = OurPlace(self.provider, self.workspace)
        self._known |= {name: value for name, value in place.credentials.items() if not isinstance(value, list)}
        for path in _files(folder):
            kept = json.loads(path.read_text("utf-8"))
            if "buyer_pays" in kept:
                place.pay(self._text(kept["buyer_pays"]), None)
                continue
            if kept["request"]["after_s"]:
                place.wait(timedelta(seconds=kept["request"]["after_s"]))
            answer, _ = place.send(self._signed(place, kept["request"]))
            self._hold(path.name, kept["answer"], answer)
        return self.differences

    # The request

    def _signed(self, place: OurPlace, kept: dict[str, Any]) -> Request:
        assert self.provider.shop is not None
        body = json.dumps(self._filled(kept["body"])) if "body" in kept else self._text(kept.get("text", ""))
        headers = {name: self._text(value) for name, value in kept["headers"].items()}
        request = Request(kept["method"], self._text(kept["path"]), headers, body.encode())
        account = account_of(place)
        match kept["credential"]:
            case "right":
                return self.provider.shop.sign(account, request)
            case "wrong":
                return self.provider.shop.sign(with_wrong_secrets(account), request)
            case "none":
                return request
        scheme, space, key = self._text(kept["credential"]).rpartition(" ")
        if scheme.lower() == "basic":
            key = b64encode(f"{key}:".encode()).decode()
        return request.plus({"Authorization": f"{scheme}{space}{key}"})

    def _filled(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {name: self._filled(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._filled(inner) for inner in value]
        if isinstance(value, str) and (whole := MARK.fullmatch(value)):
            return self._meant(whole[1])
        return self._text(value) if isinstance(value, str) else value

    def _text(self, text: str) -> str:
        return MARK.sub(lambda found: str(self._meant(found[1])), text)

    def _meant(self, mark: str) -> Any:
        """What to send for a mark. One that no answer has told is ours to choose."""
        if (amount := AMOUNT.fullmatch(mark)) is not None:
            return self._amount(amount)
        if (sent := SENT_TIME.fullmatch(mark)) is not None:
            now = datetime.fromisoformat(self.workspace.clock()["now"]).astimezone(UTC)
            return written(now + (timedelta(seconds=int(sent[3])) if sent[3] else LONG[sent[2]]), sent[1])
        if mark.endswith(AS_NUMBER):
            return int(self._meant(mark.removesuffix(AS_NUMBER)))
        return self._known.setdefault(mark, self._chosen(mark))

    def _chosen(self, mark: str) -> Any:
        kind, _, rest = mark.partition(" ")
        match kind:
            case "id" if rest.endswith("digits"):
                number, length = re.findall(r"\d+", rest)
                return f"1{number.zfill(int(length) - 1)}"
            case "id":
                return f"r{rest}-{self.workspace.id[-8:]}"
            case "url":
                return f"https://shop.example/back/{rest}"
            case "base":
                return self.workspace.client.url
            case "number":
                return 1234567
        return f"buyer{rest}@example.com" if kind == "email" else "x"

    def _amount(self, found: re.Match[str]) -> int | str:
        assert self.provider.shop is not None
        amount = round(self.provider.shop.sample.amount.value * float(found[1] or 1))
        return str(amount) if found[2] else amount

    # The answer

    def _hold(self, file: str, kept: dict[str, Any], answer: Answer) -> None:
        if kept["status"] != answer.status:
            self._differ(file, "status", kept["status"], answer.status)
            return
        headers = {name: value for name, value in answer.headers.items() if name not in left_out(self.provider)}
        if "body" in kept:
            self._compare(file, "", kept["body"], answer.json)
        elif kept.get("text", "") != answer.text:
            self._compare(file, "text", kept.get("text", ""), answer.text)
        for name, value in kept["headers"].items():
            if name in headers:
                self._compare(file, f"header {name}", value, headers[name])
        for name in headers.keys() - kept["headers"].keys():
            self._differ(file, f"header {name}", "not sent", "sent")

    def _differ(self, file: str, place: str, recorded: Any, here: Any) -> None:
        self.differences.append(f"{file}: {place}: {recorded!r}, {here!r}")

    def _compare(self, file: str, place: str, recorded: Any, here: Any) -> None:
        if isinstance(recorded, dict) and isinstance(here, dict):
            if list(recorded) != list(here):
                self._differ(file, place or "body", list(recorded), list(here))
            for name in recorded.keys() & here.keys():
                self._compare(file, f"{place}.{name}" if place else name, recorded[name], here[name])
        elif isinstance(recorded, list) and isinstance(here, list) and len(recorded) == len(here):
            for n, (one, other) in enumerate(zip(recorded, here, strict=True)):
                self._compare(file, f"{place}[{n}]", one, other)
        elif not self._is_same(recorded, here):
            self._differ(file, place or "body", recorded, here)

    def _is_same(self, recorded: Any, here: Any) -> bool:
        if not isinstance(recorded, str) or not MARK.search(recorded):
            return bool(recorded == here and type(recorded) is type(here))
        whole = MARK.fullmatch(recorded)
        if whole is not None and not isinstance(here, str):
            return self._stands_for(whole[1], here)
        if not isinstance(here, str):
            return False
        here = here.replace(f"{self.workspace.client.url}:80", "<base>").replace(self.workspace.client.url, "<base>")
        parts = MARK.split(recorded)
        pattern = "".join(re.escape(part) if n % 2 == 0 else "(.+?)" for n, part in enumerate(parts))
        found = re.fullmatch(pattern, here, re.DOTALL)
        return found is not None and all(
            self._stands_for(mark, value) for mark, value in zip(parts[1::2], found.groups(), strict=True)
        )

    def _stands_for(self, mark: str, value: Any) -> bool:
        """Whether a value is one that a mark stands for. The first that an id's mark meets is what it means from then on."""
        if (amount := AMOUNT.fullmatch(mark)) is not None:
            return bool(value == self._amount(amount) and type(value) is type(self._amount(amount)))
        if mark.endswith(AS_NUMBER):
            return isinstance(value, int) and self._stands_for(mark.removesuffix(AS_NUMBER), value)
        kind, _, rest = mark.partition(" ")
        match kind:
            case "id":
                return str(self._known.setdefault(mark, value)) == str(value)
            case "time" if rest == "HTTP":
                return re.fullmatch(r"\w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT", str(value)) is not None
            case "time":
                return len(str(value)) == int(rest) if rest.isdigit() else time_form(str(value)) == rest
            case "number":
                return isinstance(value, int | float) and not isinstance(value, bool)
            case "url":
                leads = is_address(value) or str(value).startswith("<base>")
                return leads and self._known.setdefault(mark, value) == value
            case "base":
                return bool(value == "<base>")
            case "secret":
                return isinstance(value, str) and bool(value)
            case "email":
                return isinstance(value, str) and "@" in value and self._known.setdefault(mark, value) == value
        return mark in self._known and str(self._known[mark]) == str(value)
