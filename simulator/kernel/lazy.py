"""`functools.cached_property`; in Python 3.11 without the lock that it takes there, which costs a create one part in sixty."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING or sys.version_info >= (3, 12):
    from functools import cached_property
else:

    class cached_property:  # noqa: N801 - as the library's own is called
        def __init__(self, made: Any) -> None:
            self.made, self.__doc__ = made, made.__doc__

        def __set_name__(self, owner: type, name: str) -> None:
            self.name = name

        def __get__(self, instance: Any, owner: type | None = None) -> Any:
            if instance is None:
                return self
            value = instance.__dict__[self.name] = self.made(instance)
            return value


__all__ = ["cached_property"]
