"""Compares our networks with the papers' definitions, written out here in plain PyTorch. Neither our tables nor torchvision's
networks went into this file: it was written from the papers and the released TensorFlow code, block by block.

    python3 scripts/golden/papers.py FOLDER            # what papers.ts wrote
    python3 scripts/golden/papers.py FOLDER --golden > src/networks/testing/papers.json

A network is one function over the image that takes its weights, in the order in which it needs them, from a `Weights`; that
checks each tensor's kind and the shape which the definition asks for. See exchange.py for what is printed.
"""

import math

import torch
import torch.nn.functional as F

from exchange import compare_logits

EPSILON = 1e-3  # of batch norm, in every TensorFlow release


class Weights:
    """training: batch norm uses the batch's own statistics and collects them, the variance divided by n - 1."""

    def __init__(self, tensors, training=False):
        self.left = list(reversed(tensors))
        self.training = training
        self.statistics = []

    def take(self, kind, *shape):
        name, values = self.left.pop()
        assert name.endswith("." + kind), f"{name}: the definition wants its {kind}"
        assert tuple(values.shape) == shape, f"{name} {tuple(values.shape)}: the definition wants {shape}"
        return values


def hard_sigmoid(x):
    return torch.clamp(x + 3, 0, 6) / 6


def hard_swish(x):
    return x * hard_sigmoid(x)


def relu6(x):
    return torch.clamp(x, 0, 6)


def silu(x):
    return x * torch.sigmoid(x)


def linear(x):
    return x


def make_divisible(v, divisor=8):
    n = max(divisor, int(v + divisor / 2) // divisor * divisor)
    return n + divisor if n < 0.9 * v else n


def same(x, k, s):
    """TensorFlow's SAME: enough zeros for ceil(n / s) places; of an odd number, the larger half at the end."""
    pads = []
    for n in (x.shape[3], x.shape[2]):  # F.pad begins with the last axis
        total = max((math.ceil(n / s) - 1) * s + k - n, 0)
        pads += [total // 2, total - total // 2]
    return F.pad(x, pads)


def norm(w, x):
    gamma, beta, mean, variance = (w.take(kind, x.shape[1]) for kind in ("gamma", "beta", "mean", "variance"))
    if w.training:
        mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3), unbiased=False)
        w.statistics += [mean, x.var((0, 2, 3), unbiased=True)]
    scale = gamma / torch.sqrt(variance + EPSILON)
    return x * scale[:, None, None] + (beta - mean * scale)[:, None, None]


def conv(w, x, out, k, s, act):
    return act(norm(w, F.conv2d(same(x, k, s), w.take("weight", out, x.shape[1], k, k), stride=s)))


def depthwise(w, x, k, s, act):
    c = x.shape[1]
    return act(norm(w, F.conv2d(same(x, k, s), w.take("weight", c, 1, k, k), stride=s, groups=c)))


def dense(w, x, out):
    """On a vector per image; 1 x 1 convolutions with bias in the releases."""
    weight = w.take("weight", out, x.shape[1], 1, 1)[:, :, 0, 0]
    return x @ weight.T + w.take("bias", out)


def squeeze_excite(w, x, squeezed, act, gate):
    y = act(dense(w, x.mean((2, 3)), squeezed))
    return x * gate(dense(w, y, x.shape[1]))[:, :, None, None]


def mbconv(w, x, expanded, out, k, s, act, se=None, skip=True):
    """MobileNetV2's block; se is (squeezed width, inner activation, gate). A block that does not widen has no expansion."""
    y = x if expanded == x.shape[1] else conv(w, x, expanded, 1, 1, act)
    y = depthwise(w, y, k, s, act)
    if se is not None:
        y = squeeze_excite(w, y, *se)
    y = conv(w, y, out, 1, 1, linear)
    return x + y if skip and s == 1 and x.shape[1] == out else y


# MobileNet, arXiv:1704.04861, table 1. The last depthwise has stride 1, not the printed 2; ReLU6 as in the release.
V1 = [(64, 1), (128, 2), (128, 1), (256, 2), (256, 1), (512, 2)] + 5 * [(512, 1)] + [(1024, 2), (1024, 1)]


def mobilenet_v1(w, x, width, classes):
    scaled = lambda c: max(int(c * width), 8)
    x = conv(w, x, scaled(32), 3, 2, relu6)
    for c, s in V1:
        x = conv(w, depthwise(w, x, 3, s, relu6), scaled(c), 1, 1, relu6)
    return dense(w, x.mean((2, 3)), classes)


# MobileNetV2, arXiv:1801.04381, table 2: t, c, n, s.
V2 = [(1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1)]


def mobilenet_v2(w, x, width, classes):
    x = conv(w, x, make_divisible(32 * width), 3, 2, relu6)
    for t, c, n, s in V2:
        for i in range(n):
            x = mbconv(w, x, t * x.shape[1], make_divisible(c * width), 3, s if i == 0 else 1, relu6)
    x = conv(w, x, make_divisible(1280 * max(1, width)), 1, 1, relu6)  # section 6.1: not narrowed
    return dense(w, x.mean((2, 3)), classes)


