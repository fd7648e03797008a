"""A project's database."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import _mcoda
from ._answers import Backfilled, StatusEvent, Transition
from ._backlog import Epics, Projects, Stories, Tasks
from ._estimate import Estimate, Velocity
from ._handle import Handle, open_keywords
from ._inspection import JobInspection, TelemetryConfig
from ._runs import CommandRuns, Jobs, TaskRuns
from ._types import NO_FIELDS, Bound, Fields, StrPath, Synchronous, Time, VelocityMode


class Workspace(Handle[_mcoda.Workspace]):
    """The record of one project's work.

    Opening creates what is missing and brings older databases up to date. A handle may be used from any
    number of threads. Every call fails with ``ClosedError`` after ``close``, with ``BusyError`` where
    another process writes for longer than the timeout, and with ``StorageError`` or ``CorruptError``
    where the disk does not do its part; a call that fails has changed nothing.

    >>> import mcoda
    >>> with mcoda.Workspace.open_db(":memory:", workspace_id="shop") as ws:
    ...     ws.id
    'shop'
    """

    __slots__ = ()

    @classmethod
    def open(
        cls,
        root: StrPath,
        options: Fields = NO_FIELDS,
        *,
        workspace_id: str | None = None,
        config: Mapping[str, Any] | None = None,
        no_telemetry: bool | None = None,
        json_log: bool | StrPath | None = None,
        synchronous: Synchronous | None = None,
        busy_timeout_ms: int | None = None,
        read_only: bool | None = None,
        existing_only: bool | None = None,
    ) -> Workspace:
        """Opens the workspace of the project whose root folder is ``root``.

        Args:
            root: The project's folder. Its database lies in the user's ``.mcoda`` folder.
            options: A mapping of the fields below.
            workspace_id: The id that new records carry and queries look for. Default: that of
                ``workspace.json``, else the root's path.
            config: Settings in the shape of ``config.json`` that hold over the files'.
            no_telemetry: Turns remote export off for this handle.
            json_log: Where ``token_usage.json`` is written: False for nowhere, or a folder. Default: beside
                the database of a project's root, nowhere for ``open_db``.
            synchronous: ``full`` survives a power cut, not only a crash. Default: ``normal``.
            busy_timeout_ms: How long to wait for other writers before ``BusyError``. Default: 30000.
            read_only: Only read: nothing is created, migrated or written.
            existing_only: ``NotFoundError`` where there is no database, in place of creating one.
        """
        keywords = open_keywords(
            workspace_id,
            config,
            no_telemetry,
            json_log,
            synchronous,
            busy_timeout_ms,
            read_only,
            existing_only,
        )
        return cls._of(_mcoda.Workspace.open(root, options, keywords))

    @classmethod
    def open_db(
        cls,
        path: StrPath,
        options: Fields = NO_FIELDS,
        *,
        workspace_id: str | None = None,
        config: Mapping[str, Any] | None = None,
        no_telemetry: bool | None = None,
        json_log: bool | StrPath | None = None,
        synchronous: Synchronous | None = None,
        busy_timeout_ms: int | None = None,
        read_only: bool | None = None,
        existing_only: bool | None = None,
    ) -> Workspace:
        """Opens the workspace database in this file (``:memory:``: a new one that is nowhere).

        The options are those of ``open``; the workspace's id is the path of the file's folder where no
        ``workspace.json`` says otherwise.
        """
        keywords = open_keywords(
            workspace_id,
            config,
            no_telemetry,
            json_log,
            synchronous,
            busy_timeout_ms,
            read_only,
            existing_only,
        )
        return cls._of(_mcoda.Workspace.open_db(path, options, keywords))

    @property
    def id(self) -> str:
        """The workspace's id, which new records carry."""
        return self._native.id

    @property
    def projects(self) -> Projects:
        """The projects."""
        return Projects(self._native)

    @property
    def epics(self) -> Epics:
        """The epics."""
        return Epics(self._native)

    @property
    def stories(self) -> Stories:
        """The user stories."""
        return Stories(self._native)

    @property
    def tasks(self) -> Tasks:
        """The tasks."""
        return Tasks(self._native)

    @property
    def jobs(self) -> Jobs:
        """The jobs."""
        return Jobs(self._native)

    @property
    def command_runs(self) -> CommandRuns:
        """The command runs."""
        return CommandRuns(self._native)

    @property
    def task_runs(self) -> TaskRuns:
        """The task runs."""
        return TaskRuns(self._native)

    def record_status_transition(
        self,
        task: str,
        to_status: str,
        context: Fields = NO_FIELDS,
        *,
        command_name: str | None = None,
        job_id: str | None = None,
        task_run_id: str | None = None,
        agent_id: str | None = None,
        timestamp: Time | None = None,
        metadata: Mapping[str, Any] | None = None,
        metadata_patch: Mapping[str, Any] | None = None,
        reason: str | None = None,
        expected_from: str | None = None,
    ) -> Transition:
        """Moves a task: its new status, its metadata and the event of the move, in one transaction.

        Args:
            task: The task, by id or key.
            to_status: Its new status, for example ``in_progress``.
            context: A mapping of the fields below.
            command_name: The command that moves the task, for example ``work-on-tasks``.
            job_id: The job that it is part of; must exist.
            task_run_id: The task run that it is part of; must exist.
            agent_id: The agent that moves it.
            timestamp: When it moved. Absent: now.
            metadata: Lane details and whatever else belongs to the event.
            metadata_patch: Merged into the task's metadata.
            reason: Why it failed or was sent back.
            expected_from: The status that the task must have for the call to succeed.

        Raises:
            NotFoundError: An unknown task, job or task run.
            InvalidInputError: A key that several tasks have.
            ConflictError: The task does not have the status of ``expected_from``.
        """
        keywords = {
            "command_name": command_name,
            "job_id": job_id,
            "task_run_id": task_run_id,
            "agent_id": agent_id,
            "timestamp": timestamp,
            "metadata": metadata,
            "metadata_patch": metadata_patch,
            "reason": reason,
            "expected_from": expected_from,
        }
        return Transition._read(self._native.record_status_transition(task, to_status, context, keywords))

    def status_events(
        self,
        query: Fields = NO_FIELDS,
        /,
        *,
        task: str | None = None,
        since: Bound | None = None,
        until: Bound | None = None,
        now: Time | None = None,
    ) -> list[StatusEvent]:
        """The recorded moves of one task, by id or key, or of all tasks, in the order of time.

        Args:
            query: A mapping of the fields below.
            task: The task.
            since: Moves at or after this time, or within this span before now (``7d``).
            until: Moves at or before this time, or this span before now.
            now: The moment that spans count back from. Absent: the clock.
        """
        keywords = {"task": task, "since": since, "until": until, "now": now}
        return [StatusEvent._read(event) for event in self._native.status_events(query, keywords)]

    def backfill_status_events(
        self,
        options: Fields = NO_FIELDS,
        /,
        *,
        project_key: str | None = None,
        epic_key: str | None = None,
        story_key: str | None = None,
        assignee: str | None = None,
        mode: VelocityMode | None = None,
        window_tasks: int | None = None,
        sp_per_hour_all: float | None = None,
        sp_per_hour_implementation: float | None = None,
        sp_per_hour_review: float | None = None,
        sp_per_hour_qa: float | None = None,
        now: Time | None = None,
    ) -> Backfilled:
        """Writes the status events for good that successful task runs stand in for in a velocity with the
        same options (see ``estimate``). Doing it again adds nothing.
        """
        keywords = _estimate_keywords(
            project_key,
            epic_key,
            story_key,
            assignee,
            mode,
            window_tasks,
            sp_per_hour_all,
            sp_per_hour_implementation,
            sp_per_hour_review,
            sp_per_hour_qa,
            now,
        )
        return Backfilled._read(self._native.backfill_status_events(options, keywords))

    def velocity(
        self,
        options: Fields = NO_FIELDS,
        /,
        *,
        project_key: str | None = None,
        epic_key: str | None = None,
        story_key: str | None = None,
        assignee: str | None = None,
        mode: VelocityMode | None = None,
        window_tasks: int | None = None,
        sp_per_hour_all: float | None = None,
        sp_per_hour_implementation: float | None = None,
        sp_per_hour_review: float | None = None,
        sp_per_hour_qa: float | None = None,
        now: Time | None = None,
    ) -> Velocity:
        """How fast each lane works, in story points per hour. Writes nothing. Options: as ``estimate``.

        >>> import mcoda
        >>> with mcoda.Workspace.open_db(":memory:") as ws:
        ...     ws.velocity(sp_per_hour_qa=8).qa_sp_per_hour
        8.0
        """
        keywords = _estimate_keywords(
            project_key,
            epic_key,
            story_key,
            assignee,
            mode,
            window_tasks,
            sp_per_hour_all,
            sp_per_hour_implementation,
            sp_per_hour_review,
            sp_per_hour_qa,
            now,
        )
        return Velocity._read(*self._native.velocity(options, keywords))

    def estimate(
        self,
        options: Fields = NO_FIELDS,
        /,
        *,
        project_key: str | None = None,
        epic_key: str | None = None,
        story_key: str | None = None,
        assignee: str | None = None,
        mode: VelocityMode | None = None,
        window_tasks: int | None = None,
        sp_per_hour_all: float | None = None,
        sp_per_hour_implementation: float | None = None,
        sp_per_hour_review: float | None = None,
        sp_per_hour_qa: float | None = None,
        now: Time | None = None,
    ) -> Estimate:
        """How much is left, how fast it goes and when it will be done. Writes nothing.

        Args:
            options: A mapping of the fields below.
            project_key: Only tasks of the project with this key.
            epic_key: Only tasks of the epic with this key.
            story_key: Only tasks of the user story with this key.
            assignee: Only tasks of this person; case does not matter.
            mode: Where the velocity comes from. Absent: ``config``.
            window_tasks: How many of the newest samples of a lane make its velocity. Absent: 10.
            sp_per_hour_all: Story points per hour of every lane, in place of the settings'.
            sp_per_hour_implementation: Those of the implementation.
            sp_per_hour_review: Those of the review.
            sp_per_hour_qa: Those of QA.
            now: The present moment. Absent: the clock.

        Raises:
            NotFoundError: An unknown project, epic or story.

        >>> import mcoda
        >>> with mcoda.Workspace.open_db(":memory:") as ws:
        ...     estimate = ws.estimate(mode="empirical", window_tasks=50, now="2026-03-20T12:00:00Z")
        >>> estimate
        <Estimate: 0 of 0 tasks completed, hours left: 0, complete: 2026-03-20T12:00:00+00:00>
        >>> estimate.to_dict()["durationsHours"]["totalHours"]
        0
        """
        keywords = _estimate_keywords(
            project_key,
            epic_key,
            story_key,
            assignee,
            mode,
            window_tasks,
            sp_per_hour_all,
            sp_per_hour_implementation,
            sp_per_hour_review,
            sp_per_hour_qa,
            now,
        )
        return Estimate._read(*self._native.estimate(options, keywords))

    def inspect_job(self, job_id: str) -> JobInspection:
        """A job with its task runs and what it cost by command, agent and model, of all time.

        Raises:
            NotFoundError: There is no such job.

        >>> import mcoda
        >>> with mcoda.Workspace.open_db(":memory:") as ws:
        ...     job = ws.jobs.create(type="work", total_items=4)
        ...     recorded = ws.record_token_usage(job_id=job.id, agent_id="claude", tokens_prompt=7)
        ...     inspection = ws.inspect_job(job.id)
        >>> inspection.job.state, inspection.tokens[0].tokens_prompt
        ('running', 7)
        """
        return JobInspection._read(*self._native.inspect_job(job_id))

    def telemetry_config(self) -> TelemetryConfig:
        """What the config files, the environment and this handle's options say about recording and export.

        The files are read anew with every call.

        Raises:
            CorruptError: A damaged config file.
            InvalidInputError: A setting of the wrong type.
        """
        return TelemetryConfig._read(*self._native.telemetry_config())

    def opt_out(self, strict: bool = False) -> TelemetryConfig:
        """Opts out of sending records away, in the ``config.json`` beside the database.

        Nothing else in the file changes, and one that is damaged stays as it is. A strict setting that holds
        already stays, too.

        Args:
            strict: Whether nothing is to be recorded here either.

        Returns:
            What holds now.

        Raises:
            CorruptError: A damaged config file.
            InvalidInputError: A setting of the wrong type.
            StorageError: The handle only reads, or the file cannot be written.
            UnsupportedError: A database in memory has no config file.
        """
        return TelemetryConfig._read(*self._native.opt_out(strict))

    def opt_in(self) -> TelemetryConfig:
        """Takes an opting-out back, a strict one too: records are kept, and may be sent away.

        Errors: as ``opt_out``.
        """
        return TelemetryConfig._read(*self._native.opt_in())


def _estimate_keywords(
    project_key: str | None,
    epic_key: str | None,
    story_key: str | None,
    assignee: str | None,
    mode: VelocityMode | None,
    window_tasks: int | None,
    sp_per_hour_all: float | None,
    sp_per_hour_implementation: float | None,
    sp_per_hour_review: float | None,
    sp_per_hour_qa: float | None,
    now: Time | None,
) -> dict[str, Any]:
    return {
        "project_key": project_key,
        "epic_key": epic_key,
        "story_key": story_key,
        "assignee": assignee,
        "mode": mode,
        "window_tasks": window_tasks,
        "sp_per_hour_all": sp_per_hour_all,
        "sp_per_hour_implementation": sp_per_hour_implementation,
        "sp_per_hour_review": sp_per_hour_review,
        "sp_per_hour_qa": sp_per_hour_qa,
        "now": now,
    }
