"""Files as modules: what a file defines and imports, loaded through whoever may read files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, Protocol

from specc.diagnostics import Diagnostic, Label
from specc.diagnostics.suggest import nearest
from specc.elaborate.expressions import Frame, evaluate
from specc.elaborate.reads import names_in
from specc.elaborate.report import Failed, Reporter
from specc.elaborate.scope import Naming, Scope
from specc.elaborate.values import BROKEN, Namespace, quoted
from specc.ops import BY_WORD
from specc.source import Source, Span
from specc.syntax import ast
from specc.syntax.parser import parse

if TYPE_CHECKING:
    from specc.syntax.lines import Lines


class Loader(Protocol):
    """Reads imported files.  `None` for the importing file means the file that the user named."""

    def file(self, path: str, importer: Source) -> Source | Diagnostic:
        """The file at `path`, relative to `importer`; a diagnostic without a place where it may not be read."""

    def bundled(self, name: str) -> Source | None:
        """The bundled module called `name`."""

    def bundled_names(self) -> tuple[str, ...]:
        """All bundled modules."""


class Module:
    """One file: `scope` binds its own and imported names to constants, blocks, models and modules.

    `incomplete` says that an import failed, so that names unknown here may be its; `bundled` gives the modules that
    could be imported by name; `missed` are names that look like modules, and were not imported;
    `handed` those of a model that its blocks are to be given.
    """

    def __init__(self, source: Source, scope: Scope, bundled: Callable[[], Sequence[str]] = tuple) -> None:
        self.bundled = bundled
        self.missed: set[str] = set()
        self.handed: set[str] = set()
        self.source = source
        self.scope = scope
        self.models: list[ModelDefinition] = []
        self.blocks: list[BlockDefinition] = []
        self.used: set[str] = set()
        self.incomplete = False


class BlockDefinition:
    """A block, and the file that its names mean something in."""

    def __init__(self, tree: ast.Block, module: Module) -> None:
        self.tree: Final = tree
        self.module: Final = module


class ModelDefinition:
    """A model, and the file that its names mean something in."""

    def __init__(self, tree: ast.Model | ast.Derived, module: Module) -> None:
        self.tree: Final = tree
        self.module: Final = module

    @property
    def name(self) -> str:
        return self.tree.name.id


class Modules:
    """Loads a file and everything it imports, each file once.  `lines` gives what an earlier check left of a file."""

    def __init__(self, loader: Loader, report: Reporter, lines: Callable[[str], Lines] | None = None) -> None:
        self._lines = lines
        self._loader = loader
        self._report = report
        self._loaded: dict[str, Module] = {}
        self._loading: list[str] = []

    @property
    def all(self) -> tuple[Module, ...]:
        return tuple(self._loaded.values())

    def load(self, source: Source) -> Module | None:
        """The module of `source`; `None` when its text could not be parsed."""
        kept = None if self._lines is None else self._lines(source.name)
        tree, diagnostics = parse(source, self._report.limits, kept)
        for diagnostic in diagnostics:
            self._report.add(diagnostic)
        if tree is None:
            return None
        module = Module(source, Scope(), self._loader.bundled_names)
        self._loaded[source.name] = module
        self._loading.append(source.name)
        for item in tree.items:
            self._define(item, module, tree.items)
        self._loading.pop()
        return module

    def _define(self, item: ast.Item, module: Module, items: Sequence[ast.Item]) -> None:
        match item:
            case ast.Import():
                self._import(item, module)
            case ast.Let(name=name, value=value):
                module.used.update(read.id for read in names_in(value))
                try:
                    if any(module.scope.find(read.id) is None for read in names_in(value)):
                        self._check_order(item, module, items)
                    constant = evaluate(value, Frame(module.scope, Naming(set())), self._report)
                except Failed:
                    constant = BROKEN
                self._bind(name, constant, module)
            case ast.Block():
                block = BlockDefinition(item, module)
                module.blocks.append(block)
                self._bind(item.name, block, module)
            case ast.Model() | ast.Derived():
                model = ModelDefinition(item, module)
                module.models.append(model)
                self._bind(item.name, model, module)

    def _check_order(self, let: ast.Let, module: Module, items: Sequence[ast.Item]) -> None:
        """E0204 where a constant reads one that is defined below.  Raises `Failed`."""
        places = {item.name.id: item.name.span for item in items if isinstance(item, ast.Let)}
        for read in names_in(let.value):
            place = places.get(read.id)
            if place is not None and place.start > read.span.start and module.scope.find(read.id) is None:
                labels = (Label(place, "defined here"),)
                message = f"`{read.id}` is used before its definition"
                raise self._report.error("E0204", read.span, message, "used here", labels=labels)

    def _bind(self, name: ast.Name, value: object, module: Module) -> None:
        if isinstance(value, BlockDefinition) and name.id in BY_WORD:
            self._report.error("E0209", name.span, f"`{name.id}` is an operation", "choose another name")
            value = BROKEN  # either may be meant where it is called
        first = module.scope.places.get(name.id)
        if first is not None:
            self._report.add(
                Diagnostic(
                    "E0203", f"`{name.id}` is defined twice", name.span, "again here",
                    labels=(Label(first, "first defined here"),),
                )
            )  # fmt: skip
            return
        module.scope.bind(name.id, value, name.span)

    def _import(self, item: ast.Import, module: Module) -> None:
        imported = self._bundled(item) if item.module is not None else self._file(item, module)
        alias = item.alias or item.module
        if imported is None:
            module.incomplete |= alias is None
            if alias is not None:
                self._bind(alias, BROKEN, module)
            return
        members = {name: value for name, value in imported.scope.names.items() if name in imported.scope.places}
        if alias is not None:
            self._bind(alias, Namespace(alias.id, members), module)
            return
        for member, value in members.items():
            if not isinstance(value, Namespace):
                self._bind(ast.Name(item.span, member), value, module)

    def _bundled(self, item: ast.Import) -> Module | None:
        assert item.module is not None
        source = self._loader.bundled(item.module.id)
        if source is None:
            names = self._loader.bundled_names()
            guess = nearest(item.module.id, names)
            self._report.error(
                "E0607",
                item.module.span,
                f"there is no bundled module `{item.module.id}`",
                help=f"did you mean `{guess}`?"
                if guess
                else f'bundled are {quoted(names)}; a file is imported as `import "./{item.module.id}.cnn"`',
            )
            return None
        return self._once(source, item.module.span)

    def _file(self, item: ast.Import, module: Module) -> Module | None:
        assert item.path is not None
        found = self._loader.file(item.path.value, module.source)
        if isinstance(found, Diagnostic):
            help = found.help or self._path_meant(item.path.value)
            place = item.path.span
            self._report.add(
                Diagnostic(found.code, found.message, place, "imported here", notes=found.notes, help=help)
            )
            return None
        return self._once(found, item.path.span)

    def _path_meant(self, path: str) -> str | None:
        """What helps where `path` leads to no file."""
        if "\\" in path:
            return f'folders and files are parted by `/`: `import "{path.replace(chr(92), "/")}"`'
        name = path.removeprefix("./").removesuffix(".cnn")
        bundled = name in self._loader.bundled_names()
        return f"a bundled module stands without quotes: `import {name}`" if bundled else None

    def _once(self, source: Source, place: Span) -> Module | None:
        if source.name in self._loading:
            circle = " -> ".join([*self._loading[self._loading.index(source.name) :], source.name])
            self._report.error("E0606", place, "these imports form a circle", circle)
            return None
        if source.name in self._loaded:
            return self._loaded[source.name]
        if len(self._loaded) >= self._report.limits.imports:
            self._report.error("E0705", place, f"more than {self._report.limits.imports:_} files are imported")
            return None
        if len(self._loading) > self._report.limits.import_depth:
            self._report.error("E0705", place, f"a chain of more than {self._report.limits.import_depth} imports")
            return None
        return self.load(source)
