"""The contract as a table. A call is one row here and one function in the module of its noun.

A row is matched in the order of the table, so a path that ends in a verb stands before the path that it could be part of.
"""

from __future__ import annotations

from typing import Any

from simulator.engine.document import Document
from simulator.surface.alone import PATH as HEALTH
from simulator.surface.answers import (
    Advanced,
    Armed,
    AuditBegun,
    AuditSummary,
    AuditView,
    Balances,
    Buyer,
    Clock,
    ComparisonView,
    Delivery,
    Diagram,
    Exported,
    Health,
    ImportedView,
    LedgerEntry,
    Moves,
    Page,
    Payment,
    PayoutView,
    Providers,
    Received,
    ReportView,
    RequestView,
    Resent,
    ScenarioView,
    Settled,
    Snapshot,
    Timer,
    Why,
    WorkspaceView,
)
from simulator.surface.control import (
    audits,
    buyers,
    clock,
    compare,
    diagram,
    documents,
    endpoints,
    events,
    health,
    inbox,
    money,
    moves,
    payments,
    providers,
    purchases,
    requests,
    samples,
    scenarios,
    settings,
    snapshots,
    transfer,
    waiting,
    webhooks,
    why,
    workspaces,
)
from simulator.surface.control.audits import AuditBody
from simulator.surface.control.buyers import BuyerBody, CopyBody
from simulator.surface.control.clock import AdvanceBody, FreezeBody, RateBody
from simulator.surface.control.compare import CompareBody
from simulator.surface.control.events import EventsQuery
from simulator.surface.control.moves import MarkBody
from simulator.surface.control.operation import Operation
from simulator.surface.control.paging import ListQuery
from simulator.surface.control.payments import DeclineBody, PayBody, PaymentsQuery, ReasonBody
from simulator.surface.control.purchases import PurchaseBody, RefundBody
from simulator.surface.control.requests import RequestsQuery
from simulator.surface.control.samples import TestEventBody
from simulator.surface.control.scenarios import ScenarioBody
from simulator.surface.control.settings import SettingsBody
from simulator.surface.control.webhooks import ResendBody, ResendFailedBody, WebhooksQuery
from simulator.surface.control.workspaces import WebhookBody, WorkspaceBody
from simulator.surface.limits import IMPORT

WS = "/_sim/workspaces/{ws}"
PAYMENT = WS + "/payments/{provider}/{id:path}"

