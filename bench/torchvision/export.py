"""Exports torchvision's networks as ONNX files, for compare.ts.

    python3 bench/torchvision/export.py FOLDER

Written for PyTorch 1.13 and torchvision 0.14, as packaged in Debian 12. Float32, batch free, constants folded and batch norm with
them, as `torch.onnx.export` leaves an evaluated network.
"""

import sys
from pathlib import Path

import torch
import torchvision

OPSET = 17
NETWORKS = {
    "mobilenet-v2": torchvision.models.mobilenet_v2,
    "mobilenet-v3-large": torchvision.models.mobilenet_v3_large,
    "efficientnet-b0": torchvision.models.efficientnet_b0,
}

folder = Path(sys.argv[1])
folder.mkdir(parents=True, exist_ok=True)
for name, build in NETWORKS.items():
    torch.manual_seed(0)
    model = build()
    # Running statistics of a batch: with those of an untrained network the image fades to denormal numbers, which are slow.
    norms = [module for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    for norm in norms:
        norm.momentum = 1.0
    with torch.no_grad():
        model.train()(torch.randn(16, 3, 224, 224))
    torch.onnx.export(
        model.eval(),
        torch.randn(1, 3, 224, 224),
        str(folder / f"{name}.onnx"),
        opset_version=OPSET,
        do_constant_folding=True,
        input_names=["image"],
        output_names=["logits"],
        dynamic_axes={"image": {0: "N"}, "logits": {0: "N"}},
    )
    print(name)
