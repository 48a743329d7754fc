"""A provider that is loaded late: what its outline answers, when the rest is imported, and what is wrong with a outline."""

from __future__ import annotations

import json
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import fields, replace
from datetime import timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from support import Sim
from toy.acme import ACME

from engine.merchant import Merchant
from simulator.engine.outlines import Outline, is_loaded, lazily
from simulator.engine.provider import Endpoint, LeftOut, Provider, ProviderError
from simulator.engine.routes import Routes, segments_of
from simulator.providers import BUILT_IN, built_in
from simulator.surface.app import App
from simulator.surface.settings import Settings
from simulator.surface.skeleton import PROVIDER as NEWPAY

OUTLINE: Outline = {
    "name": ACME.name,
    "title": ACME.title,
    "monogram": ACME.monogram,
    "paths": ("/acme",),
    "credentials": ACME.credentials,
    "lookups": ACME.lookups,
}
MODULE = "acme_that_is_late"

CALLED = """
import asyncio, json, sys
from simulator.providers import BUILT_IN
from simulator.surface import serve
from simulator.surface.settings import Settings

async def answered(app, method, path):
    scope = {
        "type": "http", "method": method, "scheme": "http", "path": path, "raw_path": path.encode(), "query_string": b"",
        "headers": [(b"host", b"127.0.0.1")], "client": ("127.0.0.1", 1), "root_path": "",
    }
    sent = []
    async def receive():
        return {"type": "http.request", "body": b"{}"}
    async def send(message):
        sent.append(message)
    await app(scope, receive, send)
    return sent[0]["status"]

async def main():
    app = serve.App(Settings(db=":memory:"))
    await app.start()
    status = await answered(app, *sys.argv[1:])
    await app.stop()
    return [status, [name for name in BUILT_IN if f"simulator.providers.{name}.provider" in sys.modules]]

json.dump(asyncio.run(main()), sys.stdout)
"""


@pytest.fixture
def late(monkeypatch: pytest.MonkeyPatch) -> Provider:
    monkeypatch.setitem(sys.modules, MODULE, SimpleNamespace(PROVIDER=replace(ACME, paths=OUTLINE["paths"])))
    return lazily(OUTLINE, MODULE)


def whole(**changes: Any) -> Any:
    return SimpleNamespace(PROVIDER=replace(ACME, **{"paths": OUTLINE["paths"], **changes}))


def route(path: str) -> Endpoint:
    return replace(ACME.endpoints[0], path=path)


def test_what_the_front_says_loads_nothing(late: Provider) -> None:
    assert isinstance(late, Provider)
    assert (late.name, late.title, late.monogram, late.listable, late.hosts) == ("acme", "Acme", ACME.monogram, (), ())
    assert late.is_provider
    assert late.masking.members == ()
    assert late.banner_line({"api_key": "the-key"}).key == "the-key"
    assert repr(late) == "<Provider acme>"
    assert not is_loaded(late)


@pytest.mark.parametrize(
    "field", [field.name for field in fields(Provider) if field.name not in Outline.__annotations__]
)
def test_it_is_the_whole_provider_once_more_is_asked(late: Provider, field: str) -> None:
    found = getattr(late, field)

    assert is_loaded(late)
    assert type(late) is Provider
    assert found == getattr(replace(ACME, paths=OUTLINE["paths"]), field)


def test_a_provider_that_is_not_late_is_loaded() -> None:
    assert is_loaded(ACME)


def test_what_is_asked_by_several_at_once_is_loaded_once_for_all(late: Provider) -> None:
    routes = Routes([late])

    with ThreadPoolExecutor(8) as threads:
        found = [*threads.map(lambda _: routes.match("POST", ["acme", "charges"]), range(64))]

    assert all(one is not None and one[0].routes["POST"][0] is late for one in found)


def test_beside_one_that_may_be_anywhere_it_is_loaded_at_once(late: Provider) -> None:
    """So that what is routed twice is said at the start."""
    greedy = replace(NEWPAY, paths=(), endpoints=(*NEWPAY.endpoints, route("/acme/charges")))

    with pytest.raises(ValueError, match="POST /acme/charges is routed twice"):
        Routes([late, greedy])


@pytest.mark.parametrize("is_first", [True, False])
def test_what_one_has_another_cannot_leave_out(is_first: bool) -> None:
    lacking = replace(NEWPAY, left_out=(LeftOut("POST", "/acme/charges", "charge"),))

    with pytest.raises(ValueError, match="POST /acme/charges is left out, and is there"):
        Routes([lacking, ACME] if is_first else [ACME, lacking])


@pytest.mark.parametrize("provider", built_in(), ids=lambda provider: provider.name)
def test_what_is_left_out_has_all_of_its_parameters(provider: Provider) -> None:
    routes = Routes(built_in())
    for row in provider.left_out:
        given = [str(1000 + n) if s.startswith("{") else s for n, s in enumerate(segments_of(row.path))]

        found = routes.match(row.method, given)

        assert found is not None
        assert [*found[1].values()] == [value for value in given if value.isdigit() and len(value) == 4], row.path
        assert "" not in found[1]


def test_a_parameter_is_called_as_what_is_routed_calls_it_whoever_came_first() -> None:
    lacking = replace(NEWPAY, left_out=(LeftOut("DELETE", "/acme/charges/{whatever}", "delete"),))

    for providers in ([lacking, ACME], [ACME, lacking]):
        found = Routes(providers).match("DELETE", ["acme", "charges", "c_1"])
        assert found is not None
        assert found[1] == {"id": "c_1"}


