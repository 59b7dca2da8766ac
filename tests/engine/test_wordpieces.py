"""A model whose tokeniser is WordPiece: its text is shown as words, its records keep the tokeniser's own forms."""

import pytest
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

from neuron_tui.engine.extraction import ExtractionRequest, extract
from neuron_tui.store import Run, open_run
from neuron_tui.store.tokens import decode

from .checkpoints import words


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Run:
    folder = tmp_path_factory.mktemp("wordpieces")
    tokenizer = Tokenizer(models.WordPiece(unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    trainer = trainers.WordPieceTrainer(
        vocab_size=120, special_tokens=["[UNK]", "[SEP]", "[PAD]", "[CLS]"], show_progress=False
    )
    tokenizer.train_from_iterator([words(seed, 300) for seed in range(5)], trainer)
    PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="[CLS]", eos_token="[SEP]", pad_token="[PAD]", unk_token="[UNK]"
    ).save_pretrained(folder)
    torch.manual_seed(0)
    config = GPT2Config(vocab_size=120, n_positions=32, n_embd=16, n_layer=1, n_head=2, bos_token_id=3, eos_token_id=1)
    GPT2LMHeadModel(config).save_pretrained(folder)
    (folder / "text.txt").write_text(words(7, 400))
    asked = ExtractionRequest(
        model=str(folder), corpus=(f"a={folder / 'text.txt'}",), name="x", runs_dir=folder / "runs", device="cpu"
    )
    return open_run(extract(asked))


def test_contexts_read_as_words_and_records_keep_the_forms(run: Run) -> None:
    layer = run.layers[0]
    forms = {form for record in layer.records() for trigger in record.triggers[1].top for form in trigger.forms}
    assert any(form.startswith("##") for form in forms)
    context = next(c for neuron in range(layer.neurons) for c in layer.contexts(neuron) if len(c.ids) > 20)
    text = decode(list(context.forms[1:]), run.corpus.spelling)
    vocabulary = set(words(7, 400).split())
    assert "##" not in text
    assert len([word for word in text.split()[1:-1] if word in vocabulary]) > 5


def test_a_word_is_found_by_its_text(run: Run) -> None:
    trigger = next(r for r in run.layers[0].records() if not r.dead).triggers[1].top[0]
    found = run.corpus.find_grams(decode(list(trigger.forms), run.corpus.spelling))
    assert run.corpus.find_gram(trigger.ids) in found[1].tolist()
