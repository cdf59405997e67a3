"""A loaded model: an architecture with its parameters and its tokenizers."""

from __future__ import annotations

import operator
import stat
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from itertools import islice
from pathlib import Path
from typing import Any, cast

import numpy as np

from .addresses import suggestion
from .card import Card, Dtype
from .checkpoints.directory import read_config, read_parameters
from .checkpoints.json_file import read_json
from .checkpoints.memory import Progress, Reading
from .checkpoints.regular import check_regular
from .checkpoints.shards import is_read
from .checkpoints.unsupported import refuse_file
from .decisions import DECODING, PARAMETERS, TOKENIZER, Decisions
from .decoding.generation_config import WITHOUT_EFFECT
from .decoding.reading import BEGIN, END, START, overruled
from .decoding.rules import Rules
from .decoding.vocabulary import within
from .errors import InputError
from .i18n import N_, _, cause, spoken
from .models import architecture, model_type
from .models.architecture import Architecture, Facts
from .models.rest import settle
from .models.stated import Stated
from .models.text import Side, Text
from .models.texts import Texts, texts_of
from .parameters import Named
from .pieces import Ids
from .tensor import Axis, Parameter
from .tokenizers import Encoded, Pieces, Spoken, Tokenizer, languages_near
from .tokenizers.directory import FILES, read_tokenizers

BUILTIN = Path(__file__).parent / "builtin"
DEFAULT = "zh-en"
DTYPES: dict[str, type[np.floating[Any]]] = {"float32": np.float32, "float64": np.float64}

MOST_NAMED = 3
"""tokens beyond the vocabulary that are named when there are more"""


