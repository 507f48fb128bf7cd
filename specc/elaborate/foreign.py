"""Operations and names of other languages, and what they are here.

The table of their layers is imported where something is wrong: most files are right.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from specc.diagnostics.suggest import nearest, one_word
from specc.ops import BY_WORD
from specc.source import Span
from specc.syntax import ast

_ATTENTION = "attention is a block of `dense`, `split`, `reshape`, `transpose`, `matmul`: `specc zoo vit` shows one"
_NO_ANGLES = (
    "no layer computes with angles; `sin` and `cos` are functions of numbers, for tables of fixed ones: "
    "`learned 16, weight=[sin(t / 100) for t in range(16)]`"
)
_MOVING = "no operation samples an image where another value says: positions are fixed in a spec"
_AFTERWARDS = "boxes are chosen behind the network, by the program that runs it: `output` returns what it needs"
_GATED = "a gated linear unit is `a, b: split 2; sigmoid from=b; mul a`, or with another activation of `b`"
_CRD = (
    "`pixel_shuffle 2` is its CRD order, which PyTorch's PixelShuffle has; its DCR order, ONNX's default and "
    "TensorFlow's, is `channel_shuffle 4; pixel_shuffle 2`"
)
_BLOCKS = (
    "`pixel_unshuffle 2` puts channels as PyTorch does; ONNX and TensorFlow put them as `pixel_unshuffle 2; "
    "channel_shuffle 3` does for 3 channels"
)
_BRANCHES = "branches stand in the braces of what merges them: `concat { branch { ... } branch { ... } }`, or `add`"
_ZEROS = "zeros on all sides are `pad 1`"
_GATE = (
    "bundled blocks have it: `import blocks` above the model, and `blocks.squeeze_excite 8` for 8 channels in between"
)
LETS = ("let", "const", "var", "val", "set")
_WORDS = {
    "return": "a model returns its last line, or what `output` names: `output {}`",
    "print": "`specc check` prints the shape and cost of every layer",
    "pass": "a body that does nothing is left out",
    "break": "a loop goes through its whole list: choose its items before it",
    "continue": "what a turn of a loop leaves out stands in an `if`",
    "forward": "lines work on the line before, or on what `from=` names: no function is needed",
    "embedding": "tables of embeddings are not here: one for each position is `bias elementwise=true`",
    "lstm": "specc describes feed-forward networks: there are no recurrent layers",
    "gru": "specc describes feed-forward networks: there are no recurrent layers",
    "unsqueeze": "`reshape` gives a value other axes; the batch is never written",
    "squeeze": "`flatten` or `reshape` gives a value other axes; the batch is never written",
    "square": "`mul in, in` is the square of the line before",
    "reciprocal": "`div 1, in` divides 1 by the line before",
    "stack": "`concat` joins values along an axis that they have: `reshape` gives each one of size 1 before it",
    **dict.fromkeys(
        ("activation", "act"), "an activation is an operation itself, or closes one: `relu`, `conv 8, 3x3, relu`"
    ),
    **dict.fromkeys(LETS, "a number is named with `let`: `let {}`"),
    **dict.fromkeys(("sin", "cos", "tan", "asin", "acos", "atan", "atan2", "sine", "cosine"), _NO_ANGLES),
    **dict.fromkeys(("sinh", "cosh", "asinh", "acosh", "atanh"), "of the hyperbolic functions there is `tanh` alone"),
    **dict.fromkeys(("flip", "fliplr"), "`slice width, step=-1` mirrors an image"),
    "flipud": "`slice height, step=-1` turns an image upside down",
    **dict.fromkeys(("glu", "swiglu", "geglu", "reglu"), _GATED),
    "crelu": "`let x = in; neg; concat x, in; relu` is the ReLU of a value and of its negative",
    "rrelu": "at inference it is `leaky_relu 0.229`",
    "argmin": "`neg; argmax` is the number of the smallest value",
    "softmin": "`neg; softmax` is the same",
    "logsigmoid": "`neg; softplus; neg` is the logarithm of `sigmoid`",
    "rsqrt": "`pow -0.5` is one over the square root",
    "logsumexp": "`exp; reduce_sum; log` is the same along the channels",
    **dict.fromkeys(("l1", "reduce_l1"), "`abs; reduce_sum` is the same along the channels"),
    **dict.fromkeys(("l2", "reduce_l2"), "`mul in, in; reduce_sum; sqrt` is the same along the channels"),
    **dict.fromkeys(("sort", "topk"), "no operation sorts: `reduce_max` and `argmax` find what is largest"),
    **dict.fromkeys(("floor", "ceil", "trunc"), "they are functions of numbers; values of layers have `round`"),
    **dict.fromkeys(("zeropad", "zero_pad", "zero_padding", "zeropadding", "constantpad", "constant_pad"), _ZEROS),
    **dict.fromkeys(
        ("reflectionpad", "reflection_pad", "reflectpad", "reflect_pad", "mirrorpad", "mirror_pad"),
        "borders are a mode: `pad 1, mode=reflect`",
    ),
    **dict.fromkeys(("replicationpad", "replication_pad", "edgepad"), "borders are a mode: `pad 1, mode=edge`"),
    **dict.fromkeys(("depth_to_space", "depthtospace"), _CRD),
    **dict.fromkeys(("space_to_depth", "spacetodepth"), _BLOCKS),
    **dict.fromkeys(
        ("eltwise", "elementwise", "elemwise", "element_wise"),
        "values meet element by element in `add`, `mul` and `max`: `add x` adds `x` to the line before",
    ),
    "global": "a global pool is one word: `global_avgpool`, `global_maxpool`",
    "parallel": _BRANCHES,
    "skip": "`add x` adds the value labelled `x`, `residual { ... }` what comes into its body",
    "assert": "facts of the whole model are expected, `expect params == 61_706`; a shape is asserted at its line, "
    "`-> 64x32x32`",
    **{f"reflectionpad{rank}d": "borders are a mode: `pad 1, mode=reflect`" for rank in (1, 2, 3)},
    **{f"replicationpad{rank}d": "borders are a mode: `pad 1, mode=edge`" for rank in (1, 2, 3)},
    **{f"{what}pad{rank}d": _ZEROS for what in ("zero", "constant") for rank in (1, 2, 3)},
    "roll": "what leaves at one side comes in at the other: `let x = in; a: slice height, 0, 3; "
    "b: slice height, 3, from=x; concat b, a, axis=height`",
    "multihead_attention": _ATTENTION,
    "multiheadattention": _ATTENTION,
    "multi_head_attention": _ATTENTION,
    "scaled_dot_product_attention": _ATTENTION,
    "self_attention": _ATTENTION,
    **dict.fromkeys(("grid_sample", "affine_grid", "deform_conv", "deform_conv2d", "deformable_conv"), _MOVING),
    **dict.fromkeys(("nms", "roi_align", "roi_pool", "non_max_suppression"), _AFTERWARDS),
    "where": "`mul` by a mask of 0 and 1 and `add` choose between values",
    "cumsum": "`matmul` with a triangular matrix of ones, `learned` with fixed `weight`, adds up along an axis",
    "einsum": "`matmul` multiplies the last two axes of values that `transpose` and `reshape` have arranged",
    "attention": _ATTENTION,
    "rmsnorm": "`normalize -1; mul 8` divides rows of 64 features by their root mean square: 8 is the root of 64",
    "cast": "all values are float32; `quantize` and `dequantize` round to integers, `export --dtype` chooses a type",
    "compile": "training is not described: a spec holds the network alone",
    "fit": "training is not described: a spec holds the network alone",
}
"""By the name in small letters; `{}` stands for what is written behind it."""
_NAMES = {
    **dict.fromkeys(("None", "null"), "it is written `none`; `false` leaves out a bias"),
    "self": "layers have labels, `name: conv 8, 3x3`, and are named by them alone",
    "x": "the value of the line before is `in`",
    "inputs": "the value of the line before is `in`",
    **dict.fromkeys(("in_channels", "in_features"), "the channels of the line before are `in.channels`"),
    **dict.fromkeys(("no", "off"), "no is written `false`"),
    **dict.fromkeys(("yes", "on"), "yes is written `true`"),
}
_REDUCING = r"[ \t]*(?:axis|dim|axes|dims)\s*="
_LEFT_OVER = "-1 takes what is left, as in `reshape (64, -1)`, once; where the input has numbers, `in.height` is one"
_INPUT = r"\binput\s+\w+\s+(\[[^\]]*\]|\w+)"
FRAMEWORKS = frozenset({"nn", "torch", "tf", "keras", "layers", "self", "F", "np", "jnp", "flax", "tfl"})
NO_ACTIVATION_HELP = "`none` means no activation"
_BATCH = r"\breshape\s*[(\[]\s*$"
_LONGEST = 300
_STATEMENTS = ("input", "output", "expect", "repeat", "residual", "branch")
_GATES = ("squeeze_excite", "squeeze_excitation", "squeezeexcite", "squeeze_and_excite", "se", "se_block", "selayer")
_SEQUENCES = ("sequential", "modulelist")


def is_foreign(word: str) -> bool:
    """Whether an operation of other languages is written otherwise here, or not at all."""
    last = word.rpartition(".")[2].lower()
    return last in _WORDS or last in _SEQUENCES


def activation_meant(word: str) -> str | None:
    """The help for an unknown activation that is an operation of other languages."""
    return NO_ACTIVATION_HELP if word.lower() in ("none", "null", "linear") else _WORDS.get(word.lower())


def reduces(name: ast.Name) -> bool:
    """Whether it is `sum axis=1`, which adds no values to one another."""
    return name.id.lower() == "sum" and re.match(_REDUCING, name.span.source.text[name.span.end :]) is not None


def operation_meant(name: ast.Name, guess: str | None) -> str:
    """The help for an unknown operation, of which `guess` is the nearest one."""
    from specc.diagnostics.foreign import written_here

    text = name.span.source.text
    here = written_here(text, name.span.start) or row_meant(name.span)
    last = name.id.rpartition(".")[2].lower()
    if reduces(name):
        return "along an axis it is `reduce_sum height`: axes have names or count from 0 behind the batch"
    if here is not None:
        return f"did you mean `{here}`?"
    if last in _WORDS:
        line = re.split("[\n#;]", text[name.span.end :], maxsplit=1)[0]
        behind = line.strip(" ;}\r") or "NAME"
        return _WORDS[last].replace("{}", _lets(behind) if last in LETS else behind)
    second = re.match(r"[ \t]+([A-Za-z]\w*)", text[name.span.end :])
    if second is not None and (joined := one_word(name.id, second[1])):
        return f"it is one word: `{joined}`"
    if last in _SEQUENCES:
        return "operations stand on lines of their own, each works on the one before"
    if guess:
        return f"did you mean `{guess}`?"
    if last in _GATES:
        return _GATE
    if statement := nearest(name.id, _STATEMENTS):
        return f"did you mean `{statement}`?"
    return "`specc explain` lists the operations"


def _lets(behind: str) -> str:
    """What stands behind `let` for `c = 16, k = 3` behind another word: each number has a `let` of its own."""
    return re.sub(r",\s*(?=[A-Za-z_]\w*\s*=[^=])", "; let ", behind) if "=" in behind else "c = 4"


def row_meant(place: Span) -> str | None:
    """What a row of a paper's table is here that begins at `place`: `conv3-64`, `FC-4096`."""
    from specc.diagnostics.papers import joined_here

    return joined_here(place.source.text[place.start : place.start + _LONGEST].partition("\n")[0])


