"""The results of queries."""

from __future__ import annotations

import copy
import pickle
from datetime import date, datetime, timezone
from typing import Any

import pyarrow
import pytest

import mcoda
from conftest import Shop

MIXED = "SELECT 1 AS n, 'a' AS name, x'00ff' AS bytes, 1.5 AS real UNION ALL SELECT 2, NULL, NULL, NULL"


def test_a_table_has_tuples(ws: mcoda.Workspace) -> None:
    table = ws.query(MIXED)
    assert table.columns == ("n", "name", "bytes", "real")
    assert table.rows == ((1, "a", b"\x00\xff", 1.5), (2, None, None, None))
    assert len(table) == 2 and table[1][0] == 2 and table[-1] == table.rows[1]
    assert [n for n, *_ in table] == [1, 2]
    assert table[0:1] == (table.rows[0],)
    assert table.to_dicts()[1] == {"n": 2, "name": None, "bytes": None, "real": None}
    assert table == ws.query(MIXED) and hash(table) == hash(ws.query(MIXED)) and table != [1]
    assert pickle.loads(pickle.dumps(table)) == table
    assert repr(table[:1]) == "n | name | bytes   | real\n--+------+---------+-----\n1 | a    | 2 bytes |  1.5\n1 row"
    assert repr(ws.query("SELECT 12345 AS one")) == "   one\n------\n12,345\n1 row"


@pytest.mark.parametrize(
    ("given", "stored"),
    [
        (None, None),
        (True, 1),
        (7, 7),
        (2**63 - 1, 2**63 - 1),
        (-(2**63), -(2**63)),
        (1.5, 1.5),
        ("tëxt", "tëxt"),
        (b"\x00\xff", b"\x00\xff"),
        (bytearray(b"x"), b"x"),
        (datetime(2026, 3, 20, 12, tzinfo=timezone.utc), "2026-03-20T12:00:00.000Z"),
        (date(2026, 3, 20), "2026-03-20"),
    ],
    ids=repr,
)
def test_a_parameter_comes_back_as_it_was_given(given: Any, stored: Any, ws: mcoda.Workspace) -> None:
    for sql, params in (("SELECT ? AS v", [given]), ("SELECT ?1 AS v", (given,)), ("SELECT :v AS v", {"v": given})):
        ((found,),) = ws.query(sql, params).rows
        assert (found, type(found)) == (stored, type(stored))


def test_a_datetime_finds_the_rows_of_its_time(ws: mcoda.Workspace) -> None:
    noon = datetime(2026, 3, 20, 12, tzinfo=timezone.utc)
    ws.record_token_usage(timestamp=noon)
    for operator in ("=", ">=", "<="):
        sql = f"SELECT count(*) AS n FROM token_usage WHERE timestamp {operator} ?"
        assert ws.query(sql, [noon]).rows == ((1,),)


def test_a_table_is_arrow(ws: mcoda.Workspace) -> None:
    table = ws.query(MIXED)
    arrow = table.to_arrow()
    assert arrow.schema.names == ["n", "name", "bytes", "real"]
    assert [str(kind) for kind in arrow.schema.types] == ["int64", "string", "binary", "double"]
    assert arrow.to_pylist() == table.to_dicts()
    assert pyarrow.table(table).equals(arrow), "through __arrow_c_stream__"
    assert ws.query("SELECT 1 AS n WHERE 0").to_arrow().num_rows == 0
    assert ws.query("SELECT 1 AS n UNION ALL SELECT 2.5").to_arrow().to_pydict() == {"n": [1.0, 2.5]}


def test_some_rows_in_a_table_of_their_own_have_the_types_of_all(ws: mcoda.Workspace) -> None:
    rows = "VALUES (1, NULL, NULL, x'00', 1), (2, 'a', NULL, NULL, 1.5), (3, NULL, 2.5, NULL, 9e999)"
    table = ws.query(f"WITH t(n, name, cost, bytes, number) AS ({rows}) SELECT * FROM t")
    types = table.to_arrow().schema.types
    assert [str(kind) for kind in types] == ["int64", "string", "double", "binary", "double"]
    for part in (table[::2], table[:1], table[::-1], table[5:1:-1], table[1:1:2]):
        for again in (part, copy.copy(part), pickle.loads(pickle.dumps(part)), part[::-1]):
            assert again.to_arrow().schema.types == types and again.to_polars().schema == table.to_polars().schema
        assert copy.deepcopy(part) == part
    empty = ws.query("SELECT cost_estimate, id FROM token_usage")
    assert pickle.loads(pickle.dumps(empty)).to_arrow().schema == empty[::-1].to_arrow().schema == empty.to_arrow().schema
    mixed = ws.query("SELECT 1 AS mixed UNION ALL SELECT 'a'")
    assert mixed[::-1] == [("a",), (1,)] and pickle.loads(pickle.dumps(mixed)) == mixed


