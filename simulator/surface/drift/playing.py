"""Makes a provider's calls, one after another: at its sandbox, or at a workspace of ours with the same inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import field
from datetime import timedelta
from functools import partial
from typing import Any, Protocol
from urllib.parse import urlsplit

import httpx

from simulator.engine.provider import Provider
from simulator.engine.sandbox import LOOPBACK, Probe, Sandbox, Visit, with_wrong_secrets
from simulator.engine.shop import Account, Answer, Purchase, Request, Shop
from simulator.kernel.clock import stopwatch, time_of_day
from simulator.kernel.ids import Ids
from simulator.kernel.money import Money
from simulator.kernel.values import dataclass
from simulator.surface.client import Workspace
from simulator.surface.drift.hiding import silent

PATIENCE_S = 60.0
"""How long the sandbox may take to answer, and how long we wait at most when it says that we are too fast."""
TRIES = 3
"""How often a call is made that the sandbox refuses because it comes too fast."""
TOO_MANY = 429

HEADERS = {"User-Agent": "psp-simulator drift", "Accept": "application/json"}
"""What every call to a sandbox says beside its own."""

DIRECT = {f"all://{f'[{host}]' if ':' in host else host}": None for host in LOOPBACK}
"""For `mounts`: a proxy of the environment is asked for a sandbox, and never for this machine, which it does not reach."""


class Unreachable(Exception):
    """The sandbox cannot be reached; the message names its host and no more."""


class Place(Protocol):
    """Where calls are made."""

    base_url: str
    credentials: Mapping[str, Any]

    def send(self, request: Request) -> tuple[Answer, float]:
        """The answer, and how many seconds it took. Raises `Unreachable`."""

    def wait(self, by: timedelta) -> None: ...

    def pay(self, payment_id: str, link: str | None) -> bool:
        """Lets the buyer pay. False where there is nobody to do so."""

    def doubts(self, waits: Callable[[], str | None]) -> bool:
        """Whether a payment that should be paid still waits, so that its buyer is asked again. `waits` reads it, and gives its
        status if it does. False, and nothing read, where nobody can be asked."""


@dataclass(frozen=True)
class Played:
    """One call as it was made: what was asked, unsigned, and what was answered."""

    probe: Probe
    request: Request
    answer: Answer
    took_s: float = 0.0


@dataclass
class Game:
    """All that was played at one place. `left_out` says why the other calls could not be made."""

    place: Place
    purchase: Purchase
    played: dict[str, Played] = field(default_factory=dict)
    left_out: dict[str, str] = field(default_factory=dict)
    heard: list[Answer] = field(default_factory=list)
    """Webhooks, as they came."""

    @property
    def answers(self) -> Mapping[str, Answer]:
        return {name: one.answer for name, one in self.played.items()}


def account_of(place: Place) -> Account:
    return Account(place.credentials, place.base_url, time_of_day())


def purchase_of(shop: Shop, more: int, inbox: str = "") -> Purchase:
    """The usual purchase, with a reference that nobody else has and an amount that tells the sides apart."""
    sample = shop.sample
    value = sample.amount.value + more
    back = f"https://shop.example/return?order={Ids().hex(12)}"
    return Purchase(Money(value, sample.amount.currency), back, f"drift-{Ids().hex(16)}", inbox=inbox)


def play(provider: Provider, game: Game, *, interactive: bool = False, probes: Sequence[Probe] | None = None) -> Game:
    """Makes the calls. Raises `Unreachable`."""
    assert provider.sandbox is not None and provider.shop is not None
    sandbox, has_paid = provider.sandbox, False
    for probe in sandbox.probes if probes is None else probes:
        if probe.pays and not has_paid:
            has_paid = interactive and _pays(provider, sandbox, game)
        if probe.pays and not has_paid:
            game.left_out[probe.name] = "a buyer has to pay first (--interactive)"
            continue
        try:
            request = probe.request(Visit(account_of(game.place), game.purchase, game.answers))
        except (LookupError, TypeError, ValueError, AttributeError):
            game.left_out[probe.name] = "an earlier answer lacks what it asks with"
            continue
        if probe.after:
            game.place.wait(probe.after)
        answer, took_s = _asked(game.place, signed(provider.shop, game.place, probe, request))
        game.played[probe.name] = Played(probe, request, answer, took_s)
    return game


def signed(shop: Shop, place: Place, probe: Probe, request: Request) -> Request:
    account = account_of(place)
    match probe.credential:
        case "none":
            return request
        case "wrong":
            return shop.sign(with_wrong_secrets(account), request)
    return shop.sign(account, request)


def _asked(place: Place, request: Request) -> tuple[Answer, float]:
    for left in reversed(range(TRIES)):
        answer, took_s = place.send(request)
        if answer.status != TOO_MANY or not left:
            break
        said = answer.headers.get("retry-after", "")
        place.wait(timedelta(seconds=min(float(said) if said.isdecimal() else 5.0, PATIENCE_S)))
    return answer, took_s


def _pays(provider: Provider, sandbox: Sandbox, game: Game) -> bool:
    shop = provider.shop
    assert shop is not None
    try:
        payment = sandbox.payment_id(Visit(account_of(game.place), game.purchase, game.answers))
    except (LookupError, TypeError, ValueError):
        return False
    links = (link_of(shop, answer) for answer in (*game.answers.values(), *game.heard))
    link = next((link for link in links if link), None)
    while game.place.pay(payment, link):
        if not game.place.doubts(partial(_waits, shop, game.place, payment)):
            return True
    return False


def _waits(shop: Shop, place: Place, payment: str) -> str | None:
    """The payment's status if it still waits for its buyer. None also where the API has no call that reads it."""
    if shop.read is None or shop.status_of is None:
        return None
    place.wait(shop.course.settles_after)
    account = account_of(place)
    answer, _ = _asked(place, shop.sign(account, shop.read(account, payment)))
    try:
        status = shop.status_of(answer)
    except (LookupError, TypeError, AttributeError):
        return None  # in another form than ours: the calls to come tell that
    return status if shop.course.waits(status) else None


