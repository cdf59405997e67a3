"""What the tokenizer libraries raise, `Exception` itself among it, as one sentence."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from tokenizers import normalizers

from ..errors import InputError, TraceError
from ..i18n import _, cause

LONGEST = 40
"""characters of a text that is quoted"""


STDERR = 2

PANIC = "PanicException"
"""What a library in Rust raises, which is no `Exception`, where it did not expect what it was given."""


@contextmanager
def refusing(what: str) -> Iterator[None]:
    """Say ``what`` is wrong, and the library's reason, where anything in the block fails; it says nothing by itself."""
    try:
        with _muted():
            yield
    except BaseException as error:
        if isinstance(error, TraceError) or not (isinstance(error, Exception) or type(error).__name__ == PANIC):
            raise
        reason = cause(error) if isinstance(error, Exception) else str(error)
        raise InputError(f"{what} ({next(iter(reason.splitlines()), type(error).__name__)})") from error


@contextmanager
def _muted() -> Iterator[None]:
    """Without a standard error for what is no Python, which writes there what it found in a file, as it is."""
    try:
        there = os.dup(STDERR)
    except OSError:
        yield
        return
    try:
        with suppress(OSError), open(os.devnull, "wb") as nowhere:
            os.dup2(nowhere.fileno(), STDERR)
        yield
    finally:
        os.dup2(there, STDERR)
        os.close(there)


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


def normalizer_of(charsmap: bytes) -> normalizers.Normalizer:
    """SentencePiece's table of characters as a normaliser; raises as `check_charsmap`."""
    check_charsmap(charsmap)
    return normalizers.Precompiled(charsmap)


def check_charsmap(charsmap: bytes) -> None:
    """Insist that a table of characters is as long as it says, since the library makes room for that.

    Raises:
        InputError: it is not.
    """
    if int.from_bytes(charsmap[:4], "little") > len(charsmap) - 4:
        raise InputError(_("precompiled_charsmap is broken"))
