"""A loaded model: an architecture with its parameters and its tokenizers."""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from .card import Card, Dtype
from .checkpoints.contents import Contents
from .checkpoints.formats import checkpoint_at
from .checkpoints.memory import Reading
from .dataclass import dataclass
from .decisions import TOKENIZER, Decisions
from .decoding.rules import Rules
from .errors import InputError
from .i18n import _, spoken
from .models.architecture import Architecture, Facts
from .models.layout import Layout
from .models.text import Side, Text
from .models.texts import Texts
from .parameters import Named
from .pieces import Ids
from .tensor import Axis, Parameter
from .tokenizers import Encoded, Pieces, Spoken, Tokenizer, check_language

if TYPE_CHECKING:
    from .chats.prompt import Prompt

BUILTIN = Path(__file__).parent / "builtin"
"""The directory of the models that come with the program."""
DTYPES: dict[str, type[np.floating[Any]]] = {"float32": np.float32, "float64": np.float64}


def numbers_of(dtype: str) -> type[np.floating[Any]]:
    """The numbers that an arithmetic is of; raises `InputError` where there is none by that name."""
    if dtype not in DTYPES:
        raise InputError(
            _("dtype {dtype!r} is not known; expected {known}").format(dtype=dtype, known=" / ".join(DTYPES))
        )
    return DTYPES[dtype]


