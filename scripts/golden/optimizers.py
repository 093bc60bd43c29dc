"""Golden values: twenty updates by PyTorch's optimizers, twenty steps of its schedulers, in double precision.

    python3 scripts/golden/optimizers.py > src/training/testing/pytorch-optimizers.json

One tensor of six numbers under weight decay, one of three without. LAMB is not in PyTorch: it is written here, from the paper.
"""

import json

import torch

STEPS = 20
DECAY = 0.02
torch.manual_seed(5)
START = [torch.randn(6, dtype=torch.float64), torch.randn(3, dtype=torch.float64)]
GRADIENTS = [[torch.randn_like(tensor) for tensor in START] for _ in range(STEPS)]


class Lamb(torch.optim.Optimizer):
    """You et al. 2020, arXiv:1904.00962, algorithm 2; the trust ratio for groups under weight decay alone."""

    def __init__(self, groups, lr, betas, eps):
        super().__init__(groups, dict(lr=lr, betas=betas, eps=eps, weight_decay=0))

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            (beta1, beta2), decay = group["betas"], group["weight_decay"]
            for p in group["params"]:
                state = self.state[p]
                t = state["t"] = state.get("t", 0) + 1
                m = state["m"] = beta1 * state.get("m", torch.zeros_like(p)) + (1 - beta1) * p.grad
                v = state["v"] = beta2 * state.get("v", torch.zeros_like(p)) + (1 - beta2) * p.grad**2
                u = (m / (1 - beta1**t)) / ((v / (1 - beta2**t)).sqrt() + group["eps"]) + decay * p
                trust = p.norm() / u.norm() if decay else 1.0
                p -= group["lr"] * trust * u


OPTIMIZERS = {
    "sgd": lambda groups: torch.optim.SGD(groups, lr=0.1, momentum=0.9),
    "nesterov": lambda groups: torch.optim.SGD(groups, lr=0.1, momentum=0.9, nesterov=True),
    "adamw": lambda groups: torch.optim.AdamW(groups, lr=0.1, betas=(0.9, 0.999), eps=1e-8),
    "lamb": lambda groups: Lamb(groups, lr=0.1, betas=(0.9, 0.999), eps=1e-6),
}


def run(create, clip):
    tensors = [tensor.clone().requires_grad_() for tensor in START]
    optimizer = create([
        {"params": tensors[:1], "weight_decay": DECAY},
        {"params": tensors[1:], "weight_decay": 0.0},
    ])
    rows = []
    for gradients in GRADIENTS:
        for tensor, gradient in zip(tensors, gradients):
            tensor.grad = gradient.clone()
        if clip is not None:
            torch.nn.utils.clip_grad_norm_(tensors, clip)
        optimizer.step()
        rows.append(torch.cat([tensor.detach() for tensor in tensors]).tolist())
    return rows


def rates(create):
    """What the first twenty updates use, at a top of 1 and five updates an epoch."""
    optimizer = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    scheduler = create(optimizer)
    found = []
    for _ in range(STEPS):
        found.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return found


schedulers = torch.optim.lr_scheduler
SCHEDULES = {
    "cosine": lambda o: schedulers.CosineAnnealingLR(o, T_max=STEPS),
    "exponential": lambda o: schedulers.ExponentialLR(o, gamma=0.97 ** (1 / (5 * 2.4))),
    "exponential in steps": lambda o: schedulers.StepLR(o, step_size=10, gamma=0.973),
    # PyTorch counts to the last update, one before the end of the run; its top is here at the sixth of twenty.
    "one-cycle": lambda o: schedulers.OneCycleLR(o, max_lr=1.0, total_steps=STEPS + 1, pct_start=7 / 21),
    "warm-up, then cosine": lambda o: schedulers.SequentialLR(
        o,
        [schedulers.LinearLR(o, start_factor=1e-12, total_iters=5), schedulers.CosineAnnealingLR(o, T_max=15)],
        milestones=[5],
    ),
}

print(json.dumps({
    "source": f"PyTorch {torch.__version__}",
    "start": torch.cat(START).tolist(),
    "gradients": [torch.cat(gradients).tolist() for gradients in GRADIENTS],
    "optimizers": {name: run(create, None) for name, create in OPTIMIZERS.items()},
    "clipped": run(OPTIMIZERS["sgd"], 1.5),
    "schedules": {name: rates(create) for name, create in SCHEDULES.items()},
}))
