"""Several calls in one transaction."""

from __future__ import annotations

import copy
import gc
import json
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import datetime, timezone
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

import mcoda
from conftest import Shop, everything
from test_bad_input import refused

BODY = '{"id": "m", "usage": {"input_tokens": 3, "output_tokens": 1}}'


def count(on: mcoda.Workspace | mcoda.WorkspaceTransaction) -> Any:
    return on.query("SELECT count(*) AS n FROM token_usage").rows[0][0]


def test_all_calls_of_a_transaction_take_effect_together(ws: mcoda.Workspace) -> None:
    with ws.transaction() as tx:
        tx.projects.ensure(key="A")
        tx.record_token_usage(id="1", tokens_prompt=1)
        tx.record_agent_response(BODY)
        # Questions within it see its changes.
        assert (len(tx.projects.list()), len(tx.token_usage()), count(tx)) == (1, 2, 2)
        assert tx.database_path == ws.database_path
    assert count(ws) == 2 and ws.projects.get("A") is not None


@pytest.mark.parametrize("kind", [ZeroDivisionError, KeyboardInterrupt, mcoda.NotFoundError, GeneratorExit])
def test_a_transaction_that_an_exception_leaves_changes_nothing(
    kind: type[BaseException], ws: mcoda.Workspace
) -> None:
    before = everything(ws)
    with pytest.raises(kind), ws.transaction() as tx:
        tx.record_token_usage(id="1", tokens_prompt=1)
        if kind is mcoda.NotFoundError:
            tx.record_token_usage(id="2", task_id="none")
        raise kind
    assert everything(ws) == before
    refused(lambda: tx.record_token_usage(id="1"), mcoda.ClosedError)
    assert ws.record_token_usage(id="1", tokens_prompt=1).recorded


def test_a_call_that_fails_changes_nothing_and_the_transaction_continues(ws: mcoda.Workspace) -> None:
    with ws.transaction() as tx:
        tx.record_token_usage(id="1", tokens_prompt=1)
        # The first of the batch would be new.
        refused(lambda: tx.record_token_usages([{"id": "2"}, {"id": "1", "tokens_prompt": 2}]), mcoda.ConflictError)
        refused(lambda: tx.record_token_usage(tokens_prompt=-1), mcoda.InvalidInputError, "tokensPrompt")
        assert count(tx) == 1
        tx.record_token_usage(id="3")
    assert [row.id for row in ws.token_usage()] == ["1", "3"]


def test_calls_that_cannot_be_rolled_back_are_refused_in_a_transaction(ws: mcoda.Workspace, tmp_path: Path) -> None:
    with ws.transaction() as tx:
        calls: list[Callable[[], object]] = [
            tx.close,
            lambda: tx.backup_to(tmp_path / "copy.db"),
            lambda: tx.batch([]),
            lambda: tx._native.begin(None),
            tx.iter_token_usage,
            lambda: tx.record_agent_file(__file__),
            tx.opt_out,
        ]
        for call in calls:
            refused(call, mcoda.UnsupportedError)
        tx.record_token_usage(id="1")
    assert count(ws) == 1 and not (tmp_path / "copy.db").exists()


