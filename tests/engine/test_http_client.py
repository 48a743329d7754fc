"""What leaves is what was signed, byte for byte; what comes back is bounded; what goes wrong is said in words.

Everything here goes over real sockets.
"""

from __future__ import annotations

import asyncio
import gzip
import socket
import subprocess
import sys
import zlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from engine.receivers import OK, Conversation, never, ok, receiver
from simulator.engine.courier import Errand, NotReached, OwnCourier, Trust, carried

SIGNED = {"content-type": "application/json", "Acme-Signature": "aBc=", "X-GCS-KeyId": "key"}


@pytest.fixture
async def courier() -> AsyncIterator[OwnCourier]:
    found = OwnCourier()
    yield found
    await found.close()


async def reason(courier: OwnCourier, url: str, within_s: float = 10.0) -> str:
    with pytest.raises(NotReached) as caught:
        await carried(courier, Errand(url, SIGNED, b"{}"), within_s)
    return str(caught.value)


# What leaves ---------------------------------------------------------------------------------------------------


async def test_names_values_and_bytes_leave_as_they_were_signed(courier: OwnCourier) -> None:
    async with receiver() as shop:
        await courier.carry(Errand(f"{shop.url}/hooks", SIGNED, b'{"a": "\xff"}'))

    [request] = shop.requests
    assert (request.line, request.body) == ("POST /hooks HTTP/1.1", b'{"a": "\xff"}')
    assert [pair for pair in request.headers if pair[0] in SIGNED] == list(SIGNED.items())


async def test_nothing_is_added_but_what_http_needs_and_our_name(courier: OwnCourier) -> None:
    async with receiver() as shop:
        await courier.carry(Errand(f"{shop.url}/hooks", SIGNED, b"{}"))
        await courier.carry(Errand(f"{shop.url}/hooks", {**SIGNED, "user-agent": "Acme/1.0"}, b"{}"))
        await courier.carry(Errand(f"{shop.url}/hooks", {}, method="GET"))

    added = [[name for name in request.names if name not in SIGNED] for request in shop.requests]
    assert [sorted(names) for names in added] == [
        ["Content-Length", "Host", "User-Agent"],
        ["Content-Length", "Host", "user-agent"],
        ["Host", "User-Agent"],
    ]
    assert [dict(request.headers).get("User-Agent") for request in shop.requests] == [
        "psp-simulator",
        None,
        "psp-simulator",
    ]


@pytest.mark.parametrize(
    ("path", "line"),
    [
        ("/a%2Fb/%2e%2e//c%41?x=%41+b&y", "/a%2Fb/%2e%2e//c%41?x=%41+b&y"),
        ("/caf\u00e9 1?x=\u4ef6", "/caf%C3%A9%201?x=%E4%BB%B6"),
        ("", "/"),
        ("/a?x#part", "/a?x"),
    ],
    ids=["encoded", "not encoded", "none", "fragment"],
)
async def test_an_address_is_called_as_the_merchant_wrote_it(courier: OwnCourier, path: str, line: str) -> None:
    async with receiver() as shop:
        await courier.carry(Errand(f"{shop.url}{path}", SIGNED, b"{}"))

    assert shop.requests[0].line == f"POST {line} HTTP/1.1"


async def test_a_name_and_a_password_in_the_address_become_basic_authentication(courier: OwnCourier) -> None:
    async with receiver() as shop:
        await courier.carry(Errand(shop.url.replace("//", "//me:secret@"), SIGNED, b"{}"))

    assert dict(shop.requests[0].headers)["Authorization"] == "Basic bWU6c2VjcmV0"


@pytest.mark.parametrize("name", ["Authorization", "authorization"])
async def test_an_authorization_that_is_given_wins_over_the_one_in_the_address(courier: OwnCourier, name: str) -> None:
    async with receiver() as shop:
        url = shop.url.replace("//", "//me:secret@") + "/a%2Fb?x=%41"
        receipt = await courier.carry(Errand(url, {**SIGNED, name: "Bearer other"}, b"{}"))

    assert receipt.status == 200
    assert shop.requests[0].line == "POST /a%2Fb?x=%41 HTTP/1.1"
    assert [pair for pair in shop.requests[0].headers if pair[0].lower() == "authorization"] == [(name, "Bearer other")]


