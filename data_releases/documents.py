"""The texts of a release: how to read it, how it was made, what it does not say. Pure, and made of the manifest alone."""

from collections.abc import Mapping
from typing import Any, Final

from data_releases import schema

README: Final = "README.md"
CARD: Final = "DATACARD.md"

_TEXT_STATUS: Final = {
    "published": "texts are in `conversations.parquet`",
    "texts_off": "the operator releases no texts of this arena",
    "no_consent": "the voter did not agree to publication",
    "no_answers": "the battle ended without two complete answers",
    "erased": "a prompt was erased on request",
    "too_long": "a text is too long",
    "personal_data": "the filter for personal data found something",
    "unreadable": "the filter failed on a text",
    "provider_terms": "no provider's terms let its outputs be published",
    "withdrawn": "the voter withdrew it after it was published",
}


def written(manifest: Mapping[str, Any], board: Mapping[str, Any]) -> dict[str, bytes]:
    """README and data card by path.

    Args:
        manifest: the manifest before its `files`.
        board: the content of `leaderboard.json`.
    """
    return {README: _readme(manifest, board).encode(), CARD: _card(manifest).encode()}


def title(manifest: Mapping[str, Any]) -> str:
    """What the release is called."""
    return f"Preference Arena, {manifest['arena']}, {manifest['release']}"


