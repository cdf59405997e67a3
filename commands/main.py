"""The command line and its options. Typer is imported here and in `usage` alone."""

from __future__ import annotations

import atexit
import gc
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from inspect import Parameter
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from tracer import i18n
from tracer.domains import SWITCH
from tracer.errors import InputError
from tracer.i18n import N_, _, documented
from tracer.keywords import taking

from .settings import LOOK, RUN, Setting
from .streams import settle
from .usage import Command, Group, Reader, written

NO_SCRIPT = ""
"""The value of a ``--batch`` that no file follows."""

COLLECTED_EVERY = 100_000
"""New objects between two looks for garbage: records are kept by the thousand, and each look goes through them."""

BESIDE = N_("Settings, which set and show know too:")
"""What stands above those of the options that are settings."""

app = typer.Typer(cls=Group, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


def main() -> None:
    """Run ``tx-trace`` and leave with its exit status; nothing is looked through for garbage on the way out."""
    gc.set_threshold(COLLECTED_EVERY)
    settle()
    i18n.use(language(sys.argv[1:], os.environ))
    translate_help()
    atexit.register(gc.freeze)
    app(with_batch_value(sys.argv[1:]), prog_name="tx-trace")


def translate_help() -> None:
    """Let every command describe itself in the user's language."""
    for entry in (app.registered_callback, *app.registered_commands):
        if entry is not None and entry.callback is not None:
            entry.help = documented(entry.callback)
            entry.options_metavar = _("[OPTIONS]")
    if app.registered_callback is not None:
        app.registered_callback.subcommand_metavar = _("COMMAND [ARGS]...")


def with_batch_value(arguments: Sequence[str]) -> list[str]:
    """The arguments with a value for every ``--batch``: `NO_SCRIPT` where no file follows it."""
    following = [*arguments, "--"][1:]
    bare = (a == "--batch" and b.startswith("-") and b != "-" for a, b in zip(arguments, following, strict=True))
    return [f"--batch={NO_SCRIPT}" if alone else a for a, alone in zip(arguments, bare, strict=True)]


def language(arguments: Sequence[str], environ: Mapping[str, str]) -> str:
    """The language that ``--lang`` names, if it is one; else that of the locale."""
    for argument, after in zip(arguments, [*arguments, ""][1:], strict=True):
        option, _equals, value = argument.partition("=")
        if option == "--lang":
            with suppress(InputError):
                return str(LOOK["lang"].domain.read(value or after))
    stated = (environ.get(name) for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"))
    return next((value for value in stated if value), "en")[:2]


def show_version(wanted: bool) -> None:
    """Show the version and leave, if that is wanted."""
    if wanted:
        from tracer import __version__

        raise typer.Exit(written(f"tx-trace {__version__}\n"))


def options(settings: Mapping[str, Setting]) -> Iterator[Parameter]:
    """Settings as the options that typer makes of parameters; what is not named is None."""
    for setting in settings.values():
        annotation = _switch(setting) if setting.domain is SWITCH else _valued(setting)
        yield Parameter(setting.keyword, Parameter.KEYWORD_ONLY, default=None, annotation=annotation)


def _switch(setting: Setting) -> Any:
    """``--name``, and ``--no-name`` where neither is so by itself."""
    names = f"--{setting.name}/--no-{setting.name}" if setting.default is None else f"--{setting.name}"
    return Annotated[bool | None, typer.Option(names, help=setting.summary, rich_help_panel=BESIDE)]


def _valued(setting: Setting) -> Any:
    reader, metavar = Reader(setting.domain.read, setting.domain.bounds, setting.usual), setting.domain.placeholder
    option = typer.Option(
        f"--{setting.name}", parser=reader, metavar=metavar, help=setting.summary, rich_help_panel=BESIDE
    )
    return Annotated[str | None, option]


def named(chosen: Mapping[str, Any]) -> dict[str, Any]:
    """Those options that the command line names."""
    return {name: value for name, value in chosen.items() if value is not None}


def check_resumable(context: typer.Context) -> None:
    """Insist that the last session is not asked for together with what another one begins with."""
    from .launch import Origin

    brought = {*Origin._fields, *(setting.keyword for setting in RUN.values())}
    for name in filter(brought.__contains__, context.params):
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            option = name.replace("_", "-")
            raise typer.BadParameter(_("--resume brings its own; leave out --{option}").format(option=option))


Text = Annotated[str | None, typer.Option("--text", "-t", metavar="TEXT", help=_("the text to translate or continue"))]
Ids = Annotated[bool, typer.Option("--ids", help=_("--text holds token ids, in place of words"))]
AttentionMask = Annotated[
    str | None, typer.Option(metavar='"0 1 …"', help=_("for each token of the text: 0 hides it as padding"))
]
SegmentIds = Annotated[
    str | None, typer.Option(metavar='"0 0 1 …"', help=_("which part of the text each token of it is of"))
]
PositionIds = Annotated[str | None, typer.Option(metavar='"0 1 …"', help=_("the position of each token of the text"))]
Model = Annotated[
    str,
    typer.Option(
        "--model",
        "-m",
        metavar="NAME|PATH",
        help=_("a built-in model, a checkpoint (a directory or a file), or a trace file"),
    ),
]
Adapter = Annotated[
    str | None, typer.Option(metavar="DIR", help=_("an adapter that is merged into the model: LoRA, as peft saves it"))
]
ScriptFile = Annotated[
    str | None,
    typer.Option(metavar="[FILE|-]", help=_("run a script of shell commands and leave; no prompt, no questions")),
]
Execute = Annotated[
    list[str] | None,
    typer.Option(
        "--execute",
        "-e",
        metavar="COMMAND",
        help=_("a command to run first; may be repeated; with --batch it is the script"),
    ),
]
KeepGoing = Annotated[
    bool,
    typer.Option(
        "--keep-going", help=_("batch goes on after what failed: status 1, or 3 where only expect or verify did")
    ),
]
Format = Annotated[str, typer.Option("--format", metavar="text|jsonl|markdown|html|svg", help=_("of batch output"))]
OutputFile = Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help=_("batch output goes here"))]
Resume = Annotated[bool, typer.Option("--resume", help=_("text, cursor and breakpoints of the last session"))]
Version = Annotated[
    bool, typer.Option("--version", callback=show_version, is_eager=True, help=_("show the version and leave"))
]


