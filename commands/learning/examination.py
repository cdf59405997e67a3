"""The examination: questions about one sentence, each asked once, and a report that says what to read again."""

from __future__ import annotations

import io
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import field, replace
from functools import cache, partial
from html import unescape
from pathlib import Path
from random import Random
from typing import NamedTuple

from tracer import i18n
from tracer.dataclass import dataclass
from tracer.digits import whole_number
from tracer.errors import TraceError
from tracer.export import jsonl
from tracer.i18n import _, ngettext
from tracer.training.grammar import pairs
from tracer.views.markup import literal
from tracer.views.progress import progress_bar
from tracer.views.prose import prose
from tracer.worksheets.tiny import SEEDS

from ..keyboard import folded, understood
from ..opener import Opener, open_model
from ..output.present import Look, Presenter, complain
from ..results.result import Result
from ..terminal.shell import line_reader
from .attempt import Attempt
from .choices import YES
from .course import EXAM, LESSONS, titles
from .fairness import is_fair
from .lesson import ANSWER, Lesson, Prose, Step
from .lesson_reader import read_lesson
from .listening import attend
from .player import Mute, Player, begin
from .progress import Progress
from .question import Question, arithmetic

FILES = LESSONS / EXAM
ENOUGH = 0.7
"""The share of right answers with which it is passed."""
WORDS = range(4, 8)
"""So many words have its sentences; their translations have as many as a pass of three tokens needs at least."""
TRIES = 20
"""So often questions are drawn about a sentence before another one is taken."""
SKIP, QUIT = "skip", "quit"

Read = Callable[[str], str]


class Answered(NamedTuple):
    """A question and what was made of it: the answer as it was given, None where there is none, and what is right.

    ``text`` is the question with its numbers, ``why`` explains what is right, or the slip that a wrong answer comes of,
    and ``commands`` show it.
    """

    step: Step
    text: str
    given: str | None
    is_right: bool
    truth: str
    why: str
    commands: Sequence[str]

    @property
    def lesson(self) -> str:
        """The number of the lesson that teaches it."""
        return getattr(self.step.goal, "lesson", "")


@dataclass
class Examination:
    """One examination, of a seed; ``read`` takes the next line of the learner's.

    What is no answer is said and asked for again, unless the lines are ``final``: then it counts as wrong.
    """

    seed: int
    presenter: Presenter
    read: Read
    final: bool = False
    answered: list[Answered] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lesson = drawn(self.seed)
        self.player = Player(begin(self.lesson), self.presenter)

    def hold(self) -> None:
        """Ask every question, as long as the learner goes on; those not reached count as wrong."""
        self.player.tell(f"# {self.heading}")
        self.player.play(self.lesson.intro)
        asks = True
        for place, step in enumerate(self.lesson.steps):
            asks = asks and self._ask(place, step)
            if not asks:
                self.answered.append(self._judged(self._attempt(step), None, ()))

    @property
    def heading(self) -> str:
        """The title, with what is read."""
        told = _("{title}, seed {seed}: {text}")
        return told.format(title=self.lesson.title, seed=self.seed, text=literal(self.lesson.text))

    def _attempt(self, step: Step, *, shown: bool = False) -> Attempt:
        if shown:
            return Attempt(step, self.player.session, self.player.play(step.before))
        self.player.replay(step.before)
        return Attempt(step, self.player.session)

    def _ask(self, place: int, step: Step) -> bool:
        """Ask a question until something answers it; whether the learner goes on."""
        count = len(self.lesson.steps)
        self.player.show(Result(lambda: (), lambda: progress_bar(place, count)))
        self.player.tell(f"## {place + 1} · {step.title}")
        attempt = self._attempt(step, shown=True)
        assert attempt.question is not None
        self.player.tell(attempt.question.invitation(literal))
        self.player.pause()
        while True:
            try:
                attend(self.read, partial(self._take, attempt), lambda: len(self.answered) > place)
                return True
            except EOFError:
                if self.final or self._hands_in():
                    return False

    def _hands_in(self) -> bool:
        """Whether a learner who is about to hand in does so: by a word for yes, or Ctrl-D again."""
        left = len(self.lesson.steps) - len(self.answered)
        told = ngettext("{n} question is left. Hand in? (y/n) ", "{n} questions are left. Hand in? (y/n) ", left)
        try:
            return folded(self.read(told.format(n=left))) in YES
        except EOFError:
            return True
        except KeyboardInterrupt:
            return False

    def _take(self, attempt: Attempt, line: str) -> None:
        taken = self._taken(attempt, line)
        self.answered += [] if taken is None else [taken]

    def _taken(self, attempt: Attempt, line: str) -> Answered | None:
        """What a line comes to; None where it says nothing. Raises EOFError where the learner hands in."""
        word = understood(line).strip()
        if word == QUIT:
            raise EOFError
        if word == SKIP:
            return self._judged(attempt, None, ())
        if not word or word.startswith("#"):
            return None
        assert attempt.question is not None
        try:
            given = _given(attempt.question, line)
        except TraceError as error:
            if not self.final:
                raise
            complain(str(error))
            given = ()
        return self._judged(attempt, line, given)

    def _judged(self, attempt: Attempt, line: str | None, given: Collection[float]) -> Answered:
        question, step = attempt.question, attempt.step
        assert question is not None
        is_right = bool(given) and question.is_right(given)
        why = attempt.explanation(question, given) if given and not is_right else step.hints[-1]
        texts = [piece.text for piece in step.before if isinstance(piece, Prose)]
        text, explained = ("\n\n".join(one.filled(attempt.here, literal) for one in some) for some in (texts, [why]))
        shows = attempt.filled(step.commands)
        return Answered(step, text, line, is_right, question.shown_truth, explained, shows)

    @property
    def right(self) -> int:
        """How many answers are."""
        return sum(one.is_right for one in self.answered)

    @property
    def share(self) -> float:
        """The share of right answers."""
        return self.right / len(self.lesson.steps)

    @property
    def is_passed(self) -> bool:
        """Whether enough of them are."""
        return self.share >= ENOUGH

    def result(self) -> Result:
        """How it went."""
        return Result(lambda: _objects(self), lambda: prose("\n".join(_report(self))))


