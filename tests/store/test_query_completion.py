from neuron_tui.store.neurons.query import KEYS, TYPE_WORDS, parse_query
from neuron_tui.store.neurons.query_completion import MEANINGS, TYPE_MEANINGS, completions


def words(query: str, cursor: int | None = None) -> list[str]:
    return [c.word for c in completions(query, len(query) if cursor is None else cursor)]


def test_every_word_of_the_language_is_explained():
    assert set(MEANINGS) == set(KEYS)
    assert set(TYPE_MEANINGS) == set(TYPE_WORDS)


def test_an_empty_query_is_offered_every_key():
    assert len(words("")) == len(KEYS)


def test_what_is_typed_of_a_key_narrows_the_choice():
    assert words("tr") == ["trigger:"]
    assert words("type:token -la") == ["layer:", "label:"]
    assert words("xyz") == []


def test_types_are_offered_one_by_one_after_each_comma():
    assert words("type:su") == ["suppressing"]
    assert words("type:token,tri") == ["trigram"]
    assert set(words("type:")) == set(TYPE_WORDS)


def test_a_completed_word_is_not_offered_again():
    assert words("type:token") == []


def test_nothing_is_offered_in_a_text_or_a_number():
    assert words('trigger:" ti') == []
    assert words("freq<0") == []
    assert words('trigger:"a \\" b') == []


def test_after_a_closed_text_words_are_offered_again():
    assert words('trigger:" title" fr') == ["freq<"]


def test_taking_a_word_keeps_what_stands_around_it():
    query = "layer:0 ty mi>0.05"
    (taken,) = completions(query, len("layer:0 ty"))
    assert taken.query == "layer:0 type: mi>0.05"
    assert taken.query[: taken.cursor] == "layer:0 type:"


def test_every_completed_type_can_be_read():
    for completion in completions("-type:", 6):
        assert parse_query(completion.query)[0].negated
