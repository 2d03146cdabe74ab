"""A DPO step by TRL's DPOTrainer: step_trl.py MODEL float32|bfloat16|autocast

Reference log-probabilities are computed before training and gradient checkpointing is off, which is faster than TRL's default.
`bfloat16` has bfloat16 weights, `autocast` float32 ones. The tokens are given, so that all lengths are exact.
"""

import os
import sys
import tempfile
import time
import warnings

warnings.filterwarnings("ignore")
scratch = tempfile.TemporaryDirectory()
os.environ.setdefault("HF_DATASETS_CACHE", scratch.name)

import torch
from datasets import Dataset
from transformers import AutoTokenizer, TrainerCallback
from trl import DPOConfig, DPOTrainer

from common import load_model, pairs, report, train_down_proj_only

folder, precision = sys.argv[1:3]
steps = 5
model = load_model(folder, torch.bfloat16 if precision == "bfloat16" else torch.float32)
train_down_proj_only(model)
rows = [
    {"prompt": "", "chosen": "", "rejected": "", "prompt_ids": p, "chosen_ids": c, "rejected_ids": r}
    for _ in range(steps)
    for p, c, r in pairs()
]
DPOTrainer._prepare_dataset = lambda self, dataset, *_, **__: dataset


class Stopwatch(TrainerCallback):
    seconds = []

    def on_step_begin(self, *_, **__):
        self.start = time.perf_counter()

    def on_step_end(self, *_, **__):
        self.seconds.append(time.perf_counter() - self.start)


configuration = DPOConfig(
    output_dir=scratch.name,
    per_device_train_batch_size=4,
    max_steps=steps,
    learning_rate=1e-6,
    lr_scheduler_type="constant",
    weight_decay=0,
    max_grad_norm=0,
    beta=0.1,
    max_length=None,
    bf16=precision != "float32",
    gradient_checkpointing=False,
    precompute_ref_log_probs=True,
    use_cpu=True,
    report_to=[],
    save_strategy="no",
    logging_steps=1,
    disable_tqdm=True,
    dataloader_pin_memory=False,
)
trainer = DPOTrainer(
    model=model,
    args=configuration,
    train_dataset=Dataset.from_list(rows),
    processing_class=AutoTokenizer.from_pretrained(folder),
    callbacks=[Stopwatch()],
)
sys.stdout = sys.stderr
trainer.train()
sys.stdout = sys.__stdout__
losses = [float(entry["loss"]) for entry in trainer.state.log_history if "loss" in entry]
report(f"step.trl.{precision}", Stopwatch.seconds[2:], secondLoss=losses[1])
