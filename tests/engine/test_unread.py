"""What a request says and nobody reads is said back, bounded, and refused by a strict server."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Annotated, Any, ClassVar

import pytest
from pydantic import BaseModel, ConfigDict, Field
from support import Sim
from toy.acme import ACME

from engine.merchant import Merchant
from simulator.engine.known import NoEffect, Unread, unnamed, unread
from simulator.engine.provider import Call, Endpoint, Reply
from simulator.engine.uow import UnitOfWork
from simulator.kernel.refusals import Invalid, Refusal


class Address(BaseModel):
    city: str | None = None


class Person(BaseModel):
    name: str | None = None
    address: Annotated[Address | None, NoEffect("is not looked at")] = None


class Company(BaseModel):
    title: str | None = None
    address: Address | None = None


class Extras(BaseModel):
    model_config = ConfigDict(extra="allow")
    KEEPS_OTHERS: ClassVar[bool] = True

    colour: str | None = None


class Wish(BaseModel):
    model_config = ConfigDict(populate_by_name=True)
    ALSO_KNOWN: ClassVar[frozenset[str]] = frozenset({"gift"})

    buyer: Person | Company | None = None
    items: list[Address] | None = None
    metadata: dict[str, str] | None = None
    branches: dict[str, Address] | None = None
    anything: Any = None
    extras: Extras | None = None
    secure: str | None = Field(None, alias="3ds")
    capture: Annotated[bool, NoEffect(unless=(True, "true"))] | None = None


def said(given: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(one.path, one.why) for one in unread(Wish, given)]


@pytest.mark.parametrize(
    ("given", "paths"),
    [
        ({"byuer": 1}, ["byuer"]),
        ({"buyer": {"name": "Li", "nick": "L"}}, ["buyer.nick"]),
        ({"buyer": {"title": "Ltd.", "address": {"city": "x"}}}, []),
        ({"items": [{"city": "x"}, {"town": "y"}]}, ["items.1.town"]),
        ({"branches": {"north": {"city": "x", "zip": "1"}}}, ["branches.north.zip"]),
        ({"metadata": {"whatever": "1"}, "anything": {"a": {"b": 1}}, "extras": {"size": 4}}, []),
        ({"3ds": "x", "secure": "x", "gift": True}, []),
        ({"items": {"town": "y"}, "metadata": ["x"], "buyer": "li"}, []),
        ({"unknown": None}, ["unknown"]),
    ],
)
def test_what_a_model_does_not_know_is_named_by_its_path(given: dict[str, Any], paths: list[str]) -> None:
    """Free objects take any name, a member of a wrong type is for validation to say."""
    assert [path for path, _ in said(given)] == paths


@pytest.mark.parametrize(
    ("given", "noticed"),
    [(False, True), ("false", True), (True, False), ("true", False), (None, False)],
)
def test_a_member_without_effect_is_noticed_unless_it_asks_for_what_happens_anyway(given: Any, noticed: bool) -> None:
    assert said({"capture": given}) == ([("capture", "has no effect for Alipay")] if noticed else [])


def test_a_member_has_an_effect_if_it_has_one_for_any_alternative() -> None:
    assert said({"buyer": {"address": {"city": "x"}}}) == []


def test_names_that_a_handler_reads_itself_may_stand_for_many() -> None:
    given = {"amount": "1", "customer_name": "Li", "type[id]": "2", "x": "3", "custom": "4"}

    assert [one.path for one in unnamed(("amount", "customer_*", "type"), given)] == ["x", "custom"]


def test_a_thousand_unknown_members_are_read_once() -> None:
    given = {"items": [{"town": "y"}] * 1000}

    assert [*unread(Wish, given)][-1] == Unread("items.999.town", "y")


# In a request


def wish(call: Call, uow: UnitOfWork) -> Reply:
    return Reply(200, {})


WISHES = replace(
    ACME,
    endpoints=(
        Endpoint("POST", "/acme/wishes", wish, "wish", Wish, query=None, parameters=("sure",)),
        Endpoint("DELETE", "/acme/wishes", wish, "forget"),
        *ACME.endpoints,
    ),
    unread_headers={"idempotency-key": "is not read; Acme reads Acme-Key"},
    spelled=lambda path: f"/{path.replace('.', '/')}",
)


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim(providers=[WISHES]) as simulator:
        yield simulator


@pytest.fixture
async def strict() -> AsyncIterator[Sim]:
    async with Sim(providers=[WISHES], strict=True) as simulator:
        yield simulator


async def notice_on(sim: Sim, body: Any = None, query: str = "", **headers: str) -> str:
    answer = await sim.http.post(f"/acme/wishes{query}", json=body, headers=Merchant(sim).headers | headers)
    assert answer.status_code == 200, answer.text
    return str(answer.headers.get("simulator-notice", ""))


async def test_what_is_not_read_is_said_in_the_header_and_in_the_journal(sim: Sim) -> None:
    body = {"byuer": 1, "buyer": {"nick": "L"}, "capture": False}

    said = await notice_on(sim, body, "?sure=1&expand=all", **{"Idempotency-Key": "k"})

    notices = [
        "idempotency-key is not read; Acme reads Acme-Key",
        "query parameters that the simulator does not read: /expand",
        "members that the simulator does not read: /byuer, /buyer/nick",
        "/capture has no effect for Alipay",
    ]
    assert said == "; ".join(notices)
    assert (await sim.requests())[0]["notices"] == notices


async def test_a_request_that_is_read_whole_gets_no_notice(sim: Sim) -> None:
    assert await notice_on(sim, {"buyer": {"name": "Li"}, "capture": True, "metadata": {"a": "b"}}, "?sure=1") == ""


async def test_a_body_where_none_is_read_is_noticed(sim: Sim) -> None:
    key = Merchant(sim).headers

    async def notice(content: bytes) -> str:
        answer = await sim.http.request("DELETE", "/acme/wishes", content=content, headers=key)
        assert answer.status_code == 200
        return str(answer.headers.get("simulator-notice", ""))

    assert await notice(b'{"why": "tired"}') == "members that the simulator does not read: /why"
    assert await notice(b"{") == await notice(b"[1]") == "the body is not read"
    assert await notice(b"") == await notice(b"{}") == await notice(b"[]") == await notice(b"null") == ""


async def test_a_notice_is_bounded_and_one_line_whatever_came(sim: Sim) -> None:
    many = {f"x{number}": 1 for number in range(500)}
    long = {f"{'y' * 5000}{number}": 1 for number in range(20)}
    evil = {"a\r\nSet-Cookie: b": 1, "c\0d": 1, "订单": 1}

    counted, cut, plain = await notice_on(sim, many), await notice_on(sim, long), await notice_on(sim, evil)

    assert counted.endswith("/x8, /x9 and 490 more")
    assert len(cut) <= 1500 and "and 10 more" in cut
    assert plain.endswith(r"/a??Set-Cookie: b, /c?d, /\u8ba2\u5355")


async def test_a_strict_server_refuses_what_is_not_read(strict: Sim) -> None:
    key = Merchant(strict).headers

    async def refused(body: Any = None, query: str = "", **headers: str) -> list[str]:
        answer = await strict.http.post(f"/acme/wishes{query}", json=body, headers=key | headers)
        assert (answer.status_code, answer.json()) == (400, {"acme_error": "Invalid"})
        found: list[str] = (await strict.requests())[0]["help"]["violations"]
        return found

    assert await refused({"byuer": 1}) == ["byuer: unknown"]
    assert await refused({"capture": False}) == ["capture: live"]
    assert await refused({}, "?expand=all") == ["expand: unknown"]
    assert await refused({}, **{"Idempotency-Key": "k"}) == ["idempotency-key: live"]
    assert len(await refused({f"x{number}": 1 for number in range(500)})) == 10


async def test_a_strict_server_takes_what_is_read_whole(strict: Sim) -> None:
    assert await notice_on(strict, {"buyer": {"name": "Li"}, "capture": True}) == ""


class Sorted(BaseModel):
    limit: int | None = Field(None, le=9)


@pytest.mark.parametrize(
    ("query", "body", "expected"),
    [
        ("?limit=10", {}, [("limit", "query")]),
        ("", {"buyer": 1}, [("buyer", "body")]),
        ("?limt=1", {"byuer": 1}, [("x-region", "header"), ("limt", "query"), ("byuer", "body")]),
    ],
)
async def test_a_violation_says_in_what_it_stood(query: str, body: dict[str, Any], expected: list[Any]) -> None:
    refused: list[Refusal] = []

    def refuse(refusal: Refusal, call: Call) -> Reply:
        refused.append(refusal)
        return ACME.refuse(refusal, call)

    row = Endpoint("POST", "/acme/wishes", wish, "wish", Wish, query=Sorted)
    provider = replace(ACME, refuse=refuse, endpoints=(*ACME.endpoints, row), unread_headers={"x-region": "is in vain"})
    async with Sim(providers=[provider], strict=True) as sim:
        headers = {"Authorization": f"Acme {sim.credentials('acme')['key']}", "X-Region": "eu"}
        answer = await sim.http.post(f"/acme/wishes{query}", json=body, headers=headers)

    [refusal] = refused
    assert isinstance(refusal, Invalid), answer.text
    assert [(one.path, one.where) for one in refusal.violations] == expected
