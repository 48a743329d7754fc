"""ecommpay's authentication: the signature in the body, by the project's secret.

Source: docs/providers/ecommpay.md, sources 2, 5.1.

The checks are made in this order: JSON, required members, project, signature. Whatever else is wrong does not keep a
request from being accepted; its callback tells.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from simulator.engine.provider import Call, Directory
from simulator.engine.workspace import Workspace
from simulator.kernel.refusals import MalformedBody, Refused, Unauthenticated, Violation
from simulator.providers.ecommpay import errors, signing
from simulator.providers.ecommpay.wire.requests import DEMANDED, REQUIRED

PROOFS = ("json", "required", "project", "signature")
MAX_PROJECT = 4_294_967_295


def secret_of(workspace: Workspace) -> str:
    return str(workspace.credentials["ecommpay"]["secret_key"])


def project_number(given: Any) -> int | None:
    """A project id, given as a number or as digits; None for anything else."""
    if isinstance(given, str) and given.isascii() and given.isdigit() and len(given) <= 10:
        # Inferred: ecommpay.digits-as-numbers
        given = int(given)
    if isinstance(given, bool) or not isinstance(given, int) or not 1 <= given <= MAX_PROJECT:
        return None
    return given


def find_workspace(directory: Directory, project_id: Any) -> tuple[Workspace, int]:
    """Raises `Refused` 2442 when no workspace has the project."""
    number = project_number(project_id)
    workspace = None if number is None else directory.by_credential("ecommpay", str(number))
    if workspace is None or number is None:
        raise Refused("2442", broken=(Violation("project_id", "unknown_id", "project"),))
    return workspace, number


def authenticate(call: Call, directory: Directory) -> None:
    """Finds the workspace of the project and checks the signature.

    Raises `MalformedBody`, `Refused` 2004 or 2442, and `Unauthenticated` with what was expected.
    """
    call.checking("json")
    body = call.json
    if not isinstance(body, dict):
        raise MalformedBody("the body must be a JSON object")
    operation = call.endpoint.operation if call.endpoint is not None else ""
    signed = ("general.project_id", "general.signature") if "general" in body else ("project_id", "signature")
    call.workspace = _named(directory, body) or call.workspace
    required = REQUIRED.get(operation, signed)
    call.checking("required")
    for path in required:
        if _member(body, path) is None:
            raise _missing(path)
    if operation == "refund" and body.get("payment") is not None and _member(body, "payment.description") is None:
        raise _missing("payment.description")
    holder = body["general"] if "general.signature" in required else body
    call.checking("project")
    workspace, number = find_workspace(directory, holder["project_id"])
    call.checking("signature")
    signature, secret = holder["signature"], secret_of(workspace)
    match = signing.verify(secret, body, signature) if isinstance(signature, str) and signature else None
    if not is_good(call, match):
        reason = errors.EMPTY_SIGNATURE if signature == "" else "the signature is wrong"
        where = "general.signature" if holder is not body else "signature"
        help_ = {**signing.explain(secret, body, str(signature)), "field": where}
        raise Unauthenticated(reason, help_, workspace.id)
    call.workspace, call.proof = workspace, ("secret_key",)
    call.credential = {"project_id": number}
    for path in DEMANDED.get(operation, ()):
        if _member(body, path) is None:
            demand(call, path)


def _named(directory: Directory, body: Mapping[str, Any]) -> Workspace | None:
    """The workspace of the project that a request names, for the journal of what is refused before that is asked."""
    number = project_number(_member(body, "general.project_id") or body.get("project_id"))
    return None if number is None else directory.by_credential("ecommpay", str(number))


def demand(call: Call, name: str) -> None:
    """Notices the absence of what the Alipay article demands. Raises `Refused` 2004 in strict mode."""
    call.differs_live(f"{name}: the Alipay article demands it")
    if call.strict:
        raise _missing(name)


def _missing(path: str) -> Refused:
    return Refused("2004", {"field": path}, (Violation(path, "required"),))


def is_good(call: Call, match: signing.Match | None) -> bool:
    """Whether a signature is accepted. One that only an SDK's own rendering explains is noticed; strict mode refuses it."""
    if match is None or not match.signer:
        return match is not None
    call.differs_live(f"signature: it fits only in the rendering of {match.signer}; the live API may refuse it")
    return not call.strict


def _member(body: Mapping[str, Any], path: str) -> Any:
    value: Any = body
    for name in path.split("."):
        value = value.get(name) if isinstance(value, dict) else None
    return value


def claims(call: Call) -> bool:
    """Whether a request that matches no route is meant for Gate, Payment Page, the library or the emulator."""
    return call.target == "/payment" or call.target.startswith(
        ("/v2/", "/payment/", "/params/", "/shared/", "/emulator/")
    )
