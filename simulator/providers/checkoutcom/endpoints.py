"""Checkout.com's table of routes. The operation decides which keys and scopes open it (`auth.ACCESS`).

Source: docs/providers/checkoutcom.md, source 3.
"""

from __future__ import annotations

from pydantic import BaseModel

from simulator.engine.provider import Call, Endpoint, Handler, Page, Reply
from simulator.engine.runtime import Runtime
from simulator.providers.checkoutcom import auth
from simulator.providers.checkoutcom.handlers import (
    actions,
    balances,
    customers,
    disputes,
    events,
    financial,
    hosted,
    instruments,
    payments,
    previous,
    reports,
    sessions,
    setups,
    tokens,
    workflows,
)
from simulator.providers.checkoutcom.wire.actions import ActionRequest, CaptureRequest, RefundRequest, ReversalRequest
from simulator.providers.checkoutcom.wire.balances import BalancesQuery
from simulator.providers.checkoutcom.wire.customers import CustomerRequest, CustomerUpdate
from simulator.providers.checkoutcom.wire.disputes import DisputesQuery, EvidenceRequest
from simulator.providers.checkoutcom.wire.events import ReflowRequest
from simulator.providers.checkoutcom.wire.hosted import HostedPaymentRequest, PaymentLinkRequest
from simulator.providers.checkoutcom.wire.instruments import InstrumentUpdate
from simulator.providers.checkoutcom.wire.payments import PaymentRequest, PaymentsQuery, SearchQuery, SearchRequest
from simulator.providers.checkoutcom.wire.previous import (
    EventsQuery,
    EventTypesQuery,
    WebhookReplacement,
    WebhookRequest,
    WebhookUpdate,
)
from simulator.providers.checkoutcom.wire.reports import FinancialActionsQuery, ReportsQuery
from simulator.providers.checkoutcom.wire.sessions import BrowserPayment, CompleteRequest, SessionRequest, SubmitRequest
from simulator.providers.checkoutcom.wire.setups import SetupRequest, SetupUpdate
from simulator.providers.checkoutcom.wire.workflows import (
    Condition,
    WorkflowAction,
    WorkflowRequest,
    WorkflowTest,
    WorkflowUpdate,
)


def _get(
    path: str, handler: Handler, operation: str, query: type[BaseModel] | None = None, writes: bool = False
) -> Endpoint:
    return Endpoint("GET", path, handler, operation, query=query, reads=not writes)


PAY = "/payments/{id}"
SESSION = "/payment-sessions/{id}"
SETUP = "/payments/setups/{id}"
WF = "/workflows/{workflow}"
EVT = "/workflows/events/{event}"
SUBJECT = "/workflows/events/subject/{subject}"