async def test_a_redirect_is_an_answer_and_is_not_followed(courier: OwnCourier) -> None:
    async def elsewhere(conversation: Conversation) -> None:
        await conversation.say(b"HTTP/1.1 307 Elsewhere\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n")

    async with receiver(elsewhere) as shop:
        receipt = await courier.carry(Errand(shop.url, SIGNED, b"{}"))

    assert (receipt.status, receipt.headers["location"], len(shop.requests)) == (307, "/other", 1)


async def test_proxies_of_the_environment_are_not_asked(courier: OwnCourier, monkeypatch: pytest.MonkeyPatch) -> None:
    async with receiver() as shop, receiver() as proxy:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.setenv("NO_PROXY", "")
        await courier.carry(Errand(shop.url, SIGNED, b"{}"))

    assert (len(shop.requests), proxy.connections) == (1, 0)


async def test_a_cookie_is_not_kept(courier: OwnCourier) -> None:
    async def hand_out(conversation: Conversation) -> None:
        await conversation.say(b"HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: 0\r\n\r\n")

    async with receiver(hand_out, name="localhost") as shop:
        for _ in range(2):
            await courier.carry(Errand(shop.url, SIGNED, b"{}"))

    assert "cookie" not in [name.lower() for name in shop.requests[1].names]


# Connections ---------------------------------------------------------------------------------------------------


async def test_a_connection_serves_many_errands(courier: OwnCourier) -> None:
    async with receiver() as shop:
        for _ in range(5):
            await courier.carry(Errand(shop.url, SIGNED, b"{}"))

    assert (len(shop.requests), shop.connections) == (5, 1)


async def test_a_receiver_that_closes_after_each_answer_is_reached_each_time(courier: OwnCourier) -> None:
    """It does not announce that, and the loop does nothing between the errands: the closed connection is seen all the same."""

    async def close(conversation: Conversation) -> None:
        await conversation.say(OK)
        conversation.writer.close()

    async with receiver(close) as shop:
        for _ in range(20):
            await courier.carry(Errand(shop.url, SIGNED, b"{}"))

    assert (len(shop.requests), shop.connections) == (20, 20)


async def test_a_receiver_may_live_at_an_ipv6_address(courier: OwnCourier) -> None:
    async with receiver(host="::1") as shop:
        receipt = await courier.carry(Errand(shop.url, SIGNED, b"{}"))

    assert (receipt.status, receipt.body) == (200, b"ok")


async def test_a_receiver_whose_name_has_two_addresses_is_reached_at_the_one_that_listens(courier: OwnCourier) -> None:
    async with receiver(name="localhost") as shop:
        assert (await courier.carry(Errand(shop.url, SIGNED, b"{}"))).status == 200


# What comes back -----------------------------------------------------------------------------------------------


async def test_of_a_huge_answer_64_kb_are_read_and_the_connection_is_dropped(courier: OwnCourier) -> None:
    sent = 0

    async def pour(conversation: Conversation) -> None:
        nonlocal sent
        await conversation.say(b"HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n")
        while sent < 100_000_000:
            await conversation.say(b"x" * 100_000)
            sent += 100_000

    async with receiver(pour) as shop:
        receipt = await courier.carry(Errand(shop.url, SIGNED, b"{}"))
        await shop.hung_up.wait()

    assert (receipt.status, len(receipt.body)) == (200, 65_536)
    assert sent < 50_000_000


async def test_an_answer_whose_headers_have_no_end_is_given_up(courier: OwnCourier) -> None:
    sent = 0

    async def pour(conversation: Conversation) -> None:
        nonlocal sent
        await conversation.say(b"HTTP/1.1 200 OK\r\n")
        while sent < 50_000:
            await conversation.say(b"".join(b"X-%d: %s\r\n" % (n, b"y" * 1_000) for n in range(sent, sent + 100)))
            sent += 100

    async with receiver(pour) as shop:
        assert await reason(courier, shop.url)
        await shop.hung_up.wait()

    assert sent < 50_000


CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize(
    ("begins", "goes_on", "body"),
    [
        (b"", b"HTTP/1.1 100 Continue\r\n\r\n", None),
        (CHUNKED + b"2\r\nok\r\n1;", b"why=not;", b"ok"),
        (CHUNKED, b"1\r\nx\r\n", b"x" * 1_000),
        (OK, OK, b"ok"),
    ],
    ids=["interim answers", "what stands beside a size", "small chunks", "answers that nobody asked for"],
)
async def test_whatever_has_no_end_the_connection_is_cut_when_it_has_brought_enough(
    courier: OwnCourier, begins: bytes, goes_on: bytes, body: bytes | None
) -> None:
    """Of what counts as an answer the beginning is kept; the rest is neither waited for nor read."""
    sent = 0

    async def pour(conversation: Conversation) -> None:
        nonlocal sent
        await conversation.say(begins)
        while sent < 50_000_000:
            await conversation.say(goes_on * (100_000 // len(goes_on)))
            sent += 100_000

    async with receiver(pour) as shop:
        if body is None:
            assert "more than 131072 bytes came, and no answer" in await reason(courier, shop.url)
        else:
            receipt = await courier.carry(Errand(shop.url, SIGNED, b"{}"))
            assert (receipt.status, receipt.body[:1_000]) == (200, body)
        await shop.hung_up.wait()

    assert sent < 50_000_000


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "raw deflate"])
async def test_a_packed_answer_is_unpacked_as_far_as_is_read_of_any(courier: OwnCourier, encoding: str) -> None:
    bomb = b"\0" * 50_000_000
    raw = zlib.compressobj(9, zlib.DEFLATED, -15)
    packed = {
        "gzip": lambda: gzip.compress(bomb, 9),
        "deflate": lambda: zlib.compress(bomb, 9),
        "raw deflate": lambda: raw.compress(bomb) + raw.flush(),
    }[encoding]()

    async def throw(conversation: Conversation) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {encoding.split()[-1]}\r\nContent-Length: {len(packed)}\r\n\r\n"
        await conversation.say(head.encode(), packed)

    async with receiver(throw) as shop:
        receipt = await courier.carry(Errand(shop.url, SIGNED, b"{}"))

    assert receipt.body == b"\0" * 65_536


