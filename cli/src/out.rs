//! Standard output, for terminals and for programs.

use std::io::{ErrorKind, IsTerminal, StdoutLock, Write};

use mcoda_core::report::{in_color, printable, wrap};
use serde::Serialize;

use crate::failure::Failure;

/// The output of a command.
#[derive(Debug)]
pub enum Output {
    /// Text for people, in colours on a terminal.
    Text(String),
    /// Data for programs.
    Data(String),
}

impl Output {
    /// A result of the engine as indented JSON.
    pub fn json(output: &impl Serialize) -> Result<Self, Failure> {
        let text = serde_json::to_string_pretty(output).map_err(Failure::failed)?;
        Ok(Self::Data(text + "\n"))
    }
}

/// Writes one line to stderr. If that fails, only the exit code reports an error.
pub fn print_note(message: &str) {
    let _ = writeln!(std::io::stderr(), "mcodactl: {}", printable(message));
}

/// The standard output.
#[derive(Debug)]
pub struct Out {
    stdout: StdoutLock<'static>,
    is_terminal: bool,
    is_colored: bool,
}

impl Out {
    pub fn new(no_color: bool) -> Self {
        let stdout = std::io::stdout().lock();
        let is_terminal = stdout.is_terminal();
        Self { stdout, is_terminal, is_colored: is_terminal && !no_color && wants_color() }
    }

    /// Writes the output of a command.
    pub fn print(&mut self, output: &Output) -> Result<(), Failure> {
        match output {
            Output::Text(text) if self.is_colored => {
                let text = in_color(&sanitize(text));
                self.write(&text)
            }
            Output::Text(text) => self.write(&sanitize(text)),
            Output::Data(text) => self.data(text),
        }
    }

    /// Writes a part of the data. It is sanitised for a terminal and written unchanged elsewhere.
    pub fn data(&mut self, text: &str) -> Result<(), Failure> {
        if self.is_terminal { self.write(&sanitize(text)) } else { self.write(text) }
    }

    /// Separates repeated outputs: clears the screen of a terminal; elsewhere writes an empty line between two.
    pub fn clear_screen(&mut self, is_first: bool) -> Result<(), Failure> {
        match (self.is_terminal, is_first) {
            (true, _) => self.write("\u{1b}[2J\u{1b}[H"),
            (false, true) => Ok(()),
            (false, false) => self.write("\n"),
        }
    }

    fn write(&mut self, text: &str) -> Result<(), Failure> {
        match self.stdout.write_all(text.as_bytes()).and_then(|()| self.stdout.flush()) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Failure::BrokenPipe),
            Err(error) => Err(Failure::failed(format!("cannot write the output: {error}"))),
        }
    }
}

/// The width that texts are to fit: `COLUMNS` if that is set, else the terminal's. Without both there is no limit, since what
/// reads a pipe or a file later has no width.
#[allow(clippy::disallowed_methods, reason = "the width concerns the command line only")]
pub fn width() -> Option<usize> {
    let columns = std::env::var("COLUMNS").ok().and_then(|text| text.trim().parse().ok());
    let terminal = || console::Term::stdout().size_checked().map(|(_, columns)| usize::from(columns));
    columns
        .or_else(|| if std::io::stdout().is_terminal() { terminal() } else { None })
        .filter(|width| *width > 0)
}

/// A sentence as lines of the [width].
pub fn wrapped(sentence: &str) -> String {
    wrap(sentence, width())
}

/// Replaces what a terminal would interpret, since stored text may contain escape sequences.
fn sanitize(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// Whether the environment allows colours: <https://no-color.org>.
#[allow(clippy::disallowed_methods, reason = "colours concern the command line only")]
fn wants_color() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !is_set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}
