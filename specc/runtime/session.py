"""ONNX Runtime sessions on the device that was asked for, and on no other."""

from __future__ import annotations

import io
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal, TypeAlias

import numpy as np

from specc.diagnostics import Diagnostic
from specc.runtime.binding import Bound
from specc.runtime.quiet import quiet

Array: TypeAlias = np.ndarray[Any, Any]
Device: TypeAlias = Literal["auto", "cpu", "cuda"]

CUDA, CPU = "CUDAExecutionProvider", "CPUExecutionProvider"
SIZES = frozenset(
    {"Add", "Cast", "Concat", "Constant", "ConstantOfShape", "Div", "Expand", "Floor", "Gather", "Mul", "Range",
     "Reshape", "Shape", "Size", "Slice", "Squeeze", "Sub", "Unsqueeze"}
)  # fmt: skip
"""Operators that work out sizes.  CUDA has all of them; ONNX Runtime still keeps those behind a Shape on the CPU, where
sizes are needed, so that none of them there means that layers would be computed on the CPU."""
FATAL = 4
"""ONNX Runtime's log level: what goes wrong is raised as well, and reported from there."""


@dataclass(frozen=True)
class Session:
    """A loaded model.  `provider` is what really runs it; inputs and outputs are named in the model's order.  What is
    `bound` to a device keeps its memory there from run to run.  `given` are inputs that are the same in every run."""

    handle: Any
    provider: str
    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    bound: Bound | None = None
    given: Mapping[str, Array] = field(default_factory=dict)

    @property
    def device(self) -> str:
        return "cuda" if self.provider == CUDA else "cpu"

    @property
    def tf32(self) -> bool | None:
        """Whether matrix products may round to TF32, read back from ONNX Runtime; none on the CPU, which has none."""
        if self.provider != CUDA:
            return None
        return bool(self.handle.get_provider_options()[CUDA].get("use_tf32") != "0")

    def node_devices(self) -> dict[str, str]:
        """The provider that runs each ONNX node, by node name; empty where ONNX Runtime is older than 1.24."""
        return {node: provider for provider, _, node in assignments(self.handle)}

    def run(
        self, feeds: Mapping[str, Array], outputs: Sequence[str] | None = None
    ) -> tuple[dict[str, Array], tuple[Diagnostic, ...]]:
        """The outputs (all, or those named) by name, inputs among them as they came; what ONNX Runtime refuses is
        E0901."""
        asked = list(self.outputs if outputs is None else outputs)
        given = {name: feeds[name] for name in asked if name in feeds and name not in self.outputs}
        names = [name for name in asked if name not in given]
        if not names:  # ONNX Runtime takes an empty list for all
            return given, ()
        try:
            results = self._results(names, {**feeds, **self.given})
        except _failures() as error:
            return {}, (Diagnostic("E0901", f"ONNX Runtime cannot run the model: {_first_line(error)}"),)
        return given | dict(zip(names, results, strict=True)), ()

    def _results(self, names: Sequence[str], feeds: Mapping[str, Array]) -> Sequence[Array]:
        if self.bound:
            return self.bound.run(names, feeds)
        results: Sequence[Array] = self.handle.run(names, {name: np.ascontiguousarray(x) for name, x in feeds.items()})
        return results


def session(
    model: bytes | Path,
    *,
    device: Device = "auto",
    optimise: bool = True,
    threads: int | None = None,
    spinning: bool = True,
    weights: Mapping[str, Array] | None = None,
) -> tuple[Session | None, tuple[Diagnostic, ...]]:
    """A session for a serialised model or a file.

    `cuda` runs on the GPU alone, in full float32 (TF32 off), or is E0902; `auto` takes the GPU where there is one.
    `optimise` switches graph optimisations.  A model that ONNX Runtime cannot load is E0907.  `weights` are the tensors
    that the model says to be kept elsewhere.  Threads that are `spinning` wait for work at a processor's full load,
    which others may need.
    """
    how = _How(optimise, threads, spinning, weights or {})
    if device == "cpu" or (device == "auto" and not cuda_available()):
        return _open(model, CPU, how)
    opened, diagnostics = _open(model, CUDA, how)
    if opened is None and device == "auto":
        return _open(model, CPU, how)
    return opened, diagnostics


def assignments(handle: Any) -> Iterator[tuple[str, str, str]]:
    """The provider, operator and name of each node of an opened model, as ONNX Runtime has recorded them."""
    if _records_assignments(runtime()):
        for part in handle.get_provider_graph_assignment_info():
            for node in part.get_nodes():
                yield part.ep_name, node.op_type, node.name


def strayed(assigned: Iterable[tuple[str, str, str]]) -> tuple[str, ...]:
    """What would run on the CPU of a model meant for CUDA, as `operator (node)`, out of (provider, operator, node)."""
    return tuple(
        f"{operator} ({node})" for provider, operator, node in assigned if provider == CPU and operator not in SIZES
    )


@cache
def runtime() -> Any:
    """The onnxruntime module, imported without telemetry and banners."""
    os.environ["ORT_DISABLE_TELEMETRY"] = "1"
    with quiet():
        import onnxruntime
    onnxruntime.set_default_logger_severity(FATAL)
    return onnxruntime