def link_of(shop: Shop, answer: Answer) -> str | None:
    try:
        return shop.pay_url(answer.json)
    except (LookupError, TypeError, AttributeError):
        return None


def host_of(url: str) -> str:
    """As it stands in an address, without the port."""
    host = urlsplit(url).hostname or ""
    return f"[{host}]" if ":" in host else host


class RealPlace:
    """The sandbox. No redirect is followed, and no more than one call is made at a time, with a pause between two."""

    def __init__(
        self,
        base_url: str,
        credentials: Mapping[str, Any],
        *,
        pause: timedelta,
        sleep: Callable[[float], None],
        clock: Callable[[], float] = stopwatch,
        transport: httpx.BaseTransport | None = None,
        buyer: Callable[[str | None], bool] = lambda link: False,
        doubt: Callable[[str], None] | None = None,
    ) -> None:
        """`buyer` is given the link and says, when it comes back, whether somebody has paid; `doubt` is given the status of a
        payment that still waits then, before `buyer` is asked again; without it the payment is not read."""
        self.base_url = base_url.rstrip("/")
        self.credentials = credentials
        self._pause, self._sleep, self._clock = pause, sleep, clock
        self._buyer, self._doubt = buyer, doubt
        self._http = httpx.Client(
            base_url=self.base_url,
            transport=transport,
            mounts=DIRECT,
            timeout=PATIENCE_S,
            follow_redirects=False,
            headers=HEADERS,
        )
        self._has_called = False

    def send(self, request: Request) -> tuple[Answer, float]:
        if self._has_called:
            self._sleep(self._pause.total_seconds())
        self._has_called = True
        began = self._clock()
        try:
            with silent():
                got = self._http.request(
                    request.method, request.path, headers=dict(request.headers), content=request.body or None
                )
        except httpx.HTTPError as error:
            told = f"{host_of(self.base_url)} is not reached: {type(error).__name__}"
            raise Unreachable(told) from None  # a cause may tell headers
        return Answer(got.status_code, got.content, dict(got.headers)), self._clock() - began

    def wait(self, by: timedelta) -> None:
        self._sleep(by.total_seconds())

    def pay(self, payment_id: str, link: str | None) -> bool:
        return self._buyer(link)

    def doubts(self, waits: Callable[[], str | None]) -> bool:
        status = waits() if self._doubt is not None else None
        if self._doubt is not None and status is not None:
            self._doubt(status)
        return status is not None

    def close(self) -> None:
        self._http.close()


class OurPlace:
    """A workspace of a simulator."""

    def __init__(self, provider: Provider, workspace: Workspace) -> None:
        self.base_url = workspace.client.url
        self.credentials: Mapping[str, Any] = workspace.credentials[provider.name]
        self.workspace = workspace
        self._provider = provider.name

    def send(self, request: Request) -> tuple[Answer, float]:
        client = self.workspace.client
        got = client.send(request.method, request.path, headers=request.headers, content=request.body or None)
        return Answer(got.status, got.content, dict(got.headers)), 0.0

    def wait(self, by: timedelta) -> None:
        self.workspace.advance(f"PT{by.total_seconds():g}S")

    def pay(self, payment_id: str, link: str | None) -> bool:
        self.workspace.settle()
        self.workspace.pay(self._provider, payment_id)
        self.workspace.settle()
        return True

    def doubts(self, waits: Callable[[], str | None]) -> bool:
        return False


@contextmanager
def closing(place: RealPlace) -> Iterator[RealPlace]:
    try:
        yield place
    finally:
        place.close()
