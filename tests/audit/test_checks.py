"""Each check passes on a shop that does everything right, and fails on the shop with the fault that it exists for."""

from __future__ import annotations

import re
from collections.abc import Collection, Set
from dataclasses import dataclass, replace

import pytest
from buying import ANY
from toy.terse import TERSE

from audit.careful import opened
from simulator.engine import weather
from simulator.engine.provider import Provider
from simulator.providers import built_in
from simulator.surface import app
from simulator.surface.assertions import TestedWorkspace
from simulator.surface.audit import page
from simulator.surface.audit.check import GROUPS, Finding
from simulator.surface.audit.checks import CHECKS
from simulator.surface.audit.endings import ShopNotReached
from simulator.surface.audit.runner import Report, begun, chosen, run
from simulator.surface.audit.subject import Subject, by_command

EVERYBODY = {provider.name: provider for provider in built_in() if provider.shop is not None and provider.shop.read}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that never comes ends at once: in process nobody gives up."""
    monkeypatch.setattr(weather, "HANG_S", 0.0)


def audited(provider: Provider, faults: str = "", only: Collection[str] = ()) -> Report:
    with opened(provider, faults) as (world, shop):
        return run(world, provider, shop, chosen(only), begun(world.name, provider, shop))


@pytest.mark.uncounted  # audits of shops that do something wrong run all that these run
@pytest.mark.parametrize(
    ("name", "way"), [*((name, "") for name in EVERYBODY), *((name, "works-later") for name in list(EVERYBODY)[::3])]
)
def test_a_shop_that_does_everything_right_passes(name: str, way: str) -> None:
    """Whether it works before it answers, or stores the event, answers, and works afterwards."""
    report = audited(EVERYBODY[name], way)

    assert report.passed, str(report)
    assert report.count("passed") > 45


FORGED = {f"signature-{one}" for one in ("none", "wrong", "changed", "secret", "time", "old")}
WRITTEN = {f"signature-{one}" for one in ("member-order", "unknown-members", "unicode", "slashes", "large-numbers")}
READ = {f"read-{one}" for one in ("500", "503", "429", "hangs")}
HEARD = {
    *(
        "signature-right",
        "reversed",
        "late-intermediate",
        "declined",
        "before-answer",
        "webhook-late",
    ),
    *("webhook-never", "returned-early", "returned-never", "refund-outside", "refund-parts", *WRITTEN, *READ),
}
"""Those by which an order has to be paid."""
REFUSED = {
    *(
        "signature-right",
        "signature-header-case",
        "twice",
        "twice-at-once",
        "reversed",
        "late-intermediate",
        "could-not",
    ),
    *("verification", "webhook-late", "returned-early", *WRITTEN, *READ),
}
"""Those that a shop fails which takes no webhook."""


def test_webhooks_that_are_forms_are_written_otherwise_too(monkeypatch: pytest.MonkeyPatch) -> None:
    """They have fields, and nothing in them can be escaped as in JSON."""
    monkeypatch.setattr(app, "installed", lambda: (TERSE,))

    results = {finding.check.name: finding.result for finding in audited(TERSE, only=FORGED | WRITTEN).findings}

    skipped = {name for name, result in results.items() if result == "skipped"}
    assert skipped == {"signature-time", "signature-old", "signature-slashes"}
    assert set(results.values()) == {"passed", "skipped"}


@dataclass(frozen=True)
class Wrong:
    """What a shop with a fault fails: `must` wherever the provider's API allows the check, `may` as a consequence at some."""

    must: Set[str]
    may: Set[str] = frozenset()


REFUNDS = {"refund-outside", "refund-parts"}
"""Who hears of them by webhook alone, where the webhook names neither payment nor order, does not hear of them."""

