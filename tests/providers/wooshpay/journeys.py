"""What buyers do on WooshPay's pages."""

from __future__ import annotations

from browser.journeys import LI_NA, Buyer, Ending, by_forms, desktop, open_end, pays, peeps, phone

from providers.wooshpay.hosted import Pages


@desktop
@by_forms
def wooshpay_pays(m: Pages, b: Buyer) -> Ending:
    b.open(m.wp_session())
    b.choose("wp-method-alipay")
    b.press("wp-pay")
    pays(b)
    b.returned()
    return LI_NA


@desktop
def wooshpay_pays_with_another_method(m: Pages, b: Buyer) -> Ending:
    b.open(m.wp_methods())
    b.choose("wp-method-alipay")
    b.choose("wp-method-card")
    b.choose("wp-method-wechat_pay")
    b.press("wp-pay")
    pays(b)
    b.returned()
    return LI_NA


@phone
@by_forms
def wooshpay_opens_the_wallet(m: Pages, b: Buyer) -> Ending:
    b.open(m.wp_session())
    b.press("wp-pay")
    b.press("confirm")
    b.see("result", outcome="paid")
    b.returned()
    return LI_NA


@desktop
@by_forms
def wooshpay_declines_and_is_tried_again(m: Pages, b: Buyer) -> Ending:
    session = m.wp_session()
    b.open(session)
    b.press("wp-pay")
    b.choose("buyer-wang-wei")
    b.press("sign-in")
    b.press("confirm")
    b.see("result", outcome="declined")
    b.open(session)
    b.see("wp-retry")
    b.press("wp-pay")
    b.choose("buyer-li-na")
    pays(b)
    b.returned()
    return LI_NA


@desktop
@open_end
def wooshpay_leads_back(m: Pages, b: Buyer) -> Ending:
    b.open(m.wp_session())
    peeps(b, "qr")
    b.press("wp-back")
    assert b.returned() == {"cancelled": "1"}
    return "waiting", None


@desktop
@open_end
def wooshpay_ends(m: Pages, b: Buyer) -> Ending:
    b.open(m.wp_complete())
    b.see("result", outcome="paid")
    b.press("return")
    b.returned()
    return LI_NA


@desktop
@open_end
@by_forms
def wooshpay_link_shows_the_cashier(m: Pages, b: Buyer) -> Ending:
    b.open(m.wp_wallet())
    pays(b)
    b.returned()
    return LI_NA


@phone
@by_forms
def wooshpay_link_opens_the_app(m: Pages, b: Buyer) -> Ending:
    b.open(m.wp_app())
    b.press("confirm")
    b.see("result", outcome="paid")
    b.returned()
    return LI_NA
