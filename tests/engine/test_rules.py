"""Runs of other families end to end: each record, by each rule, against a plain count over transformers' model."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer
from transformers.models.auto.configuration_auto import CONFIG_MAPPING

from neuron_tui.engine.extraction import ExtractionRequest, extract
from neuron_tui.store import open_run
from neuron_tui.store.check.verification import check_run
from neuron_tui.store.neurons.query import matching
from neuron_tui.store.neurons.table import read_table
from neuron_tui.store.runs.manifest import read_manifest

from . import brute_force
from .brute_force import Record, Text, Window
from .brute_force_values import Amounts, highest
from .checkpoints import build_tokenizer, words
from .comparing import assert_same

SIZE, CONTEXT, LAYERS, NEURONS = 300, 24, 2, 10
SHAPE = {
    **{"hidden_size": 16, "num_hidden_layers": LAYERS, "num_attention_heads": 2, "num_key_value_heads": 2},
    **{"intermediate_size": NEURONS, "max_position_embeddings": CONTEXT, "vocab_size": SIZE + 4},
    **{"bos_token_id": 0, "eos_token_id": 2, "pad_token_id": 1},
}


class WithoutBos(Text):
    """Sequences that begin with their first token, which is not counted."""

    def counted(self, window: Window, position: int) -> bool:
        return position > 0 and super().counted(window, position)


@pytest.fixture(scope="module", params=["llama", "qwen2", "gpt_neox"])
def checkpoint(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    family = request.param
    folder = tmp_path_factory.mktemp(family)
    build_tokenizer("own bos", SIZE, folder)
    torch.manual_seed(3)
    model = AutoModelForCausalLM.from_config(CONFIG_MAPPING[family](**SHAPE))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.normal_(0, 0.5)
    model.save_pretrained(folder)
    if family == "qwen2":  # its tokeniser has no BOS, whatever config.json says
        for name in ("tokenizer_config.json", "special_tokens_map.json"):
            if (path := folder / name).is_file():
                values = json.loads(path.read_text())
                values.pop("bos_token", None)
                path.write_text(json.dumps(values))
    (folder / "text.txt").write_text(words(1, 500))
    (folder / "more.jsonl").write_text("".join(json.dumps({"text": words(seed, 120)}) + "\n" for seed in (2, 3)))
    return folder


def corpus_of(folder: Path) -> tuple[str, ...]:
    return (f"a={folder / 'text.txt'}", f"b={folder / 'more.jsonl'}")


def text_of(folder: Path) -> Text:
    """The sequences of the run, in plain Python."""
    tokenizer = AutoTokenizer.from_pretrained(folder)
    if tokenizer.bos_token_id is not None:
        return brute_force.tokenise(folder, corpus_of(folder), CONTEXT)
    windows = []
    by_domain = brute_force.documents(corpus_of(folder))
    for domain, texts in by_domain.items():
        stream: list[int] = []
        for i, text in enumerate(texts):
            ids = tokenizer(text, add_special_tokens=False, split_special_tokens=True)["input_ids"]
            stream += ([2] if i else []) + ids
        windows += [Window(domain, stream[start : start + CONTEXT]) for start in range(0, len(stream), CONTEXT)]
    forms = tokenizer.convert_ids_to_tokens(list(range(len(tokenizer))))
    return WithoutBos(windows, list(by_domain), CONTEXT, {1, 2}, forms)


def amounts(model: Any, text: Text, rule: str) -> list[list[Amounts]]:
    """Values where active, by layer, row, sequence and position, from the outputs of the maps themselves."""
    gated = hasattr(model.base_model.layers[0].mlp, "gate_proj")
    layers = model.base_model.layers
    before: list[dict[str, list[torch.Tensor]]] = [{"gate": [], "up": []} for _ in layers]
    for layer, kept in zip(layers, before, strict=True):
        names = {"gate_proj": "gate", "up_proj": "up"} if gated else {"dense_h_to_4h": "gate"}
        for name, kind in names.items():
            into = kept[kind]
            getattr(layer.mlp, name).register_forward_hook(lambda _m, _i, out, into=into: into.append(out[0]))
    with torch.no_grad():
        for window in text.windows:
            model(input_ids=torch.tensor([window.ids]), use_cache=False)
    found = []
    for layer, kept in zip(layers, before, strict=True):
        rows: list[Amounts] = [[] for _ in range(NEURONS * (2 if rule == "poles" else 1))]
        for place, gate in enumerate(kept["gate"]):
            value = (layer.mlp.act_fn if gated else layer.mlp.act)(gate)
            up = kept["up"][place] if gated else torch.ones_like(gate)
            value = value * up
            for neuron in range(NEURONS):
                open_, own = gate[:, neuron] > 0, value[:, neuron]
                if rule == "poles":
                    rows[2 * neuron].append(where(open_ & (up[:, neuron] > 0), own))
                    rows[2 * neuron + 1].append(where(open_ & (up[:, neuron] < 0), -own))
                elif rule in ("gate", "pre"):
                    rows[neuron].append(where(open_, own))
                else:
                    rows[neuron].append(where(own > (0.25 if rule.startswith("threshold") else 0), own))
        found.append(rows)
    return found


def where(active: torch.Tensor, values: torch.Tensor) -> list[float | None]:
    return [value if on else None for on, value in zip(active.tolist(), values.tolist(), strict=True)]


def directions(model: Any, layer: int, neuron: int, sign: int) -> tuple[list[float], list[float]]:
    mlp = model.base_model.layers[layer].mlp
    gated = hasattr(mlp, "up_proj")
    read, write = (mlp.up_proj, mlp.down_proj) if gated else (mlp.dense_h_to_4h, mlp.dense_4h_to_h)
    return (sign * read.weight[neuron]).tolist(), (sign * write.weight[:, neuron]).tolist()


def scores(model: Any, layer: int, neuron: int, sign: int) -> list[float]:
    mlp = model.base_model.layers[layer].mlp
    write = mlp.down_proj if hasattr(mlp, "down_proj") else mlp.dense_4h_to_h
    table = model.get_output_embeddings().weight.double()
    return (table @ (sign * write.weight[:, neuron].double())).tolist()


def expected(folder: Path, rule: str) -> dict[tuple[int, int], Record]:
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    text = text_of(folder)
    found = {}
    for layer, rows in enumerate(amounts(model, text, rule)):
        for row, own in enumerate(rows):
            neuron, pole = divmod(row, 2) if rule == "poles" else (row, 0)
            sign = -1 if pole else 1
            record = brute_force.record(
                *(text, layer, neuron, own, scores(model, layer, neuron, sign)),
                directions(model, layer, neuron, sign),
                signed=rule == "gate",
            )
            record |= {"rule": rule, "highest": highest(text, own)}
            if rule == "poles":
                record["pole"] = "+-"[pole]
            found[layer, row] = record
    return found


@pytest.mark.parametrize("rule", ["auto", "gate", "value", "threshold:0.25"])
def test_every_record_is_that_of_a_plain_count(checkpoint: Path, rule: str, tmp_path: Path) -> None:
    gated = "gpt_neox" not in (checkpoint / "config.json").read_text()
    if rule == "gate" and not gated:
        pytest.skip("not gated")
    run = extract(
        ExtractionRequest(
            model=str(checkpoint), corpus=corpus_of(checkpoint), name="x", runs_dir=tmp_path, device="cpu", active=rule
        )
    )
    settled = ("poles" if gated else "pre") if rule == "auto" else rule
    opened, manifest = open_run(run), read_manifest(run)
    assert (str(manifest.rule), manifest.rows, manifest.model.neurons) == (
        *(settled, NEURONS * (2 if settled == "poles" else 1)),
        NEURONS,
    )
    assert not check_run(run)
    wanted = expected(checkpoint, settled)
    records = {(r.layer, r.neuron): r for layer in opened.layers.values() for r in layer.records()}
    assert records.keys() == wanted.keys()
    for place, record in records.items():
        contexts = opened.layers[record.layer].contexts(record.neuron, kind="highest")
        assert_same(record.to_dict() | {"highest": [list(c.values) for c in contexts]}, wanted[place])
    if settled == "poles":
        table = read_table(opened)
        for pole in "+-":
            rows = matching(opened, table, f"pole:{pole} neuron=3").nonzero()[0].tolist()
            assert [records[int(table.layer[r]), int(table.neuron[r])].name for r in rows] == [
                f"0:3{pole}",
                f"1:3{pole}",
            ]
