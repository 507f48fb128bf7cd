"""pydantic's core, and the schemas that it reads, without the package around it.

`import pydantic_core` also reads the types of all schemas, which only type checkers ask for, and with them a good part
of the standard library: more than specc takes to check a network.  What is imported here is the same extension module
under its own name, so that everything in a process shares it, whoever comes first.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from pydantic_core import CoreSchema, PydanticCustomError, SchemaSerializer, SchemaValidator, ValidationError
    from pydantic_core import from_json as from_json
    from pydantic_core.core_schema import SerSchema, ValidationInfo
else:
    CoreSchema = SerSchema = ValidationInfo = Any

__all__ = [
    "CoreSchema",
    "PydanticCustomError",
    "SchemaSerializer",
    "SchemaValidator",
    "SerSchema",
    "ValidationError",
    "ValidationInfo",
    "before",
    "dataclass_of",
    "from_json",
    "plain",
    "schema",
]

_PACKAGE: Final = "pydantic_core"
_EXTENSION: Final = f"{_PACKAGE}._pydantic_core"


def _extension() -> Any:
    """The extension module; that of the process, if anything has imported it already."""
    if _EXTENSION in sys.modules or _PACKAGE in sys.modules:
        return _imported()
    from importlib.util import find_spec, module_from_spec

    package = find_spec(_PACKAGE)
    finders = (finder.find_spec for finder in sys.meta_path if hasattr(finder, "find_spec"))
    places = None if package is None else package.submodule_search_locations
    spec = next(filter(None, (find(_EXTENSION, places) for find in finders)), None)
    if spec is None or spec.loader is None:
        return _imported()
    module = sys.modules[_EXTENSION] = module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _imported() -> Any:
    from importlib import import_module

    return import_module(_EXTENSION)


if not TYPE_CHECKING:
    _core = _extension()
    PydanticCustomError = _core.PydanticCustomError
    SchemaSerializer = _core.SchemaSerializer
    SchemaValidator = _core.SchemaValidator
    ValidationError = _core.ValidationError
    from_json = _core.from_json


def schema(kind: str, /, **parts: Any) -> CoreSchema:
    """The schema of this type with these parts, as the functions of `pydantic_core.core_schema` write it."""
    return {"type": kind, **parts}


def before(function: Callable[..., Any], inner: CoreSchema, *, info: bool = False) -> CoreSchema:
    """The schema of a value that goes through `function` before `inner` sees it; with `info` the function is told
    where the value comes from, too."""
    called = {"type": "with-info" if info else "no-info", "function": function}
    return schema("function-before", function=called, schema=inner)


def plain(function: Callable[[Any], Any], written: SerSchema) -> CoreSchema:
    """The schema of a value that `function` alone reads, and `written` writes."""
    return schema("function-plain", function={"type": "no-info", "function": function}, serialization=written)


def dataclass_of(cls: type, fields: Mapping[str, CoreSchema]) -> CoreSchema:
    """The schema of a dataclass with these fields and no others."""
    items = [schema("dataclass-field", name=name, schema=field) for name, field in fields.items()]
    arguments = schema("dataclass-args", dataclass_name=cls.__name__, fields=items, extra_behavior="forbid")
    return schema("dataclass", cls=cls, schema=arguments, fields=[*fields])
