"""The keys of the viewer: what each does, and how the help names it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import NamedTuple

from tracer.document import Block
from tracer.errors import TraceError
from tracer.i18n import N_, Message, _, spoken
from tracer.render.viewport import Extent
from tracer.views.page import Page
from tracer.views.table import Column, Remark, table
from tracer.views.view import view

from .asking import Asking
from .browsing import Action, Browsing
from .explaining import Explaining
from .modes import Mode, Screen
from .position import Position
from .reading import Reading

_FAR = 10**9
_DENSITIES = (0, 2, 1)
"""Numbers, then two columns a cell, then one."""


class Topic(NamedTuple):
    """Some keys of one kind: how they are written, what they do, and the action of each."""

    written: Message
    meaning: Message
    actions: Mapping[str, Action]


@cache
def topics() -> tuple[Topic, ...]:
    """Every key, in the order of the help."""
    return (
        Topic(
            N_("arrows, h j k l"),
            N_("a cell left, down, up, right"),
            {
                **_keys(("left", "h"), lambda at, _extent: at.moved(0, -1)),
                **_keys(("down", "j"), lambda at, _extent: at.moved(1, 0)),
                **_keys(("up", "k"), lambda at, _extent: at.moved(-1, 0)),
                **_keys(("right", "l"), lambda at, _extent: at.moved(0, 1)),
            },
        ),
        Topic(
            N_("PgUp PgDn, b space"),
            N_("a screen up, down"),
            {
                **_keys(("pageup", "b"), lambda at, extent: at.scrolled(-extent.rows, 0)),
                **_keys(("pagedown", " "), lambda at, extent: at.scrolled(extent.rows, 0)),
            },
        ),
        Topic(
            N_("H L"),
            N_("a screen left, right"),
            {
                **_keys(("H",), lambda at, extent: at.scrolled(0, -extent.columns)),
                **_keys(("L",), lambda at, extent: at.scrolled(0, extent.columns)),
            },
        ),
        Topic(
            N_("Home End"),
            N_("the first, the last column"),
            {
                **_keys(("home",), lambda at, _extent: at.moved(0, -_FAR)),
                **_keys(("end",), lambda at, _extent: at.moved(0, _FAR)),
            },
        ),
        Topic(
            N_("g G"),
            N_("the first, the last row"),
            {
                **_keys(("g",), lambda at, _extent: at.moved(-_FAR, 0)),
                **_keys(("G",), lambda at, _extent: at.moved(_FAR, 0)),
            },
        ),
        Topic(
            N_("[ ], Tab"),
            N_("the matrix before, the next one: another head"),
            {
                **_keys(("[", "s-tab"), lambda at, _extent: at.turned(-1)),
                **_keys(("]", "tab"), lambda at, _extent: at.turned(1)),
            },
        ),
        Topic(N_("t"), N_("rows for columns"), _keys(("t",), lambda at, _extent: at.transposed())),
        Topic(N_("a"), N_("other axes as rows and columns"), _keys(("a",), lambda at, _extent: at.regrouped())),
        Topic(N_("z"), N_("heat alone: two columns a cell, one, numbers again"), {"z": _zoom}),
        Topic(N_("/ n N"), N_("search a label; the next, the one before"), {"/": _search, "n": _again, "N": _back}),
        Topic(N_("@"), N_('go to a cell: 3,7 or h1,"love",0'), {"@": _jump}),
        Topic(N_("Enter"), N_("where the cell comes from; there 2 Enter: operand (2)"), {"enter": _why}),
        Topic(N_("?"), N_("these keys"), {"?": _help}),
        Topic(N_("q, Esc"), N_("leave"), dict.fromkeys(("q", "escape", "c-c"), lambda _browsing, _screen: None)),
    )


@cache
def actions() -> Mapping[str, Action]:
    """The action of every key."""
    return {key: action for topic in topics() for key, action in topic.actions.items()}


@view
def help_view(_page: Page) -> Iterator[Block]:
    """The keys and what they do."""
    names = Column(_("key"), [spoken(topic.written) for topic in topics()], "<")
    yield table([names], [Remark(spoken(topic.meaning)) for topic in topics()])


def _keys(names: tuple[str, ...], motion: Callable[[Position, Extent], Position]) -> dict[str, Action]:
    def move(browsing: Browsing, screen: Screen) -> Mode:
        browsing.position = motion(browsing.position, browsing.extent(screen))
        return browsing

    return dict.fromkeys(names, move)


def _zoom(browsing: Browsing, _screen: Screen) -> Mode:
    browsing.dense = _DENSITIES[(_DENSITIES.index(browsing.dense) + 1) % len(_DENSITIES)]
    return browsing


def _search(browsing: Browsing, _screen: Screen) -> Mode:
    return Asking(browsing, "/", browsing.search)


def _jump(browsing: Browsing, _screen: Screen) -> Mode:
    return Asking(browsing, "@", browsing.jump)


def _again(browsing: Browsing, _screen: Screen) -> Mode:
    return _searched_on(browsing, back=False)


def _back(browsing: Browsing, _screen: Screen) -> Mode:
    return _searched_on(browsing, back=True)


def _searched_on(browsing: Browsing, *, back: bool) -> Mode:
    try:
        browsing.search_on(back=back)
    except TraceError as error:
        browsing.message = str(error)
    return browsing


def _why(browsing: Browsing, _screen: Screen) -> Mode:
    if (asked := browsing.asked) is not None:
        return Explaining.of(asked, browsing)
    browsing.message = _("no operation is recorded for what an expression computes; view one of its operands")
    return browsing


def _help(browsing: Browsing, _screen: Screen) -> Mode:
    return Reading.of(help_view(), browsing)
