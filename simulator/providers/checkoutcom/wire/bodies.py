"""How the body of a request is read before it is validated."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from simulator.engine.provider import Call, Operation
from simulator.kernel.refusals import Invalid, Violation
from simulator.providers.checkoutcom.wire.actions import ActionRequest, CaptureRequest, RefundRequest, ReversalRequest
from simulator.providers.checkoutcom.wire.customers import CustomerUpdate
from simulator.providers.checkoutcom.wire.instruments import InstrumentUpdate
from simulator.providers.checkoutcom.wire.previous import WebhookUpdate
from simulator.providers.checkoutcom.wire.setups import SetupUpdate
from simulator.providers.checkoutcom.wire.workflows import WorkflowUpdate

OPTIONAL_BODIES = (
    ActionRequest,
    CaptureRequest,
    RefundRequest,
    ReversalRequest,
    WorkflowUpdate,
    WebhookUpdate,
    CustomerUpdate,
    InstrumentUpdate,
    SetupUpdate,
)


def read_body(call: Call, endpoint: Operation) -> Any:
    """The parsed body. An empty one is an empty object where no member is required, else it is refused.

    Inferred: checkoutcom.empty-body.

    Raises `Invalid` for a NUL character.
    """
    if not call.raw_body.strip():
        return {} if endpoint.body in OPTIONAL_BODIES else None
    if b"\\u0000" in call.raw_body and (nulls := list(_nulls(call.json, ""))):
        raise Invalid([Violation(path, "format", message="must not hold a NUL") for path in nulls])
    return call.json


def _nulls(value: Any, path: str) -> Iterator[str]:
    """The paths of texts and member names with a NUL character, which not every store can keep."""
    if isinstance(value, str) and "\0" in value:
        yield path
    elif isinstance(value, dict):
        for name, inner in value.items():
            if "\0" in name:
                yield path
            yield from _nulls(inner, f"{path}.{name}".strip("."))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _nulls(inner, f"{path}.{index}")
