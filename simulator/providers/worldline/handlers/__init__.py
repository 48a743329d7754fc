"""What Connect's operations do: one module for each noun of the API, and three for what several nouns share.

`requests` reads what was sent, `searches` finds payments and refunds again, and `outcomes` says what becomes of a payment
at the wallet, the bank and the clock.
"""
