"""How fast tokens are decoded, beside the programs that people would otherwise use.

Decodes 64 tokens after 32 with random parameters of GPT-2 small's size, or of opus-mt's, one text at a time, in float32
with a key/value cache. Every way has a process of its own; they take turns, and the medians are printed as ratios.
The last way is NumPy's own product of a matrix and a vector over as many numbers as one token needs, in the better of
the two ways in which they can lie: what the memory gives. It takes the extra `bench`; where TransformerLens is not
installed, it is left out.

Aimed at, with everything recorded: at least 2.4 × as fast as Hugging Face's plain `generate` and 5 × as fast as
TransformerLens, recording adds at most 5 % to not recording, and 85 % of the product are reached. Where other programs
use the processor, set OPENBLAS_NUM_THREADS=1 and OMP_NUM_THREADS=1, as threads that wait for each other measure only
that.

    python benchmarks/decode.py [--model gpt2|marian] [--tokens N] [--rounds N]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.checkpoints import SIZES, write

SOURCE = list(range(100, 132))
PAUSE = 0.3
"""seconds between turns, in which the threads of the last come to rest"""

TRACED, UNTRACED = "tx-trace, recorded", "tx-trace, record=False"
PLAIN, STATES = "Hugging Face", "Hugging Face, attentions and states"
LENS, PRODUCT = "TransformerLens, run_with_cache", "matrix–vector product"
AIM = {PLAIN: 2.4, LENS: 5.0}
AIM_RECORDING, AIM_PRODUCT = 1.05, 0.85

Decode = Callable[[], Any]


def tx_trace(directory: Path, tokens: int, record: bool) -> Decode:
    """Decoding with tx-trace."""
    import tracer

    model = tracer.load(directory)
    endless = replace(model, rules=replace(model.rules, eos_ids=()))
    endless.read()
    return lambda: tracer.trace(endless, ids=SOURCE, max_tokens=tokens, cache=True, record=record)


def hugging_face(directory: Path, tokens: int, **returned: bool) -> Decode:
    """Decoding with transformers; attentions can be returned by its eager attention only."""
    import torch
    import transformers

    config = transformers.AutoConfig.from_pretrained(directory)
    kind = "AutoModelForSeq2SeqLM" if config.is_encoder_decoder else "AutoModelForCausalLM"
    attention = "eager" if returned else "sdpa"
    model = getattr(transformers, kind).from_pretrained(directory, dtype=torch.float32, attn_implementation=attention)
    model.generation_config.update(eos_token_id=None, forced_eos_token_id=None, pad_token_id=0)
    source = torch.tensor([SOURCE])
    settings = {"max_new_tokens": tokens, "do_sample": False, "num_beams": 1, "return_dict_in_generate": True}
    mask = torch.ones_like(source)
    return lambda: model.eval().generate(source, attention_mask=mask, **settings, **returned)


def transformer_lens(directory: Path, tokens: int) -> Decode:
    """Decoding with TransformerLens, every activation of every step kept in its cache until the next."""
    import torch
    from transformer_lens.model_bridge import TransformerBridge

    model = TransformerBridge.boot_transformers(str(directory), device="cpu", tokenizer=no_tokenizer(directory))
    step = partial(model.run_with_cache, return_type="logits_and_cache", use_cache=True)
    source, network = torch.tensor([SOURCE]), model.original_model

    def next_id(logits: Any) -> Any:
        return logits[:, -1:].argmax(-1)

    @torch.no_grad()
    def decode() -> None:
        (logits, past), _activations = step(source)
        for _ in range(tokens - 1):
            (logits, past), _activations = step(next_id(logits), past_key_values=past)

    @torch.no_grad()
    def decode_from_memory() -> None:
        memory, past = network.get_encoder()(source), None
        read = torch.tensor([[network.config.decoder_start_token_id]])
        for _ in range(tokens):
            (logits, past), _activations = step(
                source, decoder_input_ids=read, encoder_outputs=memory, past_key_values=past
            )
            read = next_id(logits)

    return decode_from_memory if network.config.is_encoder_decoder else decode


def no_tokenizer(directory: Path) -> Any:
    """A tokenizer that knows one piece, for a program that will not go without."""
    import tokenizers
    import transformers

    known = tokenizers.Tokenizer(tokenizers.models.WordLevel({"-": 0}, "-"))
    special = transformers.PreTrainedTokenizerFast(tokenizer_object=known, bos_token="-", eos_token="-", pad_token="-")
    special.save_pretrained(directory / "tokenizer")
    return transformers.AutoTokenizer.from_pretrained(directory / "tokenizer")


def matrix_vector(directory: Path, tokens: int) -> Decode:
    """One product a token, over as many numbers as the matrices hold that a step multiplies with."""
    import numpy as np

    import tracer
    from tracer.tensor import Parameter

    step = tracer.trace(tracer.load(directory), ids=SOURCE, max_tokens=2, cache=True).steps[-1]
    weights = [
        record.parameters["weight"] for record in step if len(record.inputs) == 1 and "weight" in record.parameters
    ]
    count = sum(weight.array.size for weight in weights if isinstance(weight, Parameter))
    matrix, vector = np.ones((count // 1024, 1024), np.float32), np.ones(1024, np.float32)

    def outputs_first() -> None:
        for _ in range(tokens):
            matrix @ vector

    def inputs_first() -> None:
        for _ in range(tokens):
            vector @ wide

    wide = matrix.reshape(1024, -1)
    return min((outputs_first, inputs_first), key=seconds_of)


def seconds_of(decode: Decode) -> float:
    """How long it takes, the first time aside."""
    decode()
    start = time.perf_counter()
    decode()
    return time.perf_counter() - start


WAYS: dict[str, Callable[[Path, int], Decode]] = {
    UNTRACED: partial(tx_trace, record=False),
    TRACED: partial(tx_trace, record=True),
    PLAIN: hugging_face,
    STATES: partial(hugging_face, output_attentions=True, output_hidden_states=True),
    LENS: transformer_lens,
    PRODUCT: matrix_vector,
}


def serve(way: str, directory: Path, tokens: int) -> None:
    """In a process of its own: decode whenever a line comes in, and write how many seconds it took."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", buffering=1)
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        decode = WAYS[way](directory, tokens)
    except ModuleNotFoundError as error:
        answers.write(f"{error}\n")
        return
    decode()
    answers.write("ready\n")
    for _line in sys.stdin:
        start = time.perf_counter()
        decode()
        answers.write(f"{time.perf_counter() - start}\n")


