"""The fastest of a few random schedules for each operator, measured on this machine.

TVM's own tuner gives each batch of candidates to new processes, which takes most of its time in importing TVM, and its
default cost model is another framework (XGBoost). Here both are left out: candidates are drawn by TVM, compiled and
timed one after another, each in a fork of this process, which imports nothing and can be ended: of some schedules LLVM
makes machine code for half an hour. Without a schedule an operator is a plain loop nest, in one thread.
"""

import multiprocessing
from collections.abc import Iterator
from multiprocessing.connection import Connection
from time import monotonic
from typing import Any

import numpy as np
import tvm
import tvm.s_tir.tensor_intrin
from tvm.ir import IRModule
from tvm.s_tir import meta_schedule as ms
from tvm.s_tir.transform import RemoveWeightLayoutRewriteBlock
from tvm.target import Target

TRIALS = 8  # candidates for each operator
SECONDS = 90  # after this an operator gets the first candidate that works: a random schedule beats plain loops by far
PATIENCE = 20  # seconds that a candidate may take to be compiled and timed
SEED = 1  # draws the same candidates every time


def tune(module: IRModule, target: Target) -> ms.Database:
    """The best schedule of each distinct operator of a network. One of which none works keeps plain loops."""
    found = ms.database.MemoryDatabase(module_equality="ignore-tensor")
    end = monotonic() + SECONDS
    for task in ms.relax_integration.extract_tasks(module, target, module_equality="ignore-tensor"):
        (operator,) = task.dispatched
        best, shortest = None, float("inf")
        for candidate in _candidates(task.task_name, operator, target, found):
            seconds = _seconds(candidate, target)
            if seconds < shortest:
                best, shortest = candidate, seconds
            if best and monotonic() > end:
                break
        if best:
            work = found.commit_workload(operator)
            record = ms.database.TuningRecord(best.sch.trace, work, [shortest], target, best.args_info)
            found.commit_tuning_record(record)
    return found


def _candidates(name: str, operator: IRModule, target: Target, found: ms.Database) -> Iterator[ms.MeasureCandidate]:
    context = ms.TuneContext(
        operator,
        target=target,
        space_generator="post-order-apply",
        search_strategy="replay-trace",  # random: with so few trials a search has nothing to learn from
        task_name=name,
        rand_state=SEED,
        num_threads=1,
    )
    space = context.generate_design_space()
    strategy = context.search_strategy
    strategy.pre_tuning(TRIALS, TRIALS, space, found, ms.cost_model.CostModel.create("random"))
    yield from strategy.generate_measure_candidates() or ()


def _seconds(candidate: ms.MeasureCandidate, target: Target) -> float:
    """The shorter of two runs after a first, in seconds; infinity when the candidate cannot be compiled in time."""
    fork = multiprocessing.get_context("fork")
    receiver, sender = fork.Pipe(duplex=False)
    child = fork.Process(target=_measure, args=(candidate, target, sender))
    child.start()
    sender.close()
    try:
        return receiver.recv() if receiver.poll(PATIENCE) else float("inf")
    except EOFError:  # it ended without an answer
        return float("inf")
    finally:
        child.kill()
        child.join()
        receiver.close()


def _measure(candidate: ms.MeasureCandidate, target: Target, answer: Connection) -> None:
    try:
        module = RemoveWeightLayoutRewriteBlock(skip_tensor_rewrite=True)(candidate.sch.mod)
        compiled = tvm.compile(module, target=target).jit()
    except tvm.error.TVMError:
        answer.send(float("inf"))
        return
    timer = compiled.time_evaluator("main", tvm.cpu(), number=1, repeat=2)
    answer.send(min(timer(*(_tensor(each) for each in candidate.args_info)).results))


def _tensor(described: Any) -> Any:
    """Some values of an operand: normal numbers, or zeros where they are integers, which may be indices."""
    shape, dtype = [int(size) for size in described.shape], str(described.dtype)
    if "float" in dtype:
        return tvm.runtime.tensor(np.random.RandomState(SEED).standard_normal(shape).astype(dtype))
    return tvm.runtime.tensor(np.zeros(shape, dtype))
