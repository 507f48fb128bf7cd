"""Files made to mislead a reader, and what reading each of them costs.

`python -m tests.faults.hostile_cases` reads them all and prints the table of docs/weights.md.
"""

from __future__ import annotations

import json
import os
import pickle
import struct
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from tests.faults import hostile_files as make
from tests.faults.hostile_files import arrays, convolution, entry, hollow, npz, safetensors, stored, text

SPEC = "model Tiny { input image 3x8x8; conv 4, 3x3; flatten; dense 2 }\n"
TERA = 2**42
NAN, LONG, INTS = np.full((2,), np.nan, np.float32), np.ones(3, np.float32), np.ones(2, np.int64)
WEIGHTS = ("weights", "tiny.cnn", "--from")
TRAINED = ("verify", "tiny.cnn", "--weights")
VERIFY = ("verify", "tiny.cnn", "--model-file")
IMPORT = ("import",)


class Case(NamedTuple):
    """`command` gets the file, whose name ends in `suffix`, as its last argument."""

    group: str
    title: str
    command: tuple[str, ...]
    suffix: str
    data: Callable[[], bytes]


class Outcome(NamedTuple):
    """What a command did: exit code, standard error, CPU seconds and the peak of its memory in MiB."""

    code: int
    errors: str
    seconds: float
    megabytes: float


def cases(
    group: str, command: tuple[str, ...], suffix: str, files: Mapping[str, Callable[[], bytes]]
) -> Iterator[Case]:
    return (Case(group, title, command, suffix, data) for title, data in files.items())


SOUND = (
    *cases("sound", WEIGHTS, ".npz", {".npz": lambda: npz(arrays())}),
    *cases("sound", WEIGHTS, ".safetensors", {".safetensors": lambda: stored(arrays())}),
    *cases("sound", WEIGHTS, ".pt", {".pt": make.state_dict}),
    *cases("sound", WEIGHTS, ".h5", {".h5": make.hdf5}),
    *cases("sound", WEIGHTS, ".keras", {".keras": lambda: make.keras(make.hdf5())}),
    *cases("sound", WEIGHTS, ".onnx", {"weights in .onnx": lambda: convolution(make.initialisers())}),
    *cases("sound", TRAINED, ".npz", {".npz for verify": lambda: npz(arrays())}),
    *cases("sound", IMPORT, ".onnx", {"import": lambda: convolution(make.initialisers())}),
)
"""What shows that the bad files are not refused for something else, and what reading costs."""

