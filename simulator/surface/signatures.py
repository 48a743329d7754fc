"""`psp-simulator sign` and `verify`: a merchant's signatures on the command line, with the keys that a workspace has.

What is signed, and where the signature goes, is read off the provider's own functions: `Shop.sign` for its API, `Webhooks`
for what it sends, `Provider.verify` and `verify_request` for the checks.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import field, replace
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

import orjson

from simulator.engine.provider import Dropped, Provider, Sending, Verdict
from simulator.engine.shop import Account, Request
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import time_of_day
from simulator.kernel.refusals import Refusal
from simulator.kernel.values import dataclass
from simulator.surface import client


class NotPossible(Exception):
    """What was given cannot be signed or checked: what it is, and what to do about it."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(what)
        self.remedy = remedy


@dataclass(frozen=True, slots=True)
class Made:
    """What `sign` writes: the signed body, the signed query, or headers."""

    headers: Mapping[str, str] = field(default_factory=dict)
    query: str | None = None
    body: bytes | None = None

    def __str__(self) -> str:
        if self.query is not None:
            return self.query
        if self.body is not None:
            return self.body.decode("utf-8")
        return "\n".join(f"{name}: {value}" for name, value in self.headers.items())

    @property
    def view(self) -> dict[str, Any]:
        body = None if self.body is None else self.body.decode("utf-8")
        members = {"headers": dict(self.headers) or None, "query": self.query, "body": body}
        return {name: value for name, value in members.items() if value is not None}


@dataclass(frozen=True, slots=True)
class Signer:
    """One provider, with the keys of one workspace, at one time of day."""

    provider: Provider
    workspace: Workspace
    account: Account

    # Signing

    def sign(self, request: Request, *, is_request: bool) -> Made:
        """The request signed where the provider has requests signed; otherwise the headers of a webhook with its body.

        A signature in headers covers a request's address, so that without `is_request` it is a webhook's that is wanted.
        Raises `NotPossible`.
        """
        try:
            if self._signs_query(request):
                return Made(query=self._signed(request).path.partition("?")[2])
            if self._signs_body(request):
                _object_in(request.body)
                return Made(body=self._signed(request).body)
            if is_request and self._signs_headers(request):
                return Made(self._signed(request).headers)
            return self._webhook(request.body)
        except Refusal as refusal:
            raise NotPossible(f"this cannot be signed: {refusal}", "Sign less.") from refusal

    def _signed(self, request: Request) -> Request:
        return self.provider.shop.sign(self.account, request) if self.provider.shop is not None else request

    def _signs_query(self, request: Request) -> bool:
        unsigned = replace(request, path=f"{request.path.partition('?')[0]}?unsigned=1")
        return self._signed(unsigned).path != unsigned.path

    def _signs_body(self, request: Request) -> bool:
        unsigned = replace(request, body=b"{}")
        return self._signed(unsigned).body != unsigned.body

    def _signs_headers(self, request: Request) -> bool:
        """A key is the same whatever is asked; a signature is not."""
        other = replace(request, path=f"{request.path}/other")
        return self._signed(request).headers != self._signed(other).headers

    def _webhook(self, body: bytes) -> Made:
        """Of the bytes as they are, where the provider's webhooks are no JSON: their content type tells."""
        webhooks = self.provider.webhooks
        now = self.account.now
        sending = Sending(self.workspace, "", body, webhooks.account_context, now, now, 1, now, now)
        try:
            signed = webhooks.signed(sending)
        except Dropped as error:
            raise NotPossible("the account's endpoint takes no webhooks", "Set one in the console.") from error
        except ValueError as error:
            raise NotPossible(f"this cannot be signed: {error}", "Give the body of a webhook on stdin.") from error
        if _is_json(signed.headers):
            _json_in(body)
        return Made(signed.headers) if signed.body == body else Made(body=signed.body)

    # Checking

    def verify(self, request: Request) -> Verdict:
        """Whether the provider's API, or a receiver of its webhooks, would take this. Raises `NotPossible`.

        It is not asked how old the signature is: what was captured yesterday may be looked at today.
        """
        verdict = self._verdict(request)
        if not verdict.valid and request.body.endswith(b"\n"):
            cut = replace(request, body=request.body.rstrip(b"\r\n"))
            if self._verdict(cut).valid:
                return replace(verdict, reason="the signature is right for the body without the line break at its end")
        return verdict

    def _verdict(self, request: Request) -> Verdict:
        verdict = None
        try:
            if self.provider.verify_request is not None:
                verdict = self.provider.verify_request(self.account, request)
            if verdict is None and self.provider.verify is not None:
                headers = {name.lower(): value for name, value in request.headers.items()}
                verdict = self.provider.verify(self.workspace, headers, request.body)
        except Refusal as refusal:
            raise NotPossible(f"this cannot be checked: {refusal}", "Check less.") from refusal
        if verdict is None:
            raise NotPossible(f"{self.provider.title} signs nothing", "There is nothing to check.")
        return verdict


