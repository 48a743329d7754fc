"""What a request model refuses is said in neutral words, by the path in the request, whatever library checks it."""

from __future__ import annotations

from datetime import date
from ipaddress import ip_address
from typing import Annotated, Any, Literal

import pytest
from pydantic import AfterValidator, BaseModel, BeforeValidator, Field, StrictBool, StrictInt, StringConstraints

from simulator.engine.validation import Unfit, in_words, is_web_url, validate, web_url
from simulator.engine.workspace import NAME
from simulator.kernel.refusals import Invalid, Violation


def _address(value: str) -> str:
    ip_address(value)
    return value


def _fruit(value: Any) -> Any:
    if value not in ("fig", "lime"):
        raise Unfit("is no fruit", "enum", "fig, lime")
    return value


class Range(BaseModel):
    since: StrictInt | None = None
    until: StrictInt


class Item(BaseModel):
    name: Annotated[str, StringConstraints(strict=True, max_length=3)]


class Query(BaseModel):
    created: Range | StrictInt | None = None
    id: StrictInt | Annotated[str, StringConstraints(strict=True, pattern=r"^\d+$")] | None = None
    flag: StrictBool | Literal[0, 1] | None = None
    items: Annotated[list[Item], Field(min_length=1, max_length=2)] | Item | None = None
    labels: dict[Annotated[str, StringConstraints(max_length=3)], StrictInt] | None = None
    day: date | None = None
    address: Annotated[str, AfterValidator(_address)] | None = None
    fruit: Annotated[str, BeforeValidator(_fruit)] | None = None
    kind: Literal["AIR", "SEA"] | None = None
    aliased: StrictInt | None = Field(None, alias="3ds")
    ratio: Annotated[float, Field(allow_inf_nan=False, ge=0)] | None = None


def found(body: Any) -> list[Violation]:
    with pytest.raises(Invalid) as refused:
        validate(Query, body)
    return refused.value.violations


def said(body: Any) -> list[str]:
    return [f"{one.path} {one.message}".strip() for one in found(body)]


@pytest.mark.parametrize(
    ("body", "sentences"),
    [
        ([], ["must be an object"]),
        ({"created": {}}, ["created.until must not be missing"]),
        (
            {"created": {"until": "x", "since": "y"}},
            ["created.since must be a whole number", "created.until must be a whole number"],
        ),
        ({"created": "x"}, ["created must be an object or a whole number"]),
        ({"id": "x"}, [r"id must match ^\d+$"]),
        ({"id": []}, ["id must be a whole number or a text"]),
        ({"flag": 2}, ["flag must be one of 0 or 1"]),
        ({"items": []}, ["items must have at least 1 entry"]),
        ({"items": [{"name": "fig"}, {"name": "lemon"}]}, ["items.1.name must have at most 3 characters"]),
        ({"items": [{"name": "a"}] * 3}, ["items must have at most 2 entries"]),
        ({"items": {"name": 1}}, ["items.name must be a text"]),
        ({"labels": {"ab": "x"}}, ["labels.ab must be a whole number"]),
        ({"labels": {"abcd": 1}}, ["labels.abcd must have at most 3 characters"]),
        ({"day": "2026-02-30"}, ["day is not well-formed"]),
        ({"address": "999.1.1.1"}, ["address is not well-formed"]),
        ({"fruit": "stone"}, ["fruit is no fruit"]),
        ({"kind": "LAND"}, ["kind must be one of AIR, SEA"]),
        ({"3ds": "x"}, ["3ds must be a whole number"]),
        ({"ratio": "x"}, ["ratio must be a number"]),
        ({"ratio": -1}, ["ratio must be at least 0"]),
    ],
)
def test_a_violation_reads_as_a_sentence_about_a_member(body: Any, sentences: list[str]) -> None:
    """Of alternatives the first whose type fits; if none fits, all. Nobody but a validator of ours has words of its own."""
    assert said(body) == sentences


def test_a_validator_of_ours_gives_rule_limit_and_words() -> None:
    assert found({"fruit": "stone"}) == [Violation("fruit", "enum", "fig, lime", "stone", "is no fruit")]


def test_violations_come_in_the_order_of_the_model() -> None:
    assert [one.path for one in found({"ratio": "x", "created": "x", "id": []})] == ["created", "id", "ratio"]


def test_no_path_has_the_name_of_an_alternative() -> None:
    """The library puts it there: `created.Range.until`."""
    bodies: list[Any] = [
        {"created": {"until": value}, "items": {"name": value}} for value in (None, [], {}, True, "x" * 9)
    ]

    paths = {one.path for body in bodies for one in found(body)}

    assert paths == {"created.until", "items.name"}


@pytest.mark.parametrize(
    ("pattern", "demands"),
    [
        (r"^[A-Z]{3}$", "3 characters of A-Z"),
        (r"^[0-9]{4,24}$", "4 to 24 digits"),
        (r"^[0-9]$", "1 digit"),
        (r"^pay_[0-9A-Za-z_]{26}$", "pay_, then 26 characters of 0-9 A-Z a-z _"),
        (r"^[a-z]{2,3}-[A-Z]{2}$", "2 to 3 characters of a-z, then -, then 2 characters of A-Z"),
        (r"^[A-Z0-9_]+$", "characters of A-Z 0-9 _"),
        (NAME, "1 character of A-Z a-z 0-9, then any number of characters of A-Z a-z 0-9 . _ : [ ] -"),
        (r"^[^@]+$", None),
        (r"^\d+$", None),
        (r"^a(b|c)$", None),
    ],
)
def test_a_regular_expression_is_said_in_words_where_a_few_will_do(pattern: str, demands: str | None) -> None:
    assert in_words(pattern) == demands


class Linked(BaseModel):
    url: Annotated[str, AfterValidator(web_url)] | None = None


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("https://shop.example/back?a=1", True),
        ("HTTP://shop.example:8080", True),
        ("http://localhost:0/", True),
        ("https://[::1]:443/", True),
        ("https://shop.example:99999/", False),
        ("https://shop.example:port/", False),
        ("https://[shop.example/", False),
        ("https:///back", False),
        ("https:shop.example", False),
        ("//shop.example", False),
        ("shop.example", False),
        ("ftp://shop.example", False),
        ("javascript:alert(1)", False),
        ("", False),
    ],
)
def test_a_url_of_the_web_names_its_scheme_and_its_host(text: str, is_one: bool) -> None:
    assert is_web_url(text) is is_one
    if is_one:
        assert validate(Linked, {"url": text}) == Linked(url=text)
        return
    with pytest.raises(Invalid) as refusal:
        validate(Linked, {"url": text})
    assert refusal.value.violations == [Violation("url", "format", None, text, "must be a URL of http or https")]
