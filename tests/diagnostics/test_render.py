"""What a diagnostic looks like: each case is a source, a finding and the text a reader gets."""

from __future__ import annotations

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from specc.diagnostics import Diagnostic, Label
from specc.diagnostics.render import render_github, render_text, summary_line, to_json
from specc.source import Source, Span
from specc.textwidth import text_width


def at(source: Source, text: str, length: int | None = None, after: str = "") -> Span:
    """The place of `text` in `source`, `length` characters long, the first behind `after`."""
    start = source.text.index(text, source.text.index(after))
    return Span(source, start, start + (len(text) if length is None else length))


def shown(diagnostic: Diagnostic, width: int = 100) -> str:
    """The rendering without the line that counts."""
    return render_text([diagnostic], width).rpartition("\n\n")[0]


GOOGLENET = Source(
    "specs/googlenet.cnn",
    "\n" * 20
    + """\
    concat {
        branch { conv 64, 1x1, relu }
        branch { conv 96, 1x1, relu; conv 128, 3x3, relu }
    }
""",
)
BRANCHES = Diagnostic(
    "E0403",
    "the branches of `concat` do not meet",
    at(GOOGLENET, "concat"),
    "needs the same height and width from every branch",
    labels=(
        Label(at(GOOGLENET, "conv 64, 1x1"), "64x28x28"),
        Label(at(GOOGLENET, "conv 128, 3x3"), "128x26x26: (28 + 0 - 3) / 1 + 1 = 26"),
    ),
    help="`pad=same` keeps 28x28",
)


def test_the_example_of_the_language_page() -> None:
    assert (
        shown(BRANCHES)
        == """\
error[E0403]: the branches of `concat` do not meet
  --> specs/googlenet.cnn:21:5
   |
21 |     concat {
   |     ^^^^^^ needs the same height and width from every branch
22 |         branch { conv 64, 1x1, relu }
   |                  ------------ 64x28x28
23 |         branch { conv 96, 1x1, relu; conv 128, 3x3, relu }
   |                                      ------------- 128x26x26: (28 + 0 - 3) / 1 + 1 = 26
   = help: `pad=same` keeps 28x28"""
    )


def test_a_narrow_terminal_gets_wrapped_labels_and_cropped_lines() -> None:
    assert (
        shown(BRANCHES, width=60)
        == """\
error[E0403]: the branches of `concat` do not meet
  --> specs/googlenet.cnn:21:5
   |
21 |     concat {
   |     ^^^^^^ needs the same height and width from every
   |            branch
22 |         branch { conv 64, 1x1, relu }
   |                  ------------ 64x28x28
23 | ... branch { conv 96, 1x1, relu; conv 128, 3x3, relu }
   |                                  -------------
   |                                  |
   |                                  128x26x26: (28 + 0 - 3) / 1 +
   |                                  1 = 26
   = help: `pad=same` keeps 28x28"""
    )


def test_several_labels_on_one_line_hang_below_it() -> None:
    source = Source("net.cnn", "\tadd 幅, b  # a tab, and a wide character\n")
    finding = Diagnostic(
        "E0403",
        "the operands of `add` do not meet",
        at(source, "add"),
        "needs equal sizes",
        labels=(Label(at(source, "幅"), "64x28x28"), Label(at(source, "b "), "32x28x28")),
    )
    assert (
        shown(finding)
        == """\
error[E0403]: the operands of `add` do not meet
 --> net.cnn:1:2
  |
1 |     add 幅, b  # a tab, and a wide character
  |     ^^^ --  -- 32x28x28
  |     |   |
  |     |   64x28x28
  |     needs equal sizes"""
    )


def test_overlapping_labels_get_lines_of_their_own() -> None:
    source = Source("net.cnn", "conv 8, 3x3, groups=3\n")
    finding = Diagnostic(
        "E0405",
        "3 groups do not divide 8",
        at(source, "groups=3"),
        "given here",
        (Label(at(source, source.text, 21), "this layer"),),
    )
    assert (
        shown(finding)
        == """\
error[E0405]: 3 groups do not divide 8
 --> net.cnn:1:14
  |
1 | conv 8, 3x3, groups=3
  |              ^^^^^^^^ given here
  | --------------------- this layer"""
    )


def test_places_in_several_files() -> None:
    spec = Source("specs/net.cnn", 'import "./blocks.cnn"\r\n\r\nmodel Net { inception }\r\n')
    blocks = Source("specs/blocks.cnn", "block inception {\n    conv 8, 9x9\n}\n")
    finding = Diagnostic(
        "E0401",
        "the kernel spans 9 but the padded input is only 7",
        at(blocks, "9x9"),
        labels=(Label(at(spec, "inception"), "called here"),),
        notes=("height: 7 + 0 + 0 = 7 < 9",),
    )
    assert (
        shown(finding)
        == """\
error[E0401]: the kernel spans 9 but the padded input is only 7
 --> specs/blocks.cnn:2:13
  |
2 |     conv 8, 9x9
  |             ^^^
 ::: specs/net.cnn:3:13
  |
3 | model Net { inception }
  |             --------- called here
  = note: height: 7 + 0 + 0 = 7 < 9"""
    )


def test_lines_in_between_are_shown_or_left_out() -> None:
    source = Source("net.cnn", "".join(f"a{i}: relu\n" for i in range(12)))
    finding = Diagnostic(
        "E0203",
        "`a` is defined twice",
        at(source, "a11"),
        "again here",
        labels=(Label(at(source, "a0"), "first"), Label(at(source, "a2"), "second")),
    )
    assert (
        shown(finding)
        == """\
error[E0203]: `a` is defined twice
  --> net.cnn:12:1
   |
 1 | a0: relu
   | -- first
 2 | a1: relu
 3 | a2: relu
   | -- second
...
12 | a11: relu
   | ^^^ again here"""
    )


