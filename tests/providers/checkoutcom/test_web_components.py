"""The script that stands in for the web components, as it is served. What it does is in `browser/test_checkoutcom_components`."""

from __future__ import annotations

import re

import pytest
from support import Sim


@pytest.mark.parametrize("path", ["/checkout-web-components/index.js", "/index.js"])
async def test_the_script_is_served_where_pages_look_for_it(sim: Sim, path: str) -> None:
    """The simulator's own address, and the path under the provider's host for whoever lets that name lead here."""
    answer = await sim.http.get(path)

    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/javascript; charset=utf-8")
    assert answer.headers["access-control-allow-origin"] == "*"


async def test_the_script_is_small_and_names_no_host(sim: Sim) -> None:
    """It asks the host that the session's token names."""
    script = (await sim.http.get("/index.js")).text

    assert len(script.encode()) < 15_000
    assert not re.search(r"https?://|www\.|checkout\.com", script)
    assert not re.search(r"\beval\b|innerHTML|new Function|setAttribute\(.style", script)
