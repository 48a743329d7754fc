"""Every answer and every webhook of a test, held against the shapes in the OpenAPI documents that PPRO publishes.

They are made stricter: no member that they do not name.

Exceptions: the discards endpoints are in no published document (their schema is taken from the charge's own
`discards`); errors are held against the documented envelope, which the documents give for 409 and 504 only.
"""

from __future__ import annotations

import copy
import json
import re
from functools import cache
from typing import Any

import httpx
from jsonschema import Draft202012Validator
from published import facts

TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}Z")
TIMES = frozenset({"createdAt", "updatedAt", "timestamp", "time"})
ID = re.compile(r"(charge|authz|capture|refund|void|discard|instr)_[A-Za-z0-9]{21}")

_ONE, _MANY = "PaymentCharge{}Response", "Get{}sResponse"
_KINDS = {
    "authorizations": "Authorization",
    "captures": "Capture",
    "refunds": "Refund",
    "voids": "Void",
    "discards": "Discard",
}


@cache
def _document(name: str) -> dict[str, Any]:
    return _closed(copy.deepcopy(facts(f"ppro-{name}")))  # type: ignore[no-any-return]


def _closed(value: Any) -> Any:
    """The same schemas, but no member may stand that they do not name."""
    if isinstance(value, dict):
        if value.get("type") == "object" and "properties" in value and "additionalProperties" not in value:
            value["additionalProperties"] = False
        for inner in value.values():
            _closed(inner)
    elif isinstance(value, list):
        for inner in value:
            _closed(inner)
    return value


@cache
def _validator(document: str, name: str) -> Draft202012Validator:
    components = _document(document)["components"]
    return Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": components})


@cache
def _webhook(type_: str) -> Draft202012Validator:
    document = _document("webhooks")
    for webhook in document["webhooks"].values():
        schema = webhook["post"]["requestBody"]["content"]["application/json"]["schema"]
        if schema["properties"]["type"]["const"] == type_:
            return Draft202012Validator({**schema, "components": document.get("components", {})})
    raise AssertionError(f"PPRO has no webhook {type_}")


def _check(validator: Draft202012Validator, body: Any) -> None:
    errors = [f"{'.'.join(map(str, e.absolute_path))}: {e.message}" for e in validator.iter_errors(body)]
    assert errors == [], "; ".join(errors)


def _check_values(value: Any, name: str = "") -> None:
    """Never null; three fraction digits and Z; amounts are integers; ids look like ids."""
    assert value is not None, f"{name} is null"
    if isinstance(value, dict):
        for inner_name, inner in value.items():
            _check_values(inner, inner_name)
    elif isinstance(value, list):
        for inner in value:
            _check_values(inner, name)
    elif name in TIMES:
        assert TIME.fullmatch(value), f"{name} is {value}"


def _schema_of(method: str, path: str) -> tuple[str, str] | None:
    """Document and component of a successful answer."""
    parts = path.removeprefix("/v1/").split("/")
    if parts[0] == "payment-instruments":
        return ("payment-instruments", "InstrumentResponse")
    if parts[0] != "payment-charges":
        return None  # payment reports have pages, and no published schema but those of their events
    if len(parts) <= 2:
        is_search = method == "GET" and len(parts) == 1
        return ("payment-charges", "GetPaymentChargesResponse" if is_search else "PaymentChargeResponse")
    kind = _KINDS.get(parts[2])
    if kind is None:
        return ("funds-statuses", "FundsStateDetailsResponse")
    is_list = method == "GET" and len(parts) == 3
    return ("payment-charges", (_MANY if is_list else _ONE).format(kind))


async def check_answer(response: httpx.Response) -> None:
    """An httpx event hook. Only the provider's own paths are looked at."""
    path = response.request.url.path
    if not path.startswith("/v1/payment-"):
        return
    await response.aread()
    if response.status_code == 401:
        assert response.json() == {"message": "Unauthorized"}
        return
    if response.status_code == 204:
        assert response.content == b""
        return
    assert response.headers["content-type"] == "application/json"
    body = response.json()
    if response.status_code != 200:
        assert list(body) == ["status", "failureMessage", "timestamp"]
        assert body["status"] == response.status_code
        assert body["failureMessage"]
    _check_values(body)
    found = _schema_of(response.request.method, path)
    if response.status_code != 200 or found is None:
        return
    document, name = found
    if name == "GetDiscardsResponse":
        assert list(body) == ["data", "_links"]
        for entry in body["data"]:
            _check(_validator(document, "PaymentChargeDiscardResponse"), entry)
    elif name == "FundsStateDetailsResponse":
        for entry in body:
            _check(_validator(document, name), entry)
    else:
        _check(_validator(document, name), body)


def check_webhook(raw: bytes) -> None:
    body = json.loads(raw)
    assert raw == json.dumps(body, separators=(",", ":"), ensure_ascii=False).encode(), "the body is not compact"
    assert list(body) == ["specversion", "source", "datacontenttype", "id", "type", "subject", "time", "data"]
    assert re.fullmatch(r"[A-Za-z0-9]{21}", body["id"])
    is_report = body["type"].startswith("REPORT_")
    assert is_report or body["data"]["type"] == body["type"]
    _check_values(body)
    _check(_webhook(body["type"]), body)
