"""The chapters of docs/adding-a-provider.md that are taken from the source: the skeleton, the example of refunds, what its author
is handed, what a hosted page is made of, and what its tests are.

`PYTHONPATH=.:tests python -m surface.adding_page` writes them anew; a test compares.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from textwrap import dedent

from simulator.surface import new_provider

ROOT = Path(__file__).parent.parent.parent
PAGE = ROOT / "docs" / "adding-a-provider.md"

# What a provider's folder may need, by module. A class stands with its members; a function with its signature.
REFERENCE: Mapping[str, Mapping[str, str]] = {
    "The provider, and its routes": {
        "engine/provider.py": "Handler Authenticate Party Provider BannerLine Directory Endpoint Page LeftOut Idempotency",
        "engine/outlines.py": "Outline lazily",
        "engine/throttle.py": "RateLimit",
    },
    "A request and its answer": {
        "engine/call.py": "Call Answering Reply Walk Ask",
        "engine/validation.py": "TEXT Unfit validate is_web_url web_url",
        "engine/members.py": "whole Whole",
        "engine/known.py": "NoEffect",
        "kernel/refusals.py": "*",
    },
    "Resources, and what changes them": {
        "engine/resource.py": "Resource Summary UNFINISHED PHASES changed",
        "kernel/values.py": "dataclass",
        "kernel/machine.py": "ACTORS Machine",
        "engine/reader.py": "Slice Reader",
        "engine/uow.py": "UnitOfWork",
        "engine/facets.py": "Facet REASONS",
        "engine/rules.py": "Delay BankEffect RuleOptions",
        "engine/scenarios.py": "Decisions",
        "engine/bank.py": "BankVerdict",
        "kernel/money.py": "CURRENCIES decimals Money",
        "kernel/ids.py": "Ids",
        "kernel/clock.py": "time_of_day from_micros iso_millis iso_seconds millis parse_instant parse_duration",
    },
    "Webhooks": {
        "engine/messages.py": "Event Message",
        "engine/webhooks.py": "Webhooks Sending Signed Dropped Verdict",
        "engine/explain.py": "CAUSES Step Mistake Explained encodings other_keys of_json signed_body bare part",
        "engine/programs.py": "Algorithm Encoding Key LANGUAGES with_hmac with_hash written joined",
        "engine/forging.py": "Forgery Forging",
        "engine/workspace.py": "AccountEndpoint Workspace",
        "kernel/retry.py": "Receipt RetryPolicy doubling",
        "kernel/crypto.py": "*",
    },
    "Addresses": {
        "engine/reach.py": "LOCAL_SUFFIXES is_local literal",
    },
    "The wallet": {
        "wallet/alipay.py": "open_order close refund order_of confirm approve decline cancel decide_now predict prospect in_fen "
        "journal_return Decision",
        "wallet/payee.py": "*",
        "wallet/order.py": "UNDECIDED billing_details Order",
        "wallet/buyers.py": "Buyer default find get offered",
    },
    "Settings and pages": {
        "engine/settings.py": "Seconds Line Duration OneOf WorkspaceSettings ProviderSettings",
        "engine/runtime.py": "Runtime",
        "engine/pages.py": "view found hosted refused_form render see_other error_page refused is_own_origin is_phone "
        "language cookies token token_holds seconds_left with_query is_safe_return",
        "engine/texts.py": "Texts",
        "engine/views.py": "Outcome HostedView MoneyView HostedResult",
        "wallet/pages/buyer.py": "COOKIE_BUYER buyer_cookie buyer_name chosen_buyer",
        "wallet/pages/show.py": "is_only_here render",
        "wallet/qr.py": "*",
    },
    "Money": {
        "engine/ledger.py": "UNIT Cause Kind MERCHANT units whole rounded decimal times Posting Booking Moved MoneyMove",
        "engine/terms.py": "ZONE ZoneName MoneySettings",
        "engine/calendar.py": "Calendar",
        "engine/settlement.py": "Payout kinds_of Report Period Settlement",
        "engine/settling.py": "funds_due funds_have_come terms_of asked settle",
        "engine/balances.py": "Balance balances next_cutoff Payouts each_booking in_payout period reports_on",
    },
    "The merchant's side": {
        "engine/shop.py": "*",
        "engine/stories.py": "CREATED PAID SoFar Create Decide Refund Cancel Ask Rule Wait Set bank_declines Stories saying_more",
        "engine/samples.py": "LANGUAGES Sample FirstSteps",
        "engine/sandbox.py": "Visit Probe Sandbox get without no_json",
    },
    "What is not documented": {
        "engine/facts.py": "Standing OBSERVERS Place Choice Fact Facts",
    },
}

TESTS: Mapping[str, Mapping[str, str]] = {
    "`hosted.py` and `journeys.py`": {
        "browser/merchant.py": "Merchant Hosted path_of fields_of",
        "browser/journeys.py": "Ending Buyer desktop phone open_end by_forms LI_NA BLOCKED CANCELLED signs_in holds_the_clock "
        "peeps pays",
    },
    "`drifting.py`": {
        "drifting.py": "Altered Planted status refusal slow header new_header body at put five_years_on add drop rename turn text "
        "another_id",
    },
}
"""What a provider's folder of tests may need, in the same way."""

