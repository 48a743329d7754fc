"""The buyer's side: one mock Alipay for all. It knows who is being paid only as an address `(provider, kind, id)`."""
