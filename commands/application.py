"""The command line as typer reads it: subcommands, help, and what is wrong. Typer is imported here and in `usage`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from inspect import Parameter, signature
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar, get_args

import typer

from tracer.domains import SWITCH
from tracer.i18n import N_, _, documented
from tracer.keywords import taking

from .options import (
    Adapter,
    AttentionMask,
    Model,
    Option,
    PositionIds,
    SegmentIds,
    Text,
    begin,
    named,
    spelling,
)
from .settings import LOOK, RUN, Setting
from .usage import Command, Group, Reader, written

BESIDE = N_("Settings, which set and show know too:")
"""What stands above those of the options that are settings."""

Function = TypeVar("Function", bound=Callable[..., Any])

DECODED = {name: setting for name, setting in RUN.items() if name not in ("chat", "target")}
"""Settings of a run that hold for whatever text it is of."""

Graded = Annotated[str | None, typer.Option("--grade", metavar="FILE", help=_("grade answers to a worksheet"))]

app = typer.Typer(cls=Group, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)


def run(arguments: Sequence[str]) -> None:
    """Do what a command line says, and leave with its exit status; arguments are those after the program's name."""
    translate_help()
    app([*arguments], prog_name="tx-trace")


def translate_help() -> None:
    """Let every command describe itself in the user's language."""
    for entry in (app.registered_callback, *app.registered_commands):
        if entry is not None and entry.callback is not None:
            entry.help = documented(entry.callback)
            entry.options_metavar = _("[OPTIONS]")
    if app.registered_callback is not None:
        app.registered_callback.subcommand_metavar = _("COMMAND [ARGS]...")


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
    return Annotated[bool | None, typer.Option(spelling(setting), help=setting.summary, rich_help_panel=BESIDE)]


def _valued(setting: Setting) -> Any:
    reader, metavar = Reader(setting.domain.read, setting.domain.bounds, setting.usual), setting.domain.placeholder
    option = typer.Option(
        f"--{setting.name}", parser=reader, metavar=metavar, help=setting.summary, rich_help_panel=BESIDE
    )
    return Annotated[str | None, option]


def check_resumable(context: typer.Context) -> None:
    """Insist that the last session is not asked for together with what another one begins with."""
    from .launch import Origin

    brought = {*Origin._fields, *(setting.keyword for setting in RUN.values())}
    for name in filter(brought.__contains__, context.params):
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            option = name.replace("_", "-")
            raise typer.BadParameter(_("--resume brings its own; leave out --{option}").format(option=option))


def as_typer_has_it(parameter: Parameter) -> Parameter:
    """A parameter that may be an `Option` as one of typer's."""
    kind, *told = get_args(parameter.annotation) or [None]
    if not (told and isinstance(told[0], Option)):
        return parameter
    option = told[0]
    typed = typer.Option(*option.names, metavar=option.metavar or None, help=option.help)
    return parameter.replace(annotation=Annotated[kind, typed])


def with_options(function: Function) -> Function:
    """A function whose options are typer's."""
    known = signature(function, eval_str=True)
    typed = [as_typer_has_it(parameter) for parameter in known.parameters.values()]
    function.__signature__ = known.replace(parameters=typed)  # type: ignore[attr-defined]
    return function


def begun_with() -> Iterator[Parameter]:
    """What the program itself is begun with: the options of `begin`, the version, and the settings."""
    *declared, _settings = signature(begin, eval_str=True).parameters.values()
    yield from map(as_typer_has_it, declared)
    version = typer.Option("--version", callback=show_version, is_eager=True, help=_("show the version and leave"))
    yield Parameter("_version", Parameter.KEYWORD_ONLY, default=False, annotation=Annotated[bool, version])
    yield from options({**LOOK, **RUN})


@app.callback(invoke_without_command=True)
@taking(begun_with())
def shell(context: typer.Context, **given: Any) -> None:
    """A debugger for Transformers: step through a translation, see every number and where it comes from."""
    if context.invoked_subcommand:
        settings = (setting.keyword for setting in (*LOOK.values(), *RUN.values()))
        context.obj = named({name: given[name] for name in settings})
        return
    if given["resume"]:
        check_resumable(context)
    del given["_version"]
    raise typer.Exit(begin(**given))


