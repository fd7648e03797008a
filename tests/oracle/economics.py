"""What finished work costs, by docs/estimate.md, computed in the simplest way, and random calls to compute it from.

Every number is found by looking at all calls, tasks and moves again; fractions are exact.
"""

import json
import random
import sqlite3
from dataclasses import dataclass, field
from datetime import timedelta
from fractions import Fraction
from typing import Any

from computation import EPOCH, HOUR, millis_of, status_of
from random_workspace import NOW, insert, written

DIMENSIONS = ["agent", "model", "lane", "epic", "project", "week"]
FIELDS = {
    "agent": "agent_id", "model": "model_name", "lane": "lane", "epic": "epic_id", "project": "project_id", "week": "week",
}
STAGES = {
    "not_started": 0, "in_progress": 0, "changes_requested": 0, "ready_to_code_review": 1, "ready_to_qa": 2, "completed": 3,
}
LANES = {
    "in_progress": "implementation", "changes_requested": "implementation", "ready_to_code_review": "review", "ready_to_qa": "qa",
}
COMMANDS = {"work-on-tasks": "implementation", "code-review": "review", "qa-tasks": "qa"}


@dataclass
class EconomicsQuery:
    group_by: list[str]
    scope: dict[str, str] = field(default_factory=dict)
    filters: dict[str, str] = field(default_factory=dict)
    since: str | None = None
    until: str | None = None


def random_economics_query(rng: random.Random) -> EconomicsQuery:
    query = EconomicsQuery(group_by=rng.sample(DIMENSIONS, rng.choice([1, 1, 2, 3])))
    levels = rng.choice([[], [], [], ["project"], ["project", "epic"]])
    query.scope = {level: level[0].upper() + rng.choice("00001") for level in levels}
    if rng.random() < 0.2:
        query.filters["agent"] = rng.choice(["claude", "codex", "nobody"])
    if rng.random() < 0.2:
        query.filters["model"] = rng.choice(["big", "small"])
    if rng.random() < 0.3:
        query.since = (EPOCH + timedelta(milliseconds=millis_of(NOW) - rng.choice([1, 20, 90]) * HOUR)).isoformat()
    if rng.random() < 0.2:
        query.until = (EPOCH + timedelta(milliseconds=millis_of(NOW) - rng.choice([1, 5]) * HOUR)).isoformat()
    return query


def fill_usage(db: sqlite3.Connection, rng: random.Random, workspace: str) -> None:
    """Calls on tasks, on tasks that were deleted, and on none."""
    tasks = [row[0] for row in db.execute("SELECT id FROM tasks ORDER BY id")]
    epics = [None, "P0-E0", "P0-E1"]
    currencies = rng.choice([[None], ["USD"], ["usd ", "USD", None], ["USD", "EUR", None]])
    for number in range(rng.choice([0, 5, 40])):
        at = millis_of(NOW) - rng.randint(0, 100 * HOUR)
        row: dict[str, Any] = {
            "id": f"call-{number}",
            "workspace_id": workspace,
            "agent_id": rng.choice([None, "claude", "codex"]),
            "model_name": rng.choice(["big", "small", None, ""]),
            "command_name": rng.choice(["work-on-tasks", "code-review", "qa-tasks", "chat", None]),
            "task_id": rng.choice(tasks + [None]) if tasks else None,
            "project_id": rng.choice([None, "P0"]),
            "epic_id": rng.choice(epics),
            "currency": rng.choice(currencies),
            "cost_estimate": rng.choice([None, 0, 0.1, 0.7, round(rng.random(), 4)]),
            "timestamp": written(rng, at),
        }
        if rng.random() < 0.7:
            row["tokens_total"] = rng.choice([0, 100, rng.randint(1, 100_000)])
        if rng.random() < 0.5:
            row["tokens_prompt"] = rng.randint(0, 1000)
            row["tokens_completion"] = rng.choice([None, rng.randint(0, 1000)])
        insert(db, "token_usage", **row)


