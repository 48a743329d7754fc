"""`psp-simulator demo`: plays the merchant of each provider's story over HTTP, and tells what happens.

The stories are the providers' own (`Provider.demo`); here is the merchant that they are written for. Nothing of the
simulator's inside is used: only the provider's API, the control API, and the built-in inbox.
"""

from __future__ import annotations

import threading
import webbrowser
from collections.abc import Mapping
from typing import Any, Literal
from urllib.parse import urlsplit

from simulator.engine.provider import Provider
from simulator.engine.shop import Account, Answer, Purchase, Request, Shop, Webhook
from simulator.engine.webhook_bodies import said_in
from simulator.kernel.clock import time_of_day
from simulator.kernel.money import Money
from simulator.surface import printed, terminal
from simulator.surface.answers import Received
from simulator.surface.client import Client, Delivery, Payment, SaidNo, Workspace
from simulator.surface.days import Days

Act = Literal["pay", "decline", "cancel", "expire"]
Outcome = Literal["paid", "declined", "cancelled"]

PATIENCE_S = 15.0
"""How long a webhook may take."""
_STEP_S = 0.1
CALL_WIDTH = 40
"""Letters of a call in its line, behind which the answer stands."""
_KEYS: Mapping[str, Act] = {"p": "pay", "d": "decline", "x": "cancel", "e": "expire"}
_SAID = "Waiting for a buyer. P pay as Li Na   D decline   X cancel   E expire   O open   Q quit"


class Differs(Exception):
    """Something was not as the provider documents it."""


class Ended(Exception):
    """The story ends here without being wrong: the buyer let the order expire."""


class Quit(Exception):
    """Somebody pressed Q."""


class Teller:
    """Collects the steps; prints them as they come unless the result is wanted as JSON."""

    def __init__(self, *, silent: bool = False) -> None:
        self.silent = silent
        self.steps: list[dict[str, Any]] = []

    def tell(self, line: str, colour: str | None = None, **step: Any) -> None:
        if step:
            self.steps.append(step)
        if not self.silent:
            printed.say(terminal.paint(line, colour) if colour else line)


