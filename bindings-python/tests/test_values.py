"""Values on their way in and out."""

from __future__ import annotations

import copy
import dataclasses
import enum
import json
import multiprocessing
import pickle
import shutil
import sqlite3
from collections import OrderedDict, UserDict
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from types import MappingProxyType
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import mcoda
from conftest import REPOSITORY, Shop, everything

NOON = datetime(2026, 3, 20, 12, 0, 0, 123999, tzinfo=timezone.utc)
TEXT = "2026-03-20T12:00:00.123Z"


class OtherDatetime(datetime):
    """Other libraries have datetimes of their own."""


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (NOON, TEXT),
        (NOON.astimezone(timezone(timedelta(hours=5, minutes=30))), TEXT),
        (NOON.astimezone(timezone(-timedelta(hours=3, minutes=7, seconds=11))), TEXT),
        (OtherDatetime(2026, 3, 20, 12, tzinfo=timezone.utc), "2026-03-20T12:00:00.000Z"),
        (datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin")), "2026-10-25T00:30:00.000Z"),
        (datetime(2026, 10, 25, 2, 30, tzinfo=ZoneInfo("Europe/Berlin"), fold=1), "2026-10-25T01:30:00.000Z"),
        (datetime(1, 1, 1, tzinfo=timezone.utc), "0001-01-01T00:00:00.000Z"),
        (datetime.max.replace(tzinfo=timezone.utc), "9999-12-31T23:59:59.999Z"),
        (date(2026, 3, 20), "2026-03-20T00:00:00.000Z"),
        ("2026-03-20T13:00:00+01:00", "2026-03-20T12:00:00.000Z"),
    ],
    ids=str,
)
def test_a_time_is_taken_in_its_zone(given: Any, stored: str, shop: Shop) -> None:
    shop.ws.record_token_usage(timestamp=given, started_at=given, finished_at=given)
    row = shop.ws.token_usage()[0]
    moved = shop.ws.record_status_transition("P-1", "in_progress", timestamp=given)
    run = shop.ws.task_runs.create(task_id=shop.task.id, command="c", started_at=given)
    run = shop.ws.task_runs.finish(run.id, "succeeded", given)
    command = shop.ws.command_runs.create(command_name="c", started_at=given)
    command = shop.ws.command_runs.finish(command.id, status="succeeded", completed_at=given)
    times = {
        (row, "timestamp"): row.timestamp,
        (row, "started_at"): row.started_at,
        (row, "finished_at"): row.finished_at,
        (moved, "timestamp"): moved.timestamp,
        (run, "startedAt"): run.started_at,
        (run, "finishedAt"): run.finished_at,
        (command, "startedAt"): command.started_at,
        (command, "completedAt"): command.completed_at,
    }
    for (result, name), time in times.items():
        assert result.to_dict()[name] == stored
        assert time is not None and time.tzinfo is timezone.utc, name
        assert time.isoformat(timespec="milliseconds").replace("+00:00", "Z") == stored, name


def test_every_time_in_a_result_is_a_datetime(shop: Shop) -> None:
    def times(result: Any) -> Iterator[tuple[str, object]]:
        for field in dataclasses.fields(result):
            value = getattr(result, field.name)
            if "datetime" in str(field.type):
                yield f"{type(result).__name__}.{field.name}", value
            for inner in value if isinstance(value, tuple) else [value]:
                if dataclasses.is_dataclass(inner):
                    yield from times(inner)

    found = [time for result in results(shop) for time in times(result)]
    assert {type(value) for _, value in found} == {datetime, type(None)}
    assert all(value.utcoffset() == timedelta(0) for _, value in found if isinstance(value, datetime))
    names = {field.name for cls in result_classes() for field in dataclasses.fields(cls) if "datetime" in str(field.type)}
    like_times = {
        field.name
        for cls in result_classes()
        for field in dataclasses.fields(cls)
        if field.name.endswith(("_at", "_eta", "timestamp"))
    }
    assert names == like_times | {"at", "last_used", "now", "origin", "since", "until", "p10", "p50", "p80", "p85", "p95"}