@app.callback(invoke_without_command=True)
@taking(options({**LOOK, **RUN}))
def shell(
    context: typer.Context,
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
    _version: Version = False,
    **settings: Any,
) -> None:
    """A debugger for Transformers: step through a translation, see every number and where it comes from."""
    chosen = named(settings)
    if context.invoked_subcommand:
        context.obj = chosen
        return
    from .guard import guarded
    from .launch import PIPED, Origin, Output, Script, launch
    from .output.present import Look

    if resume:
        check_resumable(context)
    interactive = batch is None and sys.stdin.isatty()
    unnamed = None if interactive or (batch is not None and execute) else PIPED
    origin = Origin(model, text, ids, attention_mask, position_ids, segment_ids, chosen, adapter)
    script = Script(tuple(execute or ()), batch or unnamed, keep_going)
    shown = Output(format_, output, Look().altered(chosen))
    raise typer.Exit(guarded(lambda: launch(origin, script, shown, interactive=interactive, resumed=resume)))


@app.command(cls=Command)
def models(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="[NAME|PATH]")] = None,
    adapter: Adapter = None,
) -> None:
    """List the built-in models; show the card of one, or what a checkpoint is and what was decided about it."""
    from .guard import guarded
    from .output.present import Look
    from .subcommands.models import show_model, show_models

    look = Look().altered(context.obj)
    raise typer.Exit(guarded(show_models if name is None else lambda: show_model(name, look, adapter)))


@app.command(cls=Command)
def check(
    directory: Annotated[str, typer.Argument(metavar="DIR", help=_("a checkpoint with a reference.safetensors in it"))],
    file: Annotated[
        Path | None, typer.Argument(metavar="[FILE]", help=_("another file of results, here or in that directory"))
    ] = None,
    adapter: Adapter = None,
) -> None:
    """Compare a checkpoint with what another implementation computed from it, address by address."""
    from .guard import guarded
    from .subcommands.check import check as checked

    raise typer.Exit(guarded(lambda: checked(directory, file, adapter)))


