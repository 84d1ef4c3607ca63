"""Many jobs over the cores, a process each; one that fails does not stop the others."""

from __future__ import annotations

import multiprocessing
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, as_completed
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from typing import Generic, TypeVar

import cv2

from edgecv.errors import EdgecvError

Job = TypeVar("Job")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Job, Result]):
    """What became of one job: a result, or what went wrong in one line."""

    job: Job
    result: Result | None
    problem: str | None


def run_jobs(
    work: Callable[[Job], Result],
    jobs: Sequence[Job],
    processes: int,
    on_done: Callable[[Job], None] = lambda _job: None,
) -> list[Outcome[Job, Result]]:
    """Run ``work`` on every job and return the outcomes in the jobs' order.

    Args:
        work: a module-level function; it runs in fresh processes (spawned: nothing is shared, on every system alike).
        jobs: picklable.
        processes: at most this many at a time; a single one runs in this process.
        on_done: called with each job that ended.
    """
    if min(processes, len(jobs)) <= 1:
        outcomes = []
        for job in jobs:
            outcomes.append(_attempt(work, job))
            on_done(job)
        return outcomes
    context = multiprocessing.get_context("spawn")
    by_job: dict[int, Outcome[Job, Result]] = {}
    pool = ProcessPoolExecutor(min(processes, len(jobs)), mp_context=context, initializer=_one_thread)
    try:
        futures: dict[Future[Outcome[Job, Result]], int] = {
            pool.submit(_attempt, work, job): n for n, job in enumerate(jobs)
        }
        for future in as_completed(futures):
            n = futures[future]
            try:
                by_job[n] = future.result()
            except BrokenProcessPool:
                by_job[n] = Outcome(
                    jobs[n], None, f"{jobs[n]}: a process died, out of memory perhaps; try again with fewer --jobs"
                )
            on_done(jobs[n])
    finally:
        pool.shutdown(cancel_futures=True)
    return [by_job[n] for n in range(len(jobs))]


def _one_thread() -> None:
    cv2.setNumThreads(1)


def _attempt(work: Callable[[Job], Result], job: Job) -> Outcome[Job, Result]:
    try:
        return Outcome(job, work(job), None)
    except EdgecvError as error:
        return Outcome(job, None, str(error))
    except Exception as error:  # one broken scene must not cost the others their hours
        return Outcome(job, None, f"{job}: failed with {type(error).__name__}: {error}; please report it")
