"""Adapters for tests, as source text: each is one that does nothing, with one part replaced."""

PARTS = {
    "top": "",
    "version": "def version():\n    return {'fake': '1'}",
    "load": "def load(path, request):\n    return None",
    "infer": "def infer(session, inputs):\n    return inputs",
    "close": "def close(session):\n    pass",
}


def fake(**parts: str) -> str:
    """The source of an adapter; a keyword replaces that part."""
    return "\n\n".join({**PARTS, **parts}.values())
