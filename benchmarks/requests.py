"""One payment's creation at each provider, as bytes: what the provider's shop says, signed and put on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from benchmarks.load import Build, request
from simulator.engine.shop import Account, Answer, Purchase, Request, Shop
from simulator.kernel.clock import time_of_day
from simulator.kernel.money import Money
from simulator.providers import built_in

BACK = "https://shop.example/back"
AMOUNT = Money(1000, "CNY")
"""None of the providers' test amounts."""


@dataclass(frozen=True, slots=True)
class Merchant:
    """Builds requests of one provider's API from a workspace's credentials."""

    shop: Shop
    credentials: Mapping[str, Any]
    run: str
    """Makes the references of this run unlike those of any other."""

    def purchase(self, n: int) -> Purchase:
        return Purchase(AMOUNT, BACK, f"bench-{self.run}-{n}")

    @property
    def create(self) -> Build:
        """`n` to the n-th creation."""
        return lambda n: self._signed(self.shop.create(self.account, self.purchase(n)))

    def read(self, id_: str) -> bytes:
        """The payment, read again; the API must have a call for it."""
        assert self.shop.read is not None
        return self._signed(self.shop.read(self.account, id_))

    def id_of(self, n: int, body: bytes) -> str:
        """The n-th payment's id, of the answer to its creation; the API must tell it there."""
        id_ = self.shop.id_of(self.purchase(n), Answer(200, body))
        assert id_ is not None
        return id_

    @property
    def account(self) -> Account:
        return Account(self.credentials, "http://127.0.0.1", time_of_day())

    def _signed(self, unsigned: Request) -> bytes:
        signed = self.shop.sign(self.account, unsigned)
        return request(signed.method, signed.path, dict(signed.headers), signed.body)


SHOPS = {provider.name: provider.shop for provider in built_in() if provider.shop is not None}


def merchant(provider: str, credentials: Mapping[str, Any]) -> Merchant:
    return Merchant(SHOPS[provider], credentials, token_hex(4))