@app.command(cls=Command)
@taking(options(LOOK))
def compare(
    context: typer.Context,
    dump: Annotated[Path, typer.Argument(metavar="DUMP", help=_("a file or directory that another program wrote"))],
    model: Model = "zh-en",
    adapter: Adapter = None,
    kind: Annotated[str | None, typer.Option("--as", metavar="FORMAT", help=_("the format of DUMP"))] = None,
    names: Annotated[
        Path | None, typer.Option("--map", metavar="FILE", help=_("names in DUMP: theirs = ours, one a line"))
    ] = None,
    computed: Annotated[
        Literal["float32", "bf16", "f16"] | None,
        typer.Option(help=_("what DUMP was computed in, where the way it is stored does not tell")),
    ] = None,
    text: Text = None,
    ids: Annotated[
        bool, typer.Option("--ids", help=_("--text and --target hold token ids, in place of words"))
    ] = False,
    target: Annotated[str | None, typer.Option(metavar="TEXT", help=_("what the decoder read"))] = None,
    attention_mask: AttentionMask = None,
    position_ids: PositionIds = None,
    segment_ids: SegmentIds = None,
    format_: Annotated[
        str, typer.Option("--format", metavar="text|jsonl|markdown|html|svg", help=_("else by the name of FILE"))
    ] = "",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help=_("where the report goes"))
    ] = None,
    **settings: Any,
) -> None:
    """Compare what another implementation computed with a checkpoint: the first difference, and the mistake behind it.

    Status 0 where all agrees, 3 where something differs, 2 where nothing can be read or compared.
    """
    from .guard import guarded
    from .launch import Output
    from .output.present import Look
    from .subcommands.compare import Asked
    from .subcommands.compare import compare as compared

    places = (attention_mask, position_ids, segment_ids)
    asked = Asked(dump, model, kind, names, computed, text, ids, target, *places, adapter)
    look = Look().altered(context.obj | named(settings))
    raise typer.Exit(guarded(lambda: compared(asked, Output(format_, output, look))))


@app.command(cls=Command)
@taking(options(LOOK))
def learn(
    context: typer.Context,
    lesson: Annotated[
        str | None, typer.Argument(metavar="[LESSON|FILE]", help=_("its number, its name, or a file of your own"))
    ] = None,
    checked: Annotated[
        bool, typer.Option("--check", help=_("play the lesson by itself and say what is wrong with it"))
    ] = False,
    graded: Annotated[
        str | None, typer.Option("--grade", metavar="FILE", help=_("grade answers to a worksheet"))
    ] = None,
    seed: Annotated[str | None, typer.Option(metavar="N", help=_("of an examination: which one it is"))] = None,
    format_: Annotated[
        str, typer.Option("--format", metavar="text|jsonl|markdown|html|svg", help=_("of an index or a report"))
    ] = "",
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help=_("where an index or a report goes"))
    ] = None,
    **settings: Any,
) -> None:
    """Take a lesson, or go on where you were.

    In place of a lesson, index shows the lecture slide by slide, with its lessons, its formulas and commands; exam is
    the examination; and review asks again what was predicted wrong.

    Answers may come from a file: tx-trace learn 4 < FILE ends with status 0 if the lesson is passed.
    """
    from .guard import guarded
    from .launch import Output
    from .output.present import Look
    from .subcommands.learn import action

    chosen = context.obj | named(settings)
    shown = Output(format_, output, Look().altered(chosen))
    raise typer.Exit(guarded(lambda: action(lesson, chosen, shown, checked=checked, graded=graded, seed=seed)()))


