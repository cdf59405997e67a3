"""The settings, each declared once: its name, default, values and what it does.

`set`, `show`, `help`, completion, the configuration file and the options of the command line all read this table; those
of decoding are declared with `Settings`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar

from tracer import i18n
from tracer.addresses import suggestion
from tracer.dataclass import dataclass
from tracer.decoding.settings import DECLARED
from tracer.domains import SWITCH, Domain, Listed, Text, Whole, words
from tracer.errors import InputError
from tracer.i18n import N_, Message, _, spoken
from tracer.model import DTYPES

from .grammar.quotes import unquoted

if TYPE_CHECKING:
    from .session import Session

AUTO = "auto"
"""The word for None: what is left to the program, the terminal or the model."""
OFF = "off"
"""The word for None: what is not there."""


@dataclass(frozen=True)
class Setting:
    """A thing that a person may choose; kept by the session. Where the default is None, the word ``none`` is that."""

    name: str
    default: Any
    domain: Domain
    summary: Message
    none: str = AUTO

    is_kept: ClassVar[bool] = True
    """Whether it may stand in the configuration file."""

    @property
    def keyword(self) -> str:
        """Its name in Python."""
        return self.name.replace("-", "_")

    @property
    def sentence(self) -> str:
        """What it does."""
        told = spoken(self.summary)
        return _("{what}.").format(what=told[:1].upper() + told[1:])

    @property
    def placeholder(self) -> str:
        """What stands for its value in usage lines."""
        return "|".join([self.domain.placeholder, *self._none])

    @property
    def usual(self) -> str:
        """Its default as it is typed; empty where that is found out."""
        return "" if self.default is None else self.domain.written(self.default)

    @property
    def _none(self) -> list[str]:
        return [self.none] if self.default is None else []

    def offered(self, session: Session) -> Iterable[str]:
        """The values that may be typed, where they can be listed."""
        return [*self.domain.words, *self._none]

    def get(self, session: Session) -> Any:
        """Its value now."""
        return session.preferences.get(self.name, self.default)

    def put(self, session: Session, value: Any) -> None:
        """Give it a value; raises `InputError` where that fits nothing else that is set."""
        session.preferences[self.name] = value

    def read(self, text: str) -> Any:
        """Its value from text; raises `InputError` for one that it can't have."""
        if text in self._none:
            return None
        try:
            return self.domain.read(unquoted(text))
        except InputError as error:
            raise InputError(f"{self.name}: {error}") from None

    def shown(self, session: Session) -> str:
        """Its value as `set` takes it."""
        value = self.get(session)
        return self.none if value is None else self.domain.written(value)


class Language(Setting):
    """The language of messages, and of the next start; if none is chosen, that of the locale."""

    @property
    def usual(self) -> str:
        return ""

    def get(self, session: Session) -> Any:
        language = i18n.language()
        return language if language in self.domain else self.default

    def put(self, session: Session, value: Any) -> None:
        i18n.use(value)
        if session.remember:
            session.remember(self.name, value)


class Beginning(Setting):
    """What begins a fresh run: it is chosen on the command line or with `set`."""

    is_kept = False


class Decoding(Beginning):
    """A choice in decoding."""

    def get(self, session: Session) -> Any:
        return getattr(session.opener.settings, self.keyword)

    def put(self, session: Session, value: Any) -> None:
        chosen = {**self._dropped(value), self.keyword: value}
        session.reopen(session.opener.deciding(replace(session.opener.settings, **chosen)))

    def _dropped(self, value: Any) -> dict[str, None]:
        """What belongs to the strategy before."""
        if self.name != "strategy":
            return {}
        return {name: None for name, declared in DECLARED.items() if not declared.suits(value)}


class Given(Beginning):
    """An output that is given, in place of one that is decoded."""

    def get(self, session: Session) -> Any:
        return session.opener.target

    def put(self, session: Session, value: Any) -> None:
        session.reopen(session.opener.giving(value))


