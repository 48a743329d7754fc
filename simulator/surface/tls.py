"""`serve --tls`: a certificate for this machine's names, by an authority of our own that the user can trust once.

Nothing is added to the system's trust by itself. The authority is kept and used again, so trusting it lasts.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from simulator.surface.terminal import USAGE, Failure

# `payment.localhost`: what a merchant gets who puts `https://payment.` before an address that bears no scheme.
NAMES = ("localhost", "payment.localhost", "127.0.0.1", "::1", "host.docker.internal")


@dataclass(frozen=True, slots=True)
class Certificates:
    authority: Path
    """To be trusted by clients and browsers."""
    server: Path
    """Key and certificate, in one file."""


def certificates(folder: Path, names: Sequence[str] = ()) -> Certificates:
    """Makes the server's certificate for `NAMES` and `names`, signed by the authority in `folder` (made if need be).

    Keys are readable for their owner only. Raises `Failure` when the extra `tls` is not installed or the folder cannot
    be written.
    """
    try:
        import trustme
    except ImportError as error:
        raise Failure("--tls needs the package trustme", "Install psp-simulator[tls].", USAGE) from error
    authority, key, server = folder / "authority.pem", folder / "authority.key", folder / "server.pem"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        if authority.exists() and key.exists():
            ca = trustme.CA.from_pem(authority.read_bytes(), key.read_bytes())
        else:
            ca = trustme.CA(organization_name="psp-simulator", organization_unit_name="SIMULATOR - no real money")
            _write_privately(key, ca.private_key_pem.bytes())
            authority.write_bytes(ca.cert_pem.bytes())
        leaf = ca.issue_cert(*dict.fromkeys((*NAMES, *names)))
        _write_privately(server, leaf.private_key_and_cert_chain_pem.bytes())
    except (OSError, ValueError) as error:
        what = f"cannot make certificates in {folder}: {error}"
        raise Failure(what, "Delete that folder, or choose another store with --db.", USAGE) from error
    return Certificates(authority.resolve(), server.resolve())


def _write_privately(path: Path, content: bytes) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)


def folder_beside(db: str) -> Path:
    """Beside the store's file; a store in memory or on a server has none, then below the working directory."""
    is_file = db != ":memory:" and "://" not in db
    return (Path(db).parent if is_file else Path(".psp-simulator")) / "tls"
