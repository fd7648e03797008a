"""Calls that are interrupted, that reach their time limit, or whose handle is closed."""

from __future__ import annotations

import os
import signal
import sqlite3
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

import mcoda

ENDLESS = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) AS n FROM n"


@pytest.fixture(autouse=True)
def listening() -> Iterator[None]:
    """A shell's background job ignores Ctrl-C, and so would these tests, for ever."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@contextmanager
def interrupt_soon() -> Iterator[list[float]]:
    """Presses Ctrl-C while the block runs, once it has had time to begin, and gives the time when it did."""
    pressed: list[float] = []

    def press() -> None:
        pressed.append(time.monotonic())
        os.kill(os.getpid(), signal.SIGINT)

    timer = threading.Timer(0.1, press)
    timer.start()
    try:
        yield pressed
    finally:
        timer.join()


@contextmanager
def locked(file: Path) -> Iterator[None]:
    """Another program's writer."""
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield
        other.execute("ROLLBACK")


def test_an_interrupt_ends_an_endless_query(ws: mcoda.Workspace) -> None:
    with interrupt_soon(), pytest.raises(KeyboardInterrupt):
        ws.query(ENDLESS)
    assert ws.query("SELECT 1 AS a").rows == ((1,),)


def test_an_interrupt_takes_effect_within_100_ms(ws: mcoda.Workspace, file: Path) -> None:
    def shortest(call: Callable[[], object]) -> float:
        """Of five, since the machine may be busy."""
        times: list[float] = []
        for _ in range(5):
            with interrupt_soon() as pressed:
                with pytest.raises(KeyboardInterrupt):
                    call()
                times.append(time.monotonic() - pressed[0])
        return min(times)

    assert shortest(lambda: ws.query(ENDLESS)) < 0.1
    with locked(file):
        assert shortest(lambda: ws.record_token_usage(tokens_prompt=1)) < 0.1
    assert ws.token_usage() == []


def test_an_interrupt_ends_waiting_and_nothing_was_written(ws: mcoda.Workspace, file: Path) -> None:
    calls: list[Callable[[], object]] = [
        lambda: ws.record_token_usage(tokens_prompt=1),
        lambda: ws.projects.ensure(key="P"),
        lambda: ws.transaction(),
    ]
    with locked(file):
        for call in calls:
            with interrupt_soon(), pytest.raises(KeyboardInterrupt):
                call()
    assert ws.token_usage() == []
    assert ws.projects.list() == []
    ws.record_token_usage(tokens_prompt=1)


def test_an_interrupt_ends_opening(tmp_path: Path) -> None:
    file = tmp_path / "other.db"
    with closing(sqlite3.connect(file, isolation_level=None)) as other:
        other.execute("CREATE TABLE t (a)")
        other.execute("BEGIN EXCLUSIVE")
        with interrupt_soon(), pytest.raises(KeyboardInterrupt):
            mcoda.Workspace.open_db(file)


def test_an_interrupt_rolls_a_transaction_back(ws: mcoda.Workspace) -> None:
    with interrupt_soon(), pytest.raises(KeyboardInterrupt), ws.transaction() as tx:
        tx.projects.ensure(key="P")
        tx.query(ENDLESS)
    assert ws.projects.list() == []


def test_a_handler_that_raises_nothing_disturbs_nothing(ws: mcoda.Workspace, file: Path) -> None:
    seen: list[int] = []
    before = signal.signal(signal.SIGINT, lambda number, _frame: seen.append(number))
    try:
        with locked(file), interrupt_soon(), pytest.raises(mcoda.CancelledError):
            ws.record_token_usage(tokens_prompt=1, timeout=0.5)
        assert seen == [signal.SIGINT]
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_handler_may_close_the_handle_that_a_call_is_made_on(ws: mcoda.Workspace) -> None:
    before = signal.signal(signal.SIGINT, lambda *_: ws.close())
    try:
        with interrupt_soon(), pytest.raises(mcoda.ClosedError):
            ws.query(ENDLESS)
    finally:
        signal.signal(signal.SIGINT, before)
    with pytest.raises(mcoda.ClosedError):
        ws.record_token_usage(tokens_prompt=1)


def test_a_time_limit_ends_reads_and_waits(ws: mcoda.Workspace, file: Path) -> None:
    with pytest.raises(mcoda.CancelledError) as raised:
        ws.query(ENDLESS, timeout=0.05)
    assert (raised.value.code, raised.value.kind) == (10, "Cancelled")
    assert "0.05 s" in raised.value.message
    with locked(file):
        for call in (
            lambda: ws.record_token_usage(tokens_prompt=1, timeout=0.05),
            lambda: ws.record_token_usage({"tokensPrompt": 1}, timeout=0.05),
            lambda: ws.projects.ensure(key="P", timeout=0.05),
            lambda: ws.batch([{"call": "projects.ensure", "args": [{"key": "P"}]}], timeout=0.05),
        ):
            with pytest.raises(mcoda.CancelledError):
                call()
    assert ws.token_usage(timeout=60) == []
    assert list(ws.iter_token_usage(timeout=60)) == []
    for wrong in (0, -1, float("nan"), "5", True):
        with pytest.raises(mcoda.InvalidInputError) as refused:
            ws.query("SELECT 1", timeout=wrong)  # type: ignore[arg-type]
        assert refused.value.field == "timeout"


def test_a_handle_has_a_time_limit_for_all_its_calls(file: Path) -> None:
    with mcoda.Workspace.open_db(file, call_timeout_ms=50) as ws:
        with pytest.raises(mcoda.CancelledError):
            ws.query(ENDLESS)
        with locked(file), pytest.raises(mcoda.CancelledError):
            ws.record_token_usage(tokens_prompt=1)
        ws.record_token_usage(tokens_prompt=1)


def test_closing_ends_queries_of_other_threads(ws: mcoda.Workspace) -> None:
    ended: list[BaseException] = []

    def ask() -> None:
        try:
            ws.query(ENDLESS)
        except mcoda.McodaError as error:
            ended.append(error)

    threads = [threading.Thread(target=ask) for _ in range(6)]
    for thread in threads:
        thread.start()
    time.sleep(0.1)
    ws.close()
    for thread in threads:
        thread.join()
    assert [type(error) for error in ended] == [mcoda.ClosedError] * 6
