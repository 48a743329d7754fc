"""The HTTP edge of the providers, in one file because it is one way: finds the route, reads the bytes once, and runs the way of
one request.

The answer to anything, our own crashes included, is in the words of the provider to whom the request was addressed.
"""

from __future__ import annotations

import logging
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any
from urllib.parse import unquote

from simulator.engine import again, faults, idempotency, journal, pages, plain, reasons
from simulator.engine.call import Call, Reply, Walk
from simulator.engine.callers import LOOPBACK_NAMES, as_compared, is_page_of_elsewhere, is_public, is_this_machine
from simulator.engine.facets import ScenarioError
from simulator.engine.http import (
    BODILESS,
    BODY_LIMIT,
    HEADERS_LIMIT,
    Disconnected,
    HttpReply,
    Receive,
    Scope,
    Send,
    has_large_head,
    header_map,
    notice_value,
    raw_headers,
    read_body,
)
from simulator.engine.provider import Authenticate, Endpoint, LeftOut, Page, Provider
from simulator.engine.registry import WorkspaceError
from simulator.engine.routes import Node, routes_of, segments_of
from simulator.engine.runtime import Runtime
from simulator.engine.unread import body_of, look_over, query_of
from simulator.engine.validation import validate
from simulator.engine.weather import hold, leave, webhooks_first
from simulator.kernel.clock import micros, stopwatch
from simulator.kernel.ids import Ids
from simulator.kernel.refusals import (
    BodyTooLarge,
    Crashed,
    Faulted,
    Forbidden,
    HeadersTooLarge,
    IdempotencyConflict,
    Invalid,
    MethodNotAllowed,
    NotFound,
    OperationLeftOut,
    Refusal,
    Unauthenticated,
    UnknownRoute,
)

log = logging.getLogger("simulator")

SHORT = 1_000
"""Characters of what is named and may be long."""

NOT_YET = HttpReply(0, [], b"")
"""Stands for the answer to a call that is executed later."""

_HOST = re.compile(r"^(?:[A-Za-z0-9._-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$")


