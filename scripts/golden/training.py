"""Compares one training step with PyTorch: loss, logits, gradients, weights after SGD, running statistics.

    python3 scripts/golden/training.py FOLDER            # what training.ts wrote; --each prints every parameter
    python3 scripts/golden/training.py FOLDER --golden > src/training/testing/pytorch.json

Networks with the prefix torch- are torchvision's, the others those of papers.py; both with autograd, in double precision and, to
know what float32 costs, once more in float32. Per case and run the worst error over all parameters is printed:

    float64    our graph in our interpreter      must be within 1e-6: the formulas agree
    engine     our graph as it is shipped        must be within 1e-3 where the network is smooth (SiLU)
    PyTorch    PyTorch's own float32             for comparison

Where a network has kinks (ReLU, ReLU6, h-swish), rounding decides on which side of one an activation falls that lies within 1e-5 of
it; among millions a few do, and each moves a gradient by one image's place. There 5e-2 is allowed, to PyTorch's float32 as to ours;
but 1e-3 to ours where the images were chosen so that none does.

The error of a gradient g' is |g - g'| / max(|g'|, FLOOR * sqrt(n) * r), with n its numbers and r the root mean square of all gradient
numbers of its kind (weight, gamma, beta, bias) in the network. The floor is for gradients that are zero in theory, such as that of
a beta whose shift the next batch norm takes away again: what is left of those is rounding.
"""

import json
import sys

import numpy
import torch
import torch.nn.functional as F
import torchvision

import papers
from exchange import read_cases
from torchvision_networks import build, load

FLOOR = 0.1
EXACT, SMOOTH, KINKED = 1e-6, 1e-3, 5e-2


def torchvision_step(facts, tensors, image, labels):
    model = build(facts).to(image.dtype)
    with torch.no_grad():
        names = load(model, tensors)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.momentum = 1 - facts["momentum"]
        elif isinstance(module, (torch.nn.Dropout, torchvision.ops.StochasticDepth)):
            module.p = 0.0
    model.train()
    parameters = dict(model.named_parameters())
    optimizer = torch.optim.SGD(parameters.values(), lr=facts["learningRate"])
    logits = model(image)
    loss = F.cross_entropy(logits, labels, label_smoothing=facts["labelSmoothing"])
    loss.backward()
    optimizer.step()
    gradients = {names[name]: parameter.grad for name, parameter in parameters.items()}
    after = {own: model.state_dict()[name] for name, own in names.items()}
    return loss, logits, gradients, after


def papers_step(facts, tensors, image, labels):
    trainable = {tensor["name"] for tensor in facts["tensors"] if tensor["trainable"]}
    leaves = [(name, values.clone().requires_grad_(name in trainable)) for name, values in tensors]
    w = papers.Weights(leaves, training=True)
    logits = papers.NETWORKS[facts["name"]](w, image, facts["width"], facts["classes"])
    hot = F.one_hot(labels, facts["classes"]).to(image.dtype)
    targets = hot * (1 - facts["labelSmoothing"]) + facts["labelSmoothing"] / facts["classes"]
    loss = -(targets * F.log_softmax(logits, 1)).sum() / len(labels)
    loss.backward()
    gradients = {name: leaf.grad for name, leaf in leaves if name in trainable}
    measured, kept = iter(w.statistics), facts["momentum"]
    after = {
        name: leaf - facts["learningRate"] * leaf.grad if name in trainable else kept * leaf + (1 - kept) * next(measured)
        for name, leaf in leaves
    }
    return loss, logits, gradients, after


def read_results(facts, rest):
    """The image, and per run of ours the gradients and what there is after the step."""
    offset = 0

    def take(shape):
        nonlocal offset
        size = int(numpy.prod(shape))
        offset += size
        return torch.from_numpy(rest[offset - size : offset]).reshape(shape)

    image = take(facts["image"])
    trainable = [tensor for tensor in facts["tensors"] if tensor["trainable"]]
    statistics = [tensor for tensor in facts["tensors"] if not tensor["trainable"]]
    runs = []
    for result in facts["results"]:
        gradients = {tensor["name"]: take(tensor["shape"]) for tensor in trainable}
        after = {tensor["name"]: take(tensor["shape"]) for tensor in trainable + statistics}
        runs.append((torch.tensor(result["loss"]), torch.tensor(result["logits"]), gradients, after))
    assert offset == len(rest)
    return image, runs


