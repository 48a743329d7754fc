"""Two workspaces of one seed have charges of one id, and each its own page.

With a seed the same calls give the same ids, also in workspaces that live at the same time; the authenticator's page is
opened by the id alone. The first charge has the plain address, the second one's names its workspace.
"""

from __future__ import annotations

import re
from html import unescape
from typing import Any

from support import Sim

from providers.ppro.driver import SEED


class Twin:
    """A merchant in a workspace with the seed that all of them have."""

    def __init__(self, sim: Sim, workspace: dict[str, Any]) -> None:
        keys = workspace["credentials"]["ppro"]
        self.http, self.name = sim.http, workspace["id"]
        self.headers = {"Authorization": f"Bearer {keys['api_key']}", "Merchant-Id": keys["merchant_id"]}

    @classmethod
    async def opens(cls, sim: Sim) -> Twin:
        made = await sim.http.post("/_sim/workspaces", json={"seed": "spring"})
        return cls(sim, made.raise_for_status().json())

    async def buys(self) -> dict[str, Any]:
        made = await self.http.post("/v1/payment-charges", json=SEED, headers=self.headers)
        return dict(made.raise_for_status().json())

    async def status(self, charge: dict[str, Any]) -> str:
        read = await self.http.get(f"/v1/payment-charges/{charge['id']}", headers=self.headers)
        return str(read.raise_for_status().json()["status"])

    async def shopper_pays(self, charge: dict[str, Any]) -> None:
        """Opens the address that the merchant was given and presses its first button."""
        url = re.sub(r"^https?://[^/]+", "", charge["authenticationMethods"][0]["details"]["requestUrl"])
        page = (await self.http.get(url)).raise_for_status().text
        form = re.search(r'<form method="post" action="([^"]+)"', page)
        assert form is not None
        paid = await self.http.post(unescape(form[1]), data={"outcome": "success"})
        assert paid.headers["location"] == f"{RETURN_URL}?payment-charge-id={charge['id']}"


RETURN_URL = SEED["authenticationSettings"][0]["settings"]["returnUrl"]


async def test_each_page_pays_the_charge_of_its_own_workspace(sim: Sim) -> None:
    first, second = await Twin.opens(sim), await Twin.opens(sim)
    one, other = await first.buys(), await second.buys()
    assert one["id"] == other["id"]

    await first.shopper_pays(one)
    assert (await first.status(one), await second.status(other)) == ("CAPTURED", "AUTHENTICATION_PENDING")

    await second.shopper_pays(other)
    assert await second.status(other) == "CAPTURED"


async def test_the_address_names_the_workspace_only_where_it_must(sim: Sim) -> None:
    first, second = await Twin.opens(sim), await Twin.opens(sim)

    urls = [(await twin.buys())["authenticationMethods"][0]["details"]["requestUrl"] for twin in (first, second)]

    assert urls[1] == f"{urls[0]}&workspace={second.name}"


async def test_a_page_of_an_unknown_or_foreign_workspace_is_not_found(sim: Sim) -> None:
    first, second = await Twin.opens(sim), await Twin.opens(sim)
    charge = await first.buys()

    for workspace in ("ws_unknown", second.name):
        url = f"/default/authenticator.html?payment-charge-id={charge['id']}&workspace={workspace}"
        assert (await sim.http.get(url)).status_code == 404
