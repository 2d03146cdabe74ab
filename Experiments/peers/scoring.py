"""Log-probabilities of responses by Transformers, no gradient: scoring.py MODEL float32|bfloat16

Eight responses of 128 tokens after prompts of 128, all of one length, so that nothing is padded; logits at the response's
positions only. First with two responses to a prompt, then with prompts of their own.
"""

import sys

import torch
import torch.nn.functional as F

from common import clocked, load_model, pairs, report, tokens

folder, precision = sys.argv[1:3]
model = load_model(folder, torch.bfloat16 if precision == "bfloat16" else torch.float32).eval()
responses = [response for _, chosen, rejected in pairs() for response in (chosen, rejected)]
prompts = {
    "scoring": [prompt for prompt, _, _ in pairs() for _ in range(2)],
    "scoringApart": [tokens(128, 100 + i) for i in range(8)],
}


@torch.inference_mode()
def score(ids):
    logits = model(input_ids=ids, use_cache=False, logits_to_keep=129).logits[:, :-1].float()
    return -F.cross_entropy(logits.flatten(0, 1), ids[:, 128:].flatten(), reduction="none")


for name, starts in prompts.items():
    ids = torch.tensor([prompt + response for prompt, response in zip(starts, responses)])
    score(ids)
    runs = [clocked(lambda: score(ids)) for _ in range(5)]
    report(f"{name}.transformers.{precision}", [s for s, _ in runs], meanLogProbability=runs[-1][1].mean().item())
