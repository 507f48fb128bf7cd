"""Running a model in ONNX Runtime a slice at a time, and judging every layer as soon as its values are there.

No more than one slice's weights and the values that later slices and layers read are in memory.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from specc.diagnostics import Diagnostic
from specc.dims import evaluate, product
from specc.inference import open_session
from specc.interpreter import canonical, spoken
from specc.ir.graph import Graph, Node
from specc.onnx.expose import Held, baked_inputs, held_values, made, pixel_inputs
from specc.onnx.precision import BY_ELEMENT, FLOAT32
from specc.onnx.proto import Model
from specc.onnx.slices import Slice, slices
from specc.progress import Advance
from specc.runtime.session import Device, Session
from specc.verify.arithmetic import MOVES
from specc.verify.chains import Estimate
from specc.verify.compare import Array
from specc.verify.derived import Derived
from specc.verify.layers import LayerJudge, Values
from specc.verify.probes import Probe

SLICE_BYTES = 2**28
"""The values and weights of one slice of a float32 model.  Others run operator by operator: where ONNX Runtime computes
in float32 in place of 16 bits, it would pass on values to the next operator that it has not rounded."""


@dataclass(frozen=True)
class Work:
    """What is verified: a model without the data of its weights, `weights`, which it is run with; where it runs, and
    whom to tell of every layer that is done."""

    graph: Graph
    weights: Mapping[str, Array]
    model: Model
    device: Device
    advance: Advance

    def open(self, model: Model, optimise: bool) -> tuple[Session | None, tuple[Diagnostic, ...]]:
        """A session for `model`.  Only an optimiser has to know that weights are constant, and only a GPU gains from
        having them before it runs."""
        return open_session(
            model,
            self.weights,
            device=self.device,
            optimise=optimise,
            spinning=False,
            constant=optimise or self.device != "cpu",
        )

    def feeds(self, probe: Probe) -> dict[str, Array]:
        """The probe's arrays in the author's order, as the model takes them."""
        pixels = pixel_inputs(self.model)
        arrays = {name: spoken(array, self.graph.layout) for name, array in probe.feeds.items()}
        return {name: array if name in pixels else array.astype(self._type(name)) for name, array in arrays.items()}

    def _type(self, name: str) -> np.dtype[Any]:
        """The type in which the model takes the input `name`."""
        elements = {item.name: item.type.tensor_type.elem_type for item in self.model.graph.input}
        return BY_ELEMENT.get(elements[name], FLOAT32).dtype


@dataclass
class Ran:
    """What ran the model: see `Report`."""

    provider: str = ""
    devices: dict[str, str] = field(default_factory=dict)
    tf32: bool | None = None


@dataclass
class Walk:
    """One batch of inputs on its way through the model, graph optimisations on or off."""

    work: Work
    judge: LayerJudge
    probe: Probe
    optimised: bool
    ran: Ran
    tensors: dict[str, Array] = field(default_factory=dict)
    """What later slices and layers read of what the model has made so far, in its physical layout."""

    def run(self) -> tuple[Diagnostic, ...]:
        """Run all slices and judge all layers; what ONNX Runtime refuses, if anything."""
        graph, feeds, baked = self.work.graph, self.work.feeds(self.probe), baked_inputs(self.work.model)
        for index, part in enumerate(self.parts):
            diagnostics = self._run_slice(part, feeds)
            if diagnostics:
                return diagnostics
            for item in graph.inputs:
                if item.name in baked and self._when([item.name]) == index:
                    got = self._values([item.name])[item.name]
                    self.judge.judge_pixels(item, got, self.probe, self.optimised)
            for node in graph.nodes:
                if node.name in self.derived.between:
                    self.judge.judged_with_others(node)
                    self.work.advance(1)
                elif self._when(touched(node)) == index:
                    self.judge.judge(node, self._around(node), self.probe, self.optimised)
                    self.work.advance(1)
            self.tensors = {name: array for name, array in self.tensors.items() if self.needed[name] > index}
        return ()

    def _run_slice(self, part: Slice, feeds: Mapping[str, Array]) -> tuple[Diagnostic, ...]:
        opened, diagnostics = self.work.open(part.model, self.optimised)
        if opened is None:
            return diagnostics
        self.ran.provider, self.ran.tf32 = opened.provider, opened.tf32
        given = {name: self.tensors[name] if name in self.tensors else feeds[name] for name in part.inputs}
        results, diagnostics = opened.run(given, part.outputs)
        if not self.optimised:  # else they are other nodes than the model's
            self.ran.devices |= opened.node_devices()
        self.tensors |= results
        return diagnostics

    @cached_property
    def held(self) -> dict[str, Held]:
        """Where the model holds the graph's values."""
        return held_values(self.work.model, self.work.graph)

    @cached_property
    def derived(self) -> Derived:
        """The values that the model does not hold, as far as they follow from others."""
        return Derived(self.work.graph, {*self.held, *self.probe.feeds}, self.probe.sizes)

    @cached_property
    def parts(self) -> list[Slice]:
        """The slices of the model."""
        values, computed = self.work.graph.values, made(self.work.model)
        sizes = {
            held.tensor: 4 * evaluate(product(values[name].shape), self.probe.sizes)
            for name, held in self.held.items()
            if held.tensor in computed
        }
        if not self.judge.arithmetic.narrow:
            return list(slices(self.work.model, sizes, SLICE_BYTES))
        return list(slices(self.work.model, sizes | dict.fromkeys(self._moved({*sizes, *self.probe.feeds}), 0), 0))

    def _moved(self, tensors: set[str]) -> Iterator[str]:
        """What the model makes of `tensors` by operators that change no value: such as a transpose that several layers
        read, which would keep them in one slice."""
        for node in self.work.model.graph.node:
            if node.op_type in MOVES and node.input[0] in tensors:
                tensors.add(node.output[0])
                yield node.output[0]

    @cached_property
    def made_in(self) -> dict[str, int]:
        """The slice that makes each tensor."""
        return {name: index for index, part in enumerate(self.parts) for name in part.outputs}

    @cached_property
    def needed(self) -> dict[str, int]:
        """The last slice that reads each tensor, or before whose end a layer is judged that does."""
        last = dict(self.made_in)
        for index, part in enumerate(self.parts):
            last |= dict.fromkeys(part.inputs, index)
        for names in ([item.name for item in self.work.graph.inputs], *map(touched, self.work.graph.nodes)):
            last |= {name: max(last[name], self._when(names)) for name in self._tensors(names)}
        return last

    def _tensors(self, values: Collection[str]) -> list[str]:
        """The tensors made by the model that hold `values`, or what they are derived from, as far as it has them."""
        held = [self.held[name].tensor for name in self.derived.held(values) if name in self.held]
        return [tensor for tensor in held if tensor in self.made_in]

    def _when(self, values: Collection[str]) -> int:
        """The slice behind which all of `values` are there that the model makes."""
        return max((self.made_in[tensor] for tensor in self._tensors(values)), default=0)

    def _values(self, names: Iterable[str]) -> dict[str, Array]:
        """Those of the values `names` that the model takes or makes, or that follow from these, in canonical order."""
        found = {name: self.derived.value(name, self._value) for name in names}
        return {name: array for name, array in found.items() if array is not None}

    def _around(self, node: Node) -> Values:
        """What a layer reads, as far as it can be had, and what it makes."""
        seen: dict[str, Estimate | None] = {}
        read = {name: self.derived.estimate(name, self._value, self.judge.estimated, seen) for name in node.inputs}
        arrays = {name: item.value for name, item in read.items() if item is not None} | self._values(node.outputs)
        errors = {name: item.error for name, item in read.items() if item is not None and item.error is not None}
        return Values(arrays, errors, self.derived.chain(node), node.name in self.derived.implied)

    def _value(self, name: str) -> Array | None:
        held = self.held.get(name)
        if held is not None and held.tensor in self.tensors:
            array = canonical(self.tensors[held.tensor], held.layout)
            return self._within_image(name, array) if held.counted else array
        if held is None or name in self.probe.feeds:
            return self.probe.feeds.get(name)
        given = self.probe.feeds.get(held.tensor)
        return None if given is None else canonical(spoken(given, self.work.graph.layout), held.layout)

    def _within_image(self, name: str, positions: Array) -> Array:
        """Positions that a pool counted through all images, counted in each."""
        maker = next(node for node in self.work.graph.nodes if name in node.outputs)
        image = product(self.work.graph.values[maker.inputs[0]].spatial)
        return positions % evaluate(image, self.probe.sizes)


def touched(node: Node) -> tuple[str, ...]:
    """The values that a layer reads and makes."""
    return (*node.inputs, *node.outputs)
