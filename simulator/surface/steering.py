"""What the commands that steer a running simulator share: their options, the way to it, and how a result is shown."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from simulator.surface import printed
from simulator.surface.settings import default_port
from simulator.surface.terminal import REFUSED, UNREACHED, USAGE, Failure

if TYPE_CHECKING:
    from simulator.surface.client import Client, SaidNo, Workspace

F = TypeVar("F", bound=Callable[..., Any])


def default_url() -> str:
    """Where a simulator of this machine listens: `PSP_SIMULATOR_PORT` counts for clients too."""
    try:
        return f"http://localhost:{default_port()}"
    except ValueError as error:
        raise Failure(str(error), "Correct the variable, or name the simulator with --url.", USAGE) from error


def reaches(command: F) -> F:
    """`--url`, `--admin-token` and `--json`."""
    for option in (
        click.option("--json", "as_json", is_flag=True, help="The result as JSON."),
        click.option("--admin-token", "token", envvar="PSP_SIMULATOR_ADMIN_TOKEN", help="If the simulator wants one."),
        click.option(
            "--url",
            envvar="PSP_SIMULATOR_URL",
            default=default_url,
            help="Where it runs (http://localhost and PSP_SIMULATOR_PORT, or 8080).",
        ),
    ):
        command = option(command)
    return command


def steers(command: F) -> F:
    """Adds `--url`, `--token` and `--workspace` to a command."""
    workspace = click.option(
        "--workspace", "-w", envvar="PSP_SIMULATOR_WORKSPACE", default="default", help="Name or id (default)."
    )
    return workspace(reaches(command))


@contextmanager
def client_of(url: str, token: str | None) -> Iterator[Client]:
    """A client whose refusals end the command with the right exit code."""
    from simulator.surface.client import Client, NotReached, SaidNo

    if not url.startswith(("http://", "https://")):
        raise Failure(f"{url!r} is no address of a simulator", "Write it as in http://localhost:8080.", USAGE)
    try:
        with Client(url, token=token) as client:
            yield client
    except NotReached as error:
        remedy = "Start one with psp-simulator serve, or name another with --url."
        raise Failure(str(error), remedy, UNREACHED) from error
    except SaidNo as error:
        allowed = f"Allowed: {', '.join(map(str, error.allowed))}." if error.allowed else None
        is_misuse = error.status == NO_VALUE and error.field not in OF_THE_CLOCK
        members = {"code": None if is_misuse else error.code, "field": error.field, "allowed": error.allowed}
        told = {name: value for name, value in members.items() if value is not None}
        raise Failure(str(error), allowed or _remedy(error), USAGE if is_misuse else REFUSED, told) from error


NO_VALUE = 422
"""What somebody has typed is none of the values that may stand there: wrong use."""
OF_THE_CLOCK = ("by", "to", "next")
"""These have been read before they were sent: what is refused then is the move, because the clock never goes there."""


_REMEDIES = {
    (401, None): "Give the token with --admin-token.",
    (404, "ws"): "Name another with -w, or none for default; the console lists them.",
    (404, "id"): "psp-simulator requests and webhooks list what there is.",
}
"""By status and field of a refusal."""


def _remedy(error: SaidNo) -> str:
    by_status = _REMEDIES.get((error.status, None), "Nothing was changed.")
    return _REMEDIES.get((error.status, error.field), by_status)


@contextmanager
def world_of(url: str, token: str | None, workspace: str) -> Iterator[Workspace]:
    with client_of(url, token) as client:
        yield client.workspace(workspace)


def no_payment(world: Workspace, id_: str) -> Failure:
    what = f"there is no payment with the id, reference or wallet code {id_!r} in workspace {world.name}"
    return Failure(what, "psp-simulator tail shows what there is.", REFUSED, {"code": "not_found", "field": "id"})


def known_provider(world: Workspace, name: str | None) -> None:
    """Refuses the name of a provider that the simulator does not serve, whatever the command: wrong use, with the allowed ones."""
    known = list(world.view["webhooks"])
    if name is not None and name not in known:
        raise unknown_provider(name, known)


def unknown_provider(name: str, known: Iterable[str]) -> Failure:
    allowed = list(known)
    error = {"field": "provider", "allowed": allowed}
    return Failure(f"there is no provider {name!r}", f"Known are {', '.join(allowed)}.", USAGE, error)


def show(result: Any, as_json: bool, *lines: str) -> None:
    """Prints the result as JSON for programs, or else these lines for people."""
    if as_json:
        printed.say_json(result)
    else:
        printed.say(*lines)