@pytest.mark.parametrize("text", ["yesterday", "", "2026-03-20T12:00:00", "20260320", "1774008000", "0000-03-20"])
def test_an_invalid_stored_time_is_none_and_its_text_is_kept(text: str, ws: mcoda.Workspace, file: Path) -> None:
    ws.record_token_usage(id="a", timestamp=NOON)
    ws.projects.ensure(key="P")
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("UPDATE token_usage SET timestamp = ?, started_at = ?", (text, text))
        other.execute("UPDATE projects SET created_at = ?, updated_at = '2026-03-20T13:00:00.5+01:00'", (text,))
    row, project = ws.token_usage()[0], ws.projects.get("P")
    assert (row.timestamp, row.started_at) == (None, None) and project is not None and project.created_at is None
    assert (row.to_dict()["timestamp"], row.to_dict()["started_at"]) == (text, text)
    assert project.to_dict()["createdAt"] == text
    assert project.updated_at == datetime(2026, 3, 20, 12, 0, 0, 500000, tzinfo=timezone.utc)
    for same in (copy.deepcopy(row), pickle.loads(pickle.dumps(row))):
        assert same == row and same.to_dict() == row.to_dict()


@pytest.mark.parametrize("year_0", ["0000-06-01", "0001-01-01T00:00:00+01:00"])
def test_a_time_that_datetime_does_not_have_is_refused_before_anything_is_written(year_0: str, shop: Shop) -> None:
    ws, before = shop.ws, everything(shop.ws)
    calls: list[tuple[Callable[[], object], str]] = [
        (lambda: ws.record_status_transition("P-1", "in_progress", timestamp=year_0), "timestamp"),
        (lambda: ws.record_token_usage({"startedAt": year_0}), "startedAt"),
        (lambda: ws.record_token_usages([{"tokens_prompt": 1}, {"finished_at": year_0}]), "finishedAt"),
        (lambda: ws.batch([{"call": "record_token_usage", "args": [{"timestamp": year_0}]}]), "timestamp"),
        (lambda: ws.task_runs.finish("x", "succeeded", year_0), "finishedAt"),
        (lambda: ws.estimate(now=year_0), "now"),
    ]
    for call, field in calls:
        with pytest.raises(mcoda.InvalidInputError, match="the years that datetime has, 1 to 9999") as refused:
            call()
        assert refused.value.field == field
    assert everything(ws) == before


def test_bounds_may_be_datetimes_dates_and_spans(ws: mcoda.Workspace) -> None:
    for hour in (9, 10, 11):
        ws.record_token_usage(tokens_prompt=hour, timestamp=NOON.replace(hour=hour, microsecond=0))

    def found(**bounds: Any) -> list[int | None]:
        return [row.tokens_prompt for row in ws.token_usage(**bounds)]

    ten = datetime(2026, 3, 20, 10, tzinfo=timezone.utc)
    assert found(since=ten) == [10, 11]
    assert found(until=ten) == [9, 10]
    assert found(since=date(2026, 3, 20)) == [9, 10, 11]
    assert found(until=date(2026, 3, 20)) == [9, 10, 11] and found(until=date(2026, 3, 19)) == []
    assert found(since="90m", now=NOON) == [11]
    assert [row.calls for row in ws.token_usage_summary(since=ten, until=NOON)] == [2]
    assert ws.estimate(now=NOON).now == NOON.replace(microsecond=123000)


def test_the_times_of_an_estimate_can_be_calculated_with_and_passed_back(shop: Shop) -> None:
    estimate = shop.ws.estimate(sp_per_hour_all=2, now=NOON)
    assert estimate.etas.ready_to_review_eta is not None
    assert estimate.etas.ready_to_review_eta - estimate.now == timedelta(minutes=30)
    assert shop.ws.estimate(sp_per_hour_all=2, now=estimate.now) == estimate
    assert estimate.etas.complete_eta is not None and estimate.etas.complete_eta.tzinfo == timezone.utc


