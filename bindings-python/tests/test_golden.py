"""What mcoda's TypeScript packages answer about a workspace of theirs, where that data is at hand."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mcoda
from conftest import REPOSITORY
from matching import difference

GOLDEN = REPOSITORY.parent / "shared/golden"
DIMENSIONS = (
    "project_id",
    "command_name",
    "agent_id",
    "model_name",
    "day",
    "job_id",
    "action",
    "provider",
    "task_id",
)


def golden() -> dict[str, Any]:
    file = GOLDEN / "cases.json"
    known: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else {"cases": []}
    return known


def cases() -> Iterator[Any]:
    for case in golden()["cases"]:
        yield pytest.param(case, id=f"{case['op']}-{json.dumps(case['options'])}")


@pytest.fixture
def copy(file: Path) -> Iterator[mcoda.Workspace]:
    known = golden()
    shutil.copy(GOLDEN / "workspace.db", file)
    with mcoda.Workspace.open_db(file, workspace_id=known["workspaceId"], config=known["config"]) as ws:
        yield ws


@pytest.mark.skipif(not GOLDEN.exists(), reason=f"{GOLDEN} is not here")
@pytest.mark.parametrize("case", list(cases()))
def test_answers_agree_with_the_typescript_packages(case: dict[str, Any], copy: mcoda.Workspace) -> None:
    options, expected, now = case["options"], case["expected"], golden()["now"]
    if case["op"] == "velocity":
        found: Any = copy.velocity(options, now=now).to_dict()
    elif case["op"] == "estimate":
        found = copy.estimate(options, now=now).to_dict()
        # The library answers these better; docs/estimate.md says how.
        del expected["etas"]
    elif case["op"] == "tokenUsage":
        found = [row.to_dict() for row in copy.token_usage(options, now=now)]
    else:
        found = by_group(copy.token_usage_summary(options, now=now).to_dicts())
        expected = by_group(expected)
        assert found.keys() == expected.keys()
    assert difference(found, expected) is None


def by_group(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The rows of a summary by what they are grouped by: their order is not part of the contract."""
    groups = {repr([row.get(name, "absent") for name in DIMENSIONS]): row for row in rows}
    assert len(groups) == len(rows), "a group occurs once"
    return groups


@pytest.mark.skipif(not GOLDEN.exists(), reason=f"{GOLDEN} is not here")
def test_all_operations_are_compared() -> None:
    operations = {case["op"] for case in golden()["cases"]}
    assert operations == {"tokenSummary", "tokenUsage", "velocity", "estimate"}
