"""A question as a chat template puts it, and which part of the text is whose."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import takewhile
from typing import NamedTuple

from ..pieces import Ids
from ..tokenizers import Encoded, Tokenizer
from .rendering import rendered
from .template import Template

SYSTEM, USER, ASSISTANT = "system", "user", "assistant"
ANSWER = "Yes."
"""what a second question follows, to see where a turn of the user begins"""


class Part(NamedTuple):
    """A role, and where in the text its part ends, which begins where that before ends; ``""`` is nobody's."""

    role: str
    stop: int


class Prompt(NamedTuple):
    """A question, the text that the model reads, and its parts, in order and up to its end."""

    question: str
    text: str
    parts: tuple[Part, ...]


def put(template: Template, question: str) -> Prompt:
    """The question put, with the beginning of an answer behind it.

    The parts are found by what further messages add to the text; a turn that can't be told from what is before it
    begins with the text.

    Raises:
        InputError: the template can't be rendered.
    """
    user, assistant = {"role": USER, "content": question}, {"role": ASSISTANT, "content": ANSWER}
    chats = [([user], True), ([user], False), ([user, assistant], False), ([user, assistant, user], False)]
    text, *others = rendered(template, chats)
    assert text is not None
    return Prompt(question, text, tuple(_parts(text, template.tokens.get("bos_token", ""), *others)))


def _parts(text: str, bos: str, closed: str | None, answered: str | None, again: str | None) -> Iterator[Part]:
    """What begins the text, the system's part, the user's, and what begins the answer, as far as they are there."""
    answer = len(closed) if closed and text.startswith(closed) else len(text)
    turn = _added(answered, again)
    user = answer - len(turn) if turn and text[:answer].endswith(turn) else 0
    first = len(bos) if text[:user].startswith(bos) else 0
    stops = {"": first, SYSTEM: user, USER: answer, ASSISTANT: len(text)}
    begin = 0
    for role, stop in stops.items():
        if stop > begin:
            yield Part(role, stop)
            begin = stop


def _added(before: str | None, after: str | None) -> str:
    """What stands behind a text in a longer one; nothing where that does not begin with it."""
    return after.removeprefix(before) if before and after and after.startswith(before) else ""


def cut(tokenizer: Tokenizer, prompt: Prompt) -> Encoded:
    """Ids and pieces of the text alone, special tokens in it read as such, each with the role whose part it is of.

    Raises:
        InputError: the library can't cut the text.
    """
    encoded = tokenizer.cut(prompt.text)
    ids, pieces = encoded.ids, encoded.ids.pieces
    roles: list[str] = []
    for role, stop in prompt.parts:
        end = len(ids) if stop == len(prompt.text) else _common(ids, tokenizer.cut(prompt.text[:stop]).ids)
        roles += [role] * (end - len(roles))
    return encoded._replace(ids=Ids(ids, pieces, roles))


def _common(ids: Sequence[int], others: Sequence[int]) -> int:
    """How many ids two texts begin with alike."""
    pairs = zip(ids, others, strict=False)
    return sum(1 for _pair in takewhile(lambda pair: pair[0] == pair[1], pairs))
