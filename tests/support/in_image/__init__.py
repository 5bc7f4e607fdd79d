"""Programs that run inside the images: this folder is mounted there as /tests."""

from pathlib import Path

IN_IMAGE = Path(__file__).parent
