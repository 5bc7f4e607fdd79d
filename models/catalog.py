"""The networks that are made, as `catalog.toml` lists them, and the source that builds each."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Network:
    """One entry of the catalogue; its fields are explained at the top of `catalog.toml`."""

    name: str
    file: str
    build: str
    input: tuple[int, ...]
    layout: str

    def program(self) -> str:
        """The network as one file that imports torch alone and has `build()`: what the `torch` artifact carries."""
        text = (HERE / "networks" / self.file).read_text(encoding="utf-8")
        return f"{text}\n\ndef build():\n    return {self.build}\n"


def load() -> dict[str, Network]:
    """Name → network, in the catalogue's order."""
    entries = tomllib.loads((HERE / "catalog.toml").read_text(encoding="utf-8"))
    return {name: Network(name, **{**entry, "input": tuple(entry["input"])}) for name, entry in entries.items()}
