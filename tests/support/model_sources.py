"""A small `models/` folder with two models, and steps that make something of them without any framework."""

import json
from pathlib import Path

from bench.artifacts.recipe import STEPS

INPUTS = [{"name": "input", "shape": [1, 3], "dtype": "float32"}]
OUTPUTS = [{"name": "output", "shape": [1, 2], "dtype": "float32"}]
PARITY = {"max_abs": 1e-5, "max_rel": 1e-6, "cosine": 1.0, "top1": True, "agree": 1, "inputs": 1, "with": "checker 1.0"}


def write_sources(folder: Path) -> Path:
    """Make the folder `models` there: models `small` and `large`, each with a network file of its own."""
    folder /= "models"
    for name, text in {
        "catalog.toml": '[small]\nfile = "small.py"\n\n[large]\nfile = "large.py"\n',
        "seeding.py": "SEEDS = 2\n",
        "layers.py": "LAYERS = 1\n",
        "written.py": "from models.layers import LAYERS\n",
        "export/__main__.py": "from models.seeding import SEEDS\n",
        "darknet/__main__.py": "from models import written\n",
        "tvm/link.py": "",
        "tvm/__main__.py": "import models.tvm.link\n",
        "networks/small.py": "small\n",
        "networks/large.py": "large\n",
        "export/requirements.in": "torch\n",
        **{f"{step}/requirements.txt": f"{step}==1\n" for step in STEPS},
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text)
    return folder


def write_made(
    out: Path, name: str, formats: list[str], *, defines: bool = True, precision: str = "fp32", failed: str = ""
) -> dict:
    """What a step leaves in its folder; SavedModels are folders, everything else a file. `failed` is not made."""
    made_formats = [kind for kind in formats if kind != failed]
    for kind in made_formats:
        target = out / f"{name}.{kind}"
        if kind == "savedmodel":
            (target / "variables").mkdir(parents=True)
            (target / "graph.pb").write_text(f"{name} as {kind}")
            (target / "variables" / "0").write_text("weights")
        else:
            target.write_text(f"{name} as {kind}")
    made: dict = {
        "artifacts": [
            {
                "format": kind,
                "precision": precision,
                "file": f"{name}.{kind}",
                "axes": None,
                "made_by": {},
                "parity": PARITY,
            }
            for kind in made_formats
        ],
        "failed": {f"{kind}/{precision}": "ValueError: no such operator" for kind in formats if kind == failed},
    }
    if defines:
        (out / "reference.npz").write_text(f"reference of {name}")
        made |= {"params": 6, "macs": 6, "inputs": INPUTS, "outputs": OUTPUTS}
        made["reference"] = {"file": "reference.npz", "seeds": [0, 1]}
    (out / "made.json").write_text(json.dumps(made))
    return made
