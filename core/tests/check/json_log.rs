//! The JSON log against the database.

use super::*;

fn write_log(fixture: &Fixture, text: &str) {
    std::fs::write(fixture.log_file(), text).unwrap();
    age(fixture);
}

fn log_text(fixture: &Fixture) -> String {
    std::fs::read_to_string(fixture.log_file()).unwrap().trim_end().to_owned()
}

fn ids(finding: &Finding) -> (Option<i64>, Vec<&str>) {
    (finding.count, finding.examples.iter().map(String::as_str).collect())
}

#[test]
fn what_the_log_lacks_and_what_it_alone_has_is_found() {
    let fixture = shop();
    let mut entries = fixture.log();
    entries.remove(1);
    entries.push(json!({"id": "x", "timestamp": "2026-03-20T12:00:00.000Z"}));
    entries.push(json!({"hello": "world"}));
    write_log(&fixture, &serde_json::to_string(&entries).unwrap());
    let report = checked(&fixture);
    assert_eq!(ids(one(&report, "log_lacks")), (Some(1), vec!["b"]), "{report:?}");
    assert_eq!(ids(one(&report, "log_alone")), (Some(1), vec!["x"]), "{report:?}");
    assert_eq!(one(&report, "log_strange").count, Some(1), "{report:?}");
    assert_eq!((report.findings.len(), report.ok), (3, true), "{report:?}");
}

#[test]
fn entries_that_differ_or_come_twice_are_found() {
    let fixture = shop();
    let mut entries = fixture.log();
    entries[1]["tokensPrompt"] = 8.into();
    entries.push(entries[2].clone());
    write_log(&fixture, &serde_json::to_string_pretty(&entries).unwrap());
    let report = checked(&fixture);
    assert_eq!(ids(one(&report, "log_differs")), (Some(1), vec!["b"]), "{report:?}");
    assert_eq!(ids(one(&report, "log_repeats")), (Some(1), vec!["c"]), "{report:?}");
    assert_eq!(report.findings.len(), 2, "{report:?}");
}

/// As mcoda's TypeScript packages write it: fields that are absent left out, numbers as JavaScript has them.
#[test]
fn an_entry_that_is_written_in_another_way_is_the_same() {
    let fixture = shop();
    let mut entries = fixture.log();
    for entry in &mut entries {
        let fields = entry.as_object_mut().unwrap();
        fields.retain(|_, value| !value.is_null());
        fields["costEstimate"] = 1.0.into();
        fields.insert("more".into(), true.into());
    }
    write_log(&fixture, &serde_json::to_string_pretty(&entries).unwrap());
    assert_eq!(checked(&fixture).findings, []);
}

#[test]
fn a_damaged_log_is_found_and_stays_as_it_is() {
    let fixture = shop();
    let text = log_text(&fixture);
    write_log(&fixture, &format!("{},\n{{\"id\": \"torn", text.strip_suffix(']').unwrap().trim_end()));
    let report = checked(&fixture);
    assert_eq!(codes(&report), [("log_damaged", Severity::Warning)], "{report:?}");
    assert!(one(&report, "log_damaged").advice.contains("corrupt"), "{report:?}");
    write_log(&fixture, text.strip_suffix(']').unwrap());
    assert_eq!(codes(&checked(&fixture)), [("log_unfinished", Severity::Info)]);
    write_log(&fixture, "{\"not\": \"an array\"}");
    let report = checked(&fixture);
    assert_eq!(one(&report, "log_lacks").count, Some(3), "{report:?}");
    assert!(report.findings.iter().any(|finding| finding.code == "log_damaged"), "{report:?}");
}

#[test]
fn what_waits_to_be_logged_is_not_missing() {
    let fixture = shop();
    let raw = fixture.raw();
    raw.execute_batch(
        "INSERT INTO token_usage_log_queue (usage_id) VALUES ('d'), ('replace:b');
         INSERT INTO token_usage (id, workspace_id, timestamp) SELECT 'd', workspace_id, timestamp FROM token_usage LIMIT 1;
         UPDATE token_usage SET tokens_prompt = 9 WHERE id = 'b'",
    )
    .unwrap();
    drop(raw);
    age(&fixture);
    let report = checked(&fixture);
    assert_eq!(codes(&report), [("log_waiting", Severity::Info)], "{report:?}");
    assert_eq!(one(&report, "log_waiting").count, Some(2));
    // The next opening completes it, and then nothing is found.
    drop(fixture.open());
    assert_eq!(checked(&fixture).findings, []);
}

/// A log and a database that are large do not need memory for all of it.
#[test]
fn a_large_log_is_compared_in_little_memory() {
    let fixture = shop();
    let workspace = fixture.open();
    let text = "x".repeat(50_000);
    let records: Vec<TokenUsage> = (0..400).map(|_| usage(json!({"metadata": {"text": text}}))).collect();
    workspace.record_token_usages(&records).unwrap();
    workspace.close().unwrap();
    assert!(fixture.log_file().metadata().unwrap().len() > 20_000_000);
    let peak = |_: ()| {
        let status = std::fs::read_to_string("/proc/self/status").unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse::<i64>().unwrap()
    };
    age(&fixture);
    drop(records);
    // What making it took is forgotten.
    std::fs::write("/proc/self/clear_refs", "5").unwrap();
    let before = peak(());
    assert_eq!(fixture.options().check(fixture.root(), &CheckOptions::default()).unwrap().findings, []);
    assert!(peak(()) - before < 8_000, "{} kB", peak(()) - before);
}
