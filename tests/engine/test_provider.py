"""A provider's value is checked when it is made, and the message says what would be right."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, ClassVar

import pytest
from support import Sim
from toy.acme import ACME, CHARGE, AcmeSettings, Charge

from simulator.engine.provider import Endpoint, ProviderError
from simulator.engine.resource import Summary
from simulator.kernel.machine import Machine
from simulator.kernel.money import Money

TWICE: Endpoint = ACME.endpoints[0]


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


class OtherSettings(AcmeSettings):
    SECTION: ClassVar[str] = "other"


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"name": "Acme Pay"}, "its name is not a word"),
        ({"name": "wallet"}, "taken by the simulator"),
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
        ({"phases": {"PAID": "payed"}}, "phases names payed: a phase is one of waiting"),
        ({"timers": ("timer.forgotten",), "on_timer": None}, "nobody answers timer.forgotten"),
    ],
)
def test_a_value_that_contradicts_itself_is_refused(changes: dict[str, Any], said: str) -> None:
    with pytest.raises(ProviderError, match=said):
        replace(ACME, **changes)


async def test_two_of_one_name_are_not_served() -> None:
    with pytest.raises(ProviderError, match="'acme' is there twice"):
        Sim(providers=[ACME, replace(ACME, title="Acme, the second")])


def test_all_faults_are_said_at_once() -> None:
    with pytest.raises(ProviderError, match="claims takes GET /nothing-of-anybody") as refused:
        replace(ACME, name="Acme", claims=lambda call: True)

    assert "its name is not a word" in str(refused.value)


def test_a_phase_is_one_of_those_that_the_console_knows() -> None:
    with pytest.raises(ValueError, match="'finished' is no phase"):
        Summary("charge", "order-1", Money(1, "CNY"), Money(0, "CNY"), "finished", "DONE")
