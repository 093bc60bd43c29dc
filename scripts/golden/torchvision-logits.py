"""Compares our networks with torchvision's: the same weights, the same image, the same logits?

Reads what `torchvision-logits.ts` wrote. Written for PyTorch 1.13 and torchvision 0.14, as packaged in Debian 12.
Prints, per network, the largest difference between our logits and torchvision's beside the largest between the two images;
ends with status 1 where the networks disagree.
With --golden NAME prints torchvision's logits of that case, for the tests.
"""

import json
import sys
from pathlib import Path

import numpy
import torch
import torchvision

TOLERANCE = 1e-4  # of what the two images' logits differ by

CONSTRUCTORS = {
    "mobilenet-v2": torchvision.models.mobilenet_v2,
    "mobilenet-v3-small": torchvision.models.mobilenet_v3_small,
    "mobilenet-v3-large": torchvision.models.mobilenet_v3_large,
    "efficientnet-b0": torchvision.models.efficientnet_b0,
    "efficientnet-b1": torchvision.models.efficientnet_b1,
}


def build(facts):
    options = {"num_classes": facts["classes"]}
    if facts["width"] != 1:
        options["width_mult"] = facts["width"]
    model = CONSTRUCTORS[facts["name"]](**options).eval()
    norms = [module for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    assert all(norm.eps == facts["epsilon"] for norm in norms), "another epsilon than torchvision's"
    return model


def load(model, facts, numbers):
    """Tensor by tensor in order of definition, which is the same on both sides; kinds and shapes must agree."""
    state = {name: value for name, value in model.state_dict().items() if not name.endswith("num_batches_tracked")}
    assert len(state) == len(facts["tensors"]), f"{len(state)} tensors there, {len(facts['tensors'])} here"
    kinds = {"gamma": "weight", "beta": "bias", "mean": "running_mean", "variance": "running_var"}
    offset = 0
    for (name, target), tensor in zip(state.items(), facts["tensors"]):
        own_kind = tensor["name"].rsplit(".", 1)[-1]
        assert name.rsplit(".", 1)[-1] == kinds.get(own_kind, own_kind), f"{name} for {tensor['name']}"
        size = int(numpy.prod(tensor["shape"]))
        # The layers after the pool are 1x1 convolutions here and linear ones there.
        shape = [extent for extent in tensor["shape"]][: target.dim()]
        assert list(target.shape) == shape, f"{name} {list(target.shape)} for {tensor['name']} {tensor['shape']}"
        target.copy_(torch.from_numpy(numbers[offset : offset + size].copy()).reshape(shape))
        offset += size
    return torch.from_numpy(numbers[offset:].copy()).reshape(facts["image"])


def main():
    folder, wanted = Path(sys.argv[1]), sys.argv[3] if sys.argv[2:3] == ["--golden"] else None
    agree = True
    for path in sorted(folder.glob("*.json")):
        facts = json.loads(path.read_text())
        numbers = numpy.fromfile(path.with_suffix(".bin"), dtype="<f4")
        model = build(facts)
        with torch.no_grad():
            logits = model(load(model, facts, numbers)).numpy()
        ours = numpy.array(facts["logits"], dtype=numpy.float32).reshape(logits.shape)
        difference, signal = numpy.abs(ours - logits).max(), numpy.abs(logits[0] - logits[1]).max()
        agree &= bool(difference <= TOLERANCE * signal)
        print(f"{path.stem:26} networks differ by {difference:.1e}, images by {signal:.3g}")
        if path.stem == wanted:
            print(json.dumps([round(float(x), 6) for x in logits.flatten()]))
    sys.exit(0 if agree else 1)


main()
