"""What a spec becomes: names, scopes, merges, loops, open sizes, layouts, outputs."""

from __future__ import annotations

import pytest

import specc

WIDE = "input x 4x8x8; "


def nodes(body: str, **parameters: object) -> str:
    """`name(inputs)` of every node, of a model's body or of a whole file that defines `Net`."""
    text = body if "model Net" in body else f"model Net {{ {body} }}"
    graph = specc.loads(text, model="Net", **parameters).graph
    return " ".join(f"{node.name}({','.join(node.inputs)})" for node in graph.nodes)


def tensors(text: str) -> str:
    """`name:scope` of every node with weights, `name` alone where they are called like the node."""
    graph = specc.loads(text, model="Net").graph
    found = [node for node in graph.nodes if graph.weights(node)]
    return " ".join(node.name if node.scope is None else f"{node.name}:{node.scope}" for node in found)


def shape(body: str, **parameters: object) -> str:
    text = body if "model Net" in body else f"model Net {{ {body} }}"
    model = specc.loads(text, model="Net", **parameters)
    return model.summary.outputs[0].type.text(model.graph.layout)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("conv 4, 3x3; conv 4, 3x3; relu", "conv1(x) conv2(conv1) relu1(conv2)"),
        ("a: conv 4, 3x3, relu; relu", "a(x) a.relu(a) relu1(a.relu)"),
        ("relu6; tanh; relu6", "relu6_1(x) tanh1(relu6_1) relu6_2(tanh1)"),
        ("relu6_1: tanh; relu6; relu6", "relu6_1(x) relu6_2(relu6_1) relu6_3(relu6_2)"),
        ("a: conv 4, 3x3; relu; conv 4, 3x3, from=a", "a(x) relu1(a) conv1(a)"),
        ("conv 4, 1x1, act=none", "conv1(x)"),
        ("relu; add x", "relu1(x) add1(relu1,x)"),
        ("a: relu; b: tanh; add a, b", "a(x) b(a) add1(a,b)"),
        ("a: relu; b: tanh; sub a, b", "a(x) b(a) sub1(a,b)"),
        ("a: relu; b: tanh; add a, b, relu", "a(x) b(a) add1(a,b) add1.relu(add1)"),
        ("a, b: split 2; concat b, a", "a(x) concat1(b,a)"),
        ("split 2; concat", "split1(x) concat1(split1,split1.1)"),
        ("s: split 2; add s[1], s[0]", "s(x) add1(s.1,s)"),
        (
            "repeat 2 { s: split 2; concat s }; add s[0][1], s[1][0]",
            "s.0(x) concat1(s.0,s.0.1) s.1(concat1) concat2(s.1,s.1.1) add1(s.0.1,s.1)",
        ),
        ("concat { branch { relu } branch { } }", "relu1(x) concat1(relu1,x)"),
        ("a: relu; tanh; concat from=a { branch { relu } branch { } }", "a(x) tanh1(a) relu1(a) concat1(relu1,a)"),
        ("a: relu; tanh; residual from=a { relu }", "a(x) tanh1(a) relu1(a) residual1(relu1,a)"),
        (
            "a: relu; tanh; residual from=x { relu } shortcut { sigmoid }",
            "a(x) tanh1(a) relu1(x) sigmoid1(x) residual1(relu1,sigmoid1)",
        ),
        (
            "a: relu; add from=[a, x] { branch { concat } branch { concat } }",
            "a(x) concat1(a,x) concat2(a,x) add1(concat1,concat2)",
        ),
        ("concat { up: branch { relu } branch { relu } }", "up.relu1(x) relu1(x) concat1(up.relu1,relu1)"),
        (
            "concat { for k in [1, 3] { branch { maxpool k, pad=same, stride=1 } }; branch { } }",
            "maxpool1(x) maxpool2(x) concat1(maxpool1,maxpool2,x)",
        ),
        ("add { repeat 2 { a: branch { relu } } }", "a.0.relu1(x) a.1.relu1(x) add1(a.0.relu1,a.1.relu1)"),
        (
            "concat { if in.channels > 9 { branch { relu } } else { branch { tanh } branch { } } }",
            "tanh1(x) concat1(tanh1,x)",
        ),
        ("concat { branch { add { repeat 2 { branch { } } } } branch { } }", "add1(x,x) concat1(add1,x)"),
        ("residual { relu }", "relu1(x) residual1(relu1,x)"),
        ("r: residual relu { tanh } shortcut { abs }", "tanh1(x) abs1(x) r(tanh1,abs1) r.relu(r)"),
        ("repeat 2 { relu }", "relu1(x) relu2(relu1)"),
        ("s: repeat 2 { relu }; add s, x", "s.0.relu1(x) s.1.relu1(s.0.relu1) add1(s.1.relu1,x)"),
        ("repeat 2 { a: relu }", "a.0(x) a.1(a.0)"),
        ("repeat 2 { repeat 2 { a: relu } }", "a.0.0(x) a.0.1(a.0.0) a.1.0(a.0.1) a.1.1(a.1.0)"),
        # the first round is read, the second is kept, and those behind it are made like that one
        (
            "repeat 4 { conv 4, 1x1, relu }",
            "conv1(x) conv1.relu(conv1) conv2(conv1.relu) conv2.relu(conv2)"
            " conv3(conv2.relu) conv3.relu(conv3) conv4(conv3.relu) conv4.relu(conv4)",
        ),
        (
            "repeat 4 { a: relu; tanh; sub a }",
            "a.0(x) tanh1(a.0) sub1(tanh1,a.0) a.1(sub1) tanh2(a.1) sub2(tanh2,a.1)"
            " a.2(sub2) tanh3(a.2) sub3(tanh3,a.2) a.3(sub3) tanh4(a.3) sub4(tanh4,a.3)",
        ),
        (
            "repeat 3 { a, b: split 2; concat b, a }",
            "a.0(x) concat1(b.0,a.0) a.1(concat1) concat2(b.1,a.1) a.2(concat2) concat3(b.2,a.2)",
        ),
        ("repeat 0 { relu }; tanh", "tanh1(x)"),
        ("if in.channels == 4 { relu } else { tanh }", "relu1(x)"),
        ("if false { relu } else if true { abs } else { tanh }", "abs1(x)"),
        ("if true { a: relu } else { a: tanh }; add a, x", "a(x) add1(a,x)"),
        ("let f = relu; f; conv 4, 1x1, f", "relu1(x) conv1(relu1) conv1.relu(conv1)"),
        ("let k = 1; repeat 2 { let k = k + 2; conv 4, k, pad=same }; conv 4, k", "conv1(x) conv2(conv1) conv3(conv2)"),
    ],
)
def test_nodes(body: str, expected: str) -> None:
    assert nodes(WIDE + body) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("block b { conv 4, 1x1; relu }\nmodel Net { input x 4x8x8; b; b }",
         "b1.conv1(x) b1.relu1(b1.conv1) b2.conv1(b1.relu1) b2.relu1(b2.conv1)"),
        ("block b(f = relu) { conv 4, 1x1; f }\nmodel Net { input x 4x8x8; b none }", "b1.conv1(x)"),
        ("block stage8 { relu }\nmodel Net { input x 4x8x8; repeat 2 { stage8 } }",
         "stage8_1.relu1(x) stage8_2.relu1(stage8_1.relu1)"),
        ("block b(f = relu) { f }\nmodel Net { input x 4x8x8; stem: b; b tanh }", "stem.relu1(x) b1.tanh1(stem.relu1)"),
        ("block b(skip) { add skip }\nmodel Net { input x 4x8x8; relu; b x }", "relu1(x) b1.add1(relu1,x)"),
        ("block b { relu }\nmodel Net { input x 4x8x8; tanh; b from=x }", "tanh1(x) b1.relu1(x)"),
        ("block b(n) { repeat n { relu } }\nblock c { b 1; b 2 }\nmodel Net { input x 4; c }",
         "c1.b1.relu1(x) c1.b2.relu1(c1.b1.relu1) c1.b2.relu2(c1.b2.relu1)"),
        ("block b(n) { relu; if n > 1 { b n - 1 }; tanh }\nmodel Net { input x 4x8x8; b 2 }",
         "b1.relu1(x) b1.b1.relu1(b1.relu1) b1.b1.tanh1(b1.b1.relu1) b1.tanh1(b1.b1.tanh1)"),
        ("block b { maxpool 2; if in.height > 2 { b } }\nmodel Net { input x 4x8x8; b }",
         "b1.maxpool1(x) b1.b1.maxpool1(b1.maxpool1)"),
        ("block a(n) { if n > 0 { b n - 1 }; relu }\nblock b(n) { repeat n { a n - 1 }; tanh }\n"
         "model Net { input x 4; a 2 }",
         "a1.b1.a1.relu1(x) a1.b1.tanh1(a1.b1.a1.relu1) a1.relu1(a1.b1.tanh1)"),
        ("import blocks as m\nmodel Net { input x 4x8x8; stem: m.conv_bn 8, 3x3 }",
         "stem.conv1(x) stem.bn1(stem.conv1)"),
    ],
)  # fmt: skip
def test_blocks(text: str, expected: str) -> None:
    assert nodes(text) == expected


