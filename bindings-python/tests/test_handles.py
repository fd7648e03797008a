"""Handles: opened, closed, used too late, dropped too early."""

from __future__ import annotations

import copy
import gc
import os
import pickle
import subprocess
import sys
import threading
import weakref
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import mcoda
from conftest import Shop
from holder import Holder


def test_the_documented_first_lines_work(file: Path) -> None:
    mcoda.Workspace.open_db(file).close()
    with mcoda.Workspace.open_db(str(file)) as ws:
        estimate = ws.estimate(mode="empirical", window_tasks=50, now="2026-03-20T12:00:00Z")
    assert estimate.to_dict()["durationsHours"]["totalHours"] == 0


def test_a_workspace_of_a_root_lies_in_the_home_folder(tmp_path: Path, home: Path) -> None:
    with mcoda.Workspace.open(tmp_path / "shop") as ws:
        assert ws.database_path.is_relative_to(home / ".mcoda/workspaces")
        assert (ws.database_path.parent / "workspace.json").exists()
        assert ws.record_token_usage(tokens_prompt=1).logged
        assert (ws.database_path.parent / "token_usage.json").exists()


def test_the_global_database_lies_in_the_home_folder(home: Path) -> None:
    with mcoda.Global.open() as db:
        assert db.database_path == home / ".mcoda/mcoda.db"
        assert db.record_token_usage(tokens_prompt=1).recorded
        assert [row.tokens_prompt for row in db.token_usage()] == [1]
        assert db.token_usage_summary(group_by=["model"])[0].calls == 1
    assert mcoda.Global.open(existing_only=True).query("SELECT count(*) AS n FROM token_usage").rows == ((1,),)


def test_a_folder_for_the_json_log_may_be_a_path(file: Path, tmp_path: Path) -> None:
    with mcoda.Workspace.open_db(file, json_log=tmp_path, workspace_id="w", synchronous="full") as ws:
        assert ws.record_token_usage(id="a").logged
    assert '"a"' in (tmp_path / "token_usage.json").read_text()
    with mcoda.Workspace.open_db(file) as ws:
        assert not ws.record_token_usage(id="b").logged


def test_a_handle_may_only_read_or_only_open_an_existing_file(file: Path) -> None:
    for options in ({"read_only": True}, {"existing_only": True}):
        with pytest.raises(mcoda.NotFoundError):
            mcoda.Workspace.open_db(file, options)
    mcoda.Workspace.open_db(file).close()
    with mcoda.Workspace.open_db(file, read_only=True) as ws:
        assert ws.token_usage() == []
        with pytest.raises(mcoda.McodaError):
            ws.record_token_usage()


def test_a_file_that_is_not_a_database_is_corrupt(file: Path) -> None:
    file.write_bytes(b"no database" * 1000)
    with pytest.raises(mcoda.CorruptError) as caught:
        mcoda.Workspace.open_db(file)
    assert str(file) in str(caught.value)
    assert file.read_bytes() == b"no database" * 1000


def test_a_folder_that_does_not_exist_is_a_storage_error_and_an_os_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(OSError):
        mcoda.Workspace.open_db(tmp_path / "file/mcoda.db")


CALLS: list[Callable[[mcoda.Workspace], Any]] = [
    lambda ws: ws.record_token_usage(),
    lambda ws: ws.record_token_usages([]),
    lambda ws: ws.record_token_usages([{}]),
    lambda ws: ws.record_agent_response(""),
    lambda ws: ws.record_agent_file(__file__),
    lambda ws: ws.record_status_transition("T", "completed"),
    lambda ws: ws.status_events(),
    lambda ws: ws.backfill_status_events(),
    lambda ws: ws.token_usage(),
    lambda ws: ws.iter_token_usage(),
    lambda ws: ws.token_usage_summary(),
    lambda ws: ws.inspect_job("j"),
    lambda ws: ws.telemetry_config(),
    lambda ws: ws.opt_out(),
    lambda ws: ws.opt_in(),
    lambda ws: ws.velocity(),
    lambda ws: ws.estimate(),
    lambda ws: ws.query("SELECT 1"),
    lambda ws: ws.batch([]),
    lambda ws: ws.batch([{"call": "tasks.list"}]),
    lambda ws: ws.transaction(),
    lambda ws: ws.backup_to(ws.database_path.parent / "copy.db"),
    lambda ws: ws.projects.ensure(key="P"),
    lambda ws: ws.projects.get("P"),
    lambda ws: ws.projects.list(),
    lambda ws: ws.epics.list(),
    lambda ws: ws.stories.list(),
    lambda ws: ws.tasks.create_many([{"user_story_id": "s", "key": "T", "title": "t"}]),
    lambda ws: ws.tasks.list(),
    lambda ws: ws.jobs.create(type="work"),
    lambda ws: ws.command_runs.create(command_name="c"),
    lambda ws: ws.task_runs.list("t"),
]


@pytest.mark.parametrize("call", CALLS)
def test_used_after_close(call: Callable[[mcoda.Workspace], Any], ws: mcoda.Workspace) -> None:
    ws.close()
    with pytest.raises(mcoda.ClosedError) as caught:
        call(ws)
    assert (caught.value.code, caught.value.kind) == (8, "Closed")
    assert not (ws.database_path.parent / "copy.db").exists()


def test_closed_twice(ws: mcoda.Workspace, tmp_path: Path) -> None:
    ws.close()
    ws.close()
    assert ws.database_path.name == "mcoda.db" and ws.id == str(tmp_path)
    db = mcoda.Global.open_db(tmp_path / "global.db")
    db.close()
    db.close()
    with pytest.raises(mcoda.ClosedError):
        db.token_usage()