@dataclass
class Task:
    status: str
    points: float | None
    project: str
    epic: str
    moves: list[tuple[int, int, str, str]]  # when, in which order, from and to

    @property
    def completed(self) -> bool:
        return self.status == "completed"

    @property
    def abandoned(self) -> bool:
        return self.status in ("cancelled", "failed")

    @property
    def sent_back(self) -> int | None:
        back = [at for at, _, origin, target in self.moves if origin in STAGES and target in STAGES and STAGES[target] < STAGES[origin]]
        return min(back, default=None)


def load_tasks(db: sqlite3.Connection) -> dict[str, Task]:
    tasks = {}
    for row in db.execute("SELECT * FROM tasks"):
        tasks[row["id"]] = Task(status_of(row["status"]), row["story_points"], row["project_id"], row["epic_id"], [])
    for order, row in enumerate(db.execute("SELECT * FROM task_status_events ORDER BY rowid")):
        at = millis_of(row["timestamp"])
        if at is not None and row["task_id"] in tasks:
            origin = status_of(row["from_status"]) if row["from_status"] is not None else ""
            tasks[row["task_id"]].moves.append((at, order, origin, status_of(row["to_status"])))
    for task in tasks.values():
        task.moves.sort()
    return tasks


def lane_of(call: sqlite3.Row, task: Task | None, at: int | None) -> str | None:
    if task is not None and at is not None:
        before = [target for moved, _, _, target in task.moves if moved <= at]
        if before:
            return LANES.get(before[-1])
    return COMMANDS.get(call["command_name"])


def monday(at: int) -> str:
    day = (EPOCH + timedelta(milliseconds=at)).date()
    return (day - timedelta(days=day.weekday())).isoformat()


