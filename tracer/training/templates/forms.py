"""Forms of English words."""

from collections.abc import Callable

PLURALS = {"child": "children", "person": "people", "knife": "knives", "fish": "fish"}
STEMS = {"run": "runn", "chat": "chatt", "drive": "driv", "take": "tak", "dance": "danc", "write": "writ"}
THIRDS = {"cry": "cries", "study": "studies", "do": "does", "wash": "washes", "watch": "watches"}
OBJECTS = {"I": "me", "you": "you", "he": "him", "she": "her", "we": "us", "they": "them"}


def article(noun: str) -> str:
    """`umbrella`: an umbrella."""
    return f"{'an' if noun[0] in 'aeiou' else 'a'} {noun}"


def plural(noun: str) -> str:
    """`cup of tea`: cups of tea."""
    first, *rest = noun.split(" of ")
    ending = "es" if first.endswith(("s", "ch", "x")) else "s"
    return " of ".join([PLURALS.get(first, first + ending), *rest])


def going(action: str) -> str:
    """`take a walk`: taking a walk."""
    verb, _, rest = action.partition(" ")
    return f"{STEMS.get(verb, verb)}ing {rest}".strip()


def third(action: str) -> str:
    """`take a walk`: takes a walk."""
    verb, _, rest = action.partition(" ")
    return f"{THIRDS.get(verb, verb + 's')} {rest}".strip()


def there(counted: str) -> str:
    """`two cats`: there are two cats."""
    return f"there {'is' if counted.startswith(('a ', 'an ')) else 'are'} {counted}"


FORMS: dict[str, Callable[[str], str]] = {
    "ing": going,
    "s": third,
    "there": there,
    "a": article,
    "object": OBJECTS.__getitem__,
}
"""How the English side of a frame may write what a slot drew: `{act:ing}`."""