def held(seed: int, presenter: Presenter, progress: Progress) -> Examination:
    """An examination of the person at the terminal, of which it is kept how it went before the report is read."""
    exam = Examination(seed, presenter, lambda _message: "")
    exam.read = line_reader(exam.player.session, lambda: _("examination   skip: the next question   quit: hand in"))
    exam.hold()
    keep(exam, progress)
    exam.player.show(exam.result())
    return exam


def _objects(exam: Examination) -> Iterator[jsonl.Object]:
    for one in exam.answered:
        said = {"given": one.given, "right": one.is_right, "truth": one.truth, "lesson": one.lesson}
        shown = {"text": unescape(one.text), "why": unescape(one.why), "commands": one.commands}
        yield {"kind": "answered", "question": one.step.id, **said, **shown}
    yield {
        "kind": "examined",
        "seed": exam.seed,
        "text": exam.lesson.text,
        "share": exam.share,
        "passed": exam.is_passed,
    }


def _given(question: Question, line: str) -> Collection[float]:
    """An answer as numbers: a calculation in which nothing is looked up, or a word; raises `TraceError`."""
    line = line.removeprefix(f"{ANSWER} ").strip()
    return [arithmetic(line, question.here)] if question.asking.among is None else question.read(line, question.here)


def _report(exam: Examination) -> Iterator[str]:
    named = titles()
    yield f"# {exam.heading}"
    yield ""
    told = _("{right} of {count} right ({share:.0%})")
    score = told.format(right=exam.right, count=len(exam.answered), share=exam.share)
    verdict = _("passed") if exam.is_passed else _("not passed; {share:.0%} is asked for").format(share=ENOUGH)
    line = _("{score}: {verdict}").format(score=score, verdict=verdict)
    yield f"**{line}**"
    yield ""
    for number, one in enumerate(exam.answered, 1):
        verdict = _("right") if one.is_right else _("wrong")
        yield f"- {verdict} · {number} · {one.step.title}"
    yield from _explained(exam, named)
    yield ""
    yield _next_step(exam)


def _explained(exam: Examination, named: dict[str, str]) -> Iterator[str]:
    """Each question with its answer, what is right, why, what shows it, and where a wrong one is taught."""
    told = _(
        "`tx-trace -m {model} -t {text}` opens the sentence; what stands below each question shows its answer there."
    )
    yield from ("", told.format(model=exam.lesson.model, text=literal(exam.lesson.text)))
    for number, one in enumerate(exam.answered, 1):
        yield from ("", f"## {number} · {one.step.title}", "", one.text, "", _verdict(one), "", one.why, "")
        yield "\n\n".join(f"`{literal(line)}`" for line in one.commands)
        if not one.is_right:
            told = _("Read again: lesson {n}, {title} (`learn {n}`).")
            yield from ("", told.format(n=one.lesson, title=_title(one.lesson, named)))


