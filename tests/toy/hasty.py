"""The enveloped toy as a provider that tries a webhook twice at once."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

from toy.enveloped import ENVELOPED

HASTY = replace(
    ENVELOPED,
    title="Acme, hasty",
    webhooks=replace(
        ENVELOPED.webhooks,
        retry=replace(ENVELOPED.webhooks.retry, delays=(timedelta(0), timedelta(minutes=1), timedelta(minutes=1))),
    ),
)