# MobileNetV3, arXiv:1905.02244, tables 1 and 2; expansions as the factors of the release, which hold at every width:
# kernel, expansion factor, out, squeeze-excite, h-swish, stride.
SE, HS, RE, NO = True, True, False, False
V3_LARGE = [
    (3, 1, 16, NO, RE, 1),
    (3, 4, 24, NO, RE, 2),
    (3, 3, 24, NO, RE, 1),
    (5, 3, 40, SE, RE, 2),
    (5, 3, 40, SE, RE, 1),
    (5, 3, 40, SE, RE, 1),
    (3, 6, 80, NO, HS, 2),
    (3, 2.5, 80, NO, HS, 1),
    (3, 184 / 80, 80, NO, HS, 1),
    (3, 184 / 80, 80, NO, HS, 1),
    (3, 6, 112, SE, HS, 1),
    (3, 6, 112, SE, HS, 1),
    (5, 6, 160, SE, HS, 2),
    (5, 6, 160, SE, HS, 1),
    (5, 6, 160, SE, HS, 1),
]
V3_SMALL = [
    (3, 1, 16, SE, RE, 2),
    (3, 72 / 16, 24, NO, RE, 2),
    (3, 88 / 24, 24, NO, RE, 1),
    (5, 4, 40, SE, HS, 2),
    (5, 6, 40, SE, HS, 1),
    (5, 6, 40, SE, HS, 1),
    (5, 3, 48, SE, HS, 1),
    (5, 3, 48, SE, HS, 1),
    (5, 6, 96, SE, HS, 2),
    (5, 6, 96, SE, HS, 1),
    (5, 6, 96, SE, HS, 1),
]


def mobilenet_v3(rows, last, hidden, minimalistic=False):
    def network(w, x, width, classes):
        swish = torch.relu if minimalistic else hard_swish
        x = conv(w, x, make_divisible(16 * width), 3, 2, swish)
        for k, factor, out, se, hs, s in rows:
            expanded = x.shape[1] if factor == 1 else make_divisible(x.shape[1] * factor)
            excite = (make_divisible(expanded * 0.25), torch.relu, hard_sigmoid) if se and not minimalistic else None
            act = swish if hs else torch.relu
            x = mbconv(w, x, expanded, make_divisible(out * width), 3 if minimalistic else k, s, act, excite)
        x = conv(w, x, make_divisible(last * width), 1, 1, swish).mean((2, 3))
        return dense(w, swish(dense(w, x, hidden)), classes)  # the layer after the pool has no norm, and is not scaled

    return network


# MnasNet, arXiv:1807.11626, figure 7 and the release's `mnasnet_models.py`: expansion, kernel, stride, out, repeats, SE.
MNASNET_A1 = [
    (1, 3, 1, 16, 1, NO),
    (6, 3, 2, 24, 2, NO),
    (3, 5, 2, 40, 3, SE),
    (6, 3, 2, 80, 4, NO),
    (6, 3, 1, 112, 2, SE),
    (6, 5, 2, 160, 3, SE),
    (6, 3, 1, 320, 1, NO),
]
MNASNET_B1 = [
    (1, 3, 1, 16, 1, NO),
    (3, 3, 2, 24, 3, NO),
    (3, 5, 2, 40, 3, NO),
    (6, 5, 2, 80, 3, NO),
    (6, 3, 1, 96, 2, NO),
    (6, 5, 2, 192, 4, NO),
    (6, 3, 1, 320, 1, NO),
]
MNASNET_SMALL = [
    (1, 3, 1, 8, 1, NO),
    (3, 3, 2, 16, 1, NO),
    (6, 3, 2, 16, 2, NO),
    (6, 5, 2, 32, 4, SE),
    (6, 3, 1, 32, 3, SE),
    (6, 5, 2, 88, 3, SE),
    (6, 3, 1, 144, 1, NO),
]


def mnasnet(stem, rows, unskipped):
    """unskipped: stages without residuals. Small's first is declared with 16 inputs and gets 8: the release sees no match."""

    def network(w, x, width, classes):
        x = conv(w, x, make_divisible(stem * width), 3, 2, torch.relu)
        for stage, (t, k, s, out, n, se) in enumerate(rows):
            for i in range(n):
                excite = (max(1, int(x.shape[1] * 0.25)), torch.relu, torch.sigmoid) if se else None
                wide, out_width = t * x.shape[1], make_divisible(out * width)
                x = mbconv(w, x, wide, out_width, k, s if i == 0 else 1, torch.relu, excite, stage not in unskipped)
        return dense(w, conv(w, x, 1280, 1, 1, torch.relu).mean((2, 3)), classes)

    return network


# EfficientNet, arXiv:1905.11946, table 1: expansion, kernel, stride, out, repeats.
B0 = [
    (1, 3, 1, 16, 1),
    (6, 3, 2, 24, 2),
    (6, 5, 2, 40, 2),
    (6, 3, 2, 80, 3),
    (6, 5, 1, 112, 3),
    (6, 5, 2, 192, 4),
    (6, 3, 1, 320, 1),
]
EFFICIENTNET = [(1.0, 1.0), (1.0, 1.1), (1.1, 1.2), (1.2, 1.4), (1.4, 1.8), (1.6, 2.2), (1.8, 2.6), (2.0, 3.1)]


