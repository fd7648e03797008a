"""The tables that a host fills: the backlog, and what was run on it."""

from __future__ import annotations

import builtins
from collections.abc import Iterable, Mapping
from typing import Any, overload

from . import _mcoda
from ._answers import CommandRun, Epic, Job, Project, Story, Task, TaskRun
from ._handle import as_list
from ._types import NO_FIELDS, Fields, Time


class _Repository:
    """A table of an open workspace."""

    __slots__ = ("_native",)

    def __init__(self, native: _mcoda.Workspace) -> None:
        self._native = native


class Projects(_Repository):
    """The projects of a workspace."""

    __slots__ = ()

    @overload
    def ensure(self, project: Fields, /) -> Project: ...
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


class Epics(_Repository):
    """The epics of a workspace."""

    __slots__ = ()

    @overload
    def create(self, epic: Fields, /) -> Epic: ...
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


class Stories(_Repository):
    """The user stories of a workspace."""

    __slots__ = ()

    @overload
    def create(self, story: Fields, /) -> Story: ...
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


class Tasks(_Repository):
    """The tasks of a workspace."""

    __slots__ = ()

    @overload
    def create(self, task: Fields, /) -> Task: ...
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


class Jobs(_Repository):
    """The jobs of a workspace."""

    __slots__ = ()

    @overload
    def create(self, job: Fields, /) -> Job: ...
    @overload
    def create(
        self,
        /,
        *,
        type: str,
        state: str | None = None,
        command_name: str | None = None,
        payload: Mapping[str, Any] | None = None,
        total_items: int | None = None,
    ) -> Job: ...
    def create(
        self,
        job: Fields = NO_FIELDS,
        /,
        *,
        type: str | None = None,
        state: str | None = None,
        command_name: str | None = None,
        payload: Mapping[str, Any] | None = None,
        total_items: int | None = None,
    ) -> Job:
        """Makes a job.

        Args:
            job: A mapping of the fields below.
            type: What kind of work it is.
            state: Absent: ``running``.
            command_name: The command that starts it.
            payload: What the host needs to go on with it.
            total_items: How many items there are to do.
        """
        keywords = {
            "type": type,
            "state": state,
            "command_name": command_name,
            "payload": payload,
            "total_items": total_items,
        }
        return Job._read(self._native.jobs_create(job, keywords))

    def get(self, id: str) -> Job | None:
        """The job with this id, or None."""
        row = self._native.jobs_get(id)
        return None if row is None else Job._read(row)

    def list(self) -> builtins.list[Job]:
        """The jobs of this workspace, newest first."""
        return [Job._read(row) for row in self._native.jobs_list()]

    def finish(self, id: str, state: str, error_summary: str | None = None) -> Job:
        """Ends a job with this state, for example ``completed``, and why it failed where it did.

        Raises:
            NotFoundError: There is no such job.
        """
        return Job._read(self._native.jobs_finish(id, state, error_summary))


class CommandRuns(_Repository):
    """The command runs of a workspace."""

    __slots__ = ()

    @overload
    def create(self, run: Fields, /) -> CommandRun: ...
    @overload
    def create(
        self,
        /,
        *,
        command_name: str,
        job_id: str | None = None,
        started_at: Time | None = None,
    ) -> CommandRun: ...
    def create(
        self,
        run: Fields = NO_FIELDS,
        /,
        *,
        command_name: str | None = None,
        job_id: str | None = None,
        started_at: Time | None = None,
    ) -> CommandRun:
        """Begins a command run, with status ``running``.

        Args:
            run: A mapping of the fields below.
            command_name: The command, for example ``work-on-tasks``.
            job_id: The job that it is part of.
            started_at: When it began. Absent: now.

        Raises:
            NotFoundError: Its job is unknown.
        """
        keywords = {
            "command_name": command_name,
            "job_id": job_id,
            "started_at": started_at,
        }
        return CommandRun._read(self._native.command_runs_create(run, keywords))

    def get(self, id: str) -> CommandRun | None:
        """The command run with this id, or None."""
        row = self._native.command_runs_get(id)
        return None if row is None else CommandRun._read(row)

    @overload
    def finish(self, id: str, end: Fields) -> CommandRun: ...
    @overload
    def finish(
        self,
        id: str,
        *,
        status: str,
        error_summary: str | None = None,
        sp_processed: float | None = None,
        completed_at: Time | None = None,
    ) -> CommandRun: ...
    def finish(
        self,
        id: str,
        end: Fields = NO_FIELDS,
        *,
        status: str | None = None,
        error_summary: str | None = None,
        sp_processed: float | None = None,
        completed_at: Time | None = None,
    ) -> CommandRun:
        """Ends a command run.

        Args:
            id: The command run.
            end: A mapping of the fields below.
            status: What became of it, for example ``succeeded``.
            error_summary: Why it failed.
            sp_processed: How many story points it moved: finite, 0 or more.
            completed_at: When it ended. Absent: now.

        Raises:
            NotFoundError: There is no such command run.
        """
        keywords = {
            "status": status,
            "error_summary": error_summary,
            "sp_processed": sp_processed,
            "completed_at": completed_at,
        }
        return CommandRun._read(self._native.command_runs_finish(id, end, keywords))


class TaskRuns(_Repository):
    """The task runs of a workspace."""

    __slots__ = ()

    @overload
    def create(self, run: Fields, /) -> TaskRun: ...
    @overload
    def create(
        self,
        /,
        *,
        task_id: str,
        command: str,
        job_id: str | None = None,
        command_run_id: str | None = None,
        agent_id: str | None = None,
        started_at: Time | None = None,
        story_points_at_run: float | None = None,
        run_context: Mapping[str, Any] | None = None,
    ) -> TaskRun: ...
    def create(
        self,
        run: Fields = NO_FIELDS,
        /,
        *,
        task_id: str | None = None,
        command: str | None = None,
        job_id: str | None = None,
        command_run_id: str | None = None,
        agent_id: str | None = None,
        started_at: Time | None = None,
        story_points_at_run: float | None = None,
        run_context: Mapping[str, Any] | None = None,
    ) -> TaskRun:
        """Begins a task run, with status ``running``.

        Args:
            run: A mapping of the fields below.
            task_id: The id of the task that is worked on.
            command: The command, for example ``work-on-tasks``.
            job_id: The job that it is part of.
            command_run_id: The command run that it is part of.
            agent_id: The agent that works.
            started_at: When it began. Absent: now.
            story_points_at_run: The task's story points. Absent: those of the task.
            run_context: Whatever the host keeps with it.

        Raises:
            NotFoundError: Its task, job or command run is unknown.
        """
        keywords = {
            "task_id": task_id,
            "command": command,
            "job_id": job_id,
            "command_run_id": command_run_id,
            "agent_id": agent_id,
            "started_at": started_at,
            "story_points_at_run": story_points_at_run,
            "run_context": run_context,
        }
        return TaskRun._read(self._native.task_runs_create(run, keywords))

    def get(self, id: str) -> TaskRun | None:
        """The task run with this id, or None."""
        row = self._native.task_runs_get(id)
        return None if row is None else TaskRun._read(row)

    def list(self, task_id: str) -> builtins.list[TaskRun]:
        """The runs on a task, oldest first."""
        return [TaskRun._read(row) for row in self._native.task_runs_list(task_id)]

    def finish(self, id: str, status: str, finished_at: Time | None = None) -> TaskRun:
        """Ends a task run with this status, for example ``succeeded``; now, where no time is told.

        Raises:
            NotFoundError: There is no such task run.
        """
        return TaskRun._read(self._native.task_runs_finish(id, status, finished_at))
