"""Values that are made for each call: dataclasses that nobody changes, but made as cheaply as those that may be.

A dataclass with `frozen=True` sets each field by `object.__setattr__`, which takes ten times as long as to set it; twenty of
them are made for one payment. Of a `value_type` it is mypy that lets nobody set a field, not the value itself.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeVar, dataclass_transform

T = TypeVar("T")


@dataclass_transform(frozen_default=True, field_specifiers=(field,))
def value_type(cls: type[T]) -> type[T]:
    return dataclass(slots=True, unsafe_hash=True)(cls)
