"""Golden/dequantise.json: packed blocks of random bytes, and their elements as the `gguf` package unpacks them.

Every block starts from random bytes; the f16 fields are then replaced by random numbers of moderate size, with a subnormal, a
negative and a zero among them. Elements are given as float32 bit patterns, because equality is meant exactly.
"""

import json
import pathlib

import numpy as np
from gguf import GGMLQuantizationType as Type, GGML_QUANT_SIZES
from gguf.quants import dequantize

# Packing -> positions of its f16 fields.
PACKINGS = {
    Type.F32: [], Type.F16: [], Type.BF16: [], Type.Q4_0: [0], Type.Q4_1: [0, 2], Type.Q5_0: [0], Type.Q5_1: [0, 2],
    Type.Q8_0: [0], Type.Q4_K: [0, 2], Type.Q5_K: [0, 2], Type.Q6_K: [208],
}


def main():
    random = np.random.default_rng(20250)
    cases = []
    for packing, halves in PACKINGS.items():
        elements, size = GGML_QUANT_SIZES[packing]
        blocks = 64 if elements == 1 else 4 if elements == 32 else 3
        data = random.integers(0, 256, (blocks, size), dtype=np.uint8)
        if packing == Type.F32:
            data = random.normal(size=(blocks, 1)).astype(np.float32).view(np.uint8)
        if packing == Type.F16:
            # Every exponent, both signs, and the largest subnormal; no infinities here (JSON readers differ on them).
            data = np.array([e << 10 | int(random.integers(1024)) | (e % 2) << 15 for e in range(31)] + [0x03FF, 0x8000, 1])
            data = data.astype(np.uint16).view(np.uint8).reshape(-1, 2)
        for field in halves:
            values = random.normal(size=blocks).astype(np.float16)
            values[-1] = np.float16(2.0**-20 * (1 + field))
            data[:, field : field + 2] = values.view(np.uint8).reshape(blocks, 2)
        data = np.ascontiguousarray(data)
        unpacked = np.ascontiguousarray(dequantize(data.reshape(-1), packing), dtype=np.float32)
        bits = unpacked.reshape(-1).view(np.uint32)
        assert len(bits) == len(data) * elements
        cases.append({"packing": packing.name, "number": int(packing), "bytes": data.tobytes().hex(), "bits": bits.tolist()})
    path = pathlib.Path(__file__).resolve().parents[1] / "Golden" / "dequantise.json"
    lines = ",\n".join(json.dumps(case) for case in cases)
    path.write_text('{"about": "written by Tests/Peers/dequantise.py, gguf 0.19.0",\n"cases": [\n' + lines + "\n]}\n")


if __name__ == "__main__":
    main()
