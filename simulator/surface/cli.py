"""The command line. Results go to stdout, notes to stderr; exit 0, 1 (said no), 2 (wrong use), 3 (server not reached)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import click

from simulator import __version__
from simulator.surface import serve as serving
from simulator.surface.settings import from_environment


@click.group()
@click.version_option(__version__, prog_name="psp-simulator")
def main() -> None:
    """A local sandbox of PPRO, WooshPay, Checkout.com, ecommpay and Worldline Connect for taking Alipay."""


@main.command()
@click.option("--host", help="Address to listen on (127.0.0.1).")
@click.option("--port", type=int, help="Port (8080); 0 takes any free one.")
@click.option("--db", help="SQLite file, :memory: or a postgresql:// address.")
@click.option("--strict", is_flag=True, help="Refuse what the live APIs refuse, also plain http addresses.")
@click.option("--lan", is_flag=True, help="Let phones in the same network reach the API and the buyer's pages.")
@click.option("--open-console", is_flag=True, help="With --lan: the console and /_sim too.")
@click.option("--public-url", help="The address under which others reach this simulator.")
@click.option("--admin-token", help="Wanted by /_sim; required when listening beyond loopback.")
@click.option("--quiet", is_flag=True, help="No banner.")
@click.option(
    "--json", "as_json", is_flag=True, help="First line of stdout: the address, port and credentials as JSON."
)
def serve(
    host: str | None,
    port: int | None,
    db: str | None,
    strict: bool,
    lan: bool,
    open_console: bool,
    public_url: str | None,
    admin_token: str | None,
    quiet: bool,
    as_json: bool,
) -> None:
    """Serve all five providers on one port."""
    try:
        settings = from_environment()
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    given: dict[str, Any] = {"host": host, "port": port, "db": db, "public_url": public_url, "admin_token": admin_token}
    settings = replace(settings, **{name: value for name, value in given.items() if value is not None})
    settings = replace(
        settings,
        strict=strict or settings.strict,
        lan=lan or settings.lan,
        open_console=open_console or settings.open_console,
    )
    serving.serve(settings, quiet=quiet, as_json=as_json)


if __name__ == "__main__":
    main()
