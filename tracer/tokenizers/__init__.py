"""A thin face over the tokenizer libraries: text to ids and back, and the piece an id stands for. One format a file."""

from .tokenizer import Encoded, Pieces, Spoken, Tokenizer, check_language

__all__ = ["Encoded", "Pieces", "Spoken", "Tokenizer", "check_language"]
