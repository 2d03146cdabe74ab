"""The 4-action toy in PyTorch: toy_torch.py single|batched

A softmax policy over 4 actions learns from 6 fixed pairs: 1,800 Adam steps at rate 0.01, 32 pairs drawn a step.
`single` is one run by autograd, as one writes it. `batched` is 2,450 runs side by side (5 objectives × 7 τ × 7 α × 10 seeds), the
gradient by hand, which is 4 times as fast as batched autograd.
"""

import sys

import torch

from common import THREADS, clocked, report

torch.set_num_threads(THREADS)
ACTIONS, STEPS, BATCH, RATE = 4, 1800, 32, 0.01
WINNER = torch.tensor([0, 0, 0, 1, 1, 2])
LOSER = torch.tensor([1, 2, 3, 2, 3, 3])
SAFE = torch.tensor([1.0, 0.0, 0.0, 1.0])


def targets(tau, alpha):
    """BFPO's g/τ of each pair, [runs, 6]."""
    return (1.5 * SAFE[WINNER] - 0.5 * SAFE[LOSER] - alpha) / tau


def single():
    draws = torch.Generator().manual_seed(0)
    theta = torch.zeros(ACTIONS, requires_grad=True)
    optimiser = torch.optim.Adam([theta], lr=RATE)
    target = targets(1.0, 0.5)
    for _ in range(STEPS):
        pair = torch.randint(0, 6, (BATCH,), generator=draws)
        log_policy = torch.log_softmax(theta, -1)
        h = log_policy[WINNER[pair]] - log_policy[LOSER[pair]]
        loss = ((h - target[pair]) ** 2).mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    return torch.softmax(theta.detach(), -1)


def batched():
    """BFPO, IPO, DPO, conservative DPO (ε = 0.1) and hinge; the policy's normaliser cancels in h."""
    grid = torch.cartesian_prod(
        torch.arange(5.0), torch.tensor([0.05, 0.1, 0.25, 0.5, 1, 2, 5]), torch.linspace(0, 1, 7), torch.arange(10.0)
    )
    is_objective = [(grid[:, :1] == k).float() for k in range(5)]
    tau, runs = grid[:, 1:2], len(grid)
    target = targets(tau, grid[:, 2:3])
    ends = torch.zeros(6, ACTIONS)
    ends[torch.arange(6), WINNER] = 1
    ends[torch.arange(6), LOSER] = -1
    draws = torch.Generator().manual_seed(0)
    theta, m, v = (torch.zeros(runs, ACTIONS) for _ in range(3))
    ones = torch.ones(runs, BATCH)
    for step in range(1, STEPS + 1):
        pair = torch.randint(0, 6, (runs, BATCH), generator=draws)
        count = torch.zeros(runs, 6).scatter_add_(1, pair, ones)
        h = theta @ ends.T
        s = torch.sigmoid(-tau * h)
        slope = (
            is_objective[0] * 2 * (h - target)
            + is_objective[1] * 2 * (h - 0.5 / tau)
            - is_objective[2] * tau * s
            - is_objective[3] * tau * (s - 0.1)
            - is_objective[4] * tau * (tau * h < 1)
        )
        gradient = (slope * count / BATCH) @ ends
        m.mul_(0.9).add_(gradient, alpha=0.1)
        v.mul_(0.999).addcmul_(gradient, gradient, value=0.001)
        theta = theta - RATE * (m / (1 - 0.9**step)) / ((v / (1 - 0.999**step)).sqrt_() + 1e-8)
    policy = torch.softmax(theta, -1)
    return policy[(grid[:, 0] == 0) & (grid[:, 1] == 1) & (grid[:, 2] == 0.5)].mean(0)


kind = sys.argv[1]
work, repeats = (single, 3) if kind == "single" else (batched, 2)
if kind == "single":
    work()
runs = [clocked(work) for _ in range(repeats)]
report(f"toy.torch.{kind}", [s for s, _ in runs], policy=runs[-1][1].tolist())
