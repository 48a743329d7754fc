"""Operations that Checkout.com really has and the simulator lacks. They answer with its own empty 404 and a notice.

Source: methods and paths as the vendor's own client libraries call them, and docs/providers/checkoutcom.md, source 3.
"""

from __future__ import annotations

from simulator.engine.provider import LeftOut

# Method, path, and what the vendor's Python client calls the operation.
_TABLE = """
# Payments in other ways: contexts, tokens, wallets
POST   /payment-contexts                                                            create payment context
GET    /payment-contexts/{id}                                                       get payment context details
GET    /payment-methods                                                             get available payment methods
POST   /tokens                                                                      request token
GET    /tokens/{id}/metadata                                                        get token metadata
POST   /network-tokens                                                              provision network token
GET    /network-tokens/{id}                                                         get network token
POST   /network-tokens/{id}/cryptograms                                             request cryptogram
PATCH  /network-tokens/{id}/delete                                                  delete network token
POST   /applepay/certificates                                                       upload payment processing certificate
POST   /applepay/enrollments                                                        enroll Apple Pay domain
POST   /applepay/signing-requests                                                   generate certificate signing request
POST   /googlepay/enrollments                                                       create Google Pay enrollment
POST   /googlepay/enrollments/{id}/domain                                           register domain
GET    /googlepay/enrollments/{id}/domains                                          get registered domains
GET    /googlepay/enrollments/{id}/state                                            get enrollment state
POST   /agentic_commerce/delegate_payment                                           create delegated payment token
POST   /sources                                                                     add payment source
POST   /apms/bacs/notifications                                                     send Bacs notification
GET    /ideal-external                                                              get iDEAL info
GET    /ideal-external/issuers                                                      get iDEAL issuers
GET    /sepa/mandates/{id}                                                          get mandate
POST   /sepa/mandates/{id}/cancel                                                   cancel mandate
# Instruments, disputes, files
POST   /instruments                                                                 create instrument
PATCH  /instruments/{id}/revoke                                                     revoke instrument
GET    /validation/bank-accounts/{id}/{part}                                        get bank account field formatting
POST   /disputes/{id}/evidence/arbitration                                          submit arbitration evidence
GET    /disputes/{id}/evidence/submitted                                            get compiled submitted evidence
GET    /disputes/{id}/evidence/arbitration/submitted                                get compiled submitted arbitration evidence
GET    /disputes/{id}/schemefiles                                                   get dispute scheme files
POST   /files                                                                       upload file
GET    /files/{id}                                                                  get file details
POST   /account-updater/cards                                                       get updated card credentials
POST   /metadata/card                                                               request card metadata
# 3D Secure sessions and risk
POST   /sessions                                                                    request session
GET    /sessions/{id}                                                               get session details
PUT    /sessions/{id}/collect-data                                                  update session
POST   /sessions/{id}/complete                                                      complete session
PUT    /sessions/{id}/issuer-fingerprint                                            update 3DS method completion
POST   /risk/assessments/pre-authentication                                         request pre authentication risk scan
POST   /risk/assessments/pre-capture                                                request pre capture risk scan
# Money and reports
GET    /reporting/payments                                                          query payments report
GET    /reporting/payments/{id}                                                     single payment report
GET    /reporting/statements                                                        query statements report
GET    /reporting/payments/download                                                 retrieve csv payment report
GET    /reporting/statements/{id}/payments/download                                 retrieve csv single statement report
GET    /reporting/statements/download                                               retrieve csv statements report
POST   /forex/quotes                                                                request quote
GET    /forex/rates                                                                 get rates
POST   /transfers                                                                   initiate transfer of funds
GET    /transfers/{id}                                                              retrieve transfer
GET    /entities/{id}/currency-accounts/{part}/top-up-instructions                  retrieve top up instructions
# Sub-entities and their onboarding
POST   /accounts/entities                                                           create entity
GET    /accounts/entities/{id}/payment-instruments/{part}                           retrieve payment instrument details
GET    /accounts/entities/{id}                                                      get entity
PUT    /accounts/entities/{id}                                                      update entity
POST   /accounts/entities/{id}/instruments                                          create payment instrument
POST   /accounts/entities/{id}/payment-instruments                                  add payment instrument
PATCH  /accounts/entities/{id}/payment-instruments/{part}                           update payment instrument
GET    /accounts/entities/{id}/payment-instruments                                  query payment instruments
GET    /accounts/entities/{id}/payout-schedules                                     retrieve payout schedule
PUT    /accounts/entities/{id}/payout-schedules                                     update payout schedule
GET    /accounts/entities/{id}/members                                              get sub entity members
PUT    /accounts/entities/{id}/members/{part}                                       reinvite sub entity member
POST   /accounts/entities/{id}/reserve-rules                                        create reserve rule
GET    /accounts/entities/{id}/reserve-rules                                        get reserve rules
GET    /accounts/entities/{id}/requirements                                         get entity requirements
GET    /accounts/entities/{id}/requirements/{part}                                  get entity requirement details
PUT    /accounts/entities/{id}/requirements/{part}                                  resolve entity requirement
POST   /simulate/entities/{id}/requirements-due                                     set requirements due
POST   /simulate/entities/{id}/scenarios/{part}                                     run scenario
POST   /simulate/entities/{id}/status                                               set entity status
GET    /simulate/requirements-due                                                   list available requirements
GET    /simulate/scenarios                                                          list scenarios
GET    /compliance-requests/{id}                                                    get compliance request
POST   /compliance-requests/{id}                                                    respond to compliance request
# Forwarding and secrets
POST   /forward                                                                     forward request
GET    /forward/{id}                                                                get forward request
POST   /secrets                                                                     create secret
GET    /secrets                                                                     list secrets
PATCH  /secrets/{id}                                                                update secret
DELETE /secrets/{id}                                                                delete secret
# Inventory
POST   /inventory/adjustments                                                       adjust inventory
POST   /inventory/reservations                                                      create inventory reservation
GET    /inventory/reservations/{id}                                                 get inventory reservation
POST   /inventory/reservations/{id}/commit                                          commit inventory reservation
POST   /inventory/reservations/{id}/release                                         release inventory reservation
GET    /inventory/{id}                                                              get inventory levels
PUT    /inventory/{id}                                                              set inventory levels
GET    /inventory/{id}/product                                                      get inventory product
PUT    /inventory/{id}/product                                                      set inventory product
DELETE /inventory/{id}/product                                                      delete inventory product
# Identities
POST   /address-document-verifications                                              create address document verification
GET    /address-document-verifications/{id}                                         get address document verification
POST   /address-document-verifications/{id}/anonymize                               anonymize address document verification
POST   /address-document-verifications/{id}/attempts                                create address document verification attempt
GET    /address-document-verifications/{id}/attempts                                get address document verification attempts
GET    /address-document-verifications/{id}/attempts/{part}                         get address document verification attempt
GET    /address-document-verifications/{id}/pdf-report                              get address document verification report
GET    /address-document-verifications/{id}/attempts/{part}/assets                  get address document verification attempt assets
POST   /aml-verifications                                                           create aml screening
GET    /aml-verifications/{id}                                                      get aml screening
POST   /applicants                                                                  create applicant
GET    /applicants/{id}                                                             get applicant
PATCH  /applicants/{id}                                                             update applicant
POST   /applicants/{id}/anonymize                                                   anonymize applicant
POST   /face-authentications                                                        create face authentication
GET    /face-authentications/{id}                                                   get face authentication
POST   /face-authentications/{id}/anonymize                                         anonymize face authentication
POST   /face-authentications/{id}/attempts                                          create face authentication attempt
GET    /face-authentications/{id}/attempts                                          get face authentication attempts
GET    /face-authentications/{id}/attempts/{part}                                   get face authentication attempt
GET    /face-authentications/{id}/attempts/{part}/assets                            get face authentication attempt assets
POST   /id-document-verifications                                                   create id document verification
GET    /id-document-verifications/{id}                                              get id document verification
POST   /id-document-verifications/{id}/anonymize                                    anonymize id document verification
POST   /id-document-verifications/{id}/attempts                                     create id document verification attempt
GET    /id-document-verifications/{id}/attempts                                     get id document verification attempts
GET    /id-document-verifications/{id}/attempts/{part}                              get id document verification attempt
GET    /id-document-verifications/{id}/pdf-report                                   get id document verification report
GET    /id-document-verifications/{id}/attempts/{part}/assets                       get id document verification attempt assets
POST   /create-and-open-idv                                                         create identity verification and attempt
POST   /identity-verifications                                                      create identity verification
GET    /identity-verifications/{id}                                                 get identity verification
POST   /identity-verifications/{id}/anonymize                                       anonymize identity verification
POST   /identity-verifications/{id}/attempts                                        create identity verification attempt
GET    /identity-verifications/{id}/attempts                                        get identity verification attempts
GET    /identity-verifications/{id}/attempts/{part}                                 get identity verification attempt
GET    /identity-verifications/{id}/attempts/{part}/assets                          get identity verification attempt assets
GET    /identity-verifications/{id}/pdf-report                                      get identity verification report
# Issuing
POST   /issuing/cardholders                                                         create cardholder
GET    /issuing/cardholders/{id}                                                    get cardholder
PATCH  /issuing/cardholders/{id}                                                    update cardholder
GET    /issuing/cardholders/{id}/cards                                              get cardholder cards
POST   /issuing/cards                                                               create card
GET    /issuing/cards/{id}                                                          get card details
PATCH  /issuing/cards/{id}                                                          update card
POST   /issuing/cards/{id}/3ds-enrollment                                           enroll three ds
PATCH  /issuing/cards/{id}/3ds-enrollment                                           update three ds enrollment
GET    /issuing/cards/{id}/3ds-enrollment                                           get three ds details
POST   /issuing/cards/{id}/activate                                                 activate card
GET    /issuing/cards/{id}/credentials                                              get card credentials
POST   /issuing/cards/{id}/renew                                                    renew card
POST   /issuing/cards/{id}/revoke                                                   revoke card
POST   /issuing/cards/{id}/suspend                                                  suspend card
GET    /issuing/digital-cards/{id}                                                  get digital card
GET    /issuing/transactions                                                        list transactions
GET    /issuing/transactions/{id}                                                   get single transaction
POST   /issuing/controls                                                            create control
GET    /issuing/controls                                                            get card controls
GET    /issuing/controls/{id}                                                       get card control details
PUT    /issuing/controls/{id}                                                       update card control
DELETE /issuing/controls/{id}                                                       remove control
POST   /issuing/controls/control-groups                                             create control group
GET    /issuing/controls/control-groups                                             get target control groups
GET    /issuing/controls/control-groups/{id}                                        get control group details
DELETE /issuing/controls/control-groups/{id}                                        delete control group
POST   /issuing/controls/control-profiles                                           create control profile
GET    /issuing/controls/control-profiles                                           get all control profiles
GET    /issuing/controls/control-profiles/{id}                                      get control profile details
PATCH  /issuing/controls/control-profiles/{id}                                      update control profile
DELETE /issuing/controls/control-profiles/{id}                                      delete control profile
POST   /issuing/controls/control-profiles/{id}/add/{part}                           add target to control profile
POST   /issuing/controls/control-profiles/{id}/remove/{part}                        remove target from control profile
POST   /issuing/disputes                                                            create dispute
GET    /issuing/disputes/{id}                                                       get dispute details
POST   /issuing/disputes/{id}/cancel                                                cancel dispute
POST   /issuing/disputes/{id}/escalate                                              escalate dispute
POST   /issuing/disputes/{id}/amend                                                 amend dispute
POST   /issuing/disputes/{id}/submit                                                submit dispute
POST   /issuing/simulate/authorizations                                             simulate authorization
POST   /issuing/simulate/authorizations/{id}/authorizations                         simulate increment
POST   /issuing/simulate/authorizations/{id}/presentments                           simulate clearing
POST   /issuing/simulate/authorizations/{id}/reversals                              simulate reversal
POST   /issuing/simulate/authorizations/{id}/refunds                                simulate refund
POST   /issuing/simulate/oob/authentication                                         simulate oob authentication
"""

LEFT_OUT = tuple(LeftOut(*row.split(None, 2)) for row in _TABLE.splitlines() if row and not row.startswith("#"))