def test_the_options_of_a_forecast_are_keywords_and_a_mapping(tmp_path: Path) -> None:
    shutil.copy(REPOSITORY / "tests/vectors/fixtures/pipeline.db", tmp_path / "mcoda.db")
    now, by = datetime(2026, 3, 21, 9, tzinfo=timezone.utc), datetime(2026, 3, 22, tzinfo=timezone.utc)
    with mcoda.Workspace.open_db(tmp_path / "mcoda.db") as ws:
        found = ws.estimate(trials=50, seed=2, calendar={"hours": "09:00-17:00"}, by=by, forecast=True, now=now)
        options = {"trials": 50, "seed": 2, "calendar": {"hours": "09:00-17:00"}, "by": by.isoformat(), "now": now.isoformat()}
        assert found == ws.estimate(options)
        assert found.forecast is not None and found.forecast.done_by is not None
        assert (found.forecast.trials, found.forecast.seed, found.forecast.done_by.at) == (50, 2, by)
        assert found != ws.estimate(trials=50, seed=2, by=by, now=now)
        assert ws.estimate(forecast=False, now=now).forecast is None


class Level(str, enum.Enum):
    HIGH = "high"


class Count(enum.IntEnum):
    THREE = 3


class WholeNumber:
    """As NumPy's: not an int, but convertible to one."""

    def __index__(self) -> int:
        return 3


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (None, None),
        (True, True),
        (0, 0),
        (-0.0, -0.0),
        (2**63, 2**63),
        (2**64 - 1, 2**64 - 1),
        (-(2**63), -(2**63)),
        (0.1, 0.1),
        (1e300, 1e300),
        ("héllo\n\0 🎉", "héllo\n\0 🎉"),
        ([1, (2, [3])], [1, [2, [3]]]),
        (OrderedDict(z=1, a=2), {"z": 1, "a": 2}),
        (MappingProxyType({"a": 1}), {"a": 1}),
        (UserDict(a=1), {"a": 1}),
        (Level.HIGH, "high"),
        (Count.THREE, 3),
        (WholeNumber(), 3),
        (date(2026, 3, 20), "2026-03-20"),
        (NOON, TEXT),
    ],
    ids=repr,
)
def test_metadata_are_kept_unchanged(given: Any, stored: Any, ws: mcoda.Workspace) -> None:
    ws.record_token_usage(metadata={"value": given})
    found = ws.token_usage()[0].metadata["value"]
    assert (found, type(found)) == (stored, type(stored))
    if isinstance(stored, dict):
        assert list(found) == list(stored)


@pytest.mark.parametrize("given", [UserDict(tokens_prompt=3), MappingProxyType({"tokensPrompt": 3})], ids=repr)
def test_any_mapping_is_a_record(given: Any, ws: mcoda.Workspace) -> None:
    assert ws.record_token_usage(given, model_name="m").recorded
    recorded = ws.record_token_usages(iter([given, {"tokens_prompt": WholeNumber()}]))
    assert len(recorded) == 2
    assert [row.tokens_prompt for row in ws.token_usage()] == [3, 3, 3]


def test_absent_stays_none_and_zero_stays_zero(ws: mcoda.Workspace) -> None:
    ws.record_token_usage(tokens_cached=0, cost_estimate=0)
    row = ws.token_usage()[0]
    assert (row.tokens_cached, row.cost_estimate, row.tokens_prompt) == (0, 0.0, None)
    assert isinstance(row.cost_estimate, float)


