"""How the command line is to be used, in the user's language: what typer says by itself, in help and complaints."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperCommand, TyperGroup

from tracer import render
from tracer.dataclass import dataclass
from tracer.errors import InputError
from tracer.i18n import N_, Message, _, looked_up, spoken

from .guard import FINE, UNUSABLE, guarded
from .streams import complain as tell

if TYPE_CHECKING:
    from typer._click import Context, HelpFormatter, Parameter
    from typer._click.exceptions import UsageError
    from typer.core import TyperOption
else:
    UsageError = typer.BadParameter.__base__

SHORT = 200
"""The most characters of a subcommand's help in the list of them."""

NAMES = 30
"""The most columns that names take, where what they are stands beside them."""

SENTENCES = (
    N_("No such option: {name} (Possible options: {others})"),
    N_("No such option: {name}"),
    N_("No such option {name}. (Did you mean one of: {others}?)"),
    N_("No such option {name}. Did you mean {other}?"),
    N_("No such option {name}."),
    N_("No such command {name}. Did you mean {other}?"),
    N_("No such command {name}."),
    N_("Option {name} requires an argument."),
    N_("Option {name} does not take a value."),
    N_("Got unexpected extra argument ({extra})"),
    N_("Got unexpected extra arguments ({extra})"),
    N_("Got unexpected extra argument(s) ({extra})"),
    N_("Missing argument {name}."),
    N_("Missing option {name}."),
    N_("Invalid value for {name}: {value} is not in the range {range}."),
    N_("Invalid value for {name}: {value} is not one of {others}."),
    N_("Invalid value for {name}: {value} is not a valid int."),
    N_("Invalid value for {name}: {value} is not a valid int range."),
    N_("Invalid value for {name}: {value} is not a valid integer."),
    N_("Invalid value for {name}: {value} is not a valid integer range."),
    N_("Invalid value for {name}: {value} is not a valid float."),
    N_("Invalid value for {name}: {problem}"),
    N_("Invalid value: {problem}"),
)
"""What typer complains of, in the words of its versions; where two fit, the more particular one stands first."""

REMARKS = (N_("required"), N_("default: {value}"))
"""What typer remarks at the end of an option's help."""


def translated(text: str, known: Iterable[Message]) -> str:
    """A text in the user's language, if it is one of the ``known`` ones with its placeholders filled in."""
    for message in known:
        if found := re.fullmatch(_pattern(message), text, re.DOTALL):
            return spoken(message.format(**found.groupdict()))
    return text


def _pattern(message: Message) -> str:
    return re.sub(r"\\\{(\w+)\\\}", r"(?P<\1>.+?)", re.escape(message))


@dataclass(frozen=True)
class Reader:
    """How the value of an option is read, in place of typer's ways; ``bounds`` and ``default`` are told in help."""

    read: Callable[[str], Any]
    bounds: str = ""
    default: str = ""

    def __call__(self, text: str) -> Any:
        try:
            return self.read(text)
        except InputError as error:
            raise typer.BadParameter(str(error)) from None

    def remarks(self) -> Iterator[str]:
        """What help remarks on the values."""
        if self.bounds:
            yield self.bounds
        if self.default:
            yield _("default: {value}").format(value=self.default)


class _Helpful:
    """Help in the user's language, for any kind of command."""

    def format_usage(self: Any, context: Context, formatter: HelpFormatter) -> None:
        pieces = " ".join(self.collect_usage_pieces(context))
        formatter.write_usage(context.command_path, pieces, prefix=_("Usage: "))

    def format_options(self: Any, context: Context, formatter: HelpFormatter) -> None:
        sections: dict[str, list[tuple[str, str]]] = {_("Arguments:"): [], _("Options:"): []}
        for parameter in self.get_params(context):
            if record := parameter.get_help_record(context):
                name, told = record
                sections.setdefault(_heading(parameter), []).append((name, _described(parameter, told)))
        for heading, rows in sections.items():
            _write_section(formatter, heading, rows)

    def get_help_option(self, context: Context) -> TyperOption | None:
        option: TyperOption | None = super().get_help_option(context)  # type: ignore[misc]
        if option is not None:
            option.help, option.callback = _("show this help and leave"), _show_help
        return option


def _show_help(context: Context, _option: Parameter, wanted: bool) -> None:
    if wanted and not context.resilient_parsing:
        raise typer.Exit(written(context.get_help() + "\n"))


def written(text: str) -> int:
    """Write to standard output, and nothing else; the exit status."""
    return guarded(lambda: sys.stdout.write(text) * FINE)


class Command(_Helpful, TyperCommand):
    """A subcommand whose help is in the user's language."""


class Group(_Helpful, TyperGroup):
    """The program itself: help and complaints are in the user's language."""

    def format_options(self, context: Context, formatter: HelpFormatter) -> None:
        super().format_options(context, formatter)
        shown = ((name, self.get_command(context, name)) for name in self.list_commands(context))
        rows = [(name, command.get_short_help_str(SHORT)) for name, command in shown if command]
        _write_section(formatter, _("Commands:"), rows)

    def main(self, args: Sequence[str] | None = None, *_given: Any, **given: Any) -> Any:
        """Run, and leave with the exit status."""
        try:
            sys.exit(super().main(args, **{**given, "standalone_mode": False}))
        except UsageError as error:
            complain(error)
            sys.exit(UNUSABLE)


def complain(error: UsageError) -> None:
    """Say how a command is to be used, and what was wrong."""
    if error.ctx is not None:
        said(error.ctx.get_usage())
        said(_("Try '{command} --help' for help.").format(command=error.ctx.command_path) + "\n")
    said(_("Error: {problem}").format(problem=translated(error.format_message(), SENTENCES)))


def said(text: str) -> None:
    """Write lines to standard error."""
    for line in text.split("\n"):
        tell(line)


def _write_section(formatter: HelpFormatter, heading: str, rows: Sequence[tuple[str, str]]) -> None:
    """Names, and beside them what they are, folded by its width in columns (typer counts characters)."""
    if not rows:
        return
    formatter.write_paragraph()
    formatter.write(f"{heading}\n")
    column = min(max(len(name) for name, _text in rows), NAMES) + 2
    for name, text in rows:
        folded = render.folding.folded(text, formatter.width - column - 2)
        first, *rest = [*([""] if len(name) > column - 2 else []), *folded]
        formatter.write(f"  {name:<{column}}{first}".rstrip() + "\n")
        formatter.write("".join(f"  {'':<{column}}{line}\n" for line in rest))


def _heading(parameter: Parameter) -> str:
    if panel := getattr(parameter, "rich_help_panel", None):
        return looked_up(panel)
    return _("Arguments:") if parameter.param_type_name == "argument" else _("Options:")


def _described(parameter: Parameter, told: str) -> str:
    """What an option is, and in brackets what is remarked on its values, both in the user's language."""
    reader = getattr(parameter.type, "func", None)
    remarks = _("; ").join(reader.remarks()) if isinstance(reader, Reader) else ""
    return f"{looked_up(told)}  [{remarks}]" if remarks else _with_remarks(told)


def _with_remarks(text: str) -> str:
    """What an option is, and typer's remarks in brackets on its values, both in the user's language."""
    said, bracket, remarks = text.removesuffix("]").rpartition("[")
    if not (bracket and text.endswith("]")):
        return looked_up(text)
    return f"{looked_up(said.rstrip())}  [{'; '.join(translated(remark, REMARKS) for remark in remarks.split('; '))}]"
