"""The package writes nothing to a program's output, whatever goes wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = """
import os, pathlib, sqlite3, sys
import mcoda

root, home = pathlib.Path(sys.argv[1]), pathlib.Path(os.environ["HOME"])

def refused(kind, call, names=()):
    try:
        call()
    except mcoda.McodaError as error:
        assert error.kind == kind, repr(error)
        shown = f"{error!r} {error} {error.message} {error.detail}"
        assert "SECRET" not in shown.replace(f"SECRET-{error.field}", ""), shown
        assert all(name in error.message for name in names), shown
    else:
        raise AssertionError("not refused")

texts = ("model_name", "command_name", "action", "invocation_kind", "provider", "currency")
secrets = {name: f"SECRET-{name}" for name in texts} | {"metadata": {"SECRET": ["SECRET"]}}
ws = mcoda.Workspace.open(root, busy_timeout_ms=0)
folder = pathlib.Path(ws.database_path).parent
ws.record_token_usage(id="one", **secrets)
refused("InvalidInput", lambda: ws.record_token_usage(tokens_prompt=-1, **secrets))
refused("InvalidInput", lambda: ws.record_token_usage(tokens_prompt="SECRET-tokensPrompt", **secrets))
refused("InvalidInput", lambda: ws.query("SELECT json_extract('{}', action) FROM token_usage"))
refused("NotFound", lambda: ws.record_token_usage(job_id="SECRET-jobId", **secrets))
refused("Conflict", lambda: ws.record_token_usage(id="one", tokens_prompt=1, **secrets))
other = sqlite3.connect(ws.database_path, isolation_level=None)
other.execute("BEGIN IMMEDIATE")
refused("Busy", lambda: ws.record_token_usage(**secrets))
other.execute("ROLLBACK")
other.execute("PRAGMA user_version = 99")
refused("Unsupported", lambda: mcoda.Workspace.open(root))
other.close()
panic = getattr(mcoda._mcoda, "_panic_for_a_test", None)
if panic is not None:
    refused("Internal", panic)
ws.close()
refused("Closed", lambda: ws.record_token_usage(**secrets))
if os.name == "posix":
    folder.chmod(0o777)
    refused("Storage", lambda: mcoda.Workspace.open(root), [str(folder), "world-writable"])
    folder.chmod(0o700)
pathlib.Path(ws.database_path).write_text("SECRET " * 1000)
refused("Corrupt", lambda: mcoda.Workspace.open(root))
"""


@pytest.mark.parametrize("backtrace", ["0", "full"])
def test_nothing_is_printed_whatever_goes_wrong(
    backtrace: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RUST_BACKTRACE", backtrace)
    run = [sys.executable, "-X", "dev", "-c", PROGRAM, str(tmp_path / "shop")]
    done = subprocess.run(run, capture_output=True, check=False, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
