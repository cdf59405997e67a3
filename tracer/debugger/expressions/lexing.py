"""From text to operands and what stands between them.

Every operand is replaced by a run of underscores of its own width, so that Python's parser sees nothing but
operators, brackets and underscores, and its columns are the user's.
"""

from __future__ import annotations

import math
import re
from dataclasses import field

from ... import addresses
from ...addresses import PATH, RUN, Address, Everywhere, Label, Selector
from ...dataclass import dataclass
from ...errors import AddressError, ExpressionError
from ...i18n import _
from ..earlier import Earlier

LONGEST = 1000
"""Characters in an expression."""
DEEPEST = 50
"""Brackets within brackets, and operations within operations."""
WILDEST = 3
"""Segments of one address that may be ``**``: matching takes exponentially longer with each."""
BITS = 1023
"""Binary digits of a whole number: what a double can still hold."""

_TEXT = r'"(?:[^"\\]|\\.)*"'
_SELECTORS = rf"""\s*\[(?:[^\]\["]|{_TEXT})*\]"""
_EARLIER = re.compile(r"(?P<name>(?P<dollars>\${1,2})(?P<count>\d*))\s*(?:\[(?P<selectors>.*)\])?", re.DOTALL)
_APART = r"(?=[\s(+-]|$)"
"""What keeps a word from running into a placeholder."""
_OPERAND = re.compile(
    rf"""
      (?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?(?![\w.]|\*\*?\.[A-Za-z_]))
    | (?P<text>{_TEXT})
    | (?P<prefix>not{_APART}|[-+(])
    | (?P<function>(?:(?:r\d{{1,9}})?@(?:\d+(?:\.\d+)?|\*):)?[A-Za-z_]\w*)(?=\s*\()
    | (?P<address>(?:{RUN})?(?:@\d+(?:\.\d+)?(?::{PATH}|:?\#\d+)?|@\*:{PATH}|\#\d+|{PATH})(?:{_SELECTORS})?)
    | (?P<earlier>\${{1,2}}\d*(?:{_SELECTORS})?)
    """,
    re.VERBOSE | re.DOTALL | re.ASCII,
)
_OPERATOR = re.compile(
    rf"(?P<infix>(?<=[\s)])(?:and|or){_APART}|\*\*|[<>=!]=|@(?!\d|\*:)|[-+*/<>,])|(?P<close>\))", re.ASCII
)
_BLANK = re.compile(r"\s*")


@dataclass(frozen=True, slots=True)
class Called:
    """A name with an opening bracket after it, and the step or steps before it, as an address has them."""

    where: Address | Everywhere

    @property
    def name(self) -> str:
        """The name alone."""
        return address_of(self.where).path


Operand = int | float | Label | Address | Everywhere | Called | Earlier


@dataclass(slots=True)
class Lexed:
    """An expression with its operands taken out.

    ``source`` is for Python's parser, ``operands`` by their column. Columns count from 1, in the text as well as in
    ``source``, which has one more bracket around it.
    """

    source: str = "("
    operands: dict[int, Operand] = field(default_factory=dict)

    @property
    def column(self) -> int:
        """The column of what comes next."""
        return len(self.source)

    def keep(self, text: str) -> None:
        """Leave a piece of the text as it is."""
        self.source += text

    def take_out(self, text: str, operand: Operand) -> None:
        """Put a placeholder where an operand stood."""
        self.operands[self.column] = operand
        self.source += "_" * len(text)


def at(column: int, problem: str) -> ExpressionError:
    """The error to raise for a problem at a column, counted from 1."""
    return ExpressionError(_("column {column}: {problem}").format(column=column, problem=problem))


def lex(text: str) -> Lexed:
    """Operands and the remainder of an expression; values and operators take turns.

    Raises:
        ExpressionError: something that is neither, an operator or a value too few, or a bracket without its partner.
    """
    if len(text) > LONGEST:
        raise ExpressionError(
            _("an expression of {n} characters is too long; {most} are allowed").format(n=len(text), most=LONGEST)
        )
    lexed = Lexed()
    opened: list[int] = []
    wants_value = True
    while _skip_blanks(lexed, text):
        wants_value = _value(lexed, text, opened) if wants_value else _operator(lexed, text, opened)
    if wants_value:
        raise at(lexed.column, _("a value is missing at the end; e.g. max(weights[h0]) > .5"))
    if opened:
        raise at(opened[-1], _("this bracket is never closed"))
    lexed.keep(")")
    return lexed


def wants_value(text: str) -> bool:
    """Whether a value may follow the beginning of an expression."""
    lexed, opened, wanted = Lexed(), list[int](), True
    try:
        while _skip_blanks(lexed, text):
            wanted = _value(lexed, text, opened) if wanted else _operator(lexed, text, opened)
    except ExpressionError:
        return False
    return wanted


