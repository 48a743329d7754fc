"""No log line shows a secret, or is more than it seems: ours, the server's, and its access log, with the tracebacks in them."""

from __future__ import annotations

import logging
from typing import Any

from simulator.engine.masking import COMMON, Masking
from simulator.engine.printable import in_line, in_text

LOGGERS = ("simulator", "uvicorn", "uvicorn.error", "uvicorn.access", "asyncio")
"""A logger's filter does not see what its children log, so each is named."""

_FORMAT = logging.Formatter()


class Masked(logging.Filter):
    """Masks what a record says and lets it pass. Its arguments stay what they are: the access log's formatter takes them apart.

    A line break in an argument is shown as text, and every further line of a message or a traceback is indented. So a name or an
    address that is logged cannot fake a line of the log.
    """

    def __init__(self, masking: Masking = COMMON) -> None:
        super().__init__()
        self._masking = masking

    def filter(self, record: logging.LogRecord) -> bool:
        record.msg = _lines(self._text(record.msg))
        if isinstance(record.args, dict):
            record.args = {name: self._argument(value) for name, value in record.args.items()}
        elif record.args:
            record.args = tuple(self._argument(value) for value in record.args)
        if record.exc_info and not record.exc_text:
            record.exc_text = f"  {_lines(self._text(_FORMAT.formatException(record.exc_info)))}"
        if record.stack_info:
            record.stack_info = f"  {_lines(self._text(record.stack_info))}"
        return True

    def _argument(self, value: Any) -> Any:
        return value if value is None or isinstance(value, int | float) else in_line(self._text(value))

    def _text(self, value: Any) -> str:
        text = str(value)
        if not text.startswith("/"):
            return self._masking.text(text)
        path, mark, query = text.partition("?")  # what was asked for, as the access log says it
        return f"{self._masking.path(path)}{mark}{self._masking.query(query)}"


def _lines(text: str) -> str:
    return in_text(text.rstrip("\n")).replace("\n", "\n  ")


def mask(masking: Masking) -> None:
    """From now on, in this process. The newest masking holds."""
    for name in LOGGERS:
        logger = logging.getLogger(name)
        for before in [found for found in logger.filters if isinstance(found, Masked)]:
            logger.removeFilter(before)
        logger.addFilter(Masked(masking))
