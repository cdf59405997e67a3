"""What a person may choose."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Annotated

from tracer import views
from tracer.dataclass import dataclass
from tracer.domains import SWITCH
from tracer.errors import InputError
from tracer.i18n import N_, Message, _, spoken

from ..grammar.parameters import Kind
from ..grammar.suggestions import Suggestion, Suggestions, Typing, words
from ..registry import command
from ..results.computed import history_facts
from ..results.facts import ORIGINS
from ..results.result import Result, Results, answer
from ..session import Session
from ..settings import SETTINGS, Setting, sentences, setting_named
from . import set_model
from .set_tensor import CELLS, set_tensor, suggested


def _values(typing: Typing) -> list[Suggestion]:
    """The values that the setting before may have; of numbers and texts those that it has and begins with."""
    if (part := PARTS.get(typing.before[0])) is not None:
        return list(part.suggested(typing))
    setting, session = setting_named(typing.before[0]), typing.debugger
    assert isinstance(session, Session)
    usual = {setting.usual: _("by default")} if setting.usual else {}
    offered = dict.fromkeys(setting.offered(session), "")
    known = offered if setting.domain.words else {**offered, **usual, setting.shown(session): _("now")}
    return list(words(lambda _debugger: known)(Typing(session, typing.text)))


def _named(text: str) -> Setting | str:
    return text if text in PARTS else setting_named(text)


def _settable(typing: Typing) -> Iterator[Suggestion]:
    yield from words(lambda _debugger: {name: spoken(part.sentence) for name, part in PARTS.items()})(typing)
    yield from words(sentences)(typing)


def _told(text: str) -> Setting | str:
    is_history = len(text) > 1 and _HISTORY.startswith(text)
    return _HISTORY if is_history else setting_named(text)


def _offered(typing: Typing) -> Iterator[Suggestion]:
    yield from words(lambda _debugger: {_HISTORY: _("what was printed, as $1, $2, …")})(typing)
    yield from words(sentences)(typing)


@dataclass(frozen=True)
class Part:
    """A part of the model or of a run that is set in a branch; ``put`` takes what follows its name."""

    usage: str
    sentence: Message
    put: Callable[[Session, str], Results]
    suggested: Suggestions


PARTS: Mapping[str, Part] = {
    "tensor": Part(CELLS, N_("cells of a record, in a branch of the run"), set_tensor, suggested),
    "parameter": Part(
        set_model.CELLS, N_("trained numbers, in a branch of the run"), set_model.set_parameter, set_model.parameters
    ),
    "parameters": Part(
        set_model.RANDOM,
        N_("all trained numbers drawn anew, in a branch of the run"),
        set_model.set_parameters,
        set_model.sizes,
    ),
    "config": Part(
        set_model.SETTING,
        N_("what config.json states, in a branch of the run"),
        set_model.set_config,
        set_model.settings,
    ),
}
_HISTORY = "values"
Named = Annotated[Setting | str, Kind("|".join(["SETTING", *PARTS]), _named, _settable)]
Told = Annotated[Setting | str, Kind("SETTING|values", _told, _offered)]
Value = Annotated[str, Kind("VALUE|CELLS = E|KEY VALUE|random [SEED] [KEY VALUE …]", str, _values)]


@command("set", group="shell")
def set_(session: Session, setting: Named, value: Value | None = None) -> Results:
    """Give a setting a value.

    A switch without a value is turned on. Settings of decoding begin a fresh run. show lists all settings, with what
    they do and the values they have now.

    The others may also stand in $XDG_CONFIG_HOME/tx-trace/config (~/.config without that variable), which the shell
    reads and scripts don't: a line each, like decimals = 4, and alias.NAME = COMMAND for short names.

    set tensor changes what the model computes, in a branch: the CELLS of a record become a number, or what an
    expression comes to, broadcast by the names of its axes. They are those of the cursor's step, of step 3 after @3:,
    of every step after @*:. The branch, r1, is then the current run; undo takes it back, branches lists the runs.
    set parameter changes trained numbers in memory, set config what config.json states (its keys, or the settings by
    the names that are offered), each in a branch as well: the model in the file stays as it is. What comes out the same
    is shared. set parameters random draws all of them anew, by a SEED, for descend to train from nothing; with keys of
    config.json and their values behind it, it draws those of a model of another size.

    (tx) set decimals 4
    (tx) set repeat off
    (tx) set tensor @1:dec.0.cross.heads[h0] = 0
    (tx) set tensor @*:dec.0.ffn.output = 2 * dec.0.ffn.output
    (tx) set parameter decoder.0.ffn.hidden.weight[0] = 0
    (tx) set config norm_eps 0.1
    (tx) set parameters random 1
    (tx) set parameters random 1 encoder_layers 6 decoder_layers 6
    """
    if isinstance(setting, str):
        if value is None:
            raise InputError(_("set {name} needs {usage}").format(name=setting, usage=PARTS[setting].usage))
        yield from PARTS[setting].put(session, value)
        return
    if value is None and setting.domain is not SWITCH:
        raise InputError(_("set {name} needs a value: {values}").format(name=setting.name, values=setting.placeholder))
    setting.put(session, setting.read(value or "on"))
    yield _shown(session, "set", [setting])


@command("show", group="shell")
def show(session: Session, setting: Told | None = None) -> Results:
    """Show a setting, or all of them, each with what it does.

    show values lists what print has shown so far: $1, $2 and so on are its names in expressions.

    (tx) show decimals
    (tx) show
    (tx) show values
    """
    if isinstance(setting, str):
        yield from history_facts(session)
        return
    yield _shown(session, "show", list(SETTINGS.values()) if setting is None else [setting])


def _shown(session: Session, name: str, settings: list[Setting]) -> Result:
    """Settings with their values, and what they do."""
    kept = _lines(session, [setting for setting in settings if setting.is_kept])
    begun = _lines(session, [setting for setting in settings if not setting.is_kept])

    return answer(
        name,
        lambda: {setting.name: setting.get(session) for setting in settings},
        lambda: views.glossary.sections_view(
            {"": {**kept, **begun}}
            if len(settings) == 1
            else {
                _("what is shown, and the prompt"): kept,
                _("decoding; a change begins a fresh run"): begun,
            }
        ),
    )


def _lines(session: Session, settings: list[Setting]) -> dict[str, str]:
    return {f"{setting.name} {setting.shown(session)}": _account(session, setting) for setting in settings}


def _account(session: Session, setting: Setting) -> str:
    """What a setting does; of one of decoding that is left open, what holds in the run, and who says so."""
    holds = session.run.decided.get(setting.keyword)
    if holds is None or holds.value is None or setting.get(session) is not None:
        return setting.sentence
    told = _("{sentence} Now {value} ({origin}).")
    named = {"value": setting.domain.written(holds.value), "origin": spoken(ORIGINS[holds.origin])}
    return told.format(sentence=setting.sentence, **named)