@pytest.mark.parametrize(
    ("body", "widths"),
    [
        ("for w in [2, 3] { conv w, 1x1 }", [2, 3]),
        ("for w, k in [[2, 1], [3, 3]] { conv w, k }", [2, 3]),
        ("for i, w in [5, 7] { conv w + i, 1x1 }", [5, 8]),
        ("for i, w, k in [[2, 1], [3, 3]] { conv w + i, k }", [2, 4]),
        ("for w in range(1, 6, 2) { conv w, 1x1 }", [1, 3, 5]),
        ("for w in [1, 2] * 2 + [3] { conv w, 1x1 }", [2, 4, 3]),
        ("conv round_to(30 * 1.4, 8), 1x1; conv 7 // 2 + 2 ** 2, 1x1", [40, 7]),
        ("let w = [1, [2, 3]]; conv w[-1][0], 1x1; conv sum([1, 2]) + len(w), 1x1", [2, 5]),
        ("conv 8 if in.height > 4 and not false else 2, 1x1", [8]),
        ("conv 0.75 * 128, 1x1", [96]),
    ],
)
def test_compile_time_values(body: str, widths: list[int]) -> None:
    graph = specc.loads(f"model Net {{ {WIDE}{body} }}").graph
    assert [graph.values[node.outputs[0]].channels for node in graph.nodes] == widths


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("input x 3x8x8; conv 2, 3x3", "2x6x6"),
        ("input x [N, 3, H, W]; conv 2, 3x3", "2x(H - 2)x(W - 2)"),
        ("input x [B, 3, 8, W]; maxpool 2x2", "3x4x(W//2)"),
        ("input x 3xHxW; maxpool 2x2; upsample 2; concat x", "6xHxW"),
        ("input x 8x6x3, layout=hwc; conv 2, 3x3; pad (0, 1)", "6x6x2"),
        ("input x 8x6x3, layout=hwc; flatten", "144"),
        ("input x 8x6x3, layout=hwc; transpose (1, 0, 2)", "6x8x3"),
        ("input x 3xT; conv 2, 3, stride=2, pad=1", "2x((T + 1)//2)"),
        ("input x 1x4x4x4; conv 2, 3; flatten", "16"),
    ],
)
def test_shapes(body: str, expected: str) -> None:
    assert shape(body) == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("repeat 2 { conv 4, 1x1, weights=a }", "conv1:a conv2:a"),
        ("head: conv 4, 1x1; conv 4, 1x1, weights=head", "head conv1:head"),
        ("conv 4, 1x1, weights=head; head: conv 4, 1x1", "conv1:head head"),
        ("head: conv 4, 1x1, weights=head; conv 4, 1x1, prelu, weights=x", "head conv1:x conv1.prelu:x.prelu"),
        ("conv 4, 1x1, weights=conv1; relu; conv 4, 1x1, weights=a.b", "conv1 conv2:a.b"),
        ("repeat 2 { a: conv 4, 1x1, weights=w }", "a.0:w a.1:w"),
        ("s: repeat 2 { conv 4, 1x1, weights=w; conv 4, 1x1 }", "s.0.conv1:s.w s.0.conv2 s.1.conv1:s.w s.1.conv2"),
        ("add { l: branch { conv 4, 1x1, weights=w } branch { conv 4, 1x1, weights=w } }", "l.conv1:l.w conv1:w"),
        (
            "repeat 4 { conv 4, 1x1, prelu, weights=w }",
            " ".join(f"conv{i}:w conv{i}.prelu:w.prelu" for i in (1, 2, 3, 4)),
        ),
        ('conv 4, 1x1, weights="l.0.conv"', "conv1:l.0.conv"),
        ("a: conv 4, 1x1; b: conv 4, 1x1, weights=a; conv 4, 1x1, weights=b", "a b:a conv1:a"),
        ("a: conv 4, 1x1, weights=b; b: conv 4, 1x1, weights=a", "a:b b"),
        ("conv 4, 1x1, weights=a; conv 4, 1x1, weights=conv1", "conv1:a conv2:a"),
        (
            "l: repeat 2 { a: conv 4, 1x1, weights=w; conv 4, 1x1, weights=a }",
            "l.0.a:l.w l.0.conv1:l.w l.1.a:l.w l.1.conv1:l.w",
        ),
        ("repeat 2 { a: conv 4, 1x1, weights=w; conv 4, 1x1, weights=a }", "a.0:w conv1:w a.1:w conv2:w"),
        ("conv 4, 1x1, weights=conv2; conv 4, 1x1", "conv1:conv2 conv3"),
        ("conv 4, 1x1, weights=conv2; conv2: conv 4, 1x1", "conv1:conv2 conv2"),
        ("conv 4, 1x1; conv 4, 1x1, weights=conv1; conv 4, 1x1", "conv1 conv2:conv1 conv3"),
        ("repeat 2 { conv 4, 1x1, weights=conv2; conv 4, 1x1 }", "conv1:conv2 conv3 conv4:conv2 conv5"),
        (
            "s: repeat 2 { conv 4, 1x1, weights=conv2; conv 4, 1x1 }",
            "s.0.conv1:s.conv2 s.0.conv2 s.1.conv1:s.conv2 s.1.conv2",
        ),
    ],
)
def test_names_of_weights(body: str, expected: str) -> None:
    assert tensors(f"model Net {{ {WIDE}{body} }}") == expected


