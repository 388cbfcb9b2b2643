"""Train RouteLLM's matrix factorisation, and give its similarity ranking its rows. Runs in the consumers' environment.

    python -m tests.consumers.in_routellm EXPORT WORK QUERIES.json STRONG WEAK

Prints one JSON object: router → query → win rate of the strong model, and query → model of all. RouteLLM asks a
service for vectors; one on the loopback gives the release's. Its training script names its files and a GPU, so its
parts are put together here as it does.
"""

import json
import os
import random
import sys
import threading
import warnings
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from arena.policies.embedding import DIMENSIONS, embedded

HIDDEN, EPOCHS, BATCH, RATE, DECAY, NOISE = 32, 12, 64, 3e-3, 1e-5, 0.02


class Embeddings(BaseHTTPRequestHandler):
    """The one call that RouteLLM makes, in the shape of OpenAI's service."""

    def do_POST(self) -> None:
        """Vectors of the texts."""
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        data = [
            {"object": "embedding", "index": n, "embedding": vector.tolist()}
            for n, vector in enumerate(embedded(asked["input"]))
        ]
        usage = {"prompt_tokens": 0, "total_tokens": 0}
        body = json.dumps({"object": "list", "data": data, "model": asked["model"], "usage": usage}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_args: object) -> None:
        """Nothing."""


def factorised(export: Path, checkpoint: Path) -> int:
    """Train by its classes and its loop, save for its router; returns the number of models."""
    import torch
    from routellm.routers.matrix_factorization import train_matrix_factorization as upstream
    from routellm.routers.matrix_factorization.model import MODEL_IDS, MFModel

    pairs = json.loads((export / "pairwise_data.json").read_text())
    decisive = [pair for pair in pairs if pair["winner"] in ("model_a", "model_b")]
    random.Random(1).shuffle(decisive)
    cut = int(len(decisive) * 0.95)
    torch.manual_seed(1)
    model = upstream.MFModel_Train(
        dim=HIDDEN,
        num_models=len(MODEL_IDS),
        num_prompts=len(pairs),
        text_dim=DIMENSIONS,
        npy_path=str(export / "prompt_embedding.npy"),
    )
    upstream.train_loops(
        model,
        upstream.PairwiseDataset(decisive[:cut]).get_dataloaders(BATCH),
        upstream.PairwiseDataset(decisive[cut:]).get_dataloaders(1024, shuffle=False),
        lr=RATE,
        weight_decay=DECAY,
        alpha=NOISE,
        num_epochs=EPOCHS,
        device="cpu",
    )
    served = MFModel(dim=HIDDEN, num_models=len(MODEL_IDS), text_dim=DIMENSIONS, num_classes=1, use_proj=True)
    # The prompts' own vectors stay behind; two layers have other names where it is served.
    names = {"text_proj.weight": "text_proj.0.weight", "classifier.weight": "classifier.0.weight"}
    state = {names.get(name, name): value for name, value in model.state_dict().items() if name != "Q.weight"}
    served.load_state_dict(state)
    served.save_pretrained(str(checkpoint))
    return len(MODEL_IDS)


def main(export: Path, work: Path, queries: list[str], strong: str, weak: str) -> dict[str, dict[str, object]]:
    """The win rates of the strong model over the weak one, by both; and the factorisation's choice among all."""
    sys.path.insert(0, str(export))
    import adapter
    from routellm.routers.routers import MatrixFactorizationRouter, SWRankingRouter

    number = factorised(export, work / "mf")
    pair = {"strong_model": strong, "weak_model": weak}
    mf = MatrixFactorizationRouter(
        str(work / "mf"), **pair, hidden_size=HIDDEN, num_models=number, text_dim=DIMENSIONS
    )
    ranking = SWRankingRouter(
        [str(export / "sw_ranking")], [str(export / "sw_ranking_embeddings")], **pair, num_tiers=number
    )
    rates = {
        name: {query: float(router.calculate_strong_win_rate(query)) for query in queries}
        for name, router in (("mf", mf), ("sw_ranking", ranking))
    }
    return {"rates": rates, "choices": {query: _best(mf, adapter.MODELS, query) for query in queries}}


def _best(router: object, models: list[str], query: str) -> str:
    """The model with the highest rate of winning against one and the same."""
    from routellm.routers.matrix_factorization.model import MODEL_IDS

    def rate(name: str) -> float:
        router.strong_model_id = MODEL_IDS[name]
        return router.calculate_strong_win_rate(query)

    return max(models, key=rate)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", 0), Embeddings)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    os.environ |= {"OPENAI_API_KEY": "none", "OPENAI_BASE_URL": f"http://127.0.0.1:{server.server_port}/v1"}
    warnings.simplefilter("ignore", FutureWarning)
    printed, sys.stdout = sys.stdout, sys.stderr
    folder, work, listed, *two = sys.argv[1:]
    json.dump(main(Path(folder).resolve(), Path(work).resolve(), json.loads(Path(listed).read_text()), *two), printed)
    server.shutdown()
