"""How large our images are beside the closest public image of each stack, as its own documentation or registry says.

    setup/env .venv/bin/python benchmarks/image_sizes.py [FRAMEWORK...]

Compressed is what travels: every layer by gzip at its default level, as registries keep them. Unpacked is the sum of
the layers as they are on disk. The public figures and their sources stand in public_images.csv: each as its source
stated it, at its time; none can be measured where no registry is within reach.
"""

import argparse
import tarfile
import zlib
from collections.abc import Iterator
from pathlib import Path

import docker
import pandas as pd
from rich.console import Console
from rich.table import Table

from bench.core.matrix.vendor_images import STAND_IN
from bench.images import engine as engines
from bench.images import local

PUBLIC = Path(__file__).with_name("public_images.csv")


def layers(engine: docker.DockerClient, ref: str) -> Iterator[tuple[int, int]]:
    """(unpacked, compressed) bytes of each layer of an image."""
    stream = Pieces(engine.images.get(ref).save(chunk_size=1 << 20))
    with tarfile.open(fileobj=stream, mode="r|") as archive:
        for member in archive:
            content = archive.extractfile(member) if member.isfile() else None
            if content is None or not member.name.startswith("blobs/"):
                continue
            packer, size, packed, head = zlib.compressobj(wbits=31), 0, 0, b""
            while piece := content.read(1 << 20):
                head = head or piece[:1]
                size += len(piece)
                packed += len(packer.compress(piece))
            if head != b"{":  # manifests and configurations are no layers
                yield size, packed + len(packer.flush())


class Pieces:
    """An iterator of bytes as a file to read from."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self.pieces, self.rest = pieces, b""

    def read(self, size: int) -> bytes:
        """At most `size` bytes; fewer only at the end."""
        while len(self.rest) < size and (piece := next(self.pieces, b"")):
            self.rest += piece
        given, self.rest = self.rest[:size], self.rest[size:]
        return given


def sizes(names: list[str]) -> pd.DataFrame:
    """Framework → compressed and unpacked megabytes, of the images that are built for this machine."""
    engine, platform = engines.connect(), local.native_platform()
    rows = {}
    for name in names:
        image = local.inspect(name, platform, engine)
        if image and STAND_IN not in image.labels:  # a stand-in holds no framework
            unpacked, compressed = map(sum, zip(*layers(engine, image.ref), strict=True))
            rows[name] = {"compressed": compressed / 1e6, "unpacked": unpacked / 1e6}
    return pd.DataFrame.from_dict(rows, orient="index")


def main() -> None:
    """Print a row for each public figure of a stack that is built here."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("framework", nargs="*", help="whose image; all that are built, if none is named")
    named = parser.parse_args().framework
    if unknown := sorted(set(named) - set(local.frameworks())):
        parser.error(f"no framework of images/: {' '.join(unknown)}; there are {' '.join(local.frameworks())}")
    ours = sizes(named or local.frameworks())
    public = pd.read_csv(PUBLIC)
    table = Table("stack", "ours, MB", "public image", "MB", "kind", "ours / public", box=None, pad_edge=False)
    for name, mine in ours.iterrows():
        shown = f"{mine['compressed']:.0f} compressed, {mine['unpacked']:.0f} unpacked"
        peers = public[public["stack"] == name]
        for peer in peers.dropna(subset="size_mb").itertuples():
            # A figure whose kind its source leaves open is held against our larger one.
            against = mine["compressed" if peer.kind == "compressed" else "unpacked"]
            table.add_row(
                str(name), shown, peer.image, f"{peer.size_mb:.0f}", peer.kind, f"{against / peer.size_mb:.2f}"
            )
        if peers["size_mb"].isna().all():
            table.add_row(str(name), shown, "none with a stated size found", "", "", "")
    Console(width=150).print(table)


main()
