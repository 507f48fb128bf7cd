"""The abstract syntax of a `.cnn` file: what was written, with the place of every part, nothing resolved."""

from __future__ import annotations

from typing import Literal, TypeAlias, TypeVar, dataclass_transform

from specc.frozen import made_when_called
from specc.source import Span

T = TypeVar("T")


@dataclass_transform(eq_default=False, frozen_default=True)
def node(cls: type[T]) -> type[T]:
    """A class of annotated attributes that type checkers hold to be a frozen dataclass, compared by identity."""
    return made_when_called(cls, "self.{name} = {name}")


# ---------------------------------------------------------------- expressions


@node
class Number:
    """`64`, `1e-5`."""

    span: Span
    value: int | float


@node
class Text:
    """`"kernels.npz"`."""

    span: Span
    value: str


@node
class Bool:
    """`true` or `false`."""

    span: Span
    value: bool


@node
class Size:
    """`3x3` or `6x28x28`, and in shapes also `64x_x_` and `3xHxW`: numbers, `_` for any, names."""

    span: Span
    parts: tuple[int | str, ...]


@node
class Name:
    """A name; `in` is the name of the incoming value."""

    span: Span
    id: str


@node
class Attribute:
    """`in.channels`, `kernels.emboss`."""

    span: Span
    value: Expr
    name: Name


@node
class Index:
    """`depths[0]`."""

    span: Span
    value: Expr
    index: Expr


@node
class Slice:
    """`depths[1:]`: the items from `start` up to and without `stop`, by Python's rules."""

    span: Span
    value: Expr
    start: Expr | None
    stop: Expr | None


@node
class Call:
    """`round_to(x, 8)`: a call of a built-in compile-time function, or an activation with its settings, of which some
    may be `named`: `leaky_relu(alpha=0.1)`."""

    span: Span
    function: Name
    args: tuple[Expr, ...]
    named: tuple[Argument, ...] = ()


@node
class List:
    """`[1, 2]` or, with the same meaning, `(1, 2)`."""

    span: Span
    items: tuple[Expr, ...]


@node
class Comprehension:
    """`[2 * x for x in xs if x > 1]`: a list with `item` for each of `iterable` of which `test` holds."""

    span: Span
    item: Expr
    targets: tuple[Name, ...]
    iterable: Expr
    test: Expr | None


UnaryOperator: TypeAlias = Literal["-", "+", "not"]
BinaryOperator: TypeAlias = Literal["+", "-", "*", "/", "//", "%", "**", "==", "!=", "<", "<=", ">", ">=", "and", "or"]


@node
class Unary:
    """`-x`, `not x`."""

    span: Span
    operator: UnaryOperator
    operand: Expr


@node
class Binary:
    """Arithmetic, a comparison, or a (short-circuiting) logical operator; comparisons do not chain."""

    span: Span
    operator: BinaryOperator
    left: Expr
    right: Expr


@node
class Conditional:
    """`1 if stage == 0 else 2`."""

    span: Span
    test: Expr
    then: Expr
    orelse: Expr


Expr: TypeAlias = (
    Number
    | Text
    | Bool
    | Size
    | Name
    | Attribute
    | Index
    | Slice
    | Call
    | List
    | Comprehension
    | Unary
    | Binary
    | Conditional
)

# ---------------------------------------------------------------- statements


@node
class Argument:
    """`64` (no key) or `stride=2`."""

    span: Span
    key: Name | None
    value: Expr


@node
class Branch:
    """`branch { ... }` with an optional label; an empty body passes the incoming value on."""

    span: Span
    label: Name | None
    body: tuple[Statement, ...]


@node
class Operation:
    """`label: conv 64, 3x3, relu -> 64x28x28`, the call of an operation or of a block.

    `labels` has several names only for an operation with several results (`a, b: split 2`).
    `branches` is `None` without a `{ branch ... }` body; in it `for`, `repeat` and `if` hold branches too.  `shape` is
    a `Size`, a `List` or a `Name` (`HxWxC`), written behind `->`.
    """

    span: Span
    labels: tuple[Name, ...]
    name: Name
    args: tuple[Argument, ...]
    branches: tuple[Alternative, ...] | None
    shape: Expr | None


