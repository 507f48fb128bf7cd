"""What window and linear operations refuse: the code, the argument at fault, the arithmetic and the fix."""

import pytest
from layers import image, rejection

SMALL = (3, 7, 7)
REJECTIONS = [
    ("conv", {"channels": 4, "kernel": 9}, SMALL, "E0401", "kernel", "height: 7 + 0 + 0 = 7 < 9", "smaller kernel"),
    ("maxpool", {"kernel": 3, "dilation": 4}, SMALL, "E0401", "kernel", "7 < 9", "smaller kernel"),
    ("conv", {"channels": 4, "kernel": 3, "stride": 3, "round": "exact"}, SMALL, "E0402", "stride",
     "(7 + 0 - 3) / 3 + 1 = 2.33", "round=floor"),
    ("conv", {"channels": 4, "kernel": (3, 3, 3)}, SMALL, "E0304", "kernel", "", "one for each"),
    ("conv", {"channels": 4, "kernel": 3, "pad": (1, 1, 1)}, SMALL, "E0304", "pad", "", "one for each"),
    ("maxpool", {"kernel": 2, "stride": (1, 2, 3)}, SMALL, "E0304", "stride", "", "one for each"),
    ("conv", {"channels": 4, "kernel": 3, "groups": 2}, SMALL, "E0405", "groups", "3 / 2 = 1.50", None),
    ("conv", {"channels": 4, "kernel": 3, "groups": 3}, SMALL, "E0405", "channels", "4 / 3 = 1.33", None),
    ("deconv", {"channels": 4, "kernel": 3, "groups": 3}, SMALL, "E0405", "channels", "4 / 3 = 1.33", None),
    ("conv", {"channels": 4, "kernel": 3}, (120,), "E0404", None, "", "reshape"),
    ("maxpool", {"kernel": 3}, (120,), "E0404", None, "", "reshape"),
    ("global_avgpool", {}, (120,), "E0404", None, "", "reshape"),
    ("adaptive_avgpool", {"size": 2}, (120,), "E0404", None, "", "reshape"),
    ("conv", {"channels": 4, "kernel": 3}, (1, 2, 3, 4, 5), "E0404", None, "", None),
    ("dense", {"units": 10}, (16, 5, 5), "E0404", None, "16 * 5 * 5 = 400", "flatten"),
    ("dense", {"units": 10}, (16, 5, 5), "E0404", None, "", "axis=channels"),
    ("dense", {"units": 10}, (5, 16), "E0404", None, "", "axis=-1"),
    ("dense", {"units": 10, "axis": 2}, (5, 16), "E0305", "axis", "", None),
    ("dense", {"units": 10, "axis": -1}, (5, "L"), "E0407", None, "", "resize"),
    ("dense", {"units": 10}, ("F",), "E0407", None, "", "global_avgpool"),
    ("conv", {"channels": 4, "kernel": 3}, ("C", 7, 7), "E0407", None, "", "a number of channels"),
    ("weightedpool", {"kernel": 3}, ("C", 3, 7), "E0407", None, "", "the batch is not written: `3x7`"),
    ("conv", {"channels": 4, "kernel": 3, "stride": 2, "dilation": 2, "pad": "same"}, (3, "H", 7), "E0407", "pad",
     "auto_pad", "as numbers"),
    ("conv", {"channels": 4, "kernel": 3, "stride": 2, "dilation": [1, 2], "pad": "same"}, (3, "H", 7), "E0407", "pad",
     "auto_pad", "as numbers"),
    ("maxpool", {"kernel": [2, 1], "stride": 3, "pad": "same"}, (3, "H", 7), "E0407", "pad", "auto_pad", "as numbers"),
    ("maxpool", {"kernel": [3, 1], "stride": 2, "pad": "same"}, (3, "H", 7), "E0407", "pad", "auto_pad", "as numbers"),
    ("conv", {"channels": 4, "kernel": 3, "stride": 2, "pad": "same", "border": "edge"}, (3, 7, "W"), "E0407", "pad",
     "auto_pad", "as numbers"),
    ("conv", {"channels": 4, "kernel": 3, "stride": 3, "pad": 1, "round": "ceil"}, (3, "H", 7), "E0407", "round",
     "padding behind the input", "round=floor"),
    ("adaptive_avgpool", {"size": 7}, (3, "H", 7), "E0407", "size", "H samples", "pool to 1"),
    ("maxpool", {"kernel": 2, "pad": 2}, SMALL, "E0406", "pad", "2 samples from a window, 2 + 2 of padding", "`pad`"),
    ("avgpool", {"kernel": 2, "dilation": 3, "pad": 1, "stride": 1}, (3, 2), "E0406", "pad", "2 of input", "`pad`"),
    ("maxpool", {"kernel": 2, "pad": 2}, (3, "H", "W"), "E0406", "pad", "2 samples of padding", "`pad`"),
    ("maxpool", {"kernel": 2**63 - 1, "stride": 1, "pad": "same"}, SMALL, "E0703", None, "", None),
    ("maxpool", {"kernel": 2, "round": "ceil"}, (3, 2**63 - 1), "E0703", None, "", None),
    ("conv", {"channels": 4, "kernel": 3, "pad": 7, "border": "reflect"}, SMALL, "E0406", "border",
     "7 > 7 - 1", "edge"),
    ("conv", {"channels": 4, "kernel": 3, "pad": 8, "border": "wrap"}, SMALL, "E0406", "border", "8 > 7", "edge"),
    ("deconv", {"channels": 4, "kernel": 3, "stride": 2, "output_pad": 2}, SMALL, "E0305", "output_pad",
     "2 >= 2", "below"),
    ("deconv", {"channels": 4, "kernel": 3, "stride": 2, "output_pad": 1, "pad": "same"}, SMALL, "E0305", "output_pad",
     "", " leave output_pad out, or give the padding as numbers "),
    ("deconv", {"channels": 4, "kernel": 1, "pad": 4}, SMALL, "E0406", "pad",
     "(7 - 1) * 1 + 1 + 0 - 8 = -1", " use less padding: for `deconv` it is what is cut off the output "),
    ("conv", {"channels": 4, "kernel": 3, "weight": [[1, 0, 1], [0, 1, 0], [1, 0, 1]]}, SMALL, "E0309", "weight",
     "input channels / groups", "depthwise"),
    ("deconv", {"channels": 1, "kernel": 1, "weight": [[1]]}, SMALL, "E0309", "weight",
     "input channels, output", "depthwise"),
    ("depthwise", {"kernel": 3, "weight": [[1, 2], [3, 4]]}, SMALL, "E0309", "weight", "window sizes",
     "one window of 3x3 for all"),
    ("conv", {"channels": 2, "kernel": 3, "weight": [1, 2, 3]}, SMALL, "E0309", "weight", "window sizes",
     "give all of its values, or one number"),
    ("conv", {"channels": 2, "kernel": 1, "weight": [[[1]]] * 3}, SMALL, "E0309", "weight", "window sizes",
     "give all of its values, or one number"),
    ("depthwise", {"kernel": 2, "weight": [[1, 2], [3]]}, SMALL, "E0309", "weight", "", None),
    ("depthwise", {"kernel": 2, "weight": []}, SMALL, "E0309", "weight", "", None),
    ("dense", {"units": 100_000, "weight": 0.5}, (1000,), "E0706", "weight", "100000x1000 = 100000000", "init"),
    ("dense", {"units": 2, "weight": [[1, 2]]}, (3,), "E0309", "weight", "input features", None),
    ("dense", {"units": 2, "bias": [1, 2, 3]}, (3,), "E0309", "bias", "", None),
    ("dense", {"units": 2, "bias": []}, (3,), "E0309", "bias", "", None),
]  # fmt: skip


