"""Versions of installed packages, read from the names of their metadata folders."""

import pytest

from runner import packages


@pytest.mark.parametrize(
    ("folder", "name", "version"),
    [
        ("torch-2.13.0+cpu.dist-info", "torch", "2.13.0+cpu"),
        ("tflite_runtime-2.14.0.dist-info", "tflite-runtime", "2.14.0"),
        ("ruamel.yaml-0.18.dist-info", "ruamel-yaml", "0.18"),
        ("numpy-1.13.3.egg-info", "numpy", "1.13.3"),  # Debian and JetPack
        ("numpy-1.13.3-py3.6.egg-info", "NumPy", "1.13.3"),
        ("numpy_extra-1.0.dist-info", "numpy", None),
    ],
)
def test_versions_are_found_under_every_spelling(tmp_path, folder, name, version):
    (tmp_path / folder).mkdir()
    assert packages.version(name, [str(tmp_path / "gone"), str(tmp_path)]) == version


def test_only_what_is_installed_is_told():
    assert set(packages.versions("pytest", "no-such-package")) == {"pytest"}
