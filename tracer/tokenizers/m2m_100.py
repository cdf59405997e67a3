"""M2M-100's vocabulary: SentencePiece cuts the text, vocab.json numbers pieces, and languages come after all of them.

The code of a language stands before every text (transformers: M2M100Tokenizer).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from .kind import Around
from .marian import Beside, MarianTokenizer, Side, beside_of, numbers_at, processor_at
from .mbart import Languages
from .notes import note_enclosing, note_language
from .stated import StatedTokens, Token
from .tokenizer import Encoded, Spoken, Tokenizer

NAME = "M2M100Tokenizer"

FILES = ("vocab.json", "sentencepiece.bpe.model")
TOKENS: Mapping[str, Token] = {
    "bos_token": "<s>",
    "eos_token": "</s>",
    "unk_token": "<unk>",
    "sep_token": "</s>",
    "pad_token": "<pad>",
}
LANGUAGES = (
    "af am ar ast az ba be bg bn br bs ca ceb cs cy da de el en es et fa ff fi fr fy ga gd gl gu ha he hi hr ht hu hy "
    "id ig ilo is it ja jv ka kk km kn ko lb lg ln lo lt lv mg mk ml mn mr ms my ne nl no ns oc or pa pl ps pt ro ru "
    "sd si sk sl so sq sr ss su sv sw ta th tl tn tr uk ur uz vi wo xh yi yo zh zu"
)
LANGUAGES_21 = "en ha is ja cs ru zh de"
CODES: Mapping[str, Sequence[str]] = {"m2m100": tuple(LANGUAGES.split()), "wmt21": tuple(LANGUAGES_21.split())}
USUAL_LANGUAGE = "en"


class M2M100Tokenizer(MarianTokenizer):
    """One side's pieces; ``is_target`` says which of the languages ``spoken`` this side has.

    A given output is in the language of the source where nobody names one, as transformers has it.
    """

    language: str

    def __init__(
        self, own: Side, beside: Beside, languages: Languages, spoken: Spoken, *, is_target: bool = False
    ) -> None:
        source = spoken.source or languages.usual
        self.language = spoken.target or source if is_target else source
        super().__init__(own, beside, spoken=spoken)
        self._languages, self._is_target = languages, is_target
        self.reads = self.writes = list(languages.codes)
        self.first_ids = languages.codes

    def speaking(self, spoken: Spoken) -> Tokenizer:
        chosen = spoken.over(self.spoken)
        found = M2M100Tokenizer(self._own, self._beside, self._languages, chosen, is_target=self._is_target)
        found.files = self.files
        return found

    def encode(self, text: str) -> Encoded:
        return Tokenizer.encode(self, text)

    def _ends(self) -> Around:
        return self._languages.around(self._languages.codes[self.language])

    def _pieces_of(self, part: str) -> Iterator[str]:
        if part in self._beside.ids and not self._beside.is_split:
            yield part
        else:
            yield from map(str, self._own.processor.encode(part, out_type=str))


def read_m2m_100(directory: Path, stated: StatedTokens) -> tuple[Tokenizer, Tokenizer]:
    """A directory of M2M-100: source and target.

    Raises:
        InputError: a file can't be read, the vocabulary has no unknown token or no end token, or no such language is
            known.
    """
    path, pieces = (directory / name for name in FILES)
    numbers, codes = numbers_at(path), CODES.get(stated.name("language_codes") or "", CODES["m2m100"])
    first = len(numbers)
    named = {code: first + i for i, code in enumerate(codes)}
    own = Side(processor_at(pieces), {**numbers, **{f"__{code}__": i for code, i in named.items()}})
    beside = beside_of(own.numbers, path, stated, TOKENS)
    spoken = Spoken(stated.language("src_lang", codes), stated.language("tgt_lang", codes))
    languages = Languages(named, own.numbers[beside.unknown], beside.eos, True, USUAL_LANGUAGE, False)
    source = M2M100Tokenizer(own, beside, languages, spoken)
    target = M2M100Tokenizer(own, beside, languages, spoken, is_target=True)
    note_language(source.language, target.language, named, stated)
    note_enclosing(source._ends, NAME, stated, beside.role)
    return source, target
