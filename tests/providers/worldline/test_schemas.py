"""Our request models against the official schemas: the same names with the same types, and wrong types refused as there."""

from __future__ import annotations

import json
import types
import typing
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest
from published import facts
from pydantic import BaseModel, ValidationError
from support import Sim

from providers.worldline.driver import ORDER, RETURN_URL, Merchant, payment_body
from simulator.providers.worldline.wire.hosted_checkouts import CreateHostedCheckoutRequest
from simulator.providers.worldline.wire.official import official_types
from simulator.providers.worldline.wire.payments import CreatePaymentRequest
from simulator.providers.worldline.wire.refunds import ApproveRefundRequest, RefundRequest
from simulator.providers.worldline.wire.sessions import SessionRequest
from simulator.providers.worldline.wire.tokens import CreateTokenRequest

MODELS: dict[str, type[BaseModel]] = {
    "CreatePaymentRequest": CreatePaymentRequest,
    "CreateHostedCheckoutRequest": CreateHostedCheckoutRequest,
    "RefundRequest": RefundRequest,
    "ApproveRefundRequest": ApproveRefundRequest,
    "SessionRequest": SessionRequest,
    "CreateTokenRequest": CreateTokenRequest,
}
EXAMPLES: dict[str, dict[str, Any]] = {
    "CreatePaymentRequest": payment_body(
        **{
            "order.references.merchantOrderId": 7,
            "order.customer.billingAddress": {
                "countryCode": "CN",
                "street": "One",
                "zip": "200000",
                "city": "Shanghai",
            },
            "order.customer.personalInformation": {"name": {"firstName": "Mei", "surname": "Li"}},
            "order.customer.device": {"userAgent": "Mozilla/5.0"},
            "redirectPaymentMethodSpecificInput.expirationPeriod": 30,
            "fraudFields": {"customerIpAddress": "192.0.2.7"},
        }
    ),
    "CreateHostedCheckoutRequest": {
        "order": ORDER,
        "hostedCheckoutSpecificInput": {
            "locale": "en_GB",
            "variant": "138",
            "returnUrl": RETURN_URL,
            "showResultPage": True,
            "returnCancelState": False,
            "paymentProductFilters": {"restrictTo": {"products": [861], "groups": []}, "tokensOnly": False},
        },
        "redirectPaymentMethodSpecificInput": {"paymentProductId": 861, "expirationPeriod": 30},
    },
    "RefundRequest": {
        "amountOfMoney": {"amount": 900, "currencyCode": "CNY"},
        "refundReferences": {"merchantReference": "R1"},
        "refundDate": "20251014",
        "refundReason": "RETURN",
    },
    "ApproveRefundRequest": {"amount": 199},
    "SessionRequest": {"tokens": ["a"], "paymentProductFilters": {"exclude": {"products": [1]}}},
    "CreateTokenRequest": {"paymentProductId": 861},
}
WRONG: dict[str, Any] = {"string": {"not": "a string"}, "integer": "not a number", "boolean": "maybe"}
WRONG |= {"object": "not an object", "array": "not a list"}


