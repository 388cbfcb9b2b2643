"""Our rankings beside installed arena-rank, evalica, choix and arenakit, in turn in one process.

Runs in `.venv-bench` (requirements/bench.txt), started by `bench_rankings` with one BLAS thread; prints one JSON
object on standard output. The input of each peer is what its documentation asks for, made before the clock starts: a
DataFrame (arena-rank), its columns or lists of names and Winner (evalica), an Arena of Battles (arenakit). Ours starts
from the same DataFrame, or from integer columns where that is said.
"""

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import arenakit
import choix
import evalica
import numpy as np
import pandas as pd
import pyarrow as pa
from arena_rank.models.bradley_terry import BradleyTerry
from arena_rank.models.contextual_bradley_terry import ContextualBradleyTerry
from arena_rank.utils.data_utils import ContextualPairDataset, PairDataset

from arena.rankings.bootstrap import replicated_strengths
from arena.rankings.bradley_terry import fit
from arena.rankings.columns import count_columns
from arena.rankings.intervals import covariance, limits
from arena.rankings.live import Live
from arena.rankings.style import fit_style
from arena.rankings.tallies import Counts, Votes, count
from arena.rankings.terms import SCALE
from arena.votes.outcome import Outcome
from tests.bench.peak import with_added_mb
from tests.bench.ranking_data import WORDS, Sample, sample

SYSTEMS = 100
ROUNDS = int(os.environ.get("ROUNDS", "5"))
LARGE_ROUNDS = int(os.environ.get("LARGE_ROUNDS", "5"))
#: Beside evalica's time from columns, its time with lists ready; ten million votes as lists are three gigabytes.
LISTS_UP_TO = 10**6
REPLICATES = 100
COVARIATES = [f"covariate_{k}" for k in range(8)]


def say(*words: object) -> None:
    """Progress, for whoever waits."""
    print(*words, file=sys.stderr, flush=True)  # noqa: T201


