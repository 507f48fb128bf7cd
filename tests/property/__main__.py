"""Random valid networks, judged by everybody: `python -m tests.property --networks 10000 --seed 1`.

The author's arithmetic (`generate.py`), specc's shapes and parameters, ONNX's strict shape inference without specc's
own value_info, and ONNX Runtime against the interpreter within the error bound, must agree.  Whoever does not is
printed with the shortest spec that shows it, and the exit code is 1.  `--only N` prints and judges that network alone.
"""

from __future__ import annotations

import argparse
import sys
import time
import traceback
from collections import Counter

from tqdm import tqdm

from tests.property.generate import network
from tests.property.judge import Verdict, judge, shortest


def main() -> int:
    options = _options()
    start, operations, declined, found = time.monotonic(), Counter[str](), Counter[str](), Counter[str]()
    numbers = range(options.first, options.first + options.networks)
    if options.only is not None:
        numbers = range(options.only, options.only + 1)
        print(network(options.seed, options.only).text)
    for number in tqdm(numbers, unit=" networks", mininterval=5, disable=None if sys.stderr.isatty() else True):
        verdict = _judged(options.seed, number)
        operations.update(verdict.operations)
        declined.update([verdict.declined] if verdict.declined else [])
        if verdict.disagreement:
            found.update([verdict.disagreement.split(":")[0]])
            _tell(options.seed, number, verdict)
    _sum_up(len(numbers), time.monotonic() - start, operations, declined, found)
    return 1 if found else 0


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.property", description=__doc__)
    parser.add_argument("--networks", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--first", type=int, default=0, help="the number of the first network")
    parser.add_argument("--only", type=int, help="judge this network alone, and print it")
    return parser.parse_args()


def _judged(seed: int, number: int, steps: tuple[int, ...] | None = None) -> Verdict:
    try:
        return judge(seed, number, steps)
    except KeyboardInterrupt:
        raise
    except BaseException as error:
        traceback.print_exception(error)
        return Verdict(f"raised: {type(error).__name__}: {error}")


def _tell(seed: int, number: int, verdict: Verdict) -> None:
    print(f"network {number} of seed {seed}: {verdict.disagreement}")
    kind = verdict.disagreement.split(":")[0]
    if kind != "raised":
        short = shortest(seed, number, kind)
        print(f"with steps {short.steps} of it: {judge(seed, number, short.steps).disagreement}\n{short.text}")
    else:
        print(network(seed, number).text)
    sys.stdout.flush()


def _sum_up(count: int, seconds: float, operations: Counter[str], declined: Counter[str], found: Counter[str]) -> None:
    print(f"{count} networks of {operations.total()} layers in {seconds:.0f} s: {found.total()} disagreements")
    print("operations: " + ", ".join(f"{word} {times}" for word, times in operations.most_common()))
    for reason, times in declined.most_common():
        print(f"not expressible, {times} times: {reason}")
    for kind, times in found.most_common():
        print(f"disagreements, {kind}: {times}")


if __name__ == "__main__":
    sys.exit(main())
