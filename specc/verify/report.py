"""What a verification found, as plain values."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from math import isfinite, isinf
from typing import Any, Literal, TypeAlias

from specc.diagnostics import Diagnostic
from specc.verify.deviations import KNOWN

Status: TypeAlias = Literal["passed", "warned", "no node", "failed", "skipped"]
_OTHER = "differs from the given"
_LEVELS = (
    "the whole model ran with all of ONNX Runtime's graph optimisations on (ORT_ENABLE_ALL), the layers with none, and "
    "no layer fails by itself"
)
GOOD: tuple[Status, ...] = ("passed", "warned", "no node")


@dataclass(frozen=True)
class LayerResult:
    """One node of the graph, judged on the operands that ONNX Runtime itself fed it.

    `error`, `bound`, `expected` and `got` are those of the element `index` (canonical, batch first) with the worst
    `ratio` = error / bound over all probes (in a large layer that passes, of some: see `verify.screening`);
    `max_error` is the largest error of any element.  A ratio above 1 fails.
    `statistical` is the tighter bound that independent rounding errors keep, where the operation has one: beyond it a
    layer is "warned", which is a pass.  A layer that only moves values and that the model has no node for is "no node",
    which is a pass too: the layers beside it are judged on the values that it moves.  So is one that computes something
    where the model holds no result of it: the next layer whose result it holds is judged `together` with it, on what
    the model feeds the first of them.  `deviations` names ONNX Runtime's
    known deviations on NaN and infinities (see `verify.deviations`) that the layer showed.  A layer is skipped, which
    is no pass, where its operands are not in the model or do not have their shapes; it fails at any ratio where the
    model holds other weights than those given.
    `note` says in words what the numbers cannot.
    """

    node: str
    layer: str
    op: str
    file: str
    line: int
    status: Status
    max_error: float = 0.0
    error: float = 0.0
    bound: float = 0.0
    statistical: float | None = None
    ratio: float = 0.0
    index: tuple[int, ...] = ()
    expected: float = 0.0
    got: float = 0.0
    probe: str = ""
    optimised: bool = False
    deviations: tuple[str, ...] = ()
    note: str = ""
    together: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        return self.status in GOOD


@dataclass(frozen=True)
class OutputResult:
    """One output of the plain, optimised model against the float64 interpretation of the whole graph.

    Of `unjudged` of its numbers correct runs may make anything; where it has no others it passes as "not judged", with
    an infinite tolerance.
    """

    name: str
    passed: bool
    error: float
    tolerance: float
    index: tuple[int, ...]
    expected: float
    got: float
    note: str = ""
    unjudged: int = 0

    @property
    def status(self) -> Literal["passed", "not judged", "failed"]:
        if not self.passed:
            return "failed"
        return "not judged" if isinf(self.tolerance) else "passed"

    @property
    def ratio(self) -> float:
        if self.tolerance:
            return self.error / self.tolerance
        return 0.0 if self.error == 0 else float("inf")


@dataclass(frozen=True)
class Report:
    """The whole verification.

    `provider` is what really ran the model, `devices` where ONNX Runtime says that it ran each ONNX node, `tf32`
    whether it used TF32 as read back from it (none on the CPU, which has no TF32); `sizes` are the open sizes,
    `precision` is the type in which the model computes, `seeded` whether the weights given were made from the seed.
    """

    model: str
    provider: str
    seed: int
    sizes: dict[str, int]
    probes: tuple[str, ...]
    layers: tuple[LayerResult, ...]
    end_to_end: tuple[OutputResult, ...]
    devices: dict[str, str] = field(default_factory=dict)
    tf32: bool | None = None
    precision: str = "float32"
    seeded: bool = False
    claims: tuple[str, ...] = ()
    """What the file says of itself otherwise than the spec: see `claims.false_claims`."""
    whole: str = ""
    """The kind of the inputs that the model was judged on from end to end."""

    @property
    def note(self) -> str:
        """That the weights were not the file's because none were given, where that is what went wrong."""
        if not self.seeded or not any(_OTHER in layer.note for layer in self.layers):
            return ""
        made = f"the weights compared with are seeded ones (seed {self.seed})"
        return f"{made}, and the file holds others: `--weights FILE` brings the file's, `--seed N` other seeded ones"

    @property
    def passed(self) -> bool:
        right = all(layer.passed for layer in self.layers) and all(output.passed for output in self.end_to_end)
        return right and not self.claims

    @property
    def warned(self) -> tuple[LayerResult, ...]:
        """The layers beyond their statistical bound."""
        return tuple(layer for layer in self.layers if layer.status == "warned")

    @property
    def without_node(self) -> tuple[LayerResult, ...]:
        """The layers that the model has no node for."""
        return tuple(layer for layer in self.layers if layer.status == "no node")

    @property
    def deviations(self) -> tuple[str, ...]:
        """The known deviations that any layer showed."""
        return tuple(dict.fromkeys(name for layer in self.layers for name in layer.deviations))

    @property
    def first_failure(self) -> LayerResult | None:
        """The first layer, in execution order, that left its bound; without one, the first that was not judged."""
        order = (layer for status in ("failed", "skipped") for layer in self.layers if layer.status == status)
        return next(order, None)

    @property
    def diagnostics(self) -> tuple[Diagnostic, ...]:
        """E0903 for a verification that failed: the first layer at fault, or the first output."""
        if self.passed:
            return ()
        layer = self.first_failure
        if layer is not None:
            what = layer.note or f"{_together(layer)}its error is {layer.error:.1e}, and its bound {layer.bound:.1e}"
            message = f"verification failed at layer `{layer.node}` ({layer.op}), line {layer.line}: {what}"
            other = "weights it was exported with are given by `--weights` or `--seed`"
            help = self.note or (other if _OTHER in layer.note else None)
            return (Diagnostic("E0903", message, file=layer.file, help=help),)
        output = next((output for output in self.end_to_end if not output.passed), None)
        if output is None:
            message = f"verification failed, though all layers are right: {self.claims[0]}"
            return (Diagnostic("E0903", message, notes=self.claims[1:]),)
        what = output.note or f"its error is {output.error:.1e}, and its tolerance {output.tolerance:.1e}"
        message = f"verification failed at output `{output.name}`: {what}"
        return (Diagnostic("E0903", message, notes=(_LEVELS,), help=self._other_levels),)

    @property
    def _other_levels(self) -> str:
        """What tells more where no layer fails by itself."""
        more = "" if self.precision == "float32" else f"; in float32 it shows whether {self.precision} is the reason"
        return f"`--optimised` judges the layers with them on as well{more}"

    def to_json(self) -> dict[str, Any]:
        """The report as JSON values; numbers that JSON lacks become "nan", "inf" and "-inf"."""
        plain = asdict(self)
        plain["passed"] = self.passed
        plain["note"] = self.note
        plain["warned"] = [layer.node for layer in self.warned]
        plain["deviations"] = {name: KNOWN[name].what for name in self.deviations}
        plain["first_failure"] = self.first_failure.node if self.first_failure else None
        for item, output in zip(plain["end_to_end"], self.end_to_end, strict=True):
            item["ratio"] = output.ratio
        result: dict[str, Any] = _plain(plain)
        return result


def _together(layer: LayerResult) -> str:
    return f"together with {', '.join(f'`{name}`' for name in layer.together)} " if layer.together else ""


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(item) for item in value]
    return str(value) if isinstance(value, float) and not isfinite(value) else value
