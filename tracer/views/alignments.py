"""Alignments: each word of the output beside the words of the source that it came from."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..attribution.alignments import Aligned, Alignments, Reading
from ..attribution.words import Word
from ..document import Block
from ..i18n import N_, Message, _, ngettext, spoken
from .heading import Heading
from .method import method_view
from .page import Page
from .table import Column, Remark, table
from .tokens import shown
from .view import remark, view

READ: dict[Reading, Message] = {
    "output": N_("read at the step that yields a word"),
    "input": N_("read at the step that reads a word (Shift-Att, Chen et al. 2020)"),
}


@view
def alignments_view(page: Page, found: Alignments) -> Iterator[Block]:
    """A row for each word of the output, with the share of what it came from; then what the method is."""
    aligned, reading = found.aligned, [] if found.reading is None else [spoken(READ[found.reading])]
    title = _("alignments by {method}").format(method=found.method.name)
    yield Heading(title).above(reading, page)
    shares = [sum(share for _word, share in row.sources) for row in aligned]
    columns = [
        Column(_("target word"), [shown(row.word.text) for row in aligned], "<", free="end"),
        Column(_("source words"), [_sources(row, page) for row in aligned], "<", free="end"),
        Column(_("share"), [f"{share:.0%}" if share else "" for share in shares]),
    ]
    if found.bits is not None:
        columns.append(Column(_("bits"), [f"{row.bits:.2f}" if row.bits else "" for row in aligned], spare=1))
    yield table(columns, [Remark(share=share) for share in shares])
    if found.unread:
        yield remark(_unread(found.unread), page, indent=2)
    yield from method_view(found.method).blocks(page)


def _sources(row: Aligned, page: Page) -> str:
    """The words in the order of the source, those that stand side by side there without anything between."""
    text, before = "", None
    for word, _share in row.sources:
        text += ("" if before is None else _between(before, word)) + shown(word.text)
        before = word
    return text or page.text("–")


def _between(before: Word, word: Word) -> str:
    is_next = before.places.stop == word.places.start
    return "" if is_next and not (before.is_spaced or word.is_spaced) else " " if is_next else " … "


def _unread(words: Sequence[Word]) -> str:
    told = ngettext("{words} was never read, so nothing is known of it", "{words} were never read", len(words))
    return told.format(words=" ".join(shown(word.text) for word in words))
