"""The console's settings and workspaces."""

from __future__ import annotations

import html
import json
import re
from collections.abc import AsyncIterator

import httpx
import pytest
from pressing import form_of, page_of, press
from support import Sim
from toy.acme import ACME

from simulator.engine.sections import Sections
from simulator.engine.settings import describe
from simulator.providers import built_in


@pytest.fixture
async def sim() -> AsyncIterator[Sim]:
    async with Sim(providers=[*built_in(), ACME]) as simulator:
        yield simulator


PROVIDERS = [provider.name for provider in (*built_in(), ACME)]


@pytest.mark.parametrize("section", [*PROVIDERS, "simulator"])
async def test_each_setting_has_a_field_with_its_help(sim: Sim, section: str) -> None:
    listed = (await sim.http.get("/_sim/providers")).json()["data"]
    settings = next(entry["settings"] for entry in listed if entry["name"] == section)

    page = await page_of(sim, f"/settings?section={section}")
    said = html.unescape(re.sub(r"</?code>", "`", page))

    assert settings
    assert all(f'id="s-{setting["name"]}"' in page and setting["about"] in said for setting in settings)


async def test_a_setting_with_counted_values_is_chosen_among_them(sim: Sim) -> None:
    page = await page_of(sim, "/settings?section=simulator")
    choices = re.search(r'<select id="s-auto_return".*?</select>', page, re.S)
    assert choices is not None
    offered = [html.unescape(value) for value in re.findall(r'<option value="([^"]+)"', choices[0])]

    for value in offered:
        await press(sim, page, "save-settings", **{"auto_return:json": value})
        saved = (await sim.http.get(sim.path)).json()["settings"]["simulator"]
        assert saved == {"auto_return": json.loads(value)}
    assert [json.loads(value) for value in offered] == ["as served", "off", *map(str, range(31))]


@pytest.mark.parametrize(("chosen", "seconds"), [("as served", "5"), ("off", None), ("0", "0"), ("12", "12")])
async def test_each_workspace_says_when_a_finished_page_goes_back_to_the_shop(
    sim: Sim, chosen: str, seconds: str | None
) -> None:
    await sim.http.put(f"{sim.path}/settings/simulator", json={"auto_return": chosen})
    await press(sim, await page_of(sim, f"/start/{ACME.name}"), "do-it")
    [payment] = (await sim.http.get(f"{sim.path}/payments")).json()["data"]
    await sim.http.post(f"{sim.path}/payments/acme/{payment['id']}/pay", json={})

    page = (await sim.http.get(f"/w/{payment['wallet']['code']}?view=desktop")).text

    found = re.search(r'data-return-in="(\d+)"', page)
    assert (found and found[1]) == seconds


async def test_settings_are_saved_with_their_types_and_refused_in_words(sim: Sim) -> None:
    page = await page_of(sim, "/settings?section=simulator")
    await press(sim, page, "save-settings", **{"retry_factor:json": "0.5"})
    saved = (await sim.http.get(sim.path)).json()["settings"]["simulator"]

    refused = await press(sim, page, "save-settings", **{"retry_factor:json": '"abc"'})

    assert saved == {"retry_factor": 0.5}
    assert 'data-testid="refusal"' in (await sim.http.get(refused.headers["location"])).text
    assert (await sim.http.get(sim.path)).json()["settings"]["simulator"] == saved


@pytest.mark.parametrize(("typed", "left"), [("", 1), ("another", 1), (None, 0)])
async def test_a_reset_wants_the_name(sim: Sim, typed: str | None, left: int) -> None:
    await press(sim, await page_of(sim, f"/start/{ACME.name}"), "do-it")
    name = sim.workspace.name if typed is None else typed

    await press(sim, await page_of(sim, "/settings"), "reset", typed=name)

    assert len((await sim.http.get(f"{sim.path}/payments")).json()["data"]) == left


