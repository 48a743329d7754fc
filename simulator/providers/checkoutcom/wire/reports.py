"""Reports and financial actions. Source: docs/providers/checkoutcom.md, sources 15.2, 15.4 and 15.8."""

from __future__ import annotations

import re
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, StringConstraints, model_validator

from simulator.engine.validation import Unfit
from simulator.kernel.clock import iso_millis
from simulator.providers.checkoutcom import files
from simulator.providers.checkoutcom.breakdowns import Breakdown, FinancialAction
from simulator.providers.checkoutcom.model import FinancialReport
from simulator.providers.checkoutcom.wire.fields import FilterText, Model, PageLimit, Text255, _moment
from simulator.providers.checkoutcom.wire.values import instant, link, present

_UNENCODED = re.compile(r"(T[0-9:.]+) ([0-9]{2}:[0-9]{2})$")


def _with_plus(value: Any) -> Any:
    """The plus sign of a zone that a client has not encoded arrives as a blank: the Node client sends what it is given."""
    return _UNENCODED.sub(r"\1+\2", value) if isinstance(value, str) else value


Since = Annotated[str, BeforeValidator(_with_plus), AfterValidator(_moment)]
EntityId = Annotated[str, StringConstraints(pattern=r"^ent_[0-9A-Za-z_]{26}$", strict=True)]
Token = Annotated[Text255, StringConstraints(min_length=1)]


class ReportsQuery(Model):
    """GET /reports"""

    created_after: Since | None = None
    created_before: Since | None = None
    entity_id: EntityId | None = None
    limit: PageLimit = 100
    pagination_token: Token | None = None


class FinancialActionsQuery(Model):
    """GET /financial-actions. One of the first three has to be there; the official clients know the third."""

    payment_id: FilterText | None = None
    action_id: FilterText | None = None
    reference: FilterText | None = None
    limit: PageLimit = 100
    pagination_token: Token | None = None

    @model_validator(mode="after")
    def _names_something(self) -> FinancialActionsQuery:
        if not (self.payment_id or self.action_id or self.reference):
            raise Unfit("payment_id_required")
        return self


# Answers --------------------------------------------------------------------------------------------------------------


def _account(report: FinancialReport) -> dict[str, str]:
    return {"client_id": f"cli_{report.entity_id.removeprefix('ent_')}", "entity_id": report.entity_id}


def _tags(report: FinancialReport) -> list[str]:
    return [f"payout_id:{report.payout}"] if report.payout else []


def report(found: FinancialReport, base: str) -> dict[str, Any]:
    own = f"{base}/reports/{found.id}"
    file = {
        "id": found.file_id,
        "filename": found.filename,
        "format": "CSV",
        "_links": {"self": link(f"{own}/files/{found.file_id}")},
    }
    return {
        "id": found.id,
        "created_on": instant(found.created_at),
        "last_modified_on": instant(found.updated_at),
        "type": found.type,
        "description": files.SORTS[found.sort][1],
        "account": _account(found),
        "tags": _tags(found),
        "from": instant(found.since),
        "to": instant(found.until),
        "files": [file],
        "_links": {"self": link(own)},
    }


def report_event(found: FinancialReport) -> dict[str, Any]:
    """`data` of `report_generated`."""
    own = f"{found.origin}/reports/{found.id}"
    return {
        "report_id": found.id,
        "report_type": found.type,
        "files": [files.folder_of(found)],
        "api_resources": {
            "report": {"id": found.id, "url": own},
            "files": [{"id": found.file_id, "url": f"{own}/files/{found.file_id}"}],
        },
        "account": _account(found),
        "tags": _tags(found),
    }


def financial_action(action: FinancialAction) -> dict[str, Any]:
    """Amounts are numbers in major units. `sub_entity_id` and all that only cards have is left out."""
    trade = next((one.trade for one in action.breakdowns if one.trade), None)
    members = {
        "payment_id": action.payment,
        "action_id": action.id,
        "action_type": action.type,
        "entity_id": action.entity,
        "currency_account_id": action.account,
        "payment_method": action.says("method") or None,
        "processing_channel_id": action.says("channel") or None,
        "reference": action.says("reference") or None,
        "response_code": action.says("code") or None,
        "response_description": action.says("summary") or None,
        "region": "International",
        "issuer_country": action.says("country") or None,
        "fx_trade_id": trade,
        "processed_on": iso_millis(action.processed_on),
        "requested_on": iso_millis(action.requested_on),
        "breakdown": [_breakdown(one) for one in action.breakdowns],
    }
    return present(members)


def _breakdown(one: Breakdown) -> dict[str, Any]:
    return {
        "breakdown_type": one.type,
        "fx_rate_applied": float(one.rate),
        "holding_currency": one.currency,
        "holding_currency_amount": _major(one.amount),
        "processing_currency": one.processing_currency,
        "processing_currency_amount": _major(one.processing_amount),
    }


def _major(amount: int) -> float:
    """The amount in major units as a number of JSON: rounded to eight decimals, exact up to ten million."""
    return amount / 10**8
