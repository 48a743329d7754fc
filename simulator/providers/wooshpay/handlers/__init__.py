"""What WooshPay's operations do, one module for each noun of the API. Three modules hold what several operations share:
`method_types`, `confirmation` and `outcomes`.

Success is 200 for everything, creation included; amounts are minor units.
"""
