"""What torchvision, timm and Keras call and shape the weights of their networks, and what they compute with them.

    python3 scripts/golden/pretrained.py torchvision > src/pretrained/testing/torchvision.json
    python3 scripts/golden/pretrained.py timm > src/pretrained/testing/timm.json
    python3 scripts/golden/pretrained.py lines mnasnet0_5 > src/pretrained/testing/mnasnet0_5.txt  # and another
    python3 scripts/golden/pretrained.py picture    # ten probabilities, for tests/pretrained.test.ts
    KERAS_BACKEND=jax python3 scripts/golden/pretrained.py keras > src/pretrained/testing/keras.json

Written for torchvision 0.14 (PyTorch 1.13), timm 1.0.29 and Keras 3.15. Per network: the number of tensors and a hash of
the sorted lines "name [shape]", `num_batches_tracked` left out; for a few, the logits of ten classes for one image, with
weights and image from `numbers` below, which src/pretrained/testing/formula.ts repeats. For two of torchvision's networks
the lines themselves, so that a difference can be seen.
For timm also what its default configurations say of preprocessing.
"""

import hashlib
import json
import sys
import zlib

import numpy

CLASSES = 10

# Our name, theirs, their width where it is an argument; side of the image where logits are wanted.
TORCHVISION = [
    ("torch-mobilenet-v2", "mobilenet_v2", {}, None),
    ("torch-mobilenet-v2-0.35", "mobilenet_v2", {"width_mult": 0.35}, 64),
    ("torch-mobilenet-v2-1.4", "mobilenet_v2", {"width_mult": 1.4}, None),
    ("torch-mobilenet-v3-large", "mobilenet_v3_large", {}, None),
    ("torch-mobilenet-v3-large-0.75", "mobilenet_v3_large", {"width_mult": 0.75}, None),
    ("torch-mobilenet-v3-small", "mobilenet_v3_small", {}, 64),
    ("torch-mobilenet-v3-small-0.5", "mobilenet_v3_small", {"width_mult": 0.5}, 64),
    ("torch-mnasnet-b1", "mnasnet1_0", {}, None),
    ("torch-mnasnet-b1-0.5", "mnasnet0_5", {}, 64),
    ("torch-mnasnet-b1-0.75", "mnasnet0_75", {}, None),
    ("torch-mnasnet-b1-1.3", "mnasnet1_3", {}, None),
    ("torch-efficientnet-b0", "efficientnet_b0", {}, 64),
    *[(f"torch-efficientnet-b{i}", f"efficientnet_b{i}", {}, None) for i in range(1, 8)],
    *[(f"torch-efficientnet-v2-{size}", f"efficientnet_v2_{size}", {}, None) for size in "sml"],
]

TIMM = [
    ("timm-mobilenet-v1", "mobilenetv1_100", None),
    ("timm-mobilenet-v1h", "mobilenetv1_100h", None),
    ("timm-mobilenet-v1-1.25", "mobilenetv1_125", 64),
    ("timm-mobilenet-v2-0.35", "mobilenetv2_035", 64),
    ("timm-mobilenet-v2-0.5", "mobilenetv2_050", None),
    ("timm-mobilenet-v2-0.75", "mobilenetv2_075", None),
    ("timm-mobilenet-v2", "mobilenetv2_100", None),
    ("timm-mobilenet-v2-110d", "mobilenetv2_110d", None),
    ("timm-mobilenet-v2-120d", "mobilenetv2_120d", None),
    ("timm-mobilenet-v2-1.4", "mobilenetv2_140", None),
    ("timm-mobilenet-v3-large-0.75", "mobilenetv3_large_075", None),
    ("timm-mobilenet-v3-large", "mobilenetv3_large_100", None),
    ("timm-mobilenet-v3-small-0.5", "mobilenetv3_small_050", 64),
    ("timm-mobilenet-v3-small-0.75", "mobilenetv3_small_075", None),
    ("timm-mobilenet-v3-small", "mobilenetv3_small_100", None),
    ("tf-mobilenet-v3-large-0.75", "tf_mobilenetv3_large_075", None),
    ("tf-mobilenet-v3-large", "tf_mobilenetv3_large_100", None),
    ("tf-mobilenet-v3-large-minimalistic", "tf_mobilenetv3_large_minimal_100", None),
    ("tf-mobilenet-v3-small-0.75", "tf_mobilenetv3_small_075", None),
    ("tf-mobilenet-v3-small", "tf_mobilenetv3_small_100", None),
    ("tf-mobilenet-v3-small-minimalistic", "tf_mobilenetv3_small_minimal_100", 64),
    ("timm-mnasnet-b1-0.5", "mnasnet_050", None),
    ("timm-mnasnet-b1-0.75", "mnasnet_075", None),
    ("timm-mnasnet-b1", "mnasnet_100", None),
    ("timm-mnasnet-b1-1.4", "mnasnet_140", None),
    ("timm-mnasnet-a1-0.5", "semnasnet_050", 64),
    ("timm-mnasnet-a1-0.75", "semnasnet_075", None),
    ("timm-mnasnet-a1", "semnasnet_100", None),
    ("timm-mnasnet-a1-1.4", "semnasnet_140", None),
    ("timm-mnasnet-small", "mnasnet_small", 64),
    *[(f"timm-efficientnet-b{i}", f"efficientnet_b{i}", None) for i in range(8)],
    *[(f"tf-efficientnet-b{i}", f"tf_efficientnet_b{i}", 76 if i == 0 else None) for i in range(8)],
    *[(f"timm-efficientnet-lite{i}", f"efficientnet_lite{i}", 64 if i == 0 else None) for i in range(5)],
    *[(f"tf-efficientnet-lite{i}", f"tf_efficientnet_lite{i}", None) for i in range(5)],
    *[(f"tf-efficientnet-v2-b{i}", f"tf_efficientnetv2_b{i}", 76 if i == 0 else None) for i in range(4)],
    *[(f"tf-efficientnet-v2-{size}", f"tf_efficientnetv2_{size}", None) for size in "sml"],
    *[(f"timm-efficientnet-v2-{size}", f"efficientnetv2_{size}", None) for size in "sml"],
    ("timm-mobilenet-v4-conv-small-0.35", "mobilenetv4_conv_small_035", 64),
    ("timm-mobilenet-v4-conv-small-0.5", "mobilenetv4_conv_small_050", None),
    ("timm-mobilenet-v4-conv-small", "mobilenetv4_conv_small", 64),
    ("timm-mobilenet-v4-conv-medium", "mobilenetv4_conv_medium", 64),
    ("timm-mobilenet-v4-conv-large", "mobilenetv4_conv_large", None),
]

