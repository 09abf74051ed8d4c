"""Many plans on an executor: one bad county never stops the others, a killed process neither."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Mapping
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait
from dataclasses import dataclass, field
from pathlib import Path

from geoplan.batch.ledger import Entry, Ledger, held, read_ledger, write_ledger
from geoplan.batch.plans import Listed, fingerprint, weight_bytes
from geoplan.batch.pools import cores, pool
from geoplan.batch.progress import Progress, remaining_s
from geoplan.batch.work import Outcome, Task, compute
from geoplan.plan import PARTS
from geoplan.store import sweep
from geoplan.store.runs import RUNS

TICK_S = 0.5
KILLED = "the process that computed it was ended from outside, twice: too little memory, or someone stopped it"

Watch = Callable[[Progress], None]


@dataclass(frozen=True)
class Order:
    """What a batch is asked for.

    Parameters
    ----------
    plans
        From :func:`geoplan.batch.plans.list_plans`.
    out
        Folder of ``batch.json`` and the province summary.
    apart
        Whether runs go to ``<out>/<plan>/runs/`` instead of each plan's own ``runs/``.
    workers
        Plans at a time, and so the most that are in memory; one a processor when None.
    scheduler
        Address of a Dask scheduler, instead of processes of this machine.
    resume
        Skip plans whose run is there and whose files, standards and parts are the same.
    parts, language, render, inside
        As in :class:`geoplan.batch.work.Task`.
    """

    plans: tuple[Listed, ...]
    out: Path
    apart: bool = False
    workers: int | None = None
    scheduler: str | None = None
    resume: bool = False
    parts: tuple[str, ...] = PARTS
    language: str | None = None
    render: str | None = None
    inside: bool = False


def run_batch(order: Order, *, watch: Watch = lambda progress: None) -> Ledger:
    """Compute every plan; the ledger holds what became of each, in the order asked for.

    Parameters
    ----------
    watch
        Told after every plan and a few times a second; what it raises, like Ctrl-C, ends the plans being computed and
        passes on. Plans finished before that stay finished.

    Raises
    ------
    PlanError
        The folder cannot be written to, another batch is at it, or the scheduler is not there.
    """
    with held(order.out):
        earlier = read_ledger(order.out) if order.resume else {}
        state = _State(order, watch)
        state.begin(earlier)
        try:
            _compute_all(state)
        finally:
            for task in state.tasks.values():
                sweep(task.out / RUNS)
        return {plan.key: state.ledger[plan.key] for plan in order.plans}


@dataclass
class _State:
    """The batch under way: what is written down, what runs since when."""

    order: Order
    watch: Watch
    ledger: Ledger = field(default_factory=dict)
    tasks: dict[str, Task] = field(default_factory=dict)
    checksums: dict[str, str] = field(default_factory=dict)
    weights: dict[str, int] = field(default_factory=dict)
    computed: dict[str, Outcome] = field(default_factory=dict)
    since: dict[str, float] = field(default_factory=dict)
    skipped: int = 0

    @property
    def workers(self) -> int:
        return max(1, self.order.workers or cores())

    def begin(self, earlier: Mapping[str, Entry]) -> None:
        """Weigh the plans and take over what stands from before."""
        for plan in self.order.plans:
            self.weights[plan.key] = weight_bytes(plan.folder)
            checksum = self.checksums[plan.key] = fingerprint(plan.folder, self.order.parts)
            known = earlier.get(plan.key)
            if known is not None and known.checksum == checksum and known.stands:
                self.ledger[plan.key] = known
                self.skipped += 1
            else:
                self.tasks[plan.key] = _task(self.order, plan)
        write_ledger(self.order.out, self.ledger)
        self.tell()

    def note(self, outcome: Outcome) -> None:
        """Write down a finished plan."""
        key = outcome.key
        self.since.pop(key, None)
        self.computed[key] = outcome
        folder = self.tasks[key].folder
        self.ledger[key] = Entry(folder, self.checksums[key], outcome)
        write_ledger(self.order.out, self.ledger)
        self.tell(outcome)

    def tell(self, latest: Outcome | None = None) -> None:
        now = time.monotonic()
        spent = {key: now - self.since[key] if key in self.since else None for key in self._left()}
        weight = sum(self.weights.values())
        self.watch(
            Progress(
                total=len(self.order.plans),
                finished=len(self.ledger),
                failed=sum(entry.outcome.state != "done" for entry in self.ledger.values()),
                skipped=self.skipped,
                running=tuple(self.since),
                share=sum(self.weights[key] for key in self.ledger) / weight,
                eta_s=remaining_s(self.weights, self.computed, spent, self.workers),
                latest=latest,
            )
        )

    def _left(self) -> list[str]:
        return [key for key in self.tasks if key not in self.computed]


def _task(order: Order, plan: Listed) -> Task:
    out = order.out / plan.key if order.apart else plan.folder
    return Task(plan.key, plan.folder, out.absolute(), order.parts, order.language, order.render, inside=order.inside)


def _compute_all(state: _State) -> None:
    """All tasks, as many at a time as there are workers; those whose process was lost again, each alone."""
    waiting = deque(state.tasks.values())
    while waiting:
        with pool(min(state.workers, len(waiting)), state.order.scheduler) as executor:
            lost = _spend(state, executor, waiting)
        for task in lost:
            with pool(1, state.order.scheduler) as executor:
                again = _spend(state, executor, deque([task]))
            if again:
                state.note(Outcome(task.key, "failed", message=KILLED))


def _spend(state: _State, executor: Executor, waiting: deque[Task]) -> list[Task]:
    """Compute what is waiting; hands back tasks whose process was lost, and then leaves the rest waiting."""
    running: dict[Future[Outcome], Task] = {}
    lost: list[Task] = []
    while running or (waiting and not lost):
        while waiting and not lost and len(running) < state.workers:
            running |= _submitted(state, executor, waiting.popleft(), lost)
        finished, _ = wait(running, timeout=TICK_S, return_when=FIRST_COMPLETED)
        lost += _take(state, {future: running.pop(future) for future in finished})
        state.tell()
    return lost


def _submitted(state: _State, executor: Executor, task: Task, lost: list[Task]) -> dict[Future[Outcome], Task]:
    """The future of a task; none where the executor is broken already, and the task counts as lost."""
    try:
        future = executor.submit(compute, task)
    except BrokenExecutor:
        lost.append(task)
        return {}
    state.since[task.key] = time.monotonic()
    return {future: task}


def _take(state: _State, finished: Mapping[Future[Outcome], Task]) -> list[Task]:
    """Note what finished futures hold; hands back the tasks of those that hold no outcome."""
    lost = []
    for future, task in finished.items():
        error = future.exception()
        if error is None:
            state.note(future.result())
        elif isinstance(error, Exception):
            state.since.pop(task.key, None)
            lost.append(task)
        else:
            raise error
    return lost
