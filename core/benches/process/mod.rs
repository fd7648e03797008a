//! What the system says of this process.
#![allow(dead_code, reason = "every benchmark uses a part of it")]

/// The processor time that this process's threads have had so far, in seconds; 0 if the system does not report it. That of
/// threads that have ended is missing.
pub fn processor_time() -> f64 {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return 0.0 };
    let nanos = |task: std::fs::DirEntry| {
        let text = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        text.split(' ').next()?.parse::<f64>().ok()
    };
    tasks.flatten().filter_map(nanos).sum::<f64>() / 1e9
}

/// The resident size (`VmRSS`) or its peak (`VmHWM`), in MiB; 0 if the system does not report it.
pub fn memory(what: &str) -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(what)?.strip_prefix(':'));
    line.and_then(|line| line.split_whitespace().next()?.parse::<f64>().ok()).unwrap_or_default() / 1024.0
}
