"""A graph with weights, ready to run in ONNX Runtime, on arrays or on many files."""

from __future__ import annotations

import os
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

from specc.diagnostics import Diagnostic
from specc.frozen import changed
from specc.interpreter import canonical, spoken
from specc.ir import Graph
from specc.ir.graph import saved_values
from specc.limits import DEFAULT_LIMITS
from specc.onnx.emit import emit
from specc.onnx.expose import Held, expose, held_values
from specc.onnx.proto import Model
from specc.onnx.write import apart, fed
from specc.runtime.inputs import Batch, read_batches
from specc.runtime.overlap import ahead
from specc.runtime.session import Device, Session, session

Array: TypeAlias = np.ndarray[Any, Any]

AHEAD = 2
"""How many batches wait for the model, and how many results for whoever takes them."""


@dataclass(frozen=True)
class Answers:
    """The results of a batch by name (batch first), one item for each source; `files` as in `Batch`."""

    sources: tuple[str, ...]
    results: dict[str, Array]
    files: int

    def items(self) -> Iterator[tuple[str, dict[str, Array]]]:
        """Each source with its own results, without the batch axis."""
        for i, source in enumerate(self.sources):
            yield source, {name: array[i] for name, array in self.results.items()}


@dataclass(frozen=True)
class Inference:
    """An open session; `activations` are layers whose values are returned beside the outputs."""

    graph: Graph
    session: Session
    activations: Mapping[str, Held]

    def run(self, arrays: Mapping[str, Array]) -> tuple[dict[str, Array], tuple[Diagnostic, ...]]:
        """Outputs and activations by name, in the author's order, for one batch (float32, by input name)."""
        outputs = [output.name for output in self.graph.outputs]
        wanted = [*outputs, *(held.tensor for held in self.activations.values())]
        found, diagnostics = self.session.run(arrays, list(dict.fromkeys(wanted)))
        if diagnostics:
            return {}, diagnostics
        results = {name: found[name] for name in outputs}
        for name, held in self.activations.items():
            results[name] = spoken(canonical(found[held.tensor], held.layout), self.graph.layout)
        return results, ()

    def over(
        self,
        files: Sequence[Path],
        *,
        batch: int = 1,
        resize: bool = False,
        readers: int | None = None,
        pixels: int = DEFAULT_LIMITS.pixels,
    ) -> Generator[tuple[Answers | None, tuple[Diagnostic, ...]], None, None]:
        """The answers to `files` in their order, or what is wrong with a file instead; the next ones follow.

        Reading, putting together and running batches overlap, with a fixed number of images in memory: see
        `read_batches`, whose `threads` are `readers` (one for each processor, up to four).
        """
        threads = readers or min(4, processors())
        batches = read_batches(self.graph, files, size=batch, resize=resize, threads=threads, pixels=pixels)
        return ahead(self._answers(ahead(batches, AHEAD)), AHEAD)

    def _answers(
        self, batches: Generator[tuple[Batch | None, tuple[Diagnostic, ...]], None, None]
    ) -> Generator[tuple[Answers | None, tuple[Diagnostic, ...]], None, None]:
        with closing(batches):
            for batch, diagnostics in batches:
                if batch is None:
                    yield None, diagnostics
                    continue
                results, diagnostics = self.run(batch.arrays)
                if diagnostics:
                    yield None, tuple(changed(d, message=f"{_named(batch)}: {d.message}") for d in diagnostics)
                else:
                    yield Answers(batch.sources, results, batch.files), ()


def _named(batch: Batch) -> str:
    more = len(batch.sources) - 1
    return f"{batch.sources[0]} and {more} more" if more else batch.sources[0]


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def open_inference(
    graph: Graph,
    weights: Mapping[str, Array],
    *,
    device: Device = "auto",
    activations: Sequence[str] = (),
    threads: int | None = None,
    beside_others: bool = False,
) -> tuple[Inference | None, tuple[Diagnostic, ...]]:
    """A session for `graph`; `activations` are names of `saved_values`.  Otherwise why there is none.

    `threads` is how many ONNX Runtime computes with (unless given, what it chooses); `beside_others` leaves processors
    to other threads, such as those that read files, while it waits.
    """
    model, diagnostics = emit(graph)
    if model is None:
        return None, diagnostics
    held = held_values(model, graph)
    values = saved_values(graph)
    chosen = {name: held[values[name]] for name in activations}
    exposed = expose(model, [h.tensor for h in chosen.values()])
    opened, diagnostics = open_session(exposed, weights, device=device, threads=threads, spinning=not beside_others)
    return (None, diagnostics) if opened is None else (Inference(graph, opened, chosen), ())


def open_session(
    model: Model,
    weights: Mapping[str, Array],
    *,
    device: Device = "cpu",
    optimise: bool = True,
    threads: int | None = None,
    spinning: bool = True,
    constant: bool = True,
) -> tuple[Session | None, tuple[Diagnostic, ...]]:
    """A session for `model`; its weights go to ONNX Runtime beside it, not through a message of limited size.

    Unless they are `constant` there, they are inputs, which every run is given: for a session that runs once, as ONNX
    Runtime then neither copies nor rearranges them.
    """
    outside, arrays, diagnostics = apart(model, weights)
    if outside is None:
        return None, diagnostics
    opened, diagnostics = session(
        (outside if constant else fed(outside)).SerializeToString(),
        device=device,
        optimise=optimise,
        threads=threads,
        spinning=spinning,
        weights=arrays if constant else {},
    )
    if opened is None or constant:
        return opened, diagnostics
    return replace(opened, given=arrays), ()
