"""Matrix products of a DPO step by oneDNN through torch.mm: products.py float32|bfloat16

The shapes, and how often each occurs, of `PreferenceStepWork` in Sources/Laboratory/Benchmark/ProductShape.swift, for SmolLM2-135M,
4 pairs of 128 + 128 tokens, prompts shared. As there, vocabulary-sized dimensions are cut to 8,192. Prints seconds of all products
of a step, and GFLOP/s of each shape.
"""

import sys
import time
from collections import Counter

import torch

from common import THREADS, report

precision = sys.argv[1]
torch.set_num_threads(THREADS)
dtype = {"float32": torch.float32, "bfloat16": torch.bfloat16}[precision]
HIDDEN, WIDE, LAYERS, VOCABULARY = 576, 1536, 30, 49152
ROWS, PREDICTING = 4 * (128 + 2 * 127), 4 * (1 + 2 * 127)

counts = Counter()
for out, width in [(576, HIDDEN), (192, HIDDEN), (192, HIDDEN), (HIDDEN, 576), (WIDE, HIDDEN), (WIDE, HIDDEN), (HIDDEN, WIDE)]:
    counts["forward", ROWS, out, width] += LAYERS
    counts["inputGradient", ROWS, width, out] += LAYERS - 1
counts["weightGradient", HIDDEN, WIDE, ROWS] += LAYERS
counts["forward", PREDICTING, VOCABULARY, HIDDEN] += 1
counts["inputGradient", PREDICTING, HIDDEN, VOCABULARY] += 1


def seconds(kind, rows, columns, depth):
    n, k = min(columns, 8192), min(depth, 8192)
    a = torch.full((k, rows) if kind == "weightGradient" else (rows, k), 0.5, dtype=dtype)
    b = torch.full((n, k) if kind == "forward" else (k, n), 0.5, dtype=dtype)
    c = torch.empty(rows, n, dtype=dtype)
    a = a.t() if kind == "weightGradient" else a
    b = b.t() if kind == "forward" else b
    torch.mm(a, b, out=c)
    repeats = max(1, int(2e10 / (2 * rows * n * k)))
    start = time.perf_counter()
    for _ in range(repeats):
        torch.mm(a, b, out=c)
    return (time.perf_counter() - start) / repeats * (columns / n) * (depth / k)


with torch.inference_mode():
    own = {shape: seconds(*shape) for shape in counts}
report(
    f"products.oneDNN.{precision}",
    [sum(own[shape] * count for shape, count in counts.items())],
    rates={
        f"products.{kind}.{m}x{n}x{k}": 2 * m * n * k / own[kind, m, n, k] for kind, m, n, k in counts
    },
)
