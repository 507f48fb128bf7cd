"""Did you mean ...?  The nearest of the words that would have been right."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Final

SYNONYMS: Final[dict[str, str]] = {
    # what other frameworks and papers call the operations
    "average_pool": "avgpool", "average_pooling": "avgpool", "avg_pooling": "avgpool", "max_pooling": "maxpool",
    "global_average_pool": "global_avgpool", "global_avg_pool": "global_avgpool", "global_max_pool": "global_maxpool",
    "max_pooling1d": "maxpool", "max_pooling2d": "maxpool", "max_pooling3d": "maxpool",
    "average_pooling1d": "avgpool", "average_pooling2d": "avgpool", "average_pooling3d": "avgpool",
    "global_average_pooling1d": "global_avgpool", "global_average_pooling2d": "global_avgpool",
    "global_max_pooling1d": "global_maxpool", "global_max_pooling2d": "global_maxpool",
    "global_pool": "global_avgpool", "elementwise_add": "add", "elementwise_mul": "mul",
    "hsigmoid": "hardsigmoid", "h_sigmoid": "hardsigmoid", "hswish": "hardswish", "h_swish": "hardswish",
    "averagepool": "avgpool", "avg_pool": "avgpool", "averagepooling2d": "avgpool", "avgpool2d": "avgpool",
    "batchnorm": "bn", "batch_norm": "bn", "batchnorm2d": "bn", "batchnormalization": "bn",
    "conv1d": "conv", "conv2d": "conv", "conv3d": "conv", "convolution": "conv", "convolution2d": "conv",
    "conv_transpose": "deconv", "conv2dtranspose": "deconv", "convtranspose2d": "deconv", "transposed_conv": "deconv",
    "convtranspose": "deconv", "convtranspose1d": "deconv", "convtranspose3d": "deconv", "conv3dtranspose": "deconv",
    "fc": "dense", "linear": "dense", "fully_connected": "dense", "gemm": "dense", "innerproduct": "dense",
    "gap": "global_avgpool", "globalaveragepooling2d": "global_avgpool", "globalaveragepool": "global_avgpool",
    "globalpool": "global_avgpool", "global_average_pooling": "global_avgpool",
    "max_pool": "maxpool", "maxpool2d": "maxpool", "maxpooling2d": "maxpool", "pool": "maxpool",
    "max_unpool": "unpool", "max_unpool2d": "unpool", "maxunpool": "unpool", "maxunpool2d": "unpool",
    "cat": "concat", "concatenate": "concat", "plus": "add", "sum": "add", "minus": "sub", "multiply": "mul",
    "times": "mul", "divide": "div", "bmm": "matmul", "dot": "matmul", "average": "mean", "swish": "silu",
    "localresponsenorm": "lrn", "local_response_norm": "lrn", "l2norm": "normalize", "l2_norm": "normalize",
    "l2normalize": "normalize", "l2_normalize": "normalize", "unitnormalization": "normalize",
    "layer_norm": "layernorm", "group_norm": "groupnorm", "instance_norm": "instancenorm",
    "hard_sigmoid": "hardsigmoid", "hard_swish": "hardswish", "leakyrelu": "leaky_relu", "logsoftmax": "log_softmax",
    "lrelu": "leaky_relu",
    "depthwise_conv": "depthwise", "dwconv": "depthwise", "dw_conv": "depthwise", "depthwiseconv2d": "depthwise",
    "separableconv2d": "separable",
    "upsampling2d": "upsample", "interpolate": "resize", "zeropadding2d": "pad", "depth_to_space": "pixel_shuffle",
    "parameter": "learned", "class_token": "learned", "cls_token": "learned",
    "permute": "transpose", "view": "reshape", "unflatten": "reshape", "clamp": "clip", "chunk": "split",
    # ... and their arguments
    "activation": "act", "dilation_rate": "dilation", "dilations": "dilation", "filters": "channels",
    "out_channels": "channels", "features": "units", "out_features": "units", "group": "groups",
    "kernel_size": "kernel", "kernel_shape": "kernel", "pool_size": "kernel", "size": "kernel",
    "padding": "pad", "pads": "pad", "padding_mode": "border", "strides": "stride", "use_bias": "bias",
    "kernel_initializer": "init", "rate": "dilation", "epsilon": "eps", "parameters": "params", "flops": "macs",
    "p": "rate", "dim": "axis", "dims": "order", "negative_slope": "alpha", "scale_factor": "scale",
    "num_groups": "groups", "upscale_factor": "factor", "downscale_factor": "factor", "output_size": "size",
    "elementwise_affine": "affine", "dilate": "dilation",
    # ... and the words that arguments take
    "kaiming": "he_normal", "kaiming_normal": "he_normal", "kaiming_uniform": "he_uniform",
    "xavier": "glorot_uniform", "glorot": "glorot_uniform", "he": "he_normal", "lecun": "lecun_normal",
    "xavier_normal": "glorot_normal", "xavier_uniform": "glorot_uniform",
    "same_upper": "same", "none": "valid",
    "mirror": "reflect", "replicate": "edge", "circular": "wrap", "constant": "zeros",
}  # fmt: skip

_OF_TWO_WORDS: Final = frozenset(
    {"leaky_relu", "thresholded_relu", "log_softmax", "global_avgpool", "global_maxpool", "adaptive_avgpool"}
    | {"adaptive_maxpool", "pixel_shuffle", "pixel_unshuffle", "channel_shuffle"}
)

_LONGEST_WORD: Final = 100


def one_word(first: str, second: str) -> str | None:
    """The operation that is called so in two words: `leaky relu`, `batch norm`."""
    joined = f"{first}_{second}".lower()
    return joined if joined in _OF_TWO_WORDS else SYNONYMS.get(joined)


def nearest(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that `word` was probably meant to be, or `None`.

    A third of the letters may be wrong (at least one); of several equally near, the one with the longest common
    beginning wins, then the first in the alphabet.  Case does not count as a difference.  Another framework's name for
    one of the candidates, with a module before it or not, is nearer than any, and so is the only one that has this name
    in a module.
    """
    known = _comparable(word, candidates)
    same = [candidate for candidate in known if candidate != word and candidate.lower() == word.lower()]
    if len(same) == 1:
        return same[0]
    ranked = _ranked(word, known)
    return _renamed(word, known) or (ranked[0][1] if ranked else None)


