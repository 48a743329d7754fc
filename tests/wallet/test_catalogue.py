"""The catalogue of texts and the files that pages load."""

import json
import re

import pytest

from simulator.engine.texts import Texts, catalogue, languages
from wallet.test_templates import ROOT, STATIC, TEMPLATES, Tags, render
from wallet.wallet_samples import CASES


def keys_in_use() -> tuple[set[str], set[str]]:
    """Keys that stand in templates and modules in full, and prefixes that a value is put behind."""
    templates = "\n".join(path.read_text("utf-8") for path in TEMPLATES.rglob("*.html"))
    templates = re.sub(r"\{#.*?#\}", "", templates, flags=re.S)
    modules = "\n".join(path.read_text("utf-8") for path in (ROOT / "simulator").rglob("*.py"))
    callers = r"(?:\bt|t\.sim|t\.pattern|ui\.rich|rich|said)"
    in_templates = set(re.findall(callers + r"""\(\s*["']([a-z0-9_]+)["']\s*[,)]""", templates))
    either = re.findall(r"""(?:t|rich)\("([a-z_]+)" if [^,]+? else "([a-z_]+)\"""", templates)
    in_modules = set(re.findall(r"""["']([a-z][a-z0-9_]+)["']""", modules)) & set(catalogue("en"))
    prefixes = set(re.findall(r"""\bt(?:\.sim)?\(["']([a-z0-9_]+_)["'] ~""", templates))
    names = ("view*.py", "pages.py")
    paths = [path for name in names for path in (ROOT / "simulator").rglob(name)] + [ROOT / "simulator/engine/texts.py"]
    views = "\n".join(path.read_text("utf-8") for path in paths)
    prefixes |= set(re.findall(r"""f["']([a-z0-9_]+_)\{""", views))
    return in_templates | in_modules | {key for pair in either for key in pair}, prefixes


SHORTER_IN_CHINESE = ("return_to",)
"""The Chinese button says "back to the merchant" without its name."""


def test_both_languages_have_the_same_keys_and_placeholders() -> None:
    english, chinese = catalogue("en"), catalogue("zh")

    assert list(english) == list(chinese)
    for key, text in english.items():
        if key not in SHORTER_IN_CHINESE:
            assert set(re.findall(r"\{\w+\}", text)) == set(re.findall(r"\{\w+\}", chinese[key])), key


def test_no_text_is_missing_and_none_is_unused() -> None:
    literal, prefixes = keys_in_use()
    known = set(catalogue("en"))

    assert literal - known == set()
    assert {prefix for prefix in prefixes if not any(key.startswith(prefix) for key in known)} == set()
    unused = {key for key in known - literal if not key.startswith(tuple(prefixes))}
    assert unused == set()


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_text_is_given_twice(language: str) -> None:
    """The later file would win, on pages that know nothing of it."""
    files = [path for path in (ROOT / "simulator").rglob(f"{language}.json") if path.parts[-2] != "skeleton"]
    keys = [key for path in files for key in json.loads(path.read_text("utf-8"))]

    assert sorted({key for key in keys if keys.count(key) > 1}) == []


def test_an_unknown_text_is_a_mistake() -> None:
    with pytest.raises(KeyError):
        Texts("en")("no_such_text")
    with pytest.raises(KeyError):
        Texts("en")("left")


def test_chinese_texts_use_chinese_punctuation() -> None:
    between = re.compile(r"[\u4e00-\u9fff}][,;:!?()]\s*[\u4e00-\u9fff{]|[\u4e00-\u9fff]\.")

    assert [key for key, text in catalogue("zh").items() if between.search(text)] == []
    assert [key for key, text in catalogue("en").items() if re.search("[\u3000-\u9fff\uff00-\uffef!]", text)] == []


def test_the_ribbon_is_exact() -> None:
    assert catalogue("en")["ribbon"] == "SIMULATOR - no real money"


def test_catalogues_are_flat() -> None:
    files = [path for path in (ROOT / "simulator").rglob("*.json") if path.parent.name == "texts"]

    assert len(files) >= 2 * len(languages)
    for path in files:
        texts = json.loads(path.read_text("utf-8"))
        assert all(isinstance(text, str) and text for text in texts.values()), path


def test_the_static_files_stay_small_and_ask_no_other_host() -> None:
    css, js = (STATIC / "sim.css").read_text("utf-8"), (STATIC / "live.js").read_text("utf-8")

    assert len(css.encode()) < 30_000
    assert len(js.encode()) < 10_000
    assert not re.search(r"url\(|@import|https?://", css)
    assert not re.search(r"https?://|eval\(|innerHTML = (?!html)", js)


def test_the_dark_theme_is_the_same_whether_chosen_or_followed() -> None:
    css = (STATIC / "sim.css").read_text("utf-8")

    chosen = re.search(r"\[data-theme=dark\] \{(.*?)\}", css, re.S)
    followed = re.search(r":root:not\(\[data-theme=light\]\) \{(.*?)\}", css, re.S)
    assert chosen and followed
    assert chosen[1].split() == followed[1].split()
    used = set(re.findall(r"var\((--[\w-]+)\)", css))
    assert used == set(re.findall(r"(--[\w-]+):", css))


@pytest.mark.uncounted
def test_every_class_of_a_template_has_a_look() -> None:
    css = (STATIC / "sim.css").read_text("utf-8")
    plain = {"desktop"}
    for name, (template, variables) in CASES.items():
        for _, values in Tags(render(template, variables)).all:
            for word in (values.get("class") or "").split():
                assert re.search(rf"\.{re.escape(word)}\b", css) or word in plain, f"{name}: {word}"
