"""A small Chinese-English grammar and every pair of sentences it makes: the training data of `zh-en-tiny`.

``python -m tracer.training.grammar > pairs.tsv`` writes them, Chinese words with blanks between them.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain, product
from typing import Literal, NamedTuple

from .pairs import Pair

Tense = Literal["present", "past", "future"]


class Phrase(NamedTuple):
    """The same words in both languages."""

    chinese: str = ""
    english: str = ""


class Person(NamedTuple):
    """A pronoun; its Chinese serves as subject and object, and with 的 as possessive."""

    chinese: str
    subject: str
    object: str
    possessive: str
    be: str


class Noun(NamedTuple):
    """A noun; one without a measure word isn't counted and has no singular here."""

    chinese: str
    plural: str
    singular: str = ""
    measure: str = ""


class Verb(NamedTuple):
    """A verb with its English forms, and its Chinese negation in the present."""

    chinese: str
    base: str
    third: str
    past: str = ""
    negation: str = "不"


class Place(NamedTuple):
    """Where one goes ``to`` and acts ``at``."""

    chinese: str
    to: str
    at: str


class Time(NamedTuple):
    """A time with the tense it asks for."""

    chinese: str
    english: str
    tense: Tense


PERSONS = [
    Person("我", "i", "me", "my", "am"),
    Person("你", "you", "you", "your", "are"),
    Person("他", "he", "him", "his", "is"),
    Person("她", "she", "her", "her", "is"),
    Person("我们", "we", "us", "our", "are"),
    Person("他们", "they", "them", "their", "are"),
]

BOOK = Noun("书", "books", "a book", "本")
CAT = Noun("猫", "cats", "a cat", "只")
DOG = Noun("狗", "dogs", "a dog", "只")
APPLE = Noun("苹果", "apples", "an apple", "个")
TEA = Noun("茶", "tea")
NOUNS = [BOOK, CAT, DOG, APPLE, TEA]
NUMBERS = [Phrase("两", "two"), Phrase("三", "three")]
QUALITIES = [Phrase("大", "big"), Phrase("小", "small"), Phrase("漂亮", "beautiful")]

BEIJING = Place("北京", "to beijing", "in beijing")
SHANGHAI = Place("上海", "to shanghai", "in shanghai")
SCHOOL = Place("学校", "to school", "at school")
PARK = Place("公园", "to the park", "in the park")
HOME = Place("家", "home", "at home")
PLACES = [BEIJING, SHANGHAI, SCHOOL, PARK, HOME]
DESTINATIONS = [BEIJING, SHANGHAI, SCHOOL, PARK]
CITIES = [Phrase("北京", "beijing"), Phrase("上海", "shanghai")]

TIMES = [
    Time("", "", "present"),
    Time("", "", "past"),
    Time("昨天", "yesterday", "past"),
    Time("今天", "today", "past"),
    Time("今天", "today", "future"),
    Time("明天", "tomorrow", "future"),
    Time("每天", "every day", "present"),
]
ALWAYS, *_, DAILY = TIMES
NOWHERE = Phrase()
TODAY = Time("今天", "today", "present")

FEELINGS = [Verb("爱", "love", "loves"), Verb("喜欢", "like", "likes")]
HAVE = Verb("有", "have", "has", negation="没")
GO = Verb("去", "go", "goes", "went")
ACTIONS = [
    (Verb("买", "buy", "buys", "bought"), NOUNS, [BEIJING, SHANGHAI]),
    (Verb("吃", "eat", "eats", "ate"), [APPLE], [HOME, SCHOOL, PARK]),
    (Verb("看", "read", "reads", "read"), [BOOK], [HOME, SCHOOL, PARK]),
    (Verb("喝", "drink", "drinks", "drank"), [TEA], [HOME, SCHOOL, PARK]),
]


@dataclass(frozen=True)
class Clause:
    """Who does what, where and when; Chinese says where and when before the verb, English at the end."""

    who: Person
    verb: Verb
    what: Phrase
    where: Phrase = NOWHERE
    when: Time = ALWAYS

    def statement(self) -> Pair:
        """他 昨天 去 了 北京: he went to beijing yesterday."""
        return self._chinese(), self._english(self.who.subject, self._finite())

    def negation(self) -> Pair:
        """他 昨天 没 去 北京: he did not go to beijing yesterday."""
        particle = "没" if self.when.tense == "past" else self.verb.negation
        return self._chinese(particle), self._english(self.who.subject, self._auxiliary(), "not", self.verb.base)

    def question(self) -> Pair:
        """他 昨天 去 了 北京 吗 ？: did he go to beijing yesterday?"""
        english = self._english(self._auxiliary(), self.who.subject, self.verb.base)
        return join(self._chinese(), "吗 ？"), english + "?"

    def _chinese(self, particle: str = "") -> str:
        done = "了" if self.when.tense == "past" and not particle else ""
        before = join(self.who.chinese, self.when.chinese, particle, self.where.chinese)
        return join(before, self.verb.chinese, done, self.what.chinese)

    def _english(self, *verb: str) -> str:
        return join(*verb, self.what.english, self.where.english, self.when.english)

    def _third(self) -> bool:
        return self.who.be == "is"

    def _finite(self) -> str:
        present = self.verb.third if self._third() else self.verb.base
        return {"present": present, "past": self.verb.past, "future": f"will {self.verb.base}"}[self.when.tense]

    def _auxiliary(self) -> str:
        return {"present": "does" if self._third() else "do", "past": "did", "future": "will"}[self.when.tense]