class Put(Beginning):
    """A question, put as the chat template of the checkpoint has it, in place of a text that is read as it is."""

    def get(self, session: Session) -> Any:
        prompt = session.opener.prompt
        return None if prompt is None else prompt.question

    def put(self, session: Session, value: Any) -> None:
        session.reopen(session.opener.asking(value))


class Arithmetic(Beginning):
    """The type of the arithmetic."""

    def get(self, session: Session) -> Any:
        return session.run.card.dtype

    def put(self, session: Session, value: Any) -> None:
        session.reopen(session.opener.computing_in(value))


class Spoken(Beginning):
    """A language that a model between several reads or writes."""

    def offered(self, session: Session) -> Iterable[str]:
        return [*session.run.card.languages, AUTO]

    def get(self, session: Session) -> Any:
        return getattr(session.run.card.chosen, self._side)

    def put(self, session: Session, value: Any) -> None:
        chosen = session.run.card.chosen._replace(**{self._side: value})
        session.reopen(session.opener.between(*chosen))

    @property
    def _side(self) -> str:
        return self.name.removesuffix("-lang")


def _boxes() -> list[str]:
    """The names of rich's boxes."""
    from tracer import render

    return [AUTO, *render.sheet.BOXES]


def _by_name(*settings: Setting) -> Mapping[str, Setting]:
    return {setting.name: setting for setting in settings}


LOOK = _by_name(
    Setting("color", "auto", words("auto", "always", "never"), N_("colours: if the terminal has them, always, never")),
    Setting("theme", AUTO, words(AUTO, "dark", "light"), N_("what colours stand on; auto is as the terminal says")),
    Setting("box", AUTO, Listed("NAME", _boxes), N_("lines of tables; auto is rounded at a prompt, simple in batch")),
    Setting("width", None, Whole("N", 20, 10_000), N_("columns to lay out for; else the terminal's, 100 in batch")),
    Setting("accessible", False, SWITCH, N_("plain ASCII, no bar at the bottom, lists in place of grids")),
    Language("lang", "en", words(*i18n.LANGUAGES), N_("language of messages; else that of the locale")),
)
"""How things are shown: options of every command that shows some."""

PROMPT = _by_name(
    Setting("decimals", 3, Whole("N", 0, 12), N_("decimals of the numbers in tables")),
    Setting("rows", 20, Whole("N", 1, 10_000), N_("rows of a matrix shown before its middle is left out")),
    Setting("title", None, Text("TEXT"), N_("heading of documents; auto is what is traced in them")),
    Setting("pager", True, SWITCH, N_("what does not fit the screen goes through less")),
    Setting("suggest", True, SWITCH, N_("a line typed before is suggested while you type; the right arrow takes it")),
    Setting("menu", True, SWITCH, N_("what can be typed next is offered while you type; off leaves it to Tab")),
    Setting("toolbar", True, SWITCH, N_("a bar at the bottom: model, place, breakpoints, usage of what you type")),
    Setting("repeat", True, SWITCH, N_("an empty line repeats the last motion")),
    Setting("vi", False, SWITCH, N_("lines are edited with vi's keys; F4 switches too")),
)
"""What has no option."""

RUN = _by_name(
    Put("chat", None, Text("TEXT"), N_("a question, put as the model's chat template has it"), OFF),
    Given("target", None, Text("TEXT"), N_("teacher forcing: one pass over this output, loss per token"), OFF),
    *(
        Decoding(name.replace("_", "-"), declared.default, declared.domain, declared.summary)
        for name, declared in DECLARED.items()
    ),
    Spoken("source-lang", None, Text("CODE"), N_("the language of the text, e.g. en_XX")),
    Spoken("target-lang", None, Text("CODE"), N_("the language of the output, e.g. de_DE")),
    Arithmetic("dtype", "float32", words(*DTYPES), N_("type of the arithmetic")),
)
"""What a run is begun with."""

SETTINGS = {**LOOK, **PROMPT, **RUN}


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


def sentences(_debugger: object = None) -> Mapping[str, str]:
    """The sentence of every setting, by name."""
    return {name: setting.sentence for name, setting in SETTINGS.items()}
