"""Worldline Connect's JSON, one module for each noun of the API.

A request model has the documented names, a renderer the documented key order. Unknown properties of a request are
ignored, and numbers may come as strings. An answer leaves out what has no value and never says null; empty arrays stay.

Source: docs/providers/worldline.md, sources 2.7, 3 and 9.
"""
