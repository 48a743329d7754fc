"""The console's requests and one of them: why was I refused, what was meant, and the same call once more."""

from __future__ import annotations

import html
import re
import shlex
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import httpx
import orjson
import pytest
from merchant import Merchant
from pressing import console, page_of, press
from support import Sim
from toy.acme import ACME

from simulator.engine.provider import Provider
from simulator.engine.shop import Request
from simulator.providers import built_in
from simulator.surface.control import requests


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim(providers=[ACME]) as simulator:
        yield simulator


@pytest.fixture
def merchant(sim: Sim) -> Merchant:
    return Merchant(sim, ACME)


async def _newest(sim: Sim) -> dict[str, Any]:
    found: dict[str, Any] = (await sim.http.get(f"{sim.path}/requests?limit=1")).json()["data"][0]
    return found


async def _page(sim: Sim) -> str:
    return await page_of(sim, f"/requests/{(await _newest(sim))['id']}")


def _rows(page: str) -> list[str]:
    return re.findall(r'data-testid="request-row" data-id="(req_\d+)"', page)


def _copied(page: str, testid: str = "copy-curl") -> list[str]:
    found = re.search(f'data-testid="{testid}" data-copy="([^"]+)"', page)
    assert found is not None
    return shlex.split(html.unescape(found[1]))


async def _run(sim: Sim, command: list[str]) -> httpx.Response:
    """What curl would do with these words."""
    headers = [command[n + 1].partition(": ") for n, word in enumerate(command) if word == "-H"]
    body = command[command.index("--data-raw") + 1] if "--data-raw" in command else ""
    named = {name: value for name, _, value in headers}
    return await sim.http.request(command[2], command[3], headers=named, content=body.encode())


# The list ----------------------------------------------------------------------------------------------------------


FOUND = {
    "": 3,
    "refused=1": 2,
    "status=4xx": 2,
    "status=2xx": 1,
    "status=5xx": 0,
    "method=DELETE": 1,
    "method=POST": 2,
    "path=/acme/charges": 3,
    "path=/acme/*/refunds": 0,
    "provider=acme": 3,
    "method=TRACE": 3,
    "status=nothing": 3,
}


@pytest.mark.parametrize(("query", "shown"), FOUND.items())
async def test_the_filters_stand_in_the_address(sim: Sim, merchant: Merchant, query: str, shown: int) -> None:
    """One that does not exist is none."""
    await merchant.answer()
    await merchant.answer(amount=-5)
    await merchant.send(replace(merchant.creation(), method="DELETE"))

    assert len(_rows(await page_of(sim, f"/requests?{query}"))) == shown


