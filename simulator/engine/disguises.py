"""Disguises in what others have written, as a page shows it: controls that turn the direction of a text, signs that nobody
sees, words of letters that look alike. They are shown instead of obeyed; what a form or a link carries stays as it was.

Letters that are read from the right need no control to mix with what stands beside them: where they are part of a sentence,
they are isolated (`<bdi>` in templates, `isolated` in texts).
"""

from __future__ import annotations

import re
from html import escape

from simulator.kernel.lazy import pattern

TURNING = "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"
UNSEEN = (
    "\u00ad\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b\u2028\u2029\u2060-\u2065\u206a-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
    "\U0001d173-\U0001d17a\U000e0000-\U000e007f"
)
"""Without the joiners U+200C and U+200D, which words and emoji are made with."""
CONTROLS = "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"

_FROM_THE_RIGHT = "\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc\U00010800-\U00010fff\U0001e800-\U0001efff"
_FSI, _PDI = "\u2068", "\u2069"

_DISGUISE = f"[{TURNING}{UNSEEN}{CONTROLS}]"
_RIGHT = f"[{_FROM_THE_RIGHT}]"
_ISOLATED = f"{_FSI}([^{TURNING}]*){_PDI}|[{TURNING}{UNSEEN}{CONTROLS}]"
"""An isolated text, as `isolated` makes it, or a single control. A text that came with these marks is isolated already."""

_WORD = r"[^\W\d_]{2,}"
_LATIN = "[A-Za-z\u00c0-\u024f]"
_LIKE_LATIN = "\u0370-\u03ff\u0400-\u052f\u0531-\u0587\u13a0-\u13f5"
"""Greek, Cyrillic, Armenian, Cherokee."""
_ALIKE = f"[{_LIKE_LATIN}]"

_ANYTHING = f"[{TURNING}{UNSEEN}{CONTROLS}{_LIKE_LATIN}]"
_TAG = r"(<[^>]*>)"
_SAID = r'(?<=\s)((?:alt|title|aria-label|placeholder)=")([^"]*)(")'
"""The attributes of a tag that somebody reads or hears."""
_ONLY_TEXT = ("<title", "<option", "<textarea")


def shown(text: str) -> str:
    """With the number of each control in its place: `[U+202E]`."""
    return pattern(_DISGUISE).sub(_number, text)


def _number(found: re.Match[str]) -> str:
    return f"[U+{ord(found[0]):04X}]"


def isolated(text: str) -> str:
    """A text as part of another one: its direction stays its own."""
    text = shown(text)
    return f"{_FSI}{text}{_PDI}" if pattern(_RIGHT).search(text) else text


def undisguised(html: str, mixed: str) -> str:
    """A page with every disguise shown, in what is read and in what is heard. `mixed` is what is said of a word whose letters are
    of two scripts."""
    if pattern(_ANYTHING).search(html) is None:
        return html
    parts, before = [], ""
    for part in pattern(_TAG).split(html):
        if part.startswith("<"):
            before = part
            parts.append(pattern(_SAID).sub(lambda found: found[1] + _shown_in_part(found[2]) + found[3], part))
        else:
            text = _shown_in_part(part)
            parts.append(text if before.startswith(_ONLY_TEXT) else _marked(text, mixed))
    return "".join(parts)


def _shown_in_part(text: str) -> str:
    return pattern(_ISOLATED).sub(_kept_or_shown, text)


def _kept_or_shown(found: re.Match[str]) -> str:
    inside = found[1]
    return f"{_FSI}{shown(inside)}{_PDI}" if inside and pattern(_RIGHT).search(inside) else shown(found[0])


def _marked(text: str, mixed: str) -> str:
    if pattern(_ALIKE).search(text) is None:
        return text
    before = f'<span class="mixed" title="{escape(mixed, quote=True)}">'

    def mark(found: re.Match[str]) -> str:
        is_mixed = pattern(_LATIN).search(found[0]) and pattern(_ALIKE).search(found[0])
        return f"{before}{found[0]}</span>" if is_mixed else found[0]

    return pattern(_WORD).sub(mark, text)
