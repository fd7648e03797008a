"""Whether the answers of the C interface are what docs/openapi/mcoda-telemetry.yaml says."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "bindings-python/tests"))
import openapi  # noqa: E402

# The schema of what a call answers, alone or in an array. The other calls are not part of the contract.
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

    def faults(self, call, answer):
        """What is wrong with an answer. A call that finds nothing may answer null."""
        name = SCHEMAS.get(call)
        if name is None:
            return []
        values = answer if isinstance(answer, list) else [] if answer is None else [answer]
        self.checked[name] += len(values)
        return [f"{name} {fault}" for value in values for fault in openapi.faults(name, value)]