def floors(gradients):
    """The least that a gradient's error is measured by, by name."""
    kind = lambda name: name.rsplit(".", 1)[-1]
    squares, counts = {}, {}
    for name, gradient in gradients.items():
        squares[kind(name)] = squares.get(kind(name), 0) + float(gradient.square().sum())
        counts[kind(name)] = counts.get(kind(name), 0) + gradient.numel()
    rms = {each: (squares[each] / counts[each]) ** 0.5 for each in squares}
    return {name: FLOOR * gradient.numel() ** 0.5 * rms[kind(name)] for name, gradient in gradients.items()}


def error(received, expected, floor=0.0):
    received, expected = received.detach().double().flatten(), expected.detach().double().flatten()
    return float((received - expected).norm() / max(float(expected.norm()), floor))


def compare(received, expected, learning_rate):
    """Errors by name: loss, logits, gradients; next: what there is after the step, weights measured like their gradients."""
    (loss, logits, gradients, after), (true_loss, true_logits, true_gradients, true_after) = received, expected
    least = floors(true_gradients)
    errors = {name: error(gradients[name], values, least[name]) for name, values in true_gradients.items()}
    moved = {
        name: error(after[name], values, learning_rate * least[name] if name in least else 0.0)
        for name, values in true_after.items()
    }
    return {"loss": error(loss, true_loss), "logits": error(logits, true_logits), "gradients": errors, "next": moved}


def worst(comparison):
    return max(
        comparison["loss"], comparison["logits"], *comparison["gradients"].values(), *comparison["next"].values()
    )


def digest(values):
    """Norm, and a projection that sees where each number stands: cubing permutes the residues of this prime."""
    i = torch.arange(values.numel()) % 1013
    signs = ((i**3) % 1013 - 506).double() / 506
    return [float(f"{x:.7g}") for x in (values.norm().item(), (values.flatten() * signs).sum().item())]


def golden_case(facts, loss, logits, gradients, after):
    """Digests are in the order of the tensors."""
    order = [tensor["name"] for tensor in facts["tensors"]]
    return {
        **{name: facts[name] for name in ("name", "width", "resolution", "labelSmoothing")},
        "loss": loss.item(),
        "logits": [float(f"{x:.7g}") for x in logits.flatten()],
        "gradients": [digest(gradients[name]) for name in order if name in gradients],
        "statistics": [digest(after[name]) for name in order if name not in gradients],
    }


def main():
    golden, each = "--golden" in sys.argv[2:], "--each" in sys.argv[2:]
    agree, cases = True, []
    for path, facts, tensors, rest in read_cases(sys.argv[1]):
        if golden and not facts["tested"]:
            continue
        image, (engine, interpreter) = read_results(facts, rest)
        labels = torch.tensor(facts["labels"])
        step = torchvision_step if facts["name"].startswith("torch-") else papers_step
        exact = step(facts, tensors, image, labels)
        if golden:
            cases.append(golden_case(facts, *exact))
            continue
        rounded = step(facts, [(name, values.float()) for name, values in tensors], image.float(), labels)
        runs = {
            "float64": (interpreter, EXACT),
            "engine": (engine, SMOOTH if "efficientnet" in facts["name"] or facts.get("awayFromKinks") else KINKED),
            "PyTorch": (rounded, KINKED),
        }
        print(path.stem)
        for run, (received, tolerance) in runs.items():
            comparison = compare(received, exact, facts["learningRate"])
            agree &= worst(comparison) <= tolerance
            errors = comparison["gradients"]
            ordered = sorted(errors, key=errors.get, reverse=True)
            off = sum(value > 1e-3 for value in errors.values())
            print(
                f"    {run:8} loss {comparison['loss']:.0e}  logits {comparison['logits']:.0e}  "
                f"next {max(comparison['next'].values()):.0e}  gradients {errors[ordered[0]]:.0e} in {ordered[0]}, "
                f"{off} of {len(errors)} beyond 1e-3",
                flush=True,
            )
            if each:
                print("".join(f"        {errors[name]:.1e}  {name}\n" for name in ordered), end="")
    if golden:
        program = f"PyTorch {torch.__version__}, float64, CPU; scripts/golden/training.py"
        print(json.dumps({"program": program, "cases": cases}))
    sys.exit(0 if agree else 1)


main()
