"""What every page needs: templates, texts in two languages, signed page tokens, a strict Content-Security-Policy."""

from __future__ import annotations

import platform
import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar
from urllib.parse import quote, urlencode, urlsplit

from simulator import __version__
from simulator.engine.call import Call, Reply
from simulator.engine.callers import is_foreign_page
from simulator.engine.disguises import undisguised
from simulator.engine.distributions import folders
from simulator.engine.masking import COMMON
from simulator.engine.resource import Resource
from simulator.engine.runtime import Runtime
from simulator.engine.texts import Language, Texts, catalogue, languages
from simulator.engine.uow import UnitOfWork, World
from simulator.engine.views import ErrorView, HostedView, MoneyView
from simulator.engine.views import Page as PageView
from simulator.engine.workspace import Workspace
from simulator.kernel.clock import iso_millis
from simulator.kernel.crypto import sha256_hex
from simulator.kernel.money import Money
from simulator.kernel.refusals import BodyTooLarge, Crashed, HeadersTooLarge, MethodNotAllowed, NotFound, Refusal

if TYPE_CHECKING:
    from jinja2 import Environment

R = TypeVar("R", bound=Resource)

CSP = "default-src 'self'; img-src 'self' data:; frame-ancestors 'self'; base-uri 'none'; object-src 'none'"

TOKEN_AGE_S = 14 * 24 * 3600
CLOCK = "clock"


@cache
def folder(name: str) -> Path:
    """`templates` or `scenarios`: beside the package in a checkout, inside it in a wheel."""
    package = Path(__file__).parent.parent
    inside = package / name
    return inside if inside.is_dir() else package.parent / name


@cache
def environment() -> Environment:
    import jinja2

    return jinja2.Environment(
        loader=jinja2.FileSystemLoader([folder("templates"), *(theirs / "templates" for theirs in folders())]),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def language(call: Call, wanted: str | None = None) -> Language:
    """`?lang=`, then the cookie, then what the provider's request asked for, then Accept-Language, then English."""
    cookie = cookies(call).get("lang")
    for candidate in (call.query.get("lang"), cookie, wanted):
        tag = (candidate or "")[:2].lower()
        if tag in languages:
            return "zh" if tag == "zh" else "en"
    for tag in _accepted(call.headers.get("accept-language", "")):
        if tag in languages:
            return "zh" if tag == "zh" else "en"
    return "en"


def _accepted(header: str) -> list[str]:
    """The languages of an Accept-Language header, the most wanted first. A weight (`q`) of 0 means: not this one."""
    weighed = []
    for part in header.split(","):
        tag, _, weight = part.partition(";")
        number = re.fullmatch(r"\s*q=([01](?:\.\d*)?)\s*", weight)
        weighed.append((float(number[1]) if number else 1.0, tag.strip()[:2].lower()))
    return [tag for weight, tag in sorted(weighed, key=lambda pair: -pair[0]) if weight > 0]


def theme(call: Call) -> Literal["light", "dark"] | None:
    """`?theme=light|dark|auto`, then the cookie; None follows the device."""
    chosen = call.query.get("theme") or cookies(call).get("theme")
    return "light" if chosen == "light" else "dark" if chosen == "dark" else None


def cookies(call: Call) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in call.headers.get("cookie", "").split(";"))
    return {name: value for name, _, value in pairs if name}


def is_phone(call: Call) -> bool:
    """`?view=phone|desktop` forces it; else what the browser says of itself."""
    forced = call.query.get("view")
    if forced in ("phone", "desktop"):
        return forced == "phone"
    return call.headers.get("sec-ch-ua-mobile") == "?1" or "Mobi" in call.headers.get("user-agent", "")


def view(
    call: Call,
    title: str,
    *,
    lang: str | None = None,
    runtime: World | None = None,
    workspace: Workspace | None = None,
    console_url: str = "/console",
    token: str = "",
    mobile: bool = False,
) -> PageView:
    """What every template needs. `title` is a key of the catalogue; `lang` is what the provider's request demanded. A page
    that knows its `runtime` and `workspace` can freeze the clock."""
    chosen = language(call, lang)
    return PageView(
        lang=chosen,
        title=Texts(chosen)(title) if title in catalogue(chosen) else title,
        path="/" + call.raw_path.lstrip("/") + (f"?{call.raw_query}" if call.raw_query else ""),
        workspace=workspace.name if workspace else "default",
        console_url=console_url,
        static_version=static_version(),
        token=token,
        clock_token=_signed(runtime, CLOCK, workspace.public_id) if runtime and workspace else "",
        theme=theme(call),
        mobile=mobile,
        auto_return_s=_returns_after(runtime, workspace),
    )


def found(runtime: Runtime, kind: type[R], id_: str, *, oldest: bool = False) -> tuple[Workspace, R]:
    """A resource by its id, and the workspace in which it lives: pages have no credential. Raises `NotFound`, which a page that
    raises it answers with, and `ProviderError` for a kind whose `FOUND_BY` does not name the id."""
    located = runtime.locate(kind, id_, oldest=oldest)
    if located is None:
        raise NotFound(kind.KIND, id_)
    return located


