"""ecommpay's JSON: the models of requests with the documented names, and what renders answers and callbacks in the documented
order. `values` are the kinds of members that requests are made of.
"""
