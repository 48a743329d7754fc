"""One delivery: its tries, its signature in steps, code that runs, and why another string is not the one that was signed."""

from __future__ import annotations

import html
import json
import re
from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlencode

import httpx
import pytest
from merchant import Merchant
from pressing import page_of, press
from support import Sim
from toy.acme import ACME
from toy.enveloped import ENVELOPED
from toy.terse import TERSE

from simulator.engine.facts import Facts, Place
from simulator.engine.provider import Provider
from simulator.providers import built_in


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim(providers=[ACME]) as simulator:
        yield simulator


def refuse(request: httpx.Request) -> httpx.Response:
    return httpx.Response(500, text="KeyError: 'order_580'")


async def delivered(sim: Sim, answer: httpx.Response | None = None) -> str:
    await sim.receive_webhooks("acme")
    if answer is not None:
        sim.answer = lambda request: answer
    await Merchant(sim, ACME).paid()
    await sim.settle()
    return str((await sim.http.get(f"{sim.path}/webhooks/latest")).json()["id"])


def text_of(page: str, testid: str) -> str:
    found = re.search(rf'data-testid="{testid}"[^>]*>(.*?)</(?:pre|div)>', page, re.S)
    assert found is not None
    return html.unescape(re.sub(r"<[^>]+>", "", found[1]))


async def test_a_refused_try_shows_the_answer_and_when_the_next_one_is_due(sim: Sim) -> None:
    id_ = await delivered(sim, httpx.Response(500, text="KeyError: 'order_580'"))

    page = await page_of(sim, f"/webhooks/{id_}")

    assert re.findall(r'data-testid="try" data-n="(\d)" data-status="(\d*)"', page) == [("2", ""), ("1", "500")]
    assert "KeyError: &#39;order_580&#39;" in page
    assert "Jump the clock to try 2" in page and re.search(r"in (?:1 min|[0-9]+ s)", page)
    assert "Retrying" in page


async def test_the_command_of_an_event_without_a_url_goes_to_the_built_in_receiver(sim: Sim) -> None:
    await Merchant(sim, ACME).paid()
    id_ = (await sim.http.get(f"{sim.path}/webhooks/latest")).json()["id"]

    page = html.unescape(await page_of(sim, f"/webhooks/{id_}?tab=curl"))

    command = re.search(r'data-copy="?(curl -i -X POST \S+)', page)
    assert command is not None and command[1].endswith(f"/_sim/inbox/{sim.workspace.name}/acme")
    assert "Nobody had set a URL" in page


async def test_jumping_the_clock_makes_the_next_try(sim: Sim) -> None:
    id_ = await delivered(sim, httpx.Response(500))

    await press(sim, await page_of(sim, f"/webhooks/{id_}"), "jump-here")

    page = await page_of(sim, f"/webhooks/{id_}")
    assert re.findall(r'data-testid="try" data-n="(\d)" data-status="(\d*)"', page)[1:] == [("2", "500"), ("1", "500")]


@pytest.mark.parametrize(
    ("button", "state"), [("mark-delivered", "delivered"), ("stop-retrying", "stopped"), ("resend", "failing")]
)
async def test_each_button_is_the_control_call(sim: Sim, button: str, state: str) -> None:
    id_ = await delivered(sim, httpx.Response(500))

    answer = await press(sim, await page_of(sim, f"/webhooks/{id_}"), button)

    assert answer.status_code == 303
    assert f'data-id="{id_}" data-state="{state}"' in await page_of(sim, "/webhooks")


async def test_deliver_twice_sends_two_copies(sim: Sim) -> None:
    id_ = await delivered(sim)

    await press(sim, await page_of(sim, f"/webhooks/{id_}"), "deliver-twice")

    assert len(sim.hooks) == 3


async def test_the_signature_is_explained_in_steps_with_the_real_values(sim: Sim) -> None:
    id_ = await delivered(sim)

    page = await page_of(sim, f"/webhooks/{id_}?tab=signature")

    [hook] = sim.hooks
    assert text_of(page, "base-string") == hook.raw.decode()
    assert text_of(page, "signature") == hook.headers["acme-signature"]
    assert "The signature was right" in page