MESSAGES = [
    ("conv", {"channels": 4, "kernel": 9}, SMALL, "the kernel spans 9 but the padded input is only 7 in height"),
    ("conv", {"channels": 4, "kernel": 3, "stride": 3, "round": "exact"}, SMALL,
     "stride 3 does not tile the input in height"),
    ("conv", {"channels": 4, "kernel": (3, 3, 3)}, SMALL, "`kernel` has 3 numbers for an input with 2 spatial axes"),
    ("conv", {"channels": 4, "kernel": (3, 3)}, (3, 7), "`kernel` has 2 numbers for an input with 1 spatial axis"),
    ("deconv", {"channels": 4, "kernel": (3, 3, 3)}, SMALL, "`kernel` has 3 numbers for an input with 2 spatial axes"),
    ("deconv", {"channels": 4, "kernel": 3, "stride": (1, 2, 3)}, SMALL,
     "`stride` has 3 numbers for an input with 2 spatial axes"),
    ("deconv", {"channels": 4, "kernel": 3, "stride": 2, "output_pad": 2}, SMALL,
     "output_pad 2 is not below the stride 2 in height"),
    ("deconv", {"channels": 4, "kernel": 3, "stride": 2, "output_pad": 1, "pad": "same"}, SMALL,
     "pad=same settles the output's size, output_pad cannot change it"),
    ("deconv", {"channels": 4, "kernel": 1, "pad": 4}, SMALL, "the padding cuts off all of the output in height"),
    ("deconv", {"channels": 4, "kernel": 3}, ("C", 7, 7), "`deconv` needs a known number of input channels, not C"),
    ("conv", {"channels": 4, "kernel": 3}, (120,),
     "`conv` needs an image (channels and 1 to 3 spatial sizes), not 120"),
    ("conv", {"channels": 4, "kernel": 3, "stride": 3, "pad": 1, "round": "ceil"}, (3, 7, "W"),
     "round=ceil with this padding needs a known width"),
    ("conv", {"channels": 4, "kernel": 3, "stride": 2, "dilation": 2, "pad": "same"}, (3, "H", 7),
     "pad=same with a stride and a dilation needs a known height"),
    ("conv", {"channels": 4, "kernel": 3, "stride": 2, "pad": "same", "border": "edge"}, (3, 7, "W"),
     "border=edge with pad=same and a stride needs a known width"),
    ("conv", {"channels": 4, "kernel": 3, "pad": 7, "border": "reflect"}, SMALL,
     "border=reflect cannot fill 7 samples of padding from 7 in height"),
    ("maxpool", {"kernel": 2, "stride": 3, "pad": "same"}, (3, 7, "W"),
     "pad=same with a stride beyond the kernel needs a known width"),
    ("maxpool", {"kernel": 2, "pad": 2}, SMALL, "a window would read nothing but padding"),
    ("adaptive_avgpool", {"size": 7}, (3, "H", 7), "`adaptive_avgpool` to 7 needs a known height, not H"),
]  # fmt: skip


