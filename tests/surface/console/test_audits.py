"""The console's list of audits, and their reports as files."""

from __future__ import annotations

import re

import pytest
from buying import ANY
from pressing import page_of, press
from support import HOOKS, Sim


async def ended(sim: Sim) -> str:
    """The one audit of the workspace, when it has ended."""
    [audit] = sim.app.audits.of(sim.workspace.id)
    await audit.ended()
    return audit.id


async def begun(sim: Sim, **fields: str) -> str:
    await sim.receive_webhooks(ANY.name)
    given = {"provider": ANY.name, "webhook": HOOKS, **fields}
    await press(sim, await page_of(sim, "/audits"), "begin-audit", **given)
    return await ended(sim)


async def test_an_audit_is_begun_from_the_page_and_its_report_is_a_file(sim: Sim) -> None:
    id_ = await begun(sim, **{"only[]": "unknown-payment"})

    page = await page_of(sim, "/audits")
    [row] = re.findall(r'<tr data-testid="audit-row".*?</tr>', page, re.S)
    report = await sim.http.get(f"/console/{sim.workspace.name}/audits/{id_}.html")

    assert f'data-id="{id_}" data-state="done" data-failed="0"' in row
    assert "0 failed" in row and "1 passed" in row
    assert f'href="/console/{sim.workspace.name}/audits/{id_}.html" download' in row
    assert report.headers["content-disposition"] == f'attachment; filename="audit-{ANY.name}-{id_}.html"'
    assert "sandbox" in report.headers["content-security-policy"]
    assert "All 1 checks passed" in report.text


async def test_the_page_offers_the_address_that_is_set_and_keeps_what_was_refused(sim: Sim) -> None:
    await sim.receive_webhooks(ANY.name)

    page = await page_of(sim, "/audits")
    answer = await press(sim, page, "begin-audit", provider=ANY.name, webhook="ftp://shop.test")
    refused = (await sim.http.get(answer.headers["location"])).text

    assert f'value="{HOOKS}"' in page
    assert ": must be an http or https URL" in refused and "webhook: must" not in refused
    assert sim.app.audits.of(sim.workspace.id) == []


async def test_a_password_in_an_address_stands_neither_in_the_form_nor_in_the_list(sim: Sim) -> None:
    await sim.receive_webhooks(ANY.name)
    url = HOOKS.replace("://", "://shop:hunter2a@")
    set_ = await sim.http.put(f"{sim.path}/webhooks/{ANY.name}", json={"url": url})
    await begun(sim, webhook=url, **{"only[]": "unknown-payment"})

    page = await page_of(sim, "/audits")

    assert set_.status_code < 300 and 'data-testid="audit-row"' in page
    assert "hunter2a" not in page


@pytest.mark.parametrize(("language", "says"), [("en", "No audit has run here"), ("zh", "还没有运行过审计")])
async def test_without_an_audit_the_page_says_so(sim: Sim, language: str, says: str) -> None:
    assert says in await page_of(sim, f"/audits?lang={language}")


async def test_a_report_that_there_is_not_is_a_page_that_says_so(sim: Sim) -> None:
    answer = await sim.http.get(f"/console/{sim.workspace.name}/audits/nothing.html")

    assert answer.status_code == 404
    assert "there is no audit nothing" in answer.text
