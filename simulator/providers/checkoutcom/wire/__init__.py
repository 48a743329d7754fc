"""Checkout.com's JSON, one module for each noun of the API: request models with the documented names, and renderers that answer in
the documented key order.

Absent members are omitted, never null (but for `approved` of an unfinished action); unknown members are ignored.
Source: docs/providers/checkoutcom.md, source 3.
"""