@pytest.mark.parametrize(
    ("blocks", "body", "expected"),
    [
        ("block b { conv 4, 1x1, prelu }", "b; repeat 3 { b weights=x }; b",
         "b1.conv1 b1.conv1.prelu " + " ".join(f"b{i}.conv1:x.conv1 b{i}.conv1.prelu:x.conv1.prelu" for i in (2, 3, 4))
         + " b5.conv1 b5.conv1.prelu"),
        ("block b { conv 4, 1x1; bn }", "b; b weights=x; b weights=x",
         "b1.conv1 b1.bn1 b2.conv1:x.conv1 b2.bn1:x.bn1 b3.conv1:x.conv1 b3.bn1:x.bn1"),
        ("block b { conv 4, 1x1 }", "y: b; b weights=y", "y.conv1 b1.conv1:y.conv1"),
        ("block b { conv 4, 1x1, weights=w; relu }", "b; b", "b1.conv1:b1.w b2.conv1:b2.w"),
        ("block b { conv 4, 1x1, weights=w; relu }", "b weights=x; b weights=x", "b1.conv1:x.w b2.conv1:x.w"),
        ("block b { s: repeat 2 { a: conv 4, 1x1 }; repeat 2 { c: conv 4, 1x1 } }", "b weights=x",
         "b1.s.0.a:x.s.0.a b1.s.1.a:x.s.1.a b1.c.0:x.c.0 b1.c.1:x.c.1"),
        ("block b { s: repeat 2 { conv 4, 1x1, weights=w } }", "b weights=x", "b1.s.0.conv1:x.s.w b1.s.1.conv1:x.s.w"),
        ("block b { conv 4, 1x1 }\nblock c { b weights=w; b }", "c weights=x; c weights=x",
         "c1.b1.conv1:x.w.conv1 c1.b2.conv1:x.b2.conv1 c2.b1.conv1:x.w.conv1 c2.b2.conv1:x.b2.conv1"),
        ("block b { conv 4, 1x1 }", "b prelu, weights=x", "b1.conv1:x.conv1 b1.prelu:x.prelu"),
        ("block b(weights = 2) { conv weights, 1x1 }", "b weights=3", "b1.conv1"),
        ("block b { conv 4, 1x1 }", "y: b; z: b weights=y; b weights=z; conv 4, 1x1, weights=z.conv1",
         "y.conv1 z.conv1:y.conv1 b1.conv1:y.conv1 conv1:y.conv1"),
        ("block b { y: conv 4, 1x1, weights=x; conv 4, 1x1, weights=y }", "b; b weights=w",
         "b1.y:b1.x b1.conv1:b1.x b2.y:w.x b2.conv1:w.x"),
        ("block b { conv 4, 1x1, weights=conv2; conv 4, 1x1 }", "repeat 2 { b weights=w }",
         "b1.conv1:w.conv2 b1.conv3:w.conv3 b2.conv1:w.conv2 b2.conv3:w.conv3"),
        ("block b { conv 4, 1x1 }", "b weights=b2; b; conv 4, 1x1, weights=b4.conv1; b",
         "b1.conv1:b2.conv1 b3.conv1 conv1:b4.conv1 b4.conv1"),
    ],
)  # fmt: skip
def test_names_of_weights_in_blocks(blocks: str, body: str, expected: str) -> None:
    assert tensors(f"{blocks}\nmodel Net {{ {WIDE}{body} }}") == expected


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("conv 4, 1x1; conv1: conv 4, 1x1", "conv2 conv1"),
        ("bn; bn1: bn; bn", "bn2 bn1 bn3"),
        ("conv 4, 1x1; if x.channels == 4 { conv1: conv 4, 1x1 }", "conv2 conv1"),
        ("add { branch { conv 4, 1x1 } branch { conv1: conv 4, 1x1 } }", "conv2 conv1"),
        ("add { branch { conv 4, 1x1 } conv1: branch { conv 4, 1x1 } }", "conv2 conv1.conv1"),
        ("residual { conv 4, 1x1 } shortcut { conv1: conv 4, 1x1 }", "conv2 conv1"),
        ("repeat 2 { conv 4, 1x1; conv1: conv 4, 1x1 }", "conv2 conv1.0 conv3 conv1.1"),
        (
            "s: repeat 2 { conv 4, 1x1; conv1: conv 4, 1x1 }; conv 4, 1x1",
            "s.0.conv2 s.0.conv1 s.1.conv2 s.1.conv1 conv1",
        ),
        ("conv 4, 1x1; conv1: repeat 1 { conv 4, 1x1 }", "conv2 conv1.0.conv1"),
        ("u; u1: u; conv 4, 1x1", "u2.conv2 u2.conv1 u1.conv2 u1.conv1 conv1"),
        ("add { branch { a: bn } branch { a: bn } branch { a_2: bn } }", "a a_3 a_2"),
        ("conv 4, 1x1; a, conv1: split 2; concat conv1, a; conv 4, 1x1", "conv2 conv3"),
    ],
)
def test_a_layer_is_called_by_its_label(body: str, expected: str) -> None:
    blocks = "block u { conv 4, 1x1; conv1: conv 4, 1x1 }"
    assert tensors(f"{blocks}\nmodel Net {{ {WIDE}{body} }}") == expected


