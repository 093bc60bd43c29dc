"""A training step in PyTorch, for run.ts: `torch_step.py NETWORK BATCH RESOLUTION CLASSES THREADS LAYOUT cpu|cuda`.

LAYOUT is `nchw`, `channels_last` or `channels_last-tf32`: products in fp32 unless it says otherwise, since PyTorch rounds those of
convolutions on CUDA by default. NETWORK is `block`, or a name of ours that torchvision has. SGD with momentum, cross entropy; a line of JSON says what this side
is, then each number that comes in is answered by so many times in ms.
"""

import json
import sys
import time

import torch
from torch import nn

name, batch, resolution, classes, threads, layout, device = sys.argv[1:8]
batch, resolution, classes = int(batch), int(resolution), int(classes)
torch.set_num_threads(int(threads))
torch.manual_seed(0)
torch.backends.cudnn.allow_tf32 = torch.backends.cuda.matmul.allow_tf32 = layout.endswith("tf32")
torch.backends.cudnn.benchmark = True
memory_format = torch.channels_last if layout.startswith("channels_last") else torch.contiguous_format


def network_step():
    import torchvision

    model = getattr(torchvision.models, name.replace("-", "_"))(weights=None, num_classes=classes)
    model = model.train().to(device, memory_format=memory_format)
    image = torch.randn(batch, 3, resolution, resolution).to(device).contiguous(memory_format=memory_format)
    labels = torch.tensor([(7 * i + 1) % classes for i in range(batch)]).to(device)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9, weight_decay=4e-5)
    criterion = nn.CrossEntropyLoss()

    def step():
        optimizer.zero_grad(set_to_none=True)
        loss = criterion(model(image), labels)
        loss.backward()
        optimizer.step()
        return loss.item()

    return step, sum(parameter.numel() for parameter in model.parameters())


def block_step():
    channels, wide, side = 24, 144, 56
    expand = nn.Conv2d(channels, wide, 1, bias=False)
    depthwise = nn.Conv2d(wide, wide, 3, padding=1, groups=wide, bias=False)
    project = nn.Conv2d(wide, channels, 1, bias=False)
    model = nn.Sequential(expand, nn.ReLU6(), depthwise, nn.ReLU6(), project).to(device, memory_format=memory_format)
    x = torch.randn(batch, channels, side, side).to(device).contiguous(memory_format=memory_format).requires_grad_()
    dy = torch.randn(batch, channels, side, side).to(device).contiguous(memory_format=memory_format)

    def step():
        x.grad = None
        model.zero_grad(set_to_none=True)
        loss = ((x + model(x)) * dy).sum()
        loss.backward()
        return loss.item()

    return step, None


step, params = block_step() if name == "block" else network_step()
print(json.dumps({"peer": "PyTorch", "version": torch.__version__, "variant": layout, "params": params}), flush=True)
for line in sys.stdin:
    times = []
    for _ in range(int(line)):
        began = time.perf_counter()
        step()
        times.append((time.perf_counter() - began) * 1000)
    print(json.dumps(times), flush=True)
