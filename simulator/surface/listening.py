"""`psp-simulator listen`: webhooks go to the address that somebody works at, and what happens is printed."""

from __future__ import annotations

import click

from simulator.surface import printed
from simulator.surface.steering import known_provider, steers, world_of

EACH = "{provider}"
KEPT = ("secret", "key_id", "events")
"""Members of an endpoint that stay when it gets another address."""


@click.command()
@click.argument("hook", metavar="URL")
@click.option("--provider", help="Only this provider's webhooks; without it those of all.")
@click.option("--no-follow", is_flag=True, help="Set the endpoints, show what there is, then end.")
@steers
def listen(
    hook: str,
    provider: str | None,
    no_follow: bool,
    url: str,
    token: str | None,
    workspace: str,
    as_json: bool,
) -> None:
    """Send webhooks to URL and print what happens. {provider} in it becomes the provider's name.

    The account-level endpoints stay set when this ends.
    """
    from simulator.surface.tail import follow

    with world_of(url, token, workspace) as world:
        known_provider(world, provider)
        for name in [*world.view["webhooks"]] if provider is None else [provider]:
            address = hook.replace(EACH, name)
            kept = {member: value for member, value in (world.view["webhooks"][name] or {}).items() if member in KEPT}
            world.set_webhook(name, address, **kept)
            printed.say(f"{name:<12} webhooks go to {address}", err=True)
        follow(world, provider, as_json=as_json, lines=0, once=no_follow)