def test_a_place_of_several_lines() -> None:
    source = Source("net.cnn", "repeat 3 {\n    conv 8, 3x3\n}\nrelu\n")
    finding = Diagnostic("E0701", "too many layers", at(source, "repeat", source.text.index("relu")), "this loop")
    assert (
        shown(finding)
        == """\
error[E0701]: too many layers
 --> net.cnn:1:1
  |
1 | repeat 3 {
  | ^^^^^^^^^^
2 |     conv 8, 3x3
  |     ^^^^^^^^^^^
3 | }
  | ^ this loop"""
    )


def test_a_long_line_is_cropped_around_the_mark() -> None:
    source = Source("net.cnn", "conv 8, 3x3; " * 30 + "cnv 8, 3x3" + "; conv 8, 3x3" * 30)
    text = shown(Diagnostic("E0201", "unknown operation `cnv`", at(source, "cnv")), width=60)
    line, marks = text.splitlines()[3:5]
    assert text_width(line) <= 60
    assert line[4:].startswith("...")
    assert line.endswith("...")
    assert line[marks.index("^^^") :].startswith("cnv 8")


def test_the_end_of_the_file_and_an_empty_place() -> None:
    source = Source("net.cnn", "model Net {\n")
    assert shown(Diagnostic("E0103", "`{` is never closed", Span(source, 12, 12), "here")).endswith("2 |\n  | ^ here")


def test_a_finding_about_no_place_names_its_file() -> None:
    finding = Diagnostic("E0601", "there is no file resnt.cnn", file="resnt.cnn", help="did you mean resnet.cnn?")
    assert (
        shown(finding)
        == """\
error[E0601]: there is no file resnt.cnn
 --> resnt.cnn
  = help: did you mean resnet.cnn?"""
    )


def test_text_from_files_has_no_power_over_the_terminal() -> None:
    source = Source("n\x1b[2J.cnn", "conv \x1b[31m8\x07, \u202e3x3 e\u0301\n")
    text = shown(Diagnostic("E0104", "unexpected `\x1b`", at(source, "8")))
    assert not re.search(r"[\x00-\x09\x0b-\x1f\u202e]", text)
    assert "conv ␛[31m8␇" in text


def test_colour_is_only_paint() -> None:
    painted = render_text([BRANCHES], 100, colour=True)
    assert "\x1b[1;31merror[E0403]" in painted
    plain = re.sub(r"\x1b\[[0-9;]*m", "", painted)
    assert [line.rstrip() for line in plain.splitlines()] == render_text([BRANCHES], 100).splitlines()


def test_counting() -> None:
    warning = Diagnostic("W0101", "the last row is never read")
    assert render_text([]) == ""
    assert summary_line([BRANCHES]) == "1 error"
    assert summary_line([BRANCHES, BRANCHES, warning]) == "2 errors, 1 warning"
    assert render_text([warning, warning]).endswith("\n\n2 warnings\n")


def test_github_annotations_are_escaped() -> None:
    source = Source("a,b:c.cnn", "conv 8\nrelu\n")
    many = Diagnostic("E0302", "100% of\nnothing", at(source, "conv 8\nrelu"), help="write: more")
    one = Diagnostic("W0201", "never used", at(source, "relu"))
    assert render_github([many, one]).splitlines() == [
        "::error file=a%2Cb%3Ac.cnn,line=1,endLine=2,title=E0302::100%25 of%0Anothing%0Ahelp: write: more",
        "::warning file=a%2Cb%3Ac.cnn,line=2,col=1,endLine=2,endColumn=5,title=W0201::never used",
    ]


def test_json_has_rows_and_columns() -> None:
    told = to_json(BRANCHES)
    assert json.loads(json.dumps(told)) == told
    keys = ("code", "severity", "file", "row", "column", "end_row", "end_column", "help")
    assert [told[key] for key in keys] == [
        "E0403", "error", "specs/googlenet.cnn", 21, 5, 21, 11, "`pad=same` keeps 28x28",
    ]  # fmt: skip
    nowhere = to_json(Diagnostic("E0601", "no such file", file="x.cnn"))
    assert (nowhere["file"], nowhere["row"], nowhere["end_column"]) == ("x.cnn", None, None)


@st.composite
def findings(draw: st.DrawFn) -> Diagnostic:
    text = draw(st.text(st.sampled_from("ab \t\r\n層\u0301\x1b{"), max_size=120))
    source = Source("net.cnn", text)
    places = st.tuples(st.integers(0, len(text)), st.integers(0, len(text))).map(lambda p: Span(source, *sorted(p)))
    words = st.text(st.sampled_from("xy 層\n"), max_size=40)
    labels = draw(st.lists(st.builds(Label, places, words), max_size=3))
    return Diagnostic("E0101", draw(words), draw(places), draw(words), tuple(labels), (draw(words),), draw(words))


@given(findings(), st.integers(40, 120))
def test_any_place_in_any_text_can_be_shown(finding: Diagnostic, width: int) -> None:
    lines = shown(finding, width).splitlines()
    assert lines[0].startswith("error[E0101]:")
    assert any("^" in line for line in lines)
    source_lines = [line for line in lines if re.match(r" *\d+ \|", line)]
    assert all(text_width(line) <= width for line in source_lines)
    assert len(render_github([finding]).splitlines()) == 1