@app.command(cls=Command)
@taking(options(LOOK))
def worksheet(
    context: typer.Context,
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[LESSON|ADDRESS]...", help=_("a lesson, or records by their addresses; else a whole pass")
        ),
    ] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE", help=_("sheet.html, .md, .svg, .txt or .jsonl"))
    ] = None,
    seed: Annotated[str | None, typer.Option(metavar="N", help=_("draws the numbers and the blanks"))] = None,
    blanks: Annotated[
        str | None, typer.Option(metavar="easy|hard", help=_("a few cells of each record, or whole rows"))
    ] = None,
    key: Annotated[bool, typer.Option("--key", help=_("the filled sheet, and how each box is worked out"))] = False,
    fill: Annotated[bool, typer.Option("--fill", help=_("fill it in here, box by box; answers may be piped"))] = False,
    model: Annotated[
        str | None, typer.Option("--model", "-m", metavar="NAME|PATH", help=_("another model than a small one"))
    ] = None,
    text: Text = None,
    **settings: Any,
) -> None:
    """Make a worksheet: a forward pass of a small model, with boxes to be filled by hand.

    The same seed makes the same sheet. At a terminal, without -o, it is filled in at once, box by box. Answers in a
    file are graded by tx-trace learn --grade FILE.
    """
    from .guard import guarded
    from .launch import Output
    from .output.present import Look
    from .subcommands.worksheet import Asking
    from .subcommands.worksheet import worksheet as made

    chosen = context.obj | named(settings)
    asking = Asking(tuple(what or ()), seed, blanks, model, text, with_key=key, fill=fill)
    raise typer.Exit(guarded(lambda: made(asking, Output("", output, Look().altered(chosen)), chosen)))


@app.command(cls=Command)
def train(
    pairs: Annotated[
        Path, typer.Argument(metavar="PAIRS.tsv", help=_("a sentence, a tab, its translation; a line each"))
    ],
    directory: Annotated[Path, typer.Option("--output", "-o", metavar="DIR", help=_("where the checkpoint goes"))],
    resume: Annotated[bool, typer.Option("--resume", help=_("go on with an interrupted training in DIR"))] = False,
    exclude: Annotated[
        Path | None, typer.Option(metavar="FILE", help=_("words, one a line; pairs that contain one are left out"))
    ] = None,
    d_model: Annotated[int | None, typer.Option(help=_("width of the model"))] = None,
    heads: Annotated[int | None, typer.Option(help=_("attention heads"))] = None,
    layers: Annotated[int | None, typer.Option(help=_("layers of encoder and decoder each"))] = None,
    ffn: Annotated[int | None, typer.Option(help=_("width of the feed-forward layers"))] = None,
    source: Annotated[Literal["characters", "words"] | None, typer.Option(help=_("source tokens"))] = None,
    target: Annotated[Literal["byte-pairs", "words"] | None, typer.Option(help=_("target tokens"))] = None,
    pieces: Annotated[int | None, typer.Option(help=_("size of the byte-pair vocabulary"))] = None,
    held_out: Annotated[int | None, typer.Option(help=_("pairs kept apart to measure BLEU"))] = None,
    causal: Annotated[
        bool | None, typer.Option("--causal/--no-causal", help=_("whether the decoder has its mask"))
    ] = None,
    epochs: Annotated[int | None, typer.Option(help=_("passes over the pairs"))] = None,
    seed: Annotated[int | None, typer.Option(help=_("the same data and seed give the same file"))] = None,
    batch: Annotated[int | None, typer.Option(help=_("padded target tokens a batch"))] = None,
    peak: Annotated[float | None, typer.Option(help=_("highest learning rate"))] = None,
    warmup: Annotated[int | None, typer.Option(help=_("updates until the highest learning rate"))] = None,
    dropout: Annotated[float | None, typer.Option(help=_("dropout"))] = None,
    smoothing: Annotated[float | None, typer.Option(help=_("label smoothing"))] = None,
    averaging: Annotated[float | None, typer.Option(help=_("decay of the average of the parameters"))] = None,
) -> None:
    """Train a small translation Transformer.

    It needs the extra `train`, which has torch, safetensors and sacrebleu.
    """
    given: dict[str, Any] = {name: value for name, value in locals().items() if value is not None}
    from .guard import guarded
    from .subcommands.train import train_model

    raise typer.Exit(guarded(lambda: train_model(**given)))