def _skip_blanks(lexed: Lexed, text: str) -> bool:
    """Whether something is left after the blanks."""
    start = lexed.column - 1
    blank = _BLANK.match(text, start)
    assert blank is not None
    lexed.keep(" " * (blank.end() - start))
    return blank.end() < len(text)


def _value(lexed: Lexed, text: str, opened: list[int]) -> bool:
    """Read a value, or what may stand before one; whether a value is still wanted."""
    start = lexed.column - 1
    match = _OPERAND.match(text, start)
    if match is None:
        return _closes_at_once(lexed, text, opened)
    found = match[0]
    match match.lastgroup:
        case "prefix":
            if found == "(":
                _open(lexed.column, opened)
            lexed.keep(found)
            return True
        case "function":
            lexed.take_out(found, Called(addresses.parse_anywhere(found)))
            return _bracket_of_call(lexed, text, opened)
        case "number":
            lexed.take_out(found, _number(found, lexed.column))
        case "text":
            lexed.take_out(found, _label(found))
        case "earlier":
            lexed.take_out(found, earlier(found, lexed.column))
        case _:
            lexed.take_out(found, _address(found, lexed.column))
    return False


def _bracket_of_call(lexed: Lexed, text: str, opened: list[int]) -> bool:
    _skip_blanks(lexed, text)
    _open(lexed.column, opened)
    lexed.keep("(")
    return True


def _closes_at_once(lexed: Lexed, text: str, opened: list[int]) -> bool:
    """``f()`` alone has a closing bracket where a value is wanted."""
    start = lexed.column - 1
    if text[start] == ")" and opened and lexed.source.rstrip().endswith("("):
        return _operator(lexed, text, opened)
    raise at(lexed.column, _instead_of_value(text[start]))


def _operator(lexed: Lexed, text: str, opened: list[int]) -> bool:
    """Read an operator or a closing bracket; whether a value is wanted after it."""
    start = lexed.column - 1
    match = _OPERATOR.match(text, start)
    if match is None:
        raise at(lexed.column, _instead_of_operator(text[start:]))
    if match["close"]:
        if not opened:
            raise at(lexed.column, _("this bracket was never opened"))
        opened.pop()
    lexed.keep(match[0])
    return match["infix"] is not None


def _open(column: int, opened: list[int]) -> None:
    opened.append(column)
    if len(opened) > DEEPEST:
        raise at(column, _("more than {n} brackets within one another").format(n=DEEPEST))


def _number(text: str, column: int) -> int | float:
    number = int(text) if text.isdigit() else float(text)
    if number == math.inf or (isinstance(number, int) and number.bit_length() > BITS):
        raise at(column, _("this number is too large"))
    return number


def _label(text: str) -> Label:
    (label,) = addresses.parse_selectors(text)
    assert isinstance(label, Label)
    return label


def earlier(text: str, column: int = 1) -> Earlier:
    """``$3``, ``$`` or ``$$2``, with selectors perhaps, as what it stands for; raises ExpressionError for others."""
    match = _EARLIER.fullmatch(text)
    assert match is not None
    count = int(match["count"][:9]) if match["count"] else None
    selectors = _selectors(match["selectors"] or "", column)
    if match["dollars"] == "$":
        return Earlier(match["name"], count, 0, selectors)
    return Earlier(match["name"], None, 1 if count is None else count, selectors)


def _selectors(text: str, column: int) -> tuple[Selector, ...]:
    try:
        return addresses.parse_selectors(text)
    except AddressError as error:
        raise at(column, str(error)) from error


def address_of(operand: Address | Everywhere) -> Address:
    """The address itself of one in every step."""
    return operand.address if isinstance(operand, Everywhere) else operand


def _address(text: str, column: int) -> Address | Everywhere:
    try:
        operand = addresses.parse_anywhere(text)
    except AddressError as error:
        raise at(column, str(error)) from error
    address = address_of(operand)
    if not address.path and address.record is None:
        raise at(column, _("{step} is a step; name a tensor in it, e.g. {step}:logits").format(step=text))
    if address.path.split(".").count("**") > WILDEST:
        raise at(column, _("at most {n} segments of an address may be **").format(n=WILDEST))
    return operand


def _instead_of_value(character: str) -> str:
    if character == "[":
        return _("brackets hold selectors and follow an address; there are no lists")
    if character == "'":
        return _('text stands in double quotes, "like this"')
    if character == '"':
        return _("this text is never closed")
    return _("a value was expected here, not {character}").format(character=repr(character))


def _instead_of_operator(rest: str) -> str:
    if rest.startswith("["):
        return _("brackets hold selectors, follow an address and end with ]")
    if rest.startswith("="):
        return _("nothing can be set here; == compares")
    if rest.startswith("^"):
        return _("a power is written **, as in 2 ** 3")
    found = _OPERAND.match(rest)
    return _("an operator is missing before {text}").format(text=repr(found[0] if found else rest[0]))
