"""What lies beside model.bin: config.json, which says what encloses a text, and the vocabularies, one token an id."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

from ...decisions import Decisions
from ...errors import InputError
from ...i18n import N_, _, cause
from ...models.stated import Stated
from ..json_file import read_json_if_there
from ..kinds import check_downloaded

CONFIG = "config.json"
ENDINGS = (".json", ".txt")
SHARED, ALONE, SOURCE, TARGET = "shared_vocabulary", "vocabulary", "source_vocabulary", "target_vocabulary"
"""Vocabularies of both sides, of a decoder alone, and of a side."""
LARGEST = 1 << 25
"""bytes of a vocabulary"""
PADDING = ("<pad>", "<blank>")
"""What padding is called."""


class Settings(NamedTuple):
    """What config.json states, or an older file itself: tokens, whether they enclose a source, and ε of norms."""

    unk_token: str = "<unk>"
    bos_token: str = "<s>"
    eos_token: str = "</s>"
    decoder_start_token: str | None = "<s>"
    add_source_bos: bool = False
    add_source_eos: bool = False
    layer_norm_epsilon: float | None = None


USUAL = Settings()


def read_settings(directory: Path, attributes: Mapping[str, float], decisions: Decisions) -> Settings:
    """What is stated; what is not is as CTranslate2 has it.

    Raises:
        InputError: config.json can't be read, or a value in it is none.
    """
    path = directory / CONFIG
    stated = Stated(read_json_if_there(path), str(path), decisions=decisions)
    is_first = path.exists() or bool(attributes.get("with_target_bos", 1))
    found = Settings(
        unk_token=_token(stated, "unk_token", USUAL.unk_token),
        bos_token=_token(stated, "bos_token", USUAL.bos_token),
        eos_token=_token(stated, "eos_token", USUAL.eos_token),
        decoder_start_token=_start(stated, USUAL.bos_token if is_first else USUAL.eos_token),
        add_source_bos=stated.flag("add_source_bos", bool(attributes.get("with_source_bos"))),
        add_source_eos=stated.flag("add_source_eos", bool(attributes.get("with_source_eos"))),
        layer_norm_epsilon=stated.number("layer_norm_epsilon") if stated.states("layer_norm_epsilon") else None,
    )
    stated.ignore(N_("no effect here (the file itself says it): {keys}"), "multi_query_attention", "layer_norm_epsilon")
    stated.settle()
    return found


def _start(stated: Stated, usual: str) -> str | None:
    """What a decoder reads first; None where a text is to say it."""
    return None if stated.is_null("decoder_start_token") else _token(stated, "decoder_start_token", usual)


def _token(stated: Stated, key: str, usual: str) -> str:
    value = stated.get(key, usual)
    stated.insist(isinstance(value, str), key, _("a token"))
    return str(value)


def read_vocabularies(directory: Path) -> tuple[Sequence[str], Sequence[str]]:
    """The tokens of source and target by id.

    Raises:
        InputError: there are none, or a file of them is broken.
    """
    if shared := _there(directory, SHARED) or _there(directory, ALONE):
        return (_read(shared),) * 2
    source, target = _there(directory, SOURCE), _there(directory, TARGET)
    if source is None or target is None:
        missing = SHARED if source is target else SOURCE if source is None else TARGET
        told = _("{path}: is missing; a model of CTranslate2 has its vocabulary beside it")
        raise InputError(told.format(path=directory / f"{missing}{ENDINGS[0]}"))
    return _read(source), _read(target)


def _there(directory: Path, name: str) -> Path | None:
    return next((path for ending in ENDINGS if (path := directory / f"{name}{ending}").exists()), None)


def has_vocabulary(directory: Path) -> bool:
    """Whether one lies there, of whichever side."""
    return any(_there(directory, name) for name in (SHARED, ALONE, SOURCE, TARGET))


def _read(path: Path) -> Sequence[str]:
    """The tokens of a file: a list in JSON, or lines."""
    check_downloaded(path)
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(_("{path}: is larger than any vocabulary").format(path=path))
        text = path.read_bytes().decode()
        tokens = json.loads(text) if path.suffix == ENDINGS[0] else text.removesuffix("\n").split("\n")
    except OSError as error:
        raise InputError(_("{path}: can't be read ({reason})").format(path=path, reason=cause(error))) from error
    except (ValueError, RecursionError) as error:
        raise InputError(_("{path}: is no vocabulary ({reason})").format(path=path, reason=cause(error))) from error
    if not isinstance(tokens, list) or not tokens or not all(isinstance(token, str) for token in tokens):
        raise InputError(_("{path}: is no vocabulary; expected a list of tokens").format(path=path))
    return [token.removesuffix("\r") for token in tokens]
