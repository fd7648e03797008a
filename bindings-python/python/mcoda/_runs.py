"""The tables of what was run: jobs, command runs and task runs."""

from __future__ import annotations

import builtins
from collections.abc import Mapping
from typing import Any, overload

from ._answers import CommandRun, Job, TaskRun
from ._repository import Repository
from ._types import NO_FIELDS, Fields, Time


class Jobs(Repository):
    """The jobs of a workspace."""

    __slots__ = ()

    @overload
    def create(
        self,
        job: Fields,
        /,
        *,
        type: str | None = None,
        state: str | None = None,
        command_name: str | None = None,
        payload: Mapping[str, Any] | None = None,
        total_items: int | None = None,
    ) -> Job: ...
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


class CommandRuns(Repository):
    """The command runs of a workspace."""

    __slots__ = ()

    @overload
    def create(
        self,
        run: Fields,
        /,
        *,
        command_name: str | None = None,
        job_id: str | None = None,
        started_at: Time | None = None,
    ) -> CommandRun: ...
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
    def finish(
        self,
        id: str,
        end: Fields,
        *,
        status: str | None = None,
        error_summary: str | None = None,
        sp_processed: float | None = None,
        completed_at: Time | None = None,
    ) -> CommandRun: ...
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


class TaskRuns(Repository):
    """The task runs of a workspace."""

    __slots__ = ()

    @overload
    def create(
        self,
        run: Fields,
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
    ) -> TaskRun: ...
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