async def test_a_snapshot_is_taken_gone_back_to_and_forgotten(sim: Sim) -> None:
    await press(sim, await page_of(sim, "/settings"), "snapshot-take", name="empty")
    await press(sim, await page_of(sim, f"/start/{ACME.name}"), "do-it")
    listed = await page_of(sim, "/settings")

    await press(sim, listed, "restore")
    left = (await sim.http.get(f"{sim.path}/payments")).json()["data"]
    await press(sim, await page_of(sim, "/settings"), "forget")

    assert 'data-testid="snapshot" data-name="empty"' in listed
    assert left == []
    assert (await sim.http.get(f"{sim.path}/snapshots")).json()["data"] == []


async def test_a_workspace_is_made_and_deleted_by_its_name(sim: Sim) -> None:
    """What is asked before stands in the address; nothing goes before the name fits."""
    page = (await sim.http.get("/console/workspaces")).text
    made = await press(sim, page, "create-workspace", name="bug-4417", **{"clock.mode": "frozen"})
    listed = (await sim.http.get("/console/workspaces")).text
    asked = (await sim.http.get("/console/workspaces?delete=bug-4417")).text
    await press(sim, asked, "delete-workspace", typed="not it")
    kept = (await sim.http.get("/_sim/workspaces/bug-4417")).status_code
    gone = await press(sim, asked, "delete-workspace", typed="bug-4417")

    assert made.headers["location"].partition("?")[0] == "/console/bug-4417/payments"
    assert 'data-name="bug-4417"' in listed and "delete-workspace" not in listed
    assert kept == 200
    assert gone.headers["location"].partition("?")[0] == "/console/workspaces"
    assert (await sim.http.get("/_sim/workspaces/bug-4417")).status_code == 404


async def test_a_workspace_is_made_with_a_clock_and_credentials_of_ones_own(sim: Sim) -> None:
    page = (await sim.http.get("/console/workspaces")).text
    own = {"clock.mode": "frozen", "clock.now": "2025-11-20T09:00:00Z", "credentials:json": '{"acme": {"key": "mine"}}'}
    await press(sim, page, "create-workspace", name="mine", **own)
    refused = await press(sim, page, "create-workspace", name="other", **{"credentials:json": "{broken"})

    view = (await sim.http.get("/_sim/workspaces/mine")).json()
    assert (view["clock"]["now"], view["clock"]["mode"]) == ("2025-11-20T09:00:00.000Z", "frozen")
    assert view["credentials"]["acme"]["key"] == "mine"
    assert 'data-testid="refusal"' in (await sim.http.get(refused.headers["location"])).text
    assert (await sim.http.get("/_sim/workspaces/other")).status_code == 404


async def test_the_default_workspace_is_reset_but_never_deleted(sim: Sim) -> None:
    asked = (await sim.http.get("/console/workspaces?delete=default")).text
    await sim.http.post("/_sim/workspaces/default/payments", json={"provider": "acme"})
    resetting = (await sim.http.get("/console/workspaces?reset=default")).text
    await press(sim, resetting, "reset", typed="default")

    assert "delete-workspace" not in asked
    assert (await sim.http.get("/_sim/workspaces/default/payments")).json()["data"] == []


@pytest.mark.parametrize(
    ("made_by", "shown"),
    [
        (None, ["you"]),
        ("test:tests/test_checkout.py", ["a test", "tests/test_checkout.py"]),
        ("import:shop.json", ["imported", "shop.json"]),
    ],
)
async def test_the_list_says_who_has_made_a_workspace(sim: Sim, made_by: str | None, shown: list[str]) -> None:
    body = {"name": "made", **({"made_by": made_by} if made_by else {})}
    view = (await sim.http.post("/_sim/workspaces", json=body)).json()
    page = (await sim.http.get("/console/workspaces")).text
    row = page[page.index('data-name="made"') :].partition("</tr>")[0]

    assert view["made_by"] == made_by
    assert all(f">{word}<" in row for word in shown)


@pytest.mark.parametrize("made_by", ["", "me", "test:line\nbreak", "test:" + "x" * 300])
async def test_who_made_a_workspace_is_a_kind_and_a_file(sim: Sim, made_by: str) -> None:
    answer = await sim.http.post("/_sim/workspaces", json={"made_by": made_by})

    assert (answer.status_code, answer.json()["error"]["field"]) == (422, "made_by")


