"""Python's ``sqlite3``, another copy of SQLite, beside this library in one process: nothing is lost.

Each hammer runs once more with the library's locks turned off, and must then find that something was lost: else it
would show nothing. docs/reliability.md says why.
"""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

import pytest

import hammer

TIMES = int(os.environ.get("MCODA_TEST_ROUNDS", "1"))

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere writing beside another copy is refused")


class Outcome(NamedTuple):
    """What a hammer came to."""

    acknowledged: int
    lost: int
    errors: Any
    is_damaged: bool


def hammered(name: str, journal_mode: str, rounds: int, file: Path, locks: str) -> Outcome:
    """Hammers a new database in a process of its own, and counts in this one what is there.

    What hangs is killed: without the locks that happens.
    """
    hammer.create(file, journal_mode)
    command = [sys.executable, hammer.__file__, name, str(file), str(rounds)]
    environment = {**os.environ, "MCODA_TEST_LOCKS": locks}
    limit = 15 if locks == "off" else 60 + 60 * TIMES
    try:
        done = subprocess.run(
            command, env=environment, text=True, capture_output=True, timeout=limit, check=False
        )
    except subprocess.TimeoutExpired:
        return Outcome(0, 0, "it hung", False)
    if done.returncode != 0:
        # A process that a signal ended, as one that maps a damaged file can be, says nothing.
        return Outcome(0, 0, f"it ended with {done.returncode}: {done.stderr}", False)
    report = json.loads(done.stdout)
    acknowledged = sum(report["acknowledged"].values())
    try:
        with closing(sqlite3.connect(file)) as host:
            assert host.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
            ((rows, counter),) = host.execute("SELECT (SELECT count(*) FROM token_usage), n FROM counter")
    except (AssertionError, sqlite3.DatabaseError):
        return Outcome(acknowledged, 0, report["errors"], True)
    return Outcome(acknowledged, max(acknowledged - rows, acknowledged - counter, key=abs), report["errors"], False)


# Together more than 20,000 that are acknowledged. Without the locks few rounds show enough.
HAMMERS = [
    pytest.param("overlap", "wal", 2500, 5000, id="overlapping transactions"),
    pytest.param("race", "wal", 1650, 13000, id="racing threads"),
    pytest.param("rollback", "delete", 1250, 2500, id="another process, rollback journal"),
]
WITHOUT = [
    pytest.param("overlap", "wal", 15, id="overlapping transactions"),
    pytest.param("race", "wal", 120, id="racing threads"),
    pytest.param("rollback", "delete", 60, id="another process, rollback journal"),
]


@pytest.mark.parametrize(("name", "journal_mode", "rounds", "at_least"), HAMMERS)
def test_nothing_is_lost_beside_pythons_sqlite(
    name: str, journal_mode: str, rounds: int, at_least: int, file: Path
) -> None:
    outcome = hammered(name, journal_mode, rounds * TIMES, file, locks="")
    assert (outcome.lost, outcome.errors, outcome.is_damaged) == (0, {}, False), outcome
    assert outcome.acknowledged >= at_least * TIMES


@pytest.mark.parametrize(("name", "journal_mode", "rounds"), WITHOUT)
def test_without_the_locks_the_same_goes_wrong(name: str, journal_mode: str, rounds: int, file: Path) -> None:
    outcome = hammered(name, journal_mode, rounds, file, locks="off")
    assert outcome.lost > 0 or outcome.errors or outcome.is_damaged, outcome
    if name == "overlap":
        # Nothing reported these as acknowledged.
        assert outcome.lost > 0 and not outcome.errors, outcome
