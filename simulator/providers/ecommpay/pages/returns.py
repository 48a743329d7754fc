"""Where the browser goes after paying: the merchant's addresses, and Payment Page's own result page."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal
from urllib.parse import urlencode

from simulator.engine import pages
from simulator.engine.resource import Resource
from simulator.engine.uow import UnitOfWork
from simulator.providers.ecommpay.model import Payment
from simulator.providers.ecommpay.states import REFUNDABLE

PATH = "/payment"

RETURN_ADDRESSES = (
    "merchant_success_url", "merchant_fail_url", "merchant_return_url", "redirect_success_url", "redirect_fail_url",
    "redirect_return_url",
)  # fmt: skip

Kind = Literal["success", "fail", "return"]


def is_framed(parameters: Mapping[str, str]) -> bool:
    """Whether the library opened the page in a modal or an iframe."""
    return parameters.get("frame_mode") in ("iframe", "popup")


@dataclass(frozen=True, slots=True)
class Way:
    """Back to the merchant. `target` is the browsing context; `act` is what the library does instead of a navigation."""

    url: str
    target: Literal["_self", "_top", "_blank"] = "_self"
    act: Literal["", "close", "event"] = ""


def way_back(parameters: Mapping[str, str], prefix: Literal["merchant", "redirect"], kind: Kind) -> Way | None:
    """The return matrix. None: no button, no redirect. The URL is used as given.

    Source: reference/ecommpay.md, sections 3.9.1 and 3.9.4. Inferred: a button without a mode opens the whole page.
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


def own_page(payment: Payment) -> str:
    return f"{PATH}?{urlencode(payment.page or {})}"


def result_kind(payment: Payment) -> Literal["success", "fail"]:
    return "success" if payment.state in ("success", "partially refunded", "refunded") else "fail"


def after_payment(payment: Payment) -> str:
    """`redirect_*_url` where the browser itself can go there, else the result page, which sees to the rest."""
    way = way_back(payment.page or {}, "redirect", result_kind(payment))
    if way is not None and way.target == "_self" and not way.act:
        return way.url
    return f"{payment.origin}{own_page(payment)}"


def automatic_way(parameters: Mapping[str, str], kind: Literal["success", "fail"]) -> Way | None:
    """Where the page goes on by itself: `redirect_*_url`, unless the library or a new tab sees to it."""
    way = way_back(parameters, "redirect", kind)
    return way if way is not None and way.target == "_self" and not way.act and not is_framed(parameters) else None


def way_out(parameters: Mapping[str, str], kind: Kind) -> Way | None:
    """The button of a result page."""
    return (
        way_back(parameters, "merchant", kind)
        or way_back(parameters, "redirect", kind)
        or way_back(parameters, "merchant", "return")
    )


def missing_field(parameters: Mapping[str, str], kind: Kind) -> str | None:
    """What the merchant could have sent, where he sent no address at all."""
    return None if any(map(parameters.get, RETURN_ADDRESSES)) else f"merchant_{kind}_url"


def safe_way(url: str | None) -> Way | None:
    """A way only where a browser may follow it."""
    return Way(url) if url and pages.is_safe_return(url) else None


def return_to(uow: UnitOfWork, payment: Resource, order: Resource) -> str | None:
    """Where the wallet sends the browser: the merchant's URL as given, or Payment Page's own result page."""
    assert isinstance(payment, Payment)
    if payment.page is not None:
        return after_payment(payment)
    return gate_return(payment)


def gate_return(payment: Payment) -> str | None:
    """`return_url.success` or `.decline`, else `.return` (inferred). Nothing is appended."""
    wanted = "success" if payment.state in ("success", *REFUNDABLE, "refunded") else "decline"
    return payment.return_url.get(wanted) or payment.return_url.get("return") or None
