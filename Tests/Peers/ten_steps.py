"""Ten training steps of SmolLM2-135M-Instruct in a hand-written PyTorch loop: the reference of our own training loop.

Writes Tests/Golden/ten-steps.json. Every variant starts from the dequantised GGUF and takes ten steps of four pairs in a fixed
order (step s takes the pairs (4s + k) mod 10, k = 0...3):

    loss = mean over the batch of L(h)      h from summed log-probabilities of response tokens and `<|im_end|>`
    g = gradient of the trainable tensors, scaled by min(1, clip / (|g| + 1e-6)) when clipping
    AdamW (Loshchilov & Hutter 2019): theta -= rate * (decay * theta + m_hat / (sqrt(v_hat) + 1e-8)), betas .9, .999

The learning rate of step s = 0...9 is rate * lambda(s); with a schedule lambda is that of Transformers'
`get_cosine_schedule_with_warmup`: s / warmup for s < warmup (so the first step moves nothing), then
(1 + cos(pi (s - warmup) / (steps - warmup))) / 2. Loss, margin and gradient norm (before clipping) of an entry are those before
its update. The safety flags of the pairs are made up: every one of BFPO's four cases must occur.

Run once with `--dtype float64` (the golden values) and once with `--dtype float32 --merge` (adds `float32` losses: what float32
costs). `dpo-decay` exaggerates the decay a thousandfold (10 instead of .01): a usual one is invisible after ten steps of 1e-5.
"""

import argparse
import copy
import json
import math
import pathlib
import time

import torch

from objectives import dump, loss, versions
from smollm2 import encode, find_gguf, load_gguf, load_tokenizer, token_log_probabilities

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
STEPS, BATCH = 10, 4
PLAIN = {"rate": 1e-5, "decay": 0.0, "clip": None, "warmup": None, "trainable": "down_proj"}
VARIANTS = [
    {"name": "dpo", "objective": "dpo", "set": {"tau": 0.1, "reduction": "sum"}, "training": PLAIN | {"decay": 0.01}},
    {"name": "ipo-clipped", "objective": "ipo", "set": {"tau": 0.1, "reduction": "sum"}, "training": PLAIN | {"clip": 1.0}},
    {
        "name": "bfpo-cosine",
        "objective": "bfpo",
        "set": {"tau": 0.1, "alpha": 0.5, "b1": 3.0, "reduction": "sum"},
        "training": PLAIN | {"warmup": 2},
    },
    {
        "name": "ipo-mean-decay",
        "objective": "ipo",
        "set": {"tau": 0.5, "reduction": "mean"},
        "training": PLAIN | {"decay": 10.0},
    },
    {
        "name": "dpo-all",
        "objective": "dpo",
        "set": {"tau": 0.1, "reduction": "sum"},
        "training": PLAIN | {"trainable": "all", "rate": 1e-6},
    },
]


def learning_rate(training, step):
    warmup = training["warmup"]
    if warmup is None:
        return training["rate"]
    if step < warmup:
        return training["rate"] * step / max(1, warmup)
    progress = (step - warmup) / max(1, STEPS - warmup)
    return training["rate"] * max(0.0, 0.5 * (1 + math.cos(math.pi * progress)))


class AdamW:
    """Written out, so that nothing of torch.optim's choices (fused kernels, order of operations) is assumed."""

    def __init__(self, tensors, decay):
        self.tensors, self.decay, self.step_count = tensors, decay, 0
        self.first = [torch.zeros_like(t) for t in tensors]
        self.second = [torch.zeros_like(t) for t in tensors]

    @torch.no_grad()
    def step(self, rate, scale):
        self.step_count += 1
        for t, m, v in zip(self.tensors, self.first, self.second):
            g = t.grad if scale == 1 else t.grad * scale
            m.mul_(0.9).add_(g, alpha=0.1)
            v.mul_(0.999).addcmul_(g, g, value=0.001)
            root = (v / (1 - 0.999**self.step_count)).sqrt_().add_(1e-8)
            t.mul_(1 - rate * self.decay)
            t.addcdiv_(m, root, value=-rate / (1 - 0.9**self.step_count))
            t.grad = None


