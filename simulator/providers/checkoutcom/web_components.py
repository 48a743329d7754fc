"""The script that stands in for Checkout.com's web components (`web_components.js`), at the addresses under which pages load it.

Source: docs/providers/checkoutcom.md, sources 12.10 and 12.11.
"""

from __future__ import annotations

from importlib.resources import files

from simulator.engine.provider import Call, Page, Reply
from simulator.engine.runtime import Runtime


def show_script(call: Call, runtime: Runtime) -> Reply:
    """Serves the script. It is the same for every workspace; a page's public key says whose page it is."""
    content = files("simulator.providers.checkoutcom").joinpath("web_components.js").read_bytes()
    headers = {"cache-control": "no-cache", "access-control-allow-origin": "*"}
    return Reply(200, content, headers, content_type="text/javascript; charset=utf-8")


SCRIPTS = (
    Page("GET", "/checkout-web-components/index.js", show_script),
    Page("GET", "/index.js", show_script),  # of checkout-web-components.checkout.com, when that name leads here
)