async def test_the_list_never_says_real_time_of_a_clock_that_was_advanced(sim: Sim) -> None:
    await sim.http.post("/_sim/workspaces", json={"name": "ahead"})
    await sim.http.post("/_sim/workspaces/ahead/clock/advance", json={"by": "13h"})
    page = (await sim.http.get("/console/workspaces")).text
    row = page[page.index('data-name="ahead"') :].partition("</tr>")[0]

    assert "13 hours" in row and "real time" not in row


async def test_many_workspaces_stand_on_pages_of_fifty(sim: Sim) -> None:
    for n in range(60):
        await sim.http.post("/_sim/workspaces", json={"name": f"w{n}"})
    first = (await sim.http.get("/console/workspaces")).text
    older = re.search(r'href="(\?before=\d+)" data-testid="older"', first)
    assert older is not None
    second = (await sim.http.get(f"/console/workspaces{older[1]}")).text

    names = [re.findall(r'data-testid="workspace-row" data-name="([^"]+)"', page) for page in (first, second)]
    assert (len(names[0]), names[0][0], set(names[0]) & set(names[1])) == (50, "w59", set())
    assert {"w0", "default"} <= set(names[1])


async def test_what_the_server_was_told_is_shown_beside_what_a_workspace_may_choose(sim: Sim) -> None:
    page = await page_of(sim, "/settings")

    assert "http://sim.test" in page and "PSP_SIMULATOR_PUBLIC_URL" in page and "after 5 s" in page


def uploaded(fields: dict[str, str], content: bytes) -> tuple[bytes, dict[str, str]]:
    """A form with a file, as a browser sends it."""
    line, parts = "----form-1", [f'name="{name}"\r\n\r\n{value}'.encode() for name, value in fields.items()]
    parts.append(b'name="file"; filename="w.json"\r\nContent-Type: application/json\r\n\r\n' + content)
    body = b"".join(b"--" + line.encode() + b"\r\nContent-Disposition: form-data; " + part + b"\r\n" for part in parts)
    return body + f"--{line}--\r\n".encode(), {"content-type": f"multipart/form-data; boundary={line}"}


async def upload(sim: Sim, path: str, content: bytes) -> httpx.Response:
    """The page after the file was sent."""
    action, fields = form_of((await sim.http.get(path)).text, "import")
    body, headers = uploaded(fields, content)
    answer = await sim.http.post(action, content=body, headers=headers)
    assert answer.status_code == 303, answer.text
    return await sim.http.get(answer.headers["location"])


@pytest.mark.parametrize("path", ["/console/workspaces", "/console/default/settings"])
async def test_a_workspace_is_exported_as_a_file_and_imported_from_it(sim: Sim, path: str) -> None:
    """Beside the one that it was made of, so that what is taken has another name, which the page lists."""
    await press(sim, await page_of(sim, f"/start/{ACME.name}"), "do-it")
    link = re.search(r'href="([^"]+)" download data-testid="export"', await page_of(sim, "/settings"))
    assert link is not None
    document = await sim.http.get(html.unescape(link[1]))

    page = (await upload(sim, path, document.content)).text

    name = re.search(r'data-testid="imported" data-name="([^"]+)"', page)
    assert name is not None
    arrived = (await sim.http.get(f"/_sim/workspaces/{name[1]}")).json()
    assert arrived["made_by"] == f"import:{sim.workspace.name}"
    assert len((await sim.http.get(f"/_sim/workspaces/{name[1]}/payments")).json()["data"]) == 1
    assert "attachment" in document.headers["content-disposition"]
    assert re.search(r"<li>Credential <code>\w+\.\w+", page)


@pytest.mark.parametrize(
    ("content", "told"),
    [(b"{broken", "no JSON document"), (b'{"format": "another"}', "format"), (b"\xff\x00", "no JSON")],
)
async def test_a_file_that_is_no_workspace_is_refused_in_words(sim: Sim, content: bytes, told: str) -> None:
    before = len((await sim.http.get("/_sim/workspaces")).json()["data"])

    page = (await upload(sim, "/console/workspaces", content)).text

    refusal = re.search(r'data-testid="refusal"[^>]*>(.*?)</p>', page, re.S)
    assert refusal is not None and told in refusal[1]
    assert len((await sim.http.get("/_sim/workspaces")).json()["data"]) == before