def test_a_column_of_mixed_types_cannot_be_converted_to_arrow(ws: mcoda.Workspace) -> None:
    for other in ("'a'", "x'00'"):
        table = ws.query(f"SELECT 1 AS fine, 1 AS mixed UNION ALL SELECT 2, {other}")
        with pytest.raises(mcoda.InvalidInputError, match="CAST") as caught:
            table.to_arrow()
        assert caught.value.field == "mixed"


def test_a_wrong_index_says_how_a_table_is_indexed(ws: mcoda.Workspace) -> None:
    table = ws.query("SELECT 1 AS n UNION ALL SELECT 2")
    assert (table[-2], table[True]) == ((1,), (2,))
    for index in (2, -3):
        with pytest.raises(IndexError, match=f"row {index} of a table with 2 rows"):
            table[index]
    for wrong in ("n", 1.0, (0, 1), [0]):
        with pytest.raises(TypeError, match=r"by the number of a row, not by .*: to_pandas\(\)\[name\] is a column"):
            table[wrong]  # type: ignore[call-overload]


def test_a_table_of_ones_own_has_as_many_values_as_columns() -> None:
    assert mcoda.Table(["a", "b"], [(1, "x"), (2, None)]).to_dicts()[1] == {"a": 2, "b": None}
    for columns, rows, message in (
        (["a"], [(1,), (1, 2)], "rows: got row 2 of length 2; expected length 1"),
        (["a", "b"], [(1,)], "rows: got row 1 of length 1; expected length 2"),
        (["a", "a"], [(1, 2)], 'columns: got "a" twice'),
        (["a"], [(2**64,)], "rows: got a whole number beyond 64 bits"),
    ):
        with pytest.raises(mcoda.InvalidInputError, match=message):
            mcoda.Table(columns, rows)


def test_every_column_of_a_query_is_shown(ws: mcoda.Workspace) -> None:
    assert repr(ws.query("SELECT 1 AS a, NULL AS b")) == "a | b\n--+--\n1 |\n1 row"
    assert repr(ws.query("SELECT 'x' AS v UNION ALL SELECT 1 UNION ALL SELECT 2.5")).split() == ["v", "---", "x", "1", "2.5", "3", "rows"]


def test_ids_of_other_rows_are_short_in_a_notebook(shop: Shop) -> None:
    html = shop.ws.tasks.list()._repr_html_()
    assert f">{shop.task.id}</td>" in html
    assert f' title="{shop.epic.id}">…{shop.epic.id[24:]}</td>' in html


def test_the_caption_names_no_dimension_that_nobody_asked_for(ws: mcoda.Workspace) -> None:
    ws.record_token_usage(agent_id="a")
    caption = repr(ws.token_usage_summary(group_by="agent")).splitlines()[-1]
    assert "no values in cost_estimate" in caption and "session" not in caption


def test_a_notebook_shows_a_table(shop: Shop) -> None:
    shop.ws.projects.ensure(key="<b>")
    html = shop.ws.query("SELECT key, NULL AS missing FROM projects ORDER BY key")._repr_html_()
    assert ">key</th>" in html and ">&lt;b&gt;</td>" in html and "<b>" not in html
    sql = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 60) SELECT i FROM n"
    html = shop.ws.query(sql)._repr_html_()
    assert html.count("<tr>") == 1 + 18 + 1 and ">1</td>" in html and ">60</td>" in html and "<p>60 rows</p>" in html


def test_a_table_is_shown_with_readable_numbers_and_totals(ws: mcoda.Workspace) -> None:
    for agent, tokens in (("a", 12_400), ("<b>", 900)):
        ws.record_token_usage(agent_id=agent, tokens_prompt=tokens, duration_ms=65_000, cost_estimate=0.25)
    for table in (ws.token_usage(), ws.token_usage_summary(group_by=["agent"]), ws.economics(group_by=["agent"])):
        html = table._repr_html_()
        assert "<table>" in html and "&lt;b&gt;" in html and "<b>" not in html
        assert ">0.50</th>" in html or ">0.5000</th>" in html or ">0.5</th>" in html, html
    html = ws.token_usage_summary(group_by=["agent"])._repr_html_()
    right = 'style="text-align:right;white-space:nowrap"'
    assert f"<td {right}>12,400</td>" in html and f"<th {right}>13,300</th>" in html
    assert ">1 min 5 s</td>" in html and ">2 min 10 s</th>" in html
    assert "12,400" in repr(ws.token_usage()) and "\n2 rows; " in repr(ws.token_usage())
    for text in (ws.velocity(), ws.estimate()):
        assert text._repr_html_().count("<table>") >= 1 and "<th " in text._repr_html_()
