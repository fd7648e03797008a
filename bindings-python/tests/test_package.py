"""The package as users get it: its wheel, its types, its examples."""

from __future__ import annotations

import doctest
import importlib
import json
import os
import pkgutil
import re
import shutil
import subprocess
import sys
import types
import venv
import zipfile
from pathlib import Path
from typing import Any

import pytest

import mcoda
from conftest import REPOSITORY

PACKAGE = Path(mcoda.__file__).parent
PYPROJECT = REPOSITORY / "bindings-python/pyproject.toml"
QUICKSTART = REPOSITORY / "docs/examples/quickstart.py"
EXAMPLES = [QUICKSTART, REPOSITORY / "docs/examples/ten_questions.py", REPOSITORY / "docs/notebooks/sample.py"]
# To matplotlib's types, the figure of any axes may be a part of another one, which cannot be saved.
A_PART_OF_A_FIGURE = '"SubFigure"'
MODULES = sorted(f"mcoda.{module.name}" for module in pkgutil.iter_modules(mcoda.__path__))


def run(*command: str | Path, cwd: Path, **environment: str) -> str:
    """Runs a program that must succeed, and gives what it printed."""
    done = subprocess.run(
        command, cwd=cwd, env={**os.environ, **environment}, text=True, capture_output=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_version_is_that_of_all_of_libmcoda() -> None:
    cargo = (REPOSITORY / "Cargo.toml").read_text(encoding="utf-8")
    assert re.findall(r'^version = "(.*)"', cargo, re.MULTILINE) == [mcoda.__version__]


def test_opening_a_workspace_loads_little() -> None:
    heavy = "{'dataclasses', 'inspect', 'asyncio', 'logging', 'json', 'pathlib', 'sqlite3', 'pandas', 'pyarrow', 'mcoda.plot'}"
    code = f"""if True:
        import sys
        import mcoda
        assert not [name for name in sys.modules if name.startswith("mcoda.")]
        ws = mcoda.Workspace.open_db(":memory:")
        ws.record_token_usage(tokens_prompt=1)
        assert ws.token_usage()[0].tokens_prompt == 1
        print(sorted({heavy} & {{*sys.modules}}))
    """
    done = subprocess.run([sys.executable, "-S", "-c", code], env={"PYTHONPATH": str(PACKAGE.parent)}, text=True, capture_output=True)
    assert done.stdout == "[]\n", done.stdout + done.stderr


def test_all_public_names_are_there() -> None:
    assert mcoda.__all__ == sorted({*mcoda.__all__})
    is_module = {name for name, value in vars(mcoda).items() if isinstance(value, types.ModuleType)}
    public = {name for name in vars(mcoda) if not name.startswith("_")} - is_module - {"TYPE_CHECKING"}
    assert {*mcoda.__all__} == public | {"__version__"} == {*dir(mcoda)} - {"__all__", "__doc__"}
    with pytest.raises(AttributeError, match="module 'mcoda' has no attribute 'misspelt'"):
        getattr(mcoda, "misspelt")


@pytest.mark.parametrize("name", ["mcoda", *MODULES])
def test_the_examples_in_the_docstrings_run(name: str) -> None:
    assert doctest.testmod(importlib.import_module(name)).failed == 0


def test_there_are_examples_in_the_docstrings() -> None:
    modules = map(importlib.import_module, ["mcoda", *MODULES])
    assert sum(doctest.testmod(module).attempted for module in modules) >= 20


def test_everything_public_has_a_docstring() -> None:
    for name in mcoda.__all__:
        one = getattr(mcoda, name)
        if isinstance(one, type):
            assert one.__doc__, name
            public = [member for member in vars(one) if not member.startswith("_")]
            methods = [member for member in public if callable(getattr(one, member))]
            assert all(getattr(one, method).__doc__ for method in methods), name


@pytest.fixture
def notebook(tmp_path: Path) -> Path:
    """The program that the cells of the notebook are."""
    content = json.loads((REPOSITORY / "docs/notebooks/velocity.ipynb").read_text(encoding="utf-8"))
    program = tmp_path / "velocity.py"
    program.write_text("\n".join("".join(cell["source"]) for cell in content["cells"] if cell["cell_type"] == "code"))
    return program


def test_mypy_strict_finds_nothing_in_the_package_its_tests_and_its_examples(tmp_path: Path, notebook: Path) -> None:
    cache = REPOSITORY / "target/mypy"
    mypy = [sys.executable, "-m", "mypy", "--config-file", str(PYPROJECT), "--cache-dir", str(cache)]
    tests = REPOSITORY / "bindings-python/tests"
    run(*mypy, "--python-version", "3.10", "-p", "mcoda", cwd=tmp_path)
    done = subprocess.run([*mypy, tests, *EXAMPLES, notebook], cwd=tests, text=True, capture_output=True, check=False)
    errors = [line for line in done.stdout.splitlines() if ": error: " in line and A_PART_OF_A_FIGURE not in line]
    assert errors == [] and done.stderr == "" and re.search(r"checked \d\d source files|no issues found", done.stdout), done.stdout


WRONG = """
import mcoda
ws = mcoda.Workspace.open_db(":memory:")
ws.record_token_usage(token_prompt=1)
ws.record_token_usage(tokens_prompt="1")
ws.epics.create(key="E", title="E")
ws.token_usage_summary(group_by=["moon"])
ws.estimate(mode="guess")
ws.estimate().etas.complete_eta.year
ws.tasks.get("T").title
ws.query("SELECT 1", [object()])
ws.velocity().qa_sp_per_hour = 3
mcoda.Recorded.misspelt
mcoda.extract_usage(7)
ws.record_agent_response("", agent="claude")
mcoda.render_jobs([mcoda.extract_usage("")])
for row in ws.iter_token_usage(): row.misspelt
ws.transaction(limit="1")
ws.transaction().record_token_usage(tokens_prompt="1")
mcoda.Global.open_db(":memory:").transaction().tasks
ws.batch([7])
ws.track(agnt="a")
ws.track().response()
ws.economics()["agent"]
ws.economics()[:1].misspelt
status: mcoda.TaskStatus = "in_progres"
"""


def test_mypy_reports_wrong_uses(tmp_path: Path) -> None:
    program = tmp_path / "wrong.py"
    program.write_text(WRONG)
    cache = str(REPOSITORY / "target/mypy-strict")
    mypy = [sys.executable, "-m", "mypy", "--strict", "--cache-dir", cache, str(program)]
    done = subprocess.run(mypy, cwd=tmp_path, text=True, capture_output=True, check=False)
    found = {int(line.split(":")[1]) for line in done.stdout.splitlines() if ": error:" in line}
    assert found == set(range(4, len(WRONG.splitlines()) + 1)), done.stdout


def pyright(*files: Path, cwd: Path) -> dict[str, Any]:
    command = [sys.executable, "-m", "pyright", "--pythonpath", sys.executable, "--outputjson", *map(str, files)]
    done = subprocess.run(command, cwd=cwd, text=True, capture_output=True, check=False)
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["summary"]["filesAnalyzed"] > 0
    return report


def test_pyright_finds_no_error_in_the_package_and_its_examples(tmp_path: Path, notebook: Path) -> None:
    # Where the notebook finds its sample.
    sample = shutil.copy(REPOSITORY / "docs/notebooks/sample.py", tmp_path)
    report = pyright(*PACKAGE.glob("*.py"), *EXAMPLES, Path(sample), notebook, cwd=tmp_path)
    assert report["summary"]["filesAnalyzed"] >= len(MODULES) + len(EXAMPLES)
    errors = [one for one in report["generalDiagnostics"] if one["severity"] == "error"]
    assert [one for one in errors if A_PART_OF_A_FIGURE not in one["message"]] == []


def test_pyright_reports_wrong_uses(tmp_path: Path) -> None:
    program = tmp_path / "wrong.py"
    program.write_text(WRONG)
    report = pyright(program, cwd=tmp_path)
    found = {one["range"]["start"]["line"] + 1 for one in report["generalDiagnostics"] if one["severity"] == "error"}
    assert found == set(range(4, len(WRONG.splitlines()) + 1)), report


def test_the_stubs_match_the_module(tmp_path: Path) -> None:
    run(sys.executable, "-m", "mypy.stubtest", "--mypy-config-file", PYPROJECT, "mcoda", cwd=tmp_path)


def test_the_quickstart_runs(file: Path) -> None:
    for arguments in ([], [file]):
        lines = run(sys.executable, QUICKSTART, *arguments, cwd=file.parent).splitlines()
        assert lines[:5] == [
            "2 tasks in SHOP",
            "recorded call-1",
            "a retry is a duplicate: True",
            "T1: not_started -> in_progress",
            "5 story points left",
        ]
        assert lines[5].startswith("done at 20")
        assert lines[6].startswith("refused: tokensPrompt: got -1; expected a whole number")
    with mcoda.Workspace.open_db(file) as ws:
        assert [task.key for task in ws.tasks.list()] == ["T1", "T2"]


def test_the_page_shows_the_whole_quickstart() -> None:
    page = (REPOSITORY / "docs/python.md").read_text(encoding="utf-8")
    assert f"```python\n{QUICKSTART.read_text(encoding='utf-8')}```" in page


def test_the_examples_of_the_page_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    page = REPOSITORY / "docs/python.md"
    result = doctest.testfile(str(page), module_relative=False, encoding="utf-8")
    assert result.failed == 0 and result.attempted >= 20


def test_the_example_of_the_readme_runs(tmp_path: Path) -> None:
    readme = (REPOSITORY / "bindings-python/README.md").read_text(encoding="utf-8")
    (program,) = re.findall(r"```python\n(.*?)```", readme, re.DOTALL)
    assert "claude |     1 " in run(sys.executable, "-c", program, cwd=tmp_path)


def wheel() -> Path:
    """The newest wheel; make test-python has just built it."""
    wheels = sorted((REPOSITORY / "target/wheels").glob("libmcoda-*.whl"), key=lambda path: path.stat().st_mtime)
    assert wheels, "run make test-python"
    return wheels[-1]


def test_the_wheel_holds_the_package_and_nothing_else() -> None:
    with zipfile.ZipFile(wheel()) as content:
        names = set(content.namelist())
    package = {f"mcoda/{path.name}" for path in (REPOSITORY / "bindings-python/python/mcoda").glob("*.py*")}
    assert {"mcoda/py.typed", "mcoda/_mcoda.pyi", "mcoda/_mcoda.abi3.so"} <= names
    assert {name for name in names if name.startswith("mcoda/") and not name.endswith(".so")} == package | {
        "mcoda/py.typed"
    }
    assert all(name.startswith(("mcoda/", "libmcoda-")) for name in names)
    assert "-cp310-abi3-" in wheel().name


def test_the_wheel_lists_the_crates_in_the_binary() -> None:
    with zipfile.ZipFile(wheel()) as content:
        (name,) = [name for name in content.namelist() if name.endswith("/sboms/mcoda-python.cyclonedx.json")]
        bill = json.loads(content.read(name))
    assert (bill["bomFormat"], bill["metadata"]["component"]["name"]) == ("CycloneDX", "mcoda-python")
    crates = {crate["name"]: crate for crate in bill["components"]}
    lock = (REPOSITORY / "Cargo.lock").read_text(encoding="utf-8")
    versions = {*re.findall(r'^name = "(.*)"\nversion = "(.*)"$', lock, re.MULTILINE)}
    assert {"libsqlite3-sys", "pyo3", "serde_json"} <= {*crates}
    for crate in bill["components"]:
        assert (crate["name"], crate["version"]) in versions and crate["licenses"], crate


def test_the_wheel_works_in_a_clean_environment(tmp_path: Path, file: Path) -> None:
    venv.create(tmp_path / "venv")
    python = tmp_path / "venv/bin/python"
    pip = [sys.executable, "-m", "pip", "--python", str(python), "--disable-pip-version-check"]
    run(*pip, "install", "--quiet", "--no-index", wheel(), cwd=tmp_path)
    assert "recorded call-1" in run(python, QUICKSTART, file, cwd=tmp_path)
    without_arrow = "import mcoda; mcoda.Workspace.open_db(':memory:').query('SELECT 1 AS n').to_arrow()"
    done = subprocess.run([python, "-c", without_arrow], text=True, capture_output=True, check=False)
    assert "ModuleNotFoundError: to_arrow() needs pyarrow: pip install 'libmcoda[arrow]'" in done.stderr
