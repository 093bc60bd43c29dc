"""Compares our networks with torchvision's: the same weights, the same images, the same logits?

    python3 scripts/golden/torchvision-logits.py FOLDER            # what torchvision-logits.ts wrote
    python3 scripts/golden/torchvision-logits.py FOLDER --golden > src/networks/testing/torchvision.json

Written for PyTorch 1.13 and torchvision 0.14, as packaged in Debian 12; see exchange.py for what is printed.
"""

import torch
import torchvision

from exchange import compare_logits
from torchvision_networks import build, load


def run(facts, tensors, image):
    model = build(facts).eval()
    load(model, tensors)
    return model(image)


compare_logits(f"torchvision {torchvision.__version__} on PyTorch {torch.__version__}, float64, CPU", run)
