"""Jobs that run once per period (`arena.common.ledger`). A new one is a line in `JOBS`; the sweep rings for it."""

from typing import Final

from arena.battles import prefetch
from arena.common import ledger
from arena.common.ledger import Job, Work
from arena.common.queue import RUN_JOB, app
from arena.media import orphans
from arena.rankings import by_vote, sampling, studies
from data_releases import readings, schedule

#: By name: the job and what it does to one period.
JOBS: Final[dict[str, tuple[Job, Work]]] = {
    orphans.JOB.name: (orphans.JOB, orphans.clean),
    prefetch.JOB.name: (prefetch.JOB, prefetch.fill),
    readings.JOB.name: (readings.JOB, readings.read_due),
    schedule.JOB.name: (schedule.JOB, schedule.build_due),
    by_vote.JOB.name: (by_vote.JOB, by_vote.keep_all),
    schedule.REVISE.name: (schedule.REVISE, schedule.revise_due),
    sampling.JOB.name: (sampling.JOB, sampling.count_draws),
    studies.JOB.name: (studies.JOB, studies.study_all),
}


def due_jobs() -> list[str]:
    """Names of the jobs for which a worker would find something to do now."""
    return [job.name for job in ledger.due([job for job, _work in JOBS.values()])]


@app.task(name=RUN_JOB)
def run_job(name: str) -> None:
    """Run one job for every period of it that is due. A name that this version does not know is a late message."""
    if name in JOBS:
        ledger.run_due(*JOBS[name])
