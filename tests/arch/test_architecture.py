"""The invariants of docs/architecture.md, each held by a test that would notice."""

import ast
import re
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from specc.diagnostics import CODES
from specc.ops import OPS

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "specc"
FILES = sorted(path for path in PACKAGE.rglob("*.py") if "_data" not in path.parts)

# Each layer imports only from layers above it and from itself.
LAYERS = [
    {
        "source",
        "limits",
        "data",
        "interrupts",
        "files",
        "textwidth",
        "openblas",
        "mapped",
        "progress",
        "kept",
        "core",
        "frozen",
        "formulas",
        "agreement",
        "dims",
        "record",
    },
    {"types", "diagnostics", "errors"},
    {"kernels"},
    {"syntax"},
    {"ops"},
    {"ir"},
    {"elaborate"},
    {"analysis"},
    {"allowances", "claims", "lint_axes", "loader", "outputs"},
    {"lint"},
    {"pipeline", "workspace"},
    {"interpreter"},
    {"weights"},
    {"onnx"},
    {"runtime", "trained"},
    {"inference"},
    {"verify"},
    {"torch", "decompile", "conformance", "arguments"},
    {"report"},
    {"memory"},
    {"model"},
    {"api", "imports"},
    {"cli"},
]
LEVEL = {name: level for level, names in enumerate(LAYERS) for name in names}


def part(path: Path) -> str:
    """The layer's name: the folder or module directly below `specc`."""
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def edges() -> list[tuple[str, str, Path]]:
    found = []
    for path in FILES:
        if path.parent == PACKAGE and path.name in ("__init__.py", "__main__.py"):
            continue
        for module in imports(ast.parse(path.read_text(encoding="utf-8"))):
            head, _, rest = module.partition(".")
            if head == "specc" and rest:
                found.append((part(path), rest.split(".")[0], path))
    return found


def test_arrows_point_one_way() -> None:
    seen = [(a, b, path) for a, b, path in edges() if b in LEVEL]
    assert len(seen) > 300
    assert {part(path) for path in FILES} - {"__init__", "__main__"} == set(LEVEL)
    backward = [f"{path.relative_to(ROOT)} imports specc.{b}" for a, b, path in seen if LEVEL[b] > LEVEL[a]]
    assert backward == []


def test_files_form_no_circle() -> None:
    """Neither while they are imported nor for the names of types alone."""
    reads = {module_name(path): files_read(path) for path in FILES}
    while free := [name for name, read in reads.items() if not read & reads.keys()]:
        for name in free:
            del reads[name]
    assert sorted(reads) == []


def module_name(path: Path) -> str:
    return ".".join(path.relative_to(ROOT).with_suffix("").parts)


def files_read(path: Path) -> set[str]:
    """The modules that a file imports names from; that of a package where the package itself defines them."""
    names = set(imports(ast.parse(path.read_text(encoding="utf-8"))))
    modules = {module_name(file).removesuffix(".__init__"): module_name(file) for file in FILES}
    inner = {name.rpartition(".")[0] for name in names if name in modules}
    return {modules[name] for name in names if name in modules and name not in inner} - {module_name(path)}


@pytest.mark.parametrize(
    ("package", "home"), [("onnx", "onnx"), ("onnxruntime", "runtime"), ("lark", "syntax"), ("pydantic_core", "core")]
)
def test_a_heavy_package_has_one_home(package: str, home: str) -> None:
    outside = []
    at_home = False
    for path in FILES:
        found = {module.split(".")[0] for module in imports(ast.parse(path.read_text(encoding="utf-8")))}
        if package in found:
            at_home |= part(path) == home
            if part(path) not in (home, "conformance"):
                outside.append(str(path.relative_to(ROOT)))
    assert at_home
    assert outside == []


@pytest.mark.parametrize(
    "arguments",
    [
        ["check", str(ROOT / "specs/lecture/resnet.cnn"), "--model", "ResNet34"],
        ["check", str(ROOT / "specs/lecture/lenet5.cnn"), "--format", "json"],
        ["explain", "E0403"],
        ["zoo"],
        ["--help"],
    ],
    ids=lambda arguments: " ".join(arguments[:1]),
)
def test_checking_imports_nothing_heavy(arguments: list[str]) -> None:
    script = (
        "import sys; from specc.cli import main; code = main(sys.argv[1:]); "
        "heavy = {'numpy', 'onnx', 'onnxruntime', 'torch', 'PIL', 'rich', 'lark', 'tqdm'} & set(sys.modules); "
        "sys.exit(f'imported {heavy}' if heavy else code)"
    )
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_checking_a_good_spec_imports_nothing_that_only_errors_or_other_commands_need() -> None:
    script = (
        "import sys; before = {*sys.modules}; from specc.cli import main; main(sys.argv[1:]); "
        "print({'json', 'pydantic', 'hashlib', 'shutil', 'specc.diagnostics.foreign', "
        "'pydantic_core', 'inspect', 'pathlib', "
        "'specc.elaborate.memory', 'specc.elaborate.shortcut', 'specc.openblas', 'specc.syntax.lines'} "
        "& ({*sys.modules} - before))"  # coverage has imported some
    )
    arguments = ["check", str(ROOT / "specs/lecture/resnet.cnn"), "--model", "ResNet34", "--quiet"]
    done = subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=True)
    assert done.stdout == "set()\n"


