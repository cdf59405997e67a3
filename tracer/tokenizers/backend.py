"""Vocabularies that no class of transformers is named for: a file is followed as it stands (TokenizersBackend)."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import tokenizers
from tokenizers import AddedToken, Regex, decoders, models, normalizers, pre_tokenizers

from .kind import Kind, usual_extra
from .library import normalizer_of
from .metaspace import BLANK
from .sentence_pieces import NORMAL, USER_DEFINED, Model
from .stated import StatedTokens, Token
from .vocabulary import Merges, Vocabulary


def _build(vocabulary: Vocabulary, stated: StatedTokens) -> tokenizers.Tokenizer:
    """A SentencePiece model by its own settings (transformers: SpmConverter.build_tokenizer_from_spm_proto)."""
    model = vocabulary.model
    assert model is not None
    legacy = bool(stated.flag("legacy", True))
    names = _names(vocabulary, model, stated)
    whole = [names[i] for i, piece in enumerate(model.pieces) if piece.sort == USER_DEFINED]
    inner = tokenizers.Tokenizer(_model(vocabulary, model, names, ignore_merges=bool(whole)))
    inner.normalizer = normalizers.Sequence(_normalizers(model, legacy))
    if steps := _pre_tokenizers(model, legacy, whole):
        inner.pre_tokenizer = pre_tokenizers.Sequence(steps)
    inner.decoder = decoders.Sequence(_decoders(model))
    return inner


def _names(vocabulary: Vocabulary, model: Model, stated: StatedTokens) -> list[str]:
    """The pieces by id, renamed where the directory gives the id to another token."""
    pieces = [piece.text for piece in model.pieces]
    if model.is_unigram:
        return pieces
    kept = {piece for piece, i in vocabulary.ids.items() if i not in stated.added}
    new = {i: str(token) for i, token in stated.added.items() if str(token) not in kept}
    return [new.get(i, piece) for i, piece in enumerate(pieces)]


def _model(vocabulary: Vocabulary, model: Model, names: Sequence[str], ignore_merges: bool) -> models.Model:
    if model.is_unigram:
        return models.Unigram(vocabulary.scores, model.unknown, byte_fallback=model.byte_fallback)
    return models.BPE(
        {name: i for i, name in enumerate(names)},
        _ranked(model, names),
        unk_token=model.named.get("unk_token", "<unk>"),
        fuse_unk=True,
        byte_fallback=model.byte_fallback,
        ignore_merges=ignore_merges,
    )


def _ranked(model: Model, names: Sequence[str]) -> Merges:
    """What is merged, the best score first: normal pieces alone."""
    normal = {names[i]: (-piece.score, i) for i, piece in enumerate(model.pieces) if piece.sort == NORMAL}
    ways = [
        (*rank, left, right)
        for name, rank in normal.items()
        for left, right in ((name[:cut], name[cut:]) for cut in range(1, len(name)))
        if left in normal and right in normal
    ]
    return [(left, right) for *_rank, left, right in sorted(ways)]


def _normalizers(model: Model, legacy: bool) -> list[normalizers.Normalizer]:
    steps: list[normalizers.Normalizer] = []
    if model.charsmap:
        steps.append(normalizer_of(model.charsmap))
    if model.remove_extra:
        steps += [normalizers.Replace(Regex(r"\A +| +\z"), ""), normalizers.Replace(Regex(" {2,}"), " ")]
    if model.escape:
        steps.append(normalizers.Replace(" ", BLANK))
    if model.dummy_prefix and legacy:
        steps.append(normalizers.Replace(Regex(rf"\A{BLANK}"), BLANK * 2))
    return steps


def _pre_tokenizers(model: Model, legacy: bool, whole: Sequence[str]) -> list[pre_tokenizers.PreTokenizer]:
    steps: list[pre_tokenizers.PreTokenizer] = []
    if model.dummy_prefix:
        scheme = "always" if legacy else "first"
        steps.append(pre_tokenizers.Metaspace(replacement=BLANK, prepend_scheme=scheme, split=False))
    if whole:
        pattern = "|".join(re.escape(piece) for piece in sorted(whole, key=len, reverse=True))
        steps.append(pre_tokenizers.Split(Regex(pattern), behavior="isolated"))
    return steps


def _decoders(model: Model) -> list[decoders.Decoder]:
    steps: list[decoders.Decoder] = [decoders.Replace(BLANK, " ")]
    if model.byte_fallback:
        steps.append(decoders.ByteFallback())
    if model.dummy_prefix:
        return [*steps, decoders.Fuse(), decoders.Strip(content=" ", left=1)]
    return [*steps, decoders.Fuse()] if model.byte_fallback else steps


def _control(vocabulary: Vocabulary, stated: StatedTokens) -> Sequence[Token]:
    """The pieces that stand for no text; those of a user are found by the model itself."""
    if vocabulary.model is None:
        return usual_extra(vocabulary, stated)
    whole = {piece.text for piece in vocabulary.model.pieces if piece.sort == USER_DEFINED}
    return [token for token in vocabulary.control or () if str(token) not in whole]


def _added(vocabulary: Vocabulary, stated: StatedTokens) -> Mapping[int, AddedToken]:
    """The tokens beside the pieces, found in the text as it is written, so that a blank goes before what is between."""
    assert vocabulary.model is not None
    if not vocabulary.model.dummy_prefix:
        return stated.added
    return {i: _as_written(token) for i, token in stated.added.items()}


def _as_written(token: AddedToken) -> AddedToken:
    return AddedToken(**{**token.__getstate__(), "normalized": False})


BACKEND = Kind("TokenizersBackend", _build, extra=_control, added=_added, files=("tokenizer.model",))
