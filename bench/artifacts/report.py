"""The wording of a comparison with the reference; all commands use it."""

from collections.abc import Mapping
from typing import Any


def comparison_line(status: str, parity: Mapping[str, Any] | None, wrong: str | None) -> str:
    """Return a verdict, its figures and the fault as one line."""
    text = status
    if parity:
        text += f", off by {parity['max_rel']:.1e}, cosine {parity['cosine']:.5f}"
        text += f", top-1 {parity['agree']} of {parity['inputs']}"
    return f"{text}: {wrong}" if wrong else text
