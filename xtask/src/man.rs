//! The manual pages of `mcodactl`, from the description of its command line: one for each command.

use clap_mangen::Man;

use crate::NamedFile;

const FOLDER: &str = "man";

pub fn files() -> Result<Vec<NamedFile>, String> {
    let mut command = mcoda_cli::command().disable_help_subcommand(true);
    command.build();
    let mut files = Vec::new();
    pages(&command, &mut files)?;
    Ok(files)
}

fn pages(command: &clap::Command, files: &mut Vec<NamedFile>) -> Result<(), String> {
    let mut page = Vec::new();
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    let source = concat!("mcodactl ", env!("CARGO_PKG_VERSION"));
    let man = Man::new(command.clone()).source(source).manual("mcodactl");
    man.render(&mut page).map_err(|error| format!("{name}: {error}"))?;
    let page = String::from_utf8(page).map_err(|error| format!("{name}: {error}"))?;
    files.push((format!("{FOLDER}/{name}.1"), page));
    command.get_subcommands().filter(|sub| !sub.is_hide_set()).try_for_each(|sub| pages(sub, files))
}
