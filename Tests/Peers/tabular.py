"""The tabular problem in NumPy (float64): full-batch Adam on a softmax policy over prompts x responses.

Writes Tests/Golden/tabular.json. No PyTorch and no automatic differentiation: derivatives are written by hand from

    log pi(y|x) = theta[x, y] - logsumexp_y theta[x, .]        theta starts at log pi_ref
    h = log pi(w|x) - log ref(w|x) - log pi(l|x) + log ref(l|x)  = theta[x,w] - theta[x,l] - log ref(w|x) + log ref(l|x)
    loss = mean over pairs of L(h)

and Adam (Kingma & Ba 2015) with bias-corrected moments, epsilon added to the root of the corrected second moment.
"""

import argparse
import pathlib

import numpy as np

from objectives import dump, versions

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Prompt, chosen, rejected, chosen is safe, rejected is safe; in helpfulness order.
PAIRS = [
    (0, 0, 1, True, False),
    (0, 2, 1, False, True),
    (0, 3, 2, True, True),
    (0, 1, 3, False, False),
    (1, 1, 0, True, True),
    (1, 1, 2, True, False),
    (1, 3, 0, False, True),
    (2, 2, 3, False, False),
    (2, 0, 3, False, True),
    (2, 0, 1, True, True),
    (2, 0, 1, True, False),
]
REFERENCES = {
    "uniform": np.full((3, 4), 0.25),
    "skewed": np.array([[0.7, 0.1, 0.15, 0.05], [0.02, 0.9, 0.03, 0.05], [0.4, 0.3, 0.2, 0.1]]),
}


def derivative(objective, settings, h, safe):
    """L(h) and L'(h) of each pair."""
    tau = settings["tau"]
    if objective == "dpo":
        return np.logaddexp(0, -tau * h), -tau / (1 + np.exp(tau * h))
    if objective == "ipo":
        target = np.full_like(h, 0.5 / tau)
    else:
        alpha, b1 = settings["alpha"], settings["b1"]
        target = ((b1 * safe[:, 0] - safe[:, 1]) / (b1 - 1) - alpha) / tau
    return (h - target) ** 2, 2 * (h - target)


def logsumexp(theta):
    top = theta.max(1, keepdims=True)
    return top + np.log(np.exp(theta - top).sum(1, keepdims=True))


def train(objective, settings, reference, pairs, steps, rate=0.01):
    """The loss before each step, and the final logits [prompts, responses]."""
    x, w, l = (np.array([p[i] for p in pairs]) for i in range(3))
    safe = np.array([p[3:] for p in pairs], dtype=np.float64)
    log_reference = np.log(reference)
    theta = log_reference.copy()
    first, second = np.zeros_like(theta), np.zeros_like(theta)
    losses = []
    for step in range(1, steps + 1):
        log_pi = theta - logsumexp(theta)
        ratio = log_pi - log_reference
        value, slope = derivative(objective, settings, ratio[x, w] - ratio[x, l], safe)
        losses.append(float(value.mean()))
        gradient = np.zeros_like(theta)
        # d log pi(y|x) / d theta[x, .] = onehot(y) - pi(.|x): the two softmax terms cancel, and are kept for independence.
        pi = np.exp(log_pi)
        for i in range(len(pairs)):
            for y, cotangent in ((w[i], slope[i]), (l[i], -slope[i])):
                gradient[x[i]] -= cotangent * pi[x[i]] / len(pairs)
                gradient[x[i], y] += cotangent / len(pairs)
        first = 0.9 * first + 0.1 * gradient
        second = 0.999 * second + 0.001 * gradient**2
        theta = theta - rate * (first / (1 - 0.9**step)) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
    return losses, theta


def four_actions(safe_set):
    """The six pairs of four actions, helpfulness falling with the index, two of them safe (methods: BFPO's illustration)."""
    safe = [y in safe_set for y in range(4)]
    return [(0, y, z, safe[y], safe[z]) for y in range(4) for z in range(y + 1, 4)]


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--output", default=ROOT / "Tests/Golden/tabular.json")
    options = parser.parse_args()
    runs = []
    for name, reference in REFERENCES.items():
        for objective, settings in (
            ("dpo", {"tau": 0.1}),
            ("dpo", {"tau": 1.0}),
            ("ipo", {"tau": 0.5}),
            ("bfpo", {"tau": 1.0, "alpha": 0.5, "b1": 3.0}),
            ("bfpo", {"tau": 0.2, "alpha": 0.25, "b1": 2.0}),
        ):
            losses, theta = train(objective, settings, reference, PAIRS, 50)
            runs.append(
                {"objective": objective, "set": settings, "reference": name, "losses": losses, "logits": theta.tolist()}
            )
    optima = []
    ranks = np.exp([0.625, 0.375, -0.375, -0.625])
    ranks /= ranks.sum()
    for a in range(4):
        for b in range(a + 1, 4):
            unsafe = [y for y in range(4) if y not in (a, b)]
            exact = np.zeros(4)
            exact[[a, b, unsafe[1], unsafe[0]]] = ranks
            settings = {"tau": 1.0, "alpha": 0.5, "b1": 3.0}
            _, theta = train("bfpo", settings, np.full((1, 4), 0.25), four_actions((a, b)), 1800)
            pi = np.exp(theta - logsumexp(theta))[0]
            assert np.abs(pi - exact).max() < 1e-3, (a, b, pi, exact)
            optima.append({"safe": [a, b], "optimum": exact.tolist(), "adam1800": pi.tolist()})
    head = {
        "about": "made by Tests/Peers/tabular.py: full-batch Adam(.9, .999, 1e-8), rate .01, 50 steps, theta from log pi_ref,"
        " float64; `losses` before each step; `fourActions`: BFPO's optimum by safe set, actions in falling helpfulness,"
        " and what 1800 full-batch steps reach",
        "versions": versions("numpy"),
        "rate": 0.01,
        "references": {k: v.tolist() for k, v in REFERENCES.items()},
        "pairs": [dict(zip(("prompt", "chosen", "rejected", "chosenSafe", "rejectedSafe"), p)) for p in PAIRS],
        "fourActions": optima,
    }
    dump(options.output, head, runs, key="runs")


if __name__ == "__main__":
    main()
