"""What a merchant of ecommpay's has: projects with their secret, and a token of the Data API with its own.

Source: docs/providers/ecommpay.md, sources 2 and 3.11.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from simulator.engine.provider import BannerLine
from simulator.kernel.ids import Ids

PROJECT = 201
OTHER_PROJECTS = [120, 239]
"""The further projects of the Alipay article; they share the default workspace and its secret."""

TOKEN, SECRET = "SIM0000000000000000000000TOKEN", "sim-data-api-salt"
"""The token and its secret in the default workspace."""


def credentials(ids: Ids, default: bool) -> dict[str, Any]:
    """New credentials: the project's, and a token of the Data API with its secret."""
    if default:
        project = {"project_id": PROJECT, "secret_key": "sandbox-secret-7Q2mVx", "projects": list(OTHER_PROJECTS)}
        return {**project, "data_token": TOKEN, "data_secret": SECRET}
    project_id = 100_000_000 + int(ids.digits(9)) % 900_000_000
    return {
        "project_id": project_id,
        "secret_key": ids.text(64),
        "projects": [],
        "data_token": ids.text(30),
        "data_secret": ids.text(64),
    }


def lookups(found: Mapping[str, Any]) -> Sequence[str]:
    projects = dict.fromkeys(str(int(project)) for project in (found["project_id"], *found.get("projects", ())))
    token = found.get("data_token")
    return [*projects, *([token_lookup(token)] if token else [])]


def token_lookup(token: str) -> str:
    """By which the owner of a token is found; a project is found by its bare number."""
    return f"token {token}"


def banner(own: Mapping[str, Any]) -> BannerLine:
    return BannerLine("ecommpay", f"project {own['project_id']}", "secret in the console")
