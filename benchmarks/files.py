"""What exporting and verifying a large model take."""

from __future__ import annotations

from collections.abc import Iterator

from benchmarks.measure import Row, alternate_processes, process

LOAD = "import specc; m = specc.load('specs/lecture/vgg.cnn', model='VGG19'); "
EXPORT = LOAD + "import tempfile; folder = tempfile.TemporaryDirectory(); m.export(folder.name + '/vgg19.onnx')"
EXPORT_4_GB = """\
import pathlib, specc, tempfile
folder = tempfile.TemporaryDirectory()
spec = pathlib.Path(folder.name, "large.cnn")
spec.write_text("model Large { input x 8192\\nrepeat 15 { dense 8192 } }")
specc.load(spec).export(folder.name + "/large.onnx")
"""
WRITE = LOAD + (
    "import tempfile; weights = m.weights(); f = tempfile.TemporaryFile()\nfor name in weights: f.write(weights[name])"
)
INTERPRET = LOAD + (
    "import numpy as np; from specc.interpreter import interpret; weights = m.weights(); "
    "interpret(m.graph, {{'image': np.ones(({images}, 3, 224, 224), np.float32)}}, weights)"
)
VERIFY = LOAD + "assert m.verify(kinds={kinds}).passed"
KINDS = (("one image", ("normal",)), ("an image of each usual kind", ("normal", "wide", "borders", "zeros")))


def rows(runs: int) -> Iterator[Row]:
    """VGG-19, whose 144 million parameters are 575 MB."""
    runs = max(1, runs // 3)
    export, write = alternate_processes(runs, ["-c", EXPORT], ["-c", WRITE])
    yield Row(
        "export of VGG-19", export.seconds, write.seconds, "s", "1.5",
        "generating the same weights and writing them to a file, and nothing else",
    )  # fmt: skip
    largest = 4096 * 25088 * 4 / 1e6
    yield Row(
        "export of VGG-19, peak memory", export.megabytes, largest + 150, "MB", "1",
        "the largest tensor (411 MB) and 150 MB: one tensor is in memory at a time",
    )  # fmt: skip
    yield Row(
        "export of 15 dense layers, 4 GB, peak memory", process(["-c", EXPORT_4_GB]).megabytes, 8192**2 * 4 / 1e6 + 150,
        "MB", "1", "the largest tensor (268 MB) and 150 MB, in a file of their own beside the model",
    )  # fmt: skip
    for images, kinds in KINDS:
        yield from verification(images, kinds, runs)


def verification(images: str, kinds: tuple[str, ...], runs: int) -> Iterator[Row]:
    """`verify` with one image of each of `kinds`, against one float32 interpretation of as many images."""
    verify, interpret = alternate_processes(
        runs, ["-c", VERIFY.format(kinds=kinds)], ["-c", INTERPRET.format(images=len(kinds))]
    )
    yield Row(
        f"verify of VGG-19, {images}, whole process", verify.seconds, interpret.seconds, "s", "4",
        f"one float32 interpretation of as many images ({len(kinds)}), its weights generated as well",
    )  # fmt: skip
    yield Row(
        f"verify of VGG-19, {images}, peak memory", verify.megabytes, interpret.megabytes, "MB", "4",
        "the same interpretation: weights are made one at a time, and values dropped after their last reader",
    )  # fmt: skip
