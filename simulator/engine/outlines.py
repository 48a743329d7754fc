"""What is known of a provider before it is loaded, and the `Provider` that loads the rest of itself when it is first asked for.

A start needs names, titles, credentials, what is a secret, and whose an address is. Everything else, which is most of what a
provider's folder holds, is imported by whoever speaks to that provider first.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from importlib import import_module
from typing import Any, NotRequired, TypedDict

from simulator.engine.provider import BannerLine, Party, Provider, ProviderError
from simulator.kernel.ids import Ids


class Outline(TypedDict):
    """Fields of `Provider`, by their names there: `Provider(**OUTLINE, …)` has them too.

    `paths` is needed, since it is by them that a request finds a provider that is not loaded yet.
    """

    name: str
    title: str
    monogram: str
    paths: tuple[str, ...]
    credentials: Callable[[Ids, bool], dict[str, Any]]
    lookups: Callable[[Mapping[str, Any]], Sequence[str]]
    listable: NotRequired[tuple[str, ...]]
    hosts: NotRequired[tuple[str, ...]]
    secret_members: NotRequired[tuple[str, ...]]
    secret_headers: NotRequired[tuple[str, ...]]
    banner: NotRequired[Callable[[Mapping[str, Any]], BannerLine]]


_OPTIONAL = ("listable", "hosts", "secret_members", "secret_headers", "banner")
_ANSWERED = frozenset({"__class__", "__dict__", "is_provider", "masking", "banner_line"})
"""What needs nothing but the outline, beside its fields."""


def lazily(outline: Outline, module: str) -> Provider:
    """A provider that is known by its outline, until something else of it is asked for: then the module is imported whose
    `PROVIDER` it is.

    Whoever asks for that first gets whatever the import raises, and `ProviderError` where the outline says something else than
    the provider.
    """
    return _Lazy(outline, module)


def is_loaded(party: Party) -> bool:
    """Whether all of it is at hand."""
    return not isinstance(party, _Lazy)


class _Lazy(Provider):
    """It is a plain `Provider` from the first question on that the outline does not answer, as a module of
    `importlib.util.LazyLoader` is a plain module then."""

    def __init__(self, outline: Outline, module: str) -> None:
        own = {name: getattr(Provider, name) for name in _OPTIONAL}
        vars(self).update(own, **outline, _read_whole=partial(_whole, outline, module))

    def __getattribute__(self, name: str) -> Any:
        known = object.__getattribute__(self, "__dict__")
        if name not in known and name not in _ANSWERED:
            known.update(vars(known["_read_whole"]()))
            object.__setattr__(self, "__class__", Provider)
        return object.__getattribute__(self, name)


def _whole(outline: Outline, module: str) -> Provider:
    found: Provider = import_module(module).PROVIDER
    if gc.get_freeze_count():  # a server stands: what is made now stays for good, too
        gc.freeze()
    if other := [name for name, value in outline.items() if getattr(found, name) != value]:
        raise ProviderError(f"provider {found.name!r}: its outline has another {', '.join(other)}")
    begins = tuple(f"{path}/" for path in found.paths)
    paths = [route.path for routes in (found.endpoints, found.pages, found.left_out) for route in routes]
    if outside := [path for path in paths if not f"{path}/".startswith(begins)]:
        raise ProviderError(f"provider {found.name!r}: paths does not name the beginning of {', '.join(outside)}")
    return found
