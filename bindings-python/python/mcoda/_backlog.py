"""The tables of the backlog: projects, epics, user stories and tasks."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Mapping
from typing import Any, overload

from ._answers import Epic, Project, Story, Task
from ._handle import as_list
from ._repository import Repository
from ._types import NO_FIELDS, Fields


class Projects(Repository):
    """The projects of a workspace."""

    __slots__ = ()

    @overload
    def ensure(
        self,
        project: Fields,
        /,
        *,
        key: str | None = None,
        name: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Project: ...
    @overload
    def ensure(
        self,
        /,
        *,
        key: str,
        name: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Project: ...
    def ensure(
        self,
        project: Fields = NO_FIELDS,
        /,
        *,
        key: str | None = None,
        name: str | None = None,
        description: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Project:
        """The project with this key, which is made where there is none.

        Args:
            project: A mapping of the fields below.
            key: The key that people use, unique in the workspace.
            name: What people call it.
            description: What it is about.
            metadata: Whatever the host keeps with it.

        Any number of processes may call this at once: all get the same project.
        """
        keywords = {
            "key": key,
            "name": name,
            "description": description,
            "metadata": metadata,
        }
        return Project._read(self._native.projects_ensure(project, keywords))

    def get(self, key: str) -> Project | None:
        """The project with this key, or None."""
        row = self._native.projects_get(key)
        return None if row is None else Project._read(row)

    def list(self) -> builtins.list[Project]:
        """All projects, by key."""
        return [Project._read(row) for row in self._native.projects_list()]


class Epics(Repository):
    """The epics of a workspace."""

    __slots__ = ()

    @overload
    def create(
        self,
        epic: Fields,
        /,
        *,
        project_id: str | None = None,
        key: str | None = None,
        title: str | None = None,
        description: str | None = None,
        priority: int | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Epic: ...
    @overload
    def create(
        self,
        /,
        *,
        project_id: str,
        key: str,
        title: str,
        description: str | None = None,
        priority: int | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Epic: ...
    def create(
        self,
        epic: Fields = NO_FIELDS,
        /,
        *,
        project_id: str | None = None,
        key: str | None = None,
        title: str | None = None,
        description: str | None = None,
        priority: int | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Epic:
        """Makes an epic.

        Args:
            epic: A mapping of the fields below.
            project_id: The id of its project.
            key: The key that people use, unique in the project.
            title: One line that says what it is.
            description: What it is about.
            priority: The smaller, the sooner.
            metadata: Whatever the host keeps with it.

        Raises:
            NotFoundError: Its project is unknown.
            ConflictError: The project has an epic with this key.
        """
        keywords = {
            "project_id": project_id,
            "key": key,
            "title": title,
            "description": description,
            "priority": priority,
            "metadata": metadata,
        }
        return Epic._read(self._native.epics_create(epic, keywords))

    def get(self, id: str) -> Epic | None:
        """The epic with this id, or None."""
        row = self._native.epics_get(id)
        return None if row is None else Epic._read(row)

    def list(self, project_id: str | None = None) -> builtins.list[Epic]:
        """The epics of a project, or of all projects, by key."""
        return [Epic._read(row) for row in self._native.epics_list(project_id)]


class Stories(Repository):
    """The user stories of a workspace."""

    __slots__ = ()

    @overload
    def create(
        self,
        story: Fields,
        /,
        *,
        epic_id: str | None = None,
        key: str | None = None,
        title: str | None = None,
        description: str | None = None,
        acceptance_criteria: str | None = None,
        priority: int | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Story: ...
    @overload
    def create(
        self,
        /,
        *,
        epic_id: str,
        key: str,
        title: str,
        description: str | None = None,
        acceptance_criteria: str | None = None,
        priority: int | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Story: ...
    def create(
        self,
        story: Fields = NO_FIELDS,
        /,
        *,
        epic_id: str | None = None,
        key: str | None = None,
        title: str | None = None,
        description: str | None = None,
        acceptance_criteria: str | None = None,
        priority: int | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Story:
        """Makes a user story.

        Args:
            story: A mapping of the fields below.
            epic_id: The id of its epic, which says its project.
            key: The key that people use, unique in the epic.
            title: One line that says what it is.
            description: What it is about.
            acceptance_criteria: When it counts as done.
            priority: The smaller, the sooner.
            metadata: Whatever the host keeps with it.

        Raises:
            NotFoundError: Its epic is unknown.
            ConflictError: The epic has a story with this key.
        """
        keywords = {
            "epic_id": epic_id,
            "key": key,
            "title": title,
            "description": description,
            "acceptance_criteria": acceptance_criteria,
            "priority": priority,
            "metadata": metadata,
        }
        return Story._read(self._native.stories_create(story, keywords))

    def get(self, id: str) -> Story | None:
        """The story with this id, or None."""
        row = self._native.stories_get(id)
        return None if row is None else Story._read(row)

    def list(self, epic_id: str | None = None) -> builtins.list[Story]:
        """The stories of an epic, or of all epics, by key."""
        return [Story._read(row) for row in self._native.stories_list(epic_id)]


class Tasks(Repository):
    """The tasks of a workspace."""

    __slots__ = ()

    @overload
    def create(
        self,
        task: Fields,
        /,
        *,
        user_story_id: str | None = None,
        key: str | None = None,
        title: str | None = None,
        description: str | None = None,
        type: str | None = None,
        status: str | None = None,
        story_points: float | None = None,
        priority: int | None = None,
        assigned_agent_id: str | None = None,
        assignee_human: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Task: ...
    @overload
    def create(
        self,
        /,
        *,
        user_story_id: str,
        key: str,
        title: str,
        description: str | None = None,
        type: str | None = None,
        status: str | None = None,
        story_points: float | None = None,
        priority: int | None = None,
        assigned_agent_id: str | None = None,
        assignee_human: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Task: ...
    def create(
        self,
        task: Fields = NO_FIELDS,
        /,
        *,
        user_story_id: str | None = None,
        key: str | None = None,
        title: str | None = None,
        description: str | None = None,
        type: str | None = None,
        status: str | None = None,
        story_points: float | None = None,
        priority: int | None = None,
        assigned_agent_id: str | None = None,
        assignee_human: str | None = None,
        metadata: Mapping[str, Any] | None = None,
    ) -> Task:
        """Makes a task.

        Args:
            task: A mapping of the fields below.
            user_story_id: The id of its user story, which says its epic and project.
            key: The key that people use, unique in the story.
            title: One line that says what it is.
            description: What it is about.
            type: What kind of work it is.
            status: Where it stands. Absent: ``not_started``.
            story_points: Its size: finite, 0 or more.
            priority: The smaller, the sooner.
            assigned_agent_id: The agent that it is given to.
            assignee_human: The person that it is given to.
            metadata: Whatever the host keeps with it.

        Raises:
            NotFoundError: Its story is unknown.
            ConflictError: The story has a task with this key.
        """
        keywords = {
            "user_story_id": user_story_id,
            "key": key,
            "title": title,
            "description": description,
            "type": type,
            "status": status,
            "story_points": story_points,
            "priority": priority,
            "assigned_agent_id": assigned_agent_id,
            "assignee_human": assignee_human,
            "metadata": metadata,
        }
        return Task._read(self._native.tasks_create(task, keywords))

    def create_many(self, tasks: Iterable[Fields]) -> builtins.list[Task]:
        """Makes many tasks in one transaction: all or none.

        Each is a mapping with the fields of ``create``; an error says which one it is about.
        """
        return [Task._read(task) for task in self._native.tasks_create_many(as_list(tasks))]

    def get(self, id_or_key: str) -> Task | None:
        """The task with this id or key, or None. A key that several tasks have is an
        ``InvalidInputError`` that lists them.
        """
        row = self._native.tasks_get(id_or_key)
        return None if row is None else Task._read(row)

    def list(self, user_story_id: str | None = None) -> builtins.list[Task]:
        """The tasks of a story, or of all stories, by key."""
        return [Task._read(row) for row in self._native.tasks_list(user_story_id)]