async def test_what_is_not_packed_as_it_says_is_kept_as_it_came(courier: OwnCourier) -> None:
    async def lie(conversation: Conversation) -> None:
        await conversation.say(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 4\r\n\r\nokay")

    async with receiver(lie) as shop:
        assert (await courier.carry(Errand(shop.url, SIGNED, b"{}"))).body == b"okay"


async def test_an_answer_in_chunks_and_one_without_a_length_are_read_to_their_end(courier: OwnCourier) -> None:
    async def chunks(conversation: Conversation) -> None:
        await conversation.say(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", b"2\r\nok\r\n", b"0\r\n\r\n")

    async def until_the_end(conversation: Conversation) -> None:
        await conversation.say(b"HTTP/1.0 200 OK\r\n\r\n", b"o", b"k")
        conversation.writer.close()

    for say in (chunks, until_the_end):
        async with receiver(say) as shop:
            assert (await courier.carry(Errand(shop.url, SIGNED, b"{}"))).body == b"ok"


@pytest.mark.parametrize(
    ("content_type", "text"),
    [("text/plain; charset=latin-1", "\u00e9"), ("text/plain", "\ufffd"), ('a/b; charset="no-such"', "\ufffd")],
)
async def test_the_answer_is_read_in_its_own_character_set(courier: OwnCourier, content_type: str, text: str) -> None:
    async def latin(conversation: Conversation) -> None:
        await conversation.say(f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n".encode())
        await conversation.say(b"Content-Length: 1\r\n\r\n\xe9")

    async with receiver(latin) as shop:
        assert (await courier.carry(Errand(shop.url, SIGNED, b"{}"))).text == text


# What goes wrong -----------------------------------------------------------------------------------------------


async def test_a_receiver_that_drips_is_given_up_when_its_time_is_over(courier: OwnCourier) -> None:
    async def drip(conversation: Conversation) -> None:
        await conversation.say(b"HTTP/1.1 200 OK\r\nContent-Length: 1000000\r\n\r\n")
        while True:
            await conversation.say(b"x")
            await asyncio.sleep(0)

    async with receiver(drip) as shop:
        assert await reason(courier, shop.url, 0.2) == "no complete answer within 0.2 s"
        await shop.hung_up.wait()


async def test_a_receiver_that_never_answers_is_given_up_when_its_time_is_over(courier: OwnCourier) -> None:
    async with receiver(never) as shop:
        assert await reason(courier, shop.url, 0.2) == "no complete answer within 0.2 s"


async def test_a_server_that_takes_no_connection_is_given_up_when_its_time_is_over(courier: OwnCourier) -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        waiting = [socket.socket() for _ in range(3)]
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(full.getsockname())
        found = await reason(courier, f"http://127.0.0.1:{full.getsockname()[1]}", 0.2)
        for one in waiting:
            one.close()

    assert found == "no complete answer within 0.2 s"


async def test_why_there_is_no_answer_is_said_in_words(courier: OwnCourier) -> None:
    async def hang_up(conversation: Conversation) -> None:
        conversation.writer.close()

    async def mumble(conversation: Conversation) -> None:
        await conversation.say(b"220 mail.example ESMTP\r\n\r\n")

    async def break_off(conversation: Conversation) -> None:
        await conversation.say(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf")
        conversation.writer.close()

    async def headers_without_end(conversation: Conversation) -> None:
        await conversation.say(b"HTTP/1.1 200 OK\r\n")
        while True:
            await conversation.say(b"X-Header: " + b"x" * 1000 + b"\r\n")

    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        port = unused.getsockname()[1]
        refused = await reason(courier, f"http://127.0.0.1:{port}/hooks")
    assert refused == f"no connection to 127.0.0.1:{port}: Connection refused"
    assert (await reason(courier, "http://nobody.invalid/hooks")).startswith("the name nobody.invalid has no address: ")
    for say in (hang_up, break_off):
        async with receiver(say) as shop:
            told = await reason(courier, shop.url)
            assert told == f"127.0.0.1:{shop.port} closed the connection before its answer was complete"
    for say in (mumble, headers_without_end):
        async with receiver(say) as shop:
            assert (await reason(courier, shop.url)).startswith(f"127.0.0.1:{shop.port} did not answer in HTTP: ")


@pytest.mark.parametrize(
    "url", ["http://xn--/", "http://[::1", "http://shop.test:99999/", "http:///hook", "http://a..b/"]
)
async def test_what_is_no_address_is_not_reached(courier: OwnCourier, url: str) -> None:
    with pytest.raises(NotReached, match="address"):
        await courier.carry(Errand(url, {}, b"{}"))


async def test_a_server_that_speaks_no_tls_is_named(courier: OwnCourier) -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 mail.example ESMTP\r\n")
        await reader.read()
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        told = await reason(courier, f"https://127.0.0.1:{port}")

    assert told == f"no TLS with 127.0.0.1:{port}: wrong version number"


@pytest.mark.parametrize("name", ["localhost", "127.0.0.1"])
async def test_a_server_that_hangs_up_on_tls_is_named_with_what_it_did(courier: OwnCourier, name: str) -> None:
    async def hang_up(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(1000)
        writer.close()

    async with await asyncio.start_server(hang_up, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        told = await reason(courier, f"https://{name}:{port}")

    assert told == f"no TLS with {name}:{port}: it closed the connection"


LONG = b"HTTP/1.1 200 OK\r\n" + b"Bad Header " * 500 + b": x\r\n\r\n"


@pytest.mark.parametrize("raw", [b"220 mail.example ESMTP\r\n\r\n", LONG], ids=["mail", "long"])
async def test_an_answer_that_is_no_http_is_told_in_one_line(courier: OwnCourier, raw: bytes) -> None:
    async def mumble(conversation: Conversation) -> None:
        await conversation.say(raw)

    async with receiver(mumble) as shop:
        told = await reason(courier, shop.url)

    assert told.startswith(f"127.0.0.1:{shop.port} did not answer in HTTP: {'Bad' if raw != LONG else 'Invalid'} ")
    assert (len(told.splitlines()), "^" in told, len(told) < 400) == (1, False, True)


async def test_a_name_that_gets_no_answer_delays_no_other(courier: OwnCourier, monkeypatch: pytest.MonkeyPatch) -> None:
    """More names than the pool of a loop has threads."""
    import threading

    asked, let_go, ask = threading.Semaphore(0), threading.Event(), socket.getaddrinfo

    def slowly(host: str, *rest: object) -> object:
        if host.startswith("slow"):
            asked.release()
            let_go.wait(30)
            raise socket.gaierror(socket.EAI_NONAME, "unknown")
        return ask(host, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", slowly)
    async with receiver(name="localhost") as shop:
        lost = [asyncio.create_task(reason(courier, f"http://slow-{n}.invalid", 20)) for n in range(60)]
        for _ in lost:
            await asyncio.to_thread(asked.acquire, timeout=20)
        receipt = await courier.carry(Errand(shop.url, SIGNED, b"{}"))
        let_go.set()
        await asyncio.gather(*lost)

    assert receipt.status == 200


# Certificates --------------------------------------------------------------------------------------------------


async def test_a_certificate_counts_if_its_authority_is_trusted(tmp_path: Path) -> None:
    """Every file counts that is there; the name must be right all the same."""
    trustme = pytest.importorskip("trustme", reason="the extra tls is not installed")
    import ssl

    authority, tls = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("localhost").configure_cert(tls)
    authority.cert_pem.write_to_path(str(tmp_path / "authority.pem"))
    stranger, friend = OwnCourier(), OwnCourier(trust=Trust([tmp_path / "none.pem", tmp_path / "authority.pem"]))

    async with receiver(ok, tls=tls, name="localhost") as shop:
        refused = await reason(stranger, shop.url)
        receipt = await friend.carry(Errand(shop.url, SIGNED, b"{}"))
        wrong_name = await reason(friend, shop.url.replace("localhost", "127.0.0.1"))
    await stranger.close()
    await friend.close()

    where = f"localhost:{shop.port}"
    assert refused == f"the certificate of {where} is not trusted: unable to get local issuer certificate"
    assert receipt.status == 200
    assert wrong_name.startswith(f"the certificate of 127.0.0.1:{shop.port} is not trusted: IP address mismatch")


async def test_a_file_that_holds_no_authority_is_named(tmp_path: Path) -> None:
    (tmp_path / "bad.pem").write_text("not a certificate")
    courier = OwnCourier(trust=Trust([tmp_path / "bad.pem"]))

    told = await reason(courier, "https://localhost:1/hooks")
    await courier.close()

    assert told.startswith(f"{tmp_path / 'bad.pem'} holds no certificate authority")


# When it is imported -------------------------------------------------------------------------------------------


def test_no_http_client_is_imported_on_the_way_to_the_first_answer() -> None:
    probe = """
import asyncio, sys
from simulator.surface.app import App
from simulator.surface.settings import Settings
from simulator.surface import serve

async def ask():
    app, sent = App(Settings(db=":memory:")), []
    scope = {"type": "http", "method": "GET", "path": "/_sim/health", "headers": [], "query_string": b"",
             "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8080), "scheme": "http"}
    async def receive(): return {"type": "http.request", "body": b""}
    async def send(message): sent.append(message)
    await app(scope, receive, send)
    assert sent[0]["status"] == 200, sent
    print([name for name in ("aiohttp", "httpx", "yarl", "certifi") if name in sys.modules])
asyncio.run(ask())
"""
    told = subprocess.run([sys.executable, "-c", probe], capture_output=True, text=True, check=True, timeout=60)
    assert told.stdout.strip() == "[]"
