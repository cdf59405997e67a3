"""Reading `generation_config.json` as transformers' generation takes it; `config.json` where there is none."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..decisions import DECODING
from ..i18n import N_, _
from ..outward import short
from . import generation_config
from .generation_config import LIMITS, STRATEGIES, UNFOLLOWED
from .rules import Rules
from .settings import DECLARED

if TYPE_CHECKING:
    from ..models.stated import Stated

START, BEGIN, END = "decoder_start_token_id", "bos_token_id", "eos_token_id"
UNASKED = {"forced_eos_token_id", "use_cache"}
"""What transformers writes into `config.json` though nobody decided it."""

STARTED_BY_BOS = N_("{file} states no decoder_start_token_id: bos_token_id, {id}, begins the output")
STARTED_ELSEWHERE = N_(
    "{file} states neither decoder_start_token_id nor bos_token_id: {key} of config.json, {id}, begins the output, "
    "where transformers refuses"
)
STARTED_BY_DEFAULT = N_(
    "{file} states neither decoder_start_token_id nor bos_token_id: the family's default, {id}, begins the output, "
    "where transformers refuses"
)


def read_rules(stated: Stated) -> Rules:
    """What is stated, but for the start token and padding, which not every decoder has.

    Raises:
        InputError: something in it makes no sense.
    """
    eos_ids = _end_ids(stated)
    _check(stated)
    _say_what_is_followed(stated)
    _say_what_is_not_followed(stated)
    return Rules(
        start_id=None,
        eos_ids=eos_ids,
        forced_bos=_forced_bos(stated),
        forced_eos=_forced_eos(stated),
        suppressed=stated.tokens("suppress_tokens"),
        suppressed_first=stated.tokens("begin_suppress_tokens"),
        bad_words=tuple(word for word in stated.words("bad_words_ids") if word not in [(eos,) for eos in eos_ids]),
        no_repeat_ngram=stated.count("no_repeat_ngram_size", 0),
        no_source_ngram=stated.count("encoder_no_repeat_ngram_size", 0),
        min_length=stated.count("min_length", 0),
        min_new_tokens=stated.count("min_new_tokens", None),
        renormalise=stated.flag("renormalize_logits", False),
        biases=stated.biases("sequence_bias"),
        decay=stated.decay("exponential_decay_length_penalty"),
        repetition=stated.number("repetition_penalty", 1.0),
        source_repetition=stated.number("encoder_repetition_penalty", 1.0),
        max_length=stated.count("max_length", None),
        max_new_tokens=_max_new_tokens(stated),
        stated=generation_config.effective(stated.get),
    )


def overruled(configuration: Mapping[str, Any], generation: Mapping[str, Any]) -> list[str]:
    """What `config.json` states of decoding where `generation_config.json` counts, which states something else."""
    found = generation_config.effective(configuration.get)
    found |= {key: configuration[key] for key in (START, END, *LIMITS) if configuration.get(key) is not None}
    differing = (key for key, value in found.items() if not _is_within(value, generation.get(key)))
    return [f"{key}={short(found[key])}" for key in differing if key not in UNASKED]


def _is_within(value: Any, other: Any) -> bool:
    """Whether two statements agree: of several end tokens, each file may state some."""
    return value == other or value in (other if isinstance(other, list) else ())


def start_id(stated: Stated, default: int | None) -> int | None:
    """What the decoder reads first: the token stated for that, else the first of a text, else the family's default.

    In transformers, `config.json` has no say in it beside `generation_config.json`, and a family has no default.
    """
    named = {"file": _file(stated, END)}
    for key in (START, BEGIN):
        if ids := stated.tokens(key):
            stated.insist(len(ids) == 1, key, _("one token id"))
            if stated.file_of(key) != stated.file_of(END):
                stated.decisions.note(DECODING, STARTED_ELSEWHERE.format(**named, key=key, id=ids[0]))
            elif key == BEGIN:
                stated.decisions.take(DECODING, STARTED_BY_BOS.format(**named, id=ids[0]))
            return ids[0]
    if default is not None:
        stated.decisions.note(DECODING, STARTED_BY_DEFAULT.format(**named, id=default))
    return default


def _end_ids(stated: Stated) -> tuple[int, ...]:
    """What ends an output; a negative id is that of no token."""
    ids = stated.ends(END)
    if not ids:
        told = N_("{file} states no eos_token_id: an output ends at its limit alone")
        stated.decisions.note(DECODING, told.format(file=_file(stated, END)))
    return ids


def pad_id(stated: Stated) -> int | None:
    """The padding that `generate` finds in a prompt by its id; some configurations have −1 for none."""
    pad = stated.get("pad_token_id")
    return pad if type(pad) is int and pad >= 0 else None


def _forced_bos(stated: Stated) -> int | None:
    """The first token chosen, if it is forced, as configurations before there was a key for that state it too."""
    earlier = stated.get("_from_model_config") and stated.flag("force_bos_token_to_be_generated", False)
    token: int | None = stated.token(BEGIN if earlier else "forced_bos_token_id", None)
    return token


def _forced_eos(stated: Stated) -> int | None:
    """The last token, if it is forced: of several, all as likely then, the first."""
    ids = stated.tokens("forced_eos_token_id")
    if len(ids) > 1:
        told = N_("{file} forces one of {ids} at the end, all as likely: {id} is taken")
        stated.decisions.note(DECODING, told.format(file=_file(stated, END), ids=", ".join(map(str, ids)), id=min(ids)))
    return min(ids, default=None)


def _max_new_tokens(stated: Stated) -> int | None:
    return stated.size("max_new_tokens") if stated.get("max_new_tokens") is not None else None


def _check(stated: Stated) -> None:
    """Refuse what transformers refuses: a word for when a beam search stops, a token both forced and suppressed."""
    stopping = DECLARED["early_stopping"]
    stated.insist(stopping.takes(stated.get("early_stopping")), "early_stopping", " / ".join(stopping.domain.words))
    for key in ("forced_bos_token_id", "forced_eos_token_id"):
        forced, suppressed = set(stated.tokens(key)), set(stated.tokens("suppress_tokens"))
        stated.insist(not forced or not forced <= suppressed, key, _("a token that is not in suppress_tokens"))


def _say_what_is_followed(stated: Stated) -> None:
    """Tell of the strategy that holds where nothing else is asked."""
    found = generation_config.effective(stated.get)
    for key in (key for key in STRATEGIES if key in found):
        told = N_("{file} states {key}={value}: that is the strategy unless another is asked for")
        return stated.decisions.take(DECODING, told.format(file=_file(stated, key), key=key, value=short(found[key])))
    return None


def _say_what_is_not_followed(stated: Stated) -> None:
    """Note what no strategy follows."""
    found = generation_config.effective(stated.get)
    for key in (key for key, row in UNFOLLOWED.items() if not row.strategy and key in found):
        told = N_("{file} states {key}={value}, which is not followed")
        stated.decisions.note(DECODING, told.format(file=_file(stated, key), key=key, value=short(found[key])))


def _file(stated: Stated, key: str) -> str:
    """The name of the file that states a value, or would."""
    return Path(stated.file_of(key)).name
