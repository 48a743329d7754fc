"""The stand-in for Checkout.com's web components against the typings of their npm package."""

from __future__ import annotations

import re

import httpx

from sdk.conftest import World
from sdk.languages import Node

NO_BROWSER = """
try { new Function(script).call(globalThis); globalThis.CheckoutWebComponents({}) } catch (error) {
  return [error.name, error.type, error.code];
}
"""


def test_it_raises_and_says_what_the_typings_name(world: World, node: Node) -> None:
    """Every code but one, every component and key of a translation is the package's; the CDN's address is one of ours."""
    typings = (node.folder / "node_modules/@checkout.com/checkout-web-components/dist/index.d.ts").read_text("utf-8")
    script = httpx.get(f"{world.url}/checkout-web-components/index.js", trust_env=False).text

    codes = set(re.findall(r'failure\("(\w+)"', script))
    documented = re.findall(r"enum Checkout\w+ErrorCode \{(.*?)\n\}", typings, re.DOTALL)
    components = set(re.findall(r"^  (\w+): \[", script.partition("const METHODS")[2].partition("};")[0], re.MULTILINE))

    assert len(codes) == 16
    assert codes - set(re.findall(r'= "(\w+)"', "".join(documented))) == {"public_key_required"}  # inferred
    assert {"alipay_cn", "alipay_hk"} <= components <= set(re.findall(r'= "(\w+)"', typings))
    assert set(re.findall(r'^  "([a-z_.]+)":', script, re.MULTILINE)) <= set(
        re.findall(r"^    '([a-z_.]+)':", typings, re.MULTILINE)
    )
    assert 'CDN_URL = "https://checkout-web-components.checkout.com/index.js"' in typings
    assert node.run(NO_BROWSER, script=script) == ["CheckoutError", "Integration", "browser_environment_required"]
