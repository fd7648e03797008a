//! Validates real results against the contract in `docs/openapi/mcoda-telemetry.yaml`.
#![allow(clippy::unwrap_used, reason = "a test fails by panicking, helpers included")]

mod common;

use std::path::Path;

use common::{Fixture, at, backlog, moved, ran, usage};
use jsonschema::Validator;
use mcoda_core::definition::Record;
use mcoda_core::{
    Dimension, Environment, ErrorKind, EstimateOptions, NewJob, StatusEventsQuery, TokenUsage,
    TokenUsageQuery, VelocityMode, Workspace,
};
use serde::Serialize;
use serde_json::{Map, Value, json};

const CONTRACT: &str = include_str!("../../docs/openapi/mcoda-telemetry.yaml");
const SHOP: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/fixtures/shop.db");

struct Contract(Value);

impl Contract {
    fn read() -> Self {
        Self(serde_saphyr::from_str(CONTRACT).unwrap())
    }

    /// Validates values against a schema that may refer to the contract's.
    fn validator(&self, schema: &Value) -> Validator {
        let mut schema = schema.clone();
        schema.as_object_mut().unwrap().insert("components".into(), self.0["components"].clone());
        jsonschema::draft202012::options().should_validate_formats(true).build(&schema).unwrap()
    }

    fn named(&self, schema: &str) -> Validator {
        self.validator(&json!({"$ref": format!("#/components/schemas/{schema}")}))
    }

    /// The contract with closed objects: only defined fields are allowed.
    fn closed(&self) -> Self {
        let mut contract = self.0.clone();
        close(&mut contract["components"]["schemas"]);
        Self(contract)
    }

    fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(path) => self.0.pointer(path.strip_prefix('#').unwrap()).unwrap(),
            None => value,
        }
    }

    /// All operations as `GET /path`.
    fn operations(&self) -> Vec<(String, &Value)> {
        let paths = self.0["paths"].as_object().unwrap().iter();
        paths
            .flat_map(|(path, item)| {
                let item = item.as_object().unwrap().iter();
                item.map(move |(method, operation)| (format!("{} {path}", method.to_uppercase()), operation))
            })
            .collect()
    }
}

