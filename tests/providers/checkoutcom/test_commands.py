"""What the command line says of a payment session."""

import httpx
from click.testing import CliRunner

from providers.checkoutcom.test_sessions import SESSION
from simulator.surface import cli
from simulator.surface.client import Client
from simulator.surface.launch import launched


def test_the_command_line_names_the_payment_of_a_session() -> None:
    with launched() as server, Client(server.url) as client:
        world = client.workspace("default")
        key = {"Authorization": f"Bearer {world.credentials['checkoutcom']['secret_key']}"}
        session = httpx.post(f"{server.url}/payment-sessions", json=SESSION, headers=key, trust_env=False).json()

        result = CliRunner().invoke(cli.main, ["pay", session["id"], "--url", server.url])

        [made] = world.payments(reference="FLOW-1001")
    assert f"{session['id']}  Open  processing, decided by buyer:li-na, by {made['id']}  Pending  " in result.stdout
