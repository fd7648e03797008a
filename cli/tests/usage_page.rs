//! The shell examples of the usage page do what the page says.

mod common;

use std::process::Command;

use common::Sandbox;

const PAGE: &str = include_str!("../../docs/usage.md");

/// The text of the page's `sh` blocks, in order.
fn shell_examples() -> Vec<&'static str> {
    let blocks = PAGE.split("```sh\n").skip(1);
    blocks.map(|rest| rest.split_once("```").expect("a block ends").0).collect()
}

#[test]
#[cfg(unix)]
fn the_shell_examples_of_the_usage_page_work() {
    let sandbox = Sandbox::new();
    let examples = shell_examples();
    assert!(!examples.is_empty());
    let program = std::path::Path::new(env!("CARGO_BIN_EXE_mcodactl")).parent().unwrap();
    let mut printed = String::new();
    for example in examples {
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", program.display());
        let output = Command::new("sh")
            .args(["-eu", "-c", example])
            .current_dir(sandbox.path("."))
            .env("PATH", path)
            .env("HOME", sandbox.path("."))
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success() && errors.is_empty(), "{example}\n{errors}");
        printed += &String::from_utf8(output.stdout).unwrap();
    }
    for part in [
        "failed → in_progress",
        "call-2 recorded",
        "\"epic\": \"SHOP-2\"",
        "DAY        | AGENT  | CALLS | TOKENS_IN",
        "workspace_id,project_id,command_name,agent_id,calls",
        "| failed      | in_progress ",
        "Remote export   | disabled",
        "| sprint | running | work-on-tasks |",
    ] {
        assert!(printed.contains(part), "{part}: {printed}");
    }
    let read = |file| std::fs::read_to_string(sandbox.path(file)).unwrap();
    assert!(read("claude.jsonl").lines().count() > 10 && !read("claude.jsonl").contains("codex"));
    assert!(read("all.csv").starts_with("id,workspace_id,") && read("all.csv").contains("call-2"));
    assert!(read("mcodactl.bash").contains("complete"));
}
