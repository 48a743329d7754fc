"""The buyer's decision in progress."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import ClassVar

from simulator.engine.resource import Resource
from simulator.kernel.machine import Machine
from simulator.kernel.money import Money
from simulator.kernel.values import dataclass

UNDECIDED = ("open", "scanned", "paying")

# fmt: off
ORDER = Machine(
    "wallet.order",
    initial="open",
    table=[
        # trigger             from                            to           webhook
        ("wallet.scan",       "open",                         "scanned",   None),
        ("wallet.show_code",  "scanned",                      "open",      None),
        ("wallet.confirm",    ("open", "scanned"),            "paying",    None),
        ("wallet.pay",        ("open", "scanned", "paying"),  "paid",      None),
        ("wallet.decline",    ("open", "scanned", "paying"),  "declined",  None),
        ("wallet.cancel",     ("open", "scanned", "paying"),  "cancelled", None),
        ("timer.expire",      ("open", "scanned", "paying"),  "expired",   None),
        ("api.cancel",        ("open", "scanned", "paying"),  "cancelled", None),
        ("api.expire",        ("open", "scanned", "paying"),  "expired",   None),
    ],
)
# fmt: on


def billing_details(name: object = None, address: Iterable[object] = (), email: object = None) -> tuple[str, ...]:
    """The lines of `Order.billing`, without what the merchant left out."""
    lines = (name, ", ".join(str(part) for part in address if part), email)
    return tuple(str(line) for line in lines if line)


@dataclass(frozen=True, kw_only=True)
class Order(Resource):
    """`id` is the 8-character code of `/w/{code}`. `amount` is what the merchant asked, `cny` the buyer pays (fen).

    `reason` is neutral (`balance`, `limit`, `blocked`, `authentication`, `cancelled`, `expired`, …); `code` and
    `message` are the provider's own where a documented trigger fixed them. `decided_by` is `console`, `scenario:<name>`,
    `page`, `amount:<value>`, `buyer:<slug>`, `timer`, or `api` when the merchant ended the payment.
    """

    PROVIDER: ClassVar[str] = "wallet"
    KIND: ClassVar[str] = "order"
    MACHINE: ClassVar[Machine | None] = ORDER
    FOUND_BY: ClassVar[tuple[str, ...]] = ("id",)

    payee_provider: str
    payee_kind: str
    payee_id: str
    payee_title: str
    amount: Money
    cny: int
    rate: str | None
    merchant: str
    reference: str
    description: str = ""
    """What is bought, in the merchant's words (商品名称)."""
    billing: tuple[str, ...] = ()
    """What the merchant says of who pays and where they live, a line each. The buyer verifies it before confirming."""
    operation: str = ""
    device: str = "web"
    """`web` shows the cashier, `app` the phone page."""
    language: str | None = None
    expires_at: datetime | None = None
    buyer: str | None = None
    method: str | None = None
    scanned_by: str | None = None
    answer_at: datetime | None = None
    tries: int = 0
    """Wrong passwords and payment codes of `buyer`."""
    approved_by: str | None = None
    """Who said "go" without a buyer, while the answer is still on its way."""
    walked_away: str | None = None
    reason: str | None = None
    detail: str | None = None
    shortfall: int = 0
    """What `reason` was about, when it was decided; see `alipay.Decision`."""
    code: str | None = None
    message: str | None = None
    decided_by: str | None = None
    decided_at: datetime | None = None
    advanced_s: int | None = None
    """How far the clock was being advanced when the time to pay was over (seconds), and by whom."""
    advanced_by: str | None = None
    """`console` or `page`."""
    refunded: int = 0
    """In minor units of `amount`; `refunded_cny` is what the buyer got of it (fen)."""
    refunded_cny: int = 0

    @property
    def subject(self) -> str:
        return self.payee_id

    @property
    def is_final(self) -> bool:
        return self.state not in UNDECIDED
