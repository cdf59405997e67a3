"""What the tokenizer libraries raise, `Exception` itself among it, as one sentence."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from ..errors import InputError, TraceError
from ..i18n import _, cause

LONGEST = 40
"""characters of a text that is quoted"""


PANIC = "PanicException"
"""What a library in Rust raises, which is no `Exception`, where it did not expect what it was given."""


@contextmanager
def refusing(what: str) -> Iterator[None]:
    """Say ``what`` is wrong, and the library's reason, where anything in the block fails."""
    try:
        yield
    except BaseException as error:
        if isinstance(error, TraceError) or not (isinstance(error, Exception) or type(error).__name__ == PANIC):
            raise
        reason = cause(error) if isinstance(error, Exception) else str(error)
        raise InputError(f"{what} ({next(iter(reason.splitlines()), type(error).__name__)})") from error


@contextmanager
def cutting(text: str) -> Iterator[None]:
    """The same of cutting a text into tokens; a text that has half a character in it is refused at once."""
    quoted = text if len(text) <= LONGEST else f"{text[:LONGEST]}…"
    if not is_text(text):
        raise InputError(_("{text!r} holds half a character, which no text can").format(text=quoted))
    with refusing(_("{text!r} can't be cut into tokens").format(text=quoted)):
        yield


def is_text(text: str) -> bool:
    """Whether all characters are whole, so that they can be written in UTF-8."""
    return not any("\ud800" <= character <= "\udfff" for character in text)
