"""`serve --tls`: https for the forms that providers document, with an authority that is trusted once."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
from click.testing import CliRunner

pytest.importorskip("trustme", reason="the extra tls is not installed")

from simulator.surface.cli import main
from simulator.surface.settings import Settings
from simulator.surface.tls import certificates, folder_beside


def test_the_authority_is_kept_and_the_keys_are_private(tmp_path: Path) -> None:
    first = certificates(tmp_path / "tls")
    trusted, before = first.authority.read_bytes(), first.server.read_bytes()

    again = certificates(tmp_path / "tls", ["sandbox.example.com"])

    assert again.authority.read_bytes() == trusted
    assert again.server.read_bytes() != before
    for key in ("authority.key", "server.pem"):
        assert stat.S_IMODE((tmp_path / "tls" / key).stat().st_mode) == 0o600


def test_an_authority_that_cannot_be_read_ends_in_two_lines(tmp_path: Path) -> None:
    (tmp_path / "tls").mkdir()
    for name in ("authority.pem", "authority.key"):
        (tmp_path / "tls" / name).write_text("not a certificate")

    result = CliRunner().invoke(main, ["serve", "--tls", "--port", "0", "--db", str(tmp_path / "simulator.db")])

    assert result.exit_code == 2
    complaint, remedy = result.stderr.strip().splitlines()
    assert complaint.startswith(f"cannot make certificates in {tmp_path / 'tls'}")
    assert "Delete that folder" in remedy


def test_the_authority_lies_beside_the_store() -> None:
    assert folder_beside("data/simulator.db") == Path("data/tls")
    assert folder_beside(":memory:") == Path(".psp-simulator/tls")
    assert folder_beside("postgresql://db/psp") == Path(".psp-simulator/tls")
    assert Settings(tls=True, port=8443).base_url == "https://localhost:8443"
