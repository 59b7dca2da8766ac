"""Tokenisers and vocabularies that are broken, collide with the model, or blow up what they are given."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from tests.reliability.bad.case import Case, Place, edit

_ROWS = 280


def _changed(change: Callable[[dict[str, Any]], object]) -> Callable[[Place], None]:
    """Change tokenizer.json as values."""

    def make(place: Place) -> None:
        edit(place.copy() / "tokenizer.json", lambda values: change(values) and None)

    return make


def _content(content: bytes) -> Callable[[Place], None]:
    return lambda place: (place.copy() / "tokenizer.json").write_bytes(content)


def _model(**values: Any) -> Callable[[Place], None]:
    return _changed(lambda tokenizer: tokenizer["model"].update(values))


def _vocabulary(change: Callable[[dict[str, int]], object]) -> Callable[[Place], None]:
    return _changed(lambda tokenizer: change(tokenizer["model"]["vocab"]))


def _part(name: str, value: object) -> Callable[[Place], None]:
    return _changed(lambda tokenizer: tokenizer.update({name: value}))


def _added(**values: Any) -> Callable[[Place], None]:
    whole = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": False}
    return _changed(lambda tokenizer: tokenizer["added_tokens"].append({"id": 100, "content": "x", **whole, **values}))


def _words(vocabulary: dict[str, int], **more: Any) -> Callable[[Place], None]:
    """A tokeniser of whole words."""
    model = {"type": "WordLevel", "vocab": vocabulary, "unk_token": "<unk>"} | more
    return _changed(lambda tokenizer: tokenizer.update(model=model, pre_tokenizer={"type": "WhitespaceSplit"}))


def _raw_vocabulary(entry: str) -> Callable[[Place], None]:
    """An entry of the vocabulary as it is written: keys twice, half a surrogate pair."""

    def make(place: Place) -> None:
        path = place.copy() / "tokenizer.json"
        path.write_text(path.read_text().replace('"<s>": 0', f'{entry}, "<s>": 0'))

    return make


def _many(rows: int) -> Callable[[Place], None]:
    """A vocabulary of two million words, and an embedding of so many rows."""

    def make(place: Place) -> None:
        _words({"<s>": 0, "<pad>": 1, "</s>": 2, "<unk>": 3} | {f"word{n}": n for n in range(4, 2_000_000)})(place)
        if rows == _ROWS:
            return
        folder = Path(place.model or "")
        edit(folder / "config.json", lambda config: config.update(vocab_size=rows))
        held = load_file(folder / "model.safetensors")
        held["model.decoder.embed_tokens.weight"] = torch.ones(rows, 16)
        save_file(held, folder / "model.safetensors")

    return make


def _replacing(*pairs: tuple[object, str]) -> dict[str, Any]:
    parts = [{"type": "Replace", "pattern": pattern, "content": content} for pattern, content in pairs]
    return {"type": "Sequence", "normalizers": parts}


def _doubling(times: int) -> dict[str, Any]:
    return _replacing(*[({"String": "a"}, "aa")] * times)


def _settings(**values: Any) -> Callable[[Place], None]:
    return lambda place: edit(place.copy() / "tokenizer_config.json", lambda config: config.update(values))


def _without_ends(place: Place) -> None:
    folder = place.copy()
    edit(folder / "config.json", lambda config: config.update(bos_token_id=None, eos_token_id=None))
    (folder / "tokenizer_config.json").write_text('{"tokenizer_class": "PreTrainedTokenizerFast"}')


def _ends_beyond(**values: int) -> Callable[[Place], None]:
    return lambda place: edit(place.copy() / "config.json", lambda config: config.update(values))


def _with_text(make: Callable[[Place], object], text: str) -> Callable[[Place], None]:
    def both(place: Place) -> None:
        make(place)
        place.text("text.txt", text)

    return both


def _nested(depth: int) -> dict[str, Any]:
    inside: dict[str, Any] = {"type": "Lowercase"}
    for _ in range(depth):
        inside = {"type": "Sequence", "normalizers": [inside]}
    return inside


_TRUNCATION = {"direction": "Right", "max_length": 1, "strategy": "LongestFirst", "stride": 0}
_PADDING = {
    **{"strategy": {"Fixed": 10**9}, "direction": "Right", "pad_to_multiple_of": None},
    **{"pad_id": 1, "pad_type_id": 0, "pad_token": "<pad>"},
}
_SPECIAL = {"SpecialToken": {"id": "[NO]", "type_id": 0}}
_TEMPLATE = {"type": "TemplateProcessing", "single": [_SPECIAL], "pair": [_SPECIAL], "special_tokens": {}}

_LOADED = "tokeniser"
_SPLIT = {"type": "Split", "pattern": {"Regex": "(a+)+$"}, "behavior": "Isolated", "invert": False}
_CHARSMAP = {"type": "Precompiled", "precompiled_charsmap": "AAAA"}

CASES = (
    Case("tokenizer.json of nothing", _content(b""), _LOADED),
    Case("tokenizer.json of {}", _content(b"{}"), _LOADED),
    Case("tokenizer.json that is a list", _content(b"[]"), _LOADED),
    Case("tokenizer.json of noise", _content(bytes(range(256)) * 9), _LOADED),
    Case("tokenizer.json nested deeply", _content(b'{"a":' * 100_000), _LOADED),
    Case("tokenizer.json that is null", _content(b"null"), _LOADED),
    Case("tokenizer.json without a model", _changed(lambda values: values.pop("model")), _LOADED),
    Case("model of another kind", _model(type="Own"), _LOADED),
    Case("vocabulary that is a list", _model(vocab=[1, 2]), _LOADED),
    Case("vocabulary that is empty", _model(vocab={}, merges=[]), _LOADED),
    Case("merges that are none", _model(merges=[["zz", "yy"]]), _LOADED),
    Case("merges of numbers", _model(merges=[1, 2]), _LOADED),
    Case("merges nested", _model(merges=[[["a"]]]), _LOADED),
    Case("ids below 0", _vocabulary(lambda vocab: vocab.update(x=-1)), _LOADED),
    Case("ids that are text", _vocabulary(lambda vocab: vocab.update(x="1")), _LOADED),
    Case("ids over 32 bits", _vocabulary(lambda vocab: vocab.update(x=1 << 40)), _LOADED),
    Case("id beyond the embedding", _vocabulary(lambda vocab: vocab.update(x=_ROWS)), "281 tokens, its embedding 280"),
    Case("id far beyond it", _vocabulary(lambda vocab: vocab.update(x=(1 << 32) - 1)), "its embedding 280"),
    Case("two texts of one id", _vocabulary(lambda vocab: vocab.update(x=77)), "Done", 0),
    Case("ids with gaps", _words({"<unk>": 3, "<s>": 0, "</s>": 2, "<pad>": 1, "of": 200}), "Done", 0),
    Case("a text of two ids", _raw_vocabulary('"<s>": 9'), "Done", 0),
    Case("half a surrogate pair", _raw_vocabulary('"\\ud800": 279'), _LOADED),
    Case("control characters as a token", _words({"<unk>": 3, "\x1b[2J\0\r": 5}), "Done", 0),
    Case("an added token of nothing", _added(content=""), "Done", 0),
    Case("an added token beyond", _added(id=5000, content="far"), "its embedding 280"),
    Case("an added token below 0", _added(id=-5), _LOADED),
    Case("a token of 10 MB", _words({"<unk>": 3, "x" * 10_000_000: 5}), "its embedding 280 tokens", slow=True),
    Case("no word for what is unknown", _words({"of": 5}, unk_token="<none>"), "fails on the text"),
    Case("two million words, 280 rows", _many(_ROWS), "its embedding 280 tokens", slow=True),
    Case("two million words and rows", _many(2_000_000), "Done", 0, slow=True, memory=2 << 30),
    Case("words of one id", _words({"<unk>": 3, **{f"w{n}": 7 for n in range(99)}}), "Done", 0),
    Case("probabilities that are none", _model(type="Unigram", vocab=[["a", None]], unk_id=0), _LOADED),
    Case("an unknown id that is none", _model(type="Unigram", vocab=[["a", -1.0]], unk_id=9), _LOADED),
    Case("normaliser of another kind", _part("normalizer", {"type": "Own"}), _LOADED),
    Case("normaliser that is a number", _part("normalizer", 3), _LOADED),
    Case("table of a normaliser that is broken", _part("normalizer", _CHARSMAP), _LOADED),
    Case("expression that is none", _part("normalizer", _replacing(({"Regex": "("}, "x"))), _LOADED),
    Case(
        "normaliser that doubles 40 times", _with_text(_part("normalizer", _doubling(40)), "banana " * 99), "normaliser"
    ),
    Case(
        "normaliser that doubles 12 times", _with_text(_part("normalizer", _doubling(12)), "banana " * 99), "normaliser"
    ),
    Case(
        "normaliser that writes a megabyte",
        _part("normalizer", _replacing(({"String": "e"}, "x" * 10**6))),
        "normaliser",
    ),
    Case("the same at every place", _part("normalizer", _replacing(({"Regex": ""}, "x" * 10**5))), "normaliser"),
    Case(
        "normaliser that puts a megabyte before",
        _part("normalizer", {"type": "Prepend", "prepend": "x" * 10**6}),
        "normaliser",
    ),
    Case("normaliser that drops all", _part("normalizer", _replacing(({"Regex": "."}, ""))), "not one token"),
    Case(
        "expression that takes for ever",
        _with_text(_part("pre_tokenizer", _SPLIT), "a" * 4000 + "b"),
        "fails on the text",
    ),
    Case("normalisers in normalisers", _part("normalizer", _nested(150)), _LOADED),
    Case("truncation to one token", _part("truncation", _TRUNCATION), "Done", 0),
    Case("padding to a billion", _part("padding", _PADDING), "Done", 0),
    Case("a template of tokens that are not", _part("post_processor", _TEMPLATE), "not one token"),
    Case("settings that are a list", lambda place: (place.copy() / "tokenizer_config.json").write_text("[]"), _LOADED),
    Case(
        "settings with code", _settings(auto_map={"AutoTokenizer": ["own.T", "own.T"]}, tokenizer_class="T"), "Done", 0
    ),
    Case("settings with an end that is a number", _settings(eos_token=5), _LOADED),
    Case("settings with an end of its own", _settings(eos_token="\x1b[31mnew"), "its embedding 280"),
    Case("no begin and no end", _without_ends, "names no bos_token_id"),
    Case("a begin beyond the embedding", _ends_beyond(bos_token_id=281), "bos_token_id is 281"),
    Case("an end below 0", _ends_beyond(eos_token_id=-1), "eos_token_id is -1"),
    Case("an end of 10^30", _ends_beyond(eos_token_id=10**30), "eos_token_id"),
    Case("padding below 0", _ends_beyond(pad_token_id=-1), "Done", 0),
)
