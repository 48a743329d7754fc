"""What the operations of Checkout.com's API do, one module for each noun. `outcomes` holds what several share: what shopper,
acquirer and clock do to a payment.
"""
