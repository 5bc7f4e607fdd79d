"""CPU lists."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bench.core import cpus
from bench.core.errors import ConfigError


@given(st.sets(st.integers(0, 255), min_size=1))
def test_a_list_reads_back_as_written(chosen):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(cpus, "allowed", lambda: list(range(256)))
        assert cpus.parse(cpus.show(list(chosen))) == sorted(chosen)


@pytest.mark.parametrize("text", ["", "a", "1-", "3-1", "0,,1", "-1"])
def test_what_is_no_list_is_refused(text):
    with pytest.raises(ConfigError, match="no list of CPUs"):
        cpus.parse(text)


def test_a_cpu_that_is_not_ours_is_refused(monkeypatch):
    monkeypatch.setattr(cpus, "allowed", lambda: [0, 1])
    with pytest.raises(ConfigError, match="CPU 7 cannot be used here"):
        cpus.parse("0-1,7")
