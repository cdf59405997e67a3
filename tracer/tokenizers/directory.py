"""The tokenizers of a checkpoint directory, in whichever of the known formats it has them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..checkpoints.kinds import check_downloaded
from ..checkpoints.regular import check_bounded
from ..decisions import TOKENIZER, Decisions
from ..errors import InputError
from ..i18n import N_, Message, _
from ..outward import short
from .tokenizer import Tokenizer

if TYPE_CHECKING:
    from .kind import Kind
    from .stated import StatedTokens

Pair = tuple[Tokenizer, Tokenizer]

OWN = ("source_tokenizer.json", "target_tokenizer.json")
SERIALIZED = "tokenizer.json"
TEKKEN = "tekken.json"
PIECES = "tokenizer.model"
LINES = "vocab.txt"
MARIAN_FILES = ("source.spm", "target.spm", "vocab.json")
BYTE_PAIRS = ("vocab.json", "merges.txt")
OPENAI_PAIRS = ("encoder.json", "vocab.bpe")
TWO_FILES = dict((BYTE_PAIRS, OPENAI_PAIRS))
"""Which file of merges goes with one of pieces."""
NUMBERED = ("vocab.json", "sentencepiece.bpe.model")
RANKS = ("tiktoken.model", "qwen.tiktoken")
FORMATS = (
    OWN,
    (SERIALIZED,),
    (TEKKEN,),
    MARIAN_FILES,
    BYTE_PAIRS,
    OPENAI_PAIRS,
    NUMBERED,
    (PIECES,),
    ("spiece.model",),
    ("sentencepiece.bpe.model",),
    (LINES,),
    *((name,) for name in RANKS),
)
"""The files of each format."""
FILES = (*dict.fromkeys(name for names in FORMATS for name in names), "target_vocab.json")

UNREAD: Mapping[str, Message] = {
    "vocab.json": N_(
        "vocab.json holds pieces, and nothing that says how a text is cut into them; "
        "put merges.txt beside it, or source.spm and target.spm, or save the tokenizer as tokenizer.json"
    ),
}
"""What is there and can't be used alone, and what to do about it."""


def read_tokenizers(directory: Path, model_type: str, decisions: Decisions | None = None) -> Pair | None:
    """The tokenizers of source and target, which may be one; None where the directory has none.

    ``decisions`` is told which file cuts the words, and what is made of statements that contradict each other.

    Raises:
        InputError: a file of a tokenizer is missing or broken.
    """
    for name in FILES:
        check_bounded(directory / name)
        check_downloaded(directory / name)
    from .stated import StatedTokens

    decisions = Decisions() if decisions is None else decisions
    there = {name for name in (*FILES, *UNREAD) if (directory / name).exists()}
    if any(there.issuperset(names) for names in FORMATS):
        return _read(directory, there, StatedTokens(directory, model_type, decisions))
    for names in FORMATS:
        _check_none_alone(directory, names)
    for name in filter(there.__contains__, UNREAD):
        decisions.note(TOKENIZER, UNREAD[name])
    return None


def _check_none_alone(directory: Path, files: tuple[str, ...]) -> None:
    there = [name for name in files if (directory / name).exists()]
    if there and there != ["vocab.json"]:
        missing = next(name for name in files if name not in there)
        raise InputError(
            _("{path}: stands alone; {missing} is missing beside it").format(path=directory / there[0], missing=missing)
        )


def _read(directory: Path, there: set[str], stated: StatedTokens) -> Pair:
    from .kinds import KINDS, M2M_100, MARIAN, class_of
    from .notes import note_settings

    if there.issuperset(OWN):
        return _own(directory, stated)
    name = class_of(stated, directory / SERIALIZED)
    kind = KINDS.get(name)
    note_settings(stated, kind.follows if kind else ())
    if name == MARIAN and there.issuperset(MARIAN_FILES):
        return _marian(directory, stated)
    if name == M2M_100 and there.issuperset(NUMBERED):
        return _numbered(directory, stated)
    file = _file_for(kind, there)
    if kind is None or file is None:
        return _in_its_own_way(name, directory, there, stated)
    return _cut_by(kind, directory / file, stated)


