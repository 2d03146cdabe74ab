"""Losses and derivatives of DPO, IPO and BFPO by automatic differentiation in float64, beside TRL's own loss.

Writes Tests/Golden/losses.json. Each row holds an input line of `bfpo loss`, the objective with its settings, and the expected
output: the loss and its derivatives by the *summed* log-probabilities of the chosen and the rejected response.

`trl` rows were computed by `DPOTrainer._compute_loss` itself, run on a stand-in model whose per-token log-probabilities add up to
the row's (TRL computes the loss inside that method, so nothing smaller can be called). What differs between TRL and us:
  * TRL's `beta` is our `tau` in both losses.
  * TRL's `ipo` divides each log-ratio by the response's token count before taking the margin: our `reduction=mean`. Our default,
    `sum`, is the paper's formula on log pi(y|x), and its tau is not comparable.
  * TRL counts the end-of-turn token as part of the response, and so do we.
  * TRL averages the batch; the rows here are single pairs.
TRL has no BFPO.
"""

import argparse
import collections
import pathlib
import types

import torch

from objectives import dump, loss, versions

ROOT = pathlib.Path(__file__).resolve().parents[2]
INPUTS = ("policyChosen", "policyRejected", "referenceChosen", "referenceRejected")


def random_pairs(generator, count):
    """Pairs of all sizes: from a hair's breadth around the reference to far away, short and long responses, every flag case."""
    for index in range(count):
        spread = (1e-3, 0.3, 3.0, 30.0, 300.0)[index % 5]
        tokens = torch.randint(1, 400, (2,), generator=generator)
        reference = -tokens.double() * torch.rand(2, generator=generator, dtype=torch.float64).mul(4).add(0.05)
        policy = -(reference + spread * torch.randn(2, generator=generator, dtype=torch.float64)).abs()
        yield {
            "policyChosen": policy[0].item(),
            "policyRejected": policy[1].item(),
            "referenceChosen": reference[0].item(),
            "referenceRejected": reference[1].item(),
            "chosenTokens": int(tokens[0]),
            "rejectedTokens": int(tokens[1]),
            "chosenSafe": bool(index // 2 % 2),
            "rejectedSafe": bool(index % 2),
        }


def settings_grid():
    for tau in (0.01, 0.1, 0.5, 1.0, 7.0):
        for reduction in ("sum", "mean"):
            yield "dpo", {"tau": tau, "reduction": reduction}
            yield "ipo", {"tau": tau, "reduction": reduction}
            for alpha, b1 in ((0.5, 3.0), (0.0, 3.0), (0.25, 2.0), (0.9, 1.25), (-0.5, 10.0)):
                yield "bfpo", {"tau": tau, "alpha": alpha, "b1": b1, "reduction": reduction}


def differentiated(objective, settings, pair):
    """Loss, and its derivatives by policyChosen and policyRejected."""
    row = {k: torch.tensor(float(v), dtype=torch.float64) for k, v in pair.items()}
    leaves = [row["policyChosen"].requires_grad_(), row["policyRejected"].requires_grad_()]
    value = loss(objective, settings, row)
    chosen, rejected = torch.autograd.grad(value, leaves)
    return {"loss": value.item(), "dChosen": chosen.item(), "dRejected": rejected.item()}


def trl_differentiated(loss_type, beta, pair):
    """The same from TRL's DPOTrainer, on a batch of this one pair."""
    from trl import DPOTrainer

    counts = torch.tensor([pair["chosenTokens"], pair["rejectedTokens"]])
    length = int(counts.max())
    mask = (torch.arange(length)[None] < counts[:, None]).double()

    def per_token(name):
        totals = torch.tensor([pair[name + "Chosen"], pair[name + "Rejected"]], dtype=torch.float64)
        return mask * (totals / counts)[:, None]

    policy = per_token("policy").requires_grad_()
    reference = per_token("reference")

    def outputs(log_probabilities):
        zeros = torch.zeros_like(mask)
        return types.SimpleNamespace(log_probs=log_probabilities, entropy=zeros, mean_logits=zeros, is_top1=zeros.bool())

    def identity(value):
        return value

    trainer = types.SimpleNamespace(
        model=types.SimpleNamespace(training=True),
        accelerator=types.SimpleNamespace(device="cpu", gather=identity, gather_for_metrics=identity),
        aux_loss_enabled=False,
        ld_alpha=None,
        precompute_ref_logps=True,
        f_divergence_type="reverse_kl",
        loss_types=[loss_type],
        loss_weights=[1.0],
        beta=beta,
        use_weighting=False,
        _metrics={"train": collections.defaultdict(list)},
        _total_train_tokens=0,
        _tp_size=1,
    )
    completion = torch.cat([torch.zeros(2, 1), mask], 1).long()
    inputs = {
        "input_ids": torch.zeros_like(completion),
        "attention_mask": torch.ones_like(completion),
        "completion_mask": completion,
        "ref_chosen_logps": reference[:1].sum(1),
        "ref_rejected_logps": reference[1:].sum(1),
    }
    value = DPOTrainer._compute_loss(trainer, lambda **_: outputs(policy), inputs, return_outputs=False)
    value.backward()
    return {"loss": value.item(), "dChosen": policy.grad[0, 0].item(), "dRejected": policy.grad[1, 0].item()}


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", default=ROOT / "Tests/Golden/losses.json")
    parser.add_argument("--per-setting", type=int, default=5)
    options = parser.parse_args()
    torch.set_num_threads(1)
    generator = torch.Generator().manual_seed(20250)
    rows = []
    for objective, settings in settings_grid():
        for pair in random_pairs(generator, options.per_setting):
            rows.append({"objective": objective, "set": settings, "pair": pair} | differentiated(objective, settings, pair))
    for loss_type, objective, reduction in (("sigmoid", "dpo", "sum"), ("ipo", "ipo", "mean")):
        for beta in (0.01, 0.1, 0.5):
            for pair in random_pairs(generator, 5):
                settings = {"tau": beta, "reduction": reduction}
                theirs = trl_differentiated(loss_type, beta, pair)
                ours = differentiated(objective, settings, pair)
                for name, value in theirs.items():
                    assert abs(value - ours[name]) <= 1e-9 * max(1, abs(value)), (loss_type, name, value, ours[name])
                rows.append({"objective": objective, "set": settings, "trl": loss_type, "pair": pair} | theirs)
    head = {
        "about": "made by Tests/Peers/losses.py: loss and derivatives by the summed policy log-probabilities, float64",
        "versions": versions("torch", "trl"),
    }
    dump(options.output, head, rows)
    print(len(rows), "rows")


if __name__ == "__main__":
    main()
