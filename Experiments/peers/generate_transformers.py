"""Greedy decoding by Transformers: generate_transformers.py MODEL float32|bfloat16 [single|batched]

One prompt of 32 tokens extended by 128, or sixteen extended by 64, prefill included, without a stop token.
"""

import sys

import torch

from common import clocked, load_model, report, tokens

folder, precision, kind = sys.argv[1:4]
model = load_model(folder, torch.bfloat16 if precision == "bfloat16" else torch.float32).eval()
sequences, new = (1, 128) if kind == "single" else (16, 64)
ids = torch.tensor([tokens(32, 2000 + s) for s in range(sequences)])


@torch.inference_mode()
def generate(count):
    result = model.generate(
        input_ids=ids,
        attention_mask=torch.ones_like(ids),
        min_new_tokens=count,
        max_new_tokens=count,
        do_sample=False,
        pad_token_id=2,
    )
    assert result.shape == (sequences, 32 + count)


generate(4)
report(f"generation.{kind}.transformers.{precision}", [clocked(lambda: generate(new))[0] for _ in range(3)])
