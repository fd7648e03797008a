"""What docs/openapi/mcoda-telemetry.yaml says about the answers of the C interface."""

from pathlib import Path

import jsonschema
import yaml

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
    def __init__(self, repository: Path):
        text = (repository / "docs/openapi/mcoda-telemetry.yaml").read_text(encoding="utf-8")
        self.components = closed(yaml.safe_load(text)["components"])
        self.validators = {name: self.validator(name) for name in set(SCHEMAS.values())}
        self.checked = dict.fromkeys(self.validators, 0)

    def validator(self, name):
        return jsonschema.Draft202012Validator({"$ref": f"#/components/schemas/{name}", "components": self.components})

    def faults(self, call, answer):
        """What is wrong with an answer. A call that finds nothing may answer null."""
        name = SCHEMAS.get(call)
        if name is None:
            return []
        values = answer if isinstance(answer, list) else [] if answer is None else [answer]
        self.checked[name] += len(values)
        errors = (error for value in values for error in self.validators[name].iter_errors(value))
        return [f"{name} {error.json_path}: {error.message}" for error in errors]


def closed(schema):
    """Objects have the fields that the contract names and no others, so that one that it lacks is found too."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    copy = {name: closed(value) for name, value in schema.items()}
    return {"additionalProperties": False, **copy} if "properties" in copy else copy
