"""Sample views: one order in every state, as the wallet's handlers would describe it."""

from dataclasses import replace
from typing import Any

from simulator.engine.views import ErrorView, HostedResult, HostedView, Language, MoneyView, Page
from simulator.wallet.view import BuyerView, FormError, OrderView, Prediction, ResultView, Shortfall


def yuan(figure: str) -> str:
    return f"¥\N{NO-BREAK SPACE}{figure}"


EUR = MoneyView(1100, "EUR", "EUR 11.00", "€\N{NO-BREAK SPACE}11.00")
CNY = MoneyView(8603, "CNY", "CNY 86.03", "¥\N{NO-BREAK SPACE}86.03")

LI_NA = BuyerView(
    "li-na", "Li Na", "李娜", "LN", yuan("8,000.00"), 800_000, Prediction("paid"), "4417", yuan("50,000.00")
)  # fmt: skip
WANG_WEI = BuyerView(
    "wang-wei",
    "Wang Wei",
    "王伟",
    "WW",
    yuan("5.00"),
    500,
    Prediction("declined", "balance", values={"short": yuan("81.03")}),
)
CHEN_JIE = BuyerView("chen-jie", "Chen Jie", "陈杰", "CJ", yuan("1,200.00"), 120_000, Prediction("declined", "blocked"))
ZHANG_MIN = BuyerView(
    "zhang-min", "Zhang Min", "张敏", "ZM", yuan("20,000.00"), 2_000_000, Prediction("declined", "limit"),
    special="limit", special_value=yuan("500.00"),
)  # fmt: skip
ZHAO_LEI = BuyerView(
    "zhao-lei", "Zhao Lei", "赵磊", "ZL", yuan("3,000.00"), 300_000, Prediction("paid"),
    special="sign_in", special_value="right", needs_password=True,
)  # fmt: skip
LIU_YANG = BuyerView(
    "liu-yang", "Liu Yang", "刘洋", "LY", yuan("3,000.00"), 300_000, Prediction("paid"),
    special="code", special_value="246810", needs_code=True,
)  # fmt: skip
SUN_LI = BuyerView(
    "sun-li", "Sun Li", "孙丽", "SL", yuan("9,000.00"), 900_000, Prediction("paying", values={"delay": "30 s"}),
    special="slow", special_value="30 s",
)  # fmt: skip
ZHOU_TING = BuyerView(
    "zhou-ting", "Zhou Ting", "周婷", "ZT", yuan("2,000.00"), 200_000, Prediction("open"), special="leaves"
)
BUYERS = [LI_NA, WANG_WEI, CHEN_JIE, ZHANG_MIN, ZHAO_LEI, LIU_YANG, SUN_LI, ZHOU_TING]

ORDER = OrderView(
    order_code="k7QmX2pD",
    state="open",
    version=1,
    merchant="Riverside Books",
    reference="ORD-5023-4E89",
    provider_title="Acme",
    amount=EUR,
    cny=CNY,
    url="http://192.0.2.20:8080/w/k7QmX2pD",
    qr_url="/w/k7QmX2pD/qr.svg",
    phone_url="/w/k7QmX2pD?view=phone",
    events_url="/w/k7QmX2pD/events?view=desktop&lang=en",
    state_url="/w/k7QmX2pD/state.json?view=desktop&lang=en",
    now="2025-11-20T09:41:35Z",
    note_decides="buyer:li-na",
    prediction=LI_NA.prediction,
    rate_text="1 EUR = 7.8210 CNY",
    expires_at="2025-11-20T09:56:07Z",
    seconds_left=872,
)

PAID = ResultView(
    outcome="paid", decided_by="buyer:li-na", merchant="Riverside Books", decided_at="2025-11-20T09:41:57Z",
    decided_at_text="09:41:57", buyer_name="Li Na", method="balance", payment_number="2025 1120 2200 1417 3306",
    return_url="https://shop.example/return?id=1", return_is_link=True, auto_return_s=5,
)  # fmt: skip
DECLINED = replace(
    PAID, outcome="declined", decided_by="buyer:wang-wei", reason="balance", buyer_name="Wang Wei", method=None,
    payment_number=None, shortfall=Shortfall(yuan("86.03"), yuan("5.00"), yuan("81.03")), auto_return_s=None,
)  # fmt: skip
CANCELLED = replace(PAID, outcome="cancelled", decided_by="page", method=None, payment_number=None)
EXPIRED = replace(CANCELLED, outcome="expired", decided_by="timer", open_for="15 minutes", auto_return_s=None)


def page(lang: Language, **changes: Any) -> Page:
    values: dict[str, Any] = {
        "title": "Pay – Mock Wallet [Simulator]",
        "path": "/w/k7QmX2pD?view=desktop",
        "workspace": "default",
        "console_url": "/console/default/payments/1",
        "static_version": "1",
        "token": "t0k3n",
    }
    return Page(lang=lang, **values | changes)