async def test_an_upload_may_be_as_large_as_the_call_takes_it(sim: Sim) -> None:
    """A form without a file may not."""
    large = b'{"format": "' + b"x" * 2_000_000 + b'"}'
    page = (await upload(sim, "/console/workspaces", large)).text
    body, headers = uploaded({}, large)
    other = await sim.http.post("/console/default/do/reset", content=body, headers=headers)

    assert 'data-testid="refusal"' in page
    assert other.status_code == 413


async def test_a_temporary_workspace_says_when_it_goes(sim: Sim) -> None:
    await sim.http.post("/_sim/workspaces", json={"name": "passing", "temporary": True})
    page = html.unescape((await sim.http.get("/console/workspaces")).text)
    row = page[page.index('data-name="passing"') :].partition("</tr>")[0]

    assert re.search(r"temporary, goes in \D*(1 day|23 hours)", row)


async def test_the_settings_page_says_what_is_kept_and_what_was_dropped(sim: Sim) -> None:
    for _ in range(3):
        await press(sim, await page_of(sim, f"/start/{ACME.name}"), "do-it")
    for one in (await sim.http.get(f"{sim.path}/payments")).json()["data"]:
        await sim.act("acme", one["id"], "pay")
    before = await page_of(sim, "/settings?section=simulator")
    await press(sim, before, "save-settings", **{"keep:json": '{"payments": 1}'})

    sim.app.runtime.keeper.run()

    after = await page_of(sim, "/settings?section=simulator")
    assert 'data-testid="kept" data-dropped="0"' in before
    assert "200,000" in before
    assert 'data-testid="kept" data-dropped="2"' in after


def _texts_of(page: str) -> set[str]:
    """What stands in a page, without its markup."""
    return {
        html.unescape(re.sub(r"<[^>]+>", "", part)).strip() for part in re.split(r"</?(?:p|option|div)\b[^>]*>", page)
    }


async def test_settings_and_ways_to_pay_are_told_in_both_languages() -> None:
    """English as the settings themselves say it."""
    async with Sim() as world:
        providers = world.app.runtime.providers
        for section, model in Sections(providers).items():
            pages = {
                language: (await world.http.get(f"/console/default/settings?section={section}&lang={language}")).text
                for language in ("en", "zh")
            }
            about = {one["about"].replace("`", "") for one in describe(model)}

            assert about <= _texts_of(pages["en"]), section
            assert not about & _texts_of(pages["zh"]), section
        english, chinese = [
            _texts_of((await world.http.get(f"/console/default/payments?lang={language}")).text)
            for language in ("en", "zh")
        ]
        told = {about for one in providers.values() if one.shop is not None for about in one.shop.variants.values()}
        assert told <= english
        assert told & chinese == set()


async def test_the_simulators_section_says_the_rates_and_the_currency_that_is_shown(sim: Sim) -> None:
    page = (await sim.http.get(f"/console/{sim.workspace.name}/settings?lang=en")).text
    found = re.search(r'data-testid="rates".*?</section>', page, re.S)

    assert found is not None
    assert "<dt>1 EUR</dt><dd>7.8210 CNY</dd>" in found[0]
    assert "payment&#39;s own currency" in found[0]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("default/nowhere", "没有页面 /console/default/nowhere。"),
        ("nobody/payments", "没有工作区 nobody。"),
        ("default/requests/req_99", "工作区 default 中没有请求 req_99。"),
        ("default/audits/nobody.html", "工作区 default 中没有审计 nobody。"),
    ],
)
async def test_what_is_missing_is_said_in_the_language_of_the_page(sim: Sim, path: str, message: str) -> None:
    answer = await sim.http.get(f"/console/{path}?lang=zh")

    assert answer.status_code == 404
    assert message in re.sub(r"<[^>]+>", "", answer.text)


async def test_a_workspace_without_a_name_of_its_own_shows_its_id_once(sim: Sim) -> None:
    id_ = (await sim.http.post("/_sim/workspaces", json={})).json()["id"]

    page = (await sim.http.get("/console/workspaces")).text

    assert f"<code>{id_}</code>" not in page and f'data-name="{id_}"' in page