class Process:
    """One way of decoding, in a process of its own; ``missing`` says what keeps it from decoding, if anything does."""

    def __init__(self, way: str, model: str, tokens: int) -> None:
        command = [sys.executable, __file__, "--model", model, "--tokens", str(tokens), "--way", way]
        environ = {**os.environ, "HF_HUB_OFFLINE": "1", "TRANSFORMERS_VERBOSITY": "error", "TQDM_DISABLE": "1"}
        self._process = subprocess.Popen(command, env=environ, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        answer = self._answer()
        self.missing = None if answer == "ready" else answer or "it failed"

    def seconds(self) -> float:
        """How long one decoding takes."""
        time.sleep(PAUSE)
        assert self._process.stdin
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return float(self._answer())

    def close(self) -> None:
        """Let the process end."""
        self._process.communicate()

    def _answer(self) -> str:
        assert self._process.stdout
        return self._process.stdout.readline().strip()


def measured(model: str, tokens: int, rounds: int) -> dict[str, float]:
    """The median seconds a token of every way that is there, measured in turn."""
    processes = dict(started(model, tokens))
    times: dict[str, list[float]] = {way: [] for way in processes}
    for _ in range(rounds):
        for way, process in processes.items():
            times[way].append(process.seconds() / tokens)
    for process in processes.values():
        process.close()
    return {way: statistics.median(values) for way, values in times.items()}


def started(model: str, tokens: int) -> Iterator[tuple[str, Process]]:
    """The processes of all ways that can be had."""
    for way in WAYS:
        process = Process(way, model, tokens)
        if process.missing is None:
            yield way, process
        else:
            print(f"{way}: left out ({process.missing})", file=sys.stderr)


def report(medians: dict[str, float]) -> None:
    """Print speeds, ratios, and what they aim at."""
    for way, median in medians.items():
        ratio = medians[PLAIN] / median
        print(f"{way:36} {median * 1000:8.2f} ms/token {1 / median:8.1f} tokens/s {ratio:6.2f} × {PLAIN}")
    print()
    for other, aim in AIM.items():
        if other in medians:
            faster = medians[other] / medians[TRACED]
            print(f"recorded / {other:32} {faster:6.2f} × as fast     (aim: at least {aim:g})")
    slower = medians[TRACED] / medians[UNTRACED]
    print(f"{'recorded / not recorded':43} {slower:6.2f} × the time     (aim: at most {AIM_RECORDING:g})")
    share = medians[PRODUCT] / medians[TRACED]
    print(f"{'of the memory bandwidth of the product':43} {share:6.0%}              (aim: at least {AIM_PRODUCT:.0%})")


def main(arguments: Sequence[str]) -> None:
    """Measure and print; or, with ``--way``, be one of the processes."""
    parser = argparse.ArgumentParser(description="How fast tokens are decoded, beside other programs.")
    parser.add_argument("--model", choices=sorted(SIZES), default="gpt2")
    parser.add_argument("--tokens", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    given = parser.parse_args(arguments)
    directory = write(Path(tempfile.gettempdir()) / "tx-trace-benchmarks" / given.model, SIZES[given.model])
    if given.way:
        serve(given.way, directory, given.tokens)
    else:
        print(f"{given.model}: {given.tokens} tokens after {len(SOURCE)}, {given.rounds} rounds\n")
        report(measured(given.model, given.tokens, given.rounds))


if __name__ == "__main__":
    main(sys.argv[1:])
