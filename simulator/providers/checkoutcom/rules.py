"""What Checkout.com and the wallet's connector ask of a payment: currencies, the channel, terminal and operating system.

Source: docs/providers/checkoutcom.md, sources 3.1, 5.1 and 7.1.
"""

from __future__ import annotations

from simulator.engine.uow import UnitOfWork
from simulator.providers.checkoutcom.errors import refused
from simulator.providers.checkoutcom.model import Instrument
from simulator.providers.checkoutcom.settings import CheckoutcomSettings, PayOptions
from simulator.providers.checkoutcom.wire.payments import PaymentRequest, Processing

# Source: source 7.1. The seed shows EUR; the list in the seed cannot be read. Inferred: checkoutcom.currencies.
CURRENCIES = frozenset([
    "EUR", "GBP", "USD", "CNY", "HKD", "SGD", "JPY", "AUD", "CAD", "CHF", "NZD", "SEK", "NOK", "DKK", "THB",
    "MYR", "PHP", "IDR", "KRW", "AED",
])  # fmt: skip
PREVIOUS_CURRENCIES = frozenset(["USD"])
PUBLISHED_CHANNEL = "pc_ekaubqrravqupfxde7kxvd2t3i"
"""The channel of the published requests. It counts as every workspace's own, so that they work as printed."""
TERMINALS = ("APP", "WAP", "WEB")
SYSTEMS = ("ANDROID", "IOS")


def own_channel(uow: UnitOfWork) -> str:
    """The processing channel of the workspace, which a payment without one belongs to."""
    return str(uow.workspace.credentials["checkoutcom"]["processing_channel_id"])


def entity_of(channel: str | None) -> str:
    """The id of a channel's entity: the same characters with another prefix. Inferred: checkoutcom.entity."""
    return f"ent_{(channel or '').removeprefix('pc_')}"


def check_channel(uow: UnitOfWork, given: str | None, platform: str) -> list[str]:
    """The error codes that the channel of a request deserves, none if it is good.

    Every well-formed channel counts as the merchant's own, with a notice, unless setting `strict_channels` is on or the
    server is strict. Source: source 3.1.
    """
    if platform == "previous":
        return []
    settings = uow.settings(CheckoutcomSettings)
    if given is None:
        return ["processing_channel_id_required"] if settings.channel_required else []
    known = {own_channel(uow)} if settings.strict_channels else {own_channel(uow), PUBLISHED_CHANNEL}
    is_foreign = (settings.strict_channels or uow.runtime.strict) and given not in known
    return ["cko_processing_channel_id_invalid"] if is_foreign else []


def check_connector(
    uow: UnitOfWork, request: PaymentRequest, platform: str, agreement: Instrument | None
) -> tuple[str, str | None]:
    """What the connector to the wallet checks once the gateway is satisfied. Returns terminal and operating system.

    Raises `Refused` with the first thing that is wrong and the error type `invalid_request`, where the gateway names
    everything that is wrong and says `request_invalid`. Source: sources 3.1 and 5.1.
    """
    check_activated(uow, request.amount, request.currency, request.reference)
    if platform == "previous":
        return "WEB", None
    if not request.reference:
        raise refused("reference_invalid", error_type="invalid_request")
    return check_terminal(request.processing, agreement)


def check_activated(uow: UnitOfWork, amount: int | None, currency: str, reference: str | None) -> str | None:
    """Raises `Refused` with the code with which a scenario, or a method that is not activated, refuses.

    Returns the reason for which a scenario has a submitted session declined at once, if one does.
    """
    facts = {"amount": amount, "currency": currency, "reference": reference}
    said = uow.options("checkoutcom", PayOptions, operation="pay", **facts)
    refusal = said.refusal if said.model_fields_set else uow.settings(CheckoutcomSettings).alipay_refusal
    if refusal:
        raise refused(refusal, error_type="invalid_request")
    return said.decline


def check_terminal(given: Processing | None, agreement: Instrument | None = None) -> tuple[str, str | None]:
    """Terminal and operating system. Raises `Refused`."""
    processing = given or Processing()
    terminal, system = processing.terminal_type, processing.os_type
    terminal = "WEB" if terminal is None else terminal
    if terminal not in TERMINALS:
        raise refused("terminal_type_invalid", error_type="invalid_request", given=terminal, allowed=TERMINALS)
    if system is None and terminal != "WEB" and agreement is None:
        raise refused("os_type_required", error_type="invalid_request")
    if system is not None and system not in SYSTEMS:
        raise refused("os_type_invalid", error_type="invalid_request", given=system, allowed=SYSTEMS)
    return terminal, system
