"""What a value of config.json may be instead of what it is: of every kind of JSON, of any size, of other meaning."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Change:
    """A value put in a place of a configuration; `absent` takes the place away."""

    at: Path
    value: Any = None
    absent: bool = False

    def __str__(self) -> str:
        text = "absent" if self.absent else repr(self.value)
        return f"{'.'.join(self.at)} = {text if len(text) <= 60 else text[:57] + '...'}"

    def apply(self, config: dict[str, Any]) -> None:
        """Make the change in place; nothing where the place is gone."""
        *way, last = self.at
        inside: Any = config
        for name in way:
            inside = inside.get(name) if isinstance(inside, dict) else None
        if not isinstance(inside, dict):
            return
        if self.absent:
            inside.pop(last, None)
        else:
            inside[last] = self.value


_ANYTHING: tuple[Any, ...] = (
    *(None, True, False, "", "text", "1", "\x1b[2J\0", [], [None], [1, 2, 3], {}, {"a": 1}, [[]], [{}]),
    *(-1, 0, 1, 2, 3, 5, 7, 64, 1000, 10**5, 10**6, 10**9, 2**31, 2**63, 10**30, -(2**63)),
    *(0.5, -1.5, 1.0, 0.0, 1e-300, 1e300, float("nan"), float("inf"), float("-inf")),
)
_ACTIVATIONS = (
    *("relu", "relu2", "silu", "swish", "gelu", "gelu_new", "gelu_fast", "gelu_pytorch_tanh", "quick_gelu", "gelu_10"),
    *("xielu", "linear", "tanh", "sigmoid", "relu6", "laplace", "mish", "leaky_relu", "prelu", "identity", "RELU"),
    "no such function",
)
_ROTATIONS: tuple[Any, ...] = (
    *({"rope_type": kind} for kind in ("linear", "dynamic", "yarn", "longrope", "llama3", "proportional", "none")),
    *({"rope_type": "linear", "factor": factor} for factor in (2.0, 0.0, -1.0, 1e300, "4", None)),
    {"rope_type": "dynamic", "factor": 4.0, "rope_theta": 10_000.0},
    {"rope_type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16, "rope_theta": 10_000.0},
    {"type": "linear", "factor": 2.0},
    {"rope_type": "longrope", "short_factor": [1.0], "long_factor": [1.0], "factor": 2.0},
    {
        **{"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0},
        **{"original_max_position_embeddings": 16, "rope_theta": 10_000.0},
    },
    {"sliding_attention": {"rope_type": "default"}},
    {"full_attention": {"rope_type": "default", "rope_theta": 1e4}, "sliding_attention": None},
)
_DTYPES = ("float16", "bfloat16", "float64", "int8", "torch.float32", "float8_e4m3fn", "complex64", "auto", "double")
_LAYER_TYPES: tuple[Any, ...] = (
    *(["full_attention"], ["full_attention"] * 9, ["sliding_attention"] * 3, ["sliding_attention"] * 2),
    *(["full_attention", "sliding_attention", "linear_attention"], ["no such"] * 3, ["chunked_attention"] * 3),
    *(["mamba"] * 3, "full_attention", {"0": "full_attention"}, ["full_attention", None, 3]),
)
_MEANINGS: dict[str, tuple[Any, ...]] = {
    **dict.fromkeys(("hidden_act", "hidden_activation", "activation_function", "activation"), _ACTIVATIONS),
    **dict.fromkeys(("rope_parameters", "rope_scaling"), _ROTATIONS),
    **dict.fromkeys(("dtype", "torch_dtype"), _DTYPES),
    "layer_types": _LAYER_TYPES,
    "attention_types": ([[["global"], 2]], [[["global"], 10**9]], [[["local", "global"], -1]], [["global", 2]], "gg"),
    "attention_layers": (["global"] * 2, ["local"] * 2, ["global"], ["no such"] * 2),
    "no_rope_layers": ([0, 0, 0], [1], [2, 3, 4], ["a", "b", "c"]),
    "rotary_dim": (4, 6, 8, 9, 16),
    "partial_rotary_factor": (0.1, 0.25, 0.75, 1.5, 2.0),
    "head_dim": (4, 6, 9, 16, 32),
    "architectures": (["BertModel"], ["LlamaForSequenceClassification"], ["Own"], "LlamaForCausalLM"),
    "quantization_config": ({"quant_method": "gptq", "bits": 4}, {"quant_method": "bitsandbytes"}, {"bits": 0}),
    "auto_map": ({"AutoConfig": "own.Config", "AutoModelForCausalLM": "own.Model"}, {"AutoModel": "a--b.C"}),
    "text_config": ({"model_type": "llama"}, {"hidden_size": 8}, {"model_type": "gemma3_text", "vocab_size": 9}),
    "_attn_implementation": ("eager", "flash_attention_2", "flex_attention", "no such", "kernels/own"),
    "attn_implementation": ("eager", "flash_attention_2", "no such"),
    "experts_implementation": ("no such",),
    "pruned_heads": ({"0": [1]}, {"0": [0, 1]}, {"9": [0]}),
    "id2label": ({"0": "A", "x": "B"}, {str(i): "L" for i in range(1000)}),
    "_name_or_path": ("/etc/passwd", "facebook/opt-125m"),
    "is_encoder_decoder": (True,),
    "is_decoder": (True, False),
    "use_bidirectional_attention": (True, "all", "vision"),
    "sub_configs": ({"a": {}},),
    "tie_encoder_decoder": (True,),
    "num_labels": (10**9,),
    "output_attentions": (True,),
    "output_hidden_states": (True,),
    "return_dict": (False,),
    "torchscript": (True,),
    "use_cache": (True, False),
    "max_position_embeddings": (32, 33, 31, 64, 4096, 131_072, 10**6, 2**24 + 1),
    "n_positions": (33, 31, 64, 4096, 131_072),
    "max_seq_len": (33, 31, 64, 131_072),
    "sliding_window": (1, 2, 31, 32, 4096),
}
"""By the name of the field, whatever the family; fields that a configuration does not have are added to it."""


def changes(config: dict[str, Any], families: tuple[str, ...]) -> Iterator[Change]:
    """Every change of one place of a configuration, nested places too; of its family, to any other one."""
    for at, value in _places(config, ()):
        yield Change(at, absent=True)
        for other in (*_ANYTHING, *_near(value), *_MEANINGS.get(at[-1], ())):
            yield Change(at, other)
    for name in _MEANINGS.keys() - config.keys():
        for other in (*_ANYTHING[::4], *_MEANINGS[name]):
            yield Change((name,), other)
    for family in families:
        yield Change(("model_type",), family)


def _places(value: dict[str, Any], at: Path) -> Iterator[tuple[Path, Any]]:
    for name, inside in value.items():
        yield (*at, name), inside
        if isinstance(inside, dict) and len(at) < 2:
            yield from _places(inside, (*at, name))


def _near(value: object) -> tuple[Any, ...]:
    """What is nearly that: one more or less, twice as much, as a float, as text, in a list."""
    if isinstance(value, bool) or value is None:
        return (not value, str(value))
    if isinstance(value, int):
        return (value + 1, value - 1, 2 * value, float(value), value + 0.5, str(value), [value], -value)
    if isinstance(value, float):
        return (2 * value, -value, str(value), [value])
    if isinstance(value, str):
        return (value.upper(), value + " ", [value])
    if isinstance(value, list):
        return (value[:-1], value * 2, [value], value * 1000, [*value[:-1], None])
    return ()
