"""mBART's vocabularies, the code of a language before a text or after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import tokenizers
from tokenizers import AddedToken, Regex, normalizers, pre_tokenizers

from ..namedtuple import NamedTuple
from .hub import HubTokenizer
from .kind import Around, Kind, usual_extra
from .library import normalizer_of
from .metaspace import BLANK, FAIRSEQ, FAIRSEQ_FILES, FAIRSEQ_UNKNOWN, fairseq_order, unigram
from .stated import StatedTokens, Token
from .tokenizer import Spoken, Tokenizer
from .vocabulary import Vocabulary

LANGUAGES = (
    "ar_AR cs_CZ de_DE en_XX es_XX et_EE fi_FI fr_XX gu_IN hi_IN it_IT ja_XX kk_KZ ko_KR lt_LT lv_LV my_MM ne_NP "
    "nl_XX ro_RO ru_RU si_LK tr_TR vi_VN zh_CN"
)
LANGUAGES_50 = (
    "af_ZA az_AZ bn_IN fa_IR he_IL hr_HR id_ID ka_GE km_KH mk_MK ml_IN mn_MN mr_IN pl_PL ps_AF pt_XX sv_SE sw_KE "
    "ta_IN te_IN th_TH tl_XX uk_UA ur_PK xh_ZA gl_ES sl_SI"
)
CODES = tuple(LANGUAGES.split())
CODES_50 = (*CODES, *LANGUAGES_50.split())


class Languages(NamedTuple):
    """The codes of some languages with their ids, what stands for others, the end, and whether codes precede texts.

    ``usual`` is the language of a source where nobody names one; ``starts`` as in `Kind`.
    """

    codes: Mapping[str, int]
    unknown: int
    eos: int
    code_first: bool
    usual: str
    starts: bool

    def around(self, code: int) -> Around:
        """The ids before and after a text in the language of a code."""
        return ([code], [self.eos]) if self.code_first else ([], [self.eos, code])


class MBartTokenizer(HubTokenizer):
    """One side's pieces, the code of its language among the ids around a text.

    ``is_target`` says which of the languages ``spoken`` this side has. A given output is in the language of the source
    where nobody names one, as transformers has it.
    """

    language: str

    def __init__(
        self,
        inner: tokenizers.Tokenizer,
        languages: Languages,
        spoken: Spoken,
        *,
        is_target: bool = False,
        cleans: bool = False,
    ) -> None:
        source = spoken.source or languages.usual
        self.language = spoken.target or source if is_target else source
        code = languages.codes.get(self.language, languages.unknown)
        super().__init__(inner, languages.around(code), cleans=cleans)
        self._languages, self._is_target = languages, is_target
        self.spoken = spoken
        self.reads = self.writes = list(languages.codes)
        self.first_ids = languages.codes
        self.start_id = self._ends()[1][-1] if languages.starts else None

    def speaking(self, spoken: Spoken) -> Tokenizer:
        chosen = spoken.over(self.spoken)
        options = {"is_target": self._is_target, "cleans": self._cleans}
        found = MBartTokenizer(self._inner, self._languages, chosen, **options)
        found.files = self.files
        return found


def _mbart(vocabulary: Vocabulary, _stated: StatedTokens) -> tokenizers.Tokenizer:
    return unigram(vocabulary, FAIRSEQ_UNKNOWN)


def _mbart50(vocabulary: Vocabulary, stated: StatedTokens) -> tokenizers.Tokenizer:
    if not any(code in vocabulary.ids for code in CODES_50):
        vocabulary = fairseq_order(vocabulary, stated, CODES_50, "cls_token")
    inner = unigram(vocabulary, FAIRSEQ_UNKNOWN)
    steps = [normalizer_of(vocabulary.charsmap)] if vocabulary.charsmap is not None else []
    inner.normalizer = normalizers.Sequence([*steps, normalizers.Replace(Regex(r" {2,}"), " ")])
    inner.pre_tokenizer = pre_tokenizers.Metaspace(replacement=BLANK, prepend_scheme="always", split=True)
    return inner


def _extra(codes: Sequence[str], vocabulary: Vocabulary, stated: StatedTokens) -> Sequence[Token]:
    return [*codes, *(token for token in usual_extra(vocabulary, stated) if token not in codes)]


def _extra50(vocabulary: Vocabulary, stated: StatedTokens) -> Sequence[Token]:
    return [*usual_extra(vocabulary, stated), *CODES_50]


def masked(roles: dict[str, Token]) -> dict[str, Token]:
    """The mask takes the blanks before it, unless it is stated with its properties."""
    mask = roles.get("mask_token")
    return roles | ({"mask_token": AddedToken(mask, lstrip=True)} if isinstance(mask, str) else {})


MBART = Kind(
    "MBartTokenizer",
    _mbart,
    FAIRSEQ,
    finish=masked,
    extra=partial(_extra, CODES),
    reorder=partial(fairseq_order, codes=CODES),
    files=FAIRSEQ_FILES,
    codes=CODES,
)
MBART50 = Kind(
    "MBart50Tokenizer",
    _mbart50,
    FAIRSEQ,
    finish=masked,
    extra=_extra50,
    reorder=partial(fairseq_order, codes=CODES_50, begin="cls_token"),
    files=FAIRSEQ_FILES,
    codes=CODES_50,
    code_first=True,
)
