"""Make `fixtures/chats.json` with transformers (extra `parity`): questions put by chat templates of several styles.

    python tests/make_chats.py

A template is written by the facts of a format: which words stand around the messages of which role. The texts and the
ids are those of `apply_chat_template`, with the tokenizer of the fixture llama_gqa.
"""

from __future__ import annotations

import json
import shutil
import tempfile
from pathlib import Path

from transformers import AutoTokenizer

FIXTURES = Path(__file__).parent / "fixtures"
QUESTIONS = ("What is it?", '  say "a < b & c"\nor not ', "我爱你 <s> </s>")
PLAIN = "{% for message in messages %}"
TEMPLATES = {
    "chatml": (
        PLAIN + "{% if loop.first and message.role != 'system' %}"
        "{{ '<|im_start|>system\nBe brief.<|im_end|>\n' }}{% endif %}"
        "{{ '<|im_start|>' + message.role + '\n' + message.content + '<|im_end|>\n' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}"
    ),
    "llama3": (
        "{{ bos_token }}" + PLAIN + "{{ '<|start_header_id|>' + message['role'] + '<|end_header_id|>\n\n' + "
        "message['content'] | trim + '<|eot_id|>' }}{% endfor %}"
        "{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}"
    ),
    "gemma": (
        "{{ bos_token }}{% if messages[0].role == 'system' %}{{ raise_exception('no system here') }}{% endif %}\n"
        + PLAIN
        + "\n    {% if (message.role == 'user') != (loop.index0 % 2 == 0) %}\n"
        "        {{ raise_exception('roles must alternate') }}\n    {% endif %}\n"
        "    {% set role = 'model' if message.role == 'assistant' else message.role %}\n"
        "{{ '<start_of_turn>' + role + '\n' + message.content | trim + '<end_of_turn>\n' }}{% endfor %}\n"
        "{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}"
    ),
    "llama2": (
        PLAIN + "{% if message.role == 'user' %}{{ bos_token + '[INST] ' + message.content + ' [/INST]' }}"
        "{% else %}{{ ' ' + message.content + ' ' + eos_token }}{% endif %}{% endfor %}"
    ),
    "one turn": (
        "{% if messages | length > 1 %}{{ raise_exception('one at a time') }}{% endif %}"
        "Q: {{ messages[0].content }}\nA:{% generation %}{% endgeneration %}"
    ),
    "everything": (
        "{%- set ns = namespace(n=0) -%}\n{%- for m in messages -%}\n"
        "  {%- if not m.content -%}{% continue %}{%- endif -%}\n"
        "  {%- set ns.n = ns.n + 1 -%}\n  {{- m | tojson }} {{ m.content | upper | tojson(indent=1) }}\n"
        "  {% if ns.n > 5 %}{% break %}{% endif %}\n{% endfor %}\n"
        "{{ ns.n }}{{ pad_token }}{{ tools is none or tools is not defined }}{{ dict(a=1) }}{{ strftime_now('%%') }}"
    ),
}


def main() -> None:
    """Write the file."""
    with tempfile.TemporaryDirectory() as folder:
        tokenizer = AutoTokenizer.from_pretrained(shutil.copytree(FIXTURES / "llama_gqa", Path(folder) / "copy"))
    found = []
    for name, source in TEMPLATES.items():
        tokenizer.chat_template = source
        cases = []
        for question in QUESTIONS:
            messages, how = [{"role": "user", "content": question}], {"add_generation_prompt": True}
            text = tokenizer.apply_chat_template(messages, tokenize=False, **how)
            ids = tokenizer.apply_chat_template(messages, return_dict=False, **how)
            cases.append({"question": question, "text": text, "ids": ids})
        found.append({"name": name, "source": source, "cases": cases})
    (FIXTURES / "chats.json").write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