def _file_for(kind: Kind | None, there: set[str]) -> str | None:
    """The file that a class would read, the preferred first."""
    from .backend import BACKEND

    if kind is None:
        return None
    first = (SERIALIZED, TEKKEN, PIECES, RANKS[0]) if kind is BACKEND else (SERIALIZED, PIECES)
    known = (*((name,) for name in first), kind.files, *([OPENAI_PAIRS] if kind.files == BYTE_PAIRS else []))
    return next((names[0] for names in known if there.issuperset(names)), None)


def _in_its_own_way(name: str, directory: Path, there: set[str], stated: StatedTokens) -> Pair:
    """What is there for a class that is not known here, or that reads other files: read as such files mostly are."""
    from .backend import BACKEND
    from .byte_level import GPT2
    from .kinds import MARIAN
    from .mbart import MBART
    from .metaspace import T5, XLM_ROBERTA
    from .ranks import QWEN
    from .wordpiece import BERT

    mostly = {
        (SERIALIZED,): BACKEND,
        (TEKKEN,): BACKEND,
        MARIAN_FILES: None,
        BYTE_PAIRS: GPT2,
        OPENAI_PAIRS: GPT2,
        (PIECES,): BACKEND,
        ("spiece.model",): T5,
        ("sentencepiece.bpe.model",): MBART if stated.model_type == "mbart" else XLM_ROBERTA,
        (RANKS[0],): BACKEND,
        (RANKS[1],): QWEN,
        (LINES,): BERT,
    }
    files, kind = next((files, kind) for files, kind in mostly.items() if there.issuperset(files))
    by = kind.name if kind else MARIAN
    what = N_("{file} is read as by {kind}: {name}, which the directory asks for, is not known, or has no file here")
    stated.decisions.note(TOKENIZER, what.format(file=files[0], kind=by, name=short(name)))
    return _cut_by(kind, directory / files[0], stated) if kind else _marian(directory, stated)


def _cut_by(kind: Kind, path: Path, stated: StatedTokens) -> Pair:
    from .kinds import MISTRAL

    if path.name != TEKKEN and path.with_name(TEKKEN).exists():
        stated.decisions.take(TOKENIZER, N_("tekken.json is left alone"))
    files = (path.name, TWO_FILES[path.name]) if path.name in TWO_FILES else (path.name,)
    return _told(_put_together(kind, path, stated), files, MISTRAL if path.name == TEKKEN else kind.name, stated)


def _put_together(kind: Kind, path: Path, stated: StatedTokens) -> Pair:
    from .assembly import as_it_stands, assembled
    from .backend import BACKEND
    from .ranks import is_ranked, ranked, read_ranks
    from .tekken import read_tekken
    from .vocabulary import TwoFiles, read_pieces, read_serialized
    from .wordpiece import read_lines

    if path.name == TEKKEN:
        return (read_tekken(path),) * 2
    if path.name == SERIALIZED:
        return as_it_stands(path, stated) if kind is BACKEND else assembled(kind, read_serialized(path), stated)
    if path.name in TWO_FILES:
        return assembled(kind, TwoFiles(path, {}, merges_name=TWO_FILES[path.name]), stated)
    if path.name in RANKS or is_ranked(path):
        return assembled(ranked(kind), read_ranks(path), stated)
    return assembled(kind, read_lines(path) if path.name == LINES else read_pieces(path), stated)


def _own(directory: Path, stated: StatedTokens) -> Pair:
    from .assembly import as_it_stands

    source, target = (as_it_stands(directory / name, stated)[0] for name in OWN)
    return _told((source, target), OWN, "", stated)


def _marian(directory: Path, stated: StatedTokens) -> Pair:
    from .kinds import MARIAN
    from .marian import read_marian

    return _told(read_marian(directory, stated), MARIAN_FILES, MARIAN, stated)


def _numbered(directory: Path, stated: StatedTokens) -> Pair:
    from .m2m_100 import NAME, read_m2m_100

    return _told(read_m2m_100(directory, stated), NUMBERED, NAME, stated)


def _told(pair: Pair, files: tuple[str, ...], kind: str, stated: StatedTokens) -> Pair:
    """The same, with a word on the files, and on the class of transformers that reads them so."""
    what = N_("read from {files}, as {kind} does") if kind else N_("read from {files}")
    stated.decisions.take(TOKENIZER, what.format(files=" + ".join(files), kind=kind))
    for tokenizer in pair:
        tokenizer.files = files
    return pair
