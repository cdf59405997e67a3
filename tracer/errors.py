"""What can go wrong, each with one clear sentence: what, where, what was expected, what to do."""


class TraceError(Exception):
    """Anything tx-trace can't do with what it was given; the message is for the user."""


class InputError(TraceError):
    """A text, file, checkpoint or option that can't be used."""


class AddressError(TraceError):
    """An address that does not parse, or names nothing or too much."""


class SelectorError(AddressError):
    """A selector that fits no place on its axis."""


class ExpectationError(TraceError):
    """An ``expect`` or ``verify`` that did not hold."""


class ExpressionError(TraceError):
    """An expression that can't be read, or can't be worked out where it was asked."""
