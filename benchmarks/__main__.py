"""`python -m benchmarks [--quick]`: measures and prints one table. Read the ratios; the rates are this machine's.

Every server runs in a process of its own under the same uvicorn settings; the load comes from this process.
"""

from __future__ import annotations

import argparse
import http.client
import json
import platform
import tempfile
import time
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from itertools import count
from pathlib import Path
from statistics import median

from benchmarks import fill, servers
from benchmarks.deliveries import HANGING, deliveries, healthy
from benchmarks.load import Build, load, request
from benchmarks.pages import of_a_create as pages_of_a_create
from benchmarks.purchase import purchases
from benchmarks.requests import SHOPS, Merchant, merchant
from benchmarks.sharing import sharing
from benchmarks.soak import soak

CONNECTIONS = (1, 16)
BARE = "bare Starlette + orjson"
FLOOR = "the same + 4 inserts, 1 transaction: floor"

Contender = tuple[int, Build]
"""A port, and what is sent to it."""


@dataclass(frozen=True, slots=True)
class Extent:
    """How much is measured: bounded in count, so bounded in time."""

    requests: int
    rounds: int
    starts: int
    remembered: int
    stores: tuple[int, ...]
    purchases: int


FULL = Extent(requests=4000, rounds=3, starts=9, remembered=20_000, stores=(100, 10_000, 100_000), purchases=300)
ALL = replace(FULL, stores=(*FULL.stores, 1_000_000))
QUICK = Extent(requests=600, rounds=1, starts=3, remembered=2_000, stores=(100, 5_000), purchases=50)


def line(what: str, *cells: str) -> None:
    print(f"{what:<44}" + "".join(f"{cell:>22}" for cell in cells), flush=True)


def heading(text: str, *columns: str) -> None:
    print()
    line(text, *columns)
    print("-" * (44 + 22 * len(columns)), flush=True)


