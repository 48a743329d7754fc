"""Newpay's API for Alipay: a small provider to begin with. Source: none, it is invented."""

from __future__ import annotations

from simulator.engine.outlines import Outline, lazily
from simulator.surface.skeleton import keys

OUTLINE: Outline = {
    "name": "newpay",
    "title": "Newpay",
    "monogram": "NE",
    "paths": ("/newpay",),
    "credentials": keys.credentials,
    "lookups": keys.lookups,
    "banner": keys.banner,
}
"""What a start needs. The first request to one of the `paths` imports the rest."""

PROVIDER = lazily(OUTLINE, "simulator.surface.skeleton.provider")
