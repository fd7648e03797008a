"""Values that a notebook has: time spans, missing values, NumPy's numbers, and names in snake_case."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from types import ModuleType
from typing import Any

import pytest

import mcoda
from conftest import Shop

NOON = datetime(2026, 3, 20, 12, tzinfo=timezone.utc)


def test_a_timedelta_is_a_span_before_now(ws: mcoda.Workspace) -> None:
    for hours in (1, 3):
        ws.record_token_usage(id=f"{hours}", timestamp=NOON - timedelta(hours=hours))
    rows = ws.token_usage(since=timedelta(hours=2), now=NOON)
    assert [row.id for row in rows] == ["1"]
    rows = ws.token_usage({"until": timedelta(hours=1, milliseconds=1)}, now=NOON)
    assert [row.id for row in rows] == ["3"]
    with pytest.raises(mcoda.InvalidInputError, match="since"):
        ws.token_usage(since=timedelta(hours=-1))


def test_a_date_is_a_whole_day_of_the_time_zone(ws: mcoda.Workspace) -> None:
    ws.record_token_usage(id="late", timestamp="2026-03-20T23:30:00Z")
    day = date(2026, 3, 20)
    assert len(ws.token_usage(since=day, until=day)) == 1
    assert len(ws.token_usage(since=day, until=day, time_zone="Europe/Berlin")) == 0
    assert len(ws.token_usage(since=date(2026, 3, 21), time_zone="Europe/Berlin")) == 1


def test_a_summary_says_what_its_range_leaves_out(ws: mcoda.Workspace) -> None:
    for name, day in (("a", 1), ("b", 18), ("c", 19)):
        ws.record_token_usage(id=name, timestamp=f"2026-03-{day:02}T12:00:00Z", agent_id="claude")
    summary = ws.token_usage_summary(now=NOON, agent="claude")
    assert (summary.since, summary.until) == (NOON - timedelta(days=7), None)
    assert (summary[0].calls, summary.calls_outside) == (2, 1)
    whole = ws.token_usage_summary(since="all")
    assert (whole.since, whole.until, whole.calls_outside) == (None, None, 0)
    one = ws.token_usage_summary({"since": date(2026, 3, 18), "until": date(2026, 3, 18)})
    assert one.until == datetime(2026, 3, 18, 23, 59, 59, 999000, tzinfo=timezone.utc)
    assert one.calls_outside == 2
    for again in (copy.copy(summary), pickle.loads(pickle.dumps(summary))):
        assert (again, again.since) == (summary, summary.since)
        with pytest.raises(TypeError, match="query again"):
            _ = again.calls_outside


def stand_in(module: str, name: str, **members: Any) -> Any:
    """An object of a type with this name, as pandas and NumPy have them."""
    return type(name, (), {"__module__": module, **members})()


def real(name: str) -> Any:
    """The value of pandas itself, whose class may be elsewhere in the next version."""
    return getattr(pytest.importorskip("pandas"), name)


MISSING: dict[str, Callable[[], Any]] = {
    "nan": lambda: float("nan"),
    "a stand-in for NA": lambda: stand_in("pandas._libs.missing", "NAType"),
    "a stand-in for NaT": lambda: stand_in("pandas._libs.tslibs.nattype", "NaTType"),
    "NA": lambda: real("NA"),
    "NaT": lambda: real("NaT"),
}


@pytest.mark.parametrize("name", MISSING)
def test_missing_values_of_pandas_are_absent(name: str, shop: Shop) -> None:
    missing = MISSING[name]()
    recorded = shop.ws.record_token_usage(
        {"id": "a", "tokensPrompt": 3.0, "tokensCached": missing, "timestamp": missing},
        cost_estimate=missing,
        metadata={"x": missing, "y": [missing]},
    )
    row = shop.ws.token_usage()[0]
    assert recorded.recorded and (row.tokens_prompt, row.tokens_cached, row.cost_estimate) == (3, None, None)
    assert (row.metadata["x"], row.metadata["y"]) == (None, [None])
    tasks = [{"userStoryId": shop.story.id, "key": "P-2", "title": "t", "storyPoints": missing}]
    assert shop.ws.tasks.create_many(tasks)[0].story_points is None
    assert shop.ws.query("SELECT ?1 IS NULL AS missing", [missing]).rows == ((1,),)
    with pytest.raises(mcoda.InvalidInputError, match="key"):
        shop.ws.tasks.create({"userStoryId": shop.story.id, "key": missing, "title": "t"})


def test_a_type_of_another_module_with_such_a_name_is_refused(ws: mcoda.Workspace) -> None:
    with pytest.raises(mcoda.InvalidInputError, match="costEstimate"):
        ws.record_token_usage({"costEstimate": stand_in("elsewhere", "NAType")})


def test_scalars_of_numpy_are_values(ws: mcoda.Workspace) -> None:
    numpy: ModuleType = pytest.importorskip("numpy")
    ws.record_token_usage(
        {
            "id": "a",
            "tokensPrompt": numpy.int64(7),
            "tokensCached": numpy.float32(2),
            "costEstimate": numpy.float32(0.5),
            "durationMs": numpy.float32("nan"),
            "timestamp": numpy.datetime64("NaT"),
            "metadata": {"ok": numpy.bool_(True), "text": numpy.str_("x")},
        }
    )
    row = ws.token_usage()[0]
    assert (row.tokens_prompt, row.tokens_cached, row.cost_estimate, row.duration_ms) == (7, 2, 0.5, None)
    assert row.metadata == {"ok": True, "text": "x"}
    with pytest.raises(mcoda.InvalidInputError, match="timestamp"):
        ws.record_token_usage({"timestamp": numpy.datetime64("2026-03-20T12:00:00")})
    for refused in (numpy.float32("inf"), numpy.array([1.5]), numpy.array([1, 2]), numpy.array([], dtype=bool), numpy.complex64(1)):
        with pytest.raises(mcoda.InvalidInputError, match="costEstimate"):
            ws.record_token_usage({"costEstimate": refused})
        with pytest.raises(mcoda.InvalidInputError, match="params"):
            ws.query("SELECT ?", [refused])
    # Its item() is a longdouble again.
    ws.record_token_usage({"id": "b", "costEstimate": numpy.longdouble(0.25), "tokensPrompt": numpy.array(3)})
    assert {(row.cost_estimate, row.tokens_prompt) for row in ws.token_usage()} == {(0.5, 7), (0.25, 3)}


def test_a_result_has_names_in_snake_case(shop: Shop) -> None:
    task = shop.ws.tasks.update("P-1", metadata_patch={"hostKey": {"innerKey": 1}})
    snake = task.to_dict(names="snake")
    assert snake["user_story_id"] == shop.story.id and "userStoryId" not in snake
    assert snake["metadata"] == {"hostKey": {"innerKey": 1}}
    assert snake["created_at"] == task.to_dict()["createdAt"]
    estimate = shop.ws.estimate(sp_per_hour_all=2).to_dict(names="snake")
    assert estimate["backlog_totals"]["implementation"]["story_points"] == 1
    with pytest.raises(mcoda.InvalidInputError, match="camel"):
        task.to_dict(names="camel")  # type: ignore[arg-type]



def test_one_dimension_is_given_as_it_is(shop: Shop) -> None:
    shop.ws.record_token_usage(agent_id="a", tokens_prompt=5)
    one = shop.ws.token_usage_summary(group_by="agent")
    assert one == shop.ws.token_usage_summary(group_by=["agent"]) == shop.ws.token_usage_summary({"groupBy": "agent"})
    assert str(one).startswith("AGENT | CALLS")
    assert shop.ws.economics(group_by="agent").group_by == ("agent",)
    with pytest.raises(mcoda.InvalidInputError, match='groupBy: got "dya"; expected one of project, command'):
        shop.ws.token_usage_summary({"group_by": "dya"})


def test_an_end_before_the_beginning_is_refused(ws: mcoda.Workspace) -> None:
    with pytest.raises(mcoda.InvalidInputError, match="a time at or after since") as caught:
        ws.token_usage(since=date(2026, 3, 20), until=date(2026, 3, 19))
    assert caught.value.field == "until"


def test_parameters_of_a_query_may_be_numbers_of_numpy(ws: mcoda.Workspace) -> None:
    numpy = pytest.importorskip("numpy")
    values = [numpy.float32(1.5), numpy.int8(-3), numpy.uint64(7), numpy.bool_(True), numpy.float64("nan")]
    assert ws.query("SELECT ? AS a, ? AS b, ? AS c, ? AS d, ? AS e", values)[0] == (1.5, -3, 7, 1, None)
    with pytest.raises(mcoda.InvalidInputError, match="params: got a value of type datetime64"):
        ws.query("SELECT ?", [numpy.datetime64("2026-03-20")])


def test_a_data_frame_is_refused_with_what_to_do(ws: mcoda.Workspace) -> None:
    pandas, polars = pytest.importorskip("pandas"), pytest.importorskip("polars")
    records = [{"id": "a", "tokens_prompt": 5}, {"id": "b", "tokens_prompt": None}]
    for frame in (pandas.DataFrame(records), polars.DataFrame(records)):
        with pytest.raises(mcoda.InvalidInputError, match="got a DataFrame; expected mappings"):
            ws.record_token_usages(frame)
    ws.record_token_usages(pandas.DataFrame(records).to_dict("records"))
    assert ws.record_token_usages(polars.DataFrame(records).to_dicts())[1].duplicate


def test_the_rows_of_a_data_frame_can_be_recorded_again(ws: mcoda.Workspace) -> None:
    pandas: ModuleType = pytest.importorskip("pandas")
    pytest.importorskip("pyarrow")
    ws.record_token_usages(
        [
            {"id": "a", "agent_id": "claude", "tokens_prompt": 5, "cost_estimate": 0.5, "timestamp": NOON},
            {"id": "b", "started_at": NOON, "timestamp": NOON},
        ]
    )
    frame = ws.token_usage().to_pandas()[["id", "agent_id", "tokens_prompt", "cost_estimate", "started_at", "timestamp"]]
    rows = frame.sort_values("id").to_dict("records")
    assert isinstance(rows[0]["timestamp"], pandas.Timestamp) and rows[0]["started_at"] is pandas.NaT
    assert pandas.isna(rows[1]["tokens_prompt"]) and pandas.isna(rows[1]["cost_estimate"])
    assert [recorded.duplicate for recorded in ws.record_token_usages(rows)] == [True, True]
    rows[0]["id"] = "c"
    ws.record_token_usages(rows[:1])
    again = {row.id: row for row in ws.token_usage()}["c"]
    assert (again.agent_id, again.tokens_prompt, again.cost_estimate) == ("claude", 5, 0.5)
    assert (again.started_at, again.timestamp) == (None, NOON)
