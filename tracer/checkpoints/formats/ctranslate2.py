"""CTranslate2: model.bin with its vocabularies and its config.json, beside SentencePiece models or within a package."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...decisions import CONFIGURATION, DECODING, PARAMETERS, POSITIONS
from ...i18n import N_, _
from ...listed import listed
from ...models.stated import Stated
from ..checkpoint import Checkpoint
from ..ctranslate2.beside import PADDING, Settings, has_vocabulary, read_settings, read_vocabularies
from ..ctranslate2.container import ModelFile
from ..ctranslate2.decoders import DecoderOnly, decoder_of
from ..ctranslate2.families import family_of
from ..ctranslate2.family import Family, Tokens
from ..ctranslate2.network import ENCODINGS, Network
from ..json_file import read_json_if_there
from ..kinds import head_of, kind_of
from ..stored import Stored

if TYPE_CHECKING:
    from ...tokenizers.ctranslate2 import Around
    from ...tokenizers.directory import Pair

MODEL, PACKAGE, WITHIN = "model.bin", "metadata.json", "model"
"""The file, and what a package of Argos Translate has: a file beside the directory of the model."""
KINDS = {"TransformerSpec": family_of, "TransformerDecoderSpec": decoder_of}
"""What tells the family, by the name of the specification that a file follows."""
QUANTISED, ROUNDED = ("I8", "I16"), ("F16", "BF16")
ENDING = ("marian", "bart", "mbart", "t5")
"""The families whose tokenizers end every source."""
PAD = "<pad>"
BROKEN = (None, "lfs", "html", "text", "empty")
"""What a file may be told to be that is such a model by its name and by the vocabulary beside it alone."""


class CTranslate2Checkpoint(Checkpoint):
    """Such a model; a file by the name that it usually has stands for its directory."""

    def __init__(self, path: Path) -> None:
        super().__init__(path.parent if path.name == MODEL else path)
        self._file = _model_at(self.path) if self.path.is_dir() else self.path

    @classmethod
    def recognises(cls, path: Path, names: Collection[str]) -> bool:
        file = _model_at(path) if path.is_dir() else path
        is_there = MODEL in names or file.exists()
        kind = kind_of(head_of(file)) if is_there else None
        is_broken = is_there and file.name == MODEL and kind in BROKEN
        return kind == "ctranslate2" or (is_broken and has_vocabulary(file.parent))

    @cached_property
    def config(self) -> Stated:
        return Stated(self._values, str(self._file), decisions=self.decisions)

    def tokenizers(self, model_type: str) -> Pair | None:
        from ...tokenizers.ctranslate2 import read_ctranslate2, serialized

        found = serialized(self._file.parent, model_type, self.decisions)
        if found is None and (self._settings.unk_token or not self._is_alone):
            around = self._around(model_type)
            found = read_ctranslate2(self._places, self._tokens, self._special, around, self.decisions)
        return (found[0], found[0]) if found and self._is_alone else found

    @cached_property
    def tensors(self) -> Mapping[str, Stored]:
        """Every tensor under transformers' name, as transformers has it.

        Raises:
            InputError: the file is broken, or two tensors are the same.
        """
        found: dict[str, Stored] = {}
        for stored in self._family.tensors():
            if stored.name in found:
                raise self._model.error(_("has {name} twice").format(name=stored.name))
            found[stored.name] = stored
        self._tell_of_tensors()
        return found

    @property
    def listing(self) -> Path:
        return self._file

    @cached_property
    def _model(self) -> ModelFile:
        model = ModelFile(self._file)
        if model.spec not in KINDS:
            told = _("holds a {spec} of CTranslate2; expected a {known}")
            raise model.error(told.format(spec=model.spec, known=" or ".join(KINDS)))
        return model

    @cached_property
    def _settings(self) -> Settings:
        return read_settings(self._file.parent, self._model.attributes, self.decisions)

    @cached_property
    def _family(self) -> Family:
        return KINDS[self._model.spec](Network(self._model, self._settings.layer_norm_epsilon))

    @cached_property
    def _values(self) -> dict[str, Any]:
        """What config.json of transformers would state; nothing of what it does not have."""
        values = self._family.config(self._ids)
        if left := list(self._family.network.left()):
            raise self._model.error(_("states {names}, which is not supported").format(names=listed(left)))
        self._tell(values)
        return {key: value for key, value in values.items() if value is not None or key == "pad_token_id"}

    @cached_property
    def _vocabularies(self) -> tuple[Sequence[str], Sequence[str]]:
        return read_vocabularies(self._file.parent)

    @cached_property
    def _tokens(self) -> tuple[Sequence[str], Sequence[str]]:
        """The vocabularies, with the token that stands for the zeros that a decoder starts from."""
        start = self._values.get("decoder_start_token_id")

        def whole(side: Sequence[str]) -> Sequence[str]:
            return [*side, PAD] if len(side) == start and PAD not in side else side

        (source, target), found = self._vocabularies, whole(self._vocabularies[0])
        return found, found if source is target else whole(target)

    @property
    def _ids(self) -> Tokens:
        """The ids of the tokens that are stated."""
        (source, target), s = self._vocabularies, self._settings

        def number(token: str | None, side: Sequence[str] = target) -> int | None:
            return side.index(token) if token in side else None

        pad = next((number(token, source) for token in PADDING if token in source), None)
        return Tokens(number(s.eos_token), number(s.decoder_start_token), number(s.bos_token), number(s.unk_token), pad)

    @property
    def _is_alone(self) -> bool:
        """Whether there is a decoder alone."""
        return isinstance(self._family, DecoderOnly)

    @property
    def _special(self) -> Mapping[str, str]:
        """The tokens that are no text, by what they are for."""
        s = self._settings
        return {"eos_token": s.eos_token, "unk_token": s.unk_token, "bos_token": s.bos_token} | {
            token: token for token in PADDING
        }

    def _around(self, model_type: str) -> Around:
        """What encloses a source: what is stated, and what the tokenizers of transformers add for its own families."""
        from ...tokenizers.ctranslate2 import Around, languages

        s = self._settings
        codes = languages(self._vocabularies[0]) if model_type == "m2m_100" else {}
        before = s.add_source_bos or model_type == "bart"
        after = s.add_source_eos or model_type in ENDING or bool(codes)
        return Around([s.bos_token] * before, [s.eos_token] * after, codes)

    @cached_property
    def _places(self) -> Sequence[Path]:
        """The directories that may have SentencePiece models: that of the model, and of its package."""
        directory = self._file.parent
        package = next((place for place in (self.path, directory.parent) if (place / PACKAGE).exists()), None)
        if package is None:
            return [directory]
        if prefix := read_json_if_there(package / PACKAGE).get("target_prefix"):
            told = N_(
                "metadata.json has every output begin with {prefix!r}, which is not followed; give it as the target"
            )
            self.decisions.note(DECODING, told.format(prefix=prefix))
        return [directory, package]

    def _tell(self, values: Mapping[str, Any]) -> None:
        """Say what the file was taken for."""
        told = N_("the file (CTranslate2, revision {n}) computes as {family} does")
        self.decisions.take(CONFIGURATION, told.format(n=self._model.revision, family=values["model_type"]))
        if values.get("bad_words_ids"):
            told = N_(
                "token {id}, <pad>, is not in the vocabulary: it stands for the zeros that the decoder starts from, is "
                "never chosen, and its share of the probabilities goes to the others, as in CTranslate2's scores"
            )
            self.decisions.take(DECODING, told.format(id=values["decoder_start_token_id"]))
        tables = [self._model.variables.get(ENCODINGS.format(stack=stack)) for stack in ("encoder", "decoder")]
        if any(table is not None and table.dtype in ROUNDED for table in tables):
            told = N_(
                "sines and cosines are computed; the file has them rounded to 16 bits, which changes results slightly"
            )
            self.decisions.note(POSITIONS, told)

    def _tell_of_tensors(self) -> None:
        """Say what differs from what CTranslate2 computes, and which tensors are zeros that the file leaves out."""
        if any(variable.dtype in QUANTISED for variable in self._model.variables.values()):
            told = N_(
                "products are computed with the dequantised numbers; CTranslate2 quantises activations too, so that "
                "its logits differ slightly"
            )
            self.decisions.note(PARAMETERS, told)
        if names := [name for name, _count in self._family.left_out()]:
            told = N_("{n} biases are not in the file, and zeros: {names}")
            self.decisions.take(PARAMETERS, told.format(n=len(names), names=listed(names)))


def _model_at(directory: Path) -> Path:
    """The file in a directory, or in the one that a package has it in."""
    within = directory / WITHIN / MODEL
    return within if within.exists() and not (directory / MODEL).exists() else directory / MODEL