def name_meant(name: ast.Name) -> str | None:
    """The help for a name that nothing defines: one of other languages, one from the table, or of a comment."""
    word = name.id.rstrip("0123456789")
    if word != name.id and word in BY_WORD:
        return f"a label names a value: `{name.id}: {word} ...`; names that tables give are those of weights alone"
    if re.fullmatch(r"[xX]\d+", name.id):
        return f"a number by itself has no `x`: `{name.id[1:]}`"
    before = name.span.source.text[max(name.span.start - _LONGEST, 0) : name.span.start]
    if before.rstrip(" ").endswith(("//", "--")):
        return "a comment starts with `#`"
    first = re.search(r"(?:^|[\s;{}:])([A-Za-z]\w*)[ \t]+$", before)
    if first is not None and (joined := one_word(first[1], name.id)):
        return f"it is one word: `{joined}`"
    return _NAMES.get(name.id) or _open_size(name)


_PARTS = "equal parts are `split 2, axis=height`, as much as another value has is `crop like=other`"


def _open_size(name: ast.Name) -> str | None:
    """The help for the name of an open size, which stands in shapes alone."""
    text = name.span.source.text
    shapes = [re.split(r"[x,\s\[\]]+", shape) for shape in re.findall(_INPUT, text)]
    line = text[text.rfind("\n", 0, name.span.start) + 1 : name.span.start]
    rest = re.match(r"\s*,([^()\[\]]*)[)\]]", text[name.span.end :])
    batches = ("N", "B", "batch", "batch_size", *(sizes[1] for sizes in shapes if len(sizes) > 4))
    if name.id in batches and re.search(_BATCH, line) and rest is not None:
        return f"the batch is not written: `reshape ({rest[1].strip()})`"
    in_reshape = re.search(r"\breshape\b[^;]*$", line) is not None
    if any(name.id in sizes for sizes in shapes):
        if re.search(r"\bslice\b[^;]*$", line):
            return f"`{name.id}` is an open size, and `slice` takes numbers: {_PARTS}"
        other = f"write `in.height` and the like, or a parameter of the model, `{name.id} = 224`"
        instead = _LEFT_OVER if in_reshape else other
        return f"`{name.id}` is an open size, a name for shapes alone: {instead}"
    return f"sizes are numbers: {_LEFT_OVER}" if in_reshape else None


