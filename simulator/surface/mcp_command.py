"""`psp-simulator mcp`: what a coding agent starts, to steer a running simulator."""

from __future__ import annotations

import asyncio

import click

from simulator.surface.steering import default_url
from simulator.surface.terminal import USAGE, Failure


@click.command()
@click.option(
    "--url",
    envvar="PSP_SIMULATOR_URL",
    default=default_url,
    help="Where it runs (http://localhost and PSP_SIMULATOR_PORT, or 8080).",
)
@click.option("--admin-token", "token", envvar="PSP_SIMULATOR_ADMIN_TOKEN", help="If the simulator wants one.")
@click.option("--workspace", "-w", envvar="PSP_SIMULATOR_WORKSPACE", default="default", help="Name or id (default).")
def mcp(url: str, token: str | None, workspace: str) -> None:
    """Offer a running simulator to a coding agent, by the Model Context Protocol on stdin and stdout."""
    try:
        from simulator.surface.mcp_server import serve
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("mcp", "mcp_types"):
            raise
        raise Failure("mcp needs the package of that name", "Install psp-simulator[mcp].", USAGE) from error
    asyncio.run(serve(url, token, workspace))
