"""The paths through the wallet's pages on a phone."""

from __future__ import annotations

from browser.journeys import BLOCKED, CANCELLED, LI_NA, Buyer, Ending, by_forms, holds_the_clock, phone
from browser.merchant import Merchant


@phone
def phone_pays(m: Merchant, b: Buyer) -> Ending:
    b.open(m.wallet())
    holds_the_clock(b)
    b.choose("method-card")
    b.choose("method-balance")
    b.press("confirm")
    b.see("result", outcome="paid")
    b.press("done")
    b.press("return")
    b.returned()
    return LI_NA


@phone
def phone_changes_the_buyer(m: Merchant, b: Buyer) -> Ending:
    b.open(m.wallet())
    b.press("change-buyer")
    b.press("buyer-chen-jie")
    b.press("confirm")
    b.see("result", outcome="declined", reason="blocked")
    return BLOCKED


@phone
def phone_asks_for_the_password(m: Merchant, b: Buyer) -> Ending:
    b.open(m.wallet())
    b.press("change-buyer")
    b.press("buyer-zhao-lei")
    b.fill("password", "wrong")
    b.press("confirm")
    b.see("password")
    b.fill("password", "right")
    b.press("confirm")
    b.see("result", outcome="paid")
    return "paid", "buyer:zhao-lei"


@phone
def phone_asks_for_the_code(m: Merchant, b: Buyer) -> Ending:
    b.open(m.wallet())
    b.press("change-buyer")
    b.press("buyer-liu-yang")
    b.fill("payment-code", "246810")
    b.press("confirm")
    b.see("result", outcome="paid")
    return "paid", "buyer:liu-yang"


@phone
@by_forms
def phone_waits_for_a_slow_bank(m: Merchant, b: Buyer) -> Ending:
    b.open(m.wallet())
    b.press("change-buyer")
    b.press("buyer-sun-li")
    b.press("confirm")
    b.see("wallet-phone", state="paying")
    b.press("answer-now")
    b.see("result", outcome="paid")
    return "paid", "buyer:sun-li"


@phone
def phone_goes_back_before_the_bank_answers(m: Merchant, b: Buyer) -> Ending:
    path = m.wallet()
    b.open(path)
    b.press("change-buyer")
    b.press("buyer-sun-li")
    b.press("confirm")
    b.see("wallet-phone", state="paying")
    b.press("return-early")
    b.returned()
    b.open(path)
    b.press("answer-now")
    b.see("result", outcome="paid")
    return "paid", "buyer:sun-li"


@phone
def phone_lets_another_buyer_try(m: Merchant, b: Buyer) -> Ending:
    m.shop.edit_buyer("wang-wei", refusal="retry")
    b.open(m.wallet())
    b.press("change-buyer")
    b.press("buyer-wang-wei")
    b.press("confirm")
    b.see("result", outcome="declined")
    b.press("try-another")
    b.press("change-buyer")
    b.press("buyer-li-na")
    b.press("confirm")
    b.see("result", outcome="paid")
    return LI_NA


@phone
def phone_leaves_and_comes_back(m: Merchant, b: Buyer) -> Ending:
    b.open(m.wallet())
    b.press("change-buyer")
    b.press("buyer-zhou-ting")
    b.press("confirm")
    b.see("wallet-phone")
    b.press("change-buyer")
    b.press("buyer-zhang-min")
    b.press("confirm")
    b.see("result", outcome="declined", reason="limit")
    return "declined", "buyer:zhang-min"


@phone
@by_forms
def phone_cancels(m: Merchant, b: Buyer) -> Ending:
    b.open(m.wallet())
    b.press("cancel")
    b.see("result", outcome="cancelled")
    return CANCELLED


@phone
def phone_closes_the_wallet(m: Merchant, b: Buyer) -> Ending:
    b.open(m.wallet())
    b.press("close")
    b.see("result", outcome="cancelled")
    return CANCELLED


@phone
def phone_is_made_to_decline(m: Merchant, b: Buyer) -> Ending:
    b.open(m.wallet())
    b.press("sim-options")
    b.choose("force-reason", "authentication")
    b.press("force-decline")
    b.see("result", outcome="declined", reason="authentication")
    return "declined", "page"


@phone
def phone_is_made_to_cancel(m: Merchant, b: Buyer) -> Ending:
    b.open(m.wallet())
    b.press("sim-options")
    b.press("force-cancel")
    b.see("result", outcome="cancelled")
    return CANCELLED


@phone
def phone_is_made_to_expire(m: Merchant, b: Buyer) -> Ending:
    b.open(m.wallet())
    b.press("sim-options")
    b.press("force-leave")
    b.see("wallet-phone", state="scanned" if b.has_script else "open")
    b.press("sim-options")
    b.press("force-expire")
    b.see("result", outcome="expired")
    return "expired", "page"


@phone
def phone_is_made_to_be_late(m: Merchant, b: Buyer) -> Ending:
    b.open(m.wallet())
    b.press("sim-options")
    b.press("force-late")
    b.see("wallet-phone", state="paying")
    b.press("answer-now")
    b.see("result", outcome="paid")
    return LI_NA