def test_only_the_command_line_prints_or_exits() -> None:
    calls = re.compile(r"\bprint\(|sys\.exit\(|sys\.std(out|err)\.write|raise SystemExit")
    allowed = {"cli", "__main__"}
    found = [str(p) for p in FILES if part(p) not in allowed and calls.search(p.read_text(encoding="utf-8"))]
    scripts = ("syntax/prebuild.py", "report/reference.py", "verify/faults.py")  # run by hand, with python -m
    assert [path for path in found if not path.endswith(scripts)] == []


# ---------------------------------------------------------------- operations


def test_no_pass_asks_which_operation_a_node_is() -> None:
    question = re.compile(r"\.op\.word\s*(==|!=|in\b)|isinstance\([\w.]*\bop\b,")
    asking = [p for p in FILES if part(p) not in ("ops", "ir") and question.search(p.read_text(encoding="utf-8"))]
    allowed = {"decompile", "torch", "onnx"}
    assert [str(p) for p in asking if part(p) not in allowed] == []


@pytest.mark.parametrize("op", OPS, ids=lambda op: op.word)
def test_an_operation_answers_everything_and_is_tested(op: type) -> None:
    assert not op.__abstractmethods__
    assert op.__doc__
    tests = "".join(p.read_text(encoding="utf-8") for p in (ROOT / "tests" / "ops").glob("*.py"))
    assert re.search(rf"\b({op.__name__}|{op.word})\b", tests), f"no test in tests/ops mentions {op.word}"


def _methods(tree: ast.Module, names: set[str]) -> Iterator[ast.FunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef) and node.name in names:
            yield node


def test_what_checks_shares_nothing_with_what_it_checks() -> None:
    """`compute` and bounds call neither the shape rule nor the lowering, nor the helpers of either."""
    seen = 0
    for path in (PACKAGE / "ops").glob("*.py"):
        for method in _methods(
            ast.parse(path.read_text(encoding="utf-8")), {"compute", "error_bound", "partial_bound", "likely_bound"}
        ):
            seen += 1
            called = {n.attr for n in ast.walk(method) if isinstance(n, ast.Attribute)}
            called |= {n.id for n in ast.walk(method) if isinstance(n, ast.Name)}
            forbidden = {"infer", "lower", "placed", "geometry", "slide", "axis_index", "with_padding", "per_axis"}
            assert not called & forbidden, f"{path.name}: {method.name} calls {called & forbidden}"
    assert seen > 50


def test_kernels_know_nothing_of_operations() -> None:
    for path in (PACKAGE / "kernels").glob("*.py"):
        for module in imports(ast.parse(path.read_text(encoding="utf-8"))):
            if module.startswith("specc."):
                assert module.startswith("specc.kernels"), f"{path.name} imports {module}"


# ---------------------------------------------------------------- diagnostics


@pytest.mark.parametrize("code", CODES)
def test_a_code_is_explained_emitted_and_shown(code: str) -> None:
    assert (PACKAGE / "diagnostics" / "explain" / f"{code}.md").is_file()
    sources = [p for p in FILES if p.name != "codes.py"]
    assert any(f'"{code}"' in p.read_text(encoding="utf-8") for p in sources), "nothing emits it"
    shown = [*(ROOT / "tests").rglob("*.py"), *(ROOT / "tests").rglob("*.md"), *(ROOT / "tests").rglob("*.txt")]
    assert any(code in p.read_text(encoding="utf-8") for p in shown), "no test shows it"


# ---------------------------------------------------------------- size


def test_files_and_functions_stay_small() -> None:
    lengths = []
    for path in FILES:
        text = path.read_text(encoding="utf-8")
        assert text.count("\n") <= 420, f"{path.relative_to(ROOT)} is too long"
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                lengths.append((node.end_lineno or node.lineno) - node.lineno + 1)
    assert statistics.median(lengths) <= 10
