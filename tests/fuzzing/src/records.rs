//! Records from a host: the JSON of one, or of a batch.

use mcoda_core::{Dimension, Error, ErrorKind, Recorded, TokenUsage, TokenUsageQuery, Workspace};
use serde_json::Value;

use super::{expect_no_fault, options};

/// Accepted input is recorded unchanged, once however often it is sent, in the database and in the JSON log. Refused
/// input is reported by field and leaves nothing.
pub fn records(data: &[u8]) {
    let Ok(json) = serde_json::from_slice::<Value>(data) else { return };
    let read = match &json {
        Value::Array(_) => TokenUsage::list_from_json(&json),
        one => TokenUsage::from_json(one).map(|usage| vec![usage]),
    };
    let usages = match read {
        Ok(usages) => usages,
        Err(error) => return expect_invalid(&error),
    };
    for usage in &usages {
        let json = serde_json::to_value(usage).expect("JSON");
        assert_eq!(&TokenUsage::from_json(&json).expect("its own JSON"), usage);
    }
    let folder = tempfile::tempdir().expect("a folder");
    let workspace = options().json_log_in(folder.path()).open_db(":memory:").expect("a database");
    let log = || {
        let text = std::fs::read_to_string(folder.path().join("token_usage.json")).unwrap_or("[]".to_owned());
        serde_json::from_str::<Vec<Value>>(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    };
    let ids = || everything(&workspace).into_iter().map(|(id, _)| id).collect::<Vec<_>>();
    match workspace.record_token_usages(&usages) {
        Err(error) => {
            if error.kind() == ErrorKind::InvalidInput {
                expect_invalid(&error);
            }
            expect_no_fault(&error);
            assert!(ids().is_empty() && log().is_empty(), "{error}");
        }
        Ok(recorded) => {
            expect_told(&workspace, &usages, &recorded);
            let retried = workspace.record_token_usages(&usages).expect("a retry");
            for (usage, retried) in usages.iter().zip(&retried) {
                assert_eq!(retried.duplicate, usage.id.is_some(), "{usage:?}");
            }
            let mut in_log: Vec<_> =
                log().iter().map(|record| record["id"].as_str().map(str::to_owned)).collect();
            let mut in_database: Vec<_> = ids().into_iter().map(Some).collect();
            in_log.sort();
            in_database.sort();
            assert_eq!(in_log, in_database);
            workspace.token_usage_summary(&TokenUsageQuery::default(), Dimension::ALL).expect("sums");
        }
    }
}

fn expect_invalid(error: &Error) {
    assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
    assert!(error.field().is_some(), "{error} names no field");
    expect_no_fault(error);
}

/// The ids and prompt tokens of all records.
fn everything(workspace: &Workspace) -> Vec<(String, Option<i64>)> {
    let sql = "SELECT id, tokens_prompt FROM token_usage";
    let table = workspace.query(sql, &mcoda_core::SqlParams::default()).expect("rows");
    let row = |row: Vec<mcoda_core::SqlValue>| match &row[..] {
        [mcoda_core::SqlValue::Text(id), mcoda_core::SqlValue::Integer(count)] => (id.clone(), Some(*count)),
        [mcoda_core::SqlValue::Text(id), mcoda_core::SqlValue::Null] => (id.clone(), None),
        other => panic!("{other:?}"),
    };
    table.rows.into_iter().map(row).collect()
}

fn expect_told(workspace: &Workspace, usages: &[TokenUsage], recorded: &[Recorded]) {
    assert_eq!(usages.len(), recorded.len());
    let found = everything(workspace);
    for (usage, recorded) in usages.iter().zip(recorded) {
        assert!(recorded.recorded && recorded.logged, "{recorded:?}");
        assert!(usage.id.as_ref().is_none_or(|id| *id == recorded.id));
        let rows: Vec<_> = found.iter().filter(|(id, _)| *id == recorded.id).collect();
        assert_eq!(rows, [&(recorded.id.clone(), usage.tokens_prompt)]);
    }
}
