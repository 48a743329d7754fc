"""A local sandbox of five payment service providers that take Alipay."""

__version__ = "0.1.0"
