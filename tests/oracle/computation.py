"""Velocities and estimates by docs/estimate.md, computed in the simplest way, without regard to speed.

Every number is found by looking at all moves and runs again. The engine keeps them sorted and looks at few,
so that it is quick with a long history; whether it looks at the right ones is what this is here to check.
Times are milliseconds since 1970.
"""

import json
import math
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

EPOCH = datetime(1970, 1, 1, tzinfo=timezone.utc)
MINUTE = 60_000
HOUR = 60 * MINUTE


class Lane(NamedTuple):
    name: str
    start: str
    end: str
    command: str


LANES = [
    Lane("implementation", "in_progress", "ready_to_code_review", "work-on-tasks"),
    Lane("review", "ready_to_code_review", "ready_to_qa", "code-review"),
    Lane("qa", "ready_to_qa", "completed", "qa-tasks"),
]


@dataclass
class Query:
    command: str
    mode: str
    window: int
    scope: dict[str, str] = field(default_factory=dict)
    overrides: dict[str, float] = field(default_factory=dict)  # by lane, or "all"
    config: dict[str, float] = field(default_factory=dict)  # as in the config file

    def configured(self, lane: Lane) -> float:
        """The lane's own override takes precedence over the one for all lanes, and both over the file."""
        for_all = self.overrides.get("all", self.config.get(f"{lane.name}SpPerHour", 15.0))
        return self.overrides.get(lane.name, for_all)


class Move(NamedTuple):
    """A transition: a status event, recorded or inferred from a run."""

    at: int
    order: int  # in which transitions were recorded; it orders those of the same time
    origin: str | None
    target: str
    recorded: bool  # not inferred from a run, now or by a backfill


class Run(NamedTuple):
    task: str
    command: str
    started: int | None
    finished: int | None
    story_points: float
    speed: float | None


@dataclass
class History:
    tasks: dict[str, sqlite3.Row]
    moves: dict[str, list[Move]]
    runs: list[Run]  # successful ones, newest first


class Visit(NamedTuple):
    """A stay in a lane that led to the next; the fields are in the order by which visits are compared."""

    left: int
    order: int
    task: str
    entered: int


def status_of(text: str | None) -> str | None:
    """The current name of the status."""
    status = text.strip().lower() if text is not None else None
    return "ready_to_code_review" if status == "ready_to_review" else status


def millis_of(text: str | None) -> int | None:
    """The milliseconds since 1970 of a time with a zone, or of a day; None if it cannot be parsed."""
    try:
        moment = datetime.fromisoformat(text or "")
    except ValueError:
        return None
    if moment.tzinfo is None:
        if len(text) > len("2026-03-20"):
            return None
        moment = moment.replace(tzinfo=timezone.utc)
    return (moment - EPOCH) // timedelta(milliseconds=1)


def is_backfilled(metadata: str | None) -> bool:
    try:
        found = json.loads(metadata or "{}")
    except ValueError:
        return False
    return isinstance(found, dict) and found.get("backfilled") is True


def resolve(db: sqlite3.Connection, scope: dict[str, str]) -> dict[str, str] | None:
    """The ids of the scope by the column that refers to them; None if a key matches nothing or several rows."""
    ids: dict[str, str] = {}
    tables = {"project": "projects", "epic": "epics", "story": "user_stories"}
    columns = {"project": "project_id", "epic": "epic_id", "story": "user_story_id"}
    for level, table in tables.items():
        if level in scope:
            rows = db.execute(f"SELECT * FROM {table} WHERE key = ?", [scope[level]])
            found = [row["id"] for row in rows if all(row[column] == id for column, id in ids.items())]
            if len(found) != 1:
                return None
            ids[columns[level]] = found[0]
    return ids


def tasks_in(db: sqlite3.Connection, ids: dict[str, str], assignee: str | None) -> dict[str, sqlite3.Row]:
    tasks = {}
    for row in db.execute("SELECT * FROM tasks"):
        person = (row["assignee_human"] or "").strip().lower()
        is_theirs = assignee is None or person == assignee.strip().lower()
        if is_theirs and all(row[column] == id for column, id in ids.items()):
            tasks[row["id"]] = row
    return tasks


def load(db: sqlite3.Connection, query: Query) -> History | None:
    """The scope of the query; None if it must be refused."""
    ids = resolve(db, query.scope)
    if ids is None:
        return None
    tasks = tasks_in(db, ids, query.scope.get("assignee"))
    moves: dict[str, list[Move]] = {task: [] for task in tasks}
    for order, row in enumerate(db.execute("SELECT * FROM task_status_events ORDER BY rowid")):
        at = millis_of(row["timestamp"])
        if row["task_id"] in tasks and at is not None:
            origin, target = status_of(row["from_status"]), status_of(row["to_status"])
            move = Move(at, order, origin, target, recorded=not is_backfilled(row["metadata_json"]))
            moves[row["task_id"]].append(move)
    return History(tasks, moves, load_runs(db, tasks))


