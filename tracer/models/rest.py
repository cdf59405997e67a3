"""What becomes of the keys of `config.json` that a family does not ask for: none is passed over in silence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..decisions import CONFIGURATION
from ..i18n import N_, Message
from .stated import Stated
from .texts import Texts

IDLE: Mapping[Message, tuple[str, ...]] = {
    N_("no effect here (files and versions): {keys}"): (
        *("architectures", "name_or_path", "_name_or_path", "_commit_hash", "transformers_version", "language"),
        *("is_llama_config", "n_special", "predict_special_tokens", "unsloth_fixed", "unsloth_version"),
    ),
    N_("no effect here (training): {keys}"): (
        *("attention_dropout", "attn_pdrop", "activation_dropout", "dropout", "dropout_rate", "embd_pdrop"),
        *("resid_pdrop", "resid_dropout", "hidden_dropout", "hidden_dropout_prob", "attention_probs_dropout_prob"),
        *("encoder_layerdrop", "decoder_layerdrop", "layerdrop", "gradient_checkpointing", "tf_legacy_loss"),
        *("init_std", "initializer_factor", "initializer_range", "router_aux_loss_coef", "router_jitter_noise"),
    ),
    N_("no effect here (other tasks): {keys}"): (
        *("id2label", "label2id", "num_labels", "_num_labels", "problem_type", "finetuning_task"),
        *("classif_dropout", "classifier_dropout", "task_specific_params"),
        *("directionality", "pooler_fc_size", "pooler_num_attention_heads", "pooler_num_fc_layers", "pooler_type"),
        *("pooler_size_per_head", "qa_dropout", "seq_classif_dropout"),
        *("summary_activation", "summary_first_dropout", "summary_proj_to_labels", "summary_type", "summary_use_proj"),
    ),
    N_("no effect here (tokenizer): {keys}"): (
        *("prefix", "pad_token_id", "bos_token_id", "eos_token_id", "unk_token_id"),
        *("sep_token_id", "cls_token_id", "mask_token_id"),
    ),
    N_("read with the tokenizer: {keys}"): ("tokenizer_class",),
    N_("no effect here (storage, speed and memory): {keys}"): (
        *("use_bfloat16", "use_cache", "output_past", "torchscript", "pretraining_tp", "xla_device"),
        *("attn_implementation", "_attn_implementation", "_attn_implementation_autoset", "use_flash_attn"),
        *("use_flash_attention", "_flash_attn_2_enabled", "chunk_size_feed_forward", "reorder_and_upcast_attn"),
    ),
    N_("no effect here (what transformers returns): {keys}"): (
        *("output_attentions", "output_hidden_states", "output_scores", "return_dict", "return_dict_in_generate"),
        *("use_return_dict", "output_router_logits"),
    ),
    N_("no effect here (lengths that transformers does not read): {keys}"): (
        *("max_sequence_length", "max_seq_len", "max_seq_length", "model_max_length", "n_ctx", "seq_length"),
        *("extra_pos_embeddings", "max_window_layers", "max_position_embeddings", "n_positions"),
    ),
    N_("no effect here (each stack knows what it is): {keys}"): ("is_decoder",),
}
"""Keys that change no number computed here, by the reason, and those that are read elsewhere."""

PRECISION = N_("{file}: {settings}, in which transformers computes unless told otherwise; here float32 or float64")

NULLS = N_("null is stated, and what is the default holds: {settings}")

UNREAD: Mapping[str, Any] = {
    "attention_bias": False,
    "mlp_bias": False,
    "add_cross_attention": False,
    "pruned_heads": {},
    "rope_interleaved": False,
    "rope_traditional": False,
    "tie_encoder_decoder": False,
    "tie_weights_": True,
    "use_sliding_window": False,
    "use_mrope": False,
}
"""What would change the arithmetic, but transformers does not read it: it goes on as if this were stated."""

UNKNOWN_HERE: Mapping[str, Any] = {
    "is_causal": True,
    "quantization": {},
    "quantization_config": {},
    "per_layer_config": {},
    "text_config": {},
    "decoder": {},
    "generator": {},
    "encoder": {},
    "text_encoder": {},
    "configuration_files": [],
    "transformers_weights": None,
    "cross_attention_hidden_size": None,
}
"""What transformers follows, and is refused here, with what is as good as nothing."""


def settle(stated: Stated, texts: Texts) -> None:
    """Account for every key that a family left, which reads such texts.

    Raises:
        InputError: one of them would change the arithmetic, and can't be followed.
    """
    stated.refuse("is_encoder_decoder", texts.is_encoder_decoder)
    for key in UNKNOWN_HERE.keys() - stated.fates.keys():
        stated.refuse(key, UNKNOWN_HERE[key])
    for key in UNREAD.keys() - stated.fates.keys():
        stated.expect(key, UNREAD[key])
    for key in ("dtype", "torch_dtype"):
        stated.expect(key, "float32", "torch.float32", "auto", told=PRECISION)
    stated.expect("auto_map", {}, told=N_("{file}: code that comes with a checkpoint is never run: {settings}"))
    if nulls := [key for key, value in stated.taken.items() if stated.is_null(key) and value not in (None, [])]:
        told = ", ".join(f"{stated.name_of(key)} = {stated.taken[key]}" for key in nulls)
        stated.decisions.take(CONFIGURATION, NULLS.format(settings=told))
    for why, keys in IDLE.items():
        stated.ignore(why, *keys)
    stated.settle()
