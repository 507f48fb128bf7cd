"""Names that a spec may use, made from names that a file happens to have."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence
from functools import cache
from typing import Final

from specc.elaborate.words import FACTS, known_words
from specc.ir.graph import Node
from specc.ops import BY_WORD
from specc.ops.split import Split

GRAMMAR: Final = frozenset({
    "model", "block", "input", "output", "let", "if", "else", "for", "in", "repeat", "expect", "import", "as",
    "branch", "residual", "shortcut", "within", "and", "or", "not", "true", "false",
})  # fmt: skip
"""Words that can be no name at all."""
RESERVED: Final = GRAMMAR | {
    "min", "max", "sum", "abs", "round", "floor", "ceil", "sqrt", "len", "range", "enumerate", "round_to",
}  # fmt: skip
_WORD: Final = re.compile(r"\b[A-Za-z_]\w*\b(?!=)")


def identifier(text: str, fallback: str, taken: set[str], avoided: Collection[str] | None = None) -> str:
    """`text` as a name that is not in `taken`, to which it is added; `fallback` stands for what is no name at all.

    Words in `avoided` get a number: all that mean something by themselves, if it is not given.
    """
    base = re.sub(r"\W+", "_", text, flags=re.ASCII).strip("_") or fallback
    if base[0].isdigit() or len(base) > 40:
        base = f"{fallback}_{base}"[:40].rstrip("_")
    avoided = _meaningful() if avoided is None else avoided
    name, count = base, 1
    while name in taken or name in avoided:
        count += 1
        name = f"{base}_{count}"
    taken.add(name)
    return name


def preserved(text: str, fallback: str, taken: set[str], avoided: Collection[str] = ()) -> str:
    """`text` itself where a spec may use it for an input or output and is not in `avoided`, else an `identifier`."""
    barred = GRAMMAR.union(avoided)
    if re.fullmatch(r"[A-Za-z_]\w*", text, re.ASCII) and text not in taken and text not in barred:
        taken.add(text)
        return text
    return identifier(text, fallback, taken, barred)


def spoken_words(texts: Iterable[str]) -> set[str]:
    """The words in lines of a spec, but for the names of arguments."""
    return {word for text in texts for word in _WORD.findall(text)}


_MADE: Final = re.compile(r"(?:node_)?(\w*?)(?:_split)?[\d_]*")
_WORDS: Final = frozenset({
    "add", "addmm", "batchnormalization", "bias", "biasadd", "cat", "clip", "convolution", "convtranspose", "divide",
    "gemm", "getitem", "globalaveragepool", "identity", "linear", "layer_norm", "layernormalization", "leakyrelu",
    "parts", "permute", "resize", "reducemean", "view", "val", "multiply",
})  # fmt: skip
"""How exporters call values after operators, where that is none of our words for operations."""
_BASES: Final = {"maxpool": "pooled", "avgpool": "pooled", "upsample": "up", "deconv": "up", "matmul": "product"}


def short(value: str) -> str:
    """The end of a path such as `/layer1/layer1.0/conv1/Conv_output_0`."""
    parts = [part for part in value.split("/") if part]
    return parts[-1].removesuffix("_output_0") if parts else value


def layer_name(value: str) -> str:
    """What a layer is called whose value is such a path: `layer1.0.conv1`."""
    parts = [part for part in value.split("/") if part]
    return parts[-2] if len(parts) > 1 and parts[-1].endswith("_output_0") else short(value)


def label_base(node: Node, value: str, readers: Sequence[Node]) -> str:
    """What a label of `value` is based on: its name in the file, unless an exporter made that of the operator's."""
    if isinstance(node.op, Split) and len(node.outputs) == 2:
        return ("left", "right")[node.outputs.index(value)]
    parts = re.sub(r"[^\w.]+", "_", short(value), flags=re.ASCII).strip("_").split(".")
    while parts and _is_made(parts[-1]):
        parts.pop()
    if parts:
        return "_".join(parts)
    merges = [reader.op.merges() for reader in readers]
    return _BASES.get(node.op.word) or ("skip" if any(merges) and not all(merges) else "features")


def _is_made(name: str) -> bool:
    """Whether `name` says no more than which operator made the value, or which output it is."""
    found = _MADE.fullmatch(name)
    stem = re.sub(r"[123]d$", "", found[1]).lower() if found else name
    plain = stem.replace("_", "")
    return not plain or stem in _WORDS or plain in _WORDS or stem in BY_WORD or plain in BY_WORD


@cache
def _meaningful() -> frozenset[str]:
    return frozenset((*RESERVED, *BY_WORD, *known_words(), *FACTS))
