"""How fast many images go through a network, where reading them and running it overlap."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from PIL import Image

import specc
from benchmarks.measure import ROOT, Row, process, times_of
from specc.inference import Inference, open_inference
from specc.runtime.inputs import Batch, read_batches

FILE, NAME = "zoo/mobilenet_v2", "MobileNetV2"
IMAGES, FEWER, DIFFERENT = 2_000, 500, 100
PHOTO = (1024, 768)
COMMAND = "import sys; from specc.cli import main; sys.exit(main({}))"


def rows(runs: int) -> Iterator[Row]:
    """MobileNet v2 takes about as long for an image as it takes to decode a photo and to scale it."""
    with TemporaryDirectory() as folder:
        _photos(Path(folder) / "all", IMAGES)
        _photos(Path(folder) / "fewer", FEWER)
        yield from throughput(Path(folder) / "all", max(1, runs // 3))
        yield memory(Path(folder))


def throughput(folder: Path, runs: int) -> Iterator[Row]:
    model = specc.load(ROOT / "specs" / f"{FILE}.cnn", model=NAME)
    opened, problems = open_inference(model.graph, model.weights(), device="cpu", threads=1, beside_others=True)
    assert opened is not None, problems
    files = sorted(folder.iterdir())
    batch = _read(opened, files[:1])
    reading, running, both = times_of(
        runs,
        lambda: _read(opened, files),
        lambda: [opened.run(batch.arrays) for _ in files],
        lambda: _overlapped(opened, files),
    )
    name = f"{NAME} over {IMAGES:,} photos, reading and running at once"
    yield Row(
        name, IMAGES / both.wall, IMAGES / max(reading.wall, running.wall), "images/s", "at least 0.95",
        f"the slower of reading alone ({IMAGES / reading.wall:.0f} images/s) and running alone "
        f"({IMAGES / running.wall:.0f} images/s), one thread each; time on the clock, which tells something only where "
        "two processors are free",
    )  # fmt: skip
    yield Row(
        f"{name}, CPU time", both.cpu, reading.cpu + running.cpu, "s", "1.05",
        "reading alone and running alone, added: what doing both at once costs besides, on however busy a machine",
    )  # fmt: skip


def memory(folder: Path) -> Row:
    """The peak memory of whole processes, the result of every image written to an archive."""
    many, few = (
        process(["-c", COMMAND.format(_arguments(folder / name, folder / "out.npz"))]).megabytes
        for name in ("all", "fewer")
    )
    return Row(
        f"`specc run` over {IMAGES:,} photos, peak memory", many, few, "MB", "1.05",
        f"the same over {FEWER} of them: the number of images in memory does not depend on how many there are",
    )  # fmt: skip


def _arguments(folder: Path, output: Path) -> list[str]:
    spec = f"specs/{FILE}.cnn"
    return ["run", spec, "--model", NAME, "--input", str(folder), "--resize", "--device", "cpu", "-o", str(output)]


def _read(opened: Inference, files: list[Path]) -> Batch:
    """The last batch of all that are read."""
    for batch, problems in read_batches(opened.graph, files, resize=True, threads=1):
        assert batch is not None, problems
        last = batch
    return last


def _overlapped(opened: Inference, files: list[Path]) -> None:
    for answers, problems in opened.over(files, resize=True, readers=1):
        assert answers is not None, problems


def _photos(folder: Path, count: int) -> None:
    """`count` JPEG files of smooth random colours, the first hundred different."""
    folder.mkdir()
    random = np.random.default_rng(0)
    for number in range(DIFFERENT):
        colours = Image.fromarray(random.integers(0, 256, (24, 32, 3), np.uint8))
        colours.resize(PHOTO, Image.Resampling.BICUBIC).save(folder / f"{number:04}.jpg", quality=90)
    for number in range(DIFFERENT, count):
        copy = (folder / f"{number % DIFFERENT:04}.jpg").read_bytes()
        (folder / f"{number:04}.jpg").write_bytes(copy)
