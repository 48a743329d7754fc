"""What WooshPay's operations do: one module for each noun of the API.

`outcomes` says what becomes of an intent at the wallet, the bank and the clock. Success is 200 for everything,
creation included; amounts are minor units.
"""
