"""What callers from Python hand over, told in a sentence where it is none of what it may be."""

from __future__ import annotations

import math
import os
import warnings
from collections.abc import Iterable, Iterator, Mapping, Sequence
from numbers import Integral, Real
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, SupportsIndex, TypeAlias, TypeVar, cast

from specc.diagnostics import Diagnostic
from specc.diagnostics.suggest import nearest
from specc.elaborate import parse_setting
from specc.elaborate.arithmetic import MAX_BITS
from specc.elaborate.report import Reporter
from specc.elaborate.values import Value, Word, quoted
from specc.elaborate.words import NO_ACTIVATION, known_words, takes_settings
from specc.errors import SpecError
from specc.ir.graph import saved_values
from specc.limits import DEFAULT_LIMITS, Limits

if TYPE_CHECKING:
    import numpy as np

    from specc.ir import Graph
    from specc.weights import Weights

    Array: TypeAlias = np.ndarray[Any, Any]

T = TypeVar("T")


class Compiled(Protocol):
    """What has a graph: a model from `specc.load`."""

    @property
    def graph(self) -> Graph: ...


def one_of(name: str, value: object, choices: Mapping[str, T]) -> T:
    """The choice called `value`; raises `TypeError` or `ValueError`."""
    told = f"{name} is one of {', '.join(map(repr, choices))}, not {value!r}"
    if not isinstance(value, str):
        raise TypeError(told)
    if value in choices:
        return choices[value]
    guess = nearest(value, choices)
    raise ValueError(told + (f"; did you mean {guess!r}?" if guess else ""))


def check_device(value: object) -> None:
    """Raises `TypeError` or `ValueError` where `value` is no device that a session runs on."""
    one_of("device", value, dict.fromkeys(("auto", "cpu", "cuda")))


def whole(name: str, value: object, least: int | None = None) -> int:
    """`value`, a whole number of at least `least`; raises `TypeError` or `ValueError`."""
    import operator

    try:
        if isinstance(value, bool):
            raise TypeError
        number = operator.index(cast("SupportsIndex", value))
    except TypeError:
        raise TypeError(f"{name} is a whole number, not {value!r}") from None
    if least is not None and number < least:
        raise ValueError(f"{name} is at least {least}, not {number}")
    return number


def flag(name: str, value: object) -> bool:
    """`value`, True or False, NumPy's too; raises `TypeError`."""
    if isinstance(value, bool) or type(value).__name__ in ("bool_", "bool"):
        return bool(value)
    raise TypeError(f"{name} is True or False, not {value!r}")


def text(name: str, value: object) -> str | None:
    """`value`, a text or nothing; raises `TypeError`."""
    if value is None or isinstance(value, str):
        return value
    raise TypeError(f"{name} is a text, not {value!r}")


def file(name: str, value: object) -> Path:
    """`value`, the path of a file; raises `TypeError`."""
    if isinstance(value, str | os.PathLike) and isinstance(path := os.fspath(value), str):
        return Path(path)
    raise TypeError(f"{name} is the path of a file, not {value!r}")


def graph_of(what: str, value: object) -> Graph:
    """The graph of a model, or that itself; raises `TypeError`, for `what` is made of nothing else."""
    from specc.ir import Graph

    graph = value if isinstance(value, Graph) else getattr(value, "graph", None)
    if isinstance(graph, Graph):
        return graph
    raise TypeError(f"{what} is made of a model from `specc.load`, not of {value!r}")


def settings(parameters: object, keywords: Mapping[str, object]) -> dict[str, Value]:
    """The parameters of a model by their names, from a mapping and from keywords, see `setting`; raises `TypeError`."""
    if not isinstance(parameters, Mapping) or not all(isinstance(name, str) for name in parameters):
        raise TypeError(f"parameters are a mapping of names to values, not {parameters!r}")
    if twice := next((name for name in keywords if name in parameters), None):
        raise TypeError(f"parameter `{twice}` is given twice: by itself, and in `parameters`")
    return {name: setting(name, value) for name, value in {**parameters, **keywords}.items()}


def opset(value: object) -> int:
    """`value`, an opset that can be written; raises `TypeError` or `ValueError`."""
    from specc.onnx.emit import OPSETS

    number = whole("opset", value)
    if number not in OPSETS:
        raise ValueError(f"opset is {OPSETS[0]} to {OPSETS[-1]}, not {number}")
    return number


def setting(name: str, value: object, depth: int = 0) -> Value:
    """`value`, given to the parameter `name`, as a compile-time value: lists, ranges and arrays become tuples, known
    words and `None` words, numbers of any library whole ones or floats.  Raises `SpecError`: E0304 for all else, E0106
    for lists within lists, of which this is in so many, that go too deep."""
    if value is None:
        return Word(NO_ACTIVATION)
    if isinstance(value, str):
        return Word(value) if value in known_words() else _tuned(name, str(value))
    if isinstance(value, list | tuple | range):
        if depth == DEFAULT_LIMITS.nesting:
            raise SpecError([Diagnostic("E0106", f"parameter `{name}` has lists nested more than {depth} deep")])
        return tuple(setting(name, item, depth + 1) for item in value)
    number = value if isinstance(value, bool) else _number(value)
    if number is not None:
        return number
    to_list = getattr(value, "tolist", None)  # arrays, tensors, and NumPy's truth values
    plain = to_list() if callable(to_list) else value
    if type(plain) is not type(value):
        return setting(name, plain, depth)
    raise SpecError([_no_setting(name, value)])


