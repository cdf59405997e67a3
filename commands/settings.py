"""The settings, each declared once: its name, values, default and what it does.

`set`, `show`, `help`, completion and the configuration file all read this table.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from tracer import i18n
from tracer.addresses import suggestion
from tracer.debugger.session import Session
from tracer.decoding.settings import BELONGS, EARLY_STOPPING, STRATEGIES
from tracer.errors import InputError
from tracer.i18n import N_, Message, _, spoken
from tracer.model import DTYPES

from .grammar.kinds import AUTO, OFF, SWITCH, among, number, optional
from .grammar.parameters import TEXT, Kind
from .grammar.suggestions import words
from .sitting import Sitting


@dataclass(frozen=True)
class Setting:
    """A thing that a person may choose; kept by the sitting."""

    name: str
    kind: Kind
    default: Any
    summary: Message

    is_kept: ClassVar[bool] = True
    """Whether it may stand in the configuration file."""

    @property
    def sentence(self) -> str:
        """What it does."""
        return spoken(self.summary)

    def get(self, sitting: Sitting) -> Any:
        """Its value now."""
        return sitting.preferences.get(self.name, self.default)

    def put(self, sitting: Sitting, value: Any) -> None:
        """Give it a value; raises `InputError` where that fits nothing else that is set."""
        sitting.preferences[self.name] = value

    def read(self, text: str) -> Any:
        """Its value from text; raises `InputError` for one that it can't have."""
        try:
            return self.kind.read(text)
        except InputError as error:
            raise InputError(f"{self.name}: {error}") from None

    def shown(self, sitting: Sitting) -> str:
        """Its value as `set` takes it."""
        value = self.get(sitting)
        if isinstance(value, bool):
            return "on" if value else "off"
        return AUTO if value is None else str(value)


class Language(Setting):
    """The language of messages."""

    def get(self, sitting: Sitting) -> Any:
        language = i18n.language()
        return language if language in i18n.LANGUAGES else self.default

    def put(self, sitting: Sitting, value: Any) -> None:
        i18n.use(value)


class Decoding(Setting):
    """A choice in decoding: it begins a fresh run, and is made on the command line or with `set`."""

    is_kept = False

    def get(self, sitting: Sitting) -> Any:
        return getattr(sitting.opener.settings, self._field)

    def put(self, sitting: Sitting, value: Any) -> None:
        sitting.reopen(
            sitting.opener.deciding(replace(sitting.opener.settings, **{**self._dropped(value), self._field: value}))
        )

    @property
    def _field(self) -> str:
        return self.name.replace("-", "_")

    def _dropped(self, value: Any) -> dict[str, None]:
        """What belongs to the strategy before."""
        if self.name != "strategy":
            return {}
        return {name: None for name, strategy in BELONGS.items() if strategy != value}


class Stopping(Decoding):
    """When a beam search stops: a truth value, or a word."""

    def read(self, text: str) -> Any:
        word = super().read(text)
        return EARLY_STOPPING.get(word, word)

    def shown(self, sitting: Sitting) -> str:
        value = self.get(sitting)
        return next((word for word, stopping in EARLY_STOPPING.items() if stopping == value), AUTO)


class Given(Setting):
    """An output that is given, in place of one that is decoded: it begins a fresh run."""

    is_kept = False

    def get(self, sitting: Sitting) -> Any:
        return sitting.opener.target

    def put(self, sitting: Sitting, value: Any) -> None:
        sitting.reopen(sitting.opener.giving(value))

    def shown(self, sitting: Sitting) -> str:
        return OFF if sitting.opener.target is None else sitting.opener.target


class Arithmetic(Setting):
    """The type of the arithmetic: it begins a fresh run."""

    is_kept = False

    def get(self, sitting: Sitting) -> Any:
        return sitting.run.card.dtype

    def put(self, sitting: Sitting, value: Any) -> None:
        sitting.reopen(sitting.opener.computing_in(value))


class Spoken(Setting):
    """A language that a model between several reads or writes: it begins a fresh run."""

    is_kept = False

    def get(self, sitting: Sitting) -> Any:
        return getattr(sitting.run.card.chosen, self._side)

    def put(self, sitting: Sitting, value: Any) -> None:
        chosen = sitting.run.card.chosen._replace(**{self._side: value})
        sitting.reopen(sitting.opener.between(*chosen))

    @property
    def _side(self) -> str:
        return self.name.removesuffix("-lang")


