"""The course: where its lessons lie (a folder for each language, a file for each), and how far the learner is."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from tracer import i18n, views
from tracer.addresses import suggestion
from tracer.errors import InputError
from tracer.i18n import _, ngettext

from ..results.result import Result, answer
from .lesson import Lesson
from .lesson_file import Located, read_front
from .lesson_reader import read_lesson
from .progress import Progress
from .reviews import Item, Now, mixed
from .slides import SLIDES, slides_of

LESSONS = Path(__file__).parents[1] / "lessons"
END = ".md"
MENU = "menu"
"""Stands in place of a lesson for the list of all."""
REVIEW = "review"
"""Stands in place of a lesson for the questions that have come back."""
EXAM = "exam"
"""What the examination is called, where a lesson is named."""
INDEX = "index"
"""Stands in place of a lesson for the index of the lecture."""
SHEET = "worksheet"
"""What a worksheet is called, on a line that asks for one and in the lesson that has one."""


def names() -> list[str]:
    """The lessons of the course in their order: ``04-softmax``."""
    return sorted(path.stem for path in (LESSONS / i18n.LANGUAGES[0]).glob(f"*{END}"))


def find(wanted: str) -> Path:
    """The file of a lesson, by its number, its name or a part of that, or its path.

    Raises:
        InputError: there is no such lesson, or several.
    """
    if wanted.endswith(END) or "/" in wanted:
        return Path(wanted)
    known = names()
    number = f"{int(wanted):02}" if wanted.isascii() and wanted.isdigit() and len(wanted) < 4 else wanted
    found = [name for name in known if number in (name, *name.split("-", 1))]
    found = found or [name for name in known if wanted and wanted in name]
    if len(found) == 1:
        return _spoken(found[0])
    if found:
        raise InputError(_("{name} is ambiguous: {names}").format(name=wanted, names=", ".join(found)))
    if wanted.isascii() and wanted.isdigit():
        told = _("there is no lesson {name}; lessons are {first} to {last}, and `learn menu` lists them")
        raise InputError(told.format(name=wanted, first=0, last=len(known) - 1))
    nearest = suggestion(wanted, [name.partition("-")[2] for name in known])
    hint = _("did you mean {nearest}?").format(nearest=nearest) if nearest else _("learn lists them")
    raise InputError(_("there is no lesson {name}; {hint}").format(name=wanted, hint=hint))


def _spoken(name: str) -> Path:
    """The file of a lesson of the course in the user's language, in English where it is not there."""
    wanted = LESSONS / i18n.language() / f"{name}{END}"
    return wanted if wanted.is_file() else LESSONS / i18n.LANGUAGES[0] / f"{name}{END}"


def files() -> list[Path]:
    """Every file of the course, a lesson after the other, in every language in which it is there."""
    found = (path for language in i18n.LANGUAGES for path in (LESSONS / language).glob(f"*{END}"))
    return sorted(found, key=lambda path: (path.stem, i18n.LANGUAGES.index(path.parent.name)))


def key(path: Path) -> str:
    """What progress is kept under: the name of a lesson of the course, the path of another, in its first language."""
    place = _place(path)
    if place.parent.parent == LESSONS.resolve():
        return place.stem
    return str(min([place, *siblings(place)]))


def _place(path: Path) -> Path:
    """Where a file lies, as far as that can be said of its name."""
    try:
        return path.resolve()
    except (OSError, ValueError):
        return path


def siblings(path: Path) -> list[Path]:
    """The same lesson in other languages: files of its name in the folders of these beside its own."""
    place = _place(path)
    if place.parent.name not in i18n.LANGUAGES:
        return []
    beside = (place.parents[1] / language / place.name for language in i18n.LANGUAGES)
    return [other for other in beside if other != place]


def in_language(lesson: Lesson) -> Lesson:
    """A lesson in the user's language, as it is where there is none in that."""
    wanted = (other for other in siblings(lesson.path) if other.parent.name == i18n.language() and other.is_file())
    return next(map(read_lesson, wanted), lesson)


def titles() -> dict[str, str]:
    """The title of every lesson of the course in the user's language."""
    return {name: read_front(_spoken(name))["title"].text for name in names()}


def slides() -> dict[str, list[str]]:
    """The lessons of the course that teach each slide of the lecture.

    Raises:
        InputError: a lesson names one that the lecture has not.
    """
    taught: dict[str, list[str]] = {slide.name: [] for slide in SLIDES}
    for name in names():
        for slide in slides_of(read_front(_spoken(name)).get("slides", Located("", 1)).text):
            taught[slide].append(name)
    return taught


def menu(progress: Progress) -> Result:
    """Every lesson with its number, its title and how far the learner has come, and what there is beside them."""
    return answer("learn", lambda: titles(), lambda: views.glossary.glossary(dict(_rows(progress))))


def _rows(progress: Progress) -> Iterator[tuple[str, str]]:
    for name, title in titles().items():
        yield _number(name), f"{title}{_state(progress, name)}"
    count = len(on_request(progress))
    told = ngettext(
        "{n} question that went wrong waits for a review", "{n} questions that went wrong wait for a review", count
    )
    yield REVIEW, told.format(n=count) if count else _("questions that went wrong, asked again; none waits now")
    finished = "   " + _("passed") if progress.of(EXAM).finished else ""
    yield EXAM, _("questions about a sentence you have not seen: tx-trace learn exam") + finished
    yield SHEET, _("the records of lesson N with boxes to fill in by hand: tx-trace worksheet N")
    yield INDEX, _("the lecture slide by slide, with its lessons and formulas: learn index")


def now(progress: Progress) -> Now:
    """How far a learner is in the course, by which questions come back."""
    count = finished(progress)
    return Now(progress.sessions, count, count == len(names()) - 1)


def finished(progress: Progress) -> int:
    """How many lessons of the course are finished; the first, a tour, is not counted."""
    return sum(progress.of(name).finished for name in names()[1:])


def due(progress: Progress) -> Sequence[Item]:
    """The questions that have come back by themselves, mixed."""
    at = now(progress)
    return mixed(item for item, review in progress.reviews.items() if review.is_due(at))


def on_request(progress: Progress) -> Sequence[Item]:
    """The questions that are put where they are asked for, mixed: also those that went wrong in this session."""
    at = now(progress)
    return mixed(item for item, review in progress.reviews.items() if review.is_open(at))


def _number(name: str) -> str:
    number, _dash, rest = name.partition("-")
    return f"{number} {rest}"


def _state(progress: Progress, name: str) -> str:
    marks = progress.of(name)
    finished = "   " + _("finished") if marks.finished else ""
    if not marks.where:
        return finished
    steps = [step.id for step in read_lesson(find(name)).steps]
    done = len({*marks.done, *marks.skipped} & {*steps})
    told = ngettext("{done} of {count} step", "{done} of {count} steps", len(steps))
    return finished + "   " + told.format(done=done, count=len(steps))


def next_lesson(progress: Progress) -> str | None:
    """The lesson last worked on if it is not finished, else the first after it that is not; None if all are.

    A course begins with its second lesson: the first is a tour for those who take no course.
    """
    course = names()
    start = course.index(progress.last) if progress.last in course else 1
    turn = [*course[start:], *course[1:start]]
    marks = [progress.of(name) for name in turn]
    return next((name for name, its in zip(turn, marks, strict=True) if its.where or not its.finished), None)