def _tuned(name: str, text: str) -> Value:
    """An operation with settings, `leaky_relu(0.1)`, or else the text itself."""
    if not takes_settings(text.partition("(")[0]) or not text.endswith(")"):
        return text
    report = Reporter()
    found = parse_setting(f"{name}={text}", report)
    if found is None:
        raise SpecError(report.diagnostics)
    return found[1]


def _number(value: object) -> int | float | None:
    """`value` if it is a number that a spec can hold."""
    if isinstance(value, Integral):
        whole = int(value)
        return whole if whole.bit_length() <= MAX_BITS else None
    if isinstance(value, Real):
        real = float(value)
        return real if math.isfinite(real) else None
    return None


def _no_setting(name: str, value: object) -> Diagnostic:
    message = f"parameter `{name}` cannot be {_unfit(value)}"
    return Diagnostic("E0304", message, help="give it a number, True or False, a text, or a list of these")


def _unfit(value: object) -> str:
    if isinstance(value, Integral):
        return f"a number of more than {MAX_BITS} bits"
    return f"{float(value)}" if isinstance(value, Real) else f"of Python's type `{type(value).__name__}`"


def spec_path(value: object, model: object, limits: object) -> Path:
    """The file of a spec, with what else `load` is given; raises `TypeError`."""
    _choice_of_spec(model, limits)
    if isinstance(value, str | os.PathLike) and isinstance(name := os.fspath(value), str):
        return Path(name)
    raise TypeError(f"the file of a spec is a path, not {value!r}")


def spec_text(value: object, model: object, limits: object) -> str:
    """The text of a spec, with what else `loads` is given; raises `TypeError`."""
    _choice_of_spec(model, limits)
    if isinstance(value, str):
        return value
    hint = "; a file is read by `load`" if isinstance(value, os.PathLike) else ""
    raise TypeError(f"the text of a spec is a str, not {value!r}{hint}")


def _choice_of_spec(model: object, limits: object) -> None:
    if model is not None and not isinstance(model, str):
        raise TypeError(f"model is the name of a model, not {model!r}")
    if not isinstance(limits, Limits):
        hint = f": Limits(**{limits!r})" if isinstance(limits, dict) else ""
        raise TypeError(f"limits are specc.Limits, not {type(limits).__name__}{hint}")


def missing_file(problem: Diagnostic, name: str) -> Diagnostic:
    """`problem` with the file called `name`, or that this is no name but the text of a spec."""
    if "{" not in name and "\n" not in name:
        return problem
    return Diagnostic("E0601", "there is no such file: this is the text of a spec", help="`specc.loads` takes a text")


def path(value: str | os.PathLike[str]) -> str:
    """`value`, a path; raises `TypeError`, of a list as well: files are separate arguments."""
    if isinstance(value, str | os.PathLike):
        return os.fspath(value)
    raise TypeError(f"a file is a path, not {value!r}; several are separate arguments: run_files(*files)")


def given_weights(value: object) -> Path | Weights | None:
    """What a caller says are the weights: a file, arrays by tensor name, or nothing; raises `TypeError`."""
    from specc.weights import Weights

    if value is None or isinstance(value, Weights):
        return value
    if isinstance(value, str | os.PathLike):
        return Path(value)
    if isinstance(value, Mapping):
        return Weights.of(value)
    hint = "; a module's are its `state_dict()`" if callable(getattr(value, "state_dict", None)) else ""
    raise TypeError(f"weights are a file or arrays by the names of tensors, not {type(value).__name__}{hint}")


def _rules(value: object) -> Path:
    """The file of rules that rename tensors; raises `TypeError`."""
    if isinstance(value, Mapping):
        raise TypeError(f"mapping is the path of a file of rules, not {value!r}: rename the arrays, and give these")
    return file("mapping", value)


