"""What every page needs: templates, texts in two languages, signed page tokens, a strict Content-Security-Policy."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from simulator.engine.provider import Call, Reply
from simulator.engine.texts import Texts, languages
from simulator.kernel.refusals import Crashed, MethodNotAllowed, NotFound, Refusal

if TYPE_CHECKING:
    from jinja2 import Environment

    from simulator.engine.runtime import Runtime

CSP = "default-src 'self'; img-src 'self' data:; frame-ancestors 'self'; base-uri 'none'; object-src 'none'"

TOKEN_AGE_S = 14 * 24 * 3600


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
        loader=jinja2.FileSystemLoader(folder("templates")),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
    )


def language(call: Call, wanted: str | None = None) -> str:
    """`?lang=`, then the cookie, then what the provider's request asked for, then Accept-Language, then English."""
    cookie = cookies(call).get("lang")
    for candidate in (call.query.get("lang"), cookie, wanted):
        if candidate and candidate[:2].lower() in languages:
            return candidate[:2].lower()
    for part in call.headers.get("accept-language", "").split(","):
        code = part.split(";")[0].strip()[:2].lower()
        if code in languages:
            return code
    return "en"


def theme(call: Call) -> str | None:
    chosen = call.query.get("theme") or cookies(call).get("theme")
    return chosen if chosen in ("light", "dark") else None


def cookies(call: Call) -> dict[str, str]:
    pairs = (part.strip().partition("=") for part in call.headers.get("cookie", "").split(";"))
    return {name: value for name, _, value in pairs if name}


def is_phone(call: Call) -> bool:
    """`?view=phone|desktop` forces it; else what the browser says of itself."""
    forced = call.query.get("view")
    if forced in ("phone", "desktop"):
        return forced == "phone"
    return call.headers.get("sec-ch-ua-mobile") == "?1" or "Mobi" in call.headers.get("user-agent", "")


def page(call: Call, template: str, *, status: int = 200, lang: str | None = None, **context: Any) -> Reply:
    """Renders a template. `lang` is what the provider's request demanded, if anything."""
    chosen = language(call, lang)
    html = environment().get_template(template).render(t=Texts(chosen), **context)
    reply = Reply(status, html, page_headers(), content_type="text/html; charset=utf-8")
    for name in ("lang", "theme"):
        if call.query.get(name):
            value = chosen if name == "lang" else theme(call)
            if value:
                reply.headers["set-cookie"] = f"{name}={value}; Path=/; Max-Age=31536000; SameSite=Lax"
    return reply


def page_headers() -> dict[str, str]:
    return {
        "content-security-policy": CSP,
        "cache-control": "no-store",
        "referrer-policy": "no-referrer",
        "x-content-type-options": "nosniff",
    }


def see_other(url: str, cookie: str | None = None) -> Reply:
    headers = {"location": url, "cache-control": "no-store"}
    if cookie:
        headers["set-cookie"] = cookie
    return Reply(303, "", headers)


def refused(call: Call, refusal: Refusal) -> Reply:
    """A plain error page."""
    if isinstance(refusal, NotFound):
        status, title, text = 404, "not_found", "not_found_text"
    elif isinstance(refusal, Crashed):
        status, title, text = 500, "bug_title", "bug_text"
    elif isinstance(refusal, MethodNotAllowed):
        status, title, text = 405, "method_title", "method_text"
    else:
        status, title, text = 400, "refused_title", "refused_text"
    error_id = refusal.error_id if isinstance(refusal, Crashed) else None
    return error_page(call, status, title, text, error_id=error_id)


def error_page(
    call: Call,
    status: int,
    title_key: str,
    text_key: str,
    *,
    error_id: str | None = None,
    expected: str | None = None,
    received: str | None = None,
    link: str | None = None,
) -> Reply:
    """Title and text are keys of the catalogue; `expected` and `received` are shown one under the other."""
    texts = Texts(language(call))
    page_values = {
        "lang": language(call),
        "theme": theme(call),
        "title": texts(title_key),
        "text": texts(text_key),
        "error_id": error_id,
        "expected": expected,
        "received": received,
        "link": link,
    }
    return page(call, "error.html", status=status, error=page_values)


# Forms ---------------------------------------------------------------------------------------------------------


def token(runtime: Runtime, purpose: str, value: str) -> str:
    """A signed page token: proves that a form came from a page of ours about `value`."""
    return str(_serializer(runtime, purpose).dumps(value))


def token_holds(runtime: Runtime, purpose: str, value: str, given: str | None) -> bool:
    import itsdangerous

    try:
        return bool(given) and _serializer(runtime, purpose).loads(given, max_age=TOKEN_AGE_S) == value
    except itsdangerous.BadSignature:
        return False


def _serializer(runtime: Runtime, purpose: str) -> Any:
    from itsdangerous import URLSafeTimedSerializer

    return URLSafeTimedSerializer(runtime.secret, salt=purpose)


def is_own_origin(call: Call) -> bool:
    """False for a POST that a foreign page makes a browser send; scripts and tests send no Origin."""
    origin = call.headers.get("origin")
    if not origin or origin == "null":
        return origin is None or origin == ""
    return urlsplit(origin).netloc == call.headers.get("host")


def with_query(url: str, **parameters: str) -> str:
    """Appends parameters; the URL's own query and fragment stay."""
    base, hash_, fragment = url.partition("#")
    joint = "&" if "?" in base else "?"
    if base.endswith(("?", "&")):
        joint = ""
    return f"{base}{joint}{urlencode(parameters)}{hash_}{fragment}"


_UNSAFE_SCHEMES = frozenset({"javascript", "data", "vbscript", "file", "blob", "about", "view-source"})


def is_safe_return(url: str) -> bool:
    """Whether a merchant's return address may be followed: http(s), or an app's own scheme."""
    scheme = urlsplit(url.strip()).scheme.lower()
    return bool(scheme) and scheme not in _UNSAFE_SCHEMES and not any(ord(c) < 32 for c in url)
