"""What is asked decides which inferred facts a call is told with, in the journal and on the console's page."""

from __future__ import annotations

from typing import Any

from contract.test_inferred import newest

from providers.ppro.driver import SEED, Merchant


async def test_a_consumer_from_abroad_is_declined_by_a_fact_that_is_only_inferred(ppro: Merchant) -> None:
    """Of an ordinary charge nothing is. The page says the statement, and the setting that chooses the other reading."""
    sim, seen, pages = ppro.sim, dict[str, Any](), {}

    for country in ("CN", "US"):
        await ppro.post("payment-charges", SEED | {"consumer": {"country": country}})
        seen[country] = await newest(sim)
        pages[country] = await sim.http.get(f"/console/{sim.workspace.name}/requests/{seen[country]['id']}")

    assert "inferred" not in seen["CN"]
    assert seen["US"]["inferred"] == ["ppro.consumer-country", "ppro.failed-create", "ppro.failure-texts"]
    assert 'data-testid="inferred"' not in pages["CN"].text
    assert 'data-testid="inferred"' in pages["US"].text and 'id="ppro.consumer-country"' in pages["US"].text
    assert "<code>consumer_countries</code>" in pages["US"].text
    chinese = await sim.http.get(f"/console/{sim.workspace.name}/requests/{seen['US']['id']}?lang=zh")
    assert '<code>ppro.consumer-country</code><br><span lang="en">' in chinese.text, "statements are English everywhere"


async def test_a_body_that_is_no_json_and_a_path_that_nobody_has_are_held_against_the_facts_too(ppro: Merchant) -> None:
    await ppro.send(
        "POST", "payment-charges", b"a[b]=1&a[c]=2", **{"Content-Type": "application/x-www-form-urlencoded"}
    )
    form = await newest(ppro.sim)
    await ppro.get("payment-nothing")
    nowhere = await newest(ppro.sim)
    await ppro.send("POST", "payment-charges", b"[1]")
    listed = await newest(ppro.sim)

    assert (form["status"], form["inferred"]) == (415, ["ppro.envelope", "ppro.error-texts"])
    assert (nowhere["status"], nowhere["inferred"]) == (404, ["ppro.envelope", "ppro.error-texts"])
    assert (listed["status"], listed["inferred"]) == (400, ["ppro.error-texts"])
