"""What a good request says and the live API would pass over or refuse: said in `Simulator-Notice`, refused under `--strict`.

What no model of a request knows is noticed by the engine; here stands what depends on the payment method, the mock's keys and
the amount.
"""

from __future__ import annotations

from collections.abc import Iterator

from simulator.engine.provider import Call
from simulator.engine.uow import UnitOfWork
from simulator.kernel.refusals import Invalid, Violation
from simulator.providers.ppro import failures, rules, wire

WITHOUT_EFFECT = "has no effect for ALIPAY"

FLAGS = ("requiresAuthentication", "providerConfirmation", "requiresCapture")
"""The mock's keys whose values are `true` and `false`."""

KEYS = (*FLAGS, "authenticationType", "providerConfirmationDelay")


def differs(call: Call, path: str, why: str) -> None:
    """Raises `Invalid` where the server is strict."""
    call.differs_live(f"{path} {why}")
    if call.strict:
        raise Invalid([Violation(path, "live", message=why)])


def check_charge(call: Call, uow: UnitOfWork, request: wire.ChargeRequest) -> None:
    """Looks over a new charge."""
    for path, why in (*_shared(request), *(_alipay(request) if request.paymentMethod == "ALIPAY" else _mock(request))):
        differs(call, path, why)
    if request.paymentMethod == "ALIPAY":
        if request.consumer.country not in rules.ALIPAY_COUNTRIES:
            call.differs_live(
                "consumer.country other than CN: whether the live API declines it is not documented; setting "
                "consumer_countries says what happens here"
            )
        _test_amount(call, uow, request)


def check_instrument(call: Call, request: wire.InstrumentInput) -> None:
    if request.type == rules.ALIPAY_INSTRUMENT and request.details:
        differs(call, "details", f"are not kept of an instrument of type {request.type}")


def check_search(call: Call) -> None:
    differs(call, "agreementId", "finds nothing: the simulator leaves payment agreements out")


def _shared(request: wire.ChargeRequest) -> Iterator[tuple[str, str]]:
    if request.instrumentId is not None and request.instrument is not None:
        yield "instrument", "is not charged where instrumentId names another"
    if (
        request.instrument is not None
        and request.instrument.type == rules.ALIPAY_INSTRUMENT
        and request.instrument.details
    ):
        yield "instrument.details", f"are not kept of an instrument of type {request.instrument.type}"
    for name in ("initialSchemeAuthorizationReference", "initialTransactionLinkReference"):
        if getattr(request, name) is not None:
            yield name, "has no effect: it is for cards"
    types: set[str] = set()
    for index, entry in enumerate(request.authenticationSettings or ()):
        path = f"authenticationSettings.{index}"
        if entry.type in types:
            yield path, f"is the second of type {entry.type}; what the first one says counts"
        types.add(entry.type)
        if entry.settings is not None and entry.settings.verificationCode is not None:
            yield f"{path}.settings.verificationCode", "is not used up front: it is sent to .../authorizations"


def _alipay(request: wire.ChargeRequest) -> Iterator[tuple[str, str]]:
    """Source: docs/providers/ppro.md, source 7: one payment in a browser, captured at once."""
    if request.autoCapture is False:
        yield "autoCapture", f"{WITHOUT_EFFECT}, which is always captured at once"
    if request.paymentMedium not in (None, "ECOMMERCE"):
        yield "paymentMedium", f"{request.paymentMedium} {WITHOUT_EFFECT}, which is paid in a browser"
    if request.initiator == "MERCHANT":
        yield "initiator", f"MERCHANT {WITHOUT_EFFECT}, which has no recurring payments"
    if request.scheduleType not in (None, "UNSCHEDULED"):
        yield "scheduleType", f"{request.scheduleType} {WITHOUT_EFFECT}, which has no recurring payments"
    if request.order is not None and request.order.installmentPlan is not None:
        yield "order.installmentPlan", WITHOUT_EFFECT
    keys = [key for key in rules.descriptor_keys(request.paymentDescriptor) if key in KEYS]
    if keys:
        yield "paymentDescriptor", f"{keys[0]} is read for MOCK only"


def _mock(request: wire.ChargeRequest) -> Iterator[tuple[str, str]]:
    """Keys of the mock that do nothing. Free text and unknown keys are a descriptor's good right. Section 8.3."""
    keys = rules.mock_keys(request)
    for name in FLAGS:
        if keys.get(name, "true") not in ("true", "false"):
            yield "paymentDescriptor", f"{name} is true or false, anything else counts as false"
    types = keys.get("authenticationType")
    if types is not None and keys.get("requiresAuthentication") != "true":
        yield "paymentDescriptor", "authenticationType has no effect without requiresAuthentication=true"
    unknown = [type_ for type_ in (types or "REDIRECT").split(",") if type_ not in rules.AUTHENTICATION_TYPES]
    if unknown:
        known = ", ".join(rules.AUTHENTICATION_TYPES)
        yield "paymentDescriptor", f"authenticationType: the mock plays {known} only"
    delay = keys.get("providerConfirmationDelay")
    if delay is not None and keys.get("providerConfirmation") != "true":
        yield "paymentDescriptor", "providerConfirmationDelay has no effect without providerConfirmation=true"
    if delay is not None and not rules.is_delay(delay):
        yield (
            "paymentDescriptor",
            "providerConfirmationDelay is a number of seconds like 5s, anything else counts as 10s",
        )


def _test_amount(call: Call, uow: UnitOfWork, request: wire.ChargeRequest) -> None:
    """Says that an ordinary price is one of the mock's, if it is one and no scenario speaks first. Never refused: live takes it."""
    amount = request.amount
    facts = {"amount": amount.value, "currency": amount.currency, "reference": request.merchantPaymentChargeReference}
    effect = next(uow.rules("wallet", "ppro", operation="authorize", **facts), None)
    if effect is None or effect.armed or not effect.label.startswith("amount:"):
        return
    code = effect.params.code or failures.of_reason(effect.params.decline)
    call.differs_live(
        f"amount.value {amount.value} is one of the mock's amounts, so this charge will fail with {code}; that they hold for "
        "ALIPAY is inferred (ppro.alipay-decline-amounts), and setting test_amounts=false switches them off"
    )