# fmt: off
TABLE: tuple[Operation[Any, Any], ...] = (
    Operation("GET", HEALTH, health.health, returns=Health, summary="Whether the simulator can serve"),
    Operation("GET", "/_sim/providers", providers.list_providers, returns=Providers, summary="The providers, their events and every setting"),

    Operation("POST", "/_sim/workspaces", workspaces.create_workspace, body=WorkspaceBody, status=201, returns=WorkspaceView, summary="Make a workspace"),
    Operation("POST", IMPORT, transfer.import_workspace, body=Document, query=transfer.ImportQuery, status=201, is_large=True, returns=ImportedView, summary="A new workspace from an exported one"),
    Operation("GET", "/_sim/workspaces", workspaces.list_workspaces, query=ListQuery, returns=Page[WorkspaceView], summary="All workspaces"),
    Operation("GET", WS, workspaces.get_workspace, returns=WorkspaceView, summary="One workspace"),
    Operation("DELETE", WS, workspaces.delete_workspace, status=204, summary="Delete a workspace"),
    Operation("POST", WS + "/reset", workspaces.reset, returns=WorkspaceView, summary="Drop what happened; keep credentials and endpoints"),
    Operation("GET", WS + "/export", transfer.export_workspace, returns=Exported, summary="Everything that the workspace has, as one document"),
    Operation("POST", WS + "/snapshots", snapshots.take_snapshot, body=snapshots.SnapshotBody, status=201, returns=Snapshot, summary="Keep a copy of everything under a name"),
    Operation("GET", WS + "/snapshots", snapshots.list_snapshots, query=ListQuery, returns=Page[Snapshot], summary="The copies, oldest first"),
    Operation("POST", WS + "/snapshots/{name}/restore", snapshots.restore_snapshot, returns=WorkspaceView, summary="Go back to one"),
    Operation("DELETE", WS + "/snapshots/{name}", snapshots.delete_snapshot, status=204, summary="Forget one"),

    Operation("PUT", WS + "/webhooks/{provider}", endpoints.put_webhook, body=WebhookBody, returns=WorkspaceView, summary="Set a provider's account-level endpoint"),
    Operation("DELETE", WS + "/webhooks/{provider}", endpoints.delete_webhook, status=204, summary="Remove it"),
    Operation("PUT", WS + "/webhooks/{provider}/paused", endpoints.put_paused, body=endpoints.PausedBody, returns=WorkspaceView, summary="Hold a provider's deliveries back, or let them go"),
    Operation("POST", WS + "/webhooks/{provider}/test-event", samples.send_test_event, body=TestEventBody, returns=Delivery, summary="Send the provider's own sample of an event"),
    Operation("PUT", WS + "/settings/{provider}", settings.put_settings, body=SettingsBody, returns=WorkspaceView, summary="Set the options of a provider, or of the simulator", subject="settings.{provider}"),

    Operation("GET", WS + "/payments", payments.list_payments, query=PaymentsQuery, returns=Page[Payment], summary="Payments, newest first"),
    Operation("POST", WS + "/payments", purchases.make_payment, body=PurchaseBody, status=201, returns=Payment, summary="A test payment, by the provider's real API call"),
    Operation("GET", PAYMENT + "/moves", moves.get_moves, returns=Moves, summary="What may happen now"),
    Operation("GET", PAYMENT + "/diagram", diagram.get_diagram, returns=Diagram, summary="Its story as rows between four lanes, and as Mermaid"),
    Operation("POST", PAYMENT + "/mark", moves.mark, body=MarkBody, returns=Payment, summary="Let one of the legal moves happen"),
    Operation("POST", PAYMENT + "/refund", purchases.refund, body=RefundBody, returns=Payment, summary="Refund, by the provider's real API call"),
    Operation("GET", WS + "/payments/latest", payments.latest_payment, query=payments.LatestQuery, returns=Payment, summary="The newest payment, with its timeline"),
    Operation("POST", PAYMENT + "/pay", payments.pay, body=PayBody, returns=Payment, summary="The buyer pays"),
    Operation("POST", PAYMENT + "/decline", payments.decline, body=DeclineBody, returns=Payment, summary="The wallet declines"),
    Operation("POST", PAYMENT + "/cancel", payments.cancel, body=ReasonBody, returns=Payment, summary="The buyer cancels"),
    Operation("POST", PAYMENT + "/expire", payments.expire, body=ReasonBody, returns=Payment, summary="The order expires"),
    Operation("GET", PAYMENT, payments.get_payment, returns=Payment, summary="One payment with its timeline"),

    Operation("GET", WS + "/why/{id:path}", why.get_why, returns=Why, summary="What happened to it, because of what, and what would help"),
    Operation("GET", WS + "/wait", waiting.wait, query=waiting.WaitQuery, returns=Payment | Delivery, summary="Answers as soon as a payment is there, or a webhook has arrived"),
    Operation("GET", WS + "/events", events.events, query=EventsQuery, summary="Each committed change as a server-sent event"),

    Operation("GET", WS + "/clock", clock.get_clock, returns=Clock, summary="The workspace's time"),
    Operation("POST", WS + "/clock/advance", clock.advance, body=AdvanceBody, returns=Advanced, summary="Walk from deadline to deadline"),
    Operation("POST", WS + "/clock/stop", clock.stop_advance, returns=Clock, summary="Let an advance end where it is"),
    Operation("POST", WS + "/clock/freeze", clock.freeze, body=FreezeBody, returns=Clock, summary="Stop the clock"),
    Operation("POST", WS + "/clock/resume", clock.resume, body=clock.ResumeBody, returns=Clock, summary="Let it run again from where it stands, or at the time of day"),
    Operation("POST", WS + "/clock/rate", clock.rate, body=RateBody, returns=Clock, summary="Let it run, and how fast"),
    Operation("GET", WS + "/timers", clock.timers, query=ListQuery, returns=Page[Timer], summary="Pending timers and webhook retries, soonest first"),
    Operation("POST", WS + "/settle", clock.settle, returns=Settled, summary="Deliver everything that is due now"),

    Operation("GET", WS + "/webhooks", webhooks.list_webhooks, query=WebhooksQuery, returns=Page[Delivery], summary="Deliveries, oldest first"),
    Operation("GET", WS + "/webhooks/latest", webhooks.latest_webhook, query=webhooks.LatestQuery, returns=Delivery, summary="The newest delivery"),
    Operation("POST", WS + "/webhooks/resend-failed", webhooks.resend_failed, body=ResendFailedBody, returns=Resent, summary="One more attempt at every delivery that was refused"),
    Operation("GET", WS + "/webhooks/{id}", webhooks.get_webhook, returns=Delivery, summary="One delivery"),
    Operation("POST", WS + "/webhooks/{id}/resend", webhooks.resend, body=ResendBody, returns=Delivery, summary="One more attempt now: signed anew, as recorded, or edited"),
    Operation("POST", WS + "/webhooks/{id}/compare", compare.compare_delivery, body=compare.CompareDeliveryBody, returns=ComparisonView, summary="The merchant's base string, signature or body beside the right one"),
    Operation("POST", WS + "/webhooks/{id}/mark-delivered", webhooks.mark_delivered, returns=Delivery, summary="Say that the receiver has it"),
    Operation("POST", WS + "/webhooks/{id}/stop", webhooks.stop, returns=Delivery, summary="Try it no more"),
    Operation("POST", WS + "/requests/{id}/send-again", requests.send_again, returns=RequestView, summary="The same call once more, signed anew"),
    Operation("POST", WS + "/requests/{id}/compare", requests.compare_request, body=CompareBody, returns=ComparisonView, summary="A merchant's own base string or signature beside what had to be signed"),
    Operation("GET", WS + "/requests/{id}", requests.get_request, returns=RequestView, summary="One API call"),
    Operation("GET", WS + "/requests", requests.list_requests, query=RequestsQuery, returns=Page[RequestView], summary="API calls, newest first"),

    Operation("PUT", WS + "/scenario", scenarios.put_scenario, body=ScenarioBody, returns=Page[Armed], summary="Arm a scenario"),
    Operation("GET", WS + "/scenario", scenarios.get_scenario, returns=Page[Armed], summary="What is armed"),
    Operation("DELETE", WS + "/scenario", scenarios.delete_scenario, status=204, summary="Disarm all"),
    Operation("GET", "/_sim/scenarios", scenarios.list_scenarios, query=ListQuery, returns=Page[ScenarioView], summary="The scenarios on disk"),

    Operation("GET", WS + "/buyers", buyers.list_buyers, query=ListQuery, returns=Page[Buyer], summary="The test buyers"),
    Operation("POST", WS + "/buyers/{slug}/copy", buyers.copy_buyer, body=CopyBody, status=201, returns=Buyer, summary="Make another one like this"),
    Operation("POST", WS + "/buyers/{slug}/reset", buyers.reset_buyer, returns=Buyer, summary="Make the buyer as in the beginning"),
    Operation("POST", WS + "/buyers/{slug}/default", buyers.make_default, returns=Buyer, summary="Let this one pay where nobody is named"),
    Operation("PUT", WS + "/buyers/{slug}", buyers.put_buyer, body=BuyerBody, returns=Buyer, summary="Change a test buyer, or make one"),

    Operation("GET", WS + "/ledger", money.list_ledger, query=money.LedgerQuery, returns=Page[LedgerEntry], summary="The postings of the ledger, oldest first"),
    Operation("GET", WS + "/balances", money.get_balances, query=money.ProviderQuery, returns=Balances, summary="What the providers owe, and when their next day ends"),
    Operation("GET", WS + "/payouts", money.list_payouts, query=money.PayoutsQuery, returns=Page[PayoutView], summary="The payouts, newest first"),
    Operation("POST", WS + "/payouts", money.pay_out, body=money.PayoutBody, returns=Page[PayoutView], summary="End a provider's day now and pay out what is due"),
    Operation("GET", WS + "/reports", money.list_reports, query=money.ReportsQuery, returns=Page[ReportView], summary="The report files, newest day first"),
    Operation("GET", WS + "/reports/{provider}/{date}/{name}", money.get_report, summary="One report file, byte for byte"),
    Operation("GET", WS + "/reports/{provider}/{date}", money.get_main_report, summary="The provider's main report of a day"),

    Operation("POST", WS + "/audit", audits.begin_audit, body=AuditBody, status=202, returns=AuditBegun, summary="Audit a merchant's own code"),
    Operation("GET", WS + "/audits", audits.list_audits, query=ListQuery, returns=Page[AuditSummary], summary="The audits since the server started, oldest first"),
    Operation("GET", WS + "/audit/{id}", audits.get_audit, returns=AuditView, summary="What came of one, so far"),

    Operation("GET", WS + "/inbox/{name}", inbox.read_inbox, query=ListQuery, returns=Page[Received], summary="What the built-in receiver got, oldest first"),

    Operation("GET", "/_sim/openapi/{name}.json", documents.describing(lambda: TABLE), returns=dict[str, Any], summary="The OpenAPI document of a provider, or of this API"),
)
# fmt: on
