"""Pictures of the work and of what it costs: ``pip install 'libmcoda[plot]'``.

Each function takes a workspace, or what the call of that name returned, and draws it into ``axes``, or into those of a
new figure. It returns the axes. Other keywords are arguments of the call, for example ``since="30d"``. The engine has
computed the numbers. Colours are those of Okabe and Ito, which the colour-blind can tell apart; hatches and
markers repeat what they say, for print without colour.

>>> import matplotlib
>>> matplotlib.use("Agg")
>>> import mcoda
>>> from mcoda import plot
>>> with mcoda.Workspace.open_db(":memory:") as ws:
...     axes = plot.throughput(ws)
>>> axes.get_title()
'Completed each day'
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from ._calls import WorkspaceCalls
from ._estimate import Estimate, QuantileTimes
from ._records import Economics, FlowDay, ThroughputDay, TokenUsageSummaryRow

try:
    from matplotlib import dates, pyplot
    from matplotlib.axes import Axes
    from matplotlib.ticker import FuncFormatter, MaxNLocator, PercentFormatter
except ImportError as _error:
    raise ImportError(f"mcoda.plot needs matplotlib ({_error}): pip install 'libmcoda[plot]'") from _error

__all__ = [
    "burn_up",
    "cache_share",
    "cost_per_story_point",
    "cumulative_flow",
    "lane_times",
    "spend",
    "throughput",
]

# Okabe and Ito, "Color Universal Design", 2008; without black and yellow, which are hard to see on white.
_BLUE, _ORANGE, _GREEN, _PINK, _SKY, _VERMILION = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00"
_GREY = "#999999"
_COLOURS = [_BLUE, _ORANGE, _GREEN, _PINK, _SKY, _VERMILION]
_HATCHES = ["", "///", "...", "\\\\\\", "xxx", "ooo"]

_LANES = ["implementation", "review", "qa"]
_LANE_NAMES = {"implementation": "Implementation", "review": "Review", "qa": "QA"}


def spend(
    source: WorkspaceCalls | Iterable[TokenUsageSummaryRow], axes: Axes | None = None, *, currency: str | None = None, **query: Any
) -> Axes:
    """What the calls of each day cost, by model. The summary has to be grouped by day and model.

    ``currency`` is the one that is drawn, if there are several; absent: the first by its name. The others are named below.
    """
    rows = list(_answer(source, lambda ws: ws.token_usage_summary(group_by=["day", "model"], **query)))
    axes = _titled(axes, "Spend by day and model")
    names = {name for row in rows for name in row.cost_by_currency or ([row.currency] if row.currency else [])}
    currency, notes = _one_currency(names, currency)
    costs = [(row, _cost(row.cost_estimate, row.cost_by_currency or {}, row.currency, currency)) for row in rows]
    known = [(row.day, row.model_name or "unknown model", cost) for row, cost in costs if row.day and cost is not None]
    if not known:
        return _nothing(axes, "no calls with a known cost" if len(rows) else "no calls")
    _stacked(axes, known)
    unknown = sum(row.calls - row.cost_known_calls for row in rows)
    if unknown:
        notes.append(f"the cost of {unknown:,} of {sum(row.calls for row in rows):,} calls is unknown")
    axes.set_ylabel(f"Cost ({currency})" if currency else "Cost")
    _legend(axes, "Model")
    return _noted(axes, notes)


def cache_share(source: WorkspaceCalls | Iterable[TokenUsageSummaryRow], axes: Axes | None = None, **query: Any) -> Axes:
    """The share of the input tokens of each day that came from a cache. The summary has to be grouped by day."""
    rows = list(_answer(source, lambda ws: ws.token_usage_summary(group_by=["day"], **query)))
    axes = _titled(axes, "Input tokens that came from a cache")
    known = [(_day(row.day), row.tokens_cached / row.tokens_prompt) for row in rows if row.day and row.tokens_prompt]
    if not known:
        return _nothing(axes, "no calls with input tokens")
    days, shares = zip(*sorted(known))
    _bars(axes, days, shares, _SKY)
    axes.set_ylim(0, 1)
    axes.yaxis.set_major_formatter(PercentFormatter(xmax=1))
    axes.set_ylabel("Share of input tokens (%)")
    return _by_day(axes)


def cumulative_flow(
    source: WorkspaceCalls | Iterable[FlowDay], axes: Axes | None = None, **options: Any
) -> Axes:
    """How many tasks were where at the end of each day; cancelled ones are left out."""
    rows = list(_answer(source, lambda ws: ws.cumulative_flow(**options)))
    axes = _titled(axes, "Cumulative flow")
    layers = [
        ("completed", "Completed", _GREEN, "..."),
        ("qa", "QA", _SKY, "///"),
        ("review", "Review", _ORANGE, ""),
        ("implementation", "Implementation", _BLUE, "\\\\\\"),
        ("backlog", "Backlog", "#DDDDDD", ""),
    ]
    if not any(getattr(row, name) for row in rows for name, *_ in layers):
        return _nothing(axes, "no tasks with transitions")
    below = [0] * len(rows)
    days = [_day(row.day) for row in rows]
    for name, label, colour, hatch in layers:
        top = [low + getattr(row, name) for low, row in zip(below, rows)]
        axes.fill_between(
            days, below, top, step="mid", label=label, facecolor=colour, hatch=hatch, edgecolor="black", linewidth=0.4
        )
        below = top
    axes.set_ylim(0, max(below) * 1.05)
    axes.set_ylabel("Tasks")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    _legend(axes, "Status", reverse=True)
    return _by_day(axes)


def lane_times(source: WorkspaceCalls | Estimate, axes: Axes | None = None, **options: Any) -> Axes:
    """The age of each task that is in a lane now, before bands of the lane's finished visits: a task above the 85 % band
    has been there for longer than 85 % of them took."""
    estimate = _answer(source, lambda ws: ws.estimate(**options))
    axes = _titled(axes, "Age of tasks in work, and how long lanes take")
    bands = {lane: getattr(estimate.lane_times, lane).bands for lane in _LANES}
    ages = {
        lane: [(item, item.age_hours) for item in getattr(estimate.wip, lane).items if item.age_hours is not None]
        for lane in _LANES
    }
    limits = [getattr(band, name) for band in bands.values() for name, _, _ in _BANDS]
    values = [value for value in [*limits, *(age for items in ages.values() for _, age in items)] if value is not None]
    if not values:
        return _nothing(axes, "no tasks in work, and too few finished visits")
    unit, hours = ("days", 24) if max(values) >= 72 else ("hours", 1)
    labelled: set[str] = set()
    for at, lane in enumerate(_LANES):
        low = 0.0
        for name, label, colour in _BANDS:
            top = getattr(bands[lane], name)
            if top is not None:
                shown = label if label not in labelled else "_"
                axes.bar(at, top / hours - low, bottom=low, width=0.8, color=colour, edgecolor="white", label=shown)
                labelled.add(label)
                low = top / hours
        _draw_ages(axes, at, ages[lane], hours, labelled)
    axes.set_xticks(range(len(_LANES)), [_LANE_NAMES[lane] for lane in _LANES])
    axes.set_xlim(-0.6, len(_LANES) - 0.4)
    axes.set_ylim(0, None)
    axes.set_xlabel("Lane")
    axes.set_ylabel(f"Time in the lane ({unit})")
    _legend(axes, None)
    return axes


# Darker with age, so that print without colour has the order.
_BANDS = [
    ("p50", "50 % of visits", "#E8F1F8"),
    ("p70", "70 %", "#BBD7EA"),
    ("p85", "85 %", "#7FB3D5"),
    ("p95", "95 %", "#3F7FAE"),
]


def _draw_ages(axes: Axes, at: int, ages: list[tuple[Any, float]], hours: int, labelled: set[str]) -> None:
    for ageing, label, colour, marker in [
        (False, "task", "black", "o"),
        (True, "ageing task", _VERMILION, "^"),
    ]:
        found = [(item, age / hours) for item, age in ages if item.aging is ageing]
        if not found:
            continue
        # Side by side, so that tasks of one age do not hide each other.
        places = [at + 0.5 * ((index + 0.5) / len(found) - 0.5) for index in range(len(found))]
        shown = label if label not in labelled else "_"
        heights = [age for _, age in found]
        axes.scatter(places, heights, label=shown, color=colour, marker=marker, edgecolors="white", s=45, zorder=3)
        labelled.add(label)
        if len(found) <= 6:
            for place, (item, age) in zip(places, found):
                axes.annotate(item.task_key, (place, age), (4, 4), textcoords="offset points", fontsize=7)


def throughput(
    source: WorkspaceCalls | Iterable[ThroughputDay],
    axes: Axes | None = None,
    *,
    story_points: bool = False,
    **options: Any,
) -> Axes:
    """How many tasks were completed on each day, or how many story points."""
    rows = list(_answer(source, lambda ws: ws.throughput(**options)))
    axes = _titled(axes, "Completed each day")
    values = [row.story_points if story_points else row.tasks for row in rows]
    if not any(values):
        return _nothing(axes, "nothing was completed")
    _bars(axes, [_day(row.day) for row in rows], values, _GREEN)
    axes.set_ylabel("Story points" if story_points else "Tasks")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    return _by_day(axes)


def burn_up(
    source: WorkspaceCalls | tuple[Iterable[FlowDay], Estimate], axes: Axes | None = None, **options: Any
) -> Axes:
    """The completed tasks and all tasks by day, and when the forecast expects all of them to be completed: its median, and
    a fan of the times by probability. The answer is that of ``cumulative_flow`` and of ``estimate``."""
    flow, estimate = _answer(source, lambda ws: (ws.cumulative_flow(**options), ws.estimate(**options)))
    rows = list(flow)
    axes = _titled(axes, "Burn-up")
    scope = [row.backlog + row.implementation + row.review + row.qa + row.completed for row in rows]
    if not any(scope):
        return _nothing(axes, "no tasks with transitions")
    days = [_day(row.day) for row in rows]
    axes.plot(days, scope, color="black", linestyle="--", label="All tasks")
    axes.plot(days, [row.completed for row in rows], color=_GREEN, linewidth=2.5, label="Completed")
    forecast = estimate.forecast
    if forecast and forecast.complete:
        _fan(axes, estimate.now, rows[-1].completed, scope[-1], forecast.complete.at)
    axes.set_ylim(0, max(scope) * 1.1)
    axes.set_ylabel("Tasks")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    _legend(axes, None)
    note = forecast.reason if forecast and not forecast.complete else None
    return _noted(_by_day(axes), [f"no forecast: {note}"] if note else [])


def _fan(axes: Axes, now: datetime, done: int, scope: int, at: QuantileTimes) -> None:
    """The times as triangles from now: the outer ones are less sure."""
    for low, high, colour, hatch, label in [
        (at.p10, at.p95, "#D6E6F2", "", "10 % to 95 % sure"),
        (at.p50, at.p85, "#8FBBDA", "///", "50 % to 85 % sure"),
    ]:
        if low is not None and high is not None:
            axes.fill(
                [_at(now), _at(low), _at(high)], [done, scope, scope], color=colour, hatch=hatch, edgecolor=_BLUE, linewidth=0.5,
                label=label,
            )  # fmt: skip
    if at.p50 is not None:
        axes.plot([_at(now), _at(at.p50)], [done, scope], color=_BLUE, label="Forecast, median", marker="D", markevery=[1])
        axes.annotate(f"{at.p50:%d %b %Y}", (_at(at.p50), scope), (0, 6), textcoords="offset points", ha="center")


def cost_per_story_point(
    source: WorkspaceCalls | Economics, axes: Axes | None = None, *, currency: str | None = None, **query: Any
) -> Axes:
    """What a completed story point cost by agent: the median of the tasks, their mean, and what 85 % of them do not exceed.
    The answer has to be grouped by agent. ``currency`` as for ``spend``."""
    economics = _answer(source, lambda ws: ws.economics(group_by=["agent"], **query))
    axes = _titled(axes, "Cost per completed story point")
    rows = [row for row in economics.rows if row.cost_per_story_point.median is not None]
    currency, notes = _one_currency({row.currency for row in rows if row.currency}, currency)
    rows = [row for row in rows if row.currency in (None, currency)]
    if not rows:
        return _nothing(axes, "no completed tasks with story points and a known cost")
    spreads = [row.cost_per_story_point for row in rows]
    places = range(len(rows), 0, -1)
    axes.barh(
        places, [spread.median for spread in spreads], height=0.6, color=_ORANGE, edgecolor="black", linewidth=0.5, label="Median"
    )
    for of, marker, label in [("mean", "D", "Mean"), ("p85", "|", "85 % cost no more")]:
        values = [getattr(spread, of) for spread in spreads]
        axes.scatter(values, places, color="black", marker=marker, s=40 if marker == "D" else 150, zorder=3, label=label)
    labels = [f"{row.agent_id or 'unknown agent'}\n({_count(row.cost_per_story_point.tasks, 'task')})" for row in rows]
    axes.set_yticks(places, labels)
    axes.set_ylim(0.4, len(rows) + 0.6)
    axes.set_xlim(0, None)
    axes.set_xlabel(f"Cost per story point ({currency})" if currency else "Cost per story point")
    axes.set_ylabel("Agent")
    _legend(axes, None)
    return _noted(axes, notes)


def _answer(source: Any, call: Any) -> Any:
    return call(source) if isinstance(source, WorkspaceCalls) else source


def _titled(axes: Axes | None, title: str) -> Axes:
    if axes is None:
        _, axes = pyplot.subplots(figsize=(7, 4), layout="constrained")
    axes.set_title(title)
    axes.spines[["top", "right"]].set_visible(False)
    axes.set_axisbelow(True)
    axes.grid(axis="y", color="#DDDDDD", linewidth=0.6)
    return axes


def _nothing(axes: Axes, why: str) -> Axes:
    """A picture that says that there is nothing to see, which no axes without content do."""
    axes.grid(False)
    axes.spines[:].set_visible(False)
    axes.set_xticks([])
    axes.set_yticks([])
    axes.text(0.5, 0.5, f"Nothing to show: {why}.", ha="center", va="center", transform=axes.transAxes, color="#555555")
    return axes


def _noted(axes: Axes, notes: Iterable[str]) -> Axes:
    text = "; ".join(notes)
    if text:
        # Below the axis, whose label it goes on from.
        axes.set_xlabel(f"{axes.get_xlabel()}\n{text[0].upper()}{text[1:]}.".strip())
    return axes


def _stacked(axes: Axes, values: Iterable[tuple[str, str, float]]) -> None:
    """Bars of (day, name, value), stacked by name: the largest first. Of more names than there are colours, the others are one."""
    by_name: dict[str, dict[float, float]] = {}
    for day, name, value in values:
        _add(by_name.setdefault(name, {}), _day(day), value)
    names = sorted(by_name, key=lambda name: -sum(by_name[name].values()))
    layers = [(name, by_name[name], colour, hatch) for name, colour, hatch in zip(names, _COLOURS, _HATCHES)]
    others: dict[float, float] = {}
    for name in names[len(_COLOURS) :]:
        for at, value in by_name[name].items():
            _add(others, at, value)
    if others:
        layers.append((f"{len(names) - len(_COLOURS)} others", others, _GREY, ""))
    below: dict[float, float] = {}
    for name, amounts, colour, hatch in layers:
        days = sorted(amounts)
        bottoms = [below.get(at, 0) for at in days]
        _bars(axes, days, [amounts[at] for at in days], colour, bottom=bottoms, label=name, hatch=hatch)
        for at in days:
            _add(below, at, amounts[at])

    def money(value: float, _: object) -> str:
        return f"{value:,.{_decimals(list(map(float, axes.yaxis.get_majorticklocs())))}f}"

    axes.yaxis.set_major_formatter(FuncFormatter(money))
    _by_day(axes)


def _add(sums: dict[float, float], day: float, value: float) -> None:
    sums[day] = sums.get(day, 0) + value


def _bars(axes: Axes, days: Sequence[float], heights: Sequence[float], colour: str, **options: Any) -> None:
    """A bar for each day. Edges tell them apart, unless there are so many that nothing but edges would be seen."""
    are_many = days and max(days) - min(days) > 150
    axes.bar(days, heights, width=0.8, color=colour, edgecolor="black", linewidth=0 if are_many else 0.5, **options)


def _decimals(ticks: Sequence[float]) -> int:
    """How many decimals tell the ticks of an axis of amounts apart: none, or those of money, or more."""
    step = min((abs(one - other) for one, other in zip(ticks, ticks[1:])), default=1.0)
    needed = next((places for places in range(12) if step and abs(round(step, places) / step - 1) < 1e-6), 2)
    return max(needed, 2) if needed else 0


def _by_day(axes: Axes) -> Axes:
    low, high = axes.get_xlim()
    if high - low < 7:
        # A day or two would fill the axis, and its ticks would be hours.
        middle = round((low + high) / 2)
        axes.set_xlim(min(low, middle - 3.5), max(high, middle + 3.5))
    locator = dates.AutoDateLocator(minticks=2, maxticks=8, interval_multiples=True)
    # Not finer than days, which the numbers are of.
    locator.intervald[dates.HOURLY] = [24]
    axes.xaxis.set_major_locator(locator)
    formatter = dates.ConciseDateFormatter(locator)
    for formats in (formatter.formats, formatter.zero_formats):
        formats[2] = "%d %b"
    formatter.offset_formats[1] = formatter.offset_formats[2] = "%Y"
    axes.xaxis.set_major_formatter(formatter)
    axes.set_xlabel("Day")
    return axes


def _legend(axes: Axes, title: str | None, *, reverse: bool = False) -> None:
    axes.legend(title=title, reverse=reverse, fontsize=8, frameon=False, loc="upper left", bbox_to_anchor=(1.0, 1.0))


def _day(text: str) -> float:
    """The day as a place on an axis of matplotlib's dates."""
    return _at(datetime.fromisoformat(text))


def _at(time: datetime) -> float:
    return float(dates.date2num(time))


# The code of ISO 4217 for no currency, which stands for calls without one beside those of several.
_NO_CURRENCY = "XXX"


def _one_currency(names: set[str], currency: str | None) -> tuple[str | None, list[str]]:
    """The currency of a picture, whose amounts must not be of several, and what it leaves out."""
    currency = currency or min(names - {_NO_CURRENCY}, default=None)
    others = sorted(names - {currency})
    shown = ["no currency" if name == _NO_CURRENCY else name for name in others]
    return currency, [f"amounts in {', '.join(shown)} are left out"] if shown else []


def _cost(one: float | None, several: dict[str, float], own: str | None, currency: str | None) -> float | None:
    """What a group cost in this currency; amounts of no currency are in that of the others."""
    if several:
        return several.get(currency or "")
    return one if own in (None, currency) else None


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