FAULTS = {
    "takes-unsigned": Wrong({"signature-none"}),
    "takes-any-signature": Wrong({*FORGED - {"signature-none"}, "other-account"}),
    "any-age": Wrong({"signature-old"}),
    "wants-order": Wrong({"signature-member-order"}),
    "wants-known-members": Wrong({"signature-unknown-members", "signature-unicode", "signature-large-numbers"}),
    "wants-ascii": Wrong({"signature-unicode"}),
    "wants-bare-slashes": Wrong({"signature-slashes"}),
    "wants-floats": Wrong({"signature-large-numbers"}),
    "wants-known-events": Wrong({"unknown-event"}),
    "crashes": Wrong({"unknown-payment"}),
    "deaf": Wrong(REFUSED),
    "silent": Wrong({"in-time"}),
    "counts-again": Wrong({"twice", "twice-at-once"}, {"two-payments", "late-intermediate"}),
    "looks-first": Wrong({"twice-at-once"}),
    "forgets-early": Wrong({"before-answer"}),
    "acks-first": Wrong({"stored"}),
    "swallows": Wrong({"could-not"}),
    "last-event-wins": Wrong({"reversed", "late-intermediate", "amount", "currency"}, {"reversal", "could-not"}),
    "ships-each-payment": Wrong({"two-payments"}, {"amount", "currency"}),
    "believes": Wrong({"amount", "currency"}),
    "ships-at-once": Wrong({"waits", "amount", "currency", "returned-unpaid", "returned-other"}),
    "ships-anything": Wrong({"declined", "expired"}, {"reversal"}),
    "forgets-cancel": Wrong({"paid-after-cancel"}),
    "ignores-refunds": Wrong(REFUNDS),
    "refunded-by-parts": Wrong({"refund-parts"}),
    "refunds-at-once": Wrong({"refund-fails", "refund-500", "refund-503", "refund-429"}),
    "ignores-reversals": Wrong({"reversal"}),
    "gives-up": Wrong({"webhook-late"}, {"reversal"}),
    "never-asks": Wrong({"webhook-never"}, REFUNDS),
    "trusts-errors": Wrong({f"api-{one}" for one in ("500", "503", "429", "cut", "hangs")}),
    "pays-again": Wrong({"api-cut", "api-hangs"}),
    "gives-up-on-errors": Wrong(READ, {"webhook-late", "before-answer"}),
    "refunds-again": Wrong({"refund-cut", "refund-hangs"}),
    "never-asks forgets": Wrong({*HEARD, "stored"}, {"returned-cancel", "reversal"}),
    "no-verification": Wrong({"verification"}),
    "trusts-return": Wrong({"returned-unpaid", "returned-other", "returned-twice"}),
    "trusts-id-of-return": Wrong({"returned-other"}, {"returned-twice"}),
    "closes-on-return": Wrong({"returned-early", "returned-unpaid", "returned-other"}),
    "ships-on-return": Wrong({*HEARD, "could-not"}, {"returned-cancel", "reversal", "returned-twice"}),
    "ships-each-return": Wrong({"returned-twice"}),
    "cancels-on-link": Wrong({"returned-cancel"}),
    "crashes-on-return": Wrong(
        {"returned-unpaid", "returned-other", "returned-early", "returned-twice", "returned-cancel"}
    ),
}
"""By what a shop does wrong."""


def test_each_check_has_a_fault_for_which_it_exists() -> None:
    """Header names have lost their case before they come here: a server that keeps it is in `surface/test_audit_command`."""
    assert set().union(*(wrong.must for wrong in FAULTS.values())) == {check.name for check in CHECKS}


def exists_for(fault: str) -> set[str]:
    """The checks that exist for a fault: it is the one that fails fewest of all that fail them."""
    return {
        name
        for name in FAULTS[fault].must
        if fault == min((each for each in FAULTS if name in FAULTS[each].must), key=lambda each: len(FAULTS[each].must))
    }


COUNTED = {
    "swallows",
    "gives-up",
    "last-event-wins",
    "never-asks",
    "believes",
    "deaf",
    "ships-at-once",
    "forgets-early",
}
"""Faults whose lines no counted audit as a whole runs."""


@pytest.mark.parametrize(
    "fault",
    [
        fault if fault in COUNTED else pytest.param(fault, marks=pytest.mark.uncounted)
        for fault in FAULTS
        if exists_for(fault)
    ],
)
def test_a_fault_is_found_by_the_checks_that_exist_for_it_at_every_provider(fault: str) -> None:
    """A check that a provider's API does not allow is skipped there; at one of them at least it is made."""
    results: dict[str, set[str]] = {name: set() for name in exists_for(fault)}

    for provider in EVERYBODY.values():
        for finding in audited(provider, fault, results).findings:
            results[finding.check.name].add(finding.result)

    assert [name for name, found in results.items() if not {"failed"} <= found <= {"failed", "skipped"}] == []