def meant_to_define(name: ast.Name, args: Sequence[ast.Argument]) -> list[ast.Name]:
    """The names that `var width = 16` defines, where `let` was meant: what reads them is no further error."""
    return [a.key for a in args if a.key is not None] if name.id.lower() in LETS else []


def _works_on(name: ast.Name, value: ast.Expr) -> bool:
    """Whether a function of a framework is called with a name alone."""
    functions = name.id.startswith(("F.", "nn.functional.", "tf.nn.", "torch."))
    return functions and isinstance(value, ast.Name) and name.span.source.text[name.span.end :].startswith("(")


def arguments_meant(name: ast.Name, args: Sequence[ast.Argument]) -> Sequence[ast.Argument]:
    """The arguments of PyTorch's `Conv2d(3, 64, 3)`, or of Keras' `Conv2D(64, (3, 3))`, by their names here."""
    from specc.diagnostics.foreign import DEFAULTS, meant

    layer = meant(name.id)
    text = name.span.source.text
    if len(args) == 1 and args[0].key is None and _works_on(name, args[0].value):  # `F.relu(x)`
        return [ast.Argument(args[0].span, ast.Name(args[0].span, "from"), args[0].value)]
    if layer is None or len(args) != 1 or args[0].key is not None or not text[name.span.end :].lstrip().startswith("("):
        return args
    value = args[0].value
    items = value.items if isinstance(value, ast.List) and text[value.span.start] == "(" else (value,)
    if not items and layer.word in DEFAULTS:
        key, sizes = DEFAULTS[layer.word]
        return [ast.Argument(value.span, ast.Name(value.span, key), ast.Size(value.span, sizes))]
    named = zip(layer.names, items, strict=False)
    return [ast.Argument(item.span, ast.Name(item.span, key), item) for key, item in named if key is not None]