@app.command(cls=Command)
@with_options
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
@with_options
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
@with_options
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
@with_options
@taking(options(LOOK))
def learn(
    context: typer.Context,
    lesson: Annotated[
        str | None, typer.Argument(metavar="[LESSON|FILE]", help=_("its number, its name, or a file of your own"))
    ] = None,
    checked: Annotated[
        bool, typer.Option("--check", help=_("play the lesson by itself and say what is wrong with it"))
    ] = False,
    graded: Graded = None,
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
@with_options
@taking(options(LOOK))
def worksheet(
    context: typer.Context,
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[LESSON|ADDRESS]...", help=_("lessons, or records by their addresses; else a whole pass")
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
    graded: Graded = None,
    model: Annotated[
        str | None, typer.Option("--model", "-m", metavar="NAME|PATH", help=_("another model than a small one"))
    ] = None,
    text: Text = None,
    format_: Annotated[
        str, typer.Option("--format", metavar="text|jsonl|markdown|html|svg", help=_("else by the name of FILE"))
    ] = "",
    **settings: Any,
) -> None:
    """Make a worksheet: a forward pass of a small model, with boxes to be filled by hand.

    The same seed makes the same sheet. At a terminal, without -o, it is filled in at once, box by box. Answers in a
    file are graded by tx-trace worksheet --grade FILE, which learn --grade FILE does, too.
    """
    from .guard import guarded
    from .launch import Output
    from .output.present import Look
    from .subcommands.worksheet import Asking
    from .subcommands.worksheet import worksheet as made

    chosen = context.obj | named(settings)
    asking = Asking(tuple(what or ()), seed, blanks, model, text, with_key=key, fill=fill, graded=graded)
    raise typer.Exit(guarded(lambda: made(asking, Output(format_, output, Look().altered(chosen)), chosen)))


@app.command(cls=Command)
@with_options
@taking(options({**LOOK, **DECODED}))
def survey(
    context: typer.Context,
    corpus: Annotated[
        Path, typer.Argument(metavar="CORPUS", help=_("sentences: a text a line, or .tsv, .jsonl or .parquet"))
    ],
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE.parquet", help=_("where the table of answers goes"))
    ],
    expressions: Annotated[
        list[str] | None,
        typer.Option(
            "--expression", "-e", metavar="NAME=EXPRESSION", help=_("what is asked of every sentence; may be repeated")
        ),
    ] = None,
    preset: Annotated[
        list[str] | None,
        typer.Option("--preset", metavar="attention|alignment|loss|kl", help=_("questions that are ready")),
    ] = None,
    model: Annotated[
        str, typer.Option("--model", "-m", metavar="NAME|PATH", help=_("a built-in model, or a checkpoint"))
    ] = "zh-en",
    adapter: Adapter = None,
    against: Annotated[
        str | None, typer.Option(metavar="NAME|PATH", help=_("another model that reads the same, as r1"))
    ] = None,
    at: Annotated[
        str | None, typer.Option(metavar="LOC", help=_("where it is asked; else at the end of every step"))
    ] = None,
    column: Annotated[
        str | None, typer.Option(metavar="NAME|N", help=_("the column of the texts; else text, or the first"))
    ] = None,
    target_column: Annotated[
        str | None,
        typer.Option(metavar="NAME|N|none", help=_("the column of given outputs; else the second of a .tsv")),
    ] = None,
    ids: Annotated[bool, typer.Option("--ids", help=_("texts and outputs are token ids, in place of words"))] = False,
    long: Annotated[
        bool, typer.Option("--long", help=_("a row for every number, with its place on every axis"))
    ] = False,
    edit: Annotated[
        list[str] | None,
        typer.Option(
            metavar="COMMAND", help=_("an edit of every sentence, beside the run without it; may be repeated")
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(metavar="N", min=1, help=_("processes that work here; else one a core, if it is worth it")),
    ] = None,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help=_("a Dask scheduler whose workers do it, e.g. tcp://HOST:8786")),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help=_("go on with an interrupted survey"))] = False,
    force: Annotated[bool, typer.Option("--force", help=_("make anew what is there already"))] = False,
    summary: Annotated[
        bool, typer.Option("--summary", help=_("show means, intervals and extremes, and write them as a page"))
    ] = False,
    **settings: Any,
) -> None:
    """Ask every sentence of a corpus the same, and write the answers as a table.

    It needs the extra `survey`, which has dask, distributed and pyarrow.
    """
    from .guard import guarded
    from .launch import Output
    from .output.present import Look
    from .subcommands.survey import Survey
    from .subcommands.survey import survey as carried_out

    chosen = context.obj | named(settings)
    wanted = Survey(
        corpus,
        expressions or (),
        preset or (),
        output,
        model,
        adapter=adapter,
        against=against,
        at=at,
        column=column,
        target_column=target_column,
        ids=ids,
        is_long=long,
        edits=edit or (),
        workers=workers,
        scheduler=scheduler,
        resume=resume,
        force=force,
        summed_up=summary,
    )
    raise typer.Exit(guarded(lambda: carried_out(wanted, chosen, Output("text", None, Look().altered(chosen)))))


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
    start: Annotated[
        Path | None, typer.Option("--from", metavar="DIR", help=_("a trained checkpoint that the model grows out of"))
    ] = None,
    teacher: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help=_("a trained checkpoint to learn from besides the pairs; may be repeated")),
    ] = None,
    d_model: Annotated[int | None, typer.Option(help=_("width of the model"))] = None,
    heads: Annotated[int | None, typer.Option(help=_("attention heads"))] = None,
    layers: Annotated[int | None, typer.Option(help=_("layers of encoder and decoder each"))] = None,
    ffn: Annotated[int | None, typer.Option(help=_("width of the feed-forward layers"))] = None,
    source: Annotated[
        Literal["pieces", "characters", "words", "byte-pairs"] | None,
        typer.Option(help=_("source tokens; unless told, byte-pairs of text with blanks between words, else pieces")),
    ] = None,
    target: Annotated[Literal["byte-pairs", "words"] | None, typer.Option(help=_("target tokens"))] = None,
    words: Annotated[int | None, typer.Option(help=_("words among the source pieces, besides characters"))] = None,
    pieces: Annotated[int | None, typer.Option(help=_("size of the byte-pair vocabulary"))] = None,
    templates: Annotated[int | None, typer.Option(help=_("Chinese-English pairs to make from templates"))] = None,
    held_out: Annotated[int | None, typer.Option(help=_("pairs kept apart to measure BLEU"))] = None,
    causal: Annotated[
        bool | None, typer.Option("--causal/--no-causal", help=_("whether the decoder has its mask"))
    ] = None,
    epochs: Annotated[int | None, typer.Option(help=_("passes over the pairs"))] = None,
    seed: Annotated[int | None, typer.Option(help=_("the same data and seed give the same file"))] = None,
    batch: Annotated[int | None, typer.Option(help=_("padded target tokens a batch"))] = None,
    peak: Annotated[float | None, typer.Option(help=_("highest learning rate"))] = None,
    warmup: Annotated[int | None, typer.Option(help=_("updates until the highest learning rate"))] = None,
    settling: Annotated[
        float | None, typer.Option(help=_("how much of the training, at its end, the rate takes to fall to 0"))
    ] = None,
    dropout: Annotated[float | None, typer.Option(help=_("dropout"))] = None,
    token_dropout: Annotated[
        float | None, typer.Option(help=_("how often a token is read without its embedding"))
    ] = None,
    skipped_words: Annotated[float | None, typer.Option(help=_("how often a source word is cut up"))] = None,
    skipped_merges: Annotated[float | None, typer.Option(help=_("how often a byte-pair merge is left out"))] = None,
    smoothing: Annotated[float | None, typer.Option(help=_("label smoothing"))] = None,
    taught: Annotated[float | None, typer.Option(help=_("how much of the loss is held against the teachers"))] = None,
    averaging: Annotated[float | None, typer.Option(help=_("decay of the average of the parameters"))] = None,
) -> None:
    """Train a small translation Transformer.

    It needs the extra `train`, which has torch, safetensors and sacrebleu.
    """
    given: dict[str, Any] = {name: value for name, value in locals().items() if value is not None}
    from .guard import guarded
    from .subcommands.train import train_model

    raise typer.Exit(guarded(lambda: train_model(**given)))
