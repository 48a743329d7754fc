"""The server over a real socket: the odd things that real clients do must reach the provider's own answer."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from buying import ANY, KEY, SHOP, account
from click.testing import CliRunner

from simulator.engine.shop import Answer
from simulator.kernel.ids import Ids
from simulator.surface.cli import main
from simulator.surface.client import Client, SaidNo
from simulator.surface.launch import Launched, NotStarted, launched
from surface.wire import Wire

ACCOUNT = account(ANY.credentials(Ids(), True))
ORDER = SHOP.sign(ACCOUNT, SHOP.create(ACCOUNT, SHOP.sample))
CHARGES, BODY = ORDER.path, ORDER.body
SIGNED = tuple(f"{name}: {value}" for name, value in ORDER.headers.items() if name.lower() != "content-type")
JSON = ("Content-Type: application/json", f"Content-Length: {len(BODY)}")


@pytest.fixture
def wire(server: Launched) -> Iterator[Wire]:
    with Wire(server.url) as connection:
        yield connection


def created(body: bytes) -> bool:
    assert SHOP.status_of is not None
    return SHOP.course.waits(SHOP.status_of(Answer(200, body)))


def test_a_method_in_lower_case_is_understood(wire: Wire) -> None:
    """As the Node SDK of one of the providers sends it."""
    wire.send(f"post {CHARGES} HTTP/1.1", *SIGNED, *JSON, body=BODY)

    answer = wire.read()

    assert answer.status == 200
    assert created(answer.body)


def test_a_body_that_begins_like_a_method_is_left_alone(server: Launched, client: Client) -> None:
    """The body comes in a packet of its own; only the first bytes of a request may be raised."""
    world = client.create_workspace()
    sent = b"post scriptum"

    with Wire(server.url) as wire:
        wire.send(f"POST /_sim/inbox/{world.id}/odd HTTP/1.1", f"Content-Length: {len(sent)}", "Expect: 100-continue")
        assert wire.read().status == 100
        wire.send_raw(sent)
        assert wire.read().status == 200

    assert [received["body"] for received in world.inbox("odd")] == ["post scriptum"]


def test_two_slashes_are_one(wire: Wire) -> None:
    wire.send(f"POST /{CHARGES} HTTP/1.1", *SIGNED, *JSON, body=BODY)

    assert wire.read().status == 200


def test_a_chunked_body_is_read(wire: Wire) -> None:
    chunks = [BODY[:10], BODY[10:50], BODY[50:]]
    body = b"".join(b"%x\r\n%s\r\n" % (len(chunk), chunk) for chunk in chunks) + b"0\r\n\r\n"
    wire.send(f"POST {CHARGES} HTTP/1.1", *SIGNED, JSON[0], "Transfer-Encoding: chunked", body=body)

    answer = wire.read()

    assert answer.status == 200
    assert created(answer.body)


def test_a_trailing_slash_is_no_redirect(wire: Wire) -> None:
    wire.send(f"POST {CHARGES}/ HTTP/1.1", *SIGNED, *JSON, body=BODY)

    assert wire.read().status == 200


def test_a_trailing_slash_on_our_own_paths_is_no_redirect_either(wire: Wire) -> None:
    wire.send("GET /_sim/health/ HTTP/1.1")

    answer = wire.read()

    assert answer.status == 404
    assert "location" not in answer.headers


def test_head_is_answered_like_get_without_a_body(wire: Wire) -> None:
    wire.send(f"HEAD {CHARGES}/charge_x HTTP/1.1", *SIGNED)
    head = wire.read(head=True)
    wire.send(f"GET {CHARGES}/charge_x HTTP/1.1", *SIGNED)
    get = wire.read()

    assert (head.status, head.headers["content-length"]) == (get.status, str(len(get.body)))


def test_ten_megabytes_are_refused_in_the_providers_words_and_the_client_sees_it(wire: Wire) -> None:
    size = 10_000_000
    wire.send(f"POST {CHARGES} HTTP/1.1", *SIGNED, JSON[0], f"Content-Length: {size}", body=b" " * size)

    answer = wire.read()

    assert answer.status == 413
    wire.send("GET /_sim/health HTTP/1.1")
    assert wire.read().status == 200


def test_pipelined_requests_are_answered_in_order_on_one_connection(wire: Wire) -> None:
    first = f"GET /_sim/health HTTP/1.1\r\nHost: {wire.host}\r\n\r\n"
    second = f"GET {CHARGES}/charge_x HTTP/1.1\r\nHost: {wire.host}\r\n\r\n"
    wire.send_raw((first + second + first).encode())

    assert [wire.read().status for _ in range(3)] == [200, 401, 200]


def test_expect_continue_is_answered_before_the_body_is_sent(wire: Wire) -> None:
    wire.send(f"POST {CHARGES} HTTP/1.1", *SIGNED, *JSON, "Expect: 100-continue")
    assert wire.read().status == 100

    wire.send_raw(BODY)

    assert wire.read().status == 200


def test_an_offer_to_speak_http_2_is_declined_by_answering(wire: Wire) -> None:
    """Java's own HTTP client offers it with every first request."""
    offer = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAEAAEAAAAIAAAAAAAMAAAAA")
    wire.send(f"POST {CHARGES} HTTP/1.1", *SIGNED, *JSON, *offer, body=BODY)
    first = wire.read()
    wire.send(f"POST {CHARGES} HTTP/1.1", *SIGNED, *JSON, body=BODY)

    assert (first.status, created(first.body)) == (200, True)
    assert wire.read().status == 200


