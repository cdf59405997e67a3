"""Help: what there is, and what it does."""

from __future__ import annotations

from typing import Annotated, Any

from tracer import render
from tracer.debugger.session import Session
from tracer.errors import InputError
from tracer.i18n import _, spoken

from ..grammar.parameters import Kind
from ..grammar.parsing import usage
from ..grammar.suggestions import words
from ..registry import GROUPS, Command, UnknownCommandError, catalogue, command, lookup, prompted, summaries
from ..results.result import Result, Results, View, answer
from ..results.shared import listed
from ..settings import SETTINGS, Setting, sentences

Topic = Annotated[str, Kind("COMMAND", str, words(lambda _session: {**summaries(), **sentences()}))]
Word = Annotated[str, Kind("WORD", str)]


@command("help", "h", group="shell")
def help_(_session: Session, name: Topic | None = None) -> Results:
    """Show what a command or a setting does, or list all commands.

    (tx) help step
    """
    if name is None:
        yield answer("help", lambda: dict(summaries()), _overview)
        return
    if name in SETTINGS:
        yield _of_setting(SETTINGS[name])
        return
    known = _found(name)
    yield answer("help", lambda: _facts(known), lambda: _page(known))


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
    return render.glossary.Glossary(
        {**groups, _("help COMMAND says more; any unambiguous beginning of a name works too"): {}}
    )


def _names(entry: Command) -> str:
    return " ".join([entry.name, *(f"({short})" for short in entry.abbreviations)])


def _of_setting(setting: Setting) -> Result:
    usage, bounds = f"set {setting.name} {setting.placeholder}", setting.domain.bounds
    facts = {"usage": usage, "bounds": bounds, "summary": setting.sentence}
    return answer("help", lambda: facts, lambda: f"{usage}   {bounds}".rstrip() + f"\n\n{setting.sentence}")


def _facts(known: Command) -> dict[str, Any]:
    return {"usage": usage(known), "summary": known.summary, "text": known.text, "examples": known.examples}


def _page(known: Command) -> str:
    facts = _facts(known)
    short = _("   short: {names}").format(names=", ".join(known.abbreviations)) if known.abbreviations else ""
    examples = "\n".join(map(prompted, known.examples))
    parts = (facts["usage"] + short, known.summary, *_paragraphs(known.text), examples)
    return "\n\n".join(part for part in parts if part)


def _paragraphs(text: str) -> list[str]:
    """Each in one line, to be folded where the screen ends."""
    return [" ".join(paragraph.split("\n")) for paragraph in text.split("\n\n")]
