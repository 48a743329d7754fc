"""Tokens, which neither product allows."""

from __future__ import annotations

from simulator.engine.provider import Call, Reply
from simulator.engine.uow import UnitOfWork
from simulator.kernel.refusals import Invalid, NotFound, Violation


def create_token(call: Call, uow: UnitOfWork) -> Reply:
    """POST /tokens: neither product allows tokenization (`allowsTokenization` is false)."""
    product = call.body.paymentProductId
    raise Invalid([Violation("paymentProductId", "enum", [], product)])


def unknown_token(call: Call, uow: UnitOfWork) -> Reply:
    raise NotFound("token", call.path["tokenId"], "tokenId")