def hosted(
    uow: UnitOfWork,
    *,
    merchant: str,
    amount: Money,
    title: str,
    reference: str,
    state: str,
    expires_at: datetime | None = None,
) -> HostedView:
    """What the frame of a hosted page shows. `title` is the provider's; with `expires_at` it counts down until then, by the
    workspace's clock."""
    return HostedView(
        merchant=merchant,
        amount=MoneyView.of(amount),
        provider_title=title,
        reference=reference,
        state=state,
        now=iso_millis(uow.now),
        expires_at=None if expires_at is None else iso_millis(expires_at),
        seconds_left=seconds_left(expires_at, uow.now),
        frozen=uow.workspace.clock.mode == "frozen",
        clock_rate=uow.workspace.clock.rate,
    )


def _returns_after(runtime: World | None, workspace: Workspace | None) -> int | None:
    """As the workspace has it, or else as the server was told."""
    if runtime is None or workspace is None:
        return None
    return workspace.own_settings.returns_after(runtime.auto_return_s)


def html(template: str, page: PageView, **context: Any) -> str:
    """Renders a template in the language of its page. What others have written is shown without its disguises."""
    texts = Texts(page.lang, page.voice)
    rendered = environment().get_template(template).render(t=texts, page=page, **context)
    return undisguised(rendered, texts("mixed_scripts"))


def render(call: Call, template: str, page: PageView, *, status: int = 200, **context: Any) -> Reply:
    """A page as an answer; a language or theme chosen by query is remembered in a cookie."""
    reply = Reply(status, html(template, page, **context), page_headers(), content_type="text/html; charset=utf-8")
    lang, chosen = call.query.get("lang", "")[:2].lower(), call.query.get("theme")
    if lang in languages:
        reply.cookies.append(f"lang={lang}; Path=/; Max-Age=31536000; SameSite=Lax")
    if chosen in ("light", "dark"):
        reply.cookies.append(f"theme={chosen}; Path=/; Max-Age=31536000; SameSite=Lax")
    elif chosen == "auto":
        reply.cookies.append("theme=; Path=/; Max-Age=0; SameSite=Lax")
    return reply


@cache
def static_version() -> str:
    """Changes with the static files, so that browsers may keep them for ever."""
    files = sorted((Path(__file__).parent.parent / "static").iterdir())
    return sha256_hex(b"".join(file.read_bytes() for file in files))[:10]


def page_headers() -> dict[str, str]:
    return {
        "content-security-policy": CSP,
        "cache-control": "no-store",
        "referrer-policy": "same-origin",
        "x-content-type-options": "nosniff",
    }


def see_other(url: str, cookie: str | None = None) -> Reply:
    """`url` may hold characters that a header cannot (`/订单`): they are percent-encoded as a browser would."""
    headers = {"location": quote(url, safe=_URL_CHARACTERS), "cache-control": "no-store"}
    return Reply(303, "", headers, cookies=[cookie] if cookie else [])


def refused(call: Call, refusal: Refusal) -> Reply:
    """A plain error page."""
    if isinstance(refusal, NotFound):
        return error_page(call, 404, "not_found_title", "not_found_text")
    if isinstance(refusal, Crashed):
        return _bug_page(call, refusal.error_id)
    if isinstance(refusal, MethodNotAllowed):
        reply = error_page(call, 405, "error_title", "method_text")
        reply.headers["allow"] = ", ".join(refusal.allowed)
        return reply
    if isinstance(refusal, BodyTooLarge):
        return error_page(call, 413, "error_title", "refused_text")
    if isinstance(refusal, HeadersTooLarge):
        return error_page(call, 431, "error_title", "refused_text")
    return error_page(call, 400, "error_title", "refused_text")


def _bug_page(call: Call, error_id: str) -> Reply:
    """Says what to report, and where the request stands in the journal."""
    workspace = call.workspace.name if call.workspace is not None else "default"
    lines = (
        f"psp-simulator {__version__}, Python {platform.python_version()}",
        f"error {error_id}",
        f"{call.method} {COMMON.path(call.target)}",
    )
    journal = {"link_url": f"/_sim/workspaces/{workspace}/requests?status=500", "link_text": "bug_journal"}
    return error_page(call, 500, "bug_title", "bug_text", report="\n".join(lines), **journal)


def error_page(
    call: Call,
    status: int,
    title: str,
    text: str,
    *,
    expected: str | None = None,
    received: str | None = None,
    report: str | None = None,
    link_url: str | None = "/console",
    link_text: str = "to_console",
    **values: object,
) -> Reply:
    """`title`, `text` and `link_text` are keys of the catalogue; `expected` and `received` are shown as a pair, `report` is
    to be copied."""
    page = view(call, title)
    texts = Texts(page.lang)
    error = ErrorView(
        title=texts(title, **values),
        text=texts(text, **values),
        expected=expected,
        received=received,
        report=report,
        link_url=link_url,
        link_text=texts(link_text) if link_url else "",
        can_reload=call.method == "GET",
    )
    return render(call, "error.html", page, status=status, error=error)


