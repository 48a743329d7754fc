"""What a workspace may set."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from simulator.engine.settings import Line, ProviderSettings


class NewpaySettings(ProviderSettings):
    SECTION: ClassVar[str] = "newpay"

    merchant_name: Line = Field("Riverside Books", description="the shop's name on the wallet's pages")
