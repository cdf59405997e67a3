"""A program by itself, which cuts texts with a tokenizer that may take all there is: what stood against it goes out."""

from __future__ import annotations

import json
import sys

import tokenizers

LONGEST = 200
"""characters of a reason"""


def main() -> None:
    """Cut the texts that standard input asks for, with what encloses them and without; say what stood against it."""
    asked = json.load(sys.stdin)
    failure = ""
    try:
        inner = tokenizers.Tokenizer.from_str(asked["tokenizer"])
        inner.no_truncation()
        inner.no_padding()
        for text in asked["texts"]:
            for enclosed in (False, True):
                inner.encode(text, add_special_tokens=enclosed)
    except BaseException as error:
        failure = str(error).partition("\n")[0][:LONGEST] or type(error).__name__
    json.dump(failure, sys.stdout)


if __name__ == "__main__":
    main()
