"""Markdown as it is read here: emphasis works beside Chinese, and there are no links, images and HTML."""

from __future__ import annotations

import re
from functools import cache
from html import unescape

from markdown_it import MarkdownIt
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter
from markdown_it.tree import SyntaxTreeNode

from .tokens import shown
from .words import joined

_UNUSED = ["autolink", "code", "html_block", "html_inline", "image", "lheading", "link", "reference", "text_join"]
_REFERENCE = re.compile(r"&#\d{1,7};")


def literal(text: str) -> str:
    """A text as Markdown that shows it unchanged, in code too: every sign in it is a character reference.

    What can't be seen is made visible first (`shown`).
    """
    return "".join(c if _is_letter(c) else f"&#{ord(c)};" for c in shown(text))


def _is_letter(character: str) -> bool:
    return character.isalnum() and (character.isascii() or character >= "\u2e80")


def parsed(markdown: str) -> SyntaxTreeNode:
    """The tree of a text; what was `literal` or escaped in it stays apart, as nodes ``text_special``."""
    return SyntaxTreeNode(_parser().parse(markdown))


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable(_UNUSED)
    parser.inline.ruler.at("emphasis", _star)
    parser.core.ruler.before("inline", "joined", _join)
    parser.core.ruler.push("literal", _resolve)
    return parser


def _join(state: StateCore) -> None:
    for token in state.tokens:
        if token.type == "inline":
            token.content = joined(token.content)


def _resolve(state: StateCore) -> None:
    """Character references in code, which CommonMark leaves alone there."""
    for token in state.tokens:
        for part in [token, *(token.children or [])]:
            if part.type in ("code_inline", "fence"):
                part.content = _REFERENCE.sub(lambda found: unescape(found[0]), part.content)


def _star(state: StateInline, silent: bool) -> bool:
    """Stars open emphasis before anything but a blank and close it after anything but one.

    CommonMark asks for blanks or punctuation as well, which Chinese does not have there.
    """
    before, after = state.src[: state.pos], state.src[state.pos :].lstrip("*")
    length = len(state.src) - len(before) - len(after)
    if silent or not length:
        return False
    opens, closes = after[:1].strip() != "", before[-1:].strip() != ""
    for _ in range(length):
        state.push("text", "", 0).content = "*"
        state.delimiters.append(Delimiter(ord("*"), length, len(state.tokens) - 1, -1, opens, closes))
    state.pos += length
    return True
