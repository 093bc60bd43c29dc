"""What torchvision makes of two small pictures, for src/data/policy.test.ts, and its AutoAugment policies.

    python3 scripts/golden/augmentation.py > src/data/testing/torchvision-augmentation.json
    python3 scripts/golden/augmentation.py --policies > src/data/autoaugment-policies.json

torch 1.13.1, torchvision 0.14.1. Pictures are uint8 tensors; value (c, y, x) is (37·x + 11·y·y + 59·c + 3·x·y) mod 256.
"""
import json
import sys

import torch
from torchvision.transforms import InterpolationMode
from torchvision.transforms.autoaugment import AutoAugment, AutoAugmentPolicy, _apply_op

SIDE = 20


def picture(channels):
    c = torch.arange(channels).view(-1, 1, 1)
    y = torch.arange(SIDE).view(1, -1, 1)
    x = torch.arange(SIDE).view(1, 1, -1)
    return ((37 * x + 11 * y * y + 59 * c + 3 * x * y) % 256).to(torch.uint8)


def dim(image):
    """Few grey values, none of them the darkest or the brightest, so that the histogram ops have work to do."""
    return (image // 32) * 16 + 40


CASES = [
    ("ShearX", 0.3), ("ShearX", -0.55), ("ShearY", 0.2), ("ShearY", -0.99),
    ("TranslateX", 5.4), ("TranslateX", -3.0), ("TranslateY", 7.0), ("TranslateY", -2.9),
    ("Rotate", 30.0), ("Rotate", -72.0), ("Brightness", 0.6), ("Brightness", -0.45),
    ("Color", 0.9), ("Color", -0.33), ("Contrast", 0.7), ("Contrast", -0.8),
    ("Sharpness", 0.9), ("Sharpness", -0.9), ("Posterize", 4), ("Posterize", 2), ("Solarize", 110.0),
    ("AutoContrast", 0.0), ("Equalize", 0.0), ("Invert", 0.0), ("Identity", 0.0),
]

if "--policies" in sys.argv:
    table = {policy.value: AutoAugment(policy).policies for policy in AutoAugmentPolicy}
    lines = [
        f' "{name}": [\n' + ",\n".join(f"  {json.dumps(each)}" for each in policies) + "\n ]"
        for name, policies in table.items()
    ]
    print("{\n" + ",\n".join(lines) + "\n}")
else:
    rows = []
    for channels in (1, 3):
        for kind in ("full", "dim"):
            image = picture(channels) if kind == "full" else dim(picture(channels))
            for op, magnitude in CASES:
                if kind == "dim" and op not in ("AutoContrast", "Equalize", "Contrast", "Solarize"):
                    continue
                result = _apply_op(image, op, magnitude, InterpolationMode.NEAREST, None)
                rows.append({"channels": channels, "kind": kind, "op": op, "magnitude": magnitude,
                             "pixels": result.permute(1, 2, 0).flatten().tolist()})
    print("[\n" + ",\n".join(json.dumps(row, separators=(",", ":")) for row in rows) + "\n]")