def test_a_key_that_is_not_ascii_is_refused_and_nothing_breaks(wire: Wire) -> None:
    wire.send(f"GET {CHARGES}/charge_x HTTP/1.1", "Authorization: Bearer schl\xfcssel")

    assert wire.read().status == 401


def test_a_tunnel_that_names_the_caller_does_not_open_the_control_api(wire: Wire, client: Client) -> None:
    """A reverse proxy on this machine connects from loopback, but says for whom. To it public credentials are not good."""
    own = account(client.create_workspace().credentials[ANY.name])
    mine = tuple(f"{name}: {value}" for name, value in SHOP.sign(own, SHOP.create(own, SHOP.sample)).headers.items())

    wire.send("GET /_sim/workspaces HTTP/1.1", "X-Forwarded-For: 203.0.113.9")
    refused = wire.read()
    wire.send(f"GET {CHARGES}/charge_x HTTP/1.1", "X-Forwarded-For: 203.0.113.9", *mine)
    taken = wire.read()
    wire.send(f"GET {CHARGES}/charge_x HTTP/1.1", "X-Forwarded-For: 203.0.113.9", *SIGNED)

    assert (refused.status, json.loads(refused.body)["error"]["code"]) == (403, "local_only")
    assert taken.status == 404
    assert wire.read().status == SHOP.unauthenticated


