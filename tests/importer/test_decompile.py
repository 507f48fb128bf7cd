"""Graphs as an author would write them."""

import pytest
from exchange import compiled, imported, model_of, read_back

from specc.decompile import decompile, spec_of

WRITTEN = {
    "activations close lines, defaults are left out, shapes stand where they change": """\
model Net {
    input image 3x32x32, mean=[0.5, 0.5, 0.5], std=0.25

    conv 16, 3x3, stride=2, pad=1, bias=false; bn; relu    -> 16x16x16
    conv 32, 1x7, pad=(0, 3), leaky_relu(0.2)              -> 32x16x16
    maxpool 2x2                                            -> 32x8x8
    global_avgpool; flatten                                -> 32
    dense 10, softmax                                      -> 10
}
""",
    "branches": """\
model Net {
    input image 8x16x16

    residual relu {
        conv 8, 3x3, pad=1, bias=false; bn; relu
        conv 8, 3x3, pad=1, bias=false; bn
    }
    residual {
        conv 16, 3x3, stride=2, pad=1    -> 16x8x8
    } shortcut {
        conv 16, 1x1, stride=2           -> 16x8x8
    }                                    -> 16x8x8
    concat {
        branch { conv 4, 1x1, relu }
        branch { }
        branch { maxpool 3x3, stride=1, pad=1 }
    }                                    -> 36x8x8
    mul {
        branch { }
        branch {
            global_avgpool               -> 36x1x1
            conv 36, 1x1, sigmoid
        }
    }
}
""",
    "labels only where they are needed": """\
model Net {
    input image [N, 1, H, W]

    skip: conv 4, 3x3, pad=1    -> 4xHxW
    maxpool 2x2
    conv 8, 3x3, pad=1, relu
    deconv 4, 2x2, stride=2
    concat skip                 -> 8xHxW
    conv 2, 1x1                 -> 2xHxW
}
""",
    "loops and blocks": """\
block unit(channels) {
    residual relu {
        conv channels, 1x1; bn; relu
        conv 4 * channels, 1x1; bn
    }
}

model Net {
    input image 64x8x8

    repeat 2 { unit 16 }
    conv 128, 1x1    -> 128x8x8
    repeat 3 { unit 32 }
    conv 256, 1x1    -> 256x8x8
    repeat 3 { unit 64 }
}
""",
    "blocks with names of their own, and the names that they take": """\
block stage(channels) {
    repeat 2 { conv channels, 3x3, pad=1, bias=false; bn; relu }
}

block up(skip, channels) {
    deconv channels, 2x2, stride=2
    concat skip, in
    stage channels
}

model Net {
    input image 3x64x64

    skip1: stage 8     -> 8x64x64
    maxpool 2x2        -> 8x32x32
    skip2: stage 16    -> 16x32x32
    maxpool 2x2        -> 16x16x16
    skip3: stage 32    -> 32x16x16
    maxpool 2x2        -> 32x8x8
    skip4: stage 64    -> 64x8x8
    maxpool 2x2        -> 64x4x4
    stage 128          -> 128x4x4
    up skip4, 64       -> 64x8x8
    up skip3, 32       -> 32x16x16
    up skip2, 16       -> 16x32x32
    up skip1, 8        -> 8x64x64
    conv 2, 1x1        -> 2x64x64
}
""",
    "a block that splits its value": """\
block stage(channels) {
    left, right: split 2
    conv channels, 1x1, relu, from=right
    depthwise 3x3, pad=1
    conv channels, 1x1, relu
    concat left, in; channel_shuffle 2
}

model Net {
    input image 16x8x8

    repeat 3 { stage 8 }
    conv 32, 1x1    -> 32x8x8
    repeat 2 { stage 16 }
}
""",
    "channels last": """\
model Net {
    input image 28x28x1, layout=hwc

    conv 8, 3x3, relu    -> 26x26x8
    flatten              -> 5408
    dense 2              -> 2

    output digit, labels=["zero", "one \\"quoted\\""]
}
""",
}


@pytest.mark.parametrize("text", WRITTEN.values(), ids=WRITTEN)
def test_a_spec_in_this_style_comes_back_as_it_was(text):
    assert decompile(compiled(text)) == text


def test_calls_leave_out_what_most_places_have():
    text = """\
block gated(channels, channels2) {
    mul {
        branch { }
        branch {
            global_avgpool
            conv channels, 1x1, relu
            conv channels2, 1x1, sigmoid
        }
    }
}

block stage(channels, channels2, channels3, kernel = 3, stride = 1, act = silu) {
    conv channels, 1x1, act=act
    depthwise kernel, stride=stride, pad=kernel // 2, act=act
    gated channels2, channels
    conv channels3, 1x1
}

model Net {
    input image 16x32x32

    stage 64, 4, 24, act=relu                 -> 24x32x32
    residual {
        conv 144, 1x1, silu                   -> 144x32x32
        depthwise 3x3, pad=1, silu
        gated 6, 144
        conv 24, 1x1                          -> 24x32x32
    }
    stage 144, 6, 40, stride=2                -> 40x16x16
    stage 240, 10, 80, kernel=5               -> 80x16x16
    stage 480, 20, 112, stride=2              -> 112x8x8
    stage 672, 28, 192, kernel=5, stride=2    -> 192x4x4
}
"""
    spec, diagnostics = spec_of(read_back(compiled(text)).graph, "written.cnn")
    assert spec is not None, diagnostics
    assert spec.text == text


