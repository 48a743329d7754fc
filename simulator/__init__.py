"""A local sandbox of payment service providers that take Alipay."""

__version__ = "0.1.0"
