"""Opening a model: the architecture that suits a checkpoint, with its parameters, its tokenizers and its rules."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .addresses import suggestion
from .card import Dtype
from .checkpoints.checkpoint import Checkpoint
from .checkpoints.contents import Spare, account, copied, may_be_a_copy
from .checkpoints.formats import checkpoint_at
from .checkpoints.memory import Progress, Reading
from .decisions import TOKENIZER, Decisions
from .decoding.generation_config import WITHOUT_EFFECT
from .decoding.reading import BEGIN, END, START
from .decoding.rules import Rules
from .decoding.vocabulary import within
from .errors import InputError
from .i18n import N_, _, cause
from .listed import listed
from .model import BUILTIN, Model, numbers_of
from .models import architecture, model_type
from .models.architecture import Architecture
from .models.layout import Layout
from .models.rest import settle
from .models.stated import Stated
from .models.texts import texts_of
from .outward import path_of, visible
from .tensor import Axis
from .tokenizers import Pieces, Tokenizer
from .trace_file import is_trace

if TYPE_CHECKING:
    from .checkpoints.adapter import Adapter

DEFAULT = "zh-en"


def builtin() -> Iterator[str]:
    """The names of the models that come with the program."""
    return (path.parent.name for path in sorted(BUILTIN.glob("*/config.json")))


def find(name: str) -> Path:
    """The directory of a built-in name or a path; of a file that is read of its directory, that.

    Raises:
        InputError: there is no such model; the nearest name is suggested.
    """
    path = place(name)
    return path if path.is_dir() else checkpoint_at(path).path


def place(name: str) -> Path:
    """What a name stands for, or a path.

    Raises:
        InputError: nothing stands there, or no model; the nearest name is suggested.
    """
    if name in builtin():
        return BUILTIN / name
    if not name:
        raise InputError(_("the name of the model is empty; give a built-in one or a path"))
    path = path_of(name)
    try:
        path.stat()
    except FileNotFoundError:
        raise _unknown(name) from None
    except (OSError, ValueError) as error:
        raise InputError(_("{path}: can't be read ({reason})").format(path=path, reason=cause(error))) from None
    if is_trace(path):
        told = _("{path}: is a trace, and no model; load FILE opens it, and tracer.open in Python")
        raise InputError(told.format(path=path))
    return path


def _unknown(name: str) -> InputError:
    nearest = suggestion(name, builtin())
    hint = _("did you mean {nearest}?").format(nearest=nearest) if nearest else _("`tx-trace models` lists them")
    return InputError(_("there is no model {name!r}, built-in or at that path; {hint}").format(name=name, hint=hint))


def load(
    name: str | Path = DEFAULT,
    dtype: Dtype = "float32",
    progress: Progress | None = None,
    adapter: str | Path | None = None,
) -> Model:
    """Open a built-in model or a checkpoint, with an adapter merged into it where one is given: a directory of peft's.

    Parameters are read when they are first used; ``progress`` is then called with the bytes
    of memory filled so far and in all.

    Raises:
        InputError: it does not exist, or something in it is missing, broken, or not as its config.json says; or the
            adapter is of a kind that is not merged, or for another model.
    """
    checkpoint = checkpoint_at(place(str(name)))
    return _opened(checkpoint, dtype, Reading(progress), adapter=_adapter(adapter, checkpoint.decisions))


def _adapter(path: str | Path | None, decisions: Decisions) -> Adapter | None:
    """What stands at the path of an adapter, where one is given."""
    if path is None:
        return None
    if path == "":
        raise InputError(_("the path of the adapter is empty; give that of a directory, as peft saves it"))
    from .checkpoints.adapter import Adapter

    return Adapter(path_of(str(path)), decisions)


def stated_by(model: Model) -> Stated:
    """What the files of a model state of its architecture, read again."""
    return checkpoint_at(model.path).config


def outlined(checkpoint: Checkpoint, adapter: str | Path | None = None) -> Model:
    """A model of which no parameter is read: tensors that may be copies of others are taken for that, and it is said.

    Raises:
        InputError: as `load` does.
    """
    return _opened(checkpoint, "float32", Reading(), may_be_a_copy, _adapter(adapter, checkpoint.decisions))


def _opened(
    checkpoint: Checkpoint, dtype: Dtype, reading: Reading, spare: Spare = copied, adapter: Adapter | None = None
) -> Model:
    numbers, decisions = numbers_of(dtype), checkpoint.decisions
    family = model_type(checkpoint.config)
    kind = architecture(family)
    config = kind.configure(checkpoint.config)
    sides = _tokenizers(checkpoint, family)
    labels = [Pieces(side) if side else None for side in sides]
    contents = account(checkpoint, laid_out(checkpoint, kind, config, labels), spare)
    contents = contents if adapter is None else adapter.merged(contents)
    parameters = contents.read(numbers, reading)
    contents.tell(parameters, decisions)
    network = kind(config, contents.layout, parameters, numbers)
    for side, pieces, size in zip(sides, labels, network.facts[:2], strict=True):
        if side is not None and pieces is not None:
            pieces.size = size
            _tell_of_tokens(side, size, decisions)
    rules, paths = _rules(network, checkpoint), [checkpoint.path, *([adapter.path] if adapter else [])]
    name = visible("+".join(path.resolve().name for path in paths))
    model = Model(name, checkpoint.path, network, rules, parameters, *sides, contents, reading.warnings, decisions)
    model = replace(model, adapter=adapter.path) if adapter else model
    _tell_of_language(model)
    return model


def laid_out(
    checkpoint: Checkpoint, kind: type[Architecture], config: Any, labels: Sequence[Pieces | None] = (None, None)
) -> Layout:
    """The places that the architecture has for tensors; ``labels`` are the pieces of source and target."""
    layout = kind.layout(config, *(Axis("vocab", pieces) for pieces in labels))
    stated, layout.prefixes = checkpoint.config, checkpoint.prefixes
    layout.sizes_by_default, layout.layers_by_default = stated.sizes_by_default, stated.layers_by_default
    return layout


def _tokenizers(checkpoint: Checkpoint, family: str) -> tuple[Tokenizer | None, Tokenizer | None]:
    """Those of source and target, if there are any."""
    found = checkpoint.tokenizers(family)
    if found is None:
        checkpoint.decisions.take(TOKENIZER, N_("none is there: texts are token ids"))
    return found or (None, None)


def _rules(network: Architecture, checkpoint: Checkpoint) -> Rules:
    """What is stated of decoding; of everything else that is stated and nobody asked for, notes are made."""
    stated, generation = checkpoint.config, checkpoint.generation
    rules = within(network.rules(generation), network.facts.target_vocab, generation)
    stated.leave_to(generation, N_("no effect here (generation_config.json is there): {keys}"))
    settle(stated, texts_of(network.passes))
    if generation.file_of(END) != stated.file_of(END):
        generation.ignore(N_("no effect here (batches, speed, what transformers returns): {keys}"), *WITHOUT_EFFECT)
        generation.ignore(N_("no effect here (no output begins with it): {keys}"), START, BEGIN)
        generation.settle()
    return rules


def _tell_of_language(model: Model) -> None:
    """Say that an output begins with another language than a given one is taken to be in."""
    codes = {i: code for code, i in (model.target.first_ids if model.target else {}).items()}
    begins = [codes[i] for i in (model.rules.start_id, model.rules.forced_bos) if i in codes][-1:]
    taken = [model.target.language] if model.target else []
    if begins and begins != taken:
        what = N_("an output begins with {begins}, and one that is given is taken to be in {taken}: say target-lang")
        model.decisions.note(TOKENIZER, what.format(begins=begins[0], taken=taken[0]))


def _tell_of_tokens(side: Tokenizer, size: int, decisions: Decisions) -> None:
    """Say which tokens of a tokenizer are outside the vocabulary that config.json states."""
    if named := listed(side.beyond(size)):
        what = N_("the tokenizer has {pieces} beyond the model's {size} tokens: a text with such a token is refused")
        decisions.note(TOKENIZER, what.format(pieces=named, size=size))
