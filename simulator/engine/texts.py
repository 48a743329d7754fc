"""What the pages say, in English and in Chinese. Knows nothing of the pages themselves."""

import json
import re
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Final, Literal

from simulator.engine.disguises import isolated
from simulator.engine.distributions import folders
from simulator.kernel.clock import spans
from simulator.kernel.values import dataclass

Language = Literal["en", "zh"]

languages: Final[tuple[Language, ...]] = ("en", "zh")

_PACKAGE = Path(__file__).parents[1]


@cache
def catalogue(language: Language) -> MappingProxyType[str, str]:
    """All patterns of one language by key: ours go before those of other distributions. Read when first asked for."""
    theirs = [folder / "texts" / f"{language}.json" for folder in folders()]
    own = ("texts/*/{}.json", "providers/*/texts/{}.json")
    ours = [_PACKAGE / "texts" / f"{language}.json"]
    ours += [file for pattern in own for file in sorted(_PACKAGE.glob(pattern.format(language)))]
    files = [*(file for file in theirs if file.is_file()), *ours]
    patterns: dict[str, str] = {}
    for file in files:
        patterns.update(json.loads(file.read_text("utf-8")))
    return MappingProxyType(patterns)


@cache
def _sentences(language: Language) -> tuple[tuple[re.Pattern[str], str, bool], ...]:
    """How the simulator's own English sentences read in another language, those with more words of their own first; whether one
    has so few that it only counts where a part of it is known.

    A pattern's `{member}` and what else is in `_WORDS` stands for a word without spaces, any other name for some words.
    """
    if language == "en":
        return ()
    names, found = ("sentences.{}.json", "*/texts/sentences.{}.json"), dict[str, str]()
    folder = _PACKAGE / "texts"
    files = [folder / names[0].format(language), *sorted((_PACKAGE / "providers").glob(names[1].format(language)))]
    files += [one / "texts" / names[0].format(language) for one in folders()]
    for file in files:
        found |= json.loads(file.read_text("utf-8")) if file.is_file() else {}
    rules = {key: text for key, text in catalogue("en").items() if key.startswith("requests_rule_")}
    found |= {
        text[:1].lower() + text[1:].rstrip("."): catalogue(language)[key].rstrip("。") for key, text in rules.items()
    }
    own = {text: len(_PLACE.sub("", text)) for text in found}
    ordered = sorted(found, key=lambda text: own[text], reverse=True)
    return tuple(
        (re.compile(_as_pattern(text), re.DOTALL), found[text], own[text] < min(FEW, len(text))) for text in ordered
    )


FEW = 8
"""Characters of a pattern's own."""


_PLACE = re.compile(r"\{(\w+)\}")


def _as_pattern(text: str) -> str:
    literals = _PLACE.split(text)
    parts = [
        re.escape(one) if n % 2 == 0 else f"(?P<{one}>{_WORD if one in _WORDS else '.+?'})"
        for n, one in enumerate(literals)
    ]
    return "".join(parts)


_WORDS, _WORD = ("member", "n", "least", "most"), r"[^\s:]+"
_PARTS = ("rule", "what", "why", "problem", "words", "more", "names", "one", "other")
"""Those that may be sentences of ours themselves."""


@dataclass(frozen=True)
class Texts:
    """The catalogue in the language of one page.

    A key may be put together from a literal prefix and a value (`t("reason_" ~ result.reason)` in a template,
    `f"title_{state}"` in Python). The prefix ends in an underscore, so that a test can tell which keys are in use.
    """

    language: Language
    voice: Language | None = None
    """The language of the simulator's own remarks, where it differs."""

    @property
    def sim(self) -> "Texts":
        """What the simulator says, in its own voice."""
        return Texts(self.voice or self.language)

    def __call__(self, key: str, **values: object) -> str:
        """The text with its `{placeholders}` filled, each in its own direction. Raises `KeyError` for an unknown key or a
        missing value."""
        said = {name: isolated(value) if isinstance(value, str) else value for name, value in values.items()}
        return self.pattern(key).format(**said)

    def reworded(self, sentence: str) -> str:
        """A sentence that the simulator has made in English (why it refuses, what it notices), in this language; what no pattern
        of `sentences.*.json` fits stays as it is. What stands in it may be a sentence, too."""
        member, colon, rule = sentence.partition(": ")
        if colon and " " not in member and (said := self.reworded(rule)) != rule:
            return f"{member}：{said}"
        whole = sentence.removesuffix(".")
        for own in dict.fromkeys((whole, whole[:1].lower() + whole[1:])):
            if (told := self._reworded(own)) is not None:
                return told + ("。" if sentence.endswith(".") else "")
        return sentence

    def _reworded(self, sentence: str) -> str | None:
        for pattern, said, is_general in _sentences(self.language) if sentence.strip() else ():
            if (found := pattern.fullmatch(sentence)) is not None:
                given = found.groupdict()
                values = {name: self.reworded(value) if name in _PARTS else value for name, value in given.items()}
                if values != given or not is_general:
                    return said.format(**{name: isolated(value) for name, value in values.items()})
        return None

    def duration(self, duration: timedelta) -> str:
        """In words, by its two largest units: `1 hour`, `1 day 2 hours`."""
        parts = [(count, unit if count == 1 else f"{unit}s") for count, unit in spans(duration)]
        return " ".join(self(f"span_{unit}", n=count) for count, unit in parts)

    def short(self, duration: timedelta) -> str:
        """As `duration`, where there is little room: `4 min 52 s`."""
        return " ".join(self(f"short_{unit}", n=count) for count, unit in spans(duration))

    def day_hour(self, at: datetime, now: datetime) -> str:
        """`tomorrow, 09:41`; the day by its date where it is neither today nor tomorrow. The script does it again in the
        viewer's zone."""
        hour = at.strftime("%H:%M")
        match (at.date() - now.date()).days:
            case 0:
                return self("today", time=hour)
            case 1:
                return self("tomorrow", time=hour)
        return f"{at:%Y-%m-%d} {hour}"

    def has(self, key: str) -> bool:
        """Whether there is a text for a key. Asked where a key is put together from names that others may add."""
        return key in catalogue(self.language)

    def pattern(self, key: str) -> str:
        """The text with its `{placeholders}` left as they are. Raises `KeyError` for an unknown key."""
        return catalogue(self.language)[key]