@pytest.mark.parametrize("language", ["python", "node", "php", "openssl"])
async def test_code_stands_there_in_each_language(sim: Sim, language: str) -> None:
    id_ = await delivered(sim)

    page = await page_of(sim, f"/webhooks/{id_}?tab=signature&code={language}")
    compared = await sim.http.post(f"{sim.path}/webhooks/{id_}/compare", json={"signature": "x"})

    assert text_of(page, "code") == compared.json()["code"][language]


async def test_a_signature_of_another_secret_is_told_from_a_right_one(sim: Sim) -> None:
    id_ = await delivered(sim)
    await sim.receive_webhooks("acme", secret="another")

    page = await page_of(sim, f"/webhooks/{id_}?tab=signature")

    assert "The signature was right" in page
    assert "This secret signs no more" in page


@pytest.mark.parametrize("provider", [*built_in(), ENVELOPED], ids=lambda provider: provider.name)
async def test_an_old_delivery_is_explained_with_the_secret_that_signed_it(provider: Provider) -> None:
    async with Sim(providers=[provider]) as sim:
        await sim.receive_webhooks(provider.name)
        await Merchant(sim, provider).paid()
        await sim.settle()
        id_ = (await sim.http.get(f"{sim.path}/webhooks/latest")).json()["id"]
        before = text_of(await page_of(sim, f"/webhooks/{id_}?tab=signature"), "signature")

        assert provider.shop is not None
        for secret in provider.shop.secrets:
            await sim.receive_webhooks(provider.name, secret=secret)
        changed = await page_of(sim, f"/webhooks/{id_}?tab=signature")
        (await sim.http.delete(f"{sim.path}/webhooks/{provider.name}")).raise_for_status()
        deleted = await page_of(sim, f"/webhooks/{id_}?tab=signature")
        sim.app.runtime.change_workspace(sim.workspace, former={})
        forgotten = await page_of(sim, f"/webhooks/{id_}?tab=signature")

    for page in (changed, deleted):
        assert "The signature was right" in page and text_of(page, "signature") == before
    assert "bears no signature" not in forgotten


async def test_what_nobody_knows_any_more_is_not_called_unsigned(sim: Sim) -> None:
    id_ = await delivered(sim)
    await sim.receive_webhooks("acme", secret="another")
    sim.app.runtime.change_workspace(sim.workspace, former={})

    page = await page_of(sim, f"/webhooks/{id_}?tab=signature")

    assert "The secret has changed since" in page


async def compared(sim: Sim, id_: str, text: str) -> dict[str, str]:
    page = await page_of(sim, f"/webhooks/{id_}?{urlencode({'tab': 'signature', 'compare': text})}")
    found = re.search(r'data-testid="compare-result" data-equal="(\w+)" data-cause="(\w*)" data-at="(\d*)"', page)
    assert found is not None
    return {"equal": found[1], "cause": found[2], "at": found[3], "page": page}


async def test_a_pasted_string_is_compared_and_the_cause_is_named(sim: Sim) -> None:
    id_ = await delivered(sim)
    [hook] = sim.hooks
    spaced = json.dumps(json.loads(hook.raw))

    found = await compared(sim, id_, spaced)
    same = await compared(sim, id_, hook.raw.decode())

    assert (found["equal"], found["cause"], found["at"]) == ("false", "reserialised", str(spaced.index(" ")))
    assert f"First difference at character {spaced.index(' ') + 1}" in found["page"]
    assert (same["equal"], same["at"]) == ("true", "")


async def test_a_pasted_signature_is_known_for_one(sim: Sim) -> None:
    id_ = await delivered(sim)
    [hook] = sim.hooks

    assert (await compared(sim, id_, hook.headers["acme-signature"]))["equal"] == "true"
    assert (await compared(sim, id_, hook.headers["acme-signature"].upper()))["cause"] == "wrong_encoding"


async def test_what_was_pasted_is_shown_as_text_and_nothing_else(sim: Sim) -> None:
    id_ = await delivered(sim)

    found = await compared(sim, id_, "<script>alert(1)</script> {")

    assert "<script>alert" not in found["page"]
    assert "&lt;script&gt;alert" in found["page"]


