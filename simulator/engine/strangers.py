"""Calls that are nobody's: a provider that claims one of them would take what is another's."""

from __future__ import annotations

from collections.abc import Iterator

from simulator.engine.call import Call

_JSON, _FORM = {"content-type": "application/json"}, {"content-type": "application/x-www-form-urlencoded"}
STRANGERS: tuple[tuple[str, str, str, dict[str, str], bytes], ...] = (
    ("GET", "/nothing-of-anybody", "", {}, b""),
    ("GET", "/nothing-of-anybody", "of=nobody", {"accept": "application/json"}, b""),
    ("GET", "/v1/nothing-of-anybody", "", {}, b""),
    ("DELETE", "/nothing-of-anybody", "", {}, b""),
    ("PUT", "/nothing-of-anybody", "", _JSON, b"{}"),
    ("POST", "/nothing-of-anybody", "", _JSON, b"{}"),
    ("POST", "/nothing-of-anybody", "", _FORM, b"of=nobody"),
    ("POST", "/nothing-of-anybody", "", {**_JSON, "authorization": "Bearer nobodys"}, b"{}"),
    ("POST", "/nothing-of-anybody", "", {**_JSON, "authorization": "Basic bm9ib2R5Og=="}, b"{}"),
)
"""Method, path, query, headers, body."""


def strangers() -> Iterator[Call]:
    for method, path, query, headers, body in STRANGERS:
        yield Call(
            provider="", method=method, target=f"{path}?{query}" if query else path, raw_path=path, raw_query=query,
            headers=headers, raw_body=body, base_url="http://localhost",
        )  # fmt: skip
