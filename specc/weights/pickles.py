"""Reading the pickles of PyTorch state dicts as data: nothing in them is imported, called or executed.

This is a small pickle machine of its own (opcodes: Lib/pickletools.py) instead of `pickle.Unpickler`: it knows the
opcodes that `torch.save` writes and a closed list of globals, each of which builds a plain value here.
"""

from __future__ import annotations

import pickletools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, NamedTuple, TypeAlias

from specc.weights.stored import checked_shape
from specc.weights.tensors import Unreadable

MAX_OPCODES: Final = 400_000

_STORAGES: Final = {
    "FloatStorage": "float32", "DoubleStorage": "float64", "HalfStorage": "float16", "BFloat16Storage": "bfloat16",
    "LongStorage": "int64", "IntStorage": "int32", "ShortStorage": "int16", "CharStorage": "int8",
    "ByteStorage": "uint8", "BoolStorage": "bool",
}  # fmt: skip
_MARK: Final = object()


class Storage(NamedTuple):
    """A flat block of `elements` numbers, kept in the archive's member `data/<key>`."""

    dtype: str
    key: str
    elements: int


@dataclass(frozen=True)
class View:
    """A tensor: a strided view of a storage."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


class StateDict(dict[Any, Any]):
    """An ordered dict; `metadata` is what PyTorch notes on that of a module, `None` for any other."""

    metadata: object = None


class _Global(NamedTuple):
    module: str
    name: str


def load_pickle(data: bytes) -> Any:
    """The value pickled in `data`: dicts, lists, tuples, plain values and `View`s.  Raises `Unreadable`."""
    machine = _Machine()
    try:
        for count, (opcode, argument, _) in enumerate(pickletools.genops(data)):
            if count > MAX_OPCODES:
                raise Unreadable("the pickle is too long")
            machine.step(opcode.name, argument)
        return machine.stack.pop()
    except (IndexError, KeyError, ValueError, TypeError, AttributeError, RecursionError) as error:
        raise Unreadable("the pickle inside is malformed") from error


class _Machine:
    """A stack and a memo."""

    def __init__(self) -> None:
        self.stack: list[Any] = []
        self.memo: dict[int, Any] = {}

    def step(self, opcode: str, argument: Any) -> None:
        if opcode in _LITERALS:
            self.stack.append(argument)
        elif opcode in _VALUES:
            self.stack.append(_VALUES[opcode]())
        elif opcode in _ACTIONS:
            _ACTIONS[opcode](self, argument)
        elif opcode not in ("PROTO", "FRAME", "STOP"):
            raise Unreadable(f"the pickle inside uses {opcode}, which no state dict needs")

    def pop_mark(self) -> list[Any]:
        """Everything above the topmost mark."""
        at = len(self.stack) - 1
        while self.stack[at] is not _MARK:
            at -= 1
            if at < 0:
                raise IndexError("no mark")
        items = self.stack[at + 1 :]
        del self.stack[at:]
        return items

    def put(self, argument: Any) -> None:
        self.memo[argument] = self.stack[-1]

    def memoize(self, _: Any) -> None:
        self.memo[len(self.memo)] = self.stack[-1]

    def get(self, argument: Any) -> None:
        self.stack.append(self.memo[argument])

    def mark(self, _: Any) -> None:
        self.stack.append(_MARK)

    def pop(self, _: Any) -> None:
        self.stack.pop()

    def tuple_of(self, count: int) -> None:
        if len(self.stack) < count:
            raise IndexError("stack too short")
        items = tuple(self.stack[-count:])
        del self.stack[-count:]
        self.stack.append(items)

    def tuple_above_mark(self, _: Any) -> None:
        self.stack.append(tuple(self.pop_mark()))

    def append(self, _: Any) -> None:
        item = self.stack.pop()
        self._list().append(item)

    def appends(self, _: Any) -> None:
        items = self.pop_mark()
        self._list().extend(items)

    def set_item(self, _: Any) -> None:
        value, key = self.stack.pop(), self.stack.pop()
        self._update([key, value])

    def set_items(self, _: Any) -> None:
        self._update(self.pop_mark())

    def find(self, argument: Any) -> None:
        self.stack.append(_allowed(*argument.split(" ", 1)))

    def find_on_stack(self, _: Any) -> None:
        name, module = self.stack.pop(), self.stack.pop()
        self.stack.append(_allowed(module, name))

    def call(self, _: Any) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        if not isinstance(function, _Global):  # nor is anything else hashed: a deep nest would overflow C's stack
            raise TypeError("only globals are called")
        self.stack.append(_GLOBALS[function](*arguments))

    def set_state(self, _: Any) -> None:
        """An object's attributes carry no weights; the versions that PyTorch notes on a state dict are kept."""
        state, owner = self.stack.pop(), self.stack[-1]
        if isinstance(owner, StateDict) and isinstance(state, dict):
            owner.metadata = state.get("_metadata")

    def persistent(self, _: Any) -> None:
        kind, type_, key, _device, elements = self.stack.pop()
        dtype = _STORAGES.get(type_.name) if isinstance(type_, _Global) else None
        if kind != "storage" or dtype is None or not isinstance(key, str) or not isinstance(elements, int):
            raise ValueError("not a storage")
        self.stack.append(Storage(dtype, key, elements))

    def _list(self) -> list[Any]:
        if not isinstance(self.stack[-1], list):
            raise TypeError("not a list")
        return self.stack[-1]

    def _update(self, items: list[Any]) -> None:
        """Add alternating keys and values to the dict on top.  Keys are text or numbers: hashing a nest of shared
        tuples could take for ever."""
        if not isinstance(self.stack[-1], dict) or not all(isinstance(key, str | int) for key in items[::2]):
            raise TypeError("not a dict of named values")
        self.stack[-1].update(zip(items[::2], items[1::2], strict=True))