async def test_the_command_sends_the_try_as_it_left(sim: Sim) -> None:
    id_ = await delivered(sim)
    [hook] = sim.hooks

    page = html.unescape(await page_of(sim, f"/webhooks/{id_}?tab=curl"))

    assert f"--data-raw '{hook.raw.decode()}'" in page
    assert hook.headers["acme-signature"] in page


@pytest.mark.parametrize(
    "query", ["try=99", "try=x", "tab=nonsense", "code=cobol&tab=signature", "tab=signature&compare=%00"]
)
async def test_a_strange_address_is_no_error(sim: Sim, query: str) -> None:
    id_ = await delivered(sim)

    assert (await sim.http.get(f"/console/{sim.workspace.name}/webhooks/{id_}?{query}")).status_code == 200


@pytest.mark.parametrize("provider", built_in(), ids=lambda provider: provider.name)
async def test_every_providers_delivery_has_its_schedule_and_its_signature(provider: Provider) -> None:
    async with Sim(providers=[provider]) as sim:
        await sim.receive_webhooks(provider.name)
        await Merchant(sim, provider).paid()
        await sim.settle()
        id_ = (await sim.http.get(f"{sim.path}/webhooks/latest")).json()["id"]

        for language in ("en", "zh"):
            page = await page_of(sim, f"/webhooks/{id_}?tab=signature&lang={language}")
            assert 'data-testid="base-string"' in page and 'data-testid="signature"' in page
        event = (await sim.http.get(f"{sim.path}/webhooks/{id_}")).json()["event"]

    assert provider.title in page
    assert set(inferred_anyhow(provider, event)) <= set(re.findall(r'<p id="([a-z.-]+)"', page))


async def test_what_is_inferred_shows_in_the_fields_of_a_form_too(tmp_path: Path) -> None:
    table = '[terse]\nstatement = "It tells the id alone."\nsource = "A guess."\nsettled_by = "A payment."\n'
    (tmp_path / "facts.toml").write_text(f'{table}shows = [{{ event = "charge.captured", member = "id" }}]\n')
    provider = replace(TERSE, facts=Facts(tmp_path / "facts.toml", "acme"))
    async with Sim(providers=[provider]) as sim:
        await sim.receive_webhooks("acme")
        await Merchant(sim, provider).paid()
        id_ = (await sim.http.get(f"{sim.path}/webhooks/latest")).json()["id"]

        page = await page_of(sim, f"/webhooks/{id_}?tab=signature")

    assert '<p id="acme.terse"' in page


def inferred_anyhow(provider: Provider, event: str) -> Iterator[str]:
    """Facts that show in each webhook of that name, whatever it says."""
    for fact in provider.facts:
        places = [place for place in fact.shows if place.event in ("*", event) and not place.quiet]
        if fact.standing == "inferred" and any(not (one.member or one.header or one.answered) for one in places):
            yield fact.id


def test_a_fact_shows_in_the_webhooks_that_it_names_and_in_no_other() -> None:
    shown = [
        Place(event="charge.captured"),
        Place(event="*", member="type"),
        Place(event="charge.captured", header="acme-signature"),
        Place(event="charge.captured", answered={"type": "charge.captured"}),
        Place(event="*", member="nothing", absent=True),
    ]
    hidden = [
        Place(event="charge.failed"),
        Place(event="*", member="nothing"),
        Place(event="*", header="x-nothing"),
        Place(event="*", answered={"type": "charge.failed"}),
        Place(operation=("create_charge",)),
    ]
    said, headers = {"type": "charge.captured"}, ["acme-signature"]

    fits = [place.fits_webhook("charge.captured", said, headers) for place in (*shown, *hidden)]

    assert fits == [True] * len(shown) + [False] * len(hidden)


async def test_what_was_not_sent_yet_is_not_said_to_have_been_right(sim: Sim) -> None:
    await Merchant(sim, ACME).paid()
    id_ = (await sim.http.get(f"{sim.path}/webhooks/latest")).json()["id"]

    page = await page_of(sim, f"/webhooks/{id_}?tab=signature")

    assert "It will be signed so" in page and "The signature was right" not in page
