"""The pictures of `mcoda.plot`: what they show, of a sample and of nothing."""

from __future__ import annotations

import ast
import io
import json
import re
import runpy
import subprocess
import sys
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import matplotlib
import pytest

import mcoda
from conftest import REPOSITORY, Shop

matplotlib.use("Agg")

from matplotlib import pyplot
from matplotlib.axes import Axes

from mcoda import plot

from sample import NOW, fill

NOTEBOOKS = REPOSITORY / "docs/notebooks"
QUESTIONS = REPOSITORY / "docs/examples/ten_questions.py"

# The function, its keywords for the sample, its title, and its labels of the axes.
PICTURES: list[tuple[Callable[..., Axes], dict[str, Any], str, str, str]] = [
    (plot.spend, {"since": "30d", "now": NOW}, "Spend by day and model", "Day", "Cost (USD)"),
    (plot.cache_share, {"since": "30d", "now": NOW}, "Input tokens that came from a cache", "Day", "Share of input tokens (%)"),
    (plot.cumulative_flow, {"now": NOW}, "Cumulative flow", "Day", "Tasks"),
    (plot.lane_times, {"now": NOW}, "Age of tasks in work, and how long lanes take", "Lane", "Time in the lane (days)"),
    (plot.throughput, {"now": NOW}, "Completed each day", "Day", "Tasks"),
    (plot.burn_up, {"now": NOW}, "Burn-up", "Day", "Tasks"),
    (plot.cost_per_story_point, {}, "Cost per completed story point", "Cost per story point (USD)", "Agent"),
]
NAMES = [function.__name__ for function, *_ in PICTURES]


@pytest.fixture(scope="module")
def sample() -> Iterator[mcoda.Workspace]:
    with mcoda.Workspace.open_db(":memory:") as ws:
        fill(ws)
        yield ws


@pytest.fixture(autouse=True)
def closed() -> Iterator[None]:
    yield
    pyplot.close("all")


def image(axes: Axes) -> bytes:
    file = io.BytesIO()
    assert axes is pyplot.gca()
    pyplot.savefig(file, format="png")
    return file.getvalue()


def legend(axes: Axes) -> list[str]:
    found = axes.get_legend()
    return [text.get_text() for text in found.get_texts()] if found else []


@pytest.mark.parametrize("function, keywords, title, x, y", PICTURES, ids=NAMES)
def test_a_picture_has_a_title_and_labels_with_units(
    sample: mcoda.Workspace, function: Callable[..., Axes], keywords: dict[str, Any], title: str, x: str, y: str
) -> None:
    _, given = pyplot.subplots()
    before = pyplot.get_fignums()
    assert function(sample, given, **keywords) is given
    assert (given.get_title(), given.get_xlabel(), given.get_ylabel()) == (title, x, y)
    drawn = image(given)
    assert drawn.startswith(b"\x89PNG")
    assert not any(text.get_text().startswith("Nothing") for text in given.texts)
    # No figure but the given one.
    assert pyplot.get_fignums() == before


@pytest.mark.parametrize("function", [function for function, *_ in PICTURES], ids=NAMES)
def test_a_picture_of_an_empty_workspace_says_so(ws: mcoda.Workspace, function: Callable[..., Axes]) -> None:
    axes = function(ws)
    (text,) = axes.texts
    assert text.get_text().startswith("Nothing to show: ")
    assert image(axes) and axes.get_title()


def test_all_pictures_are_in_the_list() -> None:
    assert sorted(NAMES) == plot.__all__


def heights(axes: Axes) -> list[float]:
    return [patch.get_height() for container in axes.containers for patch in container if patch.get_height()]


def test_bars_are_as_high_as_the_numbers(sample: mcoda.Workspace) -> None:
    days = sample.token_usage_summary(group_by=["day", "model"], since="30d", now=NOW)
    axes = plot.spend(days, currency="USD")
    assert sorted(heights(axes)) == pytest.approx(sorted(row.cost_estimate for row in days if row.cost_estimate))
    assert sorted(legend(axes)) == ["claude-sonnet-4-5", "gemini-2.5-pro", "gpt-5-codex"]
    # Models differ in colour and in hatch.
    first = [container[0] for container in axes.containers]
    assert len({bar.get_facecolor() for bar in first}) == len({bar.get_hatch() for bar in first}) == 3
    flow = sample.throughput(now=NOW)
    assert sum(heights(plot.throughput(flow))) == sum(day.tasks for day in flow) > 20
    axes = plot.throughput(flow, story_points=True)
    assert sum(heights(axes)) == sum(day.story_points for day in flow) and axes.get_ylabel() == "Story points"
    shares = heights(plot.cache_share(sample, since="30d", now=NOW))
    assert shares and all(0.3 <= share <= 0.9 for share in shares)