TOGETHER = (
    ("takes-unsigned", "wants-ascii", "crashes", "forgets-cancel", "trusts-errors", "refunded-by-parts", "crashes-on-return"),
    ("takes-any-signature", "wants-bare-slashes", "ships-anything", "pays-again", "ignores-refunds", "trusts-return"),
    ("any-age", "wants-order", "gives-up-on-errors", "refunds-at-once", "trusts-id-of-return", "wants-known-events"),
    ("wants-floats", "looks-first", "refunds-again", "cancels-on-link"),
    ("ships-each-payment", "no-verification", "ships-each-return", "closes-on-return", "ignores-reversals"),
    ("wants-known-members", "counts-again"),
    ("forgets-early", "swallows", "gives-up"),
    *(("acks-first",), ("last-event-wins",), ("never-asks",), ("believes",), ("deaf",), ("silent",), ("ships-at-once",)),
    *(("ships-on-return",), ("never-asks forgets",)),
)  # fmt: skip
"""Faults that do not meet, of one shop: an audit as a whole takes two seconds."""


@pytest.mark.parametrize(
    "number",
    [
        number if number < len(EVERYBODY) else pytest.param(number, marks=pytest.mark.uncounted)
        for number in range(len(TOGETHER))
    ],
)
def test_no_other_check_fails_than_those_that_exist_for_a_fault(number: int) -> None:
    """At one provider, which differs from case to case."""
    faults = TOGETHER[number]
    provider = list(EVERYBODY.values())[number % len(EVERYBODY)]
    must = set().union(*(FAULTS[fault].must for fault in faults))
    may = set().union(*(FAULTS[fault].may for fault in faults))

    report = audited(provider, " ".join(faults))

    failed = {finding.check.name for finding in report.findings if finding.result == "failed"}
    skipped = {finding.check.name for finding in report.findings if finding.result == "skipped"}
    assert must - skipped <= failed <= must | may


def test_every_fault_is_tried_in_a_whole_audit() -> None:
    assert sorted(fault for faults in TOGETHER for fault in faults) == sorted(FAULTS)


def test_a_shop_that_does_not_answer_in_time_is_told_how_long_the_provider_waits() -> None:
    """What every other check would say as well is not said."""
    finding, *others = audited(ANY, "silent", ["in-time", "twice", "unknown-payment"]).findings

    assert (finding.check.name, finding.result) == ("in-time", "failed")
    assert f"waits {ANY.webhooks.retry.timeout_s:g} s" in finding.because
    assert {(other.result, other.because) for other in others} == {("skipped", "not judged, because of in-time")}


def test_the_workspace_is_afterwards_as_it_was() -> None:
    provider = next(iter(EVERYBODY.values()))
    with opened(provider) as (world, shop):
        world.resume()
        made = world.make_payment(provider.name, reference="order-before")
        before = world.refresh()

        run(world, provider, shop, chosen(["twice"]), begun(world.name, provider, shop))

        after = world.refresh()
        assert (after["webhooks"], after["clock"]["mode"]) == (before["webhooks"], "real")
        assert [payment["id"] for payment in world.payments()] == [made["id"]]
        assert world.snapshots() == []


def test_who_interrupts_it_finds_the_workspace_as_it_was() -> None:
    provider = next(iter(EVERYBODY.values()))
    with opened(provider) as (world, shop):

        def interrupt(finding: Finding) -> None:
            raise KeyboardInterrupt

        report = begun(world.name, provider, shop)
        with pytest.raises(KeyboardInterrupt):
            run(world, provider, shop, chosen(["twice", "reversed"]), report, interrupt)

        assert (world.payments(), world.snapshots()) == ([], [])
        assert not report.passed


