"""Makes the folder with this machine's pip configuration, which a build mounts while pip runs.

It may have a private certificate authority, a local package index and wheels. None of these may stay in an image, and
an image must build the same on a machine without them.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Collection, Iterable, Mapping
from configparser import ConfigParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

MOUNT = "/site"  # where images/*/Dockerfile mount the folder
SETTING = re.compile(r"^(?P<section>\S+?)\.(?P<key>[a-z-]+)=(?P<value>'.*'|\".*\")$")


def make_site(folder: Path, pins: Mapping[str, str], settings: Mapping[str, str]) -> None:
    """Make the folder, with `pip.conf` and, where this machine has them, certificates and wheels.

    `settings` is the result of pip_settings. Only wheels of the packages and versions in `pins` are included: a build's
    cache is valid while the folder's contents are the same, and other wheels come and go.
    """
    folder.mkdir()
    options = {}
    if authority := settings.get("cert"):
        shutil.copyfile(authority, folder / "ca-certificates.crt")
        options["cert"] = f"{MOUNT}/ca-certificates.crt"
    links = settings.get("find-links", "").split()
    _gather(links, {_file_name(*pin) for pin in pins.items()}, folder / "wheels")
    options["find-links"] = "\n".join([f"{MOUNT}/wheels", *filter(_is_remote, links)])
    for key in ("index-url", "extra-index-url", "trusted-host"):
        if kept := [each for each in settings.get(key, "").split() if key == "trusted-host" or _is_remote(each)]:
            options[key] = "\n".join(kept)
    options.update({key: settings[key] for key in ("retries", "timeout") if key in settings})
    config = ConfigParser(interpolation=None)
    config["global"] = options
    with (folder / "pip.conf").open("w") as stream:
        config.write(stream)


def pip_settings(environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """The options of pip on this machine, from its files and the environment; the environment has priority.

    `cert` is included only if a bundle of certificates is named and exists; otherwise pip uses its own.
    """
    said = subprocess.run(
        [sys.executable, "-m", "pip", "config", "list"], env=dict(environ), capture_output=True, text=True
    )
    found: dict[str, dict[str, str]] = {}
    for line in said.stdout.splitlines():
        if match := SETTING.match(line):
            found.setdefault(match["section"], {})[match["key"]] = ast.literal_eval(match["value"])
    settings = {**found.get("global", {}), **found.get("install", {}), **found.get(":env:", {})}
    named = (settings.pop("cert", None), environ.get("SSL_CERT_FILE"), environ.get("REQUESTS_CA_BUNDLE"))
    authority = next((each for each in named if each and Path(each).is_file()), None)
    return {**settings, "cert": authority} if authority else settings


def _file_name(package: str, version: str) -> str:
    """The beginning of the file name of a wheel, in lower case."""
    return f"{re.sub(r'[-_.]+', '_', package)}-{version}-".lower()


def _gather(links: Iterable[str], wanted: Collection[str], target: Path) -> None:
    target.mkdir()
    for folder in local_folders(links):
        for wheel in sorted(folder.glob("*.whl")):
            if wheel.name.lower().startswith(tuple(wanted)) and not (target / wheel.name).exists():
                _link(wheel.resolve(), target / wheel.name)


def local_folders(links: Iterable[str]) -> list[Path]:
    """The entries of pip's `find-links` that are folders on this machine."""
    paths = [unquote(urlsplit(link).path) if link.startswith("file:") else link for link in links]
    return [Path(path) for path in paths if not _is_remote(path) and Path(path).is_dir()]


def _link(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:  # another file system, or a file of another user
        shutil.copyfile(source, target)


def _is_remote(address: str) -> bool:
    return address.startswith(("http://", "https://"))