def test_the_first_line_of_json_tells_where_it_listens_and_the_credentials(server: Launched) -> None:
    assert server.url.startswith("http://127.0.0.1:")
    assert server.credentials[ANY.name] == ANY.credentials(Ids(), True)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_at_once_and_cleanly_even_while_a_page_listens(number: signal.Signals) -> None:
    command = [sys.executable, "-m", "simulator.surface.cli", "serve", "--port", "0", "--json", "--db", ":memory:"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        port = json.loads(process.stdout.readline())["port"]
        url = f"http://127.0.0.1:{port}"
        with Client(url) as client, Wire(url) as page:
            world = client.workspace()
            client.send("POST", CHARGES, headers=ORDER.headers, content=BODY)
            [payment] = world.latest(1)
            assert payment["wallet"] is not None
            page.send(f"GET /w/{payment['wallet']['code']}/events HTTP/1.1")
            assert page.read(head=True).status == 200
            process.send_signal(number)
            _, complaints = process.communicate(timeout=30)

    assert (process.returncode, complaints) == (0, b"")


def test_a_taken_port_is_told_in_two_lines_and_exits_with_3(server: Launched) -> None:
    port = server.url.rpartition(":")[2]
    command = [sys.executable, "-m", "simulator.surface.cli", "serve", "--port", port, "--db", ":memory:"]

    ended = subprocess.run(command, capture_output=True, text=True, timeout=20)

    assert ended.returncode == 3
    assert ended.stdout == ""
    assert ended.stderr.splitlines() == [
        f"cannot listen on 127.0.0.1:{port}: Address already in use",
        "Stop what uses the port, or choose another with --port (0 takes any free one).",
    ]


@pytest.mark.parametrize("url", ["nonsense", "https://sandbox.example/psp", "ftp://sandbox.example"])
def test_a_launch_that_fails_says_why(url: str) -> None:
    with pytest.raises(NotStarted, match=f"'{url}' cannot be the public URL"), launched("--public-url", url):
        pass


def test_a_name_that_is_no_hosts_cannot_be_allowed() -> None:
    with pytest.raises(NotStarted, match=r"'http://a\.example' is not the name of a host"):
        launched("--allow-host", "http://a.example").__enter__()


@pytest.mark.parametrize(
    ("name", "value", "complaint"),
    [
        ("PORT", "99999", "PSP_SIMULATOR_PORT: '99999' is not a number from 0 to 65535"),
        ("ADMIN_TOKEN", " ", "PSP_SIMULATOR_ADMIN_TOKEN: is empty; leave it out, or give it a value"),
        ("REPORTS", "/dev/null", "/dev/null cannot be the folder for reports: it is no folder"),
        ("REPORTS", "/dev/null/a", "/dev/null/a cannot be the folder for reports: Not a directory"),
        ("SCENARIOS", "x" * 300, f"{'x' * 300}: there is no such folder"),
        ("TRUST", "x" * 300, f"{'x' * 300} cannot be trusted: File name too long"),
        ("CONFIG", "/dev", "[Errno 21] Is a directory: '/dev'"),
    ],
)
def test_a_value_of_the_environment_that_is_none_is_wrong_use(name: str, value: str, complaint: str) -> None:
    """Through the command itself, and without a port that might be taken."""
    environ = {"PSP_SIMULATOR_PORT": "0", "PSP_SIMULATOR_DB": ":memory:", f"PSP_SIMULATOR_{name}": value}

    result = CliRunner().invoke(main, ["serve"], env=environ)

    assert (result.exit_code, result.stderr.splitlines()[0], len(result.stderr.splitlines())) == (2, complaint, 2)


@pytest.mark.parametrize(
    ("option", "value", "complaint"),
    [
        ("--host", "", "--host: is empty; leave it out, or give it a value"),
        ("--host", "a" * 64, f"--host: '{'a' * 64}' is not the name or address of a host"),
        ("--admin-token", "", "--admin-token: is empty; leave it out, or give it a value"),
        ("--db", "", "--db: is empty; leave it out, or give it a value"),
        ("--trust", "", "--trust: is empty; leave it out, or give it a value"),
    ],
)
def test_an_option_whose_value_is_none_is_wrong_use(option: str, value: str, complaint: str) -> None:
    result = CliRunner().invoke(main, ["serve", "--port", "0", "--db", ":memory:", option, value])

    assert (result.exit_code, result.stderr.splitlines()[0], len(result.stderr.splitlines())) == (2, complaint, 2)


@pytest.mark.parametrize("text", ["credentials: 5", "credentials: [1]", "credentials: {5: {a: b}}", "db: null", "5: 6"])
def test_a_file_of_settings_that_cannot_be_used_is_wrong_use(tmp_path: Path, text: str) -> None:
    file = tmp_path / "settings.yaml"
    file.write_text(text)

    result = CliRunner().invoke(main, ["serve", "--port", "0"], env={"PSP_SIMULATOR_CONFIG": str(file)})

    assert (result.exit_code, len(result.stderr.splitlines())) == (2, 2)
    assert result.stderr.startswith(f"{file}: ")


def test_the_folder_for_reports_is_there_from_the_start(tmp_path: Path) -> None:
    folder = tmp_path / "not" / "yet"

    with launched("--reports", str(folder)):
        assert folder.is_dir()


def test_names_that_are_allowed_reach_the_console_and_others_do_not() -> None:
    """On the command line once for each; without the header, as HTTP/1.0 may leave it out, it was no browser."""
    with launched("--allow-host", "one.example", "--allow-host", "two.example") as server:
        answered = []
        for host in ("one.example", "Two.Example:99", "three.example"):
            answered.append(httpx.get(f"{server.url}/_sim/workspaces", headers={"Host": host}).status_code)
        with Wire(server.url) as wire:
            wire.send_raw(b"GET /_sim/workspaces HTTP/1.0\r\n\r\n")
            answered.append(wire.read().status)

    assert answered == [200, 200, 403, 200]


def test_keys_from_the_environment_are_those_of_the_default_workspace() -> None:
    environ = {**os.environ, f"PSP_SIMULATOR_{ANY.name}_{KEY}".upper(): "key_from_my_env"}

    with launched(environ=environ) as server:
        assert server.credentials[ANY.name][KEY] == "key_from_my_env"


def test_a_misspelt_credential_is_refused_with_those_that_there_are() -> None:
    environ = {**os.environ, f"PSP_SIMULATOR_{ANY.name.upper()}_APIKEI": "key"}

    with pytest.raises(NotStarted, match=f"{ANY.title} has no credential 'apikei'\nKnown are {KEY}, "):
        launched(environ=environ).__enter__()


def test_a_console_that_is_open_to_the_network_always_wants_a_token() -> None:
    with launched("--open-console") as server:
        with Client(server.url) as client, pytest.raises(SaidNo) as refusal:
            client.workspaces()
        with Client(server.url, token=server.admin_token) as client:
            names = [workspace["name"] for workspace in client.workspaces()]

    assert (refusal.value.status, refusal.value.code) == (401, "unauthorized")
    assert names == ["default"]
