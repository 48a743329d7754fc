"""How a browser looks at an order: which page, which buyer, how far they have got."""

from __future__ import annotations

from simulator.engine import pages
from simulator.engine.provider import Call
from simulator.engine.runtime import Runtime
from simulator.engine.uow import UnitOfWork
from simulator.kernel.values import dataclass
from simulator.wallet.buyers import Buyer
from simulator.wallet.order import Order
from simulator.wallet.pages.buyer import chosen_buyer, is_signed_in

HERE = "here"
"""`?here=1` marks the links by which a merchant's buyer comes in this browser; a scanned code has no mark."""


@dataclass(frozen=True)
class Look:
    """How this browser looks at the order: which page, which buyer, how far they have got. All of it comes from the
    address and the cookies; the order knows nothing of it."""

    mobile: bool
    step: str
    """`confirm` once signed in on the desktop, `sign-in` to leave a declined try behind."""
    buyer: Buyer
    stays: bool
    """No automatic return."""
    began_here: bool
    """This browser came from the merchant (it did not scan for another one), so it returns there."""
    already: bool
    """What was pressed came too late."""
    wrong: str
    """`password` or `payment_code`: what was wrong in the last try."""
    seal: str
    """Proves that `buyer` has signed in on this order."""

    @property
    def keeps(self) -> dict[str, str]:
        """What every link and form of the page carries on; `view` comes from the request."""
        return {HERE: "1"} if self.began_here else {}

    @property
    def progress(self) -> dict[str, str]:
        if self.step != "confirm":
            return {}
        return {"step": self.step, "buyer": self.buyer.id} | ({"seal": self.seal} if self.seal else {})


def look_of(call: Call, runtime: Runtime, uow: UnitOfWork, order: Order) -> Look:
    mobile = order.device == "app" or pages.is_phone(call)
    if call.query.get("view") == "desktop":
        mobile = False
    buyer, step, seal = chosen_buyer(call, uow), call.query.get("step", ""), call.query.get("seal", "")
    if step == "confirm" and not is_signed_in(runtime, order, buyer, seal):
        step = "sign-in"
    in_place = not call.target.startswith("/w/")
    return Look(
        mobile=mobile,
        step=step,
        buyer=buyer,
        stays=call.query.get("stay") == "1",
        began_here=order.device == "app" or in_place or call.query.get(HERE) == "1",
        already=call.query.get("already") == "1",
        wrong=call.query.get("wrong", ""),
        seal=seal if step == "confirm" else "",
    )
