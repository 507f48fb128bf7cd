"""docs/import.md, made from the tables of the importer: `python -m tests.importer.import_page`."""

from pathlib import Path

from onnx import defs

from specc.onnx.emit import OPSETS
from specc.onnx.importer import fold
from specc.onnx.importer.load import CONTROL_FLOW, FIRST_OPSET, LAST_OPSET
from specc.onnx.importer.rules import RULES

PAGE = Path(__file__).parents[2] / "docs" / "import.md"
HEAD = """\
# What import reads

Made from the tables in `specc/onnx/importer` by `python -m tests.importer.import_page`.

`specc import` reads opset {first} to {last}, `specc export` writes opset {lowest} to {highest}. Inputs are float32,
float16, bfloat16, float64 or uint8; spec and weights are float32. A file that cannot be read is one error, which names
the node, its operator and the reason.
"""
HOW = """\
An operator is read where a spec can say what it does; its attributes and operands have a say in that. Older and newer
opsets of one operator are read alike. Patterns of several nodes (a GELU, a SiLU, a layer norm) become one operation.
"""
COMPUTED = """\
What a file computes of its weights (weight standardisation, `exp` of a factor) is a weight of the spec: a note says
from which of the network's own, and the rules of `--map` leave these out: later ones are never taken as they are.
"""
OWN = """\
In files of PyTorch's a parameter or buffer of one element is a weight (`scale shared=true`), for a checkpoint holds it;
numbers that the network's author wrote stay numbers. Those of `dynamo=True` also say which tensors are buffers: these
are `buffer=true` where they stand among values, count as no parameters, and a kernel of a layer becomes one. Those of
`dynamo=False` do not say so; all their named tensors are parameters. Files of specc's own list what is `buffer=true`.
"""
REASONS = [
    (
        "what computes across the batch, changes or drops it, slides windows over a batch merged with another axis, or "
        "returns it elsewhere than as the first axis",
        "layers see one item; what a network moves or merges in between (`nn.MultiheadAttention`, windows of a Swin "
        "transformer) is written with the batch first",
    ),
    (
        "an open height or width that is cut into windows or patches by reshapes",
        "a spec cannot write such sizes: export the file with a fixed height and width",
    ),
    ("one number per item without an axis (`mean((1, 2, 3))`)", "a value has an axis besides the batch: `keepdims`"),
    (
        "a constant joined to a value by Concat without being repeated for every item of an open batch, or repeated "
        "along other axes",
        "a constant tensor among values is `learned`, the same for every item",
    ),
    (
        "Einsum of other than two operands, with `...` or diagonals, or that is no product of matrices",
        "`bhid,bhjd->bhij` is a matmul, `bchw,oc->bohw` a convolution",
    ),
    (
        "`nn.MaxUnpool2d` as PyTorch exports it, for it never writes MaxUnpool: by `dynamo=True` ScatterND into a "
        "list of zeros (ConstantOfShape), by `dynamo=False` an error",
        "the elements of all items are one list there; the MaxUnpool of specc and other tools is read",
    ),
    (
        "`adaptive_avg_pool2d` to sizes that do not divide those before, as PyTorch writes it with `dynamo=True` "
        "(GatherND, Where, and an Add for each position of the largest window)",
        "hundreds of nodes, and none is a layer; sizes that divide are an `avgpool`",
    ),
    ("shapes that depend on values (NonZero, Unique)", "shapes are known before anything runs"),
    (f"{', '.join(CONTROL_FLOW)}, and nodes with graphs inside", "a spec has no control flow at run time"),
    ("operators of other domains (`com.microsoft`, ...)", "they have no definition in ONNX"),
    ("recurrent layers (LSTM, GRU, RNN), random numbers, signals", "a spec has no such operation"),
]


def page() -> str:
    """The whole page."""
    known = sorted({schema.name for schema in defs.get_all_schemas() if schema.domain == ""})
    read, folded = [n for n in known if n in RULES], [n for n in known if n in fold.ON_CONSTANTS and n not in RULES]
    unread = [name for name in known if name not in RULES and name not in fold.ON_CONSTANTS]
    reasons = "".join(f"| {what} | {why} |\n" for what, why in REASONS)
    parts = [
        HEAD.format(first=FIRST_OPSET, last=LAST_OPSET, lowest=OPSETS[0], highest=OPSETS[-1]),
        f"## Read on computed values ({len(read)} operators)\n\n{_listed(read)}\n",
        HOW,
        f"## Read on constants and sizes alone ({len(folded)} more)\n\n{_listed(folded)}\n",
        COMPUTED,
        OWN,
        f"## Not read\n\n| what | why |\n|---|---|\n{reasons}",
        f"These {len(unread)} operators are not read, outside such patterns (IsNaN in a masked softmax):"
        f"\n\n{_listed(unread)}\n",
    ]
    return "\n".join(parts)


def _listed(names: list[str]) -> str:
    return "\n".join(" ".join(f"`{name}`" for name in names[first : first + 6]) for first in range(0, len(names), 6))


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
