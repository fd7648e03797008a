//! The manual pages describe every command and every option of the program.
#![allow(clippy::unwrap_used, reason = "these are tests, though clippy does not see it in helpers")]

use std::collections::BTreeSet;
use std::path::Path;

/// The page of the command, and those of its subcommands.
fn expect_pages(command: &clap::Command, folder: &Path, names: &mut BTreeSet<String>) {
    let name = format!("{}.1", command.get_display_name().unwrap_or_else(|| command.get_name()));
    let page = std::fs::read_to_string(folder.join(&name)).unwrap_or_else(|error| panic!("{name}: {error}"));
    // A page writes hyphens as \\-.
    let page = page.replace("\\-", "-");
    for option in command.get_arguments().filter_map(clap::Arg::get_long) {
        assert!(page.contains(&format!("--{option}")), "{name} lacks --{option}: cargo xtask generate");
    }
    let about = command.get_about().unwrap().to_string();
    let about = about.split(['\'', '.']).next().unwrap();
    assert!(page.contains(about), "{name} lacks {about:?}: cargo xtask generate");
    names.insert(name);
    for sub in command.get_subcommands() {
        expect_pages(sub, folder, names);
    }
}

#[test]
fn every_command_has_a_manual_page_with_its_options() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../man");
    let mut command = mcoda_cli::command().disable_help_subcommand(true);
    command.build();
    let mut names = BTreeSet::new();
    expect_pages(&command, &folder, &mut names);
    let found: BTreeSet<String> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(found, names, "remove the pages of commands that are gone");
}
