"""A missing tool is a skip that says so on anybody's machine, and a failure where a build must be trusted."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.browser.tools import needed


@pytest.mark.parametrize(("ci", "outcome"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)])
def test_a_missing_tool_is_never_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, ci: str, outcome: type[BaseException]
) -> None:
    monkeypatch.setenv("CI", ci)
    for path in (None, tmp_path / "nothing.jar"):
        with pytest.raises(outcome, match=r"the validator is missing: \.ci/packages installs it"):
            needed("the validator", path)


def test_a_tool_that_is_there_is_used(tmp_path: Path) -> None:
    assert needed("a folder", tmp_path) == tmp_path
