"""Where deliveries may go: an address is what it is, however it is spelled, and our own control surface is no receiver."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator

import pytest

from engine.receivers import receiver
from simulator.engine.courier import Errand, NotReached, OwnCourier, carried
from simulator.engine.reach import Network, Reach, kind_of, literal, surface_of
from simulator.kernel.refusals import Invalid

CONTROL = "/_sim/workspaces/default/reset"


@pytest.mark.parametrize(
    ("address", "kind"),
    [
        ("127.0.0.1", "machine"),
        ("127.255.255.254", "machine"),
        ("0.0.0.0", "machine"),
        ("0.1.2.3", "machine"),
        ("::1", "machine"),
        ("::", "machine"),
        ("::ffff:127.0.0.1", "machine"),
        ("::127.0.0.1", "machine"),
        ("2002:7f00:1::", "machine"),
        ("64:ff9b::7f00:1", "machine"),
        ("10.1.2.3", "private"),
        ("172.17.0.1", "private"),
        ("192.168.1.20", "private"),
        ("100.64.0.1", "private"),
        ("fd12::1", "private"),
        ("::ffff:10.0.0.1", "private"),
        ("64:ff9b::10.0.0.1", "private"),
        ("169.254.169.254", "never"),
        ("::ffff:169.254.169.254", "never"),
        ("64:ff9b::a9fe:a9fe", "never"),
        ("fe80::1", "never"),
        ("fe80::1%eth0", "never"),
        ("fd00:ec2::254", "never"),
        ("fd00:ec2::23", "never"),
        ("fd00:ec2:0:1::1", "never"),
        ("fd00:ec3::1", "private"),
        ("fd20:ce::254", "never"),
        ("fd00:c1::a9fe:a9fe", "never"),
        ("fd00:42::42", "never"),
        ("fd00:a9fe:a9fe::1", "never"),
        ("fd00:100::100:200", "never"),
        ("169.254.170.2", "never"),
        ("169.254.170.23", "never"),
        ("192.0.0.192", "never"),
        ("64:ff9b::100.100.100.200", "never"),
        ("100.100.100.200", "never"),
        ("168.63.129.16", "never"),
        ("224.0.0.1", "never"),
        ("255.255.255.255", "never"),
        ("ff02::1", "never"),
        ("93.184.215.14", "public"),
        ("2606:2800:21f:cb07::1", "public"),
    ],
)
def test_an_address_is_of_one_kind_whatever_it_is_wrapped_in(address: str, kind: str) -> None:
    assert kind_of(address) == kind


def test_the_addresses_of_this_machines_interfaces_are_this_machine() -> None:
    """A connection to them looks like one from this machine, to us and to all other servers here."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no network")
        own = probe.getsockname()[0]

    assert kind_of(own) == "machine"


@pytest.mark.parametrize(
    ("host", "address"),
    [
        ("127.0.0.1", "127.0.0.1"),
        ("127.1", "127.0.0.1"),
        ("2130706433", "127.0.0.1"),
        ("0x7f000001", "127.0.0.1"),
        ("0177.0.0.1", "127.0.0.1"),
        ("0x7f.0.1", "127.0.0.1"),
        ("127.0.0.1.", "127.0.0.1"),
        ("LOCALHOST", "127.0.0.1"),
        ("shop.localhost.", "127.0.0.1"),
        ("::FFFF:7F00:1", "::ffff:127.0.0.1"),
        ("shop.example", None),
        ("127.0.0.1.example", None),
        ("", None),
    ],
)
def test_a_host_that_means_an_address_is_read_as_one(host: str, address: str | None) -> None:
    found = literal(host)

    assert (found and kind_of(found)) == (address and kind_of(address))
    assert found is None or ":" in found or found == address


@pytest.mark.parametrize(
    ("path", "surface"),
    [
        (CONTROL, "control"),
        ("/_sim", "control"),
        ("/_SIM/health", "control"),
        ("//_sim/workspaces", "control"),
        ("/%5fsim/workspaces", "control"),
        ("/%255fsim/workspaces", "control"),
        ("/%2e/_sim/x", "control"),
        ("/a/../_sim/x", "control"),
        ("/a/%2e%2e/_sim/x", "control"),
        ("/a/..;x/_sim", "control"),
        ("/\\_sim/x", "control"),
        ("/_sim;a=b/x", "control"),
        ("/_sim/inbox/../workspaces", "control"),
        ("/_sim/inbox/%2e%2e/workspaces", "control"),
        ("/_sim/inbox/%252e%252e/workspaces", "control"),
        ("/_sim/inbox", "control"),
        ("/_sim/inboxes/x", "control"),
        ("/console", "console"),
        ("/Console/default/reset", "console"),
        ("/%63onsole/", "console"),
        ("/_sim/inbox/default/shop", None),
        ("/_simulation/hooks", None),
        ("/hooks/_sim", None),
        ("/consoles", None),
        ("/", None),
        ("", None),
    ],
)
def test_our_own_paths_are_recognised_in_any_spelling(path: str, surface: str | None) -> None:
    assert surface_of(path) == surface


@pytest.mark.parametrize("from_network", [False, True])
@pytest.mark.parametrize(
    "host", ["localhost:8080", "127.1:8080", "[::1]:8080", "2130706433:8080", "sim.example", "other.example:1234"]
)
def test_nobody_names_the_control_api_of_any_simulator(host: str, from_network: bool) -> None:
    reach = Reach("anywhere", "https://sim.example", {8080})

    assert reach.objection(f"http://{host}{CONTROL}", from_network) is not None
    assert reach.objection(f"http://{host}/_sim/inbox/default/shop", from_network) is None


