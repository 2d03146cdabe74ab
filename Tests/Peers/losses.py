"""Losses and derivatives of every direct objective by automatic differentiation in float64, beside TRL's own loss.

Writes Tests/Golden/losses.json. Each row holds an input line of `bfpo loss`, the objective with its settings, and the expected
output: the loss and its derivatives by the *summed* log-probabilities of the chosen and the rejected response.

`trl` rows were computed by `DPOTrainer._compute_loss` itself, run on a stand-in model whose per-token log-probabilities add up to
the row's (TRL computes the loss inside that method, so nothing smaller can be called). What differs between TRL and us:
  * TRL's `beta` is our `tau` in both losses.
  * TRL's `ipo` divides each log-ratio by the response's token count before taking the margin: our `reduction=mean`. Our default,
    `sum`, is the paper's formula on log pi(y|x), and its tau is not comparable.
  * TRL counts the end-of-turn token as part of the response, and so do we.
  * TRL averages the batch; the rows here are single pairs.
TRL has no BFPO, SafeDPO, BSO, constrained DPO, MoCAN, PeCAN and MODPO. `trl` rows of the other relatives hold our float64 numbers after
they were found equal to TRL's:
  * `hinge`, `robust`: `DPOTrainer._compute_loss` as above.
  * conservative DPO: TRL's DPO no longer smooths labels, but its CPO does: `CPOTrainer.cpo_loss` on log-ratios.
  * `cpo`, `simpo`: `CPOTrainer.cpo_loss`; the likelihood term (`cpo_alpha`) is TRL's average over the batch's tokens, ours is not, and
    is added here. `orpo`: `ORPOTrainer.odds_ratio_loss`, which computes in float32; the likelihood term is added here.
  * `kto`: `KTOTrainer._compute_loss` on a desirable and an undesirable response; it averages over responses (half of ours) and has one
    KL estimate for both.
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
    return derivatives(value, leaves)


def derivatives(value, leaves):
    gradients = torch.autograd.grad(value, leaves, allow_unused=True)
    chosen, rejected = (0.0 if gradient is None else gradient.item() for gradient in gradients)
    return {"loss": value.item(), "dChosen": chosen, "dRejected": rejected}


def trl_differentiated(loss_type, beta, pair, label_smoothing=0.0):
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
        label_smoothing=label_smoothing,
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


def labelled_pairs(generator, count, spreads):
    """Pairs with scores, a multiplier and the means of a batch as well."""
    for index in range(count):
        spread = spreads[index % len(spreads)]
        tokens = torch.randint(1, 60, (2,), generator=generator)
        normal = torch.randn(8, generator=generator, dtype=torch.float64).tolist()
        uniform = torch.rand(3, generator=generator, dtype=torch.float64).tolist()
        reference = [-int(tokens[i]) * (0.05 + 2 * uniform[i]) for i in range(2)]
        yield {
            "policyChosen": -abs(reference[0] + spread * normal[0]),
            "policyRejected": -abs(reference[1] + spread * normal[1]),
            "referenceChosen": reference[0],
            "referenceRejected": reference[1],
            "chosenTokens": int(tokens[0]),
            "rejectedTokens": int(tokens[1]),
            "chosenSafe": bool(index // 2 % 2),
            "rejectedSafe": bool(index % 2),
            "chosenReward": normal[2],
            "rejectedReward": normal[3],
            "chosenCost": normal[4],
            "rejectedCost": normal[5],
            "multiplier": 3 * uniform[2],
            "batchChosen": 2 * normal[6],
            "batchRejected": 2 * normal[7],
        }


def relatives_grid():
    """Objectives after the first three, with the sizes of log-ratios at which PyTorch's own rounding stays below 1e-10."""
    wide, narrow = (1e-3, 0.3, 3.0, 30.0, 300.0), (1e-3, 0.3, 3.0)
    for reduction in ("sum", "mean"):
        yield "sft", {"reduction": reduction}, wide
        for tau in (0.05, 2.0):
            base = {"tau": tau, "reduction": reduction}
            for epsilon in (0.0, 0.1, 0.4):
                yield "conservative-dpo", base | {"epsilon": epsilon}, wide
                yield "robust-dpo", base | {"epsilon": epsilon}, wide
            yield "hinge", base, wide
            for delta, keep in ((10.0, False), (2.0, True)):
                yield "safedpo", base | {"delta": delta, "keepUnsafePairs": keep}, wide
            for anchor in (1.0, 0.2):
                yield "dpo-sft", base | {"anchor": anchor}, wide
                yield "cpo", base | {"anchor": anchor}, wide
            yield "simpo", base | {"gamma": 0.5}, wide
            for identifier in ("constrained-dpo", "mocan", "pecan"):
                yield identifier, base, wide
            for weight in (0.3, 0.9):
                yield "modpo", base | {"safetyWeight": weight}, wide
            for desirable, undesirable in ((1.0, 1.0), (2.0, 0.5)):
                weights = {"lambdaDesirable": desirable, "lambdaUndesirable": undesirable}
                yield "kto", base | weights, narrow
                yield "safe-kto", base | weights, narrow
            for generator in ("logistic", "kliep", "lsif", "sba"):
                settings = {"generator": generator, "shift": 5.0, "lambda": 0.3, "scale": 4.0, "keepUnsafePairs": True}
                yield "bso", base | settings, narrow
        for weight in (0.1, 1.0):
            yield "orpo", {"lambda": weight, "reduction": reduction}, wide


