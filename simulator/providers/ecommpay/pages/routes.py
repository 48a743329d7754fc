"""Which address of Payment Page, of the emulator and of the library leads where."""

from __future__ import annotations

from simulator.engine.provider import Endpoint, Page
from simulator.providers.ecommpay.pages.check import authenticate_check, check_parameters
from simulator.providers.ecommpay.pages.emulator import act_on_emulator, qr_image, show_emulator
from simulator.providers.ecommpay.pages.library import shared
from simulator.providers.ecommpay.pages.parameters import KNOWN, authenticate
from simulator.providers.ecommpay.pages.payment_page import open_page
from simulator.providers.ecommpay.pages.returns import PATH

ENDPOINTS = (
    Endpoint("GET", PATH, open_page, "payment_page", parameters=KNOWN, authenticate=authenticate, reads=True),
    Endpoint("POST", PATH, open_page, "payment_page", parameters=KNOWN, authenticate=authenticate),
    Endpoint(
        "GET",
        "/params/check",
        check_parameters,
        "params.check",
        parameters=KNOWN,
        authenticate=authenticate_check,
        reads=True,
    ),
    Endpoint(
        "POST",
        "/params/check",
        check_parameters,
        "params.check",
        parameters=KNOWN,
        authenticate=authenticate_check,
        reads=True,
    ),
)

PAGES = (
    Page("GET", "/emulator/{kind}/{key}", show_emulator),
    Page("POST", "/emulator/{kind}/{key}", act_on_emulator),
    Page("GET", "/emulator/{kind}/{key}/image.png", qr_image),
    Page("GET", "/shared/{name}", shared),
)