BAD = (
    *cases(".npz", WEIGHTS, ".npz", {
        "no archive": lambda: bytes(range(256)) * 40,
        "empty": lambda: b"",
        "cut off": lambda: npz(arrays())[:-60],
        "a pickle": lambda: npz(arrays(dense1__bias=np.array([make.Runs(), 1], object))),
        "zip bomb": lambda: make.bomb(),
        "directory that lies about sizes": lambda: make.lying_zip(),
        "terabytes claimed": lambda: npz({"dense1.bias.npy": make.claiming((TERA,))}),
        "65535 members": lambda: npz({f"{i}.npy": b"" for i in range(65_535)}),
        "integers": lambda: npz(arrays(dense1__bias=INTS)),
        "records": lambda: npz({"a.npy": make.claiming((1,), [("x", "<f4")], bytes(4))}),
        "wrong shape": lambda: npz(arrays(dense1__bias=LONG)),
        "a tensor missing": lambda: npz(arrays(dense1__bias=None)),
        "NaN": lambda: npz(arrays(dense1__bias=NAN)),
        "brackets in the header": lambda: npz({"a.npy": make.npy_header("(" * 16_000)}),
        "signs in the header": lambda: npz({"a.npy": make.npy_header("-" * 16_000 + "1")}),
    }),
    *cases(".npz for verify", TRAINED, ".npz", {
        "NaN, verified": lambda: npz(arrays(dense1__bias=NAN)),
    }),
    *cases(".npy", WEIGHTS, ".npy", {
        "a pickle": lambda: make.npy(np.array([make.Runs()], object)),
        "terabytes claimed": lambda: make.claiming((TERA,), data=bytes(100)),
        "negative sizes": lambda: make.claiming((-1, -4), data=bytes(16)),
    }),
    *cases(".safetensors", WEIGHTS, ".safetensors", {
        "no header": lambda: b"\x01",
        "header of exabytes": lambda: struct.pack("<Q", 2**63) + b"{}",
        "header of 100 MB": lambda: safetensors(b" " * 100_000_000),
        "nested header": lambda: safetensors(b"[" * 1_000_000),
        "a name twice": lambda: safetensors(b'{"a": 1, "a": 2}'),
        "overlap": lambda: safetensors({"a": entry("F32", [2], 0, 8), "b": entry("F32", [2], 4, 12)}, bytes(12)),
        "a gap": lambda: safetensors({"a": entry("F32", [2], 4, 12)}, bytes(12)),
        "terabytes claimed": lambda: safetensors({"a": entry("F32", [TERA], 0, 4 * TERA)}, bytes(8)),
        "sizes that overflow": lambda: safetensors({"a": entry("F32", [2**32, 2**32], 0, 0)}),
        "negative places": lambda: safetensors({"a": entry("F32", [2], -8, 0)}, bytes(8)),
        "unknown type": lambda: safetensors({"a": entry("F4", [2], 0, 8)}, bytes(8)),
        "integers": lambda: stored(arrays(), "I32"),
        "wrong shape": lambda: stored(arrays(conv1__bias=np.ones(5, np.float32))),
        "NaN": lambda: stored(arrays(dense1__bias=NAN)),
    }),
    *cases(".pt", WEIGHTS, ".pt", {
        "no archive": lambda: b"\x00" * 4096,
        "a program": lambda: make.torch_file(pickle.dumps({"conv1.bias": make.Runs()}, 2)),
        "before 1.6": lambda: b"\x80\x02\x8a\nl\xfc\x9cF\xf9" + bytes(99),
        "deep nest called": lambda: make.torch_file(b"\x80\x02)" + b"\x85" * 300_000 + b")R."),
        "deep nest as a name": lambda: make.torch_file(b"\x80\x04)" + b"\x85" * 300_000 + b"\x8c\x01a\x93."),
        "deep nest of weights": lambda: make.torch_file(b"\x80\x02}" + text("a") + b")" + b"\x85" * 300_000 + b"s."),
        "shared nest called":
            lambda: make.torch_file(b"\x80\x02)" + b"".join(b"q%ch%c\x86" % (i, i) for i in range(100)) + b")R."),
        "a dictionary that holds itself": lambda: make.torch_file(b"\x80\x02}q\x00" + text("model") + b"h\x00s."),
        "four million opcodes": lambda: make.torch_file(b"\x80\x02" + b"N" * 4_000_000 + b"."),
        "text of 4 GB claimed": lambda: make.torch_file(b"\x80\x02X\xff\xff\xff\xffa."),
        "terabytes claimed": lambda: make.state_dict(dense1__bias=make.tensor("3", (TERA,), (1,), TERA)),
        "terabytes by stride 0": lambda: make.state_dict(dense1__bias=make.tensor("3", (TERA, TERA), (0, 0), 2)),
        "reaches beyond its values": lambda: make.state_dict(dense1__bias=make.tensor("3", (2,), (9,), 2)),
        "compressed": lambda: make.torch_file(b"\x80\x02}.", {"data/0": bytes(2**24)}, compress=True),
        "integers": lambda: make.state_dict("Long"),
        "NaN": lambda: make.state_dict(fill=np.nan),
    }),
    *cases(".h5", WEIGHTS, ".h5", {
        "no file": lambda: b"\x89HDF\r\n\x1a\n" + bytes(200),
        "cut off": lambda: make.hdf5()[:3000],
        "groups in circles": lambda: make.hdf5(make.circles),
        "link to another file": lambda: make.hdf5(make.links),
        "terabytes claimed": lambda: make.hdf5(dense_1={"shape": (TERA,), "dtype": "f4", "chunks": (1024,)}),
        "text": lambda: make.hdf5(dense_1={"data": np.array([b"a", b"b"])}),
        "wrong shape": lambda: make.hdf5(dense_1={"data": LONG}),
        "NaN": lambda: make.hdf5(dense_1={"data": NAN}),
    }),
    *cases(".keras", WEIGHTS, ".keras", {
        "no weights": lambda: npz({"config.json": b"{}"}),
        "compressed weights": lambda: make.keras(bytes(2**26), compress=True),
        "damaged weights": lambda: make.keras(b"\x89HDF\r\n\x1a\n" + bytes(200)),
    }),
    *cases("weights in .onnx", WEIGHTS, ".onnx", {
        "no model": lambda: b"\xff" * 1000,
        "NaN": lambda: convolution(make.initialisers(dense1__bias=NAN)),
        "wrong shape": lambda: convolution(make.initialisers(dense1__bias=LONG)),
        "data elsewhere": lambda: convolution(make.elsewhere("../../../../etc/passwd")),
        "terabytes claimed": lambda: convolution(hollow("dense1.bias", (TERA,), raw_data=b"abcd")),
    }),
    *cases("import", IMPORT, ".onnx", {
        "no model": lambda: b"\xff" * 1000,
        "cut off": lambda: convolution(make.initialisers())[:-99],
        "terabytes claimed": lambda: convolution(hollow("dense1.weight", (TERA, 1), raw_data=b"abcd")),
        "negative sizes": lambda: convolution(hollow("dense1.weight", (-2, 144), raw_data=bytes(4))),
        "data elsewhere": lambda: convolution(make.elsewhere("/etc/passwd")),
        "constant of terabytes": lambda: make.folded("Expand", (TERA,)),
        "constant of 512 MiB": lambda: make.folded("Expand", (2**26,)),
        "constant of 2 GiB, negated": lambda: make.folded("Expand", (2**29,), "Neg"),
        "constant of 2 GiB, reshaped": lambda: make.folded("Expand", (2**29, 1), "Transpose", "Neg"),
        "constant doubled 60 times": lambda: make.doubling(60),
        "graphs in graphs": lambda: make.nested(5_000),
        "opset of the future": lambda: make.network(opset=2**40),
        "a loop": lambda: make.one("Loop", "", "", "image"),
        "nodes in a circle": lambda: make.circle(),
        "unknown operator": lambda: make.one("Nonsense", "image"),
        "200,000 nodes": lambda: make.chain(200_000),
    }),
    *cases("verify", VERIFY, ".onnx", {
        "no model": lambda: b"\xff" * 1000,
        "another model": lambda: make.network(),
        "terabytes claimed": lambda: convolution(hollow("dense1.weight", (TERA, 1), raw_data=b"abcd")),
        "data elsewhere": lambda: convolution(make.elsewhere("../secret")),
        "cut off": lambda: convolution(make.initialisers())[:-99],
        "wrong shape": lambda: convolution(make.initialisers(dense1__bias=LONG)),
        "NaN": lambda: convolution(make.initialisers(dense1__bias=NAN)),
        "integers": lambda: convolution(make.initialisers(dense1__bias=INTS)),
        "negative sizes": lambda: convolution(hollow("dense1.weight", (-2, 144), raw_data=bytes(4))),
        "a loop": lambda: make.one("Loop", "", "", "image"),
        "nodes in a circle": lambda: make.circle(),
        "graphs in graphs": lambda: make.nested(5_000),
        "unknown operator": lambda: make.one("Nonsense", "image"),
        "opset of the future": lambda: make.network(opset=2**40),
    }),
)  # fmt: skip