def timed(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds of one call by the clock, and of all its threads on a processor."""
    start, busy = time.perf_counter(), time.process_time()
    work()
    return time.perf_counter() - start, time.process_time() - busy


def in_turn(rounds: int, work: dict[str, Callable[[], object]], *, warm: bool = True) -> dict[str, float]:
    """The median seconds of each (`_s`, `_cpu_s`); with several rounds and if asked, after one that is not counted."""
    for one in work.values() if warm and rounds > 1 else ():
        one()
    times: dict[str, list[tuple[float, float]]] = {name: [] for name in work}
    for number in range(rounds):
        for name, one in work.items():
            times[name].append(timed(one))
        say(f"  round {number + 1}:", *(f"{name} {taken[-1][0]:.3g} s" for name, taken in times.items()))
    found = {}
    for name, taken in times.items():
        found[f"{name}_s"], found[f"{name}_cpu_s"] = (statistics.median(kind) for kind in zip(*taken, strict=True))
    return found


def frame_of(data: Sample) -> pd.DataFrame:
    """The columns that LMArena publishes, and covariates where there are any."""
    # By way of Arrow: numpy's strings of ten million rows take five gigabytes.
    said = {"model_a": (data.left, data.names), "model_b": (data.right, data.names), "winner": (data.outcome, WORDS)}
    columns = {name: pa.DictionaryArray.from_arrays(codes, pa.array(words)) for name, (codes, words) in said.items()}
    frame: pd.DataFrame = pa.table({name: one.cast(pa.large_string()) for name, one in columns.items()}).to_pandas()
    for k, name in enumerate(COVARIATES[: data.covariates.shape[1]]):
        frame[name] = data.covariates[:, k]
    return frame


def with_intervals(counts: Counts) -> object:
    """What a board needs at least."""
    fitted = fit(counts)
    return limits(fitted, covariance(fitted, counts))


def ours(frame: pd.DataFrame) -> object:
    """From strings to ratings and intervals."""
    return with_intervals(count_columns(frame["model_a"], frame["model_b"], frame["winner"]).counts)


def arena_rank(frame: pd.DataFrame) -> object:
    """As documented: ratings and sandwich intervals."""
    pairs = PairDataset.from_pandas(frame)
    return BradleyTerry(n_competitors=len(pairs.competitors)).compute_ratings_and_cis(pairs, significance_level=0.05)


def evalica_winners(data: Sample) -> list[evalica.Winner]:
    """As documented."""
    winners = np.array([evalica.Winner.X, evalica.Winner.Y, evalica.Winner.Draw], dtype=object)
    found: list[evalica.Winner] = winners[data.outcome].tolist()
    return found


def evalica_input(data: Sample) -> tuple[list[str], list[str], list[evalica.Winner]]:
    """Lists, as documented."""
    return data.names[data.left].tolist(), data.names[data.right].tolist(), evalica_winners(data)


def from_strings(votes: int, rounds: int) -> dict[str, float]:
    """The same DataFrame for all; integer columns beside it."""
    say(f"{votes:,} votes, {rounds} rounds")
    data = sample(SYSTEMS, votes, seed=1)
    frame, winners = frame_of(data), evalica_winners(data)
    columns = Votes(data.left, data.right, data.outcome)
    work: dict[str, Callable[[], object]] = {
        "ours_strings": lambda: ours(frame),
        "ours_codes": lambda: with_intervals(count(columns, SYSTEMS)),
        "arena_rank": lambda: arena_rank(frame),
        "evalica_point": lambda: evalica.bradley_terry(frame["model_a"], frame["model_b"], winners),
    }
    if votes <= LISTS_UP_TO:
        lists = evalica_input(data)
        work["evalica_lists"] = lambda: evalica.bradley_terry(*lists)
    # The peers take half a minute each for ten million votes: what a first call costs does not show.
    return in_turn(rounds, work, warm=votes <= LISTS_UP_TO)


def agreement(votes: int) -> dict[str, float]:
    """The largest difference of ratings, in points, to two solvers that share nothing with ours."""
    data = sample(SYSTEMS, votes, seed=1)
    counts = count(Votes(data.left, data.right, data.outcome), SYSTEMS)
    strengths = fit(counts).strengths
    spectral = choix.ilsr_pairwise_dense(counts.wins(), tol=1e-12, max_iter=1000)
    found = evalica.bradley_terry(*evalica_input(data), tolerance=1e-12, limit=10_000)
    other = np.log(found.scores.reindex(data.names).to_numpy())
    return {
        "choix_points": float(SCALE * np.abs(strengths - (spectral - spectral.mean())).max()),
        "evalica_tight_points": float(SCALE * np.abs(strengths - (other - other.mean())).max()),
    }


def bootstraps(votes: int, rounds: int) -> dict[str, float]:
    """100 replicates each, inputs ready."""
    data = sample(SYSTEMS, votes, seed=2)
    columns = Votes(data.left, data.right, data.outcome)
    lists = evalica_input(data)
    words = np.array(["a", "b", "tie"])[data.outcome]
    battles = [
        arenakit.Battle(model_a=a, model_b=b, winner=word)
        for a, b, word in zip(lists[0], lists[1], words.tolist(), strict=True)
    ]
    arena = arenakit.Arena(battles)
    say(f"{REPLICATES} bootstraps of {votes:,} votes, {rounds} rounds")

    def ours_boot() -> object:
        counts = count(columns, SYSTEMS)
        return replicated_strengths(fit(counts), counts, REPLICATES, 1)

    def evalica_boot() -> object:
        return evalica.bootstrap(
            evalica.bradley_terry, *lists, n_resamples=REPLICATES, bootstrap_method="percentile", random_state=1
        )

    return in_turn(
        rounds,
        {
            "ours": ours_boot,
            "arenakit": lambda: arenakit.bootstrap(arena, n_resamples=REPLICATES).score_ci(),
            "evalica": evalica_boot,
        },
    )


def style(votes: int, rounds: int) -> dict[str, float]:
    """Eight covariates: DataFrame to ratings, coefficients and robust intervals."""
    data = sample(SYSTEMS, votes, seed=3, covariates=len(COVARIATES))
    frame = frame_of(data)
    say(f"style control of {votes:,} votes, {rounds} rounds")

    def ours_style() -> object:
        counted = count_columns(frame["model_a"], frame["model_b"], frame["winner"], keep=True)
        assert counted.votes is not None
        x = frame[COVARIATES].to_numpy(dtype=np.float32)
        return fit_style(counted.votes, len(counted.names), x, COVARIATES)

    def arena_rank_style() -> object:
        pairs = ContextualPairDataset.from_pandas(frame, feature_cols=COVARIATES)
        model = ContextualBradleyTerry(n_competitors=len(pairs.competitors), n_features=len(COVARIATES))
        return model.compute_ratings_and_cis(pairs, significance_level=0.05)

    return in_turn(rounds, {"ours": ours_style, "arena_rank": arena_rank_style})


def live(votes: int) -> dict[str, float]:
    """Microseconds to move a board by one vote, and how far one step is from a true fit."""
    data = sample(SYSTEMS, votes, seed=1)
    counts = count(Votes(data.left, data.right, data.outcome), SYSTEMS)
    board = Live(fit(counts))
    pairs = list(zip(data.left[:2000].tolist(), data.right[:2000].tolist(), strict=True))
    times = [timed(lambda pair=pair: board.move(*pair, Outcome.LEFT))[0] for pair in pairs]  # type: ignore[misc]
    once = Live(fit(counts))
    once.move(*pairs[0], Outcome.LEFT)
    counts.add(*pairs[0], Outcome.LEFT)
    error = float(np.abs(once.ratings - fit(counts).ratings).max())
    return {"live_move_us": statistics.median(times) * 1e6, "live_move_error_points": error}


def memory(path: Path) -> dict[str, float]:
    """Added peak memory over the loaded DataFrame, each in a process of its own."""
    found = {}
    for name in ("ours", "arena_rank"):
        run = subprocess.run(
            [sys.executable, "-m", "tests.bench.ranking_peers", name, str(path)],
            check=True,
            capture_output=True,
            text=True,
        )
        found[f"{name}_added_mb"] = json.loads(run.stdout)["added_mb"]
    return found


def added_memory(name: str, path: Path) -> float:
    """MB of the peak above the loaded DataFrame."""
    frame = pd.read_parquet(path)
    return with_added_mb(lambda: (ours if name == "ours" else arena_rank)(frame))[1]


def main() -> None:
    """Everything, one section after the other."""
    if len(sys.argv) > 2:
        print(json.dumps({"added_mb": added_memory(sys.argv[1], Path(sys.argv[2]))}))  # noqa: T201
        return
    found: dict[str, Any] = {"votes_1e6": from_strings(10**6, ROUNDS), "agreement": agreement(10**6)}
    found["bootstrap_1e5"] = bootstraps(10**5, ROUNDS)
    found["style_1e6"] = style(10**6, ROUNDS)
    found["live_1e5"] = live(10**5)
    if LARGE_ROUNDS:
        found["votes_1e7"] = from_strings(10**7, LARGE_ROUNDS)
        path = Path(os.environ["BENCH_FOLDER"]) / "votes.parquet"
        frame_of(sample(SYSTEMS, 10**7, seed=1)).to_parquet(path)
        say("memory at 10,000,000 votes")
        found["memory_1e7"] = memory(path)
    print(json.dumps(found))  # noqa: T201


if __name__ == "__main__":
    main()
