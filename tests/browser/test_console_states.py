"""The states of the console's pages in which something is wrong, empty, open or full, to axe: one visit each.

The languages, themes and widths go round, so that each pair of them is met by many states; `wrong_with` meets each page in all.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import cycle

from buying import ANY

from browser.shop import Shop
from browser.window import Window

Open = Callable[..., Window]
LOOKS = (
    ("en", "dark", "phone"), ("zh", "light", "wide"), ("en", "light", "tablet"), ("zh", "dark", "narrow"), ("en", "dark", "wide"),
    ("zh", "light", "phone"), ("en", "light", "narrow"), ("zh", "dark", "laptop"),
)  # fmt: skip
"""Language, theme and width; eight of them, so that lists of other lengths meet them in another order."""
OPEN = "document.querySelectorAll('details').forEach((part) => { part.open = true; })"
"""Every menu and everything that is folded, at once: that one leaves little room to another is not found fault with. Axe looks
at what was opened, for it has seen the rest."""


def wrong(look: Window, shop: Shop, paths: Sequence[str]) -> list[str]:
    found: list[str] = []
    for path, (lang, theme, size) in zip(paths, cycle(LOOKS), strict=False):
        look.resize(size)
        where = path if path.startswith("/") else f"/console/{shop.workspace.name}/{path}"
        page = look.open(where, lang=lang, theme=theme)
        said = f"{path} {lang} {theme} {size}"
        found += [] if page.locator("h1").count() == 1 else [f"{said}: not one heading"]
        found += [f"{said}: scrolls sideways"] if look.scrolls_sideways() else []
        found += [f"{said}: {part}" for part in (look.sticks_out() if size not in ("phone", "narrow") else [])]
        found += [f"{said}: {finding}" for finding in look.findings(theme)]
        page.evaluate(OPEN)
        found += [
            f"{said}, opened: {finding}"
            for finding in look.findings(theme, within="details[open]")
            if not finding.startswith("target-size")
        ]
    return found


def test_what_is_empty_or_missing(window: Open, shop: Shop, axe: str) -> None:
    paths = (
        "payments", "payments/pay_nobody", "webhooks", "webhooks/dlv_nobody", "requests", "requests/req_1", "clock", "buyers/li-na",
        "start", "scenarios", "nowhere", "money", "payments?q=nobody", "webhooks?state=held", "requests?status=5xx",
    )  # fmt: skip

    assert wrong(window(axe=axe), shop, paths) == []


def test_what_fails_waits_or_is_open(window: Open, shop: Shop, axe: str) -> None:
    """Failing webhooks and an attack, a paused provider, an armed scenario, a clock that was moved and stands, a snapshot."""
    world, hooks = shop.workspace, "http://127.0.0.1:9/hooks"
    world.set_webhook(ANY.name, hooks)
    shop.http.put(
        f"/_sim/workspaces/{world.id}/scenario",
        json={"rules": [{"when": {"provider": ANY.name}, "webhooks": {"forge": "body"}}]},
    ).raise_for_status()
    code = shop.order(reference="ORD-" + "5023-4E89-" * 6)
    id_ = shop.ids[code]
    world.pay(ANY.name, id_)
    shop.freeze()
    world.advance("3h")
    shop.order(reference="waits")
    world.pause(ANY.name)
    world.client.send("POST", "/v1/nowhere", headers={"authorization": "Bearer nobody"}, content=b"{}")
    shop.http.post(f"/_sim/workspaces/{world.id}/snapshots", json={"name": "before"}).raise_for_status()
    attacked, told = (
        next(one["id"] for one in world.deliveries() if one["adversarial"] is is_attack) for is_attack in (True, False)
    )
    doomed = shop.client.create_workspace()
    shop.used.append(doomed)
    paths = (
        "payments", "payments?failing=1&phase=paid", f"payments/{id_}", f"payments/{id_}?view=list&tab=response",
        f"payments/{id_}?tab=signature", f"payments/{id_}?event=1&body=raw", "webhooks", "webhooks?state=adversarial",
        f"webhooks?endpoint={ANY.name}", f"webhooks/{attacked}?tab=signature&compare=x", f"webhooks/{told}",
        f"webhooks/{told}?tab=headers", f"webhooks/{told}?tab=curl", "/console/default/requests?refused=1",
        f"requests/{world.requests()[0]['id']}", "clock", "clock?step=1d", "scenarios?amounts=all&amount=1100&scope=5",
        "buyers", "buyers/wang-wei", f"start/{ANY.name}?in=php", f"settings?section={ANY.name}",
        "money", "money?sides=both&all=reports",
        f"/console/workspaces?reset={doomed.name}", f"/console/workspaces?delete={doomed.name}", "requests#places",
    )  # fmt: skip

    assert wrong(window(axe=axe), shop, paths) == []


BAR = "[...document.querySelectorAll('#places a')].filter((a) => a.offsetParent).map((a) => a.offsetTop)"
"""Where the links of the bar of a phone stand."""

EACH_OPENED = """() => [...document.querySelectorAll('details.menu, main details')].map((part) => {
  part.open = true;
  const { left, right } = part.lastElementChild.getBoundingClientRect();
  const fits = left >= 0 && right <= innerWidth && document.documentElement.scrollWidth <= innerWidth;
  part.open = false;
  return fits ? '' : part.querySelector('summary').innerText;
}).filter(Boolean)"""


def test_no_menu_leaves_the_window(window: Open, shop: Shop) -> None:
    """Also beside a webhook whose long name could not be delivered, which the quick start tells, under a bar that says much: a
    scenario with a long name is armed, the clock is far ahead. A reference may be long and have no gap."""
    shop.workspace.set_webhook(ANY.name, "http://127.0.0.1:9/hooks/of/this/shop")
    shop.workspace.pay(ANY.name, shop.ids[shop.order()])
    shop.order(reference="x" * 120)
    shop.workspace.advance("49h")
    shop.http.put(
        f"/_sim/workspaces/{shop.workspace.id}/scenario", json={"name": "webhooks-reversed"}
    ).raise_for_status()
    look, found = window(), []
    for path in ("payments", "webhooks", "requests", "money", "scenarios", "clock", "start", "settings"):
        for lang in ("en", "zh"):
            page = look.open(f"/console/{shop.workspace.name}/{path}", lang=lang)
            for size in ("narrow", "zoomed", "desktop"):
                look.resize(size)
                found += [f"{path} {lang} {size}: scrolls sideways"] if look.scrolls_sideways() else []
                found += [f"{path} {lang} {size}: {menu}" for menu in page.evaluate(EACH_OPENED)]
                rows = set(page.evaluate(BAR)) if size != "desktop" else {0}
                found += [] if len(rows) == 1 else [f"{path} {lang} {size}: the bar has {len(rows)} rows"]

    assert found == []
