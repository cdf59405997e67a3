"""A directory as transformers saves it: what stands in it beside the tensors, which are in a format of their own."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property
from pathlib import Path
from typing import Any

from ..decisions import DECODING
from ..decoding.reading import BEGIN, START, overruled
from ..errors import InputError
from ..i18n import N_, _
from ..models.stated import Stated
from ..tokenizers.directory import FILES, Pair, read_tokenizers
from .checkpoint import Checkpoint
from .json_file import read_json
from .regular import check_regular
from .stored import Stored

CONFIG, GENERATION = "config.json", "generation_config.json"
QUANTISED = (".qweight", ".qzeros", ".scales", ".g_idx", ".weight_scale", ".weight_scale_inv", ".absmax", ".quant_map")
"""How the names end that tensors of quantised parameters have: GPTQ, AWQ, compressed-tensors, fp8, bitsandbytes."""


class Directory(Checkpoint):
    """Such a directory, which a file in it may stand for; a subclass knows its tensors."""

    def __init__(self, path: Path) -> None:
        super().__init__(path if path.is_dir() else path.parent)

    @cached_property
    def config(self) -> Stated:
        return Stated(self._values, str(self.path / CONFIG), decisions=self.decisions)

    @cached_property
    def generation(self) -> Stated:
        """`generation_config.json`, or all of `config.json` without it, as transformers has it.

        A start token that only `config.json` states comes from there.
        """
        path, config = self.path / GENERATION, str(self.path / CONFIG)
        if not path.exists():
            return Stated({**self._values, "_from_model_config": True}, config, decisions=self.decisions)
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
        for file in FILES:
            check_regular(self.path / file)
        return read_tokenizers(self.path, model_type, self.decisions)

    @cached_property
    def _values(self) -> dict[str, Any]:
        return read_config(self.path)


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
