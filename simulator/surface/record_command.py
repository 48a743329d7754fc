"""`psp-simulator record`: a proxy before a real sandbox that keeps what it says, masked, as tests read it."""

from __future__ import annotations

import signal
import sys
from contextlib import suppress
from pathlib import Path

import click

from simulator.engine import private
from simulator.engine.masking import COMMON
from simulator.surface import printed
from simulator.surface.drift_command import address_of, credentials_of, provider_of, sandbox_of, test_account_said
from simulator.surface.terminal import UNREACHED, USAGE, Failure


@click.command()
@click.option("--provider", "name", required=True, help="Whose sandbox it is.")
@click.option(
    "--to", "folder", metavar="DIR", required=True, type=click.Path(file_okay=False), help="Where exchanges are kept."
)
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=9090,
    show_default=True,
    help="Its port; 0 takes any free one.",
)
@click.option("--base-url", metavar="URL", help="The sandbox, where it has several addresses.")
@click.option("--keep-amounts", is_flag=True, help="Leave amounts as they are: those of test triggers mean something.")
@click.option(
    "--test-account", is_flag=True, help="Where one host serves tests and real money: the account is one for tests."
)
@click.option("--stand-in", is_flag=True, help="Let a server on this machine stand in for the sandbox.")
@click.option("--json", "as_json", is_flag=True, help="First line of stdout: the proxy's address as JSON.")
def record(
    name: str,
    folder: str,
    port: int,
    base_url: str | None,
    keep_amounts: bool,
    test_account: bool,
    stand_in: bool,
    as_json: bool,
) -> None:
    """Keep what a provider's real sandbox answers to your own code, masked, until Ctrl-C.

    Let your code call the proxy instead of the sandbox. Your sandbox credentials come from the environment, as for drift; they are
    only looked for, so that they are hidden.
    """
    import uvicorn

    from simulator.surface import serve
    from simulator.surface.drift.recorder import Recorder

    provider = provider_of(name)
    sandbox = sandbox_of(provider)
    url = address_of(provider, base_url, stand_in=stand_in)
    test_account_said(sandbox, url, said=test_account or stand_in)
    credentials = credentials_of(provider)
    path = Path(folder)
    try:
        private.make_folder(path)
    except OSError as error:
        raise Failure(f"{folder} cannot be made: {error.strerror}", "Name another folder with --to.", USAGE) from error
    recorder = Recorder(provider, url, credentials, path, keeps_amounts=keep_amounts)
    try:
        listening = serve.bind("127.0.0.1", port)
    except OSError as error:
        what = f"cannot listen on port {port}: {error.strerror or error}"
        raise Failure(what, "Choose another with --port (0 takes any free one).", UNREACHED) from error
    own = f"http://127.0.0.1:{listening.getsockname()[1]}"
    if as_json:
        told = {"event": "recording", "base_url": own, "sandbox": COMMON.address(url), "to": folder}
        printed.say_json(told, ascii_only=True)
        sys.stdout.flush()
    printed.say(f"{own} leads to {url}; exchanges are kept in {folder}. Ctrl-C ends it.", err=True)
    signal.signal(signal.SIGTERM, lambda *_: None)  # uvicorn raises it again once it has shut down; we ended as asked
    config = uvicorn.Config(recorder.app, ws="none", lifespan="on", access_log=False, log_level="warning")
    with suppress(KeyboardInterrupt):
        uvicorn.Server(config).run(sockets=[listening])
    printed.say(f"{len(recorder.written)} exchanges kept in {folder}. Look at them before you share them.", err=True)
    printed.say(
        "Where a buyer has paid meanwhile, say so in a file of its own: docs/fidelity.md, Recordings.", err=True
    )
