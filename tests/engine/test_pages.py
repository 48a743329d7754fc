"""Where browsers are sent."""

from __future__ import annotations

import pytest

from simulator.engine.pages import is_safe_return, see_other


@pytest.mark.parametrize("url", ["https://shop.example/back", "http://localhost:3000", "shopapp://done?order=7"])
def test_a_merchants_address_may_be_followed(url: str) -> None:
    assert is_safe_return(url)


@pytest.mark.parametrize("url", ["javascript:alert(1)", "", "back", "https://[", "data:text/html,x", "https://a\nb"])
def test_what_is_no_address_or_a_script_is_not_followed(url: str) -> None:
    assert not is_safe_return(url)


def test_a_redirect_keeps_the_address_and_escapes_what_no_header_can_hold() -> None:
    location = see_other("https://shop.example/订单?a=%20&b=[1]#x y").headers["location"]

    assert location == "https://shop.example/%E8%AE%A2%E5%8D%95?a=%20&b=[1]#x%20y"
