"""The operations of Connect's catalogue that have no place in a purchase with Alipay.

Source: the list of operations of the official SDKs.
"""

from __future__ import annotations

from simulator.engine.provider import LeftOut

V1 = "/v1/{merchantId:digits}"
FILES = "/files/v1/{merchantId:digits}"

# fmt: off
LEFT_OUT = (
    LeftOut("GET",  f"{V1}/captures/{{captureId}}/disputes",                       "captures.disputes"),
    LeftOut("POST", f"{V1}/captures/{{captureId}}/dispute",                        "captures.dispute"),
    LeftOut("GET",  f"{V1}/disputes/{{disputeId}}",                                "disputes.get"),
    LeftOut("POST", f"{V1}/disputes/{{disputeId}}/submit",                         "disputes.submit"),
    LeftOut("POST", f"{V1}/disputes/{{disputeId}}/cancel",                         "disputes.cancel"),
    LeftOut("POST", f"{FILES}/disputes/{{disputeId}}",                             "disputes.uploadFile"),
    LeftOut("GET",  f"{FILES}/files/{{fileId}}",                                   "files.getFile"),
    LeftOut("POST", f"{V1}/hostedmandatemanagements",                              "hostedmandatemanagements.create"),
    LeftOut("GET",  f"{V1}/hostedmandatemanagements/{{hostedMandateManagementId}}", "hostedmandatemanagements.get"),
    LeftOut("POST", f"{V1}/installments/getInstallmentsInfo",                      "installments.getInstallmentsInfo"),
    LeftOut("POST", f"{V1}/mandates",                                              "mandates.create"),
    LeftOut("PUT",  f"{V1}/mandates/{{uniqueMandateReference}}",                   "mandates.createWithMandateReference"),
    LeftOut("GET",  f"{V1}/mandates/{{uniqueMandateReference}}",                   "mandates.get"),
    LeftOut("POST", f"{V1}/mandates/{{uniqueMandateReference}}/block",             "mandates.block"),
    LeftOut("POST", f"{V1}/mandates/{{uniqueMandateReference}}/unblock",           "mandates.unblock"),
    LeftOut("POST", f"{V1}/mandates/{{uniqueMandateReference}}/revoke",            "mandates.revoke"),
    LeftOut("POST", f"{V1}/payments/{{paymentId}}/dispute",                        "payments.dispute"),
    LeftOut("GET",  f"{V1}/payments/{{paymentId}}/disputes",                       "payments.disputes"),
    LeftOut("GET",  f"{V1}/payments/{{paymentId}}/devicefingerprint",              "payments.devicefingerprint"),
    LeftOut("POST", f"{V1}/payouts",                                               "payouts.create"),
    LeftOut("GET",  f"{V1}/payouts",                                               "payouts.find"),
    LeftOut("GET",  f"{V1}/payouts/{{payoutId}}",                                  "payouts.get"),
    LeftOut("POST", f"{V1}/payouts/{{payoutId}}/approve",                          "payouts.approve"),
    LeftOut("POST", f"{V1}/payouts/{{payoutId}}/cancel",                           "payouts.cancel"),
    LeftOut("POST", f"{V1}/payouts/{{payoutId}}/cancelapproval",                   "payouts.cancelapproval"),
    LeftOut("POST", f"{V1}/productgroups/{{paymentProductGroupId}}/deviceFingerprint", "productgroups.deviceFingerprint"),
    LeftOut("POST", f"{V1}/products/{{paymentProductId}}/deviceFingerprint",       "products.deviceFingerprint"),
    LeftOut("POST", f"{V1}/products/{{paymentProductId}}/sessions",                "products.sessions"),
    LeftOut("POST", f"{V1}/riskassessments/bankaccounts",                          "riskassessments.bankaccounts"),
    LeftOut("POST", f"{V1}/riskassessments/cards",                                 "riskassessments.cards"),
    LeftOut("POST", f"{V1}/services/convert/bankaccount",                          "services.bankaccount"),
    LeftOut("POST", f"{V1}/tokens/{{tokenId}}/approvesepadirectdebit",             "tokens.approvesepadirectdebit"),
)
# fmt: on
