"""What the tests of the analysis share."""

import os
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True, scope="session")
def no_sync() -> Iterator[None]:
    """Synthetic runs need not survive a power cut, and a busy disk takes 50 ms for every line that must."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _descriptor: None)
        yield
