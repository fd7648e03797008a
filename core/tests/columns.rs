//! Rows as columns of Arrow: the same rows as those of the calls.
#![allow(clippy::unwrap_used, reason = "in a test, what is not there is a failure")]

mod common;

use arrow_array::RecordBatch;
use arrow_array::cast::AsArray;
use arrow_array::types::{Date32Type, Float64Type, Int64Type, TimestampMillisecondType};
use arrow_schema::DataType;
use common::desk::*;
use common::{Fixture, backlog, moves, usage};
use mcoda_core::calls::{CALLS, Owner, Target};
use mcoda_core::{Columns, Error, ErrorKind, Global, RecordColumns, SqlColumns, SqlValue, Workspace};
use serde_json::{Value, json};

fn json_of(columns: &Columns) -> Value {
    match columns {
        Columns::Records(records) => records.to_json().into(),
        Columns::Sql(sql) => {
            let names = columns.names();
            let row = |values: Vec<SqlValue>| -> Value {
                names
                    .iter()
                    .cloned()
                    .zip(values.iter().map(|value| serde_json::to_value(value).unwrap()))
                    .collect()
            };
            sql.to_rows().into_iter().map(row).collect()
        }
    }
}

/// The columns of a call, which hold what the call returns.
fn checked(target: Target<'_>, name: &str, arguments: &[Value]) -> Columns {
    let (columns, _) = target.columns(name, arguments).unwrap();
    let mut rows = target.call(name, arguments).unwrap().to_value();
    if let Some(record) = rows.as_object_mut() {
        rows = record.remove("rows").unwrap();
    }
    let count = rows.as_array().unwrap().len();
    assert_eq!(json_of(&columns), rows, "{name}");
    let (schema, batches) = columns.to_arrow().unwrap();
    assert_eq!(schema.fields().len(), columns.names().len());
    assert_eq!(batches.iter().map(RecordBatch::num_rows).sum::<usize>(), count, "{name}");
    for rows in [0..1, 1..3, 2..usize::MAX, count..count + 1] {
        let part = json_of(&columns.slice(rows.clone()));
        let all = json_of(&columns);
        let expected: Vec<_> = all.as_array().unwrap().iter().skip(rows.start).take(rows.len()).collect();
        assert_eq!(part.as_array().unwrap().iter().collect::<Vec<_>>(), expected, "{name} {rows:?}");
    }
    columns
}

fn one_batch(columns: &Columns) -> RecordBatch {
    let (_, mut batches) = columns.to_arrow().unwrap();
    assert_eq!(batches.len(), 1);
    batches.remove(0)
}

fn sql(workspace: &Workspace, sql: &str) -> Result<Columns, Error> {
    Target::Workspace(workspace).columns("query", &[sql.into()]).map(|(columns, _)| columns)
}

