"""Requests that a request model takes: for each of a provider's models one body, made of values that its own fields accept."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from importlib import import_module
from importlib.util import find_spec
from itertools import islice
from typing import Annotated, Any, Literal, Union, get_args, get_origin

from pydantic import BaseModel, TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

VALUES: tuple[Any, ...] = (
    "CNY", "CN", "alipay_cn", "alipay", "ALIPAY", 1000, "1000", 1, True, "zh-CN", "en_GB", "order-1",
    "https://shop.example/back", "li.na@shop.example", "203.0.113.7", "2026-03-05", "20260305", "05-03-1990",
    "2026-03-05T10:00:00Z", "2026-03-05T10:00:00+00:00", "+8613632264148", "13632264148", "123", 1.5,
    "pay_" + "a" * 26, "cus_" + "a" * 26, "src_" + "a" * 26, "pc_" + "a" * 26, "payment_captured", "payment_intent.succeeded", "12",
    "10.00", "10", "Regular", [], {},
)  # fmt: skip
"""Whatever a member wants, one of these is it, or one of the `VALUES` in `tests/providers/<name>/calls.py`."""


def body_of(model: type[BaseModel], *, whole: bool = False) -> dict[str, Any]:
    """A body that the model takes: its required members, or with `whole` all of them.

    Where a member's value is good by its type, but not to the model's own checks, the next one is tried. Where the required
    members are not enough for the model as a whole, it gets all.
    """
    wanted = {field.alias or name: field for name, field in model.model_fields.items() if whole or field.is_required()}
    left = {name: _values(field, model, whole) for name, field in wanted.items()}
    found = {name: _next(left[name], wanted[name], model) for name in wanted}
    for name in sorted(getattr(model, "ALSO_KNOWN", ()))[:1]:
        found[name] = VALUES[0]
    while others := {name: value for name in _unfit(model, found) & left.keys() for value in islice(left[name], 1)}:
        found |= others
    if not whole and not _takes(TypeAdapter(model), found):
        return body_of(model, whole=True)
    return found


def _values(field: FieldInfo, model: type[BaseModel], whole: bool) -> Iterator[Any]:
    adapter = TypeAdapter(Annotated[(field.annotation, *field.metadata)] if field.metadata else field.annotation)  # type: ignore[arg-type]
    own = _own(model)
    return (value for value in _candidates(field.annotation, whole, own) if _takes(adapter, value))


def _next(values: Iterator[Any], field: FieldInfo, model: type[BaseModel]) -> Any:
    for value in values:
        return value
    raise LookupError(
        f"nothing fits {model.__name__}: {field!r}: name one in `VALUES = (…,)` of the provider's tests, "
        f"tests/providers/{_provider_of(model) or '<name>'}/calls.py"
    )


def _own(model: type[BaseModel]) -> tuple[Any, ...]:
    """`VALUES` of `tests/providers/<name>/calls.py`, and then ours."""
    name = _provider_of(model)
    module = f"providers.{name}.calls"
    if name is None or find_spec(f"providers.{name}") is None or find_spec(module) is None:
        return VALUES
    return (*getattr(import_module(module), "VALUES", ()), *VALUES)


def _provider_of(model: type[BaseModel]) -> str | None:
    found = re.match(r"simulator\.providers\.(\w+)", model.__module__)
    return None if found is None else found[1]


def _unfit(model: type[BaseModel], body: dict[str, Any]) -> set[str]:
    """The members that the model refuses."""
    try:
        model.model_validate(body)
    except ValidationError as error:
        return {str(one["loc"][0]) for one in error.errors() if one["loc"]}
    return set()


def _takes(adapter: TypeAdapter[Any], value: Any) -> bool:
    try:
        adapter.validate_python(value)
    except ValidationError:
        return False
    return True


def _candidates(annotation: Any, whole: bool, values: tuple[Any, ...]) -> Iterator[Any]:
    """Values that may fit, those of the right form first."""
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        yield from _candidates(inner[0], whole, values)
    elif origin in (Union, types.UnionType):
        for one in sorted(inner, key=lambda one: not _is_model(one)):
            yield from _candidates(one, whole, values)
    elif origin is Literal:
        yield inner[0]
    elif _is_model(annotation):
        yield body_of(annotation, whole=whole)
    elif origin in (list, tuple, set, frozenset):
        yield from ([value] for value in _candidates(inner[0], whole, values))
    elif annotation is not type(None):
        yield from values


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)


def objects_in(model: type[BaseModel], body: Any) -> Iterator[str]:
    """The dotted paths of the objects in a body that a model describes, the whole of it (`""`) first. Free objects are none."""
    yield from _objects((model,), body, "")


def _objects(annotations: tuple[Any, ...], value: Any, path: str) -> Iterator[str]:
    models = [one for one in annotations if _is_model(one)]
    if isinstance(value, dict) and models:
        if not any(getattr(model, "KEEPS_OTHERS", False) for model in models):
            yield path
        for model in models:
            for name, field in model.model_fields.items():
                known = field.alias or name
                if known in value:
                    inner = tuple(_flat(field.annotation))
                    yield from _objects(inner, value[known], f"{path}.{known}".strip("."))
    elif isinstance(value, list):
        items = tuple(flat for one in annotations if get_origin(one) is list for flat in _flat(get_args(one)[0]))
        for index, inner_value in enumerate(value):
            yield from _objects(items, inner_value, f"{path}.{index}")


def _flat(annotation: Any) -> Iterator[Any]:
    """The alternatives of an annotation, without its marks."""
    origin = get_origin(annotation)
    if origin is Annotated:
        yield from _flat(get_args(annotation)[0])
    elif origin in (Union, types.UnionType):
        for one in get_args(annotation):
            yield from _flat(one)
    else:
        yield annotation
