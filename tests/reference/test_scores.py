"""Statistics of the forecast, compared with other people's packages: `make test-reference`.

Kaplan-Meier percentiles with lifelines, pinball loss and CRPS with scoringrules, on random histories that are recorded
through the Python package.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta, timezone
from pathlib import Path

import numpy
import pytest
import scoringrules
from lifelines import KaplanMeierFitter
from lifelines.utils import qth_survival_time

import mcoda

START = datetime(2026, 1, 5, tzinfo=timezone.utc)
STATUSES = ["in_progress", "ready_to_code_review", "ready_to_qa", "completed"]
LEVELS = {"p10": 0.10, "p50": 0.50, "p80": 0.80, "p85": 0.85, "p95": 0.95}
STEPS = numpy.arange(1, 20) / 20


def history(path: Path, seed: int, tasks: int = 60) -> tuple[mcoda.Workspace, datetime]:
    """Two agents take tasks through all lanes; the newest tasks are still in one."""
    rng = random.Random(seed)
    ws = mcoda.Workspace.open_db(path)
    project = ws.projects.ensure(key="P")
    epic = ws.epics.create(project_id=project.id, key="E", title="E")
    story = ws.stories.create(epic_id=epic.id, key="S", title="S")
    moves = []
    free = [0.0, 0.0]
    for number in range(tasks):
        task = ws.tasks.create(user_story_id=story.id, key=f"T{number}", title="T", story_points=rng.choice([1, 2, 3, 5]))
        agent = free.index(min(free))
        hour = free[agent]
        for status in STATUSES:
            moves.append((hour, task.id, status))
            hour += round(rng.lognormvariate(0, 0.7), 1)
        free[agent] = hour
    now = max(free) * 0.9
    for hour, task_id, status in sorted(moves):
        if hour <= now:
            ws.record_status_transition(task_id, status, timestamp=START + timedelta(hours=hour))
    return ws, START + timedelta(hours=now)


@pytest.mark.parametrize("seed", range(5))
def test_lane_times_are_those_of_lifelines(tmp_path: Path, seed: int) -> None:
    ws, now = history(tmp_path / "mcoda.db", seed)
    with ws:
        times = ws.estimate(now=now, window_tasks=1000, calendar={}).to_dict()["laneTimes"]
        visits = ws.lane_visits(now=now)
        for lane in ("implementation", "review", "qa"):
            own = [visit for visit in visits if visit.lane == lane]
            assert times[lane]["visits"] == len(own) > 40
            fitted = KaplanMeierFitter().fit(
                [visit.hours for visit in own], [visit.outcome != "open" for visit in own]
            )
            for name, share in [("p50", 0.5), ("p85", 0.85), ("p95", 0.95)]:
                # The product of fractions may miss a round share by its last digit.
                expected = qth_survival_time(1 - share + 1e-12, fitted.survival_function_)
                found = times[lane][name]
                assert found is None if numpy.isinf(expected) else found == pytest.approx(expected), (lane, name)


@pytest.mark.parametrize("seed", range(3))
def test_scores_are_those_of_scoringrules(tmp_path: Path, seed: int) -> None:
    ws, now = history(tmp_path / "mcoda.db", seed)
    with ws:
        backtest = ws.backtest(now=now)
        assert [horizon.tasks for horizon in backtest.horizons] == [5, 10, 20, 40]
        for horizon in backtest.horizons:
            rows = [row for row in backtest.rows if row.tasks == horizon.tasks]
            assert len(rows) == horizon.forecast.forecasts
            pinball = [
                scoringrules.quantile_score(row.actual, getattr(row.forecast, name), level)
                for row in rows
                for name, level in LEVELS.items()
            ]
            assert horizon.forecast.pinball == pytest.approx(numpy.mean(pinball))
            crps = [scoringrules.crps_quantile(row.actual, numpy.array(row.steps), STEPS) for row in rows]
            assert horizon.forecast.crps == pytest.approx(numpy.mean(crps))
            covered = [row.actual <= row.forecast.p85 for row in rows]
            assert horizon.forecast.p85.share == pytest.approx(numpy.mean(covered))
