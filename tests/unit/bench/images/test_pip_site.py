"""What of a machine's own settings reaches a build, and in what form."""

from configparser import ConfigParser
from pathlib import Path

import pytest

from bench.images.pip_site import make_site, pip_settings


@pytest.fixture
def site(tmp_path: Path):
    """Make a site from pip's settings and return its folder and pip.conf."""

    def make(settings: dict[str, str], pins: dict[str, str] | None = None):
        folder = tmp_path / "site"
        make_site(folder, pins or {}, settings)
        config = ConfigParser(interpolation=None)
        config.read(folder / "pip.conf")
        return folder, dict(config["global"])

    return make


@pytest.fixture
def plain(tmp_path) -> dict[str, str]:
    """An environment in which pip finds no settings at all."""
    return {"HOME": str(tmp_path), "PIP_CONFIG_FILE": "/dev/null", "PATH": "/usr/bin:/bin"}


def test_a_plain_machine_adds_nothing(site, plain):
    assert not {"cert", "index-url", "extra-index-url", "find-links"} & set(pip_settings(plain))
    folder, options = site({})
    assert options == {"find-links": "/site/wheels"}
    assert sorted(path.name for path in folder.iterdir()) == ["pip.conf", "wheels"]


def test_the_environment_wins_over_pip_s_file(plain, tmp_path):
    (tmp_path / "pip.conf").write_text("[global]\nindex-url = https://file.example/\nfind-links = /from/file\n")
    environ = {**plain, "PIP_CONFIG_FILE": str(tmp_path / "pip.conf"), "PIP_FIND_LINKS": "/from/environment"}
    settings = pip_settings(environ)
    assert settings["index-url"] == "https://file.example/"
    assert settings["find-links"] == "/from/environment"


def test_how_patient_pip_is_comes_along(site, plain):
    _, options = site(pip_settings({**plain, "PIP_RETRIES": "1", "PIP_TIMEOUT": "90"}))
    assert (options["retries"], options["timeout"]) == ("1", "90")


@pytest.mark.parametrize("variable", ["PIP_CERT", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE"])
def test_a_private_authority_comes_along(site, plain, tmp_path, variable):
    bundle = tmp_path / "ca.pem"
    bundle.write_text("certificate")
    folder, options = site(pip_settings({**plain, variable: str(bundle)}))
    assert options["cert"] == "/site/ca-certificates.crt"
    assert (folder / "ca-certificates.crt").read_text() == "certificate"


def test_an_authority_that_is_gone_is_left_out(plain):
    assert "cert" not in pip_settings({**plain, "PIP_CERT": "/no/such/file"})


def test_only_indexes_that_a_build_can_reach_are_kept(site):
    _, options = site(
        {
            "index-url": "https://index.example/simple",
            "extra-index-url": "file:///srv/simple https://more.example/simple",
        }
    )
    assert options["index-url"] == "https://index.example/simple"
    assert options["extra-index-url"] == "https://more.example/simple"


def test_only_wheels_that_are_locked_come_along(site, tmp_path):
    kept = tmp_path / "kept"
    kept.mkdir()
    for name in ("Torch-2.13.0+cpu-cp311-cp311-linux_x86_64.whl", "torch-2.1.0-cp311-cp311-linux_x86_64.whl",
                 "scikit_learn-1.0-py3-none-any.whl", "torch-2.13.0+cpu.tar.gz"):  # fmt: skip
        (kept / name).write_text("")
    pins = {"torch": "2.13.0+cpu", "scikit-learn": "1.0"}
    folder, _ = site({"find-links": f"/no/such/folder file://{kept} https://wheels.example/"}, pins)
    found = sorted(path.name for path in (folder / "wheels").iterdir())
    assert found == ["Torch-2.13.0+cpu-cp311-cp311-linux_x86_64.whl", "scikit_learn-1.0-py3-none-any.whl"]
