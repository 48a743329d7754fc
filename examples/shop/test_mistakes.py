"""In its scenario a shop that makes one of the ten mistakes loses money, and the careful one does not."""

from __future__ import annotations

import threading

import pytest
from mistakes import MISTAKES, LooksThenWrites, Mistake, Stage
from shop import Listening, Shop

from simulator.surface.assertions import TestedWorkspace


def loses(world: TestedWorkspace, mistake: Mistake, kind: type[Shop]) -> bool:
    own = world.credentials["ppro"]
    shop = kind(world.base_url, own["api_key"], own["merchant_id"], own["webhook_secret"])
    if isinstance(shop, LooksThenWrites):
        shop.both = threading.Barrier(2, timeout=10)
    with Listening(shop) as listening:
        world.set_webhook("ppro", listening.url)
        return mistake.loses(Stage(world, shop, mistake.scenario))


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.shop.__name__)
def test_who_makes_the_mistake_loses_money(psp_workspace: TestedWorkspace, mistake: Mistake) -> None:
    assert loses(psp_workspace, mistake, mistake.shop)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.shop.__name__)
def test_who_does_not_make_it_does_not(psp_workspace: TestedWorkspace, mistake: Mistake) -> None:
    assert not loses(psp_workspace, mistake, Shop)
