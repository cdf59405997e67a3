"""An edit at every place in turn, in every sentence: the effect of each, a row a sentence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ..addresses import Address
from ..dataclass import dataclass
from ..debugger.cursor import Cursor
from ..debugger.locations import Here
from ..decoding.settings import Settings
from ..errors import TraceError
from ..sweeps import EFFECT, NORMALISED, begun
from .asking import Asked, Opened, Row, reason
from .columns import NOWHERE, Columns, Meaning
from .sentences import Sentence


@dataclass(frozen=True)
class Effects:
    """A sweep as it is typed: an act, the places it is done at, a measure, and where that is taken."""

    act: str
    over: tuple[str, ...]
    measure: str
    at: Address | None = None

    @property
    def told(self) -> Mapping[str, Any]:
        """What a table says of itself."""
        sweep = f"{self.act} over {' '.join(self.over)} measure {self.measure}"
        return {"expressions": {EFFECT: sweep, NORMALISED: sweep}, "sweep": sweep}

    def ask(self, sentence: Sentence, opened: Opened, settings: Settings, *, ids: bool, into: Columns) -> None:
        """Take in the effects in a sentence; where there are none, why."""
        row = Row({"sentence": sentence.number, "run": 0}, {"text": sentence.text, "target": sentence.target})
        try:
            run = Asked((), ids=ids, settings=settings).traced(sentence, opened)
            here = Here(run, Cursor(run.first, 0), runs={0: run})
            sweep = begun(run, self.act, self.over, self.measure, here, self.at)
            for _done in sweep.steps():
                pass
        except (TraceError, MemoryError) as error:
            row.put(into, [NOWHERE], [None], error=reason(error))
            return
        effects = sweep.normalised if sweep.is_normalised else sweep.effects
        name = NORMALISED if sweep.is_normalised else EFFECT
        meanings = [Meaning(name, (("place", str(place)),)) for place in sweep.places.addresses]
        into.mean(meanings)
        row = row.beside(step=sweep.here.step, address=sweep.here.record.address if sweep.here.record else None)
        row.put(into, [NOWHERE], [sweep.here.token], _alone([meaning.name for meaning in meanings], effects))


def _alone(names: Sequence[str], values: Sequence[float]) -> Mapping[str, Sequence[float]]:
    """Columns of one row."""
    return {name: [value] for name, value in zip(names, values, strict=True)}
