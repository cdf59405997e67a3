"""Tokenizers put together: what a class makes of a vocabulary, the tokens beside it, and the ids around a text."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import Path

import tokenizers
from tokenizers import AddedToken, models

from ..checkpoints.regular import read_bounded
from ..errors import InputError
from ..i18n import _
from .backend import BACKEND
from .doubts import trial_of
from .hub import SAMPLE, HubTokenizer, add_tokens, id_of
from .kind import FLAGS, Around, IdOf, Kind
from .library import refusing
from .mbart import Languages, MBartTokenizer
from .notes import (
    check_post_processor,
    note_added,
    note_enclosing,
    note_language,
    note_lengths,
    note_no_begin,
    note_parts,
    note_prefix,
)
from .parts import parts_in
from .stated import StatedTokens, Token
from .tokenizer import Spoken, Tokenizer
from .vocabulary import Vocabulary

Pair = tuple[Tokenizer, Tokenizer]

LANGUAGE = re.compile(r"[a-z]{2,3}_[A-Za-z]{2,4}")
"""The code of a language, as mBART's relatives write it."""


def as_it_stands(path: Path, stated: StatedTokens) -> Pair:
    """A `tokenizer.json`, followed in all but what it says of lengths and of chance.

    Raises:
        InputError: the file is none.
    """
    with refusing(_("{path}: is no tokenizer.json").format(path=path)):
        data = read_bounded(path)
        trial = trial_of(parts_in(path, data), path, data.decode)
        if trial:
            trial.check(SAMPLE)
        inner = tokenizers.Tokenizer.from_buffer(data)
        check_post_processor(inner, path)
        note_lengths(inner, getattr(inner.model, "dropout", None), path, stated.decisions)
        roles = stated.roles(_padded(inner, {}))
        inner.no_truncation()
        inner.no_padding()
        if isinstance(inner.model, models.BPE):
            inner.model.dropout = None
        pair = _finished(BACKEND, inner, path, stated, roles, stated.additional or ())
        for tokenizer in pair:
            tokenizer.trial = trial
        return pair


def assembled(kind: Kind, vocabulary: Vocabulary, stated: StatedTokens) -> Pair:
    """What a class makes of a vocabulary.

    Raises:
        InputError: the vocabulary does not suit the class.
    """
    with refusing(_("{path}: is no vocabulary for {kind}").format(path=vocabulary.path, kind=kind.name)):
        stated = stated.adding(kind.added(vocabulary, stated))
        extra = kind.extra(vocabulary, stated)
        roles = kind.finish(stated.roles(_padded(vocabulary.parts, kind.usual(vocabulary))))
        inner = kind.build(kind.reorder(vocabulary, stated) if vocabulary.model else vocabulary, stated)
        if vocabulary.parts is not None:
            _follow(vocabulary, kind, inner, stated)
        elif vocabulary.model and "bos_token" in roles and not (kind.around or kind.codes):
            note_no_begin(vocabulary.path, str(roles["bos_token"]), stated)
        return _finished(kind, inner, vocabulary.path, stated, roles, extra)


def _follow(vocabulary: Vocabulary, kind: Kind, inner: tokenizers.Tokenizer, stated: StatedTokens) -> None:
    """What a class follows of a `tokenizer.json` beside its vocabulary: the ids around a text."""
    parts = vocabulary.parts
    assert parts is not None
    check_post_processor(parts, vocabulary.path)
    note_lengths(parts, vocabulary.options.get("dropout"), vocabulary.path, stated.decisions)
    note_parts(kind, inner, vocabulary, stated.decisions)
    if parts.post_processor is not None:
        inner.post_processor = parts.post_processor


def _padded(parts: tokenizers.Tokenizer | None, usual: Mapping[str, Token | None]) -> Mapping[str, Token | None]:
    """The usual tokens, with that of a file's padding, which counts as stated although nothing is padded."""
    padding = parts.padding if parts is not None else None
    return {"pad_token": padding["pad_token"], **usual} if padding else usual


