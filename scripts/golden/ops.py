"""Values and gradients of the main ops by PyTorch, for src/ops/golden.test.ts.

    python3 scripts/golden/ops.py > src/ops/testing/golden.json && npx biome format --write src/ops/testing/golden.json

Inputs are not stored: number i of tensor t is ((37·i + 11·t) mod 41 − 20) / 4 + 1/8, exact in every float type and away from the
kinks at ±3. All is computed in float64 and rounded to 7 digits. Every loss is Σ r · y with r such a tensor too, except for
the cross-entropy.
"""

import json

import torch
import torch.nn.functional as F


def numbers(t, *shape, scale=1.0):
    i = torch.arange(torch.Size(shape).numel(), dtype=torch.float64)
    values = ((37 * i + 11 * t) % 41 - 20) / 4 + 1 / 8
    return (values * scale).reshape(shape).requires_grad_()


def case(output, *inputs, loss=None):
    if loss is None:
        loss = (output * numbers(9, *output.shape).detach()).sum()
    gradients = torch.autograd.grad(loss, inputs)
    digits = lambda tensor: [float(f"{number:.7g}") for number in tensor.flatten().tolist()]
    return {"output": digits(output), "gradients": [digits(gradient) for gradient in gradients]}


def cross_entropy():
    logits, targets = numbers(0, 3, 4), numbers(1, 3, 4).detach().softmax(1)
    logarithms = F.log_softmax(logits, 1)
    return case(logarithms, logits, loss=-(targets * logarithms).sum() / 3)


def batch_norm():
    x, gamma, beta = numbers(0, 2, 3, 2, 3), numbers(1, 3), numbers(2, 3)
    return case(F.batch_norm(x, None, None, gamma, beta, training=True, eps=1e-3), x, gamma, beta)


def convolution(stride, groups, weight_shape):
    x, w, b = numbers(0, 2, 2, 5, 4), numbers(1, *weight_shape), numbers(2, weight_shape[0])
    return case(F.conv2d(x, w, b, stride=stride, padding=1, groups=groups), x, w, b)


def activation(f):
    x = numbers(0, 41)
    return case(f(x), x)


print(
    json.dumps(
        {
            "program": f"PyTorch {torch.__version__}, float64, CPU; scripts/golden/ops.py",
            "conv2d": convolution(1, 1, (3, 2, 3, 3)),
            "depthwiseConv2d": convolution(2, 2, (2, 1, 3, 3)),
            "batchNorm": batch_norm(),
            "hardSwish": activation(F.hardswish),
            "silu": activation(F.silu),
            "crossEntropy": cross_entropy(),
        },
    ).replace('}, "', '},\n "')
)
