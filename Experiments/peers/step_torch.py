"""A DPO step by a hand-written PyTorch loop: step_torch.py MODEL float32|bfloat16|autocast [compile]

One forward for chosen and rejected responses, logits at response positions only, the fused cross-entropy, fused AdamW, no
gradient but that of `down_proj`. `autocast` keeps float32 weights and computes in bfloat16.
"""

import sys

import torch
import torch.nn.functional as F

from common import clocked, load_model, pairs, report, train_down_proj_only

folder, precision = sys.argv[1:3]
compiled = "compile" in sys.argv[3:]
model = load_model(folder, torch.bfloat16 if precision == "bfloat16" else torch.float32).train()
train_down_proj_only(model)
autocast = torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "autocast")

data = pairs()
ids = torch.tensor([p + chosen for p, chosen, _ in data] + [p + rejected for p, _, rejected in data])
first = len(data[0][0])


def log_probabilities():
    """Of each response, summed over its tokens."""
    hidden = model.model(input_ids=ids, use_cache=False).last_hidden_state[:, first - 1 : -1]
    logits = model.lm_head(hidden).float()
    losses = F.cross_entropy(logits.flatten(0, 1), ids[:, first:].flatten(), reduction="none")
    return -losses.view(len(ids), -1).sum(-1)


score = torch.compile(log_probabilities) if compiled else log_probabilities
with torch.no_grad(), autocast:
    reference = score()
optimiser = torch.optim.AdamW(
    [p for p in model.parameters() if p.requires_grad], lr=1e-6, weight_decay=0, fused=True
)


def step():
    with autocast:
        ratio = score() - reference
    chosen, rejected = ratio.chunk(2)
    loss = -F.logsigmoid(0.1 * (chosen - rejected)).mean()
    loss.backward()
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)
    return loss.item()


losses = [step(), step()]
seconds = [clocked(step)[0] for _ in range(3)]
report(f"step.torch.{precision}" + (".compile" if compiled else ""), seconds, secondLoss=losses[1])
