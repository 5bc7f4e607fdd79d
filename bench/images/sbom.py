"""The software bill of materials of an image: what is installed in it, found by the scanner image images/sbom."""

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

from bench.core.errors import HostError
from bench.core.paths import PROJECT
from bench.images import bake
from bench.images.local import PREFIX, architecture, native_platform

SCANNER = "sbom"  # the folder below images/
RECIPE = f"images/{SCANNER}/inventory.Dockerfile"


def make_scanner() -> None:
    """Build the scanner image if it is missing. Raises HostError with the builder's message."""
    bake.build([SCANNER], say=lambda _line: None)


def inventory(framework: str, platform: str) -> dict[str, Any]:
    """The SPDX document of a framework's image on the engine. Raises HostError with the builder's message.

    BuildKit mounts the image and keeps the answer: an image that has not changed is looked at once.
    """
    contexts = {
        "scanner": f"docker-image://{PREFIX}{SCANNER}:{native_platform()}",
        "image": f"docker-image://{PREFIX}{framework}:{platform}",
    }
    with tempfile.TemporaryDirectory(prefix="edgebench-") as folder:
        command = [str(bake.ENV), "docker", "buildx", "build", "--progress", "plain", "--file", RECIPE]
        command += [word for name, value in contexts.items() for word in ("--build-context", f"{name}={value}")]
        command += ["--platform", f"linux/{architecture(platform)}", "--provenance=false"]
        command += ["--output", f"type=local,dest={folder}", str(Path(RECIPE).parent)]
        done = subprocess.run(command, cwd=PROJECT, capture_output=True, text=True)
        if done.returncode:
            said = " ".join(done.stderr.splitlines()[-1:])
            raise HostError(f"no SBOM could be made of {framework} for {platform}: {said}", f"make images/{framework}")
        document: dict[str, Any] = json.loads((Path(folder) / "sbom.spdx.json").read_text())
    return document


def packages(document: dict[str, Any]) -> list[dict[str, str]]:
    """The packages of an SPDX document: name, version, type (`deb`, `pypi`, …) and licence, by type and name."""
    rows = []
    for each in document.get("packages", ()):
        for ref in each.get("externalRefs", ()):
            if ref["referenceType"] == "purl":
                kind = ref["referenceLocator"].removeprefix("pkg:").partition("/")[0]
                licence = each.get("licenseDeclared", "NOASSERTION")
                row = {"name": each["name"], "version": each.get("versionInfo", ""), "type": kind, "licence": licence}
                rows.append(row)
    return sorted(rows, key=lambda row: (row["type"], row["name"]))