def _allowed(module: Any, name: Any) -> _Global:
    """A global that state dicts are made of; any other refuses the whole file."""
    if not isinstance(module, str) or not isinstance(name, str):
        raise TypeError("a global has a name")
    if (module, name) in _GLOBALS:
        return _Global(module, name)
    raise Unreadable(
        f"it holds the Python object `{module:.60}.{name:.60}`, where only plain tensors are read; "
        "save `model.state_dict()` instead"
    )


def _ordered_dict(*pairs: Any) -> dict[Any, Any]:
    if pairs:
        raise TypeError("state dicts are filled item by item")
    return StateDict()


def _tensor(storage: Any, offset: Any, shape: Any, strides: Any, *_: Any) -> View:
    sizes, steps = checked_shape("?", shape), checked_shape("?", strides)
    if not isinstance(storage, Storage) or type(offset) is not int or offset < 0 or len(sizes) != len(steps):
        raise ValueError("not a tensor")
    return View(storage, offset, sizes, steps)


def _parameter(data: Any, *_: Any) -> Any:
    return data


def _storage_class(*_: Any) -> Any:
    raise TypeError("storages are not called")


_GLOBALS: Final[dict[tuple[str, str], Callable[..., Any]]] = {
    ("collections", "OrderedDict"): _ordered_dict,
    ("torch._utils", "_rebuild_tensor_v2"): _tensor,
    ("torch._utils", "_rebuild_parameter"): _parameter,
    ("torch._utils", "_rebuild_parameter_with_state"): _parameter,
    ("torch", "Size"): tuple,
    **{("torch", name): _storage_class for name in _STORAGES},
}

_LITERALS: Final = {
    "BININT", "BININT1", "BININT2", "LONG1", "BINFLOAT", "BINUNICODE", "SHORT_BINUNICODE", "BINUNICODE8",
    "BINBYTES", "SHORT_BINBYTES",
}  # fmt: skip
_VALUES: Final[dict[str, Callable[[], Any]]] = {
    "NONE": lambda: None,
    "NEWTRUE": lambda: True,
    "NEWFALSE": lambda: False,
    "EMPTY_DICT": dict,
    "EMPTY_LIST": list,
    "EMPTY_TUPLE": tuple,
}
_Action: TypeAlias = Callable[[_Machine, Any], None]
_ACTIONS: Final[dict[str, _Action]] = {
    "BINPUT": _Machine.put,
    "LONG_BINPUT": _Machine.put,
    "MEMOIZE": _Machine.memoize,
    "BINGET": _Machine.get,
    "LONG_BINGET": _Machine.get,
    "MARK": _Machine.mark,
    "POP": _Machine.pop,
    "TUPLE1": lambda machine, _: machine.tuple_of(1),
    "TUPLE2": lambda machine, _: machine.tuple_of(2),
    "TUPLE3": lambda machine, _: machine.tuple_of(3),
    "TUPLE": _Machine.tuple_above_mark,
    "APPEND": _Machine.append,
    "APPENDS": _Machine.appends,
    "SETITEM": _Machine.set_item,
    "SETITEMS": _Machine.set_items,
    "GLOBAL": _Machine.find,
    "STACK_GLOBAL": _Machine.find_on_stack,
    "REDUCE": _Machine.call,
    "BUILD": _Machine.set_state,
    "BINPERSID": _Machine.persistent,
}
