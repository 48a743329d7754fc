"""What merchants write turns nothing around and hides nothing on a page; what a form or a link carries stays as it was."""

from __future__ import annotations

import unicodedata

import pytest

from simulator.engine.disguises import isolated, shown, undisguised
from simulator.engine.texts import Texts

HEBREW = "חנות"
BIDI = [
    chr(n)
    for n in range(0x110000)
    if unicodedata.bidirectional(chr(n)) in ("LRE", "RLE", "LRO", "RLO", "PDF", "LRI", "RLI", "FSI", "PDI")
]
MARKS = ["\u061c", "\u200e", "\u200f"]
UNSEEN = [
    "\u200b",
    "\u2060",
    "\ufeff",
    "\u00ad",
    "\u2028",
    "\u2029",
    "\u3164",
    "\uffa0",
    "\u115f",
    "\U000e0041",
    "\x7f",
    "\x9b",
    "\x1b",
]


def page(text: str, **attributes: str) -> str:
    given = "".join(f' {name.replace("_", "-")}="{value}"' for name, value in attributes.items())
    return undisguised(f"<p{given}>{text}</p>", "two scripts")


@pytest.mark.parametrize("control", BIDI + MARKS + UNSEEN, ids=lambda control: f"U+{ord(control):04X}")
def test_a_control_is_shown_by_its_number(control: str) -> None:
    assert page(f"a{control}b") == f"<p>a[U+{ord(control):04X}]b</p>"
    assert shown(f"a{control}b") == f"a[U+{ord(control):04X}]b"


@pytest.mark.parametrize(
    "text",
    ["Tea House", "茶馆 · 在线", HEBREW, "فروشگاه\u200c‌ها", "👩\u200d💻", "naïve café\u00a0– 11\t€\n", "Ωμέγα", "Чай"],
)
def test_what_people_write_is_left_alone(text: str) -> None:
    """Joiners belong to Persian words and to emoji; a word of one script is a word."""
    assert page(text) == f"<p>{text}</p>"


def test_what_is_read_or_heard_is_shown_and_what_is_sent_is_not_touched() -> None:
    html = (
        '<img alt="a\u202eb" src="/x?\u202e"><input value="\u202e" placeholder="\u202e" data-copy="\u202e">'
        '<a href="\u202e">\u202e</a>'
    )

    assert undisguised(html, "") == (
        '<img alt="a[U+202E]b" src="/x?\u202e"><input value="\u202e" placeholder="[U+202E]" data-copy="\u202e">'
        '<a href="\u202e">[U+202E]</a>'
    )


@pytest.mark.parametrize("word", ["Аlipay", "AlipаyExpress", "PαyPal", "ѕhop", "Ꭺlipay", "kΩ"])
def test_a_word_of_two_scripts_is_marked(word: str) -> None:
    assert page(f"pay {word}, 1") == f'<p>pay <span class="mixed" title="two scripts">{word}</span>, 1</p>'


def test_a_title_and_an_option_hold_no_mark_but_their_controls_are_shown() -> None:
    html = "<title>Аlipay\u202e</title><option value='1'>Аlipay\u202e</option>"

    assert undisguised(html, "two scripts") == "<title>Аlipay[U+202E]</title><option value='1'>Аlipay[U+202E]</option>"


def test_a_text_from_the_right_is_isolated_within_a_sentence() -> None:
    """By its own pair of isolates, which a page leaves where they are."""
    said = Texts("en")("qr_label", amount="€ 11.00", merchant=f"{HEBREW} 12")

    assert f"\u2068{HEBREW} 12\u2069" in said
    assert page(said) == f"<p>{said}</p>"
    assert isolated("Tea House 12") == "Tea House 12"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        (f"{HEBREW}\u2069\u202e", f"\u2068{HEBREW}[U+2069][U+202E]\u2069"),
        (f"\u2068{HEBREW}", f"\u2068[U+2068]{HEBREW}\u2069"),
    ],
)
def test_nobody_breaks_out_of_an_isolated_text(text: str, seen: str) -> None:
    assert isolated(text) == seen
    assert page(isolated(text)) == f"<p>{seen}</p>"


@pytest.mark.parametrize(
    "text", ["\u2068Tea\u2069", "\u2068\u2069", f"\u2068{HEBREW}", f"{HEBREW}\u2069", f"\u2068{HEBREW}\u202e\u2069"]
)
def test_isolates_that_serve_nothing_are_shown(text: str) -> None:
    assert "\u2068" not in page(text) and "\u2069" not in page(text)


@pytest.mark.uncounted
@pytest.mark.parametrize("unit", ["\u2068", HEBREW, f"\u2068{HEBREW}", "aА", "a", "А", "\u2069", "<", "\u202e"])
def test_a_long_text_is_shown_in_one_go(unit: str) -> None:
    """An expression that goes back and forth would not come to the end of it."""
    text = unit.replace("<", "&lt;") * 200_000

    assert len(page(text)) >= len(text)
    assert isolated(text).strip("\u2068\u2069") == shown(text)
