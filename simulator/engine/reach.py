"""Where deliveries may go: what a caller may name depends on whether it is on this machine, and our own control surface is no
receiver of anybody's webhooks.

An address that was written as a name is judged when it is resolved, at the moment of the connection (`http_client.py`).
"""

from __future__ import annotations

import re
import socket
from dataclasses import field
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Literal
from urllib.parse import unquote, urlsplit

from simulator.kernel.refusals import Invalid, Violation
from simulator.kernel.values import dataclass

Kind = Literal["never", "machine", "private", "public"]

Surface = Literal["control", "console"]

Network = Literal["anywhere", "private", "public"]
"""How far what another machine names may reach: to this machine too, to private addresses, to public ones only."""

_ALLOWED: dict[Network, frozenset[Kind]] = {
    "anywhere": frozenset({"machine", "private", "public"}),
    "private": frozenset({"private", "public"}),
    "public": frozenset({"public"}),
}

# fmt: off
_METADATA = tuple(map(ip_network, (
    # network                whose, beside link-local addresses
    "100.100.100.200/32",    # Alibaba Cloud
    "fd00:100::100:200/128",
    "168.63.129.16/32",      # Azure
    "192.0.0.192/32",        # Oracle Cloud
    "fd00:c1::a9fe:a9fe/128",
    "fd00:ec2::/32",         # AWS: instances, pods, and what else it tells them
    "fd20:ce::254/128",      # Google Cloud
    "fd00:42::42/128",       # Scaleway
    "fd00:a9fe:a9fe::1/128", # Akamai
)))
# fmt: on
"""Where clouds tell a machine its secrets."""

_EMBEDDING = (ip_network("64:ff9b::/96"), ip_network("64:ff9b:1::/48"), ip_network("::/96"))
"""Addresses of IPv6 whose last 32 bits are the address of IPv4 that is reached in the end."""

INBOX = "/_sim/inbox/"


@dataclass(frozen=True, slots=True)
class Reach:
    """`network` holds for URLs that were named by another machine; this machine may name whatever it can reach itself."""

    network: Network = "private"
    public_url: str | None = None
    """Another address of ours."""
    ports: set[int] = field(default_factory=set)
    """Those at which we listen; who listens adds them."""

    def objection(self, url: str, from_network: bool) -> str | None:
        """Why nothing is sent to this address, as far as its text says it. None where only its resolution will tell."""
        read = _read(url)
        if read is None:
            return None
        host, port, address, surface = read
        if surface == "control":
            return "the control API of a simulator receives no webhooks, beside its inbox"
        if surface == "console" and self._is_public(host, port):
            return "the simulator's own console receives no webhooks"
        return None if address is None else self.objection_to(address, port, from_network, surface is not None)

    def objection_to(self, address: str, port: int, from_network: bool, to_console: bool) -> str | None:
        """Why no connection is made to an address of IP."""
        kind = kind_of(address)
        if kind == "never":
            return f"{address} is a link-local, metadata or reserved address; webhooks never go there"
        if to_console and kind == "machine" and port in self.ports:
            return "the simulator's own console receives no webhooks"
        if from_network and kind not in _ALLOWED[self.network]:
            what = "this machine itself" if kind == "machine" else "a private address"
            return f"{address} is {what}, which no caller from the network may name (--webhooks-to says otherwise)"
        return None

    def check(self, url: str | None, path: str, from_network: bool) -> None:
        """Raises `Invalid`, with the place in the request, for a URL that its caller may not name."""
        if url is not None and (why := self.objection(url, from_network)) is not None:
            raise Invalid([Violation(path, "custom", given=url, message=why)])

    def _is_public(self, host: str, port: int) -> bool:
        if self.public_url is None:
            return False
        own = urlsplit(self.public_url)
        own_port = own.port or (443 if own.scheme == "https" else 80)
        return (host.rstrip("."), port) == ((own.hostname or "").rstrip("."), own_port)


