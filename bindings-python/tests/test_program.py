"""`python -m mcoda` is mcodactl; what starting it and the package costs; where the package cannot be used."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path

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


OTHER = """
import mcoda
try:
    mcoda.Workspace
except ImportError as error:
    print(error, flush=True)
"""


def test_another_interpreter_of_the_process_refuses_with_a_sentence() -> None:
    module = "_interpreters" if sys.version_info >= (3, 13) else "_xxsubinterpreters"
    # Of the two kinds of 3.13, the one that has all that the first interpreter has.
    kind = "'legacy'" if sys.version_info >= (3, 13) else ""
    program = f"import mcoda, {module} as i; mcoda.Workspace; i.run_string(i.create({kind}), {OTHER!r}); mcoda.Workspace"
    done = subprocess.run([sys.executable, "-c", program], text=True, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    # Python refuses by itself where the other interpreter has a lock of its own, as in 3.12.
    assert "subinterpreters" in done.stdout and done.stdout.count("\n") == 1
    assert sys.version_info >= (3, 12) or done.stdout.startswith("mcoda cannot be used in several interpreters")
