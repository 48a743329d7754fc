"""The names at which PPRO is reached, as its manual and its catalogue write them."""

PUBLISHED = ("api.sandbox.eu.ppro.com", "api.eu.ppro.com", "api.ppro.com")