def test_a_layer_is_not_called_like_an_input_below() -> None:
    assert nodes("input x 4; dense 4; input dense1 4; add x") == "dense2(x) add1(dense1,x)"


def test_shared_weights_count_once_and_work_counts_each_time() -> None:
    body = "conv 4, 3x3, pad=1, bias=false, weights=step; bn weights=norm"
    one, three = (specc.loads(f"model Net {{ {WIDE}repeat {n} {{ {body} }} }}").summary for n in (1, 3))
    fields = ("params", "trainable", "buffers", "weight_bytes")
    assert all(getattr(one.totals, name) == getattr(three.totals, name) for name in fields)
    assert three.totals.macs == 3 * one.totals.macs
    assert [layer.shares for layer in three.layers] == [None, None, "conv1", "bn1", "conv1", "bn1"]
    assert "Shared weights: 4 layers" in specc.loads(f"model Net {{ {WIDE}repeat 3 {{ {body} }} }}").table()


def test_a_u_net_says_what_its_sizes_must_divide_by() -> None:
    levels = "".join(f"e{i}: conv 4, 3x3, pad=1; maxpool 2x2; " for i in range(4))
    back = "".join(f"deconv 4, 2x2, stride=2; concat e{i}; " for i in reversed(range(4)))
    model = specc.loads(f"model UNet {{ input x [N, 3, H, W]; {levels}{back} conv 1, 1x1 -> 1xHxW }}")
    assert "H must be a multiple of 16" in model.table()
    assert "W must be a multiple of 16" in model.table()


