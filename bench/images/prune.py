"""Removes what builds leave on the engine and nothing needs: it would fill the disk."""

import docker
from requests import RequestException

from bench.images import engine as engines
from bench.images.bake import IMAGE_LABEL

INSTALLED = "make-venv /"  # the builder's description of a cached stage has its command: images/base/make-venv LOCK


def tidy() -> None:
    """Remove our images without a tag, which newer ones replaced, and the builder's copies of installed packages.

    Do not call it during a build, which may need the layers of an untagged image.
    """
    client = engines.connect()
    client.images.prune(filters={"dangling": True, "label": [IMAGE_LABEL]})
    _forget_installed(client)


def _forget_installed(client: docker.DockerClient) -> None:
    """Remove the builder's copies of installed packages: they take a quarter of the disk space of the images.

    The cache of the later steps stays, so unchanged images are not built again. An image whose lock file changed
    installs its packages again in any case. Entries in use by a build are kept.
    """
    api = client.api
    try:
        # Not `df()`, which would also measure every image and volume of a user's engine.
        answer = api.get(f"{api.base_url}/v{api.api_version}/system/df", params={"type": "build-cache"}, timeout=60)
        answer.raise_for_status()
        for record in answer.json().get("BuildCache") or ():
            if INSTALLED in record.get("Description", "") and not record.get("InUse"):
                api.prune_builds(filters={"id": [record["ID"]]}, all=True)
    except (RequestException, docker.errors.APIError):
        return  # the copies then stay: only disk space is lost
