"""A sample workspace: three agents work on forty tasks for five weeks. The same every time."""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta, timezone

import mcoda

NOW = datetime(2026, 3, 20, 16, tzinfo=timezone.utc)

# Agent, model, and the price of a million tokens of input, cached input and output.
CODERS = [("claude", "claude-sonnet-4-5", 3.0, 0.3, 15.0), ("codex", "gpt-5-codex", 1.25, 0.125, 10.0)]
REVIEWER = ("gemini", "gemini-2.5-pro", 1.25, 0.3, 10.0)

# Status, the hours until it ends, and the command that works on it.
Step = tuple[str, float, str]


def fill(ws: mcoda.Workspace, tasks: int = 40, seed: int = 7) -> None:
    """Creates the backlog, moves its tasks through the lanes, and records the calls that this took."""
    chance = random.Random(seed)
    with ws.transaction() as tx:
        project = tx.projects.ensure(key="SHOP")
        epic = tx.epics.create(project_id=project.id, key="SHOP-1", title="Checkout")
        story = tx.stories.create(epic_id=epic.id, key="SHOP-1-S1", title="Pay")
        for number in range(1, tasks + 1):
            points = chance.choice([1, 2, 3, 5])
            key = f"T{number}"
            task = tx.tasks.create(user_story_id=story.id, key=key, title=f"Task {number}", story_points=points)
            if number <= tasks * 3 // 4:
                begun = NOW - timedelta(hours=24 * 35) + timedelta(hours=28 * number + chance.uniform(0, 8))
                _work_on(tx, task, points, begun, chance, pace=4 if number % 13 == 0 else 1)


def _work_on(
    tx: mcoda.WorkspaceTransaction, task: mcoda.Task, points: int, begun: datetime, chance: random.Random, pace: int
) -> None:
    coder = chance.choice(CODERS)
    for status, hours, command in _steps(points, chance):
        if begun > NOW:
            return
        hours *= pace
        tx.record_status_transition(task.id, status, timestamp=begun)
        if command:
            agent = coder if command == "work-on-tasks" else REVIEWER
            for _ in range(1 + points):
                _call(tx, task, agent, command, min(begun + timedelta(hours=chance.uniform(0, hours)), NOW), chance)
        begun += timedelta(hours=hours)


def _steps(points: int, chance: random.Random) -> Iterator[Step]:
    for _ in range(1 + (chance.random() < 0.3)):
        yield "in_progress", points * chance.lognormvariate(2.4, 0.5), "work-on-tasks"
        yield "ready_to_code_review", chance.lognormvariate(3.0, 0.7), "code-review"
    yield "ready_to_qa", chance.lognormvariate(2.8, 0.6), "qa-tasks"
    yield "completed", 0, ""


def _call(
    tx: mcoda.WorkspaceTransaction,
    task: mcoda.Task,
    agent: tuple[str, str, float, float, float],
    command: str,
    at: datetime,
    chance: random.Random,
) -> None:
    name, model, price, cached_price, output_price = agent
    prompt, output = chance.randrange(20_000, 180_000), chance.randrange(500, 6000)
    cached = int(prompt * chance.uniform(0.3, 0.9))
    tx.record_token_usage(
        task_id=task.id,
        agent_id=name,
        model_name=model,
        command_name=command,
        tokens_prompt=prompt,
        tokens_cached=cached,
        tokens_completion=output,
        cost_estimate=((prompt - cached) * price + cached * cached_price + output * output_price) / 1e6,
        currency="USD",
        timestamp=at,
    )
