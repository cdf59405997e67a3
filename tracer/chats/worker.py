"""A program by itself, which renders a chat template within bounds: messages come in as JSON, and texts go out.

A template is a program of strangers. Jinja's sandbox keeps it from everything but text; what it may spend of time and
memory is bounded from outside, by what the system allows this process. What templates may use is what transformers
gives them: ``raise_exception``, ``strftime_now``, ``tojson`` without escapes of HTML, ``break`` and ``continue``.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterable
from datetime import datetime
from functools import partial
from typing import Any

LONGEST = 1 << 20
"""characters of a text that is rendered"""
MOST_TOLD = 300
"""characters of a reason"""


class TooLongError(Exception):
    """A text is longer than any that is rendered."""


def template_of(source: str) -> Any:
    """The template, compiled in an environment as transformers has it."""
    from jinja2.ext import loopcontrols
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    environment = ImmutableSandboxedEnvironment(
        trim_blocks=True, lstrip_blocks=True, extensions=[generation(), loopcontrols]
    )
    environment.filters["tojson"] = to_json
    environment.globals |= {"raise_exception": refuse, "strftime_now": now}
    environment.globals |= {"dict": lambda *pairs, **named: dict(*pairs, **named), "namespace": namespace()}
    return environment.from_string(source)


def generation() -> type[Any]:
    """``{% generation %}``, which marks what a model writes, and changes nothing in the text."""
    from jinja2.ext import Extension
    from jinja2.nodes import Scope

    class Generation(Extension):
        """The mark."""

        tags = {"generation"}  # noqa: RUF012

        def parse(self, parser: Any) -> Any:
            """The statements up to the end of the mark."""
            line = next(parser.stream).lineno
            return Scope(parser.parse_statements(("name:endgeneration",), drop_needle=True), lineno=line)

    return Generation


def namespace() -> type[Any]:
    """What ``namespace`` makes: names that do not begin like those of Python's own workings."""
    from jinja2.utils import Namespace

    class Names(Namespace):
        """Such a namespace."""

        def __setitem__(self, name: str, value: Any) -> None:
            if name.startswith("_"):
                refuse(f"a namespace has no {name}")
            super().__setitem__(name, value)

    return Names


def refuse(message: str) -> None:
    """End a template, which asks for that, or for what it may not have."""
    from jinja2.exceptions import TemplateError

    raise TemplateError(message)


def to_json(
    value: Any,
    ensure_ascii: bool = False,
    indent: Any = None,
    separators: Any = None,
    sort_keys: bool = False,
) -> str:
    """JSON as it is read by a model, with the characters of HTML left alone."""
    return json.dumps(value, ensure_ascii=ensure_ascii, indent=indent, separators=separators, sort_keys=sort_keys)


def now(form: str) -> str:
    """The time it is, in a form."""
    return datetime.now().strftime(form)


def written(template: Any, names: dict[str, Any]) -> str:
    """The text that a template makes of what goes by names in it."""
    return joined(template.generate(**names))


def joined(parts: Iterable[str]) -> str:
    """The text of its parts; raises `TooLongError` where that becomes too long."""
    text, length = [], 0
    for part in parts:
        text.append(part)
        length += len(part)
        if length > LONGEST:
            raise TooLongError
    return "".join(text)


def attempted(action: Callable[[], Any]) -> dict[str, Any]:
    """What comes of something, or the reason why nothing does, or what bound was met."""
    try:
        return {"text": action()}
    except MemoryError:
        return {"beyond": "memory"}
    except TooLongError:
        return {"beyond": "length"}
    except Exception as error:
        reason = " ".join(str(error)[:MOST_TOLD].split()) or type(error).__name__
        return {"error": reason, "line": getattr(error, "lineno", None)}


def main() -> None:
    """Render every chat that standard input asks for."""
    asked = json.load(sys.stdin)
    compiled: list[Any] = []
    failure = attempted(lambda: compiled.append(template_of(asked["source"])))
    found = [
        attempted(partial(written, compiled[0], asked["tokens"] | chat)) if compiled else failure
        for chat in asked["chats"]
    ]
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
