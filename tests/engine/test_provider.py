"""A provider's value is checked when it is made, and the message says what would be right."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import pytest
from merchant import Merchant
from support import Sim
from toy.acme import ACME, ANNOUNCED, CHARGE, PHASES, AcmeSettings, Charge, announce_charge

from simulator.engine.ledger import MoneyMove
from simulator.engine.provider import Endpoint, LeftOut, Page, ProviderError, Reply
from simulator.engine.resource import Summary
from simulator.engine.scenarios import Decisions
from simulator.engine.settlement import Settlement
from simulator.engine.terms import MoneySettings
from simulator.kernel.machine import Machine
from simulator.kernel.money import Money
from simulator.wallet.alipay import WALLET

TWICE: Endpoint = ACME.endpoints[0]
SAME_PATH = replace(
    next(row for row in ACME.endpoints if row.path == "/acme/charges/{id}"), path="/acme/charges/{other}"
)
LEFT_OUT = LeftOut("GET", "/acme/balance", "balance")


@dataclass(frozen=True, kw_only=True)
class Timed(Charge):
    KIND: ClassVar[str] = "timed"
    MACHINE: ClassVar[Machine | None] = Machine(
        "acme.timed", initial="A", table=[("timer.over", "A", "B", None)], timeouts=[("A", "over_at", "timer.over")]
    )


@dataclass(frozen=True, kw_only=True)
class Stranger(Charge):
    PROVIDER: ClassVar[str] = "other"
    KIND: ClassVar[str] = "stranger"


@dataclass(frozen=True, kw_only=True)
class SameName(Charge):
    KIND: ClassVar[str] = "same"
    MACHINE: ClassVar[Machine | None] = Machine(CHARGE.name, initial="A", table=[])


OF_OTHERS = Settlement(moves=(MoneyMove(Timed, ("timer.over",), "capture", lambda uow, timed, about: None),))


class Terms(MoneySettings):
    SECTION: ClassVar[str] = "acme"


class OtherSettings(AcmeSettings):
    SECTION: ClassVar[str] = "other"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "Acme Pay"}, "its name is not a word"),
        ({"name": "wallet"}, "taken by the simulator"),
        ({"name": "console"}, "taken by the simulator"),
        ({"name": "w"}, "taken by the simulator"),
        ({"settings": OtherSettings}, "SECTION is the provider's name"),
        ({"webhooks": replace(ACME.webhooks, events=("charge.failed",))}, "fires charge.captured, charge.expired"),
        ({"webhooks": replace(ACME.webhooks, events=(*CHARGE.events, "charge.failed"))}, "names charge.failed twice"),
        ({"resources": (Charge, Charge)}, "two resources are of kind charge"),
        ({"resources": (Charge, SameName)}, "two machines are named acme.charge"),
        ({"resources": (Charge, Stranger)}, "Stranger.PROVIDER is 'other'"),
        ({"resources": (Charge, Timed)}, "timer.over is due at over_at, which Timed does not have"),
        ({"endpoints": (*ACME.endpoints, TWICE)}, "POST /acme/charges is routed twice"),
        ({"claims": lambda call: True}, "claims takes GET /nothing-of-anybody"),
        ({"claims": lambda call: call.method == "POST"}, "claims takes POST /nothing-of-anybody"),
        ({"claims": lambda call: "authorization" in call.headers}, "claims takes POST /nothing-of-anybody"),
        ({"claims": lambda call: call.method in ("PUT", "DELETE")}, "claims takes DELETE /nothing-of-anybody"),
        ({"claims": lambda call: call.raw_path.startswith("/v1")}, "claims takes GET /v1/nothing-of-anybody"),
        ({"claims": lambda call: bool(call.raw_query)}, "claims takes GET /nothing-of-anybody"),
        ({"claims": lambda call: "form" in call.headers.get("content-type", "")}, "claims takes POST /nothing-of"),
        (
            {"claims": lambda call: call.headers.get("authorization", "").startswith("Basic ")},
            "claims takes POST /nothing-of-anybody",
        ),
        ({"claims": lambda call: call.method == "PATCH"}, "claims takes PATCH /nothing-of-anybody"),
        ({"claims": lambda call: call.method == "OPTIONS"}, "claims takes OPTIONS /nothing-of-anybody"),
        (
            {"claims": lambda call: call.headers.get("content-type") == "application/xml"},
            "claims takes POST /nothing-of",
        ),
        (
            {"claims": lambda call: call.headers.get("content-type") == "text/xml"},
            "claims takes POST /nothing-of-anybody",
        ),
        ({"claims": lambda call: call.target == "/"}, "claims takes GET /, which is nobody's"),
        ({"proofs": ("credential", "access", "access")}, "proofs names access twice"),
        ({"listable": ("secret", "secret")}, "listable names secret twice"),
        ({"listable": ("nope",)}, "listable names nope: credentials makes key, secret"),
        (
            {"endpoints": (replace(TWICE, path="/console/charges"),)},
            "POST /console/charges never comes to it",
        ),
        ({"pages": (Page("GET", "/", lambda call, runtime: Reply(200)),)}, "GET / never comes to it"),
        ({"phases": {"PAID": "payed"}}, "phases names payed: a phase is one of waiting"),
        ({"phases": {**PHASES, "PIAD": "paid"}}, "phases names PIAD: no machine has such a state"),
        (
            {"phases": {state: phase for state, phase in PHASES.items() if state not in ("VOIDED", "EXPIRED")}},
            "phases lacks VOIDED, EXPIRED: each state of acme.charge has one",
        ),
        ({"timers": ("timer.forgotten",), "on_timer": None}, "nobody answers timer.forgotten"),
        ({"timers": ("timer.refund", "timer.refund")}, "timers names timer.refund twice"),
        ({"hosts": ("api.acme.example", "api.acme.example")}, "hosts names api.acme.example twice"),
        ({"endpoints": (*ACME.endpoints, SAME_PATH)}, "GET /acme/charges/{} is routed twice"),
        ({"left_out": (LeftOut("GET", "/acme/charges/{charge}", "find"),)}, "GET /acme/charges/{} is left out, and is"),
        ({"left_out": (LEFT_OUT, replace(LEFT_OUT, operation="other"))}, "GET /acme/balance is left out twice"),
        ({"left_out": (LEFT_OUT, replace(LEFT_OUT, path="/acme/b"))}, "two that are left out are called balance"),
        ({"left_out": (replace(LEFT_OUT, operation="refund"),)}, "refund is the operation of an endpoint, and of one"),
        ({"decisions": Decisions(bank=("refund", "refund"))}, "decisions.bank names refund twice"),
        ({"decisions": Decisions(wallet=("create", "create"))}, "decisions.wallet names create twice"),
        ({"settings": Terms, "settlement": OF_OTHERS}, "moves money of Timed, which is not among its resources"),
        ({"settlement": OF_OTHERS}, "it has a settlement, so its settings are MoneySettings"),
    ],
)
def test_a_value_that_contradicts_itself_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ProviderError, match=said):
        replace(ACME, **changes)


async def test_an_address_that_only_begins_with_the_letters_of_our_own_is_the_providers() -> None:
    consoles = replace(ACME, endpoints=(replace(TWICE, path="/consoles/charges"), *ACME.endpoints[1:]))
    async with Sim(providers=[consoles]) as sim:
        merchant = Merchant(sim, consoles)
        answer = await merchant.send(replace(merchant.creation(), path="/consoles/charges"))

    assert (answer.status, answer.json["amount"]) == (201, 1000)


async def test_two_of_one_name_are_not_served() -> None:
    with pytest.raises(ProviderError, match="'acme' is there twice"):
        Sim(providers=[ACME, replace(ACME, title="Acme, the second")])


def test_all_faults_are_said_at_once() -> None:
    with pytest.raises(ProviderError, match="claims takes GET /nothing-of-anybody") as refused:
        replace(ACME, name="Acme", claims=lambda call: True)

    assert "its name is not a word" in str(refused.value)


def test_a_provider_is_shown_by_its_name_and_not_by_all_that_it_has() -> None:
    """It is an argument of most tests, and stands above each of their failures."""
    assert (repr(ACME), repr(WALLET)) == ("<Provider acme>", "<Party wallet>")


def test_a_phase_is_one_of_those_that_the_console_knows() -> None:
    with pytest.raises(ValueError, match="'finished' is no phase"):
        Summary("charge", "order-1", Money(1, "CNY"), Money(0, "CNY"), "finished", "DONE")


UNANNOUNCED = replace(ACME, endpoints=(replace(TWICE, handler=announce_charge), *ACME.endpoints[1:]))
"""Its handler emits events that it does not declare."""


async def test_an_event_that_is_not_declared_is_not_emitted(caplog: pytest.LogCaptureFixture) -> None:
    """The merchant gets the provider's word for our own crash, nothing is kept, and the log says what is to be done."""
    async with Sim(providers=[UNANNOUNCED]) as sim:
        await sim.receive_webhooks("acme")
        merchant = Merchant(sim, UNANNOUNCED)
        assert UNANNOUNCED.shop is not None
        answer = await merchant.send(UNANNOUNCED.shop.create(merchant.account, UNANNOUNCED.shop.sample))
        payments = (await sim.http.get(f"{sim.path}/payments")).json()["data"]

    assert (answer.status, answer.json, payments, sim.hooks) == (500, {"acme_error": "Crashed"}, [], [])
    said = f"provider 'acme' has emitted {ANNOUNCED[0]}, which webhooks.events does not name"
    assert said in caplog.text


def test_a_state_without_a_phase_says_where_phases_are_declared() -> None:
    charge = Charge(id="ch_1", amount=1, currency="CNY", reference="order-1", state="ODD")

    with pytest.raises(ProviderError, match=r"state 'ODD' of a charge has no phase: see `Provider\.phases`"):
        ACME.summary_of(charge)


def test_a_lookup_of_something_else_that_fails_is_not_taken_for_a_phase() -> None:
    provider = replace(ACME, summarise=lambda resource: {}["PENDING, or not"])
    charge = Charge(id="ch_1", amount=1, currency="CNY", reference="order-1", state="PENDING")

    with pytest.raises(KeyError, match="PENDING, or not"):
        provider.summary_of(charge)
