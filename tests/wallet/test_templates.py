"""The buyer's pages, rendered from sample views: in every state, in both languages, without an engine."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import jinja2
import pytest

from simulator.engine.texts import Language, Texts, languages
from simulator.wallet.view import announce_key, title_key
from wallet.wallet_samples import CASES, DECLINED, EUR, LI_NA, LIU_YANG, ORDER, PAID, WANG_WEI, ended, ordered, page

ROOT = Path(__file__).parents[2]
TEMPLATES = ROOT / "templates"
STATIC = ROOT / "simulator" / "static"
HOSTILE = '<script>alert("1")</script>'

ENVIRONMENT = jinja2.Environment(
    loader=jinja2.FileSystemLoader(TEMPLATES),
    autoescape=True,
    trim_blocks=True,
    lstrip_blocks=True,
    undefined=jinja2.StrictUndefined,
)


def render(template: str, variables: dict[str, Any], language: Language = "en", **of_page: Any) -> str:
    variables = dict(variables)
    shown = page(language, mobile=variables.pop("mobile", False), **of_page)
    return ENVIRONMENT.get_template(template).render(page=shown, t=Texts(language), **variables)


def case(name: str, language: Language = "en") -> "Tags":
    return Tags(render(*CASES[name], language))


class Tags(HTMLParser):
    """The elements of a page; `get("confirm")` finds them by test id."""

    VOID = frozenset({"meta", "link", "input", "img", "br", "path", "rect", "circle"})

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.all: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.forms: list[dict[str, Any]] = []
        self.feed(html)
        assert self.open == [], f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        assert len(values) == len(attributes), f"an attribute twice in <{tag}>: {attributes}"
        self.all.append((tag, values))
        if tag not in self.VOID:
            self.open.append(tag)
        if tag == "form":
            assert "form" not in self.open[:-1], "a form inside a form"
            self.forms.append({"action": values["action"], "method": values["method"], "names": set()})
        if "form" in self.open and "name" in values:
            self.forms[-1]["names"].add(values["name"])

    def handle_endtag(self, tag: str) -> None:
        if tag not in self.VOID:
            assert self.open.pop() == tag, f"</{tag}> closes something else"

    def ids(self) -> set[str]:
        return {values["data-testid"] or "" for _, values in self.all if "data-testid" in values}

    def get(self, testid: str) -> dict[str, str | None]:
        [found] = [values for _, values in self.all if values.get("data-testid") == testid]
        return found

    def form(self, action: str) -> dict[str, Any]:
        return next(form for form in self.forms if form["action"] == action)


every_case = pytest.mark.parametrize("name", CASES)
every_language = pytest.mark.parametrize("language", languages)


@pytest.mark.uncounted
@every_case
@every_language
def test_a_page_is_well_formed_and_obeys_the_content_security_policy(name: str, language: Language) -> None:
    html = render(*CASES[name], language)

    tags = Tags(html)

    assert not [values for _, values in tags.all if "style" in values]
    assert not [attribute for _, values in tags.all for attribute in values if attribute.startswith("on")]
    assert "<style" not in html
    assert re.findall(r"<script[^>]*>(?!</script>)", html) == []
    ours = [values.get("src") for tag, values in tags.all if tag in ("script", "img")]
    assert all(source and source.startswith("/") for source in ours)


@pytest.mark.uncounted
@every_case
@every_language
def test_a_page_names_the_simulator_and_its_language(name: str, language: Language) -> None:
    tags = case(name, language)

    assert tags.all[0] == ("html", {"lang": "zh-Hans" if language == "zh" else "en"})
    assert {"sim-ribbon", "live", "status-live"} <= tags.ids()
    assert Texts(language)("ribbon") in tags.html
    assert len([tag for tag, _ in tags.all if tag == "h1"]) == 1


@pytest.mark.uncounted
@every_case
def test_every_form_posts_and_carries_the_token(name: str) -> None:
    for form in case(name).forms:
        assert form["method"] == "post"
        assert "token" in form["names"]


@pytest.mark.uncounted
@every_case
def test_labels_and_descriptions_point_at_something_that_exists_once(name: str) -> None:
    tags = case(name)

    ids = [values["id"] for _, values in tags.all if "id" in values]
    assert len(ids) == len(set(ids))
    for _, values in tags.all:
        for attribute in ("for", "aria-describedby", "form"):
            assert values.get(attribute) in (None, *ids)


def test_the_language_links_keep_the_query() -> None:
    tags = case("open")

    assert tags.get("lang-zh")["href"] == "/w/k7QmX2pD?view=desktop&lang=zh"
    assert tags.get("lang-en")["aria-current"] == "true"


def test_a_chosen_theme_is_written_by_the_server() -> None:
    html = render("wallet/not_found.html", {}, theme="dark")

    assert 'data-theme="dark"' in html


def test_the_cashier_offers_the_code_and_the_sign_in() -> None:
    tags = case("open")

    assert tags.get("wallet-cashier")["data-state"] == "open"
    assert tags.get("qr")["data-url"] == ORDER.url
    assert tags.get("qr")["href"] == tags.get("open-phone")["href"] == "/w/k7QmX2pD?view=phone"
    assert (tags.get("amount")["data-minor"], tags.get("amount")["data-currency"]) == ("8603", "CNY")
    assert tags.get("countdown")["data-expires-at"] == ORDER.expires_at
    assert tags.get("sim-note")["data-decides"] == "buyer:li-na"
    assert tags.form("/w/k7QmX2pD/sign-in")["names"] == {"token", "buyer", "password"}
    assert tags.form("/w/k7QmX2pD/force")["names"] == {"token", "reason", "outcome"}
    assert {"buyer-li-na", "buyer-zhou-ting", "more-buyers", "password", "sign-in", "cancel"} <= tags.ids()
    assert {"sim-options", "force-decline", "force-reason", "force-cancel", "force-expire"} <= tags.ids()


def test_without_a_script_a_waiting_page_looks_again_and_a_final_one_does_not() -> None:
    assert '<meta http-equiv="refresh" content="3">' in case("scanned").html
    assert '<meta http-equiv="refresh" content="3">' in case("paying").html
    assert '<meta http-equiv="refresh" content="3">' in case("open").html
    assert '<meta http-equiv="refresh" content="30">' in case("signed in").html
    assert '<meta http-equiv="refresh" content="30">' in render("wallet/phone.html", ordered(mobile=True))
    assert 'http-equiv="refresh"' not in case("declined").html
    assert f'content="5;url={PAID.return_url}"' in case("paid").html


def test_a_frozen_clock_is_shown_as_frozen() -> None:
    assert case("open frozen").get("countdown")["data-frozen"] == "true"
    assert case("open").get("countdown")["data-frozen"] == "false"


def test_a_scanned_order_can_show_its_code_again() -> None:
    tags = case("scanned")

    assert "Li Na has the order open." in tags.html
    assert tags.form("/w/k7QmX2pD/show-code")
    assert {"show-code", "sign-in"} <= tags.ids()
    assert "qr" not in tags.ids()


@pytest.mark.parametrize("name", ["paying", "phone paying"])
def test_while_the_bank_thinks_the_only_button_is_answer_now(name: str) -> None:
    tags = case(name)

    assert tags.form("/w/k7QmX2pD/answer")
    assert tags.get("answer-due")["data-expires-at"] == "2025-11-20T09:42:05Z"
    assert not {"confirm", "cancel", "sign-in", "sim-options"} & tags.ids()


def test_an_unreachable_address_makes_the_phone_page_the_primary_button() -> None:
    tags = case("unreachable")

    assert "button-primary" in (tags.get("open-phone")["class"] or "")
    assert "psp-simulator serve --lan" in tags.html


def test_after_the_sign_in_the_desktop_confirms() -> None:
    tags = case("signed in")

    assert tags.form("/w/k7QmX2pD/confirm")["names"] == {"token", "buyer", "method", "payment_code"}
    assert {"method-balance", "method-card", "change-buyer", "confirm", "cancel"} <= tags.ids()
    assert tags.get("payment-code")["value"] == "123456"
    assert case("signed in, wrong code").get("payment-code")["value"] == ""


@pytest.mark.parametrize(
    ("name", "field", "text"),
    [
        ("wrong password", "password", "Wrong password. Two tries are left."),
        ("signed in, wrong code", "payment-code", "Wrong payment code. One try is left."),
        ("phone code", "payment-code", "Wrong payment code. Two tries are left."),
    ],
)
def test_a_refusal_stands_beside_its_field(name: str, field: str, text: str) -> None:
    tags = case(name)

    assert tags.get(field)["aria-invalid"] == "true"
    assert text in tags.html


def test_the_phone_page_scans_only_by_its_script_and_only_while_open() -> None:
    assert case("phone").get("wallet-phone")["data-scan"] == "/w/k7QmX2pD/scan"
    assert "data-scan" not in case("phone short").get("wallet-phone")
    assert not [form for form in case("phone").forms if form["action"].endswith("/scan")]


def test_the_phone_page_has_one_confirm_button_and_all_ways_out() -> None:
    tags = case("phone")

    assert tags.form("/w/k7QmX2pD/confirm")["names"] == {"token", "buyer", "method"}
    assert tags.form("/w/k7QmX2pD/buyer")["names"] == {"token", "buyer"}
    assert tags.get("confirm")["form"] == "confirm-form"
    assert {"change-buyer", "buyer-sun-li", "cancel", "sim-options", "force-cancel", "force-expire"} <= tags.ids()
    assert "payment-code" not in tags.ids()
    assert "payment-code" in case("phone code").ids()


def test_a_prediction_is_made_in_the_voice_of_the_simulator() -> None:
    assert "Will be declined: ¥\N{NO-BREAK SPACE}81.03 short" in case("phone short").html
    assert "将付款失败：余额不足，还差 ¥\N{NO-BREAK SPACE}81.03" in case("phone short", "zh").html
    assert "Will be declined. Decided by scenario Slow wallet." in case("phone amount").html
    assert case("phone amount").get("sim-note")["data-decides"] == "amount:40000"


def test_a_closed_app_leaves_a_note() -> None:
    text = "Zhou Ting closed the app. The order stays open until it expires."

    assert text in case("walked away").html
    assert text in case("phone walked away").html


@pytest.mark.parametrize(
    ("name", "outcome", "reason", "by"),
    [
        ("paid", "paid", "", "buyer:li-na"),
        ("declined", "declined", "balance", "buyer:wang-wei"),
        ("declined, blocked", "declined", "blocked", "buyer:wang-wei"),
        ("cancelled", "cancelled", "", "page"),
        ("phone expired", "expired", "", "timer"),
    ],
)
def test_a_result_says_what_happened_and_who_decided(name: str, outcome: str, reason: str, by: str) -> None:
    tags = case(name)

    assert tags.get("wallet-result")["data-state"] == outcome
    result = tags.get("result")
    assert (result["data-outcome"], result["data-reason"], result["data-decided-by"]) == (outcome, reason, by)
    assert "Decided " in tags.html
    assert tags.get("return")["href"] == PAID.return_url


@pytest.mark.parametrize("kind", ["buyer:li-na", "amount:40000", "scenario:slow-wallet", "page", "console", "timer"])
@every_language
def test_whoever_decided_is_named(kind: str, language: Language) -> None:
    html = render("wallet/result.html", ended(PAID, decided_by=kind), language)

    name, _, value = kind.partition(":")
    assert Texts(language)(f"decided_{name}", value="Slow wallet" if name == "scenario" else value) in (
        html.replace("&#39;", "'")
    )


def test_a_low_balance_is_accounted_for() -> None:
    desktop, phone = case("declined").html, case("phone declined").html

    assert "account: Wang Wei has ¥\N{NO-BREAK SPACE}5.00, the order is ¥\N{NO-BREAK SPACE}86.03." in (
        desktop.replace("&#39;", "'")
    )
    assert "81.03" not in desktop
    assert [amount in phone for amount in ("86.03", "5.00", "81.03")] == [True] * 3


def test_the_automatic_return_can_be_stopped() -> None:
    assert "stay" in case("paid").ids()
    assert "data-return-in" in case("paid").html
    assert "data-return-in" not in case("declined").html
    assert "stay" not in case("declined").ids()


def test_a_phone_that_scanned_for_a_desktop_is_done() -> None:
    tags = case("phone done")

    assert {"done", "return"} <= tags.ids()
    assert "data-return-in" not in tags.html


def test_a_refusal_that_is_not_final_offers_another_buyer() -> None:
    assert case("declined, retry").get("try-another")["href"] == "/w/k7QmX2pD?view=desktop&step=sign-in"
    assert "try-another" not in case("declined").ids()


@pytest.mark.parametrize("name", ["no return", "odd return"])
def test_an_address_that_cannot_be_followed_is_never_a_link(name: str) -> None:
    tags = case(name)

    assert "return" not in tags.ids()
    assert not [values for _, values in tags.all if (values.get("href") or "").startswith("javascript:")]
    assert 'http-equiv="refresh"' not in tags.html


def test_what_a_merchant_wrote_is_escaped_wherever_it_appears() -> None:
    order = replace(ORDER, merchant=HOSTILE, reference=HOSTILE, provider_title=HOSTILE)
    buyer = replace(LI_NA, name_en=HOSTILE, special="sign_in", special_value=HOSTILE)
    open_order = ordered() | {"order": order, "buyer": buyer, "buyers": [buyer, WANG_WEI]}
    result = replace(DECLINED, merchant=HOSTILE, buyer_name=HOSTILE, decided_by=f"scenario:{HOSTILE}", auto_return_s=5)
    pages = [
        render("wallet/cashier.html", open_order),
        render("wallet/cashier.html", open_order | {"order": replace(order, state="scanned", scanned_by=HOSTILE)}),
        render("wallet/cashier.html", open_order | {"signed_in": True}),
        render("wallet/phone.html", open_order | {"mobile": True}),
        render("wallet/result.html", {"order": order, "result": result}),
        render("wallet/result.html", {"order": order, "result": replace(result, outcome="paid", method="balance")}),
        render("wallet/not_found.html", {}, title=HOSTILE, path=f'/w/x?q="{HOSTILE}'),
    ]

    for html in pages:
        assert "<script>" not in html
        assert HOSTILE not in html
        Tags(html)


def test_the_direction_of_a_merchants_name_ends_with_it() -> None:
    """An override (U+202E) would turn the rest of the sentence round."""
    name = "\N{RIGHT-TO-LEFT OVERRIDE}skooB"
    result = replace(PAID, merchant=name)

    sentences = [
        render("wallet/result.html", ended(result)),
        render("wallet/result.html", ended(result, auto_return_s=None)),
        render("wallet/result.html", ended(result, phone_only_done=True, mobile=True)),
    ]

    for html in sentences:
        inside = re.findall(rf"[^>]*{name}[^<]*", re.sub(rf"<(bdi|dd|h1)>{name}</\1>", "", html))
        assert inside == []


@pytest.mark.parametrize("name", ["paid", "phone done", "declined", "phone declined", "cancelled", "phone expired"])
def test_a_result_has_one_primary_button(name: str) -> None:
    primary = [values for _, values in case(name).all if "button-primary" in (values.get("class") or "")]

    assert len(primary) == 1


@pytest.mark.parametrize(
    ("name", "primary"),
    [("open", "sign-in"), ("unreachable", "open-phone"), ("signed in", "confirm"), ("scanned", "sign-in")],
)
def test_the_cashier_has_one_primary_button(name: str, primary: str) -> None:
    found = [values["data-testid"] for _, values in case(name).all if "button-primary" in (values.get("class") or "")]

    assert found == [primary]


@pytest.mark.parametrize("seconds", [0, 5, 30])
def test_a_page_returns_after_the_seconds_that_were_set(seconds: int) -> None:
    html = render("wallet/result.html", ended(PAID, auto_return_s=seconds))

    assert f'data-return-in="{seconds}"' in html
    assert f'content="{seconds};url=' in html


@every_language
def test_the_words_of_the_refusals_are_those_of_the_design(language: Language) -> None:
    texts = {
        "balance": ("The balance is too low. Nothing was charged.", "账户余额不足，未扣款。"),
        "limit": ("The daily limit is reached. Nothing was charged.", "已超出每日限额，未扣款。"),
        "blocked": ("The account is blocked. Nothing was charged.", "账户已被限制使用，未扣款。"),
        "authentication": ("The payment code was wrong three times.", "支付密码已连续输错三次。"),
    }

    for reason, words in texts.items():
        html = render("wallet/result.html", ended(DECLINED, reason=reason, shortfall=None), language)
        assert words[language == "zh"] in html


def test_the_live_panel_is_the_part_of_the_page_that_it_replaces() -> None:
    variables = ordered(LIU_YANG)

    whole = render("wallet/cashier.html", variables)
    panel = render("wallet/_panel.html", variables)

    assert panel in whole


HOSTED_PAGE = """
{% extends "hosted/_frame.html" %}
{% import "_ui.html" as ui with context %}
{% block stands_in %}Acme{% endblock %}
{% block testid %}acme-checkout{% endblock %}
{% block content %}
<h2>How</h2>
{{ ui.tabs("Types", [("?a", "Redirect", "out", "tab-redirect", true), ("?b", "Scan code", "qr", "", false)]) }}
{% call ui.form("/pay", id="pay") %}
<div class="radio-list">
{{ ui.option("method", "861", "Alipay", "Product 861", "wallet", "支付宝", checked=true) }}
</div>
{{ ui.select("wallet", "Wallet", [("A", "TEST_WALLET"), ("B", "Other")], value="B", testid="cko-wallet", mono=true) }}
{{ ui.segmented("lang", "Language", [("curl", "cURL"), ("py", "Python")], "py") }}
{% endcall %}
{{ ui.steps(["One", "Two"]) }}{{ ui.rows([("Charge", "charge_1", "mono")]) }}{{ ui.monogram("PP") }}
{{ ui.pill("waiting", "Waiting for buyer") }}{{ ui.copy_field("777123") }}{{ ui.code_block("curl <x>") }}
{{ ui.empty("Nothing yet.") }}
{% endblock %}
{% block note %}
{% call ui.sim_note(decides="amount:40000", title="The amount decides") %}<p>Decline.</p>{% endcall %}
{% endblock %}
{% block actions %}<button class="button button-primary" form="pay" data-testid="acme-pay">Pay</button>{% endblock %}
"""


@every_language
def test_a_provider_makes_its_hosted_page_from_the_frame_and_the_macros(language: Language) -> None:
    hosted = CASES["hosted result"][1]["hosted"]

    html = ENVIRONMENT.from_string(HOSTED_PAGE).render(page=page(language), t=Texts(language), hosted=hosted)

    tags = Tags(html)
    assert tags.get("acme-checkout")["data-state"] == hosted.state
    assert tags.get("amount")["data-minor"] == str(EUR.minor)
    assert {"countdown", "lang-en", "lang-zh", "sim-note", "tab-redirect", "cko-wallet", "phase", "copy"} <= tags.ids()
    assert "curl &lt;x&gt;" in html


@every_language
@pytest.mark.parametrize("state", ["open", "scanned", "paying", "paid", "declined", "cancelled", "expired"])
def test_every_state_has_a_title_and_an_announcement(state: Any, language: Language) -> None:
    t = Texts(language)

    assert t(title_key(state))
    assert t(announce_key(state), buyer="Li Na")
