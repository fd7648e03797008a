//! Runs the examinations of a check, and collects their findings.

use std::time::Duration;

use super::finding::{Finding, Severity};
use crate::error::{Error, ErrorKind, Result};
use crate::sorting::sort_by_key;
use crate::sqlite::CancelToken;
use crate::time::Deadline;

/// The findings so far, and the names of the completed examinations.
#[derive(Debug)]
pub(super) struct Checkup {
    findings: Vec<Finding>,
    checked: Vec<&'static str>,
    limit: Option<(Duration, Deadline)>,
}

/// The findings of an examination, and other information that it obtained.
pub(super) struct Found<T> {
    pub(super) findings: Vec<Finding>,
    pub(super) value: T,
}

impl Checkup {
    pub(super) fn new(limit: Option<Duration>) -> Self {
        let limit = limit.map(|limit| (limit, Deadline::after(limit)));
        Self { findings: Vec::new(), checked: Vec::new(), limit }
    }

    /// Runs one examination. A failure is a finding: an error if the database or its disk is at fault, else of
    /// `severity`.
    pub(super) fn examine(
        &mut self,
        name: &'static str,
        severity: Severity,
        work: impl FnOnce() -> Result<Vec<Finding>>,
    ) -> Result<()> {
        self.find_out(name, severity, || Ok(Found { findings: work()?, value: () })).map(drop)
    }

    /// Like [`Checkup::examine`], and returns the other information. `None` if the examination failed.
    pub(super) fn find_out<T>(
        &mut self,
        name: &'static str,
        severity: Severity,
        work: impl FnOnce() -> Result<Found<T>>,
    ) -> Result<Option<T>> {
        let (mut work, mut value) = (Some(work), None);
        self.run(name, severity, &mut || {
            let Some(work) = work.take() else { return Ok(Vec::new()) };
            let found = work()?;
            value = Some(found.value);
            Ok(found.findings)
        })?;
        Ok(value)
    }

    /// Runs one examination, in code that is compiled once for all of them.
    fn run(
        &mut self,
        name: &'static str,
        severity: Severity,
        work: &mut dyn FnMut() -> Result<Vec<Finding>>,
    ) -> Result<()> {
        let done = match self.limit {
            None => work(),
            Some((limit, deadline)) if deadline.has_passed() => Err(too_late(limit)),
            Some((_, deadline)) => {
                let left = deadline.remaining().unwrap_or(Duration::MAX);
                CancelToken::with_limit_within(left).during(work)
            }
        };
        match done {
            Ok(findings) => {
                findings.into_iter().for_each(|finding| self.add(finding));
                self.checked.push(name);
            }
            Err(error) => {
                let error = self.own(error)?;
                self.add(not_examined(name, severity, &error));
            }
        }
        Ok(())
    }

    /// Returns an error that affects only this examination. Fails if the error ends the whole call.
    fn own(&self, error: Error) -> Result<Error> {
        match error.kind() {
            ErrorKind::Closed => Err(error),
            ErrorKind::Cancelled => match self.limit {
                Some((limit, deadline)) if deadline.has_passed() && !CancelToken::is_current_cancelled() => {
                    Ok(too_late(limit))
                }
                _ => Err(error),
            },
            _ => Ok(error),
        }
    }

    /// Adds a finding, unless another examination has reported the same one, for example because of one damaged page.
    fn add(&mut self, finding: Finding) {
        let is_known = |known: &Finding| {
            known.code == finding.code && known.code != "not_examined" && known.message == finding.message
        };
        if !self.findings.iter().any(is_known) {
            self.findings.push(finding);
        }
    }

    /// The findings, the worst first, and the names of the completed examinations.
    pub(super) fn end(mut self) -> (Vec<Finding>, Vec<String>) {
        sort_by_key(&mut self.findings, |finding| std::cmp::Reverse(finding.severity));
        (self.findings, self.checked.into_iter().map(str::to_owned).collect())
    }
}

fn not_examined(name: &str, severity: Severity, error: &Error) -> Finding {
    let message = |what: &str| format!("{what}: {}", error.message());
    match error.kind() {
        ErrorKind::Corrupt => Finding::damaged(name, error.message()),
        ErrorKind::Cancelled => Finding::new(
            severity,
            "not_examined",
            name,
            message("not examined"),
            "check again with a longer time limit, or without one",
        ),
        ErrorKind::Storage | ErrorKind::Unsupported => Finding::new(
            severity,
            "unreadable",
            name,
            message("it cannot be examined"),
            "do what the message says, and check again",
        ),
        _ => Finding::new(
            severity,
            "not_examined",
            name,
            message("not examined"),
            "check again when no other program is at work on it",
        ),
    }
}

fn too_late(limit: Duration) -> Error {
    let message = format!("the time limit of {} ms had passed", limit.as_millis());
    Error::new(ErrorKind::Cancelled, message)
}