@node
class Residual:
    """`residual { ... } shortcut { ... }`: the sum of both; without a shortcut, of the body and the input."""

    span: Span
    keyword: Span
    labels: tuple[Name, ...]
    args: tuple[Argument, ...]
    body: tuple[Statement, ...]
    shortcut: tuple[Statement, ...] | None
    shape: Expr | None


@node
class Let:
    """`let width = 64`, in a body or at the top level."""

    span: Span
    name: Name
    value: Expr


@node
class If:
    """`if test { ... } else { ... }`; `else if` is an `If` alone in `orelse`."""

    span: Span
    test: Expr
    then: tuple[Statement, ...]
    orelse: tuple[Statement, ...]


@node
class For:
    """`for stage, depth in depths { ... } -> 64x56x56`; `keyword` is where `for` stands."""

    span: Span
    label: Name | None
    keyword: Span
    targets: tuple[Name, ...]
    iterable: Expr
    body: tuple[Statement, ...]
    shape: Expr | None


@node
class Repeat:
    """`repeat 3 { ... } -> 64x56x56`; `keyword` is where `repeat` stands."""

    span: Span
    label: Name | None
    keyword: Span
    count: Expr
    body: tuple[Statement, ...]
    shape: Expr | None


@node
class Input:
    """`input image 3x224x224, mean=[...]`; `doc` is the `##` comment above it."""

    span: Span
    name: Name
    shape: Expr
    args: tuple[Argument, ...]
    doc: str


@node
class Output:
    """`output logits` or `output probabilities, from=p, labels=[...]`; `name` alone names a labelled value,
    or gives the last value that name."""

    span: Span
    name: Name
    args: tuple[Argument, ...]


@node
class Expect:
    """`expect params == 61_706`, `expect macs <= 1e9`, `expect params == 61_700 within 1%`.

    `claim` is the whole comparison (a `Binary`); `tolerance` is a fraction (`1%` is 0.01) or `None`.
    """

    span: Span
    claim: Expr
    tolerance: Expr | None


Statement: TypeAlias = Operation | Residual | Let | If | For | Repeat | Input | Output | Expect | Branch
"""What a body holds; a `Branch` stands only in the body of a merge, and in loops and choices there."""
Alternative: TypeAlias = Branch | For | Repeat | If

# ---------------------------------------------------------------- top level


@node
class Import:
    """`import "./blocks.cnn"`, `import kernels`, each with an optional `as name`."""

    span: Span
    path: Text | None
    module: Name | None
    alias: Name | None


@node
class Parameter:
    """`stride = 1`; `doc` is the `##` comment above it."""

    span: Span
    name: Name
    default: Expr | None
    doc: str


@node
class Block:
    """`block unit(channels, stride = 1) { ... }`; `doc` is the `##` comment above it."""

    span: Span
    name: Name
    parameters: tuple[Parameter, ...]
    body: tuple[Statement, ...]
    doc: str


@node
class Model:
    """`model Net(classes = 10) { ... }`; `doc` is the `##` comment above it."""

    span: Span
    name: Name
    parameters: tuple[Parameter, ...]
    body: tuple[Statement, ...]
    doc: str


@node
class Derived:
    """`model ResNet34 = ResNet(depths=[3, 4, 6, 3]) { expect ... }`."""

    span: Span
    name: Name
    base: Expr  # a Name, or an Attribute for a model of an imported module
    args: tuple[Argument, ...]
    body: tuple[Statement, ...]
    doc: str


Item: TypeAlias = Import | Let | Block | Model | Derived


@node
class File:
    """One parsed file, its items in the order written."""

    span: Span
    items: tuple[Item, ...]
