"""Receivers of webhooks may have certificates of our own authority, or of one that `--trust` names."""

from __future__ import annotations

import ssl
from pathlib import Path

import pytest

pytest.importorskip("trustme", reason="the extra tls is not installed")

from engine.receivers import ok, receiver
from trustme import CA

from simulator.engine.courier import Errand
from simulator.surface.app import App
from simulator.surface.launch import NotStarted, launched
from simulator.surface.settings import Settings
from simulator.surface.tls import certificates, folder_beside


def server_side(authority: CA) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(context)
    return context


async def status(settings: Settings, context: ssl.SSLContext) -> int:
    app = App(settings)
    try:
        async with receiver(ok, tls=context, name="localhost") as shop:
            return (await app.runtime.courier.carry(Errand(shop.url, {}, b"{}"))).status
    finally:
        await app.runtime.close()


async def test_our_own_authority_is_always_trusted(tmp_path: Path) -> None:
    """A merchant may serve their endpoint with a certificate that `serve --tls` has made."""
    db = str(tmp_path / "simulator.db")
    own = certificates(folder_beside(db))

    assert await status(Settings(db=db), server_side(own.issuer)) == 200


async def test_an_authority_that_is_named_is_trusted(tmp_path: Path) -> None:
    authority = CA()
    authority.cert_pem.write_to_path(str(tmp_path / "mine.pem"))
    settings = Settings(db=str(tmp_path / "simulator.db"), trust=str(tmp_path / "mine.pem"))

    assert await status(settings, server_side(authority)) == 200


def test_a_file_that_holds_no_authority_is_refused_at_start(tmp_path: Path) -> None:
    (tmp_path / "mine.pem").write_text("nothing")

    for name in ("mine.pem", "none.pem"):
        with pytest.raises(NotStarted, match=f"{name} cannot be trusted"), launched("--trust", str(tmp_path / name)):
            pass
