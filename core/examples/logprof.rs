use mcoda_core::{TokenUsage, Workspace};
fn usage() -> TokenUsage {
    TokenUsage {
        agent_id: Some("claude".into()),
        model_name: Some("a-model".into()),
        command_name: Some("work-on-tasks".into()),
        tokens_prompt: Some(1200),
        tokens_completion: Some(340),
        tokens_cached: Some(800),
        cost_estimate: Some(0.0123),
        duration_ms: Some(2500.0),
        ..TokenUsage::default()
    }
}
fn main() {
    let n: usize = std::env::args().nth(2).unwrap().parse().unwrap();
    let folder = std::path::PathBuf::from(format!("/tmp/t/lp{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let db = folder.join("x.db");
    let o = if std::env::args().nth(1).unwrap() == "log" { Workspace::options().json_log_in(&folder) } else { Workspace::options().without_json_log() };
    let w = o.open_db(&db).unwrap();
    for _ in 0..10 { w.record_token_usage(&usage()).unwrap(); }
    let t = std::time::Instant::now();
    std::fs::metadata("/STARTMARK").ok();
    for _ in 0..n { w.record_token_usage(&usage()).unwrap(); }
    std::fs::metadata("/ENDMARK").ok();
    println!("{:.1} µs", t.elapsed().as_secs_f64()*1e6/n as f64);
    drop(w);
    std::fs::remove_dir_all(&folder).unwrap();
}