def test_the_burn_up_reaches_all_tasks_at_the_forecast(sample: mcoda.Workspace) -> None:
    answer = sample.cumulative_flow(now=NOW), sample.estimate(now=NOW)
    axes = plot.burn_up(answer)
    lines = {str(line.get_label()): line.get_ydata() for line in axes.lines}
    assert lines["All tasks"][-1] == 40 and lines["Completed"][-1] == answer[0][-1].completed
    assert list(lines["Forecast, median"]) == [answer[0][-1].completed, 40]
    forecast = answer[1].forecast
    assert forecast and forecast.complete and forecast.complete.at.p50
    assert f"{forecast.complete.at.p50:%d %b %Y}" in [text.get_text() for text in axes.texts]
    assert "50 % to 85 % sure" in legend(axes)


def test_the_lanes_show_each_task_in_work(sample: mcoda.Workspace) -> None:
    estimate = sample.estimate(now=NOW)
    axes = plot.lane_times(estimate)
    points = sum(len(collection.get_offsets()) for collection in axes.collections)
    assert points == sum(lane.tasks for lane in (estimate.wip.implementation, estimate.wip.review, estimate.wip.qa)) > 2
    assert {"task", "50 % of visits", "95 %"} <= {*legend(axes)}


def test_agents_are_named_with_their_number_of_tasks(sample: mcoda.Workspace) -> None:
    economics = sample.economics(group_by=["agent"])
    labels = [label.get_text() for label in plot.cost_per_story_point(economics).get_yticklabels()]
    assert labels == [f"{row.agent_id}\n({row.cost_per_story_point.tasks} tasks)" for row in economics.rows]


def test_unknown_costs_and_other_currencies_are_said(shop: Shop) -> None:
    ws = shop.ws
    for currency, cost in [("EUR", 2.0), ("USD", 3.0)]:
        ws.record_token_usage(model_name="m", cost_estimate=cost, currency=currency)
    ws.record_token_usage(model_name="m", tokens_prompt=5)
    axes = plot.spend(ws, currency="USD")
    assert heights(axes) == [3.0] and axes.get_ylabel() == "Cost (USD)"
    assert axes.get_xlabel() == "Day\nAmounts in EUR are left out; the cost of 1 of 3 calls is unknown."
    assert heights(plot.spend(ws)) == [2.0]


def test_amounts_of_several_currencies_are_not_added(shop: Shop) -> None:
    """Also where each group has one."""
    ws = shop.ws
    for day, (agent, currency, cost) in enumerate([("a", "USD", 3.0), ("b", "EUR", 2.0)]):
        with_agent = {"agent_id": agent, "task_id": shop.task.id, "model_name": "m"}
        ws.record_token_usage(with_agent, cost_estimate=cost, currency=currency, timestamp=f"2026-03-1{day}T12:00:00Z")
    days = ws.token_usage_summary(group_by=["day", "model"], since="all")
    assert [row.currency for row in days] == ["USD", "EUR"]
    for asked, drawn, height, other in (("USD", "USD", 3.0, "EUR"), (None, "EUR", 2.0, "USD")):
        axes = plot.spend(days, currency=asked)
        assert heights(axes) == [height] and axes.get_ylabel() == f"Cost ({drawn})"
        assert axes.get_xlabel() == f"Day\nAmounts in {other} are left out."
    shown = str(ws.token_usage_summary(group_by="agent", since="all"))
    assert "3.00 USD" in shown and "2.00 EUR" in shown
    html = ws.token_usage_summary(group_by="agent", since="all")._repr_html_()
    assert ">3</td>" in html and ">2</td>" in html and ">5</th>" not in html


def spent(ws: mcoda.Workspace, costs: dict[str, float], days: int = 1) -> Axes:
    """What calls of these models cost on each of so many days."""
    for day in range(days):
        for model, cost in costs.items():
            at = NOW - timedelta(days=day)
            ws.record_token_usage(model_name=model, cost_estimate=cost, currency="USD", timestamp=at)
    return plot.spend(ws, since="all")


def ticks(axes: Axes) -> tuple[list[str], list[str]]:
    """The labels of both axes, as they are drawn."""
    assert image(axes)
    return [label.get_text() for label in axes.get_xticklabels()], [label.get_text() for label in axes.get_yticklabels()]


@pytest.mark.parametrize("cost", [0.00004, 0.004, 0.07, 0.5, 3.0, 25.0, 1_234_567.0])
def test_the_ticks_of_amounts_differ(ws: mcoda.Workspace, cost: float) -> None:
    _, amounts = ticks(spent(ws, {"m": cost}))
    assert len({*amounts}) == len(amounts) > 2
    assert len({len(amount.partition(".")[2]) for amount in amounts}) == 1, amounts