def spread(amounts: list[tuple[Fraction, Fraction]]) -> dict[str, Any]:
    if not amounts:
        return {"mean": None, "median": None, "p85": None, "tasks": 0}
    values = sorted(amount / size for amount, size in amounts)
    count = len(values)
    middle = (values[(count - 1) // 2] + values[count // 2]) / 2
    p85 = next(value for place, value in enumerate(values, 1) if place * 100 >= count * 85)
    mean = sum(amount for amount, _ in amounts) / sum(size for _, size in amounts)
    return {"mean": float(mean), "median": float(middle), "p85": float(p85), "tasks": count}


def summary(calls: list[dict[str, Any]]) -> dict[str, Any]:
    currencies = {call["currency"] for call in calls if call["cost"] is not None and call["currency"]}
    known = [call for call in calls if call["cost"] is not None]
    has_cost = bool(known) and len(currencies) <= 1

    def cost(of: list[dict[str, Any]]) -> float | None:
        return float(sum((call["cost"] for call in of if call["cost"] is not None), Fraction())) if has_cost else None

    by_task: dict[str, list[dict[str, Any]]] = {}
    for call in calls:
        if call["task"] is not None:
            by_task.setdefault(call["task_id"], []).append(call)
    tasks = {key: own[0]["task"] for key, own in by_task.items()}
    done = {key: own for key, own in by_task.items() if tasks[key].completed}
    costs, tokens = {}, {}
    for key, own in done.items():
        tokens[key] = Fraction(sum(call["tokens"] for call in own))
        if has_cost and any(call["cost"] is not None for call in own):
            costs[key] = sum((call["cost"] for call in own if call["cost"] is not None), Fraction())

    def per_point(amounts: dict[str, Fraction]) -> dict[str, Any]:
        return spread([(amount, Fraction(tasks[key].points)) for key, amount in amounts.items() if tasks[key].points])

    back = [key for key in tasks if tasks[key].sent_back is not None]
    rework = [
        call for call in calls
        if call["task"] is not None and call["at"] is not None
        and call["task"].sent_back is not None and call["at"] > call["task"].sent_back
    ]
    alone = [call for call in calls if call["task"] is None]
    return {
        "calls": len(calls),
        "cost_known_calls": len(known),
        "cost": cost(calls),
        "currency": next(iter(currencies)) if len(currencies) == 1 else None,
        "tokens": sum(call["tokens"] for call in calls),
        "tasks": len(tasks),
        "completed_tasks": len(done),
        "completed_story_points": float(sum((Fraction(tasks[key].points or 0) for key in done), Fraction())),
        "cost_per_story_point": per_point(costs),
        "cost_per_task": spread([(amount, Fraction(1)) for amount in costs.values()]),
        "tokens_per_story_point": per_point(tokens),
        "tokens_per_task": spread([(amount, Fraction(1)) for amount in tokens.values()]),
        "sent_back_tasks": len(back),
        "sent_back_share": len(back) / len(tasks) if tasks else None,
        "rework_cost": cost(rework),
        "abandoned_tasks": sum(task.abandoned for task in tasks.values()),
        "abandoned_cost": cost([call for call in calls if call["task"] is not None and call["task"].abandoned]),
        "calls_without_task": len(alone),
        "cost_without_task": cost(alone),
    }


def economics(db: sqlite3.Connection, query: EconomicsQuery) -> dict[str, Any] | None:
    """None if a key is unknown. Rows are by the values of their dimensions."""
    keys = {table: dict(db.execute(f"SELECT id, key FROM {table}").fetchall()) for table in ("projects", "epics")}
    if "project" in query.scope and query.scope["project"] not in keys["projects"].values():
        return None
    if "epic" in query.scope:
        own = [row["key"] for row in db.execute("SELECT * FROM epics") if keys["projects"][row["project_id"]] == query.scope["project"]]
        if query.scope["epic"] not in own:
            return None
    tasks = load_tasks(db)
    bounds = [millis_of(bound) if bound else None for bound in (query.since, query.until)]
    calls, groups = [], {}
    for row in db.execute("SELECT * FROM token_usage ORDER BY rowid"):
        at = millis_of(row["timestamp"])
        if any(bounds) and (at is None or bounds[0] and at < bounds[0] or bounds[1] and at > bounds[1]):
            continue
        task = tasks.get(row["task_id"])
        project = task.project if task else row["project_id"]
        epic = task.epic if task else row["epic_id"]
        if "project" in query.scope and keys["projects"].get(project) != query.scope["project"]:
            continue
        if "epic" in query.scope and (keys["epics"].get(epic) != query.scope["epic"] or not str(epic).startswith(query.scope["project"])):
            continue
        if "agent" in query.filters and row["agent_id"] != query.filters["agent"]:
            continue
        if "model" in query.filters and row["model_name"] != query.filters["model"]:
            continue
        completions = [moved for moved, _, _, target in task.moves if target == "completed"] if task else []
        week_at = completions[-1] if completions and task and task.completed else at
        total = row["tokens_total"]
        call = {
            "agent": row["agent_id"] or None, "model": row["model_name"] or None, "lane": lane_of(row, task, at),
            "epic": epic, "project": project, "week": monday(week_at) if week_at is not None else None,
            "task": task, "task_id": row["task_id"], "at": at,
            "cost": Fraction(row["cost_estimate"]) if row["cost_estimate"] is not None else None,
            "currency": (row["currency"] or "").strip().upper(),
            "tokens": total if total is not None else (row["tokens_prompt"] or 0) + (row["tokens_completion"] or 0),
        }
        calls.append(call)
        groups.setdefault(tuple(call[name] for name in query.group_by), []).append(call)
    rows = {json.dumps(key): summary(own) for key, own in groups.items()}
    return {"group_by": query.group_by, "rows": rows, "total": summary(calls)}


def as_keyed(found: dict[str, Any]) -> dict[str, Any]:
    """The result of mcodactl with its rows by the values of their dimensions."""
    rows = {json.dumps([row[FIELDS[name]] for name in found["group_by"]]): row for row in found["rows"]}
    return {**found, "rows": rows}


def arguments(query: EconomicsQuery) -> list[str]:
    given = ["economics", "--json", f"--now={NOW}", f"--group-by={','.join(query.group_by)}"]
    given += [f"--{name}={value}" for name, value in {**query.scope, **query.filters}.items()]
    given += [f"--{name}={value}" for name, value in (("since", query.since), ("until", query.until)) if value]
    return given
