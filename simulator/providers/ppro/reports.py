"""The file of a payment report: the CSV of payment operations.

Source: docs/providers/ppro.md, source 12.3. Inferred: ppro.report-columns, ppro.report-rows.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Sequence
from dataclasses import replace

from simulator.engine.resource import load
from simulator.engine.uow import UnitOfWork
from simulator.kernel.clock import iso_millis, millis
from simulator.providers.ppro.model import Charge, Operation, PaymentReport

KINDS = {
    # operationType: the member of a charge in which operations of that type stand
    "AUTHORIZATION": "authorizations",
    "CAPTURE": "captures",
    "REFUND": "refunds",
    "VOID": "voids",
    "DISCARD": "discards",
}

COLUMNS = (
    "OPERATION_ID", "OPERATION_TYPE", "OPERATION_STATUS", "PAYMENT_CHARGE_ID", "MERCHANT_ID",
    "MERCHANT_PAYMENT_OPERATION_REFERENCE", "PAYMENT_METHOD", "OPERATION_AMOUNT", "PAYMENT_CHARGE_AMOUNT",
    "PAYMENT_CHARGE_CURRENCY", "PAYMENT_CHARGE_CREATED_AT", "OPERATION_CREATED_AT",
)  # fmt: skip

PAGE = 500
"""So many charges are read at a time."""


def operations(uow: UnitOfWork, report: PaymentReport) -> str:
    """The operations of one type that began in the time of the report, oldest first, with their status as of now. Both ends belong
    to it, to the millisecond, which is all that anybody is told of times."""
    kind, first, last = KINDS[report.operation_type], millis(report.start), millis(report.end)
    found = [
        (charge, operation)
        for charge in _charges(uow, report)
        for operation in charge.operations(kind)
        if first <= millis(operation.created_at) <= last
    ]
    found.sort(key=lambda one: (one[1].created_at, one[1].id))
    if found and report.fault == "row_missing":
        found.pop(0)
    elif found and report.fault == "amount_differs":
        charge, operation = found[0]
        amount = operation.amount or 0
        found[0] = charge, replace(operation, amount=amount - min(amount, 100))
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(_row(report, charge, operation) for charge, operation in found)
    return text.getvalue()


def _charges(uow: UnitOfWork, report: PaymentReport) -> Iterator[Charge]:
    """The merchant's charges on which something has happened since the report begins."""
    uow.flush()
    before: int | None = None
    while rows := uow.store.payments(uow.workspace.id, provider=Charge.PROVIDER, before=before, limit=PAGE):
        for *_, body in rows:
            charge = load(Charge, bytes(body))
            if charge.merchant_id == report.merchant_id and millis(charge.updated_at) >= millis(report.start):
                yield charge
        before = int(rows[-1][0])


def _row(report: PaymentReport, charge: Charge, operation: Operation) -> Sequence[object]:
    """A discard has no amount of its own: it is told of with that of the authorization which it ends, as its event is."""
    return (
        operation.id, report.operation_type, operation.status, charge.id, charge.merchant_id,
        operation.reference or charge.reference or "", charge.payment_method,
        charge.amount if operation.amount is None else operation.amount, charge.amount, charge.currency,
        iso_millis(charge.created_at), iso_millis(operation.created_at),
    )  # fmt: skip