def _languages(session: Session) -> Mapping[str, str]:
    """The codes of the languages that the model has."""
    return dict.fromkeys([*session.run.card.languages, AUTO], "")


_LANGUAGE = replace(optional(Kind("CODE", str)), suggestions=words(_languages))
_DECLARED = (
    Setting("color", among("auto", "always", "never"), "auto", N_("Colours: if the terminal has them, always, never.")),
    Setting("width", optional(number("N", 20, 10_000)), None, N_("Columns to lay out for; auto is the terminal's.")),
    Setting("decimals", number("N", 0, 12), 3, N_("Decimals of the numbers in tables.")),
    Setting("rows", number("N", 1, 10_000), 20, N_("Rows of a matrix shown before its middle is left out.")),
    Setting("title", optional(TEXT), None, N_("Heading of documents; auto is what is traced in them.")),
    Setting("accessible", SWITCH, False, N_("Plain ASCII, no bar at the bottom, lists in place of grids.")),
    Setting("pager", SWITCH, True, N_("What does not fit the screen goes through less.")),
    Setting("suggest", SWITCH, True, N_("A line typed before is suggested while you type; the right arrow takes it.")),
    Setting("menu", SWITCH, True, N_("What can be typed next is offered while you type; off leaves it to Tab.")),
    Setting("toolbar", SWITCH, True, N_("A bar at the bottom: model, place, breakpoints, usage of what you type.")),
    Setting("repeat", SWITCH, True, N_("An empty line repeats the last motion.")),
    Setting("vi", SWITCH, False, N_("Lines are edited with vi's keys; F4 switches too.")),
    Language("lang", among(*i18n.LANGUAGES), "en", N_("Language of messages.")),
    Given("target", optional(TEXT, OFF), None, N_("An output to score in one pass, token by token; off decodes one.")),
    Decoding("strategy", among(*STRATEGIES), "greedy", N_("How a token is chosen.")),
    Decoding("temperature", optional(number("X", 1e-6, 1e6, float)), None, N_("Sampling: logits are divided by it.")),
    Decoding("top-k", optional(number("N", 1, 1 << 24)), None, N_("Sampling among the N likeliest tokens.")),
    Decoding("top-p", optional(number("P", 1e-9, 1, float)), None, N_("Sampling among the likeliest that share P.")),
    Decoding("beams", optional(number("N", 1, 64)), None, N_("Hypotheses kept in beam search.")),
    Decoding("length-penalty", optional(number("X", -99, 99, float)), None, N_("Beam scores are divided by length^X.")),
    Stopping(
        "early-stopping",
        optional(among(*EARLY_STOPPING)),
        None,
        N_("Beam search ends at N finished (true), once none better is likely (false), or possible (never)."),
    ),
    Decoding("seed", number("N", 0, (1 << 64) - 1), 0, N_("Where sampling begins; the same seed draws the same.")),
    Decoding("max-tokens", optional(number("N", 1, 1 << 16)), None, N_("The most tokens of an output.")),
    Decoding("cache", optional(SWITCH), None, N_("Keys and values are kept; auto is the model's choice.")),
    Spoken("source-lang", _LANGUAGE, None, N_("The language of the text, where the model has several.")),
    Spoken("target-lang", _LANGUAGE, None, N_("The language of the output, where the model has several.")),
    Arithmetic("dtype", among(*DTYPES), "float32", N_("Type of the arithmetic.")),
)  # fmt: skip

SETTINGS: Mapping[str, Setting] = {setting.name: setting for setting in _DECLARED}


def setting_named(text: str) -> Setting:
    """The setting of a name, or of an unambiguous beginning of one; ``_`` may stand for ``-``.

    Raises:
        InputError: there is none (the nearest is suggested), or there are several (they are listed).
    """
    name = text.replace("_", "-")
    found = [name] if name in SETTINGS else [known for known in SETTINGS if name and known.startswith(name)]
    if len(found) == 1:
        return SETTINGS[found[0]]
    if found:
        raise InputError(_("{name} is ambiguous: {names}").format(name=text, names=", ".join(found)))
    nearest = suggestion(name, SETTINGS)
    hint = _("did you mean {nearest}?").format(nearest=nearest) if nearest else _("show lists them")
    raise InputError(_("{name} is no setting; {hint}").format(name=text, hint=hint))


def sentences(_session: Session | None = None) -> Mapping[str, str]:
    """The sentence of every setting, by name."""
    return {name: setting.sentence for name, setting in SETTINGS.items()}


NAMED = Kind("SETTING", setting_named, words(sentences))
