"""Comparing the tensors of a file with those a model needs, one row for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from difflib import SequenceMatcher
from typing import Final, Literal, TypeAlias

import numpy as np

from specc.diagnostics import Diagnostic
from specc.ir.graph import Graph
from specc.weights.align import by_order, ignored, parting, partly_by_order
from specc.weights.axes import Target, adapt, targets
from specc.weights.flattened import moves, unsure
from specc.weights.initialisers import initial
from specc.weights.stored import CONVERTIBLE
from specc.weights.tensors import Float32, Tensor, Unreadable, Weights, own

Status: TypeAlias = Literal["matched", "fixed", "missing", "misshapen", "wrong type"]
_SHOWN: Final = 10
"""Rows that an error lists before it says how many more there are."""
_COMPARED: Final = 50
"""Missing tensors that a similar name is searched for."""


@dataclass(frozen=True)
class Row:
    """A tensor the model needs: where its values come from (`source`, a name in the file), or why they do not."""

    name: str
    shape: tuple[int, ...]
    status: Status
    source: str | None = None
    note: str = ""
    ordered: bool = False
    """Whether nothing but the order of layers says that `source` is meant."""
    unsure: bool = False
    """Whether nothing says in which order the file flattens the image whose values this tensor is for."""
    moved: bool = False
    """Whether these stood in another order than the model's."""

    @property
    def fits(self) -> bool:
        return self.status in ("matched", "fixed")


@dataclass(frozen=True)
class MatchTable:
    """The model's tensors in graph order, and what the file holds besides."""

    rows: tuple[Row, ...]
    surplus: tuple[tuple[str, tuple[int, ...]], ...]

    @property
    def ordered(self) -> tuple[Row, ...]:
        """The rows that only the order of layers matched."""
        return tuple(row for row in self.rows if row.ordered)

    def count(self, status: Status) -> int:
        return sum(row.status == status for row in self.rows)

    @property
    def complete(self) -> bool:
        """Nothing missing, misshapen or of the wrong type, and nothing left over."""
        return all(row.fits for row in self.rows) and not self.surplus


def match(
    graph: Graph, given: Weights, names: Mapping[str, str] | None = None, *, strict: bool = True, seed: int = 0
) -> tuple[Weights | None, MatchTable, tuple[Diagnostic, ...]]:
    """The model's weights taken from `given`.

    `names` gives the model's own name for each name in `given`, and leaves out what does not count (see
    `mapping.rename`).  Without it names are compared as they are, and for those that do not fit the order of layers
    is tried.  Values fixed in the spec stay.  Strict: anything missing, left over or misshapen is E0801.  Not strict:
    what does not fit is initialised under `seed`, and the row says so; that nothing fits at all stays E0801.  Every
    matched tensor is read once: E0802 where its bytes are damaged, E0803 where a value is not finite.
    """
    wanted = targets(graph)
    called = {name: name for name in given} if names is None else names
    counted = {theirs: ours for theirs, ours in called.items() if not ignored(theirs)}
    table = _table(wanted, given, counted)
    if not table.complete and names is None:
        table = _in_order(wanted, given, table, counted, strict)
    if not table.complete and (strict or not any(row.fits for row in table.rows)):
        order = None if names is not None else _contrary(wanted, given) or _parted(wanted, given)
        return None, table, (_misfit(graph, table, given.file, order),)
    if not strict:
        table = replace(table, rows=tuple(_seeded_note(row) for row in table.rows))
    tensors = {row.name: _tensor(row, wanted[row.name], given, seed) for row in table.rows}
    weights = Weights(own(tensors, graph.layout), seeded=(row.name for row in table.rows if not row.fits), seed=seed)
    problems = _unsound(weights, table, given.file)
    return (None if problems else weights), table, problems


