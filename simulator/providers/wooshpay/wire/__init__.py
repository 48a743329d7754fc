"""WooshPay's JSON, one module for each noun of the API: request models with the documented names, and renderers that answer in
the documented key order.

Unset members are omitted, never null, but for the empty strings of a session and the empty address of a customer.
Unknown members of a request are ignored. Source: reference/wooshpay.md, section 3.
"""
