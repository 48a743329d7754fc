"""What Connect's operations do, one module for each noun of the API. Six modules hold what several operations share: `requests`,
`terms`, `bank`, `moves`, `searches` and `outcomes`.
"""