def test_null_is_none_where_that_is_asked_for() -> None:
    with mcoda.Workspace.open_db(":memory:", null_as_absent=True) as ws:
        job = ws.jobs.create(type="work")
        # The types are those without the option.
        stored: list[Any] = [job.payload, job.agent_ids, job.processed_items]
        assert stored == [None, None, None]
        assert ws.jobs.create(type="work", agent_id="a", payload={"x": 1}).agent_ids == ("a",)
        ws.record_token_usages([{}, {"metadata": {"a": 1}}])
        assert [row.metadata for row in ws.iter_token_usage()] == [None, {"a": 1}]
        assert copy.deepcopy(job) == job and "work" in str(ws.inspect_job(job.id))
    with mcoda.Workspace.open_db(":memory:") as ws:
        job = ws.jobs.create(type="work")
        assert (job.payload, job.agent_ids, job.processed_items) == ({}, (), 0)


def test_a_mapping_whose_code_fails_lets_its_error_through(ws: mcoda.Workspace) -> None:
    class Broken(UserDict[str, Any]):
        def __getitem__(self, key: str) -> Any:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ws.record_token_usage(Broken(a=1))
    with pytest.raises(KeyboardInterrupt):
        ws.record_token_usage(metadata=Broken(a=1))

    class BadNumber:
        def __index__(self) -> int:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        ws.record_token_usage(tokens_prompt=BadNumber())  # type: ignore[arg-type]
    assert ws.token_usage() == []


def test_a_row_has_every_field_that_was_recorded(shop: Shop) -> None:
    job = shop.ws.jobs.create(type="work", command_name="work-on-tasks", payload={"a": 1}, total_items=2)
    run = shop.ws.command_runs.create(command_name="work-on-tasks", job_id=job.id)
    task_run = shop.ws.task_runs.create(task_id=shop.task.id, command="work-on-tasks", command_run_id=run.id)
    given: dict[str, Any] = {
        "id": "call-1",
        "workspace_id": shop.ws.id,
        "agent_id": "claude",
        "model_name": "sonnet",
        "job_id": job.id,
        "command_run_id": run.id,
        "task_run_id": task_run.id,
        "task_id": shop.task.id,
        "project_id": shop.project.id,
        "epic_id": shop.epic.id,
        "user_story_id": shop.story.id,
        "command_name": "work-on-tasks",
        "action": "plan",
        "invocation_kind": "chat",
        "provider": "anthropic",
        "currency": "USD",
        "tokens_prompt": 1,
        "tokens_completion": 2,
        "tokens_total": 3,
        "tokens_cached": 4,
        "tokens_cache_read": 5,
        "tokens_cache_write": 6,
        "cost_estimate": 7.5,
        "duration_seconds": 8.0,
        "duration_ms": 8000.0,
        "started_at": "2026-03-20T11:59:52.000Z",
        "finished_at": "2026-03-20T12:00:00.000Z",
        "timestamp": "2026-03-20T12:00:00.000Z",
        "metadata": {"k": "v"},
    }
    shop.ws.record_token_usage(**given)
    row = shop.ws.token_usage()[0]
    for name, value in given.items():
        found = getattr(row, name)
        if isinstance(found, datetime):
            found = found.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        assert found == value if name != "metadata" else found["k"] == "v", name
    assert shop.ws.jobs.get(job.id) == dataclasses.replace(
        job, agent_id="claude", agent_ids=("claude",), updated_at=shop.ws.jobs.list()[0].updated_at
    )
    ended = shop.ws.command_runs.finish(run.id, status="succeeded", sp_processed=3)
    assert (ended.agent_ids, ended.sp_processed, ended.status) == (("claude",), 3.0, "succeeded")
    assert shop.ws.task_runs.list(shop.task.id) == [task_run]
    assert shop.ws.jobs.finish(job.id, "failed", "no more money").error_summary == "no more money"