def _table(header: tuple[str, ...], rows: list[tuple[Any, ...]]) -> str:
    lines = [header, tuple("---" for _ in header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


_READ_IT: Final = """## Read it

```python
import pandas as pd
votes = pd.read_parquet("votes.parquet")
battles = pd.read_parquet("battles.parquet")
print(votes[votes.counted].merge(battles, on="battle_id", suffixes=("", "_battle")).outcome.value_counts())
```

```python
import polars as pl
pl.scan_parquet("votes.parquet").filter(pl.col("counted")).group_by("outcome").len().collect()
```

```sql
-- DuckDB
SELECT outcome, count(*) FROM 'votes.parquet' WHERE counted GROUP BY outcome;
```

```python
from datasets import load_dataset
conversations = load_dataset("parquet", data_files="conversations.parquet")
```

## Other shapes

    arena-export . --format lmarena-140k --out OUT

`arena-export --help` lists the data sets and routers whose shapes it writes.
"""


def _readme(manifest: Mapping[str, Any], board: Mapping[str, Any]) -> str:
    rows = manifest["counts"]["rows"]
    tables = _table(
        ("file", "rows", "what it holds"),
        [(f"`{spec.file}`", rows[spec.name], spec.meaning) for spec in schema.TABLES],
    )
    return f"""# {title(manifest)}

{_simulated(manifest)}Blind comparisons of {len(board["ratings"])} systems: {manifest["counts"]["cast"]} votes, of which
{manifest["counts"]["counted"]} count, by {manifest["counts"]["voters"]} voters, on battles that began from
{manifest["window"]["start"]} to before {manifest["window"]["end"]} (UTC). `DATACARD.md` says how it was made and what
it does not say.

{tables}

`leaderboard.json` is computed from `votes.parquet`, `systems.parquet` and `prior_tallies.parquet` alone.

## Check it

    sha256sum -c SHA256SUMS
    arena-verify .

The second command needs no account and no database; it computes the leaderboard again, to the byte.

{_READ_IT}{_clips(manifest)}
## Licence

{_licence(manifest)}
"""


def _clips(manifest: Mapping[str, Any]) -> str:
    if not manifest["audio"]["clips"]:
        return ""
    return """
## Clips

`clips.parquet` names the files under `audio/` and whose they are:

```python
clips = pd.read_parquet("clips.parquet").merge(pd.read_parquet("responses.parquet"), on="response_id")
print(clips[["path", "system_id", "side", "duration_s"]])
```
"""


def _licence(manifest: Mapping[str, Any]) -> str:
    return f"""Votes, prompts and feedback: {manifest["licence"]}. Answers of systems: under the terms of their providers, named in
`systems.parquet`; where these forbid publication (`outputs_released` is false) the answers are not here. Do not try to
find out who a voter is."""


def _simulated(manifest: Mapping[str, Any]) -> str:
    if not manifest["simulated"]:
        return ""
    return (
        "**This release holds simulated votes (`is_simulated`). They come from a demonstration, not from people.**\n\n"
    )


def _card(manifest: Mapping[str, Any]) -> str:
    parts = (
        f"# Data card: {title(manifest)}",
        _simulated(manifest).strip(),
        _how(manifest),
        _privacy(manifest),
        _texts(manifest),
        _audio(manifest),
        _columns(),
        _limits(),
        "## Licence\n\n" + _licence(manifest),
        _history(manifest),
    )
    return "\n\n".join(part for part in parts if part) + "\n"


def _how(manifest: Mapping[str, Any]) -> str:
    excluded = manifest["counts"]["excluded"] or {"none": 0}
    classes = _table(("class", "votes"), sorted(excluded.items()))
    return f"""## How it was made

A visitor wrote a prompt; two systems, drawn at random in proportion to the product of their weights, answered side by
side without names; the visitor voted. Every battle carries the pool of the draw and the probability of its pair and of
its sides. Every vote is here; one that does not count says why by a coarse class:

{classes}

Code {manifest["code_sha256"][:16]}, rules of release {manifest["policy_version"]}, embargo {manifest["embargo_days"]} days."""


def _privacy(manifest: Mapping[str, Any]) -> str:
    merged, found = manifest["merged_attributes"], manifest["pii"]
    suite = found["suite"]
    findings = ", ".join(f"{kind}: {n}" for kind, n in found["found_in_texts"].items()) or "none"
    return f"""## Personal data

- Columns are an allow-list. No address, cookie, user agent, account, exact time or free-form field of a program.
- Pseudonyms are keyed by a salt of this release that was destroyed at publication. A voter's rows share one pseudonym
  inside this release, because intervals need it; nothing links them to another release.
- Times are ISO weeks; durations are rounded to 0.1 s. What was heard of music is told in whole seconds, up to 600, and
  in tenths of a clip; not when, and not which parts.
- A combination of language and category, or a requirement, that fewer than {merged["min_voters"]} voters share is merged
  into `other`: {merged["merged_rows"]} rows were; the smallest group left has {merged["smallest_group"] or "no"} voters.
- Texts pass a local filter (rules {found["rules"]}). Found and withheld, by texts: {findings}.
- On a synthetic suite of {suite["texts"]} texts in {len(suite["languages"])} languages, made by the project itself, the
  filter finds structured items (e-mail, telephone, accounts, cards, addresses, keys, ids, coordinates) with a recall of
  {suite["structured_recall"]:.3f} at a precision of {suite["precision"]:.3f}. Names of persons are found only where a sentence
  introduces them. There is no classifier for sensitive subjects. No formal guarantee is claimed."""


def _texts(manifest: Mapping[str, Any]) -> str:
    texts = manifest["counts"]["texts"]
    rows = [(f"`{status}`", meaning, texts.get(status, 0)) for status, meaning in _TEXT_STATUS.items()]
    return "## Texts\n\n" + _table(("text_status", "meaning", "battles"), rows)


def _audio(manifest: Mapping[str, Any]) -> str:
    audio = manifest["audio"]
    if not audio["clips"]:
        return ""
    missing = f" {audio['missing']} more could not be read when the release was made." if audio["missing"] else ""
    return f"""## Clips

{audio["clips"]} files under `audio/`, {audio["bytes"]} bytes, named and summed by `clips.parquet`.{missing} They are the
bytes that voters heard: one profile for all systems (MP3, 48 kHz stereo, −16 LUFS, both sides of a battle of one length, no
tags). A clip is here if its battle's texts are published, its provider's terms let outputs be, and the filter found nothing
in what the system says that it sang; nobody has listened to it for names."""


def _columns() -> str:
    parts = ["## Columns"]
    for spec in schema.TABLES:
        rows = [(f"`{c.name}`", f"{c.type}{'?' if c.nullable else ''}", c.meaning) for c in spec.columns]
        parts.append(f"### {spec.file}\n\n{spec.meaning}\n\n{_table(('column', 'type', 'meaning'), rows)}")
    return "\n\n".join(parts)


def _limits() -> str:
    return """## What it does not say

- Votes are the taste of those who came, on the prompts they had; they are not a measure of truth.
- Two systems per prompt: most cells of a prompt × system grid are unknown. Exports that need a full grid impute it and
  mark every imputed value.
- The draw is not uniform. Use `pair_propensity` to weight, or the comparison of averages is biased.
- `split` keeps voters and nearly equal first prompts apart. Battles that would tie the parts together are `mixed`: leave
  them out of training and of tests, or say that you did not.
- `cells` with part `train` may be trained on; those with part `all` have seen the votes of the test.
- `embeddings` know words, not meaning (see `embedding` in the manifest); encode the prompts anew for better ones."""


def _history(manifest: Mapping[str, Any]) -> str:
    previous = manifest["previous"]
    follows = f"It follows release {previous['release']}." if previous else "It is the first release of this arena."
    lines = ["## Changes", f"Release {manifest['release']}, schema {manifest['schema_version']}. {follows}"]
    if manifest["supersedes"]:
        reasons = ", ".join(f"{reason}: {n} rows" for reason, n in manifest["removed"].items())
        lines.append(
            f"It replaces {manifest['supersedes']['release']}. Taken away or marked in all revisions: {reasons}; "
            "`tombstones.parquet` has the key of each. Please do the same in copies that you keep."
        )
    return "\n\n".join(lines)
