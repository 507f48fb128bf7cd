"""Specs made to hang or crash get an ordinary answer.  The guard of a minute is generous; most take below a second."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

GUARD = 120
NET = "model Net {{ input x 3x32x32\n{}\n}}\n"


def chain(count: int, link: str, end: str) -> str:
    """`link` once for each number with the next one, then `end`."""
    return "".join(link.format(i, i + 1) + "\n" for i in range(count)) + end


def doubled(first: str, step: str, count: int = 60) -> str:
    return f"let a0 = {first}\n" + chain(count, step, "")


HOSTILE = {
    "parentheses": ("let a = " + "(" * 200_000 + "1" + ")" * 200_000, "E0106"),
    "brackets that never close": ("let a = " + "[" * 200_000, "E0106"),
    "minus signs": ("let a = " + "-" * 100_000 + "1", "E0106"),
    "a long sum": ("let a = " + "1+" * 100_000 + "1", "E0106"),
    "conditionals in conditionals": ("let a = " + "1 if true else " * 50_000 + "2", "E0106"),
    "ifs in ifs": (NET.format("if true { " * 10_000 + "relu" + " }" * 10_000), "E0106"),
    "branches in branches": (NET.format("add { branch { " * 300 + "relu" + " } }" * 300), "E0106"),
    "ten loops": (NET.format("repeat 10 { " * 10 + "relu" + " }" * 10), "E0701"),
    "ten loops of a constant": ("let n = 10\n" + NET.format("repeat n { " * 10 + "relu" + " }" * 10), "E0701"),
    "a billion layers": (NET.format("repeat 10**9 { relu }"), "E0701"),
    "a billion constants": (NET.format("repeat 10**9 { let _a = 1 }\nrelu"), "E0701"),
    "a billion times nothing": (NET.format("repeat 10**9 { }\nrelu"), ""),
    "a block that calls itself": ("block b { b }\n" + NET.format("b"), "E0205"),
    "blocks in a circle": ("block a { b }\nblock b { a }\n" + NET.format("a"), "E0205"),
    "a block that calls itself for ever": ("block b(n) { if n > 0 { b n + 1 } }\n" + NET.format("b 1"), "E0205"),
    "a block that calls itself twice for ever": (
        "block b(n) { if n > 0 { b n + 1; b n + 1 } }\n" + NET.format("b 1"),
        "E0205",
    ),
    "blocks of deep bodies": (
        chain(60, "block b{0} {{ " + "residual {{ " * 90 + "b{1}" + " }}" * 90 + " }}", "block b60 { relu }\n")
        + NET.format("b0"),
        "E0106",
    ),
    "a chain of blocks": (chain(3000, "block b{} {{ b{} }}", "block b3000 { relu }\n") + NET.format("b0"), "E0106"),
    "doubling blocks": (chain(60, "block b{0} {{ b{1}; b{1} }}", "block b60 { relu }\n") + NET.format("b0"), "E0701"),
    "a chain of derived models": (NET.format("relu") + chain(2000, "model M{1} = M{0}()", "model M0 = Net()"), "E0106"),
    "a long number": ("let a = " + "9" * 5000, "E0105"),
    "a tower of powers": ("let _a = 9**9**9**9**9\n" + NET.format("relu"), "E0703"),
    "a float beyond all": (NET.format("conv floor(1e308 * 10), 1x1"), "E0703"),
    "a whole number beyond all floats": (NET.format("lrn 3, alpha=10**400"), "E0305"),
    "NUL": ("model Net { \0 }", "E0104"),
    "two byte order marks": ("\ufeff\ufeff" + NET.format("relu"), "E0104"),
    "one byte order mark": ("\ufeff" + NET.format("relu"), ""),
    "CRLF": (NET.format("relu").replace("\n", "\r\n"), ""),
    "tabs": (NET.format("\tconv\t3,\t3x3\t->\t3x30x30"), ""),
    "text that runs right to left": (NET.format("re\u202elu"), "E0104"),
    "a string without end": (NET.format('output a, labels=["cat'), "E0102"),
    "100 MB on one line": ("# " + "x" * 100_000_000, "E0704"),
    "a long name": (NET.format("a" * 1_000_000), "E0201"),
    "many arguments": (NET.format("conv " + ", ".join(f"a{i}=1" for i in range(5000))), "E0707"),
    "many errors": (NET.format("foo 1\n" * 50_000), "E0707"),
    "many models": (chain(30_000, "model M{} {{ input x 1x1x1; foo }}", ""), "E0707"),
    "a range of a billion": (NET.format("for _i in range(10**9) { relu }"), "E0702"),
    "a doubling list": (doubled("[1]", "let a{1} = a{0} + a{0}") + NET.format("relu"), "E0702"),
    "a doubling list of lists": (doubled("[1]", "let a{1} = [a{0}, a{0}]") + NET.format("relu"), "E0702"),
    "a doubling text": (doubled("'ab'", "let a{1} = a{0} + a{0}") + NET.format("relu"), "E0702"),
    "work on long lists": (NET.format("repeat 100_000 { let _a = sum(range(100_000)) }\nrelu"), "E0702"),
    "sizes of 2 ** 32": ("model Net { input x 3x4294967296x4294967296\nconv 8, 3x3, pad=1\n}", ""),
    "a product of sizes": ("model Net { input x 3x4294967296x4294967296\nflatten\n}", "E0703"),
    "sizes beyond 64 bits": (NET.format("conv 2**64, 3x3"), "E0305"),
    "a padding of 2 ** 60": (NET.format("conv 3, 3x3, pad=2**60"), ""),
    "a stride of 2 ** 60": (NET.format("conv 3, 3x3, stride=2**60"), ""),
    "a kernel of 2 ** 60": (NET.format("conv 3, 2**60, pad=2**60"), ""),
    "a kernel that does not fit": (NET.format("maxpool 2**60"), "E0401"),
    "an adaptive pool to 2 ** 40": (NET.format("adaptive_maxpool 2**40"), ""),
    "a pool over 2 ** 40": (NET.format("maxpool 2**40, stride=1, pad=2**40 - 1"), ""),
    "a dilation of 2 ** 40": (NET.format("maxpool 2, stride=1, dilation=2**40, pad=2**40"), "E0406"),
    "a cut into 2 ** 40": (NET.format("conv 2**40, 1; split 2**40"), "E0305"),
    "inputs in a loop": (NET.format("repeat 3 { input y 3x3x3; relu }"), "E0211"),
    "a shape of no sizes": (NET.format("relu -> []\nconcat { branch { } branch { } }"), "E0501"),
    "a weight beyond float32": (NET.format("depthwise 3x3, weight=1e39, bias=false"), "E0305"),
    "a stride of 1e308": (NET.format("conv 3, 3x3, stride=1e308"), "E0305"),
    "no sizes behind an error": (NET.format("foo -> []\nconcat { branch { } branch { } }"), "E0201"),
    "an axis that is not there": (NET.format("flatten; concat axis=height { branch { } branch { } }"), "E0305"),
    "an import of itself": ('import "./net.cnn"\n' + NET.format("relu"), "E0606"),
    "an import of a device": ('import "/dev/zero"\n' + NET.format("relu"), "E0605"),
    "an import of a FIFO": ('import "./fifo.cnn"\n' + NET.format("relu"), "E0602"),
    "an import out of the folder": ('import "./link.cnn"\n' + NET.format("relu"), "E0605"),
    "an import with a long name": (f'import "./{"a" * 100_000}.cnn"\n' + NET.format("relu"), "E0608"),
}  # fmt: skip


def specc(folder: Path, *arguments: str, **options: object) -> subprocess.CompletedProcess[bytes]:
    return subprocess.run(
        [sys.executable, "-m", "specc", *arguments], cwd=folder, capture_output=True, timeout=GUARD, **options
    )  # type: ignore[call-overload]


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_text(case, tmp_path):
    text, code = HOSTILE[case]
    (tmp_path / "net.cnn").write_text(text, encoding="utf-8", newline="")
    os.mkfifo(tmp_path / "fifo.cnn")
    (tmp_path / "link.cnn").symlink_to("/etc/hostname")
    done = specc(tmp_path, "check", "net.cnn")
    said = done.stderr.decode()
    assert "Traceback" not in said
    assert len(said) < 200_000
    if code:
        assert done.returncode in (1, 2)
        assert f"error[{code}]" in said
    else:
        assert (done.returncode, "error" in said) == (0, False)


@pytest.mark.parametrize(
    ("path", "code"), [("fifo", "E0602"), ("/dev/zero", "E0602"), ("/dev/null", "E0602"), (".", "E0602")]
)
def test_what_is_no_file(path, code, tmp_path):
    os.mkfifo(tmp_path / "fifo")
    done = specc(tmp_path, "check", path)
    assert done.returncode == 2
    assert f"error[{code}]" in done.stderr.decode()


def test_bytes_that_are_not_utf8(tmp_path):
    (tmp_path / "net.cnn").write_bytes(b"model Net { \xff\xfe }")
    done = specc(tmp_path, "check", "net.cnn")
    assert done.returncode == 2
    assert "E0603" in done.stderr.decode()
    assert "E0603" in specc(tmp_path, "check", "-", input=b"\x80").stderr.decode()


def test_a_chain_of_files_that_import_each_other(tmp_path):
    for i in range(300):
        (tmp_path / f"f{i}.cnn").write_text(f'import "./f{i + 1}.cnn"\n', encoding="utf-8")
    (tmp_path / "f300.cnn").write_text("block b { relu }\n", encoding="utf-8")
    (tmp_path / "net.cnn").write_text('import "./f0.cnn"\n' + NET.format("b"), encoding="utf-8")
    assert "error[E0705]" in specc(tmp_path, "check", "net.cnn").stderr.decode()


def test_a_picture_of_a_billion_by_a_billion_has_a_correct_table(tmp_path):
    (tmp_path / "net.cnn").write_text("model Net { input x 3x1000000000x1000000000\nconv 8, 3x3, pad=1 }\n")
    done = specc(tmp_path, "check", "net.cnn")
    assert done.returncode == 0
    assert "MACs: 216,000,000,000,000,000,000\n" in done.stdout.decode()  # 8 x 3 x 9 x 10**18
    for command in (["verify", "net.cnn"], ["run", "net.cnn", "--input", "x.npy"]):
        refused = specc(tmp_path, *command)
        assert refused.returncode == 2
        assert "bytes" in refused.stderr.decode()
        assert "error[E0706]" in refused.stderr.decode()
