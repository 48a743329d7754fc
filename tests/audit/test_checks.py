"""Each check passes on a shop that does everything right, and fails on the shop with the fault that it exists for."""

from __future__ import annotations

import re
from collections.abc import Collection

import pytest

from audit.careful import opened
from simulator.engine import weather
from simulator.engine.provider import Provider
from simulator.providers import built_in
from simulator.surface.assertions import TestedWorkspace
from simulator.surface.audit import page
from simulator.surface.audit.check import Finding
from simulator.surface.audit.runner import Report, begun, chosen, run
from simulator.surface.audit.subject import Subject

EVERYBODY = {provider.name: provider for provider in built_in() if provider.shop is not None and provider.shop.read}


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that never comes ends at once: in process nobody gives up."""
    monkeypatch.setattr(weather, "HANG_S", 0.0)


def audited(provider: Provider, faults: str = "", only: Collection[str] = ()) -> Report:
    with opened(provider, faults) as (world, shop):
        return run(world, provider, shop, chosen(only), begun(world.name, provider, shop))


@pytest.mark.parametrize("name", EVERYBODY)
def test_a_shop_that_does_everything_right_passes(name: str) -> None:
    report = audited(EVERYBODY[name])

    assert report.passed, str(report)
    assert report.count("passed") > 30


FORGED = {"none", "wrong", "changed", "secret", "time", "old"}
WRITTEN = {"member-order", "unknown-members", "unicode", "slashes", "large-numbers"}
FAULTS = {
    "takes-unsigned takes-any-signature": {*(f"signature-{one}" for one in FORGED), "other-account"},
    "any-age": {"signature-old"},
    "crashes": {"unknown-payment"},
    "deaf": {"signature-right", *(f"signature-{one}" for one in WRITTEN), "twice", "twice-at-once", "reversed", "late-intermediate",
             "could-not", "verification", "webhook-late"},
    "counts-again": {"twice"},
    "ships-anything": {"declined", "expired"},
    "forgets-cancel": {"paid-after-cancel"},
}  # fmt: skip
"""By a shop's fault, the checks that must fail."""


@pytest.mark.parametrize("name", EVERYBODY)
@pytest.mark.parametrize("fault", FAULTS)
def test_a_fault_is_found_by_the_checks_that_exist_for_it(name: str, fault: str) -> None:
    """A check that the provider's API does not allow is skipped."""
    report = audited(EVERYBODY[name], fault, tuple(FAULTS[fault]))

    assert {finding.check.name for finding in report.findings} == FAULTS[fault]
    assert [finding.check.name for finding in report.findings if finding.result == "passed"] == []


@pytest.mark.parametrize("fault", ["any-age", "crashes"])
def test_a_fault_fails_no_other_check(fault: str) -> None:
    report = audited(next(iter(EVERYBODY.values())), fault)

    assert {finding.check.name for finding in report.findings if finding.result == "failed"} <= FAULTS[fault]


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
    assert not re.search(r"<script|<link|src=|href=|url\(", html.replace('fill="url(#hatch)"', ""))


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
