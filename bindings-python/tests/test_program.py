"""`python -m mcoda` is mcodactl; what starting it and the package costs; where the package cannot be used."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import mcoda


def program(*arguments: str | bytes) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-m", "mcoda", *arguments], text=True, capture_output=True, check=False)


def test_it_is_mcodactl(shop: object, file: Path) -> None:
    assert program("--version").stdout == f"mcodactl {mcoda.__version__}\n"
    assert "Usage: mcodactl" in program("--help").stdout
    done = program("record", "--db", str(file), "--agent", "a", "--tokens-prompt", "7")
    assert done.returncode == 0, done.stderr
    with mcoda.Workspace.open_db(file) as ws:
        assert [(row.agent_id, row.tokens_prompt) for row in ws.token_usage()] == [("a", 7)]


def test_it_has_the_exit_codes_of_mcodactl() -> None:
    wrong = program("fly")
    assert wrong.returncode == 2 and wrong.stderr.startswith("mcodactl: ") and not wrong.stdout
    missing = program("tokens", "--db", "/nowhere/mcoda.db")
    assert missing.returncode == 1 and missing.stderr.count("\n") == 1


def test_ctrl_c_ends_it(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "mcoda", "record", "--db", str(tmp_path / "mcoda.db"), "--from", "-"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as running:
        deadline = time.monotonic() + 20
        while not (tmp_path / "mcoda.db").exists() and time.monotonic() < deadline:
            time.sleep(0.02)
        running.send_signal(signal.SIGINT)
        assert running.wait(timeout=10) == -signal.SIGINT


def test_importing_the_package_loads_nothing_that_takes_time() -> None:
    code = "import sys; before = {*sys.modules}; import mcoda; print(sorted({*sys.modules} - before)); mcoda.Workspace"
    done = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, check=True)
    assert done.stdout == "['mcoda']\n"


def test_another_interpreter_of_the_process_refuses_with_a_sentence() -> None:
    interpreters = pytest.importorskip("_xxsubinterpreters")
    code = "import mcoda\ntry:\n    mcoda.Workspace\nexcept ImportError as error:\n    print(error, flush=True)"
    program = f"import mcoda, _xxsubinterpreters as i; mcoda.Workspace; i.run_string(i.create(), {code!r}); mcoda.Workspace"
    assert interpreters
    done = subprocess.run([sys.executable, "-c", program], text=True, capture_output=True, check=False)
    assert done.returncode == 0 and "subinterpreters" in done.stdout, done.stdout + done.stderr
