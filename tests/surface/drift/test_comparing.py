"""Two answers of the simulator and one of a sandbox: what is fixed, what is drawn, what comes again, and what is told of it."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from simulator.engine.shop import Answer
from simulator.surface.drift.comparing import Causes, Comparison, Difference, Side, about_when, time_class
from simulator.surface.drift.hiding import Hiding
from simulator.surface.drift.leaves import Names, moment_of

SECRET = "sk_test_51HxQvKz8LmN"


def side(body: Any, base: str, n: int, headers: dict[str, str] | None = None, status: int = 200) -> Side:
    """`n` tells the sides apart: each has its own amount, reference and key."""
    known = {
        "amount": 1000 + n,
        "reference": f"order-{n}{n}{n}{n}{n}{n}",
        "secret_key": SECRET if n == 3 else f"sk_{n}",
    }
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Side(Answer(status, raw, headers or {"content-type": "application/json"}), 0.1, Names(base, known))


def compared(a: Any, b: Any, c: Any, *varies: str, **more: Any) -> list[tuple[str, str, str, str]]:
    sides = (side(a, "http://one.test", 1), side(b, "http://two.test", 2), side(c, "https://real.test", 3, **more))
    found = Comparison("read", "read", *sides, Hiding({"secret_key": SECRET}), varies).run()
    return [(one.place, one.kind, one.ours, one.theirs) for one in found]


@pytest.mark.parametrize(
    ("a", "b", "c"),
    [
        ({"x": 1001}, {"x": 1002}, {"x": 1003}),
        ({"x": "1001"}, {"x": "1002"}, {"x": "77"}),
        ({"x": "order-111111-2"}, {"x": "order-222222-2"}, {"x": "order-333333-2"}),
        ({"x": "http://one.test/a"}, {"x": "http://two.test/a"}, {"x": "https://real.test/a"}),
        ({"x": "http://one.test:80/a"}, {"x": "http://two.test:80/a"}, {"x": "https://real.test:443/a"}),
        ({"x": "http://one.test/pay?1"}, {"x": "http://two.test/pay?2"}, {"x": "https://wallet.example/anything"}),
        ({"x": "one.test/pay/a-1"}, {"x": "one.test/pay/b-2"}, {"x": "localhost:9391/checkout/c-3"}),
        ({"x": "pay_a1b2c3d4e5f6"}, {"x": "pay_g7h8i9j0k1l2"}, {"x": "pay_zz99yy88xx77"}),
        ({"x": "2026-01-02T03:04:05.678Z"}, {"x": "2025-11-12T13:14:15.1Z"}, {"x": "2024-10-10T10:10:10.99Z"}),
        ({"x": 1700000000}, {"x": 1800000000}, {"x": 1600000000}),
        ({"x": 1700000000000}, {"x": 1800000000000}, {"x": 1600000000000}),
        ({"x": None}, {"x": "a"}, {"x": "b"}),
        ({"x": 1.5}, {"x": 2.5}, {"x": 99.25}),
        ({"x": "10.00"}, {"x": "11.00"}, {"x": "99.99"}),
        ({"x": "/" + "a" * 85 + "=="}, {"x": "/" + "b" * 85 + "=="}, {"x": "c" * 86 + "=="}),
        ({"x": "Fri, 27 Nov 2026 16:00:00 GMT"}, {"x": "Fri, 27 Nov 2026 16:00:00 GMT"}, {"x": "Mon, 20 Jul 2026 01:02:03 GMT"}),
        ({"x": []}, {"x": []}, {"x": []}),
        (b"Not Found", b"Not Found", b"Not Found"),
        (b"", b"", b""),
    ],
)  # fmt: skip
def test_what_is_alike_is_no_difference(a: Any, b: Any, c: Any) -> None:
    assert compared(a, b, c) == []


@pytest.mark.parametrize(
    ("a", "b", "c", "found"),
    [
        ({"x": 1001}, {"x": 1002}, {"x": 1001}, ("x", "value", "<amount>", "1001")),
        ({"x": 1001}, {"x": 1002}, {"x": "1003"}, ("x", "type", "whole number", "text")),
        ({"x": 20105}, {"x": 20105}, {"x": 20101}, ("x", "value", "20105", "20101")),
        ({"x": 20105}, {"x": 20105}, {"x": 123456789}, ("x", "value", "20105", "a whole number")),
        ({"x": True}, {"x": True}, {"x": False}, ("x", "value", "true", "false")),
        ({"x": 1}, {"x": 1}, {"x": True}, ("x", "type", "whole number", "true or false")),
        ({"x": "Pending"}, {"x": "Pending"}, {"x": "Open"}, ("x", "value", '"Pending"', '"Open"')),
        ({"x": "no"}, {"x": "no"}, {"x": "mail me@shop.example"}, ("x", "value", '"no"', '"mail <email>"')),
        ({"x": "no"}, {"x": "no"}, {"x": f"key {SECRET} is bad"}, ("x", "value", '"no"', '"key *** is bad"')),
        ({"x": "no"}, {"x": "no"}, {"x": f"for order-333333: {7}"}, ("x", "value", '"no"', '"for <reference>: 7"')),
        ({"x": "order-111111"}, {"x": "order-222222"}, {"x": "other"}, ("x", "value", "<reference>", '"other"')),
        ({"client_secret": "a"}, {"client_secret": "a"}, {"client_secret": "hunter2"}, ("client_secret", "value", '"a"', "***")),
        ({"pin": "2026-01-01"}, {"pin": "2025-01-01"}, {"pin": "hunter2"}, ("pin", "form", "a time like 0000-00-00", "***")),
        ({"x": "pay_a1b2c3d4e5f6"}, {"x": "pay_g7h8i9j0k1l2"}, {"x": "pmt_zz99yy88xx77"}, ("x", "form", "pay_…", '"pmt_<id>"')),
        ({"x": 1700000000}, {"x": 1800000000}, {"x": 1600000000000}, ("x", "form", "a time in seconds", "a time in milliseconds")),
        ({"x": "http://one.test/"}, {"x": "http://two.test/"}, {"x": "https://real.test/b"}, ("x", "value", "<base>/", "<base>/b")),
        ({"x": [1]}, {"x": [1]}, {"x": {}}, ("x", "type", "list", "object")),
        ({"x": ["a", "b"]}, {"x": ["a", "b"]}, {"x": ["a"]}, ("x[]", "length", "2 items", "1 item")),
        (b"Not Found", b"Not Found", b"No such path", ("body", "value", '"Not Found"', '"No such path"')),
        (b"", b"", {"x": 1}, ("body", "body", "nothing", "JSON")),
        ({"x": 1}, {"x": 1}, b"<html>", ("body", "body", "JSON", "text")),
        ({"x": None}, {"x": None}, {"x": "a"}, ("x", "type", "null", "text")),
    ],
)  # fmt: skip
def test_each_difference_is_told_once(a: Any, b: Any, c: Any, found: tuple[str, ...]) -> None:
    assert compared(a, b, c) == [found]


def test_a_short_merchant_id_is_known_between_two_separators() -> None:
    """And hidden there, while a longer number with the same digits stays."""
    bases = {"merchant-1": "http://one.test", "merchant-2": "http://two.test", "1001": "https://real.test"}
    sides = [
        Side(Answer(200, b"{}", {"location": f"{base}/v1/{own}/payments"}), 0.1, Names(base, {"merchant_id": own}))
        for own, base in bases.items()
    ]
    hiding = Hiding({"merchant_id": "1001"})

    assert Comparison("create", "create", *sides, hiding, (), ()).run() == []
    assert hiding.sealed("of 1001-2: 11001, merch1001") == "of <merchant_id>-2: 11001, merch1001"


def test_an_id_that_was_told_before_has_to_come_again() -> None:
    """And one that should be new must not be the old one."""
    first = ("id_a1b2c3d4e5", "id_f6g7h8i9j0", "id_k1l2m3n4o5")
    sides = [side({"id": id_}, "http://x.test", n) for n, id_ in enumerate(first, 1)]

    def answered(call: str, *ids: str) -> list[Difference]:
        bodies = [json.dumps({"id": id_}).encode() for id_ in ids]
        again = [Side(Answer(200, body), 0.1, one.names) for body, one in zip(bodies, sides, strict=True)]
        return Comparison(call, "", *again, Hiding()).run()

    assert Comparison("create", "", *sides, Hiding()).run() == []
    assert answered("read", *first) == []
    [lost] = answered("read", *first[:2], "id_zzzz9999zz")
    [repeated] = answered("create-again", "id_p1q2r3s4t5", "id_u6v7w8x9y0", first[2])

    assert (lost.kind, lost.ours, lost.theirs) == ("value", "<create: id>", "another one")
    assert (repeated.kind, repeated.ours, repeated.theirs) == ("repeated", "another each time", "<create: id>")


def test_what_follows_from_a_difference_is_told_with_it() -> None:
    """An id that is another is found once, however often it is said; where the right one still stands, nothing is found. One in
    another form explains, too, why a later answer says something else."""
    ids = ("id_a1b2c3d4e5", "id_f6g7h8i9j0", "id_k1l2m3n4o5")
    sides = [side({}, f"http://{n}.test", n) for n in (1, 2, 3)]
    causes, found = Causes(), []

    def answered(call: str, *bodies: Any) -> None:
        again = [
            Side(Answer(200, json.dumps(body).encode()), 0.1, one.names)
            for body, one in zip(bodies, sides, strict=True)
        ]
        found.extend(Comparison(call, "", *again, Hiding(), causes=causes).run())

    def told(n: int, id_: str, *, link: str = "", at: str = "") -> dict[str, str]:
        return {
            "id": id_,
            "link": f"http://{n}.test/{link or id_}",
            "secret_of": f"{id_}_x",
            "at": f"http://{n}.test/{at or id_}",
        }

    answered("create", *({"id": id_} for id_ in ids))
    other = "id_zzzz9999zz"
    answered("read", told(1, ids[0]), told(2, ids[1]), told(3, other, at=ids[2]))
    answered("list", *({"id": id_} for id_ in ids))
    answered("refund", *({"refund": id_} for id_ in ("re_a1b2c3d4e5", "re_f6g7h8i9j0", "rf_k1l2m3n4o5")))
    answered("refunds", *({"of": [id_]} for id_ in ("re_a1b2c3d4e5", "re_f6g7h8i9j0", "re_k1l2m3n4o5")))

    assert [one.what for one in found] == [("read", "id", "value"), ("refund", "refund", "form")]
    assert causes.consequences == {
        ("read", "id"): ["link"],
        ("refund", "refund"): ["refunds: of[]"],
    }


MOMENT = datetime(2026, 7, 19, 21, 22, 23, tzinfo=UTC)


@pytest.mark.parametrize(
    "written",
    [
        "2026-07-19T21:22:23Z", "2026-07-19 21:22:23", "2026-07-20T05:22:23+0800", "20260719212223",
        "Sun, 19 Jul 2026 21:22:23 GMT", 1784496143, 1784496143000,
    ],
)  # fmt: skip
def test_a_time_is_understood_however_it_is_written(written: Any) -> None:
    assert moment_of(written) == MOMENT


def test_what_is_no_time_tells_no_instant() -> None:
    assert [moment_of(value) for value in ("2026-13-01", "99999999999999", "", None, True, 17, "pay_1", [])] == [
        None
    ] * 8


@pytest.mark.parametrize(
    ("ours", "theirs", "kinds"),
    [
        (("2026-07-18T01:02:03Z", "2026-07-17T03:04:05Z"), "2026-11-01T00:00:00Z", []),
        (("2026-07-18T01:02:03Z", "2026-07-17T03:04:05Z"), "2031-07-19T21:22:23Z", ["far off"]),
        (("2036-07-18T01:02:03Z", "2036-07-17T03:04:05Z"), "2031-07-19T21:22:23Z", []),
        ((1784496143, 1784496144), 1984496143, ["far off"]),
    ],
)
def test_a_time_of_another_year_is_found_where_ours_is_near(ours: Any, theirs: Any, kinds: list[str]) -> None:
    """The time of something that lives for ten years tells nothing, and neither does a side that tells no other times."""

    def found(now: datetime | None) -> list[str]:
        sides = [replace(side({"at": at}, f"http://{n}.test", n), now=now) for n, at in enumerate((*ours, theirs), 1)]
        return [one.kind for one in Comparison("read", "", *sides, Hiding()).run()]

    assert (found(MOMENT), found(None)) == (kinds, [])
    assert about_when([Answer(200, json.dumps([at, "x", 1]).encode()) for at in (*ours, theirs)]) is not None


def test_an_account_that_has_done_more_is_no_difference() -> None:
    """In a list only what this visit has made counts; and where values hang on the account, only their types."""
    rows = [[{"ref": f"order-{n}{n}{n}{n}{n}{n}", "status": "open"}] for n in (1, 2, 3)]
    older = [{"ref": "older", "status": "paid"}, {"ref": "oldest"}]
    assert compared(rows[0], rows[1], [*rows[2], *older]) == []
    assert compared(rows[0], rows[1], older) == [
        ("[]", "length", "1 item", "2 items"),
        ("[].ref", "value", "<reference>", '"older"'),
        ("[].status", "value", '"open"', '"paid"'),
    ]

    assert compared({"n": [1]}, {"n": [1]}, {"n": [7, 8, 9]}, "n") == []
    assert compared({"n": 1, "m": 1}, {"n": 1, "m": 1}, {"n": 2, "more": 3}, "*") == []
    assert compared({"n": [{"a": 1}]}, {"n": [{"a": 1}]}, {"n": [{"a": "x"}, {}]}, "n") == [
        ("n[].a", "type", "whole number", "text")
    ]


def test_another_class_of_status_says_all() -> None:
    [found] = compared({"id": 1}, {"id": 1}, {"error": {}, "code": 7}, status=422)

    assert found == ("status", "status", "200 {id}", "422 {error, code}")


def test_headers_that_matter() -> None:
    """Those that we send, but for the network's, and those upon which a client acts; a content's type however it is spelled."""
    a = {"content-type": "application/json;charset=UTF-8", "x-rate": "50", "x-id": "a1b2c3d4e5", "date": "x"}
    b = {**a, "x-id": "f6g7h8i9j0"}
    c = {"content-type": "application/json; charset=utf-8", "x-id": "k1l2m3n4o5", "server": "nginx", "x-new": "1"}
    c |= {"retry-after": "5", "x-served-by": "cdn"}
    sides = [side({}, f"http://{n}.test", n, headers) for n, headers in enumerate((a, b, c), 1)]

    found = Comparison("read", "", *sides, Hiding(), (), ("x-new",)).run()

    assert [(one.place, one.kind) for one in found] == [
        ("header x-rate", "missing"), ("header retry-after", "added"), ("header x-new", "added"),
    ]  # fmt: skip


def test_the_classes_of_time_are_wide() -> None:
    assert [time_class(seconds) for seconds in (0.01, 1.9, 2, 9.9, 10, 60)] == [
        "at once", "at once", "within seconds", "within seconds", "slow", "slow",
    ]  # fmt: skip