def _finished(
    kind: Kind,
    inner: tokenizers.Tokenizer,
    path: Path,
    stated: StatedTokens,
    roles: Mapping[str, Token],
    extra: Sequence[Token],
) -> tuple[HubTokenizer, HubTokenizer]:
    """Source and target of what cuts a text, with the special tokens and what encloses it."""
    extra = extra if stated.extra is None else stated.extra
    add_tokens(inner, stated.added, roles, extra)
    if kind.marks_all:
        names = dict.fromkeys(map(str, (*roles.values(), *extra)))
        inner.add_tokens([AddedToken(name, special=True) for name in names])
    inner.encode_special_tokens = bool(stated.flag("split_special_tokens"))
    number = id_of(inner, roles)
    source, target = _sides(kind, inner, path, stated, extra, number)
    for note in (note_added, note_prefix):
        note(inner, stated)
    by_class = kind.around or kind.codes
    note_enclosing(lambda: source.enclosing, kind.name if by_class else path.name, stated, number)
    return source, target


def _sides(
    kind: Kind,
    inner: tokenizers.Tokenizer,
    path: Path,
    stated: StatedTokens,
    extra: Sequence[Token],
    number: IdOf,
) -> tuple[HubTokenizer, HubTokenizer]:
    cleans = _cleans(inner, stated)
    if kind.codes:
        return _between(kind, inner, stated, extra, _insisting(number, path), cleans=cleans)
    serialized = path.suffix == ".json" and path.name != "vocab.json"
    around = None if serialized else _flagged(stated, number)
    if kind.around:
        around = kind.around(_insisting(number, path))
    tokenizer = HubTokenizer(inner, around, cleans=cleans)
    return tokenizer, tokenizer


def _insisting(number: IdOf, path: Path) -> IdOf:
    """The same, where a token is needed; raises `InputError` for a role that no token has."""

    def found(role: str) -> int:
        token = number(role)
        if token is None:
            what = _("{path}: no token is the {role}, which encloses every text")
            raise InputError(what.format(path=path, role=role))
        return int(token)

    return found


def _flagged(stated: StatedTokens, number: IdOf) -> Around:
    """bos and eos, where the directory says that they enclose a text."""
    before, after = (
        [number(role)] if stated.flag(flag) and number(role) is not None else [] for flag, role in FLAGS.items()
    )
    return before, after


def _between(
    kind: Kind,
    inner: tokenizers.Tokenizer,
    stated: StatedTokens,
    extra: Sequence[Token],
    number: IdOf,
    *,
    cleans: bool,
) -> tuple[HubTokenizer, HubTokenizer]:
    """The two sides of a model between languages, whose codes are among the ids around a text."""
    names = [*kind.codes, *(name for name in map(str, extra) if LANGUAGE.fullmatch(name))]
    codes = {name: i for name in dict.fromkeys(names) if (i := inner.token_to_id(name)) is not None}
    usual = kind.usual_language if kind.usual_language in codes else None
    spoken = Spoken(stated.language("src_lang", codes) or usual, stated.language("tgt_lang", codes))
    code_first = kind.code_first and not stated.flag("legacy_behaviour")
    ends = number("unk_token"), number("eos_token")
    languages = Languages(codes, *ends, code_first, kind.usual_language, kind.starts)
    source = MBartTokenizer(inner, languages, spoken, cleans=cleans)
    target = MBartTokenizer(inner, languages, spoken, cleans=cleans, is_target=True)
    note_language(source.language, target.language, codes, stated)
    return source, target


def _cleans(inner: tokenizers.Tokenizer, stated: StatedTokens) -> bool:
    """Whether a text is cleaned up, which transformers does for byte pairs only where that is insisted on."""
    insisted = stated.flag("clean_up_tokenization_spaces_for_bpe_even_though_it_will_corrupt_output")
    wanted = stated.flag("clean_up_tokenization_spaces")
    return bool(wanted and (insisted or not isinstance(inner.model, models.BPE)))
