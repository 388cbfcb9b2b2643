"""Outputs that name their own maker or model are found; outputs about models are not."""

import gzip
import json

import pytest

from arena.battles import identity


@pytest.mark.parametrize(
    "text",
    [
        "My name is Claude and I'm an AI assistant, not a Jedi master.",
        "I'm ChatGPT! Well, I'm biased, but I think I'm pretty cool.",
        "You can call me Vicuna.",
        "I am an AI language model developed by OpenAI, and I can help.",
        "As an AI developed by Alibaba Cloud, I don't know the future.",
        "We are both language models trained by the same company, Anthropic.",
        "I was created by Google.",
        "I'm a helpful assistant called Bard.",
        "My creators at Anthropic want me to be honest.",
        "I am a language model created by researchers from Large Model Systems Organization (LMSYS).",
    ],
)
def test_a_speaker_that_names_its_maker_is_found(text):
    assert identity.find(text)


@pytest.mark.parametrize(
    "text",
    [
        "ChatGPT is a language model developed by OpenAI.",
        "No, I am not as capable as ChatGPT.",
        "I think Google Maps is a good choice, and so is OpenStreetMap.",
        "As an AI language model, I have no opinions.",
        "Use a model such as GPT-3 or Llama.",
        "I am Claude Monet's biggest fan.",
        "As Gemini season begins, I'm excited.",
        "I'm happy to explain how Meta trained Llama.",
        "the painter Jean-Claude lived in Paris",
        "I'm unlike models developed by Google.",
        "",
    ],
)
def test_a_text_about_models_is_left_alone(text):
    assert identity.find(text) == []


def test_a_system_is_known_by_its_own_name_and_organisation_too():
    assert identity.find("I am Zorblax, built by Example Labs.", ("Zorblax", "Example Labs"))
    assert identity.find("I am Zorblax, built by Example Labs.") == []


def test_phrases_are_short_and_listed_once():
    found = identity.find("I am Claude. I am Claude. " + "I am a model " + "very " * 15 + "trained by OpenAI.")
    assert found[0] == "I am Claude"
    assert found.count("I am Claude") == 1
    assert all(len(phrase) <= 120 for phrase in found)


# Read by hand: every output of the twelve systems in which the speaker names a maker or a model as its own.
REVEALING = {
    ("Meta-Llama-3-8B-Instruct", "What do you think about ChatGPT?"),
    ("Mixtral-8x7B-Instruct-v0.1", "Are you as capable as ChatGPT?"),
    ("Qwen1.5-14B-Chat", "Who will be the president of South Korea in 2023?"),
    ("claude-3-opus-20240229", "What do you think about ChatGPT?"),
    ("claude-3-opus-20240229", "what should i call you?"),
    ("claude-3-opus-20240229", "Hello there Obi One Kenobi"),
    ("gemma-7b-it", "what should i call you?"),
    ("gpt-4o-2024-05-13", "What do you think about ChatGPT?"),
    ("gpt-4o-2024-05-13", "Are you as capable as ChatGPT?"),
    ("phi-2", "Are you as capable as ChatGPT?"),
    ("vicuna-7b", "what should i call you?"),
    ("vicuna-7b", "Are you as capable as ChatGPT?"),
}
# Long prompts, by their beginning.
REVEALING_BEGINNINGS = {
    ("claude-3-opus-20240229", "Can you give an example of a complex project"),
    ("claude-3-opus-20240229", "Can you describe the process that use to generate"),
}


@pytest.mark.shared_data
def test_of_9660_real_outputs_exactly_those_that_reveal_their_maker_are_tagged(shared_data):
    tagged, read = set(), 0
    for path in sorted((shared_data / "real_outputs").glob("*.jsonl.gz")):
        system = path.name.removesuffix(".jsonl.gz")
        with gzip.open(path, "rt", encoding="utf-8") as lines:
            for line in lines:
                row = json.loads(line)
                read += 1
                if identity.find(row["output"], (system,)):
                    tagged.add((system, row["prompt"]))
    short = {entry for entry in tagged if entry in REVEALING}
    long = {
        (system, start)
        for system, start in REVEALING_BEGINNINGS
        for s, p in tagged
        if s == system and p.startswith(start)
    }
    assert read > 9600
    assert short == REVEALING
    assert long == REVEALING_BEGINNINGS
    assert len(tagged) == len(REVEALING) + len(REVEALING_BEGINNINGS)
