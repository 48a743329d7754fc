"""The control API under `/_sim`: what tests, the console, the command line and the Python client steer a simulator with.

A contract: see docs/control-api.md. It stands in `table`; each noun's handlers, models and views are a module of their own.
"""
