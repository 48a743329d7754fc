"""Checkout.com's table of routes. The operation decides which keys and scopes open it (`auth.ACCESS`).

Source: reference/checkoutcom.md, section 3.
"""

from __future__ import annotations

from pydantic import BaseModel

from simulator.engine.provider import Endpoint, Handler
from simulator.providers.checkoutcom import accounts as a
from simulator.providers.checkoutcom import auth
from simulator.providers.checkoutcom import disputes as d
from simulator.providers.checkoutcom import handlers as h
from simulator.providers.checkoutcom import notifications as n
from simulator.providers.checkoutcom import wire as w


def _get(
    path: str, handler: Handler, operation: str, query: type[BaseModel] | None = None, writes: bool = False
) -> Endpoint:
    return Endpoint("GET", path, handler, operation, query=query, reads=not writes)


PAY = "/payments/{id}"
WF = "/workflows/{workflow}"
EVT = "/workflows/events/{event}"
SUBJECT = "/workflows/events/subject/{subject}"

# fmt: off
ENDPOINTS = (
    Endpoint("POST",   "/payments",                    h.request_payment,        "pay",         w.PaymentRequest, idempotent=True, checks_body=False),
    _get(              "/payments",                    h.list_payments,          "getPayment",  w.PaymentsQuery),
    Endpoint("POST",   "/payments/search",             h.search_payments,        "getPayment",  w.SearchRequest),
    _get(              PAY,                            h.get_payment,            "getPayment"),
    _get(              f"{PAY}/actions",               h.get_actions,            "getPayment"),
    Endpoint("POST",   f"{PAY}/refunds",               h.refund_payment,         "refund",      w.ActionRequest, idempotent=True),
    Endpoint("POST",   f"{PAY}/reversals",             h.reverse_payment,        "reverse",     w.ActionRequest, idempotent=True),
    Endpoint("POST",   f"{PAY}/captures",              h.not_for_alipay,         "capture",     w.ActionRequest, idempotent=True),
    Endpoint("POST",   f"{PAY}/voids",                 h.not_for_alipay,         "void",        w.ActionRequest, idempotent=True),
    Endpoint("POST",   f"{PAY}/authorizations",        h.not_for_alipay,         "authorize",   w.ActionRequest, idempotent=True),
    Endpoint("POST",   f"{PAY}/cancellations",         h.not_for_alipay,         "cancel",      w.ActionRequest, idempotent=True),

    Endpoint("POST",   "/connect/token",               a.issue_token,            "token",       authenticate=auth.authenticate_client),
    Endpoint("POST",   "/customers",                   a.create_customer,        "customers",   w.CustomerRequest),
    _get(              "/customers/{identifier}",      a.get_customer,           "customers"),
    Endpoint("PATCH",  "/customers/{identifier}",      a.update_customer,        "customers",   w.CustomerUpdate),
    Endpoint("DELETE", "/customers/{identifier}",      a.delete_customer,        "customers"),
    _get(              "/instruments/{id}",            a.get_instrument,         "instruments"),
    Endpoint("PATCH",  "/instruments/{id}",            a.update_instrument,      "instruments", w.InstrumentUpdate),
    Endpoint("DELETE", "/instruments/{id}",            a.delete_instrument,      "instruments"),
    _get(              "/balances/{id}",               a.get_balances,           "balances"),
    Endpoint("POST",   "/hosted-payments",             a.create_hosted_payment,  "hosted",      w.HostedPaymentRequest),
    _get(              "/hosted-payments/{id}",        a.get_hosted_payment,     "hosted"),
    Endpoint("POST",   "/payment-links",               a.create_payment_link,    "hosted",      w.PaymentLinkRequest),
    _get(              "/payment-links/{id}",          a.get_payment_link,       "hosted"),

    _get(              "/disputes",                    d.list_disputes,          "disputes",    w.DisputesQuery),
    _get(              "/disputes/{id}",               d.get_dispute,            "disputes"),
    Endpoint("POST",   "/disputes/{id}/accept",        d.accept_dispute,         "acceptDispute"),
    _get(              "/disputes/{id}/evidence",      d.get_evidence,           "disputes"),
    Endpoint("PUT",    "/disputes/{id}/evidence",      d.provide_evidence,       "disputeEvidence", w.EvidenceRequest),
    Endpoint("POST",   "/disputes/{id}/evidence",      d.submit_evidence,        "disputeEvidence"),

    _get(              "/workflows",                   n.list_workflows,         "workflows"),
    Endpoint("POST",   "/workflows",                   n.create_workflow,        "workflows",   w.WorkflowRequest),
    _get(              "/workflows/event-types",       n.list_event_types,       "workflows"),
    _get(              WF,                             n.get_workflow,           "workflows"),
    Endpoint("PATCH",  WF,                             n.update_workflow,        "workflows",   w.WorkflowUpdate),
    Endpoint("DELETE", WF,                             n.delete_workflow,        "workflows"),
    Endpoint("POST",   f"{WF}/actions",                n.add_action,             "workflows",   w.WorkflowAction),
    Endpoint("PUT",    f"{WF}/actions/{{action}}",     n.update_action,          "workflows",   w.WorkflowAction),
    Endpoint("DELETE", f"{WF}/actions/{{action}}",     n.remove_action,          "workflows"),
    Endpoint("POST",   f"{WF}/conditions",             n.add_condition,          "workflows",   w.Condition),
    Endpoint("PUT",    f"{WF}/conditions/{{condition}}", n.update_condition,     "workflows",   w.Condition),
    Endpoint("DELETE", f"{WF}/conditions/{{condition}}", n.remove_condition,     "workflows"),
    Endpoint("POST",   f"{WF}/test",                   n.test_workflow,          "workflows",   w.WorkflowTest),
    _get(              EVT,                            n.get_event,              "events"),
    _get(              f"{EVT}/actions/{{action}}",    n.get_action_invocations, "events"),
    _get(              SUBJECT,                        n.get_subject_events,     "events"),
    Endpoint("POST",   f"{EVT}/reflow",                n.reflow_event,           "reflow"),
    Endpoint("POST",   f"{EVT}/workflow/{{workflow}}/reflow", n.reflow_event_to_workflow, "reflow"),
    Endpoint("POST",   f"{SUBJECT}/reflow",            n.reflow_subject,         "reflow"),
    Endpoint("POST",   f"{SUBJECT}/workflow/{{workflow}}/reflow", n.reflow_subject_to_workflow, "reflow"),
    Endpoint("POST",   "/workflows/events/reflow",     n.reflow,                 "reflow",      w.ReflowRequest),

    _get(              "/webhooks",                    n.list_webhooks,          "previous"),
    Endpoint("POST",   "/webhooks",                    n.register_webhook,       "previous",    w.WebhookRequest),
    _get(              "/webhooks/{id}",               n.get_webhook,            "previous"),
    Endpoint("PUT",    "/webhooks/{id}",               n.change_webhook,         "previous",    w.WebhookReplacement),
    Endpoint("PATCH",  "/webhooks/{id}",               n.change_webhook,         "previous",    w.WebhookUpdate),
    Endpoint("DELETE", "/webhooks/{id}",               n.remove_webhook,         "previous"),
    _get(              "/event-types",                 n.list_previous_event_types, "previous"),
    _get(              "/events",                      n.list_previous_events,   "previous",    w.EventsQuery),
    _get(              "/events/{event}",              n.get_previous_event,     "previous"),
    _get(              "/events/{event}/notifications/{notification}", n.get_notification, "previous"),
    Endpoint("POST",   "/events/{event}/webhooks/retry", n.retry_all_webhooks,   "previous"),
    Endpoint("POST",   "/events/{event}/webhooks/{webhook}/retry", n.retry_webhook, "previous"),
)
# fmt: on