def results(shop: Shop) -> list[Any]:
    """One result of each class, the inner ones included."""
    ws = shop.ws
    recorded = ws.record_token_usage(tokens_prompt=3, timestamp=NOON, metadata={"a": [1]})
    moved = ws.record_status_transition("P-1", "in_progress", timestamp=NOON)
    body = {"id": "a", "model": "m", "usage": {"input_tokens": 4, "output_tokens": 2}}
    job = ws.jobs.create(type="work", payload={"a": [1]})
    run = ws.task_runs.create(task_id=shop.task.id, command="c", job_id=job.id, run_context={"b": {}})
    return [
        recorded,
        moved,
        job,
        run,
        ws.command_runs.create(command_name="c"),
        shop.project,
        shop.epic,
        shop.story,
        mcoda.extract_usage(body),
        ws.record_agent_response(body),
        ws.record_agent_file(__file__),
        ws.inspect_job(job.id),
        ws.telemetry_config(),
        shop.task,
        *ws.status_events(),
        ws.backfill_status_events(),
        *ws.token_usage(),
        *ws.token_usage_summary(now=NOON, group_by=["model", "day"]),
        ws.velocity(),
        ws.estimate(now=NOON + timedelta(hours=1)),
        ws.checkpoint(),
        mcoda.check_path("/nowhere"),
        ws.calls_outside(),
        ws.token_usage_range(),
        *ws.workspace_ids(),
        *results_of_history(ws.database_path.with_name("history.db")),
        *results_of_places(ws.database_path.parent),
    ]


def results_of_places(home: Path) -> list[Any]:
    """The results about workspaces: those in a home folder, and one that was moved."""
    root, environment = home / "root", {"HOME": str(home)}
    root.mkdir()
    with mcoda.Workspace.open(root, environment=environment) as ws:
        with mcoda.Workspace.open(root, environment=environment, workspace_id="old") as old:
            old.record_token_usage(tokens_prompt=1)
        return [*mcoda.workspaces(environment=environment), ws.relocate("old", ws.id)]


def results_of_history(file: Path) -> list[Any]:
    """The results that need a history: of a pipeline in work, and of the same one long after its last event."""
    shutil.copy(REPOSITORY / "tests/vectors/fixtures/pipeline.db", file)
    with mcoda.Workspace.open_db(file) as ws:
        return [
            ws.estimate(now="2026-06-01", by="2030-01-01"),
            ws.estimate(now="2030-01-01"),
            ws.backtest(),
            *ws.lane_visits(),
            *ws.cumulative_flow(),
            *ws.throughput(),
            ws.economics(),
            ws.create_time_index(),
            ws.tasks.delete(str(ws.query("SELECT id FROM tasks LIMIT 1")[0][0])),
        ]


def result_classes() -> set[type[Any]]:
    """All classes of results."""
    found = {value for value in vars(mcoda).values() if isinstance(value, type) and dataclasses.is_dataclass(value)}
    assert len(found) > 30
    return found


def with_inner(result: Any) -> Iterator[Any]:
    yield result
    for field in dataclasses.fields(result):
        value = getattr(result, field.name)
        for inner in value if isinstance(value, tuple) else [value]:
            if dataclasses.is_dataclass(inner):
                yield from with_inner(inner)


def test_results_of_every_class_can_be_compared_hashed_copied_and_pickled(shop: Shop) -> None:
    found = [inner for result in results(shop) for inner in with_inner(result)]
    assert {type(result) for result in found} == result_classes()
    made = [dataclasses.replace(result) for result in found]
    for result in found + made:
        copies = [copy.copy(result), copy.deepcopy(result)]
        copies += [pickle.loads(pickle.dumps(result, protocol)) for protocol in range(pickle.HIGHEST_PROTOCOL + 1)]
        for same in copies:
            assert same == result and hash(same) == hash(result) and len({same, result}) == 1
            assert repr(same) == repr(result)
    for result, same in zip(found, made):
        assert result == same and hash(result) == hash(same)
        assert pickle.loads(pickle.dumps(result)).to_dict() == result.to_dict()


def test_a_copy_has_the_changes_of_a_dict_in_the_result(shop: Shop) -> None:
    row = next(one for one in results(shop) if isinstance(one, mcoda.TokenUsageRow))
    row.metadata["b"] = 1
    assert pickle.loads(pickle.dumps(row)).metadata == {"a": [1], "b": 1}