def test_nobody_names_our_console_but_everybody_a_path_of_that_name_elsewhere() -> None:
    reach = Reach("anywhere", "https://sim.example", {8080})

    for ours in ("http://localhost:8080", "http://0:8080", "http://[::ffff:127.0.0.1]:8080", "https://SIM.example."):
        assert (
            reach.objection(f"{ours}/console/default/reset", False)
            == "the simulator's own console receives no webhooks"
        )
    for other in ("http://localhost:3000", "https://shop.example", "http://10.0.0.1:8080"):
        assert reach.objection(f"{other}/console/hooks", False) is None


@pytest.mark.parametrize(
    ("network", "allowed"),
    [("anywhere", "machine private public"), ("private", "private public"), ("public", "public")],
)
def test_what_the_network_may_name_is_an_option_and_this_machine_names_what_it_likes(
    network: Network, allowed: str
) -> None:
    reach = Reach(network)
    urls = {"machine": "http://localhost", "private": "http://10.0.0.1", "public": "http://93.184.215.14"}

    assert [kind for kind, url in urls.items() if reach.objection(url, True) is None] == allowed.split()
    assert [kind for kind, url in urls.items() if reach.objection(url, False) is None] == [*urls]


@pytest.mark.parametrize("from_network", [False, True])
def test_nobody_names_a_clouds_metadata(from_network: bool) -> None:
    assert Reach("anywhere").objection("http://169.254.169.254/latest/meta-data", from_network) is not None


def test_what_is_refused_is_refused_with_its_place() -> None:
    with pytest.raises(Invalid) as caught:
        Reach().check("http://localhost/hooks", "webhooks.url", True)

    [violation] = caught.value.violations
    assert violation.path == "webhooks.url"
    assert violation.message == (
        "127.0.0.1 is this machine itself, which no caller from the network may name (--webhooks-to says otherwise)"
    )


# At the connection -----------------------------------------------------------------------------------------------


@pytest.fixture
async def courier() -> AsyncIterator[OwnCourier]:
    found = OwnCourier(Reach("public"))
    yield found
    await found.close()


async def refused(courier: OwnCourier, url: str, from_network: bool = True) -> str:
    with pytest.raises(NotReached) as caught:
        await carried(courier, Errand(url, {}, b"{}", from_network=from_network), 10)
    return str(caught.value)


async def test_a_name_is_judged_by_the_address_to_which_the_connection_is_made(
    courier: OwnCourier, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It led to a public address when somebody looked, and leads here now."""
    ask = socket.getaddrinfo

    def rebound(host: str, *rest: object) -> object:
        return ask("127.0.0.1" if host == "shop.example" else host, *rest)  # type: ignore[arg-type]

    monkeypatch.setattr(socket, "getaddrinfo", rebound)
    async with receiver(name="shop.example") as shop:
        told = await refused(courier, f"{shop.url}/hooks")
        here = await courier.carry(Errand(f"{shop.url}/hooks", {}, b"{}"))

    assert told.startswith("127.0.0.1 is this machine itself")
    assert (here.status, shop.connections) == (200, 1)


async def test_a_connection_that_was_opened_for_this_machine_serves_nobody_else(
    courier: OwnCourier, monkeypatch: pytest.MonkeyPatch
) -> None:
    ask = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest: ask("127.0.0.1", *rest))
    async with receiver(name="shop.example") as shop:
        await courier.carry(Errand(f"{shop.url}/hooks", {}, b"{}"))
        await refused(courier, f"{shop.url}/hooks")

    assert len(shop.requests) == 1


async def test_our_console_is_spared_under_a_name_of_ours_that_nobody_knows(monkeypatch: pytest.MonkeyPatch) -> None:
    """On a connection that serves our inbox, too."""
    ask = socket.getaddrinfo
    monkeypatch.setattr(socket, "getaddrinfo", lambda host, *rest: ask("127.0.0.1", *rest))
    async with receiver(name="tunnel.example") as ours:
        courier = OwnCourier(Reach(ports={ours.port}))
        await courier.carry(Errand(f"{ours.url}/_sim/inbox/default/shop", {}, b"{}"))
        told = await refused(courier, f"{ours.url}/x/%2e%2e/console/default/reset", from_network=False)
        await courier.close()

    assert told == "the simulator's own console receives no webhooks"
    assert len(ours.requests) == 1


async def test_an_address_that_is_allowed_is_tried_where_another_one_of_the_name_is_not(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    async with receiver() as shop:
        both = [
            (socket.AF_INET, socket.SOCK_STREAM, 6, "", (address, shop.port))
            for address in ("169.254.169.254", "127.0.0.1")
        ]
        monkeypatch.setattr(socket, "getaddrinfo", lambda *a: both)
        courier = OwnCourier()
        receipt = await asyncio.wait_for(courier.carry(Errand(f"http://two.example:{shop.port}", {}, b"{}")), 20)
        await courier.close()

    assert receipt.status == 200


@pytest.mark.parametrize("url", ["http://[::1/", "http://shop.test:port/", "http://shop.test:99999999/"])
def test_an_address_that_cannot_be_read_is_left_to_whoever_calls_it(url: str) -> None:
    assert Reach().objection(url, True) is None


@pytest.mark.parametrize("name", ["999.1.1.1", "1.2.3.4.5", "0x", "256.256.256.256", "4294967296"])
def test_what_looks_like_a_number_and_is_none_is_a_name(name: str) -> None:
    assert literal(name) is None


@pytest.mark.parametrize("address", ["2001:0:7f00:1::80ff:fffe", "2002:7f00:1::", "64:ff9b::127.0.0.1"])
def test_an_address_within_another_is_what_it_leads_to(address: str) -> None:
    assert kind_of(address) == "machine"
