//! Database files that are damaged or malicious.

use std::path::{Path, PathBuf};

use mcoda_core::{
    AgentContext, Dimension, ErrorKind, EstimateOptions, Global, Result, SqlParams, StatusEventsQuery,
    TokenUsage, TokenUsageQuery, TransitionContext, VelocityMode, Workspace,
};

use super::{expect_no_fault, options};

const WHOLE: [&[u8]; 5] = [
    include_bytes!("../../vectors/fixtures/shop.db"),
    include_bytes!("../../old_databases/workspace_first.db"),
    include_bytes!("../../old_databases/workspace_today.db"),
    include_bytes!("../../vectors/fixtures/global.db"),
    include_bytes!("../../old_databases/prototype_referring_to_name.db"),
];

const READ_ONLY: u8 = 1;
const GLOBAL: u8 = 2;
const RAW: u8 = 4;
const WITH_LOG: u8 = 8;

/// The first byte determines how it is opened; the rest is the file, or changes of a valid one.
pub fn databases(data: &[u8]) {
    let [flags, rest @ ..] = data else { return };
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("mcoda.db");
    let (file, log) = match rest {
        _ if flags & RAW != 0 => (rest.to_vec(), None),
        [base, changes @ ..] => changed(WHOLE[usize::from(*base) % WHOLE.len()], changes),
        [] => return,
    };
    std::fs::write(&path, file).expect("a file");
    if let Some(log) = log.filter(|_| flags & WITH_LOG != 0) {
        std::fs::write(folder.path().join("mcoda.db-wal"), log).expect("a file");
    }
    let options = options().read_only(flags & READ_ONLY != 0);
    let opened = if flags & GLOBAL != 0 {
        options.open_global_db(&path).map(|global| ask_global(&global))
    } else {
        options.open_db(&path).map(|workspace| call_everything(&workspace))
    };
    if let Err(error) = opened {
        expect_no_fault(&error);
        assert!(
            matches!(error.kind(), ErrorKind::Corrupt | ErrorKind::Storage | ErrorKind::Unsupported),
            "{:?}: {error}",
            error.kind()
        );
    }
}

/// Applies changes to a file: an offset of three bytes, a length, and as many bytes. After the first change of length 0
/// follows a write-ahead log.
fn changed(base: &[u8], mut changes: &[u8]) -> (Vec<u8>, Option<Vec<u8>>) {
    let mut file = base.to_vec();
    while let [a, b, c, length, rest @ ..] = changes {
        if *length == 0 {
            return (file, Some(rest.to_vec()));
        }
        let (bytes, others) = rest.split_at(rest.len().min((*length).into()));
        let place = u32::from_le_bytes([*a, *b, *c, 0]) as usize % file.len();
        file.iter_mut().skip(place).zip(bytes).for_each(|(old, new)| *old = *new);
        changes = others;
    }
    (file, None)
}

fn no_bug<T>(result: Result<T>) -> Option<T> {
    result.inspect_err(expect_no_fault).ok()
}

fn call_everything(workspace: &Workspace) {
    no_bug(workspace.token_usage(&TokenUsageQuery::default()));
    let all = TokenUsageQuery { since: Some("0000-01-01".to_owned()), ..TokenUsageQuery::default() };
    no_bug(workspace.token_usage_summary(&all, Dimension::ALL));
    for job in no_bug(workspace.jobs().list()).unwrap_or_default() {
        no_bug(workspace.inspect_job(&job.id));
        no_bug(workspace.jobs().finish(&job.id, "failed", None));
    }
    no_bug(workspace.projects().list());
    no_bug(workspace.epics().list(None));
    no_bug(workspace.stories().list(None));
    no_bug(workspace.status_events(&StatusEventsQuery::default()));
    for mode in [VelocityMode::Empirical, VelocityMode::Mixed] {
        let options = EstimateOptions { mode: Some(mode), ..EstimateOptions::default() };
        no_bug(workspace.velocity(&options));
        no_bug(workspace.estimate(&options));
        no_bug(workspace.backfill_status_events(&options));
    }
    for task in no_bug(workspace.tasks().list(None)).unwrap_or_default().iter().take(3) {
        no_bug(workspace.task_runs().list(&task.id));
        no_bug(workspace.record_status_transition(&task.id, "in_progress", &TransitionContext::default()));
        let usage = TokenUsage { task_id: Some(task.id.clone()), ..TokenUsage::default() };
        no_bug(workspace.record_token_usage(&usage));
    }
    let body = r#"{"id":"r","model":"m","usage":{"prompt_tokens":1,"completion_tokens":2}}"#;
    no_bug(workspace.record_agent_response(body, &AgentContext::default()));
    no_bug(workspace.query("PRAGMA integrity_check", &SqlParams::default()));
    no_bug(workspace.backup_to(beside(workspace.database_path())));
    no_bug(workspace.close());
}

fn ask_global(global: &Global) {
    no_bug(global.token_usage(&TokenUsageQuery::default()));
    no_bug(global.token_usage_summary(&TokenUsageQuery::default(), Dimension::ALL));
    no_bug(global.record_token_usage(&TokenUsage::default()));
    no_bug(global.query("PRAGMA integrity_check", &SqlParams::default()));
    no_bug(global.close());
}

fn beside(path: &Path) -> PathBuf {
    path.with_file_name("copy.db")
}
