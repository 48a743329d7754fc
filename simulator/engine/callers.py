"""Who sends a request: this machine or the network; a program, a page of ours, or a page of another site in somebody's browser."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from functools import lru_cache
from ipaddress import IPv6Address, ip_address
from typing import TYPE_CHECKING

from simulator.engine.reach import kind_of
from simulator.kernel.ids import Ids

if TYPE_CHECKING:  # `surface/settings.py` compares names of hosts, and every command reads it
    from simulator.engine.http import Scope
    from simulator.engine.provider import Provider
    from simulator.engine.workspace import Workspace

READS = frozenset({"GET", "HEAD", "OPTIONS"})
"""Methods that change nothing, wherever we decide what they do."""

_HOST = re.compile(r"(?P<name>[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?")

_REST = re.compile(r"[/?#\\]")
"""What stands between a host and the rest of an address."""

LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


def is_this_machine(scope: Scope) -> bool:
    """A loopback address, or the very address at which the request arrived."""
    client, server = scope.get("client"), scope.get("server")
    if not client:
        return True
    return bool(server and client[0] == server[0]) or _is_loopback(client[0])


@lru_cache(256)
def _is_loopback(host: str) -> bool:
    """To read an address costs as much as to find a route, and a client asks again and again."""
    try:
        address = ip_address(host)
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return address.is_loopback


def host_name(host: str) -> str | None:
    """The name in a `Host` header, without its port, as names are compared; None for what is no host.

    An address of IPv6 keeps its brackets: `[::1]`.
    """
    match = _HOST.fullmatch(host)
    return None if match is None else as_compared(match["name"])


@lru_cache(256)
def as_compared(name: str) -> str:
    """The one spelling in which names of hosts are compared: `localhost` for `LOCALHOST.`, `[::1]` for `0:0:0:0:0:0:0:1`."""
    name = name.lower().removesuffix(".")
    bare = name[1:-1] if name.startswith("[") else name
    try:
        address = ip_address(bare)
    except ValueError:
        return name
    return f"[{address}]" if isinstance(address, IPv6Address) else str(address)


def is_own_name(scope: Scope, headers: Mapping[str, str], names: Collection[str]) -> bool:
    """Whether a request came under one of the `names`, or under the very address at which it arrived.

    A page whose name was rebound to this machine sends its own name. Without the header it was no browser.
    """
    host = headers.get("host")
    if host is None:
        return True
    name, server = host_name(host), scope.get("server")
    return name is not None and (name in names or bool(server and name == as_compared(str(server[0]))))


def is_foreign_page(headers: Mapping[str, str], own: Iterable[str]) -> bool:
    """Whether a page that is not ours made a browser send this; `own` are our hosts with their ports.

    Browsers say so in `Origin` (`null` for a sandboxed frame) and, where the address is to be trusted, in `Sec-Fetch-Site`.
    An old one, or one behind something that takes both away, may still say in `Referer` which page it was. Our own forms bear our
    origin, because our pages say `Referrer-Policy: same-origin`. Programs send none of these headers.
    """
    site = headers.get("sec-fetch-site")
    if (site or "none") not in ("same-origin", "none"):
        return True
    origin = headers.get("origin")
    page = headers.get("referer") if origin is None and site is None else origin
    host = _REST.split((page or "").partition("://")[2], maxsplit=1)[0]
    return page is not None and (not host or host not in own)


def is_foreign_fetch(headers: Mapping[str, str]) -> bool:
    """Whether a page of another site fetches something (an image, a script, a frame) without anybody following a link. It could
    not see the answer, and to look that up keeps others waiting."""
    if headers.get("sec-fetch-site") != "cross-site":
        return False
    return headers.get("sec-fetch-mode") != "navigate" or headers.get("sec-fetch-dest", "document") != "document"


def is_rebound(scope: Scope, headers: Mapping[str, str], names: Collection[str]) -> bool:
    """Whether a browser asks under a name that is not ours: a page that has given its own name our address does so, and need send
    no header that says more. Production code that is pointed here under a provider's name is no browser."""
    return headers.get("user-agent", "").startswith("Mozilla/") and not is_own_name(scope, headers, names)


def is_page_of_elsewhere(scope: Scope, headers: Mapping[str, str], names: Collection[str]) -> bool:
    """Whether a page of elsewhere made a browser send a call of a provider's API, whatever that one calls us.

    Pages that come from this machine (`http://localhost:3000`) are the developer's own, and so are those under our `names`.
    """
    origin = headers.get("origin")
    if origin is None:
        return headers.get("sec-fetch-site") == "cross-site" or is_rebound(scope, headers, names)
    name = host_name(_REST.split(origin.partition("://")[2], maxsplit=1)[0])
    return name is None or not (name in names or name.endswith(".localhost") or _is_address_of_ours(name))


def _is_address_of_ours(name: str) -> bool:
    try:
        return kind_of(name.strip("[]")) == "machine"
    except ValueError:  # a name
        return False


def is_public(provider: Provider, workspace: Workspace, proof: tuple[str, ...] | None) -> bool:
    """Whether a credential that proved a caller (`Call.proof`) is the same on every machine, and so proves nothing.

    Where the provider does not say which one did, one that finds the workspace is enough.
    """
    own, public = workspace.credentials[provider.name], provider.credentials(Ids(), True)
    if proof is None:
        return not set(provider.lookups(own)).isdisjoint(provider.lookups(public))
    return any(own.get(name) == public.get(name) for name in proof)