# Forms ---------------------------------------------------------------------------------------------------------


def token(runtime: World, purpose: str, value: str) -> str:
    """A signed page token: proves that a form came from a page of ours about `value`."""
    return _signed(runtime, purpose, value)


def token_value(runtime: World, purpose: str, given: str | None) -> str | None:
    """What a page token is about; None if it is not one of ours."""
    import itsdangerous

    try:
        return str(_serializer(runtime, purpose).loads(given or "", max_age=TOKEN_AGE_S))
    except itsdangerous.BadSignature:
        return None


def token_holds(runtime: World, purpose: str, value: str, given: str | None) -> bool:
    return token_value(runtime, purpose, given) == value


def refused_form(call: Call, runtime: World, purpose: str, value: str, **link: str) -> Reply | None:
    """The page that says why a form may not be pressed: another site has sent it, or its `token` is that of another page. None
    if it may; a script that sends no token may, too. `link` is where the page leads (`link_url`, `link_text`)."""
    if not is_own_origin(call):
        return error_page(call, 403, "error_title", "foreign_origin")
    given = call.form.get("token")
    if given is not None and not token_holds(runtime, purpose, value, given):
        return error_page(call, 403, "error_title", "stale_form", **link)
    return None


def _signed(runtime: World, purpose: str, value: str) -> str:
    return str(_serializer(runtime, purpose).dumps(value))


def _serializer(runtime: World, purpose: str) -> Any:
    from itsdangerous import URLSafeTimedSerializer

    return URLSafeTimedSerializer(runtime.secret, salt=purpose)


def hold_clock(call: Call, runtime: Runtime) -> Reply:
    """The button beside a countdown: `mode` is `freeze` or `run`, `back` the page that the form stands on.

    Time limits are part of what is simulated, so every page that shows one can stop it. Only a page's own token names the
    workspace; pressing twice changes nothing.
    """
    if not is_own_origin(call):
        return error_page(call, 403, "error_title", "foreign_origin")
    public_id, mode = token_value(runtime, CLOCK, call.form.get("token")), call.form.get("mode")
    workspace = runtime.find_workspace(public_id) if public_id is not None else None
    if workspace is None:
        return error_page(call, 403, "error_title", "stale_form")
    if mode not in ("freeze", "run"):
        return error_page(call, 400, "error_title", "refused_text")
    if (mode == "freeze") != (workspace.clock.mode == "frozen"):
        clock = workspace.clock.frozen() if mode == "freeze" else workspace.clock.resumed()
        runtime.change_workspace(workspace, clock=clock)
    return see_other(_own_path(call.form.get("back", "")) or "/console")


def _own_path(path: str) -> str | None:
    """A path on this origin, which a browser cannot take for another host."""
    return path if path.startswith("/") and path[1:2] not in ("/", "\\") and not _CONTROL.search(path) else None


def is_own_origin(call: Call) -> bool:
    """False for a POST that a page of another site makes a browser send; scripts and tests send no Origin.

    A shop's page may lead a buyer to a page of ours, also by POST; only that page's own form may then decide.
    """
    return not is_foreign_page(call.headers, (call.headers.get("host", ""), call.base_url.partition("://")[2]))


def seconds_left(until: datetime | None, now: datetime) -> int | None:
    """Whole seconds of clock time for a countdown; None where nothing is due."""
    return None if until is None else max(0, int((until - now).total_seconds()))


def with_query(url: str, **parameters: str) -> str:
    """Appends parameters; the URL's own query and fragment stay."""
    base, hash_, fragment = url.partition("#")
    joint = "&" if "?" in base else "?"
    if base.endswith(("?", "&")):
        joint = ""
    return f"{base}{joint}{urlencode(parameters)}{hash_}{fragment}"


_URL_CHARACTERS = "!#$%&'()*+,/:;=?@[]~"

_CONTROL = re.compile(r"[\x00-\x1f]")
# What a browser itself understands, and what is no app of the merchant's.
_UNSAFE_SCHEMES = frozenset(
    {
        *("about", "blob", "chrome", "content", "data", "file", "filesystem", "ftp", "jar", "javascript", "mailto"),
        *("resource", "sms", "tel", "vbscript", "view-source", "ws", "wss"),
    }
)


def is_safe_return(url: str) -> bool:
    """Whether a merchant's return address may be followed: http(s), or an app's own scheme."""
    try:
        parts = urlsplit(url.strip())
    except ValueError:
        return False
    scheme = parts.scheme.lower()
    if scheme in ("http", "https") and not parts.netloc:
        return False
    return bool(scheme) and scheme not in _UNSAFE_SCHEMES and _CONTROL.search(url) is None
