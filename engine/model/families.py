"""The families of models that are read: a line says where the parts of a layer's feed-forward network are.

The forward pass is the model's own code. A family only adds names: of the activation function, of the second FFN map,
and of what stands beside the gate where there is one. docs/families.md says how to add one.
"""

from __future__ import annotations

from dataclasses import dataclass, replace


@dataclass(frozen=True, slots=True)
class Family:
    """Names of modules within a decoder layer, or within the base model where it says so.

    Attributes
    ----------
    activation
        The activation function; what goes into it is `pre`.
    read
        The first FFN map, its rows the neurons' read directions. Of a gated FFN: the map whose output multiplies the
        activated gate, the linear half; with `fused` its second half does, and the first is the gate.
    write
        The second FFN map; what goes into it is the neurons' `value`, and its columns are their update directions.
    gated
        Whether a neuron's value is its activated gate times a linear half.
    learned_positions
        Of the base model: the table of position embeddings; empty where positions enter another way.
    project_out
        Of the base model: a projection between the last layer and the unembedding; empty if there is none.
    norm_before
        Whether a norm stands before each block: True, False, or as the configuration's field of that name says.
    after_write
        A norm between the second FFN map and the residual stream; empty where there is none.
    """

    activation: str
    read: str
    write: str
    gated: bool = False
    fused: bool = False
    learned_positions: str = ""
    project_out: str = ""
    norm_before: bool | str = True
    after_write: str = ""


_LLAMA = Family("mlp.act_fn", "mlp.up_proj", "mlp.down_proj", gated=True)
_UNGATED_LLAMA = replace(_LLAMA, gated=False)
_FUSED = Family("mlp.activation_fn", "mlp.gate_up_proj", "mlp.down_proj", gated=True, fused=True)
_GPT2 = Family("mlp.act", "mlp.c_fc", "mlp.c_proj", learned_positions="wpe")
_GPTJ = Family("mlp.act", "mlp.fc_in", "mlp.fc_out")
_NEOX = Family("mlp.act", "mlp.dense_h_to_4h", "mlp.dense_4h_to_h")
_PHI = Family("mlp.activation_fn", "mlp.fc1", "mlp.fc2")

FAMILIES: dict[str, Family] = {
    "opt": Family(
        "activation_fn",
        "fc1",
        "fc2",
        learned_positions="decoder.embed_positions",
        project_out="decoder.project_out",
        norm_before="do_layer_norm_before",
    ),
    "gpt2": _GPT2,
    "gpt_neo": _GPT2,
    "gpt_bigcode": _GPT2,
    "starcoder2": replace(_GPT2, learned_positions=""),
    "gptj": _GPTJ,
    "codegen": _GPTJ,
    "gpt_neox": _NEOX,
    "falcon": _NEOX,
    "persimmon": _NEOX,
    "bloom": replace(_NEOX, activation="mlp.gelu_impl"),
    "mpt": Family("ffn.act", "ffn.up_proj", "ffn.down_proj"),
    "phi": _PHI,
    "nanochat": _PHI,
    "arcee": _UNGATED_LLAMA,
    "nemotron": _UNGATED_LLAMA,
    "jais2": _UNGATED_LLAMA,
    **dict.fromkeys(
        (
            *("llama", "mistral", "qwen2", "qwen3", "smollm3", "stablelm", "granite", "olmo"),
            *("gemma", "cohere", "cohere2"),
        ),
        _LLAMA,
    ),
    **dict.fromkeys(("gemma2", "gemma3_text"), replace(_LLAMA, after_write="post_feedforward_layernorm")),
    **dict.fromkeys(("olmo2", "olmo3"), replace(_LLAMA, norm_before=False, after_write="post_feedforward_layernorm")),
    "phi3": _FUSED,
    "glm": _FUSED,
    "glm4": replace(_FUSED, after_write="post_mlp_layernorm"),
}
"""By the `model_type` of config.json."""
