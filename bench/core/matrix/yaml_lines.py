"""Reads YAML with the line of every value. Duplicate keys are errors; plain YAML silently takes the last one."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from bench.core.errors import ConfigError


@dataclass(frozen=True)
class Document:
    """A YAML file: its value, and its nodes, which have the lines."""

    path: Path
    value: Any
    node: yaml.Node

    def line(self, keys: Sequence[Any]) -> int:
        """The line (from 1) of the value at this path of keys, or of its nearest existing parent."""
        node, line = self.node, self.node.start_mark.line
        for key in keys:
            if isinstance(node, yaml.SequenceNode) and isinstance(key, int) and key < len(node.value):
                node = node.value[key]
                line = node.start_mark.line
            elif isinstance(node, yaml.MappingNode):
                pair = next(((k, v) for k, v in node.value if k.value == str(key)), None)
                if pair is None:
                    break
                line, node = pair[0].start_mark.line, pair[1]
        return int(line) + 1


def read_yaml(path: Path) -> Document:
    """Read one YAML file. Raises ConfigError for a missing file, a syntax error or a duplicate key."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: cannot be read: {error}") from None
    try:
        node = yaml.compose(text, Loader=yaml.SafeLoader)
        value = yaml.safe_load(text)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark else 1
        raise ConfigError(f"{path}:{line}: not YAML: {getattr(error, 'problem', error)}") from None
    if node is None:
        raise ConfigError(f"{path}: the file is empty")
    _refuse_duplicates(path, node)
    return Document(path, value, node)


def _refuse_duplicates(path: Path, node: yaml.Node) -> None:
    if isinstance(node, yaml.SequenceNode):
        for child in node.value:
            _refuse_duplicates(path, child)
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                raise ConfigError(f"{path}:{key.start_mark.line + 1}: the key '{key.value}' stands twice")
            seen.add(key.value)
            _refuse_duplicates(path, value)
