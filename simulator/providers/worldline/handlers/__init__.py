"""What Connect's operations do: one module for each noun of the API, and five for what several nouns share.

`requests` reads what was sent, `terms` checks what a payment is to be, `moves` starts and moves it, `outcomes` says what
becomes of it, `searches` finds it again.
"""
