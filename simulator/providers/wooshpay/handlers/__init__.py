"""What WooshPay's operations do: one module for each noun of the API, and three for what several nouns share.

`method_types` says what an intent can be paid with, `confirmation` brings it to the wallet, and `outcomes` says what
becomes of it there.

Success is 200 for everything, creation included; amounts are minor units.
"""
