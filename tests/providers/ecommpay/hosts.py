"""The names at which ecommpay is reached, as its manual writes them."""

PUBLISHED = ("api.ecommpay.com", "paymentpage.ecommpay.com", "sdk.ecommpay.com", "data.ecommpay.com")