# fmt: off
ENDPOINTS = (
    Endpoint("POST",   "/payments",                      payments.request_payment,           "pay",          PaymentRequest, idempotent=True, checks_body=False),
    _get(              "/payments",                      payments.list_payments,             "getPayment",   PaymentsQuery),
    Endpoint("POST",   "/payments/search",               payments.search_payments,           "getPayment",   SearchRequest, query=SearchQuery),
    _get(              PAY,                              payments.get_payment,               "getPayment"),
    _get(              f"{PAY}/actions",                 actions.get_actions,                "getPayment"),
    Endpoint("POST",   f"{PAY}/refunds",                 actions.refund_payment,             "refund",       RefundRequest, idempotent=True),
    Endpoint("POST",   f"{PAY}/reversals",               actions.reverse_payment,            "reverse",      ReversalRequest, idempotent=True),
    Endpoint("POST",   f"{PAY}/captures",                actions.not_for_alipay,             "capture",      CaptureRequest, idempotent=True),
    Endpoint("POST",   f"{PAY}/voids",                   actions.not_for_alipay,             "void",         ActionRequest, idempotent=True),
    Endpoint("POST",   f"{PAY}/authorizations",          actions.not_for_alipay,             "authorize",    ActionRequest, idempotent=True),
    Endpoint("POST",   f"{PAY}/cancellations",           actions.not_for_alipay,             "cancel",       ActionRequest, idempotent=True),

    Endpoint("POST",   "/connect/token",                 tokens.issue_token,                 "token",        parameters=("grant_type", "client_id", "client_secret", "scope"), authenticate=auth.authenticate_client),
    Endpoint("POST",   "/customers",                     customers.create_customer,          "customers",    CustomerRequest),
    _get(              "/customers/{identifier}",        customers.get_customer,             "customers"),
    Endpoint("PATCH",  "/customers/{identifier}",        customers.update_customer,          "customers",    CustomerUpdate),
    Endpoint("DELETE", "/customers/{identifier}",        customers.delete_customer,          "customers"),
    _get(              "/instruments/{id}",              instruments.get_instrument,         "instruments"),
    Endpoint("PATCH",  "/instruments/{id}",              instruments.update_instrument,      "instruments",  InstrumentUpdate),
    Endpoint("DELETE", "/instruments/{id}",              instruments.delete_instrument,      "instruments"),
    _get(              "/balances/{id}",                 balances.get_balances,              "balances",     BalancesQuery),
    _get(              "/reports",                       reports.list_reports,               "reports",      ReportsQuery),
    _get(              "/reports/{id}",                  reports.get_report,                 "reports"),
    _get(              "/reports/{id}/files/{file}",     reports.get_file,                   "reports"),
    _get(              "/financial-actions",             financial.list_actions,             "financialActions", FinancialActionsQuery),
    Endpoint("POST",   "/hosted-payments",               hosted.create_hosted_payment,       "hosted",       HostedPaymentRequest),
    _get(              "/hosted-payments/{id}",          hosted.get_hosted_payment,          "hosted"),
    Endpoint("POST",   "/payment-links",                 hosted.create_payment_link,         "hosted",       PaymentLinkRequest),
    _get(              "/payment-links/{id}",            hosted.get_payment_link,            "hosted"),

    Endpoint("POST",   "/payment-sessions",              sessions.create_session,            "sessions",     SessionRequest),
    Endpoint("POST",   "/payment-sessions/complete",     sessions.complete_session,          "sessions",     CompleteRequest),
    _get(              SESSION,                          sessions.get_session,               "readSession"),
    Endpoint("POST",   f"{SESSION}/submit",              sessions.submit_session,            "sessions",     SubmitRequest),
    Endpoint("POST",   f"{SESSION}/pay",                 sessions.pay_session,               "paySession",   BrowserPayment),

    Endpoint("POST",   "/payments/setups",               setups.create_setup,                "setups",       SetupRequest, idempotent=True),
    Endpoint("PUT",    SETUP,                            setups.update_setup,                "setups",       SetupUpdate),
    _get(              SETUP,                            setups.get_setup,                   "setups"),
    Endpoint("POST",   f"{SETUP}/confirm/{{payment_method_name}}", setups.confirm_setup,     "setups",       idempotent=True),

    _get(              "/disputes",                      disputes.list_disputes,             "disputes",     DisputesQuery),
    _get(              "/disputes/{id}",                 disputes.get_dispute,               "disputes"),
    Endpoint("POST",   "/disputes/{id}/accept",          disputes.accept_dispute,            "acceptDispute"),
    _get(              "/disputes/{id}/evidence",        disputes.get_evidence,              "disputes"),
    Endpoint("PUT",    "/disputes/{id}/evidence",        disputes.provide_evidence,          "disputeEvidence", EvidenceRequest),
    Endpoint("POST",   "/disputes/{id}/evidence",        disputes.submit_evidence,           "disputeEvidence"),

    _get(              "/workflows",                     workflows.list_workflows,           "workflows"),
    Endpoint("POST",   "/workflows",                     workflows.create_workflow,          "workflows",    WorkflowRequest),
    _get(              "/workflows/event-types",         events.list_event_types,            "workflows"),
    _get(              WF,                               workflows.get_workflow,             "workflows"),
    Endpoint("PATCH",  WF,                               workflows.update_workflow,          "workflows",    WorkflowUpdate),
    Endpoint("DELETE", WF,                               workflows.delete_workflow,          "workflows"),
    Endpoint("POST",   f"{WF}/actions",                  workflows.add_action,               "workflows",    WorkflowAction),
    Endpoint("PUT",    f"{WF}/actions/{{action}}",       workflows.update_action,            "workflows",    WorkflowAction),
    Endpoint("DELETE", f"{WF}/actions/{{action}}",       workflows.remove_action,            "workflows"),
    Endpoint("POST",   f"{WF}/conditions",               workflows.add_condition,            "workflows",    Condition),
    Endpoint("PUT",    f"{WF}/conditions/{{condition}}", workflows.update_condition,         "workflows",    Condition),
    Endpoint("DELETE", f"{WF}/conditions/{{condition}}", workflows.remove_condition,         "workflows"),
    Endpoint("POST",   f"{WF}/test",                     workflows.test_workflow,            "workflows",    WorkflowTest),
    _get(              EVT,                              events.get_event,                   "events"),
    _get(              f"{EVT}/actions/{{action}}",      events.get_action_invocations,      "events"),
    _get(              SUBJECT,                          events.get_subject_events,          "events"),
    Endpoint("POST",   f"{EVT}/reflow",                  events.reflow_event,                "reflow"),
    Endpoint("POST",   f"{EVT}/workflow/{{workflow}}/reflow", events.reflow_event_to_workflow,    "reflow"),
    Endpoint("POST",   f"{SUBJECT}/reflow",              events.reflow_subject,              "reflow"),
    Endpoint("POST",   f"{SUBJECT}/workflow/{{workflow}}/reflow", events.reflow_subject_to_workflow,  "reflow"),
    Endpoint("POST",   "/workflows/events/reflow",       events.reflow,                      "reflow",       ReflowRequest),

    _get(              "/webhooks",                      previous.list_webhooks,             "previous"),
    Endpoint("POST",   "/webhooks",                      previous.register_webhook,          "previous",     WebhookRequest),
    _get(              "/webhooks/{id}",                 previous.get_webhook,               "previous"),
    Endpoint("PUT",    "/webhooks/{id}",                 previous.change_webhook,            "previous",     WebhookReplacement),
    Endpoint("PATCH",  "/webhooks/{id}",                 previous.change_webhook,            "previous",     WebhookUpdate),
    Endpoint("DELETE", "/webhooks/{id}",                 previous.remove_webhook,            "previous"),
    _get(              "/event-types",                   previous.list_previous_event_types, "previous", EventTypesQuery),
    _get(              "/events",                        previous.list_previous_events,      "previous",     EventsQuery),
    _get(              "/events/{event}",                previous.get_previous_event,        "previous"),
    _get(              "/events/{event}/notifications/{notification}", previous.get_notification,          "previous"),
    Endpoint("POST",   "/events/{event}/webhooks/retry", previous.retry_all_webhooks,        "previous"),
    Endpoint("POST",   "/events/{event}/webhooks/{webhook}/retry", previous.retry_webhook,             "previous"),
)
# fmt: on


def allow_browsers(call: Call, runtime: Runtime) -> Reply:
    """OPTIONS: a browser asks before the shop's page, which is of another origin, calls with the public key.

    Inferred: checkoutcom.preflight.
    """
    headers = {
        "Access-Control-Allow-Methods": "GET, POST, OPTIONS",
        "Access-Control-Allow-Headers": "Authorization, Content-Type",
        "Access-Control-Max-Age": "600",
    }
    return Reply(204, None, auth.OF_ANY_ORIGIN | headers)


PREFLIGHTS = tuple(
    Page("OPTIONS", path, allow_browsers)
    for path in dict.fromkeys(endpoint.path for endpoint in ENDPOINTS if endpoint.operation in auth.IN_BROWSERS)
)