def load_runs(db: sqlite3.Connection, tasks: dict[str, sqlite3.Row]) -> list[Run]:
    """The successful runs on the tasks, latest finish first; those without a finish come last."""
    runs = []
    for row in db.execute("SELECT * FROM task_runs ORDER BY rowid DESC"):
        if row["task_id"] not in tasks or row["status"] not in ("succeeded", "success"):
            continue
        points = row["story_points_at_run"]
        if points is None:
            points = tasks[row["task_id"]]["story_points"] or 0
        started, finished = millis_of(row["started_at"]), millis_of(row["finished_at"])
        speed = row["sp_per_hour_effective"]
        runs.append(Run(row["task_id"], row["command"], started, finished, points, speed))
    return sorted(runs, key=newest_last, reverse=True)


def newest_last(run: Run) -> tuple[float, float]:
    finished = -math.inf if run.finished is None else run.finished
    started = -math.inf if run.started is None else run.started
    return finished, started


# Velocity


def visits(task: str, moves: list[Move], lane: Lane) -> Iterator[Visit]:
    """Each transition from the lane's start to its end; it begins at the latest entry before it."""
    for end in moves:
        if end.origin == lane.start and end.target == lane.end:
            entries = [move.at for move in moves if move.target == lane.start and move.at <= end.at]
            if entries:
                yield Visit(end.at, end.order, task, max(entries))


def is_same_work(run: Run, moves: list[Move], lane: Lane) -> bool:
    """Whether the run's start and end are each within a minute of a recorded (not backfilled) visit's."""
    recorded = [move for move in moves if move.recorded]
    return any(
        abs(visit.entered - run.started) <= MINUTE and abs(visit.left - run.finished) <= MINUTE
        for visit in visits(run.task, recorded, lane)
    )


def with_stand_ins(history: History, window: int) -> dict[str, list[Move]]:
    """The transitions, and those inferred from runs in lanes with fewer than the window."""
    moves = {task: list(own) for task, own in history.moves.items()}
    for lane in LANES:
        of_lane = [run for run in history.runs if run.command == lane.command]
        timed = [run for run in of_lane if run.started is not None and run.finished is not None]
        for run in timed[: 3 * window]:
            if ends_of(moves, lane) >= window:
                break
            if run.started <= run.finished and not is_same_work(run, moves[run.task], lane):
                infer_moves(run, moves, lane)
    return moves


def ends_of(moves: dict[str, list[Move]], lane: Lane) -> int:
    """How many transitions lead from the lane's start to its end, whether they complete a visit or not."""
    return sum((move.origin, move.target) == (lane.start, lane.end) for own in moves.values() for move in own)


def infer_moves(run: Run, moves: dict[str, list[Move]], lane: Lane) -> None:
    """Adds the transitions at the run's start and end, unless they exist already."""
    own = moves[run.task]
    if not any(move.at == run.started and move.target == lane.start for move in own):
        own.append(Move(run.started, next_order(moves), None, lane.start, recorded=False))
    at_finish = [(move.origin, move.target) for move in own if move.at == run.finished]
    if (lane.start, lane.end) not in at_finish:
        own.append(Move(run.finished, next_order(moves), lane.start, lane.end, recorded=False))


def next_order(moves: dict[str, list[Move]]) -> int:
    return 1 + max((move.order for own in moves.values() for move in own), default=0)


class Sample(NamedTuple):
    story_points: float
    hours: float


def samples_of_moves(history: History, moves: dict[str, list[Move]], lane: Lane) -> list[Sample]:
    """The finished visits of the lane, newest first."""
    found = [visit for task in moves for visit in visits(task, moves[task], lane)]
    samples = []
    for visit in sorted(found, reverse=True):
        if visit.left > visit.entered:
            story_points = history.tasks[visit.task]["story_points"] or 0
            samples.append(Sample(story_points, (visit.left - visit.entered) / HOUR))
    return samples


def samples_of_runs(history: History, lane: Lane) -> list[Sample]:
    """The runs of the lane's command, newest first; one without times contributes its recorded speed."""
    samples = []
    for run in history.runs:
        if run.command != lane.command:
            continue
        if run.started is not None and run.finished is not None:
            hours = (run.finished - run.started) / HOUR
        elif run.speed is not None and run.speed > 0:
            hours = run.story_points / run.speed
        else:
            continue
        if hours > 0:
            samples.append(Sample(run.story_points, hours))
    return samples


