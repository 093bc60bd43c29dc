"""torchvision's networks by our names, and our weights in them."""

import torch
import torchvision

CONSTRUCTORS = {
    "mobilenet-v2": torchvision.models.mobilenet_v2,
    "mobilenet-v3-small": torchvision.models.mobilenet_v3_small,
    "mobilenet-v3-large": torchvision.models.mobilenet_v3_large,
    **{f"efficientnet-v2-{size}": getattr(torchvision.models, f"efficientnet_v2_{size}") for size in "sml"},
    **{f"efficientnet-b{i}": getattr(torchvision.models, f"efficientnet_b{i}") for i in range(8)},
}


def build(facts, **options):
    """In double precision, with torchvision's own epsilon, which must be ours."""
    name, width = facts["name"].removeprefix("torch-"), facts["width"]
    options["num_classes"] = facts["classes"]
    if name == "mnasnet-b1":
        model = torchvision.models.MNASNet(width, **options)
    else:
        model = CONSTRUCTORS[name](**options, **({} if width == 1 else {"width_mult": width}))
    norms = [module for module in model.modules() if isinstance(module, torch.nn.BatchNorm2d)]
    assert all(norm.eps == facts["epsilon"] for norm in norms), f"epsilon {norms[0].eps}, here {facts['epsilon']}"
    return model.double()


def load(model, tensors):
    """Tensor by tensor in order of definition, which is the same on both sides; kinds and shapes must agree."""
    state = {name: value for name, value in model.state_dict().items() if not name.endswith("num_batches_tracked")}
    assert len(state) == len(tensors), f"{len(state)} tensors there, {len(tensors)} here"
    kinds = {"gamma": "weight", "beta": "bias", "mean": "running_mean", "variance": "running_var"}
    names = {}
    for (name, target), (own, values) in zip(state.items(), tensors):
        kind = own.rsplit(".", 1)[-1]
        assert name.rsplit(".", 1)[-1] == kinds.get(kind, kind), f"{name} for {own}"
        # The layers after the pool are 1x1 convolutions here and linear ones there.
        shape = list(values.shape)[: target.dim()]
        assert list(target.shape) == shape and values.numel() == target.numel(), f"{name} {list(target.shape)} for {own}"
        target.copy_(values.reshape(shape))
        names[name] = own
    return names
