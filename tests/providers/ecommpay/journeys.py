"""What buyers do on ecommpay's pages."""

from __future__ import annotations

from browser.journeys import (
    LI_NA,
    Buyer,
    Ending,
    by_forms,
    desktop,
    holds_the_clock,
    open_end,
    pays,
    peeps,
    phone,
    signs_in,
)

from providers.ecommpay.hosted import Pages


@desktop
def ecommpay_succeeds(m: Pages, b: Buyer) -> Ending:
    b.open(m.ecp_method())
    b.choose("ecp-method-alipay")
    b.press("ecp-continue")
    b.press("ecp-other")
    b.press("ecp-continue")
    b.press("ecp-pay")
    m.last = ("ecommpay", "580")
    b.see("ecp-emulator")
    b.press("ecp-random")
    b.fill("ecp-last-name", "Zhou")
    b.press("ecp-success")
    b.returned()
    b.open(f"{m.ecp_method()}&stay=1")
    b.see("result", outcome="paid")
    b.press("ecp-back")
    b.returned()
    return "paid", "page"


@desktop
def ecommpay_declines(m: Pages, b: Buyer) -> Ending:
    b.open(m.ecp_instructions())
    b.press("ecp-pay")
    m.last = ("ecommpay", "580")
    holds_the_clock(b)
    b.press("ecp-decline")
    b.returned()
    return "declined", "page"


@desktop
@by_forms
def ecommpay_takes_its_time(m: Pages, b: Buyer) -> Ending:
    b.open(m.ecp_paying())
    holds_the_clock(b)
    b.press("answer-now")
    b.returned()
    return "paid", "page"


@desktop
@by_forms
def ecommpay_amount_decides(m: Pages, b: Buyer) -> Ending:
    b.open(m.ecp_decline_amount())
    b.press("ecp-success")
    b.returned()
    return "declined", "amount:40000"


@desktop
def ecommpay_asks_for_more(m: Pages, b: Buyer) -> Ending:
    path = m.ecp_clarification()
    b.open(path)
    b.press("ecp-pay")
    b.see("ecp-clarification")
    b.press("ecp-back")
    b.returned()
    b.open(path)
    b.press("ecp-pay")
    b.see("ecp-clarification")
    b.fill("ecp-field-first_name", "Mei")
    b.fill("ecp-field-email", "mei@shop.test")
    b.press("ecp-pay")
    b.see("ecp-emulator")
    b.press("ecp-success")
    b.returned()
    return "paid", "page"


@desktop
def ecommpay_code_is_scanned(m: Pages, b: Buyer) -> Ending:
    b.open(m.ecp_qr())
    holds_the_clock(b)
    peeps(b, "qr")
    peeps(b, "qr-link")
    b.window("open-phone")
    b.press("ecp-success")
    b.see("result", outcome="paid")
    b.leave_window()
    if not b.has_script:
        b.reload()
    b.see("result", outcome="paid")
    return "paid", "page"


@phone
@by_forms
def ecommpay_code_is_refused(m: Pages, b: Buyer) -> Ending:
    b.open(m.ecp_phone())
    b.press("ecp-decline")
    b.see("result", outcome="declined")
    b.press("ecp-back")
    b.returned()
    return "declined", "page"


@desktop
@by_forms
def ecommpay_uses_the_wallet(m: Pages, b: Buyer) -> Ending:
    b.open(m.ecp_emulator())
    b.press("use-wallet")
    pays(b)
    b.returned()
    return LI_NA


@desktop
def ecommpay_waits_for_a_slow_bank(m: Pages, b: Buyer) -> Ending:
    path = m.ecp_emulator()
    b.open(path)
    b.press("use-wallet")
    signs_in(b, "sun-li")
    b.press("confirm")
    b.see("wallet-cashier", state="paying")
    b.open(path)
    b.press("answer-now")
    b.returned()
    return "paid", "buyer:sun-li"


@desktop
@open_end
def ecommpay_leads_back(m: Pages, b: Buyer) -> Ending:
    b.open(m.ecp_method())
    b.press("ecp-back")
    b.returned()
    b.open(m.ecp_instructions())
    b.press("ecp-back")
    b.returned()
    b.open(m.ecp_asked())
    b.press("ecp-back")
    b.returned()
    m.shop.workspace.set_settings("ecommpay", required_customer_fields=[])
    b.open(m.ecp_emulator(payment_id="581"))
    b.press("ecp-back")
    b.returned()
    b.open(m.ecp_qr())
    b.press("ecp-back")
    b.returned()
    return "waiting", None