def only_possible(word: str, candidates: Iterable[str]) -> str | None:
    """The candidate that `word` can only have been meant to be: another framework's name for one, or a typing error.

    A quarter of the letters may be wrong, and no other candidate be as near.
    """
    known = _comparable(word, candidates)
    renamed = _renamed(word, known)
    if renamed is not None:
        return renamed
    ranked = _ranked(word, known)
    distances = [distance for (distance, _), _ in ranked[:2]]
    if not ranked or distances[0] > max(len(word), len(ranked[0][1])) // 4 or distances.count(distances[0]) > 1:
        return None
    return ranked[0][1]


def _comparable(word: str, candidates: Iterable[str]) -> list[str]:
    if len(word) > _LONGEST_WORD:
        return []
    return sorted({candidate for candidate in candidates if len(candidate) <= _LONGEST_WORD})


def _renamed(word: str, known: Sequence[str]) -> str | None:
    """The one of `known` that is called `word` in a module, or by another framework."""
    within = [candidate for candidate in known if candidate.endswith(f".{word}")]
    if len(within) == 1 and word not in known:
        return within[0]
    module, _, plain = word.lower().rpartition(".")
    synonym = plain if module and plain in known else SYNONYMS.get(plain)
    return synonym if synonym in known and word not in known else None


def _ranked(word: str, known: Sequence[str]) -> list[tuple[tuple[int, int], str]]:
    """Those of `known` that are near `word`, the nearest first."""
    return sorted((rank, candidate) for candidate in known if (rank := _rank(word.lower(), candidate.lower())))


def _rank(word: str, candidate: str) -> tuple[int, int] | None:
    """Smaller is nearer; `None` is too far."""
    longest = max(len(word), len(candidate))
    allowed = max(1, longest // 3)
    if longest < 2 or abs(len(word) - len(candidate)) > allowed:
        return None
    distance = edit_distance(word, candidate)
    return (distance, -_common_prefix(word, candidate)) if distance <= allowed and distance < longest else None


def _common_prefix(left: str, right: str) -> int:
    count = 0
    for a, b in zip(left, right, strict=False):
        if a != b:
            break
        count += 1
    return count


def edit_distance(left: str, right: str) -> int:
    """Insertions, deletions, replacements and swaps of neighbours that turn one word into the other
    (optimal string alignment: no letter is edited twice)."""
    before: list[int] = []
    previous = list(range(len(right) + 1))
    for i, a in enumerate(left, 1):
        current = [i]
        for j, b in enumerate(right, 1):
            best = min(previous[j] + 1, current[j - 1] + 1, previous[j - 1] + (a != b))
            if i > 1 and j > 1 and a == right[j - 2] and left[i - 2] == b:
                best = min(best, before[j - 2] + 1)
            current.append(best)
        before, previous = previous, current
    return previous[-1]