def _table(wanted: dict[str, Target], given: Weights, names: Mapping[str, str]) -> MatchTable:
    sources = {ours: theirs for theirs, ours in names.items()}
    surplus = {theirs: given.shape(theirs) for theirs, ours in names.items() if ours not in wanted}
    rows: list[Row] = []
    for name, target in wanted.items():
        if name in sources:
            rows.append(_compare(target, sources[name], given.tensors[sources[name]]))
        elif target.weight.fixed is not None:
            rows.append(Row(name, target.shape, "fixed", note="written in the spec"))
        else:
            near = _nearest(target, given, surplus) if len(rows) < _COMPARED else None
            rows.append(Row(name, target.shape, "missing", note=f"`{near}` has its shape" if near else ""))
    return MatchTable(tuple(rows), tuple(surplus.items()))


def _in_order(
    wanted: dict[str, Target], given: Weights, table: MatchTable, names: Mapping[str, str], strict: bool
) -> MatchTable:
    """The table with what the order of layers matches, that said in each row; `table` itself where it matches nothing.

    What fits in part will do where matching is not strict; the other tensors then go by `names`.
    """
    ordered = by_order(wanted, given)
    if ordered is None and not strict and (part := partly_by_order(wanted, given)) is not None:
        taken = set(part.values())
        ordered = part | {theirs: ours for theirs, ours in names.items() if theirs not in part and ours not in taken}
    if ordered is None:
        return table
    found = _table(wanted, given, ordered)
    return replace(found, rows=tuple(_ordered(row) if row.source != row.name else row for row in found.rows))


def _contrary(wanted: dict[str, Target], given: Weights) -> str | None:
    """A name that both have, and what order alone would make of it, where that is all that keeps order from fitting."""
    pairs = by_order(wanted, given, names_stay=False) or {}
    for theirs, ours in pairs.items():
        if theirs != ours and theirs in wanted:
            return f"in the order of layers all would fit, but then `{theirs}` would be `{ours}`"
    return None


def _parted(wanted: dict[str, Target], given: Weights) -> str | None:
    """The tensors at which the order of layers parts, where the rows of these do not say as much."""
    found = parting(wanted, given)
    if found is None or (found.ours is not None and found.ours.name == found.theirs):
        return None
    ours = "" if found.ours is None else f"`{found.ours.name}` {_by(found.ours.shape)}"
    theirs = "" if found.theirs is None else f"`{found.theirs}` {_by(given.shape(found.theirs))} of the file"
    if not found.pairs:
        return f"in the order of layers {ours} would be {theirs}" if ours and theirs else None
    goes = f"{ours} would be {theirs}" if ours and theirs else f"nothing is there for {ours or theirs}"
    return "in the order of layers all fit up to `{}`, which would be `{}`; then {}".format(*found.pairs[-1], goes)


def _ordered(row: Row) -> Row:
    if row.status != "matched":
        return row
    return replace(row, note="; ".join(filter(None, ("matched by the order of layers", row.note))), ordered=True)


def _compare(target: Target, source: str, tensor: Tensor) -> Row:
    if adapt(tensor, target) is None:
        return Row(target.name, target.shape, "misshapen", source, f"{_by(tensor.shape)} in the file")
    if target.weight.fixed is not None:
        return Row(target.name, target.shape, "fixed", source, "written in the spec, the file's values are not used")
    if tensor.dtype not in CONVERTIBLE:
        return Row(target.name, target.shape, "wrong type", source, f"{tensor.dtype} in the file")
    converted = "" if tensor.dtype == "float32" else f"converted from {tensor.dtype}"
    reordered = "" if tensor.shape == target.shape else f"from {_by(tensor.shape)}"
    turned = moves(tensor, target.image)
    features = f"in {target.image.layout} order, the file has another" if turned and target.image else ""
    note = "; ".join(filter(None, (converted, reordered, features)))
    doubt = unsure(tensor, target.image)
    return Row(target.name, target.shape, "matched", source, note, unsure=doubt, moved=turned)


