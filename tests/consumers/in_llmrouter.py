"""Train LLMRouter's routers by its own command on an export, and let them choose. Runs in the consumers' environment.

    python -m tests.consumers.in_llmrouter EXPORT WORK

Prints one JSON object: router → query of the test → model. Only the encoder is ours: LLMRouter's command encodes with
a model from a hub, and a router must be asked in the vectors that it was trained on.
"""

import importlib
import json
import subprocess
import sys
from functools import cache
from pathlib import Path

import torch

from arena.policies.embedding import DIMENSIONS, embedded

#: Command's name → settings of the method.
ROUTERS = {
    "knnrouter": {"n_neighbors": 25, "weights": "distance", "metric": "cosine"},
    "svmrouter": {"kernel": "rbf", "C": 1.0, "gamma": "scale", "probability": False},
    "mlprouter": {"hidden_layer_sizes": [64], "activation": "relu", "lr": 0.002, "epochs": 30, "batch_size": 64},
    "mfrouter": {"latent_dim": 32, "text_dim": DIMENSIONS, "lr": 0.003, "epochs": 6, "batch_size": 64},
}
CLASSES = {"knnrouter": "KNNRouter", "svmrouter": "SVMRouter", "mlprouter": "MLPRouter", "mfrouter": "MFRouter"}
ENDINGS = {"knnrouter": "pkl", "svmrouter": "pkl", "mlprouter": "pt", "mfrouter": "pt"}


def configuration(name: str, export: Path, work: Path) -> Path:
    """Its YAML; JSON is YAML."""
    model = str(work / f"{name}.{ENDINGS[name]}")
    files = {
        "query_data_train": "query_data_train.jsonl",
        "query_data_test": "query_data_test.jsonl",
        "query_embedding_data": "query_embeddings.pt",
        "routing_data_train": "routing_data_train.jsonl",
        "routing_data_test": "routing_data_test.jsonl",
        "llm_data": "llm_data.json",
    }
    written = work / f"{name}.yaml"
    written.write_text(
        json.dumps(
            {
                "data_path": {key: str(export / path) for key, path in files.items()},
                "model_path": {"ini_model_path": model, "save_model_path": model, "load_model_path": model},
                "hparam": ROUTERS[name],
                "metric": {"weights": {"performance": 1}},
            }
        )
    )
    return written


def train(name: str, config: Path) -> None:
    """By its command."""
    command = [sys.executable, "-m", "llmrouter.cli.router_train", "--router", name, "--config", str(config)]
    done = subprocess.run([*command, "--device", "cpu"], check=False, stdout=sys.stderr, stderr=sys.stderr)
    if done.returncode:
        sys.exit(f"{name}: the command ended with {done.returncode}")


def choices(name: str, config: Path) -> dict[str, str]:
    """What the trained router says of each query of the test, by its own method."""
    module = importlib.import_module(f"llmrouter.models.{name}.router")
    module.get_longformer_embedding = lambda text: torch.from_numpy(embedded([text])[0])
    router = getattr(module, CLASSES[name])(str(config))
    # Its methods read the model's file anew for every query: with the file read once it is a minute faster.
    module.load_model = cache(module.load_model)
    return {query["query"]: router.route_single(query)["model_name"] for query in router.query_data_test}


def main(export: Path, work: Path) -> None:
    """All routers."""
    torch.manual_seed(1)
    subprocess.run([sys.executable, "adapter.py"], cwd=export, check=True)
    found = {}
    printed, sys.stdout = sys.stdout, sys.stderr
    for name in ROUTERS:
        config = configuration(name, export, work)
        train(name, config)
        found[name] = choices(name, config)
    json.dump(found, printed)


if __name__ == "__main__":
    main(Path(sys.argv[1]).resolve(), Path(sys.argv[2]).resolve())
