"""A process that lives on checks edited files again, and remembers only so many."""

from __future__ import annotations

from pathlib import Path

import specc
from specc.diagnostics import Diagnostic
from specc.limits import DEFAULT_LIMITS
from specc.loader import FileLoader
from specc.pipeline import Outcome
from specc.source import Source
from specc.workspace import Workspace

TEXT = "model M {\n  input x 3x8x8\n  conv 8, 3x3\n  relu\n}\n"


class Loader(FileLoader):
    """Checks the file that imports another while it is being checked, as a second thread would."""

    def __init__(self, workspace: Workspace) -> None:
        super().__init__(Path("/nowhere"), DEFAULT_LIMITS)
        self.workspace = workspace
        self.outcomes: list[Outcome] = []

    def file(self, path: str, importer: Source) -> Source | Diagnostic:
        if not self.outcomes:
            self.outcomes.append(self.workspace.check(Source(importer.name, TEXT), self))
        return Source(path, "let width = 8\n")


def test_a_file_that_is_being_checked_can_be_checked() -> None:
    workspace = Workspace()
    loader = Loader(workspace)
    text = 'import "./a.cnn"\n' + TEXT.replace("8, 3x3", "width, 3x3")
    (outer,) = workspace.check(Source("m.cnn", text), loader).models
    (inner,) = loader.outcomes[0].models
    assert [node.line for node in outer.graph.nodes] == [4, 5]
    assert [node.line for node in inner.graph.nodes] == [3, 4]


def test_the_files_checked_last_are_remembered() -> None:
    workspace = Workspace(files=2)
    loader = FileLoader(Path("/nowhere"), DEFAULT_LIMITS)

    def nodes(name: str) -> tuple[object, ...]:
        return workspace.check(Source(name, TEXT), loader).models[0].graph.nodes

    first = nodes("a.cnn")
    assert all(again is node for again, node in zip(nodes("a.cnn"), first, strict=True))
    nodes("b.cnn"), nodes("c.cnn")
    assert not any(again is node for again, node in zip(nodes("a.cnn"), first, strict=True))


def test_load_sees_every_edit(tmp_path: Path) -> None:
    path = tmp_path / "m.cnn"
    for channels in (8, 16, 8):
        path.write_text(TEXT.replace("conv 8", f"conv {channels}"), "utf-8")
        assert specc.load(path).params == channels * 28
