"""Train on the exports for TRL and GQR-Bench with their own parts. Runs in the consumers' environment.

    python -m tests.consumers.in_trl PREFERENCE UNPAIRED GQR WORK

TRL trains a reward model and, by DPO and KTO, a writer, all of random weights (a hub's are not to be had offline): the
format is what is tried, so that losses must fall and no more. Prints one JSON object of figures.
"""

import json
import sys
from copy import deepcopy
from pathlib import Path

STEPS, STEPS_OF_POLICIES = 40, 30
#: Of every trainer.
RUN = {
    "per_device_train_batch_size": 32,
    "learning_rate": 3e-3,
    "logging_steps": 1,
    "report_to": [],
    "use_cpu": True,
    "bf16": False,
    "save_strategy": "no",
    "seed": 1,
    "max_length": 256,
    "gradient_checkpointing": False,
}


def tokenizer_of(texts: list[str], least: int = 1) -> object:
    """Words of the texts as tokens; a word that comes up less often than `least` times is like any other such."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.train_from_iterator(
        texts, trainers.WordLevelTrainer(special_tokens=["[UNK]", "[PAD]", "[EOS]"], min_frequency=least)
    )
    made = PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[UNK]", pad_token="[PAD]", eos_token="[EOS]")
    made.chat_template = "{% for m in messages %}{{ m['role'] }} : {{ m['content'] }} {% endfor %}"
    return made


def tiny(tokenizer: object, **more: object) -> object:
    """The shape of a model that trains in seconds."""
    from transformers import Qwen2Config

    return Qwen2Config(
        vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=1, num_attention_heads=2,
        num_key_value_heads=2, pad_token_id=tokenizer.pad_token_id, eos_token_id=tokenizer.eos_token_id, **more,
    )  # fmt: skip


def reward_losses(preference: Path, work: Path) -> list[float]:
    """The losses of TRL's RewardTrainer, step by step."""
    from datasets import load_dataset
    from transformers import Qwen2ForSequenceClassification
    from trl import RewardConfig, RewardTrainer

    data = load_dataset("json", data_files={"train": str(preference / "train.jsonl")}, split="train")
    data = data.select(range(min(len(data), 1500)))
    texts = [message["content"] for row in data for message in (*row["prompt"], *row["chosen"], *row["rejected"])]
    tokenizer = tokenizer_of([*texts, "user : assistant :"])
    model = Qwen2ForSequenceClassification(tiny(tokenizer, num_labels=1))
    settings = RewardConfig(output_dir=str(work / "reward"), **RUN, max_steps=STEPS)
    trainer = RewardTrainer(model=model, args=settings, train_dataset=data, processing_class=tokenizer)
    trainer.train()
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


def gqr_scores(folder: Path) -> dict[str, float]:
    """What GQR-Bench says of a guard by words, trained on the part train."""
    import gqr
    import pandas as pd
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    train, test = pd.read_csv(folder / "train.csv"), pd.read_csv(folder / "test.csv")
    guard = make_pipeline(TfidfVectorizer(), LogisticRegression(max_iter=1000)).fit(train["text"], train["label"])
    test["pred"] = guard.predict(test["text"])
    by_dataset = gqr.evaluate_by_dataset(test, pred_col="pred", true_col="label", dataset_col="dataset")
    assert set(by_dataset["dataset"]) == set(test["dataset"])
    return gqr.evaluate(test["pred"].tolist(), test["label"].tolist())


def policy(data: object) -> tuple[object, object]:
    """A tiny model of random weights that writes, and its tokenizer."""
    from transformers import Qwen2ForCausalLM

    texts = [
        message["content"] for row in data for column in row.values() if isinstance(column, list) for message in column
    ]
    tokenizer = tokenizer_of([*texts, "user : assistant :"])
    return Qwen2ForCausalLM(tiny(tokenizer)), tokenizer


def losses_of(kind: str, folder: Path, work: Path) -> list[float]:
    """The losses of TRL's trainer for pairs (`DPO`) or for labelled answers (`KTO`), step by step."""
    import trl
    from datasets import load_dataset

    data = load_dataset("json", data_files={"train": str(folder / "train.jsonl")}, split="train")
    data = data.select(range(min(len(data), 600)))
    model, tokenizer = policy(data)
    settings = getattr(trl, f"{kind}Config")(output_dir=str(work / kind), **RUN, max_steps=STEPS_OF_POLICIES)
    # The reference that it is held to: as it is before the first step.
    parts = {"model": model, "ref_model": deepcopy(model), "processing_class": tokenizer}
    trainer = getattr(trl, f"{kind}Trainer")(**parts, args=settings, train_dataset=data)
    trainer.train()
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


if __name__ == "__main__":
    printed, sys.stdout = sys.stdout, sys.stderr
    preference, unpaired, domains, folder = map(Path, sys.argv[1:])
    told = {
        "reward": reward_losses(preference, folder),
        "DPO": losses_of("DPO", preference, folder),
        "KTO": losses_of("KTO", unpaired, folder),
        "gqr": gqr_scores(domains),
    }
    json.dump(told, printed)
