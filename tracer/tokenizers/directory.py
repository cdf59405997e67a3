"""The tokenizers of a checkpoint directory, in whichever of the known formats it has them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from ..decisions import Decisions
from ..errors import InputError
from ..i18n import _
from .stated import StatedTokens
from .tokenizer import Tokenizer

Pair = tuple[Tokenizer, Tokenizer]


def read_tokenizers(directory: Path, model_type: str, decisions: Decisions | None = None) -> Pair | None:
    """The tokenizers of source and target, which may be one; None where the directory has none.

    ``decisions`` is told which file cuts the words, and what is made of statements that contradict each other.

    Raises:
        InputError: a file of a tokenizer is missing or broken.
    """
    if files := format_of(directory):
        return FORMATS[files](directory, StatedTokens(directory, model_type, decisions))
    for files in FORMATS:
        _check_none_alone(directory, files)
    return None


def format_of(directory: Path) -> tuple[str, ...]:
    """The files of the format in which a directory has its tokenizers; none where it has none."""
    return next((files for files in FORMATS if all((directory / name).exists() for name in files)), ())


def _check_none_alone(directory: Path, files: tuple[str, ...]) -> None:
    there = [name for name in files if (directory / name).exists()]
    if there and there != [VOCABULARY]:
        missing = next(name for name in files if name not in there)
        raise InputError(
            _("{path}: stands alone; {missing} is missing beside it").format(path=directory / there[0], missing=missing)
        )


def _own(directory: Path, stated: StatedTokens) -> Pair:
    from .hub import read_tokenizer_json

    source, target = (directory / f"{side}_tokenizer.json" for side in ("source", "target"))
    return read_tokenizer_json(source, stated), read_tokenizer_json(target, stated)


def _hub(directory: Path, stated: StatedTokens) -> Pair:
    from .hub import read_tokenizer_json

    return (read_tokenizer_json(directory / "tokenizer.json", stated),) * 2


def _byte_pairs(directory: Path, stated: StatedTokens) -> Pair:
    from .hub import read_byte_pairs

    return (read_byte_pairs(directory / VOCABULARY, directory / "merges.txt", stated),) * 2


def _marian(directory: Path, stated: StatedTokens) -> Pair:
    from .marian import read_marian

    shared, separate = directory / VOCABULARY, directory / "target_vocab.json"
    source = read_marian(directory / "source.spm", shared, stated)
    return source, read_marian(directory / "target.spm", separate if separate.exists() else shared, stated)


def _t5(directory: Path, stated: StatedTokens) -> Pair:
    from .sentence_pieces import read_t5

    return (read_t5(directory / "spiece.model", stated),) * 2


def _llama(directory: Path, stated: StatedTokens) -> Pair:
    from .sentence_pieces import read_llama

    return (read_llama(directory / "tokenizer.model", stated),) * 2


VOCABULARY = "vocab.json"
FORMATS: dict[tuple[str, ...], Callable[[Path, StatedTokens], Pair]] = {
    ("source_tokenizer.json", "target_tokenizer.json"): _own,
    ("tokenizer.json",): _hub,
    (VOCABULARY, "merges.txt"): _byte_pairs,
    ("source.spm", "target.spm", VOCABULARY): _marian,
    ("spiece.model",): _t5,
    ("tokenizer.model",): _llama,
}
"""The files of each format, the preferred first, and how they are read."""
