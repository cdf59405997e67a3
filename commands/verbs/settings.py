"""What a person may choose."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

from tracer import views
from tracer.domains import SWITCH
from tracer.errors import InputError
from tracer.i18n import _

from ..grammar.parameters import Kind
from ..grammar.suggestions import Suggestion, Typing, words
from ..registry import command
from ..results.computed import history_facts
from ..results.result import Result, Results, answer
from ..settings import SETTINGS, Setting, sentences, setting_named
from ..sitting import Sitting


def _values(typing: Typing) -> list[Suggestion]:
    """The values that the setting before may have; of numbers and texts those that it has and begins with."""
    setting, sitting = setting_named(typing.before[0]), typing.session
    assert isinstance(sitting, Sitting)
    usual = {setting.usual: _("by default")} if setting.usual else {}
    offered = dict.fromkeys(setting.offered(sitting), "")
    known = offered if setting.domain.words else {**offered, **usual, setting.shown(sitting): _("now")}
    return list(words(lambda _session: known)(Typing(sitting, typing.text)))


def _told(text: str) -> Setting | str:
    is_history = len(text) > 1 and _HISTORY.startswith(text)
    return _HISTORY if is_history else setting_named(text)


def _offered(typing: Typing) -> Iterator[Suggestion]:
    yield from words(lambda _session: {_HISTORY: _("what was printed, as $1, $2, …")})(typing)
    yield from words(sentences)(typing)


_HISTORY = "values"
Named = Annotated[Setting, Kind("SETTING", setting_named, words(sentences))]
Told = Annotated[Setting | str, Kind("SETTING|values", _told, _offered)]
Value = Annotated[str, Kind("VALUE", str, _values)]


@command("set", group="shell")
def set_(sitting: Sitting, setting: Named, value: Value | None = None) -> Results:
    """Give a setting a value.

    A switch without a value is turned on. Settings of decoding begin a fresh run. show lists all settings, with what
    they do and the values they have now.

    The others may also stand in $XDG_CONFIG_HOME/tx-trace/config (~/.config without that variable), which the shell
    reads and scripts don't: a line each, like decimals = 4, and alias.NAME = COMMAND for short names.

    (tx) set decimals 4
    (tx) set repeat off
    """
    if value is None and setting.domain is not SWITCH:
        raise InputError(_("set {name} needs a value: {values}").format(name=setting.name, values=setting.placeholder))
    setting.put(sitting, setting.read(value or "on"))
    yield _shown(sitting, "set", [setting])


@command("show", group="shell")
def show(sitting: Sitting, setting: Told | None = None) -> Results:
    """Show a setting, or all of them, each with what it does.

    show values lists what print has shown so far: $1, $2 and so on are its names in expressions.

    (tx) show decimals
    (tx) show
    (tx) show values
    """
    if isinstance(setting, str):
        yield from history_facts(sitting)
        return
    yield _shown(sitting, "show", list(SETTINGS.values()) if setting is None else [setting])


def _shown(sitting: Sitting, name: str, settings: list[Setting]) -> Result:
    """Settings with their values, and what they do."""
    kept = _lines(sitting, [setting for setting in settings if setting.is_kept])
    begun = _lines(sitting, [setting for setting in settings if not setting.is_kept])

    return answer(
        name,
        lambda: {setting.name: setting.get(sitting) for setting in settings},
        lambda: views.glossary.sections_view(
            {"": {**kept, **begun}}
            if len(settings) == 1
            else {
                _("what is shown, and the prompt"): kept,
                _("decoding; a change begins a fresh run"): begun,
            }
        ),
    )


def _lines(sitting: Sitting, settings: list[Setting]) -> dict[str, str]:
    return {f"{setting.name} {setting.shown(sitting)}": setting.sentence for setting in settings}
