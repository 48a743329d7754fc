"""The official clients for Python and Node list reports, fetch their files and read financial actions, unmodified."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

pytest.importorskip("checkout_sdk", reason="checkout-sdk is not installed")

from checkout_sdk.exception import CheckoutApiException
from checkout_sdk.financial.financial import FinancialActionsQuery
from checkout_sdk.oauth_scopes import OAuthScopes
from checkout_sdk.reports.reports import ReportsQuery

from sdk import readme
from sdk.conftest import World
from sdk.languages import Node
from sdk.test_checkoutcom_sdk import paid, with_keys, with_oauth

pytestmark = [
    pytest.mark.filterwarnings("ignore:use_legacy_domain:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:Risk endpoints:DeprecationWarning"),
]


def payment_query(id_: str) -> FinancialActionsQuery:
    query = FinancialActionsQuery()
    query.payment_id, query.limit = id_, 10
    return query


def settled(world: World) -> Any:
    """A payment that is paid out and told of."""
    created = paid(world, with_keys(world))
    world.advance("P6D")
    return created


def test_python_reads_reports_their_files_and_financial_actions(world: World) -> None:
    created = settled(world)
    api = with_oauth(world, OAuthScopes.REPORTS_VIEW, OAuthScopes.FINANCIAL_ACTIONS_VIEW)
    query = ReportsQuery()
    query.created_after, query.limit = datetime(2020, 1, 1, tzinfo=UTC), 100

    found = api.reports.get_all_reports(query)
    report = next(one for one in found.data if one.type == "FinancialActionsByPayoutId")
    details = api.reports.get_report_details(report.id)
    text = api.reports.get_report_file(report.id, report.files[0].id).contents
    actions = api.financial.query(payment_query(created.id))

    assert found.count == len(found.data) and details.files[0].filename == report.files[0].filename
    for name in ("id", "created_on", "type", "description", "account", "to"):
        assert getattr(details, name)
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert {row["Payment ID"] for row in rows} == {created.id}
    assert sum(Decimal(row["Holding Currency Amount"]) for row in rows) == Decimal("10.668")
    [action] = actions.data
    assert [one.holding_currency_amount for one in action.breakdown] == [11.0, -0.132, -0.2]
    assert action.action_id == rows[0]["Action ID"]


def test_python_meets_the_errors(world: World) -> None:
    api = with_keys(world)
    wrong = ReportsQuery()
    wrong.limit = 0
    calls = (
        lambda: api.reports.get_report_details("rpt_aaaaaaaaaaaaaaaaaaaaaaaaaa"),
        lambda: api.reports.get_all_reports(wrong),
        lambda: api.financial.query(FinancialActionsQuery()),
        lambda: with_oauth(world, OAuthScopes.GATEWAY).reports.get_all_reports(ReportsQuery()),
    )

    met = []
    for call in calls:
        with pytest.raises(CheckoutApiException) as caught:
            call()
        met.append((caught.value.http_metadata.status_code, caught.value.error_details))

    assert met == [
        (404, ["report_not_found"]),
        (422, ["limit_invalid"]),
        (422, ["payment_id_required"]),
        (403, None),
    ]


def test_node_reads_reports_their_files_and_financial_actions(world: World, node: Node) -> None:
    created = settled(world)
    lines = readme.lines("Checkout.com", "Node checkout-sdk-node", world.url)
    program = """
        const listed = await client.reports.getAllReports({created_after: "2020-01-01T00:00:00+00:00", limit: 100});
        const report = listed.data.find((one) => one.type === "FinancialActionsByPayoutId");
        const details = await client.reports.getReportDetails(report.id);
        const file = await client.reports.getReportFile(report.id, report.files[0].id);
        const actions = await client.financial.query({payment_id: payment, limit: 10});
        return [listed.count, details.files, Buffer.from(file).toString("utf8"), actions];
    """

    count, files, text, actions = node.run(
        f'const {{ Checkout }} = await import("checkout-sdk-node"); {lines} {program}',
        key=world.credentials("checkoutcom")["secret_key"],
        payment=created.id,
    )

    assert count >= 3 and files[0]["format"] == "CSV"
    assert text.startswith("Client Entity ID,") and text.count(created.id) == 3
    assert [one["breakdown_type"] for one in actions["data"][0]["breakdown"]] == [
        "Capture",
        "Premium Variable Fee",
        "Premium Fixed Fee",
    ]
