"""DPO, IPO and BFPO written from their papers in PyTorch: the losses our Swift code is held against.

Every function takes tensors of log-probabilities in nats, summed over response tokens, and returns one loss per pair.
`tau` is the strength of the pull to the reference in all three (DPO's and TRL's `beta`).
"""

import torch
import torch.nn.functional as F


def margin(row, reduction="sum"):
    """h = (log pi(y_w) - log ref(y_w)) - (log pi(y_l) - log ref(y_l)); `mean` divides each half by its token count."""
    chosen = row["policyChosen"] - row["referenceChosen"]
    rejected = row["policyRejected"] - row["referenceRejected"]
    if reduction == "mean":
        chosen, rejected = chosen / row["chosenTokens"], rejected / row["rejectedTokens"]
    return chosen - rejected


def dpo(h, row, tau):
    """Rafailov et al. 2023, arXiv 2305.18290, equation 7: -log sigma(tau h)."""
    return -F.logsigmoid(tau * h)


def ipo(h, row, tau):
    """Azar et al. 2023, arXiv 2310.12036, equation 17: (h - 1/(2 tau))^2."""
    return (h - 1 / (2 * tau)) ** 2


def bfpo(h, row, tau, alpha, b1):
    """Zhang et al. 2025, arXiv 2408.15313: (h - g/tau)^2, g = B3 (B1 s_w - s_l + B2), B3 = 1/(B1 - 1), B3 B2 = -alpha."""
    b3 = 1 / (b1 - 1)
    b2 = -alpha / b3
    label = b3 * (b1 * row["chosenSafe"] - row["rejectedSafe"] + b2)
    return (h - label / tau) ** 2


LOSSES = {"dpo": dpo, "ipo": ipo, "bfpo": bfpo}


def loss(objective, settings, row):
    """Loss of one row (or of rows stacked into tensors) of the format of `bfpo loss`."""
    settings = dict(settings)
    h = margin(row, settings.pop("reduction", "sum"))
    return LOSSES[objective](h, row, **settings)


def versions(*names):
    """The versions of this Python and of the named packages, for the head of a golden file."""
    import importlib.metadata
    import platform

    return {"python": platform.python_version()} | {n: importlib.metadata.version(n) for n in names}


def dump(path, head, rows, key="rows"):
    """Writes a golden file: the head's members, then one row a line, so that a change is a readable difference."""
    import json

    def text(value):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))

    with open(path, "w", encoding="utf-8") as file:
        file.write("{\n")
        for name, value in head.items():
            file.write(f"{text(name)}:{text(value)},\n")
        file.write(f"{text(key)}:[\n" + ",\n".join(text(row) for row in rows) + "\n]\n}\n")
