"""The same facts as Markdown, CSV and JSON."""

from __future__ import annotations

import csv as python_csv
import io
import json as python_json

from chains import H, W, conv, graph, image

from specc.analysis import Summary, summarise
from specc.diagnostics import Diagnostic
from specc.dims import Divides, maximum
from specc.report import csv, json, markdown, words


def net() -> Summary:
    return summarise(
        graph(
            image(3, H, W),
            ("a", "conv", conv(8, 3, pad="same")),
            ("a+relu", "relu", {}),
            ("b", "maxpool", {"kernel": 2}),
            ("c", "upsample", {"scale": 2}),
            ("d", "concat", {}, "a.relu", "c"),
            ("pool", "global_avgpool", {}),
            name="A|B",
            doc="Two *ways*.",
        )
    )


def test_markdown() -> None:
    assert (
        markdown.render([net()])
        == r"""## A\|B

Two \*ways\*.

Input: image 3xHxW

| layer | type | line | inputs | output | params | macs | receptive field | stride |
| --- | --- | ---: | --- | --- | ---: | ---: | --- | --- |
| a | conv + relu | 3 | image | 8xHxW | 224 | 216\*H\*W | 3 | 1 |
| b | maxpool | 5 | a | \[8, H/2, W/2\] | 0 | 0 | 4 | 2 |
| c | upsample | 6 | b | 8xHxW | 0 | 0 | 4 | 1 |
| d | concat | 7 | a, c | 16xHxW | 0 | 0 | 4 | 1 |
| pool | global_avgpool | 8 | d | 16x1x1 | 0 | 0 | (H + 3)x(W + 3) |  |

- Total params: 224 (896.00 B)
- Trainable params: 224 (896.00 B)
- Non-trainable params: 0 (0.00 B)
- MACs: 216\*H\*W
- Weight memory: 896.00 B
- Peak activation memory: 128\*H\*W bytes
- Receptive field: (H + 3)x(W + 3)
- Depth: 1 weighted layer
- Open sizes: H must be a multiple of 2; W must be a multiple of 2
"""
    )


def test_csv_reads_back() -> None:
    rows = list(python_csv.DictReader(io.StringIO(csv.render([net(), net()]))))
    assert len(rows) == 10
    assert rows[0] == {
        "file": "net.cnn", "model": "A|B", "layer": "a", "type": "conv + relu", "line": "3", "inputs": "image",
        "output": "8xHxW", "params": "224", "macs": "216*H*W", "receptive_field": "3", "stride": "1",
    }  # fmt: skip
    assert (rows[3]["inputs"], rows[1]["output"]) == ("a, c", "[8, H/2, W/2]")


def test_csv_counts_are_plain_numbers() -> None:
    big = summarise(graph(image(1, 28, 28), ("f", "flatten", {}), ("d", "dense", {"units": 1000})))
    assert csv.render([big]).splitlines()[2] == f"{big.file},Net,d,dense,4,f,1000,785000,784000,28,"


def test_json_keeps_the_contract() -> None:
    finding = Diagnostic("E0601", "there is no file x.cnn", file="x.cnn")
    told = python_json.loads(json.render([net()], [finding]))
    assert set(told) == {"models", "diagnostics"}
    (model,) = told["models"]
    assert model["inputs"] == [{"name": "image", "shape": ["N", 3, "H", "W"], "dtype": "float32"}]
    (pool,) = model["outputs"]
    assert pool == {"name": "pool", "shape": ["N", 16, 1, 1], "dtype": "float32", "layer": "pool", "labels": None}
    assert {"params", "trainable", "macs", "weight_bytes", "peak_activation_bytes", "receptive_field"} <= set(
        model["totals"]
    )
    assert model["totals"]["macs"] == "216*H*W"
    assert [layer["output"] for layer in model["layers"][:2]] == [["N", 8, "H", "W"], ["N", 8, "H/2", "W/2"]]
    assert model["layers"][0]["receptive_field"] == [3, 3]
    assert {"name", "op", "line", "inputs", "output", "params", "macs", "receptive_field"} <= set(model["layers"][0])
    assert told["diagnostics"][0]["code"] == "E0601"


def test_json_of_known_sizes_has_numbers_and_speaks_the_layout() -> None:
    net = graph(
        image(3, 32, 32), ("a", "conv", conv(8, 3)), ("f", "flatten", {}), ("d", "dense", {"units": 2}), layout="hwc"
    )
    model = json.model(summarise(net))
    assert model["inputs"] == [{"name": "image", "shape": ["N", 32, 32, 3], "dtype": "float32"}]
    layers = model["layers"]
    assert isinstance(layers, list)
    assert [layer["macs"] for layer in layers] == [8 * 30 * 30 * 27, 0, 7200 * 2]
    assert layers[-1]["stride"] == [None, None]


def test_bytes_are_written_as_keras_writes_them() -> None:
    assert [words.byte_count(n) for n in (0, 1023, 1024, 4 * 1_199_882, 3 * 1024**3, 5 * 1024**4)] == [
        "0.00 B", "1023.00 B", "1.00 KB", "4.58 MB", "3.00 GB", "5.00 TB",
    ]  # fmt: skip


def test_of_formulas_that_may_be_the_largest_tables_show_some() -> None:
    several = [H + 100, 2 * H, 3 * H - 200, 4 * H - 400, 5 * H - 900]
    assert words.byte_count(maximum(tuple(several[:4]))) == "max(H + 100, 2*H, 3*H - 200, 4*H - 400) bytes"
    assert words.byte_count(maximum(tuple(several))) == "max(H + 100, 2*H, 3*H - 200, 4*H - 400, ... 1 more) bytes"
    assert words.byte_count(maximum((H, 3)) + W // 2, (Divides(2, W),)) == "W/2 + max(H, 3) bytes"
