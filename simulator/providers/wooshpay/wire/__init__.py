"""WooshPay's JSON, one module for each noun of the API.

A request model has the documented names, a renderer the documented key order. A member without a value is left out and
never null; only a session has two empty strings instead, and a customer an empty address.
Unknown members of a request are ignored. Source: docs/providers/wooshpay.md, source 3.
"""
