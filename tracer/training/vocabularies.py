"""Tokenizers made from the training sentences, with the `tokenizers` library."""

import math
import re
from collections import Counter
from collections.abc import Iterable

from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

PAD, BOS, EOS, UNK = SPECIAL = ["<pad>", "<s>", "</s>", "<unk>"]


def _word_level(counts: Counter[str], at_least: int) -> Tokenizer:
    kept = [piece for piece, n in sorted(counts.items(), key=lambda item: (-item[1], item[0])) if n >= at_least]
    vocabulary = {piece: i for i, piece in enumerate(SPECIAL + kept)}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=UNK))
    tokenizer.add_special_tokens(SPECIAL)
    return tokenizer


def characters(sentences: Iterable[str], at_least: int = 2) -> Tokenizer:
    """One token a character, blanks dropped, `</s>` appended; one seen fewer than ``at_least`` times is `<unk>`."""
    counts = Counter(char for sentence in sentences for char in sentence if not char.isspace())
    tokenizer = _word_level(counts, at_least)
    tokenizer.normalizer = normalizers.Replace(Regex(r"\s+"), "")
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(r"."), "isolated")
    tokenizer.decoder = decoders.Fuse()
    return _ending(tokenizer)


def pieces(sentences: Iterable[str], words: Iterable[str], at_least: int = 2) -> Tokenizer:
    """Characters and ``words``, in whatever cut is likeliest by how often they are seen; `</s>` appended.

    Blanks are dropped, and half-width `?`, `!`, `,` are read as `？`, `！`, `，`. What is seen fewer than ``at_least``
    times is `<unk>`.
    """
    text = "\n".join(sentences)
    seen = {piece: text.count(piece) for piece in {*text, *words} if not piece.isspace()}
    counts = {piece: n for piece, n in seen.items() if n >= at_least}
    total = sum(counts.values())
    scores = [(piece, math.log(n / total)) for piece, n in sorted(counts.items(), key=lambda item: (-item[1], item[0]))]
    tokenizer = Tokenizer(models.Unigram([(name, 0.0) for name in SPECIAL] + scores, SPECIAL.index(UNK), False))
    tokenizer.add_special_tokens(SPECIAL)
    wide = [normalizers.Replace(narrow, wide) for narrow, wide in zip("?!,", "？！，", strict=True)]
    tokenizer.normalizer = normalizers.Sequence([normalizers.Replace(Regex(r"\s+"), ""), *wide])
    characters = re.escape("".join(sorted(set("".join(counts)))))
    tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(f"[^{characters}]"), "isolated")
    tokenizer.decoder = decoders.Fuse()
    return _ending(tokenizer)


def words(sentences: Iterable[str], *, spaced: bool) -> Tokenizer:
    """One token a word between blanks, `</s>` appended; an unknown word is `<unk>`.

    ``spaced`` text is written with blanks: its pieces carry `▁`, and `?` follows a word without one. Of other text
    blanks and full stops are dropped, `?` is read as `？`, the segmentation with the fewest words is found again, and
    each character that occurs in no word is an `<unk>` of its own (the Unigram model alone would join neighbours).
    """
    written = list(sentences)
    known = _spaced() if spaced else pre_tokenizers.WhitespaceSplit()
    counts = Counter(word for sentence in written for word, _ in known.pre_tokenize_str(sentence))
    pieces = SPECIAL + sorted(counts, key=lambda word: (-counts[word], word))
    tokenizer = Tokenizer(models.Unigram([(piece, -1.0) for piece in pieces], SPECIAL.index(UNK), False))
    tokenizer.add_special_tokens(SPECIAL)
    tokenizer.pre_tokenizer, tokenizer.decoder = known, decoders.Metaspace(prepend_scheme="always")
    if not spaced:
        characters = "".join(sorted(set("".join(counts))))
        dropped, wide = normalizers.Replace(Regex(r"[\s.。]+"), ""), normalizers.Replace("?", "？")
        tokenizer.normalizer = normalizers.Sequence([dropped, wide])
        tokenizer.pre_tokenizer = pre_tokenizers.Split(Regex(f"[^{re.escape(characters)}]"), "isolated")
        tokenizer.decoder = decoders.Fuse()
    return _ending(tokenizer)


def byte_pairs(sentences: Iterable[str], size: int) -> Tokenizer:
    """``size`` byte-pair pieces (Sennrich et al. 2016), figures one by one, `</s>` appended.

    `▁` stands for the blank before a word.
    """
    tokenizer = Tokenizer(models.BPE(unk_token=UNK))
    figures_apart(tokenizer).decoder = decoders.Metaspace(prepend_scheme="always")
    trainer = trainers.BpeTrainer(vocab_size=size, special_tokens=SPECIAL, show_progress=False, min_frequency=2)
    tokenizer.train_from_iterator(sentences, trainer)
    return _ending(tokenizer)


def figures_apart(tokenizer: Tokenizer) -> Tokenizer:
    """The same byte-pair pieces, each figure on its own."""
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence([_spaced(), pre_tokenizers.Digits(individual_digits=True)])
    return tokenizer


def _spaced() -> pre_tokenizers.PreTokenizer:
    metaspace, punctuation = pre_tokenizers.Metaspace(prepend_scheme="always"), pre_tokenizers.Punctuation("isolated")
    return pre_tokenizers.Sequence([metaspace, punctuation])


def _ending(tokenizer: Tokenizer) -> Tokenizer:
    end = tokenizer.token_to_id(EOS)
    tokenizer.post_processor = processors.TemplateProcessing(single=f"$A {EOS}", special_tokens=[(EOS, end)])
    return tokenizer