def ordered(
    buyer: BuyerView = LI_NA, *, signed_in: bool = False, mobile: bool = False, **changes: Any
) -> dict[str, Any]:
    """The variables of an order that is still open."""
    order = replace(ORDER, prediction=buyer.prediction, **{"note_decides": f"buyer:{buyer.slug}"} | changes)
    return {
        "order": order,
        "buyers": BUYERS,
        "buyer": buyer,
        "signed_in": signed_in,
        "at_leisure": signed_in or mobile,
        "result": None,
        "mobile": mobile,
    }


def ended(result: ResultView, *, mobile: bool = False, **changes: Any) -> dict[str, Any]:
    result = replace(result, **changes)
    return {"order": replace(ORDER, state=result.outcome, version=9), "result": result, "mobile": mobile}


_AMOUNT = {"note_decides": "amount:40000"}
_ARMED = replace(LI_NA, prediction=Prediction("declined", decided_by="scenario:slow-wallet"))

# name: (template, variables); `mobile` among the variables goes to the page
CASES: dict[str, tuple[str, dict[str, Any]]] = {
    "open": ("wallet/cashier.html", ordered()),
    "open frozen": ("wallet/cashier.html", ordered(frozen=True)),
    "open, no deadline, in CNY": ("wallet/cashier.html", ordered(expires_at=None, seconds_left=None, rate_text=None)),
    "open, amount decides": ("wallet/cashier.html", ordered(_ARMED, note_decides="scenario:slow-wallet")),
    "open, buyer further down": ("wallet/cashier.html", ordered(LIU_YANG)),
    "wrong password": (
        "wallet/cashier.html",
        ordered(ZHAO_LEI, error=FormError("password", 2)),
    ),
    "unreachable": ("wallet/cashier.html", ordered(unreachable=True)),
    "walked away": ("wallet/cashier.html", ordered(ZHOU_TING, walked_away="Zhou Ting")),
    "scanned": ("wallet/cashier.html", ordered(state="scanned", scanned_by="Li Na", seconds_left=838)),
    "paying": (
        "wallet/cashier.html",
        ordered(SUN_LI, state="paying", answer_at="2025-11-20T09:42:05Z", wait_left_s=30),
    ),
    "signed in": ("wallet/cashier.html", ordered(signed_in=True)),
    "signed in, wrong code": (
        "wallet/cashier.html",
        ordered(LIU_YANG, signed_in=True, error=FormError("payment_code", 1)),
    ),
    "phone": ("wallet/phone.html", ordered(mobile=True, seconds_left=848)),
    "phone short": ("wallet/phone.html", ordered(WANG_WEI, mobile=True, state="scanned")),
    "phone code": (
        "wallet/phone.html",
        ordered(LIU_YANG, mobile=True, error=FormError("payment_code", 2)),
    ),
    "phone app link": ("wallet/phone.html", ordered(mobile=True, app_link=True)),
    "phone amount": ("wallet/phone.html", ordered(_ARMED, mobile=True, **_AMOUNT)),
    "phone walked away": ("wallet/phone.html", ordered(ZHOU_TING, mobile=True, walked_away="Zhou Ting")),
    "phone paying": (
        "wallet/phone.html",
        ordered(SUN_LI, mobile=True, state="paying", answer_at="2025-11-20T09:42:05Z", wait_left_s=30),
    ),
    "paid": ("wallet/result.html", ended(PAID)),
    "paid by card": ("wallet/result.html", ended(PAID, method="card", card_last4="4417", auto_return_s=None)),
    "paid elsewhere": ("wallet/result.html", ended(PAID, already=True, auto_return_s=None)),
    "declined": ("wallet/result.html", ended(DECLINED)),
    "declined, retry": ("wallet/result.html", ended(DECLINED, retry=True)),
    "declined, blocked": ("wallet/result.html", ended(DECLINED, reason="blocked", shortfall=None)),
    "cancelled": ("wallet/result.html", ended(CANCELLED)),
    "expired": ("wallet/result.html", ended(EXPIRED, already=True)),
    "no return": ("wallet/result.html", ended(PAID, return_url=None, return_is_link=False, auto_return_s=None)),
    "odd return": ("wallet/result.html", ended(PAID, return_url="javascript:alert(1)", return_is_link=False)),
    "phone done": ("wallet/result.html", ended(PAID, mobile=True, phone_only_done=True)),
    "phone declined": ("wallet/result.html", ended(DECLINED, mobile=True, auto_return_s=5)),
    "phone expired": ("wallet/result.html", ended(EXPIRED, mobile=True)),
    "not found": ("wallet/not_found.html", {}),
    "error": (
        "error.html",
        {"error": ErrorView("Bad signature", "The request was not signed as expected.", "a;b", "b;a", "/", "Back")},
    ),
    "hosted result": (
        "hosted/_result.html",
        {
            "hosted": HostedView(
                "Riverside Books", EUR, "Acme", "Payment 580", "PAID", ORDER.now, ORDER.expires_at, 1781
            ),
            "result": HostedResult("paid", "Paid", "It is done.", "page", "https://shop.example/", True, 5),
        },
    ),
}
