"""Checkout.com's JSON: request models with the documented names, renderers in the documented key order, by noun.

Absent members are omitted, never null (but for `approved` of an unfinished action); unknown members are ignored.
Source: reference/checkoutcom.md, section 3.
"""