def leaves_of(pair):
    return [torch.tensor([pair[n]], dtype=torch.float64, requires_grad=True) for n in ("policyChosen", "policyRejected")]


def trl_cpo(loss_type, settings, pair, log_ratios=False):
    """`CPOTrainer.cpo_loss` (also of log-ratios), with the likelihood term added."""
    from trl.experimental.cpo import CPOTrainer

    leaves = leaves_of(pair)
    values = [leaf - pair[n] * log_ratios for leaf, n in zip(leaves, ("referenceChosen", "referenceRejected"))]
    if settings["reduction"] == "mean":
        values = [values[0] / pair["chosenTokens"], values[1] / pair["rejectedTokens"]]
    trainer = types.SimpleNamespace(
        loss_type=loss_type, beta=settings["tau"], alpha=0.0, label_smoothing=settings.get("epsilon", 0.0),
        simpo_gamma=settings.get("gamma", 0.0), accelerator=types.SimpleNamespace(device="cpu"),
    )  # fmt: skip
    value = CPOTrainer.cpo_loss(trainer, *values)[0].sum() - settings.get("anchor", 0.0) * values[0].sum()
    return derivatives(value, leaves)


def trl_orpo(settings, pair):
    """`ORPOTrainer.odds_ratio_loss`, with the likelihood term added."""
    from trl.experimental.orpo import ORPOTrainer

    leaves = leaves_of(pair)
    values = [leaves[0] / pair["chosenTokens"], leaves[1] / pair["rejectedTokens"]]
    trainer = types.SimpleNamespace(beta=settings["lambda"], accelerator=types.SimpleNamespace(device="cpu"))
    value = -values[0].sum() - ORPOTrainer.odds_ratio_loss(trainer, *values)[0].sum()
    return derivatives(value, leaves)


