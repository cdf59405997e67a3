"""What is said of statements about tokens that contradict each other, or that nothing follows."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import tokenizers
from tokenizers import models

from ..decisions import TOKENIZER, Decisions
from ..errors import InputError
from ..i18n import N_, _
from .kind import FLAGS, Around, IdOf, Kind
from .parts import steps
from .stated import StatedTokens
from .vocabulary import Vocabulary

NOT_FOLLOWED: Mapping[str, Any] = {
    "auto_map": None,
    "do_basic_tokenize": True,
    "do_lower_case": False,
    "fast_tokenizer_files": None,
    "fix_mistral_regex": False,
    "keep_accents": True,
    "lowercase": False,
    "remove_space": True,
    "sp_model_kwargs": {},
    "strip_accents": False,
    "tokenize_chinese_chars": True,
}
"""Settings of other tokenizers, or of an earlier transformers, each with the value that changes nothing."""
PARTS = ("normalizer", "pre_tokenizer", "decoder")
OPTIONS = ("byte_fallback", "fuse_unk", "ignore_merges", "continuing_subword_prefix", "end_of_word_suffix")
"""Of a model of byte pairs."""
MOST_NAMED = 3
MOST_ENCLOSING = 64


def note_settings(stated: StatedTokens, follows: Collection[str] = ()) -> None:
    """Name what `tokenizer_config.json` says in vain, and what of it is done; ``follows`` are what a class follows."""
    decisions = stated.decisions
    for key, harmless in NOT_FOLLOWED.items():
        value = None if key in follows else stated.get(key)
        if value is not None and value != harmless:
            what = N_("{file}: {key} is {value}, which is not followed")
            decisions.note(TOKENIZER, what.format(file=stated.path.name, key=key, value=json.dumps(value)[:40]))
    if stated.get("chat_template"):
        decisions.take(TOKENIZER, N_("chat_template is not applied: a text is read as it is given"))
    if stated.flag("split_special_tokens"):
        decisions.take(TOKENIZER, N_("split_special_tokens: a special token written in a text is cut like a word"))


def note_lengths(inner: tokenizers.Tokenizer, dropout: Any, path: Path, decisions: Decisions) -> None:
    """Name what `tokenizer.json` says of lengths and of chance, neither of which touches a text."""
    for key, value in {"truncation": inner.truncation, "padding": inner.padding, "dropout": dropout}.items():
        if value:
            what = N_("{file}: {key} is not followed: a text is read whole, and alone")
            decisions.note(TOKENIZER, what.format(file=path.name, key=key))


def note_parts(kind: Kind, inner: tokenizers.Tokenizer, vocabulary: Vocabulary, decisions: Decisions) -> None:
    """Name the parts of `tokenizer.json` that the class has otherwise, which transformers does not follow."""
    assert vocabulary.parts is not None
    parts = [part for part in PARTS if _state(vocabulary.parts, part) != _state(inner, part)]
    if isinstance(inner.model, models.BPE):
        model, options = inner.model, vocabulary.options
        parts += [key for key in OPTIONS if (options.get(key) or None) != (getattr(model, key) or None)]
    if parts:
        what = N_("{file}: its {parts} is not followed: {kind}, as which transformers reads it, has its own")
        decisions.note(TOKENIZER, what.format(file=vocabulary.path.name, parts=", ".join(parts), kind=kind.name))


def _state(inner: tokenizers.Tokenizer, part: str) -> Any:
    """What a part of a tokenizer does, without what changes no id and no text."""
    found = getattr(inner, part)
    state = json.loads(found.__getstate__()) if found is not None else {}
    return [_told(step, part) for step in steps(state) if step]


def _told(step: Mapping[str, Any], part: str) -> dict[str, Any]:
    if part == "decoder" and step["type"] == "ByteLevel":
        return {"type": "ByteLevel"}
    return {key: value for key, value in step.items() if key != "trim_offsets"}


def note_prefix(inner: tokenizers.Tokenizer, stated: StatedTokens) -> None:
    """Name an ``add_prefix_space`` that is otherwise in the file, or in the class."""
    wanted = stated.flag("add_prefix_space")
    every = [*_state(inner, "pre_tokenizer"), *_state(inner, "normalizer")]
    does = {prefixes for step in every if (prefixes := _prefixes(step)) is not None}
    if wanted is not None and does and wanted not in does:
        what = N_("{file}: add_prefix_space is {value}, which is not followed")
        stated.decisions.note(TOKENIZER, what.format(file=stated.path.name, value=json.dumps(wanted)))


def _prefixes(step: Mapping[str, Any]) -> bool | None:
    """Whether a step puts a blank before a text; None for one that has nothing to do with it."""
    if step["type"] == "Metaspace":
        return bool(step["prepend_scheme"] != "never")
    if step["type"] == "Prepend":
        return True
    return step.get("add_prefix_space") if step["type"] == "ByteLevel" else None


def note_added(inner: tokenizers.Tokenizer, stated: StatedTokens) -> None:
    """Name the tokens that have another id than the one stated for them, which the library does not read."""
    others = {str(token): i for i, token in stated.added.items() if inner.token_to_id(str(token)) != i}
    for name, i in list(others.items())[:MOST_NAMED]:
        what = N_("{token} is stated to be {stated}, which does not hold: the tokenizers library numbers it {id}")
        stated.decisions.note(TOKENIZER, what.format(token=name, stated=i, id=inner.token_to_id(name)))


def note_enclosing(enclosing: Callable[[], Around], by: str, stated: StatedTokens, number: IdOf) -> None:
    """Name the flags that say otherwise than what encloses a text, which is looked at if there are any."""
    wanted = [(flag, role, stated.flag(flag)) for flag, role in FLAGS.items()]
    if all(value is None for _flag, _role, value in wanted):
        return
    for (flag, role, value), end in zip(wanted, enclosing(), strict=True):
        does = bool(end) if number(role) is None else number(role) in end
        if value is not None and value != does:
            what = N_("{file}: {flag} is {value}, which is not followed: {by} says what encloses a text")
            if number(role) is None:
                what = N_("{file}: {flag} is {value}, and no token is the {role}")
            said = what.format(file=stated.path.name, flag=flag, value=json.dumps(value), by=by, role=role)
            stated.decisions.note(TOKENIZER, said)


def note_no_begin(path: Path, bos: str, stated: StatedTokens) -> None:
    """Say that no bos goes before a text where nothing is said of it, although the model may be used to one."""
    if stated.flag("add_bos_token") is None:
        what = N_("{file}: no {bos} goes before a text, since nothing states add_bos_token")
        stated.decisions.note(TOKENIZER, what.format(file=path.name, bos=bos))


def note_language(source: str, target: str, known: Mapping[str, int], stated: StatedTokens) -> None:
    """Say which languages a text and a given output are taken to be in; that the vocabulary may lack their codes."""
    for missing in {source, target} - known.keys():
        what = N_("the vocabulary has no {language}: the unknown token stands for it")
        stated.decisions.note(TOKENIZER, what.format(language=missing))
    what = N_("a text is in {source}, a given output in {target}, unless source-lang and target-lang say otherwise")
    stated.decisions.take(TOKENIZER, what.format(source=source, target=target))


def check_post_processor(inner: tokenizers.Tokenizer, path: Path) -> None:
    """Insist that every token that encloses a text has its ids, and that these are few, and the text one.

    The library breaks off, or takes the machine, where that is not so.

    Raises:
        InputError: it is not so.
    """
    state = json.loads(inner.post_processor.__getstate__()) if inner.post_processor is not None else {}
    for token in _without_ids(state):
        raise InputError(_("{path}: post_processor names {token}, and gives it no id").format(path=path, token=token))
    for step in steps(state):
        ids = [token["ids"] for token in step.get("special_tokens", {}).values()]
        if len(step.get("single", ())) + sum(map(len, ids)) > MOST_ENCLOSING or not _has_one_text(step):
            told = _("{path}: post_processor must put a text once between at most {n} tokens")
            raise InputError(told.format(path=path, n=MOST_ENCLOSING))


def _has_one_text(step: Mapping[str, Any]) -> bool:
    places = [piece["Sequence"]["id"] for piece in step.get("single", ()) if "Sequence" in piece]
    return places == ["A"] if "single" in step else True


def _without_ids(state: Mapping[str, Any]) -> Iterator[str]:
    for step in steps(state):
        known = step.get("special_tokens", {})
        pieces = [piece["SpecialToken"]["id"] for piece in step.get("single", ()) if "SpecialToken" in piece]
        yield from (piece for piece in pieces if piece not in known)
