"""Every direct objective written from its paper in PyTorch: the losses our Swift code is held against.

Every function takes tensors of log-probabilities in nats, summed over response tokens, and returns one loss per pair.
`tau` is the strength of the pull to the reference (DPO's and TRL's `beta`).
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


def conservative_dpo(h, row, tau, epsilon):
    """Mitchell 2023: -(1 - eps) log sigma(tau h) - eps log sigma(-tau h)."""
    return -(1 - epsilon) * F.logsigmoid(tau * h) - epsilon * F.logsigmoid(-tau * h)


def robust_dpo(h, row, tau, epsilon):
    """Chowdhury et al. 2024, arXiv 2403.00409."""
    return (-(1 - epsilon) * F.logsigmoid(tau * h) + epsilon * F.logsigmoid(-tau * h)) / (1 - 2 * epsilon)


def hinge(h, row, tau):
    """Zhao et al. 2023, arXiv 2305.10425, on log-ratios: max(0, 1 - tau h)."""
    return torch.relu(1 - tau * h)


def safely_turned(h, row, keep):
    """The margin of the pair turned safe over unsafe, u_l - u_w of it, and whether the pair is kept (0 or 1)."""
    unsafe_w, unsafe_l = 1 - row["chosenSafe"], 1 - row["rejectedSafe"]
    is_turned = unsafe_w * (1 - unsafe_l)
    kept = 1 - unsafe_w * unsafe_l * (0.0 if keep else 1.0)
    return h * (1 - 2 * is_turned), (unsafe_l - unsafe_w).abs(), kept


def safedpo(h, row, tau, delta, keepUnsafePairs):
    """Kim et al. 2026, arXiv 2505.20065: -log sigma(tau h - (u_l - u_w) Delta) of the turned pair."""
    h, offset, kept = safely_turned(h, row, keepUnsafePairs)
    return -F.logsigmoid(tau * h - offset * delta) * kept


def bso(h, row, tau, generator, shift, **settings):
    """Nguyen et al. 2026, arXiv 2605.12339: l(R), log R = -(tau h - (u_l - u_w) C) of the turned pair."""
    h, offset, kept = safely_turned(h, row, settings["keepUnsafePairs"])
    log_ratio = -(tau * h - offset * shift)
    ratio = log_ratio.exp()
    if generator == "logistic":
        value = F.softplus(log_ratio)
    elif generator == "kliep":
        value = ratio - 1 + log_ratio
    elif generator == "lsif":
        value = ratio**2 - 2 / ratio + 1
    else:
        power, scale = settings["lambda"], settings["scale"]
        value = (power * ratio ** (1 + power) - (1 + power) * ratio**-power + 1) / (scale * power * (power + 1))
    return value * kept


def soft_label(h, row, tau, **_):
    """C-DPO (arXiv 2403.02475), MoCAN and PeCAN (arXiv 2405.19544): p = sigma(dr - lambda dc) as a soft label of DPO."""
    reward = row["chosenReward"] - row["rejectedReward"]
    cost = row["chosenCost"] - row["rejectedCost"]
    logit = reward - row["multiplier"] * cost
    return -torch.sigmoid(logit) * F.logsigmoid(tau * h) - torch.sigmoid(-logit) * F.logsigmoid(-tau * h)


def modpo(h, row, tau, safetyWeight):
    """Zhou et al. 2024, arXiv 2310.03708: the margin reward is minus the cost."""
    margin_reward = row["rejectedCost"] - row["chosenCost"]
    return -F.logsigmoid((tau * h - safetyWeight * margin_reward) / (1 - safetyWeight))


def log_probabilities(row, reduction):
    """log pi of both responses, averaged over tokens for `mean`."""
    chosen, rejected = row["policyChosen"], row["policyRejected"]
    if reduction == "mean":
        chosen, rejected = chosen / row["chosenTokens"], rejected / row["rejectedTokens"]
    return chosen, rejected


def sft(h, row, reduction):
    """-log pi(y_w)."""
    return -log_probabilities(row, reduction)[0]


def dpo_sft(h, row, tau, anchor, reduction):
    """Pang et al. 2024, arXiv 2404.19733."""
    return dpo(h, row, tau) + anchor * sft(h, row, reduction)


def cpo(h, row, tau, anchor, reduction):
    """Xu et al. 2024, arXiv 2401.08417, equation 5."""
    chosen, rejected = log_probabilities(row, reduction)
    return -F.logsigmoid(tau * (chosen - rejected)) - anchor * chosen


def simpo(h, row, tau, gamma, reduction):
    """Meng et al. 2024, arXiv 2405.14734, equation 6."""
    chosen, rejected = log_probabilities(row, reduction)
    return -F.logsigmoid(tau * (chosen - rejected) - gamma)


def orpo(h, row, reduction, **settings):
    """Hong et al. 2024, arXiv 2403.07691, equations 4 to 7."""
    chosen, rejected = log_probabilities(row, reduction)
    odds = chosen - torch.log(-torch.expm1(chosen)), rejected - torch.log(-torch.expm1(rejected))
    return -chosen - settings["lambda"] * F.logsigmoid(odds[0] - odds[1])


def prospect(row, tau, lambdaDesirable, lambdaUndesirable, reduction, desirable):
    """Ethayarajh et al. 2024, arXiv 2402.01306: both responses of a pair, with z from the other half of the batch, a constant."""
    total = 0
    for name, other, is_desirable in zip(("Chosen", "Rejected"), ("Rejected", "Chosen"), desirable):
        log_ratio = row["policy" + name] - row["reference" + name]
        if reduction == "mean":
            log_ratio = log_ratio / row[name.lower() + "Tokens"]
        point = row["batch" + other].clamp(min=0)
        good = lambdaDesirable * torch.sigmoid(-tau * (log_ratio - point))
        bad = lambdaUndesirable * torch.sigmoid(-tau * (point - log_ratio))
        total = total + torch.where(is_desirable, good, bad)
    return total


def kto(h, row, **settings):
    yes = torch.tensor(True)
    return prospect(row, desirable=(yes, ~yes), **settings)


def safe_kto(h, row, **settings):
    return prospect(row, desirable=(row["chosenSafe"] > 0, row["rejectedSafe"] > 0), **settings)


LOSSES = {
    "dpo": dpo, "ipo": ipo, "bfpo": bfpo, "conservative-dpo": conservative_dpo, "robust-dpo": robust_dpo, "hinge": hinge,
    "safedpo": safedpo, "bso": bso, "constrained-dpo": soft_label, "mocan": soft_label, "pecan": soft_label,
    "modpo": modpo,
}  # fmt: skip
# These see more than the margin h, and form their own averages.
WHOLE_PAIR = {
    "sft": sft, "dpo-sft": dpo_sft, "cpo": cpo, "simpo": simpo, "orpo": orpo, "kto": kto, "safe-kto": safe_kto,
}  # fmt: skip


def loss(objective, settings, row):
    """Loss of one row (or of rows stacked into tensors) of the format of `bfpo loss`."""
    settings = dict(settings)
    reduction = settings.pop("reduction", "sum")
    h = margin(row, reduction)
    if objective in WHOLE_PAIR:
        return WHOLE_PAIR[objective](h, row, reduction=reduction, **settings)
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
