"""Projects that were moved, and databases with several workspaces."""

from __future__ import annotations

import shutil
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path

import pytest

import mcoda


def database_of(file: Path, *ids: str) -> None:
    with mcoda.Workspace.open_db(file, workspace_id="made") as ws:
        for one in ids:
            ws.record_token_usage(workspace_id=one)


def test_the_only_id_in_the_file_is_used_for_reading_and_writing(file: Path) -> None:
    database_of(file, "/old/shop")
    with mcoda.Workspace.open_db(file) as ws, warnings.catch_warnings():
        warnings.simplefilter("error")
        assert (ws.id, len(ws.token_usage())) == ("/old/shop", 1)
        assert list(ws.jobs.list()) == []


def test_of_several_ids_none_is_guessed_and_the_empty_result_lists_them(file: Path) -> None:
    database_of(file, "one", "two")
    with mcoda.Workspace.open_db(file) as ws:
        asks: list[Callable[[], object]] = [
            ws.token_usage,
            ws.iter_token_usage,
            ws.token_usage_summary,
            ws.calls_outside,
            ws.economics,
            ws.jobs.list,
            ws.command_runs.list,
            lambda: ws.batch([{"call": "tasks.list", "args": []}, {"call": "token_usage", "args": []}]),
        ]
        for ask in asks:
            with pytest.warns(mcoda.OtherWorkspaceWarning, match="'one', 'two'") as caught:
                ask()
            assert [warning.filename for warning in caught] == [__file__]
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            with pytest.raises(mcoda.OtherWorkspaceWarning):
                ws.token_usage()
            ws.record_token_usage()
            assert list(ws.jobs.list()) == []
            assert list(ws.iter_token_usage(agent="nobody")) == []
        assert [(known.id, known.own) for known in ws.workspace_ids()][1:] == [("one", False), ("two", False)]


def test_relocating_gives_all_rows_of_an_id_to_another(file: Path) -> None:
    database_of(file, "one", "two")
    with mcoda.Workspace.open_db(file, workspace_id="shop") as ws:
        with pytest.raises(mcoda.NotFoundError, match="nobody"):
            ws.relocate("nobody", "shop")
        done = ws.relocate("one", "shop")
        assert (done.token_usage, done.jobs, done.workspace_file) == (1, 0, False)
        assert len(ws.token_usage()) == 1


def test_a_new_workspace_gets_a_stable_id(tmp_path: Path) -> None:
    with mcoda.Workspace.open(tmp_path / "shop") as ws:
        first = ws.id
    with mcoda.Workspace.open(tmp_path / "shop") as ws:
        assert ws.id == first != str(tmp_path / "shop")
    found = mcoda.workspaces()
    assert [(one.id, one.root, one.root_exists) for one in found] == [(first, str(tmp_path / "shop"), False)]
    assert found[0].last_used is not None
    assert mcoda.workspaces(environment={"HOME": str(tmp_path)}) == []


def test_a_project_that_was_renamed_finds_its_history(tmp_path: Path) -> None:
    (tmp_path / "shop").mkdir()
    with mcoda.Workspace.open(tmp_path / "shop") as ws:
        ws.record_token_usage(tokens_prompt=5)
    (tmp_path / "shop").rename(tmp_path / "store")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with mcoda.Workspace.open(tmp_path / "store") as moved:
            assert (moved.id, moved.token_usage()[0].tokens_prompt) == (ws.id, 5)
    assert [(one.root, one.root_exists) for one in mcoda.workspaces()] == [(str(tmp_path / "store"), True)]


def test_a_new_workspace_warns_of_one_of_the_same_name_that_is_gone(tmp_path: Path) -> None:
    for root in (tmp_path / "shop", tmp_path / "other"):
        with mcoda.Workspace.open(root) as ws:
            ws.record_token_usage()
    with pytest.warns(mcoda.OtherWorkspaceWarning, match=f"a new workspace was created.*{tmp_path}/shop") as caught:
        with mcoda.Workspace.open(tmp_path / "moved" / "shop") as ws:
            assert len(ws.token_usage()) == 0
    assert [warning.filename for warning in caught] == [__file__]
    with pytest.raises(mcoda.NotFoundError, match=f"there is no database.*{tmp_path}/other"):
        mcoda.Workspace.open(tmp_path / "moved" / "other", existing_only=True)


def test_the_command_line_finds_a_renamed_project_and_names_one_that_may_have_been_moved(tmp_path: Path) -> None:
    def mcodactl(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "mcoda", *arguments]
        return subprocess.run(command, cwd=tmp_path, text=True, capture_output=True, check=False)

    (tmp_path / "shop").mkdir()
    mcodactl("record", "--workspace", "shop", "--agent", "claude", "--tokens-prompt", "5").check_returncode()
    (tmp_path / "shop").rename(tmp_path / "store")
    found = mcodactl("tokens", "--workspace", "store")
    assert "claude" in found.stdout and found.stderr == ""
    # Another folder of that name, as after a move to another file system.
    shutil.rmtree(tmp_path / "store")
    (tmp_path / "elsewhere/store").mkdir(parents=True)
    missing = mcodactl("tokens", "--workspace", "elsewhere/store")
    begun = mcodactl("record", "--workspace", "elsewhere/store", "--tokens-prompt", "5")
    for done, code in ((missing, 1), (begun, 0)):
        assert done.returncode == code and f'the workspace of "{tmp_path}/store", which is gone, has records' in done.stderr
    assert mcodactl("tokens", "--workspace", "elsewhere/store").stderr == ""
