"""Worldline Connect's JSON, one module for each noun of the API: request models with the documented names, and renderers that
answer in the documented key order.

Unknown properties of a request are ignored, `null` counts as absent, numbers may come as strings. Absent members of an
answer are omitted, never null; empty arrays stay. Source: reference/worldline.md, sections 2.7, 3 and 9.
"""