@lru_cache(1024)
def _read(url: str) -> tuple[str, int, str | None, Surface | None] | None:
    """The host, the port, the IP address if the host is one, and which of our own surfaces its path names. Remembered, because
    the same few URLs come again and again."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port or (443 if parts.scheme == "https" else 80)
    except ValueError:
        return None
    return host, port, literal(host), surface_of(parts.path)


@lru_cache(1024)
def surface_of(path: str) -> Surface | None:
    """Which of our own surfaces a path would be, however it is spelled: encoded, twice, with dots, slashes, in capitals."""
    seen, stages = path, [path]
    while (further := unquote(seen)) != seen and len(stages) < 10:
        seen = further
        stages.append(seen)
    if path.startswith(INBOX) and ".." not in seen and "\\" not in seen:
        return None
    firsts = {_first_segment(stage) for stage in stages}
    if "_sim" in firsts:
        return "control"
    return "console" if "console" in firsts else None


def _first_segment(path: str) -> str:
    found: list[str] = []
    for segment in re.split(r"[/\\]+", path.lower()):
        name = segment.partition(";")[0].strip()
        if name == "..":
            del found[-1:]
        elif name not in ("", "."):
            found.append(name)
    return found[0] if found else ""


def literal(host: str) -> str | None:
    """The address that a host's text means by itself: also one that is written as a number, and `localhost`."""
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):
        return "127.0.0.1"
    try:
        return str(ip_address(name))
    except ValueError:
        pass
    if re.fullmatch(r"(?:0x[0-9a-f]*|[0-9]+)(?:\.(?:0x[0-9a-f]*|[0-9]+)){0,3}", name) is None:
        return None
    try:
        return str(IPv4Address(socket.inet_aton(name)))
    except OSError:
        return None


LOCAL_SUFFIXES = (".localhost", ".test", ".internal", ".local")
"""Below these the public DNS has no names (RFC 6761, RFC 6762, and ICANN's `.internal`)."""


def is_local(host: str) -> bool:
    """Whether a host is one that only this machine or its network knows: a name without a dot or below `LOCAL_SUFFIXES`, or an
    address that is not public, with or without the brackets of IPv6."""
    bare = host.rstrip(".").lower().removeprefix("[").removesuffix("]")
    address = literal(bare)
    if address is not None:
        return _kind_by_itself(address) != "public"
    return "." not in bare or bare.endswith(LOCAL_SUFFIXES)


def kind_of(text: str) -> Kind:
    """What an address of IP is to us."""
    kind = _kind_by_itself(text)
    if kind in ("private", "public") and _is_our_own(ip_address(text.partition("%")[0])):
        return "machine"
    return kind


@lru_cache(1024)
def _kind_by_itself(text: str) -> Kind:
    """Leaving aside which interfaces this machine has just now."""
    address = ip_address(text.partition("%")[0])
    if isinstance(address, IPv6Address) and (inner := _embedded(address)) is not None:
        return _kind_by_itself(str(inner))
    if any(address in network for network in _METADATA) or address.is_link_local or address.is_multicast:
        return "never"
    if address.is_loopback or address.is_unspecified or (isinstance(address, IPv4Address) and address.packed[0] == 0):
        return "machine"
    if isinstance(address, IPv4Address) and address.is_reserved:
        return "never"
    return "public" if address.is_global else "private"


def _embedded(address: IPv6Address) -> IPv4Address | None:
    if address.ipv4_mapped is not None:
        return address.ipv4_mapped
    if address.sixtofour is not None:
        return address.sixtofour
    if address.teredo is not None:
        return address.teredo[1]
    if int(address) > 1 and any(isinstance(net, IPv6Network) and address in net for net in _EMBEDDING):
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return None


def _is_our_own(address: IPv4Address | IPv6Address) -> bool:
    """Whether an interface of this machine has it: the system would talk to it from itself. Nothing is sent to find out."""
    if isinstance(address, IPv6Address) and (inner := _embedded(address)) is not None:
        address = inner
    family = socket.AF_INET if isinstance(address, IPv4Address) else socket.AF_INET6
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((str(address), 9))
            return ip_address(probe.getsockname()[0].partition("%")[0]) == address
    except OSError:  # there is no way there
        return False
