"""What `bench models list` and `show` print."""

from typing import Any

from rich.console import Console
from rich.table import Column, Table

from bench.artifacts.references import Reference
from bench.core.terminal import print_fitted, say
from bench.verification.verdicts import Limits

FIGURES = ("parameters", "MACs", "FLOP/param", "size", "error")


def show_overview(rows: list[dict[str, Any]], console: Console) -> None:
    """Print a line for each model."""
    shown = []
    for row in rows:
        *figures, made = *_figures(row), *_made(row["artifacts"])
        named = dict(zip(FIGURES, figures, strict=True))
        shown.append({"model": row["name"], "input": _shape(row["input"]), **named, "made": made})
    if console.is_terminal:  # a model has up to a dozen artifacts: `bench models show` lists them
        for row, line in zip(rows, shown, strict=True):
            count = len(row["artifacts"])
            line["made"] = f"{count} artifact{'s' * (count != 1)}" if count else "not made"
    print_fitted(shown, console, droppable=("FLOP/param", "input", "error"), right=FIGURES)
    if console.is_terminal:
        say(["bench models build makes artifacts, bench models show MODEL lists them"], console)


def heading(facts: dict[str, Any], reference: Reference | None) -> Table:
    """What a model is."""
    table = Table("", Column(overflow="fold"), box=None, pad_edge=False, show_header=False)
    table.add_row("model", f"{facts['title']}, {facts['task']}")
    table.add_row("input", f"{_inputs(facts)}{' ' + facts['layout'] if facts['layout'] else ''}")
    if facts["outputs"]:
        table.add_row("output", ", ".join(_shape(output["shape"]) for output in facts["outputs"]))
    if reference:
        paper = reference.paper
        if reference.output:
            table.add_row("", reference.output)
        table.add_row("paper", f"{paper.authors}, {paper.title}, {paper.venue} {paper.year}, {paper.url}")
        if reference.note:
            table.add_row("note", reference.note)
    if facts["reference_by"]:
        table.add_row("answers by", facts["reference_by"])
    if facts["sensitivity"]:
        changes = (f"{name.replace('_', ' ')} {change:.2g}" for name, change in facts["sensitivity"].items())
        table.add_row("sensitivity", ", ".join(changes))
    return table


def counts(facts: dict[str, Any], reference: Reference | None) -> Table:
    """Our figures, and below them those of others."""
    right = [Column(name, justify="right") for name in ("parameters", "MACs", "FLOP/param")]
    table = Table(Column("counted by", overflow="fold"), *right, Column("", overflow="fold"), box=None, pad_edge=False)
    table.add_row("us, from the file" if facts["task"] == "own" else "us, from the network", *_figures(facts), "")
    if reference:
        for count in reference.counts:
            remark = "; ".join(filter(None, (count.input and f"at {count.input}", count.why)))
            table.add_row(count.by, _millions(count.params), _billions(count.macs), "", remark)
        if study := reference.study:
            # As printed: its work is called FLOP, and is one for a multiply-accumulate in most rows.
            table.add_row(
                "the 2019 study, Table I",
                _millions(study.params),
                _billions(study.macs),
                f"{study.work_per_param:.2f}",
                f"at {study.input}" + ("; a MAC is one FLOP there" if study.unit == "mac" else ""),
            )
    return table


def artifacts(made: list[dict[str, Any]]) -> Table:
    """Every artifact, and how far its outputs are from PyTorch's."""
    right = [Column(name, justify="right") for name in ("size", "largest error", "cosine")]
    table = Table("format", "precision", *right, "top-1", "checked with", box=None, pad_edge=False)
    for artifact in made:
        parity = artifact["parity"]
        table.add_row(
            artifact["format"],
            artifact["precision"],
            _size(artifact["size_bytes"]),
            f"{parity['max_rel']:.1e}",
            f"{parity['cosine']:.6f}",
            "same" if parity["top1"] else "another",
            parity["with"],
        )
    return table


def checks(found: list[dict[str, Any]]) -> Table:
    """What came of a model in each framework's own image."""
    right = [Column(name, justify="right") for name in ("largest error", "cosine", "top-1")]
    table = Table("framework", "precision", "", *right, Column("", overflow="fold"), box=None, pad_edge=False)
    for verdict in found:
        parity, bad = verdict["parity"], verdict["status"] != "agrees"
        figures = ("", "", "")
        if parity:
            agree = f"{parity['agree']}/{parity['inputs']}"
            figures = (f"{parity['max_rel']:.1e}", f"{parity['cosine']:.5f}", agree)
        status = f"[red]{verdict['status']}[/]" if bad else verdict["status"]
        limits = str(Limits(memory=verdict["memory"], timeout=verdict["timeout"]))
        said = ": ".join(filter(None, [limits, verdict["message"]]))
        table.add_row(verdict["framework"], verdict["precision"], status, *figures, said)
    return table


def _inputs(facts: dict[str, Any]) -> str:
    """The shape of the one input, or every input by name, with its type and range where those are not the usual."""
    inputs = facts["inputs"] or []
    plain = len(inputs) <= 1 and not any(each.get("range") for each in inputs)
    if plain:
        return _shape(facts["input"])
    said = []
    for each in inputs:
        limits = f" from {each['range'][0]} to {each['range'][1]}" if each.get("range") else ""
        said.append(f"{each['name']} {_shape(each['shape']) or 'one number'} {each['dtype']}{limits}")
    return ", ".join(said)


def _figures(facts: dict[str, Any]) -> tuple[str, str, str]:
    ratio = facts["flop_per_param"]
    return _millions(facts["params"]), _billions(facts["macs"]), f"{ratio:.1f}" if ratio else ""


def _made(artifacts: list[dict[str, Any]]) -> tuple[str, str, str]:
    """Size of all, the largest error of any, and what there is."""
    if not artifacts:
        return "", "", "not made: bench models build"
    error = max(artifact["parity"]["max_rel"] for artifact in artifacts)
    formats = ", ".join(f"{artifact['format']} {artifact['precision']}" for artifact in artifacts)
    return _size(sum(artifact["size_bytes"] for artifact in artifacts)), f"{error:.1e}", formats


def _shape(shape: list[int]) -> str:
    return "×".join(map(str, shape))


def _millions(count: float | None) -> str:
    return f"{count / 1e6:.2f} M" if count is not None else ""


def _billions(count: float | None) -> str:
    return f"{count / 1e9:.2f} G" if count is not None else ""


def _size(size: int) -> str:
    return f"{size / 1e6:.1f} MB"