def test_the_page_tells_what_failed_without_asking_anybody_for_anything() -> None:
    report = audited(next(iter(EVERYBODY.values())), "crashes", ("unknown-payment", "twice"))

    html = page.html(report)

    assert "1 of 2 checks failed" in html
    assert 'data-name="unknown-payment" data-result="failed" open' in html
    assert not re.search(r"<script|<link|src=|href=|url\(", html)
    assert " stopped<" not in html


def test_the_page_draws_what_happened_up_to_what_the_order_reads() -> None:
    """Requests, answers, moves and webhooks between the lanes; reads of the payment and what was held back are left out."""
    report = audited(ANY, "looks-first", ["twice-at-once"])

    html = page.html(report)

    events = re.findall(r'<g data-testid="event" class="(\w+) (\w*)">.*?</g>', html, re.S)
    assert events[0] == ("request", "")
    assert events[-1] == ("box", "sim")
    assert events.count(("webhook", "good")) >= 4
    assert "the audit reads the order: {&#34;state&#34;:&#34;shipped&#34;,&#34;parcels&#34;:2}" in html
    assert "GET …" not in html
    assert " stopped" not in html
    assert re.search(rf"psp-simulator audit .*{ANY.name} --webhook http://shop.test/hooks", html)


def test_a_forgery_that_was_taken_is_red() -> None:
    report = audited(ANY, "takes-unsigned", ["signature-none"])

    drawn = page.drawn(report.findings[0], report.title)

    assert drawn is not None
    assert {line.mark for line in drawn.lines if "forged" in line.fact} == {"bad"}
    assert "to a webhook without a signature" in report.findings[0].because


def test_what_was_not_given_skips_the_checks_that_need_it() -> None:
    provider = next(iter(EVERYBODY.values()))
    with opened(provider) as (world, shop):
        subject = Subject(webhook=shop.webhook)

        report = run(world, provider, subject, chosen(["amount"]), begun(world.name, provider, subject))

    assert [(finding.result, finding.because) for finding in report.findings] == [
        ("skipped", "needs --order and --paid")
    ]


def test_a_test_of_the_shop_asks_for_the_audit_with_functions_and_is_told_what_failed() -> None:
    provider = next(iter(EVERYBODY.values()))
    with opened(provider, "crashes") as (made, shop):
        world = TestedWorkspace(made.client, made.id)

        assert shop.checkout is not None and shop.order is not None
        checkout, order = shop.checkout, shop.order
        report = world.audit(
            provider.name,
            webhook=shop.webhook,
            checkout=lambda: checkout({}),
            order=lambda reference: order({"reference": reference}),
            paid="shipped",
            only=["twice", "unknown-payment"],
        )

    assert not report.passed
    assert str(report).startswith("1 of 2 checks failed\n  unknown-payment: The shop crashed at an event")


def test_where_an_order_cannot_be_read_in_fair_weather_no_check_runs() -> None:
    """It is how the audit was told to read it that is wrong, and not the shop."""
    with opened(ANY) as (world, shop):
        nowhere = replace(shop, order=by_command("false"))
        report = begun(world.name, ANY, nowhere)

        with pytest.raises(ShopNotReached, match="The order cannot be read: false: ended with 1"):
            run(world, ANY, nowhere, chosen(["twice"]), report)

        assert (report.findings, world.payments(), world.snapshots()) == ([], [], [])


def test_an_audit_that_has_judged_nothing_has_not_passed() -> None:
    with opened(ANY) as (world, shop):
        subject = Subject(webhook=shop.webhook)

        report = run(world, ANY, subject, chosen(["amount", "waits"]), begun(world.name, ANY, subject))

    assert (report.passed, report.verdict) == (False, "Nothing was judged, 2 skipped")


def test_every_check_says_what_goes_wrong_in_production_and_what_to_do() -> None:
    """In sentences; its name is what is typed, and its group one that the report knows."""
    titles = [check.title for check in CHECKS]

    assert len(set(titles)) == len({check.name for check in CHECKS}) == len(CHECKS)
    for check in CHECKS:
        assert re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", check.name)
        assert check.group in GROUPS
        assert all(len(text) > 20 and text.endswith(".") for text in (check.reason, check.advice)), check.name
