"""What a file is, told by its first bytes: its name may say something else."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path

from ..errors import InputError
from ..i18n import N_, Message, _, cause, spoken
from .regular import check_regular

ENOUGH = 512
"""bytes; no kind needs more of a file to be told"""

OLD_TORCH = "torch before 1.6"

BEGINNINGS: Mapping[str, bytes] = {
    "safetensors": rb".{5}\0{3}\s*\{\s*[\"}]",
    OLD_TORCH: rb"\x80[\x02-\x05](\x95.{8})?\x8a\x0al\xfc\x9cF\xf9 j\xa8P\x19",
    "pickle": rb"\x80[\x02-\x05]|PK\x03\x04.{26}[^\0]*\.pkl",
    "zip": rb"PK\x03\x04",
    "gguf": rb"GGUF",
    "ggml": rb"lmgg|fmgg|tjgg|algg",
    "ctranslate2": rb".{2}\0{2}.\0\w+Spec\0",
    "lfs": rb"version https://git-lfs",
    "html": rb"\s*<(!doctype|html|\?xml)",
    "text": rb"[\t\r\n -~]{8,}\Z",
    "empty": rb"\Z",
}
"""How a file of each kind begins: torch's, with its number in front, or in a zip; those of other programs;
and what downloads leave."""

TOLD: Mapping[str, Message] = {
    OLD_TORCH: N_(
        "is in the format that torch had before 1.6, which is not opened; convert it: torch.save(torch.load(file), new)"
    ),
    "pickle": N_("is a file of torch's by another name; call it pytorch_model.bin"),
    "zip": N_("is a zip archive, and none that torch writes"),
    "gguf": N_("is a GGUF file, which holds a whole model: give the file itself"),
    "ggml": N_("is a GGML file, which can't be opened; give the checkpoint that it was made from"),
    "safetensors": N_("is a safetensors file by another name; call it model.safetensors"),
    "ctranslate2": N_("is a model of CTranslate2 by another name; call it model.bin"),
    "lfs": N_("is a pointer of Git LFS in place of the file; fetch that with git lfs pull"),
    "html": N_("is a web page in place of the file; its download failed"),
    "text": N_("is text in place of numbers; its download may have failed"),
    "empty": N_("is empty; its download may have been broken off"),
}
"""What to say of a file of each kind where tensors were expected."""


LEFT = ("lfs", "html")
"""What downloads leave in place of a file of whatever kind."""


def kind_of(head: bytes) -> str | None:
    """The kind that a file with this beginning is of, where it is known."""
    return next(
        (kind for kind, begins in BEGINNINGS.items() if re.match(begins, head, re.DOTALL | re.IGNORECASE)), None
    )


def head_of(path: Path) -> bytes:
    """The first bytes of a file.

    Raises:
        InputError: it can't be read.
    """
    check_regular(path)
    try:
        with path.open("rb") as file:
            return file.read(ENOUGH)
    except OSError as error:
        raise InputError(_("{path}: can't be read ({reason})").format(path=path, reason=cause(error))) from error


def check_downloaded(path: Path) -> None:
    """Insist that what stands at a path, if anything does, is a regular file, and not what a download leaves instead.

    Raises:
        InputError: it is none, or can't be read.
    """
    check_regular(path)
    if path.exists() and (kind := kind_of(head_of(path))) in LEFT:
        raise InputError(f"{path}: {spoken(TOLD[kind])}")
