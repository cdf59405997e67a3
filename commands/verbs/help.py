"""Help: what there is, and what it does."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Annotated, Any

from tracer import views
from tracer.debugger.debugger import Debugger
from tracer.debugger.expressions import FUNCTIONS, Function
from tracer.errors import InputError
from tracer.i18n import _, spoken

from ..grammar.parameters import Kind
from ..grammar.parsing import usage
from ..grammar.suggestions import words
from ..keyboard import understood
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
from ..session import Session
from ..settings import SETTINGS, Setting, sentences
from ..topic import Topic, topic_of, topic_summaries, topics

ALL = "all"
"""Asks for every command."""


def _subjects(_debugger: Debugger) -> dict[str, str]:
    """What may be asked about, with a line about it."""
    functions = {name: Page(function.compute).summary for name, function in FUNCTIONS.items()}
    every = {ALL: _("every command, by what it is for")}
    return {**functions, **topic_summaries(), **summaries(), **sentences(), **every}


Subject = Annotated[str, Kind("TOPIC", understood, words(_subjects))]
Word = Annotated[str, Kind("WORD", str)]


@command("help", "h", "?", group="shell", basic=True, synonyms=("帮助",))
def help_(session: Session, name: Subject | None = None) -> Results:
    """Explain a command, a setting, a function or a topic.

    help all lists every command. Topics are what is not a command: help expressions teaches the language of what is
    printed; LOC, CELL and E in usage lines have a page each.

    (tx) help step
    (tx) help all
    (tx) help entropy
    (tx) help expressions
    """
    if name is None:
        yield answer("help", lambda: {entry.name: entry.summary for entry in _basic()}, lambda: _beginning(session))
    else:
        yield from list(_pages(name)) or [_of_command(_found(name))]


def _pages(name: str) -> Iterator[Result]:
    """What a name stands for, as it is written out."""
    if name == ALL:
        yield answer("help", lambda: dict(summaries()), _overview)
        return
    if name in SETTINGS:
        yield _of_setting(SETTINGS[name])
        return
    if name in catalogue():
        yield _of_command(catalogue()[name])
    if name in FUNCTIONS:
        yield _of_function(FUNCTIONS[name])
    if topic := topic_of(name):
        yield from _of_topic(topic)


@command("apropos", group="shell")
def apropos(_debugger: Debugger, word: Word) -> Results:
    """List what help has to say about a word.

    It is looked for in the names of commands, functions, settings and topics, and in what help says of them.

    (tx) apropos token
    """
    asked = word.lower()
    found = {**_commands_about(asked), **_functions_about(asked), **_topics_about(asked), **_settings_about(asked)}
    none = _("nothing is said about {word}; help all lists all commands").format(word=word)
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


def _functions_about(word: str) -> dict[str, str]:
    pages = {function.usage: Page(function.compute) for function in FUNCTIONS.values()}
    return {use: page.summary for use, page in pages.items() if word in f"{use} {page.summary} {page.text}".lower()}


def _topics_about(word: str) -> dict[str, str]:
    return {f"help {name}": spoken(topic.summary) for name, topic in topics().items() if topic.tells_of(word)}


def _settings_about(word: str) -> dict[str, str]:
    return {f"set {name}": told for name, told in sentences().items() if word in f"{name} {told}".lower()}


def _basic() -> list[Command]:
    return [entry for entry in catalogue().values() if entry.is_basic]


def _beginning(session: Session) -> View:
    """The commands to begin with, and where there is more; within a lesson, what the lesson is about."""
    more = (
        {"info": _("what this step of the lesson asks for"), "hint": _("a hint, then a second")}
        if session.learn
        else {
            "help all": _("every command, by what it is for"),
            "help COMMAND": _("more about one; any unambiguous beginning of a name works too"),
            **{f"help {name}": summary for name, summary in topic_summaries().items()},
            "apropos WORD": _("what help has to say about a word"),
        }
    )
    return views.glossary.sections_view({_("to begin with"): _named(_basic()), _("more"): more})


def _overview() -> View:
    known = catalogue().values()
    groups = {spoken(group): _named(entry for entry in known if entry.group == group) for group in GROUPS}
    return views.glossary.sections_view(
        {
            **groups,
            _("topics"): topic_summaries(),
            _("help COMMAND says more; any unambiguous beginning of a name works too"): {},
        }
    )


def _named(entries: Iterable[Command]) -> dict[str, str]:
    """Commands with their abbreviations, and what they do."""
    return {_names(entry): entry.summary for entry in entries}


def _names(entry: Command) -> str:
    return " ".join([entry.name, *(f"({short})" for short in entry.abbreviations)])


def _of_setting(setting: Setting) -> Result:
    usage, bounds = f"set {setting.name} {setting.placeholder}", setting.domain.bounds
    facts = {"usage": usage, "bounds": bounds, "summary": setting.sentence}
    return answer("help", lambda: facts, lambda: f"{usage}   {bounds}".rstrip() + f"\n\n{setting.sentence}")


def _of_command(known: Command) -> Result:
    short = _("   short: {names}").format(names=", ".join(known.abbreviations)) if known.abbreviations else ""
    facts = _facts(usage(known), known)
    return answer("help", lambda: facts, lambda: _page(facts, short))


def _of_function(known: Function) -> Result:
    facts = _facts(known.usage, Page(known.compute))
    return answer("help", lambda: facts, lambda: _page(facts, f"   {_('function')}"))


def _of_topic(topic: Topic) -> Results:
    told = {"summary": spoken(topic.summary), "text": spoken(topic.text), "examples": list(topic.examples)}
    facts, names = {"usage": topic.name, **told}, topic.meanings
    yield answer("help", lambda: {**facts, **({"names": names} if names else {})}, lambda: _page(facts))
    if names:
        yield Result(lambda: (), lambda: views.glossary.glossary(names))


def _facts(written: str, known: Documented) -> dict[str, Any]:
    return {"usage": written, "summary": known.summary, "text": known.text, "examples": known.examples}


def _page(facts: dict[str, Any], remark: str = "") -> str:
    examples = "\n".join(map(prompted, facts["examples"]))
    parts = (facts["usage"] + remark, facts["summary"], *_paragraphs(facts["text"]), examples)
    return "\n\n".join(part for part in parts if part)


def _paragraphs(text: str) -> list[str]:
    """Each in one line, to be folded where the screen ends."""
    return [" ".join(paragraph.split("\n")) for paragraph in text.split("\n\n")]
