"""Read the exports for TRL, P2L and GQR-Bench with their readers. Runs in the consumers' environment.

    python -m tests.consumers.in_trl PREFERENCE UNPAIRED P2L GQR WORK

TRL trains a reward model of random weights (a hub's are not to be had offline): the format is what is tried, so
that the loss must fall and no more. Prints one JSON object of figures.
"""

import json
import sys
from pathlib import Path

STEPS = 40


def tokenizer_of(texts: list[str]) -> object:
    """Words of the texts as tokens."""
    from tokenizers import Tokenizer, models, pre_tokenizers, trainers
    from transformers import PreTrainedTokenizerFast

    words = Tokenizer(models.WordLevel(unk_token="[UNK]"))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.train_from_iterator(texts, trainers.WordLevelTrainer(special_tokens=["[UNK]", "[PAD]", "[EOS]"]))
    made = PreTrainedTokenizerFast(tokenizer_object=words, unk_token="[UNK]", pad_token="[PAD]", eos_token="[EOS]")
    made.chat_template = "{% for m in messages %}{{ m['role'] }} : {{ m['content'] }} {% endfor %}"
    return made


def reward_losses(preference: Path, work: Path) -> list[float]:
    """The losses of TRL's RewardTrainer, step by step."""
    from datasets import load_dataset
    from transformers import Qwen2Config, Qwen2ForSequenceClassification
    from trl import RewardConfig, RewardTrainer

    data = load_dataset("json", data_files={"train": str(preference / "train.jsonl")}, split="train")
    data = data.select(range(min(len(data), 1500)))
    texts = [message["content"] for row in data for message in (*row["prompt"], *row["chosen"], *row["rejected"])]
    tokenizer = tokenizer_of([*texts, "user : assistant :"])
    model = Qwen2ForSequenceClassification(
        Qwen2Config(
            vocab_size=len(tokenizer), hidden_size=32, intermediate_size=64, num_hidden_layers=1,
            num_attention_heads=2, num_key_value_heads=2, num_labels=1, pad_token_id=tokenizer.pad_token_id,
        )
    )  # fmt: skip
    settings = RewardConfig(
        output_dir=str(work / "reward"), max_steps=STEPS, per_device_train_batch_size=32, learning_rate=3e-3,
        logging_steps=1, report_to=[], use_cpu=True, bf16=False, save_strategy="no", seed=1, max_length=256,
        gradient_checkpointing=False,
    )  # fmt: skip
    trainer = RewardTrainer(model=model, args=settings, train_dataset=data, processing_class=tokenizer)
    trainer.train()
    return [entry["loss"] for entry in trainer.state.log_history if "loss" in entry]


def p2l_rows(folder: Path) -> dict[str, int]:
    """Rows by part, as `datasets` reads them; the indices of labels must be models of the list."""
    from datasets import load_dataset

    parts = {part: str(folder / f"{part}.parquet") for part in ("train", "validation", "test")}
    models = json.loads((folder / "model_list.json").read_text())
    read = load_dataset("parquet", data_files=parts)
    for rows in read.values():
        for row in rows:
            winner = models[row["labels"][0]]
            assert winner == row["model_b" if row["winner"] == "model_b" else "model_a"]
    return {part: len(rows) for part, rows in read.items()}


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


def unpaired_rows(folder: Path) -> int:
    """Rows that KTO would be given: `label` is a truth value."""
    from datasets import load_dataset

    rows = load_dataset("json", data_files=str(folder / "train.jsonl"), split="train")
    assert str(rows.features["label"].dtype) == "bool"
    return len(rows)


if __name__ == "__main__":
    printed, sys.stdout = sys.stdout, sys.stderr
    preference, unpaired, p2l, domains, folder = map(Path, sys.argv[1:])
    told = {
        "reward_losses": reward_losses(preference, folder),
        "unpaired": unpaired_rows(unpaired),
        "p2l": p2l_rows(p2l),
        "gqr": gqr_scores(domains),
    }
    json.dump(told, printed)