def test_one_day_is_a_bar_on_an_axis_of_days(ws: mcoda.Workspace) -> None:
    axes = spent(ws, {"m": 2.0})
    low, high = axes.get_xlim()
    assert high - low == 7
    days, _ = ticks(axes)
    assert "20 Mar" in days and not any(":" in day for day in days)


def test_of_many_models_the_largest_have_colours_of_their_own(ws: mcoda.Workspace) -> None:
    axes = spent(ws, {f"m{number}": number + 1.0 for number in range(9)})
    assert legend(axes) == ["m8", "m7", "m6", "m5", "m4", "m3", "3 others"]
    assert sum(heights(axes)) == sum(range(1, 10))
    assert len({container[0].get_facecolor() for container in axes.containers}) == 7


def test_bars_of_many_days_are_not_hidden_by_their_edges(ws: mcoda.Workspace) -> None:
    for days, has_edges in ((30, True), (200, False)):
        axes = spent(ws, {"m": 2.0}, days)
        assert all((bar.get_linewidth() > 0) is has_edges for bar in axes.containers[0])


def noted(function: Callable[..., Axes], drawn: list[str]) -> Callable[..., Axes]:
    def note(*arguments: Any, **keywords: Any) -> Axes:
        drawn.append(function.__name__)
        return function(*arguments, **keywords)

    return note


def html_of(cell: str, names: dict[str, Any]) -> str | None:
    """Runs a cell, and returns what a notebook shows of its last line, if that has HTML."""
    *body, last = ast.parse(cell).body
    exec(compile(ast.Module(body, []), "cell", "exec"), names)
    if not isinstance(last, ast.Expr):
        exec(compile(ast.Module([last], []), "cell", "exec"), names)
        return None
    value = eval(compile(ast.Expression(last.value), "cell", "eval"), names)
    return str(value._repr_html_()) if hasattr(value, "_repr_html_") else None


def test_the_notebook_draws_all_pictures_in_25_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    notebook = json.loads((NOTEBOOKS / "velocity.ipynb").read_text(encoding="utf-8"))
    cells = ["".join(cell["source"]) for cell in notebook["cells"] if cell["cell_type"] == "code"]
    lines = [line for cell in cells for line in cell.splitlines() if line.strip()]
    assert len(lines) <= 25
    drawn: list[str] = []
    for name in plot.__all__:
        function = getattr(plot, name)
        monkeypatch.setattr(plot, name, noted(function, drawn))
    names: dict[str, Any] = {}
    shown = [html for cell in cells if (html := html_of(cell, names))]
    assert sorted(drawn) == plot.__all__
    estimate, economics = shown
    assert ">FORECAST</th>" in estimate and ">claude</td>" in economics and ">total</th>" in economics
    for number in pyplot.get_fignums():
        pyplot.figure(number).savefig(io.BytesIO())


def test_ten_questions_take_15_lines(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lines = [line for line in QUESTIONS.read_text(encoding="utf-8").splitlines() if line.strip()]
    assert len(lines) <= 15 and sum(re.search(r"  # \d+\. ", line) is not None for line in lines) == 10
    # The questions are about the last weeks, and so is the sample here.
    monkeypatch.setattr("sample.NOW", datetime.now(timezone.utc))
    monkeypatch.chdir(tmp_path)
    with mcoda.Workspace.open_db("shop.db") as ws:
        fill(ws)
    runpy.run_path(str(QUESTIONS), run_name="__main__")
    shown = capsys.readouterr().out
    answers = [
        r"^model_name +claude-sonnet-4-5 +gemini-2.5-pro +gpt-5-codex *$",
        r"^AGENT +\| +CALLS \| +TOKENS_IN \|.* TOKENS_CACHED \|",
        r"^AGENT +\|.* COST/SP \|.* REWORK",
        r"^review +\| +[\d.]+ \| empirical, \d+ samples *$",
        r"^Milestone\(hours=.* at=",
        r"^CostToComplete\(.*currency='USD'",
        r"^LaneTimes\(implementation=.* review=.* qa=",
        r"^\[.*\]$",
        r"^day +\| tasks \|",
        r"^7 rows",
    ]
    for answer in answers:
        # Each after the one before.
        found = re.search(answer, shown, re.MULTILINE)
        assert found, f"{answer} in {shown}"
        shown = shown[found.end() :]
    assert (tmp_path / "flow.svg").read_text(encoding="utf-8").startswith("<?xml")


def test_without_matplotlib_the_error_says_what_to_install(tmp_path: Path) -> None:
    (tmp_path / "matplotlib.py").write_text("raise ImportError('not here')")
    code = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import mcoda.plot"
    done = subprocess.run([sys.executable, "-c", code], text=True, capture_output=True, check=False)
    assert "mcoda.plot needs matplotlib (not here): pip install 'libmcoda[plot]'" in done.stderr
