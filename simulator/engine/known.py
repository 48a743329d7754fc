"""What a request model knows, and what a request says beyond it: unknown members, and documented ones without effect.

A request model declares what is known: its fields, and in them `NoEffect`. Whatever is typed as a free object (`metadata:
dict[str, str]`) takes any names. A model may say more: `ALSO_KNOWN`, names that it reads beside its fields, and `KEEPS_OTHERS`,
where other members are kept and echoed as they came.
"""

from __future__ import annotations

import types
from collections.abc import Collection, Iterator, Mapping
from functools import cache
from typing import TYPE_CHECKING, Annotated, Any, Union, get_args, get_origin

from simulator.kernel.refusals import Violation
from simulator.kernel.values import dataclass

if TYPE_CHECKING:
    from pydantic import BaseModel


@dataclass(frozen=True, slots=True)
class NoEffect:
    """Marks a documented member that does nothing here: `capture: Annotated[bool, NoEffect(unless=(True,))] | None = None`.

    `why` follows the member's name in the notice. `unless` are the values that ask for what happens anyway.
    """

    why: str = "has no effect for Alipay"
    unless: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class Unread:
    """One member that is not read. `path` is dotted; `why` is None for one that is unknown."""

    path: str
    given: Any
    why: str | None = None

    @property
    def violation(self) -> Violation:
        if self.why is None:
            return Violation(self.path, "unknown", given=self.given, message="is not known")
        return Violation(self.path, "live", given=self.given, message=self.why)


# What a model knows --------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _Shape:
    """What may stand at a place: an object of one of the `models`, a list of `item`, a free object of `value`."""

    models: tuple[type[BaseModel], ...] = ()
    item: _Shape | None = None
    value: _Shape | None = None
    free: bool = False

    def __or__(self, other: _Shape) -> _Shape:
        return _Shape(
            self.models + other.models,
            _either(self.item, other.item),
            _either(self.value, other.value),
            self.free or other.free,
        )


def _either(one: _Shape | None, other: _Shape | None) -> _Shape | None:
    return one if other is None else other if one is None else one | other


_SCALAR = _Shape()
_FREE = _Shape(free=True)


@dataclass(frozen=True, slots=True)
class _Member:
    shape: _Shape
    no_effect: NoEffect | None = None


def _shape(annotation: Any) -> _Shape:
    """The shape of the values that an annotation allows. The marks of a field (`NoEffect`) are not looked at."""
    from pydantic import BaseModel

    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _shape(inner[0])
    if origin in (Union, types.UnionType):
        shape = _SCALAR
        for one in inner:
            shape |= _shape(one)
        return shape
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return _Shape(models=(annotation,))
    outer = origin if isinstance(origin, type) else annotation
    if annotation is Any or annotation is object:
        return _FREE
    if isinstance(outer, type) and issubclass(outer, Mapping):
        return _Shape(value=_shape(inner[1]) if len(inner) == 2 else _FREE, free=True)
    if isinstance(outer, type) and issubclass(outer, Collection) and not issubclass(outer, str | bytes):
        return _Shape(item=_shape(inner[0]) if inner else _FREE)
    return _SCALAR


def _marks(annotation: Any) -> Iterator[Any]:
    if get_origin(annotation) is Annotated:
        yield from annotation.__metadata__
        yield from _marks(get_args(annotation)[0])
    elif get_origin(annotation) in (Union, types.UnionType):
        for one in get_args(annotation):
            yield from _marks(one)


@cache
def _members(model: type[BaseModel]) -> Mapping[str, _Member]:
    """The members of a model by the names under which they come."""
    from pydantic import AliasChoices

    found: dict[str, _Member] = {name: _Member(_FREE) for name in getattr(model, "ALSO_KNOWN", ())}
    for name, field in model.model_fields.items():
        marks = [*field.metadata, *_marks(field.annotation)]
        no_effect = next((mark for mark in marks if isinstance(mark, NoEffect)), None)
        member = _Member(_shape(field.annotation), no_effect)
        alias = field.validation_alias or field.alias
        for known in alias.choices if isinstance(alias, AliasChoices) else (alias,):
            if isinstance(known, str):
                found[known] = member
        if alias is None or model.model_config.get("populate_by_name"):
            found[name] = member
    return found


@dataclass(frozen=True, slots=True)
class _Known:
    """What an object may have that is of one of some models."""

    members: Mapping[str, _Member]
    plain: frozenset[str]
    """Members of which nothing is to be said, whatever they hold."""
    takes_others: bool
    """Whether unknown members need no word: they are kept, or the model itself refuses them."""