def test_a_repository_outlives_its_workspace(shop: Shop) -> None:
    tasks = mcoda.Workspace.open_db(shop.ws.database_path).tasks
    gc.collect()
    assert tasks.get("P-1") == shop.task


def test_dropped_while_calls_are_in_flight(file: Path) -> None:
    results: list[mcoda.Recorded] = []
    started = threading.Barrier(9)

    def record(tasks: Callable[..., mcoda.Recorded]) -> None:
        started.wait()
        results.append(tasks(tokens_prompt=1))

    ws = mcoda.Workspace.open_db(file)
    with Holder(file) as holder:
        # A bound method holds the handle, as a call in flight does.
        threads = [threading.Thread(target=record, args=(ws.record_token_usage,)) for _ in range(8)]
        for thread in threads:
            thread.start()
        started.wait()
        del ws, threads
        gc.collect()
        holder.let_go()
        for thread in threading.enumerate():
            if thread is not threading.current_thread():
                thread.join()
    assert len(results) == 8
    with mcoda.Workspace.open_db(file) as again:
        assert len(again.token_usage()) == 8


def test_closed_while_calls_are_in_flight(file: Path) -> None:
    outcomes: list[object] = []
    started = threading.Barrier(9)

    def record() -> None:
        started.wait()
        try:
            outcomes.append(ws.record_token_usage(tokens_prompt=1))
        except mcoda.ClosedError as error:
            outcomes.append(error)

    ws = mcoda.Workspace.open_db(file)
    threads = [threading.Thread(target=record) for _ in range(8)]
    for thread in threads:
        thread.start()
    started.wait()
    ws.close()
    for thread in threads:
        thread.join()
    recorded = [one for one in outcomes if isinstance(one, mcoda.Recorded)]
    assert len(outcomes) == 8
    with mcoda.Workspace.open_db(file) as again:
        assert {row.id for row in again.token_usage()} == {one.id for one in recorded}


LEAVING = """
import sys, threading, mcoda
ws = mcoda.Workspace.open_db(sys.argv[1])
started = threading.Barrier(5)

def record():
    started.wait()
    while True:
        ws.record_token_usage(tokens_prompt=1)

for _ in range(4):
    threading.Thread(target=record, daemon=True).start()
started.wait()
if sys.argv[2] == "after":
    while not ws.token_usage(page_size=1):
        pass
"""


@pytest.mark.parametrize("when", ["at once", "after"])
def test_the_program_ends_while_calls_are_in_flight(when: str, file: Path) -> None:
    done = subprocess.run([sys.executable, "-c", LEAVING, str(file), when], capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, b"")
    with mcoda.Workspace.open_db(file) as ws:
        assert ws.query("PRAGMA integrity_check").rows == (("ok",),)


def test_many_handles_come_and_go(file: Path) -> None:
    descriptors = Path("/proc/self/fd")
    rounds, before = 300, len(list(descriptors.iterdir())) if descriptors.exists() else 0
    for round_ in range(rounds):
        ws = mcoda.Workspace.open_db(file)
        ws.record_token_usage(tokens_prompt=round_)
        if round_ % 2:
            ws.close()
        del ws
    with mcoda.Workspace.open_db(file) as ws:
        assert len(ws.token_usage()) == rounds
    if descriptors.exists():
        # The engine keeps some for the next handles; each handle has three.
        assert len(list(descriptors.iterdir())) - before < 200


def test_a_handle_is_opened_by_its_methods_alone_and_cannot_be_copied(ws: mcoda.Workspace) -> None:
    for cls in (mcoda.Workspace, mcoda.Global):
        with pytest.raises(TypeError, match="open_db"):
            cls()
    for copied in (copy.copy, copy.deepcopy, pickle.dumps):
        with pytest.raises(TypeError, match="cannot be pickled"):
            copied(ws)


def test_a_backup_is_a_database_of_its_own(shop: Shop, tmp_path: Path) -> None:
    shop.ws.backup_to(tmp_path / "copy.db")
    with mcoda.Workspace.open_db(tmp_path / "copy.db", workspace_id=shop.ws.id) as copied:
        assert copied.tasks.list() == [shop.task]
    with pytest.raises(mcoda.ConflictError):
        shop.ws.backup_to(tmp_path / "copy.db")


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere file names are text")
def test_a_path_may_be_one_that_utf8_cannot_hold(ws: mcoda.Workspace, tmp_path: Path) -> None:
    odd = tmp_path / os.fsdecode(b"\xff")
    odd.write_text('{"id": "m", "usage": {"input_tokens": 3, "output_tokens": 1}}')
    assert ws.record_agent_file(odd, agent_id="claude").recorded == 1
    assert ws.token_usage()[0].agent_id == "claude"
    with pytest.raises(mcoda.InvalidInputError, match="modelName"):
        ws.record_agent_file(odd, model_name=7)  # type: ignore[arg-type]
    copied = tmp_path / os.fsdecode(b"\xfe.db")
    ws.backup_to(copied)
    assert copied.exists()
    with pytest.raises(mcoda.InvalidInputError, match="UTF-8"):
        ws.batch([{"call": "record_agent_file", "args": [odd]}])


def test_the_block_closes_the_handle_and_lets_errors_through(file: Path) -> None:
    with pytest.raises(ZeroDivisionError), mcoda.Workspace.open_db(file) as ws:
        raise ZeroDivisionError
    with pytest.raises(mcoda.ClosedError):
        ws.velocity()


def test_a_handle_without_references_is_closed(file: Path) -> None:
    ws = mcoda.Workspace.open_db(file)
    gone = weakref.ref(ws)
    del ws
    gc.collect()
    assert gone() is None


def test_the_repr_of_a_handle_shows_its_path(ws: mcoda.Workspace, file: Path) -> None:
    assert repr(ws) == f"<mcoda.Workspace {str(file)!r}>"