def test_layers_on_one_value_have_conditions_of_their_own() -> None:
    body = "a: pixel_unshuffle 2, from=x; b: pixel_unshuffle 4, from=x; output a; output b"
    graph = specc.loads(f"model Net {{ input x 3xHxW; {body} }}").graph
    assert [str(condition) for condition in graph.conditions] == [
        "H must be a multiple of 4",
        "W must be a multiple of 4",
    ]


@pytest.mark.parametrize(
    ("block", "calls", "shapes"),
    [
        ("b(c = in.channels * 2) { conv c, 1x1 }", "b; b", ["8x8x8", "16x8x8"]),
        ("b(c, p = valid, act = tanh) { conv c, 3x3, pad=p; act }", "let p = same; b 8, p", ["8x8x8", "8x8x8"]),
        ("b(c, p = valid, act = tanh) { conv c, 3x3, pad=p; act }", "let p = relu; b 8, p", ["8x6x6", "8x6x6"]),
    ],
)
def test_what_parameters_of_blocks_stand_for(block: str, calls: str, shapes: list[str]) -> None:
    graph = specc.loads(f"block {block}\nmodel Net {{ {WIDE}{calls} }}").graph
    assert [node.types[0].text() for node in graph.nodes] == shapes


def test_a_word_for_an_axis_is_one_where_a_parameter_has_that_name() -> None:
    graph = specc.loads("block head(channels) { softmax channels }\nmodel Net { input x 4x8x8; head 2 }").graph
    assert graph.nodes[0].op.axis == "channels"