@dataclass(frozen=True, repr=False, eq=False)
class Model:
    """What `load` returns. ``source`` and ``target`` are None for a checkpoint without tokenizers: ids only.

    ``parameters`` are the trained tensors under their names in the file, each with named axes, a matrix as
    [out_feature, in_feature] however the file has it; ``named`` finds them by the names that the shell knows too. They
    are read on first use; ``warnings`` grows when one of them turns out to hold NaN or infinity. ``contents`` are what
    they are read from; ``decisions`` are what was decided where the files leave a choice or contradict each other.
    ``chosen`` are the languages that it was told to read and write; ``as_stated`` is the model before that.
    ``adapter`` is the directory of the adapter that is merged into it, if one is. ``layout`` has the places of its
    parameters, where these are others than those in the files.
    """

    name: str
    path: Path
    architecture: Architecture
    rules: Rules
    parameters: dict[str, Parameter]
    source: Tokenizer | None
    target: Tokenizer | None
    contents: Contents
    warnings: list[str] = field(default_factory=list)
    decisions: Decisions = field(default_factory=Decisions)
    chosen: Spoken = field(default_factory=Spoken)
    as_stated: Model | None = None
    adapter: Path | None = None
    layout: Layout | None = None

    def __repr__(self) -> str:
        return f"<Model {self.describe()}>"

    @cached_property
    def named(self) -> Named:
        """The parameters by every name they go by: ``model.named.get("decoder.0.ffn.hidden.weight")``."""
        stored = {parameter.address: parameter for parameter in self.parameters.values()}
        return Named(dict(self.architecture.parameters.named()), {**self.parameters, **stored}, self.contents.made)

    @cached_property
    def card(self) -> Card:
        """What there is to say of it to readers of what it computes."""
        return Card(
            self.name,
            self.architecture.describe,
            self.dtype,
            words={"source": self.source, "target": self.target},
            sizes={"source": self.facts.source_vocab, "target": self.facts.target_vocab},
            path=self.path,
            chosen=self.chosen,
            languages=self.source.writes if self.source else (),
            ignored=self.ignored,
        )

    @property
    def ignored(self) -> Mapping[str, str]:
        """The tensors in the files that the model has no use for, each with the reason."""
        return self.contents.ignored

    @property
    def config(self) -> Any:
        """The architecture's configuration."""
        return self.architecture.config

    @property
    def facts(self) -> Facts:
        """What decoding needs to know of the architecture."""
        return self.architecture.facts

    @property
    def start_id(self) -> int:
        """The token that the decoder reads first."""
        assert self.rules.start_id is not None
        return self.rules.start_id

    @property
    def texts(self) -> Texts:
        """What its passes read."""
        return self.architecture.texts

    @property
    def dtype(self) -> Dtype:
        """The type of the arithmetic."""
        return cast("Dtype", np.dtype(self.architecture.dtype).name)

    @property
    def is_builtin(self) -> bool:
        """Whether it came with the program."""
        return self.path.parent == BUILTIN

    def computing_in(self, dtype: Dtype) -> Model:
        """The same model, with arithmetic of another type; what is read for it adds to the same ``warnings``."""
        if dtype == self.dtype:
            return self
        parameters = self.contents.read(numbers_of(dtype), Reading(warnings=self.warnings))
        network = self.architecture.computing_in(numbers_of(dtype), self.contents.layout, parameters)
        stated = self.as_stated and replace(self.as_stated, architecture=network, parameters=parameters)
        return replace(self, architecture=network, parameters=parameters, as_stated=stated)

    def having(self, parameters: Mapping[str, Parameter]) -> Model:
        """The same model with other numbers in place of some parameters, by their names in the file."""
        known = {**self.parameters, **parameters}
        network = self.architecture.computing_in(self.architecture.dtype, self.places, known)
        return replace(self, architecture=network, parameters=known)

    @property
    def places(self) -> Layout:
        """Where its parameters go."""
        return self.layout or self.contents.layout

    def restated(self, **settings: Any) -> Model:
        """The same model by another configuration, with all its parameters.

        Raises:
            InputError: that asks for other parameters.
        """
        config, layout = replace(self.config, **settings), self.places
        asked = self.asked(config).slots
        if any(name not in layout.slots or slot.shape != layout.slots[name].shape for name, slot in asked.items()):
            told = _("{settings} asks for other parameters than {name} has; it can't be changed in memory")
            stated = ", ".join(f"{key} = {value}" for key, value in settings.items())
            raise InputError(told.format(settings=stated, name=self.name))
        network = type(self.architecture)(config, layout, self.parameters, self.architecture.dtype)
        return replace(self, architecture=network)

    def asked(self, config: Any) -> Layout:
        """The places for parameters by another configuration, with a head if there is one now."""
        vocabularies = [Axis("vocab", Pieces(words) if words else None) for words in (self.source, self.target)]
        for axis, size in zip(vocabularies, self.facts[:2], strict=True):
            if isinstance(axis.labels, Pieces):
                axis.labels.size = size
        return type(self.architecture).layout(config, *vocabularies).fitting(self.places.slots)

    def between(self, source_lang: str | None, target_lang: str | None) -> Model:
        """The same model between other languages, named by their codes; None is the one that the files state.

        The output begins with the code of its language, where the model has it so.

        Raises:
            InputError: the model has no such language, or none to choose from.
        """
        stated = self.as_stated or self
        source, target = stated.source, stated.target
        check_language(self.name, "source-lang", source_lang, source.reads if source else ())
        check_language(self.name, "target-lang", target_lang, source.writes if source else ())
        chosen = Spoken(source_lang, target_lang)
        if source is None or target is None or chosen == Spoken():
            return stated
        code = target.first_ids.get(target_lang or "")
        rules = stated.rules if code is None else stated.rules.towards(code, target.first_ids.values())
        source, target = source.speaking(chosen), target.speaking(chosen)
        return replace(stated, source=source, target=target, rules=rules, chosen=chosen, as_stated=stated)

    def describe(self) -> str:
        """The model in one line, as the banner has it."""
        return self.card.describe()

    def source_ids(self, text: str) -> tuple[Ids, list[str]]:
        """The ids of a text, and the parts of it that become `<unk>`.

        Raises:
            InputError: the text is empty, or longer than the model takes, or has a token that the model does not.
        """
        if not text:
            raise InputError(_("the text is empty; give a sentence, e.g. {example}").format(example="我爱你"))
        return self._read(text, lambda words: words.encode(text))

    def prompt(self, question: str) -> Prompt:
        """A question as the chat template of the checkpoint puts it.

        Raises:
            InputError: there is no such template, or it can't be rendered; the model is no decoder alone.
        """
        from .chats.prompt import put

        if not question:
            raise InputError(_("the question is empty; give one, e.g. {example}").format(example="What is attention?"))
        if self.texts.passes != ("decode",):
            told = _("{name} does not go on with a text, and takes no chat; give the text with --text")
            raise InputError(told.format(name=self.name))
        template = checkpoint_at(self.path).chat_template
        if template is None:
            told = _("{name} states no chat_template; give the whole text, as the model reads it, with --text")
            raise InputError(told.format(name=self.name))
        return put(template, question)

    def prompt_ids(self, prompt: Prompt) -> tuple[Ids, list[str]]:
        """The ids of such a text, with the roles, and nothing before or after it; raises as `source_ids`."""
        from .chats.prompt import cut

        return self._read(prompt.text, lambda words: cut(words, prompt))

    def _read(self, text: str, cut: Callable[[Tokenizer], Encoded]) -> tuple[Ids, list[str]]:
        """The ids of a source, and the parts of it that become `<unk>`; raises as `source_ids`."""
        if self.source is None:
            raise self._without_tokenizer()
        longest = self.facts.longest_source
        if len(text) > 64 * longest:
            self._check_length(len(text), longest, _("characters"))
        encoded = cut(self.source)
        self._check_length(len(encoded.ids), longest)
        self._check_embedded(encoded, self.facts.source_vocab)
        if not encoded.ids:
            raise InputError(_("{text!r} has no tokens in the vocabulary of {name}").format(text=text, name=self.name))
        return encoded.ids, encoded.unknown

    def target_ids(self, text: str) -> Ids:
        """What the decoder reads of a given output: start token, the text, end token; raises as `source_ids` does."""
        if self.target is None:
            raise self._without_tokenizer()
        encoded, ids = self.texts.output(self, self.target, text)
        self._check_embedded(encoded, self.facts.target_vocab)
        return ids

    def _without_tokenizer(self) -> InputError:
        """Why no text can be read: there is no tokenizer, or what there is can't be used."""
        reasons = [spoken(told.what) for told in self.decisions if told.about == TOKENIZER and told.odd]
        what = reasons[0] if reasons else _("{name} has no tokenizer").format(name=self.name)
        return InputError(_("{what}; give token ids with --ids").format(what=what))

    def check_ids(self, ids: Sequence[int], side: Side) -> list[int]:
        """The ids, if the vocabulary of that side has them and the model takes so many; raises `InputError` if not."""
        given = ids if isinstance(ids, Ids) else None
        try:
            ids = [operator.index(i) for i in ids]
        except TypeError:
            raise InputError(_("token ids are whole numbers, and {ids!r} are not").format(ids=ids)) from None
        for i in ids:
            self.card.check_id(i, side)
        if not ids and side in self.texts.needed:
            raise InputError(_("no token ids were given"))
        self._check_length(len(ids), self.facts.longest(side), side=side)
        return ids if given is None else Ids(ids, given.pieces, given.roles)

    def check_start(self) -> None:
        """Insist that the decoder can read the start token; raises `InputError` if not."""
        size = self.facts.target_vocab
        if (start := self.rules.start_id) is not None and start >= size:
            raise InputError(
                _("decoding can't start: {name} reads token {id} first, and has a vocabulary of {size}").format(
                    name=self.name, id=start, size=size
                )
            )

    def check_room(self, read: Text) -> int:
        """How many tokens can follow a text: one at least, which needs no position of its own.

        Raises:
            InputError: the text is too long.
        """
        longest = self.facts.longest(read.side)
        self._check_length(read.reach, longest, side=read.side)
        return longest - read.reach + 1

    def piece(self, token: int, side: Side) -> str:
        """The piece an id stands for, or the id where there is no tokenizer."""
        return self.card.piece(token, side)

    def pieces(self, ids: Sequence[int], side: Side) -> list[str]:
        """The piece of each id; of the ids of a text, with the parts of it that the vocabulary does not have."""
        return list(ids.pieces) if isinstance(ids, Ids) else [self.piece(i, side) for i in ids]

    def text(self, ids: Sequence[int]) -> str:
        """The text of target ids, or the ids where there is no tokenizer."""
        return self.card.text(ids)

    def read(self) -> None:
        """Read every parameter now that would be read on first use."""
        for parameter in self.parameters.values():
            parameter.array  # noqa: B018

    def _check_embedded(self, encoded: Encoded, size: int) -> None:
        for token, piece in zip(encoded.ids, encoded.pieces, strict=True):
            if token >= size:
                raise InputError(
                    _("the text has {piece}, token {id}, and {name} has a vocabulary of {size}; leave it out").format(
                        piece=piece, id=token, name=self.name, size=size
                    )
                )

    def _check_length(self, n: int, limit: int, unit: str | None = None, side: Side = "source") -> None:
        if n > limit and side == "target" and self.texts.is_encoder_decoder:
            told = _("the output has {n} tokens, and the decoder of {name} takes at most {limit}; make it shorter")
            raise InputError(told.format(n=n, name=self.name, limit=limit))
        if n > limit:
            told = (
                _("the text has {n} {unit}, and {name} takes at most {limit} tokens; shorten it")
                if self.facts.made_for is None
                else _("the text has {n} {unit}, and at most {limit} tokens are taken here; shorten it")
            )
            raise InputError(told.format(n=n, unit=unit or _("tokens"), name=self.name, limit=limit))
