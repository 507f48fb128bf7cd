"""The shapes that `->` claims, against those there are."""

from __future__ import annotations

from specc.diagnostics import Diagnostic, Label
from specc.dims import Sym, symbol
from specc.elaborate.claimed import agrees, can_be, chosen, claimed_type, other_reading
from specc.elaborate.expressions import Frame
from specc.elaborate.layers import Layers, Result
from specc.elaborate.report import Failed, Reporter
from specc.elaborate.steps import Origin
from specc.elaborate.values import UNKNOWN, LayerValue, Value, describe, show
from specc.elaborate.written_shapes import shape_parts
from specc.source import Span
from specc.syntax import ast
from specc.types import TensorType, unspeak


class Assertions:
    """Checks what is asserted of the values of `layers`."""

    def __init__(self, layers: Layers, report: Reporter) -> None:
        self._layers = layers
        self._report = report

    def of(self, shape: ast.Expr, result: Result, place: Span, frame: Frame) -> Result:
        """`result` checked against `-> shape`; of several values each has it, or the first that has not is reported."""
        if isinstance(result, LayerValue):
            return self._check(shape, result, place, frame)
        for item in result.items:
            if self._check(shape, item, place, frame) is not item:
                break
        return result

    def _check(self, shape: ast.Expr, value: LayerValue, place: Span, frame: Frame) -> LayerValue:
        """Check `-> shape`; a false one is reported, and the claimed shape goes along with the real one.

        Behind a line in error the claimed shape is the best there is to go on with.
        """
        try:
            parts = shape_parts(shape, frame, self._report, self._layers.open_sizes)
        except Failed:
            self._layers.broken = True
            return value
        if not self._are_sizes(parts, shape):
            self._layers.broken = True
            return value
        if value.type is None:
            return self._resume(parts, place, frame)
        if len(parts) == len(value.type.shape) and parts[0] == value.type.shape[0] and isinstance(parts[0], Sym):
            parts = parts[1:]  # the batch may be written, as in `input image [N, 3, H, W]`
        if agrees(parts, value.type, frame):
            return value.claiming(None) if value.claimed is not None else value
        if value.claimed is not None and agrees(parts, value.claimed, frame):
            self._layers.broken = True
            return value
        self._false_shape(shape, parts, value, frame)
        return value.claiming(claimed_type(parts, value.type, frame))

    def _resume(self, parts: tuple[Value | None, ...], place: Span, frame: Frame) -> LayerValue:
        sizes = tuple(part for part in parts if part is not None)
        if len(sizes) < len(parts) or not can_be(parts):
            return UNKNOWN
        name = f"?{place.start}"
        self._layers.origins[name] = Origin(place)
        batch = self._layers.build.inputs[0].type.shape[0] if self._layers.build.inputs else symbol("N")
        return LayerValue(name, "", TensorType(unspeak((batch, *sizes), frame.layout)))

    def _are_sizes(self, parts: tuple[Value | None, ...], shape: ast.Expr) -> bool:
        for part in parts:
            if part is not None and (isinstance(part, bool) or not isinstance(part, int | Sym)):
                self._report.error("E0304", shape.span, f"a shape holds whole numbers, not {describe(part)}")
                return False
        return True

    def _false_shape(self, shape: ast.Expr, parts: tuple[Value | None, ...], value: LayerValue, frame: Frame) -> None:
        assert value.type is not None
        claimed = "x".join("_" if part is None else show(part) for part in parts)
        origin = self._layers.origins.get(value.name)
        real = value.type.text(frame.layout)
        labels = (Label(origin.span, real),) if origin is not None else ()
        if value.claimed is not None:
            real += f" ({value.claimed.text(frame.layout)} if the shape claimed above were true)"
        other_size = None if origin is None else chosen(parts, origin, frame)
        notes = origin.arithmetic if origin is not None else ()
        self._report.add(
            Diagnostic(
                "E0501", f"the shape here is {real}, not {claimed}", shape.span, f"claims {claimed}", labels, notes,
                help=other_size or other_reading(parts, value.type, frame),
            )
        )  # fmt: skip
