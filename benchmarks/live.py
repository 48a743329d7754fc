"""`python -m benchmarks.live [--minutes 1] [--rate 10000]`: a page of the console that is open while so many events a minute come.

Chromium (with Playwright for Python) looks at the list of payments; this process makes payments at an even pace. Told are seconds
of CPU of the server with and without the page, and what the page notices: long tasks (over 50 ms), its memory, its looks.
"""

from __future__ import annotations

import argparse
import shutil
import socket
import tempfile
import time
from pathlib import Path
from typing import Any

from benchmarks import servers
from benchmarks.requests import Merchant, merchant
from simulator.providers import built_in

WATCH = """() => {
  window.longTasks = [];
  window.looks = 0;
  new PerformanceObserver((list) => window.longTasks.push(...list.getEntries().map((task) => task.duration)))
    .observe({ type: "longtask" });
  const asked = window.fetch;
  window.fetch = (...about) => { window.looks += 1; return asked(...about); };
  window.heard = 0;
  const feed = new EventSource(document.body.dataset.events);
  for (const name of ["request", "state", "wallet", "webhook", "timer", "clock"]) {
    feed.addEventListener(name, () => { window.heard += 1; });
  }
}"""


def make(server: servers.Server, own: Merchant, first: int, count: int, seconds: float) -> None:
    """So many payments, one connection each, at an even pace."""
    began = time.perf_counter()
    for n in range(count):
        with socket.create_connection(("127.0.0.1", server.port), timeout=10) as connection:
            connection.sendall(own.create(first + n))
            connection.recv(65536)
        time.sleep(max(0.0, began + (n + 1) * seconds / count - time.perf_counter()))


def told(server: servers.Server, own: Merchant) -> int:
    """Events that one payment is told by."""
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as feed:
        feed.sendall(b"GET /console/default/events HTTP/1.1\r\nHost: localhost\r\n\r\n")
        feed.settimeout(2)
        heard = feed.recv(65536)
        make(server, own, 0, 1, 0)
        try:
            while True:
                heard += feed.recv(65536)
        except TimeoutError:
            return heard.count(b"event: ")


def used(page: Any) -> float:
    """Megabytes of the page's heap, once what is not needed any more is gone."""
    session = page.context.new_cdp_session(page)
    session.send("HeapProfiler.collectGarbage")
    return float(session.send("Runtime.getHeapUsage")["usedSize"]) / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.live", description=__doc__)
    parser.add_argument("--minutes", type=float, default=1)
    parser.add_argument("--rate", type=int, default=10_000, help="events a minute")
    given = parser.parse_args()
    from playwright.sync_api import sync_playwright

    seconds, provider = given.minutes * 60, built_in()[0].name
    with tempfile.TemporaryDirectory() as folder, servers.simulator(Path(folder) / "live.db") as server:
        own = merchant(provider, server.call("GET", "/_sim/workspaces/default")["credentials"][provider])
        each = told(server, own)
        count = round(given.rate * given.minutes / each)
        before = server.worked_s
        make(server, own, 1, count, seconds)
        alone = server.worked_s - before
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            page = browser.new_page()
            page.goto(f"http://127.0.0.1:{server.port}/console/default/payments")
            page.wait_for_selector("[data-testid=live][data-live=sse]", state="attached")
            page.evaluate(WATCH)
            heap, before = used(page), server.worked_s
            make(server, own, 1 + count, count, seconds)
            page.wait_for_timeout(1500)
            watched = server.worked_s - before
            found = page.evaluate("({ tasks: longTasks, looks, heard })")
            after = used(page)
            newest = server.call("GET", "/_sim/workspaces/default/payments/latest")["id"]
            is_there = page.locator(f"tr[data-id='{newest}']").count() == 1
            browser.close()
    tasks, there = found["tasks"], "stands there" if is_there else "IS MISSING"
    print(f"{count:,} payments in {seconds:.0f} s, {found['heard']:,} events heard ({each} a payment)")
    print(f"server: {alone:.1f} s of CPU without the page, {watched:.1f} s with it and a second listener")
    longest = max(tasks, default=0)
    print(f"page: {found['looks']} looks, {len(tasks)} long tasks of {sum(tasks):.0f} ms, the longest {longest:.0f} ms")
    print(f"memory of the page: {heap:.1f} MB before, {after:.1f} MB after; the newest payment {there}")


if __name__ == "__main__":
    main()
