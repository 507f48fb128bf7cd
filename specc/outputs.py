"""Where results may go: over nothing that the command reads, and under no name that belongs to something else."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import Final, TypeAlias

from specc.diagnostics import Diagnostic
from specc.files import destination, is_folder, status
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
    **dict.fromkeys((".npy", ".png", ".jpg", ".jpeg", ".webp", ".tif", ".tiff", ".gif", ".bmp"), "inputs"),
    **dict.fromkeys((".json", ".jsonl", ".csv"), "results"),
}
_HELP: Final = {"it is write-protected": "`chmod u+w` allows writing to it, or choose another name"}
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
    its suffix belongs to other things than those that end in `suffixes`, it is a folder or write-protected, or its
    folder is missing.  What else is no regular file takes anything."""
    try:
        found = _obstacle(output, suffixes, inputs, others)
    except OSError as error:
        return (unwritable(output, error),)
    return () if found is None else (_unwritable(output, *found),)


def unwritable(output: Path, error: OSError) -> Diagnostic:
    """E0904 for a file that could not be written."""
    said = error.strerror or str(error)
    missing = _homeless(output) if isinstance(error, FileNotFoundError | NotADirectoryError) else None
    return _unwritable(output, *(missing or (said, _HELP.get(said))))


def _unwritable(output: Path, reason: str, help: str | None) -> Diagnostic:
    return Diagnostic("E0904", f"cannot write {output}: {reason}", help=help, file=str(output))


def spec_files(graph: Graph) -> list[Path]:
    """The files that the spec of `graph` was read from."""
    return [Path(file) for file in dict.fromkeys((graph.file, *(node.file for node in graph.nodes)))]


def _obstacle(
    output: Path, suffixes: Suffixes, inputs: Iterable[Path], others: Iterable[Path]
) -> tuple[str, str | None] | None:
    """Why nothing goes there, and what helps.  Raises `OSError`."""
    there = status(output)
    if there is not None and stat.S_ISDIR(there.st_mode):
        return "it is a folder", f"name a file in it: `{output / 'NAME'}{suffixes[0]}`"
    if there is not None and not stat.S_ISREG(there.st_mode):
        return None
    found = _clash(output, there, inputs, others) or _foreign(output, suffixes) or _homeless(output)
    if found is None:
        destination(output)
    return found


def _clash(
    output: Path, there: os.stat_result | None, inputs: Iterable[Path], others: Iterable[Path]
) -> tuple[str, str] | None:
    if there is not None:
        for path in inputs:
            if (read := _known(path)) is not None and os.path.samestat(read, there):
                same = "it is read as well" if path == output else f"it is {path}, which is read as well"
                return same, "choose another file for the output"
    real = os.path.realpath(output)
    if any(os.path.realpath(path) == real for path in others):
        return "it is to hold another output as well", "choose a file for each output"
    return None


def _known(path: Path) -> os.stat_result | None:
    """What lies at `path`; nothing where the system does not say: whoever reads it tells why."""
    with suppress(OSError):
        return status(path)
    return None


def _homeless(output: Path) -> tuple[str, str | None] | None:
    """Which folder is missing, or is none.  Raises `OSError`."""
    folder = output.parent
    if is_folder(folder):
        return None
    above = [*reversed(folder.parents), folder]
    first = next(path for path in above if not is_folder(path))
    if status(first) is not None:
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
