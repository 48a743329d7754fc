"""The names at which WooshPay is reached, as its manual writes them."""

PUBLISHED = ("apitest.wooshpay.com", "api.wooshpay.com", "checkout.wooshpay.com", "checkouttest.wooshpay.com")
