"""A laptop that is closed for a while, in Chromium: the page says that nobody answers, and then knows all that came meanwhile."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from urllib.parse import urlsplit

import pytest

from browser.shop import Shop
from browser.window import Window

HEAR = """() => {
  window.heard = [];
  const feed = new EventSource(document.body.dataset.events);
  for (const name of ["request", "state", "wallet", "webhook", "timer", "clock"]) {
    feed.addEventListener(name, (event) => window.heard.push(event.data));
  }
  return new Promise((resolve) => feed.addEventListener("open", () => resolve()));
}"""


class Network:
    """Between the browser and the simulator. When it is down, whatever goes through it is cut off, and nothing comes through."""

    def __init__(self, port: int) -> None:
        self._port, self._open, self.is_down = port, set[socket.socket](), False
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self._listener.accept()
                if self.is_down:
                    near.close()
                    continue
                far = socket.create_connection(("127.0.0.1", self._port))
                self._open |= {near, far}
                for source, target in ((near, far), (far, near)):
                    threading.Thread(target=self._carry, args=(source, target), daemon=True).start()

    def _carry(self, source: socket.socket, target: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                target.sendall(data)
        self._cut(source, target)

    def _cut(self, *ends: socket.socket) -> None:
        for end in ends:
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
            end.close()
            self._open.discard(end)

    def down(self) -> None:
        self.is_down = True
        self._cut(*self._open)

    def up(self) -> None:
        self.is_down = False

    def close(self) -> None:
        self.down()
        self._listener.close()


@pytest.fixture
def network(shop: Shop) -> Iterator[Network]:
    port = urlsplit(shop.url).port
    assert port is not None
    network = Network(port)
    shop.url = network.url
    yield network
    network.close()


def test_a_closed_laptop_catches_up_without_loss_and_without_duplicates(
    window: Callable[..., Window], shop: Shop, network: Network
) -> None:
    look = window()
    page = look.open(f"/console/{shop.workspace.name}/payments")
    page.wait_for_selector("[data-testid=live][data-live=sse]", state="attached")
    page.evaluate(HEAR)
    shop.order(reference="before")
    page.wait_for_selector("text=before")

    network.down()
    page.wait_for_selector("[data-testid=live][data-live=poll]:visible")
    held = page.locator("main form[method=post]").first.evaluate("form => form.inert")
    for number in range(3):
        shop.order(reference=f"meanwhile-{number}")
    network.up()

    page.wait_for_selector("[data-testid=live][data-live=sse]", state="attached")
    page.wait_for_selector("[data-testid=payment-row] >> nth=3")
    shop.order(reference="after")
    page.wait_for_selector("text=after")
    page.wait_for_function("() => heard.some((one) => JSON.parse(one).seq > 0) && heard.length >= 5")
    requests = page.evaluate(
        "heard.map((one) => JSON.parse(one)).filter((one) => one.kind === 'request').map((one) => one.ref)"
    )
    assert held
    assert requests == [call["id"] for call in reversed(shop.workspace.requests())]
    assert len(page.evaluate("[...new Set(heard)]")) == len(page.evaluate("heard"))
    assert page.locator("[data-testid=payment-row]").count() == 5
    assert page.locator("main form[method=post]").first.evaluate("form => form.inert") is False
