"""Row-by-row queries, jobs, settings, and text tables."""

from __future__ import annotations

import dataclasses
import gc
import itertools
import json
import sqlite3
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

import mcoda
from conftest import Shop, everything
from test_bad_input import refused


def filled(file: Path, rows: int) -> mcoda.Workspace:
    ws = mcoda.Workspace.open_db(file)
    ws.record_token_usages({"id": f"{n:05}", "tokens_prompt": n, "timestamp": "2026-03-20"} for n in range(rows))
    return ws


@pytest.mark.parametrize("rows", [0, 1, 255, 256, 257, 1000])
def test_rows_one_by_one_are_the_same_as_all_at_once(rows: int, file: Path) -> None:
    with filled(file, rows) as ws:
        found = ws.iter_token_usage()
        assert list(found) == ws.token_usage() and next(found, None) is None
        few = list(ws.iter_token_usage({"pageSize": 300}, page=2, since="2026-03-20"))
        assert few == ws.token_usage(page=2, page_size=300)
        assert list(ws.iter_token_usage(agent="nobody", now="2026-03-21", until="1d")) == []


def test_an_invalid_query_is_refused_before_the_first_row(ws: mcoda.Workspace) -> None:
    refused(lambda: ws.iter_token_usage(since="soon"), mcoda.InvalidInputError, "since")
    refused(lambda: ws.iter_token_usage(page_size=0), mcoda.InvalidInputError, "pageSize")
    refused(lambda: ws.iter_token_usage({"limit": 1}), mcoda.InvalidInputError, "limit")
    refused(lambda: ws.iter_token_usage(project_key="none"), mcoda.NotFoundError, "projectKey")
    with pytest.raises(TypeError):
        ws.iter_token_usage(limit=1)  # type: ignore[call-arg]


def test_the_handle_is_free_between_rows_and_later_records_do_not_come(file: Path) -> None:
    with filled(file, 600) as ws:
        seen = 0
        for _ in ws.iter_token_usage():
            seen += 1
            ws.record_token_usage(tokens_prompt=1)
        assert (seen, len(ws.token_usage())) == (600, 1200)


def test_rows_hold_their_handle_open(file: Path) -> None:
    rows = filled(file, 600).iter_token_usage()
    gc.collect()
    assert sum(1 for _ in rows) == 600
    with pytest.raises(StopIteration):
        next(rows)


def test_closing_the_handle_ends_the_rows_with_an_error(file: Path) -> None:
    ws = filled(file, 600)
    rows, unasked = ws.iter_token_usage(), ws.iter_token_usage()
    next(rows)
    ws.close()
    assert len(list(itertools.islice(rows, 255))) == 255
    for late in (rows, unasked):
        refused(lambda: next(late), mcoda.ClosedError)
        assert next(late, None) is None
    refused(ws.iter_token_usage, mcoda.ClosedError)


def test_a_database_that_was_rebuilt_meanwhile_is_a_conflict(file: Path) -> None:
    with filled(file, 600) as ws:
        rows = ws.iter_token_usage()
        next(rows)
        host = sqlite3.connect(file)
        host.execute("VACUUM")
        host.close()
        refused(lambda: list(rows), mcoda.ConflictError)