def _nearest(target: Target, given: Weights, surplus: Mapping[str, tuple[int, ...]]) -> str | None:
    """The unused name in the file most like `target`'s, among those whose tensor fits."""
    fitting = [name for name in surplus if adapt(given.tensors[name], target) is not None][:_COMPARED]
    return max(fitting, key=lambda name: SequenceMatcher(None, target.name, name).ratio(), default=None)


def _seeded_note(row: Row) -> Row:
    if row.fits:
        return row
    return replace(row, note="; ".join(filter(None, ("initialised from the seed", row.note))))


def _tensor(row: Row, target: Target, given: Weights, seed: int) -> Tensor:
    found = adapt(given.tensors[row.source], target) if row.status == "matched" and row.source else None
    return found or initial(target.weight, target.name, seed)


def _misfit(graph: Graph, table: MatchTable, file: str | None, order: str | None) -> Diagnostic:
    """E0801 with the counts, the first rows, and how to go on."""
    bad = [row for row in table.rows if not row.fits]
    lines = [_line(row) for row in bad] + [f"surplus `{name}` {_by(shape)}" for name, shape in table.surplus]
    more = [f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    if order:
        more.append(order)
    message = f"the weights do not fit `{graph.name}`: {misfits(table)} of {len(table.rows)} tensors"
    help = "; ".join(_ways_out(table)) or None
    return Diagnostic("E0801", message, notes=(*lines[:_SHOWN], *more), help=help, file=file)


def _ways_out(table: MatchTable) -> Iterator[str]:
    """What helps: rules where a tensor of the file is left over, for they give it another name or leave it out."""
    if table.surplus:
        yield "--map RULES (from Python mapping=) renames the tensors of the file"
    elif table.count("misshapen"):
        yield "the file is of another network, or of this one with other sizes: the spec is to have its shapes"
    if table.count("wrong type"):
        yield "weights are floating-point numbers: convert them where the file is written"
    if any(row.fits for row in table.rows):
        yield "--lenient (strict=False) uses what fits and initialises the rest"


def misfits(table: MatchTable) -> str:
    """`2 missing, 1 misshapen, 3 surplus`."""
    counts = [(status, table.count(status)) for status in ("missing", "misshapen", "wrong type")]
    return ", ".join(f"{count} {what}" for what, count in (*counts, ("surplus", len(table.surplus))) if count)


def _line(row: Row) -> str:
    return f"{row.status} `{row.name}` {_by(row.shape)}" + (f": {row.note}" if row.note else "")


def _unsound(weights: Weights, table: MatchTable, file: str | None) -> tuple[Diagnostic, ...]:
    """What is wrong with the values themselves; loads one tensor at a time."""
    problems: list[Diagnostic] = []
    for row in table.rows:
        if row.status != "matched":
            continue
        try:
            problem = _not_finite(row, weights[row.name], file)
        except (Unreadable, OSError) as error:
            problem = Diagnostic("E0802", f"cannot read the values of `{row.source}`: {error}", file=file)
        if problem:
            problems.append(problem)
    return tuple(problems)


def not_finite(weights: Weights) -> list[str]:
    """The names of the tensors that hold a value that is not finite.  Loads one at a time; raises `Unreadable` and
    `OSError` where a file does."""
    return [name for name, values in weights.items() if not np.isfinite(values).all()]


def _not_finite(row: Row, values: Float32, file: str | None) -> Diagnostic | None:
    finite = np.isfinite(values)
    if finite.all():
        return None
    first = np.unravel_index(int(finite.argmin()), values.shape)
    place = "".join(f"[{i}]" for i in first)
    count = finite.size - int(np.count_nonzero(finite))
    what = "value that is" if count == 1 else "values that are"
    message = f"`{row.source}` holds {count} {what} not finite"
    notes = (f"the first is {values[first]} at {place}", row.note)
    return Diagnostic("E0803", message, notes=tuple(filter(None, notes)), file=file)


def _by(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "a number"