def score(model, pair):
    """Summed log-probabilities of the chosen and the rejected response."""
    return [token_log_probabilities(model, pair["promptIds"], pair[k + "Ids"]).sum() for k in ("chosen", "rejected")]


def row(policy, reference, pair):
    return {
        "policyChosen": policy[0],
        "policyRejected": policy[1],
        "referenceChosen": reference[0],
        "referenceRejected": reference[1],
        "chosenTokens": len(pair["chosenIds"]),
        "rejectedTokens": len(pair["rejectedIds"]),
        "chosenSafe": float(pair["chosenSafe"]),
        "rejectedSafe": float(pair["rejectedSafe"]),
    }


def train(model, variant, pairs, reference):
    """The steps' records, and the log-probabilities of all pairs at the end."""
    training = variant["training"]
    for name, tensor in model.named_parameters():
        tensor.requires_grad_(training["trainable"] == "all" or "mlp.down_proj" in name)
    tensors = [t for t in model.parameters() if t.requires_grad]
    optimiser = AdamW(tensors, training["decay"])
    records = []
    for step in range(STEPS):
        total, margins = 0.0, []
        for k in range(BATCH):
            index = (BATCH * step + k) % len(pairs)
            sample = row(score(model, pairs[index]), reference[index], pairs[index])
            value = loss(variant["objective"], variant["set"], sample) / BATCH
            value.backward()
            total += value.item()
            chosen = (sample["policyChosen"] - sample["referenceChosen"]).item()
            margins.append(chosen - (sample["policyRejected"] - sample["referenceRejected"]).item())
        norm = math.sqrt(sum(t.grad.double().pow(2).sum().item() for t in tensors))
        clip = training["clip"]
        scale = 1 if clip is None else min(1.0, clip / (norm + 1e-6))
        rate = learning_rate(training, step)
        optimiser.step(rate, scale)
        records.append({"loss": total, "margin": sum(margins) / BATCH, "gradientNorm": norm, "learningRate": rate})
    with torch.no_grad():
        return records, [[v.item() for v in score(model, pair)] for pair in pairs]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--model", help="GGUF file (default: $BFPO_MODEL, else under Models/)")
    parser.add_argument("--output", default=ROOT / "Tests/Golden/ten-steps.json", type=pathlib.Path)
    parser.add_argument("--dtype", choices=("float32", "float64"), default="float64")
    parser.add_argument("--merge", action="store_true", help="add this type's losses to the existing output")
    parser.add_argument("--threads", type=int, default=1)
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    path = find_gguf(options.model)
    tokenizer = load_tokenizer(path)
    pairs = json.loads((HERE / "ten_steps_pairs.json").read_text(encoding="utf-8"))
    for pair in pairs:
        pair["promptIds"], pair["chosenIds"] = encode(tokenizer, pair["messages"], pair["chosen"])
        pair["rejectedIds"] = encode(tokenizer, pair["messages"], pair["rejected"])[1]
    base = load_gguf(path, getattr(torch, options.dtype))
    start = copy.deepcopy(base.state_dict())
    with torch.no_grad():
        reference = [score(base, pair) for pair in pairs]
    results = []
    for variant in VARIANTS:
        begun = time.time()
        base.load_state_dict(start)
        steps, final = train(base, variant, pairs, reference)
        results.append(variant | {"steps": steps, "final": final})
        print(variant["name"], [round(s["loss"], 5) for s in steps], f"{time.time() - begun:.0f} s", flush=True)
    if options.merge:
        old = json.loads(options.output.read_text(encoding="utf-8"))
        for theirs, ours in zip(old["variants"], results, strict=True):
            assert theirs["name"] == ours["name"]
            theirs[options.dtype] = [s["loss"] for s in ours["steps"]]
        head, results = {k: v for k, v in old.items() if k != "variants"}, old["variants"]
    else:
        head = {
            "about": "made by Tests/Peers/ten_steps.py, which defines every term; float64; `final` and `reference`:"
            " [chosen, rejected] log-probabilities of each pair; `float32`: the losses of the same loop in float32",
            "versions": versions("torch", "transformers", "tokenizers", "gguf") | {"model": path.name},
            "batch": BATCH,
            "pairs": pairs,
            "reference": [[v.item() for v in pair] for pair in reference],
        }
    dump(options.output, head, results, key="variants")


if __name__ == "__main__":
    main()
