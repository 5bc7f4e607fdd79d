"""What builds leave on the engine and nothing needs any more: it would fill the disk build by build."""

import docker
from requests import RequestException

from bench.images import engine as engines
from bench.images.bake import IMAGE_LABEL

INSTALLED = "make-venv /"  # the builder describes what it keeps by the stage's command: images/base/make-venv LOCK


def tidy() -> None:
    """Remove the images that others replaced, which have lost their name, and packages that images have copies of.

    Never while something is being built, which may stand on a nameless image's layers.
    """
    client = engines.connect()
    client.images.prune(filters={"dangling": True, "label": [IMAGE_LABEL]})
    _forget_installed(client)


def _forget_installed(client: docker.DockerClient) -> None:
    """Drop the builder's copies of installed packages: a quarter of the disk that images take.

    What the builder knows of the steps after them stays, so what is unchanged is still not built again; only an image
    whose lock file changed would install its packages anew, and it does so anyway. A build in progress keeps its own.
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
        return  # an engine that cannot do so keeps them: room is lost, no image