def efficientnet(own_width, depth, lite=False):
    """Lite: ReLU6, no squeeze-excite, stem and head and the repeats of the two end stages as they are in B0."""

    def network(w, x, width, classes):
        act = relu6 if lite else silu
        scaled = lambda c: make_divisible(c * own_width * width)
        x = conv(w, x, 32 if lite else scaled(32), 3, 2, act)
        for stage, (t, k, s, out, n) in enumerate(B0):
            repeats = n if lite and stage in (0, 6) else math.ceil(n * depth)
            for i in range(repeats):
                excite = None if lite else (max(1, int(x.shape[1] * 0.25)), silu, torch.sigmoid)
                x = mbconv(w, x, t * x.shape[1], scaled(out), k, s if i == 0 else 1, act, excite)
        x = conv(w, x, 1280 if lite else scaled(1280), 1, 1, act)
        return dense(w, x.mean((2, 3)), classes)

    return network


# EfficientNetV2, arXiv:2104.00298, table 4, and the release's `effnetv2_configs.py`: fused, expansion, stride, out, repeats.
FUSED, MB = True, False
V2_B = [(FUSED, 1, 1, 16, 1), (FUSED, 4, 2, 32, 2), (FUSED, 4, 2, 48, 2), (MB, 4, 2, 96, 3), (MB, 6, 1, 112, 5), (MB, 6, 2, 192, 8)]
V2_S = [(FUSED, 1, 1, 24, 2), (FUSED, 4, 2, 48, 4), (FUSED, 4, 2, 64, 4), (MB, 4, 2, 128, 6), (MB, 6, 1, 160, 9), (MB, 6, 2, 256, 15)]


def nearest_multiple(v, divisor=8):
    """The release rounds so, whatever is lost."""
    return max(divisor, int(v + divisor / 2) // divisor * divisor)


def fused_mbconv(w, x, factor, out, s, act):
    """Figure 2: a dense 3 x 3 convolution and a projection; where nothing is widened, the convolution alone, with its activation."""
    y = conv(w, x, out, 3, s, act) if factor == 1 else conv(w, conv(w, x, factor * x.shape[1], 3, s, act), out, 1, 1, linear)
    return x + y if s == 1 and x.shape[1] == out else y


def efficientnet_v2(rows, stem, own_width=1.0, depth=1.0):
    def network(w, x, width, classes):
        scaled = lambda c: nearest_multiple(c * own_width * width)
        x = conv(w, x, scaled(stem), 3, 2, silu)
        for is_fused, t, s, out, n in rows:
            for i in range(math.ceil(n * depth)):
                stride = s if i == 0 else 1
                if is_fused:
                    x = fused_mbconv(w, x, t, scaled(out), stride, silu)
                else:
                    excite = (max(1, int(x.shape[1] * 0.25)), silu, torch.sigmoid)
                    x = mbconv(w, x, t * x.shape[1], scaled(out), 3, stride, silu, excite)
        return dense(w, conv(w, x, scaled(1280), 1, 1, silu).mean((2, 3)), classes)

    return network


NETWORKS = {
    "mobilenet-v1": mobilenet_v1,
    "mobilenet-v2": mobilenet_v2,
    "mobilenet-v3-large": mobilenet_v3(V3_LARGE, 960, 1280),
    "mobilenet-v3-small": mobilenet_v3(V3_SMALL, 576, 1024),
    "mobilenet-v3-large-minimalistic": mobilenet_v3(V3_LARGE, 960, 1280, minimalistic=True),
    "mobilenet-v3-small-minimalistic": mobilenet_v3(V3_SMALL, 576, 1024, minimalistic=True),
    "mnasnet-a1": mnasnet(32, MNASNET_A1, unskipped=[0]),
    "mnasnet-b1": mnasnet(32, MNASNET_B1, unskipped=[0, 6]),
    "mnasnet-small": mnasnet(8, MNASNET_SMALL, unskipped=[0]),
    **{f"efficientnet-b{i}": efficientnet(*scales) for i, scales in enumerate(EFFICIENTNET)},
    **{f"efficientnet-lite{i}": efficientnet(*scales, lite=True) for i, scales in enumerate(EFFICIENTNET[:5])},
    **{f"efficientnet-v2-b{i}": efficientnet_v2(V2_B, 32, *scales) for i, scales in enumerate(EFFICIENTNET[:4])},
    "efficientnet-v2-s": efficientnet_v2(V2_S, 24),
}


def run(facts, tensors, image):
    w = Weights(tensors)
    logits = NETWORKS[facts["name"].removeprefix("tf-")](w, image, facts["width"], facts["classes"])
    assert not w.left, f"{len(w.left)} tensors more than the definition has, from {w.left[-1][0]} on"
    return logits


if __name__ == "__main__":
    compare_logits(f"scripts/golden/papers.py on PyTorch {torch.__version__}, float64, CPU", run)
