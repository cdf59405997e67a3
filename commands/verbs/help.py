"""Help: what there is, and what it does."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated, Any

from tracer import render
from tracer.debugger.expressions import FUNCTIONS, Function
from tracer.debugger.session import Session
from tracer.errors import InputError
from tracer.i18n import _, spoken

from ..grammar.parameters import Kind
from ..grammar.parsing import usage
from ..grammar.suggestions import words
from ..registry import (
    GROUPS,
    Command,
    Documented,
    Page,
    UnknownCommandError,
    catalogue,
    command,
    lookup,
    prompted,
    summaries,
)
from ..results.result import Result, Results, View, answer
from ..results.shared import listed
from ..settings import SETTINGS, Setting, sentences
from ..topics import Topic, topics

About = Annotated[str, Kind("COMMAND", str, words(lambda _session: _known()))]
Word = Annotated[str, Kind("WORD", str)]


def _known() -> dict[str, str]:
    """What may be asked about, with a line about it."""
    functions = {name: Page(function.compute).summary for name, function in FUNCTIONS.items()}
    others = {name: spoken(topic.summary) for name, topic in topics().items()}
    return {**functions, **others, **summaries(), **sentences()}


@command("help", "h", group="shell")
def help_(_session: Session, name: About | None = None) -> Results:
    """Explain a command, a setting or a function, or list all.

    help expressions teaches the language of what is printed; LOC, CELL and E in usage lines have a page each.

    (tx) help step
    (tx) help entropy
    (tx) help expressions
    """
    if name is None:
        yield answer("help", lambda: dict(summaries()), _overview)
        return
    pages = list(_pages(name))
    yield from pages or [_of_command(_found(name))]


def _pages(name: str) -> Iterator[Result]:
    """What a name stands for, as it is written out."""
    if name in SETTINGS:
        yield _of_setting(SETTINGS[name])
        return
    if name in catalogue():
        yield _of_command(catalogue()[name])
    if name in FUNCTIONS:
        yield _of_function(FUNCTIONS[name])
    if name in topics():
        yield from _of_topic(topics()[name])


@command("apropos", group="shell")
def apropos(_session: Session, word: Word) -> Results:
    """List the commands and settings that have to do with a word.

    It is looked for in their names, in what help says of them, and in what settings do.

    (tx) apropos token
    """
    found = {**_commands_about(word.lower()), **_settings_about(word.lower())}
    none = _("nothing is said about {word}; help lists all commands").format(word=word)
    yield listed("apropos", found, none)


def _found(name: str) -> Command:
    """The command of a name that was asked about; the line itself is a command, so none of its hints are wanted."""
    try:
        return lookup(name)
    except UnknownCommandError as error:
        raise InputError(str(error)) from None


def _commands_about(word: str) -> dict[str, str]:
    known = catalogue().values()
    return {e.name: e.summary for e in known if word in f"{e.name} {e.summary} {e.text}".lower()}


def _settings_about(word: str) -> dict[str, str]:
    return {f"set {name}": told for name, told in sentences().items() if word in f"{name} {told}".lower()}


def _overview() -> View:
    known = catalogue().values()
    groups = {spoken(group): {_names(e): e.summary for e in known if e.group == group} for group in GROUPS}
    others = {f"help {name}": spoken(topic.summary) for name, topic in topics().items()}
    return render.glossary.Glossary(
        {**groups, _("help COMMAND says more; any unambiguous beginning of a name works too"): others}
    )


def _names(entry: Command) -> str:
    return " ".join([entry.name, *(f"({short})" for short in entry.abbreviations)])


def _of_setting(setting: Setting) -> Result:
    facts = {"usage": f"set {setting.name} {setting.kind.placeholder}", "summary": setting.sentence}
    return answer("help", lambda: facts, lambda: "\n\n".join(facts.values()))


def _of_command(known: Command) -> Result:
    short = _("   short: {names}").format(names=", ".join(known.abbreviations)) if known.abbreviations else ""
    facts = _facts(usage(known), known)
    return answer("help", lambda: facts, lambda: _page(facts, short))


def _of_function(known: Function) -> Result:
    facts = _facts(known.usage, Page(known.compute))
    return answer("help", lambda: facts, lambda: _page(facts, f"   {_('function')}"))


def _of_topic(topic: Topic) -> Results:
    told = {"summary": spoken(topic.summary), "text": spoken(topic.text), "examples": list(topic.examples)}
    facts, names = {"usage": topic.name, **told}, dict(topic.names())
    yield answer("help", lambda: {**facts, **({"names": names} if names else {})}, lambda: _page(facts))
    if names:
        yield Result(lambda: (), lambda: render.glossary.glossary(names))


def _facts(written: str, known: Documented) -> dict[str, Any]:
    return {"usage": written, "summary": known.summary, "text": known.text, "examples": known.examples}


def _page(facts: dict[str, Any], remark: str = "") -> str:
    examples = "\n".join(map(prompted, facts["examples"]))
    parts = (facts["usage"] + remark, facts["summary"], *_paragraphs(facts["text"]), examples)
    return "\n\n".join(part for part in parts if part)


def _paragraphs(text: str) -> list[str]:
    """Each in one line, to be folded where the screen ends."""
    return [" ".join(paragraph.split("\n")) for paragraph in text.split("\n\n")]
