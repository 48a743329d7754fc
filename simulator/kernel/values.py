"""Dataclasses that cost a start little, and values that are made for each call.

The library's `dataclass` writes up to six methods as text and compiles them, for two hundred classes each time a process starts:
a third of a start, and most of them are never called. Those of this module's `dataclass` are made when they are first called.

A dataclass with `frozen=True` sets each field by `object.__setattr__`, which takes ten times as long as to set it; twenty of
them are made for one payment. Of a `value_type` it is mypy that lets nobody set a field, not the value itself.
"""

from __future__ import annotations

import dataclasses
from functools import partial
from typing import TYPE_CHECKING, Any, NoReturn, TypeVar, dataclass_transform

T = TypeVar("T")


def _refuse_to_set(self: Any, name: str, value: Any) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot assign to field {name!r}")


def _refuse_to_delete(self: Any, name: str) -> NoReturn:
    raise dataclasses.FrozenInstanceError(f"cannot delete field {name!r}")


def _copied(self: Any, state: tuple[None, dict[str, Any]]) -> None:
    """What a copy has in its slots is set where nothing may be set."""
    for name, value in state[1].items():
        object.__setattr__(self, name, value)


def _put_off(cls: type[Any], name: str, **options: Any) -> None:
    """The library makes the method of a class with the same fields when it is first called. That class has a text, or else the
    library would make one of its signature."""

    def first(self: Any, /, *args: Any, **given: Any) -> Any:
        each = [(field.name, field.type, field) for field in dataclasses.fields(cls)]
        inside = {"__doc__": name, **({"__post_init__": None} if hasattr(cls, "__post_init__") else {})}
        wanted = {"init": False, "repr": False, "eq": False} | options
        method = getattr(dataclasses.make_dataclass(cls.__name__, each, namespace=inside, **wanted), name)
        setattr(cls, name, method)
        return method(self, *args, **given)

    setattr(cls, name, first)


def _prepared(
    cls: type[Any],
    *,
    repr: bool = True,
    eq: bool = True,
    frozen: bool = False,
    unsafe_hash: bool = False,
    slots: bool = False,
    kw_only: bool = False,
) -> type[Any]:
    own = {name for name, value in vars(cls).items() if value is not None}
    is_heir = any(params.frozen for base in cls.__mro__ if (params := vars(base).get("__dataclass_params__")))
    if not cls.__doc__:  # else the library asks for a signature: it costs a start, and for an exception 3.11.2 raises
        cls.__doc__ = cls.__name__
    bare = dataclasses.dataclass(init=False, repr=False, eq=False, frozen=is_heir, slots=slots, kw_only=kw_only)(cls)
    methods: dict[str, dict[str, Any]] = {"__init__": {"init": True, "frozen": frozen, "slots": slots}}
    if repr:
        methods["__repr__"] = {"repr": True}
    if eq:
        methods["__eq__"] = {"eq": True}
    if unsafe_hash or (eq and frozen):
        methods["__hash__"] = {"unsafe_hash": True}
    elif eq and "__hash__" not in own:
        bare.__hash__ = None  # type: ignore[assignment]
    for name, options in methods.items():
        if name not in own:
            _put_off(bare, name, **options)
    if frozen and not is_heir:
        vars(bare)["__dataclass_params__"].frozen = True  # the library asks it of what is extended
        bare.__setattr__, bare.__delattr__ = _refuse_to_set, _refuse_to_delete  # type: ignore[assignment]
        if slots:
            bare.__setstate__ = _copied
    return bare


if TYPE_CHECKING:
    from dataclasses import dataclass
else:

    def dataclass(cls: type[Any] | None = None, /, **options: Any) -> Any:
        """As the library's, but for `init` and `order`. What is made of it may be extended by the library's."""
        return partial(_prepared, **options) if cls is None else _prepared(cls, **options)


@dataclass_transform(frozen_default=True, field_specifiers=(dataclasses.field,))
def value_type(cls: type[T]) -> type[T]:
    return dataclass(slots=True, unsafe_hash=True)(cls)


__all__ = ["dataclass", "value_type"]
