"""Queries of the golden workspace, and their results, computed by plain loops over its rows."""

import json
import math
import re
from datetime import datetime, timezone

import computation
import workspace
from computation import Query, millis_of

NOW = millis_of(workspace.NOW)
UNITS = {"s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}

# The columns of a usage row in a result, in no particular order.
PLAIN = (
    "workspace_id agent_id model_name job_id command_run_id task_run_id task_id project_id epic_id user_story_id"
    " invocation_kind provider currency tokens_prompt tokens_completion tokens_total tokens_cached tokens_cache_read"
    " tokens_cache_write cost_estimate duration_seconds started_at finished_at timestamp"
).split()
COUNTS = (
    "tokens_prompt tokens_completion tokens_total tokens_cached tokens_cache_read tokens_cache_write".split()
)
GROUPS = {
    "project": "project_id", "agent": "agent_id", "command": "command_name", "model": "model_name", "day": "day",
    "job": "job_id", "action": "action", "provider": "provider", "task": "task_id",
}


def cases(db):
    for options in ROWS:
        yield {"op": "tokenUsage", "options": options, "expected": token_rows(db, options)}
    for options in SUMMARIES:
        yield {"op": "tokenSummary", "options": options, "expected": token_summary(db, options)}
    for options in SPEEDS:
        history, query = query_of("velocity", db, options)
        yield {"op": "velocity", "options": options, "expected": computation.velocity(history, query)}
    for options in ESTIMATES:
        history, query = query_of("estimate", db, options)
        scope = {"workspaceId": workspace.ID, **query.scope}
        expected = {"scope": scope, **computation.estimate(history, query, NOW)}
        yield {"op": "estimate", "options": options, "expected": expected}


# Token usage

ROWS = [
    {},
    {"since": "7d"},
    {"until": "2026-03-09"},
    {"jobId": "j2"},
    {"taskId": "t-SHOP-E1-S1-T1"},
    {"projectKey": "SHOP", "page": 2, "pageSize": 10},
    {"agent": "claude", "since": "10d", "until": "2026-03-18T00:00:00.000Z"},
    {"command": "qa-tasks"},
    {"command": "qa-tasks", "includeRowsWithoutCommand": True, "projectKey": "BLOG"},
    {"pageSize": 7, "page": 99},
]

SUMMARIES = [
    {},
    {"since": "30d"},
    {"since": "30d", "groupBy": ["day"]},
    {"since": "30d", "groupBy": ["model", "agent"]},
    {"since": "30d", "groupBy": ["job"]},
    {"since": "30d", "groupBy": ["action", "command"]},
    {"since": "30d", "groupBy": ["provider"]},
    {"since": "2w", "groupBy": ["task"]},
    {"since": "30d", "projectKey": "SHOP"},
    {"since": "30d", "agent": "codex", "groupBy": ["command"]},
    {"since": "2026-03-10T00:00:00.000Z", "until": "2026-03-15T00:00:00.000Z", "groupBy": ["project"]},
    {"since": "30d", "jobId": "j3", "command": "docs"},
    {"since": "36h"},
    {"since": "30d", "groupBy": [*GROUPS]},
]


def bound(text):
    """The time of a bound; a duration counts back from now."""
    span = re.fullmatch(r"(\d+)([smhdw])", text or "")
    if span:
        return NOW - int(span[1]) * UNITS[span[2]]
    return None if text is None else millis_of(text)


def end_bound(text):
    """The time of the end of a range; a date includes its day."""
    return bound(text) + UNITS["d"] - 1 if re.fullmatch(r"\d{4}-\d{2}-\d{2}", text or "") else bound(text)


def metadata_of(row):
    try:
        found = json.loads(row["metadata_json"] or "{}")
    except ValueError:
        found = {}
    return found if isinstance(found, dict) else {}


def text_of(row, column, names):
    """A column, or if it has no text, the first non-empty one of these metadata fields."""
    metadata = metadata_of(row)
    texts = [row[column] if column else None, *(metadata.get(name) for name in names)]
    return next((text for text in texts if isinstance(text, str) and text), None)


def command_of(row):
    return text_of(row, "command_name", ["commandName", "command_name", "command"])


def action_of(row):
    return text_of(row, "action", ["action", "phase"])


def millis_taken(row):
    if row["duration_ms"] is not None:
        return row["duration_ms"]
    return None if row["duration_seconds"] is None else math.floor(row["duration_seconds"] * 1000 + 0.5)


def is_wanted(row, options, project, since):
    at, until = millis_of(row["timestamp"]), end_bound(options.get("until"))
    if since is not None and (at is None or at < since) or until is not None and (at is None or at > until):
        return False
    if "command" in options:
        command = command_of(row)
        if command != options["command"] and not (command is None and options.get("includeRowsWithoutCommand")):
            return False
    columns = {"workspace_id": workspace.ID, "agent_id": options.get("agent"), "project_id": project,
               "job_id": options.get("jobId"), "task_id": options.get("taskId")}
    return all(wanted is None or row[column] == wanted for column, wanted in columns.items())


def selected(db, options, since):
    project = None
    if "projectKey" in options:
        [[project]] = db.execute("SELECT id FROM projects WHERE key = ?", [options["projectKey"]])
    rows = db.execute("SELECT * FROM token_usage ORDER BY rowid")
    return [row for row in rows if is_wanted(row, options, project, since)]


def token_rows(db, options):
    rows = selected(db, options, bound(options.get("since")))
    # Times that cannot be parsed come last; rows of the same time stay in the order of the table.
    rows.sort(key=lambda row: (millis_of(row["timestamp"]) is None, millis_of(row["timestamp"]) or 0))
    size = options.get("pageSize", len(rows))
    first = (options.get("page", 1) - 1) * size
    return [
        {"id": row["id"], **{name: row[name] for name in PLAIN}, "command_name": command_of(row),
         "action": action_of(row), "duration_ms": millis_taken(row), "metadata": metadata_of(row),
         "error_kind": text_of(row, None, ["error_kind", "errorKind", "error"])}
        for row in rows[first : first + size]
    ]


def token_summary(db, options):
    names = options.get("groupBy", ["project", "command", "agent"])
    groups = {}
    for row in selected(db, options, bound(options.get("since", "7d"))):
        group = {GROUPS[name]: dimension(row, name) for name in names}
        groups.setdefault(tuple(group.items()), []).append(row)
    return [{"workspace_id": workspace.ID, **dict(group), **sums(rows)} for group, rows in groups.items()]


def dimension(row, name):
    if name == "day":
        return datetime.fromtimestamp(millis_of(row["timestamp"]) / 1000, timezone.utc).date().isoformat()
    if name == "command":
        return command_of(row)
    return action_of(row) if name == "action" else row[GROUPS[name]] or None


def sums(rows):
    known = sum(row["cost_estimate"] is not None for row in rows)
    result = {"calls": len(rows), "cost_known_calls": known} | {name: sum(row[name] or 0 for row in rows) for name in COUNTS}
    result["duration_ms"] = sum(millis_taken(row) or 0 for row in rows)
    costs = {}
    for row in rows:
        if row["cost_estimate"] is not None:
            code = (row["currency"] or "").strip().upper() or "XXX"
            costs.setdefault(code, []).append(row["cost_estimate"])
    if len(costs.keys() - {"XXX"}) > 1:
        by_currency = {code: math.fsum(costs[code]) for code in sorted(costs)}
        return result | {"cost_estimate": None, "cost_by_currency": by_currency}
    every = [cost for own in costs.values() for cost in own]
    currency = {"currency": code for code in costs if code != "XXX"}
    return result | currency | {"cost_estimate": math.fsum(every) if every else None}


# Velocities and estimates

SPEEDS = [
    {},
    {"mode": "config"},
    {"mode": "empirical"},
    {"mode": "empirical", "windowTasks": 3},
    {"mode": "empirical", "windowTasks": 50},
    {"mode": "mixed"},
    {"mode": "mixed", "windowTasks": 50, "projectKey": "SHOP"},
    {"mode": "empirical", "projectKey": "BLOG"},
    {"mode": "empirical", "projectKey": "BLOG", "epicKey": "BLOG-E1", "storyKey": "BLOG-E1-S2"},
    {"mode": "empirical", "assignee": "ADA", "windowTasks": 50},
    {"mode": "empirical", "assignee": "nobody"},
    {"mode": "config", "spPerHourAll": 6, "spPerHourQa": 3},
    {"mode": "mixed", "spPerHourReview": 0.5, "spPerHourImplementation": 20},
]

ESTIMATES = [
    {},
    {"mode": "config"},
    {"mode": "empirical", "windowTasks": 50},
    {"mode": "mixed", "projectKey": "SHOP"},
    {"mode": "empirical", "projectKey": "BLOG"},
    {"mode": "config", "storyKey": "SHOP-E2-S1", "spPerHourAll": 5},
    {"mode": "empirical", "projectKey": "SHOP", "epicKey": "SHOP-E1"},
    {"mode": "config", "spPerHourQa": 0},
]

LANES = {"spPerHourAll": "all", "spPerHourImplementation": "implementation", "spPerHourReview": "review",
         "spPerHourQa": "qa"}
SCOPE = {"projectKey": "project", "epicKey": "epic", "storyKey": "story", "assignee": "assignee"}


def query_of(command, db, options):
    query = Query(
        command=command,
        mode=options.get("mode", "config"),
        window=options.get("windowTasks", 10),
        scope={level: options[name] for name, level in SCOPE.items() if name in options},
        overrides={lane: options[name] for name, lane in LANES.items() if name in options},
        config=workspace.VELOCITY,
    )
    history = computation.load(db, query)
    assert history is not None, options
    return history, query
