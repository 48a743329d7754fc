from __future__ import annotations

from simulator.engine.provider import BannerLine
from simulator.kernel.ids import Ids
from simulator.providers.wooshpay import PROVIDER


def test_its_line_in_the_banner_is_that_of_the_design() -> None:
    line = PROVIDER.banner_line(PROVIDER.credentials(Ids(), True))

    assert line == BannerLine("WooshPay", "sk_test_default")
