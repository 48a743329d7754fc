"""The typed client for `asyncio`, as long as the other: `client.py` with `await`, made from its text by
`tests/surface/as_async.py`. Change that one.

    async with AsyncClient("http://localhost:8080") as client:
        shop = await client.create_workspace(seed="42", frozen=True)
        await shop.pay("acme", charge_id)
        await shop.advance("PT13H")
"""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Literal, Self, cast
from urllib.parse import quote

import httpx

from simulator.surface.answers import (
    Advanced,
    Armed,
    AuditSummary,
    AuditView,
    Balances,
    Buyer,
    Change,
    Clock,
    ComparisonView,
    Delivery,
    Diagram,
    Exported,
    Health,
    ImportedView,
    LedgerEntry,
    Move,
    Payment,
    PayoutView,
    ProviderView,
    Received,
    ReportView,
    RequestView,
    ScenarioView,
    Settled,
    Snapshot,
    Timer,
    Why,
    WorkspaceView,
)
from simulator.surface.client import DEFAULT_URL, NEAREST, PAGE, Answer, NotReached, SaidNo, error_of, is_of_a_call

__all__ = ["AsyncClient", "AsyncWorkspace"]
__tracebackhide__ = is_of_a_call


class AsyncClient:
    """One running simulator. `token` is its admin token, if it has one; `timeout` is in seconds. With a `transport` it is reached
    by that (`Simulator.in_process`). Without `keeps_open` each connection ends with its answer, so that nothing has to be closed.

    Every call raises `SaidNo` when the simulator refuses and `NotReached` when nobody answers.
    """

    def __init__(
        self,
        url: str = DEFAULT_URL,
        *,
        token: str | None = None,
        timeout: float = 60.0,
        transport: httpx.AsyncBaseTransport | None = None,
        keeps_open: bool = True,
    ) -> None:
        self.url = url.rstrip("/")
        self.token = token
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=20 if keeps_open else 0)
        self._http = httpx.AsyncClient(
            base_url=self.url,
            timeout=timeout,
            trust_env=False,
            transport=transport,
            limits=limits,
            verify=not self.url.lower().startswith("http:"),  # to read the authorities takes longer than a call
        )

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    # The whole simulator

    async def health(self) -> Health:
        return cast(Health, await self.call("GET", "/_sim/health"))

    async def providers(self) -> list[ProviderView]:
        """The providers that are served, with their events and every setting. The last entry is the simulator itself."""
        answer = await self.call("GET", "/_sim/providers")
        return cast(list[ProviderView], answer["data"])

    async def openapi(self, name: str) -> dict[str, Any]:
        """The OpenAPI document of a provider, or of the control API (`control`)."""
        return cast(dict[str, Any], await self.call("GET", f"/_sim/openapi/{name}.json"))

    async def workspaces(self) -> list[WorkspaceView]:
        return [one async for one in self.every("/_sim/workspaces")]

    async def scenarios(self) -> list[ScenarioView]:
        """The scenarios on disk; those that are not `armable` are a provider's documented test triggers."""
        return [one async for one in self.every("/_sim/scenarios")]

    async def create_workspace(
        self,
        name: str | None = None,
        *,
        seed: str | int | None = None,
        frozen: bool = False,
        now: str | None = None,
        credentials: Mapping[str, Mapping[str, Any]] | None = None,
        webhooks: Mapping[str, Mapping[str, Any]] | None = None,
        settings: Mapping[str, Mapping[str, Any]] | None = None,
        made_by: str | None = None,
        temporary: bool = False,
    ) -> AsyncWorkspace:
        """A fresh world. With `frozen` its clock stands still, at `now` (an ISO instant) if that is given. `made_by` says in the
        console who has made it: `test:tests/test_checkout.py`. A `temporary` one goes a day after its last use."""
        body: dict[str, Any] = {"name": name, "seed": seed}
        if frozen or now is not None:
            body["clock"] = {"mode": "frozen" if frozen else "real", "now": now}
        more = {"credentials": credentials, "webhooks": webhooks, "settings": settings, "made_by": made_by}
        body |= {member: value for member, value in more.items() if value is not None}
        if temporary:
            body["temporary"] = True
        view = cast(WorkspaceView, await self.call("POST", "/_sim/workspaces", body))
        return AsyncWorkspace(self, view["id"], view)

    async def import_workspace(
        self, document: Mapping[str, Any] | bytes | str, name: str | None = None
    ) -> AsyncWorkspace:
        """A new workspace that goes on where an exported one ended; its `view` says under `imported` what has another name."""
        view = cast(ImportedView, await self.call("POST", "/_sim/workspaces/import", document, name=name))
        return AsyncWorkspace(self, view["id"], view)

    def workspace(self, name: str = "default") -> AsyncWorkspace:
        """The workspace with this name or id. Nothing is asked before the first call."""
        return AsyncWorkspace(self, name)

    # HTTP

    async def call(self, method: str, path: str, body: Any = None, /, **query: Any) -> Any:
        """One call of the control API; the answer's JSON, or None when it has no body. Bytes or a text are JSON already."""
        wanted = {name: value for name, value in query.items() if value is not None}
        try:
            given: dict[str, Any] = {"content": body} if isinstance(body, bytes | str) else {"json": body}
            if "timeout" in wanted:  # of a wait: until then nobody answers
                given["timeout"] = None
            answer = await self._http.request(method, path, params=wanted, headers=self._headers, **given)
        except httpx.HTTPError as error:
            raise NotReached(self.url, str(error) or type(error).__name__) from error
        if answer.status_code >= 400:
            raise SaidNo(answer.status_code, error_of(answer))
        return answer.json() if answer.content else None

    async def every(self, path: str, /, at_most: int | None = None, **query: Any) -> AsyncIterator[Any]:
        """The entries of a list, to its end or to the first `at_most`. A page is fetched when its first entry is wanted."""
        cursor, left = None, at_most
        while left is None or left > 0:
            page = await self.call("GET", path, limit=PAGE if left is None else min(PAGE, left), cursor=cursor, **query)
            for entry in page["data"]:
                yield entry
            left = None if left is None else left - len(page["data"])
            cursor = page["next"]
            if cursor is None:
                return

    async def file(self, path: str, /) -> bytes:
        """The bytes behind an address of the control API."""
        answer = await self.send("GET", path, headers=self._headers, content=None)
        if answer.status >= 400:
            raise SaidNo(answer.status, json.loads(answer.content)["error"])
        return answer.content

    @property
    def _headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"} if self.token else {}

    async def lines(self, path: str, /, **query: Any) -> AsyncIterator[str]:
        """The lines of an answer that goes on until somebody ends it."""
        wanted = {name: value for name, value in query.items() if value is not None}
        try:
            async with self._http.stream("GET", path, params=wanted, headers=self._headers, timeout=None) as answer:
                if answer.status_code >= 400:
                    await answer.aread()
                    raise SaidNo(answer.status_code, error_of(answer))
                async for text in answer.aiter_lines():
                    yield text
        except httpx.HTTPError as error:
            raise NotReached(self.url, str(error) or type(error).__name__) from error

    async def send(self, method: str, path: str, *, headers: Mapping[str, str], content: bytes | None) -> Answer:
        """One request to a provider's API, sent exactly as it is given: no credential is added."""
        try:
            answer = await self._http.request(method, path, headers=dict(headers), content=content)
        except httpx.HTTPError as error:
            raise NotReached(self.url, str(error) or type(error).__name__) from error
        return Answer(answer.status_code, dict(answer.headers), answer.content)