def compete(contenders: dict[str, Contender], connections: int, extent: Extent) -> dict[str, float]:
    """Requests per second of each: the best of a few rounds in which they take turns.

    What disturbs a round only ever makes it slower; taking turns lets it disturb all alike.
    """
    for port, build in contenders.values():
        load(port, build, connections=connections, count=extent.requests // 10, first=_fresh(extent))
    rates = dict.fromkeys(contenders, 0.0)
    for _ in range(extent.rounds):
        for name, (port, build) in contenders.items():
            found = load(port, build, connections=connections, count=extent.requests, first=_fresh(extent))
            rates[name] = max(rates[name], found.rate)
    return rates


_numbers = count()


def _fresh(extent: Extent) -> int:
    """The number of a request that was never sent: no reference comes twice."""
    return next(_numbers) * extent.requests


def _plain(n: int) -> bytes:
    body = {
        "method": "ALIPAY",
        "reference": f"bench-{n}",
        "amount": {"value": 1000, "currency": "CNY"},
        "consumer": {"country": "CN", "name": "Li Na"},
    }
    return request("POST", "/create", {"Content-Type": "application/json"}, json.dumps(body).encode())


def creating(folder: Path, extent: Extent) -> None:
    with ExitStack() as running:
        bare = running.enter_context(servers.floor())
        inserting = running.enter_context(servers.floor(folder / "floor.db"))
        contenders: dict[str, Contender] = {BARE: (bare.port, _plain), FLOOR: (inserting.port, _plain)}
        for provider in SHOPS:
            server = running.enter_context(servers.simulator(folder / f"create-{provider}.db"))
            contenders[provider] = (server.port, _merchant(server, provider).create)
        rates = [compete(contenders, connections, extent) for connections in CONNECTIONS]
    heading("Creating a payment, per second", *(f"{n} connection{'s' * (n > 1)}" for n in CONNECTIONS))
    for name in contenders:
        against = [f" = {found[name] / found[FLOOR]:.2f} floor" if name in SHOPS else "" for found in rates]
        line(name, *(f"{found[name]:,.0f}{more}" for found, more in zip(rates, against, strict=True)))


def _merchant(server: servers.Server, provider: str) -> Merchant:
    return merchant(provider, server.call("GET", "/_sim/workspaces/default")["credentials"][provider])


def pages(folder: Path, extent: Extent) -> None:
    heading("Pages that one create writes to the logs, alone", "all", "statements", "SQLite's")
    for provider in SHOPS:
        own, shared = pages_of_a_create(folder / f"pages-{provider}.db", provider)
        line(provider, f"{own + shared:.1f}", f"{own:.1f}", f"{shared:.1f}")


def starting(folder: Path, extent: Extent) -> None:
    heading("Cold start to first answer", "milliseconds", "against bare")
    bare, ours = [], []
    for n in range(extent.starts):
        with servers.floor() as server:
            bare.append(server.ready_after * 1000)
        with servers.simulator(folder / f"start-{n}.db") as server:
            ours.append(server.ready_after * 1000)
    line("bare Starlette", f"{median(bare):,.0f}")
    line("psp-simulator, new database", f"{median(ours):,.0f}", f"{median(ours) / median(bare):.2f} x")


def remembering(folder: Path, extent: Extent) -> None:
    heading("Resident memory", "MB")
    with servers.simulator(folder / "memory.db") as server:
        line("at start", _mb(server.resident_mb))
        load(server.port, _merchant(server, next(iter(SHOPS))).create, connections=16, count=extent.remembered)
        line(f"after {extent.remembered:,} payments", _mb(server.resident_mb))


def _mb(value: float | None) -> str:
    return "not known here" if value is None else f"{value:,.1f}"


def growing(folder: Path, extent: Extent) -> None:
    """Stores with ever more payments, each served by a process of its own, are asked the same in turns. They keep all that is in
    them: by itself a workspace drops the oldest beyond 200,000, which the larger ones would be busy with."""
    provider = next(name for name, shop in SHOPS.items() if shop.read is not None)
    world = "/_sim/workspaces/default"
    asked: dict[str, dict[str, Contender]] = {}
    with ExitStack() as running:
        grown: dict[str, servers.Server] = {}
        for size in extent.stores:
            db, name = folder / f"grown-{size}.db", f"{size:,}"
            with servers.simulator(db) as server:
                server.call("PUT", f"{world}/settings/simulator", {"keep": {"days": None, "payments": None}})
                own = _merchant(server, provider)
                payment = own.id_of(0, _answer(server.port, own.create(0)))
            fill.multiply(db, provider, payment, size - 1)
            server = grown[name] = running.enter_context(servers.simulator(db))
            workspace = server.call("GET", world)["id"]
            builds: dict[str, Build] = {"read": partial(_same, own.read(payment))}
            for what in (
                f"payments?provider={provider}&limit=50",
                "webhooks?newest=true&limit=50",
                "requests?limit=50",
            ):
                builds[what] = partial(_same, request("GET", f"{world}/{what}"))
            for page in ("payments", "webhooks", "requests"):
                builds[f"console: {page}"] = partial(_same, request("GET", f"/console/{workspace}/{page}"))
            builds["create"] = _merchant(server, provider).create
            for what, build in builds.items():
                asked.setdefault(what, {})[name] = (server.port, build)
        heading("With this many payments in the store, per second", *grown)
        smallest = f"{extent.stores[0]:,}"
        for what, contenders in asked.items():
            found = compete(contenders, 16, extent if what in ("read", "create") else _shorter(extent))
            line(what, *(f"{rate:,.0f} = {rate / found[smallest]:.2f}" for rate in found.values()))
        line("resident memory, MB", *(_mb(server.resident_mb) for server in grown.values()))


def _same(raw: bytes, n: int) -> bytes:
    return raw


def _shorter(extent: Extent) -> Extent:
    """A list of fifty is ten times the work of one."""
    return Extent(extent.requests // 10, extent.rounds, 0, 0, (), 0)


def _answer(port: int, raw: bytes) -> bytes:
    """The body of the answer to one request."""
    head, _, body = raw.partition(b"\r\n\r\n")
    asked, *pairs = head.decode().split("\r\n")
    method, path, _ = asked.split(" ")
    connection = http.client.HTTPConnection("127.0.0.1", port)
    connection.request(method, path, body, dict(pair.split(": ", 1) for pair in pairs))
    answer = connection.getresponse().read()
    connection.close()
    return answer


def buying(folder: Path, extent: Extent) -> None:
    heading("A whole purchase", "per second", "median ms", "p99 ms")
    with servers.simulator(folder / "purchase.db") as server:
        for together in CONNECTIONS:
            found = purchases(server, extent.purchases, together)
            name = "create, pay, last webhook received" + (f" ({together} at once)" if together > 1 else "")
            line(name, f"{found.rate:,.0f}", f"{found.median * 1000:,.1f}", f"{found.p99 * 1000:,.1f}")


def delivering(folder: Path, extent: Extent) -> None:
    heading("Deliveries to one receiver", "per second", "bare client", "of it")
    with servers.simulator(folder / "deliveries.db") as server:
        found = deliveries(server, extent.purchases)
        line("8 at once", f"{found.rate:,.0f}", f"{found.bare:,.0f}", f"{found.rate / found.bare:.2f}")
    heading(f"While {HANGING} receivers hang", "within 100 ms", "slowest, ms")
    with servers.simulator(folder / "hanging.db") as server:
        heard = healthy(server, extent.purchases // 5)
        line("create, pay, heard at a healthy one", f"{heard.in_time} of {heard.heard}", f"{heard.slowest * 1000:,.1f}")


def soaking(db: Path, purchases: int, keep: int) -> None:
    heading(
        f"{purchases:,} purchases, {keep:,} kept",
        "per second",
        "CPU µs each",
        "median ms",
        "p99 ms",
        "memory MB",
        "file MB",
        "dropped",
        "a day, s",
        "slowest then, ms",
    )
    with servers.simulator(db) as server:
        soak(
            server,
            db,
            purchases,
            keep,
            lambda part: line(
                f"{part.purchases:,}",
                *(
                    f"{part.rate:,.0f}",
                    f"{part.worked * 1e6:,.0f}",
                    f"{part.median * 1000:,.1f}",
                    f"{part.p99 * 1000:,.1f}",
                    _mb(part.resident_mb),
                ),
                *(f"{part.file_mb:,.0f}", f"{part.dropped:,}"),
                *(f"{part.day:,.1f}", f"{part.slowest * 1000:,.0f}"),
            ),
        )


def workspaces(folder: Path, extent: Extent) -> None:
    heading("A new workspace", "median ms")
    with servers.simulator(folder / "workspaces.db") as server:
        durations = []
        connection = http.client.HTTPConnection("127.0.0.1", server.port)
        for _ in range(200):
            started = time.perf_counter()
            connection.request("POST", "/_sim/workspaces", b"{}", {"content-type": "application/json"})
            connection.getresponse().read()
            durations.append(time.perf_counter() - started)
    line("POST /_sim/workspaces", f"{median(durations) * 1000:.2f}")


def snapshots(folder: Path, extent: Extent) -> None:
    """Of a workspace with 100 paid payments, evenly at all providers, and their webhooks."""
    heading("A workspace of 100 payments", "median ms", "slowest ms", "CPU ms")
    with servers.simulator(folder / "snapshots.db") as server:
        world = server.call("POST", "/_sim/workspaces", {"clock": {"mode": "frozen"}})
        path = f"/_sim/workspaces/{world['id']}"
        for provider in world["credentials"]:
            server.call(
                "PUT", f"{path}/webhooks/{provider}", {"url": f"{world['base_url']}/_sim/inbox/{world['id']}/x"}
            )
            for _ in range(100 // len(world["credentials"])):
                made = server.call("POST", f"{path}/payments", {"provider": provider})
                server.call("POST", f"{path}/payments/{provider}/{made['id']}/pay", {})
        server.call("POST", f"{path}/settle", {})
        taken, back, worked = [], [], server.worked_s
        for n in range(30):
            began = time.perf_counter()
            server.call("POST", f"{path}/snapshots", {"name": f"s{n}"})
            between = time.perf_counter()
            server.call("POST", f"{path}/snapshots/s{n}/restore", {})
            taken.append(between - began)
            back.append(time.perf_counter() - between)
        both = [there + again for there, again in zip(taken, back, strict=True)]
        cpu = f"{(server.worked_s - worked) / len(both) * 1000:.1f}"
        for what, durations, of in (("snapshot", taken, ""), ("restore", back, ""), ("a snapshot and back", both, cpu)):
            line(what, f"{median(durations) * 1000:.1f}", f"{max(durations) * 1000:.1f}", of)


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a short run, good enough to see a large change")
    parser.add_argument(
        "--full", action="store_true", help="with a million payments in the store, too: 13 GB, half an hour"
    )
    tables = (creating, pages, starting, remembering, growing, buying, delivering, workspaces, snapshots)
    parts = {f.__name__: f for f in tables}
    parser.add_argument(
        "parts",
        nargs="*",
        choices=[*parts, "soak", "sharing", []],
        help="only these tables; the last two are never among all",
    )
    parser.add_argument("--purchases", type=int, default=1_000_000, help="of a soak")
    parser.add_argument("--keep", type=int, default=200_000, help="payments that a soak keeps")
    parser.add_argument(
        "--db", type=Path, help="where a soak goes on, so that it may be made in several sittings; else a new file"
    )
    parser.add_argument("--postgres", help="the address of an empty database, for sharing")
    given = parser.parse_args()
    extent = QUICK if given.quick else ALL if given.full else FULL
    started = time.perf_counter()
    print(f"{platform.python_implementation()} {platform.python_version()}, {platform.system()} {platform.machine()}")
    with tempfile.TemporaryDirectory() as folder:
        for name, part in parts.items():
            if not given.parts or name in given.parts:
                part(Path(folder), extent)
        if "sharing" in given.parts:
            if given.postgres is None:
                parser.error("sharing needs --postgres")
            heading("Four workspaces, 16 connections", "creates a second", "purchases a second")
            sharing(
                Path(folder),
                given.postgres,
                4000,
                lambda name, made, bought: line(name, f"{made:,.0f}", f"{bought:,.0f}"),
            )
        if "soak" in given.parts:
            soaking(given.db or Path(folder) / "soak.db", given.purchases, given.keep)
    print(f"\nmeasured in {time.perf_counter() - started:.0f} s")


if __name__ == "__main__":
    main()