@pytest.mark.parametrize(("word", "arguments", "given", "message"), MESSAGES)
def test_messages(word, arguments, given, message):
    assert rejection(word, image(*given), **arguments).finding.message == message


@pytest.mark.parametrize(("word", "arguments", "given", "code", "argument", "note", "fix"), REJECTIONS)
def test_refusals(word, arguments, given, code, argument, note, fix):
    finding = rejection(word, image(*given), **arguments).finding
    assert (finding.code, finding.argument) == (code, argument)
    assert note in "\n".join(finding.notes)
    assert (finding.help is None) if fix is None else (fix in f" {finding.help} ")


@pytest.mark.parametrize(("last", "fix"), [(1, True), (2, False), (3, True), (4, True), (5, False)])
def test_channels_at_the_end_are_recognised(last, fix):
    finding = rejection("conv", image("H", 9, last), channels=4, kernel=1).finding
    assert (finding.help == "with `layout=hwc` at the input the channels come last") is fix


@pytest.mark.parametrize(("channels", "fix"), [(1, True), (2, False), (3, True), (4, True), (5, False)])
def test_a_batch_that_is_written_is_recognised(channels, fix):
    finding = rejection("conv", image("B", channels, 9), channels=4, kernel=1).finding
    assert (finding.help == f"the batch is not written: `{channels}x9`") is fix


def test_of_a_sequence_the_last_size_may_be_the_channels():
    finding = rejection("conv", image("L", 3), channels=4, kernel=1).finding
    assert finding.help == "with `layout=hwc` at the input the channels come last"
