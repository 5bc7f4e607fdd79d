"""Runs inside the image models-export: prints what test_models.py asserts of one network, as JSON.

python network_facts.py NAME
"""

import json
import sys

import numpy as np
import torch

from models import catalog
from models.export.to_torch import build, outputs
from models.inputs import picture
from models.seeding import seed_weights

TINY = np.finfo(np.float32).tiny  # everything between zero and this is denormal


def denormals(tensor: torch.Tensor) -> int:
    """How many values are denormal numbers."""
    magnitudes = tensor.abs()
    return int(((magnitudes > 0) & (magnitudes < float(TINY))).sum())


def facts(name: str) -> dict:
    """Seeds the network and sends the first input through it, looking at what every layer answers."""
    entry = catalog.load()[name]
    network = seed_weights(build(entry.program(), name), entry.input)
    layers: list[dict] = []
    for place, layer in network.named_modules():
        if not list(layer.children()):
            layer.register_forward_hook(
                lambda _layer, _given, answer, place=place: layers.append(
                    {"layer": place, "std": float(answer.std()), "denormals": denormals(answer)}
                )
            )
    answers = outputs(network, [picture(entry.input, 0)])
    return {
        "outputs": [
            {
                "shape": list(answer.shape),
                "min": float(answer.min()),
                "max": float(answer.max()),
                "std": float(answer.std()),
            }
            for answer in answers
        ],
        "layers": layers,
        "denormal_weights": sum(
            denormals(tensor) for tensor in network.state_dict().values() if tensor.is_floating_point()
        ),
    }


print(json.dumps(facts(sys.argv[1])))
