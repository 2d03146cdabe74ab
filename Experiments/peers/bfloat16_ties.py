"""How far an update of a given size moves the bfloat16 roundings of a file's weights: dequantised weights often are exact ties.

usage: bfloat16_ties.py MODEL.gguf [STEP]
"""
import sys

import numpy as np
from gguf import GGUFReader, dequantize


def rounded(x):
    """x to bfloat16, nearest, ties to even, and back."""
    bits = x.view(np.uint32).astype(np.uint64)
    return (((bits + 0x7FFF + ((bits >> 16) & 1)) >> 16) << 16).astype(np.uint32).view(np.float32)


path, step = sys.argv[1], np.float32(sys.argv[2] if len(sys.argv) > 2 else 1e-6)
random = np.random.default_rng(0)
count = ties = 0
moved = 0.0
for tensor in GGUFReader(path).tensors:
    if "ffn_down" not in tensor.name:
        continue
    weights = dequantize(tensor.data, tensor.tensor_type).astype(np.float32).ravel()
    signs = random.choice(np.array([-1, 1], dtype=np.float32), weights.size)
    ties += int(((weights.view(np.uint32) & 0xFFFF) == 0x8000).sum())
    moved += float(((rounded(weights + step * signs) - rounded(weights)) * signs).sum())
    count += weights.size
print(f"{ties / count:.1%} of {count} down_proj weights lie between two bfloat16 numbers")
print(f"a step of {step:g} moves the roundings by {moved / count / float(step):.1f} times as much in the mean")
