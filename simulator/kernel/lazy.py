"""What is made when it is first asked for.

`cached_property` is that of `functools`; in Python 3.11 without the lock that it takes there, which costs a create one part in
sixty. `pattern` compiles a regular expression that a start does not ask for.
"""

from __future__ import annotations

import re
import sys
from functools import cache
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


@cache
def pattern(text: str, flags: int = 0) -> re.Pattern[str]:
    return re.compile(text, flags)


__all__ = ["cached_property", "pattern"]
