"""Runs inside the image models-export: parameters, multiply-accumulates and output shapes of every network, as JSON.

PyTorch counts them itself, on tensors that have shapes alone: nothing is computed, and nothing of models/export/ used
but what builds a network.
"""

import json

import torch
from torch.utils.flop_counter import FlopCounterMode

from models import catalog
from models.export.to_torch import build

found = {}
for name, entry in catalog.load().items():
    with torch.device("meta"), torch.no_grad():
        network = build(entry.program(), name).eval()
        with FlopCounterMode(display=False) as counter:
            answer = network(torch.empty(entry.input))
    params = sum(parameter.numel() for parameter in network.parameters())
    outputs = answer if isinstance(answer, tuple | list) else [answer]
    found[name] = [params, counter.get_total_flops() // 2, [list(output.shape) for output in outputs]]
print(json.dumps(found))