def signer(provider: Provider, world: client.Workspace, date: str | None, secret: str | None) -> Signer:
    """A signer with the credentials that the running simulator tells of the workspace. Raises `NotPossible`.

    `secret` is that of a webhook endpoint which has one of its own; without it the account's counts.
    """
    view = world.refresh()
    name = provider.name
    if name not in view["credentials"]:
        raise NotPossible(f"workspace {view['name']} knows no {provider.title}", "The simulator runs without it.")
    endpoint = view["webhooks"].get(name) or {"url": world.inbox_url(name)}
    if secret is not None:
        endpoint = {"url": world.inbox_url(name), "secret": secret}
    now = time_of_day() if date is None else instant(date)
    workspace = Workspace(
        id=0,
        public_id=view["id"],
        name=view["name"],
        created_at=now,
        credentials=dict(view["credentials"]),
        stored_endpoints={name: dict(endpoint)},
        settings={section: dict(values) for section, values in view["settings"].items()},
    )
    return Signer(provider, workspace, Account(view["credentials"][name], world.client.url, now))


def instant(text: str) -> datetime:
    """A date as HTTP writes it, or ISO 8601; without a zone it is UTC. Raises `NotPossible`."""
    for read in (parsedate_to_datetime, datetime.fromisoformat):
        try:
            found = read(text)
        except ValueError:
            continue
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    example = "Write it as in 'Thu, 31 Dec 2026 10:00:00 GMT' or 2026-12-31T10:00:00Z."
    raise NotPossible(f"{text!r} is no date", example)


def headers_in(lines: Iterable[str]) -> dict[str, str]:
    """`Name: value`, as curl takes them. Raises `NotPossible`."""
    found = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or not name.strip():
            raise NotPossible(f"{line!r} is no header", "Write it as 'Name: value'.")
        found[name.strip()] = value.strip()
    return found


def request_of(method: str | None, path: str | None, headers: Mapping[str, str], body: bytes) -> Request:
    """The request as somebody describes it: a body is JSON unless a header says otherwise, and is posted."""
    given = dict(headers)
    if body and "content-type" not in {name.lower() for name in given}:
        given = {"Content-Type": "application/json", **given}
    return Request((method or ("POST" if body else "GET")).upper(), path or "/", given, body)


def _is_json(headers: Mapping[str, str]) -> bool:
    """Whether a webhook with these headers is JSON; so is one that does not say what it is."""
    said = next((value for name, value in headers.items() if name.lower() == "content-type"), "application/json")
    return "json" in said.lower()


def _json_in(body: bytes) -> Any:
    try:
        return orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise NotPossible("what came on stdin is not JSON", "Give the body on stdin.") from error


def _object_in(body: bytes) -> None:
    if not isinstance(_json_in(body), dict):
        raise NotPossible("what came on stdin is not a JSON object", "Its signature becomes a member of it.")