SERVER = """\
import json, os, resource, signal, sys
import h5py, numpy, onnx
import specc.decompile, specc.onnx.importer, specc.trained, specc.verify
from specc.cli import main

for line in sys.stdin:
    arguments = json.loads(line)
    child = os.fork()
    if child == 0:
        signal.alarm(60)
        for number, name in ((1, "out"), (2, "errors")):
            os.dup2(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        code = main(arguments)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
    _, status, used = os.wait4(child, 0)
    code = os.waitstatus_to_exitcode(status)
    print(json.dumps([code, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024]), flush=True)
"""
"""Runs command lines in copies of a process that has everything imported: all that is measured is the reading."""


def outcomes(cases: Sequence[Case], folder: Path) -> Iterator[Outcome]:
    """What each command did, run in `folder`."""
    (folder / "tiny.cnn").write_text(SPEC)
    root = Path(__file__).parents[2]
    paths = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")]))
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": paths}
    with subprocess.Popen(
        [sys.executable, "-c", SERVER],
        cwd=folder,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdin is not None and server.stdout is not None
        for case in cases:
            (folder / f"file{case.suffix}").write_bytes(case.data())
            print(json.dumps([*case.command, f"file{case.suffix}"]), file=server.stdin, flush=True)
            code, seconds, megabytes = json.loads(server.stdout.readline())
            yield Outcome(code, (folder / "errors").read_text(errors="replace"), seconds, megabytes)


def main() -> None:
    with tempfile.TemporaryDirectory() as name:
        sound = {case.title: outcome for case, outcome in zip(SOUND, outcomes(SOUND, Path(name)), strict=True)}
        found = list(zip(BAD, outcomes(BAD, Path(name)), strict=True))
    if "--all" in sys.argv:
        for case, outcome in found:
            print(case.group, case.title, *outcome, sep=" | ")
    start = min(outcome.megabytes for outcome in sound.values())
    print("| files | bad ones | most seconds | most MiB over the start |\n|---|---:|---:|---:|")
    for group in dict.fromkeys(case.group for case in BAD):
        own = [outcome for case, outcome in found if case.group == group]
        seconds, megabytes = max(o.seconds for o in own), max(0.0, max(o.megabytes for o in own) - start)
        print(f"| {group} | {len(own)} | {seconds:.2f} | {megabytes:.0f} |")


if __name__ == "__main__":
    main()
