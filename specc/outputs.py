"""Where results may go: over nothing that the command reads, and under no name that belongs to something else."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Final, TypeAlias

from specc.diagnostics import Diagnostic
from specc.ir import Graph

Suffixes: TypeAlias = tuple[str, ...]

MODEL: Final = (".onnx",)
SOURCE: Final = (".py",)
SPEC: Final = (".cnn",)
WEIGHTS: Final = (".safetensors", ".npz")
RULES: Final = (".rules", ".txt", ".map")
RESULTS: Final = (".npz", ".json", ".jsonl", ".csv")

_BELONGS: Final = {
    ".cnn": "specs",
    ".onnx": "ONNX models",
    ".py": "Python source",
    **dict.fromkeys((".safetensors", ".npz", ".pt", ".pth", ".ckpt", ".h5", ".keras"), "weights"),
    ".tflite": "TensorFlow Lite's models",
    ".pb": "TensorFlow's models",
    ".mlmodel": "Core ML's models",
    **dict.fromkeys((".engine", ".plan", ".trt"), "TensorRT's engines"),
    **dict.fromkeys((".npy", ".png", ".jpg", ".jpeg"), "inputs"),
    **dict.fromkeys((".json", ".jsonl", ".csv"), "results"),
}
_CONVERTED: Final = "what is written is ONNX, which other tools convert"
_HINTS: Final[dict[tuple[Suffixes, str], str]] = {
    (MODEL, ".py"): "PyTorch source is written by `--to torch`, in Python by `specc.torch.write_source`",
    **{(MODEL, suffix): _CONVERTED for suffix in (".tflite", ".pb", ".mlmodel", ".engine", ".plan", ".trt")},
    **{(WEIGHTS, suffix): "`safetensors.torch.load_file` reads the former in PyTorch" for suffix in (".pt", ".pth")},
}


def refusals(
    output: Path, suffixes: Suffixes, inputs: Iterable[Path] = (), others: Iterable[Path] = ()
) -> tuple[Diagnostic, ...]:
    """E0904 where `output` is one of the `inputs` or of the `others` that are written, however they are spelt, where
    its suffix belongs to other things than those that end in `suffixes`, it is a folder, or its folder is missing.
    What else is no regular file takes anything."""
    if output.is_dir():
        return (_unwritable(output, "it is a folder", f"name a file in it: `{output / 'NAME'}{suffixes[0]}`"),)
    if output.exists() and not output.is_file():
        return ()
    found = _clash(output, inputs, others) or _foreign(output, suffixes) or _homeless(output)
    return () if found is None else (_unwritable(output, *found),)


def unwritable(output: Path, error: OSError) -> Diagnostic:
    """E0904 for a file that could not be written."""
    return _unwritable(output, *(_homeless(output) or (error.strerror or str(error), None)))


def _unwritable(output: Path, reason: str, help: str | None) -> Diagnostic:
    return Diagnostic("E0904", f"cannot write {output}: {reason}", help=help, file=str(output))


def spec_files(graph: Graph) -> list[Path]:
    """The files that the spec of `graph` was read from."""
    return [Path(file) for file in dict.fromkeys((graph.file, *(node.file for node in graph.nodes)))]


def _clash(output: Path, inputs: Iterable[Path], others: Iterable[Path]) -> tuple[str, str] | None:
    if output.exists():
        for path in inputs:
            if path.exists() and path.samefile(output):
                same = "it is read as well" if path == output else f"it is {path}, which is read as well"
                return same, "choose another file for the output"
    real = os.path.realpath(output)
    if any(os.path.realpath(path) == real for path in others):
        return "it is to hold another output as well", "choose a file for each output"
    return None


def _homeless(output: Path) -> tuple[str, str | None] | None:
    """Which folder is missing, or is none."""
    folder = output.parent
    if folder.is_dir():
        return None
    above = [*reversed(folder.parents), folder]
    first = next(path for path in above if not path.is_dir())
    if first.exists():
        return f"{first} is no folder", None
    return f"there is no folder {first}", f"`mkdir -p {folder}` makes it"


def _foreign(output: Path, suffixes: Suffixes) -> tuple[str, str] | None:
    suffix = output.suffix.lower()
    if suffix in suffixes or suffix not in _BELONGS:
        return None
    names = " or ".join(str(output.with_suffix(known)) for known in suffixes[:2])
    help = _HINTS.get((suffixes, suffix))
    unwritten = suffixes == WEIGHTS and _BELONGS[suffix] == "weights"
    reason = f"{suffix} files are read, not written" if unwritten else f"{suffix} is the suffix of {_BELONGS[suffix]}"
    return reason, f"name it {names}" + (f"; {help}" if help else "")
