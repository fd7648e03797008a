"""The rows of the golden workspace: two projects after three weeks of work.

It holds what real workspaces hold: rework, tasks whose only history is runs, runs and transitions of the same work,
older names of a status, absent values, metadata used as a fallback for columns, invalid metadata, times that cannot be
parsed, several currencies, and rows of another workspace.
"""

import json
from datetime import datetime, timedelta, timezone

NOW = "2026-03-20T12:00:00.000Z"
ID = "5f0c7d1e-93a4-4b8e-8f27-1a6d0b3c9e52"
ELSEWHERE = "0d1b6a88-2c4e-4f53-9c7a-6e5f4d3c2b1a"
VELOCITY = {"implementationSpPerHour": 9, "reviewSpPerHour": 14, "qaSpPerHour": 7, "alpha": 0.3}

START = datetime(2026, 3, 1, 8, tzinfo=timezone.utc)
MADE = {"created_at": "2026-03-01T08:00:00.000Z", "updated_at": "2026-03-01T08:00:00.000Z"}
COMMANDS = ["work-on-tasks", "code-review", "qa-tasks"]
AGENTS = ["claude", "codex", "gemini"]


class Dice:
    """The same numbers on every machine and in every release of Python."""

    def __init__(self, seed):
        self.state = seed

    def below(self, end):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2**64
        return (self.state >> 33) % end

    def pick(self, *options):
        return options[self.below(len(options))]


