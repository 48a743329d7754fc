"""Forms as browsers send them: as one line, or in parts where a file is among them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import parse_qsl

from simulator.surface.control.errors import invalid

FILE = "file"
"""The field of a form whose file is the whole body of its call."""


def pairs_of(content_type: str, raw: bytes) -> Sequence[tuple[str, str]]:
    """Names and values in their order; of a file its text."""
    if not content_type.lower().startswith("multipart/form-data"):
        return parse_qsl(raw.decode("utf-8", "replace"), keep_blank_values=True)
    from email.parser import BytesParser  # only who uploads something needs it
    from email.policy import HTTP

    head = f"Content-Type: {content_type}\r\n\r\n".encode("latin-1", "replace")
    found = []
    for part in BytesParser(policy=HTTP).parsebytes(head + raw).iter_parts():
        name = part.get_param("name", header="content-disposition")
        payload = part.get_payload(decode=True)
        if isinstance(name, str) and isinstance(payload, bytes):
            found.append((name, payload.decode("utf-8", "replace")))
    return found


def document_in(text: str) -> Any:
    """The JSON of an uploaded file that is to be the body of a call. Raises 422 where it is not JSON."""
    try:
        return json.loads(text)
    except ValueError as error:
        raise invalid(f"{FILE}: is no JSON document ({error})", FILE) from error
