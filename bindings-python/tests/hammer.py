"""Writes into one database through two copies of SQLite in one process: this library's, and Python's ``sqlite3``.

``python hammer.py NAME FILE ROUNDS`` prints what was acknowledged and what went wrong; test_coexistence.py counts what
the database holds. Each transaction is an insert and an update of a counter, so that a lost update shows as well as a
lost row: a trigger counts the rows of both.
"""

from __future__ import annotations

import json
import multiprocessing
import os
import sqlite3
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager, suppress
from pathlib import Path

import mcoda

OFF = os.environ.get("MCODA_TEST_LOCKS") == "off"
# Without the locks some never become free.
WAIT = 0.05 if OFF else 20.0

COUNTED = """
CREATE TABLE counter (n INTEGER NOT NULL);
INSERT INTO counter VALUES (0);
CREATE TRIGGER counted AFTER INSERT ON token_usage BEGIN UPDATE counter SET n = n + 1; END;
"""
INSERT = "INSERT INTO token_usage (id, workspace_id, timestamp) VALUES (?, 'w', '2026-03-20T12:00:00.000Z')"


class Tally:
    """What was acknowledged, and what was not for another reason than that somebody else was writing."""

    def __init__(self) -> None:
        self.acknowledged = Counter[str]()
        self.errors = Counter[str]()
        self.busy = 0
        self._lock = threading.Lock()

    def count(self, who: str, call: Callable[[], object], records: int = 1) -> bool:
        """Makes a call that writes so many records; whether it was acknowledged."""
        try:
            call()
        except (mcoda.BusyError, sqlite3.OperationalError) as error:
            if isinstance(error, mcoda.BusyError) or str(error) == "database is locked":
                with self._lock:
                    self.busy += 1
                return False
            self.failed(who, error)
            return False
        except Exception as error:
            self.failed(who, error)
            return False
        with self._lock:
            self.acknowledged[who] += records
        return True

    def failed(self, who: str, error: object) -> None:
        with self._lock:
            self.errors[f"{who}: {error!r}"] += 1


def create(file: Path, journal_mode: str) -> None:
    """A database whose records are counted."""
    mcoda.Workspace.open_db(file, workspace_id="w").close()
    with closing(sqlite3.connect(file)) as host:
        host.executescript(f"{COUNTED} PRAGMA journal_mode={journal_mode};")


def ours(file: Path, wait: float = WAIT) -> mcoda.Workspace:
    return mcoda.Workspace.open_db(file, workspace_id="w", busy_timeout_ms=int(wait * 1000))


def theirs(file: Path, wait: float = WAIT) -> sqlite3.Connection:
    host = sqlite3.connect(file, timeout=wait, isolation_level=None, check_same_thread=False)
    # The disk's speed is not what is tested.
    host.execute("PRAGMA synchronous=OFF")
    return host


@contextmanager
def transaction(host: sqlite3.Connection, name: str) -> Iterator[None]:
    """A transaction of the host's, with its record; what is done inside is done before it is committed."""
    try:
        host.execute("BEGIN IMMEDIATE")
        host.execute(INSERT, (name,))
        yield
        host.execute("COMMIT")
    except BaseException:
        with suppress(sqlite3.Error):
            host.execute("ROLLBACK")
        raise


def overlap(file: Path, rounds: int, tally: Tally) -> None:
    """Each side tries to write while the other one has not committed yet."""
    ws, host = ours(file, wait=0), theirs(file, wait=0)
    # In a log that is empty SQLite would notice, without the locks, after ten seconds.
    tally.count("ours", lambda: ws.record_token_usage(tokens_prompt=1))

    def meanwhile(number: int) -> None:
        begun = time.monotonic()
        if tally.count("ours in theirs", lambda: ws.record_token_usage(tokens_prompt=1)) and not OFF:
            tally.failed("ours in theirs", f"not turned away, {time.monotonic() - begun} s")
        if number % 20 == 19:
            # What comes and goes within the transaction.
            theirs(file).close()
            file.read_bytes()
            ours(file).close()

    for number in range(rounds):

        def both(number: int = number) -> None:
            with transaction(host, f"theirs {number}"):
                meanwhile(number)

        tally.count("theirs", both)
        tally.count("ours", lambda: ws.record_token_usage(tokens_prompt=1))
        if number % 250 == 100:
            with suppress(sqlite3.Error), transaction(host, "not committed"):
                forked(ws, file, tally, may_write=False)
                raise sqlite3.Error("given up")
            forked(ws, file, tally, may_write=True)
    ws.close()
    host.close()


def forked(ws: mcoda.Workspace, file: Path, tally: Tally, *, may_write: bool) -> None:
    """A child, for which the parent's handle is closed, and which records one call through its own."""
    child = multiprocessing.get_context("fork").Process(target=in_child, args=(ws, file))
    child.start()
    child.join(120)
    if child.exitcode == (RECORDED if may_write else TURNED_AWAY):
        tally.acknowledged["children"] += int(may_write)
    else:
        tally.failed("child", child.exitcode)