def written(minutes):
    """The time this many minutes, which may be fractional, after the start."""
    return (START + timedelta(minutes=minutes)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def stories():
    """Project, epic and story by their keys."""
    for project, epics in {"SHOP": 2, "BLOG": 1}.items():
        for epic in range(1, epics + 1):
            for story in (1, 2):
                yield project, f"{project}-E{epic}", f"{project}-E{epic}-S{story}"


def backlog():
    yield "projects", [{"id": f"p-{key}", "key": key, "name": key.title(), **MADE} for key in ("SHOP", "BLOG")]
    epics = dict.fromkeys((project, epic) for project, epic, _ in stories())
    yield "epics", [
        {"id": f"e-{epic}", "project_id": f"p-{project}", "key": epic, "title": f"Epic {epic}", **MADE}
        for project, epic in epics
    ]
    yield "user_stories", [
        {"id": f"s-{story}", "project_id": f"p-{project}", "epic_id": f"e-{epic}", "key": story, "title": story, **MADE}
        for project, epic, story in stories()
    ]


# The steps that tasks go through, and their final status if it differs from the last step's.
PATHS = [
    (["in_progress", "ready_to_code_review", "ready_to_qa", "completed"], None),
    (["in_progress", "ready_to_review", "ready_to_qa", "completed"], None),
    (["in_progress", "ready_to_code_review", "changes_requested", "in_progress", "ready_to_code_review"], None),
    (["in_progress"], " In_Progress "),
    ([], "not_started"),
    (["in_progress", "ready_to_code_review", "ready_to_qa"], None),
    (["in_progress", "failed"], None),
    (["in_progress", "ready_to_review"], None),
    ([], "blocked"),
    (["in_progress", "ready_to_code_review", "ready_to_qa", "completed", "in_progress"], None),
    (["in_progress", "ready_to_code_review"], "cancelled"),
]


class Work:
    """The tasks with their transitions and runs."""

    def __init__(self, dice):
        self.dice, self.tasks, self.moves, self.runs = dice, [], [], []
        for number, (project, epic, story) in enumerate(place for place in stories() for _ in range(7)):
            self.task(number, project, epic, story)
        self.runs_alone()

    def task(self, number, project, epic, story):
        path, status = PATHS[number % len(PATHS)]
        # No transitions of BLOG's second story were recorded, only runs.
        is_recorded = story != "BLOG-E1-S2"
        before, entered = "not_started", 180 + number * 610 + self.dice.below(300)
        points = self.dice.pick(1, 2, 3, 5, 8, None)
        key = f"{story}-T{number % 7 + 1}"
        for step in path:
            left = entered + self.dice.pick(20, 45, 90, 150, 240) + self.dice.below(59) / 60
            if is_recorded:
                self.move(key, before, step, left)
            if before in STARTS and step in ENDS and (not is_recorded or self.dice.below(3) == 0):
                # Less than a minute from the transitions, the run is the same work; more, and it counts separately.
                off = 0 if not is_recorded else self.dice.pick(0.5, -0.9, 1.5, 4)
                self.run(key, COMMANDS[STARTS.index(before)], entered + off, left + off, points)
            before, entered = ("ready_to_code_review" if step == "ready_to_review" else step), left
        self.tasks.append({
            "id": f"t-{key}", "project_id": f"p-{project}", "epic_id": f"e-{epic}", "user_story_id": f"s-{story}",
            "key": key, "title": f"Task {key}", "story_points": points, "priority": number % 5,
            "status": status or (path[-1] if path else "not_started"),
            "assignee_human": self.dice.pick("Ada", "ada", " ADA ", "Bob", None), **MADE,
        })

    def move(self, key, origin, target, minutes):
        self.moves.append({
            "id": f"m{len(self.moves)}", "task_id": f"t-{key}", "from_status": origin, "to_status": target,
            "timestamp": written(minutes), "agent_id": self.dice.pick(*AGENTS, None),
        })

    def run(self, key, command, started, finished, points, **others):
        self.runs.append({
            "id": f"r{len(self.runs)}", "task_id": f"t-{key}", "command": command,
            "status": self.dice.pick("succeeded", "succeeded", "success", "failed"),
            "started_at": written(started), "finished_at": written(finished),
            "story_points_at_run": self.dice.pick(points, None), **others,
        })

    def runs_alone(self):
        """Runs, some of which have a speed but no times."""
        for number, speed in enumerate([2.5, 4, 0, -1, None]):
            self.run(f"BLOG-E1-S2-T{number + 1}", "qa-tasks", 0, 0, 3, sp_per_hour_effective=speed)
            self.runs[-1] |= {"status": "succeeded", "started_at": "unknown", "story_points_at_run": 3}
        self.move("SHOP-E1-S1-T5", None, "in_progress", 0)
        self.moves[-1]["timestamp"] = "some day"

    def rows(self):
        yield "tasks", self.tasks
        yield "task_runs", self.runs
        yield "task_status_events", self.moves


STARTS = ["in_progress", "ready_to_code_review", "ready_to_qa"]
ENDS = ["ready_to_code_review", "ready_to_review", "ready_to_qa", "completed"]

METADATA = [
    None, "{}", "null", "{bad", '["command"]',
    json.dumps({"command": "docs", "phase": "draft", "error": "timeout"}),
    json.dumps({"commandName": "qa-tasks", "action": "verify", "attempt": 2, "nested": {"command": "not this"}}),
    json.dumps({"command_name": "", "command": "refine-tasks", "action": 7, "errorKind": "rate_limit"}),
]


def usage(dice, tasks):
    for number in range(90):
        some = lambda value: value if dice.below(4) else None
        task = tasks[dice.below(len(tasks))]
        at = dice.below(19 * 24 * 60) + dice.below(60_000) / 60_000
        row = {
            "id": f"u{number:03}", "workspace_id": ID if dice.below(12) else ELSEWHERE, "timestamp": written(at),
            "agent_id": some(dice.pick(*AGENTS)), "model_name": some(dice.pick("opus", "gpt-x", "pro")),
            "provider": some(dice.pick("anthropic", "openai", "")), "project_id": some(task["project_id"]),
            "task_id": some(task["id"]), "job_id": dice.pick("j1", "j2", "j3", None),
            "command_run_id": dice.pick("c1", None), "command_name": dice.pick(*COMMANDS, "", None, None),
            "action": dice.pick("plan", "edit", "", None), "metadata_json": dice.pick(*METADATA),
            "tokens_prompt": some(dice.below(20_000)), "tokens_completion": some(dice.below(3_000)),
            "tokens_total": some(dice.below(23_000)), "tokens_cached": some(dice.below(9_000)),
            "tokens_cache_read": some(dice.below(9_000)), "tokens_cache_write": some(dice.below(900)),
            "cost_estimate": some(dice.below(30_000) / 10_000), "currency": dice.pick("USD", "USD", "usd ", None, "EUR"),
            "duration_ms": some(dice.below(90_000)), "duration_seconds": some(dice.below(90_000) / 1000),
        }
        if number % 5 == 0:
            row |= {"started_at": written(at - 1), "finished_at": written(at), "invocation_kind": "chat"}
        if number % 20 == 7:
            row["timestamp"] = dice.pick("yesterday", "", "2026-02-30T00:00:00Z")
        if number % 20 == 9:
            # The same time in another program's format.
            moment = datetime.fromisoformat(row["timestamp"]).astimezone(timezone(timedelta(hours=5, minutes=30)))
            row["timestamp"] = moment.isoformat(timespec="milliseconds")
        yield row


def rows():
    yield from backlog()
    dice = Dice(2026)
    yield "jobs", [
        {"id": id, "workspace_id": ID, "type": "work", "state": "completed", "command_name": command, **MADE}
        for id, command in [("j1", "work-on-tasks"), ("j2", "code-review"), ("j3", None)]
    ]
    yield "command_runs", [
        {"id": "c1", "workspace_id": ID, "command_name": "work-on-tasks", "job_id": "j1", "status": "succeeded",
         "started_at": MADE["created_at"]},
    ]
    work = Work(dice)
    yield from work.rows()
    yield "token_usage", list(usage(dice, work.tasks))
