"""Children by ``fork``: the parent's handles are closed there, and nothing of the parent's is touched."""

from __future__ import annotations

import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

import mcoda
from conftest import Shop
from test_handles import CALLS

pytestmark = [
    pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here"),
    # Newer Pythons warn where any library has made a thread.
    pytest.mark.filterwarnings("ignore:.*fork:DeprecationWarning"),
]


def in_child(work: Callable[[], None]) -> None:
    """Runs it in a forked child, which must end well."""
    child = multiprocessing.get_context("fork").Process(target=work)
    child.start()
    child.join(60)
    assert child.exitcode == 0


def test_every_call_of_a_childs_inherited_handle_raises_closed(shop: Shop) -> None:
    ws, rows = shop.ws, shop.ws.iter_token_usage()
    db = mcoda.Global.open_db(shop.ws.database_path.parent / "global.db")
    ws.record_token_usage(tokens_prompt=1)
    late = ws.iter_token_usage()

    others: list[Callable[[mcoda.Workspace], object]] = [
        lambda _: db.token_usage(),
        lambda _: next(late),
        lambda ws: ws.tasks.get("P-1"),
    ]

    def work() -> None:
        for call in [*CALLS, *others]:
            with pytest.raises(mcoda.ClosedError):
                call(ws)
        ws.close()
        db.close()
        assert ws.database_path.name == "mcoda.db"

    in_child(work)
    assert ws.record_token_usage(tokens_prompt=2).recorded and db.record_token_usage(tokens_prompt=3).recorded
    assert [row.tokens_prompt for row in late] == [1] and list(rows) == []
    db.close()


def test_a_child_may_open_the_database_anew_beside_its_parent(shop: Shop) -> None:
    def work() -> None:
        with mcoda.Workspace.open_db(shop.ws.database_path, workspace_id=shop.ws.id) as own:
            for n in range(20):
                own.record_token_usage(id=f"child {n}", task_id=shop.task.id)

    for n in range(3):
        in_child(work)
        shop.ws.record_token_usage(id=f"parent {n}")
    ids = {row.id for row in shop.ws.token_usage()}
    assert ids == {f"child {n}" for n in range(20)} | {f"parent {n}" for n in range(3)}


def test_pools_of_children_record_all_that_they_are_given(shop: Shop) -> None:
    with multiprocessing.get_context("fork").Pool(3, initializer=open_own, initargs=(shop.ws.database_path,)) as pool:
        ids = pool.map(record, range(60), chunksize=5)
    assert sorted(ids) == sorted(row.id for row in shop.ws.token_usage()) and len(set(ids)) == 60


OWN: list[mcoda.Workspace] = []


def open_own(file: Path) -> None:
    OWN.append(mcoda.Workspace.open_db(file))


def record(number: int) -> str:
    return OWN[-1].record_token_usage(tokens_prompt=number).id


PARENT = """
import os, sys, mcoda
ws = mcoda.Workspace.open_db(sys.argv[1])
ws.record_token_usage(id="before")
child = os.fork()
if child == 0:
    sys.stdin.read()
    os._exit(0)
print("forked", flush=True)
while True:
    ws.record_token_usage()
"""


def test_a_child_keeps_no_lock_of_a_parent_that_was_killed(file: Path) -> None:
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(file)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert parent.stdin is not None and parent.stdout is not None
    assert parent.stdout.readline() == "forked\n"
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    # The child still lives: it waits for the end of its input.
    with closing(sqlite3.connect(file, timeout=0)) as host:
        host.execute("BEGIN IMMEDIATE")
        assert host.execute("SELECT count(*) FROM token_usage WHERE id = 'before'").fetchone() == (1,)
    with mcoda.Workspace.open_db(file, busy_timeout_ms=0) as ws:
        assert ws.record_token_usage(tokens_prompt=1).recorded
    parent.stdin.close()
    parent.stdout.close()
