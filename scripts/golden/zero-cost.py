"""Zero-cost scores in PyTorch, double precision, by their definitions: synflow, NASWOT, gradient norm.

    python3 scripts/golden/zero-cost.py FOLDER            # what zero-cost.ts wrote: ours beside PyTorch's
    python3 scripts/golden/zero-cost.py FOLDER --golden > src/proxies/testing/pytorch.json

The networks are put together from the rows of the table by the layers of papers.py; nothing of our graphs is used. Synflow as in
github.com/SamsungLabs/zero-cost-nas: |weights|, no batch norm, an image of ones, and here ReLU for every activation; the
sum of |weight * gradient| over convolutions and classifier. NASWOT as in github.com/BayesWatch/nas-without-training: binary codes,
K = codes * codes' + (1 - codes) * (1 - codes)', slogdet; for other activations than ReLU the code is the sign as well.
"""

import json
import sys

import numpy
import torch
import torch.nn.functional as F

import papers
from exchange import read_cases

ACTIVATIONS = {"relu": torch.relu, "relu6": papers.relu6, "hardSwish": papers.hard_swish, "silu": papers.silu}
GATES = {"sigmoid": torch.sigmoid, "hardSigmoid": papers.hard_sigmoid}


def network(w, x, table, activation):
    """activation: from a name in the table to a function."""
    stem, head = table["stem"], table["head"]
    x = papers.conv(w, x, stem["channels"], stem["kernel"], stem["stride"], activation(stem["activation"]))
    for row in table["stages"]:
        for i in range(row["repeats"]):
            stride, act = row["stride"] if i == 0 else 1, activation(row["activation"])
            if row["block"] == "separable":
                x = papers.depthwise(w, x, row["kernel"], stride, act)
                x = papers.conv(w, x, row["channels"], 1, 1, act)
                continue
            c = x.shape[1]
            wide = c if row["expansion"] == 1 else papers.make_divisible(c * row["expansion"])
            excite = row["squeezeExcite"]
            if excite is not None:
                width = (wide if excite["of"] == "expanded" else c) * excite["ratio"]
                divisor = excite["divisor"]
                squeezed = max(1, int(width)) if divisor == 1 else papers.make_divisible(width, divisor)
                excite = (squeezed, activation(excite["activation"]), GATES[excite["gate"]])
            x = papers.mbconv(w, x, wide, row["channels"], row["kernel"], stride, act, excite, row["residual"])
    if head["conv"] is not None:
        x = papers.conv(w, x, head["conv"], 1, 1, activation(head["activation"]))
    x = x.mean((2, 3))
    if head["hidden"] is not None:
        x = activation(head["activation"])(papers.dense(w, x, head["hidden"]))
    return papers.dense(w, x, table["classes"])


def without_norm(w, x):
    for kind in ("gamma", "beta", "mean", "variance"):
        w.take(kind, x.shape[1])
    return x


def weights_of(facts, tensors, change=lambda values: values):
    decayed = {tensor["name"] for tensor in facts["tensors"] if tensor["decay"]}
    return [(name, change(values).clone().requires_grad_(name in decayed)) for name, values in tensors]


def synflow(facts, tensors):
    leaves = weights_of(facts, tensors, torch.abs)
    table = facts["architecture"]
    ones = torch.ones(1, table["channels"], table["resolution"], table["resolution"], dtype=torch.float64)
    norm, papers.norm = papers.norm, without_norm
    try:
        network(papers.Weights(leaves), ones, table, lambda _: torch.relu).sum().backward()
    finally:
        papers.norm = norm
    return sum(float((leaf * leaf.grad).abs().sum()) for _, leaf in leaves if leaf.requires_grad)


def naswot_and_gradient_norm(facts, tensors, images):
    kernel = torch.zeros(len(images), len(images), dtype=torch.float64)

    def coded(name):
        def act(x):
            codes = (x > 0).double().flatten(1)
            kernel.add_(codes @ codes.T + (1 - codes) @ (1 - codes).T)
            return ACTIVATIONS[name](x)

        return act

    leaves = weights_of(facts, tensors)
    logits = network(papers.Weights(leaves, training=True), images, facts["architecture"], coded)
    F.cross_entropy(logits, torch.tensor(facts["labels"])).backward()
    norms = sum(float(leaf.grad.norm()) for _, leaf in leaves if leaf.requires_grad)
    return float(numpy.linalg.slogdet(kernel.numpy())[1]), norms


def main():
    golden, cases, agree = "--golden" in sys.argv[2:], [], True
    for path, facts, tensors, rest in read_cases(sys.argv[1]):
        side, count = facts["architecture"]["resolution"], len(facts["labels"])
        images = torch.from_numpy(rest).reshape(facts["architecture"]["channels"], count, side, side).transpose(0, 1)
        naswot, gradient_norm = naswot_and_gradient_norm(facts, tensors, images)
        scores = {"synflow": float(numpy.log(synflow(facts, tensors))), "naswot": naswot, "gradientNorm": gradient_norm}
        cases.append({"name": facts["name"], **{name: float(f"{value:.9g}") for name, value in scores.items()}})
        for name, value in scores.items():
            error = abs(facts["scores"][name] - value) / abs(value)
            agree &= error < 1e-3
            if not golden:
                print(f"{path.stem:20} {name:13} PyTorch {value:.9g}  ours {facts['scores'][name]:.9g}  off by {error:.0e}")
    if golden:
        program = f"PyTorch {torch.__version__}, float64, CPU; scripts/golden/zero-cost.py"
        print(json.dumps({"program": program, "cases": cases}))
    sys.exit(0 if agree else 1)


main()