@pytest.mark.parametrize("first", ["/acme/same", "/bcme/same"])
def test_what_may_have_been_meant_does_not_depend_on_who_was_loaded_first(
    monkeypatch: pytest.MonkeyPatch, first: str
) -> None:
    monkeypatch.setitem(sys.modules, MODULE, whole(endpoints=(*ACME.endpoints, route("/acme/same"))))
    other = replace(NEWPAY, endpoints=(route("/bcme/same"),), paths=("/bcme",))
    monkeypatch.setitem(sys.modules, "another", SimpleNamespace(PROVIDER=other))
    outline: Outline = {
        "name": other.name,
        "title": other.title,
        "monogram": other.monogram,
        "paths": other.paths,
        "credentials": other.credentials,
        "lookups": other.lookups,
    }
    routes = Routes([lazily(OUTLINE, MODULE), lazily(outline, "another")])

    assert routes.match("POST", segments_of(first)) is not None
    assert routes.nearest("POST", "/zzzz/same")[:2] == ["POST /acme/same", "POST /bcme/same"]


async def test_a_request_to_somebody_else_loads_nothing(late: Provider) -> None:
    async with Sim(providers=[late]) as sim:
        await sim.http.get("/_sim/health")
        before = is_loaded(late)
        answer = await sim.http.post("/acme/charges", json={})

    assert not before
    assert answer.status_code == 401
    assert is_loaded(late)


async def test_answers_of_an_earlier_run_are_forgotten_in_time(late: Provider, tmp_path: Path) -> None:
    """Though nobody has spoken to their provider since."""
    db = str(tmp_path / "sim.db")
    async with Sim(db=db, providers=[ACME]) as sim:
        await Merchant(sim).create(**{"Acme-Key": "once"})
    app = App(Settings(db=db), providers=[late])
    [workspace] = [one for one in app.runtime.workspaces() if one.name != "default"]
    replies, before = "SELECT COUNT(*) FROM replies", is_loaded(late)
    at_first = app.runtime.store.rows(replies)[0][0]
    app.runtime.change_workspace(workspace, clock=workspace.clock.moved_to(workspace.clock.now() + timedelta(days=2)))

    app.runtime.keeper.run()

    assert (before, at_first, app.runtime.store.rows(replies)[0][0]) == (False, 1, 0)
    await app.runtime.close()


async def test_what_is_not_kept_of_an_earlier_run_is_looked_for_without_loading(late: Provider) -> None:
    app = App(Settings(db=":memory:"), providers=[late])

    app.runtime.keeper.run()

    assert not is_loaded(late)
    await app.runtime.close()


async def test_an_address_of_nobodys_is_looked_for_at_every_provider(late: Provider) -> None:
    async with Sim(providers=[late]) as sim:
        answer = await sim.http.post("/acme_/charges", json={})

    assert answer.status_code == 404
    assert is_loaded(late)


async def test_what_cannot_be_imported_is_a_crash_each_time_until_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    late = lazily(OUTLINE, MODULE)
    async with Sim(providers=[late]) as sim:
        answers = [await sim.http.post("/acme/charges", json={}) for _ in range(2)]
        monkeypatch.setitem(sys.modules, MODULE, whole())
        last = await sim.http.post("/acme/charges", json={})

    assert [answer.status_code for answer in answers] == [500, 500]
    assert last.status_code == 401


def test_a_front_that_says_something_else_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, MODULE, whole(title="Acme Ltd", monogram="AL"))

    with pytest.raises(ProviderError, match="its outline has another title, monogram"):
        _ = lazily(OUTLINE, MODULE).endpoints


def test_an_address_that_the_front_does_not_name_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, MODULE, whole(paths=("/acm", "/acme/charge")))

    with pytest.raises(ProviderError, match="paths does not name the beginning of /acme/charges,"):
        _ = lazily({**OUTLINE, "paths": ("/acm", "/acme/charge")}, MODULE).endpoints


@pytest.mark.parametrize("provider", built_in(), ids=lambda provider: provider.name)
def test_every_beginning_that_a_front_names_is_one(provider: Provider) -> None:
    paths = [route.path for routes in (provider.endpoints, provider.pages, provider.left_out) for route in routes]

    assert provider.paths
    for begin in provider.paths:
        assert any(f"{path}/".startswith(f"{begin}/") for path in paths), begin


@pytest.mark.parametrize("provider", built_in(), ids=lambda provider: provider.name)
def test_who_speaks_to_one_provider_loads_that_one(provider: Provider) -> None:
    """Of those that say nothing but what a start needs."""
    own = next(endpoint for endpoint in provider.endpoints if not shared(provider, endpoint.path))
    path = "/".join("1" if segment.startswith("{") else segment for segment in own.path.split("/"))

    done = subprocess.run([sys.executable, "-c", CALLED, own.method, path], capture_output=True, check=True)

    status, loaded = json.loads(done.stdout)
    assert 200 <= status < 500
    assert loaded == [provider.name]


def shared(provider: Provider, path: str) -> bool:
    """Whether another provider's outline names the beginning of an address, too."""
    begins = [segments_of(begin)[:2] for other in built_in() if other is not provider for begin in other.paths]
    return any(segments_of(path)[: len(begin)] == begin for begin in begins)


def test_all_of_ours_are_late() -> None:
    code = "from simulator.providers import built_in; from simulator.engine.outlines import is_loaded; "
    done = subprocess.run(
        [sys.executable, "-c", f"{code}print(*(is_loaded(provider) for provider in built_in()))"],
        capture_output=True,
        check=True,
    )

    assert done.stdout.split() == [b"False"] * len(BUILT_IN)
