"""ONNX files that other programs sort otherwise, or that are damaged: read, or refused in one line."""

import random

import onnx
import pytest
from onnx import helper

import specc
from specc.decompile.align import adopted
from specc.onnx.importer import read_model
from specc.onnx.read import parse
from specc.onnx.sorting import put_in_order
from specc.verify import verify

MODEL = specc.loads("model Net { input x 1x6x6; conv 2, 3x3, pad=1; maxpool 2x2; flatten; dense 3, softmax }")


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    path = tmp_path_factory.mktemp("onnx") / "net.onnx"
    MODEL.export(path)
    return onnx.load(path)


def copy(model):
    return onnx.load_from_string(model.SerializeToString())


def replace_nodes(graph, nodes):
    made = onnx.GraphProto(node=nodes)
    del graph.node[:]
    graph.node.extend(made.node)


def test_sorted_nodes_stay_and_others_come_behind_what_they_read(exported):
    model = copy(exported)
    put_in_order(model.graph)
    assert model == exported
    nodes = list(model.graph.node)
    for seed in range(10):
        random.Random(seed).shuffle(nodes)
        replace_nodes(model.graph, nodes)
        put_in_order(model.graph)
        onnx.checker.check_model(model)


def test_files_with_nodes_in_any_order_are_verified_and_imported(exported, tmp_path):
    model = copy(exported)
    replace_nodes(model.graph, list(model.graph.node)[::-1])
    onnx.save(model, tmp_path / "net.onnx")
    assert MODEL.verify(model=tmp_path / "net.onnx").passed
    assert read_model(tmp_path / "net.onnx")[1] == ()


def test_a_batch_that_the_file_fixes_is_that_batch(exported, tmp_path):
    model = copy(exported)
    for item in (*model.graph.input, *model.graph.output, *model.graph.value_info):
        item.type.tensor_type.shape.dim[0].dim_value = 4
    onnx.save(model, tmp_path / "net.onnx")
    assert MODEL.verify(model=tmp_path / "net.onnx").passed


def circle(model):
    model.graph.node[0].input[0] = model.graph.node[-1].output[0]


def no_result(model):
    del model.graph.node[0].output[:]


def input_twice(model):
    model.graph.input.append(model.graph.input[0])


def made_twice(model):
    model.graph.node.append(helper.make_node("Relu", ["x"], ["conv1"]))


def no_opset(model):
    del model.opset_import[:]


def unknown_type(model):
    model.graph.initializer[0].data_type = 77


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (circle, "nodes of its graph read each other in a circle"),
        (no_result, "has no result"),
        (input_twice, "two of its inputs are called `x`"),
        (made_twice, "two of its nodes' results are called `conv1`"),
        (no_opset, "it names no opset of the ONNX operators"),
        (unknown_type, "is of the unknown type 77"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_is_damaged_is_refused_by_both_readers(exported, damage, message):
    model = copy(exported)
    damage(model)
    data = model.SerializeToString()
    for read in (read_model, parse):
        found, (problem,) = read(data)
        assert found is None
        assert problem.code == "E0907"
        assert message in problem.message


def rename(names, entry, pick):
    entry.name = pick([*names, "", "other"])


def damaged(model, seed):
    """`model` with one field changed: an operand, a result, a type, a size, an attribute, a name."""
    pick = random.Random(seed).choice
    graph = model.graph
    node, tensor, item = pick(graph.node), pick(graph.initializer), pick([*graph.input, *graph.output])
    names = [name for each in graph.node for name in (*each.input, *each.output)]
    changes = [
        lambda: node.input.pop(),
        lambda: node.input.__setitem__(0, pick([*names, ""])),
        lambda: node.output.__setitem__(0, pick([*names, ""])),
        lambda: setattr(node, "op_type", pick(["", "Foo", "Gemm", "Concat", "Loop", "Cast", "Split", "TopK"])),
        lambda: node.attribute.pop() if node.attribute else None,
        lambda: [setattr(each, "type", pick(range(15))) for each in node.attribute],
        lambda: setattr(tensor, "data_type", pick([0, 2, 7, 9, 16, 77, -3])),
        lambda: setattr(tensor, "raw_data", tensor.raw_data[:-3]),
        lambda: tensor.dims.append(pick([0, -1, 1, 2**40])),
        lambda: rename(names, pick([tensor, item]), pick),
        lambda: setattr(item.type.tensor_type, "elem_type", pick([0, 1, 7, 10, 99])),
        lambda: item.ClearField("type"),
        lambda: setattr(item.type.tensor_type.shape.dim[0], "dim_value", pick([-1, 3, 2**40])),
        lambda: setattr(pick(model.metadata_props), "value", pick(["", "null", "[]", "[1]", '{"a": 1}', "hwc"])),
        lambda: setattr(model.opset_import[0], "version", pick([-1, 0, 6, 13, 99])),
    ]
    changes[seed % len(changes)]()
    return model


@pytest.mark.parametrize("seed", range(60))
def test_no_damage_raises(exported, tmp_path, seed):
    file = tmp_path / "net.onnx"
    file.write_bytes(damaged(copy(exported), seed).SerializeToString())
    read_model(file)
    graph, model, refused = adopted(MODEL.graph, file)
    if not refused:
        report, refused = verify(graph, MODEL.weights(), model, kinds=("normal",))
    assert refused or report is not None
