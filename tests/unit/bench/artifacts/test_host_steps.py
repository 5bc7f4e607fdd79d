"""Steps on a machine without an engine: which of them its own environments can run."""

import pytest

from bench.artifacts import steps
from bench.core.errors import HostError
from bench.images.local import compiled_frameworks


def test_what_is_compiled_in_an_image_needs_an_engine(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(steps, "ensure_venv", lambda *_: pytest.fail("an environment was made"))
    assert {"caffe", "darknet"} <= set(compiled_frameworks())
    for name in compiled_frameworks():
        with pytest.raises(HostError, match=f"the step {name} .* compiled in an image") as error:
            steps.HostStepRunner().prepare(name)
        assert "make engine-up" in error.value.hint


def test_ncnn_s_step_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    made = []
    monkeypatch.setattr(steps, "ensure_venv", lambda lock, version: made.append(lock.parent.name))
    steps.HostStepRunner().prepare("ncnn")
    assert made == ["ncnn"]
