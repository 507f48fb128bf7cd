"""Stages that overlap: order, how far they run ahead, exceptions, leaving early."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time
import weakref

import pytest

from specc.runtime.overlap import ahead, ordered


class Work:
    """Numbers with a count of those alive, which the last stage must never let grow."""

    class Number:
        def __init__(self, value: int) -> None:
            self.value = value

    def __init__(self) -> None:
        self.alive = self.most = 0
        self.lock = threading.Lock()

    def make(self, value: int) -> Number:
        number = self.Number(value)
        with self.lock:
            self.alive += 1
            self.most = max(self.most, self.alive)
        weakref.finalize(number, self._gone)
        return number

    def _gone(self) -> None:
        with self.lock:
            self.alive -= 1

    def some(self, count: int):
        """Numbers one after the other."""
        for value in range(count):
            yield self.make(value)


def uneven(value: int) -> int:
    time.sleep(0.001 * (value * 7 % 5))
    return value


def failing(count: int):
    yield from range(count)
    raise ValueError("broken")


@pytest.mark.parametrize("threads", [1, 2, 5])
def test_results_come_in_the_order_of_the_items(threads):
    assert list(ordered(uneven, range(40), threads=threads, size=threads + 2)) == list(range(40))
    assert list(ahead(ordered(uneven, range(40), threads=threads, size=threads + 2), 3)) == list(range(40))


def test_no_items_give_nothing():
    assert list(ahead(ordered(uneven, [], threads=2, size=4), 2)) == []


@pytest.mark.parametrize("count", [50, 200])
def test_the_number_of_items_alive_does_not_grow(count):
    work = Work()
    read = ordered(work.make, range(count), threads=2, size=4)
    for _ in ahead(ahead(read, 2), 2):
        time.sleep(0.0005)  # the slowest stage is the last, so that the others run as far ahead as they may
    assert work.most <= 4 + 3 + 3
    gc.collect()
    assert work.alive <= 1


def test_the_next_item_is_made_while_the_last_is_used():
    begun = [threading.Event() for _ in range(3)]

    def made():
        for event in begun:
            event.set()
            yield event

    for number, _ in enumerate(ahead(made(), 1)):
        assert number == 2 or begun[number + 1].wait(30)


def test_several_items_are_worked_on_at_once():
    meeting = threading.Barrier(3, timeout=30)
    assert len(list(ordered(lambda _: meeting.wait(), range(3), threads=3, size=3))) == 3


def test_an_exception_arrives_in_its_place():
    stages = ahead(ahead(failing(3), 2), 2)
    assert [next(stages) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="broken"):
        next(stages)
    taken = []
    with pytest.raises(ZeroDivisionError):
        for value in ordered(lambda value: 1 // (3 - value), range(9), threads=2, size=4):
            taken.append(value)
    assert taken == [0, 0, 1]


def test_leaving_early_stops_every_stage():
    work, closed = Work(), threading.Event()

    def source():
        try:
            yield from work.some(1000)
        finally:
            closed.set()

    stages = ahead(ahead(source(), 2), 2)
    next(stages)
    stages.close()
    assert closed.wait(30)
    assert work.most < 10


def test_python_may_end_before_the_last_item():
    script = (
        "from specc.runtime.overlap import ahead, ordered\n"
        "stages = ahead(ahead(ordered(abs, range(99), threads=2, size=4), 2), 2)\n"
        "print(next(stages))"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, timeout=60)
    assert (done.stdout, done.stderr) == ("0\n", "")


def test_leaving_does_not_wait_for_the_work_that_goes_on():
    release = threading.Event()

    def slow():
        yield 1
        release.wait(30)
        yield 2

    stages = ahead(slow(), 1)
    assert next(stages) == 1
    stages.close()  # would hang for half a minute
    assert not release.is_set()
    release.set()
