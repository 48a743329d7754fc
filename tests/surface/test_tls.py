"""`serve --tls`: https for the forms that providers document, with an authority that is trusted once."""

from __future__ import annotations

import os
import shutil
import ssl
import stat
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from importlib import import_module
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from click.testing import CliRunner

pytest.importorskip("trustme", reason="the extra tls is not installed")

from simulator.engine.provider import ProviderError
from simulator.providers import built_in
from simulator.surface import healthcheck
from simulator.surface.cli import main
from simulator.surface.launch import launched
from simulator.surface.settings import Settings
from simulator.surface.terminal import Failure
from simulator.surface.tls import certificates, folder_beside
from surface.https import Https

PUBLISHED: list[str] = [
    host
    for provider in built_in()
    if provider.hosts
    for host in import_module(f"providers.{provider.name}.hosts").PUBLISHED
]
"""The providers' hosts as their manuals write them, whatever our tables say."""

DECLARED = [host for provider in built_in() for host in provider.hosts]
ONE = next(host for host in DECLARED if not host.startswith("*."))
MANY = next(host for host in DECLARED if host.startswith("*.")).removeprefix("*.")
STRANGERS = ["www.example.com", f"not{ONE}", f"{ONE}.example.org", f"below.{ONE}", MANY, f"not{MANY}", f"a_b.{MANY}"]


@dataclass(frozen=True)
class Secure:
    port: int
    authority: Path


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    """As the case says: a store in memory, the authority in the user's home."""
    home = tmp_path_factory.mktemp("home")
    with launched("--tls", environ={**os.environ, "HOME": str(home)}) as server:
        yield Secure(urlsplit(server.url).port or 0, home / ".psp-simulator" / "tls" / "authority.pem")


def names_shown(secure: Secure, asked: str) -> list[str]:
    """The names for which the certificate is that a client gets who asks for this one."""
    client = Https(asked, secure.port, secure.authority)
    client.connect()
    shown = client.sock.getpeercert()
    client.close()
    return [value for _, value in shown["subjectAltName"]]


@pytest.mark.parametrize("host", sorted({*PUBLISHED, *(host.replace("*.", "label.") for host in DECLARED)}))
def test_each_real_name_of_a_provider_has_a_certificate_of_its_own(secure: Secure, host: str) -> None:
    assert names_shown(secure, host) == [host]


@pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")
@pytest.mark.parametrize("host", PUBLISHED)
def test_curl_reaches_the_simulator_at_a_providers_name(secure: Secure, host: str) -> None:
    led_here = ["--connect-to", f"{host}:443:127.0.0.1:{secure.port}"]
    command = ["curl", "--silent", "--show-error", "--cacert", str(secure.authority), *led_here, f"https://{host}/"]

    ran = subprocess.run(command, capture_output=True, text=True, timeout=30)

    assert (ran.returncode, ran.stderr) == (0, "")


@pytest.mark.parametrize("host", STRANGERS)
def test_a_name_of_nobody_is_not_certified(secure: Secure, host: str) -> None:
    """Who trusts our authority does not thereby trust us with other people's names."""
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        names_shown(secure, host)


def test_this_machine_has_one_certificate_for_all_of_its_names(secure: Secure) -> None:
    assert sorted(names_shown(secure, "localhost")) == sorted(names_shown(secure, "127.0.0.1"))
    assert {"localhost", "host.docker.internal", "127.0.0.1"} <= set(names_shown(secure, "localhost"))


def test_names_are_taken_in_any_case_and_at_any_depth(secure: Secure) -> None:
    assert names_shown(secure, ONE.upper()) == [ONE]
    assert names_shown(secure, f"a.b.c.{MANY}") == [f"a.b.c.{MANY}"]


def test_a_service_of_a_docker_network_is_called_by_its_bare_name(secure: Secure) -> None:
    assert names_shown(secure, "psp-simulator") == ["psp-simulator"]


