"""What buyers do on Checkout.com's pages."""

from __future__ import annotations

from browser.journeys import (
    BLOCKED,
    BUYERS,
    CANCELLED,
    LI_NA,
    Buyer,
    Ending,
    by_forms,
    desktop,
    holds_the_clock,
    open_end,
    pays,
    phone,
)

from providers.checkoutcom.hosted import Pages


@desktop
def checkoutcom_pays(m: Pages, b: Buyer) -> Ending:
    b.open(m.cko_simulation())
    b.choose("cko-wallet", "TEST_WALLET")
    b.press("cko-pay-now")
    b.see("own-status")
    b.press("cko-done")
    b.returned()
    return LI_NA


@desktop
@by_forms
def checkoutcom_declines(m: Pages, b: Buyer) -> Ending:
    b.open(m.cko_simulation())
    b.press("change-buyer")
    b.press("buyer-chen-jie")
    b.press("cko-pay-now")
    b.see("own-status")
    b.press("cko-done")
    b.returned()
    return BLOCKED


@desktop
def checkoutcom_offers_each_buyer(m: Pages, b: Buyer) -> Ending:
    b.open(m.cko_simulation())
    for buyer in BUYERS if b.tries_all else BUYERS[:1]:
        b.press("change-buyer")
        b.press(f"buyer-{buyer}")
    b.press("cko-cancel")
    b.see("own-status")
    return CANCELLED


@desktop
@by_forms
def checkoutcom_is_cancelled(m: Pages, b: Buyer) -> Ending:
    b.open(m.cko_simulation())
    b.press("cko-cancel")
    b.see("own-status")
    b.press("cko-done")
    b.returned()
    return CANCELLED


@phone
def checkoutcom_waits_for_a_slow_bank(m: Pages, b: Buyer) -> Ending:
    b.open(m.checkoutcom("WAP"))
    b.press("change-buyer")
    b.press("buyer-sun-li")
    b.press("cko-pay-now")
    holds_the_clock(b)
    b.press("answer-now")
    b.see("own-status")
    b.press("cko-done")
    b.returned()
    return "paid", "buyer:sun-li"


@desktop
def checkoutcom_sends_back_before_the_bank_answers(m: Pages, b: Buyer) -> Ending:
    path = m.cko_simulation()
    b.open(path)
    b.press("change-buyer")
    b.press("buyer-sun-li")
    b.press("cko-pay-now")
    b.press("return-early")
    b.returned()
    b.open(path)
    b.press("answer-now")
    b.see("own-status")
    b.press("cko-done")
    b.returned()
    return "paid", "buyer:sun-li"


@desktop
@by_forms
def checkoutcom_code_is_paid(m: Pages, b: Buyer) -> Ending:
    b.open(m.cko_qr())
    pays(b)
    b.returned()
    return LI_NA


@desktop
def checkoutcom_page_pays(m: Pages, b: Buyer) -> Ending:
    path = m.cko_hosted()
    b.open(path)
    holds_the_clock(b)
    b.choose("cko-method-alipay")
    b.press("cko-page-pay")
    b.see("sign-in")
    m.remember("checkoutcom")
    pays(b)
    b.returned()
    b.open(path)
    b.see("result", outcome="paid")
    b.press("return")
    b.returned()
    return LI_NA


@desktop
@open_end
def checkoutcom_page_leads_back(m: Pages, b: Buyer) -> Ending:
    b.open(m.cko_hosted())
    b.press("cko-page-pay")
    b.see("sign-in")
    m.remember("checkoutcom")
    b.press("cancel")
    b.see("result", outcome="cancelled")
    b.returned()
    b.open(m.cko_hosted())
    b.press("cko-page-cancel")
    b.returned()
    return CANCELLED


@desktop
@by_forms
def checkoutcom_link_pays(m: Pages, b: Buyer) -> Ending:
    path = m.cko_link()
    b.open(path)
    b.press("cko-page-pay")
    b.see("sign-in")
    m.remember("checkoutcom")
    pays(b)
    b.goes_back()
    b.see("cko-page")
    b.see("result", outcome="paid")
    b.press("return")
    b.returned()
    return LI_NA
