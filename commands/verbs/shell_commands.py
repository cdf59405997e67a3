"""The shell itself."""

from __future__ import annotations

from typing import Any

from tracer.debugger.session import Session
from tracer.i18n import _

from ..parameters import Text
from ..parsing import usage
from ..registry import GROUPS, PROMPT, Command, catalogue, command, lookup
from ..results import Results, answer


@command("help", "h", group="shell")
def help_(_session: Session, name: Text | None = None) -> Results:
    """Show what a command does, or list all commands.

    (tx) help step
    """
    if name is None:
        yield answer("help", lambda: {entry.name: entry.summary for entry in catalogue().values()}, _overview)
        return
    known = lookup(name)
    yield answer("help", lambda: _facts(known), lambda: _page(known))


@command("quit", "q", group="shell")
def quit_(_session: Session) -> Results:
    """Leave; a script ends here.

    (tx) quit
    """
    raise EOFError


def _overview() -> str:
    lines = []
    for group in GROUPS:
        members = [entry for entry in catalogue().values() if entry.group == group]
        lines += [_(group), *(f"  {_names(entry):<16}{entry.summary}" for entry in members)]
    return "\n".join([*lines, _("help COMMAND says more; any unambiguous beginning of a name works too")])


def _names(entry: Command) -> str:
    return " ".join([entry.name, *(f"({short})" for short in entry.abbreviations)])


def _facts(known: Command) -> dict[str, Any]:
    return {"usage": usage(known), "summary": known.summary, "text": known.text, "examples": known.examples}


def _page(known: Command) -> str:
    facts = _facts(known)
    short = _("   short: {names}").format(names=", ".join(known.abbreviations)) if known.abbreviations else ""
    examples = "\n".join(f"{PROMPT}{line}" for line in known.examples)
    return "\n\n".join(part for part in (facts["usage"] + short, known.summary, known.text, examples) if part)