RECORDED, TURNED_AWAY, NOT_CLOSED, FAILED = 70, 71, 72, 73


def in_child(ws: mcoda.Workspace, file: Path) -> None:
    try:
        ws.record_token_usage(tokens_prompt=1)
    except mcoda.ClosedError:
        ws.close()
    else:
        os._exit(NOT_CLOSED)
    try:
        with ours(file, wait=0) as own:
            own.record_token_usage(tokens_prompt=1)
    except mcoda.BusyError:
        os._exit(TURNED_AWAY)
    except mcoda.McodaError:
        os._exit(FAILED)
    os._exit(RECORDED)


def race(file: Path, rounds: int, tally: Tally) -> None:
    """Threads of both copies write as fast as they can, while connections come and go and children are forked."""
    ws, is_over = ours(file), threading.Event()

    def shared() -> None:
        for _ in range(rounds):
            tally.count("ours", lambda: ws.record_token_usage(tokens_prompt=1))

    def in_batches() -> None:
        batch = [{"tokens_prompt": 1}] * 20
        for _ in range(rounds // 5):
            tally.count("our batches", lambda: ws.record_token_usages(batch), records=20)

    def reopened() -> None:
        for first in range(0, rounds, 50):
            with ours(file) as own:
                for _ in range(first, min(first + 50, rounds)):
                    tally.count("ours, reopened", lambda: own.record_token_usage(tokens_prompt=1))

    def host(name: str, reopened_after: int) -> None:
        for first in range(0, rounds, reopened_after):
            with closing(theirs(file)) as host:
                for number in range(first, min(first + reopened_after, rounds)):

                    def one(number: int = number) -> None:
                        with transaction(host, f"{name} {number}"):
                            pass

                    tally.count(name, one)

    def disturb(work: Callable[[], object]) -> None:
        while not is_over.wait(0.002):
            try:
                work()
            except Exception as error:
                tally.failed("disturber", error)

    def fork() -> None:
        # Other threads may be inside of SQLite, so this child asks for no more than whether it may.
        child = os.fork()
        if child == 0:
            try:
                ws.token_usage(page_size=1)
            except mcoda.ClosedError:
                os._exit(0)
            os._exit(NOT_CLOSED)
        _, status = os.waitpid(child, 0)
        if status != 0:
            tally.failed("child", status)

    def look() -> None:
        with closing(theirs(file)) as host:
            host.execute("SELECT n FROM counter").fetchall()

    writers = [
        shared,
        in_batches,
        reopened,
        lambda: host("theirs", rounds),
        lambda: host("theirs, reopened", 200),
    ]
    disturbers = [lambda: disturb(fork), lambda: disturb(look), lambda: disturb(file.read_bytes)]
    writing = [threading.Thread(target=writer) for writer in writers]
    disturbing = [threading.Thread(target=disturber) for disturber in disturbers]
    for thread in writing + disturbing:
        thread.start()
    for thread in writing:
        thread.join()
    is_over.set()
    for thread in disturbing:
        thread.join()
    forked(ws, file, tally, may_write=True)
    ws.close()


def rollback(file: Path, rounds: int, tally: Tally) -> None:
    """With a rollback journal this library only reads. Its opening and closing of the file leaves the host's locks
    alone, which another process would otherwise not see.
    """
    writer = [sys.executable, __file__, "write", str(file), str(rounds)]
    with subprocess.Popen(writer, stdout=subprocess.PIPE, text=True) as other, closing(theirs(file)) as host:
        for number in range(rounds):

            def one(number: int = number) -> None:
                with transaction(host, f"theirs {number}"):
                    if number % 5 == 0:
                        with mcoda.Workspace.open_db(file, workspace_id="w", read_only=True) as ws:
                            ws.query("SELECT n FROM counter")

            tally.count("theirs", one)
        report = json.loads(other.communicate()[0])
    tally.acknowledged.update(report["acknowledged"])
    tally.errors.update(report["errors"])


def write(file: Path, rounds: int, tally: Tally) -> None:
    """The other process of ``rollback``."""
    with closing(theirs(file)) as host:
        for number in range(rounds):

            def one(number: int = number) -> None:
                with transaction(host, f"another process {number}"):
                    pass

            tally.count("another process", one)


def main(name: str, file: str, rounds: str) -> None:
    tally = Tally()
    hammers = {"overlap": overlap, "race": race, "rollback": rollback, "write": write}
    hammers[name](Path(file), int(rounds), tally)
    print(json.dumps({"acknowledged": tally.acknowledged, "errors": tally.errors, "busy": tally.busy}))


if __name__ == "__main__":
    main(*sys.argv[1:])
