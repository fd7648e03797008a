"""Validates the results of the C interface against docs/openapi/mcoda-telemetry.yaml."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "bindings-python/tests"))
import openapi  # noqa: E402

# The schema of a call's result, or of its elements if it is an array. The other calls are not part of the contract.
SCHEMAS = {
    "token_usage": "TokenUsageRow",
    "token_usage_summary": "TokenUsageSummaryRow",
    "telemetry_config": "TelemetryConfig", "opt_out": "TelemetryConfig", "opt_in": "TelemetryConfig",
    "status_events": "StatusEvent",
    "velocity": "Velocity",
    "estimate": "Estimate",
    "jobs.create": "Job", "jobs.get": "Job", "jobs.list": "Job", "jobs.finish": "Job",
    "inspect_job": "JobInspection",
    "task_runs.create": "TaskRun", "task_runs.get": "TaskRun", "task_runs.list": "TaskRun", "task_runs.finish": "TaskRun",
}  # fmt: skip


class Contract:
    def __init__(self):
        self.checked = dict.fromkeys(SCHEMAS.values(), 0)

    def faults(self, call, result):
        """The violations in a result. A call that finds nothing may return null."""
        name = SCHEMAS.get(call)
        if name is None:
            return []
        values = result if isinstance(result, list) else [] if result is None else [result]
        self.checked[name] += len(values)
        return [f"{name} {fault}" for value in values for fault in openapi.faults(name, value)]