ONLY = {
    "Runtime": "unit open locate locate_by_key",
    "Workspace": "public_id name clock seed credentials webhook_endpoints settings_of account_endpoint account_endpoints",
}
"""Where a value has far more members than a provider needs."""

LONG = 12
"""Lines of a table that is not shown in full."""

INSIDE = {
    "Decisions": "names",
    "Explained": "base_string lines signature is_right",
    "Reader": "flush bookings bookings_numbered",
    "UnitOfWork": "write begin touched next_due has_changes promised touch claim_scenarios unadvanced rules post",
    "Webhooks": "signed",
    "Verdict": "arriving",
    "Provider": "is_provider summary_of render judge banner_line kinds bounded known_timers moves_money book fire_timer",
    "LeftOut": "body query idempotent",
    "Booking": "dump load purse is_due releases",
    "Payout": "purse takes keys first last after",
    "Settlement": "table",
    "MoneySettings": "held variable",
    "Order": "answer_at tries approved_by walked_away detail shortfall advanced_s advanced_by refunded_cny cny rate",
    "Party": "is_provider settings kinds bounded machines known_timers summary_of render moves_money book fire_timer",
    "Shop": "id_among",
    "Ids": "seeded",
    "Machine": "timeouts_in",
    "Planted": "what",
}
"""Members that the engine and the tests use, and no provider."""


def chapters() -> dict[str, str]:
    return {
        "skeleton": new_provider.chapter(),
        "refunds": refunds(),
        "reference": _modules(REFERENCE, ROOT / "simulator", "simulator."),
        "templates": templates(),
        "tests": _modules(TESTS, ROOT / "tests", ""),
    }


def of_page(name: str, page: str) -> str:
    """The chapter as it stands on the page."""
    found = _pattern(name).search(page)
    assert found is not None, f"the page has no chapter {name}"
    return found[0]


def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(rf"(?<=<!-- {name} -->\n).*?(?=<!-- /{name} -->)", re.DOTALL)


def refunds() -> str:
    """What the toy with refunds of their own adds to the skeleton, as a provider's folder would have it."""
    text = (ROOT / "tests" / "toy" / "refunds.py").read_text("utf-8")
    return f"```python\n{new_provider.renamed(text, 'newpay', 'Newpay').rstrip()}\n```\n"


def templates() -> str:
    """What the frame says of its blocks, and each macro that the page of some provider uses."""
    folder = ROOT / "templates"
    frame = (folder / "hosted" / "_frame.html").read_text("utf-8")
    head = dedent(frame[frame.index("{#-") + 3 : frame.index("-#}")].strip("\n")).rstrip()
    macros = "\n".join(_macros((folder / "_ui.html").read_text("utf-8"), used_macros()))
    return (
        f"`templates/hosted/_frame.html`\n\n```jinja\n{head}\n```\n\n`templates/_ui.html`\n\n```jinja\n{macros}\n```\n"
    )


def used_macros() -> set[str]:
    pages = (ROOT / "templates" / "hosted").rglob("*.html")
    return {name for page in pages for name in re.findall(r"\bui\.(\w+)\(", page.read_text("utf-8"))}


def _macros(text: str, names: set[str]) -> Iterator[str]:
    """Each as it is called, below what the file says of it."""
    found = re.findall(r"(?:\{#- ([^#]*) -#\}\n)?\{% macro (\w+)(\(.*?\)) %\}(.*?)\{%-? endmacro %\}", text, re.DOTALL)
    for said, name, given, inside in found:
        if name in names:
            call = f"call ui.{name}{given}"
            about = f"{{# {said} #}}\n" if said else ""
            yield about + (
                f"{{% {call} %}}…{{% endcall %}}"
                if "caller()" in inside and "end=false" not in given
                else f"{{{{ ui.{name}{given} }}}}"
            )


def _modules(chapter: Mapping[str, Mapping[str, str]], root: Path, package: str) -> str:
    parts = []
    for title, modules in chapter.items():
        parts.append(f"### {title}\n")
        for module, names in modules.items():
            path = root / module
            dotted = f"{package}{module.removesuffix('.py').removesuffix('/__init__').replace('/', '.')}"
            shown = "\n\n".join(_shown(path.read_text("utf-8"), names))
            parts.append(f"`{dotted}`\n\n```python\n{shown}\n```\n")
    return "\n".join(parts)


