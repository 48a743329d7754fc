"""The way back to the merchant, and the code that leads a phone here."""

from __future__ import annotations

import io

import pytest
from support import Sim

from simulator.surface.app import App
from simulator.surface.settings import Settings
from wallet.conftest import Wallet
from wallet.test_pages import Visit
from wallet.visitor import PHONE

# Returning to the merchant ---------------------------------------------------------------------------------------


@pytest.mark.uncounted
@pytest.mark.parametrize(
    "address",
    [
        *("javascript:alert(1)", " JavaScript:alert(1)", "data:text/html,x", "vbscript:x", "file:///etc/passwd"),
        *("http://[", "shop", "mailto:a@shop.example", "ftp://shop.example/", "blob:http://sim.test/1"),
    ],
)
async def test_an_address_that_is_no_place_is_never_a_link(wallet: Wallet, visit: Visit, address: str) -> None:
    code, browser = await wallet.order(return_url=address), visit()
    await browser.open(f"/w/{code}")

    page = await browser.press("cancel")

    assert "return" not in page.ids()
    assert 'http-equiv="refresh"' not in page.html
    assert not [values for _, values in page.elements if values.get("href", "").startswith(address)]
    assert "The merchant's return address is not one that a browser can follow:" in page.text


async def test_an_apps_own_scheme_is_a_link(wallet: Wallet, visit: Visit) -> None:
    browser = visit()
    await browser.open(f"/w/{await wallet.order(return_url='riverside://paid')}")

    page = await browser.press("cancel")

    assert page.get("return")["href"] == "riverside://paid"


async def test_without_an_address_the_page_is_the_end(wallet: Wallet, visit: Visit) -> None:
    code, browser = await wallet.order(return_url=None), visit()
    await browser.open(f"/w/{code}")

    page = await browser.press("cancel")

    assert "The merchant gave no return address, so this page is the end." in page.html
    assert "The field to set is <code>bill.back</code>." in page.html
    assert "return" not in page.ids()
    assert [values["href"] for tag, values in page.elements if "button-primary" in values.get("class", "")] == [
        f"/console/{wallet.sim.workspace.name}/payments/{wallet.bill(code).id}"
    ]


@pytest.mark.parametrize(
    ("address", "said"), [(None, False), ("javascript:alert(1)", False), ("shop://back?x=1", True)]
)
async def test_the_story_says_where_the_browser_was_sent(
    wallet: Wallet, visit: Visit, address: str | None, said: bool
) -> None:
    """Whether anybody answered there is not known: the browser went by itself."""
    code, phone = await wallet.order(return_url=address), visit(PHONE)
    await phone.open(f"/w/{code}")

    await phone.press("confirm")
    story = [event["summary"] for event in (await wallet.payment(code))["timeline"]]

    assert [line for line in story if "browser" in line] == (["browser was sent to shop://back"] if said else [])


async def test_the_automatic_return_can_be_stopped(wallet: Wallet, visit: Visit) -> None:
    browser = visit()
    await browser.open(f"/w/{await wallet.order()}")
    await browser.press("cancel")

    page = await browser.follow("stay")

    assert 'http-equiv="refresh"' not in page.html
    assert "return" in page.ids()


async def test_what_a_merchant_wrote_is_text(wallet: Wallet, visit: Visit) -> None:
    hostile = '"><script>alert(1)</script>'
    code = await wallet.order(merchant=hostile, reference=hostile, return_url=f"https://shop.example/{hostile}")
    browser, phone = visit(), visit(PHONE)

    pages = [await browser.open(f"/w/{code}"), await phone.open(f"/w/{code}"), await phone.press("confirm")]

    for page in pages:
        assert "<script>alert" not in page.html


# The code --------------------------------------------------------------------------------------------------------


async def test_the_picture_of_the_code_holds_the_short_address(wallet: Wallet, visit: Visit) -> None:
    decoder = pytest.importorskip("pyzbar.pyzbar", reason="pyzbar or libzbar is not installed")
    from PIL import Image

    code, browser = await wallet.order(), visit()
    page = await browser.open(f"/w/{code}")

    answer = await browser.http.get(f"/w/{code}/qr.png")

    [found] = decoder.decode(Image.open(io.BytesIO(answer.content)), symbols=[decoder.ZBarSymbol.QRCODE])
    assert answer.headers["content-type"] == "image/png"
    assert found.data.decode() == page.get("qr")["data-url"] == f"http://sim.test/w/{code}"


@pytest.mark.parametrize(
    ("host", "unreachable"),
    [
        ("localhost", True),
        ("localhost:8080", True),
        ("127.0.0.1:8080", True),
        ("[::1]:8080", True),
        ("wallet.localhost", True),
        ("192.168.1.20:8080", False),
        ("simulator:8080", False),
    ],
)
async def test_an_address_that_no_phone_can_open_is_said_to_be_one(
    wallet: Wallet, visit: Visit, host: str, unreachable: bool
) -> None:
    page = await visit(host=host).open(f"/w/{await wallet.order()}")

    assert ("psp-simulator serve --lan" in page.html) == unreachable
    assert ("button-primary" in page.get("open-phone")["class"]) == unreachable


async def test_the_public_address_goes_into_the_code(wallet: Wallet, visit: Visit, sim: Sim) -> None:
    """As `--lan` and `--public-url` set it, whatever host the desktop used."""
    sim.app.runtime.public_url = "http://192.168.1.20:8080"
    code = await wallet.order()

    page = await visit(host="localhost:8080").open(f"/w/{code}")

    assert page.get("qr")["data-url"] == f"http://192.168.1.20:8080/w/{code}"
    assert "psp-simulator serve --lan" not in page.html


async def test_a_slash_behind_the_public_address_does_no_harm(wallet: Wallet, visit: Visit) -> None:
    runtime = App(Settings(db=":memory:", public_url="https://sandbox.example:444/")).runtime
    wallet.sim.app.runtime.public_url = runtime.public_url
    code, browser = await wallet.order(), visit()

    page = await browser.open(f"/w/{code}")
    answer = await browser.post(f"/w/{code}/scan", {}, origin="https://sandbox.example:444")

    assert page.get("qr")["data-url"] == f"https://sandbox.example:444/w/{code}"
    assert answer.status_code == 303
