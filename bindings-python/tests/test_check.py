"""Checks of handles and paths, and checkpoints. Which faults are found, the engine's own tests show."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

import mcoda


def test_nothing_is_found_in_a_healthy_workspace(tmp_path: Path) -> None:
    with mcoda.Workspace.open(tmp_path / "shop") as ws:
        ws.record_token_usage(id="a")
        report = ws.check(full=True, time_limit_ms=60_000, timeout=60)
        assert (report.ok, report.full, report.kind, report.findings) == (True, True, "workspace", ())
        assert "jsonLog" in report.checked and "integrity" in report.checked
        # An open handle does not disturb the check, and the home folder is that of the environment.
        (tmp_path / "shop").mkdir()
        by_path = mcoda.check_path(tmp_path / "shop")
        assert (by_path.ok, by_path.database, by_path.findings) == (True, report.database, ())
        assert mcoda.render_check(report).endswith("nothing is wrong\n")


def test_damage_is_found(file: Path) -> None:
    mcoda.Workspace.open_db(file).close()
    file.write_bytes(b"this is no database" * 100)
    before = file.read_bytes(), file.stat()
    report = mcoda.check_path(file)
    assert not report.ok
    (damaged,) = (finding for finding in report.findings if finding.code == "damaged")
    assert damaged.severity == "error" and "backup" in damaged.advice
    assert (file.read_bytes(), file.stat().st_mtime_ns) == (before[0], before[1].st_mtime_ns)
    assert sorted(file.parent.iterdir()) == [file]
    assert "ERROR damaged" in mcoda.render_check(report)


def test_a_workspace_that_is_not_there_is_found(file: Path) -> None:
    report = mcoda.check_path(str(file))
    assert [(finding.code, finding.severity) for finding in report.findings] == [("missing", "error")]
    assert not file.exists()
    assert report.to_dict()["schemaVersion"] is None


def test_another_copy_of_sqlite_in_this_process_is_found(ws: mcoda.Workspace, file: Path) -> None:
    other = sqlite3.connect(file)
    other.execute("SELECT count(*) FROM token_usage").fetchall()
    (found,) = (finding for finding in ws.check().findings if finding.code == "other_sqlite")
    assert found.severity == "info" and found.count is not None and found.count >= 1
    other.close()
    # Checking has taken no lock of the other copy's away, nor left anything open.
    assert ws.check().findings == ()


def test_a_checkpoint_empties_the_write_ahead_log(ws: mcoda.Workspace, file: Path) -> None:
    ws.record_token_usage(id="a")
    done = ws.checkpoint()
    assert done.truncated and not done.busy and done.checkpointed == done.frames > 0
    assert (file.parent / "mcoda.db-wal").stat().st_size == done.wal_bytes == 0


def test_a_checkpoint_is_refused_where_it_cannot_be(ws: mcoda.Workspace, file: Path) -> None:
    with ws.transaction() as tx, pytest.raises(mcoda.UnsupportedError, match="checkpoint"):
        tx.checkpoint()
    with mcoda.Workspace.open_db(file, read_only=True) as reads, pytest.raises(mcoda.UnsupportedError):
        reads.checkpoint()


def test_a_bad_option_is_named() -> None:
    with pytest.raises(mcoda.InvalidInputError, match="timeLimitMs"):
        mcoda.check_path("/nowhere", time_limit_ms=0)
    with pytest.raises(mcoda.InvalidInputError, match="quick"):
        mcoda.check_path("/nowhere", {"quick": True})