def _shown(text: str, names: str) -> Iterator[str]:
    """The definitions of these names in the order of the module, or all public ones for `*`."""
    wanted = None if names == "*" else names.split()
    whole = ast.parse(text).body
    body = [part for node in whole for part in (node.orelse if isinstance(node, ast.If) else [node])]
    found = []
    for node, after in zip(body, [*body[1:], None], strict=True):
        name = _name_of(node)
        if name is None or name.startswith("_") or (wanted is not None and name not in wanted):
            continue
        found.append(name)
        if isinstance(node, ast.ClassDef):
            yield _class(text, node)
        elif isinstance(node, ast.FunctionDef):
            yield _function(text, node)
        elif wanted is not None or name.isupper():
            shown = _segment(text, node)
            if shown.count("\n") > LONG:
                shown = f"{shown.partition(' = ')[0]} = ..."
            yield shown + (f"\n{_segment(text, after)}" if _is_text(after) else "")
    assert wanted is None or sorted(found) == sorted(wanted), f"missing: {set(wanted) - set(found)}"


def _name_of(node: ast.stmt) -> str | None:
    if isinstance(node, ast.ClassDef | ast.FunctionDef):
        return node.name
    if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
        return node.target.id
    if isinstance(node, ast.Assign):
        first = node.targets[0].elts[0] if isinstance(node.targets[0], ast.Tuple) else node.targets[0]
        return first.id if isinstance(first, ast.Name) else None
    return None


def _class(text: str, node: ast.ClassDef) -> str:
    hidden = INSIDE.get(node.name, "").split()
    head = f"class {node.name}({', '.join(ast.unparse(base) for base in node.bases)}):".replace("()", "")
    if any("kw_only=True" in ast.unparse(mark) for mark in node.decorator_list):
        head = f"@dataclass(kw_only=True)\n{head}"
    lines = []
    skipped = False
    for part in node.body:
        if _is_text(part):
            if not skipped:
                lines.append(_segment(text, part))
            continue
        name = _name_of(part)
        only = ONLY.get(node.name)
        skipped = (
            _is_setter(part)
            or name is None
            or name.startswith("_")
            or name in hidden
            or (only is not None and name not in only.split())
        )
        if skipped or name is None:
            if node.name in ("Reader", "UnitOfWork") and name == "__init__":
                lines += _attributes(text, part)
            continue
        if isinstance(part, ast.FunctionDef):
            lines.append("\n" + _function(text, part) if lines else _function(text, part))
        else:
            lines.append(_segment(text, part))
    body = "\n".join(lines) or "..."
    return head + "\n" + "\n".join(f"    {line}".rstrip() for line in body.splitlines())


def _is_setter(node: ast.stmt) -> bool:
    return isinstance(node, ast.FunctionDef) and any(
        ast.unparse(mark).endswith(".setter") for mark in node.decorator_list
    )


def _attributes(text: str, init: ast.stmt) -> Iterator[str]:
    """Those of a unit of work that a provider reads, as its constructor sets them."""
    assert isinstance(init, ast.FunctionDef)
    for part, after in zip(init.body, [*init.body[1:], None], strict=True):
        source = _segment(text, part)
        found = re.match(r"self\.(workspace|now|base_url|call)\b", source)
        if found is not None:
            yield f"{found[1]}: {_TYPES[found[1]]}" + (f"\n{_segment(text, after)}" if _is_text(after) else "")


_TYPES = {"workspace": "Workspace", "now": "datetime", "base_url": "str", "call": "Call | None"}


def _function(text: str, node: ast.FunctionDef) -> str:
    """Its signature and what it says of itself."""
    is_attribute = any(ast.unparse(mark) in ("property", "cached_property") for mark in node.decorator_list)
    marks = "@property\n" if is_attribute else ""
    first = node.body[0]
    lines = text.splitlines()
    head = dedent("\n".join(lines[node.lineno - 1 : max(first.lineno - 1, node.lineno)])).removesuffix(" ...")
    head = re.sub(r"\n\s*#.*", "", head)
    if not _is_text(first):
        return f"{marks}{head} ..." if "\n" not in head else f"{marks}{head}\n    ..."
    said = "\n".join(f"    {line}".rstrip() for line in _segment(text, first).splitlines())
    return f"{marks}{head}\n{said}"


def _is_text(node: ast.stmt | None) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _segment(text: str, node: ast.stmt | None) -> str:
    assert node is not None and node.end_lineno is not None
    return dedent("\n".join(text.splitlines()[node.lineno - 1 : node.end_lineno]))


if __name__ == "__main__":
    page = PAGE.read_text("utf-8")
    for name, chapter in chapters().items():
        page = _pattern(name).sub(lambda _, chapter=chapter: f"\n{chapter}\n", page)  # type: ignore[misc]
    PAGE.write_text(page, "utf-8")