def trl_kto(settings, pair):
    """`KTOTrainer._compute_loss` on the two responses of a pair, with one KL estimate for both."""
    from trl import KTOTrainer

    leaves = leaves_of(pair)
    ids, kl_ids = torch.zeros(2, 2).long(), torch.ones(2, 2).long()

    def model(input_ids, **_):
        is_kl = bool((input_ids == 1).all())
        values = torch.full((2, 1), pair["batchChosen"], dtype=torch.float64) if is_kl else torch.stack(leaves)
        zeros = torch.zeros_like(values)
        return types.SimpleNamespace(log_probs=values, entropy=zeros, mean_logits=zeros, is_top1=zeros.bool())

    def identity(value):
        return value

    trainer = types.SimpleNamespace(
        model=types.SimpleNamespace(training=True), calculate_KL=True, aux_loss_enabled=False, precompute_ref_logps=True,
        accelerator=types.SimpleNamespace(device="cpu", gather=identity, gather_for_metrics=identity), loss_type="kto",
        beta=settings["tau"], desirable_weight=settings["lambdaDesirable"],
        undesirable_weight=settings["lambdaUndesirable"], _metrics={"train": collections.defaultdict(list)},
        _total_train_tokens=0, _tp_size=1,
    )  # fmt: skip
    trainer._compute_kl_logps = lambda *a: KTOTrainer._compute_kl_logps(trainer, *a)
    mask = torch.tensor([[0, 1], [0, 1]])
    reference = torch.tensor([pair["referenceChosen"], pair["referenceRejected"]], dtype=torch.float64)
    inputs = {
        "input_ids": ids, "attention_mask": torch.ones_like(ids), "completion_mask": mask, "label": torch.tensor([True, False]),
        "KL_input_ids": kl_ids, "KL_attention_mask": torch.ones_like(ids), "KL_completion_mask": mask,
        "ref_logps": reference, "ref_KL_logps": torch.zeros(2, dtype=torch.float64),
    }  # fmt: skip
    value = KTOTrainer._compute_loss(trainer, model, inputs, return_outputs=False)
    return {name: 2 * number for name, number in derivatives(value, leaves).items()}


def trl_relatives(generator):
    """Rows of the relatives that TRL has as well: settings, a pair and TRL's numbers."""
    spreads = (1e-3, 0.3, 3.0)
    for tau in (0.1, 0.5):
        summed, averaged = {"tau": tau, "reduction": "sum"}, {"tau": tau, "reduction": "mean"}
        for pair in labelled_pairs(generator, 4, spreads):
            noisy = summed | {"epsilon": 0.2}
            yield "hinge", "hinge", summed, pair, trl_differentiated("hinge", tau, pair), 1e-9
            yield "robust", "robust-dpo", noisy, pair, trl_differentiated("robust", tau, pair, 0.2), 1e-9
            yield "cpo sigmoid", "conservative-dpo", noisy, pair, trl_cpo("sigmoid", noisy, pair, True), 1e-9
            anchored = summed | {"anchor": 1.0}
            yield "cpo sigmoid", "cpo", anchored, pair, trl_cpo("sigmoid", anchored, pair), 1e-9
            gap = averaged | {"gamma": 0.5}
            yield "simpo", "simpo", gap, pair, trl_cpo("simpo", gap, pair), 1e-9
            weight = {"lambda": tau, "reduction": "mean"}
            yield "orpo", "orpo", weight, pair, trl_orpo(weight, pair), 1e-4
            prospects = summed | {"lambdaDesirable": 1.5, "lambdaUndesirable": 0.7}
            alike = pair | {"batchRejected": pair["batchChosen"]}
            yield "kto", "kto", prospects, alike, trl_kto(prospects, alike), 1e-9


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
    generator = torch.Generator().manual_seed(20260)
    for objective, settings, spreads in relatives_grid():
        for pair in labelled_pairs(generator, options.per_setting, spreads):
            rows.append({"objective": objective, "set": settings, "pair": pair} | differentiated(objective, settings, pair))
    for kind, objective, settings, pair, theirs, tolerance in trl_relatives(generator):
        ours = differentiated(objective, settings, pair)
        for name, value in theirs.items():
            assert abs(value - ours[name]) <= tolerance * max(1, abs(value)), (kind, objective, name, value, ours[name])
        rows.append({"objective": objective, "set": settings, "trl": kind, "pair": pair} | ours)
    head = {
        "about": "made by Tests/Peers/losses.py: loss and derivatives by the summed policy log-probabilities, float64",
        "versions": versions("torch", "trl"),
    }
    dump(options.output, head, rows)
    print(len(rows), "rows")


if __name__ == "__main__":
    main()
