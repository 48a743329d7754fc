"""Operations that WooshPay really has and the simulator lacks. They answer with its 404 and a notice.

Source: docs/providers/wooshpay.md, source 3.20, names the objects. The operations and paths are Stripe's for
the same object; for payouts and beneficiaries, which are the provider's own, the plain create, list and retrieve.
Inferred: wooshpay.left-out-paths.
"""

from __future__ import annotations

from simulator.engine.provider import LeftOut

_TABLE = """
POST   /v1/setup_intents                      Create a SetupIntent
GET    /v1/setup_intents                      List SetupIntents
GET    /v1/setup_intents/{id}                 Retrieve a SetupIntent
POST   /v1/setup_intents/{id}                 Update a SetupIntent
POST   /v1/setup_intents/{id}/confirm         Confirm a SetupIntent
POST   /v1/setup_intents/{id}/cancel          Cancel a SetupIntent
POST   /v1/payment_links                      Create a payment link
GET    /v1/payment_links                      List payment links
GET    /v1/payment_links/{id}                 Retrieve a payment link
POST   /v1/payment_links/{id}                 Update a payment link
GET    /v1/payment_links/{id}/line_items      List a payment link's line items
GET    /v1/disputes                           List disputes
GET    /v1/disputes/{id}                      Retrieve a dispute
POST   /v1/disputes/{id}                      Update a dispute
POST   /v1/disputes/{id}/close                Close a dispute
POST   /v1/payouts                            Create a payout
POST   /v1/beneficiaries                      Create a beneficiary
GET    /v1/beneficiaries                      List beneficiaries
GET    /v1/beneficiaries/{id}                 Retrieve a beneficiary
POST   /v1/files                              Create a file
GET    /v1/files                              List files
GET    /v1/files/{id}                         Retrieve a file
POST   /v1/subscriptions                      Create a subscription
GET    /v1/subscriptions                      List subscriptions
GET    /v1/subscriptions/{id}                 Retrieve a subscription
POST   /v1/subscriptions/{id}                 Update a subscription
DELETE /v1/subscriptions/{id}                 Cancel a subscription
POST   /v1/invoices                           Create an invoice
GET    /v1/invoices                           List invoices
GET    /v1/invoices/{id}                      Retrieve an invoice
POST   /v1/invoices/{id}                      Update an invoice
DELETE /v1/invoices/{id}                      Delete a draft invoice
POST   /v1/invoices/{id}/finalize             Finalize an invoice
POST   /v1/invoices/{id}/pay                  Pay an invoice
POST   /v1/invoices/{id}/void                 Void an invoice
POST   /v1/coupons                            Create a coupon
GET    /v1/coupons                            List coupons
GET    /v1/coupons/{id}                       Retrieve a coupon
POST   /v1/coupons/{id}                       Update a coupon
DELETE /v1/coupons/{id}                       Delete a coupon
POST   /v1/issuing/cards                      Create an issued card
GET    /v1/issuing/cards                      List issued cards
GET    /v1/issuing/cards/{id}                 Retrieve an issued card
POST   /v1/issuing/cards/{id}                 Update an issued card
POST   /v1/issuing/cardholders                Create a cardholder
GET    /v1/issuing/cardholders                List cardholders
GET    /v1/issuing/cardholders/{id}           Retrieve a cardholder
GET    /v1/issuing/transactions               List issuing transactions
GET    /v1/issuing/transactions/{id}          Retrieve an issuing transaction
POST   /v1/accounts                           Create an account
GET    /v1/accounts                           List accounts
GET    /v1/accounts/{id}                      Retrieve an account
"""

LEFT_OUT = tuple(LeftOut(*line.split(maxsplit=2)) for line in _TABLE.strip().splitlines())
