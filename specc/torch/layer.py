"""What turning a layer into PyTorch source works with, and the small pieces of text that all layers share."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from keyword import iskeyword
from typing import Final

from specc.ops.base import Op, Types
from specc.types import Layout

# Names that instances of nn.Module have already: a layer called so is reached as layers["name"].
_TAKEN: Final = frozenset(
    [
        "T_destination",
        "add_module",
        "apply",
        "bfloat16",
        "buffers",
        "call_super_init",
        "children",
        "compile",
        "cpu",
        "cuda",
        "double",
        "dump_patches",
        "eval",
        "extra_repr",
        "float",
        "forward",
        "get_buffer",
        "get_extra_state",
        "get_parameter",
        "get_submodule",
        "half",
        "ipu",
        "load_state_dict",
        "modules",
        "mtia",
        "named_buffers",
        "named_children",
        "named_modules",
        "named_parameters",
        "parameters",
        "register_backward_hook",
        "register_buffer",
        "register_forward_hook",
        "register_forward_pre_hook",
        "register_full_backward_hook",
        "register_full_backward_pre_hook",
        "register_load_state_dict_post_hook",
        "register_load_state_dict_pre_hook",
        "register_module",
        "register_parameter",
        "register_state_dict_post_hook",
        "register_state_dict_pre_hook",
        "requires_grad_",
        "set_extra_state",
        "set_submodule",
        "share_memory",
        "state_dict",
        "to",
        "to_empty",
        "train",
        "training",
        "type",
        "xpu",
        "zero_grad",
    ]
)


@dataclass
class Layer:
    """One layer on its way to source: `inputs` are expressions for its operands.

    `modules` collects constructors by dotted name, `helpers` the functions and classes of `specc.torch.runtime` that
    the source needs.  `owned` are the modules of layers before, whose weights it may share; where its own module would
    have other settings than that with the same name, `borrowed` holds it, by the name `own` of the layer itself.
    """

    op: Op
    name: str
    inputs: tuple[str, ...]
    types: Types
    outputs: Types
    layout: Layout
    own: str = ""
    owned: Mapping[str, str] = field(default_factory=dict)
    modules: dict[str, str] = field(default_factory=dict)
    borrowed: dict[str, str] = field(default_factory=dict)
    helpers: set[str] = field(default_factory=set)

    @property
    def x(self) -> str:
        return self.inputs[0]

    @property
    def axes(self) -> int:
        """The number of spatial axes of the first input."""
        return len(self.types[0].spatial)

    @property
    def operands(self) -> tuple[str, ...]:
        """The inputs of a merge with the numbers among them, lists as tensors of the shape (channels, 1, ...)."""
        constants = self.op.constant_operands()
        if not constants:
            return self.inputs
        values = iter(self.inputs)
        return tuple(next(values) if constant is None else self._constant(constant) for constant in constants)

    def _constant(self, constant: float | tuple[float, ...]) -> str:
        if isinstance(constant, float):
            return repr(constant) if constant >= 0 else f"({constant!r})"
        tensor = f"{self.x}.new_tensor({list(constant)})"
        return tensor if not self.axes else f"{tensor}.reshape({', '.join(['-1', *['1'] * self.axes])})"

    def module(self, constructor: str, *, part: str = "", helper: bool = False) -> str:
        """Let the layer hold a module, as `name` or `name.part`; returns the expression that reaches it."""
        name = f"{self.name}.{part}" if part else self.name
        constructor = self.helper(constructor) if helper else constructor
        if self.owned.get(name, constructor) == constructor:
            self.modules[name] = constructor
            return reach(name)
        own = f"{self.own}.{part}" if part else self.own
        self.borrowed[own] = self.helper(f"Borrowed({reach(name)}, {constructor})")
        return f"self._borrowed[{own!r}]"

    def helper(self, call: str) -> str:
        """`call`, whose function comes from `specc.torch.runtime`."""
        self.helpers.add(call.partition("(")[0])
        return call

    def numbered(self, name: str) -> str:
        """`F.max_pool{}d` with the number of spatial axes in it."""
        return name.format(self.axes)

    def as_written(self, x: str) -> str:
        """`x` with its axes in the order in which the author writes them."""
        return f"{x}.movedim(1, -1)" if self.layout == "hwc" and self.axes else x

    def as_computed(self, x: str, rank: int) -> str:
        """The inverse, for a value with `rank` axes behind the batch."""
        return f"{x}.movedim(-1, 1)" if self.layout == "hwc" and rank > 1 else x


def reach(name: str) -> str:
    """The expression for the module with a dotted name: `self.stage1["0"].conv1`."""
    return "self" + "".join(f".{part}" if _is_attribute(part) else f"[{part!r}]" for part in name.split("."))


def call(function: str, *arguments: object, **keywords: object) -> str:
    """`function(1, 2, bias=False)`; a tuple of equal numbers becomes one number, a keyword that is `None` goes."""
    given = [_text(argument) for argument in arguments]
    named = [f"{key}={_text(value)}" for key, value in keywords.items() if value is not None]
    return f"{function}({', '.join(given + named)})"


def unless(value: object, default: object) -> object:
    """`value`, or `None` where it is the default anyway."""
    same = value == default or (isinstance(value, tuple) and set(value) == {default})
    return None if same else value


def _text(value: object) -> str:
    if isinstance(value, tuple) and len(value) > 0 and len(set(value)) == 1 and isinstance(value[0], int):
        return repr(value[0])
    return value if isinstance(value, str) else repr(value)


def _is_attribute(part: str) -> bool:
    return part.isidentifier() and not iskeyword(part) and part not in _TAKEN and not part.startswith("_")
