"""Text on a terminal: how wide it is, and how it is made to fit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from specc.textwidth import expand, pad, printable, shorten, shorten_name, text_width, wrap

texts = st.text(st.sampled_from("abc def.層e\u0301"), max_size=60).map(printable)
widths = st.integers(0, 50)


@pytest.mark.parametrize(
    ("text", "cells"), [("", 0), ("conv", 4), ("層", 2), ("e\u0301", 1), ("ﾊ", 1), ("🙂", 2), ("…─", 2)]
)
def test_widths(text: str, cells: int) -> None:
    assert text_width(text) == cells


@pytest.mark.parametrize(
    ("text", "shown"), [("a\x1b[0m", "a␛[0m"), ("\x7f\r", "␡␍"), ("a\u202eb\u200b", "a\ufffdb\ufffd"), ("é 層", "é 層")]
)
def test_nothing_printed_controls_the_terminal(text: str, shown: str) -> None:
    assert printable(text) == shown


@pytest.mark.parametrize(
    ("width", "short"),
    [(21, "stage2.0.basic1.conv1"), (12, "stage….conv1"), (3, "s…1"), (1, "…"), (0, "")],
)
def test_the_middle_is_left_out(width: int, short: str) -> None:
    assert shorten("stage2.0.basic1.conv1", width) == short


@pytest.mark.parametrize(
    ("name", "width", "short"),
    [
        ("stage1.0.bottleneck1.conv_bn12.conv1", 36, "stage1.0.bottleneck1.conv_bn12.conv1"),
        ("stage1.0.bottleneck1.conv_bn12.conv1", 35, "stage1.0.bottlene…1.conv_bn12.conv1"),
        ("stage1.0.bottleneck1.conv_bn12.conv1", 26, "sta…1.0.bot…1.co…12.conv1"),
        ("stage1.0.bottleneck1.conv_bn12.conv1", 22, "st…1.0.bo…1.c…12.conv1"),
        ("stage1.0.bottleneck1.conv_bn12.conv1", 14, "…1.c…12.conv1"),
        ("stage1.0.bottleneck1.conv_bn12.conv1", 4, "c…v1"),
        ("inception.reduce3x3.conv1", 20, "incep….re…3x3.conv1"),
        ("a_long_label_by_itself", 12, "a_lon…itself"),
    ],
)
def test_names_keep_their_numbers_and_their_last_part(name: str, width: int, short: str) -> None:
    assert shorten_name(name, width) == short


@given(texts, widths, st.sampled_from(["…", "..."]))
def test_shortened_names_fit(text: str, width: int, ellipsis: str) -> None:
    assert text_width(shorten_name(text, width, ellipsis)) <= width
    assert shorten_name(text, text_width(text), ellipsis) == text


def test_tabs_go_to_the_next_stop() -> None:
    assert "".join(expand("\ta\tbcd\te")) == "    a   bcd e"


@given(texts, widths)
def test_shortened_text_fits(text: str, width: int) -> None:
    assert text_width(shorten(text, width)) <= width
    assert shorten(text, text_width(text)) == text


@given(texts, widths)
def test_padded_text_fills(text: str, width: int) -> None:
    for right in (False, True):
        assert text_width(pad(text, width, right=right)) == max(width, text_width(text))


@given(texts, st.integers(1, 50))
def test_wrapping_keeps_every_word_and_the_width(text: str, width: int) -> None:
    lines = list(wrap(text, width))
    assert " ".join(lines).split() == text.split()
    assert all(text_width(line) <= width or " " not in line for line in lines)