def pairs() -> Iterator[Pair]:
    """Every pair of the grammar, always in the same order; no Chinese sentence comes twice."""
    return chain(actions(), with_unmarked(chain(journeys(), feelings(), possessions(), descriptions())))


def actions() -> Iterator[Pair]:
    """我 明天 在 家 看 书: i will read books at home tomorrow."""
    for verb, nouns, places in ACTIONS:
        settings = [NOWHERE, *(Phrase(f"在 {place.chinese}", place.at) for place in places)]
        for who, noun, where, when in product(PERSONS, nouns, settings, TIMES):
            yield from all_forms(Clause(who, verb, some(noun), where, when))
            for what in counted(noun):
                yield from positive_forms(Clause(who, verb, what, where, when))


def journeys() -> Iterator[Pair]:
    """他 昨天 去 了 北京: he went to beijing yesterday."""
    for who, place, when in product(PERSONS, DESTINATIONS, TIMES):
        yield from all_forms(Clause(who, GO, Phrase(place.chinese, place.to), when=when))


def feelings() -> Iterator[Pair]:
    """我 爱 你: i love you."""
    owned = [owned_by(owner, noun) for owner, noun in product(PERSONS, NOUNS)]
    for who, verb in product(PERSONS, FEELINGS):
        others = [Phrase(other.chinese, other.object) for other in PERSONS if other != who]
        for what in chain(others, map(some, NOUNS), owned, CITIES):
            yield from all_forms(Clause(who, verb, what))


def possessions() -> Iterator[Pair]:
    """我 有 三 只 猫: i have three cats."""
    for who, noun in product(PERSONS, NOUNS):
        yield from all_forms(Clause(who, HAVE, some(noun)))
        for what in counted(noun):
            yield from positive_forms(Clause(who, HAVE, what))


def descriptions() -> Iterator[Pair]:
    """我 的 猫 很 大: my cat is big; 他 今天 在 家: he is at home today."""
    for who, when in product(PERSONS, [ALWAYS, TODAY]):
        person = Phrase(who.chinese, who.subject)
        for place in PLACES:
            yield from judgements(person, who.be, Phrase(f"在 {place.chinese}", place.at), when)
        for quality in QUALITIES:
            yield from judgements(person, who.be, quality, when, "很")
            for noun in filter(lambda noun: noun.measure, NOUNS):
                yield from judgements(owned_by(who, noun), "is", quality, when, "很")


def judgements(what: Phrase, be: str, how: Phrase, when: Time, very: str = "") -> Iterator[Pair]:
    """What something is, or where: stated, denied and asked; 很 goes untranslated."""
    topic, english = join(what.chinese, when.chinese), join(how.english, when.english)
    yield join(topic, very, how.chinese), join(what.english, be, english)
    yield join(topic, "不", how.chinese), join(what.english, be, "not", english)
    yield join(topic, how.chinese, "吗 ？"), join(be, what.english, english) + "?"


def with_unmarked(sentences: Iterable[Pair]) -> Iterator[Pair]:
    """The pairs, and every question again without ？: 吗 alone makes it one."""
    for chinese, english in sentences:
        yield chinese, english
        if chinese.endswith(" ？"):
            yield chinese.removesuffix(" ？"), english


def all_forms(clause: Clause) -> Iterator[Pair]:
    """Statement, question and negation; what happens every day isn't denied."""
    yield from positive_forms(clause)
    if clause.when != DAILY:
        yield clause.negation()


def positive_forms(clause: Clause) -> Iterator[Pair]:
    """Statement and question."""
    yield clause.statement()
    yield clause.question()


def some(noun: Noun) -> Phrase:
    """书: books."""
    return Phrase(noun.chinese, noun.plural)


def counted(noun: Noun) -> Iterator[Phrase]:
    """一 本 书: a book; 两 本 书: two books; nothing of a noun that isn't counted."""
    if noun.measure:
        yield Phrase(join("一", noun.measure, noun.chinese), noun.singular)
        for number in NUMBERS:
            yield Phrase(join(number.chinese, noun.measure, noun.chinese), join(number.english, noun.plural))


def owned_by(owner: Person, noun: Noun) -> Phrase:
    """我 的 猫: my cat."""
    bare = noun.singular.split()[-1] if noun.measure else noun.plural
    return Phrase(join(owner.chinese, "的", noun.chinese), join(owner.possessive, bare))


def join(*parts: str) -> str:
    """The parts that aren't empty, with blanks between them."""
    return " ".join(filter(None, parts))


if __name__ == "__main__":
    for chinese, english in pairs():
        print(chinese, english, sep="\t")
