"""The names at which Connect is reached, as its manual writes them; integrations still have the older ones."""

PUBLISHED = (
    "api.preprod.connect.worldline-solutions.com",
    "api.connect.worldline-solutions.com",
    "payment.pay1.preprod.checkout.worldline-solutions.com",
    "eu.sandbox.api-ingenico.com",
    "eu.api-ingenico.com",
    "world.preprod.api-ingenico.com",
    "payment.eu.sandbox.api-ingenico.com",
    "api-sandbox.globalcollect.com",
)
