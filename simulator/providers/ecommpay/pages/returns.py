"""Where the buyer's browser goes from Payment Page and from the emulator: to an address of the merchant, or to our result page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal
from urllib.parse import urlencode

from simulator.engine import pages
from simulator.engine.resource import Resource
from simulator.engine.uow import UnitOfWork
from simulator.kernel.values import dataclass
from simulator.providers.ecommpay.model import Payment
from simulator.wallet.order import Order

PATH = "/payment"

RETURN_ADDRESSES = (
    "merchant_success_url", "merchant_fail_url", "merchant_return_url", "redirect_success_url", "redirect_fail_url",
    "redirect_return_url",
)  # fmt: skip

Result = Literal["success", "fail"]
Kind = Literal["success", "fail", "return"]
"""`return`: the buyer goes back before anything is decided."""


@dataclass(frozen=True, slots=True)
class Way:
    """A link back to the merchant."""

    url: str
    target: Literal["_self", "_top", "_blank"] = "_self"
    """The browsing context that opens it, as in HTML."""
    act: Literal["", "close", "event"] = ""
    """What the library does instead of following the link: close its modal, or send an event to the merchant's page."""

    @property
    def is_plain(self) -> bool:
        """Whether the window that shows the page just goes there."""
        return self.target == "_self" and not self.act


def is_framed(parameters: Mapping[str, str]) -> bool:
    """Whether the library opened the page in a modal or an iframe."""
    return parameters.get("frame_mode") in ("iframe", "popup")


def way_back(parameters: Mapping[str, str], prefix: Literal["merchant", "redirect"], kind: Kind) -> Way | None:
    """What the parameters say of one address of Payment Page. None: the page neither shows a button nor redirects.

    Source: docs/providers/ecommpay.md, sources 3.9.1 and 3.9.4. A button without a mode opens the whole page, and
    nothing is appended to an address. Inferred: ecommpay.page-return.
    """
    url, enabled = parameters.get(f"{prefix}_{kind}_url"), parameters.get(f"{prefix}_{kind}_enabled", "2")
    if not url or enabled == "0":
        return None
    own_mode = "_redirect_mode" if prefix == "merchant" else "_mode"
    mode = parameters.get(f"{prefix}_{kind}{own_mode}") or ("iframe" if prefix == "redirect" else "parent_page")
    if not is_framed(parameters):
        return Way(url, "_blank" if mode == "blank_page" else "_self")
    if enabled == "1":
        return Way(url, act="close" if parameters["frame_mode"] == "popup" else "event")
    return Way(url, {"iframe": "_self", "blank_page": "_blank"}.get(mode, "_top"))  # type: ignore[arg-type]


def way_of_result(parameters: Mapping[str, str], result: Result) -> Way | None:
    """The button of Payment Page's result page."""
    return (
        way_back(parameters, "merchant", result)
        or way_back(parameters, "redirect", result)
        or way_back(parameters, "merchant", "return")
    )


def automatic_way(parameters: Mapping[str, str], result: Result) -> Way | None:
    """Where the result page goes by itself: `redirect_*_url`, unless it opens a new tab or the library takes care of it."""
    way = way_back(parameters, "redirect", result)
    return way if way is not None and way.is_plain and not is_framed(parameters) else None


def early_way_of_page(parameters: Mapping[str, str]) -> Way | None:
    """The link for a buyer who goes back before anything is decided."""
    return way_back(parameters, "redirect", "return") or way_back(parameters, "merchant", "return")


def early_way_of_payment(payment: Payment) -> Way | None:
    """The link for a buyer who goes back before their payment is decided, also for one that was made at Gate."""
    return _safe_way(payment.return_url.get("return")) if payment.page is None else early_way_of_page(payment.page)


def absent_address(parameters: Mapping[str, str], result: Result) -> str | None:
    """The parameter to recommend to a merchant who sent no address at all."""
    return None if any(map(parameters.get, RETURN_ADDRESSES)) else f"merchant_{result}_url"


# After the payment ---------------------------------------------------------------------------------------------


def result_of(payment: Payment) -> Result:
    """The word for it in the names of parameters."""
    return "success" if payment.is_paid else "fail"


def page_address(payment: Payment) -> str:
    """Payment Page of a payment that was made there, without the origin."""
    return f"{PATH}?{urlencode(payment.page or {})}"


def address_after(payment: Payment) -> str:
    """Where the buyer's window goes after a payment on Payment Page: `redirect_*_url` if it just goes there, else the result
    page."""
    way = way_back(payment.page or {}, "redirect", result_of(payment))
    return way.url if way is not None and way.is_plain else f"{payment.origin}{page_address(payment)}"


def _gate_address(payment: Payment) -> str | None:
    """`return_url.success` or `.decline`, else `.return`. Inferred: ecommpay.page-return."""
    wanted = "success" if payment.is_paid else "decline"
    return payment.return_url.get(wanted) or payment.return_url.get("return") or None


def return_to(uow: UnitOfWork, payment: Resource, order: Resource) -> str | None:
    """Where the wallet sends the browser in the end, or before anything is decided (then `return_url.return` and its like)."""
    assert isinstance(payment, Payment) and isinstance(order, Order)
    if not order.is_final:
        way = early_way_of_payment(payment)
        return way.url if way is not None else None
    return _gate_address(payment) if payment.page is None else address_after(payment)


@dataclass(frozen=True, slots=True)
class Exit:
    """How the buyer leaves a result page."""

    automatic: Way | None
    """Followed after a few seconds."""
    button: Way | None
    field: str | None
    """The address that the merchant could have sent, if they sent none."""


def exit_of_page(parameters: Mapping[str, str], result: Result, *, may_redirect: bool) -> Exit:
    """From Payment Page."""
    automatic = automatic_way(parameters, result) if may_redirect else None
    return Exit(automatic, automatic or way_of_result(parameters, result), absent_address(parameters, result))


def exit_of_payment(payment: Payment, *, may_redirect: bool) -> Exit:
    """From the emulator, whether the payment was made on Payment Page or at Gate."""
    result = result_of(payment)
    if payment.page is not None:
        return exit_of_page(payment.page, result, may_redirect=may_redirect)
    way = _safe_way(_gate_address(payment))
    wanted = "success" if result == "success" else "decline"
    return Exit(way if may_redirect else None, way, None if payment.return_url else f"return_url.{wanted}")


def _safe_way(url: str | None) -> Way | None:
    """None for an address that a browser must not follow."""
    return Way(url) if url and pages.is_safe_return(url) else None
