"""What the tests share."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

import mcoda

REPOSITORY = Path(__file__).resolve().parents[2]


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A home folder of its own, so that no test sees another one's files or the user's."""
    home = tmp_path_factory.mktemp("home")
    monkeypatch.setenv("HOME", str(home))
    for name in ("MCODA_CONFIG", "MCODA_DISABLE_DB", "MCODA_TELEMETRY"):
        monkeypatch.delenv(name, raising=False)
    return home


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Where a database may be."""
    return tmp_path / "mcoda.db"


@pytest.fixture
def ws(file: Path) -> Iterator[mcoda.Workspace]:
    """An open workspace without anything in it."""
    with mcoda.Workspace.open_db(file) as ws:
        yield ws


class Shop(NamedTuple):
    """A workspace with one task."""

    ws: mcoda.Workspace
    project: mcoda.Project
    epic: mcoda.Epic
    story: mcoda.Story
    task: mcoda.Task


@pytest.fixture
def shop(ws: mcoda.Workspace) -> Shop:
    project = ws.projects.ensure(key="P")
    epic = ws.epics.create(project_id=project.id, key="P-E", title="Epic")
    story = ws.stories.create(epic_id=epic.id, key="P-S", title="Story")
    task = ws.tasks.create(user_story_id=story.id, key="P-1", title="Task", story_points=1)
    return Shop(ws, project, epic, story, task)


def everything(ws: mcoda.Workspace) -> dict[str, mcoda.Table[tuple[mcoda.SqlValue, ...]]]:
    """All that the database holds: equal before and after a call that failed."""
    tables = ws.query("SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
    names = [str(row[0]) for row in tables]
    return {name: ws.query(f'SELECT rowid AS row, * FROM "{name}" ORDER BY 1') for name in names}
