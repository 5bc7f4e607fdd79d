"""Launching the runner as bench does, without any framework."""

import hashlib
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace

import pytest

from bench.core.paths import PROJECT


@pytest.fixture
def request_for(tmp_path: Path) -> Callable[..., dict]:
    """Make a request that the no-op adapter can answer; keywords change it."""

    def make(**changes: object) -> dict:
        artifact = tmp_path / "model.onnx"
        artifact.write_bytes(b"a model")
        return {
            "protocol": 1,
            "framework": "noop",
            "artifact": {
                "path": str(artifact),
                "sha256": hashlib.sha256(b"a model").hexdigest(),
                "format": "onnx",
            },
            "inputs": [],
            "threads": 1,
            "warmup": {"iterations": 2, "seconds": 0},
            "stop": {"iterations": 3, "seconds": 0},
            **changes,
        }

    return make


@pytest.fixture
def launch(tmp_path: Path) -> Callable[..., SimpleNamespace]:
    """Run `python -m runner infer`; `adapter` is source text that answers to the framework `fake`."""

    def run(request: object, adapter: str | None = None) -> SimpleNamespace:
        program = ["-m", "runner"]
        if adapter is not None:
            (tmp_path / "fake_adapter.py").write_text(adapter)
            # The package's search path is what decides where `runner.adapters.fake` comes from.
            program = ["-c", _WITH_FAKE.format(folder=str(tmp_path))]
        text = request if isinstance(request, str) else json.dumps(request)
        done = subprocess.run(
            [sys.executable, *program, "infer", "--request", "-"],
            input=text,
            env={**os.environ, "PYTHONPATH": str(PROJECT)},
            capture_output=True,
            text=True,
            timeout=60,
        )
        events = [json.loads(line) for line in done.stdout.splitlines()]
        return SimpleNamespace(code=done.returncode, events=events, stderr=done.stderr)

    return run


_WITH_FAKE = """
import importlib.util, sys
class Finder:
    def find_spec(self, name, path=None, target=None):
        if name == "runner.adapters.fake":
            return importlib.util.spec_from_file_location(name, {folder!r} + "/fake_adapter.py")
sys.meta_path.insert(0, Finder())
from runner.__main__ import main
sys.exit(main())
"""
