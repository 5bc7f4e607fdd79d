"""The command line as a user meets it: exit codes, and one line that says what is wrong. No engine."""

import json
import subprocess
import sys

import pytest

from bench.core.paths import PROJECT, cache
from runner import __version__ as version
from runner.protocol import PROTOCOL


def bench(*words, **environ):
    command = [sys.executable, "-m", "bench.cli.app", *words]
    return subprocess.run(
        command, capture_output=True, text=True, env={"PATH": "/usr/bin:/bin", "HOME": "/x", **environ}
    )


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["matrix", "plan", "--device", "hots"], "did you mean 'host'?"),
        (["matrix", "run", "--memory", "lots"], "--memory"),
        (["matrix", "run", "--memory", "-5m"], "--memory"),
        (["matrix", "run", "--memory", "infg"], "--memory"),
        (["matrix", "run", "--timeout", "inf"], "--timeout"),
        (["matrix", "run", "--meter", "rapl/*"], "add --energy"),
        (["matrix", "run", "--energy", "--sensors-root", "/no/such"], "no such folder"),
        (["measure", "thermal"], "a thermal study is of one cell"),
        (["measure", "thermal", "--framework", "tflight", "--model", "cifarnet"], "did you mean 'tflite'?"),
        (["measure", "thermal", "--framework", "tflite", "--model", "cifarnet", "--minutes", "nan"], "--minutes"),
        (["measure", "thermal", "--show", "nothing"], "no study 'nothing'"),
        (["measure", "selftest", "--sabotage", "foreign-lod"], "did you mean 'foreign-load'?"),
        (["measure", "selftest", "--minutes", "2", "--blocks", "3"], "--minutes and --blocks are both given"),
        (["measure", "selftest", "--arms", "native", "--sabotage", "cpu-quota"], "one of the container arm"),
        (["measure", "selftest", "--run", "nothing"], "no run 'nothing'"),
        (["study", "protocols", "nothing"], "no run 'nothing'"),
        (["matrix", "resume", "nothing"], "no run 'nothing'"),
        (["report", "x" * 300], "no run"),
        (["models", "build", "cifarnt"], "did you mean 'cifarnet'?"),
        (["images", "build", "tflight"], "did you mean 'tflite'?"),
        (["matrx"], "matrix"),
    ],
)
def test_what_is_wrong_is_said_with_code_2_and_no_traceback(words, said, tmp_path):
    done = bench(*words, EDGEBENCH_CACHE=str(tmp_path))
    assert done.returncode == 2, done.stderr
    assert said in done.stderr
    assert "Traceback" not in done.stderr


def test_the_version_is_the_first_thing_asked_in_a_bug_report():
    done = bench("--version")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"bench {version}, protocol {PROTOCOL}")


def test_a_plan_is_json_alone_on_standard_output():
    done = bench("matrix", "plan", "--model", "cifarnet", "--arms", "native", "--blocks", "2", "--json")
    assert done.returncode == 0, done.stderr
    plan = json.loads(done.stdout)
    assert all(cell["arms"] == ["native"] and cell["blocks"] == 2 for cell in plan["cells"])
    assert len(plan["launches"]) == 2 * len(plan["cells"])


def test_a_host_that_refuses_ends_with_code_3_and_no_traceback(tmp_path):
    (tmp_path / "file").write_text("")
    done = bench("matrix", "run", "--arms", "native", EDGEBENCH_CACHE=str(tmp_path / "file" / "cache"))
    assert done.returncode == 3, done.stderr
    assert "Traceback" not in done.stderr


def test_the_cache_is_one_place_from_wherever_it_is_asked_for(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EDGEBENCH_CACHE", "there")
    assert cache() == tmp_path / "there"


def test_ci_begins_where_no_engine_answers():
    """`setup/engine status` exits 3 there, which must not end the script."""
    head = (PROJECT / ".ci" / "run").read_text().split("cleanup()")[0]
    script = head.replace("setup/engine status", "sh -c 'echo engine: none; exit 3'").replace(
        '"$(dirname "$0")/.."', "."
    )
    done = subprocess.run(["bash", "-c", script + 'echo "got $before"'], capture_output=True, text=True)
    assert done.stdout == "got engine: none\n", done.stderr