def test_a_name_has_one_certificate_for_as_long_as_the_server_runs(secure: Secure) -> None:
    def serial() -> str:
        client = Https(ONE, secure.port, secure.authority)
        client.connect()
        shown = client.sock.getpeercert()
        client.close()
        return str(shown["serialNumber"])

    assert serial() == serial()


def test_a_host_that_is_no_name_is_a_fault_of_the_provider() -> None:
    provider = built_in()[0]

    for host in ("https://api.example.com", "API.example.com", "localhost", "api.*.example.com", ""):
        with pytest.raises(ProviderError, match="a host is a name like"):
            replace(provider, hosts=(host,))


def test_the_authority_is_kept_and_the_keys_are_private(tmp_path: Path) -> None:
    first = certificates(tmp_path / "tls")
    trusted, before = first.authority.read_bytes(), first.server.read_bytes()

    again = certificates(tmp_path / "tls", ["sandbox.example.com"])

    assert again.authority.read_bytes() == trusted
    assert again.server.read_bytes() != before
    for key in ("authority.key", "server.pem"):
        assert stat.S_IMODE((tmp_path / "tls" / key).stat().st_mode) == 0o600


@pytest.mark.uncounted
def test_servers_that_start_at_the_same_moment_share_one_authority(tmp_path: Path) -> None:
    """Two authorities would leave the key of one beside the certificate of the other, for good."""
    make = (
        "import sys; from pathlib import Path; from simulator.surface.tls import certificates; "
        "print(certificates(Path(sys.argv[1])).issuer.cert_pem.bytes().decode())"
    )
    started = [
        subprocess.Popen([sys.executable, "-c", make, str(tmp_path / "tls")], stdout=subprocess.PIPE, text=True)
        for _ in range(4)
    ]

    said = {process.communicate(timeout=60)[0].strip() for process in started}

    assert said == {(tmp_path / "tls" / "authority.pem").read_text().strip()}


def test_an_authority_that_cannot_be_read_ends_in_two_lines(tmp_path: Path) -> None:
    (tmp_path / "tls").mkdir()
    for name in ("authority.pem", "authority.key"):
        (tmp_path / "tls" / name).write_text("not a certificate")

    result = CliRunner().invoke(main, ["serve", "--tls", "--port", "0", "--db", str(tmp_path / "simulator.db")])

    assert result.exit_code == 2
    complaint, remedy = result.stderr.strip().splitlines()
    assert complaint.startswith(f"cannot make certificates in {tmp_path / 'tls'}")
    assert "Delete that folder" in remedy


def test_the_authority_lies_beside_the_store_or_in_the_home_of_the_user() -> None:
    """Where you start the server does not matter: what was trusted once is found again."""
    assert folder_beside("data/simulator.db") == Path("data/tls")
    assert folder_beside(":memory:") == Path.home() / ".psp-simulator" / "tls"
    assert folder_beside("postgresql://db/psp") == Path.home() / ".psp-simulator" / "tls"
    assert Settings(tls=True, port=8443).base_url == "https://localhost:8443"


def test_a_user_without_a_home_is_told_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    def homeless() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.setattr(Path, "home", homeless)

    with pytest.raises(Failure) as failure:
        folder_beside(":memory:")

    assert "Set HOME" in failure.value.remedy


def test_a_container_that_serves_https_is_healthy(secure: Secure, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PSP_SIMULATOR_PORT", str(secure.port))
    monkeypatch.setenv("PSP_SIMULATOR_TLS", "1")

    assert healthcheck.main() == 0


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_the_folder_of_certificates_is_for_its_owner_also_where_an_older_version_left_it_open(tmp_path: Path) -> None:
    folder = tmp_path / "tls"
    certificates(folder)
    for path in (folder, *folder.iterdir()):
        path.chmod(0o755 if path == folder else 0o644)

    certificates(folder)

    assert {path.name: oct(path.stat().st_mode & 0o777) for path in folder.iterdir()} == dict.fromkeys(
        ["authority.key", "authority.pem", "server.pem", "lock"], "0o600"
    )
    assert oct(folder.stat().st_mode & 0o777) == "0o700"