def _verdict(one: Answered) -> str:
    if one.given is None:
        told = _("Not answered; right is **{truth}**.")
    elif one.is_right:
        told = _("{given} is right: **{truth}**.")
    else:
        told = _("{given} is wrong; right is **{truth}**.")
    return told.format(given=literal(one.given or ""), truth=literal(one.truth))


def _title(lesson: str, named: dict[str, str]) -> str:
    return next((title for name, title in named.items() if name.startswith(f"{int(lesson):02}-")), "")


def _next_step(exam: Examination) -> str:
    """What comes after it."""
    if exam.is_passed:
        return _("You have passed. `tx-trace learn exam` asks about another sentence.")
    missed = dict.fromkeys(one.lesson for one in exam.answered if not one.is_right)
    told = _("Lessons to read again: {lessons}. Then try the next sentence: `tx-trace learn exam --seed {seed}`")
    return told.format(lessons=", ".join(missed), seed=exam.seed + 1)


def drawn(seed: int) -> Lesson:
    """The examination of a seed: one question of each kind, about a sentence that the model translates as it should.

    No question can be answered by chance, or by copying what it states.
    """
    chance, lesson = Random(seed), read_lesson(_file())
    while True:
        about = replace(lesson, text=_sentence(lesson.model, chance))
        if steps := _questions(about, chance):
            return replace(about, steps=steps)


def _questions(lesson: Lesson, chance: Random) -> tuple[Step, ...]:
    """A question of each kind that is fair about a text; none at all where a kind has none in so many tries."""
    player = Player(begin(lesson), Mute(io.StringIO(), Look()))
    found: dict[str, Step | None] = dict.fromkeys(map(_kind, lesson.steps))
    for _try in range(TRIES):
        offered = list(read_lesson(_file(), chance.choice).steps)
        chance.shuffle(offered)
        for step in offered:
            if found[_kind(step)] is None and _is_fair(step, player):
                found[_kind(step)] = step
        if all(found.values()):
            return tuple(step for step in found.values() if step is not None)
    return ()


def _kind(step: Step) -> str:
    """What a question is one of."""
    return step.id.rpartition("-")[0]


def _is_fair(step: Step, player: Player) -> bool:
    player.replay(step.before)
    return is_fair(step, player.session.here)


def _file() -> Path:
    """The questions in the user's language."""
    wanted = FILES / i18n.language() / f"{EXAM}.md"
    return wanted if wanted.is_file() else FILES / i18n.LANGUAGES[0] / f"{EXAM}.md"


def _sentence(model: str, chance: Random) -> str:
    """A sentence that no lesson has, and that the model translates as the grammar does."""
    candidates = list(_candidates())
    while True:
        source, target = candidates[chance.randrange(len(candidates))]
        run = Opener(open_model(model), source.replace(" ", ""), warn=complain)(None)
        while run.goes_on:
            run.step(run.computed + 1)
        if run.text == target:
            return source.replace(" ", "")


@cache
def _candidates() -> Sequence[tuple[str, str]]:
    taught = "\n".join(path.read_text(encoding="utf-8") for path in sorted(LESSONS.glob("*/*.md")))
    long = (pair for pair in pairs() if len(pair[0].split()) in WORDS and len(pair[1].split()) in WORDS)
    return [(source, target) for source, target in long if "吗" not in source and source.replace(" ", "") not in taught]


def next_seed(progress: Progress) -> int:
    """The first seed that the learner has not been examined with."""
    taken = progress.of(EXAM).predictions
    numbers = [number for seed in taken if (number := whole_number(seed)) is not None]
    return (max(numbers, default=0) + 1) % SEEDS.stop


def keep(exam: Examination, progress: Progress) -> None:
    """Note how an examination went."""
    marks = progress.of(EXAM)
    marks.predictions[str(exam.seed)] = exam.is_passed
    marks.done = [*dict.fromkeys([*marks.done, *(one.step.id for one in exam.answered if one.is_right)])]
    marks.finished |= exam.is_passed
    progress.note(EXAM, marks)
