"""The options of the program itself, each declared once in the signature of `begin`, and what is begun with them."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from inspect import signature
from pathlib import Path
from typing import Annotated, Any, get_args

from tracer.domains import SWITCH
from tracer.errors import InputError
from tracer.i18n import N_, Message
from tracer.namedtuple import NamedTuple

from .settings import LOOK, RUN, Setting

NO_SCRIPT = ""
"""The value of a ``--batch`` that no file follows."""


class Option(NamedTuple):
    """An option by its names, whose value is read of what is typed; one without a ``metavar`` takes none."""

    names: tuple[str, ...]
    help: Message
    metavar: str = ""
    read: Callable[[str], Any] = str
    is_repeated: bool = False


Text = Annotated[str | None, Option(("--text", "-t"), N_("the text to translate or continue"), "TEXT")]
Ids = Annotated[bool, Option(("--ids",), N_("--text holds token ids, in place of words"))]
AttentionMask = Annotated[
    str | None, Option(("--attention-mask",), N_("for each token of the text: 0 hides it as padding"), '"0 1 …"')
]
SegmentIds = Annotated[
    str | None, Option(("--segment-ids",), N_("which part of the text each token of it is of"), '"0 0 1 …"')
]
PositionIds = Annotated[
    str | None, Option(("--position-ids",), N_("the position of each token of the text"), '"0 1 …"')
]
Model = Annotated[
    str,
    Option(
        ("--model", "-m"),
        N_("a built-in model, a checkpoint (a directory or a file), or a trace file"),
        "NAME|PATH",
    ),
]
Adapter = Annotated[
    str | None, Option(("--adapter",), N_("an adapter that is merged into the model: LoRA, as peft saves it"), "DIR")
]
ScriptFile = Annotated[
    str | None,
    Option(("--batch",), N_("run a script of shell commands and leave; no prompt, no questions"), "[FILE|-]"),
]
Execute = Annotated[
    list[str] | None,
    Option(
        ("--execute", "-e"),
        N_("a command to run first; may be repeated; with --batch it is the script"),
        "COMMAND",
        is_repeated=True,
    ),
]
KeepGoing = Annotated[
    bool,
    Option(("--keep-going",), N_("batch goes on after what failed: status 1, or 3 where only expect or verify did")),
]
Format = Annotated[str, Option(("--format",), N_("of batch output"), "text|jsonl|markdown|html|svg")]
OutputFile = Annotated[Path | None, Option(("--output", "-o"), N_("batch output goes here"), "FILE", Path)]
Resume = Annotated[bool, Option(("--resume",), N_("text, cursor and breakpoints of the last session"))]


def begin(
    *,
    text: Text = None,
    ids: Ids = False,
    attention_mask: AttentionMask = None,
    position_ids: PositionIds = None,
    segment_ids: SegmentIds = None,
    model: Model = "zh-en",
    adapter: Adapter = None,
    batch: ScriptFile = None,
    execute: Execute = None,
    keep_going: KeepGoing = False,
    format_: Format = "text",
    output: OutputFile = None,
    resume: Resume = False,
    **settings: Any,
) -> int:
    """Open the shell, or run a script; the exit status. Settings that are None are not chosen."""
    from .guard import guarded
    from .launch import PIPED, Origin, Output, Script, launch
    from .output.present import Look

    chosen = named(settings)
    interactive = batch is None and sys.stdin.isatty()
    unnamed = None if interactive or (batch is not None and execute) else PIPED
    origin = Origin(model, text, ids, attention_mask, position_ids, segment_ids, chosen, adapter)
    script = Script(tuple(execute or ()), batch or unnamed, keep_going)
    shown = Output(format_, output, Look().altered(chosen))
    return guarded(lambda: launch(origin, script, shown, interactive=interactive, resumed=resume))


def named(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Those options that the command line names."""
    return {name: value for name, value in chosen.items() if value is not None}


def spelling(setting: Setting) -> str:
    """The option that a setting is: ``--name``, and ``--no-name`` where it is neither on nor off by itself."""
    either = setting.domain is SWITCH and setting.default is None
    return f"--{setting.name}/--no-{setting.name}" if either else f"--{setting.name}"


def plainly(arguments: Sequence[str]) -> dict[str, Any] | None:
    """What is said by options alone, by whole names with a value after each; None where there is more to it."""
    known, coming = dict(_spelled()), iter(arguments)
    given: dict[str, Any] = {}
    try:
        for word in coming:
            option, value = _read(word, coming, known)
            given[option.keyword] = [*given.get(option.keyword, ()), value] if option.is_repeated else value
    except (_InvolvedError, InputError):
        return None
    return None if "resume" in given and len(given) > 1 else given


class _InvolvedError(Exception):
    """More is said than options with their values, or less."""


class _Spelled(NamedTuple):
    """An option by one of its names: what it sets, and how its value is read; without that it is ``value``."""

    keyword: str
    value: bool
    read: Callable[[str], Any] | None
    is_repeated: bool = False


def _spelled() -> Iterator[tuple[str, _Spelled]]:
    for parameter in signature(begin, eval_str=True).parameters.values():
        for option in (each for each in get_args(parameter.annotation) if isinstance(each, Option)):
            read = option.read if option.metavar else None
            yield from ((name, _Spelled(parameter.name, True, read, option.is_repeated)) for name in option.names)
    for setting in (*LOOK.values(), *RUN.values()):
        read = None if setting.domain is SWITCH else setting.domain.read
        names = zip(spelling(setting).split("/"), (True, False), strict=False)
        yield from ((name, _Spelled(setting.keyword, value, read)) for name, value in names)


def _read(word: str, coming: Iterator[str], known: Mapping[str, _Spelled]) -> tuple[_Spelled, Any]:
    """An option and its value, of a word and perhaps the one after it."""
    name, equals, value = word.partition("=") if word.startswith("--") else (word, "", "")
    option = known.get(name)
    if option is None or (equals and option.read is None):
        raise _InvolvedError
    if option.read is None:
        return option, option.value
    typed = value if equals else next(coming, "--")
    if typed.startswith("-") and typed != "-" and not equals:
        raise _InvolvedError
    return option, option.read(typed)