@pytest.fixture(params=MODELS)
def schema(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    return request.param, facts("worldline-requests")[request.param]


def resolve(schema: dict[str, Any], part: dict[str, Any]) -> dict[str, Any]:
    while "$ref" in part:
        target: Any = schema
        for name in part["$ref"].removeprefix("#/").split("/"):
            target = target[name]
        part = target
    return part


def nested(annotation: Any) -> type[BaseModel] | None:
    """The model inside of an annotation such as `list[Model] | None`."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    if typing.get_origin(annotation) in (typing.Union, types.UnionType, list, typing.Annotated):
        return next((found for arg in typing.get_args(annotation) if (found := nested(arg))), None)
    return None


def members(model: type[BaseModel], path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    for name, field in model.model_fields.items():
        yield (*path, name)
        inner = nested(field.annotation)
        if inner is not None:
            yield from members(inner, (*path, name))


def types_of(schema: dict[str, Any], part: dict[str, Any]) -> Any:
    part = resolve(schema, part)
    if part["type"] == "object":
        return {name: types_of(schema, member) for name, member in part.get("properties", {}).items()}
    return [types_of(schema, part["items"])] if part["type"] == "array" else part["type"]


def test_the_table_of_types_is_the_official_one(schema: tuple[str, dict[str, Any]]) -> None:
    name, official = schema

    if name in official_types():
        assert official_types()[name] == types_of(official, official)
    else:
        assert name in ("ApproveRefundRequest", "SessionRequest", "CreateTokenRequest")


def test_every_member_that_we_read_is_an_official_one(schema: tuple[str, dict[str, Any]]) -> None:
    name, official = schema

    for path in members(MODELS[name]):
        part = resolve(official, official)
        for step in path:
            part = resolve(official, part.get("items", part))
            assert step in part["properties"], f"{name}: {'.'.join(path)} is not official"
            part = resolve(official, part["properties"][step])


def test_our_examples_pass_both(schema: tuple[str, dict[str, Any]]) -> None:
    name, official = schema

    jsonschema.Draft4Validator(official).validate(EXAMPLES[name])
    MODELS[name].model_validate(EXAMPLES[name])


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict):
        for name, inner in value.items():
            yield (*path, name)
            yield from places(inner, (*path, name))


def test_a_wrong_type_is_refused_wherever_the_schema_refuses_it(schema: tuple[str, dict[str, Any]]) -> None:
    """An object's unknown members are another matter: the platform ignores them."""
    name, official = schema
    validator = jsonschema.Draft4Validator(official)

    for path in places(EXAMPLES[name]):
        for wrong in WRONG.values():
            body = json.loads(json.dumps(EXAMPLES[name]))
            target = body
            for step in path[:-1]:
                target = target[step]
            are_objects = isinstance(target[path[-1]], dict) and isinstance(wrong, dict)
            target[path[-1]] = wrong
            if are_objects or validator.is_valid(body):
                continue
            with pytest.raises(ValidationError):
                MODELS[name].model_validate(body)
                pytest.fail(f"{name}: {'.'.join(map(str, path))} = {wrong!r} was taken")


def test_numbers_as_strings_and_unknown_members_are_taken_though_the_schema_does_not() -> None:
    body = payment_body(**{"order.amountOfMoney.amount": "2500", "order.unknown": 1})

    assert CreatePaymentRequest.model_validate(body).order.amountOfMoney.amount == 2500


# Answers ---------------------------------------------------------------------------------------------------------


def fields_of(models: dict[str, Any], name: str) -> dict[str, str]:
    found = dict(models[name].get("fields", {}))
    for base in models[name].get("bases", []):
        found |= fields_of(models, base) if base in models else {}
    return found


PRIMITIVES: dict[str, type] = {"str": str, "int": int, "bool": bool, "float": float}


def unlike(models: dict[str, Any], kind: str, value: Any, path: str) -> Iterator[str]:
    """Where an answer has a member that the official model lacks, or another type."""
    if kind.startswith("List["):
        assert isinstance(value, list), path
        for index, element in enumerate(value):
            yield from unlike(models, kind[5:-1], element, f"{path}.{index}")
    elif kind in PRIMITIVES:
        if type(value) is not PRIMITIVES[kind]:
            yield f"{path}: {value!r} is no {kind}"
    else:
        known = fields_of(models, kind)
        for name, member in value.items():
            if name in known:
                yield from unlike(models, known[name], member, f"{path}.{name}")
            else:
                yield f"{path}.{name}: {kind} has no such member"


async def test_every_member_of_an_answer_is_in_the_official_models(sim: Sim, worldline: Merchant) -> None:
    models = facts("worldline-models")
    id_ = await worldline.paid(**{"order.references.merchantOrderId": 7})
    refund = await worldline.refund(id_, 900)
    await sim.advance(hours=1)
    checkout = await worldline.checkout()
    await sim.act("worldline", checkout["hostedCheckoutId"], "decline")
    declined = await worldline.post("/payments", payment_body(**{"order.amountOfMoney.amount": 430330}))
    query = "countryCode=CN&currencyCode=CNY"
    answers: list[tuple[str, Any]] = [
        ("CreatePaymentResponse", await worldline.create()),
        ("PaymentErrorResponse", declined.json()),
        ("RefundResponse", refund),
        ("CreateHostedCheckoutResponse", checkout),
        ("SessionResponse", (await worldline.post("/sessions", {"tokens": ["a"]})).json()),
        ("ErrorResponse", (await worldline.get("/payments/unknown")).json()),
        *[("WebhooksEvent", hook.body) for hook in sim.hooks],
    ]
    for model, where in (
        ("PaymentResponse", f"/payments/{id_}?returnOperations=true"),
        ("FindPaymentsResponse", "/payments?merchantOrderId=7"),
        ("FindRefundsResponse", "/refunds?merchantOrderId=7"),
        ("RefundsResponse", f"/payments/{id_}/refunds"),
        ("CapturesResponse", f"/payments/{id_}/captures"),
        ("CaptureResponse", f"/captures/{id_}"),
        ("ThirdPartyStatusResponse", f"/payments/{id_}/thirdpartystatus"),
        ("GetHostedCheckoutResponse", f"/hostedcheckouts/{checkout['hostedCheckoutId']}"),
        ("PaymentProducts", f"/products?{query}"),
        ("PaymentProductResponse", f"/products/866?{query}"),
        ("PaymentProductGroups", f"/productgroups?{query}"),
        ("TestConnection", "/services/testconnection"),
        ("ConvertAmount", "/services/convert/amount?source=EUR&target=CNY&amount=1"),
    ):
        answers.append((model, (await worldline.get(where)).raise_for_status().json()))

    problems = [problem for model, answer in answers for problem in unlike(models, model, answer, model)]

    assert problems == []
    assert len(sim.hooks) > 8
