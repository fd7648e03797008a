"""Many threads, one handle; and the GIL, which no call holds while it waits."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import mcoda
from conftest import Shop
from holder import Holder

THREADS = 8
EACH = 150


def test_no_record_of_eight_threads_is_lost(file: Path, tmp_path: Path) -> None:
    with mcoda.Workspace.open_db(file, json_log=tmp_path) as ws:

        def record(thread: int) -> list[mcoda.Recorded]:
            return [ws.record_token_usage(id=f"{thread}-{n}", tokens_prompt=n) for n in range(EACH)]

        with ThreadPoolExecutor(THREADS) as pool:
            recorded = [one for each in pool.map(record, range(THREADS)) for one in each]
        assert all(one.recorded and not one.duplicate for one in recorded)
        rows = ws.token_usage()
    assert len(recorded) == THREADS * EACH >= 1000
    assert {row.id for row in rows} == {f"{thread}-{n}" for thread in range(THREADS) for n in range(EACH)}
    assert sum(row.tokens_prompt or 0 for row in rows) == THREADS * sum(range(EACH))


def test_racing_threads_move_a_task_once(shop: Shop) -> None:
    start = threading.Barrier(THREADS)

    def move(_: int) -> bool:
        start.wait()
        try:
            return shop.ws.record_status_transition("P-1", "in_progress", expected_from="not_started").changed
        except mcoda.ConflictError:
            return False

    with ThreadPoolExecutor(THREADS) as pool:
        assert sum(pool.map(move, range(THREADS))) == 1
    assert len(shop.ws.status_events()) == 1


WAITING: list[Callable[[mcoda.Workspace], object]] = [
    lambda ws: ws.record_token_usage(tokens_prompt=1),
    lambda ws: ws.record_token_usages([{"tokens_prompt": 1}]),
    lambda ws: ws.record_status_transition("P-1", "in_progress"),
    lambda ws: ws.projects.ensure(key="Q"),
    lambda ws: ws.backfill_status_events(),
]


@pytest.mark.parametrize("call", WAITING)
def test_other_threads_go_on_while_a_call_waits_for_a_lock(
    call: Callable[[mcoda.Workspace], object], shop: Shop
) -> None:
    """The waiting call gets the lock only after this thread has counted: with the GIL held, it never would."""
    outcome: list[object] = []
    with Holder(shop.ws.database_path) as holder:
        waiting = threading.Thread(target=lambda: outcome.append(call(shop.ws)))
        waiting.start()
        counted = sum(1 for _ in range(200_000))
        waiting.join(0.2)
        assert waiting.is_alive() and not outcome
        holder.let_go()
        waiting.join()
    assert counted == 200_000 and len(outcome) == 1


def test_other_threads_go_on_while_a_handle_is_closed_or_dropped(shop: Shop) -> None:
    acknowledged: list[mcoda.Recorded] = []

    def record() -> None:
        # The call or the close may come first: both are right.
        with contextlib.suppress(mcoda.ClosedError):
            acknowledged.append(shop.ws.record_token_usage(tokens_prompt=1))

    with Holder(shop.ws.database_path) as holder:
        recording = threading.Thread(target=record)
        recording.start()
        closing = threading.Thread(target=shop.ws.close)
        closing.start()
        # Closing waits for the call, which waits for the lock, which this thread alone can give back.
        assert sum(1 for _ in range(200_000)) == 200_000
        holder.let_go()
        recording.join()
        closing.join()
    with mcoda.Workspace.open_db(shop.ws.database_path) as ws:
        assert [row.id for row in ws.token_usage()] == [one.id for one in acknowledged]


def test_a_call_that_waits_for_longer_than_the_timeout_is_busy_and_has_changed_nothing(file: Path) -> None:
    with mcoda.Workspace.open_db(file, busy_timeout_ms=50) as ws:
        with Holder(file), pytest.raises(mcoda.BusyError) as caught:
            ws.record_token_usage(id="a", tokens_prompt=1)
        assert (caught.value.code, caught.value.kind) == (4, "Busy")
        assert ws.token_usage() == []
        assert not ws.record_token_usage(id="a", tokens_prompt=1).duplicate


def test_handles_of_several_threads_share_a_file(file: Path) -> None:
    def work(thread: int) -> None:
        with mcoda.Workspace.open_db(file) as ws:
            for n in range(20):
                ws.record_token_usage(id=f"{thread}-{n}", tokens_prompt=1)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(work, range(4)))
    with mcoda.Workspace.open_db(file) as ws:
        assert len(ws.token_usage()) == 80
