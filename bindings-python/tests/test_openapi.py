"""The results of the package are what docs/openapi/mcoda-telemetry.yaml says."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterable
from datetime import datetime, timezone
from pathlib import Path
from typing import Any, Protocol

import pytest

import mcoda
from conftest import REPOSITORY, Shop
from openapi import SCHEMAS, faults


class HasDict(Protocol):
    def to_dict(self) -> Any: ...


def assert_is(name: str, value: Any) -> None:
    found = faults(name, value)
    assert not found, f"{name}: {found} in {value}"


def assert_all_are(name: str, results: Iterable[HasDict]) -> None:
    values = [result.to_dict() for result in results]
    assert values, f"{name}: nothing to check"
    for value in values:
        assert_is(name, value)


def ask(ws: mcoda.Workspace) -> None:
    """All results of a workspace."""
    assert_all_are("TokenUsageRow", ws.token_usage())
    dimensions: list[Any] = SCHEMAS["Dimension"]["enum"]
    for group_by in [None, dimensions, *([dimension] for dimension in dimensions)]:
        summary = ws.token_usage_summary(since="2000-01-01", group_by=group_by)
        assert_all_are("TokenUsageSummaryRow", summary)
    assert_all_are("StatusEvent", ws.status_events())
    jobs = ws.jobs.list()
    assert_all_are("Job", jobs)
    assert_all_are("JobInspection", [ws.inspect_job(job.id) for job in jobs])
    assert_all_are("TelemetryConfig", [ws.telemetry_config()])
    modes: list[Any] = SCHEMAS["VelocityMode"]["enum"]
    for mode in modes:
        for speed in (None, 0, 2.5):
            assert_all_are("Velocity", [ws.velocity(mode=mode, sp_per_hour_all=speed)])
            assert_all_are("Estimate", [ws.estimate(mode=mode, sp_per_hour_all=speed)])


def test_results_of_a_workspace_with_history_match_the_contract(shop: Shop) -> None:
    ws, task = shop.ws, shop.task
    still_open = ws.tasks.create(user_story_id=shop.story.id, key="P-2", title="Open", story_points=5)
    moves = ["in_progress", "ready_to_code_review", "ready_to_qa", "completed", "changes_requested"]
    for hour, status in enumerate(moves, start=8):
        time = datetime(2026, 3, 20, hour, tzinfo=timezone.utc)
        ws.record_status_transition(task.id, status, timestamp=time, metadata={"lane": [status]})
    ws.record_status_transition(still_open.id, "in_progress")
    job = ws.jobs.create(type="work", total_items=3, payload={"a": [1]})
    run = ws.task_runs.create(task_id=still_open.id, command="qa-tasks", job_id=job.id)
    assert_all_are("TaskRun", [run, *ws.task_runs.list(still_open.id)])
    records: list[dict[str, Any]] = [
        {"jobId": job.id, "taskId": still_open.id, "costEstimate": 0.1, "currency": "USD", "durationMs": 1500.5},
        {"jobId": job.id, "costEstimate": 3, "currency": "EUR", "tokensPrompt": 2**53 - 1},
        {"metadata": {"error": "why", "deep": [{"a": None}]}, "timestamp": "2026-03-20T12:00:00.000Z"},
    ]
    for record in records:
        assert_is("TokenUsage", record)
    ws.record_token_usages(records)
    ask(ws)
    assert_all_are("Estimate", [ws.estimate(project_key="P", epic_key="P-E", story_key="P-S", assignee="ada")])


def test_results_of_a_workspace_with_foreign_rows_match_the_contract(file: Path) -> None:
    shutil.copy(REPOSITORY / "tests/vectors/fixtures/shop.db", file)
    with mcoda.Workspace.open_db(file, workspace_id="w") as ws:
        assert_all_are("TokenUsageRow", ws.iter_token_usage())
        ask(ws)


def test_telemetry_settings_are_what_the_contract_says(ws: mcoda.Workspace) -> None:
    assert_all_are("TelemetryConfig", [ws.opt_out(strict=True), ws.opt_in()])
    with mcoda.Workspace.open_db(":memory:", no_telemetry=True) as in_memory:
        assert_all_are("TelemetryConfig", [in_memory.telemetry_config()])


def test_answers_of_the_global_database_are_what_the_contract_says() -> None:
    with mcoda.Global.open_db(":memory:") as database:
        database.record_token_usage(command_name="chat", tokens_prompt=1)
        assert_all_are("TokenUsageRow", database.token_usage())
        assert_all_are("TokenUsageSummaryRow", database.token_usage_summary())


def test_an_invalid_result_is_detected(ws: mcoda.Workspace) -> None:
    ws.record_token_usage(agent_id="a")
    row = ws.token_usage()[0].to_dict()
    assert_is("TokenUsageRow", row)
    wrong: list[dict[str, Any]] = [{"agent_id": 7}, {"tokens_prompt": 0.5}, {"metadata": []}, {"timestamp": None}]
    for change in wrong:
        with pytest.raises(AssertionError, match=next(iter(change))):
            assert_is("TokenUsageRow", {**row, **change})
    with pytest.raises(AssertionError, match="of_tomorrow"):
        assert_is("TokenUsageRow", {**row, "of_tomorrow": 1})
    with pytest.raises(AssertionError, match="error_kind"):
        assert_is("TokenUsageRow", {name: value for name, value in row.items() if name != "error_kind"})
    with pytest.raises(AssertionError, match="soon"):
        assert_is("Estimate", {**ws.estimate().to_dict(), "now": "soon"})


def test_the_names_of_errors_are_those_of_the_contract() -> None:
    kinds = {error.kind for error in mcoda.McodaError.__subclasses__()}
    names = {re.sub(r"\B([A-Z])", r"_\1", kind).upper() for kind in kinds}
    assert names == set(SCHEMAS["Error"]["properties"]["code"]["enum"])
