"""A comparison as JUnit XML, which every CI service shows: one test case for each arm of each cell.

A regression is a failure. An arm without a verdict (phrases.UNJUDGED) is an error. An arm that is not part of both runs
is skipped. All others pass, with the verdict as their output.
"""

from pathlib import Path
from typing import Any

from junitparser import Error, Failure, JUnitXml, Skipped, TestCase, TestSuite

from analysis.compare.compare import arms_of
from analysis.compare.phrases import UNJUDGED, head, plain_threshold, verdict
from analysis.data.number_format import change
from bench.core.terminal import printable  # XML has no place for control characters, not even escaped


def write_junit(report: dict[str, Any], path: Path) -> None:
    """Write the file. Raises OSError."""
    suite = TestSuite("bench compare")
    for side in ("a", "b"):
        suite.add_property(side, printable(head(report, side)))
    suite.add_testcases([_case(cell, name, arm, report["threshold"]) for cell, name, arm in arms_of(report)])
    xml = JUnitXml("bench compare")
    xml.add_testsuite(suite)
    xml.write(str(path))


def _case(cell: dict[str, Any], name: str, arm: dict[str, Any], threshold: float) -> TestCase:
    case = TestCase(printable(name), classname=printable(cell["cell"]))
    if arm["regression"]:
        case.result = [Failure(f"{change(arm)}, beyond {plain_threshold(threshold)}", "regression")]
    elif arm["status"] in UNJUDGED:
        case.result = [Error(printable(arm["reason"]), arm["status"])]
    elif arm["status"] == "absent":
        case.result = [Skipped(printable(arm["reason"]))]
    else:
        case.system_out = f"{verdict(arm)}: {change(arm)}"
    return case
