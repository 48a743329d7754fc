"""`psp-simulator sign` and `verify`: what comes on stdin is signed or checked with the keys of a workspace."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, TypeVar

import click

from simulator.surface import printed
from simulator.surface.steering import show, steers, unknown_provider, world_of
from simulator.surface.terminal import REFUSED, USAGE, Failure

if TYPE_CHECKING:
    from simulator.engine.shop import Request
    from simulator.surface.signatures import Signer

F = TypeVar("F", bound=Callable[..., Any])


def describes(command: F) -> F:
    """`--method`, `--path`, `--date`, `--secret` and `-H`: the request around the body that comes on stdin."""
    for option in (
        click.option("-H", "--header", "headers", multiple=True, metavar="'NAME: VALUE'", help="A header of it."),
        click.option("--secret", help="Of a webhook endpoint that has one of its own."),
        click.option("--date", help="When it is signed (now)."),
        click.option("--path", help="Where a request goes, with its query."),
        click.option("--method", help="Of a request (POST if there is a body)."),
    ):
        command = option(command)
    return command


@contextmanager
def _signer(
    name: str, date: str | None, secret: str | None, url: str, token: str | None, workspace: str
) -> Iterator[Signer]:
    """Refuses an unknown provider before anybody is asked."""
    from simulator.surface import signatures
    from simulator.surface.installed import installed

    known = {value.name: value for value in installed()}
    if name not in known:
        raise unknown_provider(name, known)
    try:
        with world_of(url, token, workspace) as world:
            yield signatures.signer(known[name], world, date, secret)
    except signatures.NotPossible as refusal:
        raise Failure(str(refusal), refusal.remedy, USAGE) from refusal


def _described(method: str | None, path: str | None, headers: Sequence[str]) -> Request:
    """With the body on stdin; a GET at a terminal has none."""
    from simulator.surface import signatures

    has_none = sys.stdin.isatty() and (method or "").upper() in ("GET", "DELETE")
    body = b"" if has_none else sys.stdin.buffer.read()
    return signatures.request_of(method, path, signatures.headers_in(headers), body)


@click.command()
@click.argument("provider")
@describes
@steers
def sign(
    provider: str,
    method: str | None,
    path: str | None,
    date: str | None,
    secret: str | None,
    headers: Sequence[str],
    url: str,
    token: str | None,
    workspace: str,
    as_json: bool,
) -> None:
    """Sign the body on stdin: writes it signed, or the signed query, or the headers (for curl -H @-)."""
    with _signer(provider, date, secret, url, token, workspace) as signer:
        request = _described(method, path, headers)
        made = signer.sign(request, is_request=method is not None or path is not None)
    if as_json:
        printed.say_json(made.view)
    else:
        printed.give(str(made))


@click.command()
@click.argument("provider")
@describes
@steers
def verify(
    provider: str,
    method: str | None,
    path: str | None,
    date: str | None,
    secret: str | None,
    headers: Sequence[str],
    url: str,
    token: str | None,
    workspace: str,
    as_json: bool,
) -> None:
    """Check the signature of the body on stdin, byte for byte. Exits with 1 when it is wrong, and says what differs."""
    with _signer(provider, date, secret, url, token, workspace) as signer:
        verdict = signer.verify(_described(method, path, (*([f"Date: {date}"] if date else []), *headers)))
    said = {"signed": verdict.signed, "expected": verdict.expected, "received": verdict.received}
    differs = {} if verdict.valid else {name: value for name, value in said.items() if value}
    lines = [verdict.reason or "the signature is right", *(f"  {name:<8}  {value}" for name, value in differs.items())]
    show({"valid": verdict.valid, "reason": verdict.reason, **differs}, as_json, *lines)
    if not verdict.valid:
        sys.exit(REFUSED)
