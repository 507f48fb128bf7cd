"""pydantic's core is the same module whether it is imported by its package or without."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest
from pydantic_core import core_schema

from specc.core import before, dataclass_of, plain, schema

INT = core_schema.int_schema()
TO_STRING = core_schema.to_string_ser_schema()
SCHEMAS = (
    (schema("int"), INT),
    (schema("default", schema=INT, default=3), core_schema.with_default_schema(INT, default=3)),
    (schema("literal", expected=["a"]), core_schema.literal_schema(["a"])),
    (schema("nullable", schema=INT), core_schema.nullable_schema(INT)),
    (schema("union", choices=[INT, INT]), core_schema.union_schema([INT, INT])),
    (schema("tuple", items_schema=[INT], variadic_item_index=0), core_schema.tuple_variable_schema(INT)),
    (
        schema("is-instance", cls=int, serialization=TO_STRING),
        core_schema.is_instance_schema(int, serialization=TO_STRING),
    ),
    (before(abs, INT), core_schema.no_info_before_validator_function(abs, INT)),
    (before(max, INT, info=True), core_schema.with_info_before_validator_function(max, INT)),
    (plain(abs, TO_STRING), core_schema.no_info_plain_validator_function(abs, serialization=TO_STRING)),
    (
        dataclass_of(range, {"start": INT}),
        core_schema.dataclass_schema(
            range,
            core_schema.dataclass_args_schema(
                "range", [core_schema.dataclass_field("start", INT)], extra_behavior="forbid"
            ),
            ["start"],
        ),
    ),
)  # fmt: skip


@pytest.mark.parametrize(("ours", "theirs"), SCHEMAS, ids=lambda made: made["type"])
def test_schemas_are_those_that_pydantic_writes(ours: Any, theirs: Any) -> None:
    assert ours == theirs


CHECK = "import specc; graph = specc.loads('model A { input x 3xHx8; conv 4, 3x3 }').graph"
USE = """
import pydantic, pydantic_core
from specc.core import ValidationError
assert ValidationError is pydantic_core.ValidationError is pydantic.ValidationError
class Report(pydantic.BaseModel):
    graph: type(graph)
text = Report(graph=graph).model_dump_json()
assert Report.model_validate_json(text).graph == graph
"""


@pytest.mark.parametrize(
    "script", [CHECK + USE, "import pydantic; " + CHECK + USE], ids=["specc first", "pydantic first"]
)
def test_specc_and_pydantic_share_it_in_either_order(script: str) -> None:
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_without_the_extension_as_a_file_the_package_is_imported() -> None:
    hidden = "import importlib.util, sys; importlib.util.find_spec = lambda name: None; "
    script = f"{hidden}{CHECK}; assert 'pydantic_core' in sys.modules"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
