"""Reads what `exchange.ts` wrote, and compares logits. Written for PyTorch 1.13, as packaged in Debian 12."""

import json
import sys
from pathlib import Path

import numpy
import torch

TOLERANCE = 1e-4  # of what the two images' logits differ by


def read_cases(folder):
    """Per case its path, its facts, its tensors as (name, float64 tensor) in graph order, and the numbers after them."""
    for path in sorted(Path(folder).glob("*.json")):
        facts = json.loads(path.read_text())
        numbers = numpy.fromfile(path.with_suffix(".bin"), dtype="<f4").astype(numpy.float64)
        tensors, offset = [], 0
        for tensor in facts["tensors"]:
            size = int(numpy.prod(tensor["shape"]))
            values = torch.from_numpy(numbers[offset : offset + size]).reshape(tensor["shape"])
            tensors.append((tensor["name"], values))
            offset += size
        yield path, facts, tensors, numbers[offset:]


def compare_logits(program, run):
    """Runs every case of the folder on the command line by `run(facts, tensors, image)`, in double precision.

    Prints, per network, the largest difference between our logits and the program's beside the largest between the two
    images; ends with status 1 where the networks disagree. With --golden prints the logits of the cases that are for the
    tests instead, as JSON.
    """
    folder, golden = sys.argv[1], "--golden" in sys.argv[2:]
    agree, cases = True, []
    for path, facts, tensors, rest in read_cases(folder):
        if golden and not facts["tested"]:
            continue
        with torch.no_grad():
            logits = run(facts, tensors, torch.from_numpy(rest).reshape(facts["image"])).numpy()
        ours = numpy.array(facts["logits"]).reshape(logits.shape)
        difference, signal = numpy.abs(ours - logits).max(), numpy.abs(logits[0] - logits[1]).max()
        agree &= bool(difference <= TOLERANCE * signal)
        if not golden:
            print(f"{path.stem:48} networks differ by {difference:.1e}, images by {signal:.3g}", flush=True)
        case = {name: facts[name] for name in ("name", "width", "classes", "resolution")}
        cases.append(case | {"logits": [float(f"{x:.7g}") for x in logits.flatten()]})
    if golden:
        print(json.dumps({"program": program, "cases": cases}))
    sys.exit(0 if agree else 1)