def test_results_differ_where_an_attribute_does(shop: Shop) -> None:
    row = next(one for one in results(shop) if isinstance(one, mcoda.TokenUsageRow))
    assert row != dataclasses.replace(row, tokens_prompt=4)
    assert row != dataclasses.replace(row, metadata={"a": [2]})


def test_results_go_to_another_process_and_back(shop: Shop) -> None:
    ws = shop.ws
    ws.record_token_usage(tokens_prompt=3, timestamp=NOON)
    sent = (ws.token_usage(), ws.estimate(now=NOON), ws.token_usage_summary(now=NOON), ws.query("SELECT 1 AS a"))
    with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
        returned = pool.submit(copy.copy, sent).result()
    assert returned == sent and hash(returned[1:]) == hash(sent[1:])
    assert returned[1].to_dict() == sent[1].to_dict() and str(returned[2]) == str(sent[2])


def test_a_summary_can_be_compared_hashed_and_pickled(ws: mcoda.Workspace) -> None:
    ws.record_token_usage(agent_id="a", tokens_prompt=1, timestamp=NOON)
    summary = ws.token_usage_summary(group_by=["agent"], now=NOON)
    same = ws.token_usage_summary(group_by=["agent"], now=NOON)
    other = ws.token_usage_summary(group_by=["model"], now=NOON)
    assert summary == same and hash(summary) == hash(same) and summary != other and summary != list(summary)
    for copied in (copy.deepcopy(summary), pickle.loads(pickle.dumps(summary))):
        assert copied == summary and str(copied) == str(summary) and copied.to_dicts() == summary.to_dicts()


def test_results_are_frozen_and_are_json(shop: Shop) -> None:
    for result in results(shop):
        with pytest.raises(dataclasses.FrozenInstanceError):
            setattr(result, dataclasses.fields(result)[0].name, None)
        with pytest.raises((AttributeError, TypeError)):
            result.misspelt = 1
        json.dumps(result.to_dict(), allow_nan=False)


def test_a_dict_of_a_result_is_a_copy(shop: Shop) -> None:
    row = next(one for one in results(shop) if isinstance(one, mcoda.TokenUsageRow))
    taken = row.to_dict()
    taken["metadata"]["a"].append(2)
    row.metadata["b"] = 1
    assert row.to_dict()["metadata"] == {"a": [1]}


def test_a_field_that_the_engine_adds_later_is_in_the_dict_already() -> None:
    given = {"id": "a", "recorded": True, "duplicate": False, "logged": True, "newer": {"x": [1]}}
    recorded = mcoda.Recorded._read(given)
    assert recorded.to_dict() == given and recorded.id == "a"


def test_a_result_that_a_test_of_a_host_makes_has_no_json() -> None:
    made = mcoda.Recorded(id="a", recorded=True, duplicate=False, logged=False)
    assert repr(made) == "Recorded(id='a', recorded=True, duplicate=False, logged=False)"
    with pytest.raises(TypeError, match="was not returned by a call"):
        made.to_dict()


def test_every_field_of_every_result_is_an_attribute(shop: Shop) -> None:
    """A field of the engine's JSON without an attribute would be a gap of this binding."""

    def compare(result: Any, place: str) -> None:
        names = {field.name for field in dataclasses.fields(result)}
        for name, value in result.to_dict().items():
            snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in name)
            assert snake in names, f"{place}.{name}"
            inner = getattr(result, snake)
            if isinstance(inner, tuple):
                for one in inner:
                    if dataclasses.is_dataclass(one):
                        compare(one, f"{place}.{name}")
            elif dataclasses.is_dataclass(inner):
                compare(inner, f"{place}.{name}")
            elif isinstance(inner, datetime):
                assert datetime.fromisoformat(value.replace("Z", "+00:00")) == inner
            else:
                assert inner == value, f"{place}.{name}"

    for result in results(shop):
        compare(result, type(result).__name__)


