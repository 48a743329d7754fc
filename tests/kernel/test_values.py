"""Our dataclasses, whose methods are made when they are first called: what is seen of them is what the library's show."""

from __future__ import annotations

import copy
import dataclasses
import inspect
from collections.abc import Callable
from typing import Any

import pytest

from simulator.kernel.values import dataclass as put_off


def _point(decorator: Callable[..., Any], **options: Any) -> Any:
    @decorator(**options)
    class Point:
        x: int
        y: list[int] = dataclasses.field(default_factory=list)
        note: str = dataclasses.field(default="", compare=False, repr=False)
        sum: int = dataclasses.field(init=False, default=0)

        def __post_init__(self) -> None:
            object.__setattr__(self, "sum", self.x + sum(self.y))

    return Point


OPTIONS = (
    {},
    {"eq": False},
    {"repr": False},
    {"frozen": True},
    {"slots": True},
    {"frozen": True, "slots": True},
    {"frozen": True, "kw_only": True},
    {"slots": True, "unsafe_hash": True},
)


def _outcome(act: Callable[[], Any]) -> Any:
    try:
        return act()
    except (TypeError, AttributeError) as error:
        return type(error), str(error).replace("_point.<locals>.", "")


def _seen(point: Any) -> dict[str, Any]:
    def assign() -> None:
        made().x = 3

    def remove() -> None:
        del made().x

    def made() -> Any:
        return point(x=1, y=[2], note="n")

    return {
        "fields": [(one.name, one.default, one.kw_only) for one in dataclasses.fields(point)],
        "made": {one.name: getattr(made(), one.name) for one in dataclasses.fields(point)},
        "shown": repr(made()) if "__repr__" in vars(point) else None,
        "equal": (made() == made(), made() == point(x=1, y=[2]), made() == point(x=2), made() == 1),
        "hashable": point.__hash__ is not None,
        "hash": _outcome(lambda: hash(point(x=1))) if point.__hash__ is not object.__hash__ else None,
        "in order": _outcome(lambda: point(1, [2]).sum),
        "incomplete": _outcome(lambda: point()),
        "unknown": _outcome(lambda: point(x=1, z=2)),
        "assigned": _outcome(assign),
        "removed": _outcome(remove),
        "replaced": dataclasses.replace(made(), x=5).sum,
        "copied": copy.deepcopy(made()).y,
        "slots": hasattr(made(), "__dict__"),
        "matched": point.__match_args__,
    }


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_a_class_is_seen_as_the_librarys(options: dict[str, Any]) -> None:
    assert _seen(_point(put_off, **options)) == _seen(_point(dataclasses.dataclass, **options))


def test_a_method_of_its_own_stays() -> None:
    @put_off
    class Named:
        name: str

        def __repr__(self) -> str:
            return self.name

        def __eq__(self, other: object) -> bool:
            return True

        def __hash__(self) -> int:
            return 7

    assert (repr(Named("a")), Named("a") == 3, hash(Named("a"))) == ("a", True, 7)


def test_a_class_may_extend_one_of_the_librarys_and_be_extended_by_one() -> None:
    @dataclasses.dataclass(frozen=True)
    class First:
        a: int

    @put_off(frozen=True)
    class Second(First):
        b: int = 2

    @dataclasses.dataclass(frozen=True)
    class Third(Second):
        c: int = 3

    assert (Second(1), Third(1)) == (Second(1, 2), Third(1, 2, 3))
    assert repr(Third(1)).endswith("Third(a=1, b=2, c=3)")

    @put_off(frozen=True)
    class Alone:
        a: int

    @dataclasses.dataclass(frozen=True)
    class OfIt(Alone):
        b: int = 2

    assert OfIt(1) == OfIt(1, 2)
    with pytest.raises(dataclasses.FrozenInstanceError):
        Second(1).a = 2  # type: ignore[misc]


def test_nobody_asks_for_a_signature_while_a_class_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Python 3.11.2 has none to tell of an exception, and raises; everywhere it costs a start."""

    def none(*_: Any) -> Any:
        raise AssertionError("asked for a signature")

    monkeypatch.setattr(inspect, "signature", none)

    @put_off(eq=False)
    class Refused(Exception):
        why: str = ""

    assert Refused("late").why == "late"
