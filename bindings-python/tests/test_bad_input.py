"""Bad values: each is refused with the field's name, and leaves nothing behind."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

import mcoda
from conftest import Shop, everything

LARGEST = 2**53 - 1
NOT_FINITE = [float("inf"), float("-inf")]


def refused(call: Callable[[], object], kind: type[mcoda.McodaError], field: str | None = None) -> str:
    """Makes a call that must fail in this way, and gives the message."""
    with pytest.raises(mcoda.McodaError) as caught:
        call()
    error = caught.value
    assert type(error) is kind, error
    assert field is None or (error.field == field and field in str(error)), error
    return str(error)


USAGES: list[tuple[dict[str, Any], str]] = [
    ({"tokensPrompt": -1}, "tokensPrompt"),
    ({"completionTokens": -1}, "tokensCompletion"),
    ({"tokens_total": LARGEST + 1}, "tokensTotal"),
    ({"tokensCached": -(2**63)}, "tokensCached"),
    ({"tokens_cache_read": 1.5}, "tokensCacheRead"),
    ({"tokensCacheWrite": "7"}, "tokensCacheWrite"),
    ({"tokensPrompt": 1e300}, "tokensPrompt"),
    ({"tokensPrompt": LARGEST, "tokensCompletion": LARGEST}, "tokensTotal"),
    ({"costEstimate": -0.01}, "costEstimate"),
    ({"costUsd": "1"}, "costEstimate"),
    ({"durationMs": -1}, "durationMs"),
    ({"duration_seconds": True}, "durationSeconds"),
    ({"startedAt": "2026-03-20T10:00:00.001Z", "finishedAt": "2026-03-20T10:00:00.000999Z"}, "finishedAt"),
    ({"startedAt": "2025-02-30"}, "startedAt"),
    ({"finishedAt": "2026-03-20T10:00:00"}, "finishedAt"),
    ({"timestamp": "yesterday"}, "timestamp"),
    ({"timestamp": 1774008000000}, "timestamp"),
    ({"timestamp": ""}, "timestamp"),
    ({"metadata": "text"}, "metadata"),
    ({"metadata": [1]}, "metadata"),
    ({"jobId": 7}, "jobId"),
    ({"id": ""}, "id"),
    ({"workspaceId": "  "}, "workspaceId"),
    ({"tokenPrompt": 1}, "tokenPrompt"),
    ({"tokensPrompt": 1, "promptTokens": 2}, "promptTokens"),
    # What Python has and JSON has not.
    *[({field: number}, field) for field in ("costEstimate", "durationMs") for number in NOT_FINITE],
    *[({"metadata": {"deep": [{"n": number}]}}, "metadata") for number in NOT_FINITE],
    ({"tokens_prompt": 2**64}, "tokensPrompt"),
    ({"tokens_prompt": -(2**63) - 1}, "tokensPrompt"),
    ({"tokens_prompt": 2**64 - 1}, "tokensPrompt"),
    ({"tokens_prompt": float("inf")}, "tokensPrompt"),
    ({"cost_estimate": Decimal("0.03")}, "costEstimate"),
    ({"cost_estimate": Fraction(1, 3)}, "costEstimate"),
    ({"cost_estimate": 1 + 2j}, "costEstimate"),
    ({"command_name": b"work"}, "commandName"),
    ({"command_name": "\ud800"}, "commandName"),
    ({"command_name": Path("x")}, "commandName"),
    ({"timestamp": datetime(2026, 3, 20, 12)}, "timestamp"),
    ({"timestamp": datetime.max.replace(tzinfo=timezone(timedelta(hours=-14)))}, "timestamp"),
    ({"timestamp": timedelta(days=1)}, "timestamp"),
    ({"metadata": {"tags": {"a", "b"}}}, "metadata"),
    ({"metadata": {"bytes": b"\x00"}}, "metadata"),
    ({"metadata": {"cost": Decimal(1)}}, "metadata"),
    ({"metadata": {"big": 10**30}}, "metadata"),
    ({"metadata": {1: "one"}}, "metadata"),
    ({"metadata": {"\udfff": 1}}, "metadata"),
    ({"metadata": {"x": object()}}, "metadata"),
    ({"metadata": {"x": deque([1])}}, "metadata"),
    ({"metadata": {"when": datetime(2026, 3, 20)}}, "metadata"),
    ({"metadata": SimpleNamespace(a=1)}, "metadata"),
]


@pytest.mark.parametrize(("given", "field"), USAGES, ids=repr)
def test_a_usage_record_with_an_invalid_value_names_the_field(given: dict[str, Any], field: str, shop: Shop) -> None:
    ws, before = shop.ws, everything(shop.ws)
    message = refused(lambda: ws.record_token_usage(given), mcoda.InvalidInputError, field)
    assert len(message) < 500 and "\n" not in message
    in_batch = refused(lambda: ws.record_token_usages([{"id": "fine"}, given]), mcoda.InvalidInputError, field)
    assert in_batch.startswith("record 2 of 2: ")
    assert everything(ws) == before


@pytest.mark.parametrize("given", [[], None, 7, "text", {"a"}, [("id", "x")]], ids=repr)
def test_a_record_that_is_not_a_mapping_is_refused(given: Any, shop: Shop) -> None:
    ws, before = shop.ws, everything(shop.ws)
    refused(lambda: ws.record_token_usage(given), mcoda.InvalidInputError, "usage")
    refused(lambda: ws.record_token_usages([given]), mcoda.InvalidInputError, "usage")
    assert everything(ws) == before


@pytest.mark.parametrize("given", [{}, {"id": "x"}, None, 7], ids=repr)
def test_records_that_are_not_a_list_of_mappings_are_refused(given: Any, shop: Shop) -> None:
    refused(lambda: shop.ws.record_token_usages(given), mcoda.InvalidInputError, "usages")
    refused(lambda: shop.ws.tasks.create_many(given), mcoda.InvalidInputError, "tasks")


def test_the_same_field_in_the_mapping_and_as_a_keyword_is_refused(shop: Shop) -> None:
    ws = shop.ws
    for name in ("tokensPrompt", "tokens_prompt"):
        with pytest.raises(mcoda.InvalidInputError, match="the same field twice"):
            ws.record_token_usage({name: 1}, tokens_prompt=1)
    assert ws.record_token_usage({"tokensPrompt": None, "id": "a"}, tokens_prompt=1).recorded


def test_an_unknown_keyword_is_pythons_own_error(ws: mcoda.Workspace) -> None:
    with pytest.raises(TypeError, match="token_prompt"):
        ws.record_token_usage(token_prompt=1)  # type: ignore[call-arg]


def test_a_value_that_holds_itself_is_refused(shop: Shop) -> None:
    ws, before = shop.ws, everything(shop.ws)
    loop: list[Any] = []
    loop += [loop, loop]
    knot: dict[str, Any] = {}
    knot["again"] = [knot]
    for value in (loop, knot):
        refused(lambda: ws.record_token_usage(metadata={"x": value}), mcoda.InvalidInputError, "metadata")
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    refused(lambda: ws.record_token_usage(metadata={"x": deep}), mcoda.InvalidInputError, "metadata")
    while deep:
        deep = deep.pop()
    assert everything(ws) == before
    shared = [1]
    assert ws.record_token_usage(metadata={"a": shared, "b": shared}).recorded


@pytest.mark.parametrize("levels", [101, 128, 129, 1000])
def test_json_that_could_not_be_read_again_is_refused_before_it_is_written(levels: int, shop: Shop) -> None:
    ws, before = shop.ws, everything(shop.ws)
    nested: Any = []
    for _ in range(levels - 2):
        nested = [nested]
    metadata = {"x": nested}
    invalid = mcoda.InvalidInputError
    refused(lambda: ws.record_token_usage(metadata=metadata), invalid, "metadata")
    refused(lambda: ws.record_status_transition("P-1", "completed", metadata=metadata), invalid, "metadata")
    moved = lambda: ws.record_status_transition("P-1", "completed", metadata_patch=metadata)  # noqa: E731
    refused(moved, invalid, "metadataPatch")
    refused(lambda: ws.jobs.create(type="work", payload=metadata), invalid, "payload")
    assert everything(ws) == before


def test_the_largest_counts_and_the_smallest_values_are_kept(ws: mcoda.Workspace, tmp_path: Path) -> None:
    start, finish = "2026-03-20T10:00:00Z", "2026-03-20T11:00:00+01:00"
    ws.record_token_usage(
        tokens_prompt=LARGEST, tokens_cached=3, cost_estimate=5e-324, started_at=start, finished_at=finish
    )
    row = ws.token_usage()[0]
    assert (row.tokens_prompt, row.cost_estimate, row.duration_ms) == (LARGEST, 5e-324, 0)


def test_an_error_is_one_short_line_whatever_was_given(shop: Shop) -> None:
    long = "long\n" * 10_000
    ws, invalid = shop.ws, mcoda.InvalidInputError
    messages = [
        refused(lambda: ws.record_token_usage({long: 1}), invalid),
        refused(lambda: ws.record_token_usage(metadata={"x": type(long.replace("\n", ""), (), {})()}), invalid),
        refused(lambda: ws.record_token_usage(timestamp=long), invalid),
        refused(lambda: ws.record_status_transition(long, "completed"), mcoda.NotFoundError),
    ]
    assert all(len(message) < 1000 and "\n" not in message for message in messages)


@pytest.mark.parametrize(
    ("task", "to", "given", "kind", "field"),
    [
        ("nobody", "completed", {}, mcoda.NotFoundError, "task"),
        ("", "completed", {}, mcoda.NotFoundError, "task"),
        (7, "completed", {}, mcoda.InvalidInputError, "task"),
        (None, "completed", {}, mcoda.InvalidInputError, "task"),
        ("P-1", " ", {}, mcoda.InvalidInputError, "toStatus"),
        ("P-1", None, {}, mcoda.InvalidInputError, "toStatus"),
        ("P-1", "in\nprogress", {}, mcoda.InvalidInputError, "toStatus"),
        ("P-1", "completed", {"jobId": "nobody"}, mcoda.NotFoundError, "jobId"),
        ("P-1", "completed", {"taskRunId": "nobody"}, mcoda.NotFoundError, "taskRunId"),
        ("P-1", "completed", {"timestamp": "2025-02-30"}, mcoda.InvalidInputError, "timestamp"),
        ("P-1", "completed", {"timestamp": datetime(2026, 1, 1)}, mcoda.InvalidInputError, "timestamp"),
        ("P-1", "completed", {"metadata": 1}, mcoda.InvalidInputError, "metadata"),
        ("P-1", "completed", {"metadata_patch": []}, mcoda.InvalidInputError, "metadataPatch"),
        ("P-1", "completed", {"form": "x"}, mcoda.InvalidInputError, "form"),
        ("P-1", "completed", None, mcoda.InvalidInputError, "context"),
        ("P-1", "completed", {"expectedFrom": "in_progress"}, mcoda.ConflictError, None),
        ("P-1", "not_started", {"expectedFrom": "blocked"}, mcoda.ConflictError, None),
    ],
    ids=repr,
)
def test_a_transition_with_an_invalid_value_names_the_field(
    task: Any, to: Any, given: Any, kind: type[mcoda.McodaError], field: str | None, shop: Shop
) -> None:
    before = everything(shop.ws)
    refused(lambda: shop.ws.record_status_transition(task, to, given), kind, field)
    assert everything(shop.ws) == before


BOUNDS = ["tomorrow", "", "7", "-1d", "1.5h", "2025-02-30", "2026-03-20T10:00:00", "1y", 7, timedelta(days=-1)]


@pytest.mark.parametrize("bound", [*BOUNDS, datetime(2026, 3, 20)], ids=repr)
def test_an_invalid_time_bound_is_an_error_not_a_wider_query(bound: Any, shop: Shop) -> None:
    ws, invalid = shop.ws, mcoda.InvalidInputError
    for ask in (ws.status_events, ws.token_usage, ws.token_usage_summary):
        refused(lambda: ask(since=bound), invalid, "since")
        refused(lambda: ask(until=bound), invalid, "until")
    refused(lambda: ws.status_events(task="nobody"), mcoda.NotFoundError, "task")


@pytest.mark.parametrize(
    ("given", "kind", "field"),
    [
        ({"projectKey": "X"}, mcoda.NotFoundError, "projectKey"),
        ({"epicKey": "X"}, mcoda.NotFoundError, "epicKey"),
        ({"storyKey": "X"}, mcoda.NotFoundError, "storyKey"),
        ({"projectKey": "P", "epicKey": "X"}, mcoda.NotFoundError, "epicKey"),
        ({"mode": "guess"}, mcoda.InvalidInputError, "mode"),
        ({"mode": "Empirical"}, mcoda.InvalidInputError, "mode"),
        ({"windowTasks": 0}, mcoda.InvalidInputError, "windowTasks"),
        ({"windowTasks": -3}, mcoda.InvalidInputError, "windowTasks"),
        ({"windowTasks": 1.5}, mcoda.InvalidInputError, "windowTasks"),
        ({"spPerHourAll": "10"}, mcoda.InvalidInputError, "spPerHourAll"),
        *[({"spPerHourQa": number}, mcoda.InvalidInputError, "spPerHourQa") for number in NOT_FINITE],
        ({"now": "today"}, mcoda.InvalidInputError, "now"),
        ({"now": datetime(2026, 3, 20)}, mcoda.InvalidInputError, "now"),
        ({"window": 3}, mcoda.InvalidInputError, "window"),
        (None, mcoda.InvalidInputError, "options"),
    ],
    ids=repr,
)
def test_an_estimate_with_an_invalid_option_names_it(
    given: Any, kind: type[mcoda.McodaError], field: str, shop: Shop
) -> None:
    before = everything(shop.ws)
    for ask in (shop.ws.velocity, shop.ws.estimate, shop.ws.backfill_status_events):
        refused(lambda: ask(given), kind, field)
    assert everything(shop.ws) == before


def test_a_velocity_in_the_config_that_is_not_a_number_is_an_error_that_names_file_and_field(tmp_path: Path) -> None:
    with mcoda.Workspace.open(tmp_path / "shop") as ws:
        config = ws.database_path.parent / "config.json"
        for content, field in [
            ({"velocity": {"qaSpPerHour": "8"}}, "velocity.qaSpPerHour"),
            ({"velocity": {"alpha": 2}}, "velocity.alpha"),
            ({"velocity": 8}, "velocity"),
        ]:
            config.write_text(json.dumps(content))
            assert "config.json" in refused(ws.velocity, mcoda.InvalidInputError, field)


def test_rows_that_could_not_be_identified_are_refused(shop: Shop) -> None:
    ws, before = shop.ws, everything(shop.ws)
    invalid, unknown, conflict = mcoda.InvalidInputError, mcoda.NotFoundError, mcoda.ConflictError
    project, epic, story = shop.project.id, shop.epic.id, shop.story.id
    refused(lambda: ws.projects.ensure({}), invalid, "key")
    refused(lambda: ws.projects.ensure(key=""), invalid, "key")
    refused(lambda: ws.epics.create(project_id=project, key="P-E", title="t"), conflict)
    refused(lambda: ws.epics.create(project_id="nobody", key="P-E", title="t"), unknown, "projectId")
    refused(lambda: ws.stories.create(epic_id=epic, key="P-S", title="t"), conflict)
    refused(lambda: ws.stories.create(epic_id="nobody", key="P-S", title="t"), unknown, "epicId")
    good = {"userStoryId": story, "key": "P-2", "title": "t", "storyPoints": 1}
    bad: list[tuple[dict[str, Any], type[mcoda.McodaError], str | None]] = [
        ({"key": "P-1"}, conflict, None),
        ({"key": " "}, invalid, "key"),
        ({"title": ""}, invalid, "title"),
        ({"status": "\t"}, invalid, "status"),
        ({"userStoryId": "nobody"}, unknown, "userStoryId"),
        ({"storyPoints": -1}, invalid, "storyPoints"),
        ({"storyPoints": float("inf")}, invalid, "storyPoints"),
        ({"storyPoints": Decimal(3)}, invalid, "storyPoints"),
        ({"priority": 1.5}, invalid, "priority"),
    ]
    for change, kind, field in bad:
        task = {**good, **change}
        refused(lambda: ws.tasks.create(task), kind, field)
        message = refused(lambda: ws.tasks.create_many([good, task]), kind, field)
        assert message.startswith("task 2 of 2: ")
    refused(lambda: ws.jobs.create({}), invalid, "type")
    refused(lambda: ws.jobs.finish("nobody", "failed"), unknown)
    refused(lambda: ws.command_runs.create(command_name="c", job_id="nobody"), unknown, "jobId")
    refused(lambda: ws.command_runs.finish("nobody", status="failed"), unknown)
    refused(lambda: ws.task_runs.create(task_id="P-1", command="c"), unknown, "taskId")
    points = float("inf")
    run = lambda: ws.task_runs.create(task_id=shop.task.id, command="c", story_points_at_run=points)  # noqa: E731
    refused(run, invalid, "storyPointsAtRun")
    refused(lambda: ws.task_runs.finish("nobody", "failed"), unknown)
    refused(lambda: ws.task_runs.finish("nobody", "failed", "soon"), invalid, "finishedAt")
    refused(lambda: ws.task_runs.finish("nobody", "failed", datetime(2026, 3, 20)), invalid, "finishedAt")
    assert everything(ws) == before


def test_an_error_names_the_given_value_and_the_allowed_values(shop: Shop) -> None:
    ws, invalid = shop.ws, mcoda.InvalidInputError
    naive = datetime(2026, 3, 20, 12)
    for call, message in [
        (lambda: ws.tasks.get(7), "task: got a value of type int; expected text"),  # type: ignore[arg-type]
        (lambda: ws.record_token_usage(tokens_prompt=2**64), "got a whole number beyond 64 bits; expected a whole"),
        (lambda: ws.record_token_usage(cost_estimate=float("inf")), "costEstimate: got inf; expected a finite number"),
        (lambda: ws.record_token_usage(timestamp=naive), "got a datetime without a time zone (2026-03-20 12:00:00)"),
        (lambda: ws.record_token_usage(metadata={"a": {1}}), "metadata: got a value of type set; expected None, bool"),
    ]:
        assert message in refused(call, invalid)


@pytest.mark.parametrize("given", [7, None, b"x", ["a"]], ids=repr)
def test_an_id_that_is_not_text_is_refused(given: Any, shop: Shop) -> None:
    ws, invalid = shop.ws, mcoda.InvalidInputError
    refused(lambda: ws.tasks.get(given), invalid, "task")
    refused(lambda: ws.projects.get(given), invalid, "key")
    refused(lambda: ws.epics.get(given), invalid, "id")
    refused(lambda: ws.task_runs.list(given), invalid, "taskId")
    if given is not None:
        refused(lambda: ws.tasks.list(given), invalid, "userStoryId")


@pytest.mark.parametrize(
    ("sql", "params", "field"),
    [
        ("DELETE FROM tasks", None, "sql"),
        ("SELECT 1; SELECT 2", None, "sql"),
        ("", None, "sql"),
        (7, None, "sql"),
        ("SELECT 1 AS a, 2 AS a", None, "sql"),
        ("SELECT ?", None, "params"),
        ("SELECT ?", [1, 2], "params"),
        ("SELECT ?", "1", "params"),
        ("SELECT ?", {1}, "params"),
        ("SELECT ?", [float("inf")], "params"),
        ("SELECT ?", [2**63], "params"),
        ("SELECT ?", [Decimal(1)], "params"),
        ("SELECT ?", [[1]], "params"),
        ("SELECT ?", ["\ud800"], "params"),
        ("SELECT ?", [datetime(2026, 3, 20)], "params"),
        ("SELECT :a", {"b": 1}, "params"),
        ("SELECT :a", {1: 1}, "params"),
    ],
    ids=repr,
)
def test_sql_that_does_not_only_read_and_parameters_that_do_not_fit_are_refused(
    sql: Any, params: Any, field: str, shop: Shop
) -> None:
    before = everything(shop.ws)
    refused(lambda: shop.ws.query(sql, params), mcoda.InvalidInputError, field)
    assert everything(shop.ws) == before


@pytest.mark.parametrize(
    ("options", "field"),
    [
        ({"busyTimeoutMs": -1}, "busyTimeoutMs"),
        ({"busy_timeout_ms": 1.5}, "busyTimeoutMs"),
        ({"synchronous": "off"}, "synchronous"),
        ({"readOnly": 1}, "readOnly"),
        ({"jsonLog": 7}, "jsonLog"),
        ({"config": []}, "config"),
        ({"workspace": "w"}, "workspace"),
        (None, "options"),
    ],
    ids=repr,
)
def test_a_bad_option_opens_nothing(options: Any, field: str, file: Path) -> None:
    refused(lambda: mcoda.Workspace.open_db(file, options), mcoda.InvalidInputError, field)
    refused(lambda: mcoda.Global.open_db(file, options), mcoda.InvalidInputError, field)
    assert not file.exists()


@pytest.mark.parametrize("path", [7, None, ["x"], b"\xff", "a\0b"], ids=repr)
def test_an_invalid_path_is_refused(path: Any, ws: mcoda.Workspace, tmp_path: Path) -> None:
    with pytest.raises(mcoda.McodaError):
        mcoda.Workspace.open_db(path)
    with pytest.raises(mcoda.McodaError):
        ws.backup_to(path)