class Gateway:
    """An ASGI application for all providers' endpoints and hosted pages, and the wallet's pages."""

    def __init__(
        self,
        runtime: Runtime,
        pages: Sequence[Page] = (),
        *,
        public_credentials: bool = False,
        names: Iterable[str] = (),
    ) -> None:
        """`public_credentials`: whether those that everybody can read are taken from other machines, too. `names` are the hosts'
        names that are our own, beside those of loopback."""
        self.names = LOOPBACK_NAMES | {as_compared(name) for name in names}
        self.runtime = runtime
        self.public_credentials = public_credentials
        self._keys = idempotency.Keys()
        self._providers = tuple(runtime.providers.values())
        self.routes = routes_of(self._providers, pages)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = stopwatch()
        headers = header_map(scope["headers"])
        try:
            body = await read_body(receive)
        except Disconnected:
            return  # nobody is left to read an answer
        call, is_large = self._call(scope, headers, body or b""), body is None
        answer = self._serve(call, is_large, started, large_head=has_large_head(scope))
        if answer.walk is not None:
            await self._walk(answer.walk)
        if call.answering.weather is None and not call.answering.waits_for:
            answer = await self._settled(call, answer, started)
            await leave(answer, None, receive, send, bodiless=scope["method"] == "HEAD")
            return
        with self._keys.under_way(call.answering.key):
            if (weather := call.answering.weather) is not None and weather.executes_later:
                await hold(self.runtime, call.workspace, weather, receive)
                call, left = self._call(scope, headers, body or b""), call.answering.tokens_left
                call.answering.weather, call.answering.tokens_left = replace(weather, delay_s=0.0), left
                answer = self._serve(call, is_large, started)
            answer, at = await self._settled(call, answer, started), call.answering
            if at.waits_for and at.began is not None:
                await webhooks_first(self.runtime, call.workspace, call.provider, at.waits_for, at.began)
            if at.weather is not None:
                await hold(self.runtime, call.workspace, at.weather, receive)
            answer = self._altered(call, answer)
            await leave(answer, at.weather, receive, send, bodiless=scope["method"] == "HEAD")

    async def _settled(self, call: Call, answer: HttpReply, started: float) -> HttpReply:
        """The answer once what it says is written."""
        if (committed := self.runtime.transactions.committed()) is not None:
            try:
                await committed
            except Exception:
                return self._not_committed(call, started)
        return answer

    def _altered(self, call: Call, answer: HttpReply) -> HttpReply:
        """The answer to an executed call, as the scenario lets it leave."""
        weather, provider = call.answering.weather, self.runtime.providers.get(call.provider)
        if weather is None or weather.is_before or provider is None:
            return answer
        if weather.status is not None:
            call.ids = self.runtime.registry.ids_of_refusal(call.workspace)
            reply = faults.dressed(provider.refuse(faults.refusal(weather), call), weather)
            sent, _, headers = self._render(provider, call, reply)
            return HttpReply(reply.status, headers, sent)
        return answer if weather.body is None else faults.with_another_body(answer, weather.body)

    def _call(self, scope: Scope, headers: dict[str, str], body: bytes) -> Call:
        raw_path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1").partition("?")[0]
        is_plain = raw_path[:1] == "/" != raw_path[-1:] and "//" not in raw_path  # as nearly all
        target = raw_path if is_plain else "/" + "/".join(segments_of(raw_path))
        host = headers.get("host", "")
        base_url = f"{scope.get('scheme', 'http')}://{host}" if _HOST.match(host) else self.runtime.base_url
        return Call(
            provider="",
            method="GET" if scope["method"].upper() == "HEAD" else scope["method"].upper(),
            target=unquote(target) if "%" in target else target,
            raw_path=raw_path,
            raw_query=scope["query_string"].decode("latin-1"),
            headers=headers,
            raw_body=body,
            base_url=self.runtime.public_url or base_url,
            strict=self.runtime.strict,
            from_network=not is_this_machine(scope),
            from_elsewhere=is_page_of_elsewhere(scope, headers, self.names),
        )

    def _not_committed(self, call: Call, started: float) -> HttpReply:
        """The store has failed: whatever the answer would have been, nothing of it stands."""
        crashed = self._crashed(call)
        provider = self.runtime.providers.get(call.provider)
        if provider is None:
            return self._page_reply(pages.refused(call, crashed))
        return self._refused(provider, call, crashed, started)

    def _crashed(self, call: Call) -> Crashed:
        """To be called where the exception is at hand. Raises `Later` where the call can be executed once more instead, and the
        store's own error where it is asked by us (`ask`): who does that has words of its own for it."""
        again.or_later(sys.exception())
        error_id = Ids().hex(16)
        if (outage := self.runtime.store.outage(sys.exception())) is not None:
            if call.sent_by == "console":
                raise
            log.error("error %s in %s %s: the store: %s", error_id, call.method, call.target, outage)
            call.answering.notices[:] = [f"the store is not available: {outage}"]
        else:
            log.exception("error %s in %s %s", error_id, call.method, call.target)
            if isinstance(error := sys.exception(), ScenarioError):
                call.answering.notices[:] = [f"a scenario on disk is wrong: {error}"]
        return Crashed(error_id)

    # The way of one request ------------------------------------------------------------------------------------

    def _found(self, call: Call) -> tuple[Node, dict[str, str]] | None:
        """Who answers at the address, and its parameters."""
        if (node := self.routes.literal.get((call.method, call.raw_path))) is not None:
            return node, {}
        segments = [unquote(s) if "%" in s else s for s in segments_of(call.raw_path)]
        return None if any("\0" in segment for segment in segments) else self.routes.match(call.method, segments)

    def _large_head(self, call: Call, started: float) -> HttpReply:
        """In the words of whose address it is. The journal keeps the beginning of each header."""
        refusal, found = HeadersTooLarge(HEADERS_LIMIT), self._found(call)
        routes = list(found[0].routes.values()) if found is not None else []
        if routes and all(isinstance(route, Page) for _, route in routes):
            return self._page_reply(pages.refused(call, refusal))
        provider = next((provider for provider, _ in routes if provider is not None), None)
        provider = provider or next((provider for provider in self._providers if provider.claims(call)), None)
        if provider is None:
            return self._plain_refusal(call, refusal)
        self._recognise(provider, call)
        call.headers = {
            name: value if len(value) <= SHORT else f"{value[:SHORT]}…" for name, value in call.headers.items()
        }
        return self._refused(provider, call, refusal, started)

    def _serve(self, call: Call, too_large: bool, started: float, *, large_head: bool = False) -> HttpReply:
        try:
            return self._large_head(call, started) if large_head else self._routed(call, too_large, started)
        except Exception:  # before it was known whose request it is, or while a refusal was written
            crashed = self._crashed(call)
            try:
                return self._refused(self.runtime.providers.get(call.provider), call, crashed, started)
            except Exception:
                return self._unwritten(call, self._crashed(call))

    def _unwritten(self, call: Call, refusal: Refusal) -> HttpReply:
        """In the words of whose request it is, where nothing can be journalled."""
        try:
            provider = self.runtime.providers[call.provider]
            call.ids = self.runtime.registry.ids_of_refusal(None)
            reply = provider.refuse(refusal, call)
            sent, _, headers = self._render(provider, call, reply)
            return HttpReply(reply.status, headers, sent)
        except Exception:
            return self._plain_refusal(call, self._crashed(call))

    async def unserved(self, scope: Scope, receive: Receive, send: Send, why: str) -> None:
        """What another process was to answer, and has not. The `Simulator-Notice` says why."""
        call, crashed = self._call(scope, header_map(scope["headers"]), b""), Crashed(Ids().hex(16))
        log.error("error %s in %s %s: %s", crashed.error_id, call.method, call.target, why)
        call.answering.notices.append(why)
        found = self._found(call)
        provider, route = (None, None) if found is None else found[0].routes.get(call.method, (None, None))
        call.provider = "" if provider is None else provider.name
        answer = self._unwritten(call, crashed)
        if isinstance(route, Page):
            answer = self._page_reply(pages.refused(call, crashed))
        await leave(answer, None, receive, send, bodiless=scope["method"] == "HEAD")

    def _routed(self, call: Call, too_large: bool, started: float) -> HttpReply:
        found = self._found(call)
        if found is None:
            return self._unrouted(call, started)
        node, call.path = found
        match = node.routes.get(call.method)
        if match is None and call.method in node.left_out:
            return self._left_out(*node.left_out[call.method], call, started)
        if match is None:
            provider = next((p for p, _ in node.routes.values() if p is not None), None)
            refusal = MethodNotAllowed(call.method, sorted(node.routes))
            if node.is_for_buyers:
                return self._page_reply(pages.refused(call, refusal))
            if provider is not None:
                self._recognise(provider, call)
            return self._refused(provider, call, refusal, started)
        provider, route = match
        call.provider = provider.name if provider else "wallet"
        if too_large:
            refused = BodyTooLarge(BODY_LIMIT)
            if provider is None or node.is_for_buyers:
                return self._page_reply(pages.refused(call, refused))
            self._recognise(provider, call)
            return self._refused(provider, call, refused, started)
        if isinstance(route, Page):
            return self._page(provider, call, route, started)
        assert provider is not None
        return self._endpoint(provider, call, route, started)

    def _endpoint(self, provider: Provider, call: Call, endpoint: Endpoint, started: float) -> HttpReply:
        runtime, policy, key = self.runtime, provider.idempotency, None
        call.endpoint, call.facts = endpoint, {"operation": endpoint.operation}
        at = call.answering
        try:
            self._authenticate(provider, call, endpoint.authenticate)
            now, at.step = call.workspace.clock.now(), "rate"
            if provider.limit is not None and at.weather is None:  # what was only late has taken its token
                bucket, limit = provider.limit(call)
                at.tokens_left = 0
                at.tokens_left = runtime.buckets.take(call.workspace.id, f"{provider.name} {bucket}", limit, now)
            at.step = "headers"
            if provider.before is not None:
                provider.before(call)
            named = idempotency.key_of(policy, call)
            if named is not None and policy is not None and self._keys.are_in_use(policy, call, named):
                at.step = "idempotency"
                raise IdempotencyConflict(named, "in_progress")
            if faults.strike(runtime, call):
                return NOT_YET
            key = named  # under which a refusal is kept from here on
            at.step = "idempotency"
            if key is not None and policy is not None and not policy.after_validation:
                stored = idempotency.replay(runtime.store, policy, call, key, now)
                if stored is not None:
                    return self._answer(provider, call, stored, started)
            at.step = "json"
            query, body = query_of(provider, call, endpoint), body_of(provider, call, endpoint)
            at.step = "members"
            not_live = look_over(provider, call, endpoint, query, body)
            if not_live:
                at.slips = reasons.slips(provider, call, endpoint)
            if endpoint.query is not None:
                call.body = validate(endpoint.query, query, "query")
            if endpoint.body is not None and endpoint.checks_body:
                call.body = validate(endpoint.body, body)
            if not_live and call.strict:
                raise Invalid(not_live)
            at.step = "idempotency"
            if key is not None and policy is not None and policy.after_validation:
                stored = idempotency.replay(runtime.store, policy, call, key, now)
                if stored is not None:
                    return self._answer(provider, call, stored, started)
            at.step = "operation"
            unit = runtime.unit(call.workspace, provider=provider.name, topic="request", now=now, together=True)
            with unit as uow:
                uow.base_url, uow.call = call.base_url, call
                reply = endpoint.handler(call, uow)
                sent, content_type, headers = self._render(provider, call, reply)
                if reply.subject and not uow.subjects:
                    uow.touch(provider.name, reply.subject)
                uow.entry = self._entry(call, reply, sent, started, {}, reasons.later(provider, call, endpoint))
                if key is not None and policy is not None and policy.keeps(reply.status):
                    idempotency.keep(uow.begin(), policy, call, key, now, reply, sent, content_type)
            if uow.workspace.scenarios and runtime.scenarios.wait_for_webhooks(uow.workspace.scenarios, provider.name):
                at.waits_for, at.began = tuple(uow.subjects), now
            return HttpReply(reply.status, headers, sent)
        except Refusal as refusal:
            return self._refused(provider, call, refusal, started, key)
        except Exception:
            return self._refused(provider, call, self._crashed(call), started)

    def _authenticate(self, provider: Provider, call: Call, own: Authenticate | None = None) -> None:
        """By the endpoint's `own` check or the provider's. Raises what that raises, and `Unauthenticated` too."""
        call.answering.step = provider.proofs[0] if own is None and provider.proofs else "credential"
        (own or provider.authenticate)(call, self.runtime)
        if call.proof == () and call.sent_by == "merchant":
            call.sent_by = "browser"
        if (help_ := self._why_strange(call)) is not None and is_public(provider, call.workspace, call.proof):
            raise Unauthenticated(help_["reason"], help_, call.workspace.id, is_public=True)

    def _why_strange(self, call: Call) -> dict[str, str] | None:
        """What to say to somebody for whom public credentials open nothing."""
        if call.sent_by not in ("merchant", "browser"):  # whoever pressed something of ours was let in there
            return None
        if call.from_network and not self.public_credentials:
            return {
                "reason": "the default credentials are public, and another machine sent this",
                "instead": "a workspace of your own, credentials of your own, or serve --lan --default-credentials",
            }
        if call.from_elsewhere:
            return {
                "reason": "the default credentials are public, and a page of another site sent this",
                "instead": "a workspace of your own, credentials of your own, or --allow-host for a name of yours",
            }
        return None

    def _refused(
        self, provider: Provider | None, call: Call, refusal: Refusal, started: float, key: str | None = None
    ) -> HttpReply:
        if isinstance(refusal, Unauthenticated | Forbidden) and refusal.workspace is not None:
            call.workspace = self.runtime.workspace(refusal.workspace)
        if provider is None:
            return self._plain_refusal(call, refusal)
        call.provider = provider.name
        call.ids = self.runtime.registry.ids_of_refusal(call.workspace)
        reply = provider.refuse(refusal, call)
        if call.answering.weather is not None and isinstance(refusal, Faulted):
            reply = faults.dressed(reply, call.answering.weather)
        policy = provider.idempotency
        if key is not None and policy is not None and policy.keeps(reply.status):
            sent, content_type, _ = self._render(provider, call, reply)
            now = call.workspace.clock.now()
            with self.runtime.transactions.writing() as store:
                idempotency.keep(store, policy, call, key, now, reply, sent, content_type)
        help_, why = reasons.help_of(call, refusal), self._why(provider, call, refusal, reply)
        return self._answer(provider, call, reply, started, help_, why)

    def _why(self, provider: Provider, call: Call, refusal: Refusal, reply: Reply) -> dict[str, Any]:
        """What the pages explain of a refusal. To be called when the answer stands."""
        why: dict[str, Any] = {"rules": reasons.rules(refusal, reply.body)}
        why["checks"] = reasons.checks(provider, call, refusal)
        why["known"] = call.workspace is not None
        slips = list(call.answering.slips)
        if isinstance(call.endpoint, Endpoint):
            slips = slips or reasons.slips(provider, call, call.endpoint, refusal)
            if isinstance(refusal, Unauthenticated):
                why["sound"] = reasons.is_sound(provider, call, call.endpoint)
        if isinstance(refusal, Unauthenticated) and call.workspace is None:
            slips += reasons.strangers(self._providers, provider, call, self.runtime)
        if slips:
            why["slips"] = slips
        return why

    def _answer(
        self,
        provider: Provider,
        call: Call,
        reply: Reply,
        started: float,
        help_: dict[str, Any] | None = None,
        why: Mapping[str, Any] | None = None,
    ) -> HttpReply:
        sent, _, headers = self._render(provider, call, reply)
        self._journal(call, reply, sent, started, help_, why)
        return HttpReply(reply.status, headers, sent)

    def _entry(
        self,
        call: Call,
        reply: Reply,
        sent: bytes,
        started: float,
        help_: Mapping[str, Any],
        why: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        workspace, provider = call.workspace or self.runtime.default, self.runtime.providers.get(call.provider)
        masking = self.runtime.masking_of(call.provider)
        known = workspace.secrets_of(provider.name if provider else "", masking)
        took = (stopwatch() - started) * 1000
        return journal.request_entry(call, reply, sent, took, help_, masking, known, why)

    def _journal(
        self,
        call: Call,
        reply: Reply,
        sent: bytes,
        started: float,
        help_: Mapping[str, Any] | None,
        why: Mapping[str, Any] | None = None,
    ) -> None:
        """Journals a request that changed nothing."""
        workspace = call.workspace or self.runtime.default
        entry = self._entry(call, reply, sent, started, help_ or {}, why)
        at, subjects = micros(workspace.clock.now()), [reply.subject] if reply.subject else []
        rows = journal.rows_for(workspace.id, at, "request", call.provider, [], subjects, **entry)
        self.runtime.transactions.journal(rows)

    def _render(self, provider: Provider, call: Call, reply: Reply) -> tuple[bytes, str, list[tuple[bytes, bytes]]]:
        if provider.finish is not None:
            provider.finish(call, reply)
        body, content_type = reply.body, reply.content_type or provider.content_type
        if body is None or reply.status in BODILESS:
            sent, content_type = b"", reply.content_type or ""
        elif isinstance(body, bytes):
            sent = body
        elif isinstance(body, str):
            sent = body.encode()
        else:
            sent = provider.encode(body)
        headers = raw_headers(reply)
        if content_type:
            headers.append((b"content-type", content_type.encode("latin-1")))
        if reply.status not in BODILESS:
            headers.append((b"content-length", str(len(sent)).encode()))
        if call.answering.notices:
            headers.append((b"simulator-notice", notice_value(call.answering.notices)))
        return sent, content_type, headers

    # Pages and what nobody claims --------------------------------------------------------------------------------

    def _page(self, provider: Provider | None, call: Call, page: Page, started: float) -> HttpReply:
        try:
            more = (partial(self._ask, call),) if page.asks else ()
            reply = page.handler(call, self.runtime, *more)
        except Refusal as refusal:
            reply = pages.refused(call, refusal)
        except Exception:
            crashed = self._crashed(call)
            reply = pages.refused(call, crashed)
            self._journal(call, reply, b"", started, {"error_id": crashed.error_id})
        return self._page_reply(reply)

    async def ask(
        self, base_url: str, method: str, target: str, headers: Mapping[str, str], body: bytes, *, from_network: bool
    ) -> HttpReply:
        """Makes an API call as the merchant's server would, for the console and the control API. It is committed.

        `from_network`: whether another machine wants it, or named what stands in it.
        """
        path, _, query = target.partition("?")
        own = {"host": base_url.partition("://")[2], "content-length": str(len(body))}
        call = Call(
            provider="",
            method=method,
            target=unquote(path),
            raw_path=path,
            raw_query=query,
            headers={**own, **{name.lower(): value for name, value in headers.items()}},
            raw_body=body,
            base_url=base_url,
            strict=self.runtime.strict,
            sent_by="console",
            from_network=from_network,
        )
        answer = self._altered(call, self._serve(call, False, stopwatch()))
        if (committed := self.runtime.transactions.committed()) is not None:
            await committed
        return answer

    def _ask(self, page: Call, method: str, path: str, headers: Mapping[str, str], body: bytes) -> int:
        """The very same way as a call from outside, but that the journal knows who sent it."""
        call = Call(
            provider="",
            method=method,
            target=path,
            raw_path=path,
            raw_query="",
            headers={"host": page.headers.get("host", ""), "content-length": str(len(body)), **headers},
            raw_body=body,
            base_url=page.base_url,
            strict=page.strict,
            sent_by="page",
            from_network=page.from_network,
        )
        return self._serve(call, False, stopwatch()).status

    async def _walk(self, walk: Walk) -> None:
        """Somebody else may have gone there, or further, or have removed the workspace, while we waited for our turn."""
        try:
            await self.runtime.advance(walk.workspace, walk.to, "page")
        except (WorkspaceError, NotFound) as refusal:
            log.debug("the clock of workspace %s does not go to %s: %s", walk.workspace.id, walk.to, refusal)

    @staticmethod
    def _page_reply(reply: Reply) -> HttpReply:
        body = reply.body if isinstance(reply.body, bytes) else (reply.body or "").encode()
        headers = raw_headers(reply)
        headers.append((b"content-type", (reply.content_type or "text/html; charset=utf-8").encode()))
        headers.append((b"content-length", str(len(body)).encode()))
        return HttpReply(reply.status, headers, body, reply.walk)

    def _left_out(self, provider: Provider, operation: LeftOut, call: Call, started: float) -> HttpReply:
        """What the provider really has and the simulator lacks: no typing error, and said so to whoever may know."""
        call.provider, call.endpoint, call.facts = provider.name, operation, {"operation": operation.operation}
        try:
            self._authenticate(provider, call)
        except Refusal as refusal:
            return self._refused(provider, call, refusal, started)
        except Exception:
            return self._refused(provider, call, self._crashed(call), started)
        call.differs_live(f"{operation.operation} is left out of the simulator")
        return self._refused(provider, call, OperationLeftOut(call.target, operation=operation.operation), started)

    def _unrouted(self, call: Call, started: float) -> HttpReply:
        """Goes to the provider whose marks it bears: the shape of the path, and where that is of several, or of none, a
        credential of one of its merchants."""
        claiming = [provider for provider in self._providers if provider.claims(call)]
        known = (provider for provider in claiming or self._providers if self._recognise(provider, call))
        found = next(known, claiming[0] if claiming else None)
        refusal = UnknownRoute(call.target, self.routes.nearest(call.method, call.target, found))
        if found is not None:
            return self._refused(found, call, refusal, started)
        call.provider = ""
        if call.method != "GET" or "authorization" in call.headers:  # a browser's own questions are nobody's call
            return self._nobodys(call, refusal, started)
        return self._plain_refusal(call, refusal)

    def _nobodys(self, call: Call, refusal: UnknownRoute, started: float) -> HttpReply:
        """A call that no provider claims, for the journal of the default workspace."""
        answer = self._plain_refusal(call, refusal)
        reply = Reply(answer.status, answer.body, content_type="application/json")
        help_ = {"reason": f"there is no {call.method} {call.target}", "did_you_mean": refusal.nearest}
        why = {"rules": reasons.rules(refusal, None), "checks": [], "known": False}
        self._journal(call, reply, answer.body, started, help_, why)
        return answer

    def _recognise(self, provider: Provider, call: Call) -> bool:
        """Whose call it is, for the journal of what is refused anyway. No endpoint is named to the authentication."""
        call.provider = provider.name
        try:
            provider.authenticate(call, self.runtime)
        except (Unauthenticated, Forbidden) as refusal:
            if refusal.workspace is not None:
                call.workspace = self.runtime.workspace(refusal.workspace)
        except Refusal as refusal:
            log.debug("nobody's call at %s: %s", provider.name, refusal)
        return call.workspace is not None

    def _plain_refusal(self, call: Call, refusal: Refusal) -> HttpReply:
        return plain.refused(call, refusal, self.runtime.masking.path(call.target)[:SHORT])