def test_a_default_reads_shapes_as_they_are_written() -> None:
    net = "block b(c = in.shape[2] * 2) { conv c, 1x1 }\nmodel Net { input x 6x5x4, layout=hwc; b }"
    assert specc.loads(net).graph.nodes[0].types[0].text("hwc") == "6x5x8"


def test_the_word_of_gelu_is_an_argument_and_closes_nothing() -> None:
    text = "model Net { input x 4x8x8; conv 4, 1x1, gelu(tanh); gelu tanh; gelu }"
    ops = [node.op for node in specc.loads(text).graph.nodes]
    assert [(op.word, getattr(op, "approximate", None)) for op in ops] == [
        ("conv", None), ("gelu", "tanh"), ("gelu", "tanh"), ("gelu", "none"),
    ]  # fmt: skip


def test_derived_models_set_parameters_of_their_base() -> None:
    text = """
    model Base(width, depth = 1) { input x 3x8x8; repeat depth { conv width, 1x1 } }
    model Deep = Base(8, depth=3)
    model Net = Deep(width=2) { expect output == 2x8x8; expect layers == 3 }
    """
    assert nodes(text) == "conv1(x) conv2(conv1) conv3(conv2)"
    assert shape(text) == "2x8x8"
    assert shape(text, width=5) == "5x8x8"


def test_outputs_are_labels_lines_or_named_values() -> None:
    body = "a: relu; tanh; output line; b: abs; output b; output a2, from=a"
    graph = specc.loads(f"model Net {{ {WIDE}{body} }}").graph
    assert {output.name: output.value for output in graph.outputs} == {"line": "tanh1", "b": "b", "a2": "a"}


def test_a_matrix_fits_every_depthwise_kernel() -> None:
    body = "depthwise 3x3, weight=[[0, 1, 0], [1, -4, 1], [0, 1, 0]], bias=false; conv 2, 1x1"
    model = specc.loads(f"model Net {{ {WIDE}{body} }}")
    assert (model.params, model.trainable) == (36 + 10, 10)


@pytest.mark.parametrize(
    ("claim", "holds"),
    [
        ("params == 296", True),
        ("params == 300 within 1%", False),
        ("params == 300 within 2%", True),
        ("params == 300 within (depth + 1)%", True),
        ("macs < 10_368 + 1", True),
        ("params + buffers >= 2 * 148", True),
        ("output == 8x6x6", True),
        ("output == 8x5x6", False),
        ("receptive_field == 3", True),
        ("receptive_field == 3x3", True),
        ("depth != 1", False),
        ("layers == width / 8", True),
        ("weight_bytes == 4 * params", True),
    ],
)
def test_expectations(claim: str, holds: bool) -> None:
    text = f"model Net(width = 8) {{ {WIDE}conv width, 3x3; expect {claim} }}"
    if holds:
        assert specc.loads(text).params == 296
    else:
        with pytest.raises(specc.SpecError, match="E0502"):
            specc.loads(text)


def test_an_expectation_of_what_is_no_number_says_what_it_is() -> None:
    with pytest.raises(specc.SpecError, match="`unit` is a block, not 8"):
        specc.loads(f"block unit() {{ relu }}\nmodel Net {{ {WIDE}unit; expect unit == 8 }}")


@pytest.mark.parametrize("claim", ["output == 8xHxW", "output == [8, H, W]", "macs == 216 * H * W"])
def test_expectations_speak_of_open_sizes(claim):
    specc.loads(f"model Net {{ input x 3xHxW; conv 8, 3x3, pad=1; expect {claim} }}")
    with pytest.raises(specc.SpecError, match="E0502"):
        specc.loads(f"model Net {{ input x 3xHxW; conv 7, 3x3; expect {claim} }}")