def test_threads_that_share_an_iterator_get_each_row_once(file: Path) -> None:
    with filled(file, 5000) as ws:
        rows, lock = ws.iter_token_usage(), threading.Lock()
        found: list[str] = []

        def take(rows: Iterator[mcoda.TokenUsageRow]) -> None:
            while True:
                with lock:
                    row = next(rows, None)
                if row is None:
                    return
                found.append(row.id)

        threads = [threading.Thread(target=take, args=(rows,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert sorted(found) == [f"{n:05}" for n in range(5000)]


def test_the_global_database_gives_its_rows_one_by_one_too(tmp_path: Path) -> None:
    with mcoda.Global.open_db(tmp_path / "global.db") as db:
        db.record_token_usages({"tokens_prompt": n} for n in range(300))
        assert list(db.iter_token_usage()) == db.token_usage() and len(db.token_usage()) == 300
        refused(lambda: db.iter_token_usage(job_id="j"), mcoda.InvalidInputError, "jobId")


def test_days_are_those_of_a_time_zone(ws: mcoda.Workspace) -> None:
    ws.record_token_usage(tokens_prompt=1, timestamp="2026-03-28T23:30:00Z")

    def days(**zone: Any) -> list[str | None]:
        return [row.day for row in ws.token_usage_summary(group_by=["day"], since="2026-03-01", **zone)]

    assert days() == days(time_zone=None) == ["2026-03-28"]
    assert days(time_zone="Europe/Berlin") == ["2026-03-29"]
    refused(lambda: days(time_zone="Europe/Atlantis"), mcoda.InvalidInputError, "timeZone")
    refused(lambda: ws.token_usage_summary(time_zone=1), mcoda.InvalidInputError, "timeZone")  # type: ignore[arg-type]


def worked(shop: Shop) -> mcoda.Job:
    """A job with a task run and two calls."""
    job = shop.ws.jobs.create(type="work", command_name="work-on-tasks", total_items=4)
    run = shop.ws.task_runs.create(
        task_id=shop.task.id, job_id=job.id, command="work-on-tasks", started_at="2026-03-20T10:00:00Z"
    )
    shop.ws.task_runs.finish(run.id, "succeeded", "2026-03-20T12:30:00Z")
    for tokens in (5, 7):
        shop.ws.record_token_usage(job_id=job.id, agent_id="<claude>", tokens_prompt=tokens, timestamp="2020-01-01")
    return job


def test_a_job_is_inspected_with_its_runs_and_its_cost(shop: Shop) -> None:
    job = worked(shop)
    inspection = shop.ws.inspect_job(job.id)
    assert inspection.job == shop.ws.jobs.get(job.id)
    (run,) = inspection.task_runs
    assert isinstance(run, mcoda.TaskRun) and (run.task_key, run.status) == ("P-1", "succeeded")
    assert [(row.agent_id, row.calls, row.tokens_prompt) for row in inspection.tokens] == [("<claude>", 2, 12)]
    assert f"Job:       {job.id}\n" in str(inspection) and "succeeded" in str(inspection)
    assert "&lt;claude&gt;" in inspection._repr_html_() and inspection._repr_html_().startswith("<pre ")
    assert repr(dataclasses.replace(inspection)).startswith("JobInspection(job=Job(")
    refused(lambda: shop.ws.inspect_job("nobody"), mcoda.NotFoundError, "jobId")
    refused(lambda: shop.ws.inspect_job(7), mcoda.InvalidInputError, "jobId")  # type: ignore[arg-type]


def test_settings_are_shown_and_changed(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with mcoda.Workspace.open_db(file) as ws:
        config = ws.telemetry_config()
        assert config.local_recording and config.remote_export and not config.opt_out and not config.strict
        assert (config.endpoint, config.config_path) == (None, str(file.parent / "config.json"))
        assert str(config).startswith("SETTING") and ">SETTING</th>" in config._repr_html_()
        Path(str(config.config_path)).write_text('{"a": 1, "telemetry": {"endpoint": "https://example.org"}}')
        out = ws.opt_out()
        assert (out.opt_out, out.strict, out.endpoint) == (True, False, "https://example.org")
        assert ws.record_token_usage(tokens_prompt=1).recorded
        assert ws.opt_out(strict=True).strict and not ws.record_token_usage(tokens_prompt=1).recorded
        assert not ws.record_agent_response({"id": "a", "usage": {"input_tokens": 1}}).records[0].recorded
        assert ws.opt_in() == ws.telemetry_config() and not ws.telemetry_config().opt_out
        before = Path(str(config.config_path)).read_bytes()
        assert json.loads(before)["a"] == 1
        for strict in (None, 1, "yes"):
            refused(lambda: ws.opt_out(strict), mcoda.InvalidInputError, "strict")  # type: ignore[arg-type]
        assert Path(str(config.config_path)).read_bytes() == before
    monkeypatch.setenv("MCODA_TELEMETRY", "off")
    with mcoda.Workspace.open_db(":memory:", no_telemetry=True) as ws:
        config = ws.telemetry_config()
        assert config.off_by_environment and config.off_by_handle and config.config_path is None
        refused(ws.opt_out, mcoda.UnsupportedError)


def test_text_tables_of_results_equal_those_of_their_json(shop: Shop) -> None:
    ws, job = shop.ws, worked(shop)
    ws.record_status_transition("P-1", "in_progress", timestamp="2026-03-20")
    estimate, velocity = ws.estimate(now="2026-03-21"), ws.velocity(sp_per_hour_all=3)
    inspection, config = ws.inspect_job(job.id), ws.telemetry_config()
    summary = ws.token_usage_summary(group_by=["agent"], since="2020-01-01")
    rows, jobs, events = ws.token_usage(job_id=job.id), ws.jobs.list(), ws.status_events(task="P-1")
    whole: list[tuple[Callable[[Any], str], Any]] = [
        (mcoda.render_estimate, estimate),
        (mcoda.render_velocity, velocity),
        (mcoda.render_job_inspection, inspection),
        (mcoda.render_telemetry_config, config),
    ]
    for render, result in whole:
        assert render(result) == render(result.to_dict()) == str(result)
        # One that a program made has no JSON to make the text of.
        made = dataclasses.replace(result)
        assert str(made) == repr(made) and str(made).startswith(f"{type(made).__name__}(")
    assert mcoda.render_tokens_table(summary, ["agent"]) == str(summary)
    assert mcoda.render_tokens_table(iter(summary.to_dicts()), ("agent",)) == str(summary)
    assert mcoda.render_tokens_table(summary).startswith("AGENT ")
    lists: list[tuple[Callable[[Any], str], Any, str]] = [
        (mcoda.render_job_tokens, rows, "<claude>"),
        (mcoda.render_jobs, jobs, job.id),
        (mcoda.render_status_events, events, "in_progress"),
    ]
    for render, results, shown in lists:
        text = render(results)
        assert shown in text and text.endswith("\n")
        assert text == render([one.to_dict() for one in results]) == render(one for one in results)
        assert shown not in render([])


BAD: list[tuple[Callable[[Any], str], str]] = [
    (mcoda.render_tokens_table, "rows"),
    (mcoda.render_job_tokens, "rows"),
    (mcoda.render_jobs, "jobs"),
    (mcoda.render_job_inspection, "inspection"),
    (mcoda.render_estimate, "estimate"),
    (mcoda.render_velocity, "velocity"),
    (mcoda.render_status_events, "events"),
    (mcoda.render_telemetry_config, "config"),
    (mcoda.render_check, "report"),
]


@pytest.mark.parametrize(("render", "field"), BAD)
def test_a_value_that_is_not_a_result_cannot_be_rendered(render: Callable[[Any], str], field: str) -> None:
    for given in (None, 7, "text", [7], {"a": object()}, {"now": float("inf")}):
        refused(lambda: render(given), mcoda.InvalidInputError, field)
    with pytest.raises(mcoda.InvalidInputError, match="groupBy"):
        mcoda.render_tokens_table([], ["moon"])  # type: ignore[list-item]


def test_asking_changes_nothing(shop: Shop) -> None:
    job, before = worked(shop), everything(shop.ws)
    shop.ws.inspect_job(job.id)
    shop.ws.telemetry_config()
    list(shop.ws.iter_token_usage())
    assert everything(shop.ws) == before