V2 = ["b0", "b1", "b2", "b3", "s", "m", "l"]
KERAS = [
    ("mobilenet-v1", "MobileNet", {}, None),
    ("mobilenet-v1-0.25", "MobileNet", {"alpha": 0.25}, 64),
    ("mobilenet-v2", "MobileNetV2", {}, None),
    ("mobilenet-v2-0.35", "MobileNetV2", {"alpha": 0.35}, 64),
    ("mobilenet-v2-1.4", "MobileNetV2", {"alpha": 1.4}, None),
    ("mobilenet-v3-large", "MobileNetV3Large", {}, None),
    ("mobilenet-v3-large-0.75", "MobileNetV3Large", {"alpha": 0.75}, None),
    ("mobilenet-v3-small", "MobileNetV3Small", {}, 64),
    ("mobilenet-v3-small-0.75", "MobileNetV3Small", {"alpha": 0.75}, None),
    ("mobilenet-v3-large-minimalistic", "MobileNetV3Large", {"minimalistic": True}, None),
    ("mobilenet-v3-small-minimalistic", "MobileNetV3Small", {"minimalistic": True}, None),
    *[(f"efficientnet-b{i}", f"EfficientNetB{i}", {}, 76 if i == 0 else None) for i in range(8)],
    *[(f"efficientnet-v2-{size}", f"EfficientNetV2{size.upper()}", {}, 76 if size == "b0" else None) for size in V2],
]


def numbers(name, count):
    """Pseudo-random float32 in [-1, 1): 24 bits of a hash of index and name."""
    with numpy.errstate(over="ignore"):
        x = numpy.arange(count, dtype=numpy.uint32) * numpy.uint32(2654435761) + numpy.uint32(zlib.crc32(name.encode()))
        x ^= x >> numpy.uint32(16)
        x *= numpy.uint32(0x85EBCA6B)
        x ^= x >> numpy.uint32(13)
        x *= numpy.uint32(0xC2B2AE35)
        x ^= x >> numpy.uint32(16)
    return (x >> numpy.uint32(8)).astype(numpy.float32) / numpy.float32(2**23) - numpy.float32(1)


def weights(name, shape, fan_in):
    """A tensor as a trained network might have it: filters by He's rule, statistics near 0 and 1."""
    u = numbers(name, int(numpy.prod(shape))).astype(numpy.float64)
    if fan_in is not None:
        values = u * numpy.sqrt(6 / fan_in)
    elif name.endswith(("running_var", "moving_variance", "bn.weight", "gamma")):
        values = 1 + 0.5 * u
    else:
        values = 0.2 * u
    return values.astype(numpy.float32).reshape(shape)


def summary(ours, theirs, lines):
    lines = sorted(lines)
    digest = hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
    return {"network": ours, "model": theirs, "tensors": len(lines), "digest": digest}