def speed_of(samples: list[Sample]) -> float | None:
    """ΣSP / Σhours; None if no story points were completed."""
    story_points = math.fsum(sample.story_points for sample in samples)
    if story_points == 0:
        return None
    return story_points / math.fsum(sample.hours for sample in samples)


def measured(
    history: History, moves: dict[str, list[Move]], lane: Lane, window: int
) -> tuple[float | None, int]:
    """The lane's speed from its transitions, else from its runs alone, and its number of samples."""
    for samples in (samples_of_moves(history, moves, lane), samples_of_runs(history, lane)):
        newest = samples[:window]
        speed = speed_of(newest)
        if speed is not None:
            return speed, len(newest)
    return None, 0


def velocity(history: History, query: Query) -> dict[str, Any]:
    speeds = {lane.name: query.configured(lane) for lane in LANES}
    counts = {lane.name: 0 for lane in LANES}
    if query.mode != "config":
        moves = with_stand_ins(history, query.window)
        share = query.config.get("alpha", 0.5) if query.mode == "mixed" else 1
        for lane in LANES:
            speed, counts[lane.name] = measured(history, moves, lane, query.window)
            if speed is not None:
                speeds[lane.name] = share * speed + (1 - share) * speeds[lane.name]
    result: dict[str, Any] = {f"{lane}SpPerHour": speed for lane, speed in speeds.items()}
    result["source"] = query.mode if any(counts.values()) else "config"
    return result | {"requestedMode": query.mode, "windowTasks": query.window, "samples": counts}


# Estimate


def backlog(history: History) -> dict[str, dict[str, float]]:
    """Tasks and story points by the lane that they wait for. An unknown status counts as implementation work."""
    lane_of = {"ready_to_code_review": "review", "ready_to_qa": "qa"}
    lane_of |= {"completed": "done", "cancelled": "done"}
    totals: dict[str, dict[str, float]] = {}
    for name in ("implementation", "review", "qa", "done"):
        inside = [
            task["story_points"] or 0
            for task in history.tasks.values()
            if lane_of.get(status_of(task["status"]), "implementation") == name
        ]
        totals[name] = {"tasks": len(inside), "story_points": math.fsum(inside)}
    return totals


def hours_spent(history: History, now: int) -> float:
    """Since each task in progress entered that status, by recorded transitions: velocities alone use inferred ones."""
    spent = 0.0
    for id, task in history.tasks.items():
        if status_of(task["status"]) == "in_progress":
            entries = [move.at for move in history.moves[id] if move.target == "in_progress"]
            spent += max(0, now - max(entries, default=now)) / HOUR
    return spent


def hours_for(story_points: float, speed: float) -> float | None:
    """None if the lane's speed is zero and work remains."""
    if story_points == 0:
        return 0
    return story_points / speed if speed > 0 else None


def durations(history: History, speeds: dict[str, Any], now: int) -> dict[str, float | None]:
    left = {name: total["story_points"] for name, total in backlog(history).items()}
    review, qa = speeds["reviewSpPerHour"], speeds["qaSpPerHour"]
    implementing = hours_for(left["implementation"], speeds["implementationSpPerHour"])
    if implementing is not None:
        implementing = max(0, implementing - hours_spent(history, now))
    bounds = [
        implementing,
        hours_for(left["implementation"] + left["review"], review),
        hours_for(left["implementation"] + left["review"] + left["qa"], qa),
    ]
    return {
        "implementationHours": implementing,
        "reviewHours": hours_for(left["review"], review),
        "qaHours": hours_for(left["qa"], qa),
        "totalHours": None if None in bounds else max(bounds),
    }


def estimate(history: History, query: Query, now: int) -> dict[str, Any]:
    statuses = [status_of(task["status"]) for task in history.tasks.values()]
    total = len(statuses)

    def share_of(*names: str) -> dict[str, float]:
        done = sum(statuses.count(name) for name in names)
        return {"done": done, "total": total, "percent": 100 * done / total if total else 0}

    speeds = velocity(history, query)
    return {
        "backlogTotals": backlog(history),
        "effectiveVelocity": speeds,
        "durationsHours": durations(history, speeds, now),
        "statusCounts": {
            "total": total,
            "readyToCodeReview": statuses.count("ready_to_code_review"),
            "failed": statuses.count("failed"),
            "inProgress": statuses.count("in_progress"),
            "readyToQa": statuses.count("ready_to_qa"),
            "completed": statuses.count("completed"),
        },
        "completion": {
            "workOnTasks": share_of("ready_to_code_review", "ready_to_qa", "completed"),
            "readyToQa": share_of("ready_to_qa", "completed"),
            "done": share_of("completed"),
        },
    }
