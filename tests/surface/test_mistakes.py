"""The ten mistakes of docs/testing.md: in its scenario a shop that makes one loses money, and a careful one does not."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from simulator.surface.assertions import TestedWorkspace
from simulator.surface.client import Client
from simulator.surface.launch import Launched
from surface.mistakes import MISTAKES, CarefulShop, Listening, LooksThenWrites, Mistake, Stage

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/testing.md").read_text("utf-8")


@pytest.fixture
def world(server: Launched) -> Iterator[TestedWorkspace]:
    with Client(server.url) as client:
        made = client.create_workspace(temporary=True)
        yield TestedWorkspace(client, made.id, made.view)
        made.delete()


def loses(world: TestedWorkspace, mistake: Mistake, kind: type[CarefulShop]) -> bool:
    own = world.credentials["ppro"]
    shop = kind(world.base_url, own["api_key"], own["merchant_id"], own["webhook_secret"])
    if isinstance(shop, LooksThenWrites):
        shop.both = threading.Barrier(2, timeout=10)
    with Listening(shop) as listening:
        world.set_webhook("ppro", listening.url)
        return mistake.loses(Stage(world, shop, mistake.scenario))


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.shop.__name__)
def test_who_makes_the_mistake_loses_money(world: TestedWorkspace, mistake: Mistake) -> None:
    assert loses(world, mistake, mistake.shop)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.shop.__name__)
def test_who_does_not_make_it_does_not(world: TestedWorkspace, mistake: Mistake) -> None:
    assert not loses(world, mistake, CarefulShop)


def test_the_page_names_the_same_ten_scenarios_in_the_same_order() -> None:
    table = PAGE.partition("## Ten mistakes that cost money")[2].partition("\n## ")[0]

    named = re.findall(r"^\| \d+ \|.*\| `([\w-]+)` \|$", table, re.MULTILINE)

    assert named == [mistake.scenario for mistake in MISTAKES]
    assert len(named) == 10
    assert all((ROOT / "scenarios" / f"{name}.yaml").exists() for name in named)
