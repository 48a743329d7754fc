"""A resource is made without its dataclass's constructor, and nobody can tell."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields
from datetime import UTC, datetime
from typing import Any, ClassVar

import pytest

from simulator.engine import resource
from simulator.engine.resource import NOT_YET, Resource, changed, dump, load, remember
from simulator.engine.unreadable import Unreadable
from simulator.providers import built_in
from simulator.wallet.order import Order


@dataclass(frozen=True, kw_only=True)
class Thing(Resource):
    PROVIDER: ClassVar[str] = "acme"
    KIND: ClassVar[str] = "thing"

    name: str
    size: int = 3
    tags: list[str] = field(default_factory=list)


def test_fields_that_are_not_said_are_what_they_are_by_default() -> None:
    first, second = Thing(id="t_1", name="one"), Thing(id="t_2", name="two", tags=["new"])

    assert (first.size, first.tags, first.version, first.created_at) == (3, [], 1, NOT_YET)
    assert second.tags == ["new"]
    assert list(vars(second)) == [one.name for one in fields(Thing)]
    assert first.tags is not Thing(id="t_3", name="three").tags


@pytest.mark.parametrize("given", [{"id": "t_1"}, {"id": "t_1", "name": "one", "weight": 5}, {}])
def test_what_is_missing_or_unknown_is_refused_as_by_a_dataclass(given: dict[str, Any]) -> None:
    with pytest.raises(TypeError):
        Thing(**given)


def test_every_resource_is_made_as_its_dataclass_would() -> None:
    kinds = {Order, *(kind for provider in built_in() for kind in provider.resources)}

    for kind in kinds:
        given = {one.name: one.name for one in fields(kind) if one.default is MISSING}
        made, plain = kind(**given), object.__new__(kind)
        kind.__init__(plain, **given)  # type: ignore[misc]  # so it would be made
        assert vars(made) == vars(plain), kind
        assert list(vars(made)) == list(vars(plain)), kind


@dataclass(frozen=True, kw_only=True)
class Box(Resource):
    PROVIDER: ClassVar[str] = "acme"
    KIND: ClassVar[str] = "box"

    within: dict[str, Any]
    names: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Crate(Box):
    KIND: ClassVar[str] = "crate"


def test_what_was_written_or_read_is_at_hand_when_it_is_read_again() -> None:
    """Not what is large, and not for ever."""
    at = datetime(2026, 3, 4, 5, 6, 7, 8, tzinfo=UTC)
    box, large = (Box(id="b_1", within={"a": "b" * n}, created_at=at) for n in (1, resource.WORTH_REMEMBERING))
    body = dump(box)
    remember(box, body)
    remember(large, dump(large))
    written, read = load(Box, bytes(bytearray(body))), load(Box, dump(large))

    assert written is box
    assert load(Crate, body) == Crate(id="b_1", within={"a": "b"}, created_at=at), "whatever else begins like it"
    assert read == large and read is not large
    for n in range(resource.REMEMBERED):
        other = changed(box, id=f"b_{n + 2}")
        remember(other, dump(other))
    assert load(Box, body) is not box
    assert load(Box, body) == box


def test_whoever_changes_a_resource_in_place_is_caught_by_the_next_who_reads_it() -> None:
    """In the suite, not at run time: see `Remembered` in conftest."""
    box = Box(id="b_in_place", within={"a": "b"}, created_at=datetime(2026, 3, 4, 5, 6, 7, 8, tzinfo=UTC))
    body = dump(box)
    remember(box, body)
    box.within["a"] = "c"

    with pytest.raises(AssertionError, match="somebody has changed a Box in place"):
        load(Box, body)
    box.within["a"] = "b"


def test_what_is_as_deep_as_can_be_written_can_be_read() -> None:
    """pydantic reads 200 levels of JSON, and orjson writes 254."""
    deep: dict[str, Any] = {}
    for _ in range(250):
        deep = {"a": deep}
    box = Box(id="b_1", within=deep, names=("one",), created_at=datetime(2026, 3, 4, 5, 6, 7, 8, tzinfo=UTC))

    assert load(Box, dump(box)) == box
    with pytest.raises(Unreadable):
        load(Box, b'{"id": 5}')
