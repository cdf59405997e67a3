"""What is likely at a position of an encoder, where nothing follows."""

import json
import shutil
from pathlib import Path

import pytest
from safetensors.numpy import load_file, save_file
from transcript import lines

BERT = Path(__file__).parents[1] / "fixtures" / "bert"
WORDS = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "the", "cat")


@pytest.fixture
def bert(tmp_path):
    """BERT's fixture, with words."""
    shutil.copytree(BERT, tmp_path / "bert")
    words = [*WORDS, *(f"w{i}" for i in range(len(WORDS), 80))]
    (tmp_path / "bert" / "vocab.txt").write_text("\n".join(words), encoding="utf-8")
    return tmp_path / "bert"


@pytest.mark.parametrize(
    ("text", "command", "heading"),
    [
        ("the [MASK] cat [MASK]", "top 2", '@0:probs[2]   at "[MASK]"'),
        ("the cat", "top 2", '@0:probs[3]   at "[SEP]"'),
        ("the [MASK]", "top 2 at 1", '@0:probs[1]   at "the"'),
    ],
)
def test_it_is_that_of_the_first_masked_token_or_the_last(tx, bert, text, command, heading):
    found = lines(tx("-m", str(bert), "-t", text, "--batch", "-e", command).stdout)
    assert [line for line in found if line.startswith("@0:probs")] == [heading]


def test_data_have_its_position(tx, bert):
    done = tx("-m", str(bert), "-t", "the [MASK]", "--batch", "--format", "jsonl", "-e", "top 2")
    told = json.loads(done.stdout.splitlines()[-1])["data"]
    assert (told["position"], len(told["top"])) == (2, 2)


def test_without_a_head_there_is_nothing_likelier(tx, bert):
    tensors = load_file(bert / "model.safetensors")
    kept = {name: array for name, array in tensors.items() if not name.startswith("cls.")}
    save_file(kept, bert / "model.safetensors")
    done = tx("-m", str(bert), "-t", "the cat", "--batch", "-e", "top 2")
    told = "bert has no head over the vocabulary, so no token is likelier than another; it yields encoder.output"
    assert (done.returncode, done.stderr.splitlines()[-1]) == (1, f"-e:1: {told}")