@pytest.mark.parametrize(
    "text",
    [
        "input a 3x8x8\n input b 3x8x8\n x: conv 4, 1x1, from=a\n y: conv 4, 1x1, from=b\n sub y, x\n output d\n"
        " output e, from=x",
        "input image 8x4x4\n a, b: split 2\n c: relu from=a\n add b, c",
        "input image 8x4x4\n relu\n mul in, in",
        "input image 8x4x4\n a: conv 8, 1x1\n b: conv 8, 1x1\n add a\n mul b\n concat a, b",
        "input x 12\n dense 8, relu\n residual { dense 8, relu; dense 8 }\n softmax",
        "input image [N, 3, H, W]\n conv 4, 3x3, stride=2\n conv 4, 1x1, border=reflect",
        "input sound 2x1000\n conv 4, 5, stride=2, pad=same\n gelu approximate=tanh\n scale weight=[1, 2, 3, -0.5]",
        "input image 3x4x4\n x: mul 0.17\n sub 1, in\n add 2, x, [1, 2, -3], in\n repeat 3 { add 1; relu }\n pow 2, in",
        "input image 8x4x4\n x: conv 8, 1x1\n max x, image\n lrn 4, alpha=1e-3\n clip -0.5, 1.5",
    ],
)
def test_any_graph_is_written_as_a_spec_that_means_it(text):
    graph = compiled(f"model Net {{\n {text}\n}}")
    found, diagnostics = spec_of(graph, "written.cnn")
    assert found is not None, diagnostics
    back, diagnostics = spec_of(read_back(graph).graph, "written.cnn")
    assert back is not None, diagnostics


HIDING = {
    "the axis of an argument": ("filters, padding", "conv {0}, 1x1; tanh", "pad (0, {1}), axis=channels", (1, 1, 2, 1)),
    "the axis of a slice": ("filters, filters2", "conv {0}, 1x1; tanh", "slice channels, 1, {1}, step=2", (7, 9, 6, 8)),
    "another axis": ("channels, channels2", *["conv {0}, 1x1; slice height, 1, {1}, step=2"] * 2, (16, 8, 4, 2)),
    "an operation": ("channels, pad2", *["conv {0}, 3x3, pad={1}; tanh; pad 1"] * 2, (2, 3, 4, 5)),
}


@pytest.mark.parametrize(("parameters", "left", "right", "numbers"), HIDING.values(), ids=HIDING)
def test_parameters_of_blocks_hide_no_word_of_the_block(parameters, left, right, numbers):
    names = parameters.split(", ")
    branches = f"branch {{{{ {left} }}}} branch {{{{ {right} }}}}".format(*names)
    calls = "\n".join(f"mixed {8 + index}, {number}" for index, number in enumerate(numbers))
    text = f"block mixed({parameters}) {{ concat {{ {branches} }} }}\nmodel Net {{\n input image 16x40x40\n{calls}\n}}"
    spec, diagnostics = spec_of(read_back(compiled(text)).graph, "written.cnn")
    assert spec is not None, diagnostics
    assert spec.text.startswith(f"block mixed({parameters})")


def test_names_that_a_spec_cannot_use_are_changed():
    data = model_of('model (float[N,3,8,8] "gpu_0/data.0") => (float[N,3,8,8] "9") { "9" = Relu("gpu_0/data.0") }')
    text = decompile(imported(data).graph)
    assert text == "model model_2 {\n    input gpu_0_data_0 3x8x8\n\n    relu\n\n    output result_9\n}\n"


@pytest.mark.parametrize(
    ("output", "line"),
    [
        ("conv1, from=in", "output conv1, from=in"),
        ("relu6_1, from=in", "output relu6_1, from=in"),
        ("output0", "output output0"),
        ("softmax", "output softmax"),
    ],
)
def test_an_output_called_like_other_layers_says_that_it_is_the_last_line(output, line):
    graph = compiled(f"model Net {{ input image 3x8x8\nrepeat 3 {{ conv 4, 1x1; relu6 }}\noutput {output} }}")
    assert line in [written.strip() for written in decompile(graph).splitlines()]


def test_names_of_inputs_and_outputs_stay_where_nothing_else_is_called_so():
    data = model_of(
        """sigmoid (float[N,3,8,8] depth, float[N,3,8,8] add, float[N,3,8,8] relu) =>
           (float[N,3,8,8] sigmoid, float[N,3,8,8] _linear, float[N,3,8,8] "in", float[N,3,8,8] output) {
            sum = Add(depth, add)
            _linear = Abs(relu)
            sigmoid = Sigmoid(sum)
            "in" = Tanh(sum)
            output = Relu(sigmoid)
        }"""
    )
    spec, diagnostics = spec_of(imported(data).graph, "written.cnn")
    assert spec is not None, diagnostics
    assert [item.name for item in spec.checked.graph.inputs] == ["depth", "add_2", "relu_2"]
    assert [item.name for item in spec.checked.graph.outputs] == ["sigmoid", "_linear", "in_2", "output_2"]