class AsyncWorkspace:
    """One isolated world in a simulator: its credentials, payments, webhooks, clock, scenarios and buyers."""

    def __init__(self, client: AsyncClient, name: str, view: WorkspaceView | None = None) -> None:
        self.client = client
        self.path = f"/_sim/workspaces/{quote(name, safe='')}"
        self._view = view

    @property
    def view(self) -> WorkspaceView:
        """As it was when `refresh` last asked."""
        if self._view is None:
            raise RuntimeError("await refresh() first: nothing was asked yet")
        return self._view

    async def refresh(self) -> WorkspaceView:
        self._view = cast(WorkspaceView, await self.client.call("GET", self.path))
        return self._view

    @property
    def id(self) -> str:
        return self.view["id"]

    @property
    def name(self) -> str:
        return self.view["name"]

    @property
    def base_url(self) -> str:
        """Where to point a provider's client: one address for all of them."""
        return self.client.url

    @property
    def credentials(self) -> dict[str, dict[str, Any]]:
        """By provider."""
        return self.view["credentials"]

    def inbox_url(self, name: str) -> str:
        """The built-in webhook receiver `name` of this workspace."""
        return f"{self.client.url}/_sim/inbox/{self.id}/{quote(name, safe='')}"

    async def _call(self, method: str, path: str, body: Any = None, /, **query: Any) -> Any:
        return await self.client.call(method, self.path + path, body, **query)

    # The workspace itself

    async def reset(self) -> WorkspaceView:
        """Drops payments, webhooks, journal, scenarios and the clock's offset; keeps credentials and endpoints."""
        self._view = cast(WorkspaceView, await self._call("POST", "/reset"))
        return self._view

    async def delete(self) -> None:
        await self._call("DELETE", "")

    async def export(self) -> Exported:
        """Everything that there is, secrets included, as one document for `Client.import_workspace`."""
        return cast(Exported, await self._call("GET", "/export"))

    async def snapshot(self, name: str | None = None) -> Snapshot:
        """A copy of everything that there is, to which `restore` goes back; without a name it gets a number."""
        return cast(Snapshot, await self._call("POST", "/snapshots", {} if name is None else {"name": name}))

    async def snapshots(self) -> list[Snapshot]:
        """Oldest first."""
        return [one async for one in self.client.every(f"{self.path}/snapshots")]

    async def restore(self, name: str) -> WorkspaceView:
        """Everything is as it was when the snapshot was taken; the name and the credentials stay."""
        self._view = cast(WorkspaceView, await self._call("POST", f"/snapshots/{quote(name, safe='')}/restore"))
        return self._view

    async def delete_snapshot(self, name: str) -> None:
        await self._call("DELETE", f"/snapshots/{quote(name, safe='')}")

    async def set_webhook(
        self,
        provider: str,
        url: str | None = None,
        *,
        secret: str | None = None,
        key_id: str | None = None,
        events: Sequence[str] | None = None,
        endpoints: Sequence[Mapping[str, Any]] | None = None,
    ) -> WorkspaceView:
        """The account-level endpoint of a provider whose own API has no call for it; or `endpoints`, each with its own `url`,
        `secret`, `key_id` and `events`, where the provider has several."""
        body: dict[str, Any] = {"url": url, "secret": secret, "key_id": key_id, "endpoints": endpoints}
        body = {name: value for name, value in body.items() if value is not None}
        if events is not None:
            body["events"] = list(events)
        self._view = cast(WorkspaceView, await self._call("PUT", f"/webhooks/{provider}", body))
        return self._view

    async def remove_webhook(self, provider: str) -> None:
        await self._call("DELETE", f"/webhooks/{provider}")
        self._view = None

    async def pause(self, provider: str, paused: bool = True) -> WorkspaceView:
        """Holds a provider's deliveries back without losing any, or lets them go."""
        self._view = cast(WorkspaceView, await self._call("PUT", f"/webhooks/{provider}/paused", {"paused": paused}))
        return self._view

    async def send_test_event(self, provider: str, event: str) -> Delivery:
        """The provider's own sample of an event, to the account's endpoint."""
        return cast(Delivery, await self._call("POST", f"/webhooks/{provider}/test-event", {"event": event}))

    async def set_settings(self, provider: str, **values: Any) -> WorkspaceView:
        """Options of a provider, or of the `simulator` itself; they replace those that were set."""
        self._view = cast(WorkspaceView, await self._call("PUT", f"/settings/{provider}", values))
        return self._view

    # Payments and the buyer

    async def payments(
        self,
        *,
        provider: str | None = None,
        phase: str | None = None,
        reference: str | None = None,
        q: str | None = None,
        since: str | None = None,
        failing: bool | None = None,
    ) -> list[Payment]:
        """Newest first; made `since` an instant, or with a webhook that is `failing`."""
        query: dict[str, Any] = {"provider": provider, "phase": phase, "reference": reference, "q": q}
        found = self.client.every(f"{self.path}/payments", **query, since=since, failing=failing or None)
        return [one async for one in found]

    async def latest(self, limit: int = 50, *, provider: str | None = None) -> list[Payment]:
        """The newest payments, newest first."""
        return [one async for one in self.client.every(f"{self.path}/payments", limit, provider=provider)]

    async def payment(self, provider: str, id_: str) -> Payment:
        """With its timeline."""
        return cast(Payment, await self._call("GET", f"/payments/{provider}/{quote(id_)}"))

    async def wait_for(
        self,
        *,
        provider: str | None = None,
        resource_id: str | None = None,
        phase: str | None = None,
        status: str | None = None,
        event: str | None = None,
        timeout: str = "10s",
    ) -> Payment | Delivery:
        """The payment as soon as it is in that `phase`, or has that `status` (the provider's word); with an `event` the webhook of
        it, once it has arrived. Raises `SaidNo` 408 with what was `seen` instead."""
        query = {"provider": provider, "resource_id": resource_id, "phase": phase, "status": status, "event": event}
        return cast("Payment | Delivery", await self._call("GET", "/wait", **query, timeout=timeout))

    async def wait_for_webhook(
        self, provider: str, event: str, *, resource_id: str | None = None, timeout: str = "10s"
    ) -> Delivery:
        """The newest webhook of that event, as soon as it has arrived."""
        query = {"provider": provider, "resource_id": resource_id, "event": event, "timeout": timeout}
        return cast(Delivery, await self._call("GET", "/wait", **query))

    async def latest_payment(self, *, provider: str | None = None, reference: str | None = None) -> Payment:
        """The newest, with its timeline. Raises `SaidNo` 404 when there is none."""
        return cast(Payment, await self._call("GET", "/payments/latest", provider=provider, reference=reference))

    async def diagram(self, provider: str, id_: str) -> Diagram:
        """Its story as rows between merchant, provider, wallet and buyer, and as Mermaid."""
        return cast(Diagram, await self._call("GET", f"/payments/{provider}/{quote(id_)}/diagram"))

    async def why(self, id_: str) -> Why:
        """Why something is as it is: a payment (by id or reference), a request, a delivery or an order (by its code). Raises
        `SaidNo` 404 for anything else."""
        return cast(Why, await self._call("GET", f"/why/{quote(id_)}"))

    async def find(self, id_or_code: str) -> Payment | None:
        """The payment with this id, reference or wallet code, the newest if there are several: one call, however many payments
        there are, and however old it is."""
        answer = await self.client.call("GET", f"{self.path}/payments", limit=NEAREST, q=id_or_code)
        for payment in cast(list[Payment], answer["data"]):
            order_code = payment["wallet"]["code"] if payment["wallet"] else None
            if id_or_code in (payment["id"], payment["reference"], order_code):
                return payment
        return None

    async def make_payment(
        self,
        provider: str,
        *,
        amount: int | None = None,
        currency: str | None = None,
        variant: str | None = None,
        reference: str | None = None,
    ) -> Payment:
        """A test payment by the provider's real API call, as the merchant would make it. `amount` is in minor units, and goes
        with its `currency`."""
        given: dict[str, Any] = {"provider": provider, "variant": variant, "reference": reference}
        if amount is not None or currency is not None:
            given["amount"] = {"value": amount, "currency": currency}
        body = {name: value for name, value in given.items() if value is not None}
        return cast(Payment, await self._call("POST", "/payments", body))

    async def moves(self, provider: str, id_: str) -> list[Move]:
        """What may happen to a payment now."""
        answer = await self._call("GET", f"/payments/{provider}/{quote(id_)}/moves")
        return cast(list[Move], answer["data"])

    async def mark(self, provider: str, id_: str, trigger: str) -> Payment:
        """Lets one of the legal `moves` happen."""
        return await self._act(provider, id_, "mark", {"trigger": trigger})

    async def refund(self, provider: str, id_: str, amount: int | None = None) -> Payment:
        """By the provider's real API call; all that is left, or so many minor units."""
        return await self._act(provider, id_, "refund", {} if amount is None else {"amount": amount})

    async def pay(self, provider: str, id_: str, *, buyer: str | None = None, method: str | None = None) -> Payment:
        """The buyer presses Confirm; scenarios, test amounts and their account may still refuse."""
        body = {name: value for name, value in (("buyer", buyer), ("method", method)) if value is not None}
        return await self._act(provider, id_, "pay", body)

    async def decline(self, provider: str, id_: str, *, reason: str | None = None, code: str | None = None) -> Payment:
        """The wallet declines; `code` is the provider's own, where it has several for one reason."""
        body = {name: value for name, value in (("reason", reason), ("code", code)) if value is not None}
        return await self._act(provider, id_, "decline", body)

    async def cancel(self, provider: str, id_: str) -> Payment:
        return await self._act(provider, id_, "cancel", {})

    async def expire(self, provider: str, id_: str) -> Payment:
        return await self._act(provider, id_, "expire", {})

    async def _act(self, provider: str, id_: str, act: str, body: Mapping[str, Any]) -> Payment:
        return cast(Payment, await self._call("POST", f"/payments/{provider}/{quote(id_)}/{act}", body))

    async def buyers(self) -> list[Buyer]:
        return [one async for one in self.client.every(f"{self.path}/buyers")]

    async def set_buyer(self, slug: str, **members: Any) -> Buyer:
        """Changes a test buyer, or makes a new one; amounts are in fen."""
        return cast(Buyer, await self._call("PUT", f"/buyers/{quote(slug, safe='')}", members))

    async def copy_buyer(self, slug: str, new: str | None = None) -> Buyer:
        """Another one like this, with an empty ledger."""
        body = {"slug": new} if new else {}
        return cast(Buyer, await self._call("POST", f"/buyers/{quote(slug, safe='')}/copy", body))

    async def reset_buyer(self, slug: str) -> Buyer:
        """Makes a buyer as they were in the beginning, with an empty ledger."""
        return cast(Buyer, await self._call("POST", f"/buyers/{quote(slug, safe='')}/reset"))

    async def default_buyer(self, slug: str) -> Buyer:
        """Who pays from now on where nobody is named."""
        return cast(Buyer, await self._call("POST", f"/buyers/{quote(slug, safe='')}/default"))

    # Time

    async def clock(self) -> Clock:
        return cast(Clock, await self._call("GET", "/clock"))

    async def advance(self, by: str) -> Advanced:
        """`PT12H`, `12h`, `90s`: walks from deadline to deadline; webhook attempts are done when this returns."""
        return cast(Advanced, await self._call("POST", "/clock/advance", {"by": by}))

    async def advance_to(self, instant: str) -> Advanced:
        return cast(Advanced, await self._call("POST", "/clock/advance", {"to": instant}))

    async def advance_to_next(self) -> Advanced:
        """To the next deadline; stands still when nothing is due."""
        return cast(Advanced, await self._call("POST", "/clock/advance", {"next": True}))

    async def stop_advance(self) -> Clock:
        """Lets an advance that is under way end at the deadline that it has reached."""
        return cast(Clock, await self._call("POST", "/clock/stop"))

    async def freeze(self, at: str | None = None) -> Clock:
        return cast(Clock, await self._call("POST", "/clock/freeze", {"at": at} if at else {}))

    async def resume(self, *, real: bool = False) -> Clock:
        """From where it stands, or at the time of day, which a clock that is ahead of it cannot."""
        return cast(Clock, await self._call("POST", "/clock/resume", {"real": True} if real else {}))

    async def run_at(self, rate: int) -> Clock:
        """Runs from what it shows, `rate` of its seconds (1 to 3600) in one of real time."""
        return cast(Clock, await self._call("POST", "/clock/rate", {"rate": rate}))

    async def timers(self) -> list[Timer]:
        """What is due later, soonest first, webhook retries included."""
        return [one async for one in self.each_timer()]

    def each_timer(self, at_most: int | None = None) -> AsyncIterator[Timer]:
        """Every timer, one after the other. A page is fetched when its first timer is wanted."""
        return self.client.every(f"{self.path}/timers", at_most)

    async def settle(self) -> Settled:
        """Delivers everything that is due at the workspace's present instant."""
        return cast(Settled, await self._call("POST", "/settle"))

    # What became of the money

    async def ledger(
        self, provider: str | None = None, *, payment_id: str | None = None, payout_id: str | None = None
    ) -> list[LedgerEntry]:
        """Every posting, oldest first, provider by provider."""
        query: dict[str, Any] = {"provider": provider, "payment_id": payment_id, "payout_id": payout_id}
        return [one async for one in self.client.every(f"{self.path}/ledger", **query)]

    async def balances(self, provider: str | None = None) -> Balances:
        """What the providers owe, by currency, and when their next day ends."""
        return cast(Balances, await self._call("GET", "/balances", provider=provider))

    async def payouts(self, provider: str | None = None) -> list[PayoutView]:
        """Newest first, provider by provider."""
        return [one async for one in self.client.every(f"{self.path}/payouts", provider=provider)]

    async def pay_out(self, provider: str) -> list[PayoutView]:
        """Ends the provider's day now and pays out what is due, whatever day it is."""
        answer = await self._call("POST", "/payouts", {"provider": provider})
        return cast(list[PayoutView], answer["data"])

    async def reports(self, provider: str | None = None, date: str | None = None) -> list[ReportView]:
        """The files of days that are over, newest day first; of those that are still to come too."""
        return [one async for one in self.client.every(f"{self.path}/reports", provider=provider, date=date)]

    async def report(self, provider: str, date: str, name: str) -> bytes:
        """One of them, byte for byte."""
        parts = (quote(part, safe="") for part in (provider, date, name))
        return await self.client.file(f"{self.path}/reports/{'/'.join(parts)}")

    async def main_report(self, provider: str, date: str) -> bytes:
        """The provider's main report of a day, byte for byte."""
        return await self.client.file(f"{self.path}/reports/{quote(provider, safe='')}/{quote(date, safe='')}")

    # Webhooks and requests

    async def deliveries(
        self,
        *,
        provider: str | None = None,
        event: str | None = None,
        resource_id: str | None = None,
        state: str | None = None,
    ) -> list[Delivery]:
        """Oldest first."""
        query: dict[str, Any] = {"provider": provider, "event": event, "resource_id": resource_id, "state": state}
        return [one async for one in self.client.every(f"{self.path}/webhooks", **query)]

    async def newest_deliveries(
        self,
        limit: int = 50,
        *,
        provider: str | None = None,
        event: str | None = None,
        state: str | None = None,
        adversarial: bool | None = None,
    ) -> list[Delivery]:
        """Newest first. `state` may be a group, too: `failing` or `held`."""
        query: dict[str, Any] = {"provider": provider, "event": event, "state": state, "newest": True}
        return [
            one async for one in self.client.every(f"{self.path}/webhooks", limit, **query, adversarial=adversarial)
        ]

    async def delivery(self, id_: str) -> Delivery:
        return cast(Delivery, await self._call("GET", f"/webhooks/{quote(id_, safe='')}"))

    async def latest_delivery(self, *, provider: str | None = None, event: str | None = None) -> Delivery:
        """The newest. Raises `SaidNo` 404 when there is none."""
        return cast(Delivery, await self._call("GET", "/webhooks/latest", provider=provider, event=event))

    async def resend(
        self,
        id_: str,
        as_: Literal["again", "recorded", "edited"] | None = None,
        *,
        body: str | None = None,
        headers: Mapping[str, str] | None = None,
        copies: int | None = None,
    ) -> Delivery:
        """One more attempt now: signed anew, or as recorded, or with other bytes or headers (`edited`)."""
        given = {"as": as_, "body": body, "headers": headers, "copies": copies}
        wish = {name: value for name, value in given.items() if value is not None}
        return cast(Delivery, await self._call("POST", f"/webhooks/{quote(id_, safe='')}/resend", wish))

    async def compare(
        self,
        id_: str,
        *,
        base_string: str | None = None,
        signature: str | None = None,
        body: str | None = None,
        n: int | None = None,
    ) -> ComparisonView:
        """Holds what a receiver has computed against what is right for try `n` of the delivery, or for its last one."""
        given = {"base_string": base_string, "signature": signature, "body": body, "n": n}
        wish = {name: value for name, value in given.items() if value is not None}
        return cast(ComparisonView, await self._call("POST", f"/webhooks/{quote(id_, safe='')}/compare", wish))

    async def resend_failed(self, provider: str | None = None) -> int:
        """One more attempt at every delivery that was refused, given up or not; how many."""
        body = {} if provider is None else {"provider": provider}
        answer = await self._call("POST", "/webhooks/resend-failed", body)
        return int(answer["resent"])

    async def mark_delivered(self, id_: str) -> Delivery:
        """Whatever the receiver said, it has it."""
        return cast(Delivery, await self._call("POST", f"/webhooks/{quote(id_, safe='')}/mark-delivered"))

    async def stop(self, id_: str) -> Delivery:
        """Ends a pending delivery: it is tried no more."""
        return cast(Delivery, await self._call("POST", f"/webhooks/{quote(id_, safe='')}/stop"))

    async def inbox(self, name: str) -> list[Received]:
        """What the built-in receiver got, oldest first, each with the verdict on its signature."""
        return [one async for one in self.client.every(f"{self.path}/inbox/{quote(name, safe='')}")]

    async def requests(
        self,
        *,
        provider: str | None = None,
        status: int | str | None = None,
        method: str | None = None,
        path: str | None = None,
        refused: bool | None = None,
        limit: int | None = 50,
    ) -> list[RequestView]:
        """API calls, newest first, with secrets and card numbers masked; with `limit=None` all of them. `status` may be `4xx`."""
        more = {"method": method, "refused": refused or None}
        return [one async for one in self.each_request(limit, provider=provider, status=status, path=path, **more)]

    async def request(self, id_: str) -> RequestView:
        """One API call, with why it was refused."""
        return cast(RequestView, await self._call("GET", f"/requests/{quote(id_, safe='')}"))

    async def compare_request(self, id_: str, **given: str) -> ComparisonView:
        """Holds what the merchant has computed (`base_string`, `signature` or `body`) against what had to be signed."""
        return cast(ComparisonView, await self._call("POST", f"/requests/{quote(id_, safe='')}/compare", given))

    async def send_request_again(self, id_: str) -> RequestView:
        """Makes a call once more, signed anew. Returns the new call."""
        return cast(RequestView, await self._call("POST", f"/requests/{quote(id_, safe='')}/send-again"))

    def each_request(self, at_most: int | None = None, **filters: Any) -> AsyncIterator[RequestView]:
        """Every call, one after the other. A page is fetched when its first call is wanted."""
        return self.client.every(f"{self.path}/requests", at_most, **filters)

    # Scenarios

    async def arm(
        self,
        name: str | None = None,
        *,
        rules: Sequence[Mapping[str, Any]] | None = None,
        next_payments: int | None = None,
        provider: str | None = None,
        match: Mapping[str, Any] | None = None,
    ) -> list[Armed]:
        """Arms a scenario by name, or rules of your own, for the next payments, one provider, payments that `match` (amount,
        reference, currency) holds for, or until disarmed."""
        scope: dict[str, Any] = {}
        if next_payments is not None:
            scope["next"] = next_payments
        if provider is not None:
            scope["provider"] = provider
        if match:
            scope["match"] = dict(match)
        body: dict[str, Any] = {"scope": scope}
        if name is not None:
            body["name"] = name
        if rules is not None:
            body["rules"] = list(rules)
        answer = await self._call("PUT", "/scenario", body)
        return cast(list[Armed], answer["data"])

    async def armed(self) -> list[Armed]:
        answer = await self._call("GET", "/scenario")
        return cast(list[Armed], answer["data"])

    async def disarm(self) -> None:
        await self._call("DELETE", "/scenario")

    # Audits

    async def begin_audit(self, provider: str, webhook: str, **subject: Any) -> str:
        """Lets the server audit a merchant's own code, and returns the audit's id. `subject` are `checkout`, `refund` and `cancel`
        (a URL that is posted to, or `{"url", "method"}`), `order` (a URL with `{reference}`), `paid`, `unpaid`, `refunded`,
        `reference`, `only` and `skip`."""
        answer = await self._call("POST", "/audit", {"provider": provider, "webhook": webhook, **subject})
        return str(answer["id"])

    async def audit_report(self, id_: str) -> AuditView:
        """What came of an audit that the server runs, so far."""
        return cast(AuditView, await self._call("GET", f"/audit/{quote(id_, safe='')}"))

    async def audits(self) -> list[AuditSummary]:
        """The audits since the server started, oldest first."""
        return [one async for one in self.client.every(f"{self.path}/audits")]

    # The live feed

    async def events(self, after: int | None = None, *, follow: bool = True) -> AsyncIterator[Change]:
        """Each committed change as it happens, or from the one after the number `after`; until the workspace is gone or the server
        stops, or (`follow=False`) no more than there are."""
        async for text in self.client.lines(f"{self.path}/events", after=after, follow=follow):
            if text.startswith("data: "):
                yield cast(Change, json.loads(text.removeprefix("data: ")))
