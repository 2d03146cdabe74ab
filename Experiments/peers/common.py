"""What the peers' programs share: the same made-up tokens as `bfpo bench`, a stopwatch, and the line that `run` reads."""

import json
import os
import resource
import time

VOCABULARY = 49152
THREADS = int(os.environ.get("PEER_THREADS", "2"))


def tokens(count, sequence):
    """Token ids of `syntheticTokens` in Sources/Laboratory/Benchmark/PreferenceStep.swift."""
    return [3 + (7919 * sequence + 104729 * i + 12345) % (VOCABULARY - 3) for i in range(count)]


def pairs(count=4, prompt=128, response=128):
    """Prompts, chosen and rejected responses of one DPO step."""
    return [(tokens(prompt, p), tokens(response, 1000 + 2 * p), tokens(response, 1001 + 2 * p)) for p in range(count)]


def clocked(work):
    start = time.perf_counter()
    value = work()
    return time.perf_counter() - start, value


def resident():
    """Largest resident memory of this process so far, bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def report(name, seconds, **values):
    """One result: seconds of every repeat, largest resident memory, and whatever shows that the work was the same."""
    print(json.dumps({"name": name, "seconds": seconds, "peak": resident(), **values}), flush=True)


def load_model(folder, dtype):
    """The language model with PyTorch's fused attention."""
    import torch
    from transformers import AutoModelForCausalLM

    torch.set_num_threads(THREADS)
    return AutoModelForCausalLM.from_pretrained(folder, dtype=dtype, attn_implementation="sdpa")


def train_down_proj_only(model):
    for name, parameter in model.named_parameters():
        parameter.requires_grad_("mlp.down_proj" in name)
