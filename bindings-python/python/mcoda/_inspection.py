"""What a job did, and what the settings say."""

from __future__ import annotations

from dataclasses import dataclass, field

from ._answers import Job, TaskRun, TokenUsageSummaryRow
from ._result import ForPeople


@dataclass(frozen=True, repr=False)
class InspectedRun(TaskRun):
    """A task run with its task's key."""

    # By hand: of `slots=True`, mypy's stubtest expects the slots of the class above once more.
    __slots__ = ("task_key",)

    task_key: str | None
    """The key of its task; None where the task is gone."""


@dataclass(frozen=True, slots=True, repr=False)
class JobInspection(ForPeople):
    """What became of a job. ``str()`` of it is a text for people."""

    job: Job
    """The job."""
    task_runs: tuple[InspectedRun, ...]
    """Its task runs, oldest first."""
    tokens: tuple[TokenUsageSummaryRow, ...]
    """What it cost by command, agent and model, of all time."""
    _text: str = field(default="", repr=False, compare=False)


@dataclass(frozen=True, slots=True, repr=False)
class TelemetryConfig(ForPeople):
    """What holds for recording and for sending records away. ``str()`` of it is a table."""

    local_recording: bool
    """Whether token usage is recorded here. False where ``strict`` holds."""
    remote_export: bool
    """Whether records may be sent to an endpoint. This version sends nothing in any case."""
    opt_out: bool
    """``telemetry.optOut`` of the config files."""
    strict: bool
    """``telemetry.strict`` of the config files."""
    off_by_environment: bool
    """Whether ``MCODA_TELEMETRY=off`` turns remote export off."""
    off_by_handle: bool
    """Whether this handle turns remote export off (``no_telemetry``)."""
    endpoint: str | None
    """``telemetry.endpoint`` of the config files: where records would be sent."""
    config_path: str | None
    """The file that opting out and in writes; None for a database in memory."""
    _text: str = field(default="", repr=False, compare=False)
