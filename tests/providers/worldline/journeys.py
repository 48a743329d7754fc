"""What buyers do on Worldline's pages."""

from __future__ import annotations

from browser.journeys import (
    CANCELLED,
    LI_NA,
    WALLETS,
    Buyer,
    Ending,
    by_forms,
    desktop,
    holds_the_clock,
    open_end,
    pays,
)

from providers.worldline.hosted import Pages


@desktop
def worldline_pays(m: Pages, b: Buyer) -> Ending:
    b.open(m.wl_checkout())
    b.choose("wl-product-866")
    b.choose("wl-product-861")
    b.press("wl-continue")
    pays(b)
    b.goes_back()
    b.see("wl-checkout")
    b.press("wl-refresh")
    b.see("result", outcome="paid")
    b.press("wl-back")
    back = b.returned()
    assert set(back) == {"RETURNMAC", "hostedCheckoutId"}
    assert back["hostedCheckoutId"] == m.last[1]
    return LI_NA


@desktop
@by_forms
def worldline_declines_and_is_tried_again(m: Pages, b: Buyer) -> Ending:
    b.open(m.wl_checkout())
    b.press("wl-continue")
    b.choose("buyer-wang-wei")
    b.press("sign-in")
    b.press("confirm")
    b.goes_back()
    b.see("wl-checkout")
    b.see("result", outcome="declined")
    b.press("wl-continue")
    b.choose("buyer-li-na")
    pays(b)
    b.goes_back()
    b.see("wl-checkout")
    b.see("result", outcome="paid")
    b.press("wl-back")
    b.returned()
    return LI_NA


@desktop
def worldline_offers_wallets(m: Pages, b: Buyer) -> Ending:
    b.open(m.wl_checkout())
    b.choose("wl-product-866")
    b.press("wl-continue")
    holds_the_clock(b)
    for wallet in WALLETS if b.tries_all else WALLETS[-2:]:
        b.choose(f"wl-wallet-{wallet}")
    b.press("wl-continue")
    pays(b)
    b.goes_back()
    b.see("wl-checkout")
    b.press("wl-back")
    b.returned()
    return LI_NA


@desktop
@by_forms
def worldline_goes_on_with_the_only_product(m: Pages, b: Buyer) -> Ending:
    """With a script by itself."""
    b.open(m.wl_preset())
    if not b.has_script:
        b.press("wl-continue")
    pays(b)
    b.goes_back()
    b.see("wl-checkout")
    b.press("wl-back")
    b.returned()
    return LI_NA


@desktop
@open_end
@by_forms
def worldline_leads_back(m: Pages, b: Buyer) -> Ending:
    b.open(m.wl_checkout())
    b.press("wl-back")
    b.returned()
    path = m.wl_pending().partition("?")[0]
    b.open(path)
    b.press("wl-refresh")
    b.press("wl-continue")
    b.see("sign-in")
    b.open(path)
    b.press("wl-back")
    b.returned()
    return "waiting", None


@desktop
@by_forms
def worldline_wallet_returns_to_the_shop(m: Pages, b: Buyer) -> Ending:
    b.open(m.wl_wallet())
    pays(b)
    b.returned()
    return LI_NA


@desktop
def worldline_wallets_are_left(m: Pages, b: Buyer) -> Ending:
    b.open(m.wl_wallets())
    b.press("wl-back")
    b.returned()
    return CANCELLED