async def test_a_filter_without_hits_looks_through_a_bounded_number_of_calls(
    sim: Sim, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It says so, and goes on where it has stopped, in the page and in the control API."""
    monkeypatch.setattr(requests, "WINDOW", 3)
    await merchant.answer(amount=-5)
    first = (await _newest(sim))["id"]
    for n in range(4):
        await merchant.answer(f"order-{n}")

    page = await page_of(sim, "/requests?refused=1")
    listed = (await sim.http.get(f"{sim.path}/requests", params={"refused": "true"})).json()
    rest = (await sim.http.get(f"{sim.path}/requests", params={"refused": "true", "cursor": listed["next"]})).json()

    assert (_rows(page), listed["data"]) == ([], [])
    older = re.search(r'href="\?([^"]+)" data-testid="older"', page)
    assert older is not None
    assert _rows(await page_of(sim, f"/requests?{html.unescape(older[1])}")) == [first]
    assert ([view["id"] for view in rest["data"]], rest["next"]) == ([first], None)


async def test_fifty_rows_a_page_then_the_older_ones(sim: Sim, merchant: Merchant) -> None:
    for n in range(51):
        await merchant.answer(f"order-{n}")

    page = await page_of(sim, "/requests")
    older = re.search(r'href="\?([^"]+)" data-testid="older"', page)

    assert older is not None and len(_rows(page)) == 50
    assert len(_rows(await page_of(sim, f"/requests?{html.unescape(older[1])}"))) == 1


async def test_without_any_call_the_addresses_are_offered(sim: Sim) -> None:
    page = await page_of(sim, "/requests")

    assert "No request has reached this workspace." in page
    assert str(sim.http.base_url).rstrip("/") in page


# One call ----------------------------------------------------------------------------------------------------------


async def test_a_refused_call_names_the_member_and_the_checks_in_their_order(sim: Sim, merchant: Merchant) -> None:
    await merchant.answer(amount=-5)
    view = await _newest(sim)

    page = await _page(sim)

    (rule,) = re.findall(r'data-testid="rule" data-field="([^"]*)" data-code="([^"]*)"', page)
    assert rule == (view["why"]["rules"][0]["field"], view["why"]["rules"][0]["code"])
    results = re.findall(r'data-testid="check" data-name="\w+" data-result="(\w+)"', page)
    assert results == [check["result"] for check in view["why"]["checks"]]
    assert results.count("failed") == 1


async def test_a_misspelt_member_is_asked_about(sim: Sim, merchant: Merchant) -> None:
    creation = merchant.creation()
    await merchant.send(replace(creation, body=creation.body.replace(b"amount", b"amuont")))

    page = await _page(sim)

    assert 'data-testid="did-you-mean"' in page
    assert "Did you mean amount?" in page and "<code>amuont</code>" in page


async def test_a_call_that_went_well_has_no_rule(sim: Sim, merchant: Merchant) -> None:
    await merchant.answer()

    page = await _page(sim)

    assert 'data-testid="rule"' not in page and 'data-testid="check"' not in page
    assert "Nothing was wrong with this call." in page


async def test_the_bytes_are_shown_as_they_came_beside_the_pretty_view(sim: Sim, merchant: Merchant) -> None:
    creation = merchant.creation()
    body = creation.body.replace(b'"reference":"', rb'"reference":"\u9f99')
    await merchant.send(replace(creation, body=body))

    page = await _page(sim)

    raw = re.search(r'data-testid="raw-body">.*?<code>(.*?)</code>', page, re.S)
    assert raw is not None and html.unescape(raw[1]) == body.decode()
    assert '<span class="code-string">&#34;\\u9f99' in page
    assert f"{len(body)} bytes as sent" in page


async def test_send_again_is_a_call_of_its_own_and_leads_to_it(sim: Sim, merchant: Merchant) -> None:
    await merchant.answer(amount=-5)
    before = await _newest(sim)

    answer = await press(sim, await _page(sim), "send-again")

    after = await _newest(sim)
    assert answer.status_code == 303
    assert answer.headers["location"].partition("?")[0] == f"{console(sim)}/requests/{after['id']}"
    assert (after["sent_by"], after["status"]) == ("console", before["status"])
    assert after["id"] != before["id"]


async def test_the_curl_bears_the_workspaces_credentials_and_works(sim: Sim, merchant: Merchant) -> None:
    answer = await merchant.answer()

    got = await _run(sim, _copied(await _page(sim)))

    assert got.status_code == answer.status
    assert (await _newest(sim))["request"]["body"] == merchant.creation().body.decode()


async def test_what_was_too_long_to_be_kept_is_not_offered_again(sim: Sim, merchant: Merchant) -> None:
    creation = merchant.creation()
    long = orjson.loads(creation.body) | {"reference": "x" * 70_000}
    await merchant.send(replace(creation, body=orjson.dumps(long)))
    view = await _newest(sim)

    page = await _page(sim)
    refused = await sim.http.post(f"{sim.path}/requests/{view['id']}/send-again")

    assert 'data-testid="send-again"' not in page and "Not kept whole" in page
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "not_whole")


@pytest.mark.parametrize("held", ["password=hunter2000secret", "4111 1111 1111 1111"])
async def test_what_was_masked_in_it_is_not_sent_again_as_something_else(
    sim: Sim, merchant: Merchant, held: str
) -> None:
    creation = merchant.creation()
    body = orjson.dumps(orjson.loads(creation.body) | {"reference": held})
    await merchant.send(replace(creation, body=body))
    view = await _newest(sim)

    refused = await sim.http.post(f"{sim.path}/requests/{view['id']}/send-again")

    assert held not in view["request"]["body"] and "***" in view["request"]["body"]
    assert (refused.status_code, refused.json()["error"]["code"]) == (409, "not_whole")
    assert (await _newest(sim))["id"] == view["id"]


async def test_a_repeated_key_links_to_the_first_call(sim: Sim, merchant: Merchant) -> None:
    assert ACME.idempotency is not None
    key = {ACME.idempotency.header: "the-same"}
    await merchant.send(merchant.creation(), key)
    first = (await _newest(sim))["id"]
    await merchant.send(merchant.creation(), key)

    page = await _page(sim)

    assert f'href="{console(sim)}/requests/{first}" data-testid="first-call"' in page
    assert 'data-testid="rule"' not in page


async def test_a_comparison_where_no_signature_is_taken_is_refused(sim: Sim, merchant: Merchant) -> None:
    await merchant.answer()
    path = f"{sim.path}/requests/{(await _newest(sim))['id']}/compare"

    answer = await sim.http.post(path, json={"base_string": "x"})

    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "not_signed")


# Addresses and credentials -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("length", [20, 4_000])
async def test_an_address_of_thousands_of_characters_is_compared_with_none(
    sim: Sim, merchant: Merchant, length: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """That would keep everybody waiting: it takes as long as the square of them."""
    compared = list[str]()
    monkeypatch.setattr(
        "simulator.surface.console.requests._likeness", lambda one, other: compared.append(other) or 1.0
    )
    request = replace(merchant.creation(), path=f"/acme/chargs/{'a' * length}")
    await merchant.ask(merchant.shop.sign(merchant.account, request))

    page = await _page(sim)

    assert ('data-testid="did-you-mean"' in page, bool(compared)) == (length == 20,) * 2


async def test_an_unknown_path_is_told_with_the_corrected_call(sim: Sim, merchant: Merchant) -> None:
    creation = merchant.creation()
    await merchant.send(replace(creation, path=creation.path.replace("charges", "charge")))

    page = await _page(sim)
    got = await _run(sim, _copied(page, "copy-corrected"))

    assert re.search(r"No provider here has <code>POST /acme/charge</code>", page)
    assert f"Did you mean POST {creation.path}?" in page
    assert got.status_code == (await merchant.answer("order-2")).status


async def test_a_method_that_the_path_does_not_take_is_told_with_one_that_it_takes(
    sim: Sim, merchant: Merchant
) -> None:
    await merchant.send(replace(merchant.creation(), method="DELETE"))

    page = await _page(sim)

    assert 'data-testid="rule" data-field="" data-code="method"' in page
    assert f"Did you mean POST {merchant.creation().path}?" in page
    assert _copied(page, "copy-corrected")[:3] == ["curl", "-X", "POST"]


async def test_an_address_that_is_like_none_is_asked_about_in_vain(sim: Sim, merchant: Merchant) -> None:
    await merchant.send(replace(merchant.creation(), path="/zzz/yyyyyyyyyyyy/xxxxxxxxxxx"))

    assert 'data-testid="did-you-mean"' not in await _page(sim)


async def test_a_call_that_nobody_claims_is_kept_in_the_default_workspace(sim: Sim) -> None:
    answer = await sim.http.post("/api/nothing/like/this", json={"amount": 1})
    await sim.http.get("/favicon-of-a-browser.ico")

    listed = (await sim.http.get("/_sim/workspaces/default/requests")).json()["data"]

    assert answer.status_code == 404
    assert [(view["path"], view["provider"]) for view in listed] == [("/api/nothing/like/this", "")]
    page = (await sim.http.get(f"/console/default/requests/{listed[0]['id']}")).text
    assert "No provider here has <code>POST /api/nothing/like/this</code>" in page


async def test_a_credential_that_nobody_has_is_told_with_the_one_that_fits(sim: Sim, merchant: Merchant) -> None:
    await merchant.ask(merchant.shop.sign(merchant.strangers, merchant.creation()))
    (view,) = (await sim.http.get("/_sim/workspaces/default/requests")).json()["data"]

    page = (await sim.http.get(f"/console/default/requests/{view['id']}")).text

    own = (await sim.http.get("/_sim/workspaces/default")).json()["credentials"]["acme"]
    assert "The credential that fits" in page
    assert any(str(value) in page for value in own.values())
    assert "Sent with an unknown key." in page


# Signatures ----------------------------------------------------------------------------------------------------------

SIGNING = {provider.name: provider for provider in built_in() if provider.explain_request is not None}


def _with(request: Request, right: str, wrong: str) -> Request:
    """The request with another signature where its own stood."""
    headers = {name: value.replace(right, wrong) for name, value in request.headers.items()}
    body = request.body.replace(orjson.dumps(right), orjson.dumps(wrong))
    return replace(request, headers=headers, body=body)


@pytest.mark.parametrize("provider", SIGNING.values(), ids=SIGNING)
async def test_each_usual_mistake_is_found_by_the_signature_that_it_gives(provider: Provider) -> None:
    """The page shows the string that was signed, the first byte that differs, and the cause; the control API says the same."""
    assert provider.explain_request is not None
    async with Sim(providers=[provider]) as sim:
        merchant = Merchant(sim, provider)
        signed = merchant.shop.sign(merchant.account, merchant.creation())
        how = provider.explain_request(merchant.account, signed)
        assert how is not None and how.is_right
        causes = set()
        for mistake in how.mistakes():
            base, key = how.base if mistake.base is None else mistake.base, mistake.key or how.key
            wrong = how.digest(key, base)
            answer = await merchant.ask(_with(signed, how.signature, wrong))
            if answer.status < 400 or mistake.cause in causes:
                continue  # some dialects of the provider's own clients are accepted
            causes.add(mistake.cause)
            view = await _newest(sim)
            page = await _page(sim)
            compared = await sim.http.post(f"{sim.path}/requests/{view['id']}/compare", json={"signature": wrong})

            cause = re.search(r'data-testid="cause" data-code="(\w+)"', page)
            assert cause is not None, mistake
            assert compared.json()["cause"]["code"] == cause[1]
            assert 'data-testid="base-string-received" data-found="true"' in page
            at = re.search(r'data-testid="first-difference" data-at="(\d+)"', page)
            same = next((n for n, (a, b) in enumerate(zip(how.base, base, strict=False)) if a != b), None)
            expected = min(len(how.base), len(base)) if same is None and how.base != base else same
            if base.decode("utf-8", "replace").encode() == base:
                assert (int(at[1]) if at else None) == expected, mistake
        assert {"wrong_secret", "other_order", "reserialised"} <= causes


@pytest.mark.parametrize("provider", SIGNING.values(), ids=SIGNING)
async def test_where_no_mistake_fits_a_string_may_be_pasted(provider: Provider) -> None:
    assert provider.explain_request is not None
    async with Sim(providers=[provider]) as sim:
        merchant = Merchant(sim, provider)
        signed = merchant.shop.sign(merchant.account, merchant.creation())
        how = provider.explain_request(merchant.account, signed)
        assert how is not None
        await merchant.ask(_with(signed, how.signature, how.digest(b"nobody knows", b"what this was")))

        page = await _page(sim)
        pasted = how.base_string.replace("a", "b", 1)
        path = f"/requests/{(await _newest(sim))['id']}"
        answer = await sim.http.get(console(sim) + path, params={"compare": pasted})
        same = await sim.http.get(console(sim) + path, params={"compare": how.base_string.replace("\n", "\r\n")})
        by_signature = await sim.http.get(console(sim) + path, params={"compare": how.signature})

    assert 'data-testid="base-string-received" data-found="false"' in page
    assert "None of the usual mistakes gives your signature." in page
    assert 'data-testid="cause"' not in page
    at = re.search(r'data-testid="first-difference" data-at="(\d+)"', answer.text)
    assert at is not None and int(at[1]) == how.base_string.index("a")
    assert 'data-testid="compare-result" data-equal="true"' in same.text
    assert 'data-testid="compare-result" data-equal="true" data-kind="signature"' in by_signature.text


async def test_a_repeated_key_is_led_back_past_thousands_of_calls_of_the_same_instant(
    sim: Sim, merchant: Merchant, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A frozen clock stands still while a thousand others are called; three in a look say the same as a thousand."""
    monkeypatch.setattr(requests, "FIRST", 3)
    await sim.http.post(f"{sim.path}/clock/freeze", json={})
    assert ACME.idempotency is not None
    header = {ACME.idempotency.header: "one"}
    await merchant.send(merchant.creation(), header)
    first = await _newest(sim)
    for number in range(5):
        await merchant.answer(f"order-{number + 2}")

    await merchant.send(merchant.creation(), header)

    repeated = (await sim.http.get(f"{sim.path}/requests/{(await _newest(sim))['id']}")).json()
    assert repeated["repeats"] == first["id"]


async def test_a_filter_without_hits_says_how_many_it_hides(sim: Sim, merchant: Merchant) -> None:
    for number in range(3):
        await merchant.answer(f"order-{number + 1}")

    page = (await sim.http.get(f"{console(sim)}/requests?status=5xx")).text

    assert "No request matches. 3 are hidden by the filters." in page
