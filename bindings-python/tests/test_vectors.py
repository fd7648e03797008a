"""The vectors that every language runs, tests/vectors/*.json, through the Python interface."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import mcoda
from conftest import REPOSITORY
from matching import as_json, difference, substituted

VECTORS = REPOSITORY / "tests/vectors"
STATE = {"workspace": "state.sql", "global": "state_global.sql"}


def cases() -> Iterator[Any]:
    for file in sorted(VECTORS.glob("*.json")):
        for case in json.loads(file.read_text(encoding="utf-8"))["cases"]:
            yield pytest.param(case, id=f"{file.stem}::{case['name']}")


@pytest.mark.filterwarnings("ignore::mcoda.OtherWorkspaceWarning")
@pytest.mark.parametrize("case", list(cases()))
def test_vector(case: dict[str, Any], tmp_path: Path, file: Path) -> None:
    if "fixture" in case:
        shutil.copy(VECTORS / f"fixtures/{case['fixture']}.db", file)
    saved: dict[str, Any] = {"folder": str(tmp_path)}
    kind = case.get("handle", "workspace")
    options = substituted(case.get("open", {}), saved)
    handle = opened(kind, file, options)
    for number, step in enumerate(case["steps"], 1):
        if "reopen" in step:
            handle.close()
            options |= step["reopen"]
            handle = opened(kind, file, options)
            continue
        why = made(handle, step, kind, saved)
        assert why is None, f"step {number}, {step['call']}: {why}"
    handle.close()


def opened(kind: str, file: Path, options: dict[str, Any]) -> Any:
    return getattr(mcoda, kind.capitalize()).open_db(file, options)


def made(handle: Any, step: dict[str, Any], kind: str, saved: dict[str, Any]) -> str | None:
    """Makes a call, and says why it was not as expected, if it was not."""
    # A call that needs no handle is a function of the package.
    method: Any = mcoda if hasattr(mcoda, step["call"]) else handle
    for name in step["call"].split("."):
        method = getattr(method, name)
    arguments = substituted(step.get("args", []), saved)
    before = state(handle, kind)
    try:
        result = as_json(method(*arguments))
    except mcoda.McodaError as error:
        expected = step.get("error", {})
        found = {"kind": error.kind, "field": error.field, "message": str(error)}
        if expected.get("message", "") not in str(error):
            return f"failed with {found}, expected {expected}"
        if state(handle, kind) != before:
            return "failed, and changed something"
        expected = {name: value for name, value in expected.items() if name != "message"}
        return difference(found, expected, "error") if expected else f"failed with {found}"
    if "error" in step:
        return f"returned {result!r}, expected {step['error']}"
    if "save" in step:
        saved[step["save"]] = result
    if "expect" not in step:
        return None
    return difference(result, substituted(step["expect"], saved), tolerance=0.0 if step.get("exact") else 1e-9)


def state(handle: Any, kind: str) -> Any:
    """Everything that a call could change; nothing where it cannot be read, for example after close."""
    try:
        return handle.query((VECTORS / STATE[kind]).read_text(encoding="utf-8"))
    except mcoda.McodaError:
        return None


def test_there_are_vectors_of_every_kind() -> None:
    everything = [case.values[0] for case in cases()]
    assert len(everything) >= 80
    assert sum(any("error" in step for step in case["steps"]) for case in everything) >= 30


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        ({"a": 1}, {"a": 1, "b": None}),
        ({"a": None}, {"a": 0}),
        ([1], [1, 2]),
        ({"a": 1.000001}, {"a": 1}),
        ({"a": True}, {"a": 1}),
        ("x", "$uuid"),
        ("2026-03-20", "$timestamp"),
        ({"kind": "NotFound"}, {"kind": "Conflict"}),
    ],
)
def test_the_comparison_sees_a_difference(found: Any, expected: Any) -> None:
    assert difference(found, expected) is not None
    assert difference(expected, expected) is None or isinstance(expected, str)
