"""What the merchant does, done here in their place by the provider's real API call: a test payment, a refund."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated, Any

from pydantic import Field

from simulator.engine.conditions import Whole
from simulator.engine.provider import Provider
from simulator.engine.shop import Answer, Shop
from simulator.kernel.money import Money
from simulator.surface.control import finding
from simulator.surface.control.errors import ControlError, invalid
from simulator.surface.control.operation import Body, ControlCall
from simulator.surface.control.payments import found, payment_views, shown
from simulator.surface.control.requests import newest_of
from simulator.surface.control.why import broken_rules

REFERENCE_LIMIT = 512


class AmountBody(Body):
    """What is missing is as in the provider's sample."""

    value: Whole | None = None
    currency: str | None = None


class PurchaseBody(Body):
    provider: str
    amount: AmountBody | None = None
    variant: str | None = Field(None, max_length=100)
    reference: Annotated[str, Field(max_length=REFERENCE_LIMIT)] | None = None
    """How long it may really be is for the provider to say: a longer one is refused in its own words."""


class RefundBody(Body):
    amount: Whole | None = None
    """In minor units; all that is left without it."""


def shop_of(provider: Provider) -> Shop:
    """Raises 422 where the provider has none."""
    if provider.shop is None:
        raise invalid(f"provider: {provider.name} says nothing of how a payment is made", "provider")
    return provider.shop


async def make_payment(call: ControlCall[PurchaseBody]) -> dict[str, Any]:
    """A test payment, as the merchant would make it. Raises 422 for what the provider refuses, with its answer."""
    body, runtime = call.body, call.runtime
    name = call.known_provider(body.provider)
    provider = call.provider_named(name or "")
    shop = shop_of(provider)
    if body.variant is not None and body.variant not in shop.variants:
        raise invalid(f"variant: {body.variant!r} is not one of them", "variant", list(shop.variants))
    purchase = replace(
        shop.sample,
        amount=_amount(body.amount, shop.sample.amount),
        variant=body.variant or next(iter(shop.variants)),
        reference=body.reference or _reference(call),
    )
    since = runtime.store.last_seq()
    answer = await call.ask(provider, shop.create(call.account(provider), purchase))
    if shop.is_error(answer) or answer.status >= 400:
        raise _refused(call, provider, "the payment", answer, since)
    id_ = shop.id_of(purchase, answer)
    rows = runtime.store.payments(
        call.workspace.id,
        provider=provider.name,
        phase=None,
        reference=purchase.reference,
        q=None,
        before=None,
        limit=1,
    )  # the newest with this reference: some APIs tell a payment's id by webhook only
    if not rows or id_ not in (None, rows[0][3]):
        raise ControlError(409, "no_payment", f"{provider.title} took the request, but has made no payment of it (yet)")
    return payment_views(runtime, call.workspace, rows, call.base_url)[0]


def _amount(given: AmountBody | None, usual: Money) -> Money:
    if given is None:
        return usual
    value, currency = given.value, given.currency
    return Money(usual.value if value is None else value, usual.currency if currency is None else currency)


def _reference(call: ControlCall[Any, Any]) -> str:
    """A new one, from the workspace's seed where it has one."""
    with call.runtime.unit(call.workspace, provider="", topic="control") as uow:
        return f"test-{uow.ids.text(8)}"


async def refund(call: ControlCall[RefundBody]) -> dict[str, Any]:
    """The provider's own refund call; of a session or a page it is its payment that is refunded. Raises 422 for more than is left,
    with `allowed`, and for what the provider refuses."""
    uow = call.runtime.open(call.workspace)
    provider, resource = found(call, call.workspace, uow)
    resource = finding.latest_payment(uow, provider, resource) or resource
    shop, summary = shop_of(provider), finding.summary_of(uow, provider, resource)
    left = summary.amount.value - summary.refunded.value
    wanted = left if call.body.amount is None else call.body.amount
    if wanted < 1:
        raise invalid("amount: must be at least 1", "amount")
    if wanted > left:
        raise invalid(f"amount: at most {left} of {summary.amount.currency} can be refunded", "amount", [left])
    request = shop.refund(call.account(provider), resource.id, Money(wanted, summary.amount.currency))
    since = call.runtime.store.last_seq()
    answer = await call.ask(provider, request)
    if answer.status >= 400:
        raise _refused(call, provider, "the refund", answer, since)
    return shown(call)


def _refused(call: ControlCall[Any, Any], provider: Provider, what: str, answer: Answer, since: int) -> ControlError:
    """With the provider's answer, and with the rule that the call broke as the journal has it: an answer may be a bare status.
    `since` is the last line of the journal before the call."""
    said = {"status": answer.status, "body": answer.text}
    view = newest_of(call.runtime, call.workspace, since)
    rules = [] if view is None else broken_rules(view)
    words = [part for part in (*rules, answer.text[:300]) if part]
    message = f"{provider.title} refused {what} with {answer.status}{': ' if words else ''}{' '.join(words)}"
    more = {} if view is None else {"request": view["id"]}
    return ControlError(422, "refused", message, answer=said, **more)
