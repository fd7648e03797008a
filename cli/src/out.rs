//! Writing answers, for people at a terminal and for programs.

use std::io::{ErrorKind, IsTerminal, StdoutLock, Write};

use mcoda_core::report::{in_color, printable};
use serde::Serialize;

use crate::failure::Failure;

/// What a command answers.
#[derive(Debug)]
pub enum Answer {
    /// For people; a terminal may show it in colours.
    Text(String),
    /// For programs.
    Data(String),
}

impl Answer {
    /// The engine's answer as JSON, laid out for people too.
    pub fn json(answer: &impl Serialize) -> Result<Self, Failure> {
        let text = serde_json::to_string_pretty(answer).map_err(Failure::failed)?;
        Ok(Self::Data(text + "\n"))
    }
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

    /// Writes a whole answer.
    pub fn answer(&mut self, answer: &Answer) -> Result<(), Failure> {
        match answer {
            Answer::Text(text) if self.is_colored => {
                let text = in_color(&harmless(text));
                self.write(&text)
            }
            Answer::Text(text) => self.write(&harmless(text)),
            Answer::Data(text) => self.data(text),
        }
    }

    /// Writes a part of what programs read: as it is, but to a terminal.
    pub fn data(&mut self, text: &str) -> Result<(), Failure> {
        if self.is_terminal { self.write(&harmless(text)) } else { self.write(text) }
    }

    /// Makes room for one of many answers: on a terminal each takes the place of what was there before, elsewhere an
    /// empty line stands between two.
    pub fn renew(&mut self, is_first: bool) -> Result<(), Failure> {
        match (self.is_terminal, is_first) {
            (true, _) => self.write("\u{1b}[2J\u{1b}[H"),
            (false, true) => Ok(()),
            (false, false) => self.write("\n"),
        }
    }

    fn write(&mut self, text: &str) -> Result<(), Failure> {
        match self.stdout.write_all(text.as_bytes()).and_then(|()| self.stdout.flush()) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Err(Failure::ReaderGone),
            Err(error) => Err(Failure::failed(format!("cannot write the answer: {error}"))),
        }
    }
}

/// Nothing that stood in a record may act on the terminal, however it came into the answer.
fn harmless(text: &str) -> String {
    text.split('\n').map(printable).collect::<Vec<_>>().join("\n")
}

/// What people say about colours in their environment: <https://no-color.org>.
#[allow(clippy::disallowed_methods, reason = "how to print is a matter of the command line alone")]
fn wants_color() -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    !is_set("NO_COLOR") && std::env::var_os("TERM").is_none_or(|term| term != "dumb")
}
