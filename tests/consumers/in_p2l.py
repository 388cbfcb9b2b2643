"""Train on an export as Prompt-to-Leaderboard does. Runs in the consumers' environment.

    python -m tests.consumers.in_p2l EXPORT

Its package is on no index and its checkpoints on a hub, so what is here is its method on its rows: a Qwen2 (tiny, of
random weights) reads the prompt, its last state gives a coefficient per model of `model_list.json`, and the loss is
that of grounded Rao-Kupper on `labels` = [winner, loser, kind] (Frick et al. 2025, arXiv:2502.14855), in the order of
the rows. Prints one JSON object: losses by epoch on the part train, and on the part test against a model that gives
every prompt the same coefficients.
"""

import json
import sys
from pathlib import Path

import torch
from datasets import load_dataset
from transformers import Qwen2Config, Qwen2Model

from tests.consumers.in_trl import tokenizer_of

EPOCHS, BATCH, RATE, MOST_TOKENS, HIDDEN = 3, 32, 3e-3, 64, 32
#: Rarer words would be learnt by heart.
LEAST = 50


class Leaderboards(torch.nn.Module):
    """Prompt → coefficients of all models, and the readiness to call a battle even. `blind`: the same for all."""

    def __init__(self, words: int, models: int, pad: int, *, blind: bool) -> None:
        super().__init__()
        torch.manual_seed(1)
        settings = {"num_hidden_layers": 1, "num_attention_heads": 2, "num_key_value_heads": 2, "pad_token_id": pad}
        self.reader = Qwen2Model(
            Qwen2Config(vocab_size=words, hidden_size=HIDDEN, intermediate_size=2 * HIDDEN, **settings)
        )
        self.head = torch.nn.Linear(HIDDEN, models + 1)
        self.blind = blind

    def forward(self, tokens: dict[str, torch.Tensor]) -> tuple[torch.Tensor, torch.Tensor]:
        """(n, models) coefficients and (n,) evenness."""
        states = self.reader(**tokens).last_hidden_state
        last = tokens["attention_mask"].sum(dim=1) - 1
        read = states[torch.arange(len(last)), last]
        told = self.head(torch.ones_like(read) if self.blind else read)
        return told[:, :-1], told[:, -1]


def surprise(coefficients: torch.Tensor, evenness: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
    """(n,) negative log likelihood. With strengths s and θ > 1, out of weights s_w, s_l and 1 for "neither is good":
    P(w) = s_w / (s_w + θ s_l + 1), P(both bad) = 1 / (1 + s_w + s_l), and a tie is what remains.
    """
    theta = 1.000001 + evenness.exp()
    winner, loser = (coefficients.gather(1, labels[:, n : n + 1]).squeeze(1).exp() for n in (0, 1))
    won, lost = winner / (winner + theta * loser + 1), loser / (loser + theta * winner + 1)
    bad = 1 / (1 + winner + loser)
    chances = torch.stack([won, 1 - won - lost - bad, bad], dim=1)
    return -chances.gather(1, labels[:, 2:]).squeeze(1).clamp(min=1e-6).log()


def trained(rows: object, held_out: object, models: int, *, blind: bool) -> dict[str, object]:
    """Losses by epoch on `rows`, and at the end on `held_out`."""
    tokenizer = tokenizer_of([text for row in rows["prompt"] for text in row], LEAST)

    def batches(part: object):
        for start in range(0, len(part), BATCH):
            some = part[start : start + BATCH]
            texts = [" ".join(turns) for turns in some["prompt"]]
            read = tokenizer(texts, padding=True, truncation=True, max_length=MOST_TOKENS, return_tensors="pt")
            tokens = {name: read[name] for name in ("input_ids", "attention_mask")}
            yield tokens, torch.tensor(some["labels"])

    model = Leaderboards(len(tokenizer), models, tokenizer.pad_token_id, blind=blind)
    optimiser = torch.optim.AdamW(model.parameters(), lr=RATE)
    by_epoch = []
    for _epoch in range(EPOCHS):
        losses = []
        for tokens, labels in batches(rows):
            optimiser.zero_grad()
            loss = surprise(*model(tokens), labels).mean()
            loss.backward()
            optimiser.step()
            losses.append(loss.item())
        by_epoch.append(sum(losses) / len(losses))
    with torch.no_grad():
        test = torch.cat([surprise(*model(tokens), labels) for tokens, labels in batches(held_out)])
    return {"by_epoch": by_epoch, "test": test.mean().item()}


def main(folder: Path) -> dict[str, object]:
    """Both models."""
    read = load_dataset("parquet", data_files={part: str(folder / f"{part}.parquet") for part in ("train", "test")})
    models = json.loads((folder / "model_list.json").read_text())
    # Its trainer makes the list itself: the sorted names of the part that it trains on.
    assert models == sorted({*read["train"]["model_a"], *read["train"]["model_b"]})
    return {
        name: trained(read["train"], read["test"], len(models), blind=blind)
        for name, blind in (("by prompt", False), ("the same for all", True))
    }


if __name__ == "__main__":
    printed, sys.stdout = sys.stdout, sys.stderr
    json.dump(main(Path(sys.argv[1])), printed)
