"""What the bank behind a provider says: to a refund, a capture, a settlement. It approves at once unless a rule says otherwise."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from simulator.engine.scenarios import Effect
from simulator.kernel.values import value_type

if TYPE_CHECKING:
    from simulator.engine.rules import BankEffect


@value_type
class BankVerdict:
    """The bank's word on one operation (`UnitOfWork.ask_bank`)."""

    approves: bool = True
    """What it says in the end."""
    is_pending: bool = False
    """Whether it says so only later."""
    delay: timedelta | None = None
    """How much later; None where the rule names no time."""
    is_open_ended: bool = False
    """Pending, and the rule says neither when it ends nor how: providers without a usual time leave it so."""
    reason: str | None = None
    """Why it declines, in neutral words (`balance`, `limit`, …)."""
    code: str | None = None
    """The provider's own code for it."""
    message: str | None = None
    decided_by: str = ""
    """The rule that spoke (`scenario:<name>`, `amount:<value>`); empty where none did."""

    @property
    def declines_now(self) -> bool:
        return not self.approves and not self.is_pending

    def wait(self, usual: timedelta) -> timedelta:
        """How long after the operation the bank speaks: the rule's delay, or else the `usual` time."""
        return usual if self.delay is None else self.delay


def verdict(effect: Effect | None) -> BankVerdict:
    """A rule's effect as the bank's word.

    `decline` and `outcome: declined` decline at once, with a `delay` after it. `outcome: pending` ends as `then` says, well
    unless that is `declined`; a `delay` alone is pending, too.
    """
    if effect is None:
        return BankVerdict()
    said: BankEffect = effect.params
    declines = said.decline is not None or "declined" in (said.outcome, said.then)
    return BankVerdict(
        approves=not declines,
        is_pending=said.outcome == "pending" or said.delay is not None,
        delay=said.delay,
        is_open_ended=said.outcome == "pending" and said.then is None and said.delay is None and not declines,
        reason=said.decline or ("declined" if declines else None),
        code=said.code,
        message=said.message,
        decided_by=effect.label,
    )
