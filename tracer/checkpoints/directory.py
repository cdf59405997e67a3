"""A directory as transformers saves it: what stands in it beside the tensors, which are in a format of their own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..decisions import DECODING
from ..decoding.reading import BEGIN, START, overruled
from ..errors import InputError
from ..i18n import N_, _
from ..models.stated import Stated
from ..tokenizers.directory import Pair, read_tokenizers
from .checkpoint import Checkpoint
from .json_file import read_json
from .stored import Stored
from .text_part import PREFIXES, text_part

if TYPE_CHECKING:
    from ..chats.template import Template

CONFIG, GENERATION = "config.json", "generation_config.json"
QUANTISED = (".qweight", ".qzeros", ".scales", ".g_idx", ".weight_scale", ".weight_scale_inv", ".absmax", ".quant_map")
"""How the names end that tensors of quantised parameters have: GPTQ, AWQ, compressed-tensors, fp8, bitsandbytes."""


class Directory(Checkpoint):
    """Such a ``directory``, which a file in it may stand for; a subclass knows its tensors."""

    def __init__(self, path: Path) -> None:
        self.directory = path if path.is_dir() else path.parent
        super().__init__(self.directory)

    @cached_property
    def config(self) -> Stated:
        return Stated(self._values, str(self.directory / CONFIG), decisions=self.decisions)

    @property
    def prefixes(self) -> Sequence[str]:
        return PREFIXES if self._text is not None else ()

    @cached_property
    def generation(self) -> Stated:
        """`generation_config.json`, or all of `config.json` without it, as transformers has it.

        A start token that only `config.json` states comes from there.
        """
        path, config = self.directory / GENERATION, str(self.directory / CONFIG)
        if not path.exists():
            return self.config.of_decoding()
        stated = read_json(path)
        if settings := overruled(self._values, stated):
            told = N_(
                "config.json states {settings}, which does not hold: generation_config.json alone counts in decoding"
            )
            self.decisions.note(DECODING, told.format(settings=", ".join(settings)))
        has_start = any(stated.get(key) is not None for key in (START, BEGIN))
        behind = {} if has_start else {key: self._values.get(key) for key in (START, BEGIN)}
        return Stated(stated | behind, str(path), dict.fromkeys(behind, config), self.decisions)

    def tokenizers(self, model_type: str) -> Pair | None:
        return read_tokenizers(self.directory, model_type, self.decisions)

    @property
    def _values(self) -> dict[str, Any]:
        return self._whole if self._text is None else self._text

    @property
    def chat_template(self) -> Template | None:
        from ..chats.template import read_template

        return read_template(self.directory)

    @cached_property
    def _text(self) -> dict[str, Any] | None:
        return text_part(self._whole, self.decisions)

    @cached_property
    def _whole(self) -> dict[str, Any]:
        return read_config(self.directory)


def read_config(directory: Path) -> dict[str, Any]:
    """What `config.json` states.

    Raises:
        InputError: it can't be read, or says that the parameters are quantised.
    """
    config = read_json(directory / CONFIG)
    if stated := config.get("quantization_config"):
        method = stated.get("quant_method") if isinstance(stated, dict) else None
        raise _quantised(directory, str(method or "?"))
    return config


def refuse_quantised(tensors: Iterable[Stored]) -> None:
    """Insist that no tensor is stored in a quantised form."""
    for stored in tensors:
        if stored.name.endswith(QUANTISED):
            raise _quantised(stored.file.path, f"{stored.name}, {stored.dtype}")


def _quantised(path: Path, how: str) -> InputError:
    return InputError(
        _("{path}: is quantised ({how}), which is not supported; open the model as F32, F16 or BF16").format(
            path=path, how=how
        )
    )
