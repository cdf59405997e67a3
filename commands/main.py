"""The command line, read: what is said by options alone is read here, and all else by typer, which loads slowly."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress

from tracer import i18n
from tracer.errors import InputError

from .options import NO_SCRIPT, begin, plainly
from .settings import LOOK
from .streams import settle


def main() -> None:
    """Run ``tx-trace`` and leave with its exit status."""
    settle()
    i18n.use(language(sys.argv[1:], os.environ))
    arguments = with_batch_value(sys.argv[1:])
    given = plainly(arguments)
    if given is not None:
        sys.exit(begin(**given))
    from .application import run

    run(arguments)


def with_batch_value(arguments: Sequence[str]) -> list[str]:
    """The arguments with a value for every ``--batch``: `NO_SCRIPT` where no file follows it."""
    following = [*arguments, "--"][1:]
    bare = (a == "--batch" and b.startswith("-") and b != "-" for a, b in zip(arguments, following, strict=True))
    return [f"--batch={NO_SCRIPT}" if alone else a for a, alone in zip(arguments, bare, strict=True)]


def language(arguments: Sequence[str], environ: Mapping[str, str]) -> str:
    """The language that ``--lang`` names, if it is one; else that of the locale."""
    for argument, after in zip(arguments, [*arguments, ""][1:], strict=True):
        option, _equals, value = argument.partition("=")
        if option == "--lang":
            with suppress(InputError):
                return str(LOOK["lang"].domain.read(value or after))
    stated = (environ.get(name) for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"))
    return next((value for value in stated if value), "en")[:2]
