"""What reads bytes of strangers before anybody is known: signatures, queries, forms, instants. For Atheris, and for seeded bytes.

`python tests/parsers.py TARGET -runs=100000` lets Atheris (libFuzzer, guided by coverage) look for what crashes one of them, or
takes longer than it may; it ends with 0 when it has found nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

LONGEST_S = 1
"""That reading one input may take."""


@cache
def _world() -> tuple[Any, Any]:
    from simulator.providers import built_in
    from simulator.surface.app import App
    from simulator.surface.settings import Settings

    app = App(Settings(db=":memory:"), providers=built_in())
    return app, app.runtime.default


def _headers(raw: bytes) -> tuple[dict[str, str], bytes]:
    """The first half as lines of a head, the rest as a body; the headers of signatures among them, with hostile values."""
    head, _, body = raw.partition(b"\n\n")
    lines = [line.partition(b":") for line in head.split(b"\n")[:20]]
    found = {
        name.decode("latin-1").strip().lower(): value.decode("latin-1").strip() for name, _, value in lines if name
    }
    value = next(iter(found.values()), "")
    own = [f"{name}-signature" for name in _world()[0].runtime.providers]
    names = ("authorization", "cko-signature", "signature", "webhook-signature", "x-gcs-signature", "date", *own)
    return {**dict.fromkeys(names, value), **found}, body


def receivers(raw: bytes) -> None:
    """The merchant's side of every provider: whose webhook it is, and whether its signature is right."""
    app, workspace = _world()
    headers, body = _headers(raw)
    for provider in app.runtime.providers.values():
        provider.recognises(headers, body)
        if provider.verify is not None:
            provider.verify(workspace, headers, body)


def requests(raw: bytes) -> None:
    """The provider's side: the check and the explanation of a merchant's signature, and who claims an address that nobody has."""
    from simulator.engine.call import Call
    from simulator.engine.shop import Account, Request
    from simulator.kernel.clock import time_of_day
    from simulator.kernel.refusals import Refusal

    app, workspace = _world()
    headers, body = _headers(raw)
    for provider in app.runtime.providers.values():
        account = Account(workspace.credentials[provider.name], "http://localhost", time_of_day())
        for check in (provider.verify_request, provider.explain_request):
            if check is not None:
                with suppress(Refusal):
                    check(account, Request("POST", "/x?" + headers.get("query", ""), headers, body))
        call = Call(
            provider=provider.name, method="POST", target="/x", raw_path="/x", raw_query=headers.get("query", ""),
            headers=headers, raw_body=body, base_url="http://localhost",
        )  # fmt: skip
        with suppress(Refusal):
            provider.authenticate(call, app.runtime)
        with suppress(Refusal):
            provider.claims(call)


def queries(raw: bytes) -> None:
    """Queries, forms and paths, as the engine and the providers read them."""
    from simulator.engine.routes import segments_of
    from simulator.kernel.refusals import Refusal

    text = raw.decode("latin-1")
    pairs = parse_qsl(text, keep_blank_values=True)
    segments_of("/" + text)
    app, _ = _world()
    from simulator.engine.call import Call

    for provider in app.runtime.providers.values():
        call = Call(
            provider=provider.name, method="POST", target="/x", raw_path="/x", raw_query=text,
            headers={"content-type": "application/x-www-form-urlencoded"}, raw_body=raw, base_url="http://localhost",
        )  # fmt: skip
        assert call.query_pairs == pairs
        for endpoint in provider.endpoints[:40]:
            if provider.read_query is not None and endpoint.query is not None:
                with suppress(Refusal):
                    provider.read_query(call, endpoint)
            if provider.read_body is not None and endpoint.body is not None:
                with suppress(Refusal):
                    provider.read_body(call, endpoint)


def masks(raw: bytes) -> None:
    """What is masked before it is stored, and what is shown of others' texts."""
    from simulator.engine.disguises import isolated, shown
    from simulator.engine.masking import COMMON

    COMMON.body(raw)
    COMMON.body(raw, form=True)
    text = raw.decode("utf-8", "replace")
    COMMON.text(text)
    COMMON.query(text)
    COMMON.path(text)
    shown(text)
    isolated(text)


def instants(raw: bytes) -> None:
    """Instants and durations; `ValueError` is how they refuse."""
    from simulator.kernel.clock import parse_duration, parse_instant

    for parse in (parse_instant, parse_duration):
        with suppress(ValueError):
            parse(raw.decode("utf-8", "replace"))


TARGETS: dict[str, Callable[[bytes], None]] = {
    one.__name__: one for one in (receivers, requests, queries, masks, instants)
}


def together(raw: bytes) -> None:
    """All of them: a process in which each module is instrumented once."""
    for target in TARGETS.values():
        target(raw)


SEEDS = (
    b"authorization: GCS v1HMAC:key:c2ln\ndate: Fri, 27 Nov 2026 08:00:00 GMT\n\n{\"a\": 1}",
    b"cko-signature: t=1,v1=ab\nquery: a=1&b[c]=2\n\n{\"id\": \"evt\", \"type\": \"x\"}",
    b"a[b][c]=1&a[b][]=2&%zz=%ff&limit=%C2%B2",
    b"general[project_id]=1&general[signature]=x&payment_amount=1",
    b"{\"general\": {\"project_id\": 1, \"signature\": \"x\", \"payment_id\": \"p\"}, \"a\": [1, 2, {\"b\": null}]}",
    b"2026-11-27T08:00:00.123Z", b"P3DT4H5.5S", b"-9999-01-01T99:99:99+99:99", b"PT1e400S",
    b"card_number=4242424242424242&password=hunter2&token=\xff", b"Bearer eyJhbGciOiJIUzI1NiJ9.e30.x",
)  # fmt: skip


def main() -> None:
    import atheris

    target, arguments = TARGETS.get(sys.argv[1], together), [sys.argv[0], *sys.argv[2:]]
    with atheris.instrument_imports(include=["simulator"]):
        target(b"")
    atheris.Setup([*arguments, f"-timeout={LONGEST_S * 5}", "-max_len=4096"], target)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
