"""A verification as a text table: every layer's largest error, the bound it is held to, and where it first breaks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from specc.report.columns import Column, Style, draw, names_with_types
from specc.report.words import counted
from specc.textwidth import wrap

if TYPE_CHECKING:  # verifying imports numpy
    from specc.verify.report import LayerResult, OutputResult, Report

_READING = "Each element has its own bound; tightest is the error nearest to its bound."


def render(report: Report, width: int = 100, style: Style | None = None, *, every: bool = True) -> str:
    """The layers of `report`, its outputs, the first failure in detail, and a last line PASSED or FAILED.

    For each layer the element whose error comes closest to its own bound, and the largest error of any element.
    Without `every` only the layers that did not pass and the one closest to its bound are listed.
    """
    chosen = style or Style()
    layers = list(report.layers) if every else _remarkable(report)
    lines = [
        *map(chosen.bold, wrap(_title(report), width)),
        *wrap(f"Inputs: {_inputs(report)}", width),
        *_devices(report, width),
        *draw(_layer_columns(layers), width, chosen, also="--format json"),
        *wrap(_READING, width),
        "",
        *(draw(_output_columns(report), width, chosen) if report.end_to_end else ()),
        *_notes(layers, report, width),
        *_deviations(report, width),
        *_failure(report, width),
        *(line for claim in report.claims for line in wrap(f"Of itself the file says: {claim}", width)),
        *(wrap(report.note[:1].upper() + report.note[1:], width) if report.note else ()),
        *wrap(_verdict(report), width),
    ]
    return "\n".join(lines) + "\n"


def _title(report: Report) -> str:
    return f"Verification: {report.model}{_precision(report)} on {report.provider}, {_settings(report)}"


def _precision(report: Report) -> str:
    return "" if report.precision == "float32" else f" in {report.precision}"


def _inputs(report: Report) -> str:
    """What went through the layers, and through the whole model where that is not plain."""
    plain = report.whole in report.probes and (report.whole == "normal" or len(report.probes) == 1)
    return ", ".join(report.probes) + ("" if plain or not report.whole else f"; end to end: {report.whole}")


def _settings(report: Report) -> str:
    return f"seed {report.seed}" + "".join(f", {name}={size}" for name, size in report.sizes.items())


def _remarkable(report: Report) -> list[LayerResult]:
    worst = max((layer.ratio for layer in report.layers), default=0.0)
    return [layer for layer in report.layers if layer.status != "passed" or layer.ratio == worst]


def _layer_columns(layers: list[LayerResult]) -> list[Column]:
    return [
        names_with_types([layer.node for layer in layers], [f" ({layer.op})" for layer in layers]),
        Column("Tightest error", [_measured(layer, number(layer.error)) for layer in layers], right=True, spared=1),
        Column("Its bound", [_measured(layer, number(layer.bound)) for layer in layers], right=True, spared=2),
        Column("Ratio", [_measured(layer, ratio(layer.ratio)) for layer in layers], right=True),
        Column("Status", [layer.status for layer in layers]),
        Column("Input", [layer.probe for layer in layers], least=8, drop=1),
        Column("Largest error", [_measured(layer, number(layer.max_error)) for layer in layers], right=True, drop=2),
    ]


def _measured(layer: LayerResult, text: str) -> str:
    """`text`, a number of `layer`, or a dash where no element was compared."""
    return text if layer.index or layer.status in ("passed", "warned") else "-"


def _output_columns(report: Report) -> list[Column]:
    outputs = report.end_to_end
    return [
        Column("Output, end to end", [output.name for output in outputs], least=20),
        Column("Error", [number(output.error) for output in outputs], right=True),
        Column("Tolerance", [number(output.tolerance) for output in outputs], right=True, spared=1),
        Column("Ratio", [ratio(output.ratio) for output in outputs], right=True),
        Column("Status", [output.status for output in outputs]),
    ]


def _notes(layers: list[LayerResult], report: Report, width: int) -> Iterator[str]:
    """What the numbers do not say; of the first failure that is told with its element."""
    for layer in layers:
        if layer.note and layer is not report.first_failure:
            yield from wrap(f"{layer.node}: {layer.note}", width)
    for output in report.end_to_end:
        if output.note and output.passed:
            yield from wrap(f"{output.name}: {output.note}", width)
    if report.without_node:
        names = ", ".join(layer.node for layer in report.without_node)
        yield from wrap(f"No nodes of the model, judged with the layers beside them: {names}", width)


def _devices(report: Report, width: int) -> Iterator[str]:
    """Where the nodes ran, if that is not one place alone; and TF32 where there is such a thing."""
    used = Counter(report.devices.values())
    if set(used) - {report.provider}:
        yield from wrap(f"Nodes: {', '.join(f'{count} on {name}' for name, count in used.items())}", width)
    if report.tf32 is not None:
        yield f"TF32: {'on' if report.tf32 else 'off'}, as read back from ONNX Runtime"


def _deviations(report: Report, width: int) -> Iterator[str]:
    """What ONNX Runtime is known to do otherwise, and where it did."""
    from specc.verify.deviations import KNOWN

    for name in report.deviations:
        where = ", ".join(layer.node for layer in report.layers if name in layer.deviations)
        yield from wrap(f"Known deviation {name} at {where}: {KNOWN[name].what}", width)
    for layer in report.warned:
        limit = number(layer.statistical or 0.0)
        yield from wrap(f"Warning: {layer.node} has an error beyond its statistical bound {limit}", width)


def _failure(report: Report, width: int) -> Iterator[str]:
    """The first layer that broke its bound, or else the first output that did."""
    layer = report.first_failure
    if layer is not None:
        yield from wrap(f"First to fail: {layer.node} ({layer.op}), {layer.file}:{layer.line}", width)
        yield from _element(layer, "bound", layer.bound, width)
        return
    output = next((output for output in report.end_to_end if not output.passed), None)
    if output is not None:
        told = f"No layer fails by itself; the output {output.name} does, with ONNX Runtime's graph optimisations on"
        yield from wrap(told, width)
        yield from _element(output, "tolerance", output.tolerance, width)


def _element(result: LayerResult | OutputResult, name: str, bound: float, width: int) -> Iterator[str]:
    if result.index:
        at = ", ".join(map(str, result.index))
        yield from _indented(f"element [{at}]: expected {result.expected!r}, got {result.got!r}", width)
        yield from _indented(
            f"error {number(result.error)}, {name} {number(bound)}, ratio {ratio(result.ratio)}", width
        )
    if result.note:
        yield from _indented(result.note, width)


def _indented(text: str, width: int) -> Iterator[str]:
    return (f"  {line}" for line in wrap(text, width - 2))


def _verdict(report: Report) -> str:
    if report.passed:
        warned = f"; {counted(len(report.warned), 'layer')} warned" if report.warned else ""
        judged = len(report.layers) - len(report.without_node)
        unjudged = sum(output.status == "not judged" for output in report.end_to_end)
        rest = f"; {counted(unjudged, 'output')} not judged end to end" if unjudged else ""
        beside = f" ({len(report.without_node)} more without a node)" if report.without_node else ""
        return f"PASSED: {counted(judged, 'layer')}, each within its bound{beside}{warned}{rest}"
    failed = sum(not layer.passed for layer in report.layers)
    outputs = sum(not output.passed for output in report.end_to_end)
    found = [f"{failed} of {counted(len(report.layers), 'layer')}"] * bool(failed)
    found += [f"{outputs} of {len(report.end_to_end)} outputs"] * bool(outputs)
    bounds = [f"{' and '.join(found)} not within bounds"] * bool(found)
    claims = [f"{counted(len(report.claims), 'claim')} of the file not the spec's"] * bool(report.claims)
    return f"FAILED: {'; '.join((*bounds, *claims))}"


def number(value: float) -> str:
    """`1.2e-07`, and `0` for zero."""
    return "0" if value == 0 else f"{value:.1e}"


def ratio(value: float) -> str:
    """`0.31`; large ones as `4.2e+05`."""
    return f"{value:.2f}" if value < 1000 else f"{value:.1e}"
