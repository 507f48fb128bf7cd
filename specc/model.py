"""A checked model, which Python can inspect, export, run and verify."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, TypeAlias

from specc import arguments
from specc.analysis.summary import Layer, Summary
from specc.diagnostics import Diagnostic
from specc.dims import Dim
from specc.errors import SpecError
from specc.ir import Graph
from specc.kept import Kept
from specc.limits import DEFAULT_LIMITS, Limits
from specc.outputs import MODEL, refusals, spec_files
from specc.pipeline import Checked

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike

    from specc.inference import Answers, Inference
    from specc.memory import Work
    from specc.onnx.precision import Name as Precision
    from specc.onnx.proto import Model as OnnxModel
    from specc.runtime.session import Device
    from specc.verify import Report
    from specc.weights import Weights

    Array: TypeAlias = np.ndarray[Any, Any]
    WeightsSource: TypeAlias = str | os.PathLike[str] | Mapping[str, Array] | None


@dataclass(frozen=True)
class Model:
    """A checked model.

    `graph` is its intermediate representation, `summary` everything known of it; `warnings` are findings that do not
    keep it from being used.  What needs more memory than there is, or than `limits.memory`, raises `SpecError` (E0706)
    before it is allocated.
    """

    checked: Checked
    warnings: tuple[Diagnostic, ...] = ()
    limits: Limits = DEFAULT_LIMITS
    _running: Kept[Inference] = field(default_factory=Kept, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        if not isinstance(self.checked, Checked):
            raise TypeError(f"a model is made by `specc.load` or `specc.loads`, not of {self.checked!r}")

    def __repr__(self) -> str:
        return f"<specc.Model {self.name} of {self.graph.file}: {len(self.layers)} layers, {self.params:,} parameters>"

    @property
    def graph(self) -> Graph:
        return self.checked.graph

    @property
    def summary(self) -> Summary:
        return self.checked.summary

    @property
    def name(self) -> str:
        return self.graph.name

    @property
    def params(self) -> int:
        """Parameters, as PyTorch counts them: statistics of batch normalisation are `buffers`."""
        return self.summary.totals.params

    @property
    def trainable(self) -> int:
        return self.summary.totals.trainable

    @property
    def macs(self) -> Dim:
        """Multiply-accumulates of convolutions and dense layers for one item; a formula where sizes are open (see
        `at`)."""
        return self.summary.totals.macs

    @property
    def layers(self) -> tuple[Layer, ...]:
        return self.summary.layers

    def table(self, width: int = 100) -> str:
        """The layers and totals as `specc check` prints them."""
        from specc.report.table import render

        return render(self.summary, arguments.whole("width", width, least=1))

    def at(self, /, **sizes: int) -> Model:
        """The model with these numbers for its open sizes, `m.at(H=224, W=224)`, of which it may leave out some: its
        shapes, costs and what it is exported as are those of a spec with these sizes.  Raises `SpecError` for a name
        that is no open size, and for numbers that a layer does not take."""
        from specc.ir.fixing import fixed

        graph, problems = fixed(self.graph, {name: arguments.whole(name, size) for name, size in sizes.items()})
        if graph is None:
            raise SpecError(problems)
        return Model(Checked(graph), self.warnings, self.limits)

    def weights(
        self,
        source: WeightsSource = None,
        *,
        mapping: str | os.PathLike[str] | None = None,
        seed: int = 0,
        strict: bool = True,
    ) -> Weights:
        """The model's tensors by their dotted names: seeded, or from `source`, a weights file or arrays by name, such
        as the `state_dict()` of a PyTorch module.

        `mapping` is a file of rules that rename the tensors of `source`.  Where `strict`, anything missing, left over
        or misshapen is an error; otherwise what fits is used, and the rest initialised under `seed`.  Python warnings
        tell that the order of layers has matched tensors whose names do not fit, and what is initialised or not used.
        """
        return arguments.weights_for(self.graph, source, mapping=mapping, seed=seed, strict=strict)

    def export(
        self,
        path: str | os.PathLike[str],
        *,
        weights: WeightsSource = None,
        seed: int = 0,
        opset: int | None = None,
        preprocess: bool = False,
        dtype: Precision = "float32",
        keep_io_types: bool = False,
    ) -> Path:
        """Write an ONNX model to `path`, whole or not at all, and return the path.

        `weights` is what the method `weights` takes, or its result.  `dtype` is the type of weights and values, rounded
        to nearest even, with `keep_io_types` not that of inputs and outputs; a Python warning tells of weights and
        numbers beyond its range.  The opset is 21 unless given, for bfloat16 22.  Raises `SpecError`,
        as for a path that is read as well, or whose suffix belongs to something else (E0904).
        """
        from specc.onnx.narrow import emit_in
        from specc.onnx.precision import PRECISIONS, Counted
        from specc.onnx.proto import note_origin
        from specc.onnx.write import write_model
        from specc.weights.origin import origin

        precision = arguments.one_of("dtype", dtype, PRECISIONS)
        target = arguments.file("path", path)
        if opset is not None:
            opset = arguments.opset(opset)
        for name, choice in (("preprocess", preprocess), ("keep_io_types", keep_io_types)):
            arguments.flag(name, choice)
        given = arguments.given_weights(weights)
        read = [given] if isinstance(given, Path) else []
        refused = refusals(target, MODEL, [*spec_files(self.graph), *read])
        if refused:
            raise SpecError(refused)
        self._afford("export")
        model, diagnostics = emit_in(self.graph, precision, opset=opset, preprocess=preprocess, keep_io=keep_io_types)
        if model is None:
            raise SpecError(diagnostics)
        filled = self._weights(weights, seed)
        note_origin(model, origin(self.graph, filled))
        counted = Counted(filled, precision)
        problems = write_model(model, counted, target)
        if problems:
            raise SpecError(problems)
        for warning in (*diagnostics, *counted.diagnostics):
            warnings.warn(warning.message, stacklevel=2)
        return target

    def run(
        self,
        x: ArrayLike | Mapping[str, ArrayLike],
        *others: NoReturn,
        weights: WeightsSource = None,
        seed: int = 0,
        device: Device = "auto",
        activations: Sequence[str] = (),
    ) -> Any:
        """Run the model in ONNX Runtime on a batch in the layout the spec declares.

        `x` is an array for a model with one input, or arrays by input name.  Arrays of uint8 are pixels, and get the
        preprocessing that the spec declares (range, mean, std); floating-point ones are taken as they are.  Returns the
        output as an array, or a dictionary of arrays by name where there are several, or `activations` are asked for:
        layers, or single ones of several results, by the names in the table.  The session of the last run stays open
        for runs with equal weights and activations on the same device.
        Raises `SpecError`.
        """
        from specc.interpreter import bind
        from specc.runtime.inputs import ready

        feeds = arguments.input_arrays(arguments.by_input((x, *others), self.graph), self.graph)
        arguments.check_device(device)
        saved = arguments.layers_of(self.graph, activations)
        _, problems = bind(self.graph, feeds)
        if problems:
            raise SpecError(problems)
        batch = len(next(iter(feeds.values())))
        filled = None if weights is None else self._weights(weights, seed)
        opened = self._opened(filled, arguments.whole("seed", seed, least=0), device, batch, saved)
        results, problems = opened.run(ready(self.graph, feeds))
        if problems:
            raise SpecError(problems)
        return next(iter(results.values())) if len(results) == 1 else results

    def run_files(
        self,
        *files: str | os.PathLike[str],
        weights: WeightsSource = None,
        seed: int = 0,
        device: Device = "auto",
        batch: int = 1,
        resize: bool = False,
        threads: int | None = None,
        readers: int | None = None,
        activations: Sequence[str] = (),
        on_error: Callable[[Diagnostic], object] | None = None,
    ) -> Iterator[tuple[str, Any]]:
        """What `run` gives for each item of many files, `activations` too, with its name, in order and as soon as it is
        there.

        `files` are images, .npy, .npz, folders of these (not those in folders inside) or patterns; images are scaled to
        the model's size where `resize`.  Images and uint8 arrays are preprocessed, others taken as they are.  Reading
        (by `readers` threads) and running (by `threads`) overlap, with the same memory for any number of files.  A file
        that cannot be read raises `SpecError` in its turn, a name that leads to no file at once; with `on_error` they
        are passed over and given to that.
        """
        from specc.inference import open_inference
        from specc.runtime.files import find_files, told
        from specc.runtime.images import unscaled

        arguments.whole("batch", batch, least=1)
        for name, number in (("threads", threads), ("readers", readers)):
            if number is not None:
                arguments.whole(name, number, least=1)
        arguments.check_device(device)
        arguments.flag("resize", resize)
        saved = arguments.layers_of(self.graph, activations)
        if on_error is not None and not callable(on_error):
            raise TypeError(f"on_error is a function that is given diagnostics, not {on_error!r}")
        found, missing, others = find_files(arguments.path(file) for file in files)
        if missing and on_error is None:
            raise SpecError(missing)
        self._afford("run", batch)
        opened, problems = open_inference(
            self.graph,
            self._weights(weights, seed),
            device=device,
            activations=saved,
            threads=threads,
            beside_others=True,
        )
        if opened is None:
            raise SpecError(problems)
        useless = unscaled(self.graph) if resize else None
        for doubt in (told(others) if others else None, useless and f"resize does nothing: {useless}"):
            if doubt:
                warnings.warn(doubt, stacklevel=2)
        if on_error is not None:
            for problem in missing:
                on_error(problem)
        answers = opened.over(found, batch=batch, resize=resize, readers=readers, pixels=self.limits.pixels)
        return _each(answers, on_error)

    def verify(
        self,
        *,
        model: str | os.PathLike[str] | None = None,
        weights: WeightsSource = None,
        kinds: str | Sequence[str] = "quick",
        batch: int = 1,
        seed: int = 0,
        device: Device = "cpu",
        optimised: bool = False,
        dtype: Precision = "float32",
        keep_io_types: bool = False,
    ) -> Report:
        """Compare ONNX Runtime with the NumPy interpreter, layer by layer; `model` is a file exported earlier,
        or the one that the spec was imported from.

        `kinds` are the kinds of inputs to try as `--inputs` has them: `quick`, `all`, or some of docs/verification.md,
        each as so many items as `batch` says.
        With `optimised` the layers are judged with graph optimisations on as well, not the whole model alone.  Raises
        `SpecError` where nothing can be compared; a failed verification is a report with `passed` false.  Without a
        file `dtype` is the type in which the model computes, but for inputs and outputs with `keep_io_types`; a file
        says so itself.
        """
        from specc.openblas import choose_kernels

        choose_kernels()
        chosen = arguments.kinds_of_inputs(kinds)
        for name, choice in (("optimised", optimised), ("keep_io_types", keep_io_types)):
            arguments.flag(name, choice)
        arguments.check_device(device)
        self._afford("verify")
        from specc.verify import verify

        graph, judged = self._to_verify(None if model is None else arguments.file("model", model), dtype, keep_io_types)
        report, diagnostics = verify(
            graph,
            self._weights(weights, seed),
            judged,
            kinds=chosen,
            batch=arguments.whole("batch", batch, least=1),
            seed=seed,
            device=device,
            optimised=optimised,
            seeded=weights is None,
        )
        if report is None:
            raise SpecError(diagnostics)
        return report

    def _to_verify(self, file: Path | None, dtype: Precision, keep_io: bool) -> tuple[Graph, OnnxModel | Path | None]:
        """The graph, with the names of inputs and outputs that `file` has, and the ONNX model that is judged: that of
        `file`, one in another type, or `None` for the one that `verify` emits itself.  Raises `SpecError`."""
        from specc.onnx.narrow import emit_in
        from specc.onnx.precision import PRECISIONS

        arguments.one_of("dtype", dtype, PRECISIONS)
        graph, judged = self.graph, None
        if file is not None:
            from specc.decompile.align import adopted

            graph, judged, unread = adopted(self.graph, file)
            if unread:
                raise SpecError(unread)
        if judged is None and dtype != "float32":
            judged, diagnostics = emit_in(self.graph, PRECISIONS[dtype], keep_io=keep_io)
            if judged is None:
                raise SpecError(diagnostics)
            for warning in diagnostics:
                warnings.warn(warning.message, stacklevel=3)
        return graph, judged

    def _opened(
        self, weights: Weights | None, seed: int, device: Device, batch: int, activations: tuple[str, ...]
    ) -> Inference:
        """The session of the last run if it has these weights, or none and this seed, and gives these activations,
        otherwise another."""
        from specc.inference import open_inference

        def make() -> Inference:
            self._afford("run", batch)
            made = self._weights(None, seed) if weights is None else weights
            opened, problems = open_inference(self.graph, made, device=device, activations=activations)
            if opened is None:
                raise SpecError(problems)
            return opened

        key = (device, activations, seed if weights is None else weights.content())
        opened, again = self._running.get(key, make)
        if again:
            self._afford("run", batch, loaded=True)
        return opened

    def _afford(self, work: Work, batch: int = 1, *, loaded: bool = False) -> None:
        from specc.memory import refusal

        refused = refusal(self.graph, self.summary, work, self.limits, batch, loaded=loaded)
        if refused is not None:
            raise SpecError([refused])

    def _weights(self, source: WeightsSource, seed: int) -> Weights:
        return arguments.weights_for(self.graph, source, seed=seed, level=4)


def _each(
    answers: Generator[tuple[Answers | None, tuple[Diagnostic, ...]], None, None],
    on_error: Callable[[Diagnostic], object] | None,
) -> Iterator[tuple[str, Any]]:
    """Every item of `answers` by itself; `on_error` gets what is wrong, or it is raised."""
    with closing(answers):
        for batch, problems in answers:
            for problem in problems:
                if on_error is None:
                    raise SpecError(problems)
                on_error(problem)
            for source, results in batch.items() if batch else ():
                yield source, next(iter(results.values())) if len(results) == 1 else results
