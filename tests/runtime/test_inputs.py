"""From files that a user names to batches that fit the model."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

sys.path.insert(0, str(Path(__file__).parents[1] / "onnx"))
from graphs import layer, network, numbers, shape

from specc.runtime.files import find_files, told
from specc.runtime.inputs import read_batches

COLOUR = network(shape(3, 4, 6), ("r", layer("relu")), mean=(0.5, 0.5, 0.5), std=(0.5, 0.25, 0.5))
GREY = network(shape(1, 4, 6), ("r", layer("relu")))
OPEN = network(shape(3, "H", "W"), ("r", layer("relu")))
PIXELS = np.random.default_rng(0).integers(0, 256, (4, 6, 3), np.uint8)


def save(path: Path, pixels: np.ndarray = PIXELS, **options) -> Path:
    Image.fromarray(pixels).save(path, **options)
    return path


def read(graph, *files: Path, **options):
    """The batches and the diagnostics of a whole reading."""
    found = list(read_batches(graph, files, **options))
    return [batch for batch, _ in found if batch], [d for _, diagnostics in found for d in diagnostics]


def test_an_image_gets_the_declared_preprocessing(tmp_path):
    (batch,), _ = read(COLOUR, save(tmp_path / "a.png"))
    expected = (PIXELS / 255 - [0.5, 0.5, 0.5]) / [0.5, 0.25, 0.5]
    np.testing.assert_allclose(batch.arrays["image"], expected.transpose(2, 0, 1)[None], atol=1e-6)
    assert batch.arrays["image"].dtype == np.float32


def test_channels_last_models_get_channels_last(tmp_path):
    graph = network(shape(3, 4, 6), ("r", layer("relu")), layout="hwc")
    (batch,), _ = read(graph, save(tmp_path / "a.png"))
    np.testing.assert_allclose(batch.arrays["image"][0], PIXELS / 255, atol=1e-6)


def test_colour_becomes_grey_and_grey_colour(tmp_path):
    (grey,), _ = read(GREY, save(tmp_path / "colour.png"))
    assert grey.arrays["image"].shape == (1, 1, 4, 6)
    (colour,), _ = read(OPEN, save(tmp_path / "grey.png", PIXELS[..., 0]))
    np.testing.assert_allclose(colour.arrays["image"][0, 2], PIXELS[..., 0] / 255, atol=1e-6)


def test_sixteen_bits_keep_their_precision(tmp_path):
    deep = np.arange(24, dtype=np.uint16).reshape(4, 6) * 2000
    (batch,), _ = read(GREY, save(tmp_path / "deep.png", deep))
    np.testing.assert_allclose(batch.arrays["image"][0, 0], deep / 65535, atol=1e-6)


def test_grey_is_not_transparent(tmp_path):
    graph = network(shape(4, 4, 6), ("r", layer("relu")))
    for deep in (PIXELS[..., 0], np.arange(24, dtype=np.uint16).reshape(4, 6) * 2000):
        (batch,), _ = read(graph, save(tmp_path / "grey.png", deep))
        white = 255 if deep.dtype == np.uint8 else 65535
        np.testing.assert_allclose(batch.arrays["image"][0, :3], [deep / white] * 3, atol=1e-6)
        assert (batch.arrays["image"][0, 3] == 1).all()


def test_exif_turns_the_image(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # to be turned by 90 degrees
    (batch,), _ = read(OPEN, save(tmp_path / "a.png", exif=exif))
    np.testing.assert_allclose(batch.arrays["image"][0, 0], np.rot90(PIXELS[..., 0], -1) / 255, atol=1e-6)


@pytest.mark.parametrize("suffix", ["webp", "tif", "tiff", "bmp", "png"])
def test_formats_without_loss_give_the_same_pixels(suffix, tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    upright = suffix == "bmp"  # which has no EXIF data
    options = {} if upright else {"exif": exif}
    path = save(tmp_path / f"a.{suffix}", lossless=True, **options)
    (batch,), _ = read(OPEN, path)
    expected = PIXELS if upright else np.rot90(PIXELS, -1)
    np.testing.assert_allclose(batch.arrays["image"][0], expected.transpose(2, 0, 1) / 255, atol=1e-6)


@pytest.mark.parametrize("suffix", ["gif", "tif", "webp", "png"])
def test_of_several_frames_the_first_is_taken(suffix, tmp_path):
    black, white = (Image.fromarray(np.full((4, 6, 3), level, np.uint8)) for level in (0, 255))
    black.save(tmp_path / f"a.{suffix}", save_all=True, append_images=[white])
    (batch,), _ = read(COLOUR, tmp_path / f"a.{suffix}")
    assert batch.arrays["image"].max() < 0


def test_numbers_of_no_known_range_are_no_pixels(tmp_path):
    _, (diagnostic,) = read(GREY, save(tmp_path / "a.tif", PIXELS[..., 0].astype(np.float32)))
    assert (diagnostic.code, "of which nothing says what is white" in diagnostic.message) == ("E0901", True)


def test_images_have_a_limit_of_their_own(tmp_path):
    path = save(tmp_path / "a.png")
    _, (diagnostic,) = read(COLOUR, path, pixels=23)
    assert diagnostic.code == "E0706"
    assert "6 x 4 pixels, and at most 23 are read" in diagnostic.message
    assert "`--limit pixels=N`" in diagnostic.help
    assert read(COLOUR, path, pixels=24)[1] == []


def test_images_larger_than_pillow_reads_by_itself(tmp_path, monkeypatch):
    path = save(tmp_path / "a.png")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 5)
    assert read(COLOUR, path)[1] == []
    assert Image.MAX_IMAGE_PIXELS == 5


def test_another_size_needs_resize(tmp_path):
    path = save(tmp_path / "a.png", np.zeros((8, 8, 3), np.uint8))
    _, (diagnostic,) = read(COLOUR, path)
    assert diagnostic.code == "E0901"
    assert "8x8" in diagnostic.message
    (batch,), _ = read(COLOUR, path, resize=True)
    assert batch.arrays["image"].shape == (1, 3, 4, 6)


def test_batches_hold_equal_sizes_in_order(tmp_path):
    files = [save(tmp_path / f"{i}.png", np.zeros((4 if i < 3 else 5, 6, 3), np.uint8)) for i in range(6)]
    batches, _ = read(OPEN, *files, size=2)
    assert [[Path(source).stem for source in batch.sources] for batch in batches] == [
        ["0", "1"],
        ["2"],
        ["3", "4"],
        ["5"],
    ]


@pytest.mark.parametrize(
    ("array", "items"),
    [
        (numbers(3, 4, 6), 1),
        (numbers(2, 3, 4, 6), 2),
        (numbers(2, 3, 4, 6).astype(np.float64), 2),
        (np.zeros((3, 4, 6), np.uint8), 1),
    ],
)
def test_arrays_with_and_without_a_batch(tmp_path, array, items):
    np.save(tmp_path / "x.npy", array)
    (batch,), _ = read(COLOUR, tmp_path / "x.npy", size=8)
    assert len(batch.sources) == items
    if array.dtype != np.uint8:
        np.testing.assert_array_equal(batch.arrays["image"], array.astype(np.float32).reshape(items, 3, 4, 6))


def test_archives_hold_nothing_but_inputs(tmp_path):
    np.savez(tmp_path / "x.npz", image=numbers(2, 3, 4, 6), imgae=0)
    _, (diagnostic,) = read(COLOUR, tmp_path / "x.npz")
    assert diagnostic.code == "E0901"
    assert diagnostic.message.endswith("it has an array `imgae`, and the model's only input is `image`")


def test_archives_go_by_input_name(tmp_path):
    np.savez(tmp_path / "x.npz", image=numbers(2, 3, 4, 6))
    (batch,), _ = read(COLOUR, tmp_path / "x.npz", size=2)
    np.testing.assert_array_equal(batch.arrays["image"], numbers(2, 3, 4, 6))


@pytest.mark.parametrize(
    ("name", "write", "code", "says"),
    [
        ("x.npz", lambda p: np.savez(p, picture=numbers(3, 4, 6)), "E0901", "only picture"),
        ("x.npy", lambda p: np.save(p, numbers(3, 4, 7)), "E0901", "4x7"),
        ("x.npy", lambda p: np.save(p, numbers(3, 4)), "E0901", "3x4"),
        ("x.npy", lambda p: np.save(p, np.zeros((3, 4, 6), np.int64)), "E0901", "int64"),
        ("x.npy", lambda p: np.save(p, numbers(0, 3, 4, 6)), "E0901", "no items"),
        ("x.npy", lambda p: np.save(p, np.array([{}], object), allow_pickle=True), "E0901", "Python objects"),
        ("x.npy", lambda p: p.write_bytes(b"\x93NUMPY"), "E0608", "damaged"),
        ("x.npz", lambda p: p.write_bytes(b"PK\x03\x04 no archive"), "E0608", "damaged"),
        ("x.png", lambda p: p.write_bytes(b"no image"), "E0608", "damaged"),
        ("x.png", lambda p: save(p) and p.write_bytes(p.read_bytes()[:70]), "E0608", "damaged"),
        ("x.png", lambda p: None, "E0608", "No such file"),
    ],
)
def test_files_that_do_not_fit_or_cannot_be_read(tmp_path, name, write, code, says):
    write(tmp_path / name)
    batches, (diagnostic,) = read(COLOUR, tmp_path / name)
    assert not batches
    assert (diagnostic.code, says in diagnostic.message) == (code, True), diagnostic.message


def test_a_wrong_file_stands_where_it_was_met(tmp_path):
    files = [save(tmp_path / f"{i}.png") for i in range(5)]
    files[2].write_bytes(b"no image")
    events = list(read_batches(COLOUR, files, size=2, threads=2))
    assert [[Path(source).stem for source in batch.sources] if batch else d[0].code for batch, d in events] == [
        ["0", "1"],
        "E0608",
        ["3", "4"],
    ]
    assert [batch.files for batch, _ in events if batch] == [2, 2]


def test_folders_and_patterns_give_their_images_sorted(tmp_path):
    for name in ("b.png", "a.JPG", "c.npy", "notes.txt"):
        (tmp_path / name).touch()
    assert [p.name for p in find_files([str(tmp_path)]).files] == ["a.JPG", "b.png", "c.npy"]
    assert [p.name for p in find_files([str(tmp_path / "*.png")]).files] == ["b.png"]
    (tmp_path / "inside").mkdir()
    (tmp_path / "inside" / "d.png").touch()
    assert [p.name for p in find_files([str(tmp_path)]).files] == ["a.JPG", "b.png", "c.npy"]
    assert [p.name for p in find_files([str(tmp_path / "**")]).files] == ["a.JPG", "b.png", "c.npy", "d.png"]
    assert [p.name for p in find_files([str(tmp_path / "b.png"), str(tmp_path / "a.JPG")]).files] == ["b.png", "a.JPG"]


@pytest.mark.parametrize(
    ("name", "code"),
    [("missing.png", "E0601"), ("*.gif", "E0601"), ("notes.txt", "E0901"), ("empty", "E0601"), ("a" * 300, "E0608")],
)
def test_names_that_lead_nowhere(tmp_path, name, code):
    (tmp_path / "notes.txt").touch()
    (tmp_path / "empty").mkdir()
    (diagnostic,) = find_files([str(tmp_path / name)]).problems
    assert diagnostic.code == code


def test_files_of_other_kinds_are_counted(tmp_path):
    for name in ("a.png", "b.heic", "c.HEIC", "labels", ".hidden"):
        (tmp_path / name).touch()
    found = find_files([str(tmp_path), str(tmp_path / "*.heic")])
    assert dict(found.passed_over) == {".heic": 3, "": 1}
    assert told(found.passed_over).endswith("4 files that are neither image nor array by their names: "
                                            "1 without a suffix, 3 .heic")  # fmt: skip


def test_a_folder_with_nothing_but_folders_says_how_to_reach_what_is_in_them(tmp_path):
    (tmp_path / "inside").mkdir()
    (diagnostic,) = find_files([str(tmp_path)]).problems
    assert diagnostic.message.endswith(f"; {tmp_path / '**'} finds those in the folders inside")