def filled(model):
    """A network of PyTorch with the weights of the formula, for inference."""
    import torch

    norms = {name for name, module in model.named_modules() if isinstance(module, torch.nn.BatchNorm2d)}
    for name, tensor in model.state_dict().items():
        if name.endswith("num_batches_tracked"):
            continue
        module, kind = name.rsplit(".", 1)
        shape = list(tensor.shape)
        fan_in = numpy.prod(shape[1:]) if len(shape) > 1 else None
        # A norm's scale is called as a filter is; the formula is told which it is.
        told = f"{module}.bn.weight" if module in norms and kind == "weight" else name
        tensor.copy_(torch.from_numpy(weights(told, shape, fan_in)))
    return model.eval()


def torch_lines(model):
    state = {name: tensor for name, tensor in model.state_dict().items() if not name.endswith("num_batches_tracked")}
    return [f"{name} {list(tensor.shape)}".replace(", ", ",") for name, tensor in state.items()]


def torch_case(ours, theirs, build, side):
    import torch

    model = build(1000)
    case = summary(ours, theirs, torch_lines(model))
    if side is None:
        return case
    model = filled(build(CLASSES))
    with torch.no_grad():
        image = numbers("image", 3 * side * side).reshape(1, 3, side, side)
        logits = model(torch.from_numpy(image)).numpy()
    return {**case, "side": side, "logits": [round(float(x), 5) for x in logits[0]]}


def torchvision_cases():
    import torchvision

    constructor = lambda theirs: getattr(torchvision.models, theirs)
    return [
        torch_case(ours, theirs, lambda classes: constructor(theirs)(num_classes=classes, **options), side)
        for ours, theirs, options, side in TORCHVISION
    ]


def picture_probabilities():
    """A picture of 73 px, resized to 73 as torchvision's share of 256 : 224 has it, cut to 64, and its classes."""
    import torch
    import torchvision
    from PIL import Image
    from torchvision import transforms

    pixels = numpy.floor((numbers("picture", 73 * 73 * 3) + 1) * 128).astype(numpy.uint8).reshape(73, 73, 3)
    statistics = transforms.Normalize([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
    prepare = [transforms.Resize(73), transforms.CenterCrop(64), transforms.ToTensor(), statistics]
    image = transforms.Compose(prepare)(Image.fromarray(pixels))
    model = filled(torchvision.models.mobilenet_v2(num_classes=CLASSES, width_mult=0.35))
    with torch.no_grad():
        probabilities = model(image[None]).softmax(1)[0]
    return [round(float(p), 6) for p in probabilities]


def timm_cases():
    import timm

    cases = []
    for ours, theirs, side in TIMM:
        case = torch_case(ours, theirs, lambda classes: timm.create_model(theirs, num_classes=classes), side)
        config = timm.create_model(theirs).pretrained_cfg
        wanted = ["input_size", "crop_pct", "crop_mode", "interpolation", "mean", "std"]
        cases.append({**case, "config": {key: config[key] for key in wanted}})
    return cases


def keras_cases():
    import keras

    cases = []
    for ours, theirs, options, side in KERAS:
        build = getattr(keras.applications, theirs)
        named = lambda model: [weight for weight in model.weights if not weight.path.startswith("normalization")]
        model = build(weights=None, **options)
        lines = [f"{weight.path} {list(weight.shape)}".replace(", ", ",") for weight in named(model)]
        case = summary(ours, theirs, lines)
        if side is None:
            cases.append(case)
            continue
        # Scaling inside the network would be ours to undo.
        inside = {"include_preprocessing": False} if "V3" in theirs or "NetV2B" in theirs else {}
        model = build(
            weights=None,
            input_shape=(side, side, 3),
            classes=CLASSES,
            classifier_activation=None,
            **options,
            **inside,
        )
        for weight in named(model):
            shape = list(weight.shape)
            fan_in = None
            if len(shape) == 2:
                fan_in = shape[0]
            elif len(shape) == 4:
                depthwise = "depthwise" in weight.path or "dwconv" in weight.path or "conv_dw" in weight.path
                fan_in = shape[0] * shape[1] * (1 if depthwise else shape[2])
            weight.assign(weights(weight.path, shape, fan_in))
        image = numbers("image", 3 * side * side).reshape(1, 3, side, side).transpose(0, 2, 3, 1)
        if theirs.startswith("EfficientNetB"):
            # Rescaling and Normalization come first, with mean 0 and variance 1: the image times 255 passes unchanged.
            image = image * 255
        logits = numpy.asarray(model(image, training=False))
        cases.append({**case, "side": side, "logits": [round(float(x), 5) for x in logits.reshape(-1)]})
    return cases


def main():
    library = sys.argv[1]
    if library == "lines":
        import torchvision

        print("\n".join(sorted(torch_lines(getattr(torchvision.models, sys.argv[2])()))))
        return
    if library == "picture":
        print(json.dumps(picture_probabilities()))
        return
    cases = {"torchvision": torchvision_cases, "timm": timm_cases, "keras": keras_cases}[library]()
    print("[\n" + ",\n".join("  " + json.dumps(case) for case in cases) + "\n]")


main()
