"""What is known about two workspaces in the schema of mcoda's TypeScript packages.

One is our own, and its results are computed independently; the other is theirs with their results, where that is at hand.
"""

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

GOLDEN = REPOSITORY / "tests/golden"
# Not part of this repository: it is beside the checkout, or beside the folder of several.
SHARED_PLACES = [REPOSITORY.parent / "shared/golden", REPOSITORY.parent.parent / "shared/golden"]
SHARED = next((place for place in SHARED_PLACES if place.is_dir()), SHARED_PLACES[0])
SETS = {"golden": GOLDEN, "shared": SHARED}
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


def known_of(folder: Path) -> dict[str, Any]:
    known: dict[str, Any] = json.loads((folder / "cases.json").read_text(encoding="utf-8"))
    return known


def cases() -> Iterator[Any]:
    for name, folder in SETS.items():
        if not folder.is_dir():
            # It is reported as skipped: nothing passed.
            missing = pytest.mark.skip(reason=f"{folder} is missing")
            yield pytest.param(folder, {}, id=f"{name}-missing", marks=missing)
            continue
        for case in known_of(folder)["cases"]:
            yield pytest.param(folder, case, id=f"{name}-{case['op']}-{json.dumps(case['options'])}")


@pytest.mark.parametrize(("folder", "case"), list(cases()))
def test_results_agree_with_the_independent_computation(folder: Path, case: dict[str, Any], file: Path) -> None:
    known = known_of(folder)
    shutil.copy(folder / "workspace.db", file)
    with mcoda.Workspace.open_db(file, workspace_id=known["workspaceId"], config=known["config"]) as ws:
        compare(ws, case, known["now"])


def compare(ws: mcoda.Workspace, case: dict[str, Any], now: str) -> None:
    options, expected = case["options"], case["expected"]
    if case["op"] == "velocity":
        found: Any = ws.velocity(options, now=now).to_dict()
    elif case["op"] == "estimate":
        found = ws.estimate(options, now=now).to_dict()
        # The library computes these differently; docs/estimate.md says how.
        expected.pop("etas", None)
    elif case["op"] == "tokenUsage":
        found = [row.to_dict() for row in ws.token_usage(options, now=now)]
    else:
        found = by_group(ws.token_usage_summary(options, now=now).to_dicts())
        expected = by_group(expected)
        assert found.keys() == expected.keys()
    assert difference(found, expected) is None


def by_group(rows: list[dict[str, Any]]) -> dict[str, Any]:
    """The rows of a summary by what they are grouped by: their order is not part of the contract."""
    groups = {repr([row.get(name, "absent") for name in DIMENSIONS]): row for row in rows}
    assert len(groups) == len(rows), "a group occurs once"
    return groups


def test_all_operations_are_compared() -> None:
    operations = {case["op"] for case in known_of(GOLDEN)["cases"]}
    assert operations == {"tokenSummary", "tokenUsage", "velocity", "estimate"}
