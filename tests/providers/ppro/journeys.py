"""What buyers do on PPRO's pages."""

from __future__ import annotations

from browser.journeys import CANCELLED, LI_NA, Buyer, Ending, by_forms, desktop, holds_the_clock, pays, peeps, phone

from providers.ppro.hosted import Pages


@desktop
def ppro_authorises(m: Pages, b: Buyer) -> Ending:
    b.open(m.ppro())
    peeps(b, "qr")
    b.press("ppro-success")
    assert b.returned() == {"payment-charge-id": m.last[1]}
    return "paid", "page"


@desktop
def ppro_result_stays(m: Pages, b: Buyer) -> Ending:
    b.open(m.ppro())
    b.press("ppro-success")
    b.returned()
    with b.detained():
        b.open(f"/default/authenticator.html?payment-charge-id={m.last[1]}")
        b.see("result", outcome="paid")
        b.press("stay")
        b.see("return")
    b.press("return")
    assert b.returned() == {"payment-charge-id": m.last[1]}
    return "paid", "page"


@desktop
def ppro_fails_with_a_code(m: Pages, b: Buyer) -> Ending:
    b.open(m.ppro())
    b.choose("ppro-fail-code", "INTERNAL_DECLINE/BLOCKED_ACCOUNT")
    b.press("ppro-fail")
    b.returned()
    b.open(f"/default/authenticator.html?payment-charge-id={m.last[1]}")
    b.see("result", outcome="declined")
    b.press("return")
    b.returned()
    return "declined", "page"


@desktop
def ppro_is_cancelled(m: Pages, b: Buyer) -> Ending:
    b.open(m.ppro())
    b.press("ppro-cancel")
    b.returned()
    return CANCELLED


@desktop
@by_forms
def ppro_uses_the_wallet(m: Pages, b: Buyer) -> Ending:
    b.open(m.ppro())
    b.press("use-wallet")
    pays(b)
    assert b.returned() == {"payment-charge-id": m.last[1]}
    return LI_NA


@desktop
def ppro_code_is_scanned(m: Pages, b: Buyer) -> Ending:
    b.open(m.ppro_scan())
    b.press("refresh")
    holds_the_clock(b)
    b.window("open-scanner")
    b.press("ppro-success")
    b.see("result", outcome="paid")
    b.leave_window()
    b.reload()
    b.see("result", outcome="paid")
    return "paid", "page"


@phone
@by_forms
def ppro_scanner_fails(m: Pages, b: Buyer) -> Ending:
    b.open(m.ppro_scan())
    b.choose("ppro-fail-code", "PROVIDER_DECLINE/INSUFFICIENT_FUNDS")
    b.press("ppro-fail")
    b.see("result", outcome="declined")
    return "declined", "page"


@phone
@by_forms
def ppro_scanner_is_cancelled(m: Pages, b: Buyer) -> Ending:
    b.open(m.ppro_scan())
    b.press("ppro-cancel")
    b.see("result", outcome="cancelled")
    return CANCELLED


@phone
@by_forms
def ppro_scanner_uses_the_wallet(m: Pages, b: Buyer) -> Ending:
    b.open(m.ppro_scan())
    b.press("use-wallet")
    b.press("confirm")
    b.see("result", outcome="paid")
    return LI_NA


@desktop
def ppro_code_is_typed(m: Pages, b: Buyer) -> Ending:
    b.open(m.ppro_tabs())
    b.press("tab-scan-code")
    b.press("use-wallet")
    b.see("sign-in")
    b.open(m.shown())
    b.press("tab-redirect")
    b.press("tab-multi-factor")
    b.press("sample-python")
    b.press("sample-node")
    b.press("sample-curl")
    b.fill("mfa-code", "777123")
    b.press("mfa-submit")
    b.see("result", outcome="paid")
    return "paid", "page"


@desktop
def ppro_code_is_wrong(m: Pages, b: Buyer) -> Ending:
    b.open(m.ppro_mfa())
    b.press("mfa-wrong")
    b.see("result", outcome="declined")
    return "declined", "page"


@desktop
def ppro_clock_jumps_to_the_deadline(m: Pages, b: Buyer) -> Ending:
    b.open(m.ppro_mfa())
    b.press("jump-there")
    b.see("result", outcome="expired")
    return "expired", "timer"
