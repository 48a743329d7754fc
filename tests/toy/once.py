"""The toy as a provider that tells each webhook once: what is not received is lost."""

from __future__ import annotations

from dataclasses import replace

from simulator.kernel.retry import RetryPolicy
from toy.acme import ACME

ONCE = replace(ACME, title="Acme, once", webhooks=replace(ACME.webhooks, retry=RetryPolicy(())))