@cache
def _known(models: tuple[type[BaseModel], ...]) -> _Known:
    members = _members_of_one(models)
    plain = (name for name, member in members.items() if member.no_effect is None and member.shape in (_SCALAR, _FREE))
    takes_others = any(
        getattr(model, "KEEPS_OTHERS", False) or model.model_config.get("extra") == "forbid" for model in models
    )
    return _Known(members, frozenset(plain), takes_others)


def _members_of_one(models: tuple[type[BaseModel], ...]) -> Mapping[str, _Member]:
    """The members of an object that is of one of the models. A member has no effect if it has none in any of them."""
    if len(models) == 1:
        return _members(models[0])
    found: dict[str, _Member] = {}
    for model in models:
        for name, member in _members(model).items():
            other = found.get(name)
            if other is None:
                found[name] = member
            else:
                both = other.no_effect if member.no_effect is not None else None
                found[name] = _Member(other.shape | member.shape, both)
    return found


def names_at(model: type[BaseModel], data: Any, path: str) -> Collection[str]:
    """The names that an object may have which stands at a dotted path of a request."""
    place = Place.of(model)
    for step in path.split(".") if path else ():
        inner = place.at(int(step) if step.isdecimal() and isinstance(data, list) else step, data)
        if inner is None:
            return ()
        place, data = inner
    return place.names


@dataclass(frozen=True, slots=True)
class Place:
    """A place in a request, as its model sees it: to tell a step in the document from other things that stand in a path."""

    _shape: _Shape

    @classmethod
    def of(cls, model: type[BaseModel]) -> Place:
        return cls(_Shape(models=(model,)))

    @property
    def names(self) -> Collection[str]:
        """As they are documented: by the alias where there is one."""
        return {field.alias or name for model in self._shape.models for name, field in model.model_fields.items()}

    def at(self, step: str | int, here: Any) -> tuple[Place, Any] | None:
        """The place within and what stands there; None where the step is no name that the document or the model has."""
        if isinstance(step, int):
            found = here[step] if isinstance(here, list) and step < len(here) else None
            return Place(self._shape.item or _FREE), found
        member = _known(self._shape.models).members.get(step)
        is_given = isinstance(here, Mapping) and step in here
        if member is None and not is_given:
            return None
        shape = member.shape if member is not None else self._shape.value or _FREE
        return Place(shape), here[step] if is_given else None


# What a request has --------------------------------------------------------------------------------------------


def unread(model: type[BaseModel], data: Any) -> list[Unread]:
    """What a body or a query has that its model does not read, in document order. Linear in what the model knows."""
    found: list[Unread] = []
    _walk(_root(model), data, "", found)
    return found


@cache
def _root(model: type[BaseModel]) -> _Shape:
    return _Shape(models=(model,))


def _walk(shape: _Shape, value: Any, path: str, found: list[Unread]) -> None:
    if isinstance(value, dict):
        before = f"{path}." if path else ""
        if shape.models:
            _object(shape, value, before, found)
        elif shape.value is not None and shape.value is not _FREE and shape.value is not _SCALAR:
            for name, inner in value.items():
                _walk(shape.value, inner, f"{before}{name}", found)
    elif isinstance(value, list) and shape.item is not None:
        for index, inner in enumerate(value):
            _walk(shape.item, inner, f"{path}.{index}", found)


def _object(shape: _Shape, value: Mapping[str, Any], before: str, found: list[Unread]) -> None:
    known = _known(shape.models)
    if value.keys() <= known.plain:
        return
    for name, inner in value.items():
        if name in known.plain:
            continue
        member = known.members.get(name)
        if member is None:
            if not (shape.free or known.takes_others):
                found.append(Unread(f"{before}{name}", inner))
            continue
        mark = member.no_effect
        if mark is not None and inner is not None and inner not in mark.unless:
            found.append(Unread(f"{before}{name}", inner, mark.why))
        else:
            _walk(member.shape, inner, f"{before}{name}", found)


@cache
def _told_apart(names: tuple[str, ...]) -> tuple[frozenset[str], tuple[str, ...]]:
    """Whole names, and beginnings of names."""
    whole = frozenset(name for name in names if not name.endswith("*"))
    return whole, tuple(name[:-1] for name in names if name.endswith("*"))


def unnamed(names: tuple[str, ...], given: Mapping[str, Any]) -> list[Unread]:
    """What is given and not among the names. One that ends in `*` stands for all that begin so; `a[b]` counts as `a`."""
    whole, beginnings = _told_apart(names)
    return [
        Unread(name, value)
        for name, value in given.items()
        if name.partition("[")[0] not in whole and not name.startswith(beginnings)
    ]