def test_numbers_are_floats_where_they_are_measures(shop: Shop) -> None:
    velocity = shop.ws.velocity(sp_per_hour_all=4)
    assert isinstance(velocity.qa_sp_per_hour, float) and velocity.to_dict()["qaSpPerHour"] == 4
    assert isinstance(velocity.to_dict()["qaSpPerHour"], int)
    stuck = shop.ws.estimate(sp_per_hour_all=0, now=NOON)
    assert stuck.durations_hours.total_hours is None and stuck.etas.complete_eta is None
    assert "never: implementation has no velocity" in repr(stuck)


def test_results_have_a_short_repr(shop: Shop) -> None:
    assert repr(mcoda.Recorded._read({"id": "a", "recorded": True, "duplicate": False, "logged": False})) == (
        "Recorded(id='a', recorded=True, duplicate=False, logged=False)"
    )
    shop.ws.record_token_usage(id="a", tokens_prompt=0, timestamp=NOON)
    row = repr(shop.ws.token_usage()[0])
    assert "tokens_prompt=0" in row and "cost_estimate" not in row and "_source" not in row


def test_results_for_people_are_their_tables_in_the_interpreter_too(shop: Shop) -> None:
    ws = shop.ws
    for agent in ("a", "b"):
        ws.record_token_usage(agent_id=agent, tokens_prompt=12_400, timestamp=NOON)
    velocity, estimate = ws.velocity(sp_per_hour_all=4), ws.estimate(sp_per_hour_all=4, now=NOON)
    assert repr(velocity).splitlines()[:3] == [
        "LANE           | SP/H | SOURCE",
        "---------------+------+-------",
        "implementation | 4.00 | config",
    ]
    job = ws.jobs.create(type="work")
    economics = ws.economics(group_by="agent")
    for result in (velocity, estimate, economics, ws.inspect_job(job.id), ws.telemetry_config()):
        assert repr(result) + "\n" == str(result)
    lines = repr(economics).splitlines()
    assert lines[0].startswith("AGENT | CALLS | TOKENS | ")
    assert lines[2].startswith("a     |     1 | 12,400 | ") and lines[4].startswith("all   |     2 | 24,800 | ")
    assert repr(ws.backtest()).endswith("\n0 rows") and str(ws.backtest()) == repr(ws.backtest())
    # One that a program made, and one within another, have no text of their own.
    made = dataclasses.replace(estimate)
    assert repr(made) == str(made) and repr(made).startswith("Estimate(scope=Scope(") and "\n" not in repr(made)
    tables: list[Any] = [ws.economics(), ws.backtest()]
    for own in tables:
        assert repr(dataclasses.replace(own)).startswith(f"{type(own).__name__}(")


def test_results_for_people_are_the_engines_tables(shop: Shop) -> None:
    shop.ws.record_token_usage(agent_id="<claude>", tokens_prompt=5, timestamp=NOON)
    summary = shop.ws.token_usage_summary(group_by=["agent"], now=NOON + timedelta(hours=1))
    assert str(summary).splitlines()[0].startswith("AGENT    | CALLS | TOKENS_IN")
    assert "<claude> |     1 |         5" in str(summary)
    assert "&lt;claude&gt;" in summary._repr_html_() and "<claude>" not in summary._repr_html_()
    assert summary.to_dicts()[0].keys() >= {"agent_id", "calls"} and "model_name" not in summary.to_dicts()[0]
    assert [row.calls for row in summary] == [1] and len(summary[0:1]) == 1
    velocity, estimate = shop.ws.velocity(), shop.ws.estimate(now=NOON)
    assert "IMPLEMENTATION" in str(velocity).upper() and str(velocity).endswith("\n")
    assert str(estimate).startswith("Estimate for the whole workspace")
    assert estimate._repr_html_().startswith("<pre ") and velocity._repr_html_().startswith("<table>")
    assert str(estimate.effective_velocity) == mcoda.render_velocity(estimate.effective_velocity)
