"""`serve --tls`: certificates by an authority of our own that the user can trust once.

There is one for this machine's names, and one for each real name of a provider that a client asks for (SNI): who lets a
provider's name lead here (`/etc/hosts`, a Docker alias, a proxy) need not change the client. Nothing is added to the system's
trust by itself. The authority is kept and used again, so trusting it lasts.
"""

from __future__ import annotations

import re
import ssl
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from simulator.engine import private
from simulator.kernel.values import dataclass
from simulator.surface.terminal import USAGE, Failure

if TYPE_CHECKING:
    from trustme import CA, LeafCert

NAMES = ("localhost", "127.0.0.1", "::1", "host.docker.internal")

KEPT = 256
"""Names whose certificate is kept in memory. There is no end of names below a `*.`, and anybody may ask."""


@dataclass(frozen=True, slots=True)
class Certificates:
    authority: Path
    """To be trusted by clients and browsers."""
    server: Path
    """Key and certificate of this machine's names, in one file."""
    issuer: CA
    own: LeafCert

    def context(self, hosts: Iterable[str]) -> ssl.SSLContext:
        """Shows the certificate of this machine's names, and to who asks for one of `hosts` one of that name alone.

        A host `*.example.com` stands for every name below it, a name without a dot for itself: so do services of a Docker
        network call each other.
        """
        context = _context(self.own)
        patterns = [_pattern(host) for host in hosts]

        @lru_cache(KEPT)
        def named(name: str) -> ssl.SSLContext | None:
            if "." in name and not any(pattern.fullmatch(name) for pattern in patterns):
                return None
            try:
                return _context(self.issuer.issue_cert(name))
            except ValueError:  # such a name cannot be
                return None

        def choose(connection: ssl.SSLObject, asked: str | None, before: ssl.SSLContext) -> None:
            name = asked.lower() if asked else ""
            if name and name not in NAMES and (of_that_name := named(name)) is not None:
                connection.context = of_that_name

        context.sni_callback = choose
        return context


def _context(leaf: LeafCert) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.set_alpn_protocols(["http/1.1"])
    leaf.configure_cert(context)
    return context


def _pattern(host: str) -> re.Pattern[str]:
    below = r"(?:[a-z0-9-]+\.)+" if host.startswith("*.") else ""
    return re.compile(below + re.escape(host.removeprefix("*.")))


def certificates(folder: Path, names: Sequence[str] = ()) -> Certificates:
    """Makes the server's certificate for `NAMES` and `names`, signed by the authority in `folder` (made if need be).

    Folder and files are readable for their owner only. Raises `Failure` when the extra `tls` is not installed or the folder cannot
    be written.
    """
    try:
        import trustme
    except ImportError as error:
        raise Failure("--tls needs the package trustme", "Install psp-simulator[tls].", USAGE) from error
    authority, key, server = folder / "authority.pem", folder / "authority.key", folder / "server.pem"
    try:
        private.make_folder(folder)
        private.close_folder(folder, "authority.", "server.", "lock")
        with _alone(folder):
            if authority.exists() and key.exists():
                ca = trustme.CA.from_pem(authority.read_bytes(), key.read_bytes())
            else:
                ca = trustme.CA(organization_name="psp-simulator", organization_unit_name="SIMULATOR - no real money")
                private.write(key, ca.private_key_pem.bytes())
                private.write(authority, ca.cert_pem.bytes())
            private.close_files(authority, key)
            leaf = ca.issue_cert(*dict.fromkeys((*NAMES, *names)))
            private.write(server, leaf.private_key_and_cert_chain_pem.bytes())
    except (OSError, ValueError) as error:
        what = f"cannot make certificates in {folder}: {error}"
        raise Failure(what, "Delete that folder, or choose another store with --db.", USAGE) from error
    return Certificates(authority.resolve(), server.resolve(), ca, leaf)


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Within the block nobody else is: servers that start at the same moment make one authority, not one each."""
    if sys.platform == "win32":
        yield
        return
    import fcntl

    private.make_file(folder / "lock")
    with (folder / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def folder_beside(db: str) -> Path:
    """Beside the store's file; a store in memory or on a server has none, then in the user's own `~/.psp-simulator`.

    Raises `Failure` for a user without a home.
    """
    is_file = db != ":memory:" and "://" not in db
    try:
        return (Path(db).parent if is_file else Path.home() / ".psp-simulator") / "tls"
    except RuntimeError as error:
        raise Failure(
            "--tls keeps its authority in your home, and you have none", "Set HOME, or --db to a file.", USAGE
        ) from error