/// Rows that other programs wrote.
fn odd(desk: &Desk) {
    for (id, row) in [
        (
            "offset",
            json!({"timestamp": "2026-03-20T13:00:00+01:00", "started_at": "2026-03-20", "duration_seconds": 1.5}),
        ),
        ("no time", json!({"timestamp": "yesterday", "finished_at": ""})),
        (
            "metadata",
            json!({"metadata_json": r#"{"phase": "plan", "command": "qa-tasks", "error": "limit", "n": [1, 2.50]}"#}),
        ),
        ("no object", json!({"metadata_json": "[1]", "command_name": "", "action": ""})),
        ("cut", json!({"metadata_json": r#"{"command": "x""#, "agent_id": 7})),
        (
            "numbers",
            json!({"tokens_prompt": "many", "tokens_total": 12.0, "tokens_cached": 1.5, "cost_estimate": 3, "duration_ms": "1"}),
        ),
        (
            "large",
            json!({"tokens_prompt": i64::MAX, "cost_estimate": 0.1, "currency": "", "duration_seconds": 9e307}),
        ),
        ("years", json!({"timestamp": "0000-01-01T00:00:00.000Z", "started_at": "9999-12-31T23:59:59.999Z"})),
        ("small letters", json!({"timestamp": "2026-03-20t12:00:00.000z"})),
        ("day", json!({"timestamp": "2026-03-19"})),
    ] {
        desk.put(id, &row);
    }
}

/// Odd rows, and two tasks with a history and what it cost.
fn busy() -> Desk {
    let desk = Desk::new();
    odd(&desk);
    let own = backlog(&desk.workspace);
    for (key, points) in [("P-1", 3.0), ("P-2", 0.5)] {
        let task = own.task(&desk.workspace, key, points);
        let steps =
            [("in_progress", "08:00:00"), ("ready_to_code_review", "09:00:00"), ("completed", "10:30:00")];
        moves(&desk.workspace, &task, &steps);
        desk.record(&[json!({"task_id": task, "agent_id": "a", "cost_estimate": 0.25, "currency": "USD", "tokens_total": 7})]);
    }
    desk
}

#[test]
fn columns_hold_the_rows_of_every_call_that_returns_rows() {
    let desk = busy();
    let target = Target::Workspace(&desk.workspace);
    for (name, arguments) in [
        ("token_usage", json!([])),
        ("token_usage", json!([{"command": "qa-tasks"}])),
        ("token_usage", json!([{"page": 2, "pageSize": 4}])),
        ("token_usage", json!([{"agent": "nobody"}])),
        ("token_usage_summary", json!([{"since": "all", "groupBy": ["day", "model", "hour", "week"]}])),
        ("token_usage_summary", json!([{"since": "all"}])),
        ("status_events", json!([])),
        ("tasks.list", json!([])),
        ("lane_visits", json!([])),
        ("cumulative_flow", json!([])),
        ("throughput", json!([])),
        ("economics", json!([{"groupBy": ["agent", "week"]}])),
        ("query", json!(["SELECT id, timestamp, agent_id, cost_estimate, metadata_json FROM token_usage"])),
        ("query", json!(["SELECT ? AS a, NULL AS b", [1.5]])),
        ("projects.list", json!([])),
        ("jobs.list", json!([])),
    ] {
        let columns = checked(target, name, arguments.as_array().unwrap());
        assert!(!columns.names().is_empty());
    }
    let listed = CALLS.iter().filter(|call| call.owner != Owner::Library && call.rows().is_some());
    assert!(listed.count() >= 15);
}

#[test]
fn the_global_database_has_columns_too() {
    let global = Global::open_db(":memory:").unwrap();
    let target = Target::Global(&global);
    target.call("record_token_usage", &[json!({"tokens_prompt": 5, "timestamp": NOON})]).unwrap();
    let columns = checked(target, "token_usage", &[]);
    assert!(one_batch(&columns).column_by_name("task_id").unwrap().is_null(0));
    checked(target, "token_usage_summary", &[json!({"since": "all"})]);
}

#[test]
fn columns_have_the_types_of_the_definition() {
    let desk = Desk::new();
    desk.record(&[json!({
        "id": "1", "tokensPrompt": 5, "costEstimate": 2, "startedAt": "2026-03-20T12:00:00.250Z", "metadata": {"a": 1}
    })]);
    let target = Target::Workspace(&desk.workspace);
    let batch = one_batch(&target.columns("token_usage", &[]).unwrap().0);
    let column = |name: &str| batch.column_by_name(name).unwrap().clone();
    assert_eq!(column("id").as_string::<i32>().value(0), "1");
    assert_eq!(column("tokens_prompt").as_primitive::<Int64Type>().value(0), 5);
    assert_eq!(column("cost_estimate").as_primitive::<Float64Type>().value(0), 2.0);
    assert_eq!(column("metadata").as_string::<i32>().value(0), r#"{"a":1}"#);
    assert!(column("tokens_completion").is_null(0) && column("model_name").is_null(0));
    let started = column("started_at");
    assert_eq!(started.data_type().to_string(), r#"Timestamp(ms, "UTC")"#);
    assert_eq!(started.as_primitive::<TimestampMillisecondType>().value(0), 1_774_008_000_250);

    let days = target.columns("token_usage_summary", &[json!({"groupBy": ["day"]})]).unwrap().0;
    let days = one_batch(&days);
    assert_eq!(days.column_by_name("day").unwrap().as_primitive::<Date32Type>().value(0), 20_532);
    let economics = one_batch(&target.columns("economics", &[]).unwrap().0);
    let spread = economics.column_by_name("cost_per_task").unwrap();
    assert_eq!(spread.as_struct().column_names(), ["mean", "median", "p85", "tasks"]);
}

#[test]
fn an_empty_result_has_the_same_schema() {
    let desk = Desk::new();
    let target = Target::Workspace(&desk.workspace);
    let schema =
        |name: &str, arguments: &[Value]| target.columns(name, arguments).unwrap().0.to_arrow().unwrap().0;
    let empty = schema("token_usage", &[]);
    let select = [json!("SELECT id, tokens_prompt, cost_estimate, 1 AS one FROM token_usage")];
    let types: Vec<DataType> =
        schema("query", &select).fields().iter().map(|own| own.data_type().clone()).collect();
    assert_eq!(types, [DataType::Utf8, DataType::Int64, DataType::Float64, DataType::Null]);
    odd(&desk);
    assert_eq!(schema("token_usage", &[]), empty);
}

#[test]
fn a_column_of_a_statement_has_the_type_of_its_values() {
    let desk = Desk::new();
    let types = |text: &str| -> Vec<String> {
        let (schema, _) = sql(&desk.workspace, text).unwrap().to_arrow().unwrap();
        schema.fields().iter().map(|field| field.data_type().to_string()).collect()
    };
    let one = "SELECT NULL AS a, NULL AS b, NULL AS c, NULL AS d UNION ALL SELECT 1, 1.5, 'x', x'00'";
    assert_eq!(types(one), ["Int64", "Float64", "Utf8", "Binary"]);
    assert_eq!(types("SELECT 1 AS n UNION ALL SELECT 2.5 UNION ALL SELECT NULL"), ["Float64"]);
    let numbers = sql(&desk.workspace, "SELECT 1 AS n UNION ALL SELECT 2.5 UNION ALL SELECT NULL").unwrap();
    let numbers = one_batch(&numbers);
    let numbers = numbers.column(0).as_primitive::<Float64Type>();
    assert_eq!(numbers.iter().collect::<Vec<_>>(), [Some(1.0), Some(2.5), None]);
}

#[test]
fn a_column_of_several_types_has_rows_but_no_arrow_type() {
    let desk = Desk::new();
    for (values, rows) in [
        (
            "1 AS v UNION ALL SELECT 'a' UNION ALL SELECT NULL UNION ALL SELECT x'00'",
            json!([1, "a", null, "00"]),
        ),
        ("'a' AS v UNION ALL SELECT 2.5", json!(["a", 2.5])),
        ("0.5 AS v UNION ALL SELECT 9007199254740993", json!([0.5, 9_007_199_254_740_993_i64])),
    ] {
        let columns =
            sql(&desk.workspace, &format!("SELECT 1 AS fine, {}", values.replace("SELECT", "SELECT 2,")))
                .unwrap();
        let found: Vec<Value> =
            json_of(&columns).as_array().unwrap().iter().map(|row| row["v"].clone()).collect();
        assert_eq!(Value::from(found), rows);
        let error = columns.to_arrow().unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("v")));
        assert!(error.message().contains("CAST"), "{error}");
    }
}

#[test]
fn many_rows_are_several_batches() {
    let desk = Desk::new();
    let numbers = "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 140000)
        SELECT i, CASE WHEN i < 70000 THEN NULL ELSE printf('%d', i) END AS text,
            CASE WHEN i % 140000 = 1 THEN 0.5 ELSE i END AS mixed FROM n";
    let columns = sql(&desk.workspace, numbers).unwrap();
    let (_, batches) = columns.to_arrow().unwrap();
    assert!(batches.len() > 2);
    let part = columns.slice(65_530..70_010);
    assert_eq!(part.len(), 4480);
    let Columns::Sql(own) = &part else { panic!("rows of a statement") };
    let rows = own.to_rows();
    for (place, row) in rows.iter().enumerate() {
        let i = 65_530 + place as i64;
        assert_eq!(row[0], SqlValue::Integer(i));
        let text = if i < 70_000 { SqlValue::Null } else { SqlValue::Text(i.to_string()) };
        assert_eq!(row[1], text);
    }
    assert_eq!(part.to_arrow().unwrap().1.len(), 2);
    let insert = "INSERT INTO token_usage (id, workspace_id, timestamp, tokens_prompt)
        WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 70000)
        SELECT printf('%06d', i), 'w', '2026-03-20T12:00:00.000Z', i FROM n";
    rusqlite::Connection::open(desk.workspace.database_path()).unwrap().execute(insert, []).unwrap();
    let usage = Target::Workspace(&desk.workspace).columns("token_usage", &[]).unwrap().0;
    assert_eq!((usage.len(), usage.to_arrow().unwrap().1.len()), (70_001, 2));
    let around = json_of(&usage.slice(65_535..65_537));
    assert_eq!((&around[0]["tokens_prompt"], &around[1]["id"]), (&json!(65_535), &json!("065536")));
}

#[cfg(feature = "arrow-ipc")]
mod ipc {
    use arrow_array::Array;
    use arrow_ipc::reader::StreamReader;
    use arrow_schema::SchemaRef;

    use super::*;

    /// The columns as a reader of the stream has them.
    fn read_ipc(columns: &Columns) -> (SchemaRef, Vec<RecordBatch>) {
        let bytes = columns.to_ipc().unwrap();
        let reader = StreamReader::try_new(&bytes[..], None).unwrap();
        (reader.schema(), reader.map(Result::unwrap).collect())
    }

    /// Whether the values are the same; the names within a record may differ.
    fn same(read: &dyn Array, own: &dyn Array) -> bool {
        let (Some(read), Some(own)) = (read.as_struct_opt(), own.as_struct_opt()) else { return read == own };
        let mut fields = read.columns().iter().zip(own.columns());
        read.len() == own.len()
            && (0..own.len()).all(|row| read.is_null(row) == own.is_null(row))
            && fields.all(|(read, own)| same(read, own))
    }

    #[test]
    fn a_stream_has_the_same_values_with_the_names_of_the_json() {
        let desk = busy();
        let target = Target::Workspace(&desk.workspace);
        let select = "SELECT 1 AS whole, 0.5 AS real, 'x' AS text, x'00' AS blob, NULL AS none UNION ALL SELECT 2, 1, '', x'', 3";
        for (name, arguments) in [
            ("token_usage", vec![]),
            ("token_usage_summary", vec![json!({"groupBy": ["day", "agent"]})]),
            ("economics", vec![]),
            ("tasks.list", vec![]),
            ("query", vec![json!(select)]),
        ] {
            let (columns, _) = target.columns(name, &arguments).unwrap();
            for columns in [columns.clone(), columns.slice(1..2), columns.slice(0..0)] {
                let (schema, read) = read_ipc(&columns);
                let (own_schema, own) = columns.to_arrow().unwrap();
                assert_eq!(read.len(), own.len(), "{name}");
                for (read, own) in read.iter().zip(&own) {
                    for ((read, own), field) in read.columns().iter().zip(own.columns()).zip(schema.fields())
                    {
                        assert!(same(read, own), "{name}: {field}");
                    }
                }
                let row = target.call(name, &arguments).unwrap().to_value();
                let row = row.get("rows").unwrap_or(&row)[0].clone();
                let names: Vec<&String> = schema.fields().iter().map(|field| field.name()).collect();
                for field in row.as_object().unwrap().keys() {
                    assert!(names.contains(&field), "{name}: {field} of {names:?}");
                }
                assert_eq!(names.len(), own_schema.fields().len());
            }
        }
        let (tasks, _) = read_ipc(&target.columns("tasks.list", &[]).unwrap().0);
        assert!(tasks.column_with_name("storyPoints").is_some());
        let (economics, _) = read_ipc(&target.columns("economics", &[]).unwrap().0);
        let DataType::Struct(spread) = economics.field_with_name("cost_per_task").unwrap().data_type() else {
            panic!("{economics:?}")
        };
        assert_eq!(spread.len(), 4);
    }

    #[test]
    fn a_stream_of_a_column_with_several_types_is_refused_by_name() {
        let desk = Desk::new();
        let columns = sql(&desk.workspace, "SELECT 1 AS v UNION ALL SELECT 'a'").unwrap();
        let error = columns.to_ipc().unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("v")));
    }
}

#[test]
fn a_result_that_is_too_large_is_refused() {
    let workspace = Workspace::options().query_bytes(1 << 20).open_db(":memory:").unwrap();
    for select in [
        "SELECT printf('%500000c', 'x') AS a",
        "SELECT 1 AS a",
        "SELECT CASE WHEN i = 1 THEN 'a' ELSE i END AS a",
    ] {
        let many = format!(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200000) {select} FROM n"
        );
        let error = sql(&workspace, &many).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("sql")), "{error}");
    }
}