def weights_for(
    graph: Graph,
    value: object,
    *,
    mapping: str | os.PathLike[str] | None = None,
    strict: bool = True,
    seed: object = 0,
    level: int = 3,
) -> Weights:
    """The weights of `graph`: seeded where `value` is nothing, otherwise the file or the arrays that it is, matched as
    `specc.trained` does.  Raises `SpecError`; what is doubtful is a warning of the caller `level` calls up."""
    from specc.trained import doubts, load_trained
    from specc.weights import Weights, seeded
    from specc.weights.axes import targets
    from specc.weights.tensors import layout_of

    number = whole("seed", seed, least=0)
    given = given_weights(value)
    rules = None if mapping is None else _rules(mapping)
    flag("strict", strict)
    if given is None and rules is not None:
        raise ValueError("mapping renames the tensors of a source of weights, and none is given")
    if given is None:
        return seeded(graph, number)
    if given is value and isinstance(given, Weights) and mapping is None:
        wanted, same = targets(graph), layout_of(given) in ("", graph.layout)
        if same and wanted.keys() == given.tensors.keys() and all(given.shape(n) == t.shape for n, t in wanted.items()):
            return given  # it has been matched before
    weights, table, diagnostics = load_trained(graph, given, mapping=rules, strict=strict, seed=number)
    if weights is None:
        raise SpecError(diagnostics)
    for warning in (*diagnostics, *doubts(graph, table, given)):
        warnings.warn(warning.message, stacklevel=level)
    return weights


def by_input(values: Sequence[Any], graph: Graph) -> Mapping[str, Any]:
    """What `Model.run` was given as values by the names of inputs: one mapping, or the value of the only input.

    Raises `SpecError` (E0901) for several values, or one for several inputs.
    """
    if len(values) == 1 and isinstance(values[0], Mapping):
        return values[0]
    names = [item.name for item in graph.inputs]
    if len(names) == len(values) == 1:
        return {names[0]: values[0]}
    has = f"the model has {'one input' if len(names) == 1 else f'{len(names)} inputs'}, {quoted(names)}"
    message = f"{has}, and {'one value is' if len(values) == 1 else f'{len(values)} values are'} given"
    by_name = ", ".join(f'"{name}": ...' for name in names)
    several = f"several are given by name: `run({{{by_name}}})`"
    help = "a batch is a single array: `np.concatenate([x, y])` joins two" if len(names) == 1 else several
    raise SpecError([Diagnostic("E0901", message, file=graph.file, help=help)])


def input_arrays(given: Mapping[str, Any], graph: Graph) -> dict[str, Any]:
    """What is given by the names of inputs as arrays, see `input_array`; what the model has no input for stays as
    it is."""
    names = {item.name for item in graph.inputs}
    return {name: input_array(f"input `{name}`", value) if name in names else value for name, value in given.items()}


def input_array(name: str, value: Any) -> Array:
    """`value`, an array or nested lists, as an array of uint8, which are pixels, or of float32: floating-point numbers.

    Raises `TypeError` for other integers, which may be either, and for what holds no real numbers; `ValueError` for
    ragged lists.
    """
    import numpy as np

    if value is None or isinstance(value, str | bytes):
        files = "; files are run by `run_files`" if isinstance(value, str) else ""
        raise TypeError(f"{name} is an array, not {value!r}{files}")
    if hasattr(value, "detach"):  # a tensor of PyTorch's: NumPy has no bfloat16, and does not see other devices
        value = (value.detach().float() if value.is_floating_point() else value.detach()).cpu()
    try:
        array = np.asarray(value)
    except ValueError:
        raise ValueError(f"{name} is no array: its lists have different lengths") from None
    if array.dtype == np.uint8:
        return array
    if array.dtype.kind in "cOSUMm":
        raise TypeError(f"{name} is an array of real numbers, not of {array.dtype}")
    if array.dtype.kind in "iub":
        what = "a list of whole numbers" if isinstance(value, list | tuple) else f"an array of {array.dtype}"
        raise TypeError(f"{name} is {what}: give uint8 pixels, which are preprocessed, or float32")
    return np.ascontiguousarray(array, dtype=np.float32)


def layers_of(graph: Graph, values: object) -> tuple[str, ...]:
    """The layers named in a list, each once.  Raises `TypeError` for anything else, and `SpecError` (E0901) for
    a layer that there is not."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise TypeError(f"activations are a list of names of layers, not {values!r}")
    names = tuple(dict.fromkeys(values))
    if problems := list(unknown_layers(graph, names)):
        raise SpecError(problems)
    return names


def unknown_layers(graph: Graph, names: Iterable[str]) -> Iterator[Diagnostic]:
    """E0901 for each of `names` that is no layer, nor one of several results of one."""
    layers = saved_values(graph)
    for name in names:
        if name not in layers:
            guess = nearest(name, layers) if isinstance(name, str) else None
            help = f"did you mean `{guess}`?" if guess else "`specc check` lists the layers"
            yield Diagnostic("E0901", f"model `{graph.name}` has no layer `{name}`", help=help)


def kinds_of_inputs(value: str | Iterable[str]) -> tuple[str, ...]:
    """The kinds of probes meant by `quick`, `all`, kinds joined by commas, or a list of kinds; raises `ValueError`."""
    from specc.verify.probes import NAMED, kinds_named

    if not isinstance(value, Iterable):
        raise TypeError(f"kinds are a text or a list of texts, not {value!r}")
    kinds = [kind.strip() for kind in value.split(",")] if isinstance(value, str) else list(value)
    if not kinds:
        raise ValueError("kinds is at least one kind of inputs, not an empty list")
    for kind in kinds:
        one_of("an item of kinds", kind, NAMED)
    return kinds_named(kinds)
