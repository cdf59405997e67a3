"""Reading where a cell comes from, and going on from there to where its operands come from."""

from __future__ import annotations

from dataclasses import replace

from tracer.dataclass import dataclass
from tracer.errors import TraceError
from tracer.i18n import _
from tracer.views.below import sentence

from .modes import Frame, Mode, Screen
from .reading import Reading
from .subject import Asked


@dataclass(frozen=True)
class Explaining:
    """See `Mode`. Enter goes on with the operand whose ``number`` was typed, or with the first; leaving leads back."""

    asked: Asked
    reading: Reading
    number: str = ""

    @classmethod
    def of(cls, asked: Asked, behind: Mode) -> Mode:
        """Where a cell comes from, or why that is not known, in front of another mode."""
        try:
            return cls(asked, Reading.of(asked.view, behind))
        except TraceError as error:
            return Reading.of(sentence(str(error)), behind)

    def press(self, key: str, screen: Screen) -> Mode | None:
        match key:
            case "enter":
                return self._onward()
            case "backspace":
                return replace(self, number=self.number[:-1])
            case _ if key.isascii() and key.isdigit():
                return replace(self, number=(self.number + key)[-3:])
        after = self.reading.press(key, screen)
        return replace(self, reading=after, number="") if isinstance(after, Reading) else after

    def frame(self, screen: Screen) -> Frame:
        return replace(self.reading, hint=self._hint()).frame(screen)

    def _onward(self) -> Mode:
        """Where the operand comes from; what lies behind where there is none, the same where none has the number."""
        operands = self.asked.operands
        if not operands:
            return self.reading.behind
        place = int(self.number or 1) - 1
        return Explaining.of(operands[place], self) if 0 <= place < len(operands) else replace(self, number="")

    def _hint(self) -> str:
        if not self.asked.operands:
            return ""
        return _("Enter operand ({n})   ").format(n=self.number or 1)
