"""Pages of other sites, in Chromium and form by form: they may lead a buyer to our pages, and press nothing there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from queue import Queue
from typing import Any
from urllib.parse import urlsplit

import pytest

from browser.elsewhere import ATTACKS, Answering, form, in_frame, listening, site
from browser.hosted import HOSTED, Merchant
from browser.plain import ByForms, Page, every_post
from browser.shop import STATES, Shop
from simulator.engine.pages import with_query

STRANGERS = [
    {"origin": "null"},
    {"origin": "https://evil.example"},
    {"sec-fetch-site": "cross-site"},
    {"sec-fetch-site": "same-site"},
]


def every_path(shop: Shop) -> Iterator[str]:
    for name in HOSTED.pages:
        shop.renew()
        yield getattr(Merchant(shop), name)()
    shop.renew()
    for state in STATES:
        path = getattr(shop, state)()
        yield from (with_query(path, view=view) for view in ("desktop", "phone"))


def test_no_form_of_any_page_decides_anything_if_another_site_sends_it(shop: Shop) -> None:
    """With everything that the form carries, its token too, as somebody could have who looked at it before."""
    let_in: set[str] = set()
    for path in every_path(shop):
        shop.freeze()
        page = Page(path, shop.http.get(path).text)
        before = ByForms(shop).world()

        for action, sent, testid in every_post(page):
            for headers in STRANGERS:
                answer = shop.http.post(action, data=sent, headers=headers)
                assert answer.status_code in (303, 403), f"{action} {sent} {headers}: {answer.status_code}"
                assert "set-cookie" not in answer.headers
                if answer.status_code == 303:
                    let_in.add(testid)

        assert ByForms(shop).world() == before, path
    assert let_in == set(HOSTED.entries)


def test_every_page_tells_the_browser_to_name_its_origin_to_us_and_to_nobody_else(shop: Shop) -> None:
    """Else our own forms would come from `null`, as a sandboxed frame's do."""
    pages = [*every_path(shop), *HOSTED.nowhere.values(), "/w/nosuchcode", "/console/default/payments"]

    policies = {path: shop.http.get(path).headers.get("referrer-policy") for path in pages}

    assert {path: policy for path, policy in policies.items() if policy != "same-origin"} == {}


# In Chromium -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Post:
    """What Chromium sent to the simulator, and how it was answered."""

    headers: Mapping[str, str]
    status: int


@pytest.fixture
def posts(shop: Shop) -> Iterator[tuple[str, Queue[Post]]]:
    """The simulator's address by way of a listener, and what it heard. (Playwright misses answers in sandboxed frames.)"""
    heard: Queue[Post] = Queue()

    class Listener(Answering):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            sent = {name: value for name, value in self.headers.items() if name.lower() != "connection"}
            answer = shop.http.post(self.path, content=body, headers=sent)
            heard.put(Post({name.lower(): value for name, value in sent.items()}, answer.status_code))
            self.answer(answer.status_code, {"content-type": answer.headers["content-type"]}, answer.content)

    with listening(Listener) as port:
        yield f"http://localhost:{port}", heard


NAMES = ("evil.test", "localhost")
"""Another site, and another port of this machine, which is the same site to a browser."""


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("attack", ATTACKS)
def test_a_hostile_page_cannot_reset_a_workspace(
    stranger: Callable[[], Any], posts: tuple[str, Queue[Post]], shop: Shop, attack: str, name: str
) -> None:
    code, (base, heard) = shop.order(), posts

    with site(ATTACKS[attack](f"{base}/_sim/workspaces/{shop.workspace.id}/reset", {})) as port:
        stranger().goto(f"http://{name}:{port}/")
        post = heard.get(timeout=20)

    assert post.status == 403, post.headers
    assert shop.state(code) == ("waiting", None)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("attack", ["a form", "a form in a sandboxed frame"])
def test_a_hostile_page_cannot_press_the_buyers_button(
    stranger: Callable[[], Any], posts: tuple[str, Queue[Post]], shop: Shop, attack: str, name: str
) -> None:
    code, (base, heard) = shop.order(), posts

    with site(ATTACKS[attack](f"{base}/w/{code}/confirm", {"buyer": "li-na"})) as port:
        stranger().goto(f"http://{name}:{port}/")
        post = heard.get(timeout=20)

    assert post.status == 403, post.headers
    assert shop.state(code) == ("waiting", None)


def test_the_origin_of_a_sandboxed_frame_is_null_and_its_site_another(
    stranger: Callable[[], Any], posts: tuple[str, Queue[Post]], shop: Shop
) -> None:
    """What the other tests of this page take for granted of Chromium."""
    base, heard = posts

    with site(in_frame(form(f"{base}/_sim/workspaces/{shop.workspace.id}/reset", {}))) as port:
        stranger().goto(f"http://localhost:{port}/")
        headers = heard.get(timeout=20).headers

    assert (headers["origin"], headers["sec-fetch-site"]) == ("null", "cross-site")


def test_a_name_that_was_rebound_to_this_machine_reads_no_credential(stranger: Callable[[], Any], shop: Shop) -> None:
    """The hostile name leads to the simulator itself, so that to the browser all is of one origin."""
    page, base = stranger(), f"http://evil.test:{urlsplit(shop.url).port}"
    read = """async (path) => { const answer = await fetch(path); return [answer.status, await answer.text()]; }"""

    page.goto(f"{base}/w/nosuchcode")
    answers = [page.evaluate(read, path) for path in ("/_sim/workspaces", "/console/default/payments")]

    assert [(status, json.loads(text)["error"]["code"]) for status, text in answers] == [(403, "foreign_host")] * 2