def test_a_transaction_stays_open_until_it_is_committed(ws: mcoda.Workspace) -> None:
    tx = ws.transaction()
    tx.record_token_usage(id="1")
    threads = [threading.Thread(target=tx.record_token_usage, args=({"id": id_},)) for id_ in ("2", "3")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert count(tx) == 3
    assert tx.commit() is False, "there is no JSON log"
    assert count(ws) == 3
    assert "committed" in refused(lambda: tx.record_token_usage(id="4"), mcoda.ClosedError)
    refused(tx.commit, mcoda.ClosedError)
    assert count(ws) == 3


@pytest.mark.parametrize("end", ["rollback", "drop"])
def test_a_transaction_that_is_rolled_back_or_dropped_changes_nothing(end: str, ws: mcoda.Workspace) -> None:
    tx = ws.transaction(limit=600)
    tx.record_token_usage(id="1")
    if end == "rollback":
        tx.rollback()
        tx.rollback()
        assert "rolled back" in refused(tx.commit, mcoda.ClosedError)
    else:
        del tx
        gc.collect()
    started = time.monotonic()
    assert count(ws) == 0
    ws.record_token_usage(id="1", tokens_prompt=1)
    assert time.monotonic() - started < 5, "nothing waited for the time limit"


def test_a_transaction_that_ended_in_the_block_is_not_ended_again(ws: mcoda.Workspace) -> None:
    with ws.transaction() as tx:
        tx.record_token_usage(id="1")
        tx.commit()
    with ws.transaction() as tx:
        tx.record_token_usage(id="2")
        tx.rollback()
    with pytest.raises(ZeroDivisionError), ws.transaction() as tx:
        tx.record_token_usage(id="3")
        tx.commit()
        raise ZeroDivisionError
    assert [row.id for row in ws.token_usage()] == ["1", "3"]


def test_a_transaction_is_rolled_back_at_its_time_limit_without_a_call(ws: mcoda.Workspace) -> None:
    tx = ws.transaction(limit=0.05)
    tx.record_token_usage(id="1")
    # Another call of the handle waits for the end of it.
    ws.record_token_usage(id="2")
    assert "0.05 s, its time limit" in refused(lambda: tx.record_token_usage(id="3"), mcoda.ClosedError)
    with pytest.raises(mcoda.ClosedError, match="its time limit"), ws.transaction(limit=0.05) as late:
        late.record_token_usage(id="4")
        ws.record_token_usage(id="5")
    assert [row.id for row in ws.token_usage()] == ["2", "5"]


def test_closing_the_handle_rolls_its_transaction_back(file: Path) -> None:
    ws = mcoda.Workspace.open_db(file)
    tx = ws.transaction(limit=600)
    tx.record_token_usage(id="1")
    started = time.monotonic()
    ws.close()
    assert time.monotonic() - started < 5, "it did not wait for the time limit"
    refused(lambda: tx.record_token_usage(id="2"), mcoda.ClosedError)
    refused(tx.commit, mcoda.ClosedError)
    refused(ws.transaction, mcoda.ClosedError)
    with mcoda.Workspace.open_db(file) as again:
        assert count(again) == 0


def test_a_transaction_keeps_its_handle(file: Path) -> None:
    with mcoda.Workspace.open_db(file).transaction() as tx:
        gc.collect()
        tasks = tx.tasks
        tx.record_token_usage(id="1")
    del tx
    refused(tasks.list, mcoda.ClosedError)
    with mcoda.Workspace.open_db(file) as ws:
        assert count(ws) == 1


def test_other_calls_of_the_handle_wait_behind_a_transaction(ws: mcoda.Workspace) -> None:
    tx, has_ended, saw_end = ws.transaction(), threading.Event(), []

    def record() -> None:
        ws.record_token_usage(id="1")
        saw_end.append(has_ended.is_set())

    thread = threading.Thread(target=record)
    thread.start()
    time.sleep(0.1)
    has_ended.set()
    tx.commit()
    thread.join()
    assert saw_end == [True] and count(ws) == 1


def test_calls_wait_for_a_transaction_of_their_handle_longer_than_the_busy_timeout(file: Path) -> None:
    with mcoda.Workspace.open_db(file, busy_timeout_ms=50) as ws:
        tx = ws.transaction()
        thread = threading.Thread(target=lambda: ws.record_token_usage(id="1"))
        thread.start()
        time.sleep(0.3)
        tx.commit()
        thread.join()
        assert count(ws) == 1


ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT max(i) FROM n"


def test_the_end_of_a_transaction_stops_its_query(ws: mcoda.Workspace) -> None:
    tx = ws.transaction(limit=0.05)
    assert "its time limit" in str(refused(lambda: tx.query(ENDLESS), mcoda.ClosedError))
    tx = ws.transaction()
    timer = threading.Timer(0.05, tx.rollback)
    timer.start()
    refused(lambda: tx.query(ENDLESS), mcoda.ClosedError)
    timer.join()
    assert count(ws) == 0


def test_a_call_that_waits_for_its_own_handle_fails_at_the_busy_timeout(file: Path) -> None:
    with mcoda.Workspace.open_db(file, busy_timeout_ms=50) as ws:
        with ws.transaction():
            refused(lambda: ws.record_token_usage(id="1"), mcoda.BusyError)
            refused(ws.transaction, mcoda.BusyError)
        assert ws.record_token_usage(id="1").recorded


def test_records_reach_the_log_after_the_commit_and_never_before(file: Path, tmp_path: Path) -> None:
    log = tmp_path / "token_usage.json"

    def logged() -> int:
        return len(json.loads(log.read_text())) if log.exists() else 0

    with mcoda.Workspace.open_db(file, json_log=tmp_path) as ws:
        tx = ws.transaction()
        assert not tx.record_token_usage(id="1").logged
        assert not tx.record_token_usages([{"id": "2"}, {"id": "3"}])[0].logged
        assert logged() == 0
        assert tx.commit() is True
        assert logged() == 3
        tx = ws.transaction()
        tx.record_token_usage(id="4")
        tx.rollback()
        ws.record_token_usage(id="5")
        assert logged() == 4


def test_the_global_database_has_transactions_too(tmp_path: Path) -> None:
    with mcoda.Global.open_db(tmp_path / "mcoda.db") as db:
        with pytest.raises(ZeroDivisionError), db.transaction() as tx:
            tx.record_token_usage(id="1")
            raise ZeroDivisionError
        with db.transaction(limit=5) as tx:
            tx.record_token_usage(id="2")
            assert not hasattr(tx, "tasks")
        assert [row.id for row in db.token_usage()] == ["2"]


BAD_LIMITS = [0, -1, 0.0, float("nan"), float("inf"), 1e300, "10", True, Decimal(3), [1]]


@pytest.mark.parametrize("limit", BAD_LIMITS, ids=repr)
def test_a_limit_is_a_number_of_seconds(limit: Any, ws: mcoda.Workspace) -> None:
    refused(lambda: ws.transaction(limit), mcoda.InvalidInputError, "limit")
    assert ws.record_token_usage(id="1").recorded


def test_a_transaction_is_begun_by_its_handle_alone_and_cannot_be_copied(ws: mcoda.Workspace) -> None:
    with pytest.raises(TypeError, match="transaction()"):
        mcoda.WorkspaceTransaction()
    with ws.transaction() as tx:
        for copied in (copy.copy, copy.deepcopy, pickle.dumps):
            with pytest.raises(TypeError, match="cannot be pickled"):
                copied(tx)
        assert repr(tx) == f"<mcoda.WorkspaceTransaction {str(ws.database_path)!r}>"
    for end in (ws._native.commit, ws._native.rollback):
        refused(end, mcoda.InvalidInputError, "transaction")


def test_a_batch_is_all_of_its_calls(shop: Shop) -> None:
    noon = datetime(2026, 3, 20, 12, tzinfo=timezone.utc)

    def calls() -> Iterator[dict[str, Any]]:
        yield {"call": "projects.ensure", "args": ({"key": "Q"},)}
        yield {"call": "recordTokenUsage", "args": [{"id": "1", "tokens_prompt": 7, "timestamp": noon}]}
        yield {"call": "record_agent_response", "args": [BODY.encode(), {"agentId": "claude"}]}
        yield {"call": "record_status_transition", "args": ["P-1", "in_progress", {"timestamp": noon}]}
        yield {"call": "tasks.list", "args": [None]}
        yield {"call": "epics.get", "args": ["nobody"]}

    returned = shop.ws.batch(calls())
    assert [one["key"] for one in (returned[0], *returned[4])] == ["Q", "P-1"]
    assert (returned[1]["recorded"], returned[3]["timestamp"], returned[5]) == (True, "2026-03-20T12:00:00.000Z", None)
    assert returned[2]["usage"]["tokensPrompt"] == 3
    assert shop.ws.token_usage()[0].timestamp == noon
    assert shop.ws.batch([]) == []


RECORD = "record_token_usage"
BATCHES: list[tuple[Any, type[mcoda.McodaError], str | None, str]] = [
    ({"call": RECORD, "args": [{"tokens_prompt": -1}]}, mcoda.InvalidInputError, "tokensPrompt", f" ({RECORD})"),
    ({"call": RECORD, "args": [{"id": float("inf")}]}, mcoda.InvalidInputError, "id", f" ({RECORD})"),
    ({"call": RECORD, "args": [{"job_id": "nobody"}]}, mcoda.NotFoundError, "jobId", f" ({RECORD})"),
    ({"call": "tasks.get", "args": [7]}, mcoda.InvalidInputError, "task", " (tasks.get)"),
    ({"call": "tasks.get", "args": ["a", "b"]}, mcoda.InvalidInputError, "arguments", " (tasks.get)"),
    ({"call": "tasks.get", "args": "a"}, mcoda.InvalidInputError, "args", ": args"),
    ({"call": "tasks.nothing", "args": [object()]}, mcoda.InvalidInputError, "args", ": args"),
    ({"call": "tasks.nothing"}, mcoda.InvalidInputError, "call", " (tasks.nothing)"),
    ({"call": 7}, mcoda.InvalidInputError, "call", ": call"),
    ({"args": []}, mcoda.InvalidInputError, "call", ": call"),
    ({"call": "tasks.list", "arguments": []}, mcoda.InvalidInputError, "arguments", ": arguments"),
    ({7: "tasks.list"}, mcoda.InvalidInputError, "calls", ": calls"),
    ("tasks.list", mcoda.InvalidInputError, "calls", ": calls"),
    ({"call": "opt_out"}, mcoda.UnsupportedError, None, " (opt_out)"),
    ({"call": "batch", "args": [[]]}, mcoda.UnsupportedError, None, " (batch)"),
]


@pytest.mark.parametrize(("call", "kind", "field", "place"), BATCHES, ids=repr)
def test_an_error_says_which_call_of_a_batch_it_is_about(
    call: Any, kind: type[mcoda.McodaError], field: str | None, place: str, shop: Shop
) -> None:
    before = everything(shop.ws)
    first = {"call": "record_token_usage", "args": [{"id": "fine"}]}
    message = refused(lambda: shop.ws.batch([first, call]), kind, field)
    assert message.startswith(f"call 2 of 2{place}")
    assert everything(shop.ws) == before


@pytest.mark.parametrize("calls", [None, 7, {"call": "tasks.list"}, "tasks.list"], ids=repr)
def test_calls_that_are_not_a_list_are_refused(calls: Any, ws: mcoda.Workspace) -> None:
    refused(lambda: ws.batch(calls), mcoda.InvalidInputError, "calls")


LEAVING = """
import sys, mcoda
ws = mcoda.Workspace.open_db(sys.argv[1])
tx = ws.transaction(limit=600)
tx.record_token_usage(id="1")
tasks = tx.tasks
"""


def test_a_program_that_ends_within_a_transaction_rolls_it_back(file: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LEAVING, str(file)], capture_output=True, check=False, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, b"")
    with mcoda.Workspace.open_db(file) as ws:
        assert count(ws) == 0


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_forked_child_has_no_part_in_a_transaction(ws: mcoda.Workspace) -> None:
    with ws.transaction() as tx:
        tx.record_token_usage(id="1")
        child = os.fork()
        if child == 0:
            ends: list[Callable[[], object]] = [tx.commit, lambda: tx.record_token_usage(id="2")]
            kinds = []
            for call in ends:
                try:
                    call()
                except mcoda.McodaError as error:
                    kinds.append(error.kind)
            del tx
            os._exit(0 if kinds == ["Closed"] * 2 else 1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        tx.record_token_usage(id="3")
    assert [row.id for row in ws.token_usage()] == ["1", "3"]