fn close(schema: &mut Value) {
    match schema {
        Value::Object(fields) => {
            if fields.contains_key("properties") && !fields.contains_key("additionalProperties") {
                fields.insert("additionalProperties".into(), false.into());
            }
            fields.values_mut().for_each(close);
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

#[track_caller]
fn assert_valid(validator: &Validator, value: &Value, what: &str) {
    let errors: Vec<String> =
        validator.iter_errors(value).map(|error| format!("{}: {error}", error.instance_path())).collect();
    assert!(errors.is_empty(), "{what}: {errors:?} in {value}");
}

fn references(value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            found.extend(fields.get("$ref").and_then(Value::as_str).map(str::to_owned));
            fields.values().for_each(|value| references(value, found));
        }
        Value::Array(items) => items.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn the_contract_has_what_clients_rely_on() {
    let contract = Contract::read();
    assert_eq!(contract.0["openapi"], "3.1.0");
    for schema in [
        "TokenUsage",
        "TokenUsageRow",
        "TokenUsageSummaryRow",
        "TelemetryConfig",
        "StatusEvent",
        "Velocity",
        "Estimate",
        "Forecast",
        "Job",
        "Error",
    ] {
        assert!(contract.0["components"]["schemas"][schema].is_object(), "{schema}");
    }
    let names: Vec<String> = contract.operations().into_iter().map(|(name, _)| name).collect();
    assert_eq!(
        names,
        [
            "GET /telemetry/summary",
            "GET /telemetry/token-usage",
            "GET /telemetry/config",
            "POST /telemetry/opt-out",
            "POST /telemetry/opt-in",
            "GET /estimate",
            "GET /velocity"
        ]
    );
    let parameters = contract.0["components"]["parameters"].as_object().unwrap();
    for name in [
        "workspace_id",
        "project_id",
        "agent_id",
        "command_name",
        "job_id",
        "task_id",
        "from",
        "to",
        "group_by",
        "page",
        "page_size",
        "sort",
    ] {
        assert_eq!(parameters[name]["name"], name);
    }
    let dimensions: Vec<&str> = Dimension::ALL.iter().map(|dimension| dimension.name()).collect();
    let of_contract = contract.0["components"]["schemas"]["Dimension"]["enum"].as_array().unwrap();
    assert!(
        dimensions.iter().all(|name| of_contract.contains(&json!(name)))
            && dimensions.len() == of_contract.len()
    );
    let codes: Vec<&str> = ErrorKind::ALL.iter().map(|kind| kind.name()).collect();
    assert_eq!(contract.0["components"]["schemas"]["Error"]["properties"]["code"]["enum"], json!(codes));
}

#[test]
fn every_reference_leads_somewhere_and_every_schema_is_one() {
    let contract = Contract::read();
    let mut found = Vec::new();
    references(&contract.0, &mut found);
    assert!(found.len() > 50);
    for reference in found {
        assert!(contract.0.pointer(reference.strip_prefix('#').unwrap()).is_some(), "{reference}");
    }
    for (name, schema) in contract.0["components"]["schemas"].as_object().unwrap() {
        assert!(jsonschema::meta::is_valid(schema), "{name}");
        contract.named(name);
        let required = schema["required"].as_array().cloned().unwrap_or_default();
        for field in required {
            assert!(schema["properties"][field.as_str().unwrap()].is_object(), "{name}: {field}");
        }
    }
}

#[test]
fn every_response_has_an_example_that_is_what_its_schema_says() {
    let contract = Contract::read().closed();
    let mut checked = 0;
    for (name, operation) in contract.operations() {
        let bodies = operation["responses"].as_object().unwrap().iter();
        let request = operation.get("requestBody").map(|body| ("request", body));
        for (code, response) in bodies.map(|(code, response)| (&**code, response)).chain(request) {
            let content = &contract.resolved(response)["content"]["application/json"];
            let examples = content["examples"].as_object().unwrap_or_else(|| panic!("{name} {code}"));
            assert!(!examples.is_empty());
            let validator = contract.validator(&content["schema"]);
            for example in examples.values() {
                assert_valid(&validator, &example["value"], &format!("{name} {code}"));
                checked += 1;
            }
        }
        assert!(operation["responses"]["200"].is_object() && operation["responses"]["default"].is_object());
    }
    assert!(checked >= 7 * 7, "{checked}");
}

#[test]
fn an_invalid_result_is_detected() {
    let contract = Contract::read();
    let row = contract.named("TokenUsageSummaryRow");
    let good = json!({"workspace_id": "w", "calls": 1, "tokens_prompt": 0, "tokens_completion": 0, "tokens_total": 0, "cost_estimate": null});
    let with = |name: &str, value: Value| {
        let mut row = good.clone();
        row[name] = value;
        row
    };
    assert!(row.is_valid(&good) && row.is_valid(&with("of_tomorrow", json!(1))), "new fields are allowed");
    assert!(!contract.closed().named("TokenUsageSummaryRow").is_valid(&with("of_tomorrow", json!(1))));
    for bad in [
        with("calls", json!("1")),
        with("calls", json!(-1)),
        with("agent_id", json!(7)),
        with("cost_estimate", json!("0.1")),
    ] {
        assert!(!row.is_valid(&bad), "{bad}");
    }
    assert!(!contract.named("Etas").is_valid(&json!({"completeEta": "soon"})));
}

/// Validates results against the closed contract, which also detects fields that it does not define.
struct Checked {
    contract: Contract,
    count: usize,
}

impl Checked {
    fn one(&mut self, schema: &str, result: impl Serialize) {
        assert_valid(&self.contract.named(schema), &serde_json::to_value(result).unwrap(), schema);
        self.count += 1;
    }

    fn all<T: Serialize>(&mut self, schema: &str, results: Vec<T>) {
        assert!(!results.is_empty(), "{schema}: nothing to check");
        results.into_iter().for_each(|result| self.one(schema, result));
    }

    /// The results of all calls of a workspace.
    fn check_all(&mut self, workspace: &Workspace) {
        let always = |json: Value| {
            let mut query = TokenUsageQuery::from_json(&json).unwrap();
            query.since.get_or_insert("2000-01-01".into());
            query
        };
        self.all("TokenUsageRow", workspace.token_usage(&TokenUsageQuery::default()).unwrap());
        for dimension in Dimension::ALL {
            self.all(
                "TokenUsageSummaryRow",
                workspace.token_usage_summary(&always(json!({})), &[*dimension]).unwrap(),
            );
        }
        self.all(
            "TokenUsageSummaryRow",
            workspace.token_usage_summary(&always(json!({})), Dimension::ALL).unwrap(),
        );
        self.all(
            "TokenUsageSummaryRow",
            workspace.token_usage_summary(&always(json!({"timeZone": "Asia/Tokyo"})), &[]).unwrap(),
        );
        self.all("StatusEvent", workspace.status_events(&StatusEventsQuery::default()).unwrap());
        let jobs = workspace.jobs().list().unwrap();
        for job in &jobs {
            self.one("JobInspection", workspace.inspect_job(&job.id).unwrap());
        }
        self.all("Job", jobs);
        for mode in [VelocityMode::Config, VelocityMode::Empirical, VelocityMode::Mixed] {
            for speed in [None, Some(0.0), Some(-1.0), Some(1e-300), Some(1e300)] {
                let options =
                    EstimateOptions { mode: Some(mode), sp_per_hour_all: speed, ..Default::default() };
                self.one("Velocity", workspace.velocity(&options).unwrap());
                self.one("Estimate", workspace.estimate(&options).unwrap());
            }
        }
        self.one("TelemetryConfig", workspace.telemetry_config().unwrap());
    }
}

fn checked() -> Checked {
    Checked { contract: Contract::read().closed(), count: 0 }
}

#[test]
fn results_of_a_workspace_with_history_match_the_contract() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let tasks = backlog(&workspace);
    let done = tasks.task(&workspace, "P-1", 3.0);
    let open = tasks.task(&workspace, "P-2", 5.0);
    for (to, time) in [
        ("in_progress", "08:00:00"),
        ("ready_to_code_review", "09:30:00"),
        ("ready_to_qa", "10:00:00"),
        ("completed", "10:15:00"),
        ("changes_requested", "11:00:00"),
    ] {
        moved(&workspace, &done, to, time);
    }
    moved(&workspace, &open, "in_progress", "11:30:00");
    ran(&workspace, &done, "work-on-tasks", "08:00:00", "09:30:00", "succeeded");
    let job = NewJob { job_type: "work".into(), total_items: Some(3), ..Default::default() };
    let job = workspace.jobs().create(&job).unwrap();
    let run = mcoda_core::NewTaskRun {
        task_id: open.clone(),
        command: "qa-tasks".into(),
        job_id: Some(job.id.clone()),
        started_at: Some(at("11:00:00")),
        ..Default::default()
    };
    workspace.task_runs().create(&run).unwrap();
    for call in [
        json!({"jobId": job.id, "taskId": open, "agentId": "claude", "costEstimate": 0.1, "currency": "USD", "durationMs": 1500.5}),
        json!({"jobId": job.id, "costEstimate": 3, "currency": "EUR", "tokensPrompt": 9_007_199_254_740_991_u64}),
        json!({}),
    ] {
        workspace.record_token_usage(&usage(call)).unwrap();
    }
    let mut checked = checked();
    checked.check_all(&workspace);
    checked.one("TelemetryConfig", workspace.opt_out(true).unwrap());
    checked.one("TelemetryConfig", workspace.opt_in().unwrap());
    let filtered = EstimateOptions {
        project_key: Some("P".into()),
        epic_key: Some("P-E".into()),
        story_key: Some("P-S".into()),
        assignee: Some("ada".into()),
        ..Default::default()
    };
    checked.one("Estimate", workspace.estimate(&filtered).unwrap());
    assert!(checked.count > 50, "{}", checked.count);
}

#[test]
fn results_of_a_workspace_with_foreign_rows_match_the_contract() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mcoda.db");
    std::fs::copy(Path::new(SHOP), &file).unwrap();
    let options = Workspace::options().workspace_id("w").environment(Environment::default());
    let workspace = options.open_db(&file).unwrap();
    checked().check_all(&workspace);
}

#[test]
fn errors_are_what_the_contract_says() {
    let fixture = Fixture::new();
    let workspace = fixture.open();
    let mut checked = checked();
    let unknown = TokenUsageQuery { project_key: Some("NONE".into()), ..Default::default() };
    checked.one("Error", workspace.token_usage(&unknown).unwrap_err());
    checked.one("Error", TokenUsage::from_json(&json!({"tokensPromt": 1})).unwrap_err());
    std::fs::write(fixture.workspace_folder().join("config.json"), "{").unwrap();
    checked.one("Error", workspace.telemetry_config().unwrap_err());
    workspace.close().unwrap();
    let closed = serde_json::to_value(workspace.jobs().list().unwrap_err()).unwrap();
    assert_eq!(
        closed,
        json!({"code": "CLOSED", "message": "this handle was closed: open a new one", "retryable": false})
    );
    checked.one("Error", closed);
    assert_eq!(checked.count, 4);
}

#[test]
fn a_record_as_the_contract_describes_it_can_be_recorded() {
    let contract = Contract::read().closed();
    let properties = contract.0["components"]["schemas"]["TokenUsage"]["properties"].as_object().unwrap();
    let value = |(name, schema): (&String, &Value)| {
        let value = match (schema["type"].as_str().unwrap(), schema["format"].as_str()) {
            ("integer", _) => json!(9_007_199_254_740_991_u64),
            ("number", _) => json!(0.5),
            ("string", Some("date-time")) => json!("2026-03-20T12:00:00.000Z"),
            ("object", _) => json!({"any": [1, null]}),
            _ => json!("x"),
        };
        (name.clone(), value)
    };
    let record = Value::Object(properties.iter().map(value).collect::<Map<_, _>>());
    assert_valid(&contract.named("TokenUsage"), &record, "TokenUsage");
    TokenUsage::from_json(&record).unwrap();
    assert_eq!(record.as_object().unwrap().len(), TokenUsage::DEFINITION.all_fields().count());
    for (bad, value) in
        [("tokensPrompt", json!(-1)), ("costEstimate", json!(-0.5)), ("timestamp", json!("yesterday"))]
    {
        let mut record = record.clone();
        record[bad] = value;
        assert!(!contract.named("TokenUsage").is_valid(&record), "{bad}");
    }
}