@cache
def cuda_available() -> bool:
    """Whether this build has CUDA and this machine a GPU with its driver."""
    ort = runtime()
    return _lacking(ort) is None


def _lacking(ort: Any) -> str | None:
    """What is missing for CUDA, as far as can be seen before a session is opened."""
    if CUDA not in ort.get_available_providers():
        return "this build of ONNX Runtime has no CUDA"
    return None if _driver_present() else "this machine has no NVIDIA GPU or no driver for it"


def _driver_present() -> bool:
    if sys.platform == "win32":
        return (Path(os.environ.get("SYSTEMROOT", "C:/Windows")) / "System32" / "nvcuda.dll").exists()
    return any(Path("/dev").glob("nvidia[0-9]*")) or Path("/dev/dxg").exists()


@dataclass(frozen=True)
class _How:
    """The settings of a session; see `session`."""

    optimise: bool
    threads: int | None
    spinning: bool
    weights: Mapping[str, Array]


def _open(model: bytes | Path, provider: str, how: _How) -> tuple[Session | None, tuple[Diagnostic, ...]]:
    ort = runtime()
    if provider == CUDA and (lacking := _lacking(ort)):
        return None, (_no_cuda(lacking),)
    said = io.StringIO()
    try:
        handle = ort.InferenceSession(
            model if isinstance(model, bytes) else str(model),
            _options(ort, provider, how),
            providers=[_provider(ort, provider, said)],
            enable_fallback=0,
        )
    except _failures() as error:
        if provider == CUDA:
            return None, (_no_cuda("ONNX Runtime cannot run the whole model on the GPU", _first_line(error), said),)
        return None, (Diagnostic("E0907", f"ONNX Runtime cannot load the model: {_first_line(error)}"),)
    used = handle.get_providers()[0]
    if used != provider:
        return None, (_no_cuda(f"ONNX Runtime chose {used} instead"),)
    names = tuple(i.name for i in handle.get_inputs()), tuple(o.name for o in handle.get_outputs())
    opened = Session(handle, used, *names, Bound(ort, handle, "cuda") if provider == CUDA else None)
    if provider == CUDA and (without := strayed(assignments(handle))):
        return None, (_no_cuda("ONNX Runtime has no CUDA kernel for a part of the model", ", ".join(without)),)
    if opened.tf32:
        return None, (_no_cuda("TF32 cannot be switched off"),)
    return opened, ()


def _records_assignments(ort: Any) -> bool:
    """ONNX Runtime tells since version 1.24 where each node goes; before, it can only be forbidden to use the CPU."""
    return hasattr(ort.InferenceSession, "get_provider_graph_assignment_info")


def _options(ort: Any, provider: str, how: _How) -> Any:
    options = ort.SessionOptions()
    options.log_severity_level = FATAL
    levels = ort.GraphOptimizationLevel
    options.graph_optimization_level = levels.ORT_ENABLE_ALL if how.optimise else levels.ORT_DISABLE_ALL
    # Its integer kernels for quantised layers quantise weights too that the model holds in float32.
    options.add_session_config_entry("session.disable_quant_qdq", "1")
    if how.threads is not None:
        options.intra_op_num_threads = how.threads
    if not how.spinning:
        options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    if _records_assignments(ort):
        options.add_session_config_entry("session.record_ep_graph_assignment_info", "1")
    elif provider == CUDA:
        options.add_session_config_entry("session.disable_cpu_ep_fallback", "1")
    if how.weights:
        tensors = [ort.OrtValue.ortvalue_from_numpy(array) for array in how.weights.values()]
        options.add_external_initializers(list(how.weights), tensors)
    return options


def _provider(ort: Any, provider: str, said: io.StringIO) -> Any:
    """The provider with its options; `said` gets what ONNX Runtime prints of libraries that it does not find."""
    if provider != CUDA:
        return provider
    if hasattr(ort, "preload_dlls"):
        with quiet(said):
            ort.preload_dlls()
    return (CUDA, {"use_tf32": "0"})


def _no_cuda(why: str, error: str = "", said: io.StringIO | None = None) -> Diagnostic:
    """E0902; `said` is what ONNX Runtime printed, such as the libraries it did not find."""
    return Diagnostic(
        "E0902",
        f"CUDA is not available: {why}",
        notes=tuple(filter(None, [error, *(said.getvalue().splitlines() if said else [])])),
        help="it needs an NVIDIA driver and the libraries of `pip install specc[cuda]`; --device cpu runs anywhere",
    )


def _failures() -> tuple[type[Exception], ...]:
    """What ONNX Runtime raises; its errors have no common base."""
    state = runtime().capi.onnxruntime_pybind11_state
    names = ("Fail", "InvalidArgument", "InvalidGraph", "InvalidProtobuf", "NoModel", "NoSuchFile", "NotImplemented",
             "RuntimeException", "EPFail", "ModelLoadCanceled", "ModelRequiresCompilation")  # fmt: skip
    known = tuple(getattr(state, name) for name in names if hasattr(state, name))
    return (*known, RuntimeError, ValueError)


def _first_line(error: Exception) -> str:
    """ONNX Runtime's message without its status prefix and source locations."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    text = lines[0].split(" : ", 3)[-1]
    return text.strip()
