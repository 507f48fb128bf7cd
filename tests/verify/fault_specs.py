"""Small networks, as specs, of the operations that move, reduce, combine and quantise values."""

from __future__ import annotations

from pathlib import Path

from specc.ir.graph import Graph
from specc.limits import DEFAULT_LIMITS
from specc.loader import FileLoader
from specc.pipeline import check
from specc.source import Source

SPECS = {
    "windows": """model M { input x 4x25x25
        separable 6, 3x3, pad=1
        minpool 3, stride=2, pad=1
        weightedpool 3, stride=2
        lppool 2, stride=1, p=3
        mid: conv 6, 3x3, pad=1
        adaptive_avgpool 2
        flatten
        dense 6
        output wide, from=mid
        output narrow }""",
    "everywhere": """model M { input x 6x7x9
        concat {
            branch { adaptive_avgpool 4; conv 4, 4x4 }
            branch { adaptive_maxpool 4; conv 4, 4x4 }
            branch { global_maxpool }
            branch { global_lppool p=3 }
            branch { global_avgpool }
        } }""",
    "functions": """model M { input x 5x6x7
        bias
        scale bias=true
        concat {
            branch { thresholded_relu 0.25 }
            branch { celu 0.75 }
            branch { hardtanh }
            branch { exp }
            branch { abs }
            branch { clip -0.5, 0.75 }
            branch { round }
            branch { prelu shared=true }
            branch { prelu elementwise=true }
            branch { scale elementwise=true, bias=true }
            branch { learned 5x6x7 }
            branch { gelu approximate=tanh }
            branch { leaky_relu 0.2 }
        } }""",
    "roots": """model M { input x 3x9x9
        maps: conv 6, 3x3, relu
        concat {
            branch { mul 0.3; sqrt }
            branch { avgpool 3, stride=1, pad=1; pow 0.5 }
            branch { log; exp }
            branch { a: mul 2; div 1, a; tanh }
        }
        global_avgpool
        flatten
        logits: dense 4
        m: global_avgpool from=maps
        sub maps, m
        pow 2
        global_avgpool
        spread: sqrt
        output spread
        output logits, from=logits }""",
    "signs": """model M { input x 4x6x7
        a: normalize
        abs
        sqrt
        mul { branch { log } branch { neg } }
        b: reduce_sum width
        c: reduce_min height, from=a
        d: sign from=x
        output sums, from=b
        output least, from=c
        output signs, from=d }""",
    "unpooled": """model M { input x 3x9x8
        conv 4, 3x3, pad=1
        pooled, where: maxpool 2x2
        conv 4, 3x3, pad=1
        unpool where, 2x2, like=x
        relu }""",
    "moves": """model M { input x 6x8x10
        pad (1, 2, 3, 4)
        pad (2, 1, 1, 2), mode=reflect
        pad (0, 2, 1, 0), mode=edge
        pad 1, value=0.5
        crop (1, 2, 3, 0)
        transpose (0, 2, 1)
        reshape (6, -1)
        transpose (1, 0)
        reshape (14, 21, 6)
        slice axis=0, start=1, stop=11, step=2
        slice axis=2, start=5, stop=1, step=-1
        gather (3, 0, 2, 2), axis=0
        flatten
        dense 8 }""",
    "shuffles": """model M { input x 4x6x8
        pixel_unshuffle 2
        channel_shuffle 4
        gather (15, 3, 7, 0, 1, 2, 4, 5)
        conv 8, 1
        pixel_shuffle 2
        dropout
        identity }""",
    "parts": """model M { input x 9x5x6
        a, b, c: split (2, 3, 4)
        concat {
            branch { relu from=b }
            branch { identity from=a }
            branch { tanh from=c }
        }
        d, e: split 2, axis=width
        div d, e
        left: abs
        right: sigmoid from=d
        power: pow left, right
        f: mean left, right
        g: max left, f
        h: min g, right, power
        sub h, left
        concat h, axis=height }""",
    "reductions": """model M { input x 5x6x7
        reduce_mean width
        squeeze
        a: softmax axis=1
        reduce_max height, from=x
        b: squeeze axis=height
        log_softmax axis=height, from=x
        c: reduce_mean channels
        d: argmax height, from=x
        output shares, from=a
        output largest, from=b
        output means, from=c
        output places, from=d }""",
    "last": """model M { input x 4x6x5
        quantize 0.5
        dequantize 0.5
        argmax channels, last=true }""",
    "attention": """model M { input x 6x8
        layernorm over=all
        layernorm
        tokens: conv 6, 1
        transpose (1, 0)
        matmul tokens
        shares: softmax axis=1
        matmul tokens, shares }""",
    "quantised": """model M { input x 3x6x6
        quantize 0.05, zero=128
        dequantize 0.05, zero=128
        conv 4, 3x3
        relu
        quantize 0.02, dtype=int8, zero=-10
        dequantize 0.02, dtype=int8, zero=-10
        quantize (0.1, 0.2, 0.3, 0.4), dtype=int8, zero=(0, 1, 2, 3)
        dequantize (0.1, 0.2, 0.3, 0.4), dtype=int8, zero=(0, 1, 2, 3)
        quantize 0.001, dtype=uint16, zero=7
        dequantize 0.001, dtype=uint16, zero=7 }""",
    "scaled": """model M { input x 3x9x8
        resize (12, 5), bilinear, region=(0.1, 0.2, 0.8, 0.9), value=0.5
        resize (7, 11), nearest, coordinates=asymmetric, rounding=ceil
        upsample 1.5, cubic, coefficient=-0.5
        upsample 2, bilinear, align_corners=true }""",
    "last_axis": """model M { input x 8x9x3, layout=hwc
        conv 6, 3x3, pad=1
        transpose (1, 0, 2)
        slice axis=2, start=1, stop=5
        gather (2, 0, 3), axis=2
        reshape (9, 24)
        softmax axis=1
        flatten
        dense 5 }""",
}


def specs() -> dict[str, Graph]:
    found = {}
    for name, text in SPECS.items():
        outcome = check(Source(f"{name}.cnn", text), FileLoader(Path(), DEFAULT_LIMITS))
        if not outcome.models:
            raise ValueError(f"{name}: {[item.message for item in outcome.diagnostics]}")
        found[name] = outcome.models[0].graph
    return found
