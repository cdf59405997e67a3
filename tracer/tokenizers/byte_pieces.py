"""Pieces made of bytes, shown as the text they stand for; the bytes of an unfinished character as ``\\xe4``."""

from __future__ import annotations

import re

FALLBACK = re.compile(r"<0x([0-9A-F]{2})>")


def _alphabet() -> dict[str, int]:
    """The characters that stand for bytes in GPT-2's vocabulary: itself where printable, else from U+0100 on."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + i): byte for i, byte in enumerate(others)}


ALPHABET = _alphabet()


def text_of_bytes(piece: str) -> str:
    """A piece of a byte-level vocabulary as text."""
    try:
        data = bytes(ALPHABET[character] for character in piece)
    except KeyError:  # added as text
        return piece
    return data.decode("utf-8", "backslashreplace").replace(" ", "▁")


def marked_byte(piece: str) -> str:
    """A piece, or, where it is a single byte such as ``<0xE4>``, that byte marked as one."""
    byte = FALLBACK.fullmatch(piece)
    return f"\\x{byte[1].lower()}" if byte else piece