class Merchant:
    """A `DemoMerchant` in one workspace. Without `act` a person at the terminal is the buyer."""

    def __init__(
        self, workspace: Workspace, provider: str, shop: Shop, teller: Teller, *, act: Act | None, invert: bool = False
    ) -> None:
        self.workspace = workspace
        self.provider = provider
        self.inbox = workspace.inbox_url(provider)
        self.payment: Payment | None = None
        """The one that the story is about, as it was last seen."""
        self._shop = shop
        self._teller = teller
        self._act = act
        self._days = Days(workspace.clock()["now"])
        self._invert = invert
        self._seen = 0
        """How much of the timeline has been told."""
        self._read: dict[str, int] = {}
        """How many of a payment's deliveries have been accounted for."""
        self._received = len(workspace.inbox(provider))
        """How many webhooks of the inbox are older than the payment that is looked for."""

    # The provider's API

    @property
    def account(self) -> Account:
        """As of now."""
        own = self.workspace
        return Account(own.credentials[self.provider], own.client.url, time_of_day())

    def send(self, request: Request) -> Answer:
        request = self._shop.sign(self.account, request)
        content = request.body or None
        got = self.workspace.client.send(request.method, request.path, headers=request.headers, content=content)
        answer = Answer(got.status, got.content, got.headers)
        call = f"{request.method} {request.path.partition('?')[0]}"
        line = f"  {_short_call(request):<{CALL_WIDTH}} {answer.status}"
        if answer.status < 400:
            newest = self.workspace.latest(1, provider=self.provider)
            told = f"  payment {newest[0]['status']:<24} {_money(newest[0])}" if newest else ""
            self._teller.tell(f"{line}{told}", call=call, status=answer.status)
        else:
            self._teller.tell(f"{line}  {answer.text[:160]}", call=call, status=answer.status, body=answer.text)
        return answer

    def id_of(self, purchase: Purchase, answer: Answer) -> str:
        found = self._shop.id_of(purchase, answer)
        if found is not None:
            return found
        self.workspace.settle()
        for _ in range(int(PATIENCE_S / _STEP_S)):
            for received in self.workspace.inbox(self.provider)[self._received :]:
                self._received += 1
                told = self._shop.id_in(purchase, Webhook(received["body"].encode(), received["headers"]))
                if told is not None:
                    return told
            threading.Event().wait(_STEP_S)
        raise Differs(f"neither the answer {answer.status} nor a webhook tells the payment's id")

    def configure_webhook(self, **more: Any) -> None:
        self.workspace.set_webhook(self.provider, self.inbox, **more)

    # The buyer

    def buyer(self, payment_id: str) -> Outcome:
        payment = self._look(payment_id)
        self._seen = len(payment.get("timeline", []))
        wallet = payment["wallet"]
        url = wallet["url"] if wallet is not None else None
        if url is not None:
            self._show(url)
        if self._act is not None:
            self._do(payment_id, self._act)
        else:
            self._wait_for_a_person(payment_id, url)
        self.workspace.settle()
        payment = self._look(payment_id)
        self._tell_timeline(payment)
        state = payment["wallet"]["state"] if payment["wallet"] is not None else payment["phase"]
        if state in ("paid", "declined", "cancelled"):
            return state  # type: ignore[return-value]
        raise Ended(f"the order is {state}: the story of a purchase ends here")

    def _show(self, url: str) -> None:
        self._teller.tell(f"  Scan with a phone, or open {url}")
        if urlsplit(url).hostname in ("localhost", "127.0.0.1", "::1"):
            self._teller.tell("  A phone cannot reach this address; with --lan it can.")
        drawn = None if self._teller.silent else terminal.qr(url, invert=self._invert)
        if drawn is not None:
            for line in ("", *(f"    {row}" for row in drawn.splitlines()), ""):
                self._teller.tell(line)

    def _do(self, payment_id: str, act: Act) -> None:
        getattr(self.workspace, act)(self.provider, payment_id)

    def _wait_for_a_person(self, payment_id: str, url: str | None) -> None:
        """Until a key decides here, or somebody decides on the wallet's page."""
        with terminal.keys() as keys:
            self._teller.tell(f"  {_SAID}")
            while True:
                key = keys.pressed(0.4)
                if key == "q":
                    raise Quit
                if key == "o" and url is not None:
                    webbrowser.open(url)
                elif key is not None and key in _KEYS:
                    try:
                        self._do(payment_id, _KEYS[key])
                    except SaidNo as refusal:
                        self._teller.tell(f"  {refusal}")
                payment = self._look(payment_id)
                self._tell_timeline(payment)
                if payment["wallet"] is None or payment["wallet"]["state"] not in ("open", "scanned", "paying"):
                    return

    def _look(self, payment_id: str) -> Payment:
        self.payment = self.workspace.payment(self.provider, payment_id)
        return self.payment

    def _tell_timeline(self, payment: Payment) -> None:
        timeline = payment.get("timeline", [])
        for entry in timeline[self._seen :]:
            has_moved = entry.get("from") is None or entry.get("from") != entry.get("to")
            if entry["kind"] not in ("request", "webhook") and has_moved:
                step = {"at": entry["at"], "kind": entry["kind"], "summary": entry["summary"]}
                self._tell_at(entry["at"], entry["summary"], **step)
        self._seen = len(timeline)

    # Webhooks and time

    def webhooks(self, payment_id: str, *events: str) -> list[Any]:
        self.workspace.settle()
        found: list[Delivery] = []
        for _ in range(int(PATIENCE_S / _STEP_S)):
            found = self._delivered(payment_id, events)
            if found:
                break
            threading.Event().wait(_STEP_S)
        if not found:
            seen = ", ".join(f"{d['event']} {d['state']}" for d in self.workspace.deliveries(resource_id=payment_id))
            raise Differs(f"expected the webhooks {', '.join(events)}; of this payment there are: {seen or 'none'}")
        return [self._receive(delivery) for delivery in found]

    def _delivered(self, payment_id: str, events: tuple[str, ...]) -> list[Delivery]:
        """The deliveries of these events, in this order, after what was read before; empty until all are there."""
        already = self._read.get(payment_id, 0)
        wanted, found, read = list(events), [], already
        for number, delivery in enumerate(self.workspace.deliveries(resource_id=payment_id)[already:], already + 1):
            if wanted and delivery["event"] == wanted[0]:
                if delivery["state"] != "delivered":
                    return []
                wanted.pop(0)
                found.append(delivery)
                read = number
        if wanted:
            return []
        self._read[payment_id] = read
        return found

    def _receive(self, delivery: Delivery) -> Any:
        got = next((r for r in reversed(self.workspace.inbox(self.provider)) if _is_of(r, delivery)), None)
        if got is None:
            raise Differs(f"webhook {delivery['event']} was delivered, but not to {self.inbox}")
        verdict = got["signature"]
        if got["provider"] != self.provider or (verdict is not None and not verdict["valid"]):
            reason = verdict["reason"] if verdict else "no signature was recognised"
            raise Differs(f"webhook {delivery['event']}: {reason}")
        signature = "none" if verdict is None else "good"
        step = {"at": got["at"], "webhook": delivery["event"], "signature": signature}
        self._tell_at(got["at"], f"webhook {delivery['event']}  received, signature {signature}", **step)
        return said(delivery["body"])

    def advance(self, by: str) -> None:
        since, moved = self.workspace.clock()["now"], self.workspace.advance(by)
        self._tell_at(since, f"clock   advanced by {by}", clock=by, now=moved["now"])

    def _tell_at(self, at: str, text: str, /, **step: Any) -> None:
        """With its hour, and the date where the day changes."""
        if day := self._days.change(at):
            self._teller.tell(f"  {day}")
        self._teller.tell(f"  {at[11:19]}  {text}", **step)

    # The story

    def check(self, claim: str, expected: Any, actual: Any) -> None:
        if expected != actual:
            raise Differs(f"{claim}: expected {expected!r}, got {actual!r}")
        self._teller.tell(f"  ok        {claim}", "green", claim=claim, ok=True)

    def say(self, text: str) -> None:
        self._teller.tell(f"  {text}", said=text)


