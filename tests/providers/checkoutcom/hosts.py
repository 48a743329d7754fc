"""The names at which Checkout.com is reached, as its manual and its clients write them; some begin with a merchant's own label."""

PUBLISHED = (
    "api.sandbox.checkout.com",
    "qfgqyjz7.api.sandbox.checkout.com",
    "access.sandbox.checkout.com",
    "balances.sandbox.checkout.com",
    "pay.sandbox.checkout.com",
    "api.checkout.com",
    "pl-qfgqyjz7.api.checkout.com",
    "access.checkout.com",
    "balances.checkout.com",
    "forward.checkout.com",
    "checkout-web-components.checkout.com",
)
