"""The one table of diagnostic codes.  Each has a page in `explain/` and an example that a test runs."""

from __future__ import annotations

from typing import Final

CODES: Final[dict[str, str]] = {
    # E01: text that is not a spec
    "E0101": "unexpected text",
    "E0102": "unterminated string",
    "E0103": "unclosed or unmatched bracket",
    "E0104": "character that does not belong in a spec",
    "E0105": "number that cannot be read",
    "E0106": "nesting too deep",
    # E02: names
    "E0201": "unknown operation",
    "E0202": "unknown name",
    "E0203": "name defined twice",
    "E0204": "name used before its definition",
    "E0205": "block that contains itself",
    "E0206": "model derived from itself",
    "E0207": "unknown model",
    "E0208": "name of the wrong kind",
    "E0209": "reserved name",
    "E0210": "file without a model",
    "E0211": "model without an input, layer or output",
    # E03: arguments and compile-time values
    "E0301": "unknown argument",
    "E0302": "missing argument",
    "E0303": "too many arguments",
    "E0304": "argument of the wrong type",
    "E0305": "argument out of range",
    "E0306": "unknown choice or activation",
    "E0307": "argument given twice",
    "E0308": "arithmetic that has no result",
    "E0309": "fixed weight of the wrong shape",
    "E0310": "unknown model parameter",
    "E0311": "weights that cannot be shared",
    # E04: shapes
    "E0401": "kernel larger than the padded input",
    "E0402": "stride that does not tile the input",
    "E0403": "branches that do not meet",
    "E0404": "input of the wrong rank",
    "E0405": "groups that do not divide the channels",
    "E0406": "sizes that do not fit",
    "E0407": "open size where a number is needed",
    "E0408": "wrong number of values",
    # E05: claims
    "E0501": "false shape assertion",
    "E0502": "false expectation",
    "E0503": "unknown fact",
    # E06: files and imports
    "E0601": "file not found",
    "E0602": "not a regular file",
    "E0603": "file that is not UTF-8 text",
    "E0604": "empty file",
    "E0605": "import from outside the root",
    "E0606": "imports in a circle",
    "E0607": "unknown bundled module",
    "E0608": "file that cannot be read",
    # E07: limits
    "E0701": "too many layers",
    "E0702": "too many compile-time steps",
    "E0703": "number too large",
    "E0704": "file too large",
    "E0705": "too many imports",
    "E0706": "too much memory needed",
    "E0707": "too many errors",
    # E08: weights
    "E0801": "weights that do not fit the model",
    "E0802": "weights file that cannot be read",
    "E0803": "weights that are not finite",
    "E0804": "mapping rule that cannot be used",
    # E09: export, run, verify
    "E0901": "input that does not fit the model",
    "E0902": "device that is not available",
    "E0903": "verification failed",
    "E0904": "output that cannot be written",
    "E0905": "operation that this opset cannot express",
    "E0906": "optional package that is missing",
    "E0907": "ONNX file that cannot be used",
    # W: correct, and probably not meant
    "W0101": "stride that drops rows or columns",
    "W0102": "window written as a product",
    "W0103": "image with its channels behind its height and width",
    "W0201": "label that is never used",
    "W0202": "parameter, constant or block that is never used",
    "W0203": "layer whose value is never used",
    "W0301": "dense layer that holds most of the parameters",
    "W0302": "bias made useless by the batch normalisation after it",
    "W0303": "weights beyond the range of their type",
    "W0304": "weights matched by the order of layers",
    "W0401": "more warnings than are shown",
}