#[test]
fn a_call_without_rows_has_no_columns() {
    let desk = Desk::new();
    let target = Target::Workspace(&desk.workspace);
    for name in ["velocity", "close", "projects.get", "nothing"] {
        let error = target.columns(name, &[]).unwrap_err();
        assert_eq!((error.kind(), error.field()), (ErrorKind::InvalidInput, Some("call")), "{name}");
    }
    assert_eq!(
        target.columns("token_usage", &[json!({"since": "soon"})]).unwrap_err().field(),
        Some("since")
    );
    assert_eq!(target.columns("query", &[json!("DELETE FROM tasks")]).unwrap_err().field(), Some("sql"));
    assert_eq!(target.columns("token_usage", &[json!({}), json!(1)]).unwrap_err().field(), Some("arguments"));
}

#[test]
fn rows_of_json_become_columns() {
    let usage = CALLS.iter().find(|call| call.name == "token_usage").unwrap().rows().unwrap();
    let columns = RecordColumns::from_json(usage, [json!({"id": "1", "timestamp": NOON})]).unwrap();
    assert_eq!(columns.to_json()[0]["timestamp"], NOON);
    let rows = vec![
        vec![SqlValue::Null, SqlValue::Integer(1)],
        vec![SqlValue::Text("a".into()), SqlValue::Real(0.5)],
    ];
    let columns = SqlColumns::from_rows(vec!["a".into(), "b".into()], None, rows.clone()).unwrap();
    assert_eq!((columns.to_rows(), columns.types()), (rows.clone(), vec!["string", "double"]));
    // Some of the rows in columns of their own have the types of all.
    let some = |types: &[&str]| {
        let types: Vec<String> = types.iter().map(|name| (*name).to_owned()).collect();
        SqlColumns::from_rows(vec!["a".into(), "b".into()], Some(&types), rows[..1].to_vec())
    };
    assert_eq!(some(&columns.types()).unwrap().types(), columns.types());
    for wrong in [&["string"][..], &["string", "moon"]] {
        assert_eq!(some(wrong).unwrap_err().field(), Some("types"));
    }
    let of = |names: &[&str], values: usize| {
        let names = names.iter().map(|name| (*name).to_owned()).collect();
        SqlColumns::from_rows(names, None, [vec![SqlValue::Null; values]]).map_err(|error| error.to_string())
    };
    assert!(of(&["a", "b"], 2).is_ok());
    assert_eq!(
        of(&["a"], 2).unwrap_err(),
        "rows: got row 1 of length 2; expected length 1, a value for each column"
    );
    assert_eq!(of(&["a", "a"], 2).unwrap_err(), "columns: got \"a\" twice; expected names that are distinct");
    assert_eq!(RecordColumns::from_json(usage, [json!(7)]).unwrap_err().field(), Some("row"));
}

/// Other languages have the reply, Python the columns: both say the same of an empty answer.
#[test]
fn an_empty_answer_names_other_workspaces_as_its_reply_does() {
    let fixture = Fixture::new();
    for id in ["one", "two"] {
        let other = fixture.options().workspace_id(id).open(fixture.root()).unwrap();
        other.record_token_usage(&usage(json!({}))).unwrap();
    }
    let workspace = fixture.options().workspace_id("own").open(fixture.root()).unwrap();
    let target = Target::Workspace(&workspace);
    for (name, names_others) in
        [("token_usage", true), ("token_usage_summary", true), ("jobs.list", true), ("projects.list", false)]
    {
        let (columns, others) = target.columns(name, &[]).unwrap();
        assert!(columns.is_empty(), "{name}");
        assert_eq!(others, target.call(name, &[]).unwrap().other_workspaces(), "{name}");
        assert_eq!(others.len(), if names_others { 2 } else { 0 }, "{name}");
    }
}
