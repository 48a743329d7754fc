"""The user's credentials reach the sandbox and nothing else, whatever the sandbox makes of them."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import httpx
import pytest
from drifting import PROVIDERS, Altered, Planted, StandIn, Worlds, add, standing_in

from simulator.engine.sandbox import with_wrong_secrets
from simulator.engine.shop import Account
from simulator.kernel.clock import time_of_day
from simulator.surface.drift.check import report_of
from simulator.surface.drift.hiding import Hiding
from simulator.surface.drift.playing import Unreachable, account_of
from simulator.surface.drift.recorder import Recorder
from simulator.surface.drift.running import Ours, Visited
from simulator.surface.in_process import Simulator

SECRET = 'key_sandbox_q7W/"z+9=Kd&Lm~4XtP2'
"""With what forms, addresses, JSON and HTML write otherwise."""

OTHER = "whsec_Zk81mQpW63xTr9"
"""Not ours to know: the sandbox has made it, and its name says that it is a secret."""


def planted(secret: str) -> tuple[Planted, ...]:
    """The secret in twenty places of the answers."""
    plain = base64.b64encode(f"{secret}:".encode()).decode()

    def text(make: str) -> str:
        return make.replace("SECRET", secret)

    def header(name: str, value: str) -> object:
        def alter(answer: Altered) -> None:
            answer.headers[name] = value

        return alter

    def instead(raw: bytes) -> object:
        def alter(answer: Altered) -> None:
            answer.content = raw

        return alter

    def put(name: str, value: object) -> object:
        def alter(answer: Altered) -> None:
            answer.json = {**answer.json, name: value}

        return alter

    rows = [
        ("create", put("status", secret)),
        ("read", put("paymentMethod", text("Bearer SECRET"))),
        ("instrument", add(secret)),
        ("authorizations", put("data", text("x=SECRET;"))),
        ("keyed", put("currency", {"key": secret})),
        ("replay", put("country", [secret, text("SECRET!")])),
        ("key-reused", put("failureMessage", text("the key SECRET was used before"))),
        ("foreign-consumer", put("status", quote(secret, safe=""))),
        ("other-currency", put("status", quote(quote(secret, safe=""), safe=""))),
        ("no-amount", put("failureMessage", plain)),
        ("no-method", put("failureMessage", base64.urlsafe_b64encode(f"ab{secret}".encode()).decode())),
        ("nothing", put("failureMessage", secret.encode().hex())),
        ("amount-as-text", put("failureMessage", json.dumps(json.dumps(secret)))),
        ("no-json", instead(text("<h1>SECRET</h1>").encode())),
        ("other-media-type", header("content-type", text("application/json; key=SECRET").replace('"', ""))),
        ("unknown", header("vary", secret)),
        ("unknown-path", put("failureMessage", text("https://user:SECRET@sandbox.example/"))),
        ("wrong-method", put("failureMessage", secret[2:24])),
        ("wrong-key", put("message", text("Invalid key: SECRET").upper())),
        ("no-key", put("message", secret[::-1])),
        ("early-refund", put("failure", text("SECRET SECRET"))),
        ("cancel", put("client_secret", OTHER)),
        ("cancel-again", put("type", {"webhook_secret": OTHER})),
        ("list-all", put("failureMessage", f"client_secret={OTHER}")),
    ]
    return tuple(Planted(call, alter, "", "") for call, alter in rows)  # type: ignore[arg-type]


def pieces(secret: str) -> list[str]:
    """What would give it away: as it is, in other spellings, and ten characters of it in a row."""
    spelled = [secret, secret[::-1], quote(secret, safe=""), secret.encode().hex(), json.dumps(secret)[1:-1]]
    spelled += [base64.b64encode(f"{before}{secret}".encode()).decode()[4:-4] for before in ("", "a", "ab")]
    return [part for one in spelled for part in (one, *(one[at : at + 12] for at in range(len(one) - 12)))]


@pytest.fixture
def stand_in(theirs: Simulator) -> Iterator[StandIn]:
    found = standing_in(PROVIDERS["ppro"], theirs)
    own = {"api_key": SECRET, "merchant_id": "merch_0123456789", "webhook_secret": "whs_1"}
    found.workspace = theirs.sync_client.create_workspace(
        seed=found.workspace.view["seed"] + "x", frozen=True, credentials={"ppro": own}
    )
    found.planted = planted(SECRET)
    yield found
    found.workspace.delete()


def test_a_secret_in_twenty_places_reaches_no_report_and_no_log(
    stand_in: StandIn,
    ours: Simulator,
    worlds: Worlds,
    caplog: pytest.LogCaptureFixture,
    capfd: pytest.CaptureFixture[str],
) -> None:
    ppro = PROVIDERS["ppro"]
    assert len(planted(SECRET)) >= 20
    with caplog.at_level(logging.DEBUG):
        real = stand_in.play()
    visited = Visited(ppro, *worlds("ppro"), real, Hiding(real.place.credentials, ppro.masking))

    report = report_of(visited, Ours(ppro, ours))

    assert len(report.differences) >= 20
    out = capfd.readouterr()
    written = [report.terminal(), report.json(), report.markdown(), caplog.text, out.out, out.err]
    for text in written:
        assert [piece for piece in pieces(SECRET) if piece.lower() in text.lower()] == []
        assert OTHER not in text
        assert "merch_0123456789" not in text
    assert json.loads(report.json())["differences"], "hiding keeps it JSON"


def test_whoever_is_not_reached_is_told_without_the_address_and_the_key(stand_in: StandIn) -> None:
    def fails(request: httpx.Request) -> httpx.Response:
        raise httpx.ConnectError(f"refused {request.headers['authorization']} at {request.url}", request=request)

    with pytest.raises(Unreachable) as failure:
        stand_in.play(transport=httpx.MockTransport(fails))

    assert str(failure.value) == "simulator.test is not reached: ConnectError"
    assert failure.value.__cause__ is None
    assert failure.value.__suppress_context__


def test_a_wrong_key_is_long_enough_to_be_repeated_as_a_long_one_is() -> None:
    """Some APIs show the beginning of a long key, and less of a short one."""
    wrong = with_wrong_secrets(Account({"secret_key": "sk_test_default"}, "", time_of_day()))

    assert wrong.credentials == {"secret_key": "sk_test_" + "a" * 16}


def test_a_wrong_key_has_nothing_of_the_right_one_but_its_kind(stand_in: StandIn) -> None:
    account = account_of(stand_in.place())

    wrong = with_wrong_secrets(account)

    assert wrong.credentials["api_key"] == "key_sandbox_" + "a" * (len(SECRET) - len("key_sandbox_"))
    assert wrong.credentials["merchant_id"] == account.credentials["merchant_id"]


KEY = "key_sandbox_17UE1KnCJlCoRUuksC8O0"


@pytest.mark.parametrize(
    "said",
    [
        f"{KEY[:-4]}****",
        f"{KEY[:18]}******{KEY[-4:]}",
        KEY[-9:],
        KEY[5:20],
        " ".join(KEY[at : at + 8] for at in range(0, len(KEY), 8)),
        "/".join(KEY[at : at + 4] for at in range(0, len(KEY), 4)),
        "-".join(KEY),
        "".join(f"\\u{ord(sign):04x}" for sign in KEY),
        "".join(f"\\\\u{ord(sign):04x}" for sign in KEY),
        "".join(f"&#{ord(sign)};" for sign in KEY),
    ],
)
def test_a_key_that_is_cut_or_written_apart_leaves_nothing_of_itself(said: str) -> None:
    text = Hiding({"api_key": KEY}).sealed(f"Refused: {said}.")

    assert text.startswith("Refused: ") and text.endswith(".")
    bare = "".join(sign for sign in text.removeprefix("Refused: ") if sign.isalnum())
    assert [bare[at : at + 4] for at in range(len(bare) - 3) if bare[at : at + 4] in KEY[len("key_sandbox_") :]] == []
    assert len(text) < 50, "escaped, it would be longer"


def test_words_that_a_key_begins_with_are_no_secret() -> None:
    said = "Your key: sandbox keys begin so."

    assert Hiding({"api_key": KEY}).sealed(said) == said


def test_the_words_of_an_answer_can_still_be_read() -> None:
    hiding = Hiding({"api_key": SECRET, "merchant_id": "merch_0123456789"})

    shown = hiding.shown(
        "charge_8oHpFyN9LHb2ZobYGo2n1 of merch_0123456789 at 2026-07-19T21:22:23.123Z: no amount, see https://x.example/?id=1"
    )

    assert shown == "charge_<id> of <merchant_id> at <time 0000-00-00T00:00:00.0Z>: no amount, see <url>"


async def test_a_secret_in_twenty_places_reaches_no_recording_and_no_log(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    """Neither of the answers, nor of the requests, which bear it anyway."""
    ways = [one.alter for one in planted(SECRET)]
    common = {"status": "CAPTURED", "failureMessage": "", "message": "", "type": "", "data": [], "currency": "CNY"}

    def sandbox(request: httpx.Request) -> httpx.Response:
        answer = Altered(200, {"content-type": "application/json"}, json.dumps(common).encode())
        ways.pop(0)(answer)
        return httpx.Response(answer.status, headers=answer.headers, content=answer.content)

    own = {"api_key": SECRET, "merchant_id": "merch_0123456789"}
    recorder = Recorder(
        PROVIDERS["ppro"], "https://sandbox.example", own, tmp_path, transport=httpx.MockTransport(sandbox)
    )
    asked = httpx.AsyncClient(transport=httpx.ASGITransport(recorder.app), base_url="http://127.0.0.1:9090")
    with caplog.at_level(logging.DEBUG):
        async with asked as shop:
            while ways:
                body = {"key": SECRET, SECRET: "merch_0123456789", "note": f"with {SECRET}"}
                headers = {"Authorization": f"Bearer {SECRET}", "Request-Idempotency-Key": SECRET, "X-Key": SECRET}
                await shop.post(f"/v1/{quote(SECRET, safe='')}?key={quote(SECRET)}", json=body, headers=headers)

    out = capfd.readouterr()
    kept = [path.read_text("utf-8") for path in recorder.written]
    log = "\n".join(line for line in caplog.text.splitlines() if "127.0.0.1:9090" not in line)  # the shop's own client
    assert len(kept) >= 20
    for text in (*kept, log, out.out, out.err):
        assert [piece for piece in pieces(SECRET) if piece.lower() in text.lower()] == []
        assert OTHER not in text
        assert "merch_0123456789" not in text
    assert all(json.loads(text)["request"]["credential"] == "wrong" for text in kept), "Merchant-Id was not sent"