@dataclass(frozen=True, repr=False, eq=False)
class Model:
    """What `load` returns. ``source`` and ``target`` are None for a checkpoint without tokenizers: ids only.

    ``parameters`` are the trained tensors under their names in the file, each with named axes, a matrix as
    [out_feature, in_feature] however the file has it; ``named`` finds them by the names that the shell knows too. They
    are read on first use; ``warnings`` grows when one of them turns out to hold NaN or infinity. ``ignored`` are the
    tensors in the files that the model has no use for, each with the reason; ``decisions`` are what was decided where
    the files leave a choice or contradict each other. ``chosen`` are the languages that it was told to read and write;
    ``as_stated`` is the model before that.
    """

    name: str
    path: Path
    architecture: Architecture
    rules: Rules
    parameters: dict[str, Parameter]
    source: Tokenizer | None
    target: Tokenizer | None
    ignored: Mapping[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    decisions: Decisions = field(default_factory=Decisions)
    chosen: Spoken = field(default_factory=Spoken)
    as_stated: Model | None = None

    def __repr__(self) -> str:
        return f"<Model {self.describe()}>"

    @cached_property
    def named(self) -> Named:
        """The parameters by every name they go by: ``model.named.get("decoder.0.ffn.hidden.weight")``."""
        stored = {parameter.address: parameter for parameter in self.parameters.values()}
        return Named(dict(self.architecture.parameters.named()), {**self.parameters, **stored})

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
        return _load(self.path, dtype, Reading(warnings=self.warnings)).between(*self.chosen)

    def between(self, source_lang: str | None, target_lang: str | None) -> Model:
        """The same model between other languages, named by their codes; None is the one that the files state.

        The output begins with the code of its language, where the model has it so.

        Raises:
            InputError: the model has no such language, or none to choose from.
        """
        stated = self.as_stated or self
        source, target = stated.source, stated.target
        chosen = Spoken(
            self._language("source-lang", source_lang, source.reads if source else ()),
            self._language("target-lang", target_lang, source.writes if source else ()),
        )
        if source is None or target is None or chosen == Spoken():
            return stated
        source, target = source.speaking(chosen), target.speaking(chosen)
        rules = stated._rules_towards(chosen.target)
        return replace(stated, source=source, target=target, rules=rules, chosen=chosen, as_stated=stated)

    def _language(self, option: str, code: str | None, known: Sequence[str]) -> str | None:
        if code is None or code in known:
            return code
        if not known:
            raise InputError(
                _("{name} has no languages to choose from: leave out {option}").format(name=self.name, option=option)
            )
        raise InputError(
            _("{option}: {name} has no language {code!r}; it has {known}").format(
                option=option, name=self.name, code=code, known=languages_near(code, known)
            )
        )

    def _rules_towards(self, language: str | None) -> Rules:
        """The rules of outputs in a language: the decoder starts with its code if with any, else the code is forced."""
        codes, rules = (self.target.first_ids if self.target else {}), self.rules
        if language is None or language not in codes:
            return rules
        code, starts = codes[language], rules.start_id in codes.values()
        forced = code if not starts or rules.forced_bos in codes.values() else rules.forced_bos
        return replace(rules, start_id=code if starts else rules.start_id, forced_bos=forced)

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
        if self.source is None:
            raise self._without_tokenizer()
        longest = self.facts.longest_source
        if len(text) > 64 * longest:
            self._check_length(len(text), longest, _("characters"))
        encoded = self.source.encode(text)
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
        pieces = ids.pieces if isinstance(ids, Ids) else None
        try:
            ids = [operator.index(i) for i in ids]
        except TypeError:
            raise InputError(_("token ids are whole numbers, and {ids!r} are not").format(ids=ids)) from None
        for i in ids:
            self.card.check_id(i, side)
        if not ids and side in self.texts.needed:
            raise InputError(_("no token ids were given"))
        self._check_length(len(ids), self.facts.longest(side))
        return ids if pieces is None else Ids(ids, pieces)

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
        self._check_length(read.reach, longest)
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

    def _check_length(self, n: int, limit: int, unit: str | None = None) -> None:
        if n > limit:
            told = (
                _("the text has {n} {unit}, and {name} takes at most {limit} tokens; shorten it")
                if self.facts.made_for is None
                else _("the text has {n} {unit}, and at most {limit} tokens are taken here; shorten it")
            )
            raise InputError(told.format(n=n, unit=unit or _("tokens"), name=self.name, limit=limit))


def builtin() -> Iterator[str]:
    """The names of the models that come with the program."""
    return (path.parent.name for path in sorted(BUILTIN.glob("*/config.json")))


def find(name: str) -> Path:
    """The directory of a built-in name or a path; of a file that is read of its directory, that.

    Raises:
        InputError: there is no such model; the nearest name is suggested.
    """
    if name in builtin():
        return BUILTIN / name
    path = Path(name).expanduser()
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise _unknown(name) from None
    except (OSError, ValueError) as error:
        raise InputError(_("{path}: can't be read ({reason})").format(path=path, reason=cause(error))) from None
    if stat.S_ISDIR(mode):
        return path
    if path.suffix == ".safetensors" and is_read(path):
        return path.parent
    raise refuse_file(path)


def _unknown(name: str) -> InputError:
    nearest = suggestion(name, builtin())
    hint = _("did you mean {nearest}?").format(nearest=nearest) if nearest else _("`tx-trace models` lists them")
    return InputError(_("there is no model {name!r}, built-in or at that path; {hint}").format(name=name, hint=hint))


def load(name: str | Path = DEFAULT, dtype: Dtype = "float32", progress: Progress | None = None) -> Model:
    """Open a built-in model or a checkpoint directory.

    Parameters are read when they are first used; ``progress`` is then called with the bytes read so far and in all.

    Raises:
        InputError: it does not exist, or something in it is missing, broken, or not as its config.json says.
    """
    return _load(find(str(name)), dtype, Reading(progress))


def _load(directory: Path, dtype: Dtype, reading: Reading) -> Model:
    if dtype not in DTYPES:
        raise InputError(
            _("dtype {dtype!r} is not known; expected {known}").format(dtype=dtype, known=" / ".join(DTYPES))
        )
    values = read_config(directory)
    decisions = Decisions()
    stated = Stated(values, str(directory / "config.json"), decisions=decisions)
    family = model_type(stated)
    kind = architecture(family)
    config = kind.configure(stated)
    for file in FILES:
        check_regular(directory / file)
    source, target = read_tokenizers(directory, family, decisions) or (None, None)
    if source is None:
        decisions.take(TOKENIZER, N_("none is there: texts are token ids"))
    labels = [Pieces(tokenizer) if tokenizer else None for tokenizer in (source, target)]
    layout = kind.layout(config, *(Axis("vocab", pieces) for pieces in labels))
    layout.sizes_by_default, layout.layers_by_default = stated.sizes_by_default, stated.layers_by_default
    contents = read_parameters(directory, layout, DTYPES[dtype], reading)
    layout.tell(contents.parameters, decisions)
    decisions.take(PARAMETERS, contents.told)
    network = kind(config, layout, contents.parameters, DTYPES[dtype])
    for pieces, size in zip(labels, network.facts[:2], strict=True):
        if pieces is not None:
            pieces.size = size
    generation = _stated_of_decoding(directory, values, decisions)
    for tokenizer, size in zip((source, target), network.facts[:2], strict=True):
        _tell_of_tokens(tokenizer, size, decisions)
    rules = within(network.rules(generation), network.facts.target_vocab, generation)
    stated.leave_to(generation, N_("no effect here (generation_config.json is there): {keys}"))
    settle(stated, texts_of(kind.passes))
    _settle_decoding(generation)
    parameters, ignored = contents.parameters, contents.ignored
    model = Model(
        directory.resolve().name,
        directory,
        network,
        rules,
        parameters,
        source,
        target,
        ignored,
        reading.warnings,
        decisions,
    )
    _tell_of_language(model)
    return model


def _stated_of_decoding(directory: Path, values: dict[str, Any], decisions: Decisions) -> Stated:
    """`generation_config.json`, or all of `config.json` without it, as transformers has it.

    A start token that only `config.json` states comes from there.
    """
    path, config = directory / "generation_config.json", str(directory / "config.json")
    if not path.exists():
        return Stated({**values, "_from_model_config": True}, config, decisions=decisions)
    stated = read_json(path)
    if settings := overruled(values, stated):
        told = N_("config.json states {settings}, which does not hold: generation_config.json alone counts in decoding")
        decisions.note(DECODING, told.format(settings=", ".join(settings)))
    has_start = any(stated.get(key) is not None for key in (START, BEGIN))
    behind = {} if has_start else {key: values.get(key) for key in (START, BEGIN)}
    return Stated(stated | behind, str(path), dict.fromkeys(behind, config), decisions)


def _settle_decoding(generation: Stated) -> None:
    """Note what is no setting of decoding, or none of this family's; in `config.json` there is much else."""
    if Path(generation.file_of(END)).name == "generation_config.json":
        generation.ignore(N_("no effect here (batches, speed, what transformers returns): {keys}"), *WITHOUT_EFFECT)
        generation.ignore(N_("no effect here (no output begins with it): {keys}"), START, BEGIN)
        generation.settle()


def _tell_of_language(model: Model) -> None:
    """Say that an output begins with another language than a given one is taken to be in."""
    codes = {i: code for code, i in (model.target.first_ids if model.target else {}).items()}
    begins = [codes[i] for i in (model.rules.start_id, model.rules.forced_bos) if i in codes][-1:]
    taken = [model.target.language] if model.target else []
    if begins and begins != taken:
        what = N_("an output begins with {begins}, and one that is given is taken to be in {taken}: say target-lang")
        model.decisions.note(TOKENIZER, what.format(begins=begins[0], taken=taken[0]))


def _tell_of_tokens(side: Tokenizer | None, size: int, decisions: Decisions) -> None:
    """Say which tokens of a tokenizer are outside the vocabulary that config.json states."""
    if side is not None and (beyond := list(islice(side.beyond(size), MOST_NAMED + 1))):
        named = ", ".join([*beyond[:MOST_NAMED], *["…" for _piece in beyond[MOST_NAMED:]]])
        what = N_("the tokenizer has {pieces} beyond the model's {size} tokens: a text with such a token is refused")
        decisions.note(TOKENIZER, what.format(pieces=named, size=size))