def run(
    client: Client,
    providers: Mapping[str, Provider],
    *,
    act: Act | None,
    as_json: bool = False,
    workspace: str | None = None,
    invert: bool = False,
    lasting: bool = False,
    story: str = "story",
) -> list[dict[str, Any]]:
    """Tells the story of each provider; the results, in order. A `workspace` is used as it is, else each has its own.

    `lasting`: the simulator will still be there afterwards, so the console's address is worth telling.
    """
    results = []
    for name, provider in providers.items():
        if provider.demo is None or provider.shop is None:
            raise terminal.Failure(f"{provider.title} has no {story} to tell", "Choose another provider.")
        world = client.workspace(workspace) if workspace else client.create_workspace(_free_name(client, name))
        results.append(_tell(world, provider, act, as_json, invert, lasting))
        if results[-1]["outcome"] == "quit":
            break
    return results


def _is_of(received: Received, delivery: Delivery) -> bool:
    """Whether this is what was delivered; secrets in it are masked as soon as they have arrived."""
    headers = {name.lower(): value for name, value in delivery["headers"].items()}
    is_same = received["body"] == delivery["body"] or "***" in received["body"]
    return is_same and headers.items() <= received["headers"].items()


def _free_name(client: Client, provider: str) -> str:
    """`demo-` and the provider, or the next number that is not taken."""
    taken = {workspace["name"] for workspace in client.workspaces()}
    names = (f"demo-{provider}{'-' + str(n) if n > 1 else ''}" for n in range(1, len(taken) + 2))
    return next(name for name in names if name not in taken)


def _tell(
    world: Workspace, provider: Provider, act: Act | None, as_json: bool, invert: bool, lasting: bool
) -> dict[str, Any]:
    assert provider.demo is not None and provider.shop is not None
    name, teller = provider.name, Teller(silent=as_json)
    teller.tell(f"{provider.title}, workspace {world.name}, {world.client.url}")
    merchant = Merchant(world, name, provider.shop, teller, act=act, invert=invert)
    result: dict[str, Any] = {"provider": name, "ok": True, "workspace": world.name, "outcome": "complete"}
    before = world.view["webhooks"][name]
    try:
        provider.demo(merchant)
    except Ended as end:
        teller.tell(f"  {end}", said=str(end))
        result["outcome"] = "ended"
    except Quit:
        result |= {"ok": False, "outcome": "quit"}
    except (Differs, SaidNo) as difference:
        teller.tell(f"  differs   {difference}", "red")
        result |= {"ok": False, "outcome": "differs", "error": str(difference)}
    except (KeyError, IndexError, TypeError) as error:
        lacking = f"an answer lacks what the story reads from it: {type(error).__name__} {error}"
        teller.tell(f"  differs   {lacking}", "red")
        result |= {"ok": False, "outcome": "differs", "error": lacking}
    finally:
        _set_back(world, name, before)
    payment = merchant.payment
    if payment is not None:
        payment = world.payment(name, payment["id"])
        result |= {"payment": payment["id"], "status": payment["status"], "phase": payment["phase"]}
        decided = f", decided by {payment['decided_by']}" if payment["decided_by"] else ""
        teller.tell(f"  Now {payment['status']}, {_money(payment)}{decided}")
        if lasting:
            teller.tell(f"  Its story  {_console(world, payment)}")
    teller.tell("")
    result["steps"] = teller.steps
    return result


def _set_back(world: Workspace, provider: str, endpoint: Mapping[str, Any] | None) -> None:
    """The account's endpoint as it was before the story, which may have been somebody's own."""
    if endpoint is None:
        world.remove_webhook(provider)
    else:
        world.set_webhook(provider, **{name: value for name, value in endpoint.items() if name != "verified"})


def _console(world: Workspace, payment: Payment) -> str:
    return f"{world.client.url}/console/{world.name}/payments/{payment['id']}"


def _money(payment: Payment) -> str:
    amount = Money(payment["amount"]["value"], payment["amount"]["currency"]).format()
    refunded = Money(payment["refunded"]["value"], payment["refunded"]["currency"])
    told = f"{amount}, {refunded.format()} refunded" if refunded.value else amount
    return told.replace("\N{NO-BREAK SPACE}", " ")


def _short_call(request: Request) -> str:
    """Without the query, with long ids shortened, and of a long path its end."""
    segments = [_short(segment) for segment in request.path.partition("?")[0].split("/")]
    call = f"{request.method} {'/'.join(segments)}"
    while len(call) > CALL_WIDTH and len(segments) > 2:
        del segments[1]
        call = f"{request.method} {'/'.join(['…', *segments[1:]])}"
    return call


def _short(segment: str) -> str:
    return segment if len(segment) <= 20 else f"{segment[:8]}…"


def said(body: str) -> Any:
    """What a webhook says, for a story: its JSON, the fields of a form, or else its text."""
    found = said_in(body.encode("utf-8", "surrogatepass"))
    return body if found is None else found
